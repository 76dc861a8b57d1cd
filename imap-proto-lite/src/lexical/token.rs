//! The tokens of RFC 9051 section 9, as servers and clients of today write them.

use memchr::memchr2;
use nom::IResult;
use nom::Parser as _;
use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_while1};
use nom::character::complete::{char, u64};
use nom::combinator::{map, opt};
use nom::error::{Error, ErrorKind};
use nom::sequence::{delimited, preceded};
use std::borrow::Cow;

/// What a parser of `complete` input gives.
pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T>;

/// A string as it stands in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Str<'a> {
    /// Its bytes, unescaped where they had to be.
    Whole(Cow<'a, [u8]>),
    /// A literal of so many bytes that are not in the line.
    Elsewhere(u64),
}

/// Whether a byte may stand in an atom. More than ATOM-CHAR: flags have their backslash, names and keywords come with
/// all kinds of signs, also beyond ASCII.
pub(crate) const fn is_atom(byte: u8) -> bool {
    !matches!(byte, 0..=b' ' | b'(' | b')' | b'"' | 0x7f)
}

/// One or more such bytes.
pub(crate) fn atom(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(is_atom).parse(input)
}

/// RFC 9051 section 4.3: `"..."`; a backslash stands before a quote or a backslash, but is forgiven anywhere.
pub(crate) fn quoted(input: &[u8]) -> Parsed<'_, Cow<'_, [u8]>> {
    let (text, _) = char('"').parse(input)?;
    let mut end = 0;
    let mut escaped = false;
    loop {
        let found = text.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest));
        let Some(at) = found.map(|found| end + found) else {
            return Err(nom::Err::Error(Error::new(input, ErrorKind::Char)));
        };
        if text.get(at) == Some(&b'"') {
            let (inside, rest) = text.split_at_checked(at).unwrap_or((text, &[]));
            let value = if escaped { Cow::Owned(unescape(inside)) } else { Cow::Borrowed(inside) };
            return Ok((rest.get(1..).unwrap_or_default(), value));
        }
        escaped = true;
        end = at + 2;
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        plain.push(if byte == b'\\' { rest.next().unwrap_or(byte) } else { byte });
    }
    plain
}

/// RFC 9051 section 4.3 and RFC 7888: `{3}`, `{3+}`, `~{3}`, and the bytes behind its line end. A line end without CR
/// says that the bytes are not in the line.
pub(crate) fn literal(input: &[u8]) -> Parsed<'_, Str<'_>> {
    let size = delimited(char('{'), u64, (opt(alt((char('+'), char('-')))), char('}')));
    let (rest, size) = preceded(opt(char('~')), size).parse(input)?;
    if let Some(rest) = rest.strip_prefix(b"\n") {
        return Ok((rest, Str::Elsewhere(size)));
    }
    map(preceded(tag(&b"\r\n"[..]), take(size)), |text| Str::Whole(Cow::Borrowed(text))).parse(rest)
}

/// A quoted string or a literal.
pub(crate) fn string(input: &[u8]) -> Parsed<'_, Str<'_>> {
    match input.first() {
        Some(b'"') => map(quoted, Str::Whole).parse(input),
        _ => literal(input),
    }
}

/// A string, or an atom in its place.
pub(crate) fn astring(input: &[u8]) -> Parsed<'_, Str<'_>> {
    match input.first() {
        Some(b'"') => string(input),
        Some(b'{' | b'~') => alt((literal, map(atom, |text| Str::Whole(Cow::Borrowed(text))))).parse(input),
        _ => map(atom, |text| Str::Whole(Cow::Borrowed(text))).parse(input),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Option<Str<'_>> {
        Some(Str::Whole(Cow::Borrowed(text)))
    }

    #[test]
    fn strings() {
        for (input, value, rest) in [
            (&b"\"\" x"[..], whole(b""), &b" x"[..]),
            (b"\"a b\")", whole(b"a b"), b")"),
            (b"\"a\\\"b\\\\c\" x", whole(b"a\"b\\c"), b" x"),
            (b"\"open", None, b""),
            (b"\"open\\\"", None, b""),
            (b"\"open\\", None, b""),
            (b"{3}\r\na)b rest", whole(b"a)b"), b" rest"),
            (b"{3+}\r\nabc", whole(b"abc"), b""),
            (b"~{0}\r\n)", whole(b""), b")"),
            (b"{4}\r\nabc", None, b""),
            (b"{9}\n)", Some(Str::Elsewhere(9)), b")"),
            (b"{18446744073709551615}\n", Some(Str::Elsewhere(u64::MAX)), b""),
            (b"{18446744073709551616}\n", None, b""),
            (b"{-1}\n", None, b""),
            (b"{}\n", None, b""),
            (b"{3}abc", None, b""),
            (b"atom", None, b""),
        ] {
            let expected = value.map(|value| (rest, value));
            assert_eq!(string(input).ok(), expected, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn an_atom_may_stand_for_a_string() {
        for (input, value, rest) in [
            (&b"INBOX)"[..], whole(b"INBOX"), &b")"[..]),
            (b"{x}", whole(b"{x}"), b""),
            (b"%* x", whole(b"%*"), b" x"),
            (b"c%r\"o", whole(b"c%r"), b"\"o"),
            (b"(", None, b""),
            (b"", None, b""),
        ] {
            let expected = value.map(|value| (rest, value));
            assert_eq!(astring(input).ok(), expected, "{}", input.escape_ascii());
        }
    }
}
