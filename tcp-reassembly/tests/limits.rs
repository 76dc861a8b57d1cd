//! Long streams, many flows, little memory.
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
use common::{Play, assert_sound};
use tcp_reassembly::{Config, End, Event, EventKind, Flags, GapReason, Reassembler, Segment};

fn ends(port: u16) -> (SocketAddr, SocketAddr) {
    (([192, 0, 2, 1], port).into(), ([192, 0, 2, 2], 25).into())
}

fn syn(port: u16) -> Segment {
    let (client, server) = ends(port);
    Segment::new(client, server, 0).with_flags(Flags::SYN)
}

fn data(port: u16, seq: u32, bytes: Bytes) -> Segment {
    let (client, server) = ends(port);
    Segment::new(client, server, seq).with_payload(bytes, 54)
}

fn push(reassembler: &mut Reassembler, segment: Segment) -> Vec<Event> {
    reassembler.push(segment);
    reassembler.events().collect()
}

fn limited(change: impl FnOnce(&mut Config)) -> Reassembler {
    let mut config = Config::default();
    config.seed = Some(5);
    change(&mut config);
    Reassembler::new(config)
}

/// B8: offsets beyond 2^32.
#[test]
fn five_gigabytes() {
    let mut reassembler = limited(|config| config.max_replay = 1024);
    reassembler.push(syn(1000));
    let block = Bytes::from(vec![7; 1 << 20]);
    let steps = 5 << 10;
    for step in 0..steps {
        let events = {
            let seq = 1_u32.wrapping_add((step << 20) as u32);
            reassembler.push(data(1000, seq, block.clone()));
            reassembler.events().collect::<Vec<_>>()
        };
        let EventKind::Data { offset, bytes, .. } = &events.last().unwrap().kind else {
            panic!("{events:?}")
        };
        assert_eq!((*offset, bytes.len()), ((step as u64) << 20, 1 << 20));
    }
}

/// A9, A10.
#[test]
fn small_and_large_segments() {
    let mut reassembler = limited(|_| {});
    reassembler.push(syn(1000));
    let mut told = 0;
    for n in 0..1000 {
        for event in push(&mut reassembler, data(1000, 1 + n, Bytes::from_static(b"x"))) {
            told += u32::from(matches!(event.kind, EventKind::Data { .. }));
        }
    }
    assert_eq!(told, 1000);
    let events = push(&mut reassembler, data(1000, 1001, Bytes::from(vec![1; 65_495])));
    assert!(
        matches!(&events[..], [Event { kind: EventKind::Data { bytes, .. }, .. }] if bytes.len() == 65_495)
    );
}

/// In order: a slice of the packet. Out of order: a copy that leaves the packet alone.
#[test]
fn shares_what_is_told_and_copies_what_is_held() {
    let mut reassembler = limited(|_| {});
    reassembler.push(syn(1000));
    let block = Bytes::from(vec![1; 1 << 20]);
    let events = {
        reassembler.events().for_each(drop);
        push(&mut reassembler, data(1000, 1, block.slice(100..200)))
    };
    let EventKind::Data { bytes, .. } = &events[0].kind else { panic!("{events:?}") };
    assert_eq!(bytes.as_ptr(), block[100..].as_ptr());
    drop(events);
    reassembler.push(data(1000, 301, block.slice(300..400)));
    assert!(reassembler.buffered() >= 100);
    assert!(block.is_unique(), "nothing keeps the block");
}

/// E11: many flows hold; the one that holds the most gives up.
#[test]
fn memory_of_all_flows() {
    let mut reassembler = limited(|config| (config.max_held_total, config.max_replay) = (100_000, 0));
    let mut events = Vec::new();
    for port in 1000..1100 {
        events.extend(push(&mut reassembler, syn(port)));
        let len = if port == 1007 { 12_000 } else { 1400 };
        events.extend(push(&mut reassembler, data(port, 2, Bytes::from(vec![1; len]))));
        assert!(reassembler.buffered() <= 100_000 + 100 * 64);
    }
    let first = events.iter().find(|event| matches!(event.kind, EventKind::Gap { .. })).unwrap();
    assert_eq!(first.flow.get(), 7);
    assert!(matches!(first.kind, EventKind::Gap { offset: 0, len: 1, why: GapReason::Limit, .. }));
    reassembler.finish();
    events.extend(reassembler.events());
    assert_sound(&events);
    let bytes: usize = events
        .iter()
        .map(|event| if let EventKind::Data { bytes, .. } = &event.kind { bytes.len() } else { 0 })
        .sum();
    assert_eq!(bytes, 99 * 1400 + 12_000);
}

/// E9 and E10 with the limits as they are: the lowest hole goes, and no other.
#[test]
fn limits_of_one_direction() {
    for (name, pieces, len) in [("E9", 1025, 1), ("E10", 17, 65_000)] {
        let mut reassembler = limited(|_| {});
        reassembler.push(syn(1000));
        let mut events = Vec::new();
        for n in 0..pieces {
            assert!(events.is_empty(), "{name} {n}: {events:?}");
            events.clear();
            let bytes = Bytes::from(vec![b'x'; len as usize]);
            events.extend(push(&mut reassembler, data(1000, 2 + n * (len + 1), bytes)));
            events.retain(|event| !matches!(event.kind, EventKind::Opened(_)));
        }
        assert!(
            matches!(
                &events[..],
                [
                    Event { kind: EventKind::Gap { offset: 0, len: 1, why: GapReason::Limit, .. }, .. },
                    Event { kind: EventKind::Data { offset: 1, .. }, .. },
                ]
            ),
            "{name}: {events:?}"
        );
    }
}

