//! What this crate makes of a capture.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tcp_reassembly::packet::{self, LinkType, Resolver};
use tcp_reassembly::{Anomaly, Config, Direction, EventKind, Flags, FlowId, Origin, Reassembler};

/// One direction: its bytes, `None` where one is missing, and what may make others see it in another way.
#[derive(Default)]
pub(crate) struct Side {
    pub(crate) stream: Vec<Option<u8>>,
    pub(crate) reasons: BTreeSet<&'static str>,
}

pub(crate) struct Flow {
    pub(crate) ends: [SocketAddr; 2],
    /// By sender, as `ends`.
    pub(crate) sides: [Side; 2],
}

impl Flow {
    pub(crate) fn has_data(&self) -> bool {
        self.sides.iter().any(|side| side.stream.iter().any(Option::is_some))
    }
}

/// The packets of a classic capture file: time, data, length on the wire.
fn packets(path: &Path) -> (LinkType, Vec<(Duration, Bytes, u32)>) {
    let file = Bytes::from(std::fs::read(path).unwrap());
    let swapped = matches!(file[..4], [0xa1, 0xb2, _, _]);
    let nano = file[..4].contains(&0x4d);
    let number = |at: usize| {
        let bytes = file[at..at + 4].try_into().unwrap();
        if swapped { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    let link = LinkType::from_pcap(number(20) & 0xffff).unwrap_or(LinkType::Raw);
    let mut packets = Vec::new();
    let mut at = 24;
    while at + 16 <= file.len() {
        let (seconds, part, len, wire) =
            (number(at), number(at + 4), number(at + 8) as usize, number(at + 12));
        let Some(end) = Some(at + 16 + len).filter(|&end| end <= file.len()) else { break };
        let time = Duration::new(seconds.into(), if nano { part } else { part.saturating_mul(1000) });
        packets.push((time, file.slice(at + 16..end), wire));
        at = end;
    }
    (link, packets)
}

pub(crate) fn flows(path: &Path) -> Vec<Flow> {
    let mut config = Config::default();
    config.max_replay = 1 << 20;
    // Captures that are out of order by some packets, as from several queues, are worth waiting for.
    config.start_hold_packets = 64;
    config.ack_grace = 64;
    config.ack_grace_time = Duration::from_secs(1);
    let mut reassembler = Reassembler::new(config);
    let (link, packets) = packets(path);
    let mut resolving = packet::Config::default();
    resolving.decode = resolving.decode.with_checksum();
    let mut resolver = Resolver::new(resolving);
    // The first SYN and the first data of each sender.
    let (mut syns, mut data_of) = (BTreeMap::new(), BTreeMap::new());
    for (number, (at, data, wire)) in (1..).zip(packets) {
        for segment in resolver.push(link, number, at, &data, wire).into_iter().flatten() {
            let ends = (segment.src, segment.dst);
            if segment.flags.contains(Flags::SYN) {
                syns.entry(ends).or_insert(number);
            } else if segment.payload_len > 0 {
                data_of.entry(ends).or_insert(number);
            }
            reassembler.push(segment);
        }
    }
    reassembler.finish();
    resolver.finish();
    let fragments = [
        (resolver.stats().fragments > 0).then_some("fragments"),
        (resolver.events().count() > 0).then_some("odd-fragments"),
    ];
    let mut flows: BTreeMap<FlowId, Flow> = BTreeMap::new();
    for event in reassembler.events() {
        if let EventKind::Opened(opened) = &event.kind {
            let mut flow = Flow { ends: [opened.client, opened.server], sides: Default::default() };
            for (side, ends) in
                flow.sides.iter_mut().zip([(opened.client, opened.server), (opened.server, opened.client)])
            {
                side.reasons.extend(fragments.into_iter().flatten());
                if syns.get(&ends).is_some_and(|syn| data_of.get(&ends).is_some_and(|data| data < syn)) {
                    side.reasons.insert("before-syn");
                }
            }
            if opened.origin != Origin::Handshake {
                flow.sides.iter_mut().for_each(|side| {
                    side.reasons.insert("mid-stream");
                });
            }
            flows.insert(event.flow, flow);
            continue;
        }
        let flow = flows.get_mut(&event.flow).unwrap();
        let side = |dir: Direction| usize::from(dir == Direction::ToClient);
        match event.kind {
            EventKind::Data { dir, bytes, .. } => {
                flow.sides[side(dir)].stream.extend(bytes.iter().map(|&byte| Some(byte)));
            }
            EventKind::Gap { dir, len, .. } => {
                let side = &mut flow.sides[side(dir)];
                let len = usize::try_from(len.min(1 << 24)).unwrap();
                side.stream.extend(std::iter::repeat_n(None, len));
                side.reasons.insert("gap");
            }
            EventKind::Conflict(conflict) => {
                flow.sides[side(conflict.dir)].reasons.insert("conflict");
            }
            EventKind::Anomaly { dir, what } => {
                let reason = match what {
                    Anomaly::LateData { .. } => "late",
                    Anomaly::BeforeStart { .. } | Anomaly::StartMissed { .. } => "early",
                    Anomaly::DataAfterFin { .. }
                    | Anomaly::DataAfterEnd { .. }
                    | Anomaly::RstPayload { .. }
                    | Anomaly::FinMisplaced { .. } => "end",
                    Anomaly::ProbeByte { .. } => "probe",
                    Anomaly::OutOfWindow { .. } => "far",
                    Anomaly::SynDataRefused { .. } => "syn-data-refused",
                    Anomaly::BadChecksum { .. } => "bad-checksum",
                    Anomaly::Rejected { .. } => "rejected",
                    _ => continue,
                };
                flow.sides[side(dir)].reasons.insert(reason);
            }
            _ => {}
        }
    }
    flows.into_values().collect()
}
