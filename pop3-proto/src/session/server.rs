//! The server's half: replies, the lists and messages that follow them, and what they decide.

use super::pairing::{Expect, Pending};
use super::{Session, Side};
use crate::event::{EventKind, MessageRef};
use crate::reply::{self, ListItem, Reply, Status};
use crate::{Anomaly, Verb};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, LineEnd, Mode};

/// What the server's next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// A reply.
    Replies,
    /// What follows a reply of which that is not known: the next line tells.
    Guess(Follows),
    /// A line of a list; `certain`: only a dot ends it.
    List { verb: Verb, certain: bool },
    /// The inside of a message.
    Body { bare_lf: bool },
    /// The inside of anything: the capture begins here, or behind a gap. `list`: before it stood a list.
    Landed { list: Option<Verb>, bare_lf: bool },
    /// No plaintext.
    Opaque,
}

/// What may follow a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Follows {
    /// The command, as far as it is known.
    expect: Option<Expect>,
    octets: Option<u64>,
    bare_lf: bool,
}

/// What a reply says beside its text, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard<'a> {
    pub(super) status: Status,
    /// The size that it names, where a message may follow.
    octets: Option<u64>,
    at: Timestamp,
    span: &'a Range<u64>,
    /// Its line ended with LF alone, and so do those that follow.
    bare_lf: bool,
    /// Which command it answers is a guess.
    shaky: bool,
}

/// What the server's next line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Reply,
    /// A header field of a message.
    Header,
    /// A line of such a list, or the end of one.
    Item(Verb),
    Other,
}

impl Session {
    /// Takes one frame of the server, if it is known what it is.
    pub(super) fn step_server(&mut self) -> bool {
        // Only a mark can stand where no bytes are.
        if !self.halves.has_more(Side::Server) && !self.is_opaque(Side::Server) {
            return false;
        }
        match self.server {
            Server::Replies => self.step_replies(),
            Server::Guess(follows) => self.step_guess(follows),
            Server::List { verb, certain } => self.step_list(verb, certain),
            Server::Body { bare_lf } => self.step_body(Side::Server, bare_lf),
            Server::Landed { list, bare_lf } => self.step_landed(list, bare_lf),
            Server::Opaque => self.step_opaque(Side::Server),
        }
    }

    /// Whether the server's half is left unread for the client's sake.
    pub(super) fn server_waits(&self) -> bool {
        self.server == Server::Replies && self.server_must_wait() && self.halves.of(Side::Server).has_unread()
    }

    /// A reply is read only when the command that it answers is known.
    fn server_must_wait(&self) -> bool {
        let expected = !self.greeted || !self.queue.is_empty();
        !expected && !self.sync.shaky && !self.sync.free
    }

    /// Whether the client cannot be heard.
    pub(super) fn is_alone(&self) -> bool {
        let client = self.halves.of(Side::Client);
        client.position() == 0 && client.is_finished()
    }

    fn step_replies(&mut self) -> bool {
        if self.halves.of(Side::Server).at_gap() {
            return self.lands(None);
        }
        if let Some(early) = self.early {
            return self.step_early(early);
        }
        match self.halves.tls_ahead(Side::Server) {
            None => return false,
            Some(true) => {
                self.start_tls(Side::Server);
                return true;
            }
            Some(false) => {}
        }
        if self.server_must_wait() {
            return false;
        }
        let frame = self.halves.of_mut(Side::Server).next(Mode::Line);
        match frame.as_ref().map(|frame| &frame.kind) {
            None => return false,
            Some(FrameKind::Line(_)) => self.reply_line(frame),
            Some(_) => self.leftover(Side::Server, frame),
        }
        true
    }

    /// Takes the gap that is next: what stands behind it is not known.
    fn lands(&mut self, list: Option<Verb>) -> bool {
        let [_, bare_lf] = self.bare_lf_told;
        // As a body, whose first dot behind the gap is believed only if it is the end.
        let frame = self.halves.of_mut(Side::Server).next(Mode::Body { bare_lf });
        if frame.is_none() {
            return false;
        }
        self.queue.doubt();
        self.early = None;
        self.leftover(Side::Server, frame);
        self.server = Server::Landed { list, bare_lf };
        true
    }

