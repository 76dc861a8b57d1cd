//! Attributes and values: what they mean for the files in a stream.

use super::super::{Found, Inner, Kind};
use super::properties::{self, Tag};
use super::rtf::Rtf;
use super::stream::{ATTACHMENT, File, Sink, Step, Stream, Value};
use crate::decode::Decode;
use crate::slice;
use crate::{Anomaly, Container, PartKind, charset};
use bytes::Bytes;

/// Identifiers of attributes (MS-OXTNEF section 2.1.3.2), their types in the upper half.
const BODY: u32 = 0x0002_800c;
const ATTACH_TITLE: u32 = 0x0001_8010;
const ATTACH_DATA: u32 = 0x0006_800f;
const ATTACH_REND_DATA: u32 = 0x0006_9002;
const MSG_PROPS: u32 = 0x0006_9003;
const OEM_CODEPAGE: u32 = 0x0006_9007;

/// The most that is kept of a value that is not content.
const MAX_KEPT: usize = 1024;

impl Stream {
    /// The header of an attribute was read; its data begins at `at`.
    pub(super) fn begin_attribute(&mut self, at: u64, place: u64, found: &mut Vec<Found>) {
        let end = self.attribute_end;
        let sink = match self.attribute {
            MSG_PROPS | ATTACHMENT => {
                self.step = Step::Count;
                return;
            }
            ATTACH_REND_DATA => {
                // The next attachment begins.
                self.end_file(true, place, found);
                self.file = Some(File::default());
                Sink::Nowhere
            }
            ATTACH_TITLE | OEM_CODEPAGE => Sink::kept(),
            ATTACH_DATA => self.attachment_sink(),
            BODY if end > at => {
                self.start("text/plain", self.charset.clone(), place, found);
                Sink::text(1)
            }
            _ => Sink::Nowhere,
        };
        self.step = Step::Value(Value { end, sink, of: None });
    }

    /// Where the value of a property goes; it is not empty.
    pub(super) fn sink_of(&mut self, tag: Tag, place: u64, found: &mut Vec<Found>) -> Sink {
        let unicode = tag.kind == properties::UNICODE;
        match (self.attribute, tag.id) {
            (MSG_PROPS, properties::BODY | properties::HTML) => {
                let content_type = if tag.id == properties::BODY { "text/plain" } else { "text/html" };
                let charset = if unicode { Some("utf-16le".to_owned()) } else { self.charset.clone() };
                self.start(content_type, charset, place, found);
                Sink::text(if unicode { 2 } else { 1 })
            }
            (MSG_PROPS, properties::RTF_COMPRESSED) => {
                self.start("application/rtf", None, place, found);
                Sink::Rtf(Box::new(Rtf::new()))
            }
            (
                ATTACHMENT,
                properties::ATTACH_LONG_FILENAME | properties::ATTACH_FILENAME | properties::DISPLAY_NAME,
            ) => Sink::kept(),
            (ATTACHMENT, properties::ATTACH_DATA) => self.attachment_sink(),
            _ => Sink::Nowhere,
        }
    }

    /// The content of the attachment comes, once.
    pub(super) fn attachment_sink(&mut self) -> Sink {
        match self.file.get_or_insert_default() {
            File { started: true, .. } => Sink::Nowhere,
            _ => Sink::Attachment,
        }
    }

    /// Bytes of the value that is read.
    pub(super) fn value(&mut self, bytes: Bytes, place: u64, found: &mut Vec<Found>) {
        if matches!(&self.step, Step::Value(Value { sink: Sink::Attachment, .. }))
            && self.file.as_ref().is_some_and(|file| !file.started)
        {
            self.start_file(PartKind::Leaf, place, found);
        }
        let Step::Value(value) = &mut self.step else { return };
        let out = match &mut value.sink {
            Sink::Nowhere => return,
            Sink::Kept(kept) => {
                let room = MAX_KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(slice::split(&bytes, room).0);
                return;
            }
            Sink::Attachment => bytes,
            Sink::Text { tail, zero } => {
                // The last bytes wait until it is seen whether they are the zero.
                let mut text = core::mem::take(tail);
                text.extend_from_slice(&bytes);
                let keep = usize::try_from(*zero).unwrap_or(0).min(text.len());
                *tail = text.split_off(text.len() - keep);
                text.into()
            }
            Sink::Rtf(rtf) => rtf.push(&bytes).into(),
        };
        if !out.is_empty() {
            found.push(Found { at: place, kind: Kind::Data(out) });
        }
    }

