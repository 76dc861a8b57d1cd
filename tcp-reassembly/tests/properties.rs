//! What holds for every capture.
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

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use common::{assert_sound, show};
use proptest::prelude::*;
use tcp_reassembly::{Config, Direction, Event, EventKind, Flags, Reassembler, Segment};

fn ends() -> [SocketAddr; 2] {
    ["192.0.2.1:40000".parse().unwrap(), "192.0.2.2:25".parse().unwrap()]
}

fn config() -> Config {
    let mut config = Config::default();
    config.seed = Some(3);
    config
}

/// The byte at each place of the streams under test: known from its offset alone, hardly ever its neighbour.
fn content(side: usize, offset: usize) -> u8 {
    let n = (offset as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 + side as u64 * 2);
    (n >> 32) as u8
}

fn stream(side: usize, len: usize) -> Vec<u8> {
    (0..len).map(|offset| content(side, offset)).collect()
}

/// `[from, to)` of a stream as a segment; relative acknowledgement.
fn segment(side: usize, isn: [u32; 2], from: usize, to: usize, ack: Option<u32>) -> Segment {
    let data: Vec<u8> = (from..to).map(|offset| content(side, offset)).collect();
    let seq = isn[side].wrapping_add(1).wrapping_add(from as u32);
    let segment = Segment::new(ends()[side], ends()[1 - side], seq).with_payload(data.into(), 54);
    match ack {
        Some(ack) => segment.with_ack(isn[1 - side].wrapping_add(ack)),
        None => segment,
    }
}

fn handshake(isn: [u32; 2]) -> Vec<Segment> {
    let [client, server] = ends();
    vec![
        Segment::new(client, server, isn[0]).with_flags(Flags::SYN),
        Segment::new(server, client, isn[1]).with_flags(Flags::SYN).with_ack(isn[0].wrapping_add(1)),
        Segment::new(client, server, isn[0].wrapping_add(1)).with_ack(isn[1].wrapping_add(1)),
    ]
}

fn fin(side: usize, isn: [u32; 2], len: usize, acked: usize) -> Segment {
    let seq = isn[side].wrapping_add(1).wrapping_add(len as u32);
    let ack = isn[1 - side].wrapping_add(1).wrapping_add(acked as u32);
    Segment::new(ends()[side], ends()[1 - side], seq).with_flags(Flags::FIN).with_ack(ack)
}

fn run(config: Config, mut segments: Vec<Segment>) -> Vec<Event> {
    let mut reassembler = Reassembler::new(config.clone());
    let mut events = Vec::new();
    for (number, segment) in segments.iter_mut().enumerate() {
        segment.packet = number as u64;
        segment.at = Duration::from_millis(number as u64);
        reassembler.push(segment.clone());
        assert!(reassembler.buffered() <= config.worst_case(), "{}", reassembler.buffered());
        events.extend(reassembler.events());
    }
    reassembler.finish();
    events.extend(reassembler.events());
    assert_sound(&events);
    for event in &events {
        if let EventKind::Data { bytes, packet, packet_offset, .. } = &event.kind {
            let source = &segments[usize::try_from(*packet).unwrap()];
            let from = (packet_offset - source.packet_offset) as usize;
            assert_eq!(&source.payload[from..from + bytes.len()], &bytes[..], "provenance");
        }
    }
    assert_eq!(reassembler.buffered(), 0);
    events
}

/// What was delivered and declared missing of one direction.
#[derive(Debug, Default, PartialEq)]
struct Told {
    data: Vec<(u64, Bytes)>,
    gaps: Vec<(u64, u64)>,
}

impl Told {
    fn of(events: &[Event], side: usize) -> Self {
        let wanted = [Direction::ToServer, Direction::ToClient][side];
        let mut told = Self::default();
        for event in events {
            match &event.kind {
                EventKind::Data { dir, offset, bytes, .. } if *dir == wanted => {
                    told.data.push((*offset, bytes.clone()));
                }
                EventKind::Gap { dir, offset, len, .. } if *dir == wanted => match told.gaps.last_mut() {
                    Some((at, known)) if *at + *known == *offset => *known += len,
                    _ => told.gaps.push((*offset, *len)),
                },
                _ => {}
            }
        }
        told
    }

    fn bytes(&self) -> Vec<u8> {
        self.data.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect()
    }
}

