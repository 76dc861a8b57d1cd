//! What carries packets inside of packets.

use bytes::Bytes;
use tcp_reassembly::packet::{Config, LinkType, PacketError, decode};

use super::make::{Family, Player, bytes, ethernet, raw, tcp, udp, v4, v6, vxlan};

const GRE: u8 = 47;
const UDP: u8 = 17;

fn ether() -> LinkType {
    LinkType::from_pcap(1).unwrap()
}

/// MPLS labels, the last one marked.
fn labels(count: u8, rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for n in 1..=count {
        out.extend([0, n, 0x40 | u8::from(n == count), 64]);
    }
    [&out[..], rest].concat()
}

fn pppoe(protocol: &[u8], rest: &[u8]) -> Vec<u8> {
    let len = ((protocol.len() + rest.len()) as u16).to_be_bytes();
    [&[0x11, 0, 0, 5][..], &len, protocol, rest].concat()
}

fn gre(flags: u16, kind: u16, fields: &[u8], rest: &[u8]) -> Vec<u8> {
    [&flags.to_be_bytes()[..], &kind.to_be_bytes(), fields, rest].concat()
}

fn geneve(kind: u16, options: u8, rest: &[u8]) -> Vec<u8> {
    let options_bytes = vec![0; usize::from(options) * 4];
    udp(6081, &[&[options, 0][..], &kind.to_be_bytes(), &[0, 0, 5, 0], &options_bytes, rest].concat())
}

fn carriers() -> Vec<(&'static str, Vec<u8>)> {
    let four = v4(6, &tcp(b"EHLO"));
    let six = v6(6, &tcp(b"EHLO"));
    let inner = ethernet(0x0800, &four);
    // A MAC address that begins like IP.
    let mut odd = inner.clone();
    odd[0] = 0x45;
    let mut odd_six = ethernet(0x86dd, &six);
    odd_six[0] = 0x60;
    let over = |protocol: u8, rest: &[u8]| ethernet(0x0800, &v4(protocol, rest));
    let tags = [&[0, 5, 0x81, 0, 0, 6, 8, 0][..], &four].concat();
    vec![
        ("H14", ethernet(0x8100, &[&[0, 5, 8, 0], &four[..]].concat())),
        ("H15", ethernet(0x88a8, &tags)),
        ("H16", ethernet(0x8847, &labels(3, &four))),
        ("H16 IPv6", ethernet(0x8847, &labels(1, &six))),
        ("H16 multicast", ethernet(0x8848, &labels(1, &four))),
        ("H16 control word", ethernet(0x8847, &labels(3, &[&[0, 0, 0, 9], &inner[..]].concat()))),
        ("H16 no control word", ethernet(0x8847, &labels(3, &inner))),
        ("H16 no control word, odd address", ethernet(0x8847, &labels(2, &odd))),
        ("H16 no control word, odd address, IPv6", ethernet(0x8847, &labels(2, &odd_six))),
        ("H16 over IP", over(137, &labels(1, &four))),
        ("H17", over(GRE, &gre(0, 0x0800, &[], &four))),
        ("H17 key", over(GRE, &gre(0x2000, 0x0800, &[0; 4], &four))),
        ("H17 all", over(GRE, &gre(0xb000, 0x86dd, &[0; 12], &six))),
        ("H17 Ethernet", over(GRE, &gre(0x1000, 0x6558, &[0; 4], &inner))),
        ("H17 MPLS", over(GRE, &gre(0, 0x8847, &[], &labels(1, &four)))),
        ("H17 PPTP", {
            let ppp = [&[0xff, 3, 0, 0x21][..], &four].concat();
            let len = (ppp.len() as u16).to_be_bytes();
            over(GRE, &gre(0x3081, 0x880b, &[&len[..], &[0, 1], &[0; 8]].concat(), &ppp))
        }),
        ("H19", over(UDP, &vxlan(&inner))),
        ("H19 old port", over(UDP, &udp(8472, &[&[8, 0, 0, 0, 0, 0, 5, 0], &inner[..]].concat()))),
        ("H19 group", over(UDP, &udp(4789, &[&[0x88, 0, 1, 2, 0, 0, 5, 0], &inner[..]].concat()))),
        ("H19 VLAN inside", over(UDP, &vxlan(&ethernet(0x8100, &[&[0, 5, 8, 0], &four[..]].concat())))),
        ("H20", over(UDP, &geneve(0x6558, 0, &inner))),
        ("H20 options, IP", over(UDP, &geneve(0x0800, 3, &four))),
        ("H21", ethernet(0x8864, &pppoe(&[0, 0x21], &four))),
        ("H21 IPv6", ethernet(0x8864, &pppoe(&[0, 0x57], &six))),
        ("H21 short", ethernet(0x8864, &pppoe(&[0x21], &four))),
        ("H21 MPLS", ethernet(0x8864, &pppoe(&[2, 0x81], &labels(1, &four)))),
        ("H28 IPIP", over(4, &four)),
        ("H28 6in4", over(41, &six)),
        ("H28 4in6", ethernet(0x86dd, &v6(4, &four))),
        ("H28 6in6", ethernet(0x86dd, &v6(41, &six))),
        ("H28 behind options", ethernet(0x86dd, &v6(60, &[&[4, 0, 0, 0, 0, 0, 0, 0], &four[..]].concat()))),
    ]
}

