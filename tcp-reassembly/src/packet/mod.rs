//! Frames to segments.
//!
//! [`decode`] reads one captured frame: link layer, IP with its extension headers, TCP. The payload of the segment
//! is a slice of the frame, without a copy. Lengths come from the IP header, so padding and trailers of the link
//! layer never get into a stream.
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

mod ip;
mod link;
mod tcp;

use bytes::Bytes;

pub use self::link::LinkType;
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
    /// A part of an IP datagram.
    #[error("an IP fragment")]
    Fragment,
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
            Self::Truncated => "truncated",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// Reads one frame. `original_len` is its length on the wire, of which `frame` may hold only the beginning.
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
    let original_len = usize::try_from(original_len).unwrap_or(usize::MAX).max(frame.len());
    let start = link::ip_start(link, frame)?;
    let packet_bytes = frame.get(start..).ok_or(PacketError::Truncated)?;
    let ip = ip::read(packet_bytes, original_len - start)?;
    let tcp_bytes = packet_bytes.get(ip.header..).ok_or(PacketError::Truncated)?;
    let tcp_bytes = tcp_bytes.get(..ip.payload).unwrap_or(tcp_bytes);
    let tcp = tcp::read(tcp_bytes, ip.payload)?;

    let from = start + ip.header + tcp.header;
    let to = start + ip.header + tcp_bytes.len();
    let offset = u32::try_from(from).map_err(|_| PacketError::Malformed("frame of 4 GiB"))?;
    let wire = u32::try_from(ip.payload - tcp.header).unwrap_or(u32::MAX);
    let mut segment = Segment::new((ip.src, tcp.src).into(), (ip.dst, tcp.dst).into(), tcp.seq)
        .with_packet(packet, at)
        .with_flags(tcp.flags)
        .with_window(tcp.window)
        .with_payload(frame.slice(from..to.max(from)), offset)
        .with_payload_len(wire);
    segment.ack = tcp.ack;
    Ok(segment)
}
