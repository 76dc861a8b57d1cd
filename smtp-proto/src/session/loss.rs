//! Lost bytes: what stood in a gap, told by what stands around it.
//!
//! A gap is told long after its place, with all that was held behind it: by then the replies of the server are there that
//! were captured after it. So where bytes are missing, the halves are read in the order of their capture times.

use super::client::{Client, Content};
use super::{Message, Session, Side};
use crate::Reply;
use crate::command::Verb;
use crate::event::{EventKind, Operation};
use core::ops::Range;
use mail_wire::{Pace, Timestamp};

/// How far the pairing of replies can be trusted.
#[derive(Clone, Debug)]
pub(super) struct Sync {
    /// Waits are worth it: the last one was rewarded.
    pub(super) patient: bool,
    /// Bytes are missing: replies are matched by kind, and read also while no command awaits one.
    pub(super) shaky: bool,
    /// Bytes are missing somewhere.
    pub(super) torn: bool,
    /// The server's next reply is read although no command awaits one.
    pub(super) free: bool,
    /// The capture begins inside the connection, and the client's first bytes have not been looked at.
    pub(super) undecided: bool,
    /// The last gap between commands.
    hole: Option<Hole>,
    /// Where the last MAIL stood, and when it was captured.
    mail_at: u64,
    mail_time: Timestamp,
    /// Nothing is missing since the last MAIL: its recipients are those that were seen.
    pub(super) whole: bool,
    /// When the first reply behind the last gap in the replies was captured.
    unheard_until: Option<Timestamp>,
    /// Of MAIL and RCPT and what follows them: for all else every client waits.
    pub(super) pace: Pace,
}

impl Sync {
    pub(super) fn new(mid_stream: bool) -> Self {
        Self {
            patient: true,
            shaky: mid_stream,
            torn: false,
            free: false,
            undecided: mid_stream,
            hole: None,
            mail_at: 0,
            mail_time: Timestamp::ZERO,
            whole: false,
            unheard_until: None,
            pace: Pace::default(),
        }
    }
}

/// A gap between commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hole {
    end: u64,
    len: Option<u64>,
    /// What the replies say that answer what was in it.
    answers: Answers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Unheard,
    /// MAIL and RCPT, and nothing else.
    Addresses,
    Anything,
}

/// `DATA` and its CRLF.
const DATA: u64 = 6;

/// The dot and its CRLF, at the beginning of a line.
const TERMINATOR: u64 = 3;

impl Session {
    /// Whether a gap is next, and nothing behind it has come yet: when that was captured tells when the gap was.
    pub(super) fn gap_is_open(&self, side: Side) -> bool {
        let half = self.halves.of(side);
        half.at_gap() && half.next_data_at().is_none() && !half.is_closed()
    }

    /// Whether a reply is read before what the client said later: behind a gap it may be the verdict on what the gap
    /// hides.
    pub(super) fn server_leads(&self) -> bool {
        let [client, server] = Side::BOTH.map(|side| self.halves.of(side));
        let doubtful = self.sync.shaky || self.message.as_ref().is_some_and(|message| message.gapped);
        let earlier = || is_before(server.next_at(), client.next_at());
        self.sync.torn && doubtful && self.has_exact_times() && (server.at_gap() || earlier())
    }

    /// Whether the next reply may answer what the client said, but has not been pushed yet.
    pub(super) fn server_runs_ahead(&self) -> bool {
        let [client, server] = Side::BOTH.map(|side| self.halves.of(side));
        let earlier = is_before(client.latest(), server.next_at());
        self.sync.torn && earlier && !client.is_closed() && self.has_exact_times()
    }

    /// Ends a wait of the client for what a gap hides: it said more before the next reply came, or that answers nothing
    /// that waits.
    pub(super) fn client_goes_on(&mut self) -> bool {
        if self.has_gone_on() || (self.sync.shaky && self.sync.torn && self.lost_its_go_ahead()) {
            return self.client_gives_up(false);
        }
        if !self.sync.shaky
            || !self.sync.torn
            || !self.queue.is_doubtful()
            || !self.client_waits()
            || !self.has_exact_times()
        {
            return false;
        }
        let [client, server] = Side::BOTH.map(|side| self.halves.of(side));
        let earlier = is_before(client.next_data_at(), server.next_at());
        let foreign = || client.at_gap() && self.code_ahead().is_some_and(|code| !self.queue.fits(code));
        (earlier || foreign()) && self.client_gives_up(false)
    }

    /// MAIL: what is missing before it does not matter any more, unless what it ends was a transaction.
    pub(super) fn mail_begins(&mut self, at: Timestamp, span: &Range<u64>) {
        (self.sync.mail_at, self.sync.mail_time) = (span.start, at);
        let unheard = self.sync.unheard_until.is_some_and(|until| until >= at);
        let doubtful = unheard || (self.sync.shaky && self.sync.torn);
        self.sync.whole = !doubtful && (self.sync.whole || !self.transaction.is_open());
    }

