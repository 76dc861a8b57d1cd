//! What the pieces of one message come to.

use super::asked::Asked;
use super::ranges::{Assembled, Hole, Run, differs};
use super::{Contents, How, Joined, Known, Mismatch, Piece, tree};
use crate::{Section, Specifier};
use bytes::Bytes;
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
        let torn = piece.placed() < piece.len || piece.holes.iter().any(|hole| hole.len.is_none());
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

/// The messages that can be made of the pieces: at most one.
pub(super) fn join<C: Contents>(
    known: &Known,
    sections: &Sections<'_>,
    contents: &mut C,
) -> Result<Option<Joined>, C::Error> {
    if let Some((whole, pieces)) = sections.get(&Section::whole())
        && whole.holes().is_empty()
    {
        return Ok(Some(sum(How::Ranges, &[(whole, pieces)])));
    }
    let header = sections.get(&Section::of_message(Specifier::Header));
    let text = sections.get(&Section::of_message(Specifier::Text));
    // RFC 9051 section 6.4.5.1: the only part of a message without parts is its text.
    let undivided = known.structure.as_ref().is_some_and(|body| !body.is_multipart());
    let only = sections.get(&Section { path: vec![1], ..Section::default() });
    let text = text.or(if undivided { only } else { None });
    if let (Some((header, of_header)), Some((text, of_text))) = (header, text)
        && header.holes().is_empty()
        && text.holes().is_empty()
    {
        if text.extent == 0 || ends_in_blank_line(header, contents)? {
            return Ok(Some(sum(How::HeaderAndText, &[(header, of_header), (text, of_text)])));
        }
        return Ok(Some(with_blank_line(known, (header, of_header), (text, of_text), contents)?));
    }
    Ok(match (header, &known.structure) {
        // A message that passed whole need not be made up.
        (Some((header, pieces)), Some(body))
            if header.holes().is_empty() && body.is_multipart() && known.wholes.is_empty() =>
        {
            tree::join(header, pieces, body, sections)
        }
        _ => {
            // Ranges with holes are better than each by itself, if there are several.
            let whole = sections.get(&Section::whole()).filter(|(_, pieces)| pieces.len() > 1);
            whole.map(|(whole, pieces)| sum(How::Ranges, &[(whole, pieces)]))
        }
    })
}

/// The last bytes of a section.
fn tail<C: Contents>(section: &Assembled, contents: &mut C) -> Result<Bytes, C::Error> {
    match section.runs.last() {
        Some(Run::Piece { piece, from, len, .. }) => {
            contents.lend(*piece, from + len.saturating_sub(4)..from + len)
        }
        _ => Ok(Bytes::new()),
    }
}

/// Whether a header has the blank line behind it that belongs to it: some servers leave it out.
fn ends_in_blank_line<C: Contents>(header: &Assembled, contents: &mut C) -> Result<bool, C::Error> {
    let tail = tail(header, contents)?;
    Ok(tail.ends_with(b"\r\n\r\n")
        || tail.ends_with(b"\n\n")
        || (header.extent <= 2 && tail.ends_with(b"\n")))
}

/// Header and text with the blank line between them that the server left out. That it is all there is, only the size can
/// tell.
fn with_blank_line<C: Contents>(
    known: &Known,
    header: (&Assembled, &Vec<&Piece>),
    text: (&Assembled, &Vec<&Piece>),
    contents: &mut C,
) -> Result<Joined, C::Error> {
    let mut joined = begin(How::HeaderAndText, header.1.first().copied());
    append(&mut joined, header.0, header.1);
    let bytes =
        Bytes::from_static(if tail(header.0, contents)?.ends_with(b"\n") { b"\r\n" } else { b"\r\n\r\n" });
    let len = bytes.len() as u64;
    joined.runs.push(Run::Text { at: joined.size, bytes });
    joined.size = joined.size.saturating_add(len);
    append(&mut joined, text.0, text.1);
    joined.complete = joined.conflicts.is_empty() && known.size == Some(joined.size);
    Ok(joined)
}

/// Sections one behind the other.
fn sum(how: How, sections: &[(&Assembled, &Vec<&Piece>)]) -> Joined {
    let mut joined = begin(how, sections.first().and_then(|(_, pieces)| pieces.first().copied()));
    for (section, pieces) in sections {
        append(&mut joined, section, pieces);
    }
    joined.complete = joined.holes.is_empty() && joined.conflicts.is_empty();
    joined
}

/// A message that has nothing yet.
pub(super) fn begin(how: How, first: Option<&Piece>) -> Joined {
    let (account, of) = first.map(|piece| (piece.account.clone(), piece.of.clone())).unwrap_or_default();
    Joined {
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
pub(super) fn append(joined: &mut Joined, section: &Assembled, pieces: &[&Piece]) {
    let offset = joined.size;
    joined.pieces.extend(pieces.iter().map(|piece| piece.id));
    joined.runs.extend(section.runs.iter().filter_map(|run| run.clipped(&(0..u64::MAX), offset)));
    let moved = |at: u64| offset.saturating_add(at);
    joined.holes.extend(section.holes().into_iter().map(|hole| Hole { at: moved(hole.at), ..hole }));
    joined.conflicts.extend(section.conflicts.iter().cloned().map(|mut conflict| {
        conflict.range = moved(conflict.range.start)..moved(conflict.range.end);
        conflict.at = moved(conflict.at);
        conflict
    }));
    joined.size = offset.saturating_add(section.extent);
}

/// The sections that are not what a whole copy of the message has at their place.
pub(super) fn mismatches<C: Contents>(
    known: &Known,
    sections: &Sections<'_>,
    contents: &mut C,
) -> Result<Vec<Mismatch>, C::Error> {
    let mut mismatches = Vec::new();
    let Some(whole) = known.wholes.first() else { return Ok(mismatches) };
    for (section, (assembled, pieces)) in &sections.0 {
        // What the server has decoded stands nowhere as it is.
        if section.binary || section.is_header_subset() {
            continue;
        }
        let Some(place) = contents.section(whole.id, section) else { continue };
        let mut differs_at = None;
        if assembled.holes().is_empty() && assembled.extent != place.end - place.start {
            differs_at = Some(assembled.extent.min(place.end - place.start));
        }
        for run in &assembled.runs {
            let both = run.range().start..run.range().end.min(place.end - place.start);
            if let Run::Piece { piece, from, .. } = run
                && both.start < both.end
                && let Some(at) =
                    differs(both.clone(), (whole.id, place.start + both.start), (*piece, *from), contents)?
            {
                differs_at = Some(at);
                break;
            }
        }
        if let Some(at) = differs_at {
            let pieces = pieces.iter().map(|piece| piece.id).collect();
            mismatches.push(Mismatch { pieces, whole: whole.id, at });
        }
    }
    Ok(mismatches)
}
