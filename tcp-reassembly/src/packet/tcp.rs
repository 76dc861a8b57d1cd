//! The TCP header.

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
