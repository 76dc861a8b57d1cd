//! The server's half: replies, and what they decide.

use super::client::Content;
use super::kept::Kept;
use super::pairing::{Expect, Pending};
use super::preface::Before;
use super::{Client, Session, Side, Suspicion};
use crate::event::{EventKind, Operation};
use crate::reply::ReplyLine;
use crate::{Anomaly, Reply, Verb};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{FrameKind, Line, LineEnd, Mode};

/// A reply whose last line has not come.
#[derive(Clone, Debug)]
pub(super) struct PartialReply {
    reply: Reply,
    span: Range<u64>,
    memory: usize,
    too_long: bool,
}

/// A reply and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard<'a> {
    pub(super) reply: &'a Reply,
    at: Timestamp,
    span: &'a Range<u64>,
}

impl PartialReply {
    pub(super) const fn memory(&self) -> usize {
        self.memory
    }
}

impl Session {
    /// Takes one frame of the server, if it is known what it answers.
    pub(super) fn step_server(&mut self) -> bool {
        if self.server_opaque {
            return self.step_opaque(Side::Server);
        }
        if self.gap_is_open(Side::Server) {
            return false;
        }
        if self.partial_reply.is_none() {
            match self.step_tunnel_answer() {
                Before::None => {}
                Before::Incomplete => return false,
                Before::Taken => return true,
            }
            match self.step_sealed(Side::Server) {
                None => return false,
                Some(true) => return true,
                Some(false) => {}
            }
            match self.halves.tls_ahead(Side::Server) {
                None => return false,
                Some(true) => {
                    self.start_tls(Side::Server);
                    return true;
                }
                Some(false) => {}
            }
            if self.server_must_wait() && !self.halves.of(Side::Server).at_gap() {
                return false;
            }
        }
        let Some(frame) = self.halves.of_mut(Side::Server).next(Mode::Line) else {
            let ended = self.halves.of(Side::Server).is_finished() && self.partial_reply.is_some();
            if ended {
                self.cut_reply();
            }
            return ended;
        };
        match frame.kind {
            FrameKind::Line(line) => self.reply_line(line, frame.at, frame.span),
            FrameKind::Gap(_) => {
                self.cut_reply();
                self.leftover(Side::Server, frame);
                self.reply_gap();
            }
            _ => {
                self.cut_reply();
                self.leftover(Side::Server, frame);
            }
        }
        true
    }

    /// Whether the server's half is left unread for the client's sake.
    pub(super) fn server_waits(&self) -> bool {
        !self.server_opaque
            && self.partial_reply.is_none()
            && self.server_must_wait()
            && self.halves.of(Side::Server).has_unread()
    }

    /// A reply is read only when the command that it answers is known.
    fn server_must_wait(&self) -> bool {
        if self.is_uncounted() && self.server_runs_ahead() {
            return !self.sync.free;
        }
        let expected = !self.greeted || !self.queue.is_empty();
        let gapped = self.message.as_ref().is_some_and(|message| message.gapped);
        let early = !expected || self.comes_early();
        let doubtful = gapped || self.sync.shaky;
        early && (!doubtful || self.server_runs_ahead()) && !self.sync.free
    }

    /// The code of the next reply, if it is there.
    pub(super) fn code_ahead(&self) -> Option<u16> {
        let mut ahead = self.halves.of(Side::Server).peek();
        let mut digit = || ahead.next().filter(u8::is_ascii_digit).map(|digit| u16::from(digit - b'0'));
        Some(digit()? * 100 + digit()? * 10 + digit()?)
    }

    /// Whether the next reply asks for more, and the command that it answers has not been read: 354 and 334 have but
    /// one meaning each.
    fn comes_early(&self) -> bool {
        let Some(code @ (334 | 354)) = self.code_ahead() else { return false };
        self.greeted && !self.queue.asks_for(code)
    }

