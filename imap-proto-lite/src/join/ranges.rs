//! Ranges of one section: which bytes are there, which are missing, which disagree.

use super::{Contents, Piece};
use bytes::Bytes;
use core::ops::Range;

/// A stretch of a joined message.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// Bytes of a piece.
    Piece {
        /// Where in the message.
        at: u64,
        /// Which piece.
        piece: u64,
        /// Where in the piece.
        from: u64,
        /// How many bytes.
        len: u64,
    },
    /// Bytes that did not pass: boundaries, header fields that the server described, a blank line that it left out.
    Text {
        /// Where in the message.
        at: u64,
        /// The bytes.
        bytes: Bytes,
    },
}

impl Run {
    /// Where in the message it stands.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        match self {
            Self::Piece { at, len, .. } => *at..at.saturating_add(*len),
            Self::Text { at, bytes } => *at..at.saturating_add(bytes.len() as u64),
        }
    }
}

/// Bytes that are missing.
#[expect(clippy::exhaustive_structs, reason = "built by whoever joins")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Where.
    pub at: u64,
    /// How many; `None`: nobody knows.
    pub len: Option<u64>,
}

/// Two pieces that disagree about the same bytes.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The bytes of the message that both hold.
    pub range: Range<u64>,
    /// The first of them that differs.
    pub at: u64,
    /// The piece that counts, and where in it the range begins.
    pub kept: (u64, u64),
    /// The other piece, and where in it the range begins.
    pub other: (u64, u64),
}

/// One section, put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Assembled {
    /// In order, without overlaps.
    pub(super) runs: Vec<Run>,
    pub(super) conflicts: Vec<Conflict>,
    /// Where the farthest piece ends.
    pub(super) extent: u64,
    /// Its end is known to be there.
    pub(super) ended: bool,
}

/// So much is compared at a time.
const BLOCK: u64 = 64 << 10;

impl Assembled {
    /// Puts a piece down where it begins. What is there already stays; it is compared. What stands behind a hole of unknown
    /// length has no place.
    pub(super) fn add<C: Contents>(
        &mut self,
        piece: &Piece,
        origin: u64,
        contents: &mut C,
    ) -> Result<(), C::Error> {
        let mut from = 0;
        for hole in &piece.holes {
            self.place(piece.id, origin, from..hole.at.min(piece.placed()), contents)?;
            from = hole.at.saturating_add(hole.len.unwrap_or(0));
        }
        self.place(piece.id, origin, from..piece.placed(), contents)?;
        // What is asked for behind the end comes empty, from any place.
        if piece.placed() > 0 {
            self.extent = self.extent.max(origin.saturating_add(piece.placed()));
        }
        Ok(())
    }

    fn place<C: Contents>(
        &mut self,
        piece: u64,
        origin: u64,
        range: Range<u64>,
        contents: &mut C,
    ) -> Result<(), C::Error> {
        let end = origin.saturating_add(range.end);
        let mut at = origin.saturating_add(range.start);
        while at < end {
            let next = self.runs.partition_point(|run| run.range().end <= at);
            let taken = self.runs.get(next).map(Run::range).filter(|taken| taken.start < end);
            let free = taken.as_ref().map_or(end, |taken| taken.start.max(at));
            if at < free {
                self.runs.insert(next, Run::Piece { at, piece, from: at - origin, len: free - at });
                at = free;
                continue;
            }
            let both = at..taken.map_or(end, |taken| taken.end.min(end));
            if let Some(Run::Piece { at: start, piece: kept, from, .. }) = self.runs.get(next) {
                let kept = (*kept, from + (both.start - start));
                let other = (piece, both.start - origin);
                if let Some(differs) = differs(both.clone(), kept, other, contents)? {
                    self.conflicts.push(Conflict { range: both.clone(), at: differs, kept, other });
                }
            }
            at = both.end;
        }
        Ok(())
    }

    /// The holes between the runs, and what is missing at the end.
    pub(super) fn holes(&self) -> Vec<Hole> {
        let mut holes = Vec::new();
        let mut at = 0;
        for range in self.runs.iter().map(Run::range) {
            if at < range.start {
                holes.push(Hole { at, len: Some(range.start - at) });
            }
            at = range.end;
        }
        if at < self.extent {
            holes.push(Hole { at, len: Some(self.extent - at) });
        }
        if !self.ended {
            holes.push(Hole { at: self.extent, len: None });
        }
        holes
    }
}

impl Run {
    /// The part of it that stands in the range, and where it stands behind `at` if the range does.
    pub(super) fn clipped(&self, range: &Range<u64>, at: u64) -> Option<Self> {
        let own = self.range();
        let (start, end) = (own.start.max(range.start), own.end.min(range.end));
        let into = start.checked_sub(own.start).filter(|_| start < end)?;
        let at = at.saturating_add(start - range.start);
        Some(match self {
            Self::Piece { piece, from, .. } => {
                Self::Piece { at, piece: *piece, from: from + into, len: end - start }
            }
            Self::Text { bytes, .. } => {
                let [into, to] = [into, end - own.start].map(|to| usize::try_from(to).unwrap_or(usize::MAX));
                Self::Text { at, bytes: bytes.slice(into.min(bytes.len())..to.min(bytes.len())) }
            }
        })
    }
}

/// The first byte of the message that differs between two pieces.
pub(super) fn differs<C: Contents>(
    both: Range<u64>,
    kept: (u64, u64),
    other: (u64, u64),
    contents: &mut C,
) -> Result<Option<u64>, C::Error> {
    let mut done = 0;
    let len = both.end - both.start;
    while done < len {
        let block = BLOCK.min(len - done);
        let mut lend = |(piece, from): (u64, u64)| contents.lend(piece, from + done..from + done + block);
        let (kept, other) = (lend(kept)?, lend(other)?);
        if kept != other {
            let same = kept.iter().zip(&other).take_while(|(a, b)| a == b).count();
            return Ok(Some(both.start + done + same as u64));
        }
        done += block;
    }
    Ok(None)
}
