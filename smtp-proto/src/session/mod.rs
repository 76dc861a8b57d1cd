//! The session: two byte streams in, events out.
//!
//! Each half has a framer and a state; [`Queue`] pairs replies with commands. A half that cannot know what its next
//! bytes mean before the other half has answered leaves them unread: the client after DATA, a finished message,
//! STARTTLS, each step of AUTH and before the first BDAT; the server while no command awaits a reply. Both waits end
//! when the other half ends, when a limit is reached, or by [`Session::expire`]; after that the session does not wait
//! again until a reply has found its command.

mod auth;
mod client;
mod kept;
mod loss;
mod message;
mod opening;
mod pace;
mod pairing;
mod prdr;
mod preface;
mod server;
mod tls;
mod transaction;
mod tunnel;

use crate::event::{Event, EventKind, MessageEnd, Outcome};
use crate::{Anomaly, Config, Verb};
use bytes::Bytes;
use client::Client;
use core::ops::Range;
use kept::Kept;
use loss::Sync;
use mail_wire::framer::{Frame, FrameKind};
use mail_wire::halves::{Halves, Side};
use mail_wire::sasl::Exchange;
use mail_wire::upgrade::Upgrade;
use mail_wire::{Direction, Timestamp};
use opening::Opening;
use pairing::Queue;
use prdr::Responses;
use server::PartialReply;
use std::collections::VecDeque;
use transaction::Transaction;

/// One SMTP, ESMTP or LMTP connection.
///
/// After each [`push`](Self::push), [`gap`](Self::gap), [`close`](Self::close) or [`expire`](Self::expire) call
/// [`poll_event`](Self::poll_event) until it returns `None`. Not doing so costs memory, never correctness.
///
/// ```
/// use smtp_proto::{Config, Direction::*, EventKind, Session};
///
/// let mut session = Session::new(Config::default());
/// let at = Default::default();
/// session.push(ToClient, at, "220 mx.example ESMTP\r\n".into());
/// session.push(ToServer, at, "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n".into());
/// session.push(ToClient, at, "250 ok\r\n250 ok\r\n354 go on\r\n".into());
/// session.push(ToServer, at, "Subject: hi\r\n\r\n..\r\n.\r\n".into());
/// session.push(ToClient, at, "250 queued\r\n".into());
///
/// let mut message = Vec::new();
/// while let Some(event) = session.poll_event() {
///     match event.kind {
///         EventKind::MessageStart(envelope) => assert_eq!(envelope.recipients[0].path.mailbox, "b@example.net"),
///         EventKind::MessageData(bytes) => message.extend_from_slice(&bytes),
///         _ => {}
///     }
/// }
/// assert_eq!(message, b"Subject: hi\r\n\r\n.\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    config: Config,
    halves: Halves,
    outbox: VecDeque<Event>,
    client: Client,
    /// The server's half is no plaintext.
    server_opaque: bool,
    greeted: bool,
    /// The reply whose last line has not come.
    partial_reply: Option<PartialReply>,
    queue: Queue,
    transaction: Transaction,
    message: Option<Message>,
    login: Option<Login>,
    sync: Sync,
    upgrade: Upgrade,
    /// A security layer was agreed upon, and the next bytes of the client, of the server, are the first behind it.
    sealed: [bool; 2],
    tunnel: tunnel::Answer,
    suspicion: Suspicion,
    /// TURN or ATRN was accepted; the roles are about to swap.
    turned: Option<Timestamp>,
    /// Lines of the client that no verb begins, before the first that one does; `None` after it.
    strangers: Option<u8>,
    /// By direction.
    bare_lf_told: [bool; 2],
}

/// A message under way.
#[derive(Clone, Debug)]
struct Message {
    verb: Verb,
    /// Not a byte is missing so far.
    complete: bool,
    /// Its end was seen.
    terminated: bool,
    /// A gap may hide its end, so a reply now is the verdict.
    gapped: bool,
    /// Its content ends a line so far, or has not begun.
    at_line_start: bool,
    /// A gap behind all of it that the terminator fits into, and nothing else.
    tail: Option<(Timestamp, Range<u64>)>,
    /// What looks like a command in it is content: no verdict came first.
    taken_as_content: bool,
    /// It began without a 354, which may still come.
    unasked: bool,
    unstuffed_told: bool,
    loose_ends: bool,
    /// The size that the client declared (RFC 1870), and that of the content so far.
    declared: Option<u64>,
    size: u64,
    /// Final replies still to come.
    verdicts_due: usize,
    /// So many of them are kept: those for recipients that are.
    verdicts_kept: usize,
    verdicts: Kept,
    lmtp: bool,
    responses: Responses,
    /// Its end was in a gap, and is answered.
    ended_in_gap: bool,
    /// The refusal of a chunk: the verdict, if no final one comes.
    refused: Kept,
    /// DATA was refused before it; how many lines it has.
    carved: Option<usize>,
    /// Where the terminator stood, once it was there.
    end: Option<(Timestamp, Range<u64>)>,
}

