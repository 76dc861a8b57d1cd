//! The TCP header.

use core::net::IpAddr;

use etherparse::TcpHeaderSlice;
use etherparse::err::tcp::HeaderSliceError;

use super::PacketError;
use crate::Flags;

/// RFC 9293, section 3.1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tcp {
    pub(super) src: u16,
    pub(super) dst: u16,
    pub(super) seq: u32,
    pub(super) ack: Option<u32>,
    pub(super) flags: Flags,
    pub(super) window: u16,
    /// Length of the header with its options.
    pub(super) header: usize,
}

/// Reads the header of a segment that was `wire` bytes long.
pub(super) fn read(bytes: &[u8], wire: usize) -> Result<Tcp, PacketError> {
    let data_offset = bytes.get(12).map(|byte| usize::from(byte >> 4) * 4);
    if wire < 20 || data_offset.is_some_and(|header| header < 20 || header > wire) {
        return Err(PacketError::Malformed("TCP data offset"));
    }
    let tcp = TcpHeaderSlice::from_slice(bytes).map_err(|error| match error {
        HeaderSliceError::Len(_) => PacketError::Truncated,
        HeaderSliceError::Content(_) => PacketError::Malformed("TCP data offset"),
    })?;
    let header = tcp.slice().len();
    let flags = Flags::from_bits(tcp.slice().get(13).copied().unwrap_or_default());
    Ok(Tcp {
        src: tcp.source_port(),
        dst: tcp.destination_port(),
        seq: tcp.sequence_number(),
        ack: flags.contains(Flags::ACK).then(|| tcp.acknowledgment_number()),
        flags,
        window: tcp.window_size(),
        header,
    })
}

/// RFC 9293, section 3.1: whether the checksum of a whole segment is right, or was left to the hardware: empty, or the
/// sum of the pseudo-header alone.
pub(super) fn has_sum(src: IpAddr, dst: IpAddr, segment: &[u8]) -> bool {
    let ends = [src, dst].map(|address| match address {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    });
    let pseudo = ends.iter().sum::<u64>() + 6 + segment.len() as u64;
    let field = segment.get(16..18).map_or(0, sum);
    field == 0 || field == fold(pseudo) || fold(pseudo + sum(segment)) == 0xffff
}

fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<2>();
    let words: u64 = words.iter().map(|word| u64::from(u16::from_be_bytes(*word))).sum();
    words + rest.first().map_or(0, |byte| u64::from(*byte) << 8)
}

const fn fold(mut sum: u64) -> u64 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}
