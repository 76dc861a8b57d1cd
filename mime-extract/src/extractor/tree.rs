//! How the tree grows and ends: nodes open behind their headers, take content, and close at delimiters.

use super::inside::Inside;
use super::layer::{Ending, Layer, State};
use super::lines::{Delimiter, Run};
use super::node::{self, Body, Enclosed, Multipart, Node, Phase, Usual};
use super::{Extractor, Input};
use crate::config::MAX_BLANKS;
use crate::content::{self, Content};
use crate::decode::variant::Variant;
use crate::decode::{Decode, Decoder, Origin};
use crate::embedded::Opener;
use crate::headers::block::{Block, Buffers, Finished};
use crate::slice::{self, is_space};
use crate::{Anomaly, Encoding, Event, EventKind, Headers, Name, NameSource, Part, PartEnd, PartKind};
use bytes::Bytes;
use core::ops::Range;

/// A number in digits; there is one for each part.
fn decimal(mut number: u32) -> String {
    let mut digits = Vec::with_capacity(10);
    loop {
        digits.extend(char::from_digit(number % 10, 10));
        number /= 10;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// Whether content of that type is none that has lines.
fn is_binary(content_type: &str) -> bool {
    let kind = content_type.split('/').next().unwrap_or_default();
    matches!(kind, "application" | "image" | "audio" | "video" | "font" | "model")
}

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
        if node.inside.is_none() {
            return self.emit(part, origin.range(), EventKind::PartData(bytes));
        }
        self.emit(part, origin.range(), EventKind::PartData(bytes.clone()));
        self.look_inside(place, &bytes, origin);
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

    /// The header of a layer is over: the node below it begins. `ended`: not by the end of all; `at`: where its body
    /// begins.
    pub(super) fn open(&mut self, index: usize, ended: bool, at: u64) {
        let Some(layer) = self.layers.get_mut(index) else { return };
        let State::Header(block) = core::mem::replace(&mut layer.state, State::Body) else { return };
        layer.lines = Default::default();
        let (bare, message_block) = (ended && block.is_bare(), block.is_of_message());
        let Finished { headers, seen, range, anomalies, buffers } = block.finish(ended);
        self.buffers = buffers;
        let above = self.nodes.last_mut();
        let digest = above.is_some_and(|node| node.multipart().is_some_and(|parent| parent.digest));
        let message =
            self.nodes.last().is_none_or(|node| matches!(node.body, Body::Message(_) | Body::Encoded(_)));
        let top = self.nodes.is_empty();
        let mut content = content::read(&headers, message, digest, range.start, &self.config);
        content.anomalies.splice(0..0, anomalies);
        if content.names.is_empty()
            && let Some(multipart) = self.nodes.last_mut().and_then(Node::multipart)
            && let Some(value) = multipart.name.take()
        {
            content.names.push(Name { source: NameSource::Container, value });
        }
        if top {
            self.emit(0, range.clone(), EventKind::Headers(Box::new(headers.clone())));
        }
        let body = self.body_of(index, &mut content, range.start, at.max(range.start));
        let boundaries: Vec<_> =
            content.boundary.take().into_iter().chain(content.further.drain(..)).collect();
        // A multipart in base64 is read as a message that has its type.
        let of_type = (matches!(body, Body::Encoded(_)) && !boundaries.is_empty())
            .then(|| self.type_field(&headers))
            .flatten();
        let place = self.nodes.len();
        let shape = match body {
            Body::Multipart(_) => PartKind::Multipart,
            Body::Message(_) => PartKind::Message,
            _ => PartKind::Leaf,
        };
        let encoded = matches!(body, Body::Encoded(_));
        let opener = match body {
            Body::Leaf(_) => Opener::of(&content, &self.config),
            _ => None,
        };
        self.start(content, headers, range.clone(), body, None);
        if let Some(node) = self.nodes.last_mut() {
            node.complete = seen;
            node.inside = opener.map(Inside::new);
            node.body_start = at.max(range.start);
            node.second_header = (bare && !message_block && shape == PartKind::Leaf).then_some(0);
        }
        let Some(layer) = self.layers.get_mut(index) else { return };
        match shape {
            PartKind::Multipart => {
                for boundary in boundaries {
                    layer.boundaries.push(place, boundary);
                }
                if self.config.choices.outside {
                    layer.state = State::Header(Box::new(Block::new(&self.config, false, at)));
                }
            }
            PartKind::Message => {
                layer.feed.messages += 1;
                layer.state = State::Header(Box::new(Block::new(&self.config, true, at)));
            }
            _ if encoded => {
                let mut layer = Layer::new(&self.config, place + 1, at);
                if let Some(bytes) = of_type {
                    let origin = Origin { start: at, end: at, exact: false };
                    layer.inbox.push_back(Input::Data(Run { bytes, origin }));
                }
                self.layers.push(layer);
            }
            _ => {}
        }
    }

    /// The Content-Type that counts, as a header of its own.
    fn type_field(&self, headers: &Headers) -> Option<Bytes> {
        let mut fields = headers.all("content-type");
        let field = fields.nth(self.config.choices.content_type).or_else(|| headers.first("content-type"))?;
        Some([b"Content-Type: ", field.raw(), b"\r\n\r\n"].concat().into())
    }

    /// What undoes the transfer encoding of a leaf, in the reading that is asked for.
    fn decoder_of(&self, index: usize, content: &Content, body_start: u64) -> Decoder {
        let choices = &self.config.choices;
        let variant = match content.encoding {
            Encoding::Base64 => choices.base64.map(Variant::base64),
            Encoding::QuotedPrintable => choices.quoted_printable.map(Variant::quoted_printable),
            _ => None,
        };
        if let Some(variant) = variant {
            return Decoder::Variant(Box::new(variant));
        }
        // Only there are places those of the message.
        if self.layers.get(index).is_some_and(|layer| layer.origin.exact)
            && choices.known.get(&body_start).is_some_and(|known| {
                known.encoding == content.encoding && known.content_type == content.content_type
            })
        {
            return Decoder::Known;
        }
        Decoder::of(content.encoding)
    }

    /// What a node is made of, given what its header says.
    fn body_of(&self, index: usize, content: &mut Content, at: u64, body_start: u64) -> Body {
        let choices = &self.config.choices;
        let decodes = matches!(content.encoding, Encoding::Base64 | Encoding::QuotedPrintable);
        let message =
            matches!(content.content_type.as_str(), "message/rfc822" | "message/global" | "message/news");
        let told = match content.content_type.as_str() {
            "message/partial" => Some(Anomaly::PartialPiece),
            "message/external-body" => Some(Anomaly::ExternalBody),
            // RFC 1847 section 2.2, RFC 3156 section 4.
            "multipart/encrypted" => {
                let pgp = content.parameter("protocol").is_none_or(|protocol| protocol.contains("pgp"));
                Some(Anomaly::Encrypted { scheme: if pgp { "pgp" } else { "other" } })
            }
            _ => None,
        };
        let multipart = content.content_type.starts_with("multipart/")
            || choices.implied && content.boundary.is_some() && !message;
        let mut note = |anomaly| content.anomalies.push((anomaly, at));
        if let Some(told) = told {
            note(told);
        }
        if content.encoding == Encoding::QuotedPrintable && is_binary(&content.content_type) {
            note(Anomaly::QpOnBinary);
        }
        let mut note = |anomaly| content.anomalies.push((anomaly, at));
        let crowded = self.parts as usize >= self.config.max_parts;
        let deep = self.nodes.len() >= self.config.max_depth
            || message && decodes && index >= self.config.max_encoded_depth;
        if multipart && content.boundary.is_some() && !deep && !crowded {
            if decodes {
                note(Anomaly::CteOnComposite);
                if choices.composite && index < self.config.max_encoded_depth {
                    return Body::Encoded(Decoder::of(content.encoding));
                }
            }
            if let (Some(boundary), Some(layer)) = (&content.boundary, self.layers.get(index)) {
                let (reused, prefix) =
                    (layer.boundaries.contains(boundary), layer.boundaries.has_prefix(boundary));
                if reused {
                    content.anomalies.push((Anomaly::BoundaryReused, at));
                }
                if prefix {
                    content.anomalies.push((Anomaly::BoundaryNestedPrefix, at));
                }
            }
            let digest = content.content_type == "multipart/digest";
            return Body::Multipart(Multipart {
                digest,
                phase: Phase::Preamble,
                parts: 0,
                blanks: Vec::new(),
                blanks_at: None,
                torn: false,
                apple: content.content_type == "multipart/appledouble",
                name: None,
            });
        }
        if message && !deep && !crowded {
            if !decodes {
                return Body::Message(Enclosed::default());
            }
            if content.content_type == "message/rfc822" {
                note(Anomaly::CteOnMessage);
            }
            return Body::Encoded(match content.encoding {
                Encoding::Base64 => Decoder::Claimed(Box::default()),
                encoding => Decoder::of(encoding),
            });
        }
        if multipart && content.boundary.is_none() {
            note(Anomaly::BoundaryMissing);
        } else if (multipart || message) && deep {
            note(Anomaly::TooDeep { limit: self.config.max_depth });
        } else if (multipart || message) && crowded {
            note(Anomaly::TooManyParts { limit: self.config.max_parts });
        }
        Body::Leaf(self.decoder_of(index, content, body_start))
    }

    /// Puts a node on the stack and tells it.
    fn start(
        &mut self,
        content: Content,
        headers: Headers,
        range: Range<u64>,
        body: Body,
        name: Option<&str>,
    ) {
        let number;
        let (parent, name) = match self.nodes.last_mut() {
            None => (None, None),
            Some(above) => {
                let name = match (name, above.multipart()) {
                    (Some(name), _) => Some(name),
                    (None, Some(parent)) => {
                        number = match parent.phase {
                            Phase::Parts => decimal(parent.parts),
                            Phase::Preamble => "preamble".to_owned(),
                            Phase::Epilogue => format!("epilogue{}", parent.parts),
                        };
                        Some(number.as_str())
                    }
                    (None, None) => None,
                };
                (Some((above.index, above.path.as_str())), name)
            }
        };
        let path = node::path(parent.map(|(_, path)| path), name);
        let index = self.parts;
        self.parts = self.parts.saturating_add(1);
        let node = Node {
            index,
            path: path.clone(),
            body,
            start: range.start,
            body_start: range.end,
            size: 0,
            complete: true,
            told: Vec::new(),
            near: Vec::new(),
            inside: None,
            second_header: None,
        };
        let part = Part {
            path,
            parent: parent.map(|(index, _)| index),
            kind: node.kind(),
            content_type: content.content_type,
            charset: content.charset,
            container: None,
            encoding: content.encoding,
            encoding_raw: content.encoding_raw,
            disposition: content.disposition,
            filename: content.names.first().map(|name| name.value.clone()),
            names: content.names,
            content_id: content.content_id,
            parameters: content.parameters,
            headers,
            start: range.start,
        };
        self.nodes.push(node);
        self.emit(index, range, EventKind::PartStart(Box::new(part)));
        for (anomaly, at) in content.anomalies {
            self.anomaly(index, at, anomaly);
        }
    }

    /// A delimiter, all layers above being done.
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
        for (at, kind) in node.notes() {
            self.emit(part, at..at, kind);
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
