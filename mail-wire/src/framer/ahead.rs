//! What can be said of the bytes that no frame has taken yet.

use super::Framer;
use super::inbox::Piece;
use crate::Timestamp;

impl Framer {
    /// The bytes that come next, up to a gap; nothing is taken.
    pub fn peek(&self) -> impl Iterator<Item = u8> + '_ {
        self.partial.iter().copied().chain(self.inbox.upcoming())
    }

    /// The first of the bytes that come next.
    #[must_use]
    #[inline]
    pub fn peek_first(&self) -> Option<u8> {
        self.ahead().first().copied()
    }

    /// The bytes that come next, as many of them as there is room for, up to a gap; nothing is taken.
    pub fn peek_into<'a>(&self, room: &'a mut [u8]) -> &'a [u8] {
        if let Some(ahead) = self.ahead().get(..room.len()) {
            room.copy_from_slice(ahead);
            return room;
        }
        let len = room.iter_mut().zip(self.peek()).map(|(slot, byte)| *slot = byte).count();
        room.get(..len).unwrap_or_default()
    }

    /// The bytes that come next, as far as they lie side by side.
    fn ahead(&self) -> &[u8] {
        match self.inbox.front() {
            _ if !self.partial.is_empty() => &self.partial,
            Some(Piece::Data { bytes, .. }) => bytes,
            Some(Piece::Gap { .. }) | None => &[],
        }
    }

    /// Whether [`peek`](Self::peek) will never show more than it does now: a gap or the end of the stream is behind it.
    #[must_use]
    pub fn peek_is_all(&self) -> bool {
        self.is_closed() || self.inbox.upcoming_is_all()
    }

    /// Whether a gap is what comes next.
    #[must_use]
    #[inline]
    pub fn at_gap(&self) -> bool {
        self.partial.is_empty() && matches!(self.inbox.front(), Some(Piece::Gap { .. }))
    }

    /// Whether the stream is closed and wholly read.
    #[must_use]
    #[inline]
    pub fn is_finished(&self) -> bool {
        self.is_closed() && !self.has_unread()
    }

    /// Whether [`close`](Self::close) was called and nothing came since.
    #[must_use]
    #[inline]
    pub const fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Whether bytes or gaps are unread.
    #[must_use]
    #[inline]
    pub fn has_unread(&self) -> bool {
        !self.inbox.is_empty() || !self.partial.is_empty()
    }

    /// Unread bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.inbox.bytes() + self.partial.len()
    }

    /// Whether so many small pieces are unread that waiting any longer costs more than it brings.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.inbox.is_crowded()
    }

    /// Whether all frames so far have the time of their own chunk. Where very many small chunks are left unread, they are
    /// merged, and get the time of the last of them.
    #[must_use]
    pub const fn has_exact_times(&self) -> bool {
        self.inbox.has_exact_times()
    }

    /// When the next byte was captured; `None` where a gap is next, or nothing.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        match self.inbox.front() {
            _ if !self.partial.is_empty() => Some(self.partial_at),
            Some(Piece::Data { at, .. }) => Some(*at),
            Some(Piece::Gap { .. }) | None => None,
        }
    }

    /// When the next byte was captured that is there, behind a gap too.
    #[must_use]
    pub fn next_data_at(&self) -> Option<Timestamp> {
        self.next_at().or_else(|| self.inbox.next_data_at())
    }

    /// When the bytes pushed last were captured. Gaps do not count: they are told long after the place where they are.
    #[must_use]
    pub const fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    /// How long the gap is that comes next, as far as it is known.
    #[must_use]
    pub fn gap_ahead(&self) -> Option<u64> {
        match self.inbox.front() {
            Some(Piece::Gap { len, .. }) if self.partial.is_empty() => *len,
            _ => None,
        }
    }

    /// The bytes that stand behind the gap that comes next, as many of them as there is room for, up to another gap; and
    /// whether there will never be more of them.
    pub fn peek_behind_gap<'a>(&self, room: &'a mut [u8]) -> (&'a [u8], bool) {
        let (behind, is_all) = self.inbox.behind_gap();
        let len = room.iter_mut().zip(behind).map(|(slot, byte)| *slot = byte).count();
        (room.get(..len).unwrap_or_default(), is_all || self.is_closed())
    }

    /// Whether the next byte of the body begins a line, as far as the bytes before it are known.
    #[must_use]
    pub fn is_at_line_start(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.dropped.is_none() && body.scanner.is_at_line_start())
    }
}
