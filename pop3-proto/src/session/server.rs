//! The server's half: replies, the lists and messages that follow them, and what they decide.

use super::pace::may_be_early;
use super::pairing::{Choice, Expect, Pending, Rivals, reference};
use super::{Session, Side};
use crate::event::EventKind;
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
    pub(super) expect: Option<Expect>,
    pub(super) octets: Option<u64>,
    pub(super) bare_lf: bool,
    /// Nothing speaks against that command.
    pub(super) sure: bool,
    pub(super) rivals: Rivals,
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
    /// How far the command is known that it answers; `None`: for sure.
    doubt: Option<Doubt>,
}

/// Bytes are missing somewhere: what follows a reply is looked at before it is believed.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    sure: bool,
    rivals: Rivals,
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
        self.pass_answered(at);
        let choice = match self.sync.lossy {
            false => {
                let found = self.queue.find(reply.status);
                found.map(|skipped| Choice { skipped, rivals: Rivals::None })
            }
            true => self.choose(&reply),
        };
        let Some(Choice { skipped, rivals }) = choice else {
            return self.unmatched(reply, at, span, bare_lf);
        };
        if skipped > 0 {
            self.skip(skipped, at, &span);
        }
        if self.queue.is_lost() {
            return self.unmatched(reply, at, span, bare_lf);
        }
        let Some(pending) = self.queue.pop() else { return };
        let shaky = core::mem::take(&mut self.sync.shaky) || pending.doubtful || skipped > 0;
        match self.queue.next() {
            _ if shaky => self.sync.pace.interrupted(),
            Some((_, None)) => self.sync.pace.interrupted(),
            next => {
                let behind = next.and_then(|(expect, asked)| Some((asked?, may_be_early(expect))));
                self.sync.pace.answered(at, may_be_early(pending.expect), behind);
            }
        }
        let doubt = (shaky || self.sync.lossy).then_some(Doubt { sure: !shaky, rivals });
        self.sync.patient = true;
        self.read(&reply, pending.expect);
        let octets =
            (doubt.is_some() || pending.expect.may_bring_message()).then(|| reply.octets()).flatten();
        let number = pending.expect.number().filter(|_| rivals == Rivals::None);
        let kind = EventKind::Reply { reply, answers: Some(pending.expect.verb()), number };
        self.emit(Side::Server, at, span.clone(), kind);
        let expect = pending.expect;
        self.resolve(pending, Some(Heard { status, octets, at, span: &span, bare_lf, doubt }));
        // What nothing should follow is looked at as well.
        if let Some(Doubt { sure, rivals }) = doubt
            && status == Status::Ok
            && matches!(expect, Expect::User | Expect::Login(_) | Expect::Sasl)
        {
            self.server = Server::Guess(Follows { expect: Some(expect), octets, bare_lf, sure, rivals });
        }
    }

    /// Passes over commands whose replies were not heard.
    fn skip(&mut self, commands: usize, at: Timestamp, span: &Range<u64>) {
        let passed: Vec<Pending> = (0..commands).filter_map(|_| self.queue.pop()).collect();
        let missing = passed.iter().filter(|pending| !matches!(pending.expect, Expect::Lost { .. })).count();
        if missing > 0 {
            self.anomaly(Side::Server, at, span, Anomaly::ReplyMissing { commands: missing as u64 });
        }
        for pending in passed {
            self.resolve(pending, None);
        }
    }

    /// A reply that answers no command that was seen.
    fn unmatched(&mut self, reply: Box<Reply>, at: Timestamp, span: Range<u64>, bare_lf: bool) {
        // A server that grows tired of a client says so unasked.
        let farewell = reply.status == Status::Err;
        let lost = self.queue.is_lost();
        if !farewell && !self.is_alone() && !self.sync.shaky && !lost {
            self.anomaly(Side::Server, at, &span, Anomaly::ReplyUnmatched);
        }
        if lost {
            self.queue.pop_one();
        }
        let octets = reply.octets();
        if reply.status == Status::Ok {
            let follows = Follows { expect: None, octets, bare_lf, sure: false, rivals: Rivals::None };
            self.server = Server::Guess(follows);
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
        let Heard { octets, bare_lf, doubt, .. } = heard;
        match expect {
            Expect::Message { .. } if doubt.is_none() => {
                self.begin_message(Side::Server, reference(Some(expect), octets, Rivals::None));
                self.server = Server::Body { bare_lf };
            }
            Expect::List { verb, certain: true } if doubt.is_none() => {
                if verb == Verb::Capa {
                    self.upgrade.offer(false);
                }
                self.server = Server::List { verb, certain: true };
            }
            Expect::Other { .. } if doubt.is_none() => {}
            expect => {
                let Doubt { sure, rivals } = doubt.unwrap_or(Doubt { sure: false, rivals: Rivals::None });
                self.server = Server::Guess(Follows { expect: Some(expect), octets, bare_lf, sure, rivals });
            }
        }
    }

    pub(super) fn told_by(&mut self, heard: Heard<'_>, anomaly: Anomaly) {
        self.anomaly(Side::Server, heard.at, heard.span, anomaly);
    }
}
