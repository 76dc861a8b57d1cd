//! Fragments of IPv4 and IPv6.

use std::time::Duration;

use bytes::Bytes;
use tcp_reassembly::packet::{Anomaly, Config, PacketError, Unfinished};
use tcp_reassembly::{EventKind, Flags, Reassembler};

use super::make::{Family, Player, bytes, raw, tcp, udp, v4_part};

const BOTH: [Family; 2] = [Family::V4, Family::V6];

/// Fragments of one datagram: offset, whether more follow, bytes.
pub type Parts<'a> = &'a [(usize, bool, &'a [u8])];

pub fn play(family: Family, parts: Parts<'_>) -> Player {
    let mut player = Player::new(Config::default());
    for (offset, more, part) in parts {
        let _ = player.raw(&family.fragment(6, 3, *offset, *more, part)).unwrap();
    }
    player.check_places();
    player
}

type Part = (usize, bool, Vec<u8>);

/// A segment of 60 bytes of payload: 80 bytes, cut at 32 and 56.
fn parts() -> (Vec<u8>, [Part; 3]) {
    let whole = tcp(&bytes(60));
    let part = |from: usize, to: usize| (from, to < 80, whole[from..to].to_vec());
    let parts = [part(0, 32), part(32, 56), part(56, 80)];
    (bytes(60), parts)
}

#[test]
fn any_order() {
    let (payload, parts) = parts();
    let text = String::from_utf8(payload).unwrap();
    for (name, order, completed) in [
        ("H1, H9", &[0, 1, 2][..], 3),
        ("H2", &[2, 1, 0], 3),
        ("first last", &[1, 2, 0], 3),
        ("H8", &[0, 0, 1, 1, 0, 2], 6),
        ("H3, then there", &[0, 2, 1], 3),
    ] {
        for family in BOTH {
            let list: Vec<_> = order.iter().map(|&n| (parts[n].0, parts[n].1, &parts[n].2[..])).collect();
            let mut player = play(family, &list);
            assert_eq!(player.stream(), (text.clone(), Flags::PSH | Flags::ACK), "{name} {family:?}");
            let (src, dst) = family.ends();
            for segment in &player.segments {
                assert_eq!((segment.src, segment.dst, segment.ack), (src, dst, Some(9)));
            }
            // 12 bytes of payload in the first fragment, 24 and 24 in the others; each names its own packet.
            let first = |part: usize| order.iter().position(|n| *n == part).unwrap() as u64 + 1;
            let header = family.header() as u32;
            let got: Vec<_> = player
                .segments
                .iter()
                .map(|s| (s.seq, s.payload.len(), s.packet, s.packet_offset, s.flags))
                .collect();
            let expected = vec![
                (1000, 12, first(0), header + 20, Flags::ACK),
                (1012, 24, first(1), header, Flags::ACK),
                (1036, 24, first(2), header, Flags::ACK | Flags::PSH),
            ];
            assert_eq!(got, expected, "{name} {family:?}");
            assert_eq!(player.codes(), [""; 0], "{name}");
            assert_eq!(player.packets.len(), completed);
            player.resolver.finish();
            assert_eq!((player.codes(), player.resolver.buffered()), (vec![], 0), "{name}");
        }
    }
}

#[test]
fn h3_unfinished_is_told() {
    let (_, parts) = parts();
    for family in BOTH {
        let list = [(0, true, &parts[0].2[..]), (56, false, &parts[2].2[..])];
        let incomplete =
            |why| Anomaly::Incomplete { why, fragments: 2, bytes: 56, missing: Some(24), protocol: Some(6) };
        let mut player = play(family, &list);
        player.resolver.expire(Duration::from_secs(30));
        assert_eq!(player.codes(), [""; 0]);
        player.resolver.expire(Duration::from_secs(31));
        let events = player.events();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].packet, events[0].at, events[0].id), (1, Duration::from_secs(1), 3));
        assert_eq!((events[0].src, events[0].dst), (family.ends().0.ip(), family.ends().1.ip()));
        assert_eq!(events[0].anomaly, incomplete(Unfinished::Timeout));
        assert_eq!(player.resolver.buffered(), 0);

        let mut player = play(family, &list);
        player.resolver.finish();
        assert_eq!(player.events()[0].anomaly, incomplete(Unfinished::End));

        // The missing one comes too late: it is not put to anything, and told too.
        let mut player = play(family, &list);
        player.resolver.expire(Duration::from_secs(40));
        player.raw(&family.fragment(6, 3, 32, true, &parts[1].2)).unwrap();
        player.resolver.finish();
        assert_eq!(
            player.codes(),
            [
                "1 fragment-incomplete: 2 fragments with 56 bytes, 24 bytes missing",
                "3 fragment-incomplete: 1 fragments with 24 bytes"
            ]
        );
    }
}

