//! What stands behind a header, and the headers of Ethernet.

use super::PacketError;

/// What the next header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Ethernet,
    /// What a type of Ethernet announces.
    EtherType(u16),
    /// IPv4 or IPv6.
    Ip,
    /// What an IP protocol number announces.
    Protocol(u8),
    Mpls,
    Pppoe,
    Ppp,
}

/// What a tunnel header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tunnel {
    /// What is inside, and after how many bytes.
    pub(super) layer: Layer,
    pub(super) skip: usize,
    /// Length of what is inside, where the header says it.
    pub(super) len: Option<usize>,
}

/// Types of VLAN tags: IEEE 802.1Q, 802.1ad, and what was used before it.
pub(super) const fn is_tag(ether_type: u16) -> bool {
    matches!(ether_type, 0x8100 | 0x88a8 | 0x9100 | 0x9200)
}

/// IEEE 802.3, section 3.1.1.
pub(super) fn ethernet(bytes: &[u8]) -> Result<Tunnel, PacketError> {
    Ok(Tunnel { layer: Layer::EtherType(u16_at(bytes, 12)?), skip: 14, len: None })
}

/// What an Ethernet type announces; `bytes` begin behind it.
pub(super) fn ether_type(kind: u16, bytes: &[u8]) -> Result<Tunnel, PacketError> {
    let (layer, skip) = match kind {
        0x0800 | 0x86dd => (Layer::Ip, 0),
        // IEEE 802.1Q, section 9.6.
        tag if is_tag(tag) => (Layer::EtherType(u16_at(bytes, 2)?), 4),
        0x8847 | 0x8848 => (Layer::Mpls, 0),
        0x8864 => (Layer::Pppoe, 0),
        // A length, then LLC; SNAP brings a type again (RFC 1042).
        0..0x600 => {
            let llc = bytes.first_chunk::<6>().ok_or(PacketError::Truncated)?;
            if *llc != [0xaa, 0xaa, 3, 0, 0, 0] {
                return Err(PacketError::NotIp);
            }
            (Layer::EtherType(u16_at(bytes, 6)?), 8)
        }
        _ => return Err(PacketError::NotIp),
    };
    Ok(Tunnel { layer, skip, len: None })
}

/// Two bytes in network order.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Result<u16, PacketError> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(PacketError::Truncated)?;
    Ok(u16::from_be_bytes(*bytes))
}
