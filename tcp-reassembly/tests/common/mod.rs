//! A small language for captures and a short form of what comes out.
//!
//! A script is a row of steps. `c1"AAAA"` is a segment of the client at relative sequence number 1 (the SYN is 0),
//! `s0[SA]` one of the server with flags; after a slash stand `ack9` (relative to the peer, kept for later segments
//! of that side), `noack`, `len10` (length on the wire), `win0`, `ws7` (window scale), `at500` (milliseconds; time goes
//! on by 1 per step), `bad`, `good` or `off` (checksum), `ts9` (time stamp), `ttl64`, `id7`, `urg3` (urgent pointer).
//! `HS` is the handshake, `E` the end of the capture, `X500` an `expire` at 500 ms.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tcp_reassembly::{
    Anomaly, Checksum, Close, Config, Direction, Event, EventKind, Flags, FlowId, Hint, Origin, Reassembler,
    Segment,
};

pub struct Play {
    pub config: Config,
    pub isn: [u32; 2],
    pub ends: [SocketAddr; 2],
}

impl Default for Play {
    fn default() -> Self {
        let mut config = Config::default();
        config.seed = Some(1);
        Self {
            config,
            isn: [1_000, 9_000],
            ends: ["192.0.2.1:40000".parse().unwrap(), "192.0.2.2:25".parse().unwrap()],
        }
    }
}

pub enum Step {
    Push(Segment),
    Finish,
    Expire(Duration),
}

impl Play {
    pub fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut play = Self::default();
        change(&mut play.config);
        play
    }

    pub fn parse(&self, script: &str) -> Vec<Step> {
        let script = script.replace("HS", "c0[S] s0[SA]/ack1 c1[A]/ack1");
        let mut acks = [1_u32, 1];
        let (mut at, mut packet) = (0_u64, 0);
        let mut steps = Vec::new();
        for word in script.split_whitespace() {
            at += 1;
            if word == "E" {
                steps.push(Step::Finish);
                continue;
            }
            if let Some(ms) = word.strip_prefix('X') {
                at = ms.parse().unwrap();
                steps.push(Step::Expire(Duration::from_millis(at)));
                continue;
            }
            packet += 1;
            let side = usize::from(word.starts_with('s'));
            let (head, payload, mods) = match word.split_once('"') {
                Some((head, rest)) => {
                    let (payload, mods) = rest.rsplit_once('"').unwrap();
                    (head, payload, mods)
                }
                None => word.split_once('/').map_or((word, "", ""), |(head, mods)| (head, "", mods)),
            };
            let (seq, flags) = head[1..].trim_end_matches(']').split_once('[').unwrap_or((&head[1..], "PA"));
            let mut set = Flags::NONE;
            let mut wire = payload.len() as u32;
            for flag in flags.chars() {
                set |= match flag {
                    'S' => Flags::SYN,
                    'F' => Flags::FIN,
                    'R' => Flags::RST,
                    'P' => Flags::PSH,
                    'U' => Flags::URG,
                    _ => Flags::NONE,
                };
            }
            let (mut ack, mut window) = (flags.contains('A'), 1000);
            let (mut scale, mut stamp, mut ttl, mut id, mut urgent) = (None, None, None, None, None);
            let mut checksum = Checksum::Unknown;
            for word in mods.split('/').filter(|word| !word.is_empty()) {
                match word {
                    "bad" => checksum = Checksum::Bad,
                    "good" => checksum = Checksum::Good,
                    "off" => checksum = Checksum::Offload,
                    _ => {}
                }
                if word == "noack" {
                    ack = false;
                } else if checksum != Checksum::Unknown && ["bad", "good", "off"].contains(&word) {
                } else if let Some(n) = word.strip_prefix("ws") {
                    scale = Some(n.parse().unwrap());
                } else if let Some(n) = word.strip_prefix("ts") {
                    stamp = Some(n.parse().unwrap());
                } else if let Some(n) = word.strip_prefix("ttl") {
                    ttl = Some(n.parse().unwrap());
                } else if let Some(n) = word.strip_prefix("id") {
                    id = Some(n.parse().unwrap());
                } else if let Some(n) = word.strip_prefix("urg") {
                    urgent = Some(n.parse().unwrap());
                } else if let Some(n) = word.strip_prefix("ack") {
                    acks[side] = n.parse().unwrap();
                } else if let Some(n) = word.strip_prefix("len") {
                    wire = n.parse().unwrap();
                } else if let Some(n) = word.strip_prefix("win") {
                    window = n.parse().unwrap();
                } else if let Some(n) = word.strip_prefix("at") {
                    at = n.parse().unwrap();
                } else {
                    panic!("{word}");
                }
            }
            let seq = self.isn[side].wrapping_add(seq.parse::<i64>().unwrap() as u32);
            let mut segment = Segment::new(self.ends[side], self.ends[1 - side], seq)
                .with_packet(packet, Duration::from_millis(at))
                .with_flags(set)
                .with_window(window)
                .with_payload(Bytes::copy_from_slice(payload.as_bytes()), 54)
                .with_payload_len(wire)
                .with_checksum(checksum);
            segment.window_scale = scale;
            segment.timestamps = stamp.map(|value| (value, 0));
            (segment.ttl, segment.ip_id) = (ttl, id);
            if let Some(pointer) = urgent {
                segment = segment.with_urgent(pointer);
            }
            if ack {
                segment = segment.with_ack(self.isn[1 - side].wrapping_add(acks[side]));
            }
            steps.push(Step::Push(segment));
        }
        steps
    }

    pub fn events(&self, script: &str) -> Vec<Event> {
        let mut reassembler = Reassembler::new(self.config.clone());
        let mut events = Vec::new();
        for step in self.parse(script) {
            match step {
                Step::Push(segment) => reassembler.push(segment),
                Step::Finish => reassembler.finish(),
                Step::Expire(now) => reassembler.expire(now),
            }
            events.extend(reassembler.events());
            assert!(reassembler.buffered() <= self.config.worst_case());
        }
        assert_sound(&events);
        events
    }

    /// What comes out, in short form.
    pub fn run(&self, script: &str) -> String {
        show(&self.events(script), self.ends[0])
    }
}

