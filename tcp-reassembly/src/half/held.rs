//! Pieces that came before their turn, sorted and without overlap.

use bytes::Bytes;

use super::piece::{Piece, Stamp};
use super::pieces::Pieces;
use crate::{Policy, Relation};

/// What the allocation behind the copy of a piece costs beside its bytes.
const COPY_COST: usize = 48;

/// Bytes that came twice, with equal content or not.
#[derive(Debug)]
pub(crate) struct Overlap {
    pub(crate) start: u64,
    pub(crate) kept: Bytes,
    pub(crate) kept_by: Stamp,
    pub(crate) other: Bytes,
    pub(crate) other_by: Stamp,
    pub(crate) relation: Relation,
}

/// What an insertion met.
#[derive(Debug, Default)]
pub(crate) struct Inserted {
    pub(crate) overlaps: Vec<Overlap>,
    /// Bytes of the new piece for which there were others.
    pub(crate) met: u64,
    /// Pieces they lay in.
    pub(crate) pieces: u32,
}

/// The held pieces of one direction.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pieces: Pieces,
    bytes: usize,
}

impl Held {
    pub(crate) const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Memory that the held bytes keep alive.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Memory held.
    pub(crate) fn cost(&self) -> usize {
        self.bytes + self.pieces.len() * COPY_COST + self.pieces.cost()
    }

    pub(crate) fn front(&self) -> Option<&Piece> {
        self.pieces.get(0)
    }

    /// End of the highest piece.
    pub(crate) fn end(&self) -> Option<u64> {
        self.pieces.last().map(Piece::end)
    }

    /// Whether a byte is held at `offset`.
    pub(crate) fn covers(&self, offset: u64) -> bool {
        self.pieces
            .get(self.first_behind(offset))
            .is_some_and(|piece| piece.start <= offset && piece.bytes.is_some())
    }

    /// The place of the first piece that ends behind `offset`.
    fn first_behind(&self, offset: u64) -> usize {
        // Pieces do not overlap, so only the last one that begins at `offset` or before may reach beyond.
        let next = self.pieces.count_to(offset);
        match next.checked_sub(1).and_then(|last| self.pieces.get(last)) {
            Some(last) if last.end() > offset => next - 1,
            _ => next,
        }
    }

    /// The highest piece, taken out.
    pub(crate) fn pop_back(&mut self) -> Option<Piece> {
        let piece = self.pieces.remove(self.pieces.len().checked_sub(1)?)?;
        self.bytes -= piece.weight();
        Some(piece)
    }

    /// What is held below `to`, of the first piece.
    pub(crate) fn pop_below(&mut self, to: u64) -> Option<Piece> {
        let front = self.front().filter(|front| front.start < to)?;
        if front.end() <= to {
            return self.pop_front();
        }
        let (start, end) = (front.start, front.end());
        let piece = self.pieces.remove(0)?;
        self.bytes -= piece.weight();
        self.insert_at(0, piece.part(to, end));
        Some(piece.part(start, to))
    }

