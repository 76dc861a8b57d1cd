//! Where the sections of a whole message stand, by its MIME tree: to compare them with what the server sent for them.

use super::read;
use crate::sink::SinkError;
use bytes::Bytes;
use core::ops::Range;
use imap_proto_lite::{Section, Specifier};
use mime_extract::{Config, Encoding, EventKind, Extractor, PartKind};
use std::collections::BTreeMap;
use std::path::Path;

/// The MIME tree of a message.
#[derive(Debug, Default)]
pub(super) struct Tree {
    len: u64,
    nodes: BTreeMap<String, Node>,
}

#[derive(Debug)]
struct Node {
    kind: PartKind,
    /// Where its header begins.
    start: u64,
    /// Its body.
    raw: Range<u64>,
    /// It stands in the message as it is.
    plain: bool,
}

impl Tree {
    /// Reads the message in that file.
    pub(super) fn of(path: &Path) -> Result<Self, SinkError> {
        let mut tree = Self::default();
        let mut extractor = Extractor::new(Config::default());
        let mut paths: BTreeMap<u32, String> = BTreeMap::new();
        loop {
            let bytes: Bytes = read(path, tree.len..tree.len + super::BLOCK)?;
            let over = bytes.is_empty();
            tree.len += bytes.len() as u64;
            if over {
                extractor.finish();
            } else {
                extractor.push(bytes);
            }
            while let Some(event) = extractor.poll_event() {
                match event.kind {
                    EventKind::PartStart(part) if part.container.is_none() => {
                        let plain = matches!(
                            part.encoding,
                            Encoding::SevenBit | Encoding::EightBit | Encoding::Binary
                        );
                        let node = Node { kind: part.kind, start: part.start, raw: 0..0, plain };
                        paths.insert(event.part, part.path.clone());
                        tree.nodes.insert(part.path, node);
                    }
                    EventKind::PartEnd(end) => {
                        let node = paths.remove(&event.part).and_then(|path| tree.nodes.get_mut(&path));
                        if let Some(node) = node {
                            node.raw = end.raw;
                        }
                    }
                    _ => {}
                }
            }
            if over {
                return Ok(tree);
            }
        }
    }

    /// Where a section stands; `None` if there is none of that name, or if it is not told here.
    pub(super) fn place(&self, section: &Section) -> Option<Range<u64>> {
        let path: Vec<String> = section.path.iter().map(u32::to_string).collect();
        let path = path.join(".");
        match &section.specifier {
            Specifier::Whole if path.is_empty() => Some(0..self.len),
            Specifier::Whole => {
                let node = self.part(&path)?;
                // What counts as the end of a body that has parts, servers see differently.
                (node.kind != PartKind::Multipart).then(|| node.raw.clone())
            }
            // RFC 9051 section 6.4.5.1: of an undivided body it is the MIME fields of the message's own header, or all of
            // them, as servers read it.
            Specifier::Mime if !self.nodes.contains_key(&path) => None,
            Specifier::Mime => self.part(&path).map(|node| node.start..node.raw.start),
            Specifier::Header => self.body(&path).map(|(node, _)| node.start..node.raw.start),
            Specifier::Text => self.body(&path).map(|(node, end)| node.raw.start..end),
            _ => None,
        }
    }

    /// A part by its number in IMAP, in which an undivided body is 1 and here 0.
    fn part(&self, path: &str) -> Option<&Node> {
        let undivided = || {
            let above = path.strip_suffix('1').filter(|above| above.is_empty() || above.ends_with('.'))?;
            self.nodes.get(&format!("{above}0")).filter(|node| node.kind != PartKind::Multipart)
        };
        let node = self.nodes.get(path).or_else(undivided)?;
        self.is_plain_above(path).then_some(node)
    }

    /// The body of the message, or of the one that the part encloses, and where that message ends.
    fn body(&self, path: &str) -> Option<(&Node, u64)> {
        if path.is_empty() {
            return Some((self.nodes.get("0")?, self.len));
        }
        let holder = self.part(path).filter(|node| node.kind == PartKind::Message && node.plain)?;
        Some((self.nodes.get(&format!("{path}.0"))?, holder.raw.end))
    }

    /// Whether no part around it is encoded.
    fn is_plain_above(&self, path: &str) -> bool {
        let dots = path.match_indices('.').map(|(at, _)| at);
        dots.filter_map(|at| self.nodes.get(path.get(..at)?))
            .all(|node| node.plain || node.kind == PartKind::Multipart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_stand_where_the_tree_has_them() {
        let message = "A: 1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
            --b\r\n\r\none\r\n\
            --b\r\nContent-Type: message/rfc822\r\n\r\nB: 2\r\n\r\ntwo\r\n\
            --b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n\
            --i\r\n\r\nthree\r\n--i--\r\n\r\n--b--\r\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.eml");
        std::fs::write(&path, message).unwrap();
        let tree = Tree::of(&path).unwrap();
        let section = |path: &[u32], specifier| {
            let mut section = Section::of_message(specifier);
            section.path = path.to_vec();
            tree.place(&section).map(|place| {
                message[usize::try_from(place.start).unwrap()..usize::try_from(place.end).unwrap()].to_owned()
            })
        };
        for (path, specifier, expected) in [
            (&[1][..], Specifier::Whole, Some("one")),
            (&[1], Specifier::Mime, Some("\r\n")),
            (&[2], Specifier::Whole, Some("B: 2\r\n\r\ntwo")),
            (&[2], Specifier::Mime, Some("Content-Type: message/rfc822\r\n\r\n")),
            (&[2], Specifier::Header, Some("B: 2\r\n\r\n")),
            (&[2], Specifier::Text, Some("two")),
            (&[2, 1], Specifier::Whole, Some("two")),
            (&[2, 1], Specifier::Mime, None),
            (&[3, 1], Specifier::Whole, Some("three")),
            (&[3], Specifier::Header, Some("Content-Type: multipart/mixed; boundary=i\r\n\r\n")),
            (&[3], Specifier::Text, Some("--i\r\n\r\nthree\r\n--i--\r\n")),
            (&[1], Specifier::Header, None),
            (&[2, 2], Specifier::Whole, None),
            (&[9], Specifier::Whole, None),
            (&[], Specifier::Whole, Some(message)),
            (&[], Specifier::Header, Some("A: 1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")),
        ] {
            assert_eq!(section(path, specifier.clone()).as_deref(), expected, "{path:?} {specifier:?}");
        }
    }
}