/// Whether the server read the last message otherwise than the session: SMTP smuggling.
#[derive(Clone, Copy, Debug, Default)]
struct Suspicion {
    /// The last message holds loose ends.
    loose_ends: bool,
    /// A 354 that no DATA asked for: the message after a loose end had begun.
    data_seen: bool,
    /// Final verdicts on what the client sent as one message.
    verdicts: u32,
}

/// An AUTH exchange under way, and the last line that the client gave to it.
#[derive(Clone, Debug)]
struct Login {
    exchange: Exchange,
    at: Timestamp,
    span: Range<u64>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Session {
    /// A session of which nothing has been seen.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            halves: Halves::new(config.max_line),
            outbox: VecDeque::new(),
            client: Client::Commands,
            server_opaque: false,
            greeted: false,
            partial_reply: None,
            queue: Queue::default(),
            transaction: Transaction::default(),
            message: None,
            login: None,
            sync: Sync::new(config.mid_stream),
            upgrade: Upgrade::default(),
            sealed: [false; 2],
            tunnel: tunnel::Answer::Unknown,
            suspicion: Suspicion::default(),
            turned: None,
            strangers: Some(0),
            bare_lf_told: [false; 2],
            config,
        }
    }

    /// The next in-order bytes of one direction.
    pub fn push(&mut self, dir: Direction, at: Timestamp, bytes: Bytes) {
        self.halves.push(dir, at, bytes);
    }

    /// Bytes of one direction that will never come; `None`: nobody knows how many.
    ///
    /// It is told with what stands behind it, or with the end of the half.
    pub fn gap(&mut self, dir: Direction, at: Timestamp, len: Option<u64>) {
        self.halves.gap(dir, at, len);
    }

    /// The end of one direction: FIN, RST, end of the capture. Ends the waits for this half. A half that was not
    /// captured at all is best closed at once.
    pub fn close(&mut self, dir: Direction, at: Timestamp) {
        self.halves.close(dir, at);
    }

    /// Ends waits that have lasted longer than [`Config::max_wait`] at this capture time.
    pub fn expire(&mut self, now: Timestamp) {
        self.halves.expire(now, self.config.max_wait);
    }

    /// The next event; `None` until more is pushed.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.outbox.pop_front() {
                return Some(event);
            }
            let stepped = self.find_roles()
                && ((self.server_leads() && self.step_server())
                    || self.step_client()
                    || self.client_goes_on()
                    || self.step_server()
                    || self.end_wait());
            if !stepped && self.outbox.is_empty() {
                self.rest();
                return None;
            }
        }
    }

    /// [`poll_event`](Self::poll_event) as an iterator.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        core::iter::from_fn(|| self.poll_event())
    }

    /// Says that what is pushed from now on in this direction is plaintext again, because somebody decrypts it.
    /// What was pushed before stays `Opaque`. The session starts anew, as RFC 3207 section 4.2 asks.
    pub fn resume_plaintext(&mut self, dir: Direction) {
        self.halves.along_mut(dir).mark();
    }

    /// The direction in which the client speaks, once the first bytes have told; it differs from
    /// [`Direction::ToServer`] if the caller had the roles the wrong way round.
    #[must_use]
    pub const fn roles(&self) -> Option<Direction> {
        self.halves.roles()
    }

    /// Memory held, in bytes; after `poll_event` has returned `None` at most [`Config::worst_case`].
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.halves.buffered()
            + self.queue.memory()
            + self.transaction.memory()
            + self.partial_reply.as_ref().map_or(0, PartialReply::memory)
            + self.login.as_ref().map_or(0, |login| login.exchange.memory())
            + self.message.as_ref().map_or(0, Message::memory)
            + self.client.memory()
    }

    fn emit(&mut self, side: Side, at: Timestamp, span: Range<u64>, kind: EventKind) {
        let dir = self.halves.dir(side);
        self.outbox.push_back(Event { at, dir, span, kind });
    }

    fn anomaly(&mut self, side: Side, at: Timestamp, span: &Range<u64>, anomaly: Anomaly) {
        self.emit(side, at, span.clone(), EventKind::Anomaly(anomaly));
    }

    /// Now, and the place where the half stands.
    fn here(&self, side: Side) -> (Timestamp, Range<u64>) {
        let here = self.halves.of(side).position();
        (self.halves.now(), here..here)
    }

    fn anomaly_here(&mut self, side: Side, anomaly: Anomaly) {
        let (at, here) = self.here(side);
        self.anomaly(side, at, &here, anomaly);
    }

    fn bare_lf(&mut self, side: Side, at: Timestamp, span: &Range<u64>) {
        let [to_server, to_client] = &mut self.bare_lf_told;
        let told = match self.halves.dir(side) {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        if !core::mem::replace(told, true) {
            self.anomaly(side, at, span, Anomaly::BareLf);
        }
    }

    /// Frames outside of replies, commands and messages.
    fn leftover(&mut self, side: Side, frame: Frame) {
        let kind = match frame.kind {
            FrameKind::Gap(len) => EventKind::Gap(len),
            FrameKind::Data { bytes, .. } | FrameKind::Truncated(bytes) => EventKind::Truncated(bytes),
            FrameKind::Line(line) => EventKind::Truncated(line.text),
            _ => return,
        };
        self.emit(side, frame.at, frame.span, kind);
    }

    /// Settles from the first bytes who is the client; false while they have not come.
    fn find_roles(&mut self) -> bool {
        if let Some(at) = self.turned.take() {
            self.turn(at);
        }
        if self.halves.roles().is_some() {
            return true;
        }
        let [to_server, to_client] = Side::BOTH.map(|side| Opening::of(self.halves.of(side)));
        let Some(reversed) = Opening::reversed(to_server, to_client).or_else(|| {
            // What is not there yet may never come.
            let given_up = Side::BOTH.iter().any(|side| self.halves.is_overdue(*side, self.config.max_held));
            given_up.then(|| Opening::reversed(to_server.or_nothing(), to_client.or_nothing())).flatten()
        }) else {
            return false;
        };
        for side in Side::BOTH {
            self.halves.wait_ended(side);
        }
        self.halves.set_client(if reversed { Direction::ToClient } else { Direction::ToServer });
        if reversed {
            let at = self.halves.now();
            self.emit(Side::Server, at, 0..0, EventKind::RolesChanged);
        }
        true
    }

    /// Ends a wait that will not be rewarded; false if there is none.
    fn end_wait(&mut self) -> bool {
        for side in Side::BOTH {
            let blocked = match side {
                Side::Client => self.client_waits(),
                Side::Server => self.server_waits(),
            };
            if !blocked {
                continue;
            }
            let peer_ended = self.halves.of(side.flip()).is_finished()
                || match side {
                    Side::Client => self.server_opaque,
                    Side::Server => matches!(self.client, Client::Opaque),
                };
            let overdue = self.halves.is_overdue(side, self.config.max_held);
            let unread = self.halves.has_more(side);
            // A client that sends more has heard the reply that the gap hides.
            let uncounted = self.is_uncounted();
            let comes = uncounted && (self.server_is_behind() || self.gap_is_open(Side::Client));
            let answered = side == Side::Client && unread && self.queue.is_doubtful() && !comes;
            // Each waits for the other: no input can end that.
            let mutual = side == Side::Server && self.client_waits() && !uncounted;
            let tired = !self.sync.patient && unread && !(side == Side::Client && self.server_is_behind());
            if peer_ended || overdue || answered || mutual || tired {
                let ended = match side {
                    Side::Client => self.client_gives_up(!peer_ended && !answered),
                    Side::Server => {
                        self.sync.free = true;
                        true
                    }
                };
                if ended {
                    self.sync.patient &= mutual;
                    self.halves.wait_ended(side);
                    return true;
                }
            }
        }
        false
    }

    /// Before the caller goes away for more: nothing held may keep a capture buffer alive.
    fn rest(&mut self) {
        // Without roles each half that has begun waits for the other.
        let waits = match self.halves.roles() {
            Some(_) => [self.client_waits(), self.server_waits()],
            None => Side::BOTH.map(|side| self.halves.of(side).has_unread()),
        };
        self.halves.rest(waits);
    }

    /// Tells the end of the message under way.
    fn end_message(&mut self) {
        // A server that takes the message has seen its end: there was room for nothing else.
        let taken = self.message.as_ref().is_some_and(|message| {
            Outcome::of(&message.verdicts) == Outcome::Accepted || message.responses.have_begun()
        });
        self.end_of_tail(taken);
        self.end_of_chunks();
        let Some(message) = self.message.take() else { return };
        let by_recipient = message.lmtp.then(|| message.verdicts.to_vec());
        let kept = if message.verdicts.is_empty() { message.refused } else { message.verdicts };
        let mut verdicts = kept.into_replies();
        let (outcome, deliveries) = message.responses.end(&mut verdicts);
        let (at, span) = message.end.unwrap_or_else(|| self.here(Side::Client));
        self.suspicion = Suspicion { loose_ends: message.loose_ends, data_seen: false, verdicts: 1 };
        if let Some(declared) =
            message.declared.filter(|declared| message.complete && *declared < message.size)
        {
            self.anomaly(Side::Client, at, &span, Anomaly::SizeMismatch { declared, actual: message.size });
        }
        let end = MessageEnd {
            outcome,
            complete: message.complete,
            terminated: message.terminated,
            verdicts,
            deliveries: by_recipient.unwrap_or(deliveries),
        };
        self.emit(Side::Client, at, span, EventKind::MessageEnd(Box::new(end)));
    }
}
