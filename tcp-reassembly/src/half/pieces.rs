//! A row of pieces in order: cheap to search, to open up anywhere, and to take from the front.

use std::collections::VecDeque;

use super::piece::Piece;

/// Where a piece begins and its slot: small, as an insertion moves half of those behind (or before) it, and a search
/// stays among them.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u64,
    slot: u32,
}

#[derive(Debug)]
enum Slot {
    Used(Piece),
    /// And the next free one.
    Free(Option<u32>),
}

#[derive(Debug, Default)]
struct Store {
    order: VecDeque<Entry>,
    slots: Vec<Slot>,
    free: Option<u32>,
}

/// Pieces in the order of their beginnings. Nothing is allocated while there are none.
#[derive(Debug, Default)]
pub(super) struct Pieces(Option<Box<Store>>);

impl Pieces {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |store| store.order.len())
    }

    /// Memory of the row itself.
    pub(super) fn cost(&self) -> usize {
        self.0.as_ref().map_or(0, |store| {
            size_of::<Store>()
                + store.order.capacity() * size_of::<Entry>()
                + store.slots.capacity() * size_of::<Slot>()
        })
    }

    pub(super) fn get(&self, place: usize) -> Option<&Piece> {
        let store = self.0.as_ref()?;
        store.at(store.order.get(place)?.slot)
    }

    pub(super) fn last(&self) -> Option<&Piece> {
        self.get(self.len().checked_sub(1)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Piece> {
        self.0.iter().flat_map(|store| store.order.iter().filter_map(|entry| store.at(entry.slot)))
    }

    /// How many pieces begin at `offset` or before.
    pub(super) fn count_to(&self, offset: u64) -> usize {
        self.0.as_ref().map_or(0, |store| store.order.partition_point(|entry| entry.start <= offset))
    }

    /// Puts a piece where it stands in order.
    pub(super) fn insert(&mut self, place: usize, piece: Piece) {
        let store = self.0.get_or_insert_default();
        let start = piece.start;
        let slot = store.put(piece);
        store.order.insert(place.min(store.order.len()), Entry { start, slot });
    }

    pub(super) fn remove(&mut self, place: usize) -> Option<Piece> {
        let store = self.0.as_mut()?;
        let entry = if place == 0 { store.order.pop_front()? } else { store.order.remove(place)? };
        let piece = store.take(entry.slot);
        if store.order.is_empty() {
            self.0 = None;
        }
        piece
    }

    /// Changes the pieces from `place` on, in order, until `change` says that it is enough.
    pub(super) fn change(&mut self, place: usize, mut change: impl FnMut(&mut Piece) -> bool) {
        let Some(store) = &mut self.0 else { return };
        let slots = &mut store.slots;
        for entry in store.order.range_mut(place.min(store.order.len())..) {
            let slot = usize::try_from(entry.slot).ok().and_then(|slot| slots.get_mut(slot));
            let Some(Slot::Used(piece)) = slot else { return };
            let goes_on = change(piece);
            entry.start = piece.start;
            if !goes_on {
                return;
            }
        }
    }
}

impl Store {
    fn at(&self, slot: u32) -> Option<&Piece> {
        match self.slots.get(usize::try_from(slot).ok()?)? {
            Slot::Used(piece) => Some(piece),
            Slot::Free(_) => None,
        }
    }

    fn put(&mut self, piece: Piece) -> u32 {
        let free = self.free.and_then(|at| Some((at, self.slots.get_mut(usize::try_from(at).ok()?)?)));
        if let Some((at, slot)) = free {
            if let Slot::Free(next) = slot {
                self.free = *next;
            }
            *slot = Slot::Used(piece);
            return at;
        }
        if self.slots.len() == self.slots.capacity() {
            // Most holes have few pieces behind them.
            self.slots.reserve_exact(self.slots.len().max(1));
        }
        self.slots.push(Slot::Used(piece));
        // There are never more pieces than a limit of far below 2^32.
        u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
    }

    fn take(&mut self, at: u32) -> Option<Piece> {
        let slot = self.slots.get_mut(usize::try_from(at).ok()?)?;
        match core::mem::replace(slot, Slot::Free(self.free)) {
            Slot::Used(piece) => {
                self.free = Some(at);
                Some(piece)
            }
            free @ Slot::Free(_) => {
                *slot = free;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::piece::Source;
    use super::*;
    use crate::Timestamp;
    use crate::half::piece::Stamp;

    fn piece(start: u64) -> Piece {
        Piece {
            start,
            len: 1,
            bytes: None,
            owner: (start, start + 1),
            source: Source { stamp: Stamp::default(), at: Timestamp::ZERO, packet_offset: 0 },
            ack: None,
            since: Timestamp::ZERO,
            shared: false,
            backing: 0,
        }
    }

    fn starts(pieces: &Pieces) -> Vec<u64> {
        pieces.iter().map(|piece| piece.start).collect()
    }

    #[test]
    fn keeps_order_and_reuses_slots() {
        let mut pieces = Pieces::default();
        let mut expected: Vec<u64> = Vec::new();
        let mut random = 7_u64;
        for round in 0..2000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = random >> 40;
            let place = pieces.count_to(value);
            assert_eq!(place, expected.partition_point(|start| *start <= value));
            if expected.len() < 50 || round % 3 > 0 && expected.len() < 100 {
                pieces.insert(place, piece(value));
                expected.insert(place, value);
            } else {
                let place = usize::try_from(random % 50).unwrap();
                assert_eq!(pieces.remove(place).map(|piece| piece.start), Some(expected.remove(place)));
            }
            assert_eq!(
                (pieces.len(), pieces.last().map(|piece| piece.start)),
                (expected.len(), expected.last().copied())
            );
        }
        assert_eq!(starts(&pieces), expected);
        assert!(pieces.cost() <= 128 * (size_of::<Slot>() + size_of::<Entry>()) + size_of::<Store>());
        pieces.change(10, |piece| {
            piece.start += 1 << 30;
            true
        });
        assert_eq!(pieces.count_to(1 << 30), 10);
        while let Some(first) = pieces.get(0).map(|piece| piece.start) {
            assert_eq!(pieces.remove(0).map(|piece| piece.start), Some(first));
        }
        assert_eq!((pieces.cost(), pieces.is_empty()), (0, true));
        assert!(pieces.remove(0).is_none() && pieces.get(0).is_none() && pieces.last().is_none());
    }
}
