//! Targets of tcp-reassembly.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tcp_reassembly::packet::{LinkType, decode};
use tcp_reassembly::{Config, Direction, Event, EventKind, Flags, Reassembler, Segment};

use super::input::{Input, is_part_of};

/// Two streams and what a network does to them: a header chooses limits and initial numbers, then each step is one
/// segment, cut anywhere out of a stream, again, changed, or out of nowhere.
///
/// # Panics
///
/// Offsets that do not follow each other, bytes that nobody sent at their place, more memory than promised, a flow that
/// does not end once, or a log that depends on the seed of the table.
pub fn reassembly(data: &[u8]) {
    let mut input = Input::new(data);
    let config = config(input.byte());
    let isn = [input.u32(), input.u32()];
    let mut actions = actions(input, isn);
    // Packets with an allocation of their own may be kept without a copy.
    if data.first().is_some_and(|choice| choice & 32 != 0) {
        for action in &mut actions {
            if let Action::Push(segment) = action {
                segment.backing = u32::try_from(segment.payload.len() + 54).unwrap();
            }
        }
    }
    let events = run(&config, &actions);
    check_flows(&events, &actions);
    let mut other = config;
    other.seed = Some(0x9e37_79b9_7f4a_7c15);
    assert_eq!(run(&other, &actions), events, "the seed shows");
}

enum Action {
    Push(Box<Segment>),
    Expire(Duration),
}

fn config(choice: u8) -> Config {
    let mut config = Config::default();
    config.seed = Some(3);
    if choice & 1 != 0 {
        config.max_held_bytes = 64;
        config.max_held_pieces = 3;
        config.max_held_total = 4000;
        config.max_anomalies = 2;
    }
    if choice & 2 != 0 {
        config.max_replay = 16;
        config.max_replay_total = 4096;
    }
    if choice & 4 != 0 {
        config.max_flows = 1;
    }
    if choice & 8 != 0 {
        config.ack_grace = 2;
    }
    if choice & 16 != 0 {
        config.max_replay = 0;
        config.max_conflicts = 1;
    }
    match choice >> 6 {
        1 => config.one_sided = Some(Direction::ToServer),
        2 => config.one_sided = Some(Direction::ToClient),
        _ => {}
    }
    config
}

fn ends(port: u8) -> [SocketAddr; 2] {
    [([192, 0, 2, 1], 40_000 + u16::from(port)).into(), ([192, 0, 2, 2], 25).into()]
}

/// The byte at each place of the two streams: known from its offset alone, hardly ever its neighbour.
fn content(side: usize, offset: u32) -> u8 {
    let mixed = (u64::from(offset) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 + side as u64 * 2);
    mixed.to_le_bytes()[4]
}

