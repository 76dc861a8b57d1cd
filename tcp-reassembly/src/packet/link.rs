//! Link layers: what stands in front of the first network header.

use super::PacketError;
use super::layer::{Layer, u16_at};

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

/// What a frame begins with behind its link header, and where.
pub(super) fn start(link: LinkType, frame: &[u8]) -> Result<(Layer, usize), PacketError> {
    match link {
        LinkType::Ethernet => Ok((Layer::Ethernet, 0)),
        LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => Ok((Layer::Ip, 0)),
        LinkType::Null => {
            let family = first(frame)?;
            family_start(u32::from_le_bytes(family)).or_else(|_| family_start(u32::from_be_bytes(family)))
        }
        LinkType::Loop => family_start(u32::from_be_bytes(first(frame)?)),
        LinkType::LinuxSll => Ok((Layer::EtherType(u16_at(frame, 14)?), 16)),
        LinkType::LinuxSll2 => Ok((Layer::EtherType(u16_at(frame, 0)?), 20)),
    }
}

fn first(frame: &[u8]) -> Result<[u8; 4], PacketError> {
    frame.first_chunk().copied().ok_or(PacketError::Truncated)
}

/// The numbers of `AF_INET`, and of `AF_INET6` on Linux, `NetBSD`, `FreeBSD` and macOS.
const fn family_start(family: u32) -> Result<(Layer, usize), PacketError> {
    match family {
        2 | 10 | 24 | 28 | 30 => Ok((Layer::Ip, 4)),
        _ => Err(PacketError::NotIp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_behind_the_link_header() {
        let sll = [&[0; 14][..], &[8, 0]].concat();
        let sll2 = [&[0x81, 0][..], &[0; 18]].concat();
        for (link, frame, result) in [
            (LinkType::Ethernet, vec![], Ok((Layer::Ethernet, 0))),
            (LinkType::Raw, vec![], Ok((Layer::Ip, 0))),
            (LinkType::Null, vec![2, 0, 0, 0], Ok((Layer::Ip, 4))),
            (LinkType::Null, vec![0, 0, 0, 30], Ok((Layer::Ip, 4))),
            (LinkType::Null, vec![7, 0, 0, 0], Err(PacketError::NotIp)),
            (LinkType::Loop, vec![0, 0, 0, 24], Ok((Layer::Ip, 4))),
            (LinkType::Loop, vec![24, 0, 0, 0], Err(PacketError::NotIp)),
            (LinkType::Loop, vec![0, 0, 0], Err(PacketError::Truncated)),
            (LinkType::LinuxSll, sll, Ok((Layer::EtherType(0x800), 16))),
            (LinkType::LinuxSll, vec![0; 15], Err(PacketError::Truncated)),
            (LinkType::LinuxSll2, sll2, Ok((Layer::EtherType(0x8100), 20))),
        ] {
            assert_eq!(start(link, &frame), result, "{link:?} {frame:?}");
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
