//! How nodes open behind their headers.

use super::inside::Inside;
use super::layer::{Layer, State};
use super::lines::Run;
use super::node::{Body, Enclosed, Multipart, Node, Phase};
use super::{Extractor, Input, path};
use crate::content::{self, Content};
use crate::decode::variant::Variant;
use crate::decode::{Decoder, Origin};
use crate::embedded::Opener;
use crate::headers::block::{Block, Finished};
use crate::{Anomaly, Encoding, EventKind, Headers, Name, NameSource, Part, PartKind};
use bytes::Bytes;
use core::ops::Range;

/// Whether content of that type is none that has lines.
fn is_binary(content_type: &str) -> bool {
    let kind = content_type.split('/').next().unwrap_or_default();
    matches!(kind, "application" | "image" | "audio" | "video" | "font" | "model")
}

impl Extractor {
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
        if !anomalies.is_empty() {
            content.anomalies = [anomalies, core::mem::take(&mut content.anomalies)].concat();
        }
        if content.names.is_empty()
            && let Some(multipart) = self.nodes.last_mut().and_then(Node::multipart)
            && let Some(value) = multipart.name.take()
        {
            content.names.push(Name { source: NameSource::Container, value });
        }
        if top {
            self.emit(0, range.clone(), EventKind::Headers(headers.clone()));
        }
        let body = self.body_of(index, &mut content, range.start, at.max(range.start));
        let opener = match body {
            Body::Leaf(_) => Opener::of(&content, &self.config),
            _ => return self.open_composite(index, content, headers, range, body, (seen, at)),
        };
        self.start(content, headers, range.clone(), body, None);
        if let Some(node) = self.nodes.last_mut() {
            node.complete = seen;
            node.inside = opener.map(Inside::new).map(Box::new);
            node.body_start = at.max(range.start);
            node.second_header = (bare && !message_block).then_some(0);
        }
    }

    /// The node is a multipart or a message, whose header was `seen` and whose body begins at `at`.
    #[inline(never)]
    fn open_composite(
        &mut self,
        index: usize,
        mut content: Content,
        headers: Headers,
        range: Range<u64>,
        body: Body,
        (seen, at): (bool, u64),
    ) {
        let mut boundaries = core::mem::take(&mut content.further);
        if let Some(boundary) = content.boundary.take() {
            boundaries.insert(0, boundary);
        }
        let place = self.nodes.len();
        let shape = match body {
            Body::Multipart(_) => PartKind::Multipart,
            Body::Message(_) => PartKind::Message,
            _ => PartKind::Leaf,
        };
        // A multipart in base64 is read as a message that has its type.
        let of_type =
            if shape == PartKind::Leaf && !boundaries.is_empty() { self.type_field(&headers) } else { None };
        let body_start = at.max(range.start);
        self.start(content, headers, range, body, None);
        if let Some(node) = self.nodes.last_mut() {
            (node.complete, node.body_start) = (seen, body_start);
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
            _ => {
                let mut layer = Layer::new(&self.config, place + 1, at);
                if let Some(bytes) = of_type {
                    let origin = Origin { start: at, end: at, exact: false };
                    layer.inbox.push_back(Input::Data(Run { bytes, origin }));
                }
                self.layers.push(layer);
            }
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
            && choices.known.as_ref().and_then(|known| known.get(&body_start)).is_some_and(|known| {
                known.encoding == content.encoding && known.content_type == content.content_type
            })
        {
            return Decoder::Known;
        }
        Decoder::of(content.encoding)
    }

    /// What a node is made of, given what its header says.
    fn body_of(&self, index: usize, content: &mut Content, at: u64, body_start: u64) -> Body {
        if content.encoding == Encoding::QuotedPrintable && is_binary(&content.content_type) {
            content.anomalies.push((Anomaly::QpOnBinary, at));
        }
        let kind = content.content_type.as_str();
        let composite = kind.starts_with("multipart/") || kind.starts_with("message/");
        let composite = composite || self.config.choices.implied && content.boundary.is_some();
        let body = if composite { self.composite_of(index, content, at) } else { None };
        body.unwrap_or_else(|| Body::Leaf(self.decoder_of(index, content, body_start)))
    }

    /// The same of a multipart, or of what is called a message; `None` for a leaf.
    #[inline(never)]
    fn composite_of(&self, index: usize, content: &mut Content, at: u64) -> Option<Body> {
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
        let multipart =
            content.content_type.starts_with("multipart/") || choices.implied && content.boundary.is_some();
        content.anomalies.extend(told.map(|told| (told, at)));
        let mut note = |anomaly| content.anomalies.push((anomaly, at));
        let crowded = self.parts as usize >= self.config.max_parts;
        let deep = self.nodes.len() >= self.config.max_depth
            || message && decodes && index >= self.config.max_encoded_depth;
        if multipart && content.boundary.is_some() && !deep && !crowded {
            if decodes {
                note(Anomaly::CteOnComposite);
                if choices.composite && index < self.config.max_encoded_depth {
                    return Some(Body::Encoded(Decoder::of(content.encoding)));
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
            return Some(Body::Multipart(Multipart {
                digest,
                phase: Phase::Preamble,
                parts: 0,
                blanks: Vec::new(),
                blanks_at: None,
                torn: false,
                apple: content.content_type == "multipart/appledouble",
                name: None,
            }));
        }
        if message && !deep && !crowded {
            if !decodes {
                return Some(Body::Message(Enclosed::default()));
            }
            if content.content_type == "message/rfc822" {
                note(Anomaly::CteOnMessage);
            }
            return Some(Body::Encoded(match content.encoding {
                Encoding::Base64 => Decoder::Claimed(Box::default()),
                encoding => Decoder::of(encoding),
            }));
        }
        if multipart && content.boundary.is_none() {
            note(Anomaly::BoundaryMissing);
        } else if (multipart || message) && deep {
            note(Anomaly::TooDeep { limit: self.config.max_depth });
        } else if (multipart || message) && crowded {
            note(Anomaly::TooManyParts { limit: self.config.max_parts });
        }
        None
    }

    /// Puts a node on the stack and tells it.
    pub(super) fn start(
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
                            Phase::Parts => parent.parts.to_string(),
                            Phase::Preamble => "preamble".to_owned(),
                            Phase::Epilogue => format!("epilogue{}", parent.parts),
                        };
                        Some(number.as_str())
                    }
                    (None, None) => None,
                };
                (Some((above.index, &*above.path)), name)
            }
        };
        let path = path::of(parent.map(|(_, path)| path), name);
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
            path: path.into_owned(),
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
}
