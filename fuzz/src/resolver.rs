//! Target of the step of tcp-reassembly that puts fragments together and looks into tunnels.

use std::time::Duration;

use bytes::Bytes;
use tcp_reassembly::packet::{Anomaly, Config, Event, LinkType, PacketError, Resolver};
use tcp_reassembly::{Flags, Segment};

use super::input::Input;

/// Sequence number of the first payload byte of every segment made here.
const SEQ: u32 = 0xffff_ff00;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Fragments of a few datagrams, and any other frames: a header chooses limits, then each step is one frame, whole or cut
/// short, true or changed, or time that passes.
///
/// # Panics
///
/// A payload that is not in its packet where the segment says, or a fragment in the wrong place of its datagram; more
/// memory than promised; a fragment without a fate, or an unfinished datagram that is not told; a result that depends
/// on anything but the frames.
pub fn resolver(data: &[u8]) {
    let mut input = Input::new(data);
    let config = config(input.byte());
    let steps = steps(input);
    let outcome = run(&config, &steps, 1);
    check_places(&steps, &outcome);
    check_fates(&outcome);
    let mut again = run(&config, &steps, 1_001);
    again.segments.iter_mut().for_each(|segment| segment.packet -= 1_000);
    again.events.iter_mut().for_each(|event| event.packet -= 1_000);
    let without_packets = |events: &[Event]| -> Vec<_> {
        events
            .iter()
            .map(|event| (event.packet, event.at, event.anomaly.code(), event.anomaly.detail()))
            .collect()
    };
    assert_eq!(again.segments, outcome.segments);
    assert_eq!(again.errors, outcome.errors);
    assert_eq!(without_packets(&again.events), without_packets(&outcome.events));
}

fn config(choice: u8) -> Config {
    let mut config = Config::default();
    if choice & 1 != 0 {
        config.max_held = 4_000;
    }
    if choice & 2 != 0 {
        config.max_fragments = 4;
    }
    if choice & 4 != 0 {
        config.max_datagram = 300;
    }
    if choice & 8 != 0 {
        config.decode = config.decode.with_checksum();
    }
    config
}

/// A frame as it was captured.
struct Frame {
    link: LinkType,
    bytes: Bytes,
    wire: u32,
    /// For an unchanged fragment of a segment straight in IP: the place of its bytes in the datagram and in the frame.
    place: Option<(u32, u32)>,
}

enum Step {
    Push(Frame),
    Expire(Duration),
}

fn steps(mut input: Input<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut now = 0_u64;
    while !input.is_empty() && steps.len() < 200 {
        let kind = input.byte();
        let link = |number: u32| LinkType::from_pcap(number).unwrap();
        let frame = match kind & 0x0f {
            // A fragment of a known datagram; the first kinds are the most useful.
            0..=11 => {
                let (what, id, unit, units) =
                    (input.byte(), input.byte() & 3, input.byte() % 48, input.byte() % 24);
                let family = if kind & 0x10 == 0 { Family::V4 } else { Family::V6 };
                let (protocol, whole) = datagram(what % 6, family);
                let from = usize::from(unit) * 8;
                let to = (from + usize::from(units) * 8).min(whole.len());
                let part = whole.get(from..to).unwrap_or_default();
                let mut bytes = family.fragment(protocol, id, from, to < whole.len(), part);
                let changed = kind & 0x20 != 0;
                if changed {
                    let (at, with) = (usize::from(input.byte()), input.byte());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= with;
                    }
                }
                let header = family.header();
                let (number, around) = around(input.byte(), family);
                let bytes = [&around[..], &bytes].concat();
                let straight = protocol == TCP && !changed;
                let place = straight.then(|| (low(from), low(around.len() + header)));
                Frame { link: link(number), wire: low(bytes.len()), bytes: bytes.into(), place }
            }
            12 => {
                now += u64::from(input.byte());
                steps.push(Step::Expire(Duration::from_secs(now)));
                continue;
            }
            // Anything.
            _ => {
                let number = [1, 101, 113, 276, 0, 108, 228, 229][usize::from(input.byte() & 7)];
                let (len, more) = (input.byte(), input.byte());
                let bytes = Bytes::copy_from_slice(input.take(len.into()));
                let wire = low(bytes.len()) + u32::from(more);
                Frame { link: link(number), bytes, wire, place: None }
            }
        };
        // The highest bits: cut short, or captured twice.
        let frame = if kind & 0xc0 == 0x40 {
            let captured = usize::from(input.byte()).min(frame.bytes.len());
            Frame { bytes: frame.bytes.slice(..captured), ..frame }
        } else {
            frame
        };
        if kind & 0xc0 == 0x80 {
            steps.push(Step::Push(Frame { bytes: frame.bytes.clone(), ..frame }));
        }
        steps.push(Step::Push(frame));
    }
    steps
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    const fn header(self) -> usize {
        match self {
            Self::V4 => 20,
            Self::V6 => 48,
        }
    }

    fn addresses(self) -> Vec<u8> {
        match self {
            Self::V4 => vec![192, 0, 2, 1, 192, 0, 2, 2],
            Self::V6 => [[1; 16], [2; 16]].concat(),
        }
    }

    fn packet(self, protocol: u8, id: u8, place: u16, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::V4 => {
                let len = short(20 + payload.len()).to_be_bytes();
                let place = place.to_be_bytes();
                let head = [
                    [0x45, 0, len[0], len[1], 0, id, place[0], place[1]],
                    [64, protocol, 0, 0, 192, 0, 2, 1],
                ];
                [&head.concat()[..], &[192, 0, 2, 2], payload].concat()
            }
            Self::V6 => {
                let len = short(payload.len()).to_be_bytes();
                [&[0x60, 0, 0, 0, len[0], len[1], protocol, 64][..], &self.addresses(), payload].concat()
            }
        }
    }

    fn fragment(self, protocol: u8, id: u8, from: usize, more: bool, part: &[u8]) -> Vec<u8> {
        let units = short(from / 8);
        match self {
            Self::V4 => self.packet(protocol, id, units | u16::from(more) << 13, part),
            Self::V6 => {
                let place = (units << 3 | u16::from(more)).to_be_bytes();
                let header = [protocol, 0, place[0], place[1], 0, 0, 0, id];
                self.packet(44, 0, 0, &[&header[..], part].concat())
            }
        }
    }
}

