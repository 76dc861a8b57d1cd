//! Sections of a message (RFC 9051 section 6.4.5): what `BODY[...]` and `BINARY[...]` name.

use crate::ParseError;
use crate::lexical::{MAX_DEPTH, Scan};
use bytes::Bytes;
use core::fmt;

/// Which part of a message is meant, or was sent.
///
/// `RFC822`, `RFC822.HEADER` and `RFC822.TEXT` are the sections they stand for.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Section {
    /// RFC 3516: the content was decoded by the server.
    pub binary: bool,
    /// Numbers of the MIME part, outermost first; empty: the message itself.
    pub path: Vec<u32>,
    /// What of that part.
    pub specifier: Specifier,
}

/// What of a message or part is meant.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Specifier {
    /// All of the message; of a part, its body.
    #[default]
    Whole,
    /// The header of the message, or of the message that the part encloses.
    Header,
    /// Only the header fields of these names.
    HeaderFields(Vec<Bytes>),
    /// All header fields but those of these names.
    HeaderFieldsNot(Vec<Bytes>),
    /// What follows the header.
    Text,
    /// The header of the part itself.
    Mime,
    /// Something that no RFC names.
    Other(Bytes),
}

impl Section {
    /// The whole message, `BODY[]`.
    #[must_use]
    pub fn whole() -> Self {
        Self::default()
    }

    /// That of the message itself.
    #[must_use]
    pub const fn of_message(specifier: Specifier) -> Self {
        Self { binary: false, path: Vec::new(), specifier }
    }

    /// Whether this is the whole message.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.path.is_empty() && self.specifier == Specifier::Whole
    }

    /// Whether the content is a selection of header fields: it looks like a message and is none.
    #[must_use]
    pub const fn is_header_subset(&self) -> bool {
        matches!(self.specifier, Specifier::HeaderFields(_) | Specifier::HeaderFieldsNot(_))
    }

    /// Reads from behind `[` to behind `]`.
    pub(crate) fn read(scan: &mut Scan<'_>, binary: bool) -> Result<Self, ParseError> {
        let here = *scan;
        let words = scan.take_while(|byte| !matches!(byte, b']' | b' ' | b'(' | b'\t'));
        let mut path = Vec::new();
        let mut rest = words;
        while let Some(number) = leading_number(&mut rest) {
            if path.len() >= MAX_DEPTH {
                return Err(here.error("a path of fewer parts"));
            }
            path.push(number);
        }
        let specifier = match rest.to_ascii_uppercase().as_slice() {
            b"" => Specifier::Whole,
            b"HEADER" => Specifier::Header,
            b"TEXT" => Specifier::Text,
            b"MIME" => Specifier::Mime,
            b"HEADER.FIELDS" | b"HEADER.LINES" => Specifier::HeaderFields(names(scan)?),
            b"HEADER.FIELDS.NOT" | b"HEADER.LINES.NOT" => Specifier::HeaderFieldsNot(names(scan)?),
            _ => Specifier::Other(scan.share(rest)),
        };
        scan.blanks();
        if !scan.eat(b']') {
            return Err(scan.error("the end of a section"));
        }
        Ok(Self { binary, path, specifier })
    }

    /// A copy that keeps no line alive.
    #[must_use]
    pub(crate) fn copied(&self) -> Self {
        let copy = |names: &[Bytes]| names.iter().map(|name| Bytes::copy_from_slice(name)).collect();
        let specifier = match &self.specifier {
            Specifier::HeaderFields(names) => Specifier::HeaderFields(copy(names)),
            Specifier::HeaderFieldsNot(names) => Specifier::HeaderFieldsNot(copy(names)),
            Specifier::Other(text) => Specifier::Other(Bytes::copy_from_slice(text)),
            other => other.clone(),
        };
        Self { specifier, ..self.clone() }
    }
}

/// `1.2.MIME`: a number and the dot behind it.
fn leading_number(words: &mut &[u8]) -> Option<u32> {
    let digits = words.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = words.split_at_checked(digits)?;
    let number = str::from_utf8(number).ok()?.parse().ok()?;
    *words = match rest.split_first() {
        None => rest,
        Some((b'.', rest)) => rest,
        Some(_) => return None,
    };
    Some(number)
}

/// The names of header fields, in parentheses.
fn names(scan: &mut Scan<'_>) -> Result<Vec<Bytes>, ParseError> {
    scan.blanks();
    scan.list(Scan::astring_bytes)
}

/// As it stands between the brackets.
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in self.path.iter().enumerate() {
            write!(f, "{}{number}", if index == 0 { "" } else { "." })?;
        }
        let dot = if self.path.is_empty() { "" } else { "." };
        let listed = |names: &[Bytes]| {
            names.iter().map(|name| String::from_utf8_lossy(name)).collect::<Vec<_>>().join(" ")
        };
        match &self.specifier {
            Specifier::Whole => Ok(()),
            Specifier::Header => write!(f, "{dot}HEADER"),
            Specifier::HeaderFields(names) => write!(f, "{dot}HEADER.FIELDS ({})", listed(names)),
            Specifier::HeaderFieldsNot(names) => write!(f, "{dot}HEADER.FIELDS.NOT ({})", listed(names)),
            Specifier::Text => write!(f, "{dot}TEXT"),
            Specifier::Mime => write!(f, "{dot}MIME"),
            Specifier::Other(text) => write!(f, "{dot}{}", String::from_utf8_lossy(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections() {
        let names = |names: &[&'static str]| names.iter().map(|name| Bytes::from(*name)).collect();
        for (text, path, specifier, shown) in [
            ("]", &[][..], Specifier::Whole, ""),
            ("HEADER]", &[], Specifier::Header, "HEADER"),
            ("text]", &[], Specifier::Text, "TEXT"),
            ("1]", &[1], Specifier::Whole, "1"),
            ("1.2.MIME]", &[1, 2], Specifier::Mime, "1.2.MIME"),
            ("3.HEADER]", &[3], Specifier::Header, "3.HEADER"),
            (
                "HEADER.FIELDS (From \"a]b\" {3}\r\nX-Y)]",
                &[],
                Specifier::HeaderFields(names(&["From", "a]b", "X-Y"])),
                "HEADER.FIELDS (From a]b X-Y)",
            ),
            (
                "2.HEADER.FIELDS.NOT (To)]",
                &[2],
                Specifier::HeaderFieldsNot(names(&["To"])),
                "2.HEADER.FIELDS.NOT (To)",
            ),
            ("1.FOO]", &[1], Specifier::Other("FOO".into()), "1.FOO"),
            ("99999999999]", &[], Specifier::Other("99999999999".into()), "99999999999"),
        ] {
            let line = Bytes::copy_from_slice(text.as_bytes());
            let read = Section::read(&mut Scan::new(&line), false);
            let expected = Section { binary: false, path: path.to_vec(), specifier };
            assert_eq!(expected.to_string(), shown);
            assert_eq!(read, Ok(expected), "{text}");
        }
        for text in ["", "HEADER", "HEADER.FIELDS]", "HEADER.FIELDS (a]", "1 x]"] {
            let line = Bytes::copy_from_slice(text.as_bytes());
            assert!(Section::read(&mut Scan::new(&line), false).is_err(), "{text}");
        }
        let deep = Bytes::from(format!("{}1]", "1.".repeat(200)));
        assert!(Section::read(&mut Scan::new(&deep), false).is_err());
    }
}
