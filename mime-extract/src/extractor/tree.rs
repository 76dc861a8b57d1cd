//! How the tree grows and ends: nodes take content and close at delimiters. How they open: [`open`](super::open).

use super::layer::{Ending, Layer, State};
use super::lines::{Delimiter, Run};
use super::node::{Body, Multipart, Node, Phase, Usual};
use super::{Extractor, Input};
use crate::config::MAX_BLANKS;
use crate::content::{self, Content};
use crate::decode::{Decode, Decoder, Origin};
use crate::headers::block::{Block, Buffers};
use crate::slice::{self, is_space};
use crate::{Anomaly, Event, EventKind, Headers, Name, NameSource, PartEnd, PartKind};
use bytes::Bytes;
use core::ops::Range;

/// How the name of each content field begins.
const CONTENT: &[u8] = b"content-";

/// How much of it stands there, given how much was seen before; `None`: something else does.
fn go_on_with(seen: usize, text: &[u8]) -> Option<usize> {
    let (_, rest) = slice::split(CONTENT, seen);
    let len = rest.len().min(text.len());
    let same = slice::split(text, len).0.eq_ignore_ascii_case(slice::split(rest, len).0);
    same.then_some(seen + len)
}

impl Extractor {
    /// How many nodes belong to the layers up to that one.
    pub(super) fn top_of(&self, index: usize) -> usize {
        self.layers.get(index + 1).map_or(self.nodes.len(), |above| above.base)
    }

    /// Content of the innermost node of a layer.
    pub(super) fn content(&mut self, index: usize, run: Run) {
        self.feed_stretch(index, &run.bytes, 0, run.bytes.len());
        let Some(place) = self.top_of(index).checked_sub(1) else { return };
        let Some(node) = self.nodes.get_mut(place) else { return };
        match &mut node.body {
            Body::Leaf(decoder) | Body::Encoded(decoder) => {
                if let Some(seen) = node.second_header {
                    node.second_header = go_on_with(seen, &run.bytes);
                    if node.second_header == Some(CONTENT.len()) {
                        node.second_header = None;
                        let (part, at) = (node.index, node.body_start);
                        self.out.push_back(Event {
                            range: at..at,
                            part,
                            kind: EventKind::Anomaly(Anomaly::HeaderStartBlank),
                        });
                    }
                }
                let origin = Origin { exact: run.origin.exact && !decoder.decodes(), ..run.origin };
                let bytes = decoder.push(run.bytes, run.origin);
                if let Some(value) = decoder.take_name() {
                    let (part, at) = (node.index, node.body_start);
                    if content::is_unsafe(&value) {
                        self.anomaly(part, at, Anomaly::NameUnsafe);
                    }
                    let name = Name { source: NameSource::Container, value };
                    self.emit(part, at..at, EventKind::PartName(name));
                }
                self.data_of(place, bytes, origin);
            }
            Body::Hidden(_, usual) => {
                usual.push(&run.bytes);
                self.data_of(place, run.bytes, run.origin);
            }
            Body::Multipart(_) => self.beside_the_parts(place, run),
            Body::Message(_) => {}
        }
    }

    /// Data of a node; that of an encoded message goes on to its layer.
    fn data_of(&mut self, place: usize, bytes: Bytes, origin: Origin) {
        if bytes.is_empty() {
            return;
        }
        let Some(node) = self.nodes.get_mut(place) else { return };
        node.size = node.size.saturating_add(bytes.len() as u64);
        let (part, encoded) = (node.index, matches!(node.body, Body::Encoded(_)));
        if encoded && let Some(layer) = self.layers.iter_mut().find(|layer| layer.base == place + 1) {
            let origin = Origin { exact: false, ..origin };
            layer.inbox.push_back(Input::Data(Run { bytes: bytes.clone(), origin }));
        }
        let found = self.look_inside(place, &bytes, origin);
        self.emit(part, origin.range(), EventKind::PartData(bytes));
        if let Some((inside, found)) = found {
            self.tell_all(place, inside, found);
        }
    }

