//! The fragments of one datagram.

use bytes::{Bytes, BytesMut};

use super::span::{Run, Source, Span};
use crate::Timestamp;

/// What a datagram costs besides its bytes: its entry in the tables, rounded up.
const ENTRY: usize = 512;

/// A stretch that came in one fragment. Copied: a fragment may wait long, and its frame with it.
#[derive(Debug)]
struct Piece {
    start: usize,
    end: usize,
    /// `None`: the capture cut them off, or nobody wants them.
    bytes: Option<Box<[u8]>>,
    source: Source,
}

/// Two copies that differ: where, the one that counts with its packet, the other.
#[derive(Debug)]
pub(super) struct Difference<'a> {
    pub(super) offset: usize,
    pub(super) kept: &'a [u8],
    pub(super) kept_packet: u64,
    pub(super) other: &'a [u8],
}

/// What became of a stretch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Laid {
    pub(super) new: usize,
    pub(super) repeated: usize,
}

/// A datagram that came whole.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub(super) span: Span,
    pub(super) next: u8,
    pub(super) depth: u8,
}

/// What is there of a datagram.
#[derive(Debug)]
pub(super) struct Datagram {
    /// In order, without overlap.
    pieces: Vec<Piece>,
    /// Where it ends, once the last fragment was seen.
    pub(super) total: Option<usize>,
    /// What it begins with, once the first fragment was seen.
    pub(super) next: Option<u8>,
    pub(super) depth: u8,
    /// Fragments that brought something new.
    pub(super) fragments: usize,
    pub(super) first_packet: u64,
    pub(super) first_at: Timestamp,
    /// Nothing that holds TCP: only its ranges are kept, so that its end is noticed.
    pub(super) foreign: bool,
    /// Given up; what still comes is counted.
    pub(super) dead: bool,
    /// The datagram of the same name that came whole before, as long as all that is here repeats it.
    pub(super) repeats: Option<Whole>,
    /// When it began, in the resolver's time, and how many did before.
    pub(super) since: Timestamp,
    pub(super) serial: u64,
}

impl Datagram {
    /// An empty one that begins at `since` as number `serial`.
    pub(super) const fn new(source: (u64, Timestamp), since: Timestamp, serial: u64) -> Self {
        Self {
            pieces: Vec::new(),
            total: None,
            next: None,
            depth: 0,
            fragments: 0,
            first_packet: source.0,
            first_at: source.1,
            foreign: false,
            dead: false,
            repeats: None,
            since,
            serial,
        }
    }

    /// Memory kept alive.
    pub(super) fn cost(&self) -> usize {
        let pieces: usize =
            self.pieces.iter().filter_map(|piece| piece.bytes.as_ref()).map(|b| b.len()).sum();
        let whole = self
            .repeats
            .as_ref()
            .map_or(0, |whole| whole.span.bytes.len() + whole.span.runs.capacity() * size_of::<Run>());
        ENTRY + self.pieces.capacity() * size_of::<Piece>() + pieces + whole
    }

    /// Whether it may go without a word.
    pub(super) const fn is_silent(&self) -> bool {
        self.foreign || self.dead || self.repeats.is_some()
    }

    /// Bytes that were on the wire, whether they were captured or not.
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.end - piece.start).sum()
    }

    /// Where the last piece ends.
    pub(super) fn reached(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.end)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Keeps the ranges only.
    pub(super) fn drop_bytes(&mut self) {
        for piece in &mut self.pieces {
            piece.bytes = None;
        }
    }

    /// Forgets the pieces too, and the fragments they came in.
    pub(super) fn clear(&mut self) {
        self.pieces = Vec::new();
        self.fragments = 0;
    }

    /// Lays a stretch where nothing is yet, or only what the capture had cut off; `run` has offsets of the datagram.
    pub(super) fn lay(
        &mut self,
        run: &Run,
        data: Option<&[u8]>,
        mut differs: impl FnMut(Difference<'_>),
    ) -> Laid {
        let (first, end) = (run.range.start, run.range.end);
        let bytes_in = |from: usize, to: usize| data.and_then(|data| data.get(from - first..to - first));
        let piece = |from: usize, to: usize| Piece {
            start: from,
            end: to,
            bytes: bytes_in(from, to).map(Box::from),
            source: run.source.skip(from - first),
        };
        let mut laid = Laid { new: end - first, repeated: 0 };
        if self.reached() <= first {
            self.pieces.push(piece(first, end));
            return laid;
        }
        let mut out = Vec::with_capacity(self.pieces.len() + 2);
        let mut at = first;
        for mut old in self.pieces.drain(..) {
            if old.end <= first {
                out.push(old);
                continue;
            }
            let (from, to) = (old.start.max(at), old.end.min(end));
            if from >= to {
                // Behind the stretch.
                if at < end {
                    out.push(piece(at, end));
                    at = end;
                }
                out.push(old);
                continue;
            }
            if at < from {
                out.push(piece(at, from));
            }
            at = to;
            match (&old.bytes, bytes_in(from, to)) {
                (None, Some(_)) => {
                    let behind = (to < old.end).then(|| Piece {
                        start: to,
                        end: old.end,
                        bytes: None,
                        source: old.source.skip(to - old.start),
                    });
                    if old.start < from {
                        old.end = from;
                        out.push(old);
                    }
                    out.push(piece(from, to));
                    out.extend(behind);
                    continue;
                }
                (Some(kept), Some(other)) => {
                    let kept = kept.get(from - old.start..to - old.start).unwrap_or_default();
                    if let Some((skip, kept, other)) = difference(kept, other) {
                        differs(Difference {
                            offset: from + skip,
                            kept,
                            kept_packet: old.source.packet,
                            other,
                        });
                    }
                }
                _ => {}
            }
            laid.repeated += to - from;
            laid.new -= to - from;
            out.push(old);
        }
        if at < end {
            out.push(piece(at, end));
        }
        self.pieces = out;
        laid
    }

    /// The datagram, if all of it is there; the pieces are gone then.
    pub(super) fn take_whole(&mut self) -> Option<Whole> {
        let (total, next) = (self.total?, self.next?);
        let mut at = 0;
        for piece in &self.pieces {
            if piece.start != at {
                return None;
            }
            at = piece.end;
        }
        if at != total {
            return None;
        }
        let pieces = core::mem::take(&mut self.pieces);
        let mut bytes = BytesMut::with_capacity(if self.foreign { 0 } else { total });
        let mut runs = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let cut = piece.bytes.is_none();
            match piece.bytes {
                Some(part) => bytes.extend_from_slice(&part),
                None if self.foreign => {}
                None => bytes.resize(piece.end, 0),
            }
            runs.push(Run { range: piece.start..piece.end, cut, source: piece.source });
        }
        let span = Span { bytes: bytes.freeze(), runs };
        Some(Whole { span, next, depth: self.depth })
    }
}

/// From the first to the last byte in which two copies of the same length differ.
fn difference<'a>(kept: &'a [u8], other: &'a [u8]) -> Option<(usize, &'a [u8], &'a [u8])> {
    let first = kept.iter().zip(other).position(|(a, b)| a != b)?;
    let last = kept.iter().zip(other).rposition(|(a, b)| a != b)?;
    Some((first, kept.get(first..=last)?, other.get(first..=last)?))
}

/// A copy that keeps nothing else alive.
pub(super) fn copied(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