/// One step: what kind of segment, of which side, where, how long, what it acknowledges.
fn actions(mut input: Input<'_>, isn: [u32; 2]) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut now = Duration::ZERO;
    // How far each side has sent.
    let mut sent = [0_u32; 2];
    while !input.is_empty() && actions.len() < 400 {
        let kind = input.byte();
        let side = usize::from(kind & 1);
        let peer = 1 - side;
        let [from, to] = if side == 0 { ends(0) } else { [ends(0)[1], ends(0)[0]] };
        let seq = |offset: u32| isn[side].wrapping_add(1).wrapping_add(offset);
        let ack = |offset: u32| isn[peer].wrapping_add(1).wrapping_add(offset);
        let bytes =
            |offset: u32, len: u32| -> Bytes { (offset..offset + len).map(|at| content(side, at)).collect() };
        now += Duration::from_millis(1);
        let mut segment = Segment::new(from, to, seq(sent[side])).with_ack(ack(sent[peer]));
        match kind >> 1 & 0xf {
            // The next bytes.
            0..=3 => {
                let len = u32::from(input.byte());
                segment = segment.with_payload(bytes(sent[side], len), 54);
                sent[side] += len;
            }
            // Bytes from somewhere near, earlier or later; not all of them captured.
            4..=6 => {
                let (back, len, cut) = (u32::from(input.byte()), u32::from(input.byte()), input.byte());
                let offset = (sent[side] + 64).saturating_sub(back);
                let payload = bytes(offset, len);
                let captured =
                    if cut & 0x80 == 0 { payload.len() } else { payload.len().min(usize::from(cut & 0x7f)) };
                segment.seq = seq(offset);
                segment = segment.with_payload(payload.slice(..captured), 54).with_payload_len(len);
                sent[side] = sent[side].max(offset + len);
            }
            // The same place with other bytes.
            7 => {
                let (back, len, mask) = (u32::from(input.byte()), u32::from(input.byte()), input.byte());
                let offset = (sent[side] + 16).saturating_sub(back);
                let changed: Vec<u8> = bytes(offset, len).iter().map(|byte| byte ^ (mask & *byte)).collect();
                segment.seq = seq(offset);
                segment = segment.with_payload(changed.into(), 54);
            }
            // Bytes that the capture missed.
            8 => {
                sent[side] += u32::from(input.byte());
                continue;
            }
            9 => segment = Segment::new(from, to, isn[side]).with_flags(Flags::SYN),
            10 => segment = Segment::new(from, to, isn[side]).with_flags(Flags::SYN).with_ack(ack(0)),
            11 => segment = segment.with_flags(Flags::FIN),
            12 => segment = segment.with_flags(if input.byte() & 1 == 0 { Flags::RST } else { Flags::FIN }),
            // An acknowledgement of more or less than was sent, perhaps of one side that speaks to nobody.
            13 => {
                let off = u32::from(input.u16());
                segment = segment.with_ack(ack(sent[peer]).wrapping_add(off).wrapping_sub(0x8000));
            }
            14 => {
                now += Duration::from_millis(u64::from(input.u16()) * 16);
                actions.push(Action::Expire(now));
                continue;
            }
            // Anything.
            _ => {
                let flags = input.byte();
                let [from, to] =
                    if side == 0 { ends(flags >> 6) } else { [ends(flags >> 6)[1], ends(flags >> 6)[0]] };
                segment = Segment::new(from, to, input.u32())
                    .with_flags(Flags::from_bits(flags))
                    .with_window(input.u16());
                if flags & 0x10 != 0 {
                    segment = segment.with_ack(input.u32());
                }
                let len = input.byte();
                let payload = Bytes::copy_from_slice(input.take(usize::from(len & 0x1f)));
                segment = segment.with_payload(payload, u32::from(len));
                if len & 0x80 != 0 {
                    segment = segment.with_payload_len(input.u32());
                }
                // Time stamps may go backwards.
                now = now.saturating_sub(Duration::from_secs(u64::from(len & 0x60)));
            }
        }
        // The highest bits: without acknowledgement, or captured twice.
        if kind & 0xc0 == 0x40 {
            segment.ack = None;
        }
        let copies = if kind & 0xc0 == 0x80 { 2 } else { 1 };
        for _ in 0..copies {
            let segment = segment.clone().with_packet(actions.len() as u64, now);
            actions.push(Action::Push(Box::new(segment)));
        }
    }
    actions
}

fn run(config: &Config, actions: &[Action]) -> Vec<Event> {
    let mut reassembler = Reassembler::new(config.clone());
    let mut events = Vec::new();
    for action in actions {
        match action {
            Action::Push(segment) => reassembler.push(Segment::clone(segment)),
            Action::Expire(now) => reassembler.expire(*now),
        }
        assert!(reassembler.buffered() <= config.worst_case(), "{} held", reassembler.buffered());
        events.extend(reassembler.events());
    }
    reassembler.finish();
    events.extend(reassembler.events());
    assert_eq!(reassembler.buffered(), 0, "nothing is left");
    events
}

/// What is known of one direction of a flow.
#[derive(Default)]
struct Half {
    /// Where the next byte or gap has to be.
    edge: u64,
    closed: bool,
    /// The sequence number of offset 0.
    base: Option<u32>,
    delivered: BTreeMap<u64, u8>,
}

#[derive(Default)]
struct Flow {
    halves: [Half; 2],
    ended: bool,
}

const fn index(dir: Direction) -> usize {
    match dir {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    }
}