pub fn side(dir: Direction) -> char {
    if dir == Direction::ToServer { 'c' } else { 's' }
}

/// `c:AAAA` data (runs joined), `c:gap4+4:Acked`, `c:X0:GOOD/EVIL` (`*` when delivered), `c:fin`, `end:Fin`,
/// `c:!code`; flows but the first begin with their number.
pub fn show(events: &[Event], client_end: SocketAddr) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut run: Option<(FlowId, Direction)> = None;
    for event in events {
        let flow = if event.flow.get() == 0 { String::new() } else { format!("{}/", event.flow) };
        let word = match &event.kind {
            EventKind::Data { dir, bytes, .. } => {
                let text = String::from_utf8_lossy(bytes);
                if run == Some((event.flow, *dir)) {
                    words.last_mut().unwrap().push_str(&text);
                    continue;
                }
                run = Some((event.flow, *dir));
                words.push(format!("{flow}{}:{text}", side(*dir)));
                continue;
            }
            EventKind::Opened(opened) => {
                let origin = match opened.origin {
                    Origin::Handshake => "open",
                    Origin::SynAck => "open:synack",
                    _ => "open:mid",
                };
                let swapped = if opened.client == client_end { "" } else { "!" };
                let missing = opened.one_sided.map_or(String::new(), |dir| format!("-{}", side(dir)));
                format!("{origin}{swapped}{missing}")
            }
            EventKind::OneSided { missing } => format!("missing:{}", side(*missing)),
            EventKind::Gap { dir, offset, len, why } => format!("{}:gap{offset}+{len}:{why:?}", side(*dir)),
            EventKind::Conflict(x) => format!(
                "{}:X{}:{}/{}{}",
                side(x.dir),
                x.range.start,
                String::from_utf8_lossy(&x.kept),
                String::from_utf8_lossy(&x.other),
                match (x.delivered, x.hint) {
                    (true, Hint::Unknown) => "*".to_owned(),
                    (false, Hint::Unknown) => String::new(),
                    (true, hint) => format!("*{hint:?}"),
                    (false, hint) => format!("{hint:?}"),
                }
            ),
            EventKind::Urgent { dir, offset, byte, .. } => {
                format!("{}:urgent{offset}:{}", side(*dir), char::from(*byte))
            }
            EventKind::RolesCorrected => "roles".to_owned(),
            EventKind::BeginningSeen => "beginning".to_owned(),
            EventKind::Closed { dir, how } => {
                format!("{}:{}", side(*dir), if *how == Close::Fin { "fin" } else { "rst" })
            }
            EventKind::Ended { why } => format!("end:{why:?}"),
            EventKind::Anomaly { dir, what } => format!("{}:!{}", side(*dir), short(what)),
            other => panic!("{other:?}"),
        };
        run = None;
        words.push(flow + &word);
    }
    words.join(" ")
}

