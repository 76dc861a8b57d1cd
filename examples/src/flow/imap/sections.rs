//! Messages and parts of messages: from their first byte until all is said of them.

use super::super::Told;
use super::super::account::{Account as Session, Closed, Open};
use super::super::scene::Scene;
use crate::message::Message;
use crate::record::{self, Direction, Run, Text};
use crate::sink::{Folder, SinkError};
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use imap_proto_lite::join::{self, Account, Hole};
use imap_proto_lite::response::{BodyStructure, Condition, Fetch, Item, NumberSet, Status};
use imap_proto_lite::{Command, Mailbox, MessageRef, Operation, Section, Specifier, Verb};
use std::collections::{BTreeMap, BTreeSet};
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
    /// What stands elsewhere: where in it, and the URL.
    pub(crate) urls: Vec<(u64, Bytes)>,
    /// The mailbox that was open, to which its URLs may be relative.
    pub(crate) base: Option<Mailbox>,
}

/// What is known of messages whose parts may have to be joined.
#[derive(Debug)]
pub(crate) enum Known {
    /// A command asks for ranges.
    Asked(Box<Command>),
    /// The UID of a message came behind a part of it.
    Named(Account, Box<MessageRef>),
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
        // Where a URL stands nothing is missing of what was sent.
        let mut urls = self.urls.iter().map(|(at, _)| *at).peekable();
        told.holes = self
            .message
            .missing
            .iter()
            .filter(|hole| hole.length.is_some() || urls.next_if_eq(&hole.offset).is_none())
            .map(|hole| Hole { at: hole.offset, len: hole.length })
            .collect();
        told.urls.clone_from(&self.urls);
        told.base.clone_from(&self.base);
        told
    }
}

/// A section under way.
#[derive(Debug)]
struct Begun {
    open: Open,
    of: MessageRef,
    /// What stands elsewhere.
    urls: Vec<(u64, Bytes)>,
}

/// A section that is over, until all is said of it.
#[derive(Debug)]
struct Done {
    piece: Piece,
    settled: bool,
}

/// Flags and date of a message, which may be told apart from its content.
#[derive(Debug, Default)]
struct Facts {
    flags: Vec<Text>,
    internal_date: Option<Text>,
}

/// Which message of the open mailbox: by the session's own number, or by its UID where there are no numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Handle(u64),
    Uid(u32),
}

impl Which {
    fn of(of: &MessageRef) -> Option<Self> {
        of.handle.map(Self::Handle).or_else(|| of.uid.map(Self::Uid))
    }
}

/// So many messages of a mailbox are remembered with their flags and dates, and parts without a UID.
const MAX_FACTS: usize = 20_000;
/// So many sections wait for more to be said of them.
const MAX_WAITING: usize = 256;

/// The sections of a session.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// What each side is sending: both may be at it.
    begun: [Option<Begun>; 2],
    done: Vec<Done>,
    facts: BTreeMap<Which, Facts>,
    /// Messages of which parts were told without their UID.
    unnamed: BTreeSet<u64>,
    /// The mailbox that is open.
    open: Option<Mailbox>,
    /// The UID of what replaces a message, until REPLACE is answered.
    replaced: Option<u32>,
}

/// A section as records name it; `None`: the whole message.
pub(crate) fn section_text(section: &Section, origin: Option<u64>) -> Option<Text> {
    let name = if section.binary { format!("BINARY[{section}]") } else { section.to_string() };
    let range = origin.map_or(String::new(), |origin| format!("<{origin}>"));
    Some(format!("{name}{range}")).filter(|text| !text.is_empty()).map(Text::from)
}

/// What content is stored as: a whole message is told at once, a part of one may have to wait.
fn stored_as(of: &MessageRef, folder: &Folder) -> Message {
    let section = &of.section;
    let headed = matches!(section.specifier, Specifier::Header) || section.is_header_subset();
    match of.operation {
        // CATENATE: some of it stands elsewhere. Without a tag it is a message whose announcement was not captured.
        Operation::Append | Operation::Replace if of.size.is_none() && !of.tag.is_empty() => {
            Message::plain(folder).waiting()
        }
        Operation::UrlFetch => {
            let url = of.url.as_deref().unwrap_or_default().to_ascii_lowercase();
            let part = [&b";section="[..], b";partial="]
                .iter()
                .any(|name| url.windows(name.len()).any(|at| at == *name));
            if part { Message::plain(folder).waiting() } else { Message::new(folder) }
        }
        _ if section.is_whole() && of.origin.is_none() && !section.binary => Message::new(folder),
        _ if section.is_header_subset() => Message::header(folder),
        _ if headed && of.origin.unwrap_or(0) == 0 => Message::header(folder).waiting(),
        _ => Message::plain(folder).waiting(),
    }
}

impl Sections {
    pub(super) fn start(&mut self, of: MessageRef, side: Direction, span: &Range<u64>, scene: &Scene<'_>) {
        let message = stored_as(&of, &scene.context.folder);
        let begun = Begun { open: Open::of(message, side, span, scene), of, urls: Vec::new() };
        *self.begun_mut(side) = Some(begun);
    }

