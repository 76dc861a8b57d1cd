//! A flow whose protocol is known: its session, and the record of it.

use super::imap::Imap;
use super::places::{Carried, Places};
use super::smtp::Smtp;
use super::{Context, Input, Secrets, Tally, Told, index, side};
use crate::detect::Kind;
use crate::record::{self, Layer, Place, Text};
use crate::sink::SinkError;
use core::time::Duration;
use mail_wire::Direction;
use sha2::{Digest as _, Sha256};
use tcp_reassembly::{Conflict, GapReason};

/// The session of a flow, by protocol. All of them take the same verbs; what they tell differs.
#[derive(Debug)]
enum Protocol {
    Smtp(Box<Smtp>),
    Imap(Box<Imap>),
}

/// The same for the session of each protocol.
macro_rules! each {
    ($protocol:expr, $flow:ident => $what:expr) => {
        match $protocol {
            Protocol::Smtp($flow) => $what,
            Protocol::Imap($flow) => $what,
        }
    };
}

/// A session and where its bytes came from.
#[derive(Debug)]
pub(super) struct Conversation {
    protocol: Protocol,
    places: [Places; 2],
    /// Of the latest input.
    latest: Option<(Duration, Place)>,
}

/// What a protocol needs to make records of events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) context: &'a Context,
    pub(super) tally: &'a Tally,
    places: &'a [Places; 2],
    latest: Option<(Duration, Place)>,
}

impl Scene<'_> {
    pub(super) const fn places(&self, side: record::Direction) -> &Places {
        let [client, server] = self.places;
        match side {
            record::Direction::Client => client,
            record::Direction::Server => server,
        }
    }

    /// The time and packet that completed a stretch of a direction.
    pub(super) fn when(&self, side: record::Direction, span: &core::ops::Range<u64>) -> (Duration, Place) {
        let carried = self.places(side).last_of(span).map(|carried| (carried.at, carried.packet));
        carried.or(self.latest).unwrap_or(self.tally.start)
    }

    /// A secret of a login, as the options have it.
    pub(super) fn secret(&self, secret: &[u8]) -> Option<Text> {
        shown(self.context.secrets_in_logins, secret)
    }

    /// A secret anywhere else.
    pub(super) fn secret_elsewhere(&self, secret: &[u8]) -> Option<Text> {
        shown(self.context.secrets, secret)
    }
}

fn shown(secrets: Secrets, secret: &[u8]) -> Option<Text> {
    match secrets {
        Secrets::Show => Some(Text::from(secret)),
        Secrets::Hash => Some(Text::from(format!("sha256:{}", record::hex(&Sha256::digest(secret))))),
        Secrets::Omit => None,
    }
}

