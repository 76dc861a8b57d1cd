//! The client's half: commands, their literals, the lines of an AUTHENTICATE exchange.

use super::assembly::{About, Reading, announce};
use super::pairing::{Pending, alike};
use super::{Session, Side};
use crate::Anomaly;
use crate::command::{self, Arguments, Command, Head, Verb};
use crate::event::EventKind;
use crate::lexical::{Announced, Scan, announced};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{FrameKind, Line, LineEnd, Mode};
use mail_wire::sasl::Outcome;

/// What the client's next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// A command, or its next piece.
    Commands,
    /// A literal, if the server takes it.
    AwaitLiteral,
    /// Unknown until the last command is answered: LOGIN, STARTTLS, COMPRESS.
    AwaitAnswer,
    /// Unknown until the last line of the AUTHENTICATE exchange is answered.
    AwaitSasl,
    /// A line of the AUTHENTICATE exchange, or a command if the client gave up.
    Sasl,
}

impl Session {
    /// Takes one frame of the client, if its meaning is known.
    pub(super) fn step_client(&mut self) -> bool {
        if self.halves.of_mut(Side::Client).opaque {
            return self.step_opaque(Side::Client);
        }
        if self.halves.of(Side::Client).is_at_rest() {
            return false;
        }
        self.halves.of_mut(Side::Client).wire.prime();
        if self.inflating_ended(Side::Client) {
            return true;
        }
        match self.client {
            Client::Sasl => self.step_sasl(),
            Client::AwaitLiteral | Client::AwaitAnswer | Client::AwaitSasl => false,
            Client::Commands => match self.halves.of_mut(Side::Client).line.reading {
                Reading::Line => self.step_commands(),
                reading => self.step_literal(Side::Client, reading),
            },
        }
    }

    /// Whether the client's half is left unread for the server's sake.
    pub(super) fn client_waits(&self) -> bool {
        if self.halves.of(Side::Client).opaque {
            return false;
        }
        match self.client {
            Client::Commands => self.queue_is_full() && self.halves.of(Side::Client).wire.has_unread(),
            Client::AwaitLiteral | Client::AwaitAnswer | Client::AwaitSasl => true,
            // Nothing of the exchange is to come of the client, but the verdict may.
            Client::Sasl => self.halves.of(Side::Client).wire.is_finished(),
        }
    }

    /// Goes on without the answer; false if the client's next bytes, which must serve instead, are not there.
    pub(super) fn client_gives_up(&mut self, tell: bool) -> bool {
        let ahead = self.command_ahead();
        if self.client != Client::Commands && ahead.is_none() {
            return false;
        }
        if tell && self.sync.patient {
            self.anomaly_here(Side::Client, Anomaly::VerdictMissing);
        }
        match self.client {
            Client::Commands => {
                if let Some(oldest) = self.queue.pop() {
                    self.unanswered(&oldest);
                }
            }
            Client::AwaitLiteral if ahead == Some(true) => self.refuse_literal(),
            Client::AwaitLiteral => self.go_on(),
            Client::AwaitSasl => self.client = Client::Sasl,
            Client::AwaitAnswer => {
                if let Some(last) = self.queue.last().cloned() {
                    self.unanswered(&last);
                }
                self.client = Client::Commands;
            }
            Client::Sasl => {
                self.end_login(Outcome::Unknown);
                self.client = Client::Commands;
            }
        }
        true
    }

    fn queue_is_full(&self) -> bool {
        self.queue.is_full(self.config.max_pending, self.config.max_held)
    }

    /// Whether the client's next line is a command; `None` while too little of it is there.
    pub(super) fn command_ahead(&mut self) -> Option<bool> {
        /// A tag, `UID` and a verb.
        const ENOUGH: usize = 80;
        let last = self.queue.last().map(|pending| pending.tag.clone()).unwrap_or_default();
        let wire = &self.halves.of_mut(Side::Client).wire;
        let mut ahead: Vec<u8> = wire.peek().take(ENOUGH).collect();
        let end = ahead.iter().position(|byte| *byte == b'\n');
        if end.is_none() && ahead.len() < ENOUGH && !wire.peek_is_all() {
            return None;
        }
        ahead.truncate(end.unwrap_or(ahead.len()));
        let tag = ahead.split(|byte| *byte == b' ').next().unwrap_or_default();
        Some(Verb::of(&ahead) != Verb::Unknown && alike(tag, &last))
    }

