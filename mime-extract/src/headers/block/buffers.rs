//! What header blocks are collected in, and what is kept of them.

use crate::headers::Span;

/// What a block is collected in.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: Vec<Span>,
}

impl Buffers {
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }
}

/// Buffers up to this size, in bytes, are used again.
const MAX_BUFFER: usize = 4096;

/// What is in a buffer, to be kept for long: the buffer itself if it is well filled. A copy if not, and the buffer is left
/// for the next block.
pub(super) fn keep<T: Copy>(mut filled: Vec<T>, left: &mut Vec<T>) -> Vec<T> {
    if filled.len() * 2 >= filled.capacity() {
        return filled;
    }
    let kept = filled.as_slice().to_vec();
    if filled.capacity() * size_of::<T>() <= MAX_BUFFER {
        filled.clear();
        *left = filled;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_takes_little_more_than_it_holds() {
        for (len, capacity, left) in
            [(10, 20, 0), (10, 21, 21), (0, 0, 0), (1, MAX_BUFFER, MAX_BUFFER), (1, 2 * MAX_BUFFER, 0)]
        {
            let mut filled = Vec::with_capacity(capacity);
            filled.extend((0u8..).take(len));
            let mut buffer = Vec::new();
            let kept = keep(filled, &mut buffer);
            assert_eq!((kept.len(), buffer.len(), buffer.capacity()), (len, 0, left), "{len} of {capacity}");
            assert!(kept.capacity() <= 2 * len, "{len} of {capacity}");
        }
    }
}
