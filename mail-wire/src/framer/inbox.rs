//! Chunks of one direction that no frame has taken yet.

use crate::{Fifo, Timestamp};
use bytes::{Buf as _, Bytes, BytesMut};

/// Above this many pieces, small chunks are merged, so that bookkeeping cannot outgrow the bytes it keeps.
const MAX_PIECES: usize = 512;

/// A stretch of the stream, as it came.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Bytes; `owned` once they are a copy of ours that keeps nothing else alive.
    Data { at: Timestamp, bytes: Bytes, owned: bool },
    /// Bytes that will never come.
    Gap { at: Timestamp, len: Option<u64> },
}

/// The queue of unread pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Inbox {
    pieces: Fifo<Piece>,
    bytes: usize,
    /// Chunks of different times were merged.
    blurred: bool,
}

impl Inbox {
    /// Bookkeeping of a full queue, in bytes.
    pub(super) const OVERHEAD: usize = MAX_PIECES * size_of::<Piece>();

    pub(super) fn push(&mut self, at: Timestamp, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.bytes += bytes.len();
        let full = self.pieces.len() >= MAX_PIECES;
        if full
            && let Some(Piece::Data { at: last_at, bytes: last, owned: owned @ true }) =
                self.pieces.back_mut()
        {
            let mut merged = match core::mem::take(last).try_into_mut() {
                Ok(merged) => merged,
                Err(shared) => BytesMut::from(shared.as_ref()),
            };
            merged.extend_from_slice(&bytes);
            *last = merged.freeze();
            self.blurred |= *last_at != at;
            *last_at = at;
            *owned = true;
            return;
        }
        let bytes = if full { Bytes::copy_from_slice(&bytes) } else { bytes };
        self.pieces.push_back(Piece::Data { at, bytes, owned: full });
    }

    pub(super) fn gap(&mut self, at: Timestamp, len: Option<u64>) {
        match (self.pieces.back_mut(), len) {
            (Some(Piece::Gap { at: last_at, len: Some(last) }), Some(len)) => {
                *last_at = at;
                *last = last.saturating_add(len);
            }
            (Some(Piece::Gap { len: None, .. }), None) => {}
            _ => self.pieces.push_back(Piece::Gap { at, len }),
        }
    }

