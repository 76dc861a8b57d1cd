//! Messages and parts of messages: from their first byte until all is said of them.

use super::super::Told;
use super::super::conversation::{Scene, at_packet};
use crate::message::{Finished, Message};
use crate::record::{self, Direction, Layer, Protocol, Run, Text};
use crate::sink::SinkError;
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use imap_proto_lite::join::{self, Account, Hole};
use imap_proto_lite::response::{BodyStructure, Condition, Fetch, Item, Status};
use imap_proto_lite::{Command, MessageRef, Operation, Section, Specifier, Verb};
use std::path::PathBuf;

/// A part of a message, stored.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Its record, if it has to stand alone.
    pub(crate) message: Box<record::Message>,
    pub(crate) anomalies: Vec<record::Anomaly>,
    pub(crate) runs: Vec<(Run, Duration)>,
    pub(crate) path: PathBuf,
    pub(crate) account: Account,
    pub(crate) of: MessageRef,
    /// Holes included.
    pub(crate) len: u64,
}

/// What is known of messages whose parts may have to be joined.
#[derive(Debug)]
pub(crate) enum Known {
    /// A command asks for ranges.
    Asked(Box<Command>),
    /// The MIME tree of a message.
    Structure(Account, Box<MessageRef>, Box<BodyStructure>),
    /// The size of a message, as the server has it.
    Size(Account, Box<MessageRef>, u64),
}

impl Known {
    pub(super) fn asked(command: &Command) -> Self {
        // A copy that keeps no packet alive.
        let line = Bytes::copy_from_slice(&command.line);
        Self::Asked(Box::new(
            imap_proto_lite::command::parse(&line).unwrap_or_else(|_| Command::unparsed(&line)),
        ))
    }
}

impl Piece {
    /// What a joiner is told of it.
    pub(crate) fn told(&self, id: u64, session: u64) -> join::Piece {
        let mut told = join::Piece::new(id, session, self.account.clone(), self.of.clone(), self.len);
        told.holes =
            self.message.missing.iter().map(|hole| Hole { at: hole.offset, len: hole.length }).collect();
        told
    }
}

/// A section under way.
#[derive(Debug)]
struct Open {
    message: Message,
    of: MessageRef,
    start: (Duration, record::Place),
}

/// A section that is over, until all is said of it.
#[derive(Debug)]
struct Done {
    finished: Finished,
    of: MessageRef,
    complete: bool,
    /// Holes included.
    len: u64,
    start: (Duration, record::Place),
    flags: Vec<Text>,
    internal_date: Option<Text>,
    outcome: record::Outcome,
    reply: Option<Text>,
    /// Nothing more will be said of it.
    settled: bool,
}

/// The sections of a session.
#[derive(Debug, Default)]
pub(super) struct Sections {
    open: Option<Open>,
    done: Vec<Done>,
}

/// A section as records name it; `None`: the whole message.
pub(crate) fn section_text(section: &Section, origin: Option<u64>) -> Option<Text> {
    let name = if section.binary { format!("BINARY[{section}]") } else { section.to_string() };
    let range = origin.map_or(String::new(), |origin| format!("<{origin}>"));
    Some(format!("{name}{range}")).filter(|text| !text.is_empty()).map(Text::from)
}

impl Sections {
    pub(super) fn start(&mut self, of: MessageRef, side: Direction, span: &Range<u64>, scene: &Scene<'_>) {
        let begins = of.origin.unwrap_or(0) == 0;
        let headed = matches!(
            of.section.specifier,
            Specifier::Header | Specifier::HeaderFields(_) | Specifier::HeaderFieldsNot(_)
        );
        let folder = &scene.context.folder;
        let message = if begins && !of.section.binary && (of.section.is_whole() || headed) && of.url.is_none()
        {
            Message::new(folder)
        } else {
            Message::plain(folder)
        };
        self.open = Some(Open { message, of, start: scene.when(side, span) });
    }

