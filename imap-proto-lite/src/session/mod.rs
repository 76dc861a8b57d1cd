//! The session: two byte streams in, events out.
//!
//! Each half has a framer and a state; [`Queue`] pairs tagged responses with commands. A half that cannot know what its
//! next bytes mean before the other half has answered leaves them unread: the client after the announcement of a
//! literal that waits for `+`, after LOGIN, STARTTLS, COMPRESS and each step of AUTHENTICATE; the server before a tagged
//! response or a `+` whose command has not been read. Both waits end when the other half ends, when a limit is reached,
//! or by [`Session::expire`]; after that the session does not wait again until a response has found its command.

mod append;
mod assembly;
mod bound;
mod came;
mod carve;
mod client;
mod doubt;
mod half;
#[cfg(feature = "deflate")]
mod inflate;
mod login;
mod lost;
mod message;
mod numbers;
mod opening;
mod pairing;
mod selected;
mod server;
mod stray;
mod tls;
mod wire;

use crate::event::{Event, EventKind};
use crate::{Anomaly, Config, MessageRef};
use bytes::Bytes;
use came::Came;
use client::Client;
use core::ops::Range;
use half::{Half, Passed};
use login::Login;
use mail_wire::halves::{Halves, Side};
use mail_wire::upgrade::Upgrade;
use mail_wire::{Direction, Timestamp};
use pairing::Queue;
use selected::Selected;
use std::collections::VecDeque;

/// One IMAP connection.
///
/// After each [`push`](Self::push), [`gap`](Self::gap), [`close`](Self::close) or [`expire`](Self::expire) call
/// [`poll_event`](Self::poll_event) until it returns `None`. Not doing so costs memory, never correctness.
///
/// ```
/// use imap_proto_lite::{Config, Direction::*, EventKind, Session};
///
/// let mut session = Session::new(Config::default());
/// let at = Default::default();
/// session.push(ToClient, at, "* OK ready\r\n".into());
/// session.push(ToServer, at, "a1 SELECT INBOX\r\na2 FETCH 1 (UID BODY[])\r\n".into());
/// session.push(ToClient, at, "* OK [UIDVALIDITY 7] ok\r\na1 OK [READ-WRITE] selected\r\n".into());
/// session.push(ToClient, at, "* 1 FETCH (UID 12 BODY[] {15}\r\nSubject: hi\r\n\r\n)\r\na2 OK done\r\n".into());
///
/// let mut message = Vec::new();
/// while let Some(event) = session.poll_event() {
///     match event.kind {
///         EventKind::MessageStart(of) => {
///             assert_eq!((of.uid, of.uid_validity), (Some(12), Some(7)));
///             assert!(of.mailbox.unwrap().is_inbox());
///         }
///         EventKind::MessageData(bytes) => message.extend_from_slice(&bytes),
///         _ => {}
///     }
/// }
/// assert_eq!(message, b"Subject: hi\r\n\r\n");
/// ```
#[derive(Debug)]
pub struct Session {
    config: Config,
    halves: Halves<Half>,
    outbox: VecDeque<Event>,
    client: Client,
    greeted: bool,
    queue: Queue,
    selected: Selected,
    login: Option<Login>,
    sync: Sync,
    upgrade: Upgrade,
    /// The server has told of mailboxes or messages since the last tagged response.
    data: bool,
    came: Came,
    stripped_told: bool,
    /// A command that nobody heard was accepted: it may have been COMPRESS.
    may_be_compressed: bool,
    /// The server takes literals that do not wait up to 4096 bytes only (RFC 7888).
    literal_minus: bool,
    quirk_told: bool,
    /// Nothing is unread, or can be read before more comes.
    idle: bool,
}

/// How far the pairing of responses can be trusted.
#[derive(Clone, Debug)]
struct Sync {
    /// Waits are worth it: the last one was rewarded.
    patient: bool,
    /// Commands are missing: a response that answers none is no surprise, and is not held.
    shaky: bool,
    /// Responses are missing: what the client waits for may have been among them.
    deaf: bool,
    /// The server's next response is read although its command was not.
    free: bool,
}

impl Default for Sync {
    fn default() -> Self {
        Self { patient: true, shaky: false, deaf: false, free: false }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

/// Room for events that is kept while there are none.
const USUAL_EVENTS: usize = 16;

impl Session {
    /// A session of which nothing has been seen.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            halves: Halves::of_streams([Half::new(&config), Half::new(&config)]),
            outbox: VecDeque::new(),
            client: Client::Commands,
            greeted: false,
            queue: Queue::default(),
            selected: Selected::default(),
            login: None,
            sync: Sync { shaky: config.mid_stream, ..Sync::default() },
            upgrade: Upgrade::default(),
            data: false,
            came: Came::default(),
            stripped_told: false,
            may_be_compressed: false,
            literal_minus: false,
            quirk_told: false,
            idle: false,
            config,
        }
    }

    /// The next in-order bytes of one direction.
    pub fn push(&mut self, dir: Direction, at: Timestamp, bytes: Bytes) {
        self.halves.push(dir, at, bytes);
        self.idle &= self.halves.along_mut(dir).is_at_rest();
    }

    /// Bytes of one direction that will never come; `None`: nobody knows how many.
    pub fn gap(&mut self, dir: Direction, at: Timestamp, len: Option<u64>) {
        self.idle = false;
        self.halves.gap(dir, at, len);
    }