    /// The value that is read is over.
    pub(super) fn end_value(&mut self, place: u64, found: &mut Vec<Found>) {
        let (value, nested) = match core::mem::replace(&mut self.step, Step::Checksum) {
            Step::Value(value) => (value, false),
            Step::Stream { value, .. } => (value, true),
            _ => return,
        };
        match value.sink {
            Sink::Nowhere if nested => {
                if let Some(file) = &mut self.file {
                    file.whole = true;
                }
            }
            Sink::Nowhere => {}
            Sink::Kept(bytes) => self.kept(&bytes, value.of.map(|(tag, ..)| tag), place, found),
            Sink::Attachment => {
                if self.file.as_ref().is_some_and(|file| !file.started) {
                    self.start_file(PartKind::Leaf, place, found);
                }
                if let Some(file) = &mut self.file {
                    file.whole = true;
                }
            }
            Sink::Text { tail, .. } => {
                if tail.iter().any(|byte| *byte != 0) {
                    found.push(Found { at: place, kind: Kind::Data(tail.into()) });
                }
                found.push(Found { at: place, kind: Kind::End { whole: true, decode: Decode::Ok } });
            }
            Sink::Rtf(rtf) => {
                let whole = rtf.is_whole();
                let decode = if whole { Decode::Ok } else { Decode::Partial };
                found.push(Found { at: place, kind: Kind::End { whole, decode } });
            }
        }
        if let Some((tag, next, left, values)) = value.of {
            self.pass(next);
            self.step = self.next_value(left, tag, values);
        }
    }

    /// A small value is there.
    fn kept(&mut self, bytes: &[u8], tag: Option<Tag>, place: u64, found: &mut Vec<Found>) {
        if self.attribute == OEM_CODEPAGE {
            let page = u32::from_le_bytes(slice::split(bytes, 4).0.try_into().unwrap_or_default());
            self.charset = properties::charset(page);
            return;
        }
        let unicode = tag.is_some_and(|tag| tag.kind == properties::UNICODE);
        let label = if unicode { "utf-16le" } else { self.charset.as_deref().unwrap_or_default() };
        let text = charset::to_utf8(label, bytes).text;
        let name = text.trim_end_matches('\0');
        // The title is often cut to eight and three characters.
        let rank = match tag.map(|tag| tag.id) {
            Some(properties::ATTACH_LONG_FILENAME) => 3,
            Some(properties::DISPLAY_NAME) => 1,
            _ => 2,
        };
        let file = self.file.get_or_insert_default();
        if name.is_empty() || rank <= file.rank {
            return;
        }
        file.rank = rank;
        if file.name.as_deref() != Some(name) {
            file.name = Some(name.to_owned());
            if file.started {
                found.push(Found { at: place, kind: Kind::Name(name.to_owned()) });
            }
        }
    }

    /// A part of the message itself begins.
    fn start(&self, content_type: &'static str, charset: Option<String>, place: u64, found: &mut Vec<Found>) {
        let kind = PartKind::Leaf;
        let content_type = content_type.into();
        let inner = Inner { kind, content_type, charset, ..Inner::of(Container::Tnef) };
        found.push(Found { at: place, kind: Kind::Start(inner) });
    }

    /// The attachment begins; as a multipart, if it is a message of which nothing but its parts is told.
    pub(super) fn start_file(&mut self, kind: PartKind, place: u64, found: &mut Vec<Found>) {
        let file = self.file.get_or_insert_default();
        if file.started {
            return;
        }
        file.started = true;
        let content_type = match kind {
            PartKind::Multipart => "application/ms-tnef",
            _ => "application/octet-stream",
        };
        let name = file.name.clone();
        let content_type = content_type.into();
        let inner = Inner { kind, content_type, name, ..Inner::of(Container::Tnef) };
        found.push(Found { at: place, kind: Kind::Start(inner) });
    }

    fn end_file(&mut self, whole: bool, place: u64, found: &mut Vec<Found>) {
        if self.file.as_ref().is_some_and(|file| !file.started && file.name.is_some()) {
            // A name without content.
            self.start_file(PartKind::Leaf, place, found);
        }
        if let Some(File { started: true, whole: all, .. }) = self.file.take() {
            let whole = whole && all;
            let decode = if whole { Decode::Ok } else { Decode::Partial };
            found.push(Found { at: place, kind: Kind::End { whole, decode } });
        }
    }

    /// The stream ends; `whole`: where it may.
    pub(super) fn finish(&mut self, whole: bool, place: u64, found: &mut Vec<Found>) {
        self.cut_value(place, found);
        if !whole && !matches!(self.step, Step::Signature) {
            found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::TnefDamaged) });
        }
        self.end_file(whole, place, found);
        self.step = Step::Over;
    }

    /// Bytes are missing: what is open ends.
    pub(super) fn tear(&mut self, place: u64, found: &mut Vec<Found>) {
        let open = matches!(&self.step, Step::Value(Value { sink: Sink::Text { .. } | Sink::Rtf(_), .. }));
        if open || self.file.as_ref().is_some_and(|file| file.started) {
            found.push(Found { at: place, kind: Kind::Gap });
        }
        self.cut_value(place, found);
        self.end_file(false, place, found);
        self.step = Step::Over;
    }

    /// A text that is open ends in the middle.
    fn cut_value(&mut self, place: u64, found: &mut Vec<Found>) {
        if let Step::Value(Value { sink: Sink::Text { .. } | Sink::Rtf(_), .. }) = &self.step {
            found.push(Found { at: place, kind: Kind::End { whole: false, decode: Decode::Partial } });
            self.step = Step::Checksum;
        }
    }
}
