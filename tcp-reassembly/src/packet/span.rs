//! Bytes that know which packets they came in.

use core::ops::Range;

use bytes::Bytes;

use crate::Timestamp;

/// Where a byte was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) packet: u64,
    pub(super) at: Timestamp,
    /// Place in the captured packet.
    pub(super) offset: usize,
}

impl Source {
    /// The source of the byte so many bytes behind.
    pub(super) const fn skip(self, bytes: usize) -> Self {
        Self { offset: self.offset + bytes, ..self }
    }
}

/// A stretch that came in one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) range: Range<usize>,
    /// Whether the capture cut these bytes off: they were on the wire, but nobody has them.
    pub(super) cut: bool,
    /// Of the first byte.
    pub(super) source: Source,
}

/// A packet, or a part of one, as the runs it is made of; they follow each other without a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// Zero where a run is cut; may end before a last run that is.
    pub(super) bytes: Bytes,
    pub(super) runs: Vec<Run>,
}

impl Span {
    /// The stretch of a captured frame; what of it is not in `frame` is cut.
    pub(super) fn of_frame(frame: &Bytes, range: Range<usize>, packet: u64, at: Timestamp) -> Self {
        let captured = range.end.clamp(range.start, frame.len().max(range.start));
        let here = captured - range.start;
        let source = Source { packet, at, offset: range.start };
        let mut runs = Vec::with_capacity(2);
        if here > 0 {
            runs.push(Run { range: 0..here, cut: false, source });
        }
        if captured < range.end {
            runs.push(Run { range: here..range.len(), cut: true, source: source.skip(here) });
        }
        let bytes = if here > 0 { frame.slice(range.start..captured) } else { Bytes::new() };
        Self { bytes, runs }
    }

    /// Length on the wire.
    pub(super) fn len(&self) -> usize {
        self.runs.last().map_or(0, |run| run.range.end)
    }

    /// How many bytes from the beginning on are there.
    pub(super) fn known(&self) -> usize {
        let cut = self.runs.iter().find(|run| run.cut);
        cut.map_or_else(|| self.len(), |run| run.range.start)
    }

    /// The bytes of a run of this span, unless they are cut.
    pub(super) fn bytes_of(&self, run: &Run) -> Option<&[u8]> {
        if run.cut { None } else { self.bytes.get(run.range.clone()) }
    }

    /// The runs that have a part in `range`, as much of them as lies in it.
    pub(super) fn runs_in(&self, range: Range<usize>) -> impl Iterator<Item = Run> + '_ {
        self.runs.iter().filter_map(move |run| {
            let part = run.range.start.max(range.start)..run.range.end.min(range.end);
            let source = run.source.skip(part.start - run.range.start);
            (part.start < part.end).then_some(Run { range: part, cut: run.cut, source })
        })
    }

    /// A part of this span.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let to = range.end.min(self.bytes.len());
        let bytes = if range.start < to { self.bytes.slice(range.start..to) } else { Bytes::new() };
        let start = range.start;
        let runs = self
            .runs_in(range)
            .map(|run| Run { range: run.range.start - start..run.range.end - start, ..run })
            .collect();
        Self { bytes, runs }
    }

    /// Whether every byte that is in both, this span beginning at `offset` of the other, is the same.
    pub(super) fn repeats(&self, other: &Self, offset: usize) -> bool {
        self.runs.iter().filter(|run| !run.cut).all(|run| {
            let there = offset + run.range.start..offset + run.range.end;
            other.runs_in(there).filter(|run| !run.cut).all(|kept| {
                let mine = kept.range.start - offset..kept.range.end - offset;
                self.bytes.get(mine) == other.bytes.get(kept.range)
            })
        })
    }
}
