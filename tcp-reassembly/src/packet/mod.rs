//! Frames to segments.
//!
//! [`decode`] reads one captured frame: link layer, tags, labels and tunnels, IP with its extension headers, TCP. It
//! needs no memory of other frames, so a fragment is an error to it. A [`Resolver`] does the same for one frame after
//! the other and puts fragments together; it is the step to take before connections are spread over workers.
//!
//! The payload of a segment is a slice of its frame, without a copy; only fragments are copied. Lengths come from the
//! innermost IP header, so padding and trailers never get into a stream. Where segmentation offload left a length out,
//! the one outside counts. What the capture cut off is still told as a length.
//!
//! Looked through are VLAN tags, also stacked; MPLS labels, in front of IP or of Ethernet with and without control
//! word; PPPoE sessions; GRE with checksum, key and sequence number, also that of PPTP; IP in IP in all four ways; VXLAN
//! and Geneve on their ports, where the header looks like them. At most eight IP packets may be in one another.
//!
//! ```
//! use bytes::Bytes;
//! use tcp_reassembly::packet::{LinkType, PacketError, decode};
//!
//! let frame = Bytes::from_static(&[0; 60]);
//! let link = LinkType::from_pcap(1).ok_or("link type")?;
//! let result = decode(link, 0, core::time::Duration::ZERO, &frame, 60);
//! assert_eq!(result, Err(PacketError::NotIp));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checksum;
mod datagram;
mod event;
mod ip;
mod layer;
mod link;
mod resolver;
mod segments;
mod span;
mod tcp;
mod tunnel;
mod walk;

use bytes::Bytes;

pub use self::checksum::checksum;
pub use self::event::{Anomaly, Config, Conflict, Event, Stats, Unfinished};
pub use self::link::LinkType;
pub use self::resolver::Resolver;
pub use self::segments::Segments;
use self::walk::Found;
use crate::{Segment, Timestamp};

/// Why a frame gives no segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// Something else than IP, or a link header that is not understood.
    #[error("not an IP packet")]
    NotIp,
    /// IP, but not TCP.
    #[error("not a TCP segment")]
    NotTcp,
    /// A part of an IP datagram; a [`Resolver`] puts the parts together.
    #[error("an IP fragment")]
    Fragment,
    /// More headers around each other than any network makes.
    #[error("too many headers around each other")]
    TooDeep,
    /// The capture ends before the payload begins.
    #[error("the capture cut a header short")]
    Truncated,
    /// A header that contradicts itself.
    #[error("malformed: {0}")]
    Malformed(&'static str),
}

impl PacketError {
    /// A stable name in kebab case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotIp => "not-ip",
            Self::NotTcp => "not-tcp",
            Self::Fragment => "fragment",
            Self::TooDeep => "too-deep",
            Self::Truncated => "truncated",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Whether TCP checksums are computed. It means reading the whole payload once more, so nobody does it unasked;
    /// see [`Config::checksums`](crate::Config::checksums) for what comes of it.
    pub checksum: bool,
    /// Whether each frame has an allocation of its own, and is no slice of a larger block. Then its payload may be kept
    /// without a copy: see [`Segment::backing`](crate::Segment::backing).
    pub owned: bool,
}

impl DecodeOptions {
    /// With checksums.
    #[must_use]
    pub const fn with_checksum(mut self) -> Self {
        self.checksum = true;
        self
    }

    /// For frames with allocations of their own.
    #[must_use]
    pub const fn with_owned_frames(mut self) -> Self {
        self.owned = true;
        self
    }
}

/// Reads one frame as [`decode_with`] without options.
///
/// # Errors
///
/// Whatever keeps the frame from being a TCP segment; see [`PacketError`].
pub fn decode(
    link: LinkType,
    packet: u64,
    at: Timestamp,
    frame: &Bytes,
    original_len: u32,
) -> Result<Segment, PacketError> {
    decode_with(link, packet, at, frame, original_len, DecodeOptions::default())
}

/// Reads one frame. `original_len` is its length on the wire, of which `frame` may hold only the beginning.
///
/// # Errors
///
/// Whatever keeps the frame from being a TCP segment; see [`PacketError`].
pub fn decode_with(
    link: LinkType,
    packet: u64,
    at: Timestamp,
    frame: &Bytes,
    original_len: u32,
    options: DecodeOptions,
) -> Result<Segment, PacketError> {
    let wire = usize::try_from(original_len).unwrap_or(usize::MAX).max(frame.len());
    match walk::frame(link, frame, wire)? {
        Found::Tcp(place) => segments::of_frame(frame, &place, packet, at, options),
        Found::Fragment(_) => Err(PacketError::Fragment),
    }
}