    const fn begun_mut(&mut self, side: Direction) -> &mut Option<Begun> {
        let [client, server] = &mut self.begun;
        match side {
            Direction::Client => client,
            Direction::Server => server,
        }
    }

    pub(super) fn data(
        &mut self,
        bytes: Bytes,
        side: Direction,
        span: &Range<u64>,
        compressed: bool,
        scene: &Scene<'_>,
    ) -> Result<(), SinkError> {
        let Some(Begun { open: Open { message, .. }, .. }) = self.begun_mut(side) else { return Ok(()) };
        // Inflated, or out of a quoted string: no byte of the stream stands for one of the message.
        if !compressed && span.end - span.start == bytes.len() as u64 {
            return message.push(bytes, span, scene.places(side));
        }
        let at = message.size();
        let len = bytes.len() as u64;
        let carried = scene.places(side).last_of(span).copied();
        let run = carried.map(|carried| (Run::made(at, span.start, len, carried.packet), carried.at));
        message.push_runs(bytes, run.into_iter())
    }

    pub(super) fn gap(&mut self, len: Option<u64>, side: Direction) -> Result<(), SinkError> {
        self.begun_mut(side).as_mut().map_or(Ok(()), |begun| begun.open.message.gap(len))
    }

    pub(super) fn url(&mut self, url: Bytes, side: Direction) -> Result<(), SinkError> {
        let Some(Begun { open: Open { message, .. }, urls, .. }) = self.begun_mut(side) else {
            return Ok(());
        };
        urls.push((message.position(), url));
        message.gap(None)
    }

    pub(super) fn end(
        &mut self,
        complete: bool,
        side: Direction,
        session: &mut Session,
        user: &Bytes,
        scene: &Scene<'_>,
    ) -> Result<(), SinkError> {
        let Some(Begun { open, of, urls }) = self.begun_mut(side).take() else { return Ok(()) };
        let len = open.message.position();
        let cut = !complete && urls.is_empty() && of.size.is_none_or(|size| len < size);
        let operation = match of.operation {
            Operation::Fetch | Operation::UrlFetch => record::Operation::Fetch,
            Operation::Append | Operation::Replace => record::Operation::Append,
            _ => record::Operation::Unknown,
        };
        let Closed { mut record, anomalies, finished } = session.close(open, operation, cut, scene)?;
        record.mailbox = of.mailbox.as_ref().map(|mailbox| Text::from(mailbox.lossy()));
        record.uid = of.uid.map(u64::from);
        record.sequence = of.sequence.map(u64::from);
        record.flags = of.flags.iter().map(Text::from).collect();
        record.internal_date = of.internal_date.as_ref().map(Text::from);
        record.section = match &of.url {
            Some(url) => Some(Text::from(url)),
            None => section_text(&of.section, of.origin),
        };
        if let Operation::Fetch | Operation::UrlFetch = of.operation {
            // What the server hands out, it has.
            record.outcome = record::Outcome::Accepted;
        }
        // A range is not all of a section, unless it is joined with others.
        record.complete = complete && of.origin.is_none();
        let runs = finished.runs.clone();
        let path = finished.stored.path.clone();
        finished.fill(&mut record);
        // Nobody knows which verdict is that on a message without a tag.
        let unheard = matches!(of.operation, Operation::Append | Operation::Replace) && of.tag.is_empty();
        let settled = unheard || matches!(of.operation, Operation::UrlFetch | Operation::Unknown);
        let account = Account { server: scene.tally.server.clone().into(), user: user.clone() };
        let message = Box::new(record);
        let piece = Piece { message, anomalies, runs, path, account, of, len, urls, base: None };
        self.done.push(Done { piece, settled });
        // The oldest of too many waits no longer.
        if let Some(oldest) =
            self.done.len().checked_sub(MAX_WAITING).and_then(|surplus| self.done.get_mut(surplus))
        {
            oldest.settled = true;
        }
        Ok(())
    }

    /// The message that the sections before this response are of.
    pub(super) fn by_uid(&self, uid: Option<u32>) -> MessageRef {
        let last = self.done.last().filter(|done| done.piece.of.uid == uid);
        last.map(|done| done.piece.of.clone()).unwrap_or_default()
    }

