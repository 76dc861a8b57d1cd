//! The two halves of a connection: a framer for each direction, who speaks in which, how long each has waited.
//!
//! What a session of any line-based protocol needs around its grammar. The framers are kept by the [`Direction`] that
//! the caller names; the session speaks of [`Side`]s, which are known once the first bytes have told who is who.

use crate::framer::Framer;
use crate::{Direction, Timestamp};
use bytes::Bytes;
use core::time::Duration;

/// Who speaks.
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl Side {
    /// Both sides.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other side.
    #[must_use]
    pub const fn flip(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What the first bytes of a half look like.
#[expect(clippy::exhaustive_enums, reason = "all that can be said of who speaks")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A client's.
    Client,
    /// A server's.
    Server,
    /// Neither's.
    Other,
    /// Too few to tell.
    Short,
}

/// What the bytes of one direction go into: a [`Framer`], or what a session builds on one.
#[expect(missing_docs, reason = "as those of the framer")]
pub trait Stream {
    fn push(&mut self, at: Timestamp, bytes: Bytes);
    fn gap(&mut self, at: Timestamp, len: Option<u64>);
    fn close(&mut self, at: Timestamp);
    fn peek(&self) -> impl Iterator<Item = u8> + '_;
    fn peek_first(&self) -> Option<u8> {
        self.peek().next()
    }
    fn peek_is_all(&self) -> bool;
    fn has_unread(&self) -> bool;
    fn is_closed(&self) -> bool;
    fn held(&self) -> usize;
    fn is_crowded(&self) -> bool;
    fn settle(&mut self);
    fn buffered(&self) -> usize;
}

impl Stream for Framer {
    fn push(&mut self, at: Timestamp, bytes: Bytes) {
        Self::push(self, at, bytes);
    }

    fn gap(&mut self, at: Timestamp, len: Option<u64>) {
        Self::gap(self, at, len);
    }

    fn close(&mut self, at: Timestamp) {
        Self::close(self, at);
    }

    fn peek(&self) -> impl Iterator<Item = u8> + '_ {
        Self::peek(self)
    }

    fn peek_first(&self) -> Option<u8> {
        Self::peek_first(self)
    }

    fn peek_is_all(&self) -> bool {
        Self::peek_is_all(self)
    }

    fn has_unread(&self) -> bool {
        Self::has_unread(self)
    }

    fn is_closed(&self) -> bool {
        Self::is_closed(self)
    }

    fn held(&self) -> usize {
        Self::held(self)
    }

    fn is_crowded(&self) -> bool {
        Self::is_crowded(self)
    }

    fn settle(&mut self) {
        Self::settle(self);
    }

    fn buffered(&self) -> usize {
        Self::buffered(self)
    }
}

/// Both halves of a connection.
///
/// ```
/// use mail_wire::Direction::{ToClient, ToServer};
/// use mail_wire::framer::{FrameKind, Mode};
/// use mail_wire::halves::{Halves, Opening, Side};
///
/// let mut halves = Halves::new(1024);
/// // The caller has the roles the wrong way round: this is a server's line.
/// halves.push(ToServer, Default::default(), "+OK ready\r\n".into());
/// let judge = |half: &mail_wire::framer::Framer| match half.peek().next() {
///     Some(b'+') => Opening::Server,
///     Some(_) => Opening::Client,
///     None => Opening::Short,
/// };
/// assert_eq!(halves.find_roles(judge), Some(true)); // reversed
/// assert_eq!(halves.roles(), Some(ToClient)); // the client speaks there
/// let frame = halves.of_mut(Side::Server).next(Mode::Line).unwrap();
/// assert!(matches!(frame.kind, FrameKind::Line(line) if line.text == "+OK ready"));
/// ```
#[derive(Clone, Debug)]
pub struct Halves<S = Framer> {
    streams: [S; 2],
    /// The direction in which the client speaks; `None` until the first bytes have told.
    client: Option<Direction>,
    waiting_since: [Option<Timestamp>; 2],
    expired: [bool; 2],
    now: Timestamp,
}

const fn index(dir: Direction) -> usize {
    match dir {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    }
}

impl Halves {
    /// Halves of which nothing has been seen, with lines of at most `max_line` bytes.
    #[must_use]
    pub fn new(max_line: usize) -> Self {
        let framer = Framer::new(max_line);
        Self::of_streams([framer.clone(), framer])
    }
}

