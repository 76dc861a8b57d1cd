//! The error of the grammar functions.

use bytes::Bytes;
use nom::Offset;

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
    pub(crate) fn new(line: &Bytes, rest: &[u8], expected: &'static str) -> Self {
        // An empty rest may point anywhere: it stands for the end of the line.
        let at = if rest.is_empty() { line.len() } else { line.as_ref().offset(rest) };
        Self { at, expected }
    }
}
