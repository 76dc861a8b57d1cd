//! What the pieces of one message come to.

use super::ranges::{Assembled, Run, differs};
use super::sections::Sections;
use super::{Contents, How, Joined, Known, Mismatch, Piece, tree};
use crate::{Section, Specifier};
use bytes::Bytes;

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
    let mut joined = Joined::begin(How::HeaderAndText, header.1.first().copied());
    joined.append(header.0, header.1);
    let bytes =
        Bytes::from_static(if tail(header.0, contents)?.ends_with(b"\n") { b"\r\n" } else { b"\r\n\r\n" });
    joined.text(bytes);
    joined.append(text.0, text.1);
    joined.complete = joined.conflicts.is_empty() && known.size == Some(joined.size);
    Ok(joined)
}

/// Sections one behind the other.
fn sum(how: How, sections: &[(&Assembled, &Vec<&Piece>)]) -> Joined {
    let mut joined = Joined::begin(how, sections.first().and_then(|(_, pieces)| pieces.first().copied()));
    for (section, pieces) in sections {
        joined.append(section, pieces);
    }
    joined.complete = joined.holes.is_empty() && joined.conflicts.is_empty();
    joined
}

/// The sections that are not what a whole copy of the message has at their place.
pub(super) fn mismatches<C: Contents>(
    known: &Known,
    sections: &Sections<'_>,
    contents: &mut C,
) -> Result<Vec<Mismatch>, C::Error> {
    let mut mismatches = Vec::new();
    let Some(whole) = known.wholes.first() else { return Ok(mismatches) };
    for (section, (assembled, pieces)) in sections.iter() {
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
