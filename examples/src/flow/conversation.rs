//! A flow whose protocol is known: its session, and the record of it.

use super::account::side_heard;
use super::imap::Imap;
use super::places::{Carried, Places};
use super::pop3::Pop3;
use super::scene::{Scene, at_packet};
use super::smtp::Smtp;
use super::tap::Tap;
use super::{Context, Input, Secrets, Tally, Told, index, side};
use crate::detect::Kind;
use crate::message::Contradiction;
use crate::record::{self, Layer, Place, Text};
use crate::sink::SinkError;
use core::time::Duration;
use mail_wire::Direction;
use tcp_reassembly::{Conflict, GapReason, Hint};

/// The session of a flow, by protocol. All of them take the same verbs; what they tell differs.
#[derive(Debug)]
enum Protocol {
    Smtp(Box<Smtp>),
    Pop3(Box<Pop3>),
    Imap(Box<Imap>),
}

/// The same for each of them.
macro_rules! each {
    ($protocol:expr, $speaker:ident => $what:expr) => {
        match $protocol {
            Protocol::Smtp($speaker) => $what,
            Protocol::Pop3($speaker) => $what,
            Protocol::Imap($speaker) => $what,
        }
    };
}

impl Protocol {
    /// Counts an anomaly for the session's record.
    fn note(&mut self, anomaly: &record::Anomaly) {
        each!(self, speaker => speaker.account.note(anomaly));
    }

    /// Where TLS begins in each direction.
    const fn tls(&self) -> [Option<u64>; 2] {
        match each!(self, speaker => speaker.account.tls_start) {
            Some(start) => [start.client_offset, start.server_offset],
            None => [None; 2],
        }
    }
}

/// A session and where its bytes came from.
#[derive(Debug)]
pub(super) struct Conversation {
    protocol: Protocol,
    places: [Places; 2],
    tap: Tap,
    /// Other copies of the bytes of each direction.
    contradictions: [Vec<Contradiction>; 2],
    /// What they take.
    contradicted: usize,
    /// Of the latest input.
    latest: Option<(Duration, Place)>,
}

const fn direction(dir: tcp_reassembly::Direction) -> Direction {
    match dir {
        tcp_reassembly::Direction::ToServer => Direction::ToServer,
        tcp_reassembly::Direction::ToClient => Direction::ToClient,
    }
}

impl Conversation {
    pub(super) fn new(kind: Kind, mid_stream: bool) -> Self {
        let protocol = match kind {
            Kind::Smtp => Protocol::Smtp(Box::new(Smtp::new(mid_stream))),
            Kind::Pop3 => Protocol::Pop3(Box::new(Pop3::new(mid_stream))),
            Kind::Imap => Protocol::Imap(Box::new(Imap::new(mid_stream))),
        };
        Self {
            protocol,
            places: Default::default(),
            tap: Tap::default(),
            contradictions: Default::default(),
            contradicted: 0,
            latest: None,
        }
    }

    pub(super) fn input(
        &mut self,
        input: Input,
        context: &Context,
        tally: &Tally,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        if context.tapped {
            self.tap.push(&input);
        }
        let now = match input {
            Input::Data { dir, offset, bytes, packet, at, payload_offset } => {
                let len = bytes.len() as u64;
                if let Some(places) = self.places.get_mut(index(side(dir))) {
                    places.push(Carried { offset, len, packet, at, payload_offset });
                }
                self.latest = Some((at, packet));
                each!(&mut self.protocol, speaker => speaker.session.push(direction(dir), at, bytes));
                at
            }
            Input::Gap { dir, offset, len, why, at, packet } => {
                self.latest = Some((at, packet));
                let mut anomaly = at_packet(Layer::Tcp, "gap", at, packet, context);
                anomaly.direction = Some(side(dir));
                anomaly.offset = Some(offset);
                anomaly.detail = Some(Text::from(format!("{len} bytes, {}", reason(why))));
                self.protocol.note(&anomaly);
                each!(&mut self.protocol, speaker => speaker.session.gap(direction(dir), at, Some(len)));
                told.push(Told::Anomaly(Box::new(anomaly)));
                at
            }
            Input::Close { dir, at } => {
                each!(&mut self.protocol, speaker => speaker.session.close(direction(dir), at));
                at
            }
            Input::Conflict { dir, anomaly, contradiction } => {
                self.protocol.note(&anomaly);
                told.push(Told::Anomaly(anomaly));
                let takes = contradiction.other.len() + ONE;
                if self.contradicted + takes <= MAX_CONTRADICTIONS
                    && let Some(contradictions) = self.contradictions.get_mut(index(side(dir)))
                {
                    self.contradicted += takes;
                    contradictions.push(contradiction);
                }
                return Ok(());
            }
            Input::Anomaly(anomaly) => {
                self.protocol.note(&anomaly);
                told.push(Told::Anomaly(anomaly));
                return Ok(());
            }
        };
        self.expire(now, context, tally, told)
    }

    pub(super) fn expire(
        &mut self,
        now: Duration,
        context: &Context,
        tally: &Tally,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        each!(&mut self.protocol, speaker => speaker.session.expire(now));
        self.drain(context, tally, told)
    }

