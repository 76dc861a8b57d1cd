//! The server's half: responses, and what they decide.

use super::assembly::{About, Held, Reading};
use super::pairing::{Expect, Pending};
use super::{Client, Session, Side};
use crate::Anomaly;
use crate::command::Verb;
use crate::event::EventKind;
use crate::lexical::{Announced, announced};
use crate::response::{self, Code, Condition, Data, Fetch, Item, Response, Status, may_hold_literals};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{FrameKind, LineEnd, Mode};
use mail_wire::upgrade::Upgrade;

/// A tagged response and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard<'a> {
    pub(super) status: &'a Status,
    pub(super) at: Timestamp,
    pub(super) span: &'a Range<u64>,
}

impl Session {
    /// Takes one frame of the server, if it is known what it answers.
    pub(super) fn step_server(&mut self) -> bool {
        if self.halves.of_mut(Side::Server).opaque {
            return self.step_opaque(Side::Server);
        }
        if let Some(held) = self.halves.of_mut(Side::Server).line.held.take() {
            return self.release(held);
        }
        if self.halves.of(Side::Server).is_at_rest() {
            return false;
        }
        self.halves.of_mut(Side::Server).wire.prime();
        if self.inflating_ended(Side::Server) {
            return true;
        }
        match self.halves.of_mut(Side::Server).line.reading {
            Reading::Line => self.step_responses(),
            Reading::Doubtful(doubt) => self.step_doubtful(doubt),
            reading => self.step_literal(Side::Server, reading),
        }
    }

    /// Whether the server's half is left unread for the client's sake.
    pub(super) fn server_waits(&self) -> bool {
        self.halves.of(Side::Server).line.held.is_some()
    }

    fn step_responses(&mut self) -> bool {
        if self.halves.of(Side::Server).line.is_empty() {
            let found = self
                .step_opening(Side::Server)
                .or_else(|| self.step_compressed())
                .or_else(|| self.step_tls(Side::Server));
            if let Some(stepped) = found {
                return stepped;
            }
        }
        let Some(frame) = self.halves.of_mut(Side::Server).wire.next(Mode::Line) else {
            return self.half_ended(Side::Server);
        };
        let (at, span) = (frame.at, frame.span);
        match frame.kind {
            FrameKind::Line(line) => self.server_line(line.text, line.end, at, span),
            FrameKind::Truncated(bytes) => {
                let end = span.end;
                if let Some(found) = self.long_line(Side::Server, bytes, at, span) {
                    self.server_piece(Bytes::new(), found, at, end..end);
                }
            }
            FrameKind::Gap(len) => self.line_gap(Side::Server, len, at, span),
            FrameKind::Data { .. } => {}
            _ => {}
        }
        true
    }

    pub(super) fn server_line(&mut self, text: Bytes, end: LineEnd, at: Timestamp, span: Range<u64>) {
        if self.halves.of_mut(Side::Server).lost.is_some()
            && self.line_is_lost(Side::Server, &text, end, at, &span)
        {
            return;
        }
        match end {
            LineEnd::Lf => self.bare_lf(Side::Server, at, &span),
            LineEnd::Cut => return self.cut_line(Side::Server, &text, at, span),
            LineEnd::Missing
                if self.halves.of_mut(Side::Server).line.is_empty() && response::parse(&text).is_err() =>
            {
                return self.emit(Side::Server, at, span, EventKind::Truncated(text));
            }
            _ => {}
        }
        self.upgrade.plaintext(Side::Server);
        let assembly = &self.halves.of_mut(Side::Server).line;
        let literals = !assembly.text.is_empty() || assembly.dropped || may_hold_literals(&text);
        let found = if literals { announced(&text) } else { None };
        self.server_piece(text, found, at, span);
    }