fn odd(events: &[Event]) -> Vec<&Event> {
    events
        .iter()
        .filter(|event| {
            matches!(event.kind, EventKind::Gap { .. } | EventKind::Conflict(_) | EventKind::Anomaly { .. })
        })
        .collect()
}

fn isns() -> impl Strategy<Value = [u32; 2]> {
    let one = || prop_oneof![any::<u32>(), (0_u32..8000).prop_map(|n| u32::MAX - n)];
    [one(), one()]
}

/// Cuts of `[0, len)` into runs.
fn cuts(len: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec(1_usize..1460, 0..60).prop_map(move |sizes| {
        let mut runs = Vec::new();
        let mut at = 0;
        for size in sizes.into_iter().chain([1460].into_iter().cycle().take(100)) {
            let to = (at + size).min(len);
            if to > at {
                runs.push((at, to));
            }
            at = to;
        }
        runs
    })
}

/// Runs that cover `[0, len)` in a disturbed order, with repeated and overlapping ones.
fn disturbed(len: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    let extra = prop::collection::vec((0..len.max(1), 1_usize..3000), 0..10)
        .prop_map(move |runs| runs.into_iter().map(|(at, n)| (at, (at + n).min(len))).collect::<Vec<_>>());
    (cuts(len), extra, any::<u64>(), 1_usize..200).prop_map(|(mut runs, extra, seed, reach)| {
        let mut random = seed | 1;
        let mut next = move |n: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % n.max(1) as u64) as usize
        };
        for run in extra {
            let at = next(runs.len() + 1);
            runs.insert(at, run);
        }
        for at in 0..runs.len() {
            let other = (at + next(reach)).min(runs.len() - 1);
            runs.swap(at, other);
        }
        runs.retain(|(from, to)| from < to);
        runs
    })
}

