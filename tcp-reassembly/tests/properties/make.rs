//! Captures to make up, and what came of them.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tcp_reassembly::{
    Check, Checksum, Checksums, Config, Direction, Event, EventKind, Flags, Policy, Reassembler, Segment,
    Urgent,
};

use crate::common::assert_sound;

pub(crate) fn ends() -> [SocketAddr; 2] {
    ["192.0.2.1:40000".parse().unwrap(), "192.0.2.2:25".parse().unwrap()]
}

pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.seed = Some(3);
    config
}

/// The byte at each place of the streams under test: known from its offset alone, hardly ever its neighbour.
pub(crate) fn content(side: usize, offset: usize) -> u8 {
    let n = (offset as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 + side as u64 * 2);
    (n >> 32) as u8
}

pub(crate) fn stream(side: usize, len: usize) -> Vec<u8> {
    (0..len).map(|offset| content(side, offset)).collect()
}

/// `[from, to)` of a stream as a segment; relative acknowledgement.
pub(crate) fn segment(side: usize, isn: [u32; 2], from: usize, to: usize, ack: Option<u32>) -> Segment {
    let data: Vec<u8> = (from..to).map(|offset| content(side, offset)).collect();
    let seq = isn[side].wrapping_add(1).wrapping_add(from as u32);
    let segment = Segment::new(ends()[side], ends()[1 - side], seq).with_payload(data.into(), 54);
    match ack {
        Some(ack) => segment.with_ack(isn[1 - side].wrapping_add(ack)),
        None => segment,
    }
}

pub(crate) fn handshake(isn: [u32; 2]) -> Vec<Segment> {
    let [client, server] = ends();
    vec![
        Segment::new(client, server, isn[0]).with_flags(Flags::SYN),
        Segment::new(server, client, isn[1]).with_flags(Flags::SYN).with_ack(isn[0].wrapping_add(1)),
        Segment::new(client, server, isn[0].wrapping_add(1)).with_ack(isn[1].wrapping_add(1)),
    ]
}

pub(crate) fn fin(side: usize, isn: [u32; 2], len: usize, acked: usize) -> Segment {
    let seq = isn[side].wrapping_add(1).wrapping_add(len as u32);
    let ack = isn[1 - side].wrapping_add(1).wrapping_add(acked as u32);
    Segment::new(ends()[side], ends()[1 - side], seq).with_flags(Flags::FIN).with_ack(ack)
}

pub(crate) fn run(config: Config, mut segments: Vec<Segment>) -> Vec<Event> {
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
        if let EventKind::Data { bytes, packet_offset, .. } = &event.kind {
            let source = &segments[usize::try_from(event.packet).unwrap()];
            let from = (packet_offset - source.packet_offset) as usize;
            assert_eq!(&source.payload[from..from + bytes.len()], &bytes[..], "provenance");
            assert_eq!(source.at, event.at);
        }
    }
    assert_eq!(reassembler.buffered(), 0);
    events
}

/// What was delivered and declared missing of one direction.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) data: Vec<(u64, Bytes)>,
    pub(crate) gaps: Vec<(u64, u64)>,
}

impl Told {
    pub(crate) fn of(events: &[Event], side: usize) -> Self {
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

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.data.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect()
    }
}

pub(crate) fn odd(events: &[Event]) -> Vec<&Event> {
    events
        .iter()
        .filter(|event| {
            matches!(event.kind, EventKind::Gap { .. } | EventKind::Conflict(_) | EventKind::Anomaly { .. })
        })
        .collect()
}

pub(crate) fn isns() -> impl Strategy<Value = [u32; 2]> {
    let one = || prop_oneof![any::<u32>(), (0_u32..8000).prop_map(|n| u32::MAX - n)];
    [one(), one()]
}

/// Cuts of `[0, len)` into runs.
pub(crate) fn cuts(len: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
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
pub(crate) fn disturbed(len: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
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
pub(crate) fn anything() -> impl Strategy<Value = Segment> {
    let near = || prop_oneof![0_u32..40, any::<u32>().prop_map(|n| n % 70_000), any::<u32>()];
    let text = prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..12);
    let flags = prop::sample::select(vec![0_u8, 0x10, 0x10, 0x10, 0x18, 0x02, 0x12, 0x11, 0x04, 0x14, 0x07]);
    let at = prop_oneof![0_u64..3000, any::<u32>().prop_map(u64::from)];
    let ip = (prop::option::of(prop::sample::select(vec![1_u8, 63, 64])), prop::option::of(0_u16..4));
    let rest = (checksum(), prop::option::of(0_u32..30), prop::option::of(0_u16..12), ip);
    (any::<bool>(), 0_u16..2, near(), prop::option::of(near()), flags, text, 0_u32..20, at, rest).prop_map(
        |(client, port, seq, ack, flags, text, cut, at, (checksum, stamp, urgent, (ttl, id)))| {
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
            segment.checksum = checksum;
            segment.timestamps = stamp.map(|value| (value, 0));
            if let Some(pointer) = urgent.filter(|&pointer| pointer < 8) {
                segment = segment.with_urgent(pointer);
            }
            (segment.ttl, segment.ip_id) = (ttl, id);
            segment
        },
    )
}

pub(crate) fn checksum() -> impl Strategy<Value = Checksum> {
    use Checksum::{Bad, Good, Offload, Unknown};
    prop::sample::select(vec![Unknown, Unknown, Good, Good, Good, Bad, Offload])
}

/// All that decides about doubtful and overlapping segments.
pub(crate) fn judgement() -> impl Strategy<Value = Config> {
    use prop::sample::select;
    let sums = select(vec![Checksums::Ignore, Checksums::Report, Checksums::Reject, Checksums::Auto]);
    let check = || select(vec![Check::Ignore, Check::Report, Check::Reject]);
    let urgent = select(vec![Urgent::Inline, Urgent::OutOfBand]);
    (sums, check(), check(), any::<bool>(), urgent, select(Policy::ALL.to_vec())).prop_map(
        |(sums, paws, windows, ttl, urgent, policy)| {
            let mut config = config();
            (config.checksums, config.paws, config.windows) = (sums, paws, windows);
            (config.prefer_modal_ttl, config.urgent, config.policies) = (ttl, urgent, policy.into());
            config
        },
    )
}
