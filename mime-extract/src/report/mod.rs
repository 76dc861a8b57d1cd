//! What machines report: deliveries (RFC 3464), what became of a message (RFC 8098), and abuse (RFC 5965).
//!
//! A report is a leaf; these functions read its decoded bytes as blocks of fields. Nothing of it is lost: what has no
//! place of its own here stays among the `fields`, lines that are no fields included.
//!
//! ```
//! use mime_extract::report;
//!
//! let status = report::delivery_status(
//!     b"Reporting-MTA: dns; mx.example.org\r\nArrival-Date: 1 Jan 2001 00:00 GMT\r\n\r\n\
//!       Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\
//!       Diagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\nX-Queue: 7\r\n",
//! );
//! assert_eq!(status.reporting_mta.unwrap().value, "mx.example.org");
//! let bob = &status.recipients[0];
//! assert_eq!((&*bob.address.as_ref().unwrap().value, bob.action.as_deref()), ("bob@example.net", Some("failed")));
//! assert_eq!(bob.status.unwrap().to_string(), "5.1.1");
//! assert_eq!(bob.diagnostic_code.as_ref().unwrap().value, "550 5.1.1 no such user");
//! assert_eq!(bob.fields.text("x-queue").unwrap(), "7");
//! ```
//!
//! # Limits
//!
//! Of a report 4 MiB, 65,536 fields and 10,000 recipients are read; `complete` says whether that was all.

mod delivery;
mod notice;

pub use delivery::{DeliveryStatus, Recipient, Status, delivery_status};
pub use notice::{Disposition, Feedback, disposition, feedback};

use crate::headers::line::{Line, classify};
use crate::headers::{Headers, Span};
use crate::slice::{self, is_space};

const MAX_BYTES: usize = 4 << 20;
const MAX_FIELDS: usize = 65_536;

/// A value and what kind of value it is (RFC 3464 section 2.1.2): `rfc822; bob@example.net`, `dns; mx.example.org`,
/// `smtp; 550 no such user`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Typed {
    /// The kind in lower case; empty where none is named.
    pub kind: String,
    /// The value on one line; an address without the angle brackets around it.
    pub value: String,
}

impl Typed {
    fn parse(text: &str) -> Self {
        let is_kind = |kind: &str| {
            !kind.is_empty()
                && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        match text.split_once(';').map(|(kind, value)| (kind.trim(), value.trim())) {
            Some((kind, value)) if is_kind(kind) => {
                Self { kind: kind.to_ascii_lowercase(), value: value.to_owned() }
            }
            _ => Self { kind: String::new(), value: text.trim().to_owned() },
        }
    }

    /// The same of an address.
    fn address(text: &str) -> Self {
        let mut typed = Self::parse(text);
        if let Some(bare) = typed.value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            typed.value = bare.to_owned();
        }
        if typed.kind == "utf-8" {
            typed.value = without_escapes(&typed.value);
        }
        typed
    }
}

/// RFC 6533 section 3: `\x{e9}` stands for a character.
fn without_escapes(text: &str) -> String {
    let mut pieces = text.split("\\x{");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let known = piece.split_once('}').and_then(|(digits, rest)| {
            let hex = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let digits = if hex { digits } else { return None };
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, rest))
        });
        match known {
            Some((character, rest)) => {
                out.push(character);
                out.push_str(rest);
            }
            None => {
                out.push_str("\\x{");
                out.push_str(piece);
            }
        }
    }
    out
}

/// The fields of a report, in order.
struct Fields<'a> {
    bytes: &'a [u8],
    spans: Vec<Span>,
    /// By field: whether an empty line stands before it.
    apart: Vec<bool>,
    /// Whether these are all.
    complete: bool,
}

/// What stands between a line and the field before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    /// Lines of blanks: a fold, if more of it follows.
    Blanks,
    EmptyLine,
}

