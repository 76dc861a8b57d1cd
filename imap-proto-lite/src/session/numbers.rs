//! Which message has which number at the moment (RFC 9051 section 2.3.1.2): numbers move when messages go.

use std::collections::{BTreeMap, VecDeque};

/// So many messages stand together: only these move when one of them goes.
const BLOCK: usize = 512;
/// Blocks beyond what the messages need before they are put together anew.
const SPARE_BLOCKS: usize = 8;
/// What a UID costs that is known, tree and all.
const UID: usize = 24;

/// What is known of a message by its sequence number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    /// Its UID; zero, which no message has: not known.
    uid: u32,
    /// The session's own number for it; zero: it has none yet.
    handle: u32,
}

/// Messages with neighbouring numbers.
#[derive(Clone, Debug, Default)]
struct Block {
    len: usize,
    /// The first of them; of those behind nothing is known.
    known: Vec<Slot>,
}

/// The messages of the open mailbox, by number. A message goes, or its UID is looked up, in a time that does not depend
/// on how many there are, but for one step for each block.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    blocks: VecDeque<Block>,
    /// The number of the block in front, as `by_uid` counts them.
    first: u64,
    count: usize,
    /// The block of each UID that is known.
    by_uid: BTreeMap<u32, u64>,
    handles: u32,
}

impl Numbers {
    /// The most that [`memory`](Self::memory) shows for so many messages.
    pub(super) const fn worst_case(messages: usize) -> usize {
        // Blocks may be half empty.
        let blocks = 2 * messages / BLOCK + SPARE_BLOCKS + 2;
        blocks * (BLOCK * size_of::<Slot>() + size_of::<Block>()) + UID * messages
    }

    pub(super) fn memory(&self) -> usize {
        let known: usize = self.blocks.iter().map(|block| block.known.capacity()).sum();
        known * size_of::<Slot>() + self.blocks.len() * size_of::<Block>() + UID * self.by_uid.len()
    }

    /// All are forgotten but the handles, which are never given twice.
    pub(super) fn clear(&mut self) {
        *self = Self { handles: self.handles, ..Self::default() };
    }

    /// The block of a message, and its place in it.
    fn place(&self, mut index: usize) -> Option<(usize, usize)> {
        // Most are asked for at the end.
        if let Some(last) = self.blocks.back()
            && let Some(offset) = index.checked_sub(self.count - last.len)
        {
            return (offset < last.len).then(|| (self.blocks.len() - 1, offset));
        }
        for (number, block) in self.blocks.iter().enumerate() {
            match index.checked_sub(block.len) {
                Some(rest) => index = rest,
                None => return Some((number, index)),
            }
        }
        None
    }

    fn extend(&mut self, count: usize) {
        while self.count < count {
            if self.blocks.back().is_none_or(|last| last.len >= BLOCK) {
                self.blocks.push_back(Block::default());
            }
            let Some(last) = self.blocks.back_mut() else { return };
            let more = (BLOCK - last.len).min(count - self.count);
            last.len += more;
            self.count += more;
        }
    }

    /// The message of that number, within the limit, and its block.
    fn slot(&mut self, sequence: u32, limit: usize) -> Option<(u64, &mut Slot)> {
        let index = usize::try_from(sequence).ok()?.checked_sub(1)?;
        if index >= limit {
            return None;
        }
        self.extend(index + 1);
        let (number, offset) = self.place(index)?;
        let block = self.blocks.get_mut(number)?;
        if offset >= block.known.len() {
            block.known.resize(offset + 1, Slot::default());
        }
        Some((self.first + number as u64, block.known.get_mut(offset)?))
    }

    /// The message with that UID, if it is known: its block and its place in it.
    fn find(&self, uid: u32) -> Option<(usize, usize)> {
        let number = usize::try_from(self.by_uid.get(&uid)?.checked_sub(self.first)?).ok()?;
        let offset = self.blocks.get(number)?.known.iter().position(|slot| slot.uid == uid)?;
        Some((number, offset))
    }

    /// The other message that has had this UID so far.
    fn find_besides(&self, uid: u32, block: u64, sequence: u32) -> Option<(usize, usize)> {
        let own = self.place(usize::try_from(sequence).ok()?.checked_sub(1)?);
        let at = *self.by_uid.get(&uid)?;
        let number = usize::try_from(at.checked_sub(self.first)?).ok()?;
        let mut with_it =
            self.blocks.get(number)?.known.iter().enumerate().filter(|(_, slot)| slot.uid == uid);
        let found = with_it.find(|(offset, _)| at != block || Some((number, *offset)) != own);
        found.map(|(offset, _)| (number, offset))
    }