    /// One piece of a response: up to a literal, or to its end.
    fn server_piece(&mut self, text: Bytes, found: Option<Announced>, at: Timestamp, span: Range<u64>) {
        let max_held = self.config.max_held;
        let line = &mut self.halves.of_mut(Side::Server).line;
        if let Some(found) = found {
            line.start.get_or_insert(span.start);
            line.add(text.get(..found.start).unwrap_or(&text), max_held);
            let taken = self.content_of_response(found.size);
            return self.begin_literal(Side::Server, found, taken, at);
        }
        let span = line.start.unwrap_or(span.start)..span.end;
        if matches!(&line.about, About::Fetch(fetching) if fetching.headless) {
            line.reset();
            return self.emit(Side::Server, at, span, EventKind::Truncated(text));
        }
        let whole = line.text.is_empty() && !line.dropped;
        let mut text = text;
        let mut read = None;
        if !whole {
            if let About::Fetch(fetching) = core::mem::take(&mut line.about)
                && !line.dropped
            {
                read = fetching.read;
            }
            // What stands behind the last streamed literal is nearly always this piece alone.
            if read.is_none() || line.tail < line.text.len() {
                line.add(&text, max_held);
                read = read.filter(|_| !line.dropped);
                let from = if read.is_some() { line.tail } else { 0 };
                text = line.text.split_off(from.min(line.text.len())).freeze();
            }
        }
        let dropped = line.dropped;
        line.reset();
        // Told in a box, which is cheaper to hand on.
        let parsed = match read {
            Some(fetch) => Ok(Box::new(response::read_rest(fetch, &text))),
            None => response::parse(&text).map(Box::new),
        };
        match parsed {
            Ok(response) if self.may_tell(&response) => {
                if matches!(&*response, Response::Data(Data::Expunge(_))) && says_expunged(&text) {
                    self.quirk(at, &span);
                }
                self.tell(response, at, span);
            }
            Ok(_) => {
                let text = Bytes::copy_from_slice(&text);
                self.halves.of_mut(Side::Server).line.held = Some(Held { text, at, span });
            }
            Err(_) => {
                let limit = max_held;
                let why = if dropped { Anomaly::LineTooLong { limit } } else { Anomaly::BadResponse };
                self.anomaly(Side::Server, at, &span, why);
                self.emit(Side::Server, at, span, EventKind::Truncated(text));
            }
        }
    }

    /// Looks again at a response whose command had not been read.
    fn release(&mut self, held: Held) -> bool {
        match response::parse(&held.text).map(Box::new) {
            Ok(response) if self.may_tell(&response) => self.tell(response, held.at, held.span),
            Ok(_) => {
                self.halves.of_mut(Side::Server).line.held = Some(held);
                return false;
            }
            Err(_) => {}
        }
        true
    }

    /// Whether it is known what a response answers, or will not be.
    fn may_tell(&mut self, response: &Response) -> bool {
        let client = self.halves.of(Side::Client);
        let alone = client.opaque || (client.wire.is_finished() && client.line.is_empty());
        let free = self.sync.free || self.sync.shaky || alone;
        match response {
            Response::Data(_) | Response::Status(Status { tag: None, .. }) => true,
            Response::Continuation(_) => {
                free || matches!(self.client, Client::AwaitLiteral | Client::AwaitSasl)
                    || self.queue.idle().is_some()
            }
            Response::Status(Status { tag: Some(tag), .. }) => match self.queue.find(tag) {
                None => free,
                Some(pending) if !pending.whole => free || self.refuses(tag),
                Some(pending) if pending.verb == Verb::Authenticate => {
                    free || self.client == Client::AwaitSasl || self.login.is_none()
                }
                Some(_) => true,
            },
        }
    }

    /// Whether the command with this tag waits for its literal to be taken.
    fn refuses(&self, tag: &[u8]) -> bool {
        self.client == Client::AwaitLiteral && self.queue.last().is_some_and(|last| last.tag == tag)
    }

