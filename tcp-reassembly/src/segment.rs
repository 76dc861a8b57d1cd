//! What goes in: one TCP segment as it was captured.

use core::fmt;
use core::net::SocketAddr;
use core::ops::{BitOr, BitOrAssign};

use bytes::Bytes;

use crate::{Checksum, Seq, Timestamp};

/// A longer segment than this exists on no wire; the rest of one is not looked at.
const MAX_LEN: u32 = 1 << 30;

/// The control bits of a TCP header that matter to a passive reader.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u8);

impl Flags {
    /// No bit at all.
    pub const NONE: Self = Self(0);
    /// The sender has no more data.
    pub const FIN: Self = Self(0x01);
    /// Synchronise: the sequence number is the initial one.
    pub const SYN: Self = Self(0x02);
    /// The connection is torn down.
    pub const RST: Self = Self(0x04);
    /// Push; means nothing here.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgement number counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts. Urgent bytes stay in the stream (RFC 6093), or not: see [`Config::urgent`](crate::Config::urgent).
    pub const URG: Self = Self(0x20);

    /// From the low byte of the header's flags; other bits are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x3f)
    }

    /// As in the header's low flag byte.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::SYN, 'S'),
            (Self::FIN, 'F'),
            (Self::RST, 'R'),
            (Self::PSH, 'P'),
            (Self::ACK, 'A'),
            (Self::URG, 'U'),
        ];
        write!(f, "Flags(")?;
        for (flag, name) in names {
            if self.contains(flag) {
                write!(f, "{name}")?;
            }
        }
        write!(f, ")")
    }
}

/// One captured TCP segment.
///
/// ```
/// use bytes::Bytes;
/// use tcp_reassembly::{Flags, Segment};
///
/// let segment = Segment::new("192.0.2.1:40000".parse()?, "192.0.2.2:25".parse()?, 1001)
///     .with_packet(7, core::time::Duration::from_secs(1))
///     .with_ack(5001)
///     .with_payload(Bytes::from_static(b"EHLO a\r\n"), 54);
/// assert!(segment.flags.contains(Flags::ACK));
/// assert_eq!(segment.payload_len, 8);
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment {
    /// When it was captured.
    pub at: Timestamp,
    /// The caller's number of the packet; comes back in events.
    pub packet: u64,
    /// Who sent it.
    pub src: SocketAddr,
    /// To whom.
    pub dst: SocketAddr,
    /// Sequence number of the first byte (of the SYN itself, with SYN).
    pub seq: u32,
    /// The acknowledgement number, where the ACK bit is set.
    pub ack: Option<u32>,
    /// Control bits.
    pub flags: Flags,
    /// The window field, not scaled.
    pub window: u16,
    /// The window scale option of a SYN (RFC 7323, section 2).
    pub window_scale: Option<u8>,
    /// The timestamp option: value and echo reply (RFC 7323, section 3).
    pub timestamps: Option<(u32, u32)>,
    /// The urgent pointer, where the URG bit is set.
    pub urgent: Option<u16>,
    /// Whether the checksum is right, as far as anybody looked.
    pub checksum: Checksum,
    /// Time to live, or hop limit, of the IP packet.
    pub ttl: Option<u8>,
    /// Identification of the IPv4 packet; tells a packet that was captured twice from one that was sent twice.
    pub ip_id: Option<u16>,
    /// The payload, as far as it was captured.
    pub payload: Bytes,
    /// The length of the payload on the wire; more than `payload` holds when the capture cut the packet short.
    pub payload_len: u32,
    /// Where the payload begins in the captured packet.
    pub packet_offset: u32,
    /// How many bytes of memory `payload` keeps alive, where it has them for itself: the size of the packet's own
    /// allocation. 0: not known, or shared with others. Bytes that are kept for a while are copied, unless this is not
    /// much more than they are.
    pub backing: u32,
}

