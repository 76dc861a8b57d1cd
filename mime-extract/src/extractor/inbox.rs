//! What a layer has yet to read. Mostly that is one run, which stands here without an allocation.

use super::lines::Run;
use std::collections::VecDeque;

/// What comes into a layer.
#[derive(Debug)]
pub(super) enum Input {
    Data(Run),
    /// Bytes that will never come, and where.
    Gap(Option<u64>, u64),
}

/// Inputs in order.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The next one; there is one whenever there are others.
    first: Option<Input>,
    further: VecDeque<Input>,
}

impl Inbox {
    pub(super) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.further.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Input> {
        self.first.iter().chain(&self.further)
    }

    pub(super) fn push_back(&mut self, input: Input) {
        match &self.first {
            None => self.first = Some(input),
            Some(_) => self.further.push_back(input),
        }
    }

    pub(super) fn push_front(&mut self, input: Input) {
        if let Some(second) = self.first.replace(input) {
            self.further.push_front(second);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<Input> {
        let first = self.first.take()?;
        self.first = self.further.pop_front();
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_come_in_order() {
        let gap = |at| Input::Gap(None, at);
        let places = |inbox: &Inbox| {
            let place = |input: &Input| if let Input::Gap(_, at) = input { *at } else { 0 };
            inbox.iter().map(place).collect::<Vec<_>>()
        };
        let mut inbox = Inbox::default();
        assert!(inbox.is_empty() && inbox.pop_front().is_none());
        inbox.push_front(gap(2));
        inbox.push_back(gap(3));
        inbox.push_front(gap(1));
        inbox.push_back(gap(4));
        for left in (0..=4).rev() {
            assert_eq!(places(&inbox), (5 - left..5).collect::<Vec<_>>());
            assert_eq!((inbox.len() as u64, inbox.is_empty()), (left, left == 0));
            inbox.pop_front();
        }
    }
}
