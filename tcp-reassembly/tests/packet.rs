//! Whole frames, built with etherparse, read back.
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::field_reassign_with_default,
    clippy::indexing_slicing,
    clippy::or_fun_call,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]
#![cfg(feature = "packet")]

use std::time::Duration;

use bytes::Bytes;
use etherparse::{IpNumber, PacketBuilder, TcpHeader};
use tcp_reassembly::packet::{DecodeOptions, LinkType, PacketError, decode, decode_with};
use tcp_reassembly::{Checksum, Flags, Segment};

fn tcp_bytes(payload: &[u8]) -> Vec<u8> {
    let mut header = TcpHeader::new(40_000, 25, 7, 1000);
    header.psh = true;
    header.ack = true;
    header.acknowledgment_number = 9;
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend(payload);
    bytes
}

fn v4(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
        .write(&mut out, IpNumber::TCP, &tcp_bytes(payload))
        .unwrap();
    out
}

fn v6(next: u8, rest: &[u8]) -> Vec<u8> {
    let len = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&[0x60, 0, 0, 0, len[0], len[1], next, 64][..], &[1; 16], &[2; 16], rest].concat()
}

fn ethernet(kind: [u8; 2], ip: &[u8]) -> Vec<u8> {
    [&[1; 12][..], &kind, ip].concat()
}

fn read(link: u32, frame: &[u8]) -> Result<Segment, PacketError> {
    cut(link, frame, frame.len())
}

fn cut(link: u32, frame: &[u8], captured: usize) -> Result<Segment, PacketError> {
    let bytes = Bytes::copy_from_slice(&frame[..captured]);
    let result =
        decode(LinkType::from_pcap(link).unwrap(), 3, Duration::from_secs(5), &bytes, frame.len() as u32);
    if let Ok(segment) = &result {
        let from = segment.packet_offset as usize;
        assert_eq!(bytes[from..from + segment.payload.len()], segment.payload[..]);
        assert!(segment.payload.is_empty() || segment.payload.as_ptr() == bytes[from..].as_ptr(), "copied");
        assert!(segment.payload_len as usize >= segment.payload.len());
    }
    result
}

#[test]
fn every_field_arrives() {
    let segment = read(1, &ethernet([8, 0], &v4(b"EHLO"))).unwrap();
    let expected = Segment::new("192.0.2.1:40000".parse().unwrap(), "192.0.2.2:25".parse().unwrap(), 7)
        .with_packet(3, Duration::from_secs(5))
        .with_flags(Flags::PSH)
        .with_ack(9)
        .with_window(1000)
        .with_ip(64, Some(0))
        .with_payload(Bytes::from_static(b"EHLO"), 54);
    assert_eq!(segment, expected);
}

#[test]
fn options_of_tcp_arrive() {
    for (options, scale, timestamps) in [
        (&[][..], None, None),
        (&[1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4], None, Some((258, 772))),
        (&[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4, 1, 3, 3, 7], Some(7), Some((258, 772))),
        (&[3, 3, 14, 0], Some(14), None),
        (&[8, 3, 1, 0, 3, 3, 14, 0], None, None),
    ] {
        let mut tcp = tcp_bytes(b"");
        tcp[12] = ((20 + options.len()) * 4) as u8;
        (tcp[13], tcp[18], tcp[19]) = (0x38, 1, 2);
        tcp.extend(options);
        tcp.extend(b"EHLO");
        let mut frame = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 7)
            .write(&mut frame, IpNumber::TCP, &tcp)
            .unwrap();
        let segment = read(101, &frame).unwrap();
        let found = (segment.window_scale, segment.timestamps, segment.urgent, segment.ttl);
        assert_eq!(found, (scale, timestamps, Some(258), Some(7)), "{options:?}");
        assert_eq!(segment.payload, "EHLO");
    }
}

#[test]
fn checksums_are_looked_at_when_asked() {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([1; 6], [2; 6])
        .ipv6([1; 16], [2; 16], 64)
        .tcp(40_000, 25, 7, 1000)
        .write(&mut frame, b"EHLO")
        .unwrap();
    let look = |frame: &[u8], len: usize| {
        let frame = Bytes::copy_from_slice(frame);
        let options = DecodeOptions::default().with_checksum();
        decode_with(LinkType::Ethernet, 3, Duration::ZERO, &frame, len as u32, options).unwrap().checksum
    };
    let len = frame.len();
    assert_eq!(look(&frame, len), Checksum::Good);
    assert_eq!(look(&[&frame[..], &[0, 1, 2]].concat(), len + 3), Checksum::Good, "a trailer");
    assert_eq!(look(&frame[..len - 1], len), Checksum::Unknown);
    assert_eq!(read(1, &frame).unwrap().checksum, Checksum::Unknown);
    frame[len - 1] ^= 1;
    assert_eq!(look(&frame, len), Checksum::Bad);
}

