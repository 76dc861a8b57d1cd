//! The open nodes of the tree.

use super::inside::Inside;
use crate::decode::Decoder;
use crate::{Anomaly, EventKind, PartKind};
use core::ops::Range;
use std::borrow::Cow;

/// One open node.
#[derive(Debug)]
pub(super) struct Node {
    /// Its number in the order of PartStart.
    pub(super) index: u32,
    pub(super) path: Cow<'static, str>,
    pub(super) body: Body,
    /// Where its header and its body begin in the message.
    pub(super) start: u64,
    pub(super) body_start: u64,
    /// Bytes of data so far.
    pub(super) size: u64,
    /// Whether nothing is missing so far.
    pub(super) complete: bool,
    /// What was noted while the content went by, and where: told at the end, since what comes between depends on how
    /// the message is cut.
    pub(super) told: Vec<(u64, EventKind)>,
    /// The same of lines that are nearly delimiters. Apart, since places in a decoded message give no order.
    pub(super) near: Vec<(u64, EventKind)>,
    /// What looks for files in the content of a leaf. Boxed, since it is taken out for each run.
    pub(super) inside: Option<Box<Inside>>,
    /// How much of the name of a content field the body begins with, if nothing but an empty line stands before it.
    pub(super) second_header: Option<usize>,
}

/// What a node is made of.
#[derive(Debug)]
pub(super) enum Body {
    /// A leaf.
    Leaf(Decoder),
    /// A message in the same layer.
    Message(Enclosed),
    /// A message in the layer above, which this decodes.
    Encoded(Decoder),
    Multipart(Multipart),
    /// Preamble or epilogue, and what was seen of its text.
    Hidden(PartKind, Usual),
}

/// What a message in the same layer keeps.
#[derive(Debug, Default)]
pub(super) struct Enclosed {
    /// A line end that may belong to a delimiter.
    pub(super) tail: Vec<u8>,
    /// Where what was given out ends in the message.
    pub(super) end: u64,
}

/// How far a multipart has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Preamble,
    Parts,
    Epilogue,
}

/// What a multipart keeps.
#[derive(Debug)]
pub(super) struct Multipart {
    pub(super) digest: bool,
    pub(super) phase: Phase,
    /// Parts begun.
    pub(super) parts: u32,
    /// Empty lines outside of the parts, which count only if text follows.
    pub(super) blanks: Vec<u8>,
    /// Where they begin, once there are any.
    pub(super) blanks_at: Option<u64>,
    /// Whether bytes are missing there.
    pub(super) torn: bool,
    /// Whether it is a multipart/appledouble, and the name that its header file has.
    pub(super) apple: bool,
    pub(super) name: Option<String>,
}

/// Whether a preamble is the sentence that mail programs write for readers without MIME: short, and of MIME.
#[derive(Debug, Default)]
pub(super) struct Usual {
    start: Vec<u8>,
    len: u64,
}

impl Usual {
    pub(super) fn push(&mut self, text: &[u8]) {
        self.len = self.len.saturating_add(text.len() as u64);
        let room = 512usize.saturating_sub(self.start.len());
        self.start.extend_from_slice(crate::slice::split(text, room).0);
    }

    fn is_usual(&self) -> bool {
        let find = |word: &[u8]| memchr::memmem::find(&self.start, word).is_some();
        self.len <= 512
            && (find(b"MIME") || find(b"multi-part") || find(b"multipart"))
            && !find(b"\nContent-")
    }

    /// What a hidden part of that kind is worth telling.
    pub(super) fn anomaly(&self, kind: PartKind) -> Option<Anomaly> {
        match kind {
            PartKind::Epilogue => Some(Anomaly::EpilogueContent),
            PartKind::Preamble if !self.is_usual() => Some(Anomaly::PreambleContent),
            _ => None,
        }
    }
}

/// Notes of one node; there are few kinds, and each is noted once.
const MAX_TOLD: usize = 8;

impl Node {
    /// Notes something that is told at the end.
    pub(super) fn note(&mut self, at: u64, kind: EventKind) {
        if self.told.len() < MAX_TOLD {
            self.told.push((at, kind));
        }
    }

    /// Notes a line that is nearly a delimiter.
    pub(super) fn note_near(&mut self, at: u64, kind: EventKind) {
        if self.near.len() < MAX_TOLD {
            self.near.push((at, kind));
        }
    }

    /// Whether anything was noted.
    pub(super) const fn is_noted(&self) -> bool {
        !self.told.is_empty() || !self.near.is_empty()
    }

    /// What was noted: of the content first, then of its lines.
    pub(super) fn notes(&self) -> Vec<(u64, EventKind)> {
        self.told.iter().chain(&self.near).cloned().collect()
    }

    pub(super) const fn multipart(&mut self) -> Option<&mut Multipart> {
        match &mut self.body {
            Body::Multipart(multipart) => Some(multipart),
            _ => None,
        }
    }

    /// Whether the content of a leaf is not what travels.
    pub(super) fn decodes(&self) -> bool {
        matches!(&self.body, Body::Leaf(decoder) if decoder.decodes())
    }

    pub(super) const fn kind(&self) -> PartKind {
        match self.body {
            Body::Leaf(_) => PartKind::Leaf,
            Body::Message(_) | Body::Encoded(_) => PartKind::Message,
            Body::Multipart(_) => PartKind::Multipart,
            Body::Hidden(kind, _) => kind,
        }
    }

    pub(super) fn memory(&self) -> usize {
        let body = match &self.body {
            Body::Leaf(decoder) | Body::Encoded(decoder) => decoder.memory(),
            Body::Multipart(multipart) => {
                multipart.blanks.capacity() + multipart.name.as_ref().map_or(0, String::capacity)
            }
            Body::Hidden(_, usual) => usual.start.capacity(),
            Body::Message(message) => message.tail.capacity(),
        };
        let inside = self.inside.as_ref().map_or(0, |inside| inside.memory());
        let told = (self.told.capacity() + self.near.capacity()) * size_of::<(u64, EventKind)>();
        size_of::<Self>() + self.path.len() + body + told + inside
    }

    /// The range of the body, given where it ends.
    pub(super) fn raw(&self, end: u64) -> Range<u64> {
        self.body_start..end.max(self.body_start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_sentence_is_not_told() {
        for (text, told) in [
            ("This is a multi-part message in MIME format.\n", false),
            ("This is a cryptographically signed message in MIME format.\n", false),
            ("Attached: see below.\n", true),
            ("MIME\nContent-Type: text/html\n\n<b>", true),
        ] {
            let mut usual = Usual::default();
            usual.push(text.as_bytes());
            assert_eq!(usual.anomaly(PartKind::Preamble).is_some(), told, "{text:?}");
        }
        assert_eq!(Usual::default().anomaly(PartKind::Epilogue), Some(Anomaly::EpilogueContent));
    }
}