/// The side whose stream, as the reassembler names it, the direction is.
pub(super) const fn side_heard(dir: Direction) -> record::Direction {
    match dir {
        Direction::ToServer => record::Direction::Client,
        Direction::ToClient => record::Direction::Server,
    }
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
            Kind::Imap => Protocol::Imap(Box::new(Imap::new(mid_stream))),
        };
        Self { protocol, places: Default::default(), latest: None }
    }

    pub(super) fn input(
        &mut self,
        input: Input,
        context: &Context,
        tally: &Tally,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let protocol = &mut self.protocol;
        let now = match input {
            Input::Data { dir, offset, bytes, packet, at, payload_offset } => {
                let len = bytes.len() as u64;
                if let Some(places) = self.places.get_mut(index(side(dir))) {
                    places.push(Carried { offset, len, packet, at, payload_offset });
                }
                self.latest = Some((at, packet));
                each!(protocol, flow => flow.session.push(direction(dir), at, bytes));
                at
            }
            Input::Gap { dir, offset, len, why, at, packet } => {
                self.latest = Some((at, packet));
                let mut anomaly = at_packet(Layer::Tcp, "gap", at, packet, context);
                anomaly.direction = Some(side(dir));
                anomaly.offset = Some(offset);
                anomaly.detail = Some(Text::from(format!("{len} bytes, {}", reason(why))));
                each!(protocol, flow => flow.note(&anomaly));
                told.push(Told::Anomaly(Box::new(anomaly)));
                each!(protocol, flow => flow.session.gap(direction(dir), at, Some(len)));
                at
            }
            Input::Close { dir, at } => {
                each!(protocol, flow => flow.session.close(direction(dir), at));
                at
            }
            Input::Anomaly(anomaly) => {
                each!(protocol, flow => flow.note(&anomaly));
                told.push(Told::Anomaly(anomaly));
                return Ok(());
            }
        };
        each!(protocol, flow => flow.session.expire(now));
        self.drain(context, tally, told)
    }

    pub(super) fn expire(
        &mut self,
        now: Duration,
        context: &Context,
        tally: &Tally,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        each!(&mut self.protocol, flow => flow.session.expire(now));
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
            each!(&mut self.protocol, flow => flow.session.close(dir, at));
        }
        self.drain(context, tally, told)?;
        let scene = Scene { context, tally, places: &self.places, latest: self.latest };
        let record = each!(self.protocol, flow => {
            let mut flow = flow;
            flow.release(&scene, told)?;
            flow.record(&scene)
        });
        told.push(Told::Session(Box::new(record)));
        Ok(())
    }

    fn drain(&mut self, context: &Context, tally: &Tally, told: &mut Vec<Told>) -> Result<(), SinkError> {
        let mut read = [None; 2];
        each!(&mut self.protocol, flow => while let Some(event) = flow.session.poll_event() {
            if !event.kind.is_derived()
                && let Some(read) = read.get_mut(index(side_heard(event.dir)))
            {
                *read = Some(event.span.end);
            }
            let scene = Scene { context, tally, places: &self.places, latest: self.latest };
            flow.event(event, &scene, told)?;
        });
        // What the session has read will not be spoken of again, but for the end of the message under way.
        for (places, read) in self.places.iter_mut().zip(read) {
            if let Some(read) = read {
                places.forget_before(read.saturating_sub(KEPT_BEHIND));
            }
        }
        Ok(())
    }
}

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

/// An anomaly at a packet.
pub(super) fn at_packet(
    layer: Layer,
    code: impl Into<record::Code>,
    at: Duration,
    packet: Place,
    context: &Context,
) -> record::Anomaly {
    let mut anomaly = record::Anomaly::new(layer, code);
    anomaly.packet = Some(packet);
    anomaly.at = Some(context.time(at, packet));
    anomaly
}

/// Two copies of the same bytes differ.
pub(super) fn conflict(
    conflict: &Conflict,
    at: Duration,
    packet: Place,
    context: &Context,
) -> record::Anomaly {
    /// So many bytes of each version are shown.
    const SHOWN: usize = 32;
    let mut anomaly = at_packet(Layer::Tcp, "conflict", at, packet, context);
    anomaly.direction = Some(side(conflict.dir));
    anomaly.offset = Some(conflict.range.start);
    let show = |bytes: &[u8]| {
        let more = if bytes.len() > SHOWN { "..." } else { "" };
        format!("\"{}\"{more}", bytes.get(..SHOWN).unwrap_or(bytes).escape_ascii())
    };
    let [kept, other] = [conflict.kept_packet, conflict.other_packet].map(super::place);
    anomaly.detail = Some(Text::from(format!(
        "{} bytes: kept {} of frame {}, not {} of frame {}",
        conflict.range.end - conflict.range.start,
        show(&conflict.kept),
        kept.frame,
        show(&conflict.other),
        other.frame,
    )));
    anomaly
}

/// What the reassembler found odd.
pub(super) fn tcp_anomaly(
    dir: tcp_reassembly::Direction,
    what: &tcp_reassembly::Anomaly,
    at: Duration,
    packet: Place,
    context: &Context,
) -> record::Anomaly {
    let mut anomaly = at_packet(Layer::Tcp, what.code(), at, packet, context);
    anomaly.direction = Some(side(dir));
    anomaly.detail = what.detail().map(Text::from);
    anomaly
}