    fn tell(&mut self, response: Box<Response>, at: Timestamp, span: Range<u64>) {
        self.sync.free = false;
        let greets = !core::mem::replace(&mut self.greeted, true);
        match &*response {
            Response::Status(status @ Status { tag: None, .. }) => {
                self.untagged(status, at, &span);
                if greets && !self.config.mid_stream {
                    self.emit(Side::Server, at, span.clone(), EventKind::Greeting(response));
                    return;
                }
                self.respond(response, None, at, span);
            }
            Response::Status(status) => {
                let status = status.clone();
                self.tagged(response, &status, at, span);
                self.selected.answered();
            }
            Response::Continuation(text) => {
                let text = text.clone();
                self.goes_on(response, &text, at, span);
            }
            Response::Data(_) => self.data(response, at, span),
        }
    }

    fn respond(&mut self, response: Box<Response>, answers: Option<Verb>, at: Timestamp, span: Range<u64>) {
        self.emit(Side::Server, at, span, EventKind::Response { response, answers });
    }

    /// A response that answers no command that was seen.
    fn unmatched(&mut self, response: Box<Response>, at: Timestamp, span: Range<u64>) {
        if let Response::Status(status @ Status { tag: Some(_), condition: Condition::Ok, .. }) = &*response {
            self.may_be_compressed = true;
            // RFC 9051 section 6.3.2: nothing but SELECT and EXAMINE is answered so.
            let opens = matches!(status.code, Some(Code::ReadOnly | Code::ReadWrite));
            if opens || self.selected.is_another() {
                self.opened_unheard(matches!(status.code, Some(Code::ReadOnly)), at, &span);
            }
        }
        // A server heard alone has no commands.
        let alone = self.halves.of(Side::Client).wire.is_untouched();
        if !alone && !self.sync.shaky {
            self.anomaly(Side::Server, at, &span, Anomaly::ResponseUnmatched);
        }
        self.respond(response, None, at, span);
    }

    fn tagged(&mut self, response: Box<Response>, status: &Status, at: Timestamp, span: Range<u64>) {
        let tag = status.tag.clone().unwrap_or_default();
        if self.refuses(&tag) {
            self.refuse_literal();
        }
        // RFC 9051 section 5.5: no command overtakes one that opens a mailbox.
        self.passed(self.queue.before(&tag));
        let Some(pending) = self.queue.take(&tag) else { return self.unmatched(response, at, span) };
        self.sync.patient = true;
        self.sync.shaky = false;
        self.sync.deaf = false;
        self.respond(response, Some(pending.verb), at, span.clone());
        self.code(status, at, &span);
        self.answered(&pending, Some(Heard { status, at, span: &span }));
    }

    /// A request to go on: with a literal, with AUTHENTICATE, or that IDLE has begun.
    fn goes_on(&mut self, response: Box<Response>, text: &Bytes, at: Timestamp, span: Range<u64>) {
        // What was asked first is answered first, if no answer is missing.
        let idles = !self.sync.deaf && self.queue.idle().is_some();
        match self.client {
            Client::AwaitLiteral if !idles => {
                let verb = self.queue.last().map(|last| last.verb);
                self.respond(response, verb, at, span);
                self.go_on();
            }
            Client::AwaitSasl if !idles => {
                self.respond(response, Some(Verb::Authenticate), at, span);
                self.challenge(text);
                self.client = Client::Sasl;
            }
            _ => match self.queue.idle() {
                Some(idle) => {
                    idle.continued = true;
                    self.respond(response, Some(Verb::Idle), at, span);
                }
                None => return self.unmatched(response, at, span),
            },
        }
        self.sync.patient = true;
        self.sync.deaf = false;
    }

    /// A status response without a tag.
    fn untagged(&mut self, status: &Status, at: Timestamp, span: &Range<u64>) {
        if status.condition == Condition::Preauth {
            self.anomaly(Side::Server, at, span, Anomaly::Preauth);
        }
        self.code(status, at, span);
    }