    fn step_commands(&mut self) -> bool {
        if self.halves.of_mut(Side::Client).line.is_empty() {
            if self.queue_is_full() {
                return self.half_ended(Side::Client);
            }
            if let Some(stepped) = self.step_opening(Side::Client) {
                return stepped;
            }
            if let Some(stepped) = self.step_tls(Side::Client) {
                return stepped;
            }
        }
        let Some(frame) = self.halves.of_mut(Side::Client).wire.next(Mode::Line) else {
            return self.half_ended(Side::Client);
        };
        let (at, span) = (frame.at, frame.span);
        match frame.kind {
            FrameKind::Line(line) => self.client_line(line, at, span),
            FrameKind::Truncated(bytes) => {
                let end = span.end;
                if let Some(found) = self.long_line(Side::Client, bytes, at, span) {
                    self.client_piece(Bytes::new(), found, at, end..end);
                }
            }
            FrameKind::Gap(len) => self.line_gap(Side::Client, len, at, span),
            _ => {}
        }
        true
    }

    fn client_line(&mut self, line: Line, at: Timestamp, span: Range<u64>) {
        if self.halves.of_mut(Side::Client).lost.is_some()
            && self.line_is_lost(Side::Client, &line.text, line.end, at, &span)
        {
            return;
        }
        match line.end {
            LineEnd::Lf => self.bare_lf(Side::Client, at, &span),
            LineEnd::Cut => return self.cut_line(Side::Client, &line.text, at, span),
            LineEnd::Missing
                if self.halves.of_mut(Side::Client).line.is_empty()
                    && command::parse(&line.text).is_err() =>
            {
                return self.emit(Side::Client, at, span, EventKind::Truncated(line.text));
            }
            _ => {}
        }
        self.upgrade.plaintext(Side::Client);
        let found = announced(&line.text);
        self.client_piece(line.text, found, at, span);
    }

    /// One piece of a command: up to a literal, or to its end.
    fn client_piece(&mut self, text: Bytes, found: Option<Announced>, at: Timestamp, span: Range<u64>) {
        let Some(found) = found else { return self.client_last(text, at, span) };
        let max_held = self.config.max_held;
        let half = self.halves.of_mut(Side::Client);
        half.line.start.get_or_insert(span.start);
        let first = half.line.text.is_empty();
        half.line.add(text.get(..found.start).unwrap_or(&text), max_held);
        half.line.announced = Some(found);
        if first {
            let text = half.line.text.clone().freeze();
            let head = Head::read(&mut Scan::new(&text));
            self.ask(head.tag, head.verb, at, &span);
        }
        if !found.non_sync {
            self.client = Client::AwaitLiteral;
            return;
        }
        if let Some(last) = self.queue.last_mut() {
            last.unasked = last.unasked.max(found.size);
        }
        self.go_on();
    }

    /// Registers a command, whose answer may come before its end.
    fn ask(&mut self, tag: &[u8], verb: Verb, at: Timestamp, span: &Range<u64>) {
        if verb == Verb::Done {
            return self.queue.done();
        }
        if !self.queue.push(Pending::new(tag, verb)) {
            self.anomaly(Side::Client, at, span, Anomaly::TagReuse);
        }
        // Who waits for an answer has heard it before the next command.
        self.passed(self.queue.before_last());
    }

    /// The literal that was announced begins.
    pub(super) fn go_on(&mut self) {
        self.client = Client::Commands;
        let at = self.halves.now();
        let Some(found) = self.halves.of_mut(Side::Client).line.announced.take() else { return };
        let taken = self.content_of_append(found.size);
        self.begin_literal(Side::Client, found, taken, at);
    }

