//! What stands between a gap and the next line that makes sense.

use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::LineEnd;

/// Bytes between a gap and the next line that makes sense.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Passed over so far.
    pub(super) skipped: u64,
    /// The first lines behind the gap, until those that follow tell what they are.
    pub(super) first: Vec<Stray>,
    /// They are told as content of a message.
    pub(super) carving: bool,
    /// A response under way was cut: what follows may be content of it.
    pub(super) in_fetch: bool,
    /// An APPEND was cut: what follows may be content of it.
    pub(super) in_append: bool,
    /// What came behind the last line of the content. It belongs to the content if more of that follows.
    pub(super) behind: Behind,
}

/// A line, or a piece of one, that is neither command nor response.
#[derive(Debug)]
pub(super) struct Stray {
    pub(super) text: Bytes,
    pub(super) end: LineEnd,
    pub(super) at: Timestamp,
    pub(super) span: Range<u64>,
}

/// The end of a line, and a gap behind it.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// Server: a line that may end the response.
    pub(super) rest: Option<Stray>,
    pub(super) line_end: Option<(&'static [u8], Timestamp, Range<u64>)>,
    pub(super) gap: Option<(Option<u64>, Timestamp, Range<u64>)>,
}

impl Lost {
    /// Lines of a capture that begins in the middle.
    pub(super) fn mid_stream() -> Self {
        Self { in_fetch: true, ..Self::default() }
    }

    /// Memory held, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.first.iter().chain(&self.behind.rest).map(|stray| stray.text.len()).sum()
    }

    /// Whether there is more to tell of what was read.
    pub(super) const fn is_open(&self) -> bool {
        self.carving || !self.first.is_empty()
    }
}

impl Stray {
    pub(super) fn line_end(&self) -> &'static [u8] {
        match self.end {
            LineEnd::CrLf => b"\r\n",
            LineEnd::Lf => b"\n",
            _ => b"",
        }
    }

    /// A copy, which keeps no packet alive.
    pub(super) fn copied(self) -> Self {
        Self { text: Bytes::copy_from_slice(&self.text), ..self }
    }
}
