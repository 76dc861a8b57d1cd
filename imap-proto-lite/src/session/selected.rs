//! The open mailbox, and which of its messages is which (RFC 9051 section 2.3.1).

use super::numbers::Numbers;
use crate::event::Mailbox;
use crate::mailbox::MailboxName;
use crate::response::NumberSet;

/// The open mailbox.
#[derive(Clone, Debug, Default)]
pub(super) struct Selected {
    pub(super) mailbox: Mailbox,
    /// UIDVALIDITY that the server has told since the last mailbox was opened: that of the next one.
    coming: Option<u32>,
    numbers: Numbers,
    /// Messages have gone since the mailbox was opened.
    pub(super) moved: bool,
}

impl Selected {
    pub(super) fn memory(&self) -> usize {
        self.numbers.memory()
    }

    pub(super) const fn uid_validity(&mut self, uid_validity: u32) {
        self.coming = Some(uid_validity);
        if self.mailbox.name.is_none() && self.mailbox.uid_validity.is_none() {
            // A capture that begins behind SELECT.
            self.mailbox.uid_validity = self.coming;
        }
    }

    /// Whether the server has told of another generation of UIDs than that of the open mailbox.
    pub(super) fn is_another(&self) -> bool {
        self.coming.is_some_and(|coming| self.mailbox.uid_validity != Some(coming))
    }

    /// Another mailbox is open, perhaps one without a known name, or none.
    pub(super) fn open(&mut self, name: Option<MailboxName>, read_only: bool) {
        let uid_validity = self.coming.take();
        self.mailbox = Mailbox { uid_validity, name, read_only, epoch: self.mailbox.epoch.saturating_add(1) };
        self.forget();
    }

    /// The numbers mean nothing any more.
    pub(super) fn forget(&mut self) {
        self.numbers.clear();
        self.moved = false;
    }

    /// The server says which UID a message has.
    pub(super) fn learn(&mut self, sequence: u32, uid: u32, limit: usize) {
        self.numbers.learn(sequence, uid, limit);
    }

    /// UID and handle of a message.
    pub(super) fn identify(&mut self, sequence: u32, limit: usize) -> (Option<u32>, Option<u64>) {
        self.numbers.identify(sequence, limit)
    }

    /// A message is gone, and those behind it move up.
    pub(super) fn expunge(&mut self, sequence: u32) {
        self.moved = true;
        self.numbers.expunge(sequence);
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
        for (first, last) in ranges {
            self.numbers.vanish(first, last);
        }
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