    /// Draws the conclusions from a response code.
    fn code(&mut self, status: &Status, at: Timestamp, span: &Range<u64>) {
        match &status.code {
            Some(Code::UidValidity(uid_validity)) => self.selected.uid_validity(*uid_validity),
            Some(Code::Capability(words)) => self.capabilities(words, at, span),
            Some(Code::Closed) => self.selected.forget(),
            Some(Code::Other { name, .. }) if is_typed(name) => self.quirk(at, span),
            _ => {}
        }
    }

    fn capabilities(&mut self, words: &[Bytes], at: Timestamp, span: &Range<u64>) {
        let has = |wanted: &[u8]| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        self.literal_minus = has(b"LITERAL-") && !has(b"LITERAL+");
        self.upgrade.offer(has(b"STARTTLS"));
        let stripped = words.iter().any(|word| Upgrade::is_painted_over(word));
        if stripped && !core::mem::replace(&mut self.stripped_told, true) {
            self.anomaly(Side::Server, at, span, Anomaly::StarttlsStripped);
        }
    }

    fn quirk(&mut self, at: Timestamp, span: &Range<u64>) {
        if !core::mem::replace(&mut self.quirk_told, true) {
            self.anomaly(Side::Server, at, span, Anomaly::Quirk);
        }
    }

    fn data(&mut self, response: Box<Response>, at: Timestamp, span: Range<u64>) {
        let Response::Data(data) = &*response else { return };
        match data {
            Data::Fetch(fetch) => self.fetched(fetch, at, &span),
            Data::UrlFetched(urls) => self.urls_inline(urls, at, span.start),
            Data::Exists(count) => self.selected.exists(*count),
            Data::Expunge(sequence) => self.selected.expunge(*sequence),
            Data::Vanished { earlier: false, uids } => self.selected.vanish(uids),
            Data::Capability(words) => self.capabilities(words, at, &span),
            Data::List(list) if list.name.decoded().is_none() => {
                self.anomaly(Side::Server, at, &span, Anomaly::Mutf7Bad);
            }
            Data::Raw { keyword, .. } if is_typed(keyword) => self.quirk(at, &span),
            _ => {}
        }
        if !matches!(data, Data::Capability(_) | Data::Id(_)) {
            self.data = true;
        }
        self.respond(response, None, at, span);
    }

    fn fetched(&mut self, fetch: &Fetch, at: Timestamp, span: &Range<u64>) {
        self.passed(self.queue.before_fetch(None, fetch.sequence, fetch.uid));
        if let Some(sequence) = fetch.sequence {
            self.selected.has(sequence);
        }
        if let (Some(sequence), Some(uid)) = (fetch.sequence, fetch.uid) {
            self.selected.learn(sequence, uid, self.config.max_messages);
            self.came.named(sequence, uid);
        }
        if !fetch.complete {
            self.quirk(at, span);
        }
        let mut declared = None;
        let mut actual = None;
        for item in &fetch.items {
            match item {
                Item::Size(size) => declared = Some(*size),
                Item::Section(fetched) if fetched.section.is_whole() && fetched.origin.is_none() => {
                    actual = match &fetched.content {
                        crate::Content::Streamed(size) => Some(*size),
                        crate::Content::Inline(bytes) => Some(bytes.len() as u64),
                        crate::Content::Nil => None,
                    };
                }
                _ => {}
            }
        }
        self.sections_inline(fetch.sequence, fetch.uid, &fetch.items, at, span.start);
        if let (Some(declared), Some(actual)) = (declared, actual)
            && declared != actual
        {
            self.anomaly(Side::Server, at, span, Anomaly::SizeMismatch { declared, actual });
        }
    }

