//! Headers that carry packets inside of packets: MPLS, PPPoE, GRE, VXLAN, Geneve.

use super::PacketError;
use super::layer::{Layer, Tunnel, is_tag, u16_at};

/// VXLAN: the port of RFC 7348, and the one Linux had before.
const VXLAN: [u16; 2] = [4789, 8472];
const GENEVE: u16 = 6081;

/// RFC 3032, section 2.1: a stack of labels. What follows has no type, so it is recognised.
pub(super) fn mpls(bytes: &[u8], wire: usize) -> Result<Tunnel, PacketError> {
    let mut skip = 0;
    for _ in 0..MAX_LABELS {
        let entry = bytes.get(skip..).and_then(<[u8]>::first_chunk::<4>).ok_or(PacketError::Truncated)?;
        skip += 4;
        if entry[2] & 1 != 0 {
            let inside = bytes.get(skip..).unwrap_or_default();
            let (layer, word) = pseudowire(inside, wire.saturating_sub(skip))?;
            return Ok(Tunnel { layer, skip: skip + word, len: None });
        }
    }
    Err(PacketError::TooDeep)
}

const MAX_LABELS: usize = 16;

/// RFC 4928, section 3, and RFC 4385, section 3: IP, or Ethernet with or without a control word in front.
fn pseudowire(bytes: &[u8], wire: usize) -> Result<(Layer, usize), PacketError> {
    let nibble = bytes.first().ok_or(PacketError::Truncated)? >> 4;
    // A MAC address may begin with 4 or 6 as well.
    let is_ip = match nibble {
        4 => looks_like_ipv4(bytes, wire) && (has_ipv4_sum(bytes) || !looks_like_ethernet(bytes)),
        6 => looks_like_ipv6(bytes, wire) || !looks_like_ethernet(bytes),
        _ => false,
    };
    if is_ip {
        return Ok((Layer::Ip, 0));
    }
    if nibble == 0 && looks_like_ethernet(bytes.get(4..).unwrap_or_default()) {
        return Ok((Layer::Ethernet, 4));
    }
    if looks_like_ethernet(bytes) {
        return Ok((Layer::Ethernet, 0));
    }
    Err(if bytes.len() < wire.min(20) { PacketError::Truncated } else { PacketError::NotIp })
}

fn looks_like_ipv4(bytes: &[u8], wire: usize) -> bool {
    let header = bytes.first().map_or(0, |first| usize::from(first & 15) * 4);
    let total = u16_at(bytes, 2).map_or(0, usize::from);
    header >= 20 && (total == 0 || (header..=wire).contains(&total))
}

fn has_ipv4_sum(bytes: &[u8]) -> bool {
    let header = bytes.first().map_or(0, |first| usize::from(first & 15) * 4);
    bytes.get(..header).is_some_and(|header| {
        let words = header.as_chunks::<2>().0;
        let sum: u32 = words.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum();
        (sum & 0xffff) + (sum >> 16) == 0xffff
    })
}

fn looks_like_ipv6(bytes: &[u8], wire: usize) -> bool {
    u16_at(bytes, 4).is_ok_and(|payload| 40 + usize::from(payload) <= wire)
        && bytes.get(6).is_some_and(|next| super::ip::may_lead_to_tcp(*next))
}

/// An Ethernet header that announces something that is there.
fn looks_like_ethernet(bytes: &[u8]) -> bool {
    match (u16_at(bytes, 12), bytes.get(14)) {
        (Ok(0x0800), Some(first)) => first >> 4 == 4,
        (Ok(0x86dd), Some(first)) => first >> 4 == 6,
        (Ok(kind), _) => is_tag(kind) || matches!(kind, 0x8847 | 0x8848 | 0x8864),
        _ => false,
    }
}

/// RFC 2516, section 4: a session packet.
pub(super) fn pppoe(bytes: &[u8]) -> Result<Tunnel, PacketError> {
    let &[version, code, _, _, high, low] = bytes.first_chunk::<6>().ok_or(PacketError::Truncated)?;
    if version != 0x11 || code != 0 {
        return Err(PacketError::NotIp);
    }
    let len = usize::from(u16::from_be_bytes([high, low]));
    Ok(Tunnel { layer: Layer::Ppp, skip: 6, len: Some(len) })
}