    fn reply_line(&mut self, mut line: Line, at: Timestamp, span: Range<u64>) {
        let Ok(parsed) = ReplyLine::take(&mut line.text) else {
            self.cut_reply();
            if !line.after_gap {
                self.anomaly(Side::Server, at, &span, Anomaly::BadReply);
            }
            self.emit(Side::Server, at, span, EventKind::Truncated(line.text));
            return;
        };
        match line.end {
            LineEnd::Lf => self.bare_lf(Side::Server, at, &span),
            LineEnd::Cut => {
                self.anomaly(Side::Server, at, &span, Anomaly::LineTooLong { limit: self.config.max_line });
            }
            _ => {}
        }
        self.upgrade.plaintext(Side::Server);
        let last = parsed.last;
        match &mut self.partial_reply {
            None if last => return self.reply(Reply::new(parsed), at, span),
            None => self.partial_reply = Some(PartialReply::new(&parsed, span)),
            Some(partial) => {
                if parsed.code != partial.reply.code {
                    self.anomaly(Side::Server, at, &span, Anomaly::ReplyCodeChanged);
                }
                self.add_line(&parsed, at, &span);
            }
        }
        if last && let Some(PartialReply { reply, span, .. }) = self.partial_reply.take() {
            self.reply(reply, at, span);
        }
    }

    fn add_line(&mut self, line: &ReplyLine, at: Timestamp, span: &Range<u64>) {
        let limit = self.config.max_line;
        let Some(partial) = &mut self.partial_reply else { return };
        partial.span.end = span.end;
        let line = copied(line);
        let memory = line.text.len() + size_of::<Bytes>();
        if partial.memory + memory <= limit {
            partial.memory += memory;
            partial.reply.push_line(line);
        } else if !core::mem::replace(&mut partial.too_long, true) {
            partial.reply.complete = false;
            self.anomaly(Side::Server, at, span, Anomaly::ReplyTooLong { limit });
        }
    }

    /// A reply lost its last line.
    fn cut_reply(&mut self) {
        if let Some(PartialReply { mut reply, span, .. }) = self.partial_reply.take() {
            reply.complete = false;
            self.reply(reply, self.halves.now(), span);
        }
    }

    fn reply(&mut self, reply: Reply, at: Timestamp, span: Range<u64>) {
        let free = core::mem::take(&mut self.sync.free);
        if !self.greeted {
            self.greeted = true;
            if self.is_greeting(&reply, &span) {
                self.emit(Side::Server, at, span, EventKind::Greeting(Box::new(reply)));
                return;
            }
        }
        self.pass_answered(at, &span);
        // What looks like an end of the message may have been one to the server.
        let loose = self.message.as_ref().is_some_and(|message| message.loose_ends);
        let doubtful = self.suspicion.loose_ends || (self.sync.torn && (self.sync.shaky || !loose));
        if doubtful && self.has_exact_times() && self.queue.is_later_than(at) {
            // A reply that was there before the command: the server answers commands that it found in the message, or
            // that are lost.
            return self.unmatched(reply, at, span, free);
        }
        let time = (self.sync.torn && self.has_exact_times()).then_some(at);
        let by_kind = self.sync.shaky || (self.sync.torn && self.begins_responses(&reply));
        let Some(skipped) = self.queue.find(&reply, !by_kind, time) else {
            // More is missing than was known.
            self.sync.shaky |= time.is_some();
            return self.unmatched(reply, at, span, free);
        };
        if skipped > 0 {
            self.anomaly(Side::Server, at, &span, Anomaly::ReplyMissing { commands: skipped as u64 });
        }
        for _ in 0..skipped {
            if let Some(pending) = self.queue.pop() {
                self.resolve(pending, None);
            }
        }
        self.sync.patient = true;
        self.sync.shaky = false;
        let Some(pending) = self.queue.pop() else { return };
        if by_kind {
            self.sync.pace.interrupted();
        } else {
            let tells = matches!(pending.expect, Expect::Mail(_) | Expect::Rcpt(_));
            self.sync.pace.answered(at, tells, self.queue.next_at().map(|asked| (asked, true)));
        }
        let answers = Some(pending.expect.verb());
        self.emit(
            Side::Server,
            at,
            span.clone(),
            EventKind::Reply { reply: Box::new(reply.clone()), answers },
        );
        self.resolve(pending, Some(Heard { reply: &reply, at, span: &span }));
    }