    /// Text of a multipart outside of its parts: told if it is more than empty lines.
    fn beside_the_parts(&mut self, place: usize, mut run: Run) {
        let Some(Multipart { phase, blanks, blanks_at, torn, .. }) =
            self.nodes.get_mut(place).and_then(Node::multipart)
        else {
            return;
        };
        let empty = run.bytes.iter().take_while(|byte| is_space(**byte)).count();
        let space = run.take(empty);
        if !space.bytes.is_empty() {
            blanks_at.get_or_insert(space.origin.start);
            let room = MAX_BLANKS.saturating_sub(blanks.len());
            blanks.extend_from_slice(slice::split(&space.bytes, room).0);
        }
        if run.bytes.is_empty() {
            return;
        }
        let start = blanks_at.take().unwrap_or(run.origin.start);
        let complete = !*torn;
        let blanks = Bytes::from(core::mem::take(blanks));
        let (kind, name) = match phase {
            Phase::Epilogue => (PartKind::Epilogue, "epilogue"),
            _ => (PartKind::Preamble, "preamble"),
        };
        let content = Content { content_type: "text/plain".to_owned(), ..Content::default() };
        let mut usual = Usual::default();
        usual.push(&run.bytes);
        self.start(content, Headers::default(), start..start, Body::Hidden(kind, usual), Some(name));
        if let Some(node) = self.nodes.last_mut() {
            node.complete = complete;
        }
        let before = Origin { start, end: run.origin.start, exact: run.origin.exact };
        self.data_of(place + 1, blanks, before);
        self.data_of(place + 1, run.bytes, run.origin);
    }

    /// Bytes of a layer are missing.
    pub(super) fn missing(&mut self, index: usize, len: Option<u64>, range: Range<u64>, in_body: bool) {
        let top = self.top_of(index);
        let Some(layer) = self.layers.get_mut(index) else { return };
        let base = layer.base;
        // The line end before the gap is followed by no delimiter that anybody saw.
        self.feed_tails(index, top);
        if let Some(layer) = self.layers.get_mut(index) {
            layer.feed.at = range.end;
        }
        for node in &mut self.nodes {
            node.complete = false;
        }
        for place in base..top {
            let Some(node) = self.nodes.get_mut(place) else { return };
            let part = node.index;
            let innermost = in_body && place + 1 == top;
            let (before, len) = match &mut node.body {
                Body::Message(message) => {
                    message.end = range.end;
                    (Bytes::new(), len)
                }
                Body::Leaf(decoder) | Body::Encoded(decoder) if innermost => decoder.gap(len),
                Body::Multipart(multipart) if innermost => {
                    multipart.blanks.clear();
                    (multipart.blanks_at, multipart.torn) = (None, true);
                    (Bytes::new(), len)
                }
                Body::Hidden(..) if innermost => (Bytes::new(), len),
                _ => continue,
            };
            self.data_of(place, before, Origin { start: range.start, end: range.start, exact: false });
            self.emit(part, range.clone(), EventKind::PartGap(len));
            self.miss_inside(place, range.start);
            if self.nodes.get(place).is_some_and(|node| matches!(node.body, Body::Encoded(_)))
                && let Some(layer) = self.layers.get_mut(index + 1)
            {
                layer.inbox.push_back(Input::Gap(None, range.start));
            }
        }
    }

    /// A delimiter, all layers above being done.
    #[inline(never)]
    pub(super) fn delimit(&mut self, index: usize, delimiter: Delimiter) {
        let Some(layer) = self.layers.get_mut(index) else { return };
        let start = delimiter.origin.start.saturating_sub(delimiter.eol.len() as u64);
        if let State::Header(block) = &layer.state {
            // It ends the header block, and what is below it is empty.
            let bare = block.is_bare();
            layer.pending = Some(delimiter);
            self.open(index, true, start);
            if !bare && let Some(node) = self.nodes.last() {
                self.anomaly(node.index, start, Anomaly::BoundaryInHeader);
            }
            return;
        }
        let level = delimiter.hit.level;
        self.feed(index, delimiter.eol);
        self.tell_near(index);
        self.close_to(index, level + 1, Ending::Delimited, start);
        self.feed(index, delimiter.line);
        let end = delimiter.origin.end;
        let Some(layer) = self.layers.get_mut(index) else { return };
        let outside = self.config.choices.outside;
        layer.boundaries.close(level + usize::from(!delimiter.hit.close || outside));
        layer.lines = Default::default();
        let Some(multipart) = self.nodes.get_mut(level).and_then(Node::multipart) else { return };
        multipart.blanks.clear();
        (multipart.blanks_at, multipart.torn) = (None, false);
        if delimiter.hit.close {
            multipart.phase = Phase::Epilogue;
            if !outside {
                return;
            }
        } else if !(outside && multipart.phase == Phase::Epilogue) {
            multipart.phase = Phase::Parts;
        }
        if delimiter.last {
            return;
        }
        multipart.parts = multipart.parts.saturating_add(1);
        if self.parts as usize >= self.config.max_parts {
            // The rest of the layer is one leaf.
            let limit = self.config.max_parts;
            layer.boundaries.close(0);
            let content = Content {
                content_type: "text/plain".to_owned(),
                anomalies: vec![(Anomaly::TooManyParts { limit }, end)],
                ..Content::default()
            };
            self.start(content, Headers::default(), end..end, Body::Leaf(Decoder::Identity), None);
            if let Some(node) = self.nodes.last_mut() {
                node.complete = false;
            }
            return;
        }
        let buffers = core::mem::take(&mut self.buffers);
        layer.state = State::Header(Box::new(Block::new(&self.config, false, end).with(buffers)));
    }

