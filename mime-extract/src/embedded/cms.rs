//! CMS (RFC 5652; S/MIME, RFC 8551): what signed and compressed data hold, read as it streams.
//!
//! ```text
//! ContentInfo    = SEQUENCE { contentType OID, content [0] { SignedData / CompressedData / .. } }
//! SignedData     = SEQUENCE { version INTEGER, digestAlgorithms SET, encapContentInfo, .. }
//! CompressedData = SEQUENCE { version INTEGER, compressionAlgorithm SEQUENCE, encapContentInfo }
//! encapContentInfo = SEQUENCE { eContentType OID, eContent [0] { OCTET STRING } }
//! ```
//!
//! BER, not DER: senders that stream use indefinite lengths, and strings made up of strings.

use super::ber::{CONSTRUCTED, Head, OID, PKCS7, SEQUENCE, SMIME, head};
use super::inflate::{self, End, Inflate};
use super::{Found, Inner, Kind, eml};
use crate::decode::{Decode, Origin};
use crate::slice;
use crate::{Anomaly, Container};
use bytes::Bytes;
use std::collections::VecDeque;

/// Constructed values inside of one another; real ones come to nine.
const MAX_DEPTH: usize = 32;

const OCTETS: u8 = 4;
const CONTEXT_0: u8 = 0xa0;

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The outermost sequence.
    Info,
    Kind,
    Wrapper,
    /// The sequence of the kind.
    Data,
    /// Its members up to the content.
    Version,
    Algorithms,
    Encap,
    ContentKind,
    ContentWrapper,
    /// The string that is the content, or one of those that make it up.
    Content,
    Strings,
    Over,
}

/// What is done with the bytes of the value at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// None: a tag comes.
    Tag,
    /// The OID that says what it is; so many bytes are left.
    Kind(u64),
    Skip(u64),
    /// Content.
    Content(u64),
}

/// The machine; see [`Opener`](super::Opener).
#[derive(Debug)]
pub(super) struct Cms {
    step: Step,
    value: Value,
    /// Tag and length, or an OID, as far as they came.
    held: Vec<u8>,
    /// Where the constructed values end that are open, the innermost last; `None`: at their end mark.
    open: Vec<Option<u64>>,
    /// While a value of unknown length is passed over: the depth at which that ends.
    passing: Option<usize>,
    /// Bytes so far.
    at: u64,
    compressed: Option<Inflate>,
    sink: Sink,
    limit: u64,
    /// Compressed content that waits.
    input: VecDeque<(Bytes, Origin)>,
    full: bool,
    /// Whether the compressed stream is over.
    inflated: bool,
    /// Where the content begins, and where it ended; the latter waits until all is decompressed.
    begins: u64,
    ended: Option<u64>,
    signed: bool,
}

/// Where the content goes.
#[derive(Debug)]
enum Sink {
    /// It is looked at: a tree of parts, or a file?
    Look {
        held: Vec<u8>,
        at: u64,
        name: Option<String>,
    },
    Open,
    Over,
}

impl Cms {
    /// `name`: of the part; `limit`: of what compressed content may come to.
    pub(super) fn new(name: Option<&str>, limit: u64) -> Self {
        let stem = name.map(str::trim_end).and_then(|name| {
            let (stem, extension) = name.rsplit_once('.')?;
            let sealed = ["p7m", "p7s", "p7z", "p7c"].iter().any(|one| extension.eq_ignore_ascii_case(one));
            // `smime.p7m` says nothing, `contract.pdf.p7m` does.
            (sealed && stem.contains('.')).then(|| stem.to_owned())
        });
        Self {
            step: Step::Info,
            value: Value::Tag,
            held: Vec::new(),
            open: Vec::new(),
            passing: None,
            at: 0,
            compressed: None,
            sink: Sink::Look { held: Vec::new(), at: 0, name: stem },
            limit,
            input: VecDeque::new(),
            full: false,
            inflated: false,
            begins: 0,
            ended: None,
            signed: false,
        }
    }

    pub(super) fn memory(&self) -> usize {
        let sink = if let Sink::Look { held, .. } = &self.sink { held.capacity() } else { 0 };
        let inflate = if self.compressed.is_some() { inflate::MEMORY } else { 0 };
        let input: usize = self.input.iter().map(|(bytes, _)| bytes.len()).sum();
        sink + inflate + input + self.held.capacity() + self.open.capacity() * size_of::<Option<u64>>()
    }

