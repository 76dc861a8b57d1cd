//! Files inside of the content of a leaf: parts of their own, below it.

use super::lines::Run;
use super::path;
use super::{Ending, Extractor};
use crate::content::is_unsafe;
use crate::decode::{Decode, Origin};
use crate::embedded::{Found, Inner, Kind, Opener};
use crate::{
    Anomaly, Container, Encoding, Event, EventKind, Headers, Name, NameSource, Part, PartEnd, PartKind,
};
use bytes::Bytes;
use core::ops::Range;
use std::borrow::Cow;

/// Messages in files inside of one another, whatever the limits say: each is read by an extractor inside of another.
const MAX_READERS: usize = 64;

/// What looks into a leaf, and the files that are open there, the innermost last.
#[derive(Debug)]
pub(super) struct Inside {
    opener: Opener,
    open: Vec<File>,
    /// Files begun in the leaf itself.
    begun: u32,
    /// Where the last of the content stands.
    range: Range<u64>,
    /// How the leaf ends, once it does.
    ending: Ending,
}

/// An open file.
#[derive(Debug)]
struct File {
    index: u32,
    path: Cow<'static, str>,
    kind: PartKind,
    container: Container,
    start: u64,
    size: u64,
    complete: bool,
    /// Files begun in it.
    begun: u32,
    /// What reads it, if it is a message.
    reader: Option<Box<Reader>>,
}

/// An extractor for a message in a file. It has what is left of the limits, so that the depth of readers in readers is
/// that of encoded messages.
#[derive(Debug)]
struct Reader {
    extractor: Extractor,
    /// The number that its first part has in the message.
    first: u32,
}

impl Inside {
    pub(super) const fn new(opener: Opener) -> Self {
        Self { opener, open: Vec::new(), begun: 0, range: 0..0, ending: Ending::Delimited }
    }

    pub(super) fn memory(&self) -> usize {
        let readers = self.open.iter().filter_map(|file| file.reader.as_ref());
        let read: usize = readers.map(|reader| size_of::<Reader>() + reader.extractor.buffered()).sum();
        let paths: usize = self.open.iter().map(|file| file.path.len()).sum();
        size_of::<Self>() + self.opener.memory() + self.open.capacity() * size_of::<File>() + paths + read
    }

    /// Whether there is more to tell of what was given.
    fn is_busy(&self) -> bool {
        self.opener.is_busy() || self.open.iter().any(|file| file.reader.is_some())
    }
}

impl Extractor {
    /// Content of the leaf at `place` goes on to what looks into it: what it found, for [`tell_all`](Self::tell_all).
    pub(super) fn look_inside(
        &mut self,
        place: usize,
        bytes: &Bytes,
        origin: Origin,
    ) -> Option<(Box<Inside>, Vec<Found>)> {
        self.ask(place, origin.range(), |opener, found| opener.push(bytes, origin, found))
    }

    /// Content of that leaf will never come.
    pub(super) fn miss_inside(&mut self, place: usize, at: u64) {
        self.with_opener(place, at..at, |opener, found| opener.gap(at, found));
    }

    /// The leaf is over.
    pub(super) fn end_inside(&mut self, place: usize, ending: Ending, at: u64) {
        if let Some(inside) = self.nodes.get_mut(place).and_then(|node| node.inside.as_mut()) {
            inside.ending = ending;
        }
        let certain = ending == Ending::Delimited;
        let complete = ending != Ending::Finished { whole: false };
        self.with_opener(place, at..at, |opener, found| opener.finish(certain, complete, at, found));
    }

    fn with_opener(
        &mut self,
        place: usize,
        range: Range<u64>,
        ask: impl FnOnce(&mut Opener, &mut Vec<Found>),
    ) {
        if let Some((inside, found)) = self.ask(place, range, ask) {
            self.tell_all(place, inside, found);
        }
    }

    /// What the opener of a leaf finds, and the opener, taken out of its node until that is told.
    fn ask(
        &mut self,
        place: usize,
        range: Range<u64>,
        ask: impl FnOnce(&mut Opener, &mut Vec<Found>),
    ) -> Option<(Box<Inside>, Vec<Found>)> {
        let mut inside = self.nodes.get_mut(place)?.inside.take()?;
        let mut found = Vec::new();
        inside.range = range;
        ask(&mut inside.opener, &mut found);
        Some((inside, found))
    }

