//! Decompression in steps of bounded size.

use flate2::{Decompress, FlushDecompress, Status};

/// The window of deflate (RFC 1951), by which the decompressor gives out what it made.
const WINDOW: u64 = 32 << 10;

/// What the state of a decompressor and its window take.
pub(super) const MEMORY: usize = 48 << 10;

/// A stream of deflate data.
#[derive(Debug)]
pub(super) struct Inflate {
    stream: Decompress,
    limit: u64,
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) bytes: Vec<u8>,
    /// How much of the input was used.
    pub(super) taken: usize,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There may be more.
    Open,
    /// The data said so.
    Over,
    Damaged,
    /// More than may come out.
    Limit,
}

impl Inflate {
    /// `zlib`: with a header and a checksum of its own; `limit`: of all that comes out.
    pub(super) fn new(zlib: bool, limit: u64) -> Self {
        Self { stream: Decompress::new(zlib), limit }
    }

    /// Takes some of `input`.
    pub(super) fn step(&mut self, input: &[u8]) -> Step {
        // A step ends with the window, so that all that stands before damage comes out, wherever the input was cut.
        let (before, out) = (self.stream.total_in(), self.stream.total_out());
        let mut bytes = vec![0; usize::try_from(WINDOW - out % WINDOW).unwrap_or_default()];
        let status = self.stream.decompress(input, &mut bytes, FlushDecompress::None);
        let taken = usize::try_from(self.stream.total_in().saturating_sub(before)).unwrap_or(input.len());
        let made = self.stream.total_out().saturating_sub(out);
        let full = self.stream.total_out() > self.limit;
        let kept = made.min(self.limit.saturating_sub(out));
        bytes.truncate(usize::try_from(kept).unwrap_or_default());
        let end = match status {
            _ if full => End::Limit,
            Ok(Status::StreamEnd) => End::Over,
            Err(_) => End::Damaged,
            // Neither used nor made anything, with input at hand.
            Ok(Status::BufError) if taken == 0 && bytes.is_empty() && !input.is_empty() => End::Damaged,
            Ok(_) => End::Open,
        };
        Step { bytes, taken, end }
    }

    /// All that `input` holds, for tests and small values.
    #[cfg(test)]
    pub(super) fn all(&mut self, mut input: &[u8]) -> (Vec<u8>, End) {
        let mut out = Vec::new();
        loop {
            let step = self.step(input);
            input = crate::slice::split(input, step.taken).1;
            let idle = step.taken == 0 && step.bytes.is_empty();
            out.extend(step.bytes);
            if step.end != End::Open || idle {
                return (out, step.end);
            }
        }
    }
}
