//! What a framer hands out.

use crate::Timestamp;
use bytes::Bytes;
use core::ops::Range;

/// How the bytes that come next are to be framed. The session decides it anew for each frame.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Lines, ended by LF; a CR before it belongs to the line end.
    Line,
    /// A dot-terminated message body (RFC 5321 section 4.5.2, RFC 1939 section 3).
    Body {
        /// Whether a bare LF ends a line here, as it does where the peers themselves speak bare LF.
        bare_lf: bool,
    },
    /// So many bytes, whatever they are.
    Counted(u64),
    /// All that comes, untouched.
    Opaque,
}

/// One piece of the stream; the spans of all frames but [`FrameKind::LooseEnd`] tile the stream.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Capture time of the chunk that completed the frame.
    pub at: Timestamp,
    /// Stream offsets, gaps of known length counted.
    pub span: Range<u64>,
    /// What it is.
    pub kind: FrameKind,
}

/// The kinds of [`Frame`].
// A tag of one byte makes the compiler copy what follows it in unaligned pieces, and the processor wait for each of them:
// a fifth of the time that a line takes.
#[repr(u64)]
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A line.
    Line(Line),
    /// A run of body, counted or opaque bytes. In a body the stuffed dots are gone: `bytes` are the last
    /// `bytes.len()` of the span, what stands before them in the span was stuffing.
    Data {
        /// The content.
        bytes: Bytes,
        /// The run began with a dot at a line start that nothing but the sender's carelessness put there:
        /// it was removed, as a receiver does, but no second dot followed it.
        unstuffed: bool,
    },
    /// The line that ends a body.
    EndOfData,
    /// Something that a lenient receiver takes for the end of the body. The bytes themselves are part of the
    /// content, so this frame repeats their span.
    LooseEnd {
        /// Where the dot stands (or stood) in the content.
        offset: u64,
        /// What it looked like.
        form: LooseForm,
    },
    /// Bytes that will never come; `None`: nobody knows how many.
    Gap(Option<u64>),
    /// A stretch of a line whose beginning or end is missing or that went past the limit.
    Truncated(Bytes),
}

/// A line without its end.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text, a slice of the pushed chunk where the line did not cross chunks.
    pub text: Bytes,
    /// How it ended.
    pub end: LineEnd,
    /// The first line after a gap: perhaps only the rear part of a line.
    pub after_gap: bool,
}

/// How a line ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// CRLF, as the protocols want it.
    CrLf,
    /// LF alone.
    Lf,
    /// The limit was reached; the rest of the line follows as [`FrameKind::Truncated`].
    Cut,
    /// The stream ended first.
    Missing,
}

/// The shapes of a loose end: what stood before the dot and what after it.
///
/// A receiver that takes one of them for the end of the message reads the rest of the body as commands
/// (SMTP smuggling).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LooseForm {
    /// LF . LF
    LfLf,
    /// LF . CRLF
    LfCrLf,
    /// LF . CR
    LfCr,
    /// CRLF . LF
    CrLfLf,
    /// CRLF . CR
    CrLfCr,
    /// CR . CR
    CrCr,
    /// CR . LF
    CrLf,
    /// CR . CRLF
    CrCrLf,
    /// A doubled CR: CRLF . CR CRLF, or the like after LF or CR.
    DoubledCr,
    /// CRLF NUL . CRLF
    NulBefore,
    /// CRLF . NUL CRLF
    NulAfter,
}

impl LooseForm {
    /// A stable name, such as `lf.crlf`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LfLf => "lf.lf",
            Self::LfCrLf => "lf.crlf",
            Self::LfCr => "lf.cr",
            Self::CrLfLf => "crlf.lf",
            Self::CrLfCr => "crlf.cr",
            Self::CrCr => "cr.cr",
            Self::CrLf => "cr.lf",
            Self::CrCrLf => "cr.crlf",
            Self::DoubledCr => "crcrlf",
            Self::NulBefore => "nul-before",
            Self::NulAfter => "nul-after",
        }
    }
}
