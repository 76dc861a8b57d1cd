//! Files inside of the content of a leaf, in encodings that MIME does not know of.
//!
//! An opener is given the decoded content of its leaf as it comes, and tells of each file where it begins, what it holds
//! and where it ends. The leaf itself stays what it is, byte for byte.

mod text;
mod tnef;
mod uuencode;
mod yenc;

use crate::decode::{Decode, Origin};
use crate::{Anomaly, Container, PartKind};
use bytes::Bytes;

/// Something inside of a leaf.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where it stands in the message.
    pub(crate) at: u64,
    pub(crate) kind: Kind,
}

/// What it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file begins, inside of the one that is open, if any.
    Start(Inner),
    /// A better name of the innermost open file.
    Name(String),
    /// Content of the innermost open file.
    Data(Bytes),
    /// Content of it that will never come.
    Gap,
    /// The innermost open file is over; `whole`: it said so itself.
    End { whole: bool, decode: Decode },
    /// Something odd about the innermost open file or, where none is open, about the leaf.
    Anomaly(Anomaly),
}

/// What is known of a file where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inner {
    pub(crate) container: Container,
    /// A leaf, or a multipart that only holds others.
    pub(crate) kind: PartKind,
    pub(crate) content_type: &'static str,
    pub(crate) charset: Option<String>,
    pub(crate) name: Option<String>,
}

/// What looks for files in one leaf.
#[derive(Debug)]
pub(crate) enum Opener {
    /// uuencode and yEnc among lines of text.
    Text(text::Text),
    /// TNEF, if the content turns out to be it.
    Tnef(Box<tnef::Tnef>),
}

impl Opener {
    /// What may find files in a leaf of that type; `declared`: its transfer encoding is uuencode.
    pub(crate) fn of(content_type: &str, declared: bool) -> Option<Self> {
        let text = content_type.starts_with("text/") || content_type == "application/x-uuencode";
        if text || declared {
            return Some(Self::Text(text::Text::new(declared)));
        }
        content_type.starts_with("application/").then(|| Self::Tnef(Box::new(tnef::Tnef::new())))
    }

    /// The next of the leaf's content.
    pub(crate) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        match self {
            Self::Text(text) => text.push(bytes, origin, found),
            Self::Tnef(tnef) => tnef.push(bytes, origin, found),
        }
    }

    /// Content of the leaf that will never come.
    pub(crate) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        match self {
            Self::Text(text) => text.gap(at, found),
            Self::Tnef(tnef) => tnef.gap(at, found),
        }
    }

    /// The leaf is over; `whole`: nothing can follow.
    pub(crate) fn finish(&mut self, whole: bool, at: u64, found: &mut Vec<Found>) {
        match self {
            Self::Text(text) => text.finish(whole, at, found),
            Self::Tnef(tnef) => tnef.finish(at, found),
        }
    }

    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Text(text) => text.memory(),
            Self::Tnef(tnef) => tnef.memory(),
        }
    }
}
