//! Files inside of the content of a leaf, in encodings that MIME does not know of.
//!
//! An opener is given the decoded content of its leaf as it comes, and tells of each file where it begins, what it holds
//! and where it ends. The leaf itself stays what it is, byte for byte.

mod apple;
mod ber;
mod binary;
mod cms;
mod data_uri;
mod eml;
mod gzip;
mod inflate;
mod markup;
mod opening;
mod tag;
mod text;
mod tnef;
mod uuencode;
mod yenc;

use crate::config::Config;
use crate::content::Content;
use crate::decode::{Decode, Origin};
use crate::{Anomaly, Container, Encoding, PartKind};
use bytes::Bytes;
use std::borrow::Cow;

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
    /// A better name of the innermost open file or, where none is open, of the leaf.
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
    /// A leaf, a multipart that only holds others, or a message, whose parts are told below it.
    pub(crate) kind: PartKind,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) charset: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Inner {
    /// A file of which nothing is known but what it was in.
    pub(crate) const fn of(container: Container) -> Self {
        Self {
            container,
            kind: PartKind::Leaf,
            content_type: Cow::Borrowed("application/octet-stream"),
            charset: None,
            name: None,
            parameters: Vec::new(),
        }
    }

    /// A message, or the tree of parts that was signed.
    pub(crate) fn message(container: Container) -> Self {
        Self { kind: PartKind::Message, content_type: Cow::Borrowed("message/rfc822"), ..Self::of(container) }
    }

    fn named(self, name: Option<String>) -> Self {
        Self { name: name.filter(|name| !name.is_empty()), ..self }
    }
}

/// What looks for files in one leaf.
#[derive(Debug)]
pub(crate) enum Opener {
    /// Files among lines of text, and in addresses.
    Text(text::Text),
    /// Files that are told by their first bytes.
    Binary(Box<binary::Binary>),
}

impl Opener {
    /// What may find files in a leaf of that kind.
    pub(crate) fn of(content: &Content, config: &Config) -> Option<Self> {
        let content_type = content.content_type.as_str();
        let declared = content.encoding == Encoding::Uuencode;
        let name = content.names.first().map(|name| name.value.as_str());
        let ends = |extensions: &[&str]| name.is_some_and(|name| eml::has_extension(name, extensions));
        if content.encoding == Encoding::Gzip64 {
            return Some(Self::Binary(Box::new(binary::Binary::compressed(content, config))));
        }
        let message = ends(&["eml", "mht", "mhtml", "msg"]);
        let markup = matches!(content_type, "text/html" | "application/xhtml+xml" | "image/svg+xml")
            || ends(&["html", "htm", "shtml", "xhtml", "xht", "svg"]);
        let text = content_type.starts_with("text/")
            || matches!(content_type, "application/x-uuencode" | "application/mac-binhex40");
        if (text && !message) || declared || markup {
            let markup = markup.then(|| Box::new(markup::Markup::new(content.charset.as_deref())));
            return Some(Self::Text(text::Text::new(declared, markup)));
        }
        let unknown = content.encoding == Encoding::Unknown;
        let binary = text || message || unknown || content_type.starts_with("application/");
        binary.then(|| Self::Binary(Box::new(binary::Binary::new(content, config))))
    }

    /// The next of the leaf's content.
    pub(crate) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        match self {
            Self::Text(text) => text.push(bytes, origin, found),
            Self::Binary(binary) => binary.push(bytes, origin, found),
        }
    }

    /// Goes on with what was given, if there is more in it than one step tells.
    pub(crate) fn resume(&mut self, found: &mut Vec<Found>) {
        match self {
            Self::Text(_) => {}
            Self::Binary(binary) => binary.resume(found),
        }
    }

    /// Whether [`resume`](Self::resume) has anything to do.
    pub(crate) fn is_busy(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Binary(binary) => binary.is_busy(),
        }
    }

    /// Whether nothing can be found any more.
    pub(crate) const fn is_over(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Binary(binary) => binary.is_over(),
        }
    }

    /// Content of the leaf that will never come.
    pub(crate) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        match self {
            Self::Text(text) => text.gap(at, found),
            Self::Binary(binary) => binary.gap(at, found),
        }
    }

    /// The leaf is over; `certain`: nothing can follow; `complete`: nothing should.
    pub(crate) fn finish(&mut self, certain: bool, complete: bool, at: u64, found: &mut Vec<Found>) {
        match self {
            Self::Text(text) => text.finish(certain, at, found),
            Self::Binary(binary) => binary.finish(certain, complete, at, found),
        }
    }

    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Text(text) => text.memory(),
            Self::Binary(binary) => binary.memory(),
        }
    }
}
