//! Limits and waits.

use core::time::Duration;

use crate::{Check, Checksums, Direction, Policies, Urgent};

/// The ports a mail server listens on; the side with one of these is taken for the server.
const MAIL_PORTS: [u16; 9] = [25, 465, 587, 2525, 24, 110, 995, 143, 993];

/// Limits and waits. All times are capture time. Take [`Config::default`] and change what has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Bytes held out of order per direction (1 MiB). Beyond, the lowest hole is given up. As many again may be kept
    /// aside that the receiver may have dropped; of those the highest go first.
    pub max_held_bytes: usize,
    /// Pieces held out of order per direction (1,024).
    pub max_held_pieces: usize,
    /// Memory of all that is held, over all flows (256 MiB). Beyond, the flow that holds the most gives up holes.
    pub max_held_total: usize,
    /// Delivered bytes kept per direction to compare retransmissions with (64 KiB); 0 compares nothing.
    pub max_replay: usize,
    /// Memory of all replay rings (64 MiB). Beyond, rings of other flows are given up in turn.
    pub max_replay_total: usize,
    /// Flows in the table, closed ones that still swallow stragglers included (262,144). Beyond, the least recently
    /// active goes: closed ones first, then half-open ones.
    pub max_flows: usize,
    /// How far ahead of the delivered edge a segment may begin (16 MiB); further is not of this stream.
    pub max_ahead: u32,
    /// How far ahead of the delivered edge an acknowledgement is believed (1 GiB).
    pub max_ack_ahead: u32,
    /// Packets of the flow to wait before bytes that are acknowledged but unseen are declared missing (0). Give
    /// some to captures whose two directions were merged loosely.
    pub ack_grace: u32,
    /// The longest such wait in time (200 ms).
    pub ack_grace_time: Duration,
    /// Packets of the flow, its first data included, that a start without SYN is held for earlier bytes (4).
    pub start_hold_packets: u32,
    /// The longest such hold in time (1 s).
    pub start_hold_time: Duration,
    /// The longest such hold in bytes (64 KiB).
    pub start_hold_bytes: usize,
    /// How long a FIN without acknowledgement, or an RST, is doubted before the direction is closed (10 s:
    /// a server may think for seconds after an RST that was forged).
    pub close_grace: Duration,
    /// How long a hole is kept open (30 s); looked at in [`expire`](crate::Reassembler::expire).
    pub gap_timeout: Duration,
    /// Silence after which an established flow ends (45 min: IMAP IDLE is silent for 29).
    pub idle_established: Duration,
    /// Silence after which a flow with one side only and no data ends (60 s).
    pub idle_half_open: Duration,
    /// How long a closed flow goes on to swallow stragglers (60 s).
    pub idle_closed: Duration,
    /// Conflicts told per flow (64); the rest is counted.
    pub max_conflicts: u32,
    /// Bytes of the other version told per flow (256 KiB); the rest is counted.
    pub max_conflict_bytes: usize,
    /// Anomalies told per kind and direction of a flow (16); the rest is counted.
    pub max_anomalies: u32,
    /// Bytes of late data told per flow beyond [`max_anomalies`](Self::max_anomalies) (1 MiB, with 64 for each time):
    /// they are nowhere else. The rest is counted.
    pub max_late_bytes: usize,
    /// Data segments that acknowledge unseen bytes of a side that never showed, before it is called missing (4).
    pub one_sided_after: u8,
    /// The direction that is known to be missing in the whole capture (none).
    pub one_sided: Option<Direction>,
    /// Ports that mark the server where no SYN does (the mail ports); after them any port below 1,024, then the
    /// lower port.
    pub server_ports: Vec<u16>,
    /// What is done with wrong checksums ([`Checksums::Auto`]). Only checksums that somebody looked at count: see
    /// [`Segment::checksum`](crate::Segment::checksum).
    pub checksums: Checksums,
    /// What is done with new data whose time stamp is older than what was taken before (told).
    pub paws: Check,
    /// What is done with data beyond the window its receiver advertised, where both SYNs were seen (told).
    pub windows: Check,
    /// Whether data whose time to live is not the usual one of its direction counts only where no better copy
    /// comes (no): what a host beyond the observer never received may have been made to fool the observer.
    pub prefer_modal_ttl: bool,
    /// Where urgent bytes go (they stay in the stream).
    pub urgent: Urgent,
    /// Urgent bytes taken out of the stream per direction (65,536); later ones stay in. No more than
    /// [`max_held_pieces`](Self::max_held_pieces) are waited for at a time.
    pub max_urgent: u32,
    /// Which copy counts where segments overlap that wait for their turn ([`Policy::First`](crate::Policy::First)).
    pub policies: Policies,
    /// Bytes compared with held ones per direction (16 MiB), on top of four times what was delivered. Beyond, an
    /// overlap with held bytes is not looked at: the held ones count, and `unchecked` says so.
    pub max_overlap_work: u64,
    /// Seed of the flow table (random). Has no influence on the output.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_held_bytes: 1 << 20,
            max_held_pieces: 1024,
            max_held_total: 256 << 20,
            max_replay: 64 << 10,
            max_replay_total: 64 << 20,
            max_flows: 1 << 18,
            max_ahead: 16 << 20,
            max_ack_ahead: 1 << 30,
            ack_grace: 0,
            ack_grace_time: Duration::from_millis(200),
            start_hold_packets: 4,
            start_hold_time: Duration::from_secs(1),
            start_hold_bytes: 64 << 10,
            close_grace: Duration::from_secs(10),
            gap_timeout: Duration::from_secs(30),
            idle_established: Duration::from_secs(45 * 60),
            idle_half_open: Duration::from_secs(60),
            idle_closed: Duration::from_secs(60),
            max_conflicts: 64,
            max_conflict_bytes: 256 << 10,
            max_anomalies: 16,
            max_late_bytes: 1 << 20,
            one_sided_after: 4,
            one_sided: None,
            server_ports: MAIL_PORTS.to_vec(),
            checksums: Checksums::Auto,
            paws: Check::Report,
            windows: Check::Report,
            prefer_modal_ttl: false,
            urgent: Urgent::Inline,
            max_urgent: 1 << 16,
            policies: Policies::default(),
            max_overlap_work: 16 << 20,
            seed: None,
        }
    }
}

impl Config {
    /// The most [`Reassembler::buffered`](crate::Reassembler::buffered) is after any call.
    #[must_use]
    pub const fn worst_case(&self) -> usize {
        self.max_held_total.saturating_add(self.max_replay_total)
    }
}