impl<S: Stream> Halves<S> {
    /// Halves of which nothing has been seen, by their direction: to the server, to the client.
    #[must_use]
    pub const fn of_streams(streams: [S; 2]) -> Self {
        Self { streams, client: None, waiting_since: [None; 2], expired: [false; 2], now: Timestamp::ZERO }
    }

    /// The next in-order bytes of a direction.
    pub fn push(&mut self, dir: Direction, at: Timestamp, bytes: Bytes) {
        self.now = self.now.max(at);
        self.along_mut(dir).push(at, bytes);
    }

    /// Bytes of a direction that will never come; `None`: nobody knows how many.
    pub fn gap(&mut self, dir: Direction, at: Timestamp, len: Option<u64>) {
        self.now = self.now.max(at);
        self.along_mut(dir).gap(at, len);
    }

    /// The end of a direction.
    pub fn close(&mut self, dir: Direction, at: Timestamp) {
        self.now = self.now.max(at);
        self.along_mut(dir).close(at);
    }

    /// Ends the waits that have lasted longer than `max_wait` at this capture time.
    pub fn expire(&mut self, now: Timestamp, max_wait: Duration) {
        self.now = self.now.max(now);
        for (since, expired) in self.waiting_since.iter().zip(&mut self.expired) {
            *expired |= since.is_some_and(|since| now.saturating_sub(since) > max_wait);
        }
    }

    /// The latest time that was heard of.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Settles from the first bytes who is the client, if that is open: whether the roles are the other way round than
    /// the caller thought. `None` while the bytes have not come, and once it is settled.
    pub fn find_roles(&mut self, judge: impl Fn(&S) -> Opening) -> Option<bool> {
        if self.client.is_some() {
            return None;
        }
        let [to_server, to_client] = &self.streams;
        let reversed = match (judge(to_server), judge(to_client)) {
            (Opening::Client, _) | (_, Opening::Server) => false,
            (Opening::Server, _) | (_, Opening::Client) => true,
            (Opening::Other, _) | (_, Opening::Other) => false,
            (Opening::Short, Opening::Short) => return None,
        };
        self.set_client(if reversed { Direction::ToClient } else { Direction::ToServer });
        Some(reversed)
    }

    /// Settles in which direction the client speaks: where a session judges both halves by itself, and where the two
    /// sides change their roles.
    pub const fn set_client(&mut self, dir: Direction) {
        self.client = Some(dir);
    }

    /// The direction in which the client speaks, once the first bytes have told.
    #[must_use]
    pub const fn roles(&self) -> Option<Direction> {
        self.client
    }

    /// The direction in which a side speaks; as the caller has it, while nothing has told.
    #[must_use]
    pub fn dir(&self, side: Side) -> Direction {
        let client = self.client.unwrap_or(Direction::ToServer);
        if side == Side::Client { client } else { client.flip() }
    }