    /// The end of one direction: FIN, RST, end of the capture. Ends the waits for this half. A half that was not
    /// captured at all is best closed at once.
    pub fn close(&mut self, dir: Direction, at: Timestamp) {
        self.idle = false;
        self.halves.close(dir, at);
    }

    /// Ends waits that have lasted longer than [`Config::max_wait`] at this capture time.
    pub fn expire(&mut self, now: Timestamp) {
        self.idle = false;
        self.halves.expire(now, self.config.max_wait);
    }

    /// The next event; `None` until more is pushed.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.outbox.pop_front() {
                return Some(event);
            }
            if let Some(event) = self.take_passed() {
                return Some(event);
            }
            if self.idle {
                return None;
            }
            let stepped = self.find_roles() && (self.step_client() || self.step_server() || self.end_wait());
            if !stepped && self.outbox.is_empty() {
                // One response may have had thousands of events; room for so many is not held for the next.
                self.outbox.shrink_to(USUAL_EVENTS);
                self.rest();
                self.idle = true;
                return None;
            }
        }
    }

    /// [`poll_event`](Self::poll_event) as an iterator.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        core::iter::from_fn(|| self.poll_event())
    }

    /// Says that what is pushed from now on in this direction is plaintext again, because somebody decrypts it.
    /// What was pushed before stays `Opaque`. The session starts anew, as RFC 9051 section 6.2.1 asks.
    pub fn resume_plaintext(&mut self, dir: Direction) {
        self.idle = false;
        self.halves.along_mut(dir).wire.mark();
    }

    /// The direction in which the client speaks, once the first bytes have told; it differs from
    /// [`Direction::ToServer`] if the caller had the roles the wrong way round.
    #[must_use]
    pub const fn roles(&self) -> Option<Direction> {
        self.halves.roles()
    }

    /// Which message has this number now: after the events polled so far, in the open mailbox.
    #[must_use]
    pub fn message(&mut self, sequence: u32) -> MessageRef {
        self.named(Some(sequence), None)
    }

    /// Memory held, in bytes; after `poll_event` has returned `None` at most [`Config::worst_case`].
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.halves.buffered()
            + self.queue.memory()
            + self.selected.memory()
            + self.came.memory()
            + self.login.as_ref().map_or(0, Login::memory)
    }

    /// Content that was told apart when it came.
    fn take_passed(&mut self) -> Option<Event> {
        for dir in Direction::BOTH {
            if let Some(Passed { at, span, bytes }) = self.halves.along_mut(dir).passed.take() {
                return Some(Event { at, dir, span, kind: EventKind::MessageData(bytes) });
            }
        }
        None
    }

    fn emit(&mut self, side: Side, at: Timestamp, span: Range<u64>, kind: EventKind) {
        let dir = self.halves.dir(side);
        let span = if kind.is_derived() { span } else { self.halves.of_mut(side).wire.told(span) };
        self.outbox.push_back(Event { at, dir, span, kind });
    }

    fn anomaly(&mut self, side: Side, at: Timestamp, span: &Range<u64>, anomaly: Anomaly) {
        self.emit(side, at, span.clone(), EventKind::Anomaly(anomaly));
    }

    /// An anomaly at the place where the half stands.
    fn anomaly_here(&mut self, side: Side, anomaly: Anomaly) {
        let at = self.halves.now();
        let here = self.halves.of_mut(side).wire.position();
        self.anomaly(side, at, &(here..here), anomaly);
    }

    fn bare_lf(&mut self, side: Side, at: Timestamp, span: &Range<u64>) {
        if !core::mem::replace(&mut self.halves.of_mut(side).bare_lf_told, true) {
            self.anomaly(side, at, span, Anomaly::BareLf);
        }
    }

    /// Settles from the first bytes who is the client; false while they have not come.
    fn find_roles(&mut self) -> bool {
        if self.halves.roles().is_some() {
            return true;
        }
        let reversed = self.halves.find_roles(lost::opening);
        if reversed == Some(true) {
            let at = self.halves.now();
            self.emit(Side::Server, at, 0..0, EventKind::RolesChanged);
        }
        reversed.is_some()
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
            let peer = self.halves.of(side.flip());
            let peer_ended = (peer.wire.is_finished() && peer.line.held.is_none()) || peer.opaque;
            let overdue = self.halves.is_overdue(side, self.config.max_held);
            let unread = self.halves.has_more(side);
            // A client that sends more has heard the response that the gap hides.
            let answered = side == Side::Client && self.sync.deaf;
            // What has ended cannot be held up.
            let ended = side == Side::Client && self.client == Client::Sasl;
            let impatient = (answered || !self.sync.patient) && unread && !ended;
            // Each waits for the other: no input can end that.
            let mutual = side == Side::Server && self.client_waits();
            if peer_ended || overdue || mutual || impatient {
                self.halves.wait_ended(side);
                let ended = match side {
                    Side::Client => self.client_gives_up(!peer_ended && !answered),
                    Side::Server => {
                        self.sync.free = true;
                        true
                    }
                };
                if ended {
                    self.sync.patient &= mutual || peer_ended;
                    return true;
                }
            }
        }
        false
    }

    /// Before the caller goes away for more.
    fn rest(&mut self) {
        let known = self.halves.roles().is_some();
        self.halves.rest([known && self.client_waits(), known && self.server_waits()]);
    }
}