/// G18: zero has two forms in one's complement. Both are right where the sum is zero, and nowhere else.
#[test]
fn g18_a_field_of_zeros_or_ones() {
    let judge = |payload: &[u8], field: [u8; 2]| {
        let mut segment = tcp_bytes(payload);
        segment[16..18].copy_from_slice(&field);
        let (src, dst) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        (tcp_reassembly::packet::checksum(src, dst, &segment).unwrap(), segment)
    };
    // The payload that makes up for all the rest, found by trying.
    let zero = (0..=u16::MAX)
        .map(u16::to_be_bytes)
        .find(|payload| judge(payload, [0, 0]).0 == Checksum::Good)
        .unwrap();
    assert_eq!(judge(&zero, [0xff, 0xff]).0, Checksum::Good);
    for field in [[0, 0], [0xff, 0xff]] {
        assert_eq!(judge(b"EHLO", field).0, Checksum::Bad, "{field:?}");
    }
}

#[test]
fn links() {
    let ip = v4(b"EHLO");
    let six = v6(6, &tcp_bytes(b"EHLO"));
    for (name, link, frame, offset) in [
        ("H14", 1, ethernet([0x81, 0], &[&[0, 5, 8, 0], &ip[..]].concat()), 58),
        ("H15", 1, ethernet([0x88, 0xa8], &[&[0, 5, 0x81, 0, 0, 6, 8, 0], &ip[..]].concat()), 62),
        ("H22", 113, [&[0; 14][..], &[8, 0], &ip].concat(), 56),
        ("H23", 276, [&[8, 0][..], &[0; 18], &ip].concat(), 60),
        ("H24", 0, [&[2, 0, 0, 0][..], &ip].concat(), 44),
        ("H24 big", 0, [&[0, 0, 0, 2][..], &ip].concat(), 44),
        ("H25", 108, [&[0, 0, 0, 24][..], &six].concat(), 64),
        ("H26", 101, ip.clone(), 40),
        ("H26 v6", 229, six.clone(), 60),
        ("ethernet v6", 1, ethernet([0x86, 0xdd], &six), 74),
    ] {
        let segment = read(link, &frame).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((&segment.payload[..], segment.packet_offset), (&b"EHLO"[..], offset), "{name}");
    }
}

#[test]
fn lengths() {
    // A12: padding of short Ethernet frames, and a trailer.
    let mut frame = ethernet([8, 0], &v4(b"A"));
    frame.extend([0xee; 30]);
    assert_eq!(read(1, &frame).unwrap().payload, "A");

    // H34: total length 0.
    let mut frame = ethernet([8, 0], &v4(b"ABCDEF"));
    frame[16..18].fill(0);
    let segment = read(1, &frame).unwrap();
    assert_eq!((&segment.payload[..], segment.payload_len), (&b"ABCDEF"[..], 6));
    let segment = cut(1, &frame, frame.len() - 2).unwrap();
    assert_eq!((&segment.payload[..], segment.payload_len), (&b"ABCD"[..], 6));

    // H31 and H32: the capture cuts.
    let frame = ethernet([8, 0], &v4(b"ABCDEF"));
    let segment = cut(1, &frame, 56).unwrap();
    assert_eq!((&segment.payload[..], segment.payload_len), (&b"AB"[..], 6));
    for captured in 0..54 {
        assert_eq!(cut(1, &frame, captured), Err(PacketError::Truncated), "{captured}");
    }

    // A total length beyond the frame is cut to what was on the wire.
    let mut frame = ethernet([8, 0], &v4(b"ABCDEF"));
    frame[16..18].copy_from_slice(&2000_u16.to_be_bytes());
    assert_eq!(read(1, &frame).unwrap().payload_len, 6);
}