#[test]
fn overlaps() {
    let whole = tcp(&bytes(60));
    let text = String::from_utf8(bytes(60)).unwrap();
    let mut other = whole.clone();
    other[40..44].copy_from_slice(b"evil");
    for (name, parts, codes) in [
        ("H4", &[(0, true, &whole[..48]), (32, false, &whole[32..])][..], &[][..]),
        ("H4 inside", &[(0, true, &whole[..64]), (32, true, &whole[32..56]), (64, false, &whole[64..])], &[]),
        (
            "H5 later",
            &[(0, true, &whole[..48]), (32, false, &other[32..])],
            &["2 fragment-conflict: 4 bytes at 40"],
        ),
        (
            "H5 earlier",
            &[(32, false, &whole[32..]), (0, true, &other[..56])],
            &["2 fragment-conflict: 4 bytes at 40"],
        ),
        (
            "H5 around, two of them",
            &[(0, true, &whole[..42 - 2]), (40, true, &whole[40..48]), (8, false, &other[8..])],
            &["3 fragment-conflict: 4 bytes at 40"],
        ),
        (
            "H11",
            &[(0, true, &whole[..48]), (40, true, &other[40..48]), (48, false, &whole[48..])],
            &["2 fragment-conflict: 4 bytes at 40"],
        ),
        (
            "H13 longer",
            &[
                (64, false, &whole[64..]),
                (64, false, &[&whole[64..], b"more"].concat()),
                (0, true, &whole[..64]),
            ],
            &["2 fragment-end-moved: from 80 to 84"],
        ),
        (
            "H13 shorter",
            &[(64, false, &whole[64..]), (64, false, &whole[64..72]), (0, true, &whole[..64])],
            &["2 fragment-end-moved: from 80 to 72"],
        ),
        (
            "H13 behind the end",
            &[(64, false, &whole[64..]), (80, true, b"beyond..".as_slice()), (0, true, &whole[..64])],
            &["2 fragment-end-moved: from 80 to 88"],
        ),
        (
            "an end before what is there",
            &[
                (64, true, &whole[64..72]),
                (32, false, &whole[32..64]),
                (0, true, &whole[..32]),
                (72, false, &whole[72..]),
            ],
            &["2 fragment-end-moved: from 72 to 64"],
        ),
        ("H6", &[(0, true, &whole[..8]), (8, false, &whole[8..])], &["1 fragment-tiny: 8 bytes"]),
        ("uneven", &[(0, true, &whole[..35]), (32, false, &whole[32..])], &["1 fragment-uneven: 35 bytes"]),
        (
            "H7",
            &[(0, true, &whole[..40]), (65_528, false, b"12345678"), (40, false, &whole[40..])],
            &["2 fragment-oversize: ends at 65536"],
        ),
        ("an empty end", &[(0, true, &whole[..80]), (80, false, b"")], &[]),
    ] {
        for family in BOTH {
            let mut player = play(family, parts);
            assert_eq!(player.stream().0, text, "{name} {family:?}");
            assert_eq!(player.codes(), codes, "{name} {family:?}");
        }
    }
}

