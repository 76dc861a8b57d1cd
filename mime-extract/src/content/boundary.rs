//! What the boundary may be where a field can be read in several ways (RFC 2046 section 5.1.1).
//!
//! Mail programs differ in comments, quotes, repeated parameters and those of RFC 2231. All that one of them may take for
//! the boundary is listed here; which of them the sender meant shows in the body.

use super::extended;
use super::parameter::{self, Parameter};
use crate::headers::encoded_word;
use crate::slice::{self, is_blank, is_space};

/// So many are told of one field.
const MAX_READINGS: usize = 24;

/// Longest boundary that is looked for.
const MAX_LEN: usize = 512;

/// All readings of the boundary in a raw Content-Type value, the likeliest first, each once.
pub(crate) fn readings(raw: &[u8], max: usize) -> Vec<Vec<u8>> {
    let mut list = List(Vec::new());
    let value = parameter::parse(raw, max);
    for found in extended::find(&value.parameters, "boundary").0 {
        list.add(&found.bytes);
        list.add(found.text.as_bytes());
    }
    list.add(&last_sections(&value.parameters));
    // Without its folds, as the parameters are read.
    let text: Vec<u8> = raw.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    for behind in assignments(&text) {
        list.add_all(behind);
    }
    let bare = without_comments(&text);
    if bare != text {
        for behind in assignments(&bare) {
            list.add_all(behind);
        }
    }
    list.0
}

/// What a boundary holds that stands inside of the value of another parameter.
pub(super) fn is_hidden(value: &[u8]) -> bool {
    memchr::memchr(b'=', value).is_some() && assignments(value).next().is_some()
}

struct List(Vec<Vec<u8>>);

impl List {
    fn add(&mut self, boundary: &[u8]) {
        let boundary = slice::trim_end(boundary, is_blank);
        let known = self.0.iter().any(|known| known == boundary);
        if !boundary.is_empty() && boundary.len() <= MAX_LEN && !known && self.0.len() < MAX_READINGS {
            self.0.push(boundary.to_vec());
        }
    }

    /// The readings of a value that begins there.
    fn add_all(&mut self, behind: &[u8]) {
        let behind = slice::trim_start(behind, is_space);
        let to = |stops: &[u8]| {
            let len = behind.iter().position(|byte| stops.contains(byte));
            slice::split(behind, len.unwrap_or(behind.len())).0
        };
        let semicolon = slice::trim(to(b";"), is_space);
        let word = to(b"; \t");
        for (quote, rest) in [(b'"', behind.strip_prefix(b"\"")), (b'\'', behind.strip_prefix(b"'"))] {
            let Some(rest) = rest else { continue };
            // To the closing quote, with and without the backslashes; to the semicolon, where there is none.
            let mut end = rest.len();
            let mut escaped = false;
            for (at, &byte) in rest.iter().enumerate() {
                if byte == quote && !escaped {
                    end = at;
                    break;
                }
                escaped = byte == b'\\' && !escaped;
            }
            let inside = slice::split(rest, end).0;
            self.add(&without(inside, b"\\"));
            self.add(inside);
            let plain = memchr::memchr(quote, rest).unwrap_or(rest.len());
            self.add(slice::split(rest, plain).0);
        }
        self.add(semicolon);
        self.add(word);
        self.add(&without(semicolon, b"\"\\"));
        self.add(&without(word, b"\"\\"));
        self.add(&without(word, b"\\"));
        self.add(&without(semicolon, b"\"'"));
        // RFC 2045 stops a token at any of these.
        self.add(to(b"()<>@,;:\\\"/[]?= \t"));
        let decoded = encoded_word::decode(&without(semicolon, b"\""));
        self.add(decoded.as_bytes());
    }
}

fn without(text: &[u8], bytes: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !bytes.contains(byte)).collect()
}

/// Where sections are repeated, the last one instead of the first.
fn last_sections(parameters: &[Parameter<'_>]) -> Vec<u8> {
    let mut reversed: Vec<Parameter<'_>> =
        parameters.iter().rev().filter(|one| one.name.starts_with("boundary*")).cloned().collect();
    reversed.retain(|one| one.name != "boundary*");
    extended::find(&reversed, "boundary").0.next().map(|one| one.bytes.into_owned()).unwrap_or_default()
}

/// What stands behind each `boundary=`, wherever that is.
fn assignments(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    const WORD: &[u8] = b"boundary";
    text.windows(WORD.len())
        .enumerate()
        .filter(|(_, word)| word.eq_ignore_ascii_case(WORD))
        .filter_map(|(at, _)| {
            let behind = slice::split(text, at + WORD.len()).1;
            let behind = slice::trim_start(behind, |byte| is_space(byte) || matches!(byte, b'*' | b'0'));
            behind.strip_prefix(b"=")
        })
        .take(4)
}

/// `(..)` left out, also inside of quotes.
fn without_comments(text: &[u8]) -> Vec<u8> {
    let mut depth = 0usize;
    text.iter()
        .copied()
        .filter(|byte| {
            match byte {
                b'(' => depth += 1,
                b')' if depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_may_be_meant() {
        for (raw, expected) in [
            ("a/b; boundary=foo; boundary=bar", &["foo", "bar"][..]),
            ("a/b; boundary=foo; boundary*=us-ascii''b%61r", &["bar", "foo"]),
            ("a/b; boundary*0=a; boundary*0=b; boundary*1=c", &["ac", "bc"]),
            ("a/b; boundary*=utf-16be''%00x%00y", &["\0x\0y", "xy"]),
            ("a/b; boundary=\"foo", &["foo", "\"foo"]),
            ("a/b; boundary=\"foo;", &["foo"]),
            ("a/b; boundary=f\"o\"o", &["f\"o\"o", "foo"]),
            ("a/b; boundary='foo'", &["'foo'", "foo"]),
            ("a/b; boundary=f\\oo", &["f\\oo", "foo"]),
            ("a/b; boundary=\"f\\oo\"", &["f\\oo", "foo"]),
            ("a/b; boundary=(boundary=foo)bar", &["bar", "(boundary=foo)bar", "foo"]),
            ("a/b; x=\"bla;boundary=foo\"", &["foo\"", "foo"]),
            ("a/b; boundary=boundary=x", &["boundary=x", "boundary", "x"]),
            ("a/b; boundary=--_=_x/y", &["--_=_x/y", "--_"]),
            ("a/b; boundary=\"=?utf-8?q?foo?=\"", &["=?utf-8?q?foo?=", "foo"]),
            ("a/b; charset=x", &[]),
        ] {
            let found = readings(raw.as_bytes(), 200);
            let found: Vec<_> = found.iter().map(|one| String::from_utf8_lossy(one).into_owned()).collect();
            for one in expected {
                assert!(found.iter().any(|found| found == one), "{one:?} of {raw:?} in {found:?}");
            }
            assert_eq!(found.first().map(String::as_str), expected.first().copied(), "{raw:?}");
        }
    }

    #[test]
    fn hidden_ones() {
        for (value, hidden) in
            [("bla;boundary=x", true), ("BOUNDARY = x", true), ("boundary_=1", false), ("=_boundary", false)]
        {
            assert_eq!(is_hidden(value.as_bytes()), hidden, "{value:?}");
        }
    }
}