    /// Whether the first reply is the greeting.
    ///
    /// RFC 5321 section 3.1: 220, or 554 where the server does not want to talk. Mid-stream it is one only if it can be
    /// nothing else; and behind a gap, if it may be the rear part of one.
    fn is_greeting(&self, reply: &Reply, span: &Range<u64>) -> bool {
        let unasked = self.queue.is_empty();
        let first = span.start == 0 || !self.sync.torn;
        match reply.code {
            220 if self.config.mid_stream => unasked,
            220 => first || !self.queue.asks_for(220),
            400.. if !self.config.mid_stream => first || unasked,
            _ => first && !self.config.mid_stream,
        }
    }

    /// A reply that answers no command that was seen.
    fn unmatched(&mut self, reply: Reply, at: Timestamp, span: Range<u64>, free: bool) {
        self.answers_hole(&reply);
        // The end of a message, or DATA itself, may have been in a gap.
        let gapped = self.message.as_ref().is_some_and(|message| message.gapped);
        // RFC 3463: X.1.X is about addresses.
        let verdict = matches!(reply.code, 250..=259 | 400..)
            && reply.enhanced.is_none_or(|enhanced| enhanced.subject != 1);
        let verdict = verdict || self.begins_responses(&reply);
        let ends_message = matches!(self.client, Client::Body { .. }) && gapped && verdict;
        let begins_message =
            matches!(self.client, Client::Commands | Client::AwaitEnvelope(Content::Unasked))
                && self.sync.shaky
                && reply.code == 354
                && self.may_follow(at);
        let late_go_ahead = reply.code == 354 && self.lacks_go_ahead();
        // 421 needs no command (RFC 5321 section 3.8), and a server heard alone has none.
        let alone = free && self.halves.of(Side::Client).position() == 0;
        let smuggled = self.suspect(&reply, at, &span);
        let explained = ends_message || begins_message || late_go_ahead || smuggled;
        if !explained && reply.code != 421 && !alone {
            self.anomaly(Side::Server, at, &span, Anomaly::ReplyUnmatched);
        }
        let answers = explained.then_some(Verb::Data);
        self.emit(
            Side::Server,
            at,
            span.clone(),
            EventKind::Reply { reply: Box::new(reply.clone()), answers },
        );
        if ends_message {
            self.answered_in_gap(Heard { reply: &reply, at, span: &span });
        } else if begins_message && self.message.is_none() {
            self.begin_unasked(Operation::Data);
        }
        if (begins_message || late_go_ahead)
            && let Some(message) = &mut self.message
        {
            message.unasked = false;
        }
    }

    /// A message with loose ends that the server took for several: it answers what the client sent as content. False
    /// if the reply is no such answer.
    fn suspect(&mut self, reply: &Reply, at: Timestamp, span: &Range<u64>) -> bool {
        if !self.suspicion.loose_ends {
            return false;
        }
        match reply.code {
            354 => self.suspicion.data_seen = true,
            250..=259 | 400.. if self.suspicion.data_seen => {
                self.suspicion.data_seen = false;
                self.suspicion.verdicts += 1;
                let verdicts = self.suspicion.verdicts;
                self.anomaly(Side::Server, at, span, Anomaly::Smuggled { verdicts });
            }
            // MAIL and RCPT, before their DATA.
            _ => {}
        }
        true
    }

    /// The answer to TURN or ATRN: from here on the other side is the client (RFC 821 section 3.8, RFC 2645).
    fn turn_answered(&mut self, heard: Option<Heard<'_>>) {
        self.client = Client::Commands;
        if let Some(Heard { reply, at, .. }) = heard
            && matches!(reply.code, 200..=299)
        {
            self.told_by(heard, Anomaly::RoleSwap);
            // Not before all is told of the line that brought it about.
            self.turned = Some(at);
        }
    }

    /// The other side is the client now.
    pub(super) fn turn(&mut self, at: Timestamp) {
        let dir = self.halves.dir(Side::Server);
        self.halves.set_client(dir);
        self.greeted = false;
        self.transaction = super::Transaction::default();
        let (_, here) = self.here(Side::Server);
        self.emit(Side::Server, at, here, EventKind::RolesChanged);
    }