    #[inline]
    pub(super) const fn front(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    /// When the first data was captured, gaps passed over.
    pub(super) fn next_data_at(&self) -> Option<Timestamp> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Data { at, .. } => Some(*at),
            Piece::Gap { .. } => None,
        })
    }

    pub(super) fn pop(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front();
        if let Some(Piece::Data { bytes, .. }) = &piece {
            self.bytes -= bytes.len();
        }
        piece
    }

    /// Takes up to `len` bytes of the data at the front, a shared slice.
    pub(super) fn take(&mut self, len: usize) -> Option<(Timestamp, Bytes)> {
        let Some(Piece::Data { at, bytes, .. }) = self.pieces.front_mut() else { return None };
        let at = *at;
        if len < bytes.len() {
            self.bytes -= len;
            return Some((at, bytes.split_to(len)));
        }
        let Some(Piece::Data { bytes, .. }) = self.pieces.pop_front() else { return None };
        self.bytes -= bytes.len();
        Some((at, bytes))
    }

    /// Takes a line, `len` bytes of the data at the front with its LF: its text, a shared slice, and whether CRLF ended
    /// it.
    pub(super) fn take_line(&mut self, len: usize) -> Option<(Timestamp, Bytes, bool)> {
        let Some(Piece::Data { at, bytes, .. }) = self.pieces.front_mut() else { return None };
        let at = *at;
        let text = len.checked_sub(1)?;
        let crlf = text.checked_sub(1).and_then(|last| bytes.get(last)) == Some(&b'\r');
        let text = text - usize::from(crlf);
        self.bytes -= len;
        if len < bytes.len() {
            let line = bytes.slice(..text);
            bytes.advance(len);
            return Some((at, line, crlf));
        }
        let Some(Piece::Data { bytes: mut line, .. }) = self.pieces.pop_front() else { return None };
        line.truncate(text);
        Some((at, line, crlf))
    }

    /// Passes over one byte of the data at the front.
    pub(super) fn skip_byte(&mut self) -> Option<Timestamp> {
        let Some(Piece::Data { at, bytes, .. }) = self.pieces.front_mut() else { return None };
        let at = *at;
        bytes.advance(1);
        if bytes.is_empty() {
            self.pieces.pop_front();
        }
        self.bytes -= 1;
        Some(at)
    }

    /// Puts bytes back at the front.
    pub(super) fn put_back(&mut self, at: Timestamp, bytes: Bytes) {
        if !bytes.is_empty() {
            self.bytes += bytes.len();
            self.pieces.push_front(Piece::Data { at, bytes, owned: false });
        }
    }

    /// Shortens the gap at the front by `len`.
    pub(super) fn shorten_gap(&mut self, len: u64) {
        if let Some(Piece::Gap { len: Some(left), .. }) = self.pieces.front_mut() {
            *left = left.saturating_sub(len);
            if *left == 0 {
                self.pieces.pop_front();
            }
        }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether each byte still has the time of its own chunk.
    pub(super) const fn has_exact_times(&self) -> bool {
        !self.blurred
    }

    /// Whether alternating gaps and crumbs have filled the queue: such a half is not worth a wait.
    pub(super) fn is_crowded(&self) -> bool {
        self.pieces.len() > MAX_PIECES
    }

    /// Unread bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Memory that the queue keeps alive.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.pieces.len() * size_of::<Piece>()
    }

    /// The bytes that come next, over chunk edges, up to a gap.
    pub(super) fn upcoming(&self) -> impl Iterator<Item = u8> + '_ {
        self.pieces
            .iter()
            .map_while(|piece| match piece {
                Piece::Data { bytes, .. } => Some(bytes),
                Piece::Gap { .. } => None,
            })
            .flatten()
            .copied()
    }

    /// Whether a gap, not the future, ends what [`upcoming`](Self::upcoming) shows.
    pub(super) fn upcoming_is_all(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Gap { .. }))
    }

    /// The bytes behind the gap at the front, up to the next one, and whether there is one.
    pub(super) fn behind_gap(&self) -> (impl Iterator<Item = u8> + '_, bool) {
        let behind = || self.pieces.iter().skip(1);
        let bytes = behind().map_while(|piece| match piece {
            Piece::Data { bytes, .. } => Some(bytes),
            Piece::Gap { .. } => None,
        });
        (bytes.flatten().copied(), behind().any(|piece| matches!(piece, Piece::Gap { .. })))
    }

    /// Copies what stays, so that a crumb does not keep a whole capture block alive.
    pub(super) fn settle(&mut self) {
        for piece in self.pieces.iter_mut().rev() {
            match piece {
                // What stands before it was copied at an earlier call.
                Piece::Data { owned: true, .. } => break,
                Piece::Data { bytes, owned, .. } => {
                    *bytes = Bytes::copy_from_slice(bytes);
                    *owned = true;
                }
                Piece::Gap { .. } => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::ZERO;

    #[test]
    fn counts_what_it_holds() {
        let mut inbox = Inbox::default();
        inbox.push(AT, Bytes::from_static(b"abc"));
        inbox.push(AT, Bytes::new());
        inbox.gap(AT, Some(2));
        inbox.gap(AT, Some(3));
        inbox.push(AT, Bytes::from_static(b"de"));
        assert_eq!((inbox.bytes(), inbox.pieces.len()), (5, 3));
        assert!(matches!(inbox.pop(), Some(Piece::Data { .. })));
        assert!(matches!(inbox.pop(), Some(Piece::Gap { len: Some(5), .. })));
        assert_eq!(inbox.bytes(), 2);
        inbox.pop();
        assert_eq!((inbox.bytes(), inbox.is_empty()), (0, true));
    }

    #[test]
    fn a_gap_of_unknown_length_keeps_the_known_ones_beside_it() {
        let mut inbox = Inbox::default();
        for len in [Some(2), None, None, Some(3)] {
            inbox.gap(AT, len);
        }
        let gaps: Vec<_> = core::iter::from_fn(|| inbox.pop())
            .map(|piece| match piece {
                Piece::Gap { len, .. } => len,
                Piece::Data { .. } => Some(0),
            })
            .collect();
        assert_eq!(gaps, [Some(2), None, Some(3)]);
    }

    #[test]
    fn crumbs_are_merged_and_no_byte_is_lost() {
        let mut inbox = Inbox::default();
        let sent: Vec<u8> = (0..5000u16).map(|n| n.to_le_bytes()[0]).collect();
        for byte in &sent {
            inbox.push(AT, Bytes::copy_from_slice(&[*byte]));
        }
        assert!(inbox.pieces.len() <= MAX_PIECES + 1);
        assert_eq!(inbox.bytes(), sent.len());
        assert_eq!(inbox.upcoming().collect::<Vec<_>>(), sent);
    }
}
