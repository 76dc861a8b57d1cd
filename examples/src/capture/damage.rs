//! Places of a capture that could not be read.

use core::fmt;

/// A place in an input that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// Number of the input, from 1, as in `summary.json`.
    pub input: u32,
    /// Number of the last frame in front of the damage, 0 when there is none.
    pub frame: u64,
    /// Where the damage begins, in bytes from the start of the capture, after decompression.
    pub offset: u64,
    /// How many bytes were left out to go on, 0 when the bytes were still of use.
    pub skipped: u64,
    /// What happened.
    pub kind: DamageKind,
}

/// What is wrong with a place of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DamageKind {
    /// The system could not open or read the file; what it said.
    Unreadable(String),
    /// The first bytes are those of no known capture format.
    NotACapture,
    /// The gzip or zstd data is damaged; what the decompressor said.
    Compression(String),
    /// The file ends inside a record.
    CutShort,
    /// A pcap record header that cannot be true.
    Record,
    /// A pcapng block that cannot be true.
    Block,
    /// The length at the end of a pcapng block is wrong. The block itself was used.
    Trailer,
    /// A second pcap file header: files that were appended to one another. Reading goes on with it.
    SecondHeader,
    /// A pcapng packet of an interface that its section does not describe.
    UnknownInterface(u32),
}

impl DamageKind {
    /// Whether something of the capture was lost. Otherwise the file is not as it should be, but all of it was read.
    #[must_use]
    pub const fn is_loss(&self) -> bool {
        !matches!(self, Self::Trailer | Self::SecondHeader)
    }

    /// Stable identifier for anomaly records of the layer `capture`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::NotACapture => "not-a-capture",
            Self::Compression(_) => "compression-damaged",
            Self::CutShort => "cut-short",
            Self::Record => "record-damaged",
            Self::Block => "block-damaged",
            Self::Trailer => "trailer-damaged",
            Self::SecondHeader => "second-header",
            Self::UnknownInterface(_) => "unknown-interface",
        }
    }
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::NotACapture => f.write_str("not a pcap or pcapng capture"),
            Self::Compression(why) => write!(f, "compressed data is damaged: {why}"),
            Self::CutShort => f.write_str("the file ends inside a record"),
            Self::Record => f.write_str("a record header that cannot be true"),
            Self::Block => f.write_str("a block that cannot be true"),
            Self::Trailer => f.write_str("the length at the end of a block is wrong"),
            Self::SecondHeader => f.write_str("a second file header in the middle of the file"),
            Self::UnknownInterface(number) => {
                write!(f, "a packet of interface {number}, which is not described")
            }
        }
    }
}
