//! Small changes to an input, the same in every run.

/// A source of changes.
pub(crate) struct Mutator {
    state: u64,
}

impl Mutator {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// SplitMix64: short, and good enough to choose places.
    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// A stretch of `len` bytes, or less at the end, as a range.
    fn stretch(&mut self, input: &[u8], len: usize) -> std::ops::Range<usize> {
        let from = self.below(input.len() + 1);
        from..(from + 1 + self.below(len)).min(input.len())
    }

    /// One to four changes to the seed.
    pub(crate) fn mutate(&mut self, seed: &[u8], others: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
        /// Inputs do not grow beyond this.
        const MOST: usize = 4096;
        let mut input = seed.to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut input, others, words);
        }
        input.truncate(MOST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>], words: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        match self.below(10) {
            0 => {
                let (bit, at) = (self.below(8), self.below(input.len()));
                input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            }
            1 => {
                let (new, at) = (self.byte(), self.below(input.len()));
                input.iter_mut().skip(at).take(1).for_each(|byte| *byte = new);
            }
            2 => {
                let odd = [0, 1, 0x7f, 0x80, 0xff, b'\n', b'\r', b'.'][self.below(8)];
                input.insert(at, odd);
            }
            3 => drop(input.drain(self.stretch(input, 16))),
            4 => {
                let copy = input[self.stretch(input, 64)].to_vec();
                input.splice(at..at, copy);
            }
            5 => input.truncate(at),
            // The rest of another seed.
            6 => {
                let other = &others[self.below(others.len())];
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend(&other[from..]);
            }
            // Two neighbouring stretches change places.
            7 => {
                let stretch = self.stretch(input, 64);
                let middle = self.below(stretch.len() + 1);
                input[stretch].rotate_left(middle);
            }
            _ => {
                if let Some(word) = words.get(self.below(words.len())) {
                    let end = if self.below(2) == 0 { at } else { (at + word.len()).min(input.len()) };
                    input.splice(at..end, word.iter().copied());
                }
            }
        }
    }
}