/// What datagrams hold: segments, a tunnel, a fragment of another datagram, something else.
fn datagram(what: u8, family: Family) -> (u8, Vec<u8>) {
    match what {
        0 => (TCP, segment(family, Flags::PSH, 300, true)),
        1 => (TCP, segment(family, Flags::PSH, 301, false)),
        2 => (TCP, segment(family, Flags::SYN, 40, true)),
        3 => {
            let inner = Family::V4.packet(TCP, 9, 0, &segment(Family::V4, Flags::PSH, 200, true));
            let ethernet = [&[2; 12][..], &[8, 0], &inner].concat();
            (UDP, udp(4789, &[&[8, 0, 0, 0, 0, 0, 5, 0], &ethernet[..]].concat()))
        }
        4 => {
            let whole = segment(Family::V6, Flags::FIN, 120, true);
            (41, Family::V6.fragment(TCP, 5, 0, true, &whole[..64]))
        }
        _ => (UDP, udp(53, &[7; 100])),
    }
}

/// A segment with all offsets of its payload visible in it.
fn segment(family: Family, flags: Flags, len: usize, good: bool) -> Vec<u8> {
    let first = SEQ.to_be_bytes();
    let mut bytes =
        [&[0x9c, 0x40, 0, 25][..], &first, &[0, 0, 0, 9, 0x50], &[flags.bits() | 0x10, 1, 0, 0, 0, 0, 0]]
            .concat();
    bytes.extend((b'A'..=b'W').cycle().take(len));
    if good {
        let pseudo = [&family.addresses()[..], &[0, TCP], &short(bytes.len()).to_be_bytes()].concat();
        let sum = sum(&pseudo) + sum(&bytes);
        let folded = (sum & 0xffff) + (sum >> 16);
        let sum = !short(((folded & 0xffff) + (folded >> 16)) as usize);
        bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    } else {
        bytes[16..18].copy_from_slice(&[1, 2]);
    }
    bytes
}

fn sum(bytes: &[u8]) -> u32 {
    bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])))
        .sum()
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = short(8 + payload.len()).to_be_bytes();
    [&[0xc0, 1][..], &port.to_be_bytes(), &len, &[0, 0], payload].concat()
}

/// What stands in front of an IP packet on a link: its type and the bytes.
fn around(choice: u8, family: Family) -> (u32, Vec<u8>) {
    let kind = if family == Family::V4 { [8, 0] } else { [0x86, 0xdd] };
    let ethernet = |rest: &[&[u8]]| [&[3; 12][..], &rest.concat()].concat();
    match choice & 7 {
        1 => (1, ethernet(&[&kind])),
        2 => (1, ethernet(&[&[0x81, 0, 0, 5], &kind])),
        3 => (1, ethernet(&[&[0x88, 0x47, 0, 1, 1, 64]])),
        4 => (113, [&[0; 14][..], &kind].concat()),
        _ => (101, Vec::new()),
    }
}

