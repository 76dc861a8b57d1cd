//! Pieces that came before their turn, sorted and without overlap.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{Seq, Timestamp};

/// What the allocation behind the copy of a piece costs beside its bytes.
const COPY_COST: usize = 48;

/// Where bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) packet: u64,
    pub(crate) at: Timestamp,
    pub(crate) packet_offset: u32,
}

impl Source {
    const fn skip(mut self, len: u32) -> Self {
        self.packet_offset = self.packet_offset.wrapping_add(len);
        self
    }
}

/// One run of bytes of one packet.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) start: u64,
    pub(crate) len: u32,
    /// `None`: they were on the wire, but the capture cut the packet before them.
    pub(crate) bytes: Option<Bytes>,
    pub(crate) source: Source,
    /// What the segment acknowledged: bytes of the peer that have to be told before these.
    pub(crate) ack: Option<Seq>,
    /// When it was put here.
    pub(crate) since: Timestamp,
    /// Whether `bytes` is still a slice of the caller's packet.
    pub(crate) shared: bool,
}

impl Piece {
    pub(crate) fn end(&self) -> u64 {
        self.start + u64::from(self.len)
    }

    /// The part `[from, to)`, which lies within.
    fn part(&self, from: u64, to: u64) -> Self {
        let skip = u32::try_from(from.saturating_sub(self.start)).unwrap_or(u32::MAX).min(self.len);
        let len = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX).min(self.len - skip);
        let bytes = self.bytes.as_ref().map(|bytes| slice(bytes, skip, len));
        Self { start: from, len, bytes, source: self.source.skip(skip), ..*self }
    }
}

/// `bytes[skip..skip + len]`, as far as it exists.
pub(crate) fn slice(bytes: &Bytes, skip: u32, len: u32) -> Bytes {
    let from = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
    let to = from.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)).min(bytes.len());
    bytes.slice(from..to)
}

/// Bytes that came twice, with equal content or not.
#[derive(Debug)]
pub(crate) struct Overlap {
    pub(crate) start: u64,
    pub(crate) kept: Bytes,
    pub(crate) kept_packet: u64,
    pub(crate) other: Bytes,
}

