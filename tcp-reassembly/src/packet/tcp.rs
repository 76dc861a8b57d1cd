//! The TCP header.

use etherparse::err::tcp::HeaderSliceError;
use etherparse::{TcpHeaderSlice, TcpOptionElement};

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
    pub(super) window_scale: Option<u8>,
    pub(super) timestamps: Option<(u32, u32)>,
    pub(super) urgent: Option<u16>,
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
    let (window_scale, timestamps) = options(&tcp);
    Ok(Tcp {
        window_scale,
        timestamps,
        urgent: flags.contains(Flags::URG).then(|| tcp.urgent_pointer()),
        src: tcp.source_port(),
        dst: tcp.destination_port(),
        seq: tcp.sequence_number(),
        ack: flags.contains(Flags::ACK).then(|| tcp.acknowledgment_number()),
        flags,
        window: tcp.window_size(),
        header,
    })
}

/// RFC 7323: window scale and timestamps. What stands behind a malformed option is not read.
fn options(tcp: &TcpHeaderSlice<'_>) -> (Option<u8>, Option<(u32, u32)>) {
    // Nearly all segments have timestamps and nothing else, aligned as RFC 7323, appendix A, recommends.
    if let Some([1, 1, 8, 10, a, b, c, d, e, f, g, h]) = tcp.options().first_chunk()
        && tcp.options().len() == 12
    {
        let [value, echo] = [[*a, *b, *c, *d], [*e, *f, *g, *h]].map(u32::from_be_bytes);
        return (None, Some((value, echo)));
    }
    let (mut scale, mut timestamps) = (None, None);
    for option in tcp.options_iterator().map_while(Result::ok) {
        match option {
            TcpOptionElement::WindowScale(shift) => scale = Some(shift),
            TcpOptionElement::Timestamp(value, echo) => timestamps = Some((value, echo)),
            _ => {}
        }
    }
    (scale, timestamps)
}
