//! Link layers: where the IP packet begins.

use super::PacketError;

/// The type of link a capture was taken from, as far as it is understood here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkType {
    /// BSD loopback: the address family in the byte order of the capturing host.
    Null,
    /// Ethernet.
    Ethernet,
    /// IP without a link header.
    Raw,
    /// `OpenBSD` loopback: the address family in network byte order.
    Loop,
    /// Linux "cooked" capture.
    LinuxSll,
    /// IPv4 without a link header.
    Ipv4,
    /// IPv6 without a link header.
    Ipv6,
    /// Linux "cooked" capture, version 2.
    LinuxSll2,
}

impl LinkType {
    /// From the number in a capture file (`LINKTYPE_` and the old `DLT_RAW` values).
    #[must_use]
    pub const fn from_pcap(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Null,
            1 => Self::Ethernet,
            12 | 14 | 101 => Self::Raw,
            108 => Self::Loop,
            113 => Self::LinuxSll,
            228 => Self::Ipv4,
            229 => Self::Ipv6,
            276 => Self::LinuxSll2,
            _ => return None,
        })
    }
}

/// VLAN tags on top of each other that are looked through; more is no network.
const MAX_TAGS: usize = 8;

/// Where the IP packet begins in a frame.
pub(super) fn ip_start(link: LinkType, frame: &[u8]) -> Result<usize, PacketError> {
    match link {
        LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => Ok(0),
        LinkType::Null => {
            let family = first(frame)?;
            family_start(u32::from_le_bytes(family)).or_else(|_| family_start(u32::from_be_bytes(family)))
        }
        LinkType::Loop => family_start(u32::from_be_bytes(first(frame)?)),
        LinkType::Ethernet => ether_type(frame, 12),
        LinkType::LinuxSll => ether_type(frame, 14),
        LinkType::LinuxSll2 => match u16_at(frame, 0)? {
            0x0800 | 0x86dd => Ok(20),
            // The tag stands behind the header, which has the type of the tag itself in front.
            tag if is_tag(tag) => ether_type(frame, 22),
            _ => Err(PacketError::NotIp),
        },
    }
}

fn first(frame: &[u8]) -> Result<[u8; 4], PacketError> {
    frame.first_chunk().copied().ok_or(PacketError::Truncated)
}

/// The numbers of `AF_INET`, and of `AF_INET6` on Linux, `NetBSD`, `FreeBSD` and macOS.
const fn family_start(family: u32) -> Result<usize, PacketError> {
    match family {
        2 | 10 | 24 | 28 | 30 => Ok(4),
        _ => Err(PacketError::NotIp),
    }
}

const fn is_tag(ether_type: u16) -> bool {
    matches!(ether_type, 0x8100 | 0x88a8 | 0x9100 | 0x9200)
}

/// Reads the type at `at` and looks through the tags behind it.
fn ether_type(frame: &[u8], mut at: usize) -> Result<usize, PacketError> {
    for _ in 0..=MAX_TAGS {
        match u16_at(frame, at)? {
            0x0800 | 0x86dd => return Ok(at + 2),
            tag if is_tag(tag) => at += 4,
            // IEEE 802.3: a length, then LLC; SNAP brings a type again (RFC 1042).
            0..0x600 => {
                let llc = frame.get(at + 2..at + 8).ok_or(PacketError::Truncated)?;
                if llc != [0xaa, 0xaa, 3, 0, 0, 0] {
                    return Err(PacketError::NotIp);
                }
                at += 8;
            }
            _ => return Err(PacketError::NotIp),
        }
    }
    Err(PacketError::NotIp)
}

fn u16_at(frame: &[u8], at: usize) -> Result<u16, PacketError> {
    let bytes = frame.get(at..).and_then(<[u8]>::first_chunk).ok_or(PacketError::Truncated)?;
    Ok(u16::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_ip() {
        let ether = |rest: &[u8]| [&[0; 12], rest].concat();
        let sll = |rest: &[u8]| [&[0; 14], rest].concat();
        let sll2 = |kind: [u8; 2], rest: &[u8]| [&kind[..], &[0; 18], rest].concat();
        for (link, frame, start) in [
            (LinkType::Ethernet, ether(&[8, 0]), Ok(14)),
            (LinkType::Ethernet, ether(&[0x86, 0xdd]), Ok(14)),
            (LinkType::Ethernet, ether(&[0x81, 0, 0, 5, 8, 0]), Ok(18)),
            (LinkType::Ethernet, ether(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0]), Ok(22)),
            (LinkType::Ethernet, ether(&[0x91, 0, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 8, 0]), Ok(26)),
            (LinkType::Ethernet, ether(&[0, 50, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), Ok(22)),
            (LinkType::Ethernet, ether(&[0, 50, 0x42, 0x42, 3, 0, 0, 0, 8, 0]), Err(PacketError::NotIp)),
            (LinkType::Ethernet, ether(&[8, 6]), Err(PacketError::NotIp)),
            (LinkType::Ethernet, ether(&[8]), Err(PacketError::Truncated)),
            (LinkType::Ethernet, ether(&[0x81, 0, 0, 5].repeat(20)), Err(PacketError::NotIp)),
            (LinkType::Null, vec![2, 0, 0, 0], Ok(4)),
            (LinkType::Null, vec![0, 0, 0, 30], Ok(4)),
            (LinkType::Null, vec![7, 0, 0, 0], Err(PacketError::NotIp)),
            (LinkType::Loop, vec![0, 0, 0, 24], Ok(4)),
            (LinkType::Loop, vec![24, 0, 0, 0], Err(PacketError::NotIp)),
            (LinkType::Loop, vec![0, 0, 0], Err(PacketError::Truncated)),
            (LinkType::LinuxSll, sll(&[8, 0]), Ok(16)),
            (LinkType::LinuxSll, sll(&[0x81, 0, 0, 5, 8, 0]), Ok(20)),
            (LinkType::LinuxSll2, sll2([8, 0], &[]), Ok(20)),
            (LinkType::LinuxSll2, sll2([0x81, 0], &[0, 5, 8, 0]), Ok(24)),
            (LinkType::LinuxSll2, sll2([8, 6], &[]), Err(PacketError::NotIp)),
            (LinkType::Raw, vec![], Ok(0)),
        ] {
            assert_eq!(ip_start(link, &frame), start, "{link:?} {frame:?}");
        }
    }

    #[test]
    fn numbers_of_capture_files() {
        for (number, link) in [
            (0, Some(LinkType::Null)),
            (1, Some(LinkType::Ethernet)),
            (12, Some(LinkType::Raw)),
            (14, Some(LinkType::Raw)),
            (101, Some(LinkType::Raw)),
            (108, Some(LinkType::Loop)),
            (113, Some(LinkType::LinuxSll)),
            (228, Some(LinkType::Ipv4)),
            (229, Some(LinkType::Ipv6)),
            (276, Some(LinkType::LinuxSll2)),
            (105, None),
        ] {
            assert_eq!(LinkType::from_pcap(number), link);
        }
    }
}