/// Segments that may say anything.
fn anything() -> impl Strategy<Value = Segment> {
    let near = || prop_oneof![0_u32..40, any::<u32>().prop_map(|n| n % 70_000), any::<u32>()];
    let text = prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..12);
    let flags = prop::sample::select(vec![0_u8, 0x10, 0x10, 0x10, 0x18, 0x02, 0x12, 0x11, 0x04, 0x14, 0x07]);
    let at = prop_oneof![0_u64..3000, any::<u32>().prop_map(u64::from)];
    (any::<bool>(), 0_u16..2, near(), prop::option::of(near()), flags, text, 0_u32..20, at).prop_map(
        |(client, port, seq, ack, flags, text, cut, at)| {
            let mut ends = ends();
            ends[0].set_port(40_000 + port);
            let (src, dst) = if client { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
            let len = text.len() as u32;
            let mut segment = Segment::new(src, dst, seq)
                .with_packet(0, Duration::from_millis(at))
                .with_flags(Flags::from_bits(flags))
                .with_payload(text.into(), 54)
                .with_payload_len(if cut > 16 { len + cut } else { len });
            segment.ack = ack;
            segment
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn a_disturbed_stream_comes_out_whole(isn in isns(), (len, runs) in (1_usize..20_000).prop_flat_map(|len| (Just(len), disturbed(len)))) {
        let mut segments = handshake(isn);
        segments.extend(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1))));
        segments.push(fin(0, isn, len, 0));
        let events = run(config(), segments);
        prop_assert_eq!(Told::of(&events, 0).bytes(), stream(0, len));
        prop_assert!(odd(&events).is_empty(), "{:?}", odd(&events));
    }

    #[test]
    fn a_disturbed_start_without_syn_is_mended(isn in isns(), order in Just([0_usize, 1, 2]).prop_shuffle()) {
        let runs = order.map(|n| segment(0, isn, n * 10, n * 10 + 10, Some(1)));
        let events = run(config(), runs.to_vec());
        prop_assert_eq!(Told::of(&events, 0).bytes(), stream(0, 30));
        prop_assert!(odd(&events).is_empty());
    }

    #[test]
    fn what_is_lost_is_a_gap_and_nothing_else(
        isn in isns(),
        (len, runs) in (1_usize..20_000).prop_flat_map(|len| (Just(len), disturbed(len))),
        lost in prop::collection::vec(prop::bool::weighted(0.2), 400),
    ) {
        let mut seen = vec![false; len];
        let mut segments = handshake(isn);
        for (&(from, to), lost) in runs.iter().zip(lost) {
            if !lost {
                seen[from..to].fill(true);
                segments.push(segment(0, isn, from, to, Some(1)));
            }
        }
        segments.push(fin(0, isn, len, 0));
        let events = run(config(), segments);
        let told = Told::of(&events, 0);
        let whole = stream(0, len);
        let mut delivered = vec![false; len];
        for (offset, bytes) in &told.data {
            let from = *offset as usize;
            prop_assert_eq!(&whole[from..from + bytes.len()], &bytes[..]);
            delivered[from..from + bytes.len()].fill(true);
        }
        prop_assert_eq!(&delivered, &seen);
        let missing: u64 = told.gaps.iter().map(|(_, len)| len).sum();
        prop_assert_eq!(missing + delivered.iter().filter(|&&byte| byte).count() as u64, len as u64);
    }

    #[test]
    fn a_cut_capture_has_gaps_of_the_right_size(isn in isns(), snap in 1_usize..200, runs in cuts(5000)) {
        let segments = handshake(isn).into_iter().chain(runs.iter().map(|&(from, to)| {
            segment(0, isn, from, to.min(from + snap), Some(1)).with_payload_len((to - from) as u32)
        }));
        let events = run(config(), segments.collect());
        let told = Told::of(&events, 0);
        let mut kept = Vec::new();
        for &(from, to) in &runs {
            kept.extend((from..to.min(from + snap)).map(|offset| content(0, offset)));
        }
        prop_assert_eq!(told.bytes().len() as u64 + told.gaps.iter().map(|(_, len)| len).sum::<u64>(), 5000);
        prop_assert_eq!(told.bytes(), kept);
    }

    #[test]
    fn a_dialogue_is_told_in_its_order(
        isn in isns(),
        turns in prop::collection::vec((2_usize..400, 2_usize..400), 1..12),
        lost in prop::collection::vec(prop::bool::weighted(0.15), 24),
        one_side in prop::option::weighted(0.2, 0_usize..2),
    ) {
        // One byte that is acknowledged and never seen may be a FIN, so turns have two at least.
        // Each side speaks in turn and acknowledges everything before; some segments are not captured.
        let mut ends = [0_usize; 2];
        let mut segments = handshake(isn);
        if let Some(side) = one_side {
            segments.retain(|segment| segment.src != self::ends()[side]);
        }
        let mut lost = lost.into_iter();
        let mut known = Vec::new();
        for (client, server) in turns {
            for (side, len) in [(1, server), (0, client)] {
                let from = ends[side];
                ends[side] += len;
                let part = segment(side, isn, from, ends[side], Some(1 + ends[1 - side] as u32));
                if one_side != Some(side) && !lost.next().unwrap_or(false) {
                    known.push((side, from, ends));
                    segments.push(part);
                }
            }
        }
        let events = run(config(), segments);
        let (mut edges, mut data) = ([0_u64; 2], [0_u64; 2]);
        let absent = |side: usize| one_side == Some(side);
        for event in &events {
            let (dir, len) = match &event.kind {
                EventKind::Data { dir, offset, bytes, .. } => {
                    let side = usize::from(*dir == Direction::ToClient);
                    let &(_, _, then) = known.iter().find(|&&(s, from, _)| s == side && from as u64 == *offset).unwrap();
                    // All that was acknowledged is told, and nothing that was said in answer.
                    let acked = then[1 - side] as u64;
                    prop_assert!(absent(1 - side) || edges[1 - side] >= acked, "{}", show(&events, self::ends()[0]));
                    prop_assert!(data[1 - side] <= acked, "{}", show(&events, self::ends()[0]));
                    data[side] = offset + bytes.len() as u64;
                    (dir, bytes.len() as u64)
                }
                EventKind::Gap { dir, len, .. } => (dir, *len),
                EventKind::Conflict(_) | EventKind::Anomaly { .. } => {
                    prop_assert!(false, "{:?}", event);
                    unreachable!()
                }
                _ => continue,
            };
            edges[usize::from(*dir == Direction::ToClient)] += len;
        }
    }

    #[test]
    fn anything_is_survived(segments in prop::collection::vec(anything(), 0..120), tight: bool, expire in any::<u32>()) {
        let mut config = config();
        if tight {
            config.max_held_bytes = 20;
            config.max_held_pieces = 3;
            config.max_held_total = 2000;
            config.max_replay = 16;
            config.max_replay_total = 4096;
            config.max_flows = 1;
            config.max_anomalies = 2;
            config.ack_grace = 2;
        }
        let mut reassembler = Reassembler::new(config.clone());
        let mut events = Vec::new();
        for (number, mut segment) in segments.into_iter().enumerate() {
            segment.packet = number as u64;
            reassembler.push(segment);
            prop_assert!(reassembler.buffered() <= config.worst_case(), "{}", reassembler.buffered());
            events.extend(reassembler.events());
            if number % 16 == 15 {
                reassembler.expire(Duration::from_millis(u64::from(expire)));
                events.extend(reassembler.events());
            }
        }
        reassembler.finish();
        events.extend(reassembler.events());
        assert_sound(&events);
        prop_assert_eq!(reassembler.buffered(), 0);
        let count = |wanted: fn(&EventKind) -> bool| events.iter().filter(|event| wanted(&event.kind)).count();
        prop_assert_eq!(
            count(|kind| matches!(kind, EventKind::Opened { .. })),
            count(|kind| matches!(kind, EventKind::Ended { .. }))
        );
    }

    #[test]
    fn sequence_numbers_may_begin_anywhere(segments in prop::collection::vec(anything(), 0..60), shift: [u32; 2]) {
        let shifted = segments.iter().cloned().map(|mut segment| {
            let side = usize::from(segment.src.port() == 25);
            segment.seq = segment.seq.wrapping_add(shift[side]);
            segment.ack = segment.ack.map(|ack| ack.wrapping_add(shift[1 - side]));
            segment
        });
        let one = run(config(), segments.clone());
        let two = run(config(), shifted.collect());
        prop_assert_eq!(show(&one, ends()[0]), show(&two, ends()[0]));
    }

    #[test]
    fn the_seed_of_the_table_does_not_show(segments in prop::collection::vec(anything(), 0..60), seed: u64) {
        let mut other = config();
        other.seed = Some(seed);
        prop_assert_eq!(run(config(), segments.clone()), run(other, segments));
    }

    #[test]
    fn packets_captured_twice_change_nothing(isn in isns(), (len, runs) in (1_usize..8000).prop_flat_map(|len| (Just(len), disturbed(len)))) {
        let mut segments = handshake(isn);
        segments.extend(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1))));
        segments.push(fin(0, isn, len, 0));
        segments.push(fin(1, isn, 0, len + 1));
        let doubled = segments.iter().flat_map(|segment| [segment.clone(), segment.clone()]).collect();
        let (one, two) = (run(config(), segments), run(config(), doubled));
        prop_assert_eq!(show(&one, ends()[0]), show(&two, ends()[0]));
    }

    #[test]
    fn flows_do_not_see_each_other(segments in prop::collection::vec(anything(), 0..80)) {
        let mine = |segment: &Segment| segment.src.port() == 40_000 || segment.dst.port() == 40_000;
        let alone = {
            let mut reassembler = Reassembler::new(config());
            for segment in segments.iter().filter(|segment| mine(segment)) {
                let mut segment = segment.clone();
                segment.at = Duration::ZERO;
                reassembler.push(segment);
            }
            reassembler.finish();
            reassembler.events().map(|event| event.kind).collect::<Vec<_>>()
        };
        let mut reassembler = Reassembler::new(config());
        let mut ids = Vec::new();
        let mut together = Vec::new();
        for segment in segments {
            let mut segment = segment;
            segment.at = Duration::ZERO;
            reassembler.push(segment);
        }
        reassembler.finish();
        for event in reassembler.events() {
            if let EventKind::Opened { client, server, .. } = &event.kind
                && (client.port() == 40_000 || server.port() == 40_000)
            {
                ids.push(event.flow);
            }
            if ids.contains(&event.flow) {
                together.push((event.flow, event.kind));
            }
        }
        let neutral = |kinds: Vec<EventKind>| -> Vec<String> {
            kinds.iter().map(|kind| match kind {
                EventKind::Anomaly { what, .. } => what.code().to_owned(),
                kind => format!("{kind:?}"),
            }).collect()
        };
        prop_assert_eq!(neutral(alone), neutral(together.into_iter().map(|(_, kind)| kind).collect()));
    }
}
