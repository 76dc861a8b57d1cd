//! Frames to segments, and what is wrong with those that give none.

use crate::capture::Frame;
use crate::flow::{Context, packet_number, place};
use crate::record::{Anomaly, Layer, Place, Text};
use core::time::Duration;
use std::collections::BTreeMap;
use tcp_reassembly::Segment;
use tcp_reassembly::packet::{self, Config, DecodeOptions, Event, LinkType, PacketError, Resolver};

/// So many anomalies of a kind are told one by one; the rest is counted.
const TOLD: u64 = 64;

/// Puts fragments together, and takes down what cannot be used.
#[derive(Debug)]
pub(super) struct Packets {
    resolver: Resolver,
    /// Packets, or datagrams in fragments, by what is wrong with them.
    unusable: BTreeMap<&'static str, Unusable>,
    /// How many of each kind were told.
    told: BTreeMap<&'static str, u64>,
}

/// What makes segments of frames, set up as `extract` has it.
pub(crate) fn resolver() -> Resolver {
    let mut config = Config::default();
    config.decode = DecodeOptions::default().with_checksum();
    Resolver::new(config)
}

/// The segments of one frame. Records count from the beginning of the payload, also where it came in fragments.
pub(crate) fn counted(segments: impl Iterator<Item = Segment>) -> impl Iterator<Item = Segment> {
    let mut first = None;
    segments.map(move |mut segment| {
        let first = *first.get_or_insert(segment.seq);
        segment.packet_offset = segment.seq.wrapping_sub(first);
        segment
    })
}

/// So many, the first of them here.
#[derive(Debug)]
struct Unusable {
    count: u64,
    first: Place,
    /// What can be said of the first.
    detail: Option<String>,
}

impl Default for Packets {
    fn default() -> Self {
        Self { resolver: resolver(), unusable: BTreeMap::new(), told: BTreeMap::new() }
    }
}

impl Packets {
    /// The segments of a frame, several where it is the last one of some fragments, and what is wrong.
    pub(super) fn push(
        &mut self,
        frame: &Frame,
        context: &Context,
    ) -> (impl Iterator<Item = Segment> + use<>, Vec<Anomaly>) {
        let mut segments = None;
        let mut anomalies = Vec::new();
        match LinkType::from_pcap(frame.link) {
            None => self.note("unknown-link-type", Place::new(frame.input, frame.number), None),
            Some(link) => {
                let number = packet_number(frame.input, frame.number);
                match self.resolver.push(link, number, frame.at, &frame.data, frame.original_len) {
                    Ok(found) => segments = Some(found),
                    // Most packets of a network are none of our business.
                    Err(PacketError::NotIp | PacketError::NotTcp) => {}
                    Err(error) => self.note(error.code(), Place::new(frame.input, frame.number), None),
                }
                anomalies = self.hear(context);
            }
        }
        (counted(segments.into_iter().flatten()), anomalies)
    }

    /// Capture time has passed: fragments are waited for no longer.
    pub(super) fn expire(&mut self, now: Duration, context: &Context) -> Vec<Anomaly> {
        self.resolver.expire(now);
        self.hear(context)
    }

    /// The capture is over.
    pub(super) fn finish(mut self, context: &Context) -> Vec<Anomaly> {
        self.resolver.finish();
        let mut anomalies = self.hear(context);
        anomalies.extend(self.unusable.into_iter().map(|(code, Unusable { count, first, detail })| {
            let mut anomaly = Anomaly::new(Layer::Packet, code);
            anomaly.packet = Some(first);
            let what = if code.starts_with("fragment-") { "datagrams" } else { "packets" };
            let more = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            anomaly.detail = Some(Text::from(format!("{count} {what}, this the first{more}")));
            anomaly
        }));
        anomalies.extend(self.told.into_iter().filter(|(_, count)| *count > TOLD).map(|(code, count)| {
            let mut anomaly = Anomaly::new(Layer::Packet, code);
            anomaly.detail = Some(Text::from(format!("{} more", count - TOLD)));
            anomaly
        }));
        anomalies
    }

    fn note(&mut self, code: &'static str, at: Place, detail: Option<String>) {
        self.unusable.entry(code).or_insert(Unusable { count: 0, first: at, detail }).count += 1;
    }

    /// Takes down what is said of fragments: lost ones are counted, contradictions are told.
    fn hear(&mut self, context: &Context) -> Vec<Anomaly> {
        let mut anomalies = Vec::new();
        while let Some(event) = self.resolver.poll_event() {
            let (code, at) = (event.anomaly.code(), place(event.packet));
            if matches!(event.anomaly, packet::Anomaly::Incomplete { .. }) {
                self.note(code, at, Some(told(&event)));
                continue;
            }
            let count = self.told.entry(code).or_default();
            *count += 1;
            if *count <= TOLD {
                let mut anomaly = Anomaly::new(Layer::Packet, code);
                anomaly.packet = Some(at);
                anomaly.at = Some(context.time(event.at, at));
                anomaly.detail = Some(Text::from(told(&event)));
                anomalies.push(anomaly);
            }
        }
        anomalies
    }
}

/// Whose datagram, and what is wrong with it.
fn told(event: &Event) -> String {
    let Event { src, dst, id, anomaly, .. } = event;
    let detail = anomaly.detail().map_or(String::new(), |detail| format!(", {detail}"));
    let datagram = format!("datagram {id} from {src} to {dst}{detail}");
    match anomaly {
        packet::Anomaly::Conflict(conflict) => {
            let show = |bytes: &[u8]| {
                let more = if bytes.len() > SHOWN { "..." } else { "" };
                format!("\"{}\"{more}", bytes.get(..SHOWN).unwrap_or(bytes).escape_ascii())
            };
            let (kept, other) = (show(&conflict.kept), show(&conflict.other));
            format!("{datagram}: kept {kept} of frame {}, not {other}", place(conflict.kept_packet).frame)
        }
        _ => datagram,
    }
}

/// So many bytes of each version are shown.
const SHOWN: usize = 32;