    pub(super) fn is_over(&self) -> bool {
        self.step == Step::Over && !self.is_busy()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.full || !self.input.is_empty() || self.ended.is_some()
    }

    pub(super) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        let mut taken = 0;
        while taken < bytes.len() && self.step != Step::Over {
            let place = origin.at(taken);
            let rest = slice::split(bytes, taken).1;
            match self.value {
                Value::Tag => {
                    // What is known to end is over where it ends.
                    while let Some(Some(end)) = self.open.last()
                        && *end <= self.at
                    {
                        self.open.pop();
                        self.closed(place, found);
                    }
                    if self.step == Step::Over {
                        return;
                    }
                    let Some(byte) = rest.first() else { return };
                    self.held.push(*byte);
                    self.advance(&mut taken, 1);
                    match head(&self.held) {
                        Head::More => {}
                        Head::Bad => self.damaged(place, found),
                        Head::Whole(tag, len) => {
                            self.held.clear();
                            self.head(tag, len, place, found);
                        }
                    }
                }
                Value::Kind(left) => {
                    let len = clamp(left, rest.len());
                    self.held.extend_from_slice(slice::split(rest, len).0);
                    self.advance(&mut taken, len);
                    self.value = Value::Kind(left.saturating_sub(len as u64));
                    if self.value == Value::Kind(0) {
                        self.value = Value::Tag;
                        let oid = core::mem::take(&mut self.held);
                        self.kind(&oid, origin.at(taken), found);
                    }
                }
                Value::Skip(left) => {
                    let len = clamp(left, rest.len());
                    self.advance(&mut taken, len);
                    let left = left.saturating_sub(len as u64);
                    self.value = if left == 0 { Value::Tag } else { Value::Skip(left) };
                }
                Value::Content(left) => {
                    let len = clamp(left, rest.len());
                    let piece = bytes.slice(taken..taken + len);
                    let piece_origin = origin.part(taken, taken + len);
                    self.advance(&mut taken, len);
                    let left = left.saturating_sub(len as u64);
                    self.value = if left == 0 { Value::Tag } else { Value::Content(left) };
                    self.content(piece, piece_origin, found);
                    if left == 0 && self.step == Step::Content {
                        self.end_content(origin.at(taken), found);
                    }
                }
            }
        }
    }

    fn advance(&mut self, taken: &mut usize, len: usize) {
        *taken += len;
        self.at = self.at.saturating_add(len as u64);
    }

    /// A tag and a length; `None`: it lasts to its end mark.
    fn head(&mut self, tag: u8, len: Option<u64>, place: u64, found: &mut Vec<Found>) {
        if let Some(depth) = self.passing {
            match (tag, len) {
                (0, Some(0)) => {
                    self.open.pop();
                    if self.open.len() <= depth {
                        self.passing = None;
                    }
                }
                (_, None) => self.enter(None, place, found),
                (_, Some(len)) => self.skip(len),
            }
            return;
        }
        if (tag, len) == (0, Some(0)) {
            return match self.open.pop() {
                Some(None) => self.closed(place, found),
                _ => self.damaged(place, found),
            };
        }
        let (next, wanted) = match self.step {
            Step::Info => (Step::Kind, SEQUENCE),
            Step::Kind => (Step::Wrapper, OID),
            Step::Wrapper => (Step::Data, CONTEXT_0),
            Step::Data => (Step::Version, SEQUENCE),
            // The set of a signature, the sequence of a compression: passed over, whatever they are.
            Step::Version => (Step::Algorithms, tag),
            Step::Algorithms => (Step::Encap, tag),
            Step::Encap => (Step::ContentKind, SEQUENCE),
            Step::ContentKind => (Step::ContentWrapper, OID),
            Step::ContentWrapper => (Step::Content, CONTEXT_0),
            Step::Content if tag == OCTETS | CONSTRUCTED => (Step::Strings, tag),
            Step::Content => (Step::Content, OCTETS),
            Step::Strings if tag == OCTETS | CONSTRUCTED => (Step::Strings, tag),
            Step::Strings => (Step::Strings, OCTETS),
            Step::Over => return,
        };
        if tag != wanted {
            return self.damaged(place, found);
        }
        match (self.step, len) {
            (Step::Kind, Some(len @ 1..=32)) => self.value = Value::Kind(len),
            (Step::Kind, _) => return self.damaged(place, found),
            (Step::Version | Step::Algorithms | Step::ContentKind, Some(len)) => self.skip(len),
            (Step::Version | Step::Algorithms | Step::ContentKind, None) => {
                self.passing = Some(self.open.len());
                self.enter(None, place, found);
            }
            (Step::Content | Step::Strings, Some(len)) if tag == OCTETS => {
                if len > 0 {
                    self.value = Value::Content(len);
                } else if self.step == Step::Content {
                    self.end_content(place, found);
                    return;
                }
            }
            (Step::Content | Step::Strings, None) if tag == OCTETS => return self.damaged(place, found),
            (_, len) => self.enter(len.map(|len| self.at.saturating_add(len)), place, found),
        }
        if self.step == Step::ContentWrapper {
            self.begins = place;
            if core::mem::take(&mut self.signed) {
                found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::OpaqueSigned) });
            }
        }
        if self.step != Step::Over {
            self.step = next;
        }
    }

    const fn skip(&mut self, len: u64) {
        self.value = if len == 0 { Value::Tag } else { Value::Skip(len) };
    }

    fn enter(&mut self, end: Option<u64>, place: u64, found: &mut Vec<Found>) {
        if self.open.len() >= MAX_DEPTH {
            return self.damaged(place, found);
        }
        self.open.push(end);
    }

    /// A constructed value is over.
    fn closed(&mut self, place: u64, found: &mut Vec<Found>) {
        match self.step {
            // Info, wrapper, data, encap, content wrapper: five are open around the strings.
            Step::Strings if self.open.len() <= 5 => self.end_content(place, found),
            Step::Strings => {}
            // Signed data without content: the content stands elsewhere.
            Step::ContentWrapper => {
                self.step = Step::Over;
                self.sink = Sink::Over;
            }
            Step::Over => {}
            _ => self.damaged(place, found),
        }
    }

    fn kind(&mut self, oid: &[u8], place: u64, found: &mut Vec<Found>) {
        let mut tell = |anomaly| found.push(Found { at: place, kind: Kind::Anomaly(anomaly) });
        match oid {
            // A signature beside its content holds none.
            [start @ .., 2] if *start == PKCS7 => self.signed = true,
            [start @ .., 3 | 4 | 6] if *start == PKCS7 => {
                tell(Anomaly::Encrypted { scheme: "cms" });
                self.step = Step::Over;
            }
            [start @ .., 9] if *start == SMIME => {
                tell(Anomaly::CmsCompressed);
                self.compressed = Some(Inflate::new(true, self.limit));
            }
            [start @ .., 23] if *start == SMIME => {
                tell(Anomaly::Encrypted { scheme: "cms" });
                self.step = Step::Over;
            }
            _ => self.step = Step::Over,
        }
    }

    fn content(&mut self, bytes: Bytes, origin: Origin, found: &mut Vec<Found>) {
        if self.compressed.is_some() {
            if !self.inflated {
                self.input.push_back((bytes, origin));
            }
        } else {
            self.deliver(bytes, origin.start, found);
        }
    }

    /// Content as it is.
    fn deliver(&mut self, bytes: Bytes, place: u64, found: &mut Vec<Found>) {
        match &mut self.sink {
            Sink::Look { held, at, .. } => {
                if held.is_empty() {
                    *at = place;
                }
                let (more, rest) = slice::split_bytes(&bytes, eml::LOOK - held.len().min(eml::LOOK));
                held.extend_from_slice(&more);
                if let Some(entity) = eml::is_entity(held, false) {
                    self.decide(entity, found);
                    self.deliver(rest, place, found);
                }
            }
            Sink::Open if !bytes.is_empty() => found.push(Found { at: place, kind: Kind::Data(bytes) }),
            Sink::Open | Sink::Over => {}
        }
    }

    fn decide(&mut self, entity: bool, found: &mut Vec<Found>) {
        let Sink::Look { held, at, name } = &mut self.sink else { return };
        let (held, at, name) = (core::mem::take(held), *at, name.take());
        let inner =
            if entity { Inner::message(Container::Cms) } else { Inner::of(Container::Cms).named(name) };
        found.push(Found { at, kind: Kind::Start(inner) });
        if !held.is_empty() {
            found.push(Found { at, kind: Kind::Data(held.into()) });
        }
        self.sink = Sink::Open;
    }

    /// The content is whole.
    fn end_content(&mut self, place: u64, found: &mut Vec<Found>) {
        self.step = Step::Over;
        if self.compressed.is_some() {
            self.ended = Some(place);
        } else {
            self.end_sink(true, place, found);
        }
    }

    fn end_sink(&mut self, whole: bool, place: u64, found: &mut Vec<Found>) {
        if let Sink::Look { held, .. } = &self.sink
            && whole
        {
            let entity = eml::is_entity(held, true).unwrap_or(false);
            self.decide(entity, found);
        }
        if matches!(core::mem::replace(&mut self.sink, Sink::Over), Sink::Open) {
            let decode = if whole { Decode::Ok } else { Decode::Partial };
            found.push(Found { at: place, kind: Kind::End { whole, decode } });
        }
    }

    /// Decompresses what waits, up to the next bytes that come out.
    pub(super) fn resume(&mut self, found: &mut Vec<Found>) {
        while self.is_busy() && found.is_empty() {
            let Some(inflate) = self.compressed.as_mut().filter(|_| !self.inflated) else {
                self.input.clear();
                self.full = false;
                if let Some(place) = self.ended.take() {
                    self.end_sink(true, place, found);
                }
                return;
            };
            let none = || (Bytes::new(), Origin { start: 0, end: 0, exact: false });
            let (bytes, origin) = self.input.pop_front().unwrap_or_else(none);
            let idle = bytes.is_empty() && !self.full;
            let step = inflate.step(&bytes);
            self.full = !step.bytes.is_empty() && step.taken == bytes.len();
            if step.taken < bytes.len() {
                self.input.push_front((bytes.slice(step.taken..), origin.part(step.taken, bytes.len())));
            }
            // Where a piece of the input ends says nothing about the message.
            self.deliver(step.bytes.into(), self.begins, found);
            match step.end {
                // All is used and there is no more: the stream has no end.
                End::Open if idle => self.compression_fails(Anomaly::CompressionDamaged, found),
                End::Open => {}
                End::Over => self.inflated = true,
                End::Damaged => self.compression_fails(Anomaly::CompressionDamaged, found),
                End::Limit => {
                    self.compression_fails(Anomaly::ExpansionLimit { limit: self.limit }, found);
                }
            }
        }
    }

    fn compression_fails(&mut self, anomaly: Anomaly, found: &mut Vec<Found>) {
        self.input.clear();
        (self.full, self.ended) = (false, None);
        self.step = Step::Over;
        found.push(Found { at: self.begins, kind: Kind::Anomaly(anomaly) });
        self.end_sink(false, self.begins, found);
    }

    fn drain(&mut self, found: &mut Vec<Found>) {
        while self.is_busy() {
            let mut some = Vec::new();
            self.resume(&mut some);
            found.append(&mut some);
        }
    }

    fn damaged(&mut self, place: u64, found: &mut Vec<Found>) {
        if self.step == Step::Over {
            return;
        }
        self.drain(found);
        self.step = Step::Over;
        found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::CmsDamaged) });
        self.end_sink(false, place, found);
    }

    /// What follows a gap has no place in any structure.
    pub(super) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        self.drain(found);
        if matches!(self.sink, Sink::Open) {
            found.push(Found { at, kind: Kind::Gap });
        }
        self.step = Step::Over;
        self.end_sink(false, at, found);
    }

    pub(super) fn finish(&mut self, whole: bool, at: u64, found: &mut Vec<Found>) {
        self.drain(found);
        // A definite length that ends with the leaf.
        if matches!(self.value, Value::Tag) && self.held.is_empty() {
            while let Some(Some(end)) = self.open.last()
                && *end <= self.at
                && self.step != Step::Over
            {
                self.open.pop();
                self.closed(at, found);
            }
            self.drain(found);
        }
        if self.step != Step::Over && whole {
            self.damaged(at, found);
        }
        self.step = Step::Over;
        self.end_sink(false, at, found);
    }
}

fn clamp(left: u64, len: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(len)
}
