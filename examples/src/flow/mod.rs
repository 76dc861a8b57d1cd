//! One flow: reassembled bytes in, one of the sessions, records out.
//!
//! A flow whose protocol is not known yet keeps its first bytes; once both sides have told, they are handed to a
//! session, and everything after them directly. A flow that is no mail is let go.

mod account;
mod conversation;
pub(crate) mod imap;
mod login;
pub(crate) mod places;
mod pop3;
mod reread;
mod scene;
mod smtp;
mod tap;
mod tls;

pub(crate) use tap::{Content, Stretch};

use crate::detect::{self, Kind, Verdict};
use crate::message::Contradiction;
use crate::record::{self, Packets, Place, Time};
use crate::sink::{Folder, SinkError};
use bytes::Bytes;
use conversation::Conversation;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use tcp_reassembly::{Direction, End, EventKind, GapReason, Origin};

/// So long what stands behind a hole is held, in case that the packet comes after all.
pub(crate) const HOLD: Duration = Duration::from_secs(120);
/// So long a session waits for one half: what it waits for may be held.
const PATIENCE: Duration = Duration::from_secs(150);

/// So many bytes, or stretches, of an unknown flow are kept; the protocols told apart here show themselves sooner.
const MAX_UNKNOWN_BYTES: usize = 16 << 10;
const MAX_UNKNOWN_STRETCHES: usize = 256;

/// What a flow has to tell, in order. The session and message numbers in the records are still to be filled in.
#[derive(Debug)]
pub(crate) enum Told {
    /// A protocol was recognised: a session begins.
    Recognised(Box<Opening>),
    Command(Box<record::Command>),
    Login(Box<record::Login>),
    Anomaly(Box<record::Anomaly>),
    /// A message with what was odd about it, and where its bytes came from.
    Message {
        message: Box<record::Message>,
        anomalies: Vec<record::Anomaly>,
        provenance: record::Provenance,
    },
    /// A part of a message, which may be joined with others when all is read.
    Piece(Box<imap::Piece>),
    /// What is known of messages of which parts may come.
    Known(Box<imap::Known>),
    /// What was sent, where somebody reads along.
    Stretch(Box<Stretch>),
    /// The session is over.
    Session(Box<record::Session>),
}

/// Whose session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) protocol: record::Protocol,
    pub(crate) client: String,
    pub(crate) server: String,
}

/// How secrets appear in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Secrets {
    /// As they are.
    Show,
    /// Their SHA-256.
    Hash,
    /// Not at all.
    Omit,
}

/// What all flows of a run have in common.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) folder: Folder,
    /// In `logins.jsonl`.
    pub(crate) secrets_in_logins: Secrets,
    /// Everywhere else.
    pub(crate) secrets: Secrets,
    /// The protocols asked for.
    pub(crate) only: Vec<Kind>,
    /// Ports whose protocol is known beforehand.
    pub(crate) decode_as: BTreeMap<u16, Kind>,
    /// Whether somebody reads along.
    pub(crate) tapped: bool,
    /// Digits of a second in the time stamps of each input.
    pub(crate) digits: Vec<u8>,
}

impl Context {
    /// A time stamp as precise as the input of that packet.
    pub(crate) fn time(&self, at: Duration, packet: Place) -> Time {
        Time::new(at, self.precision(packet.input).unwrap_or(6))
    }

    /// How many digits the time stamps of an input have, if any was seen.
    pub(crate) fn precision(&self, input: u32) -> Option<u8> {
        usize::try_from(input).ok().and_then(|input| self.digits.get(input)).copied()
    }

    /// Time stamps of the input have so many digits from here on.
    pub(crate) fn note_precision(&mut self, input: u32, digits: u8) {
        let Ok(input) = usize::try_from(input) else { return };
        if self.digits.len() <= input {
            self.digits.resize(input + 1, 6);
        }
        if let Some(known) = self.digits.get_mut(input) {
            *known = digits;
        }
    }
}

/// One number for a packet of several inputs: 24 bits of input, 40 bits of frame.
pub(crate) const fn packet_number(input: u32, frame: u64) -> u64 {
    (input as u64) << 40 | (frame & ((1 << 40) - 1))
}

/// The place that [`packet_number`] stands for.
pub(crate) fn place(number: u64) -> Place {
    Place::new(u32::try_from(number >> 40).unwrap_or(u32::MAX), number & ((1 << 40) - 1))
}

/// Numbers of a flow that do not depend on its protocol.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub(crate) client: String,
    pub(crate) server: String,
    pub(crate) start: (Duration, Place),
    pub(crate) end: (Duration, Place),
    pub(crate) packets: Packets,
    pub(crate) bytes: [u64; 2],
    pub(crate) missing: [u64; 2],
    pub(crate) one_sided: Option<record::Direction>,
    pub(crate) ended: record::Ended,
}