#[test]
fn payloads_arrive() {
    for (name, frame) in carriers() {
        let mut padded = frame.clone();
        padded.extend([0xee; 40]);
        for (what, frame) in [("", &frame), ("padded", &padded)] {
            let bytes = Bytes::copy_from_slice(frame);
            let segment = decode(ether(), 0, core::time::Duration::ZERO, &bytes, frame.len() as u32)
                .unwrap_or_else(|error| panic!("{name} {what}: {error}"));
            assert_eq!((&segment.payload[..], segment.payload_len), (&b"EHLO"[..], 4), "{name} {what}");
            let (four, six) = (Family::V4.ends(), Family::V6.ends());
            assert!([four, six].contains(&(segment.src, segment.dst)), "{name}");
            let at = segment.packet_offset as usize;
            assert_eq!(bytes[at..at + 4], *b"EHLO", "{name} {what}");
        }
    }
}

/// H31, H32: cut anywhere, there is a segment of the right size or none.
#[test]
fn cuts_stay_sized() {
    for (name, frame) in carriers() {
        let wire = frame.len() as u32;
        for captured in 0..frame.len() {
            let bytes = Bytes::copy_from_slice(&frame[..captured]);
            let left = (captured + 4).checked_sub(frame.len());
            match (decode(ether(), 0, core::time::Duration::ZERO, &bytes, wire), left) {
                (Ok(segment), Some(left)) => {
                    assert_eq!((&segment.payload[..], segment.payload_len), (&b"EHLO"[..left], 4), "{name}");
                }
                (Err(PacketError::Truncated), None) => {}
                (result, _) => panic!("{name} cut at {captured}: {result:?}"),
            }
        }
    }
}

/// H34, H35: lengths that offload left out, at both ends of a tunnel.
#[test]
fn offload_in_a_tunnel() {
    let payload = bytes(3000);
    let mut inner = ethernet(0x0800, &v4(6, &tcp(&payload)));
    inner[16..18].fill(0);
    let mut outer = ethernet(0x0800, &v4(UDP, &vxlan(&inner)));
    outer[16..18].fill(0);
    outer[38..40].fill(0);
    let frame = Bytes::from(outer);
    let segment = decode(ether(), 0, core::time::Duration::ZERO, &frame, frame.len() as u32).unwrap();
    assert_eq!((segment.payload, segment.payload_len), (Bytes::from(payload), 3000));

    let payload = bytes(65_000);
    let frame = Bytes::from(ethernet(0x0800, &v4(6, &tcp(&payload))));
    let segment = decode(ether(), 0, core::time::Duration::ZERO, &frame, frame.len() as u32).unwrap();
    assert_eq!(segment.payload_len, 65_000);
}