    pub(crate) fn pop_front(&mut self) -> Option<Piece> {
        let piece = self.pieces.remove(0)?;
        self.bytes -= piece.weight();
        Some(piece)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Moves everything from provisional positions to true ones: `base` becomes 0.
    pub(crate) fn rebase(&mut self, base: u64) {
        self.pieces.change(0, |piece| {
            piece.start = piece.start.saturating_sub(base);
            piece.owner = (piece.owner.0.saturating_sub(base), piece.owner.1.saturating_sub(base));
            true
        });
    }

    /// Puts a piece in. Where others are, `policy` decides between them; without one what is there stays and nothing
    /// is compared. A truncated run always yields to bytes. What is put in is settled, unless it `may_go` at once.
    pub(crate) fn insert(&mut self, new: Piece, policy: Option<Policy>, may_go: bool) -> Inserted {
        let mut inserted = Inserted::default();
        let end = new.end();
        let mut cursor = new.start;
        let mut place = if self.end() > Some(cursor) { self.first_behind(cursor) } else { self.pieces.len() };
        while cursor < end {
            let Some(old) = self.pieces.get(place).filter(|old| old.start < end) else {
                let rest = if cursor == new.start { new } else { new.part(cursor, end) };
                self.insert_new(place, rest, may_go);
                break;
            };
            if old.start > cursor {
                let until = old.start;
                self.insert_new(place, new.part(cursor, until), may_go);
                place += 1;
                cursor = until;
                continue;
            }
            let until = old.end().min(end);
            inserted.pieces += 1;
            match (&old.bytes, &new.bytes, policy) {
                (Some(_), Some(_), None) => inserted.met += until - cursor,
                (Some(_), Some(_), Some(policy)) => {
                    inserted.met += until - cursor;
                    let takes_new = policy.takes_new(new.owner, old.owner);
                    let (held, came) = (old.part(cursor, until), new.part(cursor, until));
                    let relation = Relation::of(new.owner, old.owner);
                    let (kept, other) = if takes_new { (&came, &held) } else { (&held, &came) };
                    if let (Some(kept_bytes), Some(other_bytes)) = (&kept.bytes, &other.bytes) {
                        inserted.overlaps.push(Overlap {
                            start: cursor,
                            kept: kept_bytes.clone(),
                            kept_by: kept.source.stamp,
                            other: other_bytes.clone(),
                            other_by: other.source.stamp,
                            relation,
                        });
                    }
                    if takes_new {
                        place = self.replace(place, came, may_go);
                    }
                }
                (None, Some(_), _) => place = self.replace(place, new.part(cursor, until), may_go),
                (_, None, _) => {}
            }
            place += 1;
            cursor = until;
        }
        inserted
    }

    fn insert_new(&mut self, place: usize, mut piece: Piece, may_go: bool) {
        if !may_go {
            piece.settle();
        }
        self.insert_at(place, piece);
    }

    fn insert_at(&mut self, place: usize, piece: Piece) {
        self.bytes += piece.weight();
        self.pieces.insert(place, piece);
    }

    /// Puts `new` over a part of the piece at `place`; returns where it stands then.
    fn replace(&mut self, mut place: usize, new: Piece, may_go: bool) -> usize {
        let Some(old) = self.pieces.remove(place) else { return place };
        self.bytes -= old.weight();
        if old.start < new.start {
            self.insert_at(place, old.part(old.start, new.start));
            place += 1;
        }
        let (from, to) = (new.end(), old.end());
        self.insert_new(place, new, may_go);
        if from < to {
            self.insert_at(place + 1, old.part(from, to));
        }
        place
    }

    /// Settles what still shares the caller's packet within `[from, to)`, so that nothing much larger is kept alive.
    pub(crate) fn settle(&mut self, from: u64, to: u64) {
        let first = self.first_behind(from);
        let bytes = &mut self.bytes;
        self.pieces.change(first, |piece| {
            if piece.start >= to {
                return false;
            }
            *bytes -= piece.weight();
            piece.settle();
            *bytes += piece.weight();
            true
        });
    }

    /// Whether no piece still shares the caller's packet by chance.
    pub(crate) fn is_settled(&self) -> bool {
        self.pieces.iter().all(|piece| !piece.shared)
    }

    #[cfg(test)]
    fn assert_sound(&self) {
        let mut edge = 0;
        for piece in self.pieces.iter() {
            assert!(piece.start >= edge && piece.len > 0, "{piece:?} after {edge}");
            assert!(piece.bytes.as_ref().is_none_or(|b| b.len() == piece.len as usize));
            edge = piece.end();
        }
        let bytes = self.pieces.iter().map(Piece::weight).sum::<usize>();
        assert_eq!(self.bytes, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::piece::Source;
    use super::*;
    use crate::Timestamp;

    fn piece(start: u64, text: &str) -> Piece {
        let void = text.starts_with('.');
        Piece {
            start,
            len: u32::try_from(text.len()).unwrap(),
            bytes: (!void).then(|| Bytes::copy_from_slice(text.as_bytes())),
            owner: (start, start + text.len() as u64),
            source: Source {
                stamp: Stamp { packet: start, ..Stamp::default() },
                at: Timestamp::ZERO,
                packet_offset: 100,
            },
            ack: None,
            since: Timestamp::ZERO,
            shared: true,
            backing: 0,
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
                seen += held.insert(piece.clone(), Some(Policy::First), true).overlaps.len();
                held.assert_sound();
            }
            assert_eq!((show(&mut held).as_str(), seen), (stands, overlaps), "{pieces:?}");
        }
    }

    #[test]
    fn policies_decide_and_owners_stay_whole() {
        for (policy, stands) in [
            (Policy::First, "4n@100 5ooo@100 8nn@104"),
            (Policy::Last, "4nnnnnn@100"),
            (Policy::Solaris, "4nnnnnn@100"),
        ] {
            let mut held = Held::default();
            held.insert(piece(5, "ooo"), Some(policy), true);
            let met = held.insert(piece(4, "nnnnnn"), Some(policy), true);
            assert_eq!((met.overlaps.len(), met.met, met.pieces), (1, 3, 1));
            // Neighbours of one segment are told as one in the comparison, and stay apart here.
            let text = show(&mut held).replace("4n@100 5nnn@101 8nn@104", "4nnnnnn@100");
            assert_eq!(text, stands, "{policy:?}");
        }
        // Two bytes of the first segment are gone, and still its lower start counts.
        let mut held = Held::default();
        held.insert(piece(3, "aaaa"), Some(Policy::Bsd), true);
        held.insert(piece(1, "bbb"), Some(Policy::Bsd), true);
        held.insert(piece(4, "cc"), Some(Policy::Bsd), true);
        assert_eq!(show(&mut held), "1bb@100 3b@102 4aaa@101");
    }

    #[test]
    fn takes_out_what_lies_below() {
        let mut held = Held::default();
        held.insert(piece(2, "abcd"), None, true);
        assert!(held.pop_below(2).is_none());
        let below = held.pop_below(4).unwrap();
        assert_eq!((below.start, below.bytes.as_deref()), (2, Some(&b"ab"[..])));
        assert_eq!(show(&mut held), "4cd@102");
    }

    #[test]
    fn copies_only_what_is_asked_for() {
        let mut held = Held::default();
        held.insert(piece(0, "aa"), None, true);
        held.insert(piece(10, "bb"), None, true);
        held.settle(0, 2);
        let shared: Vec<bool> = held.pieces.iter().map(|piece| piece.shared).collect();
        assert_eq!(shared, [false, true]);
        held.assert_sound();
    }

    #[test]
    fn a_slice_is_kept_if_it_keeps_little_else_alive() {
        for (len, backing, kept) in
            [(1000, 1054, true), (1000, 0, false), (1000, 5000, false), (1000, 999, false), (100, 100, false)]
        {
            let mut held = Held::default();
            let mut new = piece(0, &"x".repeat(len));
            new.backing = backing;
            let place = new.bytes.as_ref().unwrap().as_ptr();
            held.insert(new, None, true);
            held.settle(0, 1);
            assert_eq!(held.bytes(), if kept { backing as usize } else { len }, "{len} {backing}");
            held.assert_sound();
            assert_eq!(held.pop_front().unwrap().bytes.unwrap().as_ptr() == place, kept, "{len} {backing}");
            assert_eq!(held.bytes(), 0);
        }
    }

    /// Each part of a copy keeps the whole copy alive.
    #[test]
    fn parts_count_for_what_they_keep_alive() {
        let mut held = Held::default();
        held.insert(piece(0, &"a".repeat(100)), Some(Policy::Last), true);
        held.settle(0, 100);
        held.insert(piece(1, &"b".repeat(99)), Some(Policy::Last), true);
        held.settle(1, 100);
        assert_eq!((held.len(), held.bytes()), (2, 199));
        held.assert_sound();
    }
}
