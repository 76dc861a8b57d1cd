//! IPv4 and IPv6: addresses, and where TCP begins and ends.

use core::net::IpAddr;

use etherparse::err::{ipv4, ipv6};
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::PacketError;

const HOP_BY_HOP: u8 = 0;
const TCP: u8 = 6;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;

/// What an IP packet says about the segment in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ip {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    /// Length of all headers in front of TCP.
    pub(super) header: usize,
    /// Length of the segment on the wire, TCP header included.
    pub(super) payload: usize,
}

/// Reads an IP packet that was `wire` bytes long, link trailers included.
pub(super) fn read(bytes: &[u8], wire: usize) -> Result<Ip, PacketError> {
    match bytes.first().ok_or(PacketError::Truncated)? >> 4 {
        4 => read_v4(bytes, wire),
        6 => read_v6(bytes, wire),
        _ => Err(PacketError::NotIp),
    }
}

/// RFC 791, section 3.1.
fn read_v4(bytes: &[u8], wire: usize) -> Result<Ip, PacketError> {
    let ip = Ipv4HeaderSlice::from_slice(bytes).map_err(|error| match error {
        ipv4::HeaderSliceError::Len(_) => PacketError::Truncated,
        ipv4::HeaderSliceError::Content(_) => PacketError::Malformed("IPv4 header length"),
    })?;
    let header = ip.slice().len();
    let total = match usize::from(ip.total_len()) {
        // Segmentation offload: the hardware was to fill it in.
        0 => wire,
        total if total < header => return Err(PacketError::Malformed("IPv4 total length")),
        total => total.min(wire),
    };
    if ip.is_fragmenting_payload() {
        return Err(PacketError::Fragment);
    }
    let header = skip_extensions(bytes, header, total, ip.protocol().0)?;
    let payload = total.checked_sub(header).ok_or(PacketError::Malformed("IPv4 total length"))?;
    Ok(Ip { src: ip.source_addr().into(), dst: ip.destination_addr().into(), header, payload })
}

/// RFC 8200, section 3.
fn read_v6(bytes: &[u8], wire: usize) -> Result<Ip, PacketError> {
    let ip = Ipv6HeaderSlice::from_slice(bytes).map_err(|error| match error {
        ipv6::HeaderSliceError::Len(_) => PacketError::Truncated,
        ipv6::HeaderSliceError::Content(_) => PacketError::Malformed("IPv6 header"),
    })?;
    let header = ip.slice().len();
    let total = match usize::from(ip.payload_length()) {
        // Segmentation offload again, or a jumbogram.
        0 => wire,
        len => (header + len).min(wire),
    };
    let header = skip_extensions(bytes, header, total, ip.next_header().0)?;
    let payload = total.checked_sub(header).ok_or(PacketError::Malformed("IPv6 extension headers"))?;
    Ok(Ip { src: ip.source_addr().into(), dst: ip.destination_addr().into(), header, payload })
}

/// RFC 8200, section 4, and RFC 4302, section 2.2: where TCP begins behind the headers that start at `at`.
fn skip_extensions(bytes: &[u8], mut at: usize, total: usize, mut next: u8) -> Result<usize, PacketError> {
    loop {
        let unit = match next {
            TCP => return Ok(at),
            HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION | MOBILITY | AUTHENTICATION => {
                bytes.get(at..).and_then(<[u8]>::first_chunk::<8>)
            }
            _ => return Err(PacketError::NotTcp),
        };
        let Some(&[following, len, two, three, ..]) = unit else {
            return Err(if at + 8 > total {
                PacketError::Malformed("IP extension header")
            } else {
                PacketError::Truncated
            });
        };
        at += match next {
            // An atomic fragment (RFC 6946) is whole; only the reserved bits may be set.
            FRAGMENT if u16::from_be_bytes([two, three]) & 0xfff9 != 0 => return Err(PacketError::Fragment),
            FRAGMENT => 8,
            AUTHENTICATION => (usize::from(len) + 2) * 4,
            _ => (usize::from(len) + 1) * 8,
        };
        next = following;
    }
}
