//! A message as it is put together.

use super::ranges::{Assembled, Hole, Run};
use super::{How, Joined, Piece};
use bytes::Bytes;

impl Joined {
    /// A message that has nothing yet.
    pub(super) fn begin(how: How, first: Option<&Piece>) -> Self {
        let (account, of) = first.map(|piece| (piece.account.clone(), piece.of.clone())).unwrap_or_default();
        Self {
            how,
            account,
            of,
            pieces: Vec::new(),
            runs: Vec::new(),
            size: 0,
            holes: Vec::new(),
            conflicts: Vec::new(),
            missing_parts: Vec::new(),
            unresolved: 0,
            complete: false,
        }
    }

    /// Adds a section at the end.
    pub(super) fn append(&mut self, section: &Assembled, pieces: &[&Piece]) {
        let offset = self.size;
        self.pieces.extend(pieces.iter().map(|piece| piece.id));
        self.runs.extend(section.runs.iter().filter_map(|run| run.clipped(&(0..u64::MAX), offset)));
        let moved = |at: u64| offset.saturating_add(at);
        self.holes.extend(section.holes().into_iter().map(|hole| Hole { at: moved(hole.at), ..hole }));
        self.conflicts.extend(section.conflicts.iter().cloned().map(|mut conflict| {
            conflict.range = moved(conflict.range.start)..moved(conflict.range.end);
            conflict.at = moved(conflict.at);
            conflict
        }));
        self.size = offset.saturating_add(section.extent);
    }

    /// Adds text that no piece has.
    pub(super) fn text(&mut self, bytes: Bytes) {
        let len = bytes.len() as u64;
        self.runs.push(Run::Text { at: self.size, bytes });
        self.size = self.size.saturating_add(len);
    }
}