/// A flow of which the reassembler tells.
#[derive(Debug)]
pub(crate) struct Flow {
    tally: Tally,
    port: u16,
    mid_stream: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// What came before the protocol was known.
    Unknown {
        held: Vec<Input>,
        bytes: usize,
    },
    Mail(Box<Conversation>),
    NotMail,
}

/// What the reassembler gives to a session.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Data {
        dir: Direction,
        offset: u64,
        bytes: Bytes,
        packet: Place,
        at: Duration,
        payload_offset: u32,
    },
    Gap {
        dir: Direction,
        offset: u64,
        len: u64,
        why: GapReason,
        at: Duration,
        packet: Place,
    },
    Close {
        dir: Direction,
        at: Duration,
    },
    Anomaly(Box<record::Anomaly>),
    /// Two copies of the same bytes differ.
    Conflict {
        dir: Direction,
        anomaly: Box<record::Anomaly>,
        contradiction: Contradiction,
    },
}

pub(crate) const fn side(dir: Direction) -> record::Direction {
    match dir {
        Direction::ToServer => record::Direction::Client,
        Direction::ToClient => record::Direction::Server,
    }
}

pub(crate) const fn index(side: record::Direction) -> usize {
    match side {
        record::Direction::Client => 0,
        record::Direction::Server => 1,
    }
}

fn address(address: SocketAddr) -> String {
    address.to_string()
}

impl Flow {
    pub(crate) fn new(
        client: SocketAddr,
        server: SocketAddr,
        origin: Origin,
        at: Duration,
        packet: Place,
    ) -> Self {
        let mut packets = Packets::new();
        packets.add(packet);
        Self {
            tally: Tally {
                client: address(client),
                server: address(server),
                start: (at, packet),
                end: (at, packet),
                packets,
                bytes: [0; 2],
                missing: [0; 2],
                one_sided: None,
                ended: record::Ended::CaptureEnd,
            },
            port: server.port(),
            mid_stream: origin == Origin::MidStream,
            stage: Stage::Unknown { held: Vec::new(), bytes: 0 },
        }
    }

    /// Takes one event of the reassembler. `live`: its packet brought it about, not the end of the capture or a
    /// timeout.
    pub(crate) fn event(
        &mut self,
        event: tcp_reassembly::Event,
        live: bool,
        context: &Context,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let packet = place(event.packet);
        let at = event.at;
        if live || matches!(event.kind, EventKind::Data { .. }) {
            self.seen(at, packet);
        }
        match event.kind {
            EventKind::Opened(opened) => match opened.one_sided {
                Some(missing) => self.one_sided(missing, at, context, told),
                None => Ok(()),
            },
            EventKind::BeginningSeen => {
                self.mid_stream = false;
                Ok(())
            }
            EventKind::OneSided { missing } => self.one_sided(missing, at, context, told),
            EventKind::Data { dir, offset, bytes, packet_offset, released_by, .. } => {
                if live && released_by != event.packet {
                    self.tally.packets.add(place(released_by));
                }
                add(&mut self.tally.bytes, dir, bytes.len() as u64);
                let payload_offset = packet_offset;
                self.input(Input::Data { dir, offset, bytes, packet, at, payload_offset }, context, told)
            }
            EventKind::Gap { dir, offset, len, why } => {
                add(&mut self.tally.missing, dir, len);
                self.input(Input::Gap { dir, offset, len, why, at, packet }, context, told)
            }
            EventKind::Closed { dir, .. } => self.input(Input::Close { dir, at }, context, told),
            EventKind::Conflict(conflict) => {
                let anomaly = Box::new(conversation::conflict(&conflict, at, packet, context));
                let stream = conflict.range.clone();
                // Kept for as long as the session: of the packet no more than that.
                let other = Bytes::copy_from_slice(&conflict.other);
                let contradiction = Contradiction { stream, other };
                self.input(Input::Conflict { dir: conflict.dir, anomaly, contradiction }, context, told)
            }
            EventKind::Anomaly { dir, what } => {
                let anomaly = conversation::tcp_anomaly(dir, &what, at, packet, context);
                self.input(Input::Anomaly(Box::new(anomaly)), context, told)
            }
            EventKind::Ended { why } => {
                self.tally.ended = match why {
                    End::Fin => record::Ended::Fin,
                    End::Rst => record::Ended::Rst,
                    End::Reused => record::Ended::Reused,
                    End::Timeout | End::Evicted => record::Ended::Timeout,
                    _ => record::Ended::CaptureEnd,
                };
                self.end(at, context, told)
            }
            _ => Ok(()),
        }
    }

    /// Nothing is heard of one direction.
    fn one_sided(
        &mut self,
        missing: Direction,
        at: Duration,
        context: &Context,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        self.tally.one_sided = Some(side(missing.flip()));
        self.input(Input::Close { dir: missing, at }, context, told)
    }

