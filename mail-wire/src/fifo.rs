//! A queue that seldom holds more than one thing.

use std::collections::VecDeque;

/// A queue whose first element stands in the queue itself: what is put in and taken out one at a time, as chunks and the
/// commands of most clients are, never needs an allocation.
///
/// ```
/// let mut queue = mail_wire::Fifo::new();
/// queue.push_back("a");
/// queue.push_back("b");
/// assert_eq!(queue.pop_front(), Some("a"));
/// assert_eq!((queue.front(), queue.len()), (Some(&"b"), 1));
/// ```
#[derive(Clone, Debug)]
pub struct Fifo<T> {
    front: Option<T>,
    /// Nothing while there is no front.
    behind: VecDeque<T>,
}

impl<T> Fifo<T> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { front: None, behind: VecDeque::new() }
    }

    /// Adds an element at the end.
    #[inline]
    pub fn push_back(&mut self, element: T) {
        match &self.front {
            None => self.front = Some(element),
            Some(_) => self.behind.push_back(element),
        }
    }

    /// Adds an element before all others.
    pub fn push_front(&mut self, element: T) {
        if let Some(second) = self.front.replace(element) {
            self.behind.push_front(second);
        }
    }

    /// Takes the first element.
    #[inline]
    pub fn pop_front(&mut self) -> Option<T> {
        let front = self.front.take();
        if !self.behind.is_empty() {
            self.front = self.behind.pop_front();
        }
        front
    }

    /// The first element.
    #[must_use]
    #[inline]
    pub const fn front(&self) -> Option<&T> {
        self.front.as_ref()
    }

    /// The first element, to be changed.
    #[inline]
    pub const fn front_mut(&mut self) -> Option<&mut T> {
        self.front.as_mut()
    }

    /// The last element.
    #[must_use]
    pub fn back(&self) -> Option<&T> {
        self.behind.back().or(self.front.as_ref())
    }

    /// The last element, to be changed.
    pub fn back_mut(&mut self) -> Option<&mut T> {
        self.behind.back_mut().or(self.front.as_mut())
    }

    /// Whether there is nothing in it.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.front.is_none()
    }

    /// How many elements there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        usize::from(self.front.is_some()) + self.behind.len()
    }

    /// All elements, first to last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.front.iter().chain(&self.behind)
    }

    /// All elements, first to last, to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.front.iter_mut().chain(&mut self.behind)
    }
}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_a_queue(steps in proptest::collection::vec((0..4_u8, any::<u8>()), 0..64)) {
            let (mut fifo, mut model) = (Fifo::new(), VecDeque::new());
            for (step, element) in steps {
                match step {
                    0 => {
                        fifo.push_back(element);
                        model.push_back(element);
                    }
                    1 => {
                        fifo.push_front(element);
                        model.push_front(element);
                    }
                    2 => {
                        fifo.iter_mut().rev().for_each(|byte| *byte = byte.wrapping_add(element));
                        model.iter_mut().for_each(|byte| *byte = byte.wrapping_add(element));
                    }
                    _ => prop_assert_eq!(fifo.pop_front(), model.pop_front()),
                }
                prop_assert_eq!(fifo.front(), model.front());
                prop_assert_eq!(fifo.front_mut(), model.front_mut());
                prop_assert_eq!(fifo.back(), model.back());
                prop_assert_eq!(fifo.back_mut(), model.back_mut());
                prop_assert_eq!((fifo.len(), fifo.is_empty()), (model.len(), model.is_empty()));
                prop_assert!(fifo.iter().eq(&model));
                prop_assert!(fifo.iter().rev().eq(model.iter().rev()));
            }
        }
    }
}