/// What came of all frames.
struct Outcome {
    base: u64,
    segments: Vec<Segment>,
    errors: Vec<Option<PacketError>>,
    events: Vec<Event>,
    stats: tcp_reassembly::packet::Stats,
}

fn run(config: &Config, steps: &[Step], base: u64) -> Outcome {
    let mut resolver = Resolver::new(config.clone());
    let (mut segments, mut errors, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for (number, step) in (base..).zip(steps) {
        match step {
            Step::Push(frame) => {
                let at = Duration::from_secs(number - base);
                let result = resolver.push(frame.link, number, at, &frame.bytes, frame.wire);
                errors.push(result.as_ref().err().copied());
                segments.extend(result.into_iter().flatten());
            }
            Step::Expire(now) => {
                errors.push(None);
                resolver.expire(*now);
            }
        }
        assert!(resolver.buffered() <= config.worst_case(), "{} held", resolver.buffered());
        events.extend(resolver.events());
    }
    resolver.finish();
    events.extend(resolver.events());
    assert_eq!(resolver.buffered(), 0, "nothing is left");
    Outcome { base, segments, errors, events, stats: resolver.stats() }
}

fn check_places(steps: &[Step], outcome: &Outcome) {
    for segment in &outcome.segments {
        let number = usize::try_from(segment.packet - outcome.base).unwrap();
        let Some(Step::Push(frame)) = steps.get(number) else { panic!("no such packet: {segment:?}") };
        assert_eq!(segment.at, Duration::from_secs(segment.packet - outcome.base), "{segment:?}");
        assert!(low(segment.payload.len()) <= segment.payload_len, "{segment:?}");
        let from = usize::try_from(segment.packet_offset).unwrap();
        let whole = frame.bytes.get(from..from + segment.payload.len()) == Some(&segment.payload[..]);
        // Of a SYN or RST with data only the first byte is sure to be in the packet, and a piece of two bytes may bring
        // the one before it from the fragment before.
        let head = segment.flags.intersects(Flags::SYN | Flags::RST);
        let first = frame.bytes.get(from) == segment.payload.first();
        let second = frame.bytes.get(from + 1) == segment.payload.get(1);
        assert!(
            whole || segment.payload.is_empty() || head && first || segment.payload_len == 2 && second,
            "{segment:?}"
        );
        if let Some((offset, start)) = frame.place
            && whole
            && !head
            && !segment.payload.is_empty()
            && untouched(steps, segment)
        {
            let place = 20 + segment.seq.wrapping_sub(SEQ);
            assert_eq!(segment.packet_offset - start + offset, place, "{segment:?}");
        }
    }
}

/// Whether no frame that may have brought the head of this segment was changed.
fn untouched(steps: &[Step], segment: &Segment) -> bool {
    let straight = |step: &Step| match step {
        Step::Push(frame) => frame.place.is_some(),
        Step::Expire(_) => true,
    };
    steps.iter().all(straight) && segment.seq.wrapping_sub(SEQ) < 0x1000
}

/// Each fragment has one fate, and what stays unfinished is told.
fn check_fates(outcome: &Outcome) {
    let stats = outcome.stats;
    let fates =
        stats.used + stats.repeated + stats.unfinished + stats.dropped + stats.ignored + stats.foreign;
    assert_eq!(stats.fragments, fates, "{stats:?}");
    let (mut unfinished, mut dropped) = (0, 0);
    for event in &outcome.events {
        match &event.anomaly {
            Anomaly::Incomplete { fragments, .. } => unfinished += u64::from(*fragments),
            Anomaly::Oversize { .. } | Anomaly::Uneven { .. } | Anomaly::EndMoved { .. } => dropped += 1,
            Anomaly::Conflict(conflict) => {
                assert_eq!(conflict.kept.len(), conflict.other.len());
                assert_ne!(conflict.kept, conflict.other);
            }
            _ => {}
        }
    }
    assert_eq!(stats.unfinished, unfinished, "{stats:?}");
    assert!(stats.dropped <= dropped, "{stats:?}");
}

fn low(len: usize) -> u32 {
    u32::try_from(len).unwrap()
}

fn short(len: usize) -> u16 {
    u16::try_from(len & 0xffff).unwrap()
}