impl Segment {
    /// A segment without flags and payload, of packet 0 at time 0.
    #[must_use]
    pub const fn new(src: SocketAddr, dst: SocketAddr, seq: u32) -> Self {
        Self {
            at: Timestamp::ZERO,
            packet: 0,
            src,
            dst,
            seq,
            ack: None,
            flags: Flags::NONE,
            window: u16::MAX,
            window_scale: None,
            timestamps: None,
            urgent: None,
            checksum: Checksum::Unknown,
            ttl: None,
            ip_id: None,
            payload: Bytes::new(),
            payload_len: 0,
            packet_offset: 0,
            backing: 0,
        }
    }

    /// Sets the number of the packet and its capture time.
    #[must_use]
    pub const fn with_packet(mut self, packet: u64, at: Timestamp) -> Self {
        self.packet = packet;
        self.at = at;
        self
    }

    /// Adds control bits. Setting `ACK` here says nothing: see [`with_ack`](Self::with_ack).
    #[must_use]
    pub fn with_flags(mut self, flags: Flags) -> Self {
        self.flags |= flags;
        self
    }

    /// Sets the acknowledgement number and the ACK bit.
    #[must_use]
    pub fn with_ack(mut self, ack: u32) -> Self {
        self.ack = Some(ack);
        self.flags |= Flags::ACK;
        self
    }

    /// Sets the window field.
    #[must_use]
    pub const fn with_window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    /// Sets the window scale option.
    #[must_use]
    pub const fn with_window_scale(mut self, scale: u8) -> Self {
        self.window_scale = Some(scale);
        self
    }

    /// Sets the timestamp option.
    #[must_use]
    pub const fn with_timestamps(mut self, value: u32, echo: u32) -> Self {
        self.timestamps = Some((value, echo));
        self
    }

    /// Sets the urgent pointer and the URG bit.
    #[must_use]
    pub fn with_urgent(mut self, pointer: u16) -> Self {
        self.urgent = Some(pointer);
        self.flags |= Flags::URG;
        self
    }

    /// Sets what is known of the checksum.
    #[must_use]
    pub const fn with_checksum(mut self, checksum: Checksum) -> Self {
        self.checksum = checksum;
        self
    }

    /// Sets time to live (or hop limit) of the IP packet, and its identification where it has one.
    #[must_use]
    pub const fn with_ip(mut self, ttl: u8, id: Option<u16>) -> Self {
        self.ttl = Some(ttl);
        self.ip_id = id;
        self
    }

    /// Sets the payload, wholly captured, and where it begins in the packet.
    #[must_use]
    pub fn with_payload(mut self, payload: Bytes, packet_offset: u32) -> Self {
        self.payload_len = u32::try_from(payload.len()).unwrap_or(MAX_LEN);
        self.payload = payload;
        self.packet_offset = packet_offset;
        self
    }

    /// Says that the payload keeps an allocation of so many bytes alive which it shares with nobody.
    #[must_use]
    pub const fn with_backing(mut self, bytes: u32) -> Self {
        self.backing = bytes;
        self
    }

    /// Sets the length the payload had on the wire, for a packet the capture cut short.
    #[must_use]
    pub const fn with_payload_len(mut self, len: u32) -> Self {
        self.payload_len = len;
        self
    }

    pub(crate) const fn seq(&self) -> Seq {
        Seq::new(self.seq)
    }

    pub(crate) fn ack(&self) -> Option<Seq> {
        self.ack.map(Seq::new)
    }

    /// Makes lengths agree, whatever a caller put in: `payload.len() <= payload_len <= MAX_LEN`.
    pub(crate) fn normalise(&mut self) {
        let captured = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        if captured > MAX_LEN {
            self.payload.truncate(usize::try_from(MAX_LEN).unwrap_or(usize::MAX));
        }
        self.payload_len = self.payload_len.max(captured).min(MAX_LEN);
    }
}