#[test]
fn tcp_options_and_bad_offsets() {
    // A13: the longest header.
    let mut tcp = tcp_bytes(&[1; 40]);
    tcp.extend(b"DATA");
    tcp[12] = 0xf0;
    let mut frame = Vec::new();
    PacketBuilder::ipv4([1; 4], [2; 4], 64).write(&mut frame, IpNumber::TCP, &tcp).unwrap();
    assert_eq!(read(101, &frame).unwrap().payload, "DATA");
    // A14.
    for (offset, len) in [(0x00, 40), (0x40, 40), (0xf0, 39), (0x50, -1)] {
        let mut frame = frame.clone();
        frame[32] = offset;
        let total = if len < 0 { 39 } else { 20 + len as u16 };
        frame[2..4].copy_from_slice(&total.to_be_bytes());
        assert_eq!(read(101, &frame), Err(PacketError::Malformed("TCP data offset")), "{offset:x} {len}");
    }
}

#[test]
fn extension_headers_and_fragments() {
    let tcp = tcp_bytes(b"EHLO");
    let chain = |headers: &[&[u8]]| [headers.concat(), tcp.clone()].concat();
    for (name, first, headers, ok) in [
        ("hop-by-hop", 0, vec![&[6, 0, 0, 0, 0, 0, 0, 0][..]], Ok(())),
        (
            "H29",
            0,
            vec![
                &[60, 0, 0, 0, 0, 0, 0, 0][..],
                &[43, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                &[51, 0, 0, 0, 0, 0, 0, 0],
                &[6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ],
            Ok(()),
        ),
        ("H10 atomic", 44, vec![&[6, 0, 0, 0, 0, 0, 0, 9][..]], Ok(())),
        ("H9 first", 44, vec![&[6, 0, 0, 1, 0, 0, 0, 9][..]], Err(PacketError::Fragment)),
        ("H9 later", 44, vec![&[6, 0, 0, 8, 0, 0, 0, 9][..]], Err(PacketError::Fragment)),
        ("UDP", 60, vec![&[17, 0, 0, 0, 0, 0, 0, 0][..]], Err(PacketError::NotTcp)),
        ("ESP", 50, vec![], Err(PacketError::NotTcp)),
        ("none", 59, vec![], Err(PacketError::NotTcp)),
        (
            "too long",
            60,
            vec![&[6, 255, 0, 0, 0, 0, 0, 0][..]],
            Err(PacketError::Malformed("header longer than its packet")),
        ),
    ] {
        let result = read(229, &v6(first, &chain(&headers)));
        assert_eq!(result.as_ref().map(|s| assert_eq!(s.payload, "EHLO")).map_err(|e| *e), ok, "{name}");
    }
    for (name, flags, result) in
        [("more", 0x2000_u16, PacketError::Fragment), ("offset", 3, PacketError::Fragment)]
    {
        let mut ip = v4(b"EHLO");
        ip[6..8].copy_from_slice(&flags.to_be_bytes());
        assert_eq!(read(101, &ip), Err(result), "{name}");
    }
    let mut ip = v4(b"EHLO");
    ip[9] = 17;
    assert_eq!(read(101, &ip), Err(PacketError::NotTcp));
    ip[0] = 0x41;
    assert_eq!(read(101, &ip), Err(PacketError::Malformed("IPv4 header length")));
    ip[0] = 0x55;
    assert_eq!(read(101, &ip), Err(PacketError::NotIp));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(256) })]

    #[test]
    fn damaged_frames_never_panic(
        link in proptest::sample::select(vec![0, 1, 12, 101, 108, 113, 228, 229, 276]),
        six: bool,
        damage in proptest::collection::vec((0_usize..80, 0_u8..=255), 0..6),
        captured in 0_usize..100,
        original in proptest::prelude::any::<u32>(),
    ) {
        let ip = if six { v6(44, &[&[6, 0, 0, 0, 0, 0, 0, 9][..], &tcp_bytes(b"EHLO")].concat()) } else { v4(b"EHLO") };
        let mut frame = ethernet(if six { [0x86, 0xdd] } else { [8, 0] }, &ip);
        for (at, byte) in damage {
            if let Some(place) = frame.get_mut(at) {
                *place = byte;
            }
        }
        frame.truncate(captured);
        let frame = Bytes::from(frame);
        if let Ok(segment) = decode(LinkType::from_pcap(link).unwrap(), 0, Duration::ZERO, &frame, original) {
            let from = segment.packet_offset as usize;
            proptest::prop_assert_eq!(&frame[from..from + segment.payload.len()], &segment.payload[..]);
        }
    }
}