    /// What the next line looks like, or the one behind it; `None` while too little of it is there.
    fn looks(&self, behind: bool) -> Option<Looks> {
        /// A line of more is no item and no header field.
        const ENOUGH: usize = 512;
        let framer = self.halves.of(Side::Server);
        let mut ended = false;
        let take = |byte: &u8| !core::mem::replace(&mut ended, *byte == b'\n');
        let mut bytes = framer.peek();
        if behind {
            // The line in front of it, as far as that is not endless.
            let _ = bytes.by_ref().take(ENOUGH).find(|byte| *byte == b'\n');
        }
        let ahead: Vec<u8> = bytes.take(ENOUGH).take_while(take).collect();
        let whole = framer.peek_is_all();
        let begin = ahead.get(..Status::AHEAD).unwrap_or(&ahead);
        match Status::ahead_in_list(begin, whole) {
            Some(true) => return Some(Looks::Reply),
            None if !ahead.is_empty() || !whole => return None,
            _ => {}
        }
        // RFC 5322 section 2.2: a field name, then a colon.
        let colon = ahead.iter().position(|byte| *byte == b':');
        let name = ahead.get(..colon.unwrap_or(0)).unwrap_or_default();
        if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) {
            return Some(Looks::Header);
        }
        if ahead.last() != Some(&b'\n') && ahead.len() < ENOUGH && !whole {
            return None;
        }
        let line = Bytes::from(ahead.trim_ascii_end().to_vec());
        let listed = [Verb::List, Verb::Uidl].into_iter().find(|verb| ListItem::parse(*verb, &line).is_ok());
        Some(match listed {
            Some(verb) => Looks::Item(verb),
            None if is_capability(&line) => Looks::Item(Verb::Capa),
            None if line == "." => Looks::Item(Verb::Unknown),
            // The first line of a mailbox file, which careless servers leave in front of the header.
            None if line.starts_with(b"From ") => Looks::Header,
            None => Looks::Other,
        })
    }

    fn step_guess(&mut self, follows: Follows) -> bool {
        let Follows { expect, octets, bare_lf } = follows;
        let framer = self.halves.of(Side::Server);
        let ends =
            framer.at_gap() || framer.is_finished() || self.halves.tls_ahead(Side::Server) == Some(true);
        let looks = if ends { Some(Looks::Reply) } else { self.looks(false) };
        let Some(looks) = looks else { return false };
        self.server = match (looks, expect) {
            (Looks::Reply, _) => Server::Replies,
            (Looks::Header | Looks::Other, Some(Expect::Message { .. }))
            | (Looks::Header, None | Some(Expect::Other { .. } | Expect::List { .. })) => {
                self.begin_message(Side::Server, reference(expect, octets));
                Server::Body { bare_lf }
            }
            (_, Some(Expect::List { verb, certain })) => {
                if verb == Verb::Unknown {
                    self.anomaly_here(Side::Server, Anomaly::UnknownMultiline);
                }
                Server::List { verb, certain }
            }
            (Looks::Item(verb), _) => Server::List { verb, certain: false },
            (Looks::Other, None) => Server::List { verb: Verb::Unknown, certain: false },
            // A reply of one line, and something else behind it.
            _ => Server::Replies,
        };
        true
    }

    fn step_list(&mut self, verb: Verb, certain: bool) -> bool {
        let framer = self.halves.of(Side::Server);
        if framer.at_gap() {
            return self.lands(Some(verb));
        }
        let mut room = [0; Status::AHEAD];
        let ahead = framer.peek_into(&mut room);
        match Status::ahead_in_list(ahead, framer.peek_is_all()) {
            None => return false,
            Some(true) => {
                // No item of a list begins so.
                if certain {
                    self.anomaly_here(Side::Server, Anomaly::ListUnterminated);
                }
                self.server = Server::Replies;
                return true;
            }
            Some(false) => {}
        }
        let frame = self.halves.of_mut(Side::Server).next(Mode::Line);
        let Some(Frame { at, span, kind: FrameKind::Line(line), .. }) = frame else {
            if frame.is_some() {
                self.leftover(Side::Server, frame);
                return true;
            }
            let ended = self.halves.of(Side::Server).is_finished();
            if ended {
                self.server = Server::Replies;
            }
            return ended;
        };
        self.line_end(line.end, at, &span);
        if line.end == LineEnd::Missing {
            self.emit(Side::Server, at, span, EventKind::Truncated(line.text));
        } else if line.text == "." {
            self.emit(Side::Server, at, span, EventKind::ListEnd);
            self.server = Server::Replies;
        } else {
            self.item(verb, &line.text, at, span);
        }
        true
    }

    fn item(&mut self, verb: Verb, line: &Bytes, at: Timestamp, span: Range<u64>) {
        // RFC 1939 section 3: a dot in front of a line is doubled.
        let line = if line.first() == Some(&b'.') { line.slice(1..) } else { line.clone() };
        let item = ListItem::parse(verb, &line).unwrap_or_else(|_| {
            self.anomaly(Side::Server, at, &span, Anomaly::BadNumber);
            ListItem::Text(line)
        });
        if let ListItem::Capability(capability) = &item {
            self.offers(capability, at, &span);
        }
        self.emit(Side::Server, at, span, EventKind::ListItem(item));
    }

    /// Behind a gap, or at the beginning of a capture that begins inside the connection.
    fn step_landed(&mut self, list: Option<Verb>, bare_lf: bool) -> bool {
        let framer = self.halves.of(Side::Server);
        if framer.at_gap() {
            return self.lands(list);
        }
        if framer.is_finished() || self.halves.tls_ahead(Side::Server) == Some(true) {
            self.server = Server::Replies;
            return true;
        }
        let Some(looks) = self.looks(false) else { return false };
        if looks == Looks::Reply {
            self.server = Server::Replies;
            return true;
        }
        let unheard = self.queue.is_empty() && (self.is_alone() || self.sync.shaky);
        let in_list = |expect| matches!(expect, Expect::List { .. });
        let in_message = |expect| matches!(expect, Expect::Message { .. });
        if let Looks::Item(verb) = looks
            && let Some(skipped) = self.queue.find_inside(in_list)
        {
            let verb = self.pass_over(skipped).map_or(verb, Expect::verb);
            self.server = Server::List { verb, certain: false };
        } else if let Some(skipped) = self.queue.find_inside(in_message) {
            let expect = self.pass_over(skipped);
            self.begin_inside_message(reference(expect, None), bare_lf);
        } else {
            match (list, looks) {
                (Some(verb), Looks::Item(_)) => self.server = Server::List { verb, certain: false },
                (None, Looks::Item(verb)) if unheard => self.server = Server::List { verb, certain: false },
                (None, _) if unheard => match self.looks(true) {
                    None => return false,
                    // The rear part of a line in a list.
                    Some(Looks::Item(verb)) if verb != Verb::Unknown => return self.pass_line(),
                    Some(_) => self.begin_inside_message(MessageRef::default(), bare_lf),
                },
                // The rear part of a line, or of a reply that nobody asked for.
                _ => return self.pass_line(),
            }
        }
        true
    }

    fn pass_line(&mut self) -> bool {
        let frame = self.halves.of_mut(Side::Server).next(Mode::Line);
        let taken = frame.is_some();
        self.leftover(Side::Server, frame);
        taken
    }

    /// Takes the command whose answer has lost its beginning, and those before it.
    fn pass_over(&mut self, skipped: usize) -> Option<Expect> {
        for _ in 0..skipped {
            if let Some(pending) = self.queue.pop() {
                self.resolve(pending, None);
            }
        }
        let pending = self.queue.pop()?;
        self.resolve(pending, None);
        Some(pending.expect)
    }

    fn line_end(&mut self, end: LineEnd, at: Timestamp, span: &Range<u64>) {
        match end {
            LineEnd::Lf => self.bare_lf(Side::Server, at, span),
            LineEnd::Cut => {
                self.anomaly(Side::Server, at, span, Anomaly::LineTooLong { limit: self.config.max_line });
            }
            _ => {}
        }
    }

    fn reply_line(&mut self, frame: Option<Frame>) {
        let Some(Frame { at, span, kind: FrameKind::Line(line), .. }) = frame else { return };
        let Ok((status, text)) = reply::status(&line.text) else {
            self.anomaly(Side::Server, at, &span, Anomaly::BadReply);
            self.emit(Side::Server, at, span, EventKind::Truncated(line.text));
            return;
        };
        let reply = Box::new(Reply::new(status, line.text, text));
        self.line_end(line.end, at, &span);
        self.upgrade.plaintext(Side::Server);
        let bare_lf = line.end == LineEnd::Lf;
        self.sync.free = false;
        if !self.greeted {
            self.greeted = true;
            // Mid-stream the first reply is a greeting only if it can be nothing else.
            let timestamp = reply.timestamp();
            if !self.config.mid_stream || (timestamp.is_some() && self.queue.is_empty()) {
                self.logins.timestamp = timestamp.map(|timestamp| Bytes::copy_from_slice(&timestamp));
                self.emit(Side::Server, at, span, EventKind::Greeting(reply));
                return;
            }
        }
        let Some(skipped) = self.queue.find(reply.status) else {
            return self.unmatched(reply, at, span, bare_lf);
        };
        if skipped > 0 {
            self.anomaly(Side::Server, at, &span, Anomaly::ReplyMissing { commands: skipped as u64 });
        }
        for _ in 0..skipped {
            if let Some(pending) = self.queue.pop() {
                self.resolve(pending, None);
            }
        }
        let Some(pending) = self.queue.pop() else { return };
        let shaky = core::mem::take(&mut self.sync.shaky) || pending.doubtful || skipped > 0;
        self.sync.patient = true;
        self.read(&reply, pending.expect);
        let octets = (shaky || pending.expect.may_bring_message()).then(|| reply.octets()).flatten();
        let kind =
            EventKind::Reply { reply, answers: Some(pending.expect.verb()), number: pending.expect.number() };
        self.emit(Side::Server, at, span.clone(), kind);
        self.resolve(pending, Some(Heard { status, octets, at, span: &span, bare_lf, shaky }));
    }

    /// A reply that answers no command that was seen.
    fn unmatched(&mut self, reply: Box<Reply>, at: Timestamp, span: Range<u64>, bare_lf: bool) {
        // A server that grows tired of a client says so unasked.
        let farewell = reply.status == Status::Err;
        if !farewell && !self.is_alone() && !self.sync.shaky {
            self.anomaly(Side::Server, at, &span, Anomaly::ReplyUnmatched);
        }
        let octets = reply.octets();
        if reply.status == Status::Ok {
            self.server = Server::Guess(Follows { expect: None, octets, bare_lf });
        }
        let kind = EventKind::Reply { reply, answers: None, number: None };
        self.emit(Side::Server, at, span, kind);
    }

    /// Takes from an answer what is needed of its text.
    fn read(&mut self, reply: &Reply, expect: Expect) {
        match expect {
            Expect::Sasl if reply.status == Status::Continue => self.challenged(&reply.text),
            Expect::Verdict => {
                if let Some(message) = &mut self.upload {
                    message.judged(reply);
                }
            }
            _ => {}
        }
    }

    /// Draws the conclusions from an answer, or from its absence.
    ///
    /// What is odd about the command is told with the answer as its evidence: the client's half may have gone on.
    pub(super) fn resolve(&mut self, pending: Pending, heard: Option<Heard<'_>>) {
        let status = heard.map(|heard| heard.status);
        match pending.expect {
            Expect::User => self.user_answered(status),
            Expect::Login(_) => self.login_answered(status),
            Expect::Sasl => self.sasl_answered(status),
            Expect::Stls => self.stls_answered(heard),
            Expect::Xmit => {
                if let Some(heard) = heard.filter(|heard| heard.status.is_positive()) {
                    self.told_by(heard, Anomaly::XtndXmit);
                }
                self.xmit_answered(status.map(Status::is_positive));
            }
            Expect::Verdict => {
                self.go_on();
                self.end_message(Side::Client);
            }
            expect => {
                if let Some(heard) = heard.filter(|heard| heard.status == Status::Ok) {
                    self.follow(expect, heard);
                }
            }
        }
    }

    /// What follows a positive answer.
    fn follow(&mut self, expect: Expect, heard: Heard<'_>) {
        let Heard { octets, bare_lf, shaky, .. } = heard;
        match expect {
            Expect::Message { .. } if !shaky => {
                self.begin_message(Side::Server, reference(Some(expect), octets));
                self.server = Server::Body { bare_lf };
            }
            Expect::List { verb, certain: true } if !shaky => {
                if verb == Verb::Capa {
                    self.upgrade.offer(false);
                }
                self.server = Server::List { verb, certain: true };
            }
            Expect::Other { .. } if !shaky => {}
            expect => self.server = Server::Guess(Follows { expect: Some(expect), octets, bare_lf }),
        }
    }

    pub(super) fn told_by(&mut self, heard: Heard<'_>, anomaly: Anomaly) {
        self.anomaly(Side::Server, heard.at, heard.span, anomaly);
    }
}

/// Which message it is, as far as command and reply are known.
fn reference(expect: Option<Expect>, octets: Option<u64>) -> MessageRef {
    match expect {
        Some(Expect::Message { operation, number, lines }) => {
            MessageRef { operation, number, lines, octets, resumes: false }
        }
        _ => MessageRef { octets, ..MessageRef::default() },
    }
}

/// Whether the line begins as one of the capabilities that servers list (RFC 2449 section 6, 2595, 5034, 6856).
fn is_capability(line: &[u8]) -> bool {
    const KNOWN: [&str; 14] = [
        "TOP",
        "USER",
        "SASL",
        "RESP-CODES",
        "LOGIN-DELAY",
        "PIPELINING",
        "EXPIRE",
        "UIDL",
        "IMPLEMENTATION",
        "STLS",
        "AUTH-RESP-CODE",
        "UTF8",
        "LANG",
        "CAPA",
    ];
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    KNOWN.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}