#[test]
fn a_conflict_has_both_versions() {
    let whole = tcp(&bytes(60));
    let mut other = whole.clone();
    other[41] = b'!';
    other[45] = b'?';
    let mut player = play(Family::V4, &[(40, true, &whole[40..56]), (32, true, &other[32..56])]);
    let events = player.events();
    let Anomaly::Conflict(conflict) = &events[0].anomaly else { panic!("{events:?}") };
    assert_eq!((events[0].packet, conflict.kept_packet, conflict.offset), (2, 1, 41));
    assert_eq!((&conflict.kept[..], &conflict.other[..]), (&whole[41..46], &other[41..46]));
    assert_eq!(player.resolver.stats().repeated_bytes, 16);
}

/// H5: the scenario of Novak's paper, each fragment another letter.
#[test]
fn h5_first_of_novak() {
    let letters = |list: &[(u8, usize, usize)]| -> Vec<Part> {
        list.iter().map(|&(letter, len, at)| (at, letter != b'Q', vec![letter; len])).collect()
    };
    let list = letters(&[
        (b'A', 24, 0),
        (b'B', 16, 32),
        (b'C', 24, 48),
        (b'D', 8, 80),
        (b'E', 16, 104),
        (b'F', 24, 120),
        (b'G', 16, 144),
        (b'H', 16, 160),
        (b'I', 8, 176),
        (b'J', 32, 8),
        (b'K', 24, 48),
        (b'L', 24, 72),
        (b'M', 24, 96),
        (b'N', 8, 128),
        (b'O', 8, 152),
        (b'P', 8, 160),
        (b'Q', 16, 176),
    ]);
    let mut player = Player::new(Config::default());
    // The TCP header takes the place of the first twenty letters.
    let head = tcp(b"");
    for (offset, more, part) in &list {
        let mut part = part.clone();
        if *offset == 0 {
            part[..20].copy_from_slice(&head);
        }
        player.raw(&Family::V4.fragment(6, 1, *offset, *more, &part)).unwrap();
    }
    let units: String = player.stream().0.as_bytes()[4..].chunks(8).map(|unit| unit[0] as char).collect();
    assert_eq!(units, "JBBCCCLDLMEEFFFGGHHIQ");
    player.check_places();
    let codes = player.codes();
    // J, K, L, M, N, O, P, Q each disagree with what was there.
    let who: Vec<&str> = codes.iter().map(|code| code.split(' ').next().unwrap()).collect();
    assert_eq!(who, ["10", "10", "11", "12", "13", "14", "15", "16", "17"], "{codes:?}");
}

#[test]
fn h12_names_are_kept_apart() {
    let (payload, parts) = parts();
    let mut player = Player::new(Config::default());
    for part in &parts {
        for id in [1, 2] {
            for family in BOTH {
                player.raw(&family.fragment(6, id, part.0, part.1, &part.2)).unwrap();
            }
        }
    }
    assert_eq!(player.segments.len(), 12);
    player.check_places();
    assert_eq!(player.stream().0.as_bytes(), payload);
    assert_eq!(player.resolver.stats().datagrams, 4);
}

#[test]
fn numbers_come_again() {
    let (_, parts) = parts();
    let again = tcp(b"something else altogether, and longer than what was there before");
    for family in BOTH {
        // Duplicates behind the end say nothing; another datagram of the same number is one of its own.
        let mut list: Vec<_> = parts.iter().chain(&parts[1..]).map(|p| (p.0, p.1, &p.2[..])).collect();
        list.extend([(0, true, &again[..40]), (40, false, &again[40..])]);
        let mut player = play(family, &list);
        let payload: Vec<u8> = player.segments[3..].iter().flat_map(|s| s.payload.to_vec()).collect();
        assert_eq!((payload.as_slice(), player.codes()), (&again[20..], vec![]), "{family:?}");
        player.resolver.finish();
        assert_eq!(player.codes(), [""; 0]);

        // The whole datagram twice is the segment twice.
        let list: Vec<_> = parts.iter().chain(&parts).map(|p| (p.0, p.1, &p.2[..])).collect();
        let player = play(family, &list);
        assert_eq!(player.segments.len(), 6);
        assert_eq!(player.segments[0].with_packet_of(&player.segments[3]), player.segments[3]);
    }
}

