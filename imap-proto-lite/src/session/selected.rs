//! The open mailbox, and which of its messages is which (RFC 9051 section 2.3.1).

use crate::event::Mailbox;
use crate::mailbox::MailboxName;
use crate::response::NumberSet;

/// What is known of a message by its sequence number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    /// Its UID; zero, which no message has: not known.
    uid: u32,
    /// The session's own number for it; zero: it has none yet.
    handle: u32,
}

/// The open mailbox.
#[derive(Clone, Debug, Default)]
pub(super) struct Selected {
    pub(super) mailbox: Mailbox,
    /// UIDVALIDITY that the server has told since the last mailbox was opened: that of the next one.
    coming: Option<u32>,
    /// By sequence number, from 1.
    slots: Vec<Slot>,
    handles: u32,
    /// Messages have gone since the mailbox was opened.
    pub(super) moved: bool,
}

impl Selected {
    pub(super) const fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    pub(super) const fn uid_validity(&mut self, uid_validity: u32) {
        self.coming = Some(uid_validity);
        if self.mailbox.name.is_none() {
            // A capture that begins behind SELECT.
            self.mailbox.uid_validity = self.coming;
        }
    }

    /// Another mailbox is open, or none.
    pub(super) fn open(&mut self, name: Option<MailboxName>, read_only: bool) {
        let uid_validity = self.coming.take();
        self.mailbox = Mailbox {
            uid_validity: uid_validity.filter(|_| name.is_some()),
            name,
            read_only,
            epoch: self.mailbox.epoch.saturating_add(1),
        };
        self.forget();
    }

    /// The numbers mean nothing any more.
    pub(super) fn forget(&mut self) {
        self.slots = Vec::new();
        self.moved = false;
    }

    /// The message of that number, within the limit.
    fn slot(&mut self, sequence: u32, limit: usize) -> Option<&mut Slot> {
        let index = usize::try_from(sequence).ok()?.checked_sub(1)?;
        if index >= limit {
            return None;
        }
        if index >= self.slots.len() {
            self.slots.resize(index + 1, Slot::default());
        }
        self.slots.get_mut(index)
    }

    /// The server says which UID a message has.
    pub(super) fn learn(&mut self, sequence: u32, uid: u32, limit: usize) {
        if let Some(slot) = self.slot(sequence, limit) {
            if slot.uid != 0 && slot.uid != uid {
                // Another message than it was: a removal was missed.
                slot.handle = 0;
            }
            slot.uid = uid;
        }
    }

    /// UID and handle of a message.
    pub(super) fn identify(&mut self, sequence: u32, limit: usize) -> (Option<u32>, Option<u64>) {
        let next = self.handles.saturating_add(1);
        let Some(slot) = self.slot(sequence, limit) else { return (None, None) };
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

    /// A message is gone, and those behind it move up.
    pub(super) fn expunge(&mut self, sequence: u32) {
        self.moved = true;
        let index = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
        if let Some(index) = index.filter(|index| *index < self.slots.len()) {
            self.slots.remove(index);
        }
    }

    /// The messages with these UIDs are gone. Those whose UID is not known may be among them.
    pub(super) fn vanish(&mut self, uids: &NumberSet) {
        self.moved = true;
        // A hostile set has thousands of ranges.
        let mut ranges = uids.ranges.clone();
        ranges.sort_unstable();
        ranges.dedup_by(|next, last| {
            let touches = next.0 <= last.1;
            last.1 = if touches { last.1.max(next.1) } else { last.1 };
            touches
        });
        let gone = |uid: u32| {
            let behind = ranges.partition_point(|(first, _)| *first <= uid);
            behind.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, last)| uid <= *last)
        };
        self.slots.retain(|slot| slot.uid == 0 || !gone(slot.uid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_move_and_handles_stay() {
        let mut selected = Selected::default();
        selected.open(Some(MailboxName::new("x")), false);
        selected.learn(2, 20, 10);
        selected.learn(4, 40, 10);
        assert_eq!(selected.identify(2, 10), (Some(20), Some(1)));
        assert_eq!(selected.identify(3, 10), (None, Some(2)));
        selected.expunge(1);
        assert_eq!(selected.identify(2, 10), (None, Some(2)));
        assert_eq!(selected.identify(3, 10), (Some(40), Some(3)));
        selected.vanish(&NumberSet::of(b"20").unwrap());
        assert_eq!(selected.identify(1, 10), (None, Some(2)));
        // Beyond the limit nothing is remembered.
        assert_eq!(selected.identify(11, 10), (None, None));
        selected.expunge(0);
        selected.expunge(4_000_000_000);
        selected.open(None, false);
        assert_eq!((selected.memory(), selected.moved), (0, false));
    }

    #[test]
    fn uid_validity_belongs_to_the_mailbox_that_is_being_opened() {
        let mut selected = Selected::default();
        selected.uid_validity(7);
        selected.open(Some(MailboxName::new("x")), false);
        selected.uid_validity(8);
        assert_eq!((selected.mailbox.uid_validity, selected.mailbox.epoch), (Some(7), 1));
        selected.open(Some(MailboxName::new("y")), true);
        assert_eq!((selected.mailbox.uid_validity, selected.mailbox.epoch), (Some(8), 2));
    }
}