    pub(super) fn data(
        &mut self,
        bytes: Bytes,
        side: Direction,
        span: &Range<u64>,
        compressed: bool,
        scene: &Scene<'_>,
    ) -> Result<(), SinkError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        // Inflated, or out of a quoted string: no byte of the stream stands for one of the message.
        if !compressed && span.end - span.start == bytes.len() as u64 {
            return open.message.push(bytes, span, scene.places(side));
        }
        let at = open.message.size();
        let len = bytes.len() as u64;
        let carried = scene.places(side).last_of(span).copied();
        let run = carried.map(|carried| (Run::made(at, span.start, len, carried.packet), carried.at));
        open.message.push_runs(bytes, run.into_iter())
    }

    pub(super) fn gap(&mut self, len: Option<u64>) -> Result<(), SinkError> {
        self.open.as_mut().map_or(Ok(()), |open| open.message.gap(len))
    }

    pub(super) fn end(&mut self, complete: bool) -> Result<(), SinkError> {
        let Some(Open { message, of, start }) = self.open.take() else { return Ok(()) };
        let len = message.position();
        let cut = !complete && of.size.is_none_or(|size| len < size);
        let outcome = match of.operation {
            // What the server hands out, it has.
            Operation::Fetch | Operation::UrlFetch => record::Outcome::Accepted,
            _ => record::Outcome::Unknown,
        };
        let settled = matches!(of.operation, Operation::UrlFetch | Operation::Unknown);
        self.done.push(Done {
            finished: message.finish(cut)?,
            flags: of.flags.iter().map(Text::from).collect(),
            internal_date: of.internal_date.as_ref().map(Text::from),
            of,
            complete,
            len,
            start,
            outcome,
            reply: None,
            settled,
        });
        Ok(())
    }

    /// The message that the sections before this response are of.
    pub(super) fn by_uid(&self, uid: Option<u32>) -> MessageRef {
        let last = self.done.last().filter(|done| done.of.uid == uid);
        last.map(|done| done.of.clone()).unwrap_or_default()
    }

    /// What a FETCH response says besides.
    pub(super) fn fetched(
        &mut self,
        fetch: &Fetch,
        of: MessageRef,
        scene: &Scene<'_>,
        user: &Bytes,
        told: &mut Vec<Told>,
    ) {
        let account = || Account { server: scene.tally.server.clone().into(), user: user.clone() };
        for item in &fetch.items {
            match item {
                Item::Size(size) => {
                    told.push(Told::Known(Box::new(Known::Size(account(), Box::new(of.clone()), *size))));
                }
                Item::BodyStructure(body) => {
                    let known = Known::Structure(account(), Box::new(of.clone()), body.clone());
                    told.push(Told::Known(Box::new(known)));
                }
                _ => {}
            }
        }
        for done in self.done.iter_mut().filter(|done| done.of.operation == Operation::Fetch) {
            done.of.uid = done.of.uid.or(fetch.uid);
            for item in &fetch.items {
                match item {
                    Item::Flags(flags) => done.flags = flags.iter().map(Text::from).collect(),
                    Item::InternalDate(date) => done.internal_date = Some(Text::from(date)),
                    _ => {}
                }
            }
            done.settled = true;
        }
    }

    /// The verdict on what the client has sent.
    pub(super) fn answered(&mut self, status: &Status, answers: Option<Verb>) {
        if !matches!(answers, Some(Verb::Append | Verb::Replace)) {
            return;
        }
        let uids: Vec<u32> = match &status.code {
            Some(imap_proto_lite::response::Code::AppendUid { uids, .. }) => uids.iter().take(1000).collect(),
            _ => Vec::new(),
        };
        let waits = |done: &&mut Done| !done.settled && Some(&done.of.tag) == status.tag.as_ref();
        for done in self.done.iter_mut().filter(waits) {
            done.outcome = match status.condition {
                Condition::Ok => record::Outcome::Accepted,
                _ => record::Outcome::Rejected,
            };
            done.reply = Some(Text::from(super::line_of(status)));
            let index = usize::try_from(done.of.index).unwrap_or(usize::MAX);
            done.of.uid = done.of.uid.or_else(|| uids.get(index).copied());
            done.settled = true;
        }
    }

    /// No answer will come.
    pub(super) fn unanswered(&mut self) {
        for done in &mut self.done {
            done.settled = true;
        }
    }

    /// Tells the sections of which all is said, and returns what was odd about their content.
    pub(super) fn flush(
        &mut self,
        scene: &Scene<'_>,
        user: &Bytes,
        told: &mut Vec<Told>,
    ) -> Vec<record::Anomaly> {
        let mut odd = Vec::new();
        let (settled, done) = core::mem::take(&mut self.done).into_iter().partition(|done| done.settled);
        self.done = done;
        let settled: Vec<Done> = settled;
        for done in settled {
            let account = Account { server: scene.tally.server.clone().into(), user: user.clone() };
            let piece = done.piece(scene, account);
            odd.extend(piece.anomalies.iter().cloned());
            told.push(Told::Piece(Box::new(piece)));
        }
        odd
    }
}

impl Done {
    fn piece(self, scene: &Scene<'_>, account: Account) -> Piece {
        let Self { finished, of, complete, len, start, flags, internal_date, outcome, reply, .. } = self;
        let tally = scene.tally;
        let operation = match of.operation {
            Operation::Fetch | Operation::UrlFetch => record::Operation::Fetch,
            Operation::Append | Operation::Replace => record::Operation::Append,
            _ => record::Operation::Unknown,
        };
        let (first, last) = finished.times().unwrap_or((start.0, start.0));
        let time = |at| scene.context.time(at, start.1);
        let mut record = record::Message::new(
            0,
            Protocol::Imap,
            operation,
            tally.client.clone(),
            tally.server.clone(),
            time(first),
        );
        record.end = time(last);
        record.mailbox = of.mailbox.as_ref().map(|mailbox| Text::from(mailbox.lossy()));
        record.uid = of.uid.map(u64::from);
        record.sequence = of.sequence.map(u64::from);
        record.flags = flags;
        record.internal_date = internal_date;
        record.section = match &of.url {
            Some(url) => Some(Text::from(url)),
            None => section_text(&of.section, of.origin),
        };
        record.outcome = outcome;
        record.reply = reply;
        // A range is not all of a section, unless it is joined with others.
        record.complete = complete && of.origin.is_none();
        let mut anomalies = Vec::new();
        for mime in &finished.anomalies {
            let (at, packet) = finished.run_at(mime.offset).map_or(start, |(run, at)| (*at, run.packet));
            let mut anomaly = at_packet(Layer::Mime, mime.code.clone(), at, packet, scene.context);
            anomaly.detail = mime.detail.clone();
            anomalies.push(anomaly);
        }
        let short = |anomaly: &record::Anomaly| {
            record::MessageAnomaly::new(anomaly.code.clone(), anomaly.detail.clone())
        };
        record.anomalies = anomalies.iter().map(short).collect();
        let runs = finished.runs.clone();
        let path = finished.stored.path.clone();
        finished.fill(&mut record);
        Piece { message: Box::new(record), anomalies, runs, path, account, of, len }
    }
}
