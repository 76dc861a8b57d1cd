//! What the pieces of each section of a message come to.

use super::asked::Asked;
use super::ranges::{Assembled, differs};
use super::{Contents, Known, Piece};
use crate::Section;
use core::cmp::Reverse;
use std::collections::BTreeMap;

/// The sections of one message, each put together, with the pieces that it is made of.
pub(super) struct Sections<'a>(BTreeMap<&'a Section, (Assembled, Vec<&'a Piece>)>);

/// A piece, and what is made of it.
struct Placed<'a> {
    piece: &'a Piece,
    /// Where in its section it begins.
    origin: u64,
    /// It reaches the end of its section.
    ends: bool,
}

impl<'a> Sections<'a> {
    /// Those that some of the pieces of a message make up.
    pub(super) fn of<C: Contents>(
        known: &Known,
        pieces: impl Iterator<Item = &'a Piece>,
        asked: &Asked,
        contents: &mut C,
    ) -> Result<Self, C::Error> {
        let mut sections: BTreeMap<&Section, Vec<&Piece>> = BTreeMap::new();
        for piece in pieces {
            sections.entry(&piece.of.section).or_default().push(piece);
        }
        let mut all = BTreeMap::new();
        for (section, pieces) in sections {
            let mut placed = place(&pieces, asked, contents)?;
            // In the order of their origins: so putting them down takes no time, however many there are. Of those that begin
            // together the longest counts.
            placed.sort_by_key(|placed| (placed.origin, Reverse(placed.piece.len), placed.piece.id));
            let mut assembled = Assembled::default();
            for Placed { piece, origin, .. } in &placed {
                assembled.add(piece, *origin, contents)?;
            }
            let extent = assembled.extent;
            assembled.ended = known.extent_of(section) == Some(extent)
                || placed
                    .iter()
                    .any(|placed| placed.ends && placed.origin.saturating_add(placed.piece.len) == extent);
            all.insert(section, (assembled, placed.into_iter().map(|placed| placed.piece).collect()));
        }
        Ok(Self(all))
    }

    pub(super) fn any(&self, wanted: impl Fn(&Section) -> bool) -> bool {
        self.0.keys().any(|section| wanted(section))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a Section, &(Assembled, Vec<&'a Piece>))> {
        self.0.iter().map(|(section, made)| (*section, made))
    }

    pub(super) fn get(&self, section: &Section) -> Option<&(Assembled, Vec<&'a Piece>)> {
        self.0.get(section)
    }
}

/// Where the pieces of one section begin, and which of them reach its end: those that are no ranges, and those that are
/// shorter or longer than the range that was asked for. A server that sends more than the range may have sent all of the
/// section, whatever origin it names: then what it sent begins as the section does.
fn place<'a, C: Contents>(
    pieces: &[&'a Piece],
    asked: &Asked,
    contents: &mut C,
) -> Result<Vec<Placed<'a>>, C::Error> {
    /// So much of two pieces is compared.
    const ENOUGH: u64 = 4096;
    let first = pieces.iter().find(|piece| piece.of.origin.unwrap_or(0) == 0 && piece.len > 0);
    let mut placed = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let mut origin = piece.of.origin.unwrap_or(0);
        let length = piece.asked.or_else(|| asked.ever(piece.session, &piece.of));
        let torn = piece.is_torn();
        let ends = !torn && (piece.of.origin.is_none() || length.is_some_and(|length| piece.len != length));
        if let Some(first) = first
            && origin > 0
            && length.is_some_and(|length| piece.len > length)
        {
            let same = ENOUGH.min(first.captured()).min(piece.captured());
            if same > 0 && differs(0..same, (first.id, 0), (piece.id, 0), contents)?.is_none() {
                origin = 0;
            }
        }
        placed.push(Placed { piece, origin, ends });
    }
    Ok(placed)
}