    /// Goes on with the content of the innermost leaf, of which more is to tell. `false`: nothing was told.
    pub(super) fn resume_inside(&mut self) -> bool {
        self.busy = false;
        let Some(place) = self.nodes.len().checked_sub(1) else { return false };
        let Some(mut inside) = self.nodes.get_mut(place).and_then(|node| node.inside.take()) else {
            return false;
        };
        if let Some(event) = inside.open.last_mut().and_then(File::poll) {
            self.pass_on(&inside, event);
            self.busy = true;
            if let Some(node) = self.nodes.get_mut(place) {
                node.inside = Some(inside);
            }
            return true;
        }
        let mut found = Vec::new();
        inside.opener.resume(&mut found);
        let told = !found.is_empty();
        self.tell_all(place, inside, found);
        self.busy &= told;
        told
    }

    pub(super) fn tell_all(&mut self, place: usize, mut inside: Box<Inside>, found: Vec<Found>) {
        for Found { at, kind } in found {
            if !self.tell(place, &mut inside, at, kind) {
                return;
            }
        }
        self.busy = inside.is_busy();
        let over = inside.open.is_empty() && inside.opener.is_over();
        if let Some(node) = self.nodes.get_mut(place).filter(|_| !over) {
            node.inside = Some(inside);
        }
    }

    /// All that the reader of the innermost file has to tell.
    fn drain(&mut self, inside: &mut Inside) {
        while let Some(event) = inside.open.last_mut().and_then(File::poll) {
            self.pass_on(inside, event);
        }
    }

    /// What a message in a file tells, as it stands in the message around.
    fn pass_on(&mut self, inside: &Inside, event: Event) {
        let Some(File { index, path, reader: Some(reader), .. }) = inside.open.last() else { return };
        let Event { range, part, mut kind } = event;
        let number = |part: u32| reader.first.saturating_add(part);
        match &mut kind {
            EventKind::Headers(_) | EventKind::End => return,
            EventKind::PartStart(part) => {
                self.parts = self.parts.saturating_add(1);
                part.parent = Some(part.parent.map_or(*index, number));
                part.path = format!("{path}.{}", part.path);
            }
            _ => {}
        }
        self.emit(number(part), range, kind);
    }

