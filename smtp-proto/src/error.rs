//! The error of the grammar functions.

/// A line does not fit the grammar, not even loosely.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("expected {expected} at byte {at}")]
pub struct ParseError {
    /// Where in the line, in bytes from its start; the length of the line when something is missing at its end.
    pub at: usize,
    /// What the grammar wants there.
    pub expected: &'static str,
}

impl ParseError {
    /// The error at the start of `rest`, which is a slice of `line`.
    #[cold]
    pub(crate) fn new(line: &[u8], rest: &[u8], expected: &'static str) -> Self {
        // An empty rest may point anywhere: it stands for the end of the line.
        let at = match rest {
            [] => line.len(),
            _ => rest.as_ptr().addr().saturating_sub(line.as_ptr().addr()),
        };
        Self { at, expected }
    }
}