fn check_flows(events: &[Event], actions: &[Action]) {
    let mut flows: Vec<Flow> = Vec::new();
    for event in events {
        let number = usize::try_from(event.flow.get()).unwrap();
        if let EventKind::Opened(_) = event.kind {
            assert_eq!(number, flows.len(), "flows are counted: {event:?}");
            flows.push(Flow::default());
            continue;
        }
        let flow = flows.get_mut(number).unwrap_or_else(|| panic!("not opened: {event:?}"));
        assert!(!flow.ended, "{event:?} behind the end");
        match &event.kind {
            EventKind::Data { dir, offset, bytes, packet_offset, .. } => {
                let half = &mut flow.halves[index(*dir)];
                assert!(half.edge == *offset && !half.closed && !bytes.is_empty(), "{event:?}");
                half.edge += bytes.len() as u64;
                let Action::Push(source) = &actions[usize::try_from(event.packet).unwrap()] else {
                    panic!("no such packet: {event:?}")
                };
                // The bytes are those of the packet, and the packet says that they belong here.
                let skipped = packet_offset - source.packet_offset;
                let from = usize::try_from(skipped).unwrap();
                assert_eq!(source.payload.get(from..from + bytes.len()), Some(&bytes[..]), "{event:?}");
                assert_eq!(event.at, source.at, "{event:?}");
                let first = source.seq.wrapping_add(u32::from(source.flags.contains(Flags::SYN)));
                let base = first.wrapping_add(skipped).wrapping_sub(low(*offset));
                assert_eq!(*half.base.get_or_insert(base), base, "another place: {event:?}");
                half.delivered.extend((*offset..).zip(bytes.iter().copied()));
            }
            EventKind::Gap { dir, offset, len, .. } => {
                let half = &mut flow.halves[index(*dir)];
                assert!(half.edge == *offset && !half.closed && *len > 0, "{event:?}");
                half.edge += len;
            }
            EventKind::Closed { dir, .. } => {
                let half = &mut flow.halves[index(*dir)];
                assert!(!half.closed, "{event:?} twice");
                half.closed = true;
            }
            EventKind::Ended { .. } => flow.ended = true,
            _ => {}
        }
    }
    assert!(flows.iter().all(|flow| flow.ended), "every flow ends");
    for event in events {
        if let EventKind::Conflict(conflict) = &event.kind {
            let half = &flows[usize::try_from(event.flow.get()).unwrap()].halves[index(conflict.dir)];
            assert!(conflict.kept != conflict.other, "{conflict:?}");
            for (at, kept) in (conflict.range.start..).zip(&conflict.kept) {
                assert!(half.delivered.get(&at).is_none_or(|byte| byte == kept), "{conflict:?} at {at}");
            }
        }
    }
}

/// An offset, as sequence numbers count.
fn low(offset: u64) -> u32 {
    u32::try_from(offset & u64::from(u32::MAX)).unwrap_or_default()
}

/// Two bytes say how much longer the frame was on the wire; the rest is a frame, read as one of every link type.
///
/// # Panics
///
/// A payload that is no part of the frame, or lengths that contradict each other.
pub fn packet(data: &[u8]) {
    let mut input = Input::new(data);
    let missing = u32::from(input.u16());
    let frame = Bytes::copy_from_slice(input.rest());
    let original = u32::try_from(frame.len()).unwrap_or(u32::MAX).saturating_add(missing);
    for link in [0, 1, 101, 108, 113, 228, 229, 276].map(LinkType::from_pcap).into_iter().flatten() {
        match decode(link, 7, Duration::from_secs(1), &frame, original) {
            Ok(segment) => {
                let from = usize::try_from(segment.packet_offset).unwrap();
                assert!(is_part_of(&segment.payload, &frame), "{segment:?}");
                assert_eq!(
                    frame.get(from..from + segment.payload.len()),
                    Some(&segment.payload[..]),
                    "{segment:?}"
                );
                let wire = usize::try_from(segment.payload_len).unwrap();
                assert!(
                    segment.payload.len() <= wire && wire <= frame.len() + usize::from(u16::MAX),
                    "{segment:?}"
                );
                assert_eq!(segment.ack.is_some(), segment.flags.contains(Flags::ACK), "{segment:?}");
            }
            Err(error) => assert!(!error.code().is_empty()),
        }
    }
}
