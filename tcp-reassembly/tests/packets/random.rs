//! What holds for any fragments and any frames.

use proptest::prelude::*;
use tcp_reassembly::Flags;
use tcp_reassembly::packet::{Config, LinkType};

use super::make::{Family, Player, bytes, ethernet, raw, tcp, udp, v4, vxlan};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// Parts of `len` bytes that together are all of it: some of them may overlap, and come more than once.
fn parts(len: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    let units = len.div_ceil(8);
    let cuts = proptest::collection::btree_set(1..units, 0..12);
    let more = proptest::collection::vec((0..units, 1..units), 0..8);
    (cuts, more)
        .prop_map(move |(cuts, more)| {
            let mut ends: Vec<usize> = cuts.into_iter().chain([units]).collect();
            ends.dedup();
            let mut from = 0;
            let mut parts = Vec::new();
            for end in ends {
                parts.push((from * 8, (end * 8).min(len)));
                from = end;
            }
            parts.extend(more.into_iter().map(|(from, count)| (from * 8, ((from + count) * 8).min(len))));
            parts
        })
        .prop_shuffle()
}

proptest! {
    #![proptest_config(cases(256))]

    /// Any split, any order, any duplicates: the segment is the same, and every byte is where it says it is.
    #[test]
    fn fragments_make_the_segment((len, parts) in (21_usize..600).prop_flat_map(|len| (Just(len), parts(len))), six: bool) {
        let family = if six { Family::V6 } else { Family::V4 };
        let whole = tcp(&bytes(len - 20));
        let mut player = Player::new(Config::default());
        for (from, to) in &parts {
            let result = player.raw(&family.fragment(6, 1, *from, *to < len, &whole[*from..*to]));
            prop_assert!(result.is_ok());
            if result != Ok(0) {
                // Others that come later begin the next datagram of that number.
                break;
            }
        }
        let (stream, flags) = player.stream();
        prop_assert_eq!(stream.as_bytes(), &whole[20..]);
        prop_assert_eq!(flags, Flags::PSH | Flags::ACK);
        player.check_places();
        let first = &player.segments[0];
        prop_assert_eq!((first.src, first.dst), family.ends());
        let told: Vec<_> = player.codes().into_iter().filter(|code| !code.contains("tiny")).collect();
        prop_assert!(told.is_empty(), "{:?}", told);
    }

    /// The first copy of every byte counts, and a conflict is told exactly if a copy differs.
    #[test]
    fn first_copy_counts((parts, wrong) in (parts(320), 0_usize..24), at in 20_usize..320, six: bool) {
        let family = if six { Family::V6 } else { Family::V4 };
        let len = 320;
        let whole = tcp(&bytes(len - 20));
        let mut expected: Vec<Option<u8>> = vec![None; len];
        let mut differs = false;
        let mut player = Player::new(Config::default());
        // All of it in one would be no fragment.
        let parts = parts.iter().filter(|part| **part != (0, len));
        for (number, (from, to)) in parts.enumerate() {
            let mut part = whole[*from..*to].to_vec();
            if number == wrong && (*from..*to).contains(&at) {
                part[at - from] = b'!';
            }
            for (place, byte) in part.iter().enumerate() {
                let seen = expected[from + place].get_or_insert(*byte);
                differs |= seen != byte;
            }
            if player.raw(&family.fragment(6, 1, *from, *to < len, &part)).unwrap() > 0 {
                break;
            }
        }
        prop_assume!(expected.iter().all(Option::is_some));
        let expected: Vec<u8> = expected[20..].iter().flatten().copied().collect();
        prop_assert_eq!(player.stream().0.into_bytes(), expected);
        let codes = player.codes();
        prop_assert_eq!(codes.iter().any(|code| code.contains("conflict")), differs, "{:?}", codes);
        player.check_places();
    }

    /// Whatever comes, there is no panic, the limits hold, and the end leaves nothing behind.
    #[test]
    fn any_fragments(
        frames in proptest::collection::vec(
            (0_u8..3, 0_u16..4, 0_usize..40, any::<bool>(), 0_usize..90, prop::sample::select(vec![6_u8, 17, 4, 47, 41, 60]), 0_usize..120),
            1..80,
        ),
        max_held in 600_usize..6000,
        max_fragments in 1_usize..12,
    ) {
        let mut config = Config::default();
        config.max_held = max_held;
        config.max_fragments = max_fragments;
        let mut player = Player::new(config);
        let inner = vxlan(&ethernet(0x0800, &v4(6, &tcp(&bytes(60)))));
        for (kind, id, unit, more, len, protocol, captured) in frames {
            let whole = if kind == 2 { &inner } else { &tcp(&bytes(400)) };
            let from = (unit * 8).min(whole.len());
            let part = &whole[from..(from + len).min(whole.len())];
            let family = if kind == 1 { Family::V6 } else { Family::V4 };
            let frame = family.fragment(protocol, id, unit * 8, more, part);
            let captured = captured.min(frame.len());
            let _ = player.push(raw(), &frame[..captured], frame.len());
        }
        player.check_places();
        player.resolver.finish();
        prop_assert_eq!(player.resolver.buffered(), 0);
    }

    #[test]
    fn any_frames(
        link in prop::sample::select(vec![0, 1, 12, 101, 108, 113, 228, 229, 276]),
        start in 0_usize..4,
        frames in proptest::collection::vec(
            (proptest::collection::vec((0_usize..120, any::<u8>()), 0..6), 0_usize..160, any::<u16>()),
            1..8,
        ),
        noise in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let inner = v4(6, &tcp(b"EHLO"));
        let base = match start {
            0 => ethernet(0x0800, &v4(17, &vxlan(&ethernet(0x0800, &inner)))),
            1 => ethernet(0x8847, &[&[0, 1, 1, 64, 0, 0, 0, 0], &ethernet(0x0800, &inner)[..]].concat()),
            2 => ethernet(0x0800, &v4(17, &udp(6081, &[&[0, 0, 8, 0, 0, 0, 1, 0], &inner[..]].concat()))),
            _ => noise,
        };
        let mut player = Player::new(Config::default());
        for (damage, captured, wire) in frames {
            let mut frame = base.clone();
            for (at, byte) in damage {
                if let Some(place) = frame.get_mut(at) {
                    *place = byte;
                }
            }
            frame.truncate(captured);
            let _ = player.push(LinkType::from_pcap(link).unwrap(), &frame, wire.into());
        }
        player.check_places();
    }
}
