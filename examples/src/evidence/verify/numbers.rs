//! Sets of numbers that begin at 1 and leave hardly one out.

/// A bit for each number up to a limit: records are numbered one after the other, so that a larger one is wrong.
#[derive(Debug)]
pub(super) struct Numbers {
    bits: Vec<u64>,
    limit: u64,
}

impl Numbers {
    /// An empty set of numbers up to `limit`.
    pub(super) const fn up_to(limit: u64) -> Self {
        Self { bits: Vec::new(), limit }
    }

    fn place(number: u64) -> (usize, u64) {
        (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        let (word, bit) = Self::place(number);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether the number is new, and can be in the set.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        if number == 0 || number > self.limit {
            return false;
        }
        let (word, bit) = Self::place(number);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        let Some(bits) = self.bits.get_mut(word) else { return false };
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    /// The numbers that are in this set and not in the other.
    pub(super) fn without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        (0..).zip(&self.bits).flat_map(move |(word, bits)| {
            let rest = bits & !other.bits.get(usize::try_from(word).unwrap_or(usize::MAX)).unwrap_or(&0);
            (0..64).filter(move |bit| rest & (1 << bit) != 0).map(move |bit: u64| word * 64 + bit)
        })
    }

    /// All numbers from 1 to the largest that is in the set.
    pub(super) fn filled(&self) -> Self {
        let mut filled = Self::up_to(self.limit);
        let largest = self.without(&Self::up_to(0)).last().unwrap_or(0);
        for number in 1..=largest {
            filled.insert(number);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_missing() {
        let mut numbers = Numbers::up_to(200);
        for number in [1, 2, 64, 130, 200] {
            assert!(numbers.insert(number), "{number}");
        }
        for number in [0, 1, 200, 201, u64::MAX] {
            assert!(!numbers.insert(number), "{number}");
        }
        assert!(numbers.contains(64) && !numbers.contains(65) && !numbers.contains(u64::MAX));
        let mut other = Numbers::up_to(64);
        other.insert(64);
        assert_eq!(numbers.without(&other).collect::<Vec<_>>(), [1, 2, 130, 200]);
        assert_eq!(numbers.filled().without(&numbers).count(), 195);
        assert_eq!(Numbers::up_to(9).filled().without(&other).count(), 0);
    }
}
