//! Where a message can be read in several ways: which of them is taken.

use crate::Encoding;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One way to read a message, by how it differs from the primary reading, which is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choices {
    /// A CR without LF ends a line, as far as structure goes.
    pub(crate) bare_cr: bool,
    pub(crate) header: HeaderChoices,
    /// Which of several Content-Type fields counts; fields are counted from 0.
    pub(crate) content_type: usize,
    pub(crate) encoding: EncodingChoice,
    /// What is done to base64 before it is decoded.
    pub(crate) base64: Option<Base64Choice>,
    /// What is done to quoted-printable before it is decoded.
    pub(crate) quoted_printable: Option<QuotedPrintableChoice>,
    pub(crate) boundary: BoundaryChoice,
    /// What has a boundary is a multipart, whatever its type says.
    pub(crate) implied: bool,
    /// The transfer encoding of a multipart is applied.
    pub(crate) composite: bool,
    /// A line that only begins as a delimiter is one.
    pub(crate) prefix: bool,
    /// Of equal boundaries the outermost takes the delimiters.
    pub(crate) outermost: bool,
    /// Text before the first part and behind the last is read as parts.
    pub(crate) outside: bool,
    /// Delimiter lines, by where they stand, that are passed over: the part goes on behind them.
    pub(crate) ignored: Vec<u64>,
    /// Leaves that were decoded before: they are passed over, their content is not told.
    pub(crate) known: Known,
}

/// How the lines of a header block are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderChoices {
    /// A line of blanks ends the block.
    pub(crate) blank_ends: bool,
    /// Empty lines before a content field are passed over.
    pub(crate) skips_empty: bool,
    pub(crate) junk: JunkChoice,
    /// Indented fields and those without a colon are fields.
    pub(crate) loose: bool,
    /// A delimiter does not end a block that has begun.
    pub(crate) over_delimiters: bool,
}

/// Lines of a header block that are no fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum JunkChoice {
    /// One is passed over, several are body.
    #[default]
    One,
    /// The first is body.
    Ends,
    /// All are passed over if a content field follows.
    Passed,
}

/// Which transfer encoding is undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EncodingChoice {
    /// The first that is known.
    #[default]
    First,
    /// That one of the others that are named.
    Other(usize),
    /// That one, where the field is odd.
    As(Encoding),
}

/// Base64 in other ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base64Choice {
    /// It ends at the first padding.
    Stop,
    /// It begins behind the line of the first padding.
    Behind,
    /// What stands behind that line is text.
    Text,
    /// `=` inside of it is an `A`.
    EqualsIsA,
    /// `-` and `_` are `+` and `/` (RFC 4648 section 5).
    Url,
    /// So many characters stand before it.
    Skip(u8),
    /// `=` is nothing at all.
    Ignore,
    /// What is left behind the last four characters is nothing.
    Quads,
    /// It is the first run of lines that hold nothing else, and ends with a shorter one.
    Block,
    /// It is plain text, where it hardly looks like base64.
    Plain,
}

/// Quoted-printable in other ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuotedPrintableChoice {
    /// What is no escape is left out.
    Drop,
    /// Lines end with LF.
    Lf,
}

/// What delimits the parts of a multipart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum BoundaryChoice {
    /// The boundary.
    #[default]
    Told,
    /// Another reading of the field, where it has that one.
    Other(Vec<u8>),
    /// Every reading of the field.
    All,
    /// Each of `guessed`, where there is no boundary or one of `absent`.
    Guessed { guessed: Vec<Vec<u8>>, absent: Vec<Vec<u8>> },
}

/// What a leaf of the primary reading depends on, by where its body begins; `None`: nothing is known.
pub(crate) type Known = Option<Arc<BTreeMap<u64, KnownLeaf>>>;

/// What the content of a leaf depends on, beside where its body begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownLeaf {
    pub(crate) content_type: String,
    pub(crate) encoding: Encoding,
    /// Where it ends.
    pub(crate) end: u64,
}
