//! A virtual message: header and parts as they were fetched, at the places that BODYSTRUCTURE gives them.

use super::ranges::{Assembled, Hole};
use super::sections::Sections;
use super::{How, Joined, LARGEST, Piece};
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
        parts: body.parts.iter().map(copied).collect(),
        disposition: body.disposition.as_ref().map(|(kind, values)| (copy(kind), pairs(values))),
    }
}

/// The part with these numbers (RFC 9051 section 6.4.5.1): those in an enclosed message are counted behind its own.
pub(super) fn part_of<'a>(body: &'a BodyStructure, path: &[u32]) -> Option<&'a BodyStructure> {
    let Some((number, rest)) = path.split_first() else { return Some(body) };
    let holder = match body.parts.first() {
        Some(enclosed) if body.is_message() => enclosed,
        _ => body,
    };
    let child = match usize::try_from(*number).ok()?.checked_sub(1)? {
        0 if !holder.is_multipart() => holder,
        index => holder.parts.get(index).filter(|_| holder.is_multipart())?,
    };
    if rest.is_empty() || child.is_multipart() || child.is_message() { part_of(child, rest) } else { None }
}

/// A message that is being made up.
struct Tree<'a> {
    joined: Joined,
    path: Vec<u32>,
    sections: &'a Sections<'a>,
    /// Something of its parts was fetched.
    found: bool,
}

/// Header, boundaries, parts; `None` if no part was fetched, or nobody could tell the parts apart.
pub(super) fn join(
    header: &Assembled,
    pieces: &[&Piece],
    body: &BodyStructure,
    sections: &Sections<'_>,
) -> Option<Joined> {
    let joined = Joined::begin(How::Parts, pieces.first().copied());
    let mut tree = Tree { joined, path: Vec::new(), sections, found: false };
    tree.joined.append(header, pieces);
    tree.multipart(body)?;
    tree.found.then_some(tree.joined)
}

impl Tree<'_> {
    /// Adds a section of the part at hand; false if it was not fetched.
    fn section(&mut self, specifier: Specifier, binary: bool) -> bool {
        let section = Section { binary, path: self.path.clone(), specifier };
        let Some((content, pieces)) = self.sections.get(&section) else { return false };
        self.found |= section.specifier != Specifier::Mime;
        self.joined.append(content, pieces);
        true
    }

    fn has(&self, specifier: Specifier, binary: bool) -> bool {
        self.sections.get(&Section { binary, path: self.path.clone(), specifier }).is_some()
    }

    fn text(&mut self, text: String) {
        self.joined.text(Bytes::from(text));
    }

    /// RFC 2046 section 5.1.1.
    fn multipart(&mut self, body: &BodyStructure) -> Option<()> {
        let boundary = body.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"boundary"));
        // Without it nobody could tell the parts apart.
        let boundary = shown(&boundary?.1);
        for (number, child) in (1..).zip(&body.parts) {
            let line_end = if number == 1 { "" } else { "\r\n" };
            self.text(format!("{line_end}--{boundary}\r\n"));
            self.path.push(number);
            self.part(child)?;
            self.path.pop();
        }
        self.text(format!("\r\n--{boundary}--\r\n"));
        Some(())
    }

    /// The header of a part and its content.
    fn part(&mut self, body: &BodyStructure) -> Option<()> {
        let decoded =
            !body.is_multipart() && !self.has(Specifier::Whole, false) && self.has(Specifier::Whole, true);
        if decoded {
            // RFC 3516: the server has undone the encoding, so the header that was sent with it is none of it.
            self.text(described(body, Some("binary")));
            self.section(Specifier::Whole, true);
            return Some(());
        }
        if !self.section(Specifier::Mime, false) {
            self.text(described(body, None));
        }
        if body.is_multipart() {
            return self.multipart(body);
        }
        if self.section(Specifier::Whole, false) {
            return Some(());
        }
        match body.parts.first() {
            Some(enclosed) if body.is_message() && self.is_fetched_below() => self.enclosed(enclosed),
            _ => {
                self.missing(body);
                Some(())
            }
        }
    }

    /// RFC 9051 section 6.4.5.1: of an enclosed message `2` there are `2.HEADER`, `2.TEXT`, and its parts `2.1`, `2.2`.
    fn enclosed(&mut self, body: &BodyStructure) -> Option<()> {
        if !self.section(Specifier::Header, false) {
            self.text(described(body, None));
        }
        if self.section(Specifier::Text, false) {
            return Some(());
        }
        if body.is_multipart() {
            return self.multipart(body);
        }
        self.path.push(1);
        if !self.section(Specifier::Whole, false) {
            self.missing(body);
        }
        self.path.pop();
        Some(())
    }

    /// Whether anything of what is inside the part at hand was fetched.
    fn is_fetched_below(&self) -> bool {
        self.sections.any(|section| {
            let below = section.path.strip_prefix(self.path.as_slice());
            below.is_some_and(|below| !below.is_empty() || !matches!(section.specifier, Specifier::Mime))
        })
    }

    fn missing(&mut self, body: &BodyStructure) {
        let size = body.size.filter(|size| *size <= LARGEST);
        let joined = &mut self.joined;
        joined.missing_parts.push((self.path.clone(), size));
        joined.holes.push(Hole { at: joined.size, len: size });
        joined.size = joined.size.saturating_add(size.unwrap_or(0));
    }
}

/// Nothing that the server says may begin a line of its own.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace(['\r', '\n'], " ")
}

/// The header of a part, as BODYSTRUCTURE describes it; with another encoding, if one is given.
fn described(body: &BodyStructure, encoding: Option<&str>) -> String {
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
    let said = body.encoding.as_deref().map(shown);
    if let Some(encoding) = encoding.map(str::to_owned).or(said) {
        header += &format!("Content-Transfer-Encoding: {encoding}\r\n");
    }
    if let Some(id) = &body.id {
        header += &format!("Content-ID: {}\r\n", shown(id));
    }
    if let Some((kind, values)) = &body.disposition {
        header += &format!("Content-Disposition: {}{}\r\n", shown(kind), pairs(values));
    }
    header + "\r\n"
}
