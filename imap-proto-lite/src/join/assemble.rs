//! What the pieces of one message come to.

use super::ranges::{Assembled, Hole, Run};
use super::{Contents, How, Joined, Known, Piece, tree};
use crate::{Section, Specifier};
use std::collections::BTreeMap;

/// Ranges that were asked for.
pub(super) type Asked = BTreeMap<(u64, Section, u64), u64>;

/// The sections of one message, each put together, with the pieces that it is made of.
pub(super) struct Sections<'a>(BTreeMap<&'a Section, (Assembled, Vec<&'a Piece>)>);

impl<'a> Sections<'a> {
    fn of<C: Contents>(known: &'a Known, asked: &Asked, contents: &mut C) -> Result<Self, C::Error> {
        let mut sections: BTreeMap<&Section, (Assembled, Vec<&Piece>)> = BTreeMap::new();
        // In the order of their origins: so putting them down takes no time, however many there are.
        let mut ordered: Vec<&Piece> = known.pieces.iter().collect();
        ordered.sort_by_key(|piece| (piece.of.origin, piece.id));
        for piece in ordered {
            let (assembled, pieces) = sections.entry(&piece.of.section).or_default();
            assembled.add(piece, contents)?;
            pieces.push(piece);
        }
        for (section, (assembled, pieces)) in &mut sections {
            assembled.ended = pieces.iter().any(|piece| ends(piece, asked))
                || (section.is_whole() && known.size == Some(assembled.extent));
        }
        Ok(Self(sections))
    }

    pub(super) fn get(&self, section: &Section) -> Option<&(Assembled, Vec<&'a Piece>)> {
        self.0.get(section)
    }
}

/// Whether a piece reaches the end of its section: it is no range, or a shorter one than was asked for.
fn ends(piece: &Piece, asked: &Asked) -> bool {
    let Some(origin) = piece.of.origin else { return true };
    let section = piece.of.section.clone();
    asked.get(&(piece.session, section, origin)).is_some_and(|length| piece.len < *length)
}

/// The messages that can be made of the pieces: at most one.
pub(super) fn join<C: Contents>(
    known: &Known,
    asked: &Asked,
    contents: &mut C,
) -> Result<Option<Joined>, C::Error> {
    let sections = Sections::of(known, asked, contents)?;
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
        return Ok(Some(sum(How::HeaderAndText, &[(header, of_header), (text, of_text)])));
    }
    Ok(match (header, &known.structure) {
        (Some((header, pieces)), Some(body)) if header.holes().is_empty() && body.is_multipart() => {
            tree::join(header, pieces, body, &sections)
        }
        _ => {
            // Ranges with holes are better than each by itself, if there are several.
            let whole = sections.get(&Section::whole()).filter(|(_, pieces)| pieces.len() > 1);
            whole.map(|(whole, pieces)| sum(How::Ranges, &[(whole, pieces)]))
        }
    })
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
        complete: false,
    }
}

/// Adds a section at the end.
pub(super) fn append(joined: &mut Joined, section: &Assembled, pieces: &[&Piece]) {
    let offset = joined.size;
    joined.pieces.extend(pieces.iter().map(|piece| piece.id));
    joined.runs.extend(section.runs.iter().cloned().map(|run| match run {
        Run::Piece { at, piece, from, len } => Run::Piece { at: offset + at, piece, from, len },
        Run::Text { at, bytes } => Run::Text { at: offset + at, bytes },
    }));
    joined.holes.extend(section.holes().into_iter().map(|hole| Hole { at: offset + hole.at, ..hole }));
    joined.conflicts.extend(section.conflicts.iter().cloned().map(|mut conflict| {
        conflict.range = offset + conflict.range.start..offset + conflict.range.end;
        conflict.at += offset;
        conflict
    }));
    joined.size = offset.saturating_add(section.extent);
}