    /// Bytes are missing.
    fn torn(&mut self) {
        (self.sync.shaky, self.sync.torn, self.sync.whole) = (true, true, false);
        self.sync.pace.interrupted();
    }

    /// The end of a message was in a gap, and so may be what the client said next.
    pub(super) fn ended_in_gap(&mut self) {
        self.torn();
        let end = self.halves.of(Side::Client).position();
        self.sync.hole = Some(Hole { end, len: None, answers: Answers::Anything });
    }

    /// Behind a gap in a message: whether what comes next may be a command, and the server has not been heard up to then. Its
    /// verdict may be held behind a gap of its own half.
    pub(super) fn awaits_verdict_in_gap(&self) -> bool {
        let [client, server] = Side::BOTH.map(|side| self.halves.of(side));
        self.may_have_ended_in_gap() && server.latest() < client.next_at() && !server.is_closed()
    }

    /// Whether the next line of a message with a gap looks like a command, and has a time to be compared.
    fn may_have_ended_in_gap(&self) -> bool {
        let gapped = |message: &Message| message.gapped && message.at_line_start && !message.taken_as_content;
        matches!(self.client, Client::Body { .. })
            && self.message.as_ref().is_some_and(gapped)
            && self.has_exact_times()
            && self.verb_ahead() == Some(true)
    }

    /// A gap in the replies.
    pub(super) fn reply_gap(&mut self) {
        let next = self.halves.of(Side::Server).next_at().filter(|_| self.has_exact_times());
        self.queue.doubt(next);
        let whole = self.sync.whole && next.is_some_and(|next| next < self.sync.mail_time);
        self.torn();
        self.sync.whole = whole;
        if let Some(message) = &mut self.message {
            message.responses.doubt();
        }
        self.sync.unheard_until = next;
        if let Some(hole) = &mut self.sync.hole {
            hole.answers = Answers::Anything;
        }
    }

    /// Where the end of a message is lost and commands follow, a gap in the replies at that time hides its verdict.
    pub(super) fn lost_its_verdict(&mut self) -> bool {
        let ended =
            self.halves.of(Side::Client).next_at() < self.sync.unheard_until && self.may_have_ended_in_gap();
        if ended {
            self.client = Client::Commands;
            self.end_message();
            self.ended_in_gap();
        }
        ended
    }

    /// Whether bytes are missing, and the replies that were captured before the client's next bytes may be held behind a
    /// gap.
    pub(super) fn server_is_behind(&self) -> bool {
        let [client, server] = Side::BOTH.map(|side| self.halves.of(side));
        let earlier = is_before(server.latest(), client.next_at());
        self.sync.torn && earlier && !server.is_closed() && self.has_exact_times()
    }

    pub(super) fn has_exact_times(&self) -> bool {
        Side::BOTH.iter().all(|side| self.halves.of(*side).has_exact_times())
    }

    /// The gap between commands that ends where the client's half is read.
    fn hole(&self) -> Option<Hole> {
        self.sync.hole.filter(|hole| hole.end == self.halves.of(Side::Client).position())
    }

    /// Whether a gap stands behind the last MAIL, so that a chunk may have been in it: unless its replies tell otherwise.
    pub(super) fn may_lack_chunks(&self) -> bool {
        self.sync.hole.is_some_and(|hole| hole.end > self.sync.mail_at && hole.answers != Answers::Addresses)
    }

    /// A reply that was lost as well may have been that to a lost chunk.
    pub(super) fn end_of_chunks(&mut self) {
        let doubtful = self.may_lack_chunks();
        if let Some(message) = &mut self.message
            && message.verb == Verb::Bdat
            && (doubtful && core::mem::take(&mut message.complete))
        {
            let (at, here) = self.here(Side::Client);
            self.emit(Side::Client, at, here, EventKind::MessageGap(None));
        }
    }

    /// Takes note of a reply that answers nothing that was seen.
    pub(super) fn answers_hole(&mut self, reply: &Reply) {
        if let Some(hole) = &mut self.sync.hole {
            // RFC 3463: X.1.X is about addresses.
            let addresses = reply.enhanced.is_some_and(|enhanced| enhanced.subject == 1);
            hole.answers = match hole.answers {
                Answers::Anything => Answers::Anything,
                _ if addresses => Answers::Addresses,
                _ => Answers::Anything,
            };
        }
    }

