//! What comes out.

use core::fmt;
use core::net::SocketAddr;
use core::ops::Range;

use bytes::Bytes;

use crate::{Anomaly, Direction, Policy, Relation, Timestamp};

/// Names a flow within one [`Reassembler`](crate::Reassembler): counts up from 0 in the order of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub(crate) u64);

impl FlowId {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One thing that happened on one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// On which flow.
    pub flow: FlowId,
    /// The capture time of `packet`; of what no packet brought about the `now` of
    /// [`expire`](crate::Reassembler::expire), or the latest time so far.
    pub at: Timestamp,
    /// The packet: of `Data` and `Urgent` the one the bytes came in, of all else the one that brought it about, or the
    /// last one seen where none did.
    pub packet: u64,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// First event of a flow.
    Opened(Box<Opened>),
    /// One side acknowledges bytes of a peer that the capture never showed. Told once.
    OneSided {
        /// The direction without packets.
        missing: Direction,
    },
    /// The next bytes of a direction. The event's `packet` is the one they came in, its `at` when that was captured.
    Data {
        /// Which direction.
        dir: Direction,
        /// Where the bytes stand in it.
        offset: u64,
        /// The bytes: a shared slice of the captured packet, or of its copy if they had to wait.
        bytes: Bytes,
        /// Where in the captured packet they begin.
        packet_offset: u32,
        /// The packet that brought their turn: the same, unless they had to wait.
        released_by: u64,
    },
    /// An urgent byte that was taken out of the stream, where it leaves a place of one byte. Only with
    /// [`Urgent::OutOfBand`](crate::Urgent::OutOfBand).
    Urgent {
        /// Which direction.
        dir: Direction,
        /// Where the byte stood in it.
        offset: u64,
        /// The byte.
        byte: u8,
    },
    /// Bytes of a direction that will not come.
    Gap {
        /// Which direction.
        dir: Direction,
        /// Where they would stand in it.
        offset: u64,
        /// How many.
        len: u64,
        /// How that is known.
        why: GapReason,
    },
    /// Two copies of the same bytes that differ.
    Conflict(Box<Conflict>),
    /// A later SYN showed that client and server were guessed the wrong way round. Directions keep their names.
    RolesCorrected,
    /// A flow opened as [`Origin::MidStream`] was seen from its beginning after all: its SYN came late, and fits.
    BeginningSeen,
    /// A direction has ended; all its data and gaps were told before.
    Closed {
        /// Which direction.
        dir: Direction,
        /// By what.
        how: Close,
    },
    /// Last event of a flow, told exactly once.
    Ended {
        /// By what.
        why: End,
    },
    /// Something odd.
    Anomaly {
        /// The direction of the segment that showed it.
        dir: Direction,
        /// What.
        what: Anomaly,
    },
}

const _: () = assert!(size_of::<Event>() <= 96);

/// Who talks to whom, and how the flow came into view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// Who is taken for the client.
    pub client: SocketAddr,
    /// Who is taken for the server.
    pub server: SocketAddr,
    /// What the flow began with.
    pub origin: Origin,
    /// The direction that is known from the start to be missing in the capture.
    pub one_sided: Option<Direction>,
}

/// What a flow began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// A SYN.
    Handshake,
    /// A SYN-ACK; the SYN was not captured (yet).
    SynAck,
    /// Data of a connection that was there before the capture.
    MidStream,
}

/// How it is known that bytes will not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// The receiver acknowledged them, so they were sent and got there, but not into the capture.
    Acked,
    /// Too much would have to be held to wait for them.
    Limit,
    /// They did not come for [`Config::gap_timeout`](crate::Config::gap_timeout), or the flow fell silent.
    Timeout,
    /// The capture ended.
    CaptureEnd,
    /// The connection was closed or replaced.
    Closed,
    /// The packet was captured, but not to its end.
    Truncated,
    /// [`flush`](crate::Reassembler::flush) asked for what lies behind them.
    Flushed,
}

/// By what one direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Close {
    /// FIN: its sender said all it had to say.
    Fin,
    /// RST of its sender.
    Rst,
}

/// By what a flow ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// Both directions were closed by FIN (or the one that was captured).
    Fin,
    /// RST.
    Rst,
    /// Silence, by [`expire`](crate::Reassembler::expire).
    Timeout,
    /// The capture ended.
    CaptureEnd,
    /// A new connection between the same addresses and ports.
    Reused,
    /// Too many flows.
    Evicted,
}

/// Two copies of the same bytes that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// In which direction.
    pub dir: Direction,
    /// Which bytes.
    pub range: Range<u64>,
    /// The version that counts: it was delivered, or will be unless the policy finds a better one.
    pub kept: Bytes,
    /// The version that does not.
    pub other: Bytes,
    /// The packet of the kept version.
    pub kept_packet: u64,
    /// The packet of the other version.
    pub other_packet: u64,
    /// Whether the kept version had been delivered when the other came (or when its turn came, for bytes of a
    /// segment that was held aside).
    pub delivered: bool,
    /// How the later segment lay to the earlier one.
    pub relation: Relation,
    /// What decided.
    pub policy: Policy,
    /// What may be behind it.
    pub hint: Hint,
}

/// What may be behind a conflict, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// One of the two has a wrong checksum.
    ChecksumBad,
    /// One of the two has a time stamp from the past.
    TimestampOld,
    /// One of the two lies beyond the window of the receiver.
    BeyondWindow,
    /// One of the two came on a SYN, whose data a server need not take.
    SynDataRefused,
    /// The other one is a single byte right below the acknowledged edge, as keep-alive probes invent.
    KeepAliveGarbage,
    /// The other one is a single byte sent to a receiver whose window was closed.
    ZeroWindowProbe,
    /// The two had come different ways: how much longer the other could live than the kept one.
    TtlDelta(i16),
    /// Both have the same IP identification: one packet, changed on its way.
    SameIpId,
    /// Nothing shows.
    Unknown,
}

impl Hint {
    /// A stable name in kebab case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ChecksumBad => "checksum-bad",
            Self::TimestampOld => "timestamp-old",
            Self::BeyondWindow => "beyond-window",
            Self::SynDataRefused => "syn-data-refused",
            Self::KeepAliveGarbage => "keep-alive-garbage",
            Self::ZeroWindowProbe => "zero-window-probe",
            Self::TtlDelta(_) => "ttl-delta",
            Self::SameIpId => "same-ip-id",
            Self::Unknown => "unknown",
        }
    }
}
