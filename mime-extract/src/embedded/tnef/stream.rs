//! One stream of attributes.

use super::super::{Found, Kind};
use super::properties::{self, Layout, Tag};
use super::rtf::Rtf;
use crate::slice;
use crate::{Anomaly, PartKind};
use bytes::Bytes;

const SIGNATURE: u32 = 0x223e_9f78;

/// IID_IMessage: what follows is a stream of its own.
const MESSAGE: [u8; 16] = [7, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];

/// The attribute that the properties of an attachment are in (MS-OXTNEF section 2.1.3.2).
pub(super) const ATTACHMENT: u32 = 0x0006_9005;

/// What a stream needs next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// A structure of that size.
    Fixed(usize),
    /// Bytes as they come, up to that place.
    Payload(u64),
    /// A stream up to that place.
    Stream(u64),
    /// It is over.
    Nothing,
}

/// What is read.
#[derive(Debug)]
pub(super) enum Step {
    Signature,
    Attribute,
    Checksum,
    /// How many properties follow.
    Count,
    /// Type and id of a property; so many are left.
    Tag(u32),
    /// What names the property is in: a GUID, and whether it is a number or text.
    NameSet(u32, Tag),
    /// The length of a textual name.
    NameLen(u32, Tag),
    /// How many values a property has.
    Values(u32, Tag),
    /// The length of a value; so many are left.
    ValueLen(u32, Tag, u32),
    /// What kind of object a value is.
    Interface(Value),
    Value(Value),
    /// A value that is a stream.
    Stream {
        value: Value,
        entered: bool,
    },
    Over,
}

/// A value as it streams.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) end: u64,
    pub(super) sink: Sink,
    /// The property that it is of, where the next value begins, and how many values and properties are left.
    pub(super) of: Option<(Tag, u64, u32, u32)>,
}

/// Where a value goes.
#[derive(Debug)]
pub(super) enum Sink {
    Nowhere,
    Kept(Vec<u8>),
    /// The content of the attachment.
    Attachment,
    /// A text, but for the zero behind it, which is so wide.
    Text {
        tail: Vec<u8>,
        zero: u64,
    },
    Rtf(Box<Rtf>),
}

/// An attachment whose attributes are being read.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) name: Option<String>,
    /// How good the name is.
    pub(super) rank: u8,
    pub(super) started: bool,
    pub(super) whole: bool,
}

impl Sink {
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Kept(bytes) | Self::Text { tail: bytes, .. } => bytes.capacity(),
            Self::Rtf(rtf) => size_of::<Rtf>() + rtf.memory(),
            Self::Nowhere | Self::Attachment => 0,
        }
    }

    pub(super) const fn kept() -> Self {
        Self::Kept(Vec::new())
    }

    pub(super) const fn text(zero: u64) -> Self {
        Self::Text { tail: Vec::new(), zero }
    }
}

impl File {
    pub(super) fn memory(&self) -> usize {
        self.name.as_ref().map_or(0, String::capacity)
    }
}

/// A stream; see the [module](super).
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) end: u64,
    pub(super) step: Step,
    /// The attribute, and where it ends.
    pub(super) attribute: u32,
    pub(super) attribute_end: u64,
    pub(super) sum: u16,
    /// Whether all of the attribute went into the sum.
    pub(super) summed: bool,
    /// Bytes up to there are passed over.
    pub(super) skip: Option<u64>,
    pub(super) file: Option<File>,
    pub(super) charset: Option<String>,
}

impl Stream {
    pub(super) const fn new(end: u64) -> Self {
        Self {
            end,
            step: Step::Signature,
            attribute: 0,
            attribute_end: 0,
            sum: 0,
            summed: true,
            skip: None,
            file: None,
            charset: None,
        }
    }

    pub(super) fn memory(&self) -> usize {
        let value = if let Step::Value(value) = &self.step { value.sink.memory() } else { 0 };
        value + self.file.as_ref().map_or(0, File::memory)
    }