/// The held pieces of one direction.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pieces: VecDeque<Piece>,
    bytes: usize,
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Captured bytes held.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Memory held.
    pub(crate) fn cost(&self) -> usize {
        self.bytes + self.pieces.len() * COPY_COST + self.pieces.capacity() * size_of::<Piece>()
    }

    pub(crate) fn front(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    /// End of the highest piece.
    pub(crate) fn end(&self) -> Option<u64> {
        self.pieces.back().map(Piece::end)
    }

    /// Whether a byte is held at `offset`.
    pub(crate) fn covers(&self, offset: u64) -> bool {
        let place = self.pieces.partition_point(|piece| piece.end() <= offset);
        self.pieces.get(place).is_some_and(|piece| piece.start <= offset && piece.bytes.is_some())
    }

    pub(crate) fn pop_front(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.bytes -= piece.bytes.as_ref().map_or(0, Bytes::len);
        if self.pieces.is_empty() {
            self.pieces = VecDeque::new();
        }
        Some(piece)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Moves everything from provisional positions to true ones: `base` becomes 0.
    pub(crate) fn rebase(&mut self, base: u64) {
        for piece in &mut self.pieces {
            piece.start = piece.start.saturating_sub(base);
        }
    }

    /// Puts a piece in. What is there stays (the first copy counts), unless it is only a truncated run and the new
    /// one has the bytes. Returns where both had bytes.
    pub(crate) fn insert(&mut self, new: &Piece) -> Vec<Overlap> {
        let mut overlaps = Vec::new();
        let end = new.end();
        let mut cursor = new.start;
        let mut place = match self.pieces.back() {
            Some(last) if last.end() > cursor => self.pieces.partition_point(|piece| piece.end() <= cursor),
            _ => self.pieces.len(),
        };
        while cursor < end {
            let Some(old) = self.pieces.get(place).filter(|old| old.start < end) else {
                self.insert_at(place, new.part(cursor, end));
                break;
            };
            if old.start > cursor {
                let until = old.start;
                self.insert_at(place, new.part(cursor, until));
                place += 1;
                cursor = until;
                continue;
            }
            let until = old.end().min(end);
            match (&old.bytes, &new.bytes) {
                (Some(_), Some(_)) => {
                    let (kept, other) = (old.part(cursor, until), new.part(cursor, until));
                    if let (Some(kept), Some(other)) = (kept.bytes, other.bytes) {
                        overlaps.push(Overlap { start: cursor, kept, kept_packet: old.source.packet, other });
                    }
                }
                (None, Some(_)) => place = self.replace(place, new.part(cursor, until)),
                (_, None) => {}
            }
            place += 1;
            cursor = until;
        }
        overlaps
    }

    fn insert_at(&mut self, place: usize, piece: Piece) {
        self.bytes += piece.bytes.as_ref().map_or(0, Bytes::len);
        self.pieces.insert(place.min(self.pieces.len()), piece);
    }

    /// Puts `new` over a part of the truncated run at `place`; returns where it stands then.
    fn replace(&mut self, mut place: usize, new: Piece) -> usize {
        let Some(old) = self.pieces.remove(place) else { return place };
        if old.start < new.start {
            self.insert_at(place, old.part(old.start, new.start));
            place += 1;
        }
        let (from, to) = (new.end(), old.end());
        self.insert_at(place, new);
        if from < to {
            self.insert_at(place + 1, old.part(from, to));
        }
        place
    }

    /// Copies what still shares the caller's packet within `[from, to)`, so that nothing larger is kept alive.
    pub(crate) fn unshare(&mut self, from: u64, to: u64) {
        let first = self.pieces.partition_point(|piece| piece.end() <= from);
        for piece in self.pieces.iter_mut().skip(first).take_while(|piece| piece.start < to) {
            if piece.shared {
                piece.bytes = piece.bytes.as_deref().map(Bytes::copy_from_slice);
                piece.shared = false;
            }
        }
    }

    #[cfg(test)]
    fn assert_sound(&self) {
        let mut edge = 0;
        for piece in &self.pieces {
            assert!(piece.start >= edge && piece.len > 0, "{piece:?} after {edge}");
            assert!(piece.bytes.as_ref().is_none_or(|b| b.len() == piece.len as usize));
            edge = piece.end();
        }
        let bytes =
            self.pieces.iter().filter_map(|piece| piece.bytes.as_ref()).map(Bytes::len).sum::<usize>();
        assert_eq!(self.bytes, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: u64, text: &str) -> Piece {
        let void = text.starts_with('.');
        Piece {
            start,
            len: u32::try_from(text.len()).unwrap(),
            bytes: (!void).then(|| Bytes::copy_from_slice(text.as_bytes())),
            source: Source { packet: start, at: Timestamp::ZERO, packet_offset: 100 },
            ack: None,
            since: Timestamp::ZERO,
            shared: true,
        }
    }

    fn show(held: &mut Held) -> String {
        held.assert_sound();
        let mut out = String::new();
        while let Some(piece) = held.pop_front() {
            let text = piece
                .bytes
                .as_ref()
                .map_or_else(|| ".".repeat(piece.len as usize), |b| String::from_utf8(b.to_vec()).unwrap());
            out += &format!("{}{text}@{} ", piece.start, piece.source.packet_offset);
        }
        held.assert_sound();
        out.trim_end().to_owned()
    }

    #[test]
    fn inserts_keep_the_first_copy() {
        // (pieces in order of arrival, what stands there then, overlaps)
        for (pieces, stands, overlaps) in [
            (vec![piece(5, "aa")], "5aa@100", 0),
            (vec![piece(5, "aa"), piece(3, "bb")], "3bb@100 5aa@100", 0),
            (vec![piece(5, "aa"), piece(5, "bb")], "5aa@100", 1),
            (vec![piece(5, "aa"), piece(4, "bbbb")], "4b@100 5aa@100 7b@103", 1),
            (vec![piece(5, "aaaa"), piece(6, "bb")], "5aaaa@100", 1),
            (vec![piece(1, "a"), piece(3, "b"), piece(0, "ccccc")], "0c@100 1a@100 2c@102 3b@100 4c@104", 2),
            (vec![piece(1, "...."), piece(2, "bb")], "1.@100 2bb@100 4.@103", 0),
            (vec![piece(1, "...."), piece(0, "bbbbbb")], "0b@100 1bbbb@101 5b@105", 0),
            (vec![piece(2, "bb"), piece(1, "....")], "1.@100 2bb@100 4.@103", 0),
            (vec![piece(1, ".."), piece(1, "..")], "1..@100", 0),
        ] {
            let mut held = Held::default();
            let mut seen = 0;
            for piece in &pieces {
                seen += held.insert(piece).len();
                held.assert_sound();
            }
            assert_eq!((show(&mut held).as_str(), seen), (stands, overlaps), "{pieces:?}");
        }
    }

    #[test]
    fn copies_only_what_is_asked_for() {
        let mut held = Held::default();
        held.insert(&piece(0, "aa"));
        held.insert(&piece(10, "bb"));
        held.unshare(0, 2);
        let shared: Vec<bool> = held.pieces.iter().map(|piece| piece.shared).collect();
        assert_eq!(shared, [false, true]);
    }
}
