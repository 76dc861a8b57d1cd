//! IPv4 and IPv6 headers: addresses, lengths, and whether this is a part of something larger.

use core::net::IpAddr;

use etherparse::err::{ipv4, ipv6};
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::PacketError;

pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const IPV4: u8 = 4;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const IPV6: u8 = 41;
pub(super) const ROUTING: u8 = 43;
pub(super) const FRAGMENT: u8 = 44;
pub(super) const GRE: u8 = 47;
pub(super) const AUTHENTICATION: u8 = 51;
pub(super) const DESTINATION: u8 = 60;
pub(super) const MOBILITY: u8 = 135;
pub(super) const MPLS: u8 = 137;

/// What the fixed header of an IP packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    /// The protocol of what follows; for IPv6 perhaps an extension header.
    pub(super) next: u8,
    /// Length of this header.
    pub(super) len: usize,
    /// Length of the packet on the wire, this header included.
    pub(super) total: usize,
    /// How many hops the packet may still take.
    pub(super) ttl: u8,
    /// The number that IPv4 gives to each packet.
    pub(super) id: Option<u16>,
    /// Which part of a datagram this is, where IPv4 says that it is one.
    pub(super) part: Option<Part>,
}

/// The place of a fragment in its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) id: u32,
    /// In bytes.
    pub(super) offset: usize,
    pub(super) more: bool,
}

/// Whether TCP may follow a header of this protocol, sooner or later.
pub(super) const fn may_lead_to_tcp(protocol: u8) -> bool {
    matches!(
        protocol,
        TCP | UDP
            | IPV4
            | IPV6
            | GRE
            | MPLS
            | HOP_BY_HOP
            | ROUTING
            | FRAGMENT
            | AUTHENTICATION
            | DESTINATION
            | MOBILITY
    )
}

/// Reads an IP packet that was `wire` bytes long, link trailers included.
pub(super) fn read(bytes: &[u8], wire: usize) -> Result<Header, PacketError> {
    match bytes.first().ok_or(PacketError::Truncated)? >> 4 {
        4 => read_v4(bytes, wire),
        6 => read_v6(bytes, wire),
        _ => Err(PacketError::NotIp),
    }
}

/// RFC 791, section 3.1.
fn read_v4(bytes: &[u8], wire: usize) -> Result<Header, PacketError> {
    let ip = Ipv4HeaderSlice::from_slice(bytes).map_err(|error| match error {
        ipv4::HeaderSliceError::Len(_) => PacketError::Truncated,
        ipv4::HeaderSliceError::Content(_) => PacketError::Malformed("IPv4 header length"),
    })?;
    let len = ip.slice().len();
    let total = match usize::from(ip.total_len()) {
        // Segmentation offload: the hardware was to fill it in.
        0 => wire,
        total if total < len => return Err(PacketError::Malformed("IPv4 total length")),
        total => total.min(wire),
    };
    let part = ip.is_fragmenting_payload().then(|| Part {
        id: ip.identification().into(),
        offset: usize::from(ip.fragments_offset().value()) * 8,
        more: ip.more_fragments(),
    });
    let (src, dst) = (ip.source_addr().into(), ip.destination_addr().into());
    let (ttl, id) = (ip.ttl(), Some(ip.identification()));
    Ok(Header { src, dst, next: ip.protocol().0, len, total, ttl, id, part })
}

/// RFC 8200, section 3.
fn read_v6(bytes: &[u8], wire: usize) -> Result<Header, PacketError> {
    let ip = Ipv6HeaderSlice::from_slice(bytes).map_err(|error| match error {
        ipv6::HeaderSliceError::Len(_) => PacketError::Truncated,
        ipv6::HeaderSliceError::Content(_) => PacketError::Malformed("IPv6 header"),
    })?;
    let len = ip.slice().len();
    let total = match usize::from(ip.payload_length()) {
        // Segmentation offload again, or a jumbogram.
        0 => wire,
        payload => (len + payload).min(wire),
    };
    let (src, dst) = (ip.source_addr().into(), ip.destination_addr().into());
    let ttl = ip.hop_limit();
    Ok(Header { src, dst, next: ip.next_header().0, len, total, ttl, id: None, part: None })
}

/// An extension header that was skipped, or the place of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extension {
    /// What follows, and after how many bytes.
    Skip { next: u8, len: usize },
    /// What the datagram begins with; this part of it follows after 8 bytes.
    Part { next: u8, part: Part },
}

/// RFC 8200, section 4, and RFC 4302, section 2.2: the extension header of type `kind`.
pub(super) fn extension(kind: u8, bytes: &[u8]) -> Result<Extension, PacketError> {
    let &[next, len, two, three, four, five, six, seven] =
        bytes.first_chunk::<8>().ok_or(PacketError::Truncated)?;
    let len = match kind {
        FRAGMENT => {
            let bits = u16::from_be_bytes([two, three]);
            let part = Part {
                id: u32::from_be_bytes([four, five, six, seven]),
                offset: usize::from(bits & 0xfff8),
                more: bits & 1 != 0,
            };
            if part.more || part.offset > 0 {
                return Ok(Extension::Part { next, part });
            }
            // An atomic fragment is whole and has nothing to do with others of the same number (RFC 6946, section 4).
            8
        }
        AUTHENTICATION => (usize::from(len) + 2) * 4,
        _ => (usize::from(len) + 1) * 8,
    };
    Ok(Extension::Skip { next, len })
}