trait Like {
    fn with_packet_of(&self, other: &Self) -> Self;
}

impl Like for tcp_reassembly::Segment {
    fn with_packet_of(&self, other: &Self) -> Self {
        self.clone().with_packet(other.packet, other.at)
    }
}

#[test]
fn h31_cuts_stay_sized() {
    let (_, parts) = parts();
    for family in BOTH {
        let mut player = Player::new(Config::default());
        for (offset, more, part) in &parts {
            let frame = family.fragment(6, 3, *offset, *more, part);
            // 12 of the payload's first 12 bytes, 4 of 24, and 4 of 24 again.
            let captured = if *offset == 0 { frame.len() } else { family.header() + 4 };
            player.push(raw(), &frame[..captured], frame.len()).unwrap();
        }
        player.check_places();
        assert_eq!(player.stream().0, "ABCDEFGHIJKLMNOP....................KLMN....................");
        let lens: Vec<_> = player.segments.iter().map(|s| (s.payload.len(), s.payload_len)).collect();
        assert_eq!(lens, [(12, 12), (4, 24), (4, 24)]);
    }
    // A longer capture of the same fragment fills it up; a header that is cut is no segment.
    let frame = Family::V4.fragment(6, 3, 32, true, &parts[1].2);
    let mut player = Player::new(Config::default());
    player.raw(&Family::V4.fragment(6, 3, 0, true, &parts[0].2)).unwrap();
    player.push(raw(), &frame[..30], frame.len()).unwrap();
    player.raw(&frame).unwrap();
    player.raw(&Family::V4.fragment(6, 3, 56, false, &parts[2].2)).unwrap();
    assert_eq!(player.stream().0.as_bytes(), bytes(60));
    player.check_places();

    let mut player = Player::new(Config::default());
    let frame = Family::V4.fragment(6, 3, 0, true, &parts[0].2);
    player.push(raw(), &frame[..30], frame.len()).unwrap();
    player.raw(&Family::V4.fragment(6, 3, 32, true, &parts[1].2)).unwrap();
    let last = Family::V4.fragment(6, 3, 56, false, &parts[2].2);
    assert_eq!(player.raw(&last), Err(PacketError::Truncated));
}

#[test]
fn flags_stay_where_they_belong() {
    for (flags, pieces) in [
        (Flags::FIN | Flags::PSH | Flags::ACK, vec![Flags::ACK, Flags::FIN | Flags::PSH | Flags::ACK]),
        (Flags::SYN, vec![Flags::SYN]),
        (Flags::RST | Flags::ACK, vec![Flags::RST | Flags::ACK]),
    ] {
        let mut whole = tcp(&bytes(20));
        whole[13] = flags.bits();
        let player = play(Family::V4, &[(0, true, &whole[..32]), (32, false, &whole[32..])]);
        let got: Vec<Flags> = player.segments.iter().map(|segment| segment.flags).collect();
        assert_eq!(got, pieces);
        assert_eq!(player.segments.iter().map(|s| s.payload_len).sum::<u32>(), 20);
    }
    // Without a payload the segment is that of the packet that completes it.
    let whole = tcp(b"");
    let player = play(Family::V4, &[(0, true, &whole[..16]), (16, false, &whole[16..])]);
    assert_eq!((player.segments.len(), player.segments[0].packet), (1, 2));
}

