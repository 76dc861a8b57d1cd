//! The promises of the crate, and what follows from them.

use std::time::Duration;

use proptest::prelude::*;
use tcp_reassembly::{Anomaly, Checksum, Direction, EventKind, Flags, Policy, Reassembler, Segment};

use crate::common::{assert_sound, show};
use crate::make::{
    Told, anything, checksum, config, content, cuts, disturbed, ends, fin, handshake, isns, judgement, odd,
    run, segment, stream,
};

fn policy() -> impl Strategy<Value = Policy> {
    prop::sample::select(Policy::ALL.to_vec())
}

/// The data segments of one side, some of them lost.
fn lossy() -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
    let lost = prop::collection::vec(prop::bool::weighted(0.15), 400);
    ((1_usize..12_000).prop_flat_map(|len| (Just(len), disturbed(len))), lost).prop_map(
        |((len, runs), lost)| {
            (len, runs.into_iter().zip(lost).filter(|(_, lost)| !lost).map(|(run, _)| run).collect())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    /// P1 and P3, under every policy: `run` and `assert_sound` check offsets and provenance.
    #[test]
    fn p1_p3_bytes_come_once_in_order_and_from_their_packets(isn in isns(), (len, runs) in (1_usize..12_000).prop_flat_map(|len| (Just(len), disturbed(len))), policy in policy()) {
        let mut config = config();
        config.policies = policy.into();
        let mut segments = handshake(isn);
        segments.extend(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1))));
        segments.push(fin(0, isn, len, 0));
        let events = run(config, segments);
        prop_assert_eq!(Told::of(&events, 0).bytes(), stream(0, len));
        prop_assert!(odd(&events).is_empty(), "{:?}", odd(&events));
    }

    #[test]
    fn p2_data_and_gaps_cover_everything(segments in prop::collection::vec(anything(), 0..100), config in judgement()) {
        let mut reassembler = Reassembler::new(config);
        for segment in segments {
            reassembler.push(segment);
        }
        reassembler.finish();
        let stats = reassembler.stats();
        let events: Vec<_> = reassembler.events().collect();
        assert_sound(&events);
        let (mut delivered, mut missing) = (0, 0);
        for event in &events {
            match &event.kind {
                EventKind::Data { bytes, .. } => delivered += bytes.len() as u64,
                EventKind::Gap { len, .. } => missing += len,
                _ => {}
            }
        }
        prop_assert_eq!(stats.delivered.bytes, delivered);
        let reasons = {
            use tcp_reassembly::GapReason::*;
            [Acked, Limit, Timeout, CaptureEnd, Closed, Truncated, Flushed]
        };
        prop_assert_eq!(reasons.map(|why| stats.gaps(why).bytes).iter().sum::<u64>(), missing);
        let fates = stats.in_order + stats.empty + stats.held + stats.repeated + stats.aside + stats.probes
            + stats.strays + stats.ignored + stats.after_end + stats.unread;
        prop_assert_eq!(stats.segments, fates, "{}", stats);
        prop_assert_eq!(stats.opened, stats.ended);
    }

    /// P7: overlaps of held data are compared within a budget, whatever comes.
    #[test]
    fn p7_work_is_bounded(segments in prop::collection::vec(anything(), 0..200), mut config in judgement()) {
        config.max_overlap_work = 100;
        let mut reassembler = Reassembler::new(config);
        for segment in segments {
            reassembler.push(segment);
        }
        reassembler.finish();
        let stats = reassembler.stats();
        // Two directions of each flow; what a segment of twelve bytes meets may go beyond once.
        let most = 2 * stats.opened * (100 + 12 * 65) + 4 * stats.delivered.bytes;
        prop_assert!(stats.overlap_work <= most, "{stats}");
    }

    /// Whether packets are kept or copied does not show.
    #[test]
    fn memory_of_packets_does_not_show(isn in isns(), (len, runs) in lossy(), others in prop::collection::vec(anything(), 0..40)) {
        let mut segments = handshake(isn);
        segments.extend(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1))));
        segments.extend(others);
        segments.push(fin(0, isn, len, 0));
        let mut config = config();
        config.max_held_bytes = usize::MAX;
        let owned = segments.iter().cloned().map(|segment| {
            let backing = segment.payload.len() as u32;
            segment.with_backing(backing)
        });
        let owned = owned.collect();
        prop_assert_eq!(run(config.clone(), segments), run(config, owned));
    }

    #[test]
    fn p5_p6_the_next_segment_is_taken_whatever_is_held(
        isn in isns(),
        runs in prop::collection::vec((2_usize..3000, 1_usize..60), 0..60),
        pieces in 0_usize..6,
        bytes in 0_usize..200,
    ) {
        let mut config = config();
        (config.max_held_pieces, config.max_held_bytes, config.max_held_total) = (pieces, bytes, 4000);
        let mut reassembler = Reassembler::new(config.clone());
        for segment in handshake(isn) {
            reassembler.push(segment);
        }
        let mut edge = 0;
        for (ahead, len) in runs {
            for (from, to) in [(edge + ahead, edge + ahead + len), (edge, edge + len)] {
                reassembler.push(segment(0, isn, from, to, None));
                prop_assert!(reassembler.buffered() <= config.worst_case());
                let mut events = Vec::new();
                while let Some(event) = reassembler.poll_event() {
                    events.push(event);
                }
                let told = Told::of(&events, 0);
                let end = |(at, bytes): &(u64, bytes::Bytes)| *at as usize + bytes.len();
                if from == edge {
                    prop_assert!(told.data.iter().any(|data| data.0 as usize == edge), "{edge}: {events:?}");
                }
                let gap_end = told.gaps.iter().map(|(at, len)| (at + len) as usize).max();
                edge = told.data.iter().map(end).chain(gap_end).max().unwrap_or(edge).max(edge);
                if from > to || edge > from {
                    break;
                }
            }
        }
    }

    /// P9, with doubts of all kinds: what was sent is delivered, or told with its bytes.
    #[test]
    fn p9_no_doubtful_byte_vanishes(
        isn in isns(),
        mut config in judgement(),
        good_start: bool,
        steps in prop::collection::vec((0_usize..300, 2_usize..30, checksum(), 0_u32..4, any::<bool>(), 0_usize..300), 1..60),
    ) {
        config.urgent = tcp_reassembly::Urgent::Inline;
        config.max_anomalies = u32::MAX;
        let mut segments = handshake(isn);
        for segment in &mut segments {
            segment.checksum = if good_start { Checksum::Good } else { Checksum::Unknown };
            (segment.ttl, segment.timestamps) = (Some(64), Some((100, 0)));
        }
        let mut sent = [false; 400];
        for (at, len, sum, ticks, near, ack) in steps {
            sent[at..at + len].fill(true);
            let ttl = if near { 64 } else { 1 };
            segments.push(
                segment(0, isn, at, at + len, Some(1))
                    .with_checksum(sum)
                    .with_timestamps(100 - ticks, 0)
                    .with_ip(ttl, None),
            );
            if ack < 100 {
                segments.push(segment(1, isn, 0, 0, Some(1 + ack as u32)).with_ip(64, None));
            }
        }
        let events = run(config, segments);
        let mut seen = [false; 400];
        for event in &events {
            let (offset, bytes) = match &event.kind {
                EventKind::Data { dir: Direction::ToServer, offset, bytes, .. } => (*offset, bytes),
                EventKind::Anomaly {
                    what: Anomaly::LateData { range, bytes } | Anomaly::Rejected { range, bytes, .. },
                    ..
                } => (range.start, bytes),
                EventKind::Conflict(_) => {
                    prop_assert!(false, "{:?}", event);
                    unreachable!()
                }
                _ => continue,
            };
            for (at, &byte) in (offset as usize..).zip(bytes) {
                prop_assert_eq!(byte, content(0, at));
                seen[at] = true;
            }
        }
        for at in 0..400 {
            prop_assert!(seen[at] || !sent[at], "byte {at}: {}", show(&events, ends()[0]));
        }
    }

    #[test]
    fn policies_do_not_matter_where_copies_agree(isn in isns(), (len, runs) in lossy(), policy in policy()) {
        let mut other = config();
        other.policies = policy.into();
        let mut segments = handshake(isn);
        segments.extend(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1))));
        segments.push(fin(0, isn, len, 0));
        let (one, two) = (run(config(), segments.clone()), run(other, segments));
        prop_assert_eq!(Told::of(&one, 0).bytes(), Told::of(&two, 0).bytes());
        prop_assert_eq!(Told::of(&one, 0).gaps, Told::of(&two, 0).gaps);
        prop_assert_eq!(odd(&two).iter().filter(|event| matches!(event.kind, EventKind::Conflict(_))).count(), 0);
    }

    #[test]
    fn conflicts_are_symmetric(isn in isns(), at in 1_usize..50, one in prop::collection::vec(any::<u8>(), 2..40), shift in 0_usize..40, two in prop::collection::vec(any::<u8>(), 2..40)) {
        let piece = |from: usize, bytes: &[u8]| segment(0, isn, from, from, Some(1)).with_payload(bytes.to_vec().into(), 54);
        let conflicts = |pieces: [Segment; 2]| -> Vec<(std::ops::Range<u64>, [Vec<u8>; 2])> {
            let events = run(config(), handshake(isn).into_iter().chain(pieces).collect());
            events.into_iter().filter_map(|event| match event.kind {
                EventKind::Conflict(x) => Some((x.range.clone(), [x.kept.to_vec(), x.other.to_vec()])),
                _ => None,
            }).collect()
        };
        let (low, high) = (piece(at, &one), piece(at + shift, &two));
        let there = conflicts([low.clone(), high.clone()]);
        let back = conflicts([high, low]);
        let swapped: Vec<_> = back.into_iter().map(|(range, [kept, other])| (range, [other, kept])).collect();
        prop_assert_eq!(there, swapped);
    }

    #[test]
    fn both_directions_are_alike(isn in isns(), (len, runs) in lossy()) {
        let told = [0, 1].map(|side| {
            let mut segments = handshake(isn);
            segments.extend(runs.iter().map(|&(from, to)| segment(side, isn, from, to, Some(1))));
            segments.push(fin(side, isn, len, 0));
            let told = Told::of(&run(config(), segments), side);
            (told.data.iter().map(|(at, bytes)| (*at, bytes.len())).collect::<Vec<_>>(), told.gaps)
        });
        prop_assert_eq!(&told[0], &told[1]);
    }

    #[test]
    fn addresses_do_not_matter(segments in prop::collection::vec(anything(), 0..60), config in judgement()) {
        // The same with the order of the two addresses turned round.
        let moved = |segments: &[Segment]| -> Vec<Segment> {
            segments.iter().cloned().map(|mut segment| {
                for end in [&mut segment.src, &mut segment.dst] {
                    let host = if end.port() == 25 { [10, 0, 0, 1] } else { [10, 0, 0, 9] };
                    end.set_ip(host.into());
                }
                segment
            }).collect()
        };
        let one: Vec<String> = run(config.clone(), segments.clone()).iter().filter(|event| !matches!(event.kind, EventKind::Opened(_))).map(|event| format!("{event:?}")).collect();
        let two: Vec<String> = run(config, moved(&segments)).iter().filter(|event| !matches!(event.kind, EventKind::Opened(_))).map(|event| format!("{event:?}")).collect();
        prop_assert_eq!(one, two);
    }

    #[test]
    fn old_acknowledgements_change_nothing(isn in isns(), turns in prop::collection::vec((2_usize..200, 2_usize..200, any::<bool>()), 1..10)) {
        let mut said = [0_usize; 2];
        let (mut plain, mut more) = (handshake(isn), handshake(isn));
        for (client, server, lost) in turns {
            for (side, len) in [(1, server), (0, client)] {
                let from = said[side];
                said[side] += len;
                let part = segment(side, isn, from, said[side], Some(1 + said[1 - side] as u32));
                if !lost {
                    plain.push(part.clone());
                    more.push(part);
                    for back in [0, 1, said[1 - side] / 2] {
                        let ack = 1 + (said[1 - side].saturating_sub(back)) as u32;
                        more.push(segment(side, isn, said[side], said[side], Some(ack)));
                    }
                }
            }
        }
        let (one, two) = (run(config(), plain), run(config(), more));
        prop_assert_eq!(show(&one, ends()[0]), show(&two, ends()[0]));
    }

    #[test]
    fn stopping_early_gives_a_prefix(isn in isns(), (len, runs) in lossy(), stop in 0_usize..40) {
        let mut segments = handshake(isn);
        segments.extend(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1))));
        segments.push(fin(0, isn, len, 0));
        let whole = Told::of(&run(config(), segments.clone()), 0);
        let mut reassembler = Reassembler::new(config());
        let mut events = Vec::new();
        for (number, segment) in segments.into_iter().enumerate() {
            if number == stop && let Some(first) = events.first() {
                let first: &tcp_reassembly::Event = first;
                reassembler.stop(first.flow, Direction::ToServer);
                prop_assert_eq!(reassembler.buffered(), 0);
            }
            reassembler.push(segment);
            events.extend(reassembler.events());
        }
        reassembler.finish();
        events.extend(reassembler.events());
        let told = Told::of(&events, 0);
        prop_assert!(whole.bytes().starts_with(&told.bytes()));
    }

    #[test]
    fn a_flush_between_packets_in_order_changes_nothing(isn in isns(), runs in cuts(4000), at in prop::collection::vec(0_usize..60, 0..6)) {
        let mut reassembler = Reassembler::new(config());
        let mut events = Vec::new();
        let segments = handshake(isn).into_iter().chain(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1))));
        for (number, mut segment) in segments.enumerate() {
            segment.packet = number as u64;
            if at.contains(&number) {
                reassembler.flush();
            }
            segment.at = Duration::from_millis(number as u64);
            reassembler.push(segment);
        }
        reassembler.finish();
        events.extend(reassembler.events());
        let plain = run(config(), handshake(isn).into_iter().chain(runs.iter().map(|&(from, to)| segment(0, isn, from, to, Some(1)))).collect());
        prop_assert_eq!(events, plain);
    }

    #[test]
    fn pushing_all_at_once_gives_the_same(segments in prop::collection::vec(anything(), 0..60), config in judgement()) {
        let one_by_one = run(config.clone(), segments.clone());
        let mut reassembler = Reassembler::new(config);
        for (number, mut segment) in segments.into_iter().enumerate() {
            (segment.packet, segment.at) = (number as u64, Duration::from_millis(number as u64));
            reassembler.push(segment);
        }
        reassembler.finish();
        prop_assert_eq!(reassembler.events().collect::<Vec<_>>(), one_by_one);
    }
}

/// I11, I12.
#[test]
fn reassemblers_move_between_threads_and_leak_nothing() {
    fn movable<T: Send + 'static>(_: &T) {}
    let block = bytes::Bytes::from(vec![1; 1000]);
    let mut reassembler = Reassembler::new(config());
    movable(&reassembler);
    for segment in handshake([5, 6]) {
        reassembler.push(segment);
    }
    reassembler.push(segment(0, [5, 6], 0, 0, None).with_payload(block.slice(..10), 0));
    reassembler
        .push(segment(0, [5, 6], 50, 50, None).with_payload(block.slice(..10), 0).with_flags(Flags::FIN));
    assert!(!block.is_unique());
    let reassembler = std::thread::spawn(move || {
        drop(reassembler);
    });
    reassembler.join().unwrap();
    assert!(block.is_unique());
}