    /// `false`: there are too many parts, and nobody looks into the leaf any more.
    fn tell(&mut self, place: usize, inside: &mut Inside, at: u64, kind: Kind) -> bool {
        if !matches!(kind, Kind::Data(_)) {
            self.drain(inside);
        }
        let range = inside.range.clone();
        let Some(leaf) = self.nodes.get(place) else { return false };
        let innermost = inside.open.last().map_or(leaf.index, |file| file.index);
        // In a transfer encoding the place of a run is that of its chunk, which says nothing of the leaf.
        let decoded = leaf.decodes();
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
                let unfit = is_unsafe(&value).then_some(EventKind::Anomaly(Anomaly::NameUnsafe));
                // The header file of AppleDouble names the file that follows.
                if inside.open.is_empty()
                    && let Some(above) = place.checked_sub(1).and_then(|place| self.nodes.get_mut(place))
                    && let Some(multipart) = above.multipart().filter(|multipart| multipart.apple)
                {
                    multipart.name = Some(value.clone());
                }
                let name = EventKind::PartName(Name { source: NameSource::Container, value });
                for kind in unfit.into_iter().chain([name]) {
                    match self.nodes.get_mut(place).filter(|_| inside.open.is_empty()) {
                        Some(leaf) => leaf.note(odd_at, kind),
                        None => self.emit(innermost, odd_at..odd_at, kind),
                    }
                }
            }
            Kind::Data(bytes) => {
                if let Some(file) = inside.open.last_mut() {
                    file.size = file.size.saturating_add(bytes.len() as u64);
                    if let Some(reader) = &mut file.reader {
                        let origin = Origin { start: range.start, end: range.end, exact: false };
                        reader.extractor.push_run(Run { bytes: bytes.clone(), origin });
                    }
                    self.emit(innermost, range, EventKind::PartData(bytes));
                }
            }
            Kind::Gap => {
                for file in &mut inside.open {
                    file.complete = false;
                    if let Some(reader) = &mut file.reader {
                        reader.extractor.gap_at(at);
                    }
                }
                self.emit(innermost, at..at, EventKind::PartGap(None));
                self.drain(inside);
            }
            Kind::End { whole, decode } => {
                let ending = inside.ending;
                if let Some(file) = inside.open.last_mut()
                    && let Some(reader) = &mut file.reader
                {
                    // A message that is all of the leaf ends as that does.
                    let ending = match (whole, file.container) {
                        (false, _) => Ending::Finished { whole: false },
                        (true, Container::Message) => ending,
                        (true, _) => Ending::Delimited,
                    };
                    reader.extractor.finish_as(ending);
                    self.drain(inside);
                }
                if let Some(file) = inside.open.pop() {
                    self.end_file(file, at, whole, decode);
                }
            }
            Kind::Anomaly(anomaly) => match self.nodes.get_mut(place).filter(|_| inside.open.is_empty()) {
                Some(leaf) => leaf.note(odd_at, EventKind::Anomaly(anomaly)),
                None => self.anomaly(innermost, odd_at, anomaly),
            },
        }
        true
    }

    /// What reads a message in a file, if the limits allow one more.
    fn reader(&self, at: u64) -> Option<Box<Reader>> {
        let config = &self.config;
        let mut inner = config.clone();
        // What is known of parts is known by their places in the message itself.
        inner.choices.known = Default::default();
        // The file takes a number, and its message one level more than the nodes that are open.
        let first = self.parts;
        inner.max_parts = config.max_parts.checked_sub(first as usize).filter(|left| *left > 0)?;
        inner.max_depth = config.max_depth.checked_sub(self.nodes.len() + 1).filter(|left| *left > 0)?;
        inner.max_encoded_depth = config.max_encoded_depth.min(MAX_READERS).checked_sub(self.layers.len())?;
        Some(Box::new(Reader { extractor: Self::inside(inner, at), first }))
    }

    fn start_file(&mut self, place: usize, inside: &mut Inside, at: u64, inner: Inner) {
        let Some(leaf) = self.nodes.get(place) else { return };
        let (parent, above, begun) = match inside.open.last_mut() {
            Some(file) => (file.index, &*file.path, &mut file.begun),
            None => (leaf.index, &*leaf.path, &mut inside.begun),
        };
        *begun = begun.saturating_add(1);
        let path = path::of(Some(above), Some(&format!("{}{begun}", inner.container.label())));
        let index = self.parts;
        self.parts = self.parts.saturating_add(1);
        let container = inner.container;
        let message = inner.kind == PartKind::Message;
        let reader = if message { self.reader(at) } else { None };
        // What is too deep stays a file.
        let kind = if message && reader.is_none() { PartKind::Leaf } else { inner.kind };
        let unsafe_name = inner.name.as_deref().is_some_and(is_unsafe);
        let part = Part {
            path: path.clone().into_owned(),
            parent: Some(parent),
            kind,
            content_type: inner.content_type.into_owned(),
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
            parameters: inner.parameters,
            headers: Headers::default(),
            start: at,
        };
        inside.open.push(File {
            index,
            path,
            kind,
            container,
            start: at,
            size: 0,
            complete: true,
            begun: 0,
            reader,
        });
        self.emit(index, at..at, EventKind::PartStart(Box::new(part)));
        if unsafe_name {
            self.anomaly(index, at, Anomaly::NameUnsafe);
        }
        if kind != inner.kind {
            self.anomaly(index, at, Anomaly::TooDeep { limit: self.config.max_depth });
        }
    }

    fn end_file(&mut self, file: File, at: u64, whole: bool, decode: Decode) {
        let File { index, kind, start, size, complete, .. } = file;
        let raw = start..at.max(start);
        let end = PartEnd { size, complete: complete && whole, decode, raw, kind };
        self.emit(index, start..at.max(start), EventKind::PartEnd(end));
    }
}

impl File {
    fn poll(&mut self) -> Option<Event> {
        self.reader.as_mut().and_then(|reader| reader.extractor.poll_event())
    }
}