/// RFC 1661, section 2, and RFC 1662, section 3.1: protocol numbers, whose first byte may be left out, as may the
/// address and control bytes.
pub(super) fn ppp(bytes: &[u8]) -> Result<Tunnel, PacketError> {
    let control = if bytes.starts_with(&[0xff, 3]) { 2 } else { 0 };
    let bytes = bytes.get(control..).unwrap_or_default();
    let (protocol, len) = match bytes.first().ok_or(PacketError::Truncated)? {
        0xff if bytes.len() == 1 => return Err(PacketError::Truncated),
        short if short & 1 != 0 => (u16::from(*short), 1),
        _ => (u16_at(bytes, 0)?, 2),
    };
    let layer = match protocol {
        0x0021 | 0x0057 => Layer::Ip,
        0x0281 | 0x0283 => Layer::Mpls,
        _ => return Err(PacketError::NotIp),
    };
    Ok(Tunnel { layer, skip: control + len, len: None })
}

/// RFC 2784, section 2, with key and sequence number (RFC 2890); version 1 as in RFC 2637, section 4.1.
pub(super) fn gre(bytes: &[u8]) -> Result<Tunnel, PacketError> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGEMENT: u16 = 0x0080;
    const VERSION: u16 = 0x0007;
    const PPP: u16 = 0x880b;

    let (flags, kind) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
    let fields = |wanted: u16| (flags & wanted).count_ones() as usize * 4;
    if flags & VERSION == 1 {
        if kind != PPP || flags & KEY == 0 {
            return Err(PacketError::NotTcp);
        }
        let len = usize::from(u16_at(bytes, 4)?);
        let skip = 8 + fields(SEQUENCE | ACKNOWLEDGEMENT);
        return Ok(Tunnel { layer: Layer::Ppp, skip, len: Some(len) });
    }
    // Source routes (RFC 1701) are seen in no network of today.
    if flags & (ROUTING | VERSION) != 0 {
        return Err(PacketError::NotTcp);
    }
    let layer = match kind {
        0x6558 => Layer::Ethernet,
        PPP => Layer::Ppp,
        kind if is_tag(kind) || matches!(kind, 0x0800 | 0x86dd | 0x8847 | 0x8848) => Layer::EtherType(kind),
        _ => return Err(PacketError::NotTcp),
    };
    Ok(Tunnel { layer, skip: 4 + fields(CHECKSUM | KEY | SEQUENCE), len: None })
}

/// Whether the datagram that begins with `bytes` may be a tunnel over UDP; too few bytes may be anything.
pub(super) fn may_be_udp_tunnel(bytes: &[u8]) -> bool {
    u16_at(bytes, 2).map_or(true, |port| VXLAN.contains(&port) || port == GENEVE)
}

/// RFC 768. Ports are only a hint: what does not look like the tunnel is ordinary UDP.
pub(super) fn udp(bytes: &[u8]) -> Result<Tunnel, PacketError> {
    let (port, len) = (u16_at(bytes, 2)?, usize::from(u16_at(bytes, 4)?));
    let is_vxlan = VXLAN.contains(&port);
    if !is_vxlan && port != GENEVE {
        return Err(PacketError::NotTcp);
    }
    // Segmentation offload leaves the length out.
    if len != 0 && len < 16 {
        return Err(PacketError::NotTcp);
    }
    let header = bytes.get(8..).and_then(<[u8]>::first_chunk::<8>).ok_or(PacketError::Truncated)?;
    let (layer, header) = if is_vxlan { vxlan(header) } else { geneve(header) }.ok_or(PacketError::NotTcp)?;
    let skip = 8 + header;
    let len = match len {
        0 => None,
        len => Some(len.checked_sub(skip).ok_or(PacketError::NotTcp)?),
    };
    Ok(Tunnel { layer, skip, len })
}

/// RFC 7348, section 5: one flag, the network number, and nothing else; the group policy extension adds two flags
/// and a group.
fn vxlan(header: &[u8; 8]) -> Option<(Layer, usize)> {
    let &[flags, policy, group @ .., reserved] = header;
    let plain = flags == 0x08 && policy == 0 && group.starts_with(&[0, 0]);
    let with_group = flags == 0x88 && policy & !0x48 == 0;
    (reserved == 0 && (plain || with_group)).then_some((Layer::Ethernet, 8))
}

/// RFC 8926, section 3.4. Control messages (the O bit) are for the tunnel's own ends.
fn geneve(header: &[u8; 8]) -> Option<(Layer, usize)> {
    let &[first, second, high, low, .., reserved] = header;
    if first >> 6 != 0 || second & !0x40 != 0 || reserved != 0 {
        return None;
    }
    let layer = match u16::from_be_bytes([high, low]) {
        0x6558 => Layer::Ethernet,
        0x0800 | 0x86dd => Layer::Ip,
        _ => return None,
    };
    Some((layer, 8 + usize::from(first & 0x3f) * 4))
}