    /// Takes note of a gap between commands.
    pub(super) fn command_gap(&mut self, at: Timestamp, span: Range<u64>, len: Option<u64>) {
        self.torn();
        self.sync.hole = Some(Hole { end: span.end, len, answers: Answers::Unheard });
        let end = span.end;
        self.emit(Side::Client, at, span, EventKind::Gap(len));
        // A chunk may have been in it.
        if let Some(message) = &mut self.message {
            message.complete = false;
            self.emit(Side::Client, at, end..end, EventKind::MessageGap(None));
        }
    }

    /// Behind a gap between commands: whether content is next, so that DATA was in the gap; `None` while that cannot be
    /// told. Without a gap it is not.
    pub(super) fn is_behind_lost_data(&self) -> Option<bool> {
        if self.hole().is_none() {
            return Some(false);
        }
        Some(self.message.is_none() && self.content_is_next()?)
    }

    /// Whether the client's next lines are the content of a message.
    fn content_is_next(&self) -> Option<bool> {
        /// So many bytes are looked at. A line this long is no command.
        const WINDOW: usize = 1000;
        let framer = self.halves.of(Side::Client);
        let ahead: Vec<u8> = framer.peek().take(WINDOW).collect();
        let mut lines = ahead.split_inclusive(|byte| *byte == b'\n');
        let mut whole = 0_usize;
        for line in lines.by_ref().filter(|line| line.ends_with(b"\n")) {
            let line = line.trim_ascii_end();
            if whole == 0 && is_field(line) && Verb::of(line) == Verb::Unknown {
                return Some(true);
            }
            if line == b"." || Verb::of(line) != Verb::Unknown {
                return Some(whole > 0 && line == b".");
            }
            whole += 1;
        }
        match ahead.len() {
            WINDOW => Some(true),
            // One line alone may be the rear part of a command, or one that nobody knows.
            _ => framer.peek_is_all().then_some(whole > 1),
        }
    }

    /// The next bytes are a message, and nobody saw where it begins: at the end of a gap that DATA fills, or anywhere.
    pub(super) fn begin_unasked(&mut self, operation: Operation) {
        let whole = self.hole().is_some_and(|hole| hole.len == Some(DATA));
        self.begin_message(if whole { Operation::Data } else { operation });
        if let Some(message) = &mut self.message {
            message.unasked = true;
            message.complete = whole;
            message.gapped = !whole;
        }
        if !whole {
            let (at, here) = self.here(Side::Client);
            self.emit(Side::Client, at, here, EventKind::MessageGap(None));
        }
        self.client = Client::Body { bare_lf: false };
    }

    /// Whether content may follow a 354 of this time: the client has said something after it, or may do so.
    pub(super) fn may_follow(&self, at: Timestamp) -> bool {
        let client = self.halves.of(Side::Client);
        match client.next_at() {
            Some(next) => next >= at || !self.has_exact_times(),
            None => !client.is_finished(),
        }
    }

    /// Whether a message waits for its 354, or has begun without it.
    pub(super) fn lacks_go_ahead(&self) -> bool {
        matches!(self.client, Client::AwaitEnvelope(Content::Unasked))
            || self.message.as_ref().is_some_and(|message| message.unasked)
    }

    /// A gap in content. One that the terminator fills may be the end and nothing else; what comes next tells.
    pub(super) fn message_gap(&mut self, at: Timestamp, span: Range<u64>, len: Option<u64>) {
        self.end_of_tail(false);
        let in_body = matches!(self.client, Client::Body { .. });
        if let Some(message) = &mut self.message {
            // Chunks are counted: their end is known, whatever they lack.
            message.gapped |= in_body;
            // What BURL fetches is missing as well, but never was on this wire.
            self.sync.torn |= in_body;
            if in_body && message.complete && message.at_line_start && len == Some(TERMINATOR) {
                message.tail = Some((at, span));
                return;
            }
            message.complete = false;
        }
        self.emit(Side::Client, at, span, EventKind::MessageGap(len));
    }

    /// Tells the gap behind the content so far: `over` if it was the terminator.
    pub(super) fn end_of_tail(&mut self, over: bool) {
        let Some(message) = &mut self.message else { return };
        let Some((at, span)) = message.tail.take() else { return };
        message.complete &= over;
        let kind = if over { EventKind::Gap } else { EventKind::MessageGap };
        self.emit(Side::Client, at, span, kind(Some(TERMINATOR)));
    }
}

/// Whether both are known, and the first was captured before the second.
fn is_before(first: Option<Timestamp>, second: Option<Timestamp>) -> bool {
    first.zip(second).is_some_and(|(first, second)| first < second)
}

/// Whether a line is a header field, as clients write them (RFC 5322 section 2.2): a name, a colon and a blank. The rear part
/// of `MAIL FROM:<a@b>` has none.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let (name, value) = line.split_at(colon);
    let named = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    named && matches!(value.get(1), None | Some(b' ' | b'\t'))
}