    /// Capture time has passed.
    pub(crate) fn expire(
        &mut self,
        now: Duration,
        context: &Context,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        match &mut self.stage {
            Stage::Mail(conversation) => conversation.expire(now, context, &self.tally, told),
            Stage::Unknown { .. } | Stage::NotMail => Ok(()),
        }
    }

    fn seen(&mut self, at: Duration, packet: Place) {
        self.tally.packets.add(packet);
        if at >= self.tally.end.0 {
            self.tally.end = (at, packet);
        }
        if at < self.tally.start.0 {
            self.tally.start = (at, packet);
        }
    }

    fn input(&mut self, input: Input, context: &Context, told: &mut Vec<Told>) -> Result<(), SinkError> {
        match &mut self.stage {
            Stage::NotMail => Ok(()),
            Stage::Mail(conversation) => conversation.input(input, context, &self.tally, told),
            Stage::Unknown { held, bytes } => {
                if let Input::Data { bytes: data, .. } = &input {
                    *bytes += data.len();
                }
                held.push(copied(input));
                self.detect(false, context, told)
            }
        }
    }

    /// Looks at what is held, and lets it go to a session once the protocol is clear.
    fn detect(&mut self, over: bool, context: &Context, told: &mut Vec<Told>) -> Result<(), SinkError> {
        let Stage::Unknown { held, bytes } = &mut self.stage else { return Ok(()) };
        let verdict = match context.decode_as.get(&self.port) {
            Some(kind) => Verdict::Is(*kind),
            None => {
                let [client, server] =
                    [Direction::ToServer, Direction::ToClient].map(|dir| opening(held, dir, over));
                let side = |(bytes, ended): &(Vec<u8>, bool)| (bytes.clone(), *ended);
                let ((client, client_ended), (server, server_ended)) = (side(&client), side(&server));
                detect::judge(
                    detect::Side { bytes: &client, ended: client_ended },
                    detect::Side { bytes: &server, ended: server_ended },
                    self.port,
                    self.mid_stream || held.iter().any(begins_late),
                )
            }
        };
        let full = *bytes > MAX_UNKNOWN_BYTES || held.len() > MAX_UNKNOWN_STRETCHES;
        match verdict {
            Verdict::Is(kind) if context.only.contains(&kind) => {
                let held = core::mem::take(held);
                let mut conversation = Box::new(Conversation::new(kind, self.mid_stream));
                let Tally { client, server, .. } = self.tally.clone();
                let protocol = match kind {
                    Kind::Smtp => record::Protocol::Smtp,
                    Kind::Pop3 => record::Protocol::Pop3,
                    Kind::Imap => record::Protocol::Imap,
                };
                told.push(Told::Recognised(Box::new(Opening { protocol, client, server })));
                for input in held {
                    conversation.input(input, context, &self.tally, told)?;
                }
                self.stage = Stage::Mail(conversation);
            }
            Verdict::Undecided if !full && !over => {}
            _ => self.stage = Stage::NotMail,
        }
        Ok(())
    }

    fn end(&mut self, at: Duration, context: &Context, told: &mut Vec<Told>) -> Result<(), SinkError> {
        self.detect(true, context, told)?;
        match core::mem::replace(&mut self.stage, Stage::NotMail) {
            Stage::Mail(conversation) => conversation.end(at, context, &self.tally, told),
            Stage::Unknown { .. } | Stage::NotMail => Ok(()),
        }
    }
}

fn add(counts: &mut [u64; 2], dir: Direction, len: u64) {
    if let Some(count) = counts.get_mut(index(side(dir))) {
        *count = count.saturating_add(len);
    }
}

/// What is kept for the time being keeps no capture block alive.
fn copied(input: Input) -> Input {
    match input {
        Input::Data { dir, offset, bytes, packet, at, payload_offset } => {
            let bytes = Bytes::copy_from_slice(&bytes);
            Input::Data { dir, offset, bytes, packet, at, payload_offset }
        }
        other => other,
    }
}

/// Whether the first bytes of a direction are missing: what follows them is no beginning.
const fn begins_late(input: &Input) -> bool {
    matches!(input, Input::Gap { offset: 0, .. })
}

/// The first bytes of a direction up to its first hole, and whether nothing follows them.
fn opening(held: &[Input], of: Direction, over: bool) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    for input in held {
        match input {
            Input::Data { dir, bytes: data, .. } if *dir == of => bytes.extend_from_slice(data),
            Input::Gap { dir, .. } if *dir == of && bytes.is_empty() => {}
            Input::Gap { dir, .. } if *dir == of => return (bytes, true),
            Input::Close { dir, .. } if *dir == of => return (bytes, true),
            _ => {}
        }
    }
    (bytes, over)
}