    /// The flow is over.
    pub(super) fn end(
        mut self,
        at: Duration,
        context: &Context,
        tally: &Tally,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        for dir in Direction::BOTH {
            each!(&mut self.protocol, speaker => speaker.session.close(dir, at));
        }
        self.drain(context, tally, told)?;
        self.tapped(true, told);
        let scene = Scene {
            context,
            tally,
            places: &self.places,
            contradictions: &self.contradictions,
            latest: self.latest,
        };
        let record = match self.protocol {
            Protocol::Smtp(mut smtp) => {
                smtp.release(&scene, told)?;
                smtp.account.record(&scene)
            }
            Protocol::Pop3(mut pop3) => {
                pop3.release(&scene, told);
                pop3.account.record(&scene)
            }
            Protocol::Imap(mut imap) => {
                imap.release(&scene, told)?;
                imap.record(&scene)
            }
        };
        told.push(Told::Session(Box::new(record)));
        Ok(())
    }

    fn drain(&mut self, context: &Context, tally: &Tally, told: &mut Vec<Told>) -> Result<(), SinkError> {
        let mut read = [None; 2];
        let scene = Scene {
            context,
            tally,
            places: &self.places,
            contradictions: &self.contradictions,
            latest: self.latest,
        };
        each!(&mut self.protocol, speaker => {
            while let Some(event) = speaker.session.poll_event() {
                if !event.kind.is_derived()
                    && let Some(read) = read.get_mut(index(side_heard(event.dir)))
                {
                    *read = Some(event.span.end);
                }
                speaker.event(event, &scene, told)?;
            }
        });
        // What the session has read will not be spoken of again, but for the end of the message under way.
        for (places, read) in self.places.iter_mut().zip(read) {
            if let Some(read) = read {
                places.forget_before(read.saturating_sub(KEPT_BEHIND));
            }
        }
        self.tap.read(read);
        self.tapped(false, told);
        Ok(())
    }

    /// Tells who reads along what was sent.
    fn tapped(&mut self, over: bool, told: &mut Vec<Told>) {
        let stretches = self.tap.take(self.protocol.tls(), over);
        told.extend(stretches.into_iter().map(|stretch| Told::Stretch(Box::new(stretch))));
    }
}

/// So many bytes of other copies are remembered in a session, and what one of them takes besides.
const MAX_CONTRADICTIONS: usize = 256 << 10;
const ONE: usize = size_of::<Contradiction>();

/// A login or a message is told with its verdict; its last line is this close behind what was read.
const KEPT_BEHIND: u64 = 128 << 10;

const fn reason(why: GapReason) -> &'static str {
    match why {
        GapReason::Acked => "acknowledged but not captured",
        GapReason::Limit => "given up at a limit",
        GapReason::Timeout => "given up after a wait",
        GapReason::CaptureEnd => "still missing at the end of the capture",
        GapReason::Closed => "still missing when the connection was closed",
        GapReason::Truncated => "cut off by the snap length",
        _ => "missing",
    }
}

/// The first bytes of a stretch, for the detail of an anomaly; none where secrets are not shown anywhere.
fn excerpt(bytes: &[u8], context: &Context) -> Option<String> {
    /// So many bytes are shown.
    const SHOWN: usize = 32;
    if !matches!(context.secrets_in_logins, Secrets::Show) {
        return None;
    }
    let more = if bytes.len() > SHOWN { "..." } else { "" };
    Some(format!("\"{}\"{more}", bytes.get(..SHOWN).unwrap_or(bytes).escape_ascii()))
}

/// Two copies of the same bytes differ.
pub(super) fn conflict(
    conflict: &Conflict,
    at: Duration,
    packet: Place,
    context: &Context,
) -> record::Anomaly {
    let mut anomaly = at_packet(Layer::Tcp, "conflict", at, packet, context);
    anomaly.direction = Some(side(conflict.dir));
    anomaly.offset = Some(conflict.range.start);
    let version = |bytes: &[u8], packet: u64| {
        let from = format!("that of frame {}", super::place(packet).frame);
        excerpt(bytes, context)
            .map_or(from, |bytes| format!("{bytes} of frame {}", super::place(packet).frame))
    };
    let hint = match conflict.hint {
        Hint::Unknown => String::new(),
        Hint::TtlDelta(hops) => format!("; hint: {} {hops}", conflict.hint.code()),
        hint => format!("; hint: {}", hint.code()),
    };
    anomaly.detail = Some(Text::from(format!(
        "{} bytes: kept {}, not {}{hint}",
        conflict.range.end - conflict.range.start,
        version(&conflict.kept, conflict.kept_packet),
        version(&conflict.other, conflict.other_packet),
    )));
    anomaly
}

/// What the reassembler found odd. Bytes that are in no stream are shown with it.
pub(super) fn tcp_anomaly(
    dir: tcp_reassembly::Direction,
    what: &tcp_reassembly::Anomaly,
    at: Duration,
    packet: Place,
    context: &Context,
) -> record::Anomaly {
    let mut anomaly = at_packet(Layer::Tcp, what.code(), at, packet, context);
    anomaly.direction = Some(side(dir));
    let bytes = what.bytes().filter(|bytes| !bytes.is_empty()).and_then(|bytes| excerpt(bytes, context));
    anomaly.detail = what.detail().map(|detail| match bytes {
        Some(bytes) => Text::from(format!("{detail}: {bytes}")),
        None => Text::from(detail),
    });
    anomaly
}