#[test]
fn ordinary_udp_is_not_misread() {
    let inner = ethernet(0x0800, &v4(6, &tcp(b"EHLO")));
    let over = |rest: &[u8]| ethernet(0x0800, &v4(UDP, rest));
    for (name, frame) in [
        ("another port", over(&udp(4790, &[&[8, 0, 0, 0, 0, 0, 5, 0], &inner[..]].concat()))),
        ("VXLAN without its flag", over(&udp(4789, &[&[0, 0, 0, 0, 0, 0, 5, 0], &inner[..]].concat()))),
        ("VXLAN, reserved bits", over(&udp(4789, &[&[8, 0, 0, 1, 0, 0, 5, 0], &inner[..]].concat()))),
        ("VXLAN, reserved byte", over(&udp(8472, &[&[8, 0, 0, 0, 0, 0, 5, 1], &inner[..]].concat()))),
        ("VXLAN, too short", over(&udp(4789, &[8, 0, 0, 0]))),
        ("Geneve, version", over(&udp(6081, &[&[0x40, 0, 0x65, 0x58, 0, 0, 5, 0], &inner[..]].concat()))),
        ("Geneve, control", over(&udp(6081, &[&[0, 0x80, 0x65, 0x58, 0, 0, 5, 0], &inner[..]].concat()))),
        ("Geneve, type", over(&udp(6081, &[&[0, 0, 0x12, 0x34, 0, 0, 5, 0], &inner[..]].concat()))),
        ("Geneve, options too long", over(&udp(6081, &[0x3f, 0, 0x65, 0x58, 0, 0, 5, 0]))),
        ("H17 version 2", over_gre(0x0002, 0x0800)),
        ("H17 routes", over_gre(0x4000, 0x0800)),
        ("H18", over_gre(0x1000, 0x88be)),
    ] {
        let bytes = Bytes::from(frame);
        let result = decode(ether(), 0, core::time::Duration::ZERO, &bytes, bytes.len() as u32);
        assert_eq!(result, Err(PacketError::NotTcp), "{name}");
    }
}

fn over_gre(flags: u16, kind: u16) -> Vec<u8> {
    ethernet(0x0800, &v4(GRE, &gre(flags, kind, &[0; 4], &v4(6, &tcp(b"EHLO")))))
}

#[test]
fn h30_depth() {
    let mut ip = v4(6, &tcp(b"EHLO"));
    for depth in 1..12 {
        let frame = Bytes::copy_from_slice(&ip);
        let result = decode(raw(), 0, core::time::Duration::ZERO, &frame, frame.len() as u32);
        let expected = if depth <= 8 { Ok(Bytes::from_static(b"EHLO")) } else { Err(PacketError::TooDeep) };
        assert_eq!(result.map(|segment| segment.payload), expected, "{depth}");
        ip = v4(4, &ip);
    }
    let tags = Bytes::from(ethernet(0x8100, &[0, 5, 0x81, 0].repeat(100)));
    let result = decode(ether(), 0, core::time::Duration::ZERO, &tags, tags.len() as u32);
    assert_eq!(result, Err(PacketError::TooDeep));
    let stack = Bytes::from(ethernet(0x8847, &[0, 5, 0, 64].repeat(100)));
    let result = decode(ether(), 0, core::time::Duration::ZERO, &stack, stack.len() as u32);
    assert_eq!(result, Err(PacketError::TooDeep));
}

/// A datagram in fragments, each of them in a tunnel whose own packets are fragments again.
#[test]
fn fragments_in_tunnels_in_fragments() {
    let payload = bytes(200);
    let whole = tcp(&payload);
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let mut packets = Vec::new();
        for (id, (from, to)) in [(1, (0, 120)), (2, (120, 220))] {
            let inner = Family::V6.fragment(6, 9, from, to < 220, &whole[from..to]);
            let tunnel = vxlan(&ethernet(0x86dd, &inner));
            packets.push(Family::V4.fragment(UDP, id, 0, true, &tunnel[..104]));
            packets.push(Family::V4.fragment(UDP, id, 104, false, &tunnel[104..]));
        }
        let mut player = Player::new(Config::default());
        for place in order {
            player.raw(&packets[place]).unwrap();
        }
        player.check_places();
        assert_eq!(player.stream().0.as_bytes(), payload, "{order:?}");
        assert_eq!(player.segments.len(), 4);
        assert_eq!(player.codes(), [""; 0]);
        let mut stats = player.resolver.stats();
        assert_eq!((stats.fragments, stats.datagrams), (6, 3));
        player.resolver.finish();
        stats = player.resolver.stats();
        assert_eq!((player.codes(), player.resolver.buffered(), stats.ignored), (vec![], 0, 0));
    }
}