    /// The server does not take the literal that was announced: the command is over.
    pub(super) fn refuse_literal(&mut self) {
        self.client = Client::Commands;
        let at = self.halves.now();
        let here = self.halves.of_mut(Side::Client).wire.position();
        let half = self.halves.of_mut(Side::Client);
        let Some(found) = half.line.announced.take() else { return };
        let start = half.line.start.take().unwrap_or(here);
        announce(&mut half.line.text, found.size, "\n");
        let text = half.line.text.split().freeze();
        if let About::Append(appending) = &half.line.about
            && appending.begun
        {
            self.end_message(Side::Client, at, start, false);
        }
        self.halves.of_mut(Side::Client).line.reset();
        let command = command::parse(&text).unwrap_or_else(|_| Command::unparsed(&text));
        self.emit(Side::Client, at, start..here, EventKind::Command(Box::new(command)));
        self.anomaly(Side::Client, at, &(start..here), Anomaly::LiteralRefused { size: found.size });
        if let Some(last) = self.queue.last_mut() {
            last.whole = true;
        }
    }

    /// The last piece of a command.
    fn client_last(&mut self, text: Bytes, at: Timestamp, span: Range<u64>) {
        let max_held = self.config.max_held;
        let line = &mut self.halves.of_mut(Side::Client).line;
        let start = line.start.unwrap_or(span.start);
        let span = start..span.end;
        let first = line.text.is_empty() && !line.dropped;
        let mut text = text;
        if !first {
            line.add(&text, max_held);
            let tail = line.tail;
            text = line.text.split().freeze();
            if let About::Append(appending) = core::mem::take(&mut line.about) {
                let piece = text.slice(tail.min(text.len())..);
                self.append_ended(appending, &piece, at, start);
            }
        }
        self.halves.of_mut(Side::Client).line.reset();
        let parsed = command::parse(&text);
        let bad = parsed.is_err() && !Verb::is_experimental(&text);
        let command = parsed.unwrap_or_else(|_| Command::unparsed(&text));
        if first {
            self.ask(&command.tag, command.verb, at, &span);
        }
        let verb = command.verb;
        if let Some(last) = self.queue.last_mut()
            && verb != Verb::Done
        {
            last.read(&command);
        }
        self.understood(&command, &text, at, &span);
        let odd = mailboxes(&command).any(|name| name.decoded().is_none());
        self.emit(Side::Client, at, span.clone(), EventKind::Command(Box::new(command)));
        if bad {
            self.anomaly(Side::Client, at, &span, Anomaly::BadCommand);
        }
        if odd {
            self.anomaly(Side::Client, at, &span, Anomaly::Mutf7Bad);
        }
        if matches!(verb, Verb::StartTls | Verb::Compress)
            && self.halves.of_mut(Side::Client).wire.is_compressed()
        {
            self.anomaly(Side::Client, at, &span, Anomaly::CompressTwice);
        }
    }

    /// Draws the conclusions from a command.
    fn understood(&mut self, command: &Command, text: &Bytes, at: Timestamp, span: &Range<u64>) {
        match (command.verb, &command.arguments) {
            (Verb::Login, Arguments::Login { username, password }) => {
                let [has_username, has_password] = command::login_is_there(text);
                let (username, password) =
                    (Some(username).filter(|_| has_username), Some(password).filter(|_| has_password));
                self.login(username, password, at, span);
                self.client = Client::AwaitAnswer;
            }
            (Verb::Authenticate, Arguments::Authenticate { mechanism, initial_response }) => {
                self.authenticate(mechanism, initial_response.as_ref(), at, span);
                self.client = Client::AwaitSasl;
            }
            (Verb::StartTls | Verb::Compress, _) => self.client = Client::AwaitAnswer,
            _ => {}
        }
    }

    /// The answer to a command will not come.
    fn unanswered(&mut self, pending: &Pending) {
        if !pending.is_passed() {
            self.answered(pending, None);
        }
    }
}

/// The mailboxes that a command names.
fn mailboxes(command: &Command) -> impl Iterator<Item = &crate::MailboxName> {
    let named = match &command.arguments {
        Arguments::Mailbox { name, .. } | Arguments::Transfer { mailbox: name, .. } => [Some(name), None],
        Arguments::Rename { from, to } => [Some(from), Some(to)],
        Arguments::Append(append) => [Some(&append.mailbox), None],
        _ => [None, None],
    };
    named.into_iter().flatten()
}
