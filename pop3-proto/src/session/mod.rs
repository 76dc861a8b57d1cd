//! The session: two byte streams in, events out.
//!
//! Each half has a framer and a state; [`Queue`] pairs replies with commands. A half that cannot know what its next
//! bytes mean before the other half has answered leaves them unread: the client at each step of a login, at STLS and at
//! XTND XMIT; the server while no command awaits a reply. Both waits end when the other half ends, when a limit is
//! reached, or by [`Session::expire`]; after that the session does not wait again until a reply has found its command.

mod body;
mod client;
mod login;
mod pace;
mod pairing;
mod resync;
mod server;
mod tls;

use crate::event::{Event, EventKind};
use crate::reply::Status;
use crate::{Anomaly, Config, Verb};
use body::{Early, Message};
use bytes::Bytes;
use client::Client;
use core::ops::Range;
use login::Logins;
use mail_wire::framer::{Frame, FrameKind, Framer};
use mail_wire::halves::{Halves, Opening, Side};
use mail_wire::upgrade::Upgrade;
use mail_wire::{Direction, Pace, Timestamp};
use pairing::Queue;
use server::Server;
use std::collections::VecDeque;

/// Memory of one command that awaits its reply.
pub(crate) const PENDING: usize = size_of::<pairing::Pending>();

/// One POP3 connection.
///
/// After each [`push`](Self::push), [`gap`](Self::gap), [`close`](Self::close) or [`expire`](Self::expire) call
/// [`poll_event`](Self::poll_event) until it returns `None`. Not doing so costs memory, never correctness.
///
/// ```
/// use pop3_proto::{Config, Direction::*, EventKind, Session};
///
/// let mut session = Session::new(Config::default());
/// let at = Default::default();
/// session.push(ToClient, at, "+OK ready\r\n".into());
/// session.push(ToServer, at, "RETR 1\r\n".into());
/// session.push(ToClient, at, "+OK 18 octets\r\nSubject: hi\r\n\r\n..\r\n.\r\n".into());
///
/// let mut message = Vec::new();
/// while let Some(event) = session.poll_event() {
///     match event.kind {
///         EventKind::MessageStart(reference) => assert_eq!(reference.number, Some(1)),
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
    server: Server,
    greeted: bool,
    queue: Queue,
    /// The message that the server sends.
    download: Option<Message>,
    /// The message that the client sends.
    upload: Option<Message>,
    early: Option<Early>,
    logins: Logins,
    sync: Sync,
    upgrade: Upgrade,
    /// Lines of the client that no verb begins, before the first that one does; `None` after it.
    strangers: Option<u8>,
    /// Of the client, of the server.
    bare_lf_told: [bool; 2],
}

/// How far the pairing of replies can be trusted.
#[derive(Clone, Debug)]
struct Sync {
    /// Waits are worth it: the last one was rewarded.
    patient: bool,
    /// The capture begins inside the connection: replies are read also while no command awaits one.
    shaky: bool,
    /// Bytes are missing somewhere before: what follows a reply is looked at before it is believed.
    lossy: bool,
    /// A gap hides a reply to a command that was not seen.
    answered_unseen: bool,
    /// The client's last line has lost its end.
    torn: bool,
    /// The server's next reply is read although no command awaits one.
    free: bool,
    /// Behind the login, where a client need not wait.
    pace: Pace,
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            patient: true,
            shaky: false,
            lossy: false,
            answered_unseen: false,
            torn: false,
            free: false,
            pace: Pace::default(),
        }
    }
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
        let server = match config.mid_stream {
            true => Server::Landed { list: None, bare_lf: false },
            false => Server::Replies,
        };
        Self {
            halves: Halves::new(config.max_line),
            outbox: VecDeque::new(),
            client: Client::Commands,
            server,
            greeted: false,
            queue: Queue::default(),
            download: None,
            upload: None,
            early: None,
            logins: Logins::default(),
            sync: Sync { shaky: config.mid_stream, lossy: config.mid_stream, ..Sync::default() },
            upgrade: Upgrade::default(),
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
            if let Some(run) = self.next_run() {
                return Some(run);
            }
            if !self.outbox.is_empty() {
                continue;
            }
            let stepped = self.find_roles() && (self.step_client() || self.step_server() || self.end_wait());
            if !stepped && self.outbox.is_empty() {
                let known = self.halves.roles().is_some();
                self.halves.rest([known && self.client_waits(), known && self.server_waits()]);
                return None;
            }
        }
    }

    /// [`poll_event`](Self::poll_event) as an iterator.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        core::iter::from_fn(|| self.poll_event())
    }

    /// Says that what is pushed from now on in this direction is plaintext again, because somebody decrypts it.
    /// What was pushed before stays `Opaque`.
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
        self.halves.buffered() + self.queue.memory() + self.logins.memory()
    }

    fn emit(&mut self, side: Side, at: Timestamp, span: Range<u64>, kind: EventKind) {
        let dir = self.halves.dir(side);
        self.outbox.push_back(Event { at, dir, span, kind });
    }

    fn anomaly(&mut self, side: Side, at: Timestamp, span: &Range<u64>, anomaly: Anomaly) {
        self.emit(side, at, span.clone(), EventKind::Anomaly(anomaly));
    }

    /// Whether a side is no plaintext.
    const fn is_opaque(&self, side: Side) -> bool {
        match side {
            Side::Client => matches!(self.client, Client::Opaque),
            Side::Server => matches!(self.server, Server::Opaque),
        }
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
        let [client, server] = &mut self.bare_lf_told;
        let told = if side == Side::Client { client } else { server };
        if !core::mem::replace(told, true) {
            self.anomaly(side, at, span, Anomaly::BareLf);
        }
    }

    /// Frames outside of replies, commands, lists and messages.
    fn leftover(&mut self, side: Side, frame: Option<Frame>) {
        let Some(frame) = frame else { return };
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
        if self.halves.roles().is_some() {
            return true;
        }
        let reversed = self.halves.find_roles(opening);
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
            let peer_ended = self.halves.of(side.flip()).is_finished() || self.is_opaque(side.flip());
            let overdue = self.halves.is_overdue(side, self.config.max_held);
            let unread = self.halves.has_more(side);
            // A client that sends more has heard the reply that the gap hides.
            let answered = side == Side::Client && unread && self.queue.is_doubtful();
            // Each waits for the other: no input can end that.
            let mutual = side == Side::Server && self.client_waits();
            if peer_ended || overdue || answered || mutual || (!self.sync.patient && unread) {
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
}

/// What the first bytes of a half look like.
fn opening(half: &Framer) -> Opening {
    let mut room = [0; Status::AHEAD];
    let ahead = half.peek_into(&mut room);
    let whole = half.peek_is_all();
    if ahead.is_empty() {
        return if whole && half.at_gap() { Opening::Other } else { Opening::Short };
    }
    match Status::ahead(ahead, whole) {
        None => Opening::Short,
        Some(true) => Opening::Server,
        // Every verb is shorter than that, and something ends it.
        Some(false) if ahead.len() < Status::AHEAD && !whole && !ahead.contains(&b'\n') => Opening::Short,
        Some(false) if Verb::of(ahead.trim_ascii_end()) != Verb::Unknown => Opening::Client,
        Some(false) => Opening::Other,
    }
}