impl<'a> Fields<'a> {
    fn read(content: &'a [u8]) -> Self {
        let bytes = slice::split(content, MAX_BYTES).0;
        let mut fields =
            Self { complete: bytes.len() == content.len(), bytes, spans: Vec::new(), apart: Vec::new() };
        let mut between = Between::Nothing;
        let mut at = 0;
        while at < fields.bytes.len() {
            let rest = slice::split(fields.bytes, at).1;
            let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |len| len + 1);
            let line = slice::split(rest, len).0;
            let (start, end) = (at, at + len);
            at = end;
            let (name_end, value) = match classify(line, true) {
                Line::Blank => {
                    between = Between::EmptyLine;
                    continue;
                }
                Line::Fold if slice::trim(line, is_space).is_empty() => {
                    if between == Between::Nothing {
                        between = Between::Blanks;
                    }
                    continue;
                }
                Line::Fold if between != Between::EmptyLine => match fields.spans.last_mut() {
                    Some(span) => {
                        span.end = position(end);
                        between = Between::Nothing;
                        continue;
                    }
                    None => (0, 0),
                },
                Line::Field { name_end, value } => (name_end, value),
                Line::Fold | Line::Junk | Line::Unsure => (0, 0),
            };
            if fields.spans.len() == MAX_FIELDS {
                fields.complete = false;
                break;
            }
            let [start, name_end, value, end] = [start, start + name_end, start + value, end].map(position);
            fields.spans.push(Span { start, name_end, value, end, offset: u64::from(start) });
            fields.apart.push(between != Between::Nothing);
            between = Between::Nothing;
        }
        for span in &mut fields.spans {
            span.trim(fields.bytes, is_space);
        }
        fields
    }

    /// The fields from `from` to `to` as a block.
    fn block(&self, from: usize, to: usize) -> Headers {
        let mut spans = self.spans.get(from..to.max(from)).unwrap_or_default().to_vec();
        let start = spans.first().map_or(0, |span| span.start);
        let end = spans.last().map_or(0, |span| span.end);
        for Span { start: begin, name_end, value, end, .. } in &mut spans {
            for place in [begin, name_end, value, end] {
                *place = place.saturating_sub(start);
            }
        }
        let bytes = slice::range(self.bytes, start as usize, end as usize).to_vec();
        Headers::new(bytes, spans, self.complete)
    }

    /// All of them as one block.
    fn all(&self) -> Headers {
        self.block(0, self.spans.len())
    }

    /// The name of a field.
    fn name(&self, at: usize) -> &[u8] {
        self.spans
            .get(at)
            .map_or(&[], |span| slice::range(self.bytes, span.start as usize, span.name_end as usize))
    }
}

/// Places fit: the limit is below.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The value of the first field of that name, where it is not empty.
fn text(fields: &Headers, name: &str) -> Option<String> {
    fields.text(name).filter(|text| !text.is_empty())
}

/// The first word of a value in lower case, without what follows it in comments.
fn word(text: &str) -> Option<String> {
    let end = |c: char| c.is_whitespace() || matches!(c, '(' | ';');
    text.split(end).find(|word| !word.is_empty()).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields, one a line, `+` before those behind an empty line.
    fn read(text: &str) -> String {
        let fields = Fields::read(text.as_bytes());
        let all = fields.all();
        let lines = all.iter().zip(&fields.apart).map(|(field, apart)| {
            let mark = if *apart { "+" } else { "" };
            format!("{mark}{field:?}@{}", field.offset())
        });
        lines.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines() {
        for (text, expected) in [
            ("", ""),
            ("A: b", "A: b@0"),
            ("A: b\r\nC:d \r\n\r\nE: f\r\n", "A: b@0|C: d@6|+E: f@14"),
            ("A: b\n\tc\n \n d\nE: f\n", "A: b\\n\\tc\\n \\n d@0|E: f@13"),
            ("\n\nA: b\n \nC: d\n", "+A: b@2|+C: d@9"),
            ("A: b\n\n c\nno field\n", "A: b@0|+: c@6|: no field@9"),
            (" a\nB:\nC : d", ": a@0|B: @3|C: d@6"),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn limits() {
        let [many, long] = [("A: b\n", MAX_FIELDS + 1), ("x", MAX_BYTES + 1)].map(|(text, n)| text.repeat(n));
        let fields = Fields::read(many.as_bytes());
        assert_eq!((fields.spans.len(), fields.complete), (MAX_FIELDS, false));
        let fields = Fields::read(long.as_bytes());
        assert_eq!(
            (fields.all().iter().map(|field| field.raw().len()).collect(), fields.complete),
            (vec![MAX_BYTES], false)
        );
    }

    #[test]
    fn typed_values() {
        for (text, kind, value) in [
            ("rfc822; a@b", "rfc822", "a@b"),
            ("RFC822;<a@b>", "rfc822", "a@b"),
            ("a@b", "", "a@b"),
            ("no kind; at all", "", "no kind; at all"),
            ("utf-8; gr\\x{fc}n\\x{110000}\\x{+1}@b", "utf-8", "grün\\x{110000}\\x{+1}@b"),
            ("x-a; b; c", "x-a", "b; c"),
            ("", "", ""),
        ] {
            let Typed { kind: found, value: read } = Typed::address(text);
            assert_eq!((&*found, &*read), (kind, value), "{text:?}");
        }
    }
}