    /// The server says which UID a message has.
    pub(super) fn learn(&mut self, sequence: u32, uid: u32, limit: usize) {
        if uid == 0 {
            return;
        }
        let Some((block, slot)) = self.slot(sequence, limit) else { return };
        if slot.uid == uid {
            return;
        }
        let Slot { uid: before, handle } = core::mem::take(slot);
        // Another message than it was: a removal was missed. It is the one that had the UID before.
        slot.handle = if before == 0 { handle } else { 0 };
        slot.uid = uid;
        // UIDs ascend, so that most of them are new.
        let new = self.by_uid.last_key_value().is_none_or(|(last, _)| *last < uid);
        if !new
            && let Some((number, offset)) = self.find_besides(uid, block, sequence)
            && let Some(other) = self.blocks.get_mut(number).and_then(|block| block.known.get_mut(offset))
        {
            let handle = core::mem::take(other).handle;
            if let Some((_, slot)) = self.slot(sequence, limit) {
                slot.handle = handle;
            }
        }
        if before != 0 {
            self.by_uid.remove(&before);
        }
        self.by_uid.insert(uid, block);
    }

    /// UID and handle of a message.
    pub(super) fn identify(&mut self, sequence: u32, limit: usize) -> (Option<u32>, Option<u64>) {
        let next = self.handles.saturating_add(1);
        let Some((_, slot)) = self.slot(sequence, limit) else { return (None, None) };
        let fresh = slot.handle == 0;
        if fresh {
            slot.handle = next;
        }
        let told = ((slot.uid != 0).then_some(slot.uid), Some(u64::from(slot.handle)));
        if fresh {
            self.handles = next;
        }
        told
    }

    fn remove(&mut self, number: usize, offset: usize) {
        let Some(block) = self.blocks.get_mut(number) else { return };
        if offset < block.known.len() {
            let slot = block.known.remove(offset);
            self.by_uid.remove(&slot.uid);
        }
        block.len = block.len.saturating_sub(1);
        self.count = self.count.saturating_sub(1);
        while self.blocks.front().is_some_and(|block| block.len == 0) {
            self.blocks.pop_front();
            self.first += 1;
        }
    }

    /// A message is gone, and those behind it move up.
    pub(super) fn expunge(&mut self, sequence: u32) {
        let index = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
        if let Some((number, offset)) = index.and_then(|index| self.place(index)) {
            self.remove(number, offset);
            self.pack();
        }
    }

    /// The messages with UIDs in that range are gone, as far as they are known; how many these are.
    pub(super) fn vanish(&mut self, first: u32, last: u32) -> usize {
        // No message has the UID zero, whatever a server says.
        let first = first.max(1);
        if last < first {
            return 0;
        }
        let gone: Vec<u32> = self.by_uid.range(first..=last).map(|(uid, _)| *uid).collect();
        for uid in &gone {
            if let Some((number, offset)) = self.find(*uid) {
                self.remove(number, offset);
            }
        }
        if u64::from(last - first) >= gone.len() as u64 {
            self.doubt(first);
        }
        self.pack();
        gone.len()
    }

    /// A message with that UID or a greater one may be gone whose number is not known: if there is room for it between
    /// UIDs that are known, since they ascend, then the numbers behind mean nothing any more.
    fn doubt(&mut self, uid: u32) {
        let below = self.by_uid.range(..uid).next_back().and_then(|(uid, _)| self.find(*uid));
        let (mut number, mut offset) = below.map_or((0, 0), |(number, offset)| (number, offset + 1));
        while self.blocks.get(number).is_some_and(|block| offset >= block.len) {
            (number, offset) = (number + 1, 0);
        }
        let Some(block) = self.blocks.get_mut(number) else { return };
        if block.known.get(offset).is_some_and(|slot| slot.uid != 0) {
            return;
        }
        let behind = block.known.split_off(offset.min(block.known.len()));
        self.count -= block.len - offset;
        block.len = offset;
        for slot in behind {
            self.by_uid.remove(&slot.uid);
        }
        for block in self.blocks.drain(number + 1..) {
            self.count -= block.len;
            for slot in block.known {
                self.by_uid.remove(&slot.uid);
            }
        }
    }

