//! A virtual message: header and parts as they were fetched, at the places that BODYSTRUCTURE gives them.

use super::assemble::{Sections, append, begin};
use super::ranges::{Assembled, Hole, Run};
use super::{How, Joined, Piece};
use crate::response::BodyStructure;
use crate::{Section, Specifier};
use bytes::Bytes;

/// A copy that keeps no packet alive, of what the tree needs.
pub(super) fn copied(body: &BodyStructure) -> BodyStructure {
    let copy = |bytes: &Bytes| Bytes::copy_from_slice(bytes);
    let pairs =
        |pairs: &[(Bytes, Bytes)]| pairs.iter().map(|(name, value)| (copy(name), copy(value))).collect();
    BodyStructure {
        media_type: copy(&body.media_type),
        subtype: copy(&body.subtype),
        parameters: pairs(&body.parameters),
        id: body.id.as_ref().map(copy),
        description: None,
        encoding: body.encoding.as_ref().map(copy),
        size: body.size,
        lines: body.lines,
        // Whether it encloses a message is all that is asked.
        envelope: body.envelope.as_ref().map(|_| Box::default()),
        parts: if body.is_multipart() { body.parts.iter().map(copied).collect() } else { Vec::new() },
        disposition: body.disposition.as_ref().map(|(kind, values)| (copy(kind), pairs(values))),
    }
}

/// Header, boundaries, parts; `None` if no part was fetched.
pub(super) fn join(
    header: &Assembled,
    pieces: &[&Piece],
    body: &BodyStructure,
    sections: &Sections<'_>,
) -> Option<Joined> {
    let fetched = |path: &[u32]| {
        [false, true].into_iter().any(|binary| sections.get(&part(path, Specifier::Whole, binary)).is_some())
    };
    if !body.leaves().iter().any(|(path, _)| fetched(path)) {
        return None;
    }
    let mut joined = begin(How::Parts, pieces.first().copied());
    append(&mut joined, header, pieces);
    multipart(&mut joined, body, &mut Vec::new(), sections)?;
    Some(joined)
}

fn part(path: &[u32], specifier: Specifier, binary: bool) -> Section {
    Section { binary, path: path.to_vec(), specifier }
}

/// RFC 2046 section 5.1.1.
fn multipart(
    joined: &mut Joined,
    body: &BodyStructure,
    path: &mut Vec<u32>,
    sections: &Sections<'_>,
) -> Option<()> {
    let boundary = body.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"boundary"));
    // Without it nobody could tell the parts apart.
    let boundary = String::from_utf8_lossy(&boundary?.1).into_owned();
    for (number, child) in (1..).zip(&body.parts) {
        let line_end = if number == 1 { "" } else { "\r\n" };
        text(joined, format!("{line_end}--{boundary}\r\n"));
        path.push(number);
        match sections.get(&part(path, Specifier::Mime, false)) {
            Some((mime, pieces)) => append(joined, mime, pieces),
            None => text(joined, described(child)),
        }
        if child.is_multipart() {
            multipart(joined, child, path, sections)?;
        } else if let Some((content, pieces)) = sections.get(&part(path, Specifier::Whole, false)) {
            append(joined, content, pieces);
        } else {
            // A part that the server decoded is known as such, but its encoded bytes are not.
            joined.missing_parts.push((path.clone(), child.size));
            joined.holes.push(Hole { at: joined.size, len: child.size });
            joined.size = joined.size.saturating_add(child.size.unwrap_or(0));
        }
        path.pop();
    }
    text(joined, format!("\r\n--{boundary}--\r\n"));
    Some(())
}

fn text(joined: &mut Joined, text: String) {
    let bytes = Bytes::from(text);
    let len = bytes.len() as u64;
    joined.runs.push(Run::Text { at: joined.size, bytes });
    joined.size = joined.size.saturating_add(len);
}

/// The header of a part, as BODYSTRUCTURE describes it.
fn described(body: &BodyStructure) -> String {
    let shown = |bytes: &Bytes| {
        // Nothing that the server says may begin a line of its own.
        String::from_utf8_lossy(bytes).replace(['\r', '\n'], " ")
    };
    let pairs = |pairs: &[(Bytes, Bytes)]| {
        pairs
            .iter()
            .map(|(name, value)| format!("; {}=\"{}\"", shown(name), shown(value).replace(['"', '\\'], "")))
            .collect::<String>()
    };
    let mut header = format!(
        "Content-Type: {}/{}{}\r\n",
        shown(&body.media_type),
        shown(&body.subtype),
        pairs(&body.parameters)
    );
    if let Some(encoding) = &body.encoding {
        header += &format!("Content-Transfer-Encoding: {}\r\n", shown(encoding));
    }
    if let Some(id) = &body.id {
        header += &format!("Content-ID: {}\r\n", shown(id));
    }
    if let Some((kind, values)) = &body.disposition {
        header += &format!("Content-Disposition: {}{}\r\n", shown(kind), pairs(values));
    }
    header + "\r\n"
}