fn short(what: &Anomaly) -> String {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let code = what.code();
    match what {
        Anomaly::LateData { range, bytes } | Anomaly::DataAfterFin { range, bytes } => {
            format!("{code}({}:{})", range.start, text(bytes))
        }
        Anomaly::BeforeStart { bytes, .. }
        | Anomaly::SynDataRefused { bytes }
        | Anomaly::RstPayload { bytes } => format!("{code}({})", text(bytes)),
        Anomaly::Unchecked { range } => format!("{code}({}..{})", range.start, range.end),
        Anomaly::StartMissed { len } => format!("{code}({len})"),
        Anomaly::FinMoved { first, second } => format!("{code}({first},{second})"),
        Anomaly::BadChecksum { len } => format!("{code}({len})"),
        Anomaly::BeyondWindow { over } => format!("{code}({over})"),
        Anomaly::OldTimestamp { behind } => format!("{code}({behind})"),
        Anomaly::TtlChanged { usual, found } => format!("{code}({usual},{found})"),
        Anomaly::Doubtful { range, why } => format!("{code}({}..{},{})", range.start, range.end, why.word()),
        Anomaly::Rejected { range, bytes, why } => {
            format!("{code}({}:{},{})", range.start, text(bytes), why.word())
        }
        Anomaly::Suppressed { code: of, count } => format!("{code}({of},{count})"),
        _ => code.to_owned(),
    }
}

/// What holds for every log: offsets without hole or overlap, `Opened` first, `Ended` last and once, nothing but
/// anomalies after `Closed`.
pub fn assert_sound(events: &[Event]) {
    use std::collections::HashMap;
    let mut flows: HashMap<FlowId, ([u64; 2], [bool; 2], bool)> = HashMap::new();
    for event in events {
        if matches!(event.kind, EventKind::Opened(_)) {
            assert!(flows.insert(event.flow, ([0; 2], [false; 2], false)).is_none(), "opened twice");
            continue;
        }
        let (edges, closed, ended) = flows.get_mut(&event.flow).expect("opened first");
        assert!(!*ended, "{event:?} after the end");
        match &event.kind {
            EventKind::Data { dir, offset, bytes, .. } => {
                let side = usize::from(*dir == Direction::ToClient);
                assert_eq!(edges[side], *offset, "{events:#?}");
                assert!(!closed[side] && !bytes.is_empty());
                edges[side] += bytes.len() as u64;
            }
            EventKind::Gap { dir, offset, len, .. } => {
                let side = usize::from(*dir == Direction::ToClient);
                assert_eq!(edges[side], *offset, "{events:#?}");
                assert!(!closed[side] && *len > 0);
                edges[side] += len;
            }
            EventKind::Urgent { dir, offset, .. } => {
                let side = usize::from(*dir == Direction::ToClient);
                assert_eq!(edges[side], *offset, "{events:#?}");
                edges[side] += 1;
            }
            EventKind::Closed { dir, .. } => {
                let side = usize::from(*dir == Direction::ToClient);
                assert!(!closed[side], "closed twice");
                closed[side] = true;
            }
            EventKind::Ended { .. } => *ended = true,
            _ => {}
        }
    }
}
