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

#[path = "../common/mod.rs"]
mod common;
mod make;
mod promises;

use std::time::Duration;

use common::{assert_sound, show};
use make::{
    Told, anything, config, content, cuts, disturbed, ends, fin, handshake, isns, judgement, odd, run,
    segment, stream,
};
use proptest::prelude::*;
use tcp_reassembly::{Anomaly, Direction, EventKind, Flags, Reassembler, Segment};

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
        let mut said = [0_usize; 2];
        let mut segments = handshake(isn);
        if let Some(side) = one_side {
            segments.retain(|segment| segment.src != ends()[side]);
        }
        let mut lost = lost.into_iter();
        let mut known = Vec::new();
        for (client, server) in turns {
            for (side, len) in [(1, server), (0, client)] {
                let from = said[side];
                said[side] += len;
                let part = segment(side, isn, from, said[side], Some(1 + said[1 - side] as u32));
                if one_side != Some(side) && !lost.next().unwrap_or(false) {
                    known.push((side, from, said));
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
                    prop_assert!(absent(1 - side) || edges[1 - side] >= acked, "{}", show(&events, ends()[0]));
                    prop_assert!(data[1 - side] <= acked, "{}", show(&events, ends()[0]));
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
    fn p7_anything_is_survived(segments in prop::collection::vec(anything(), 0..120), tight: bool, expire in any::<u32>(), mut config in judgement()) {
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
            count(|kind| matches!(kind, EventKind::Opened(_))),
            count(|kind| matches!(kind, EventKind::Ended { .. }))
        );
    }

    #[test]
    fn sequence_numbers_may_begin_anywhere(segments in prop::collection::vec(anything(), 0..60), shift: [u32; 2], config in judgement()) {
        let shifted = segments.iter().cloned().map(|mut segment| {
            let side = usize::from(segment.src.port() == 25);
            segment.seq = segment.seq.wrapping_add(shift[side]);
            segment.ack = segment.ack.map(|ack| ack.wrapping_add(shift[1 - side]));
            segment
        });
        let one = run(config.clone(), segments.clone());
        let two = run(config, shifted.collect());
        prop_assert_eq!(show(&one, ends()[0]), show(&two, ends()[0]));
    }

    #[test]
    fn p8_the_seed_of_the_table_does_not_show(segments in prop::collection::vec(anything(), 0..60), seed: u64, one in judgement()) {
        let mut other = one.clone();
        other.seed = Some(seed);
        prop_assert_eq!(run(one, segments.clone()), run(other, segments));
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
            if let EventKind::Opened(opened) = &event.kind
                && (opened.client.port() == 40_000 || opened.server.port() == 40_000)
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

    #[test]
    fn p4_the_first_copy_counts_and_every_other_is_told(
        isn in isns(),
        copies in prop::collection::vec((0_usize..60, prop::collection::vec(prop::sample::select(b"ab".to_vec()), 2..14)), 1..40),
    ) {
        let mut config = config();
        config.max_conflicts = u32::MAX;
        let mut segments = handshake(isn);
        let first_packet = segments.len();
        let mut first = [None; 80];
        let mut differing = Vec::new();
        for (number, (from, bytes)) in copies.iter().enumerate() {
            for (at, &byte) in (*from..).zip(bytes) {
                match first[at] {
                    None => first[at] = Some(byte),
                    Some(kept) if kept != byte => differing.push(((number + first_packet) as u64, at as u64)),
                    Some(_) => {}
                }
            }
            let mut copy = segment(0, isn, *from, *from, Some(1));
            copy = copy.with_payload(bytes.clone().into(), 54);
            segments.push(copy);
        }
        let events = run(config, segments);
        let end = first.iter().rposition(Option::is_some).unwrap() + 1;
        let mut told = [None; 80];
        for (offset, bytes) in Told::of(&events, 0).data {
            for (at, &byte) in (offset as usize..).zip(&bytes) {
                told[at] = Some(byte);
            }
        }
        prop_assert_eq!(&told[..end], &first[..end]);
        let conflicts: Vec<_> = events
            .iter()
            .filter_map(|event| if let EventKind::Conflict(conflict) = &event.kind { Some(conflict) } else { None })
            .collect();
        for (packet, at) in &differing {
            prop_assert!(conflicts.iter().any(|x| x.other_packet == *packet && x.range.contains(at)), "{packet} {at}");
        }
        for x in &conflicts {
            for at in [x.range.start, x.range.end - 1] {
                prop_assert!(differing.contains(&(x.other_packet, at)), "{x:?}");
            }
            let kept: Vec<u8> = x.range.clone().map(|at| first[at as usize].unwrap()).collect();
            prop_assert_eq!(&x.kept[..], &kept[..]);
        }
    }

    #[test]
    fn p9_no_byte_vanishes_whatever_else_is_said(
        isn in isns(),
        grace in 0_u32..4,
        tight: bool,
        steps in prop::collection::vec((0_u8..12, 0_usize..300, 2_usize..30, 0_usize..300), 1..80),
    ) {
        // Both sides speak over each other with right content; acknowledgements, FINs and RSTs say anything. The
        // server never sends a FIN, and RSTs are followed by more data, so that the flow does not end early.
        let mut config = config();
        config.max_anomalies = u32::MAX;
        config.ack_grace = grace;
        if tight {
            (config.max_held_bytes, config.max_held_pieces, config.max_held_total) = (60, 3, 1500);
        }
        config.close_grace = Duration::from_secs(3600);
        let mut segments = handshake(isn);
        let mut sent = [[false; 400]; 2];
        for (what, at, len, ack) in steps {
            let side = usize::from(what % 2 == 0);
            segments.push(match what {
                0..8 => {
                    sent[side][at..at + len].fill(true);
                    segment(side, isn, at, at + len, Some(1 + ack as u32))
                }
                8 => fin(0, isn, at, ack),
                9 => segment(0, isn, at, at, Some(1)).with_flags(Flags::RST),
                10 => segment(1, isn, at, at, Some(1)).with_flags(Flags::RST),
                _ => segment(side, isn, at, at, Some(1 + ack as u32)),
            });
        }
        let events = run(config, segments);
        let mut seen = [[false; 400]; 2];
        for event in &events {
            prop_assert_eq!(event.flow.get(), 0);
            let (dir, offset, bytes) = match &event.kind {
                EventKind::Data { dir, offset, bytes, .. } => (dir, *offset, bytes),
                EventKind::Anomaly { dir, what: Anomaly::LateData { range, bytes } | Anomaly::DataAfterFin { range, bytes } } => {
                    prop_assert_eq!(range.end - range.start, bytes.len() as u64);
                    (dir, range.start, bytes)
                }
                EventKind::Conflict(_) | EventKind::Anomaly { what: Anomaly::Unchecked { .. }, .. } => {
                    prop_assert!(false, "{:?}", event);
                    unreachable!()
                }
                _ => continue,
            };
            let side = usize::from(*dir == Direction::ToClient);
            for (at, &byte) in (offset as usize..).zip(bytes) {
                prop_assert_eq!(byte, content(side, at));
                seen[side][at] = true;
            }
        }
        for side in 0..2 {
            for at in 0..400 {
                prop_assert!(seen[side][at] || !sent[side][at], "side {side} byte {at}: {}", show(&events, ends()[0]));
            }
        }
    }
}
