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
    /// So many messages there are, as far as the server has told.
    exists: u32,
    /// EXISTS since the last tagged response: that of the next mailbox, if that response opens one.
    coming_exists: Option<u32>,
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
        self.exists = self.coming_exists.take().unwrap_or(0);
    }

    /// A command was answered: what was said before it is not of a mailbox that another one opens.
    pub(super) const fn answered(&mut self) {
        self.coming_exists = None;
    }

    /// So many messages are there. Fewer than there were, and nobody has said which are gone: then no number is of the
    /// message that it was of, for all that is known (RFC 9051 section 7.4.1 wants EXPUNGE for each).
    pub(super) fn exists(&mut self, count: u32) {
        if count < self.exists {
            self.numbers.clear();
            self.moved = true;
        }
        self.exists = count;
        self.coming_exists = Some(count);
    }

    /// The server has a message with this number.
    pub(super) fn has(&mut self, sequence: u32) {
        self.exists = self.exists.max(sequence);
    }

    /// Messages may have gone in a gap: no number is of the message that it was of, for all that is known.
    pub(super) fn unsettle(&mut self) {
        self.numbers.clear();
        self.exists = 0;
    }

    /// The numbers mean nothing any more.
    pub(super) fn forget(&mut self) {
        self.numbers.clear();
        self.moved = false;
        self.exists = 0;
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
        self.exists = self.exists.saturating_sub(u32::from(sequence > 0));
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
            let gone = self.numbers.vanish(first, last);
            self.exists = self.exists.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
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
    fn numbers_are_forgotten_when_fewer_messages_are_left_than_anybody_has_said() {
        let known = |say: &dyn Fn(&mut Selected)| {
            let mut selected = Selected::default();
            selected.exists(4);
            selected.open(Some(MailboxName::new("x")), false);
            selected.answered();
            selected.learn(2, 20, 10);
            selected.learn(3, 30, 10);
            say(&mut selected);
            (selected.identify(2, 10).0, selected.moved)
        };
        let twenty = NumberSet::of(b"20").unwrap();
        assert_eq!(known(&|selected| selected.exists(4)), (Some(20), false));
        assert_eq!(known(&|selected| selected.exists(9)), (Some(20), false));
        assert_eq!(known(&|selected| selected.exists(3)), (None, true));
        for (last, expected) in [(3, Some(30)), (2, None)] {
            let say = |selected: &mut Selected| {
                selected.expunge(1);
                selected.expunge(1);
                selected.exists(5);
                selected.learn(2, 30, 10);
                selected.expunge(4);
                selected.expunge(4);
                selected.exists(last);
            };
            assert_eq!(known(&say), (expected, true), "{last}");
            let say = |selected: &mut Selected| {
                selected.vanish(&twenty);
                selected.exists(last);
            };
            assert_eq!(known(&say), (expected, true), "{last}");
        }
        // A number that nobody has counted to.
        let say = |selected: &mut Selected| {
            selected.has(6);
            selected.exists(5);
        };
        assert_eq!(known(&say), (None, true));
    }

    #[test]
    fn what_exists_belongs_to_the_mailbox_that_is_being_opened() {
        let mut selected = Selected::default();
        selected.exists(9);
        selected.open(Some(MailboxName::new("x")), false);
        selected.answered();
        assert_eq!(selected.exists, 9);
        selected.exists(2);
        selected.open(Some(MailboxName::new("y")), false);
        selected.answered();
        assert_eq!(selected.exists, 2);
        // Of this one nothing is known.
        selected.open(Some(MailboxName::new("z")), false);
        assert_eq!(selected.exists, 0);
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