/// A last fragment of one byte is data, not a keep-alive, also behind an acknowledged hole.
#[test]
fn one_byte_is_no_probe() {
    let whole = tcp(&bytes(61));
    let player = play(Family::V4, &[(0, true, &whole[..80]), (80, false, &whole[80..])]);
    assert_eq!((player.segments.len(), player.segments[1].payload_len), (2, 2));
    let (client, server) = Family::V4.ends();
    let mut reassembler = Reassembler::new(tcp_reassembly::Config::default());
    let syn = tcp_reassembly::Segment::new(client, server, 989).with_flags(Flags::SYN);
    reassembler.push(syn);
    // Everything is acknowledged, and the ten bytes in front are still on their way.
    reassembler.push(tcp_reassembly::Segment::new(server, client, 8).with_flags(Flags::SYN).with_ack(990));
    reassembler.push(tcp_reassembly::Segment::new(server, client, 9).with_ack(1061));
    for segment in player.segments {
        reassembler.push(segment);
    }
    let early = tcp_reassembly::Segment::new(client, server, 990).with_ack(9);
    reassembler.push(early.with_payload(Bytes::from_static(b"0123456789"), 0));
    reassembler.finish();
    let mut got = Vec::new();
    for event in reassembler.events() {
        if let EventKind::Data { bytes, packet_offset, .. } = event.kind {
            got.extend(bytes.to_vec());
            if bytes == "I" {
                assert_eq!((event.packet, packet_offset), (2, 20));
            }
        }
    }
    assert!(got.ends_with(&bytes(61)), "{}", got.escape_ascii());
}

#[test]
fn limits() {
    let (_, parts) = parts();
    // 65 fragments of eight bytes: the datagram is given up once, the rest is counted.
    let mut config = Config::default();
    config.timeout = Duration::from_secs(1000);
    let mut player = Player::new(config);
    let whole = tcp(&bytes(1000));
    for (n, part) in whole.chunks(8).enumerate() {
        player.raw(&Family::V4.fragment(6, 3, n * 8, n < 127, part)).unwrap();
    }
    assert_eq!(player.codes(), ["1 fragment-tiny: 8 bytes", "1 fragment-limit: 65 fragments with 520 bytes"]);
    assert_eq!(player.resolver.stats().ignored, 128 - 65);
    player.resolver.finish();
    assert_eq!((player.codes(), player.resolver.buffered()), (vec![], 0));

    // Memory: the oldest goes.
    let mut config = Config::default();
    config.max_held = 8 * 1024;
    let mut player = Player::new(config);
    for id in 0..20 {
        player.raw(&Family::V4.fragment(6, id, 0, true, &parts[0].2)).unwrap();
    }
    let codes = player.codes();
    assert!(codes.len() > 3 && codes.len() < 12, "{codes:?}");
    assert_eq!(codes[0], "1 fragment-limit: 1 fragments with 32 bytes");
    assert_eq!(codes[1], "2 fragment-limit: 1 fragments with 32 bytes");
}

#[test]
fn what_is_not_tcp_says_nothing() {
    let dns = udp(40_000, &[0; 100]);
    for (name, protocol, whole) in [("UDP", 17, dns), ("ICMP", 1, vec![0; 100]), ("ESP", 50, vec![0; 100])] {
        for family in BOTH {
            let mut player = Player::new(Config::default());
            let first = family.fragment(protocol, 1, 0, true, &whole[..48]);
            let last = family.fragment(protocol, 1, 48, false, &whole[48..]);
            assert_eq!(player.raw(&first), Err(PacketError::NotTcp), "{name} {family:?}");
            assert_eq!(player.raw(&last), Err(PacketError::NotTcp), "{name} {family:?}");
            player.raw(&first).unwrap_err();
            player.resolver.finish();
            assert_eq!(player.codes(), [""; 0], "{name} {family:?}");
        }
    }
}

#[test]
fn h22_time_jumps() {
    let (_, parts) = parts();
    let mut player = Player::new(Config::default());
    let frame = Bytes::from(v4_part(6, 1, 0x2000, &parts[0].2));
    let years = Duration::from_secs(10 * 365 * 86_400);
    for (packet, at) in [(1, Duration::ZERO), (2, years), (3, Duration::ZERO)] {
        player.resolver.push(raw(), packet, at, &frame, frame.len() as u32).unwrap();
    }
    assert_eq!(player.codes(), ["1 fragment-incomplete: 1 fragments with 32 bytes"]);
    // Back in the present, the wait begins again.
    player.resolver.expire(Duration::from_secs(10));
    player.resolver.expire(Duration::from_secs(39));
    assert_eq!(player.codes(), [""; 0]);
    player.resolver.expire(Duration::from_secs(40));
    assert_eq!(player.codes(), ["2 fragment-incomplete: 1 fragments with 32 bytes"]);
}
