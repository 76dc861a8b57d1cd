//! Files inside of the content of a leaf: parts of their own, below it.

use super::Extractor;
use super::node::{self, Body};
use crate::content::is_unsafe;
use crate::decode::{Decode, Origin};
use crate::embedded::{Found, Inner, Kind, Opener};
use crate::{Anomaly, Encoding, EventKind, Headers, Name, NameSource, Part, PartEnd, PartKind};
use bytes::Bytes;
use core::ops::Range;

/// What looks into a leaf, and the files that are open there, the innermost last.
#[derive(Debug)]
pub(super) struct Inside {
    opener: Opener,
    open: Vec<File>,
    /// Files begun in the leaf itself.
    begun: u32,
}

/// An open file.
#[derive(Debug)]
struct File {
    index: u32,
    path: String,
    kind: PartKind,
    start: u64,
    size: u64,
    complete: bool,
    /// Files begun in it.
    begun: u32,
}

impl Inside {
    pub(super) const fn new(opener: Opener) -> Self {
        Self { opener, open: Vec::new(), begun: 0 }
    }

    pub(super) fn memory(&self) -> usize {
        let paths: usize = self.open.iter().map(|file| file.path.capacity()).sum();
        self.opener.memory() + self.open.capacity() * size_of::<File>() + paths
    }
}

impl Extractor {
    /// Content of the leaf at `place` goes on to what looks into it.
    pub(super) fn look_inside(&mut self, place: usize, bytes: &Bytes, origin: Origin) {
        self.with_opener(place, origin.range(), |opener, found| opener.push(bytes, origin, found));
    }

    /// Content of that leaf will never come.
    pub(super) fn miss_inside(&mut self, place: usize, at: u64) {
        self.with_opener(place, at..at, |opener, found| opener.gap(at, found));
    }

    /// The leaf is over.
    pub(super) fn end_inside(&mut self, place: usize, whole: bool, at: u64) {
        self.with_opener(place, at..at, |opener, found| opener.finish(whole, at, found));
    }

    fn with_opener(
        &mut self,
        place: usize,
        range: Range<u64>,
        ask: impl FnOnce(&mut Opener, &mut Vec<Found>),
    ) {
        let Some(node) = self.nodes.get_mut(place) else { return };
        let Some(mut inside) = node.inside.take() else { return };
        let mut found = Vec::new();
        ask(&mut inside.opener, &mut found);
        for Found { at, kind } in found {
            if !self.tell(place, &mut inside, at, kind, &range) {
                return;
            }
        }
        if let Some(node) = self.nodes.get_mut(place) {
            node.inside = Some(inside);
        }
    }

    /// `false`: there are too many parts, and nobody looks into the leaf any more.
    fn tell(&mut self, place: usize, inside: &mut Inside, at: u64, kind: Kind, range: &Range<u64>) -> bool {
        let Some(leaf) = self.nodes.get(place) else { return false };
        let innermost = inside.open.last().map_or(leaf.index, |file| file.index);
        // In a transfer encoding the place of a run is that of its chunk, which says nothing of the leaf.
        let decoded = matches!(&leaf.body, Body::Leaf(decoder) if decoder.decodes());
        let odd_at = if inside.open.is_empty() && decoded { leaf.body_start } else { at };
        match kind {
            Kind::Start(inner) => {
                if self.parts as usize >= self.config.max_parts {
                    self.anomaly(innermost, odd_at, Anomaly::TooManyParts { limit: self.config.max_parts });
                    while let Some(file) = inside.open.pop() {
                        self.end_file(file, at, false, Decode::Partial);
                    }
                    return false;
                }
                self.start_file(place, inside, at, inner);
            }
            Kind::Name(value) => {
                if is_unsafe(&value) {
                    self.anomaly(innermost, at, Anomaly::NameUnsafe);
                }
                let name = Name { source: NameSource::Container, value };
                self.emit(innermost, at..at, EventKind::PartName(name));
            }
            Kind::Data(bytes) => {
                if let Some(file) = inside.open.last_mut() {
                    file.size = file.size.saturating_add(bytes.len() as u64);
                    self.emit(innermost, range.clone(), EventKind::PartData(bytes));
                }
            }
            Kind::Gap => {
                for file in &mut inside.open {
                    file.complete = false;
                }
                self.emit(innermost, at..at, EventKind::PartGap(None));
            }
            Kind::End { whole, decode } => {
                if let Some(file) = inside.open.pop() {
                    self.end_file(file, at, whole, decode);
                }
            }
            Kind::Anomaly(anomaly) => self.anomaly(innermost, odd_at, anomaly),
        }
        true
    }

    fn start_file(&mut self, place: usize, inside: &mut Inside, at: u64, inner: Inner) {
        let Some(leaf) = self.nodes.get(place) else { return };
        let (parent, above, begun) = match inside.open.last_mut() {
            Some(file) => (file.index, file.path.as_str(), &mut file.begun),
            None => (leaf.index, leaf.path.as_str(), &mut inside.begun),
        };
        *begun = begun.saturating_add(1);
        let path = node::path(Some(above), Some(&format!("{}{begun}", inner.container.label())));
        let index = self.parts;
        self.parts = self.parts.saturating_add(1);
        let unsafe_name = inner.name.as_deref().is_some_and(is_unsafe);
        let part = Part {
            path: path.clone(),
            parent: Some(parent),
            kind: inner.kind,
            content_type: inner.content_type.to_owned(),
            charset: inner.charset,
            container: Some(inner.container),
            encoding: Encoding::Binary,
            encoding_raw: None,
            disposition: None,
            filename: inner.name.clone(),
            names: inner
                .name
                .into_iter()
                .map(|value| Name { source: NameSource::Container, value })
                .collect(),
            content_id: None,
            parameters: Vec::new(),
            headers: Headers::default(),
            start: at,
        };
        inside.open.push(File {
            index,
            path,
            kind: inner.kind,
            start: at,
            size: 0,
            complete: true,
            begun: 0,
        });
        self.emit(index, at..at, EventKind::PartStart(Box::new(part)));
        if unsafe_name {
            self.anomaly(index, at, Anomaly::NameUnsafe);
        }
    }

    fn end_file(&mut self, file: File, at: u64, whole: bool, decode: Decode) {
        let File { index, kind, start, size, complete, .. } = file;
        let raw = start..at.max(start);
        let end = PartEnd { size, complete: complete && whole, decode, raw, kind };
        self.emit(index, start..at.max(start), EventKind::PartEnd(end));
    }
}