    /// The innermost layer is over, since the leaf that it comes from is.
    pub(super) fn end_layer_above(&mut self, ending: Ending) {
        let Some((layer, below)) = self.layers.split_last_mut() else { return };
        layer.end = Some(ending);
        let Some(place) = layer.base.checked_sub(1) else { return };
        let at = below.last().map_or(0, Layer::content_end);
        if let Some(Node { body: Body::Encoded(decoder), .. }) = self.nodes.get_mut(place) {
            let bytes = decoder.finish(ending == Ending::Delimited, at);
            self.data_of(place, bytes, Origin { start: at, end: at, exact: false });
        }
    }

    /// Closes all nodes of the innermost layer, and the layer.
    pub(super) fn close_layer(&mut self, index: usize, ending: Ending, end: u64) {
        self.tell_near(index);
        let Some(layer) = self.layers.get(index) else { return };
        let base = layer.base;
        // What is inside of an open multipart was cut.
        if let Some(level) = layer.boundaries.outermost(b"") {
            self.close_to(index, level, Ending::Finished { whole: false }, end);
        }
        self.close_to(index, base, ending, end);
        self.layers.pop();
        if self.layers.is_empty() {
            self.buffers = Buffers::default();
            let at = self.offset;
            self.emit(0, at..at, EventKind::End);
        }
    }

    /// Closes the nodes from the innermost to the one at `level`.
    fn close_to(&mut self, index: usize, level: usize, ending: Ending, end: u64) {
        while let Some(place) = self.nodes.len().checked_sub(1).filter(|place| *place >= level) {
            // An encoded message was finished when its layer ended.
            if let Some(Node { body: Body::Leaf(decoder), .. }) = self.nodes.get_mut(place) {
                let whole = ending == Ending::Delimited;
                let last = decoder.finish(whole, end);
                self.data_of(place, last, Origin { start: end, end, exact: false });
                self.end_inside(place, ending, end);
            }
            let Some(node) = self.nodes.pop() else { return };
            // The preamble of the multipart whose delimiter this is stays one; any other was all there is.
            let mut kind = node.kind();
            if kind == PartKind::Preamble && self.nodes.len() > level {
                kind = PartKind::Leaf;
            }
            self.close(index, node, kind, ending, end);
        }
    }

    fn close(&mut self, index: usize, node: Node, kind: PartKind, ending: Ending, end: u64) {
        let part = node.index;
        let mut complete = node.complete && ending != Ending::Finished { whole: false };
        let mut decode = Decode::Ok;
        let mut raw_end = end;
        if node.is_noted() {
            for (at, kind) in node.notes() {
                self.emit(part, at..at, kind);
            }
        }
        match &node.body {
            Body::Leaf(decoder) | Body::Encoded(decoder) => {
                decode = decoder.outcome(node.size);
                for (anomaly, at) in decoder.faults() {
                    self.anomaly(part, at, anomaly);
                }
            }
            Body::Message(message) => {
                if let Some(Layer { feed, origin, .. }) = self.layers.get_mut(index) {
                    feed.messages = feed.messages.saturating_sub(1);
                    if origin.exact {
                        raw_end = message.end;
                    }
                }
            }
            Body::Multipart(multipart) => {
                if multipart.parts == 0 {
                    self.anomaly(part, end, Anomaly::NoParts);
                } else if multipart.phase == Phase::Parts {
                    self.anomaly(part, end, Anomaly::CloseMissing);
                }
                complete &= multipart.phase == Phase::Epilogue;
            }
            Body::Hidden(hidden, usual) => {
                if kind == *hidden
                    && let Some(anomaly) = usual.anomaly(kind)
                {
                    self.anomaly(part, node.start, anomaly);
                }
            }
        }
        let end = PartEnd { size: node.size, complete, decode, raw: node.raw(raw_end), kind };
        self.emit(part, node.start..end.raw.end, EventKind::PartEnd(end));
    }
}