    /// Draws the conclusions from an answer, or from its absence.
    pub(super) fn answered(&mut self, pending: &Pending, heard: Option<Heard<'_>>) {
        let condition = heard.map(|heard| heard.status.condition);
        let ok = condition == Some(Condition::Ok);
        match pending.verb {
            Verb::StartTls => self.starttls_answered(heard),
            Verb::Compress => self.compress_answered(heard),
            _ => {}
        }
        if pending.verb != Verb::StartTls {
            self.data = false;
        }
        if let Some(Heard { at, span, .. }) = heard
            && self.literal_minus
            && pending.unasked > LITERAL_MINUS
        {
            self.anomaly(Side::Server, at, span, Anomaly::LiteralMinusBig { size: pending.unasked });
        }
        match &pending.expect {
            // Nobody waits for a mailbox that was refused: without an answer it is open.
            Expect::Open { mailbox, read_only } if ok || heard.is_none() => {
                let read_only = *read_only
                    || heard.is_some_and(|heard| matches!(heard.status.code, Some(Code::ReadOnly)));
                self.opened(Some(mailbox.clone()), read_only, heard);
            }
            // RFC 9051 section 6.3.2: a failed SELECT leaves no mailbox open.
            Expect::Open { .. } if condition == Some(Condition::No) => self.opened(None, false, heard),
            Expect::Login => self.login_answered(condition),
            // What is fetched there is not of the mailbox before.
            _ if pending.opens_unnamed() && condition != Some(Condition::Bad) => {
                self.opened(None, pending.verb == Verb::Examine, heard);
            }
            Expect::Close if ok => self.opened(None, false, heard),
            Expect::Sections(wanted, asked) => {
                if let Some(Heard { at, span, .. }) = heard
                    && self.came.answered(wanted, asked)
                {
                    self.anomaly(Side::Server, at, span, Anomaly::PartialIgnored);
                }
            }
            _ => {}
        }
        if pending.verb == Verb::Fetch && heard.is_some() {
            self.came.grow_older();
        }
    }

    /// So many commands were answered in a gap, for all that is known: a mailbox that one of them opens is open.
    pub(super) fn passed(&mut self, commands: usize) {
        match self.queue.pass(commands) {
            Some(Expect::Open { mailbox, read_only }) => self.opened(Some(mailbox), read_only, None),
            Some(_) => self.opened(None, false, None),
            None => {}
        }
    }

    /// A mailbox is open from here on of which nobody heard the name: what is fetched is not of the last one.
    fn opened_unheard(&mut self, read_only: bool, at: Timestamp, span: &Range<u64>) {
        let was_open = self.selected.mailbox.name.is_some();
        self.selected.open(None, read_only);
        if was_open {
            let mailbox = Box::new(self.selected.mailbox.clone());
            self.emit(Side::Server, at, span.clone(), EventKind::Mailbox(mailbox));
        }
    }

    /// A mailbox is open from here on, or none.
    fn opened(&mut self, name: Option<crate::MailboxName>, read_only: bool, heard: Option<Heard<'_>>) {
        let was_open = self.selected.mailbox.name.is_some();
        if name.is_none() && !was_open {
            return;
        }
        self.selected.open(name, read_only);
        let here = self.halves.of_mut(Side::Server).wire.position();
        let (at, span) =
            heard.map_or_else(|| (self.halves.now(), here..here), |heard| (heard.at, heard.span.clone()));
        let mailbox = Box::new(self.selected.mailbox.clone());
        self.emit(Side::Server, at, span, EventKind::Mailbox(mailbox));
    }
}

/// The largest literal that need not wait under LITERAL- (RFC 7888 section 5).
const LITERAL_MINUS: u64 = 4096;

/// Whether an EXPUNGE response is spelt otherwise.
fn says_expunged(line: &[u8]) -> bool {
    line.split(|byte| *byte == b' ').any(|word| word.eq_ignore_ascii_case(response::EXPUNGED))
}

/// Whether data or a code of this name are read as what they mean, unless they are malformed.
fn is_typed(name: &[u8]) -> bool {
    let typed: [&[u8]; 12] = [
        b"FLAGS",
        b"VANISHED",
        b"LIST",
        b"LSUB",
        b"XLIST",
        b"ID",
        b"UIDVALIDITY",
        b"UIDNEXT",
        b"APPENDUID",
        b"COPYUID",
        b"READ-ONLY",
        b"READ-WRITE",
    ];
    typed.iter().any(|typed| name.eq_ignore_ascii_case(typed))
}