    /// Draws the conclusions from an answer, or from its absence.
    ///
    /// What is odd about the command is told with the answer as its evidence: the client's half may have gone on.
    pub(super) fn resolve(&mut self, pending: Pending, heard: Option<Heard<'_>>) {
        let reply = heard.map(|heard| heard.reply);
        let positive = reply.is_none_or(Reply::is_positive);
        match pending.expect {
            Expect::Hello(verb) if positive => {
                self.transaction.hello(verb == Verb::Lhlo);
                if verb != Verb::Helo {
                    self.offers(heard);
                }
            }
            Expect::Rset if positive => self.transaction.reset(),
            Expect::Mail(address) => {
                if self.transaction.is_open() {
                    self.told_by(heard, Anomaly::NestedMail);
                }
                if positive {
                    self.transaction.mail(*address);
                }
            }
            Expect::Rcpt(address) => {
                if !self.transaction.rcpt(*address, reply, &self.config) {
                    self.told_by(heard, Anomaly::TooManyRecipients);
                }
            }
            Expect::Data => {
                self.suspicion = Suspicion::default();
                self.data_answered(heard);
            }
            Expect::Chunk if !positive => {
                self.told_by(heard, Anomaly::BdatRejected);
                // The message is lost with its chunk, whatever comes after it (RFC 3030 section 2). What is said of the
                // chunks behind it, which were under way, is only that.
                if let (Some(message), Some(reply)) = (&mut self.message, reply)
                    && message.refused.is_empty()
                {
                    message.refused = Kept::one(reply, message.room(&self.config));
                }
            }
            Expect::Verdict(_)
                if reply.is_some_and(|reply| self.is_for_recipient(reply, pending.doubtful)) =>
            {
                self.await_more(pending);
            }
            Expect::Verdict(_) => {
                self.verdict(reply);
                let due = self.message.as_ref().map_or(0, |message| message.verdicts_due);
                if reply.is_none() || due == 0 {
                    self.client = Client::Commands;
                    let in_gap = self.message.as_ref().is_some_and(|message| message.ended_in_gap);
                    self.end_message();
                    if in_gap {
                        self.ended_in_gap();
                    }
                } else {
                    self.queue.push_front(pending);
                }
            }
            Expect::StartTls => self.starttls_answered(heard),
            Expect::Sasl => self.sasl_answered(reply),
            Expect::Turn(_) => self.turn_answered(heard),
            Expect::XExch50 { size } => {
                self.client = Client::Commands;
                if reply.is_some_and(|reply| reply.code == 354) {
                    self.told_by(heard, Anomaly::XExch50);
                    self.client = Client::Blob { left: size };
                }
            }
            Expect::Hello(_) | Expect::Rset | Expect::Chunk | Expect::Other(_) => {}
        }
    }

    pub(super) fn told_by(&mut self, heard: Option<Heard<'_>>, anomaly: Anomaly) {
        match heard {
            Some(Heard { at, span, .. }) => self.anomaly(Side::Server, at, span, anomaly),
            None => self.anomaly_here(Side::Client, anomaly),
        }
    }

    fn verdict(&mut self, reply: Option<&Reply>) {
        if let (Some(message), Some(reply)) = (&mut self.message, reply) {
            if message.verdicts.len() < message.verdicts_kept {
                let room = message.room(&self.config);
                message.verdicts.push(reply, room);
            }
            message.verdicts_due = message.verdicts_due.saturating_sub(1);
        }
    }
}

/// A copy that keeps no packet alive, for a reply that waits for its last line.
fn copied(line: &ReplyLine) -> ReplyLine {
    line.with(Bytes::copy_from_slice(&line.text))
}

impl PartialReply {
    fn new(line: &ReplyLine, span: Range<u64>) -> Self {
        let line = copied(line);
        let memory = size_of::<Self>() + line.text.len();
        let mut reply = Reply::new(line);
        reply.complete = true;
        Self { reply, span, memory, too_long: false }
    }
}