    /// Whether an attribute, or the end, may come.
    pub(super) const fn is_between(&self) -> bool {
        matches!(self.step, Step::Attribute | Step::Over)
    }

    /// Bytes up to there are not read.
    pub(super) const fn pass(&mut self, end: u64) {
        self.skip = Some(end);
    }

    /// What is needed at `at`, of which `held` bytes of a structure were taken already.
    pub(super) fn want(&mut self, at: u64, held: usize, place: u64, found: &mut Vec<Found>) -> Want {
        loop {
            if let Some(skip) = self.skip {
                if at < skip {
                    return Want::Payload(skip);
                }
                self.skip = None;
            }
            let (limit, len) = match &self.step {
                Step::Over if at < self.end && self.end < u64::MAX => return Want::Payload(self.end),
                Step::Over => return Want::Nothing,
                _ if at >= self.end && held == 0 => return Want::Nothing,
                Step::Signature => (self.end, 6),
                Step::Attribute => (self.end, 9),
                Step::Checksum => (self.end, 2),
                Step::Count | Step::Tag(_) | Step::Values(..) | Step::ValueLen(..) | Step::NameLen(..) => {
                    (self.attribute_end, 4)
                }
                Step::NameSet(..) => (self.attribute_end, 20),
                Step::Interface(value) => (value.end, 16),
                Step::Stream { value, entered: false } => {
                    let end = value.end;
                    if let Step::Stream { entered, .. } = &mut self.step {
                        *entered = true;
                    }
                    return Want::Stream(end);
                }
                Step::Value(value) | Step::Stream { value, .. } => {
                    if at < value.end {
                        return Want::Payload(value.end);
                    }
                    self.end_value(place, found);
                    continue;
                }
            };
            if limit.saturating_sub(at.saturating_sub(held as u64)) >= len {
                return Want::Fixed(usize::try_from(len).unwrap_or(usize::MAX));
            }
            // There is no room for it.
            if limit == self.end {
                self.damaged(place, found);
            } else {
                found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::TnefDamaged) });
                self.pass(limit);
                self.step = Step::Checksum;
                self.summed = false;
            }
            return Want::Payload(limit);
        }
    }

    /// A structure, which ends at `at`.
    pub(super) fn fixed(&mut self, bytes: &[u8], at: u64, place: u64, found: &mut Vec<Found>) {
        let half = |from: usize| -> u16 {
            u16::from_le_bytes(slice::range(bytes, from, from + 2).try_into().unwrap_or_default())
        };
        let word = |from: usize| -> u32 {
            u32::from_le_bytes(slice::range(bytes, from, from + 4).try_into().unwrap_or_default())
        };
        self.add(bytes);
        match core::mem::replace(&mut self.step, Step::Over) {
            Step::Signature if word(0) == SIGNATURE => {
                self.step = Step::Attribute;
                found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::Tnef) });
            }
            Step::Attribute => match bytes.first() {
                Some(1 | 2) => {
                    (self.sum, self.summed) = (0, true);
                    self.attribute = word(1);
                    self.attribute_end = at.saturating_add(u64::from(word(5))).min(self.end);
                    self.begin_attribute(at, place, found);
                }
                // Zeros fill up the end.
                Some(0) => {}
                _ => self.damaged(place, found),
            },
            Step::Checksum => {
                if self.summed && half(0) != self.sum {
                    found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::TnefChecksum) });
                }
                self.step = Step::Attribute;
            }
            Step::Count => self.step = self.next_property(word(0)),
            Step::Tag(left) => {
                let tag = Tag { kind: half(0), id: half(2) };
                let left = left.saturating_sub(1);
                self.step =
                    if tag.is_named() { Step::NameSet(left, tag) } else { self.value_of(left, tag, at) };
            }
            Step::NameSet(left, tag) if word(16) == 0 => {
                // A number.
                self.step = self.value_of(left, tag, at.saturating_add(4));
                if self.skip.is_none() {
                    self.skip = Some(at.saturating_add(4));
                }
            }
            Step::NameSet(left, tag) => self.step = Step::NameLen(left, tag),
            Step::NameLen(left, tag) => {
                let end = at.saturating_add(padded(word(0)));
                self.step = self.value_of(left, tag, end);
                if self.skip.is_none() {
                    self.skip = Some(end.min(self.attribute_end));
                }
            }
            Step::Values(left, tag) => match tag.layout() {
                Layout::Several(size) => {
                    self.pass(
                        at.saturating_add(size.saturating_mul(u64::from(word(0)))).min(self.attribute_end),
                    );
                    self.step = self.next_property(left);
                }
                _ => self.step = self.next_value(left, tag, word(0)),
            },
            Step::ValueLen(left, tag, values) => {
                let end = at.saturating_add(u64::from(word(0))).min(self.attribute_end);
                let next = at.saturating_add(padded(word(0))).min(self.attribute_end);
                let mut value = Value { end, sink: Sink::Nowhere, of: Some((tag, next, left, values)) };
                if tag.kind == properties::OBJECT {
                    self.step = Step::Interface(value);
                } else {
                    if end > at {
                        value.sink = self.sink_of(tag, place, found);
                    }
                    self.step = Step::Value(value);
                }
            }
            Step::Interface(mut value) => {
                let data = value.of.is_some_and(|(tag, ..)| tag.id == properties::ATTACH_DATA);
                if !(data && self.attribute == ATTACHMENT) {
                    self.step = Step::Value(value);
                } else if bytes == MESSAGE {
                    self.summed = false;
                    self.start_file(PartKind::Multipart, place, found);
                    self.step = Step::Stream { value, entered: false };
                } else {
                    value.sink = self.attachment_sink();
                    self.step = Step::Value(value);
                }
            }
            Step::Signature | Step::Value(_) | Step::Stream { .. } | Step::Over => {}
        }
    }

    /// The value of a property begins at `at`.
    fn value_of(&mut self, left: u32, tag: Tag, at: u64) -> Step {
        match tag.layout() {
            Layout::Fixed(size) => {
                self.pass(at.saturating_add(size).min(self.attribute_end));
                self.next_property(left)
            }
            Layout::Several(_) | Layout::Counted => Step::Values(left, tag),
            Layout::Unknown => {
                self.pass(self.attribute_end);
                Step::Checksum
            }
        }
    }

    fn next_property(&mut self, left: u32) -> Step {
        if left == 0 {
            self.skip = Some(self.attribute_end);
            return Step::Checksum;
        }
        Step::Tag(left)
    }

    pub(super) fn next_value(&mut self, left: u32, tag: Tag, values: u32) -> Step {
        match values {
            0 => self.next_property(left),
            _ => Step::ValueLen(left, tag, values - 1),
        }
    }
    /// Bytes of a value, or such as are passed over.
    pub(super) fn payload(&mut self, bytes: Bytes, place: u64, found: &mut Vec<Found>) {
        self.add(&bytes);
        if self.skip.is_none()
            && let Step::Value(_) = self.step
        {
            self.value(bytes, place, found);
        }
    }

    /// Bytes of an attribute go into its sum.
    fn add(&mut self, bytes: &[u8]) {
        if !matches!(self.step, Step::Checksum) || self.skip.is_some() {
            self.sum = bytes.iter().fold(self.sum, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        }
    }

    /// What follows cannot be read.
    fn damaged(&mut self, place: u64, found: &mut Vec<Found>) {
        found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::TnefDamaged) });
        self.step = Step::Over;
    }
}

/// A length with the bytes that fill up to the next multiple of four.
const fn padded(len: u32) -> u64 {
    (len as u64).next_multiple_of(4)
}