/// A slice that keeps little else alive is held and compared with as it is.
#[test]
fn owned_packets_are_not_copied() {
    let mut reassembler = limited(|_| {});
    reassembler.push(syn(1000));
    let packet = Bytes::from(vec![1; 1054]);
    for seq in [2000, 1] {
        reassembler.push(data(1000, seq, packet.slice(54..)).with_backing(1054));
    }
    assert!(reassembler.buffered() >= 2 * 1054);
    let told: Vec<Event> = reassembler.events().collect();
    let whole = |event: &Event| matches!(&event.kind, EventKind::Data { bytes, .. } if bytes.as_ptr() == packet[54..].as_ptr());
    assert_eq!(told.iter().filter(|event| whole(event)).count(), 1);
    reassembler.push(data(1000, 1, Bytes::from(vec![2; 1000])));
    let conflicts: Vec<Event> = reassembler.events().collect();
    assert!(
        matches!(&conflicts[..], [Event { kind: EventKind::Conflict(x), .. }] if x.kept == packet[54..] && x.delivered)
    );
    reassembler.finish();
    let rest: Vec<Event> = reassembler.events().collect();
    assert_eq!(rest.iter().filter(|event| whole(event)).count(), 1);
    drop((told, rest, conflicts));
    assert!(packet.is_unique());
}

/// Replay rings are given up when all of them are too large, and no more than that.
#[test]
fn memory_of_replay_rings() {
    let mut reassembler = limited(|config| config.max_replay_total = 100_000);
    for round in 0..4 {
        for port in 1000..1100 {
            if round == 0 {
                reassembler.push(syn(port));
            }
            reassembler.push(data(port, 1 + round * 1000, Bytes::from(vec![1; 1000])));
            assert!(reassembler.buffered() <= 100_000, "{}", reassembler.buffered());
        }
    }
    assert!(reassembler.buffered() > 50_000);
    reassembler.finish();
    assert_eq!(reassembler.buffered(), 0);
}

/// E16: one gap for a burst of lost segments.
#[test]
fn one_gap_for_a_burst() {
    let mut reassembler = limited(|_| {});
    let (client, server) = ends(1000);
    reassembler.push(syn(1000));
    reassembler.push(Segment::new(server, client, 0).with_flags(Flags::SYN).with_ack(1));
    reassembler.push(data(1000, 1, Bytes::from(vec![1; 10])));
    reassembler.push(data(1000, 146_011, Bytes::from(vec![1; 10])));
    reassembler.push(Segment::new(server, client, 1).with_ack(146_021));
    let gaps: Vec<Event> =
        reassembler.events().filter(|event| matches!(event.kind, EventKind::Gap { .. })).collect();
    assert!(
        matches!(gaps[..], [Event { kind: EventKind::Gap { offset: 10, len: 146_000, .. }, .. }]),
        "{gaps:?}"
    );
}

/// I1, I2: a flood of SYNs costs the flood; a conversation stays.
#[test]
fn a_flood_of_connections() {
    let mut reassembler = limited(|config| config.max_flows = 100);
    let (client, server) = ends(999);
    reassembler.push(syn(999));
    reassembler.push(Segment::new(server, client, 0).with_flags(Flags::SYN).with_ack(1));
    reassembler.push(data(999, 1, Bytes::from_static(b"HELO")));
    let mut events: Vec<Event> = reassembler.events().collect();
    for port in 1000..11_000 {
        events.extend(push(&mut reassembler, syn(port)));
        assert!(reassembler.flows() <= 100);
    }
    let evicted: Vec<u64> = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Ended { why: End::Evicted }))
        .map(|event| event.flow.get())
        .collect();
    assert_eq!(evicted, (1..=9901).collect::<Vec<_>>());
    let events = push(&mut reassembler, data(999, 5, Bytes::from_static(b"QUIT")));
    assert!(matches!(&events[..], [Event { kind: EventKind::Data { offset: 4, .. }, .. }]));
}

/// I6: the whole capture backwards.
#[test]
fn backwards() {
    let play = Play::default();
    let events = play.events(
        r#"c11[A]/ack9 s8[FA]/ack11 c10[FA]/ack8 s4"221x"/ack10 c6"QUIT"/ack4 c1"EHLO."/ack4 s1"220"/ack1
           c1[A]/ack1 s0[SA]/ack1 c0[S] E"#,
    );
    assert_sound(&events);
    let later = events.iter().filter(|event| matches!(event.kind, EventKind::Opened(_))).count();
    assert!(later <= 2, "{}", common::show(&events, play.ends[0]));
}

/// Waits hang on capture time only as far as it moves.
#[test]
fn no_time_at_all() {
    let mut reassembler = limited(|_| {});
    reassembler.push(syn(1000));
    reassembler.push(data(1000, 5, Bytes::from_static(b"late")));
    for _ in 0..1000 {
        reassembler.expire(Duration::ZERO);
    }
    assert_eq!(reassembler.events().count(), 1);
    reassembler.push(data(1000, 1, Bytes::from_static(b"more")));
    assert_eq!(reassembler.events().count(), 2);
}