    /// What a FETCH response says: of its own sections, of those that came without a UID before it, and of messages whose
    /// sections may come.
    pub(super) fn fetched(
        &mut self,
        fetch: &Fetch,
        of: MessageRef,
        scene: &Scene<'_>,
        user: &Bytes,
        told: &mut Vec<Told>,
    ) {
        let account = || Account { server: scene.tally.server.clone().into(), user: user.clone() };
        let named = of.uid.is_some() && of.handle.is_some_and(|handle| self.unnamed.remove(&handle));
        if named {
            told.push(Told::Known(Box::new(Known::Named(account(), Box::new(of.clone())))));
        }
        let which = Which::of(&of).or_else(|| fetch.uid.map(Which::Uid));
        for item in &fetch.items {
            match item {
                Item::Size(size) => {
                    told.push(Told::Known(Box::new(Known::Size(account(), Box::new(of.clone()), *size))));
                }
                Item::BodyStructure(body) => {
                    let known = Known::Structure(account(), Box::new(of.clone()), body.clone());
                    told.push(Told::Known(Box::new(known)));
                }
                Item::Flags(flags) => {
                    if let Some(facts) = self.facts_of(which) {
                        facts.flags = flags.iter().map(Text::from).collect();
                    }
                }
                Item::InternalDate(date) => {
                    if let Some(facts) = self.facts_of(which) {
                        facts.internal_date = Some(Text::from(date));
                    }
                }
                _ => {}
            }
        }
        let fetches = |done: &&mut Done| done.piece.of.operation == Operation::Fetch;
        for Done { piece, settled } in self.done.iter_mut().filter(fetches) {
            let same_uid = piece.of.uid.is_some() && piece.of.uid == fetch.uid;
            if which.is_none() || (Which::of(&piece.of) != which && !same_uid) {
                // Its own response lost its end.
                *settled |= piece.of.uid.is_some();
                continue;
            }
            piece.of.uid = piece.of.uid.or(fetch.uid).or(of.uid);
            piece.message.uid = piece.of.uid.map(u64::from);
            if let Some(facts) = which.and_then(|which| self.facts.get(&which)) {
                piece.message.flags.clone_from(&facts.flags);
                piece.message.internal_date.clone_from(&facts.internal_date);
            }
            *settled |= piece.of.uid.is_some();
        }
    }

    fn facts_of(&mut self, which: Option<Which>) -> Option<&mut Facts> {
        let full = self.facts.len() >= MAX_FACTS;
        let which = which.filter(|which| !full || self.facts.contains_key(which))?;
        Some(self.facts.entry(which).or_default())
    }

    /// The server has stored what replaces a message (RFC 8508).
    pub(super) fn replaced(&mut self, uids: &NumberSet) {
        self.replaced = uids.iter().next();
    }

    /// The verdict on what the client has sent. A section that came without its UID waits for it no longer than the command
    /// that asked for it.
    pub(super) fn answered(&mut self, status: &Status, answers: Option<Verb>) {
        for Done { piece, settled } in &mut self.done {
            if piece.of.operation == Operation::Fetch {
                *settled = true;
            }
        }
        if !matches!(answers, Some(Verb::Append | Verb::Replace)) {
            return;
        }
        let uids: Vec<u32> = match &status.code {
            Some(imap_proto_lite::response::Code::AppendUid { uids, .. }) => uids.iter().take(1000).collect(),
            _ if answers == Some(Verb::Replace) && status.condition == Condition::Ok => {
                self.replaced.into_iter().collect()
            }
            _ => Vec::new(),
        };
        self.replaced = None;
        let waits = |done: &&mut Done| !done.settled && Some(&done.piece.of.tag) == status.tag.as_ref();
        for Done { piece, settled } in self.done.iter_mut().filter(waits) {
            piece.message.outcome = match status.condition {
                Condition::Ok => record::Outcome::Accepted,
                _ => record::Outcome::Rejected,
            };
            piece.message.reply = Some(Text::from(super::line_of(status)));
            let index = usize::try_from(piece.of.index).unwrap_or(usize::MAX);
            piece.of.uid = piece.of.uid.or_else(|| uids.get(index).copied());
            piece.message.uid = piece.of.uid.map(u64::from);
            *settled = true;
        }
    }

    /// No answer will come.
    pub(super) fn unanswered(&mut self) {
        for done in &mut self.done {
            done.settled = true;
        }
    }

    /// Another mailbox is open: of the messages of the last one nothing more will be said.
    pub(super) fn another_mailbox(&mut self, open: Mailbox, told: &mut Vec<Told>) {
        for done in self.done.iter_mut().filter(|done| done.piece.of.operation == Operation::Fetch) {
            done.settled = true;
        }
        self.flush(told);
        self.facts.clear();
        self.unnamed.clear();
        self.open = Some(open);
    }

    /// Tells the sections of which all is said.
    pub(super) fn flush(&mut self, told: &mut Vec<Told>) {
        if self.done.iter().all(|done| !done.settled) {
            return;
        }
        let (settled, done) = core::mem::take(&mut self.done).into_iter().partition(|done| done.settled);
        self.done = done;
        let settled: Vec<Done> = settled;
        for Done { mut piece, .. } in settled {
            // Only now the server has said which one was open.
            if !piece.urls.is_empty() || piece.of.url.is_some() {
                piece.base.clone_from(&self.open);
            }
            if let (None, Some(handle)) = (piece.of.uid, piece.of.handle)
                && self.unnamed.len() < MAX_FACTS
            {
                self.unnamed.insert(handle);
            }
            told.push(Told::Piece(Box::new(piece)));
        }
    }
}
