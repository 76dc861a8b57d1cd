//! Transfer encodings (RFC 2045 section 6), undone as the bytes come.

pub(crate) mod base64;
mod begin;
mod claimed;
pub(crate) mod looks;
pub(crate) mod quoted_printable;
pub(crate) mod variant;

use crate::{Anomaly, Encoding};
use base64::Base64;
use bytes::Bytes;
use claimed::Claimed;
use core::ops::Range;
use quoted_printable::QuotedPrintable;
use variant::Variant;

/// Where bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Their range in the message; in a decoded message that of the encoded run.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Whether they stand there one by one.
    pub(crate) exact: bool,
}

impl Origin {
    /// Where the byte `at` stands.
    pub(crate) fn at(&self, at: usize) -> u64 {
        if self.exact { self.start.saturating_add(at as u64) } else { self.start }
    }

    /// The range of the bytes from `from` to `to`.
    pub(crate) fn part(&self, from: usize, to: usize) -> Self {
        if self.exact { Self { start: self.at(from), end: self.at(to), exact: true } } else { *self }
    }

    pub(crate) const fn range(&self) -> Range<u64> {
        self.start..self.end
    }
}

/// How well the transfer encoding of a part could be undone.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Decode {
    /// Every byte.
    #[default]
    Ok,
    /// Some bytes did not belong, or some are missing; the rest was decoded.
    Partial,
    /// Nothing: the encoding is not known and the bytes were handed on as they are, or no byte could be decoded.
    Failed,
}

/// How often something went wrong, and where first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) count: u64,
    first: u64,
}

impl Fault {
    const NONE: Self = Self { count: 0, first: 0 };

    pub(crate) const fn add(&mut self, count: u64, at: u64) {
        if self.count == 0 {
            self.first = at;
        }
        self.count = self.count.saturating_add(count);
    }

    fn told(self, anomaly: impl Fn(u64) -> Anomaly) -> Option<(Anomaly, u64)> {
        (self.count > 0).then(|| (anomaly(self.count), self.first))
    }
}

/// What undoes a transfer encoding.
#[derive(Debug)]
pub(crate) enum Decoder {
    /// 7bit, 8bit, binary: the bytes themselves, shared.
    Identity,
    /// Not known: the same.
    Unknown,
    Base64(Box<Base64>),
    /// Base64, if it is not plain text after all.
    Claimed(Box<Claimed>),
    QuotedPrintable(Box<QuotedPrintable>),
    /// One of these, in another reading.
    Variant(Box<Variant>),
    /// Not again: this leaf was decoded before.
    Known,
}

impl Decoder {
    /// What undoes that encoding.
    pub(crate) fn of(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Base64 | Encoding::Gzip64 => Self::Base64(Box::default()),
            Encoding::QuotedPrintable => Self::QuotedPrintable(Box::default()),
            Encoding::Unknown => Self::Unknown,
            _ => Self::Identity,
        }
    }

    pub(crate) fn push(&mut self, bytes: Bytes, origin: Origin) -> Bytes {
        match self {
            Self::Identity | Self::Unknown => bytes,
            Self::Base64(decoder) => decoder.push(&bytes, origin).into(),
            Self::Claimed(decoder) => decoder.push(&bytes, origin).into(),
            Self::QuotedPrintable(decoder) => decoder.push(&bytes, origin).into(),
            Self::Variant(variant) => variant.push(&bytes, origin).into(),
            Self::Known => Bytes::new(),
        }
    }

    /// The name in a line before the encoded text, once.
    pub(crate) const fn take_name(&mut self) -> Option<String> {
        match self {
            Self::Base64(decoder) => decoder.take_name(),
            _ => None,
        }
    }

    /// Bytes that will never come. What is known to stand before them, and how many decoded ones are missing.
    pub(crate) fn gap(&mut self, len: Option<u64>) -> (Bytes, Option<u64>) {
        match self {
            Self::Identity | Self::Unknown => (Bytes::new(), len),
            Self::Base64(decoder) => (decoder.gap().into(), None),
            Self::Claimed(decoder) => (decoder.gap().into(), None),
            Self::QuotedPrintable(decoder) => (decoder.gap().into(), None),
            Self::Variant(variant) => (variant.gap().into(), None),
            Self::Known => (Bytes::new(), None),
        }
    }

    /// The end: `whole`, or a cut, behind which anything may have stood.
    pub(crate) fn finish(&mut self, whole: bool, at: u64) -> Bytes {
        match self {
            Self::Identity | Self::Unknown | Self::Known => Bytes::new(),
            Self::Base64(decoder) => decoder.finish(whole, at).into(),
            Self::Claimed(decoder) => decoder.finish(whole, at).into(),
            Self::QuotedPrintable(decoder) => decoder.finish(whole, at).into(),
            Self::Variant(variant) => variant.finish(whole, at).into(),
        }
    }

    /// What went wrong, and where first.
    pub(crate) fn faults(&self) -> Vec<(Anomaly, u64)> {
        match self {
            Self::Identity | Self::Unknown | Self::Known => Vec::new(),
            Self::Base64(decoder) => decoder.faults(),
            Self::Claimed(decoder) => decoder.faults(),
            Self::QuotedPrintable(decoder) => decoder.faults(),
            Self::Variant(variant) => variant.faults(),
        }
    }

    /// Whether what comes out is not what goes in.
    pub(crate) const fn decodes(&self) -> bool {
        !matches!(self, Self::Identity | Self::Unknown)
    }

    /// The sum of it, given how many bytes came out.
    pub(crate) fn outcome(&self, decoded: u64) -> Decode {
        let partial = match self {
            Self::Identity | Self::Known => return Decode::Ok,
            Self::Unknown => return Decode::Failed,
            Self::Base64(decoder) => decoder.is_partial(),
            Self::Claimed(decoder) => decoder.is_partial(),
            Self::QuotedPrintable(decoder) => decoder.is_partial(),
            Self::Variant(variant) => variant.is_partial(),
        };
        match (partial, decoded) {
            (false, _) => Decode::Ok,
            (true, 0) => Decode::Failed,
            (true, _) => Decode::Partial,
        }
    }

    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Identity | Self::Unknown | Self::Known => 0,
            Self::Base64(decoder) => size_of::<Base64>() + decoder.memory(),
            Self::Claimed(decoder) => size_of::<Claimed>() + decoder.memory(),
            Self::QuotedPrintable(decoder) => size_of::<QuotedPrintable>() + decoder.memory(),
            Self::Variant(variant) => size_of::<Variant>() + variant.memory(),
        }
    }
}