    /// Puts the blocks together anew, once many of them hold little.
    fn pack(&mut self) {
        if self.blocks.len() <= 2 * self.count / BLOCK + SPARE_BLOCKS {
            return;
        }
        let old = core::mem::take(&mut self.blocks);
        self.by_uid.clear();
        self.first = 0;
        self.count = 0;
        for block in old {
            for offset in 0..block.len {
                self.extend(self.count + 1);
                let Some(slot) = block.known.get(offset).filter(|slot| **slot != Slot::default()) else {
                    continue;
                };
                let number = self.blocks.len().saturating_sub(1);
                let Some(last) = self.blocks.back_mut() else { continue };
                last.known.resize(last.len - 1, Slot::default());
                last.known.push(*slot);
                if slot.uid != 0 {
                    self.by_uid.insert(slot.uid, number as u64);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 3000;

    /// The same, as simple as can be.
    #[derive(Default)]
    struct Model(Vec<Slot>, u32);

    impl Model {
        fn slot(&mut self, sequence: u32) -> Option<&mut Slot> {
            let index = usize::try_from(sequence).unwrap().checked_sub(1).filter(|index| *index < LIMIT)?;
            if index >= self.0.len() {
                self.0.resize(index + 1, Slot::default());
            }
            self.0.get_mut(index)
        }

        fn learn(&mut self, sequence: u32, uid: u32) {
            let Some(slot) = self.slot(sequence).copied() else { return };
            if slot.uid == uid {
                return;
            }
            let mut handle = if slot.uid == 0 { slot.handle } else { 0 };
            if let Some(other) = self.0.iter_mut().find(|slot| slot.uid == uid) {
                handle = core::mem::take(other).handle;
            }
            *self.slot(sequence).unwrap() = Slot { uid, handle };
        }

        fn identify(&mut self, sequence: u32) -> (Option<u32>, Option<u64>) {
            let next = self.1 + 1;
            let Some(slot) = self.slot(sequence) else { return (None, None) };
            if slot.handle == 0 {
                slot.handle = next;
            }
            let told = ((slot.uid != 0).then_some(slot.uid), Some(u64::from(slot.handle)));
            self.1 = self.1.max(u32::try_from(told.1.unwrap()).unwrap());
            told
        }

        fn expunge(&mut self, sequence: u32) {
            let index = usize::try_from(sequence).unwrap();
            if (1..=self.0.len()).contains(&index) {
                self.0.remove(index - 1);
            }
        }

        fn vanish(&mut self, first: u32, last: u32) {
            let before = self.0.len();
            self.0.retain(|slot| slot.uid == 0 || !(first..=last).contains(&slot.uid));
            if before - self.0.len() <= (last - first) as usize {
                let below = self.0.iter().enumerate().filter(|(_, slot)| (1..first).contains(&slot.uid));
                let behind = below.max_by_key(|(_, slot)| slot.uid).map_or(0, |(index, _)| index + 1);
                if self.0.get(behind).is_some_and(|slot| slot.uid == 0) {
                    self.0.truncate(behind);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn numbers_are_those_of_a_plain_list(
            steps in prop::collection::vec((0..12_u8, 0..3100_u32, 1..3100_u32), 0..300),
        ) {
            let (mut numbers, mut model) = (Numbers::default(), Model::default());
            for (kind, sequence, uid) in steps {
                match kind {
                    0..=3 => {
                        numbers.learn(sequence, uid, LIMIT);
                        model.learn(sequence, uid);
                    }
                    4..=6 => prop_assert_eq!(numbers.identify(sequence, LIMIT), model.identify(sequence)),
                    7..=9 => {
                        numbers.expunge(sequence);
                        model.expunge(sequence);
                    }
                    10 => {
                        numbers.vanish(uid, uid + sequence / 8);
                        model.vanish(uid, uid + sequence / 8);
                    }
                    _ => {
                        for _ in 0..uid / 4 {
                            numbers.expunge(sequence / 4);
                            model.expunge(sequence / 4);
                        }
                    }
                }
                prop_assert!(numbers.memory() <= Numbers::worst_case(LIMIT));
                prop_assert_eq!(numbers.count, model.0.len());
            }
            for sequence in 1..=u32::try_from(LIMIT).unwrap() {
                prop_assert_eq!(numbers.identify(sequence, LIMIT), model.identify(sequence));
            }
        }
    }

    #[test]
    fn the_uid_zero_is_of_no_message() {
        let mut numbers = Numbers::default();
        numbers.learn(1, 5, LIMIT);
        numbers.learn(2, 0, LIMIT);
        for (first, last, left) in [(0, 0, 1), (9, 3, 1), (0, 5, 0)] {
            numbers.vanish(first, last);
            assert_eq!(numbers.count, left, "{first}:{last}");
        }
    }

    /// Twice as many messages that go one by one take no more than about twice the steps: what moves is a block at most.
    #[test]
    fn a_block_at_most_moves() {
        let mut numbers = Numbers::default();
        for sequence in 1..=100_000 {
            numbers.learn(sequence, sequence, 100_000);
        }
        assert!(numbers.blocks.iter().all(|block| block.len <= BLOCK && block.known.capacity() <= BLOCK));
        assert_eq!(numbers.blocks.len(), 100_000_usize.div_ceil(BLOCK));
        for left in (0..100_000).rev() {
            numbers.expunge(1 + left / 2);
            assert!(numbers.blocks.len() <= 2 * numbers.count / BLOCK + SPARE_BLOCKS);
        }
        assert_eq!((numbers.count, numbers.by_uid.len()), (0, 0));
    }
}