    /// What a side says.
    #[must_use]
    pub fn of(&self, side: Side) -> &S {
        let [to_server, to_client] = &self.streams;
        match self.dir(side) {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    /// What a side says, to be read.
    pub fn of_mut(&mut self, side: Side) -> &mut S {
        self.along_mut(self.dir(side))
    }

    /// What travels in a direction.
    pub const fn along_mut(&mut self, dir: Direction) -> &mut S {
        let [to_server, to_client] = &mut self.streams;
        match dir {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    /// Whether the next bytes of a side are a TLS record; `None` while that cannot be told.
    #[must_use]
    pub fn tls_ahead(&self, side: Side) -> Option<bool> {
        let framer = self.of(side);
        // RFC 8446 section 5.1: content types 20 to 23, then the major version 3.
        match framer.peek_first() {
            Some(20..=23) => match framer.peek().nth(1) {
                Some(version) => Some(version == 3),
                None => framer.peek_is_all().then_some(false),
            },
            None => framer.peek_is_all().then_some(false),
            Some(_) => Some(false),
        }
    }

    /// Whether a side that is left unread has to be read all the same: too much is unread, or too long.
    #[must_use]
    pub fn is_overdue(&self, side: Side, max_held: usize) -> bool {
        let framer = self.of(side);
        let expired = self.expired.get(index(self.dir(side))) == Some(&true);
        framer.held() > max_held || framer.is_crowded() || expired
    }

    /// Whether anything of a side is unread, its end included.
    #[must_use]
    pub fn has_more(&self, side: Side) -> bool {
        let framer = self.of(side);
        framer.has_unread() || framer.is_closed()
    }

    /// Says that the wait of a side is over.
    pub fn wait_ended(&mut self, side: Side) {
        let slot = index(self.dir(side));
        if let Some(expired) = self.expired.get_mut(slot) {
            *expired = false;
        }
    }

    /// Before the caller goes away for more: notes which of client and server wait, and sees to it that nothing held
    /// keeps a capture buffer alive.
    pub fn rest(&mut self, waits: [bool; 2]) {
        for (side, waits) in Side::BOTH.into_iter().zip(waits) {
            let slot = index(self.dir(side));
            let stream = self.of_mut(side);
            if stream.has_unread() {
                stream.settle();
            }
            if let Some(since) = self.waiting_since.get_mut(slot) {
                *since = if waits { Some(since.unwrap_or(self.now)) } else { None };
            }
        }
    }

    /// Memory held by both, in bytes.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.streams.iter().map(Stream::buffered).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framer::Mode;
    use Direction::{ToClient, ToServer};

    const AT: Timestamp = Timestamp::ZERO;

    #[test]
    fn roles_follow_from_the_first_bytes() {
        let judge = |half: &Framer| match half.peek().next() {
            Some(b'c') => Opening::Client,
            Some(b's') => Opening::Server,
            Some(_) => Opening::Other,
            None => Opening::Short,
        };
        for (to_server, to_client, reversed) in [
            ("", "", None),
            ("c", "", Some(false)),
            ("", "s", Some(false)),
            ("s", "", Some(true)),
            ("", "c", Some(true)),
            ("c", "c", Some(false)),
            ("s", "s", Some(false)),
            ("?", "", Some(false)),
            ("?", "c", Some(true)),
        ] {
            let mut halves = Halves::new(16);
            halves.push(ToServer, AT, to_server.into());
            halves.push(ToClient, AT, to_client.into());
            assert_eq!(halves.find_roles(judge), reversed, "{to_server} {to_client}");
            let client = reversed.map(|reversed| if reversed { ToClient } else { ToServer });
            assert_eq!((halves.roles(), halves.dir(Side::Client)), (client, client.unwrap_or(ToServer)));
            assert_eq!(halves.dir(Side::Server), halves.dir(Side::Client).flip());
            assert_eq!(halves.find_roles(judge), None, "settled, or still open");
            let other = halves.dir(Side::Server);
            halves.set_client(other);
            assert_eq!((halves.roles(), halves.dir(Side::Client)), (Some(other), other));
        }
    }

    #[test]
    fn tls_shows_in_two_bytes() {
        for (bytes, closed, tls) in [
            (&b""[..], false, None),
            (b"", true, Some(false)),
            (b"\x16", false, None),
            (b"\x16", true, Some(false)),
            (b"\x16\x03", false, Some(true)),
            (b"\x17\x04", false, Some(false)),
            (b"+", false, Some(false)),
        ] {
            let mut halves = Halves::new(16);
            halves.push(ToServer, AT, Bytes::from_static(bytes));
            if closed {
                halves.close(ToServer, AT);
            }
            assert_eq!(halves.tls_ahead(Side::Client), tls, "{bytes:?} {closed}");
        }
    }

    #[test]
    fn a_wait_is_overdue_by_size_or_time() {
        let second = Duration::from_secs(1);
        let mut halves = Halves::new(16);
        halves.push(ToServer, AT, "12345".into());
        assert!(halves.is_overdue(Side::Client, 4) && !halves.is_overdue(Side::Client, 5));
        halves.rest([true, false]);
        halves.expire(second, second);
        assert!(!halves.is_overdue(Side::Client, 5), "not longer than the limit");
        halves.rest([true, false]);
        halves.expire(2 * second, second);
        assert!(halves.is_overdue(Side::Client, 5) && !halves.is_overdue(Side::Server, 5));
        halves.wait_ended(Side::Client);
        halves.rest([false, false]);
        halves.expire(9 * second, second);
        assert!(!halves.is_overdue(Side::Client, 5), "nobody waits");
    }

    #[test]
    fn what_is_there_is_more() {
        let mut halves = Halves::new(16);
        assert!(!halves.has_more(Side::Server));
        halves.push(ToClient, AT, "x\n".into());
        assert!(halves.has_more(Side::Server));
        assert!(halves.of_mut(Side::Server).next(Mode::Line).is_some());
        assert!(!halves.has_more(Side::Server));
        halves.close(ToClient, AT);
        assert!(halves.has_more(Side::Server));
    }
}
