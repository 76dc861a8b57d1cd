//! The parameters behind a path.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::class::{KEYWORD, VALUE};
use crate::slice;

/// The parameters of `MAIL` or `RCPT`, in the order sent. They are told apart when they are asked for:
///
/// ```
/// use smtp_proto::command::{self, Arguments, Meaning};
///
/// let command = command::parse(b"MAIL FROM:<a@b> BODY=8BITMIME SIZE=3")?;
/// let Arguments::Mail { parameters, .. } = &command.arguments else { unreachable!() };
/// assert_eq!(parameters.get("size").unwrap().meaning(), Meaning::Size(3));
/// for parameter in parameters {
///     assert!(parameter.value.is_some());
/// }
/// # Ok::<(), smtp_proto::ParseError>(())
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Parameters<T = Bytes> {
    /// All of them as sent, without blanks at both ends.
    pub text: T,
}

impl<T> Parameters<T> {
    /// The same with `f` of the text.
    pub(super) fn map<U>(&self, f: impl Fn(&T) -> U) -> Parameters<U> {
        Parameters { text: f(&self.text) }
    }
}

impl<T: AsRef<[u8]>> Parameters<T> {
    /// One after the other. Beyond 128 of them the last one holds the rest of the line.
    pub fn iter(&self) -> ParameterIter<'_> {
        ParameterIter { rest: self.text.as_ref(), cut: 0 }
    }

    /// The first of this keyword, in any case.
    #[must_use]
    pub fn get(&self, keyword: &str) -> Option<Parameter<'_>> {
        self.iter().find(|parameter| parameter.is(keyword))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.as_ref().is_empty()
    }
}

impl<'a, T: AsRef<[u8]>> IntoIterator for &'a Parameters<T> {
    type Item = Parameter<'a>;
    type IntoIter = ParameterIter<'a>;

    fn into_iter(self) -> ParameterIter<'a> {
        self.iter()
    }
}

/// [`Parameters`] one after the other.
#[derive(Debug, Clone)]
pub struct ParameterIter<'a> {
    rest: &'a [u8],
    cut: usize,
}

impl<'a> Iterator for ParameterIter<'a> {
    type Item = Parameter<'a>;

    #[inline]
    fn next(&mut self) -> Option<Parameter<'a>> {
        let words = slice::trim_start(self.rest);
        if words.is_empty() {
            return None;
        }
        let end = words.iter().position(|&byte| slice::is_blank(byte) || byte == b'=').unwrap_or(words.len());
        let (keyword, behind) = slice::split(words, end);
        let (value, rest) = match behind {
            [b'=', value @ ..] => {
                let (value, rest) = slice::split_word(value);
                (Some(value), rest)
            }
            _ => (None, behind),
        };
        self.cut += 1;
        if self.cut == MOST && !slice::trim_start(rest).is_empty() {
            self.rest = &[];
            return Some(Parameter { keyword: words, value: None });
        }
        self.rest = rest;
        Some(Parameter { keyword, value })
    }
}

/// One parameter of `MAIL` or `RCPT`, or a word found where one should stand.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameter<'a> {
    /// What stands before the `=`, as sent. Words that are no parameter, such as a comment, are kept here whole.
    pub keyword: &'a [u8],
    /// What stands behind the `=`, as sent; `None` without a `=`.
    pub value: Option<&'a [u8]>,
}

impl<'a> Parameter<'a> {
    /// Whether the keyword is this one, in any case.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// The value with its xtext decoded, as `ENVID`, `ORCPT` and `AUTH` have it; empty without a value.
    ///
    /// A `+` that no two upper-case hexadecimal digits follow is kept: clients that forget to encode an address write
    /// `bob+dad@example.org`, which lower-case digits would turn into another address.
    #[must_use]
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        xtext(self.value.unwrap_or_default())
    }
}

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.keyword.escape_ascii())?;
        self.value.map_or(Ok(()), |value| write!(f, "={}", value.escape_ascii()))
    }
}

// RFC 3461 4:
//   xtext   = *( xchar / hexchar )
//   xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
//   hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
pub(super) fn xtext(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Cow::Owned(decoded),
            [b'+', high, low, tail @ ..] if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                decoded.push(high << 4 | low);
                tail
            }
            [byte, tail @ ..] => {
                decoded.push(*byte);
                tail
            }
        };
    }
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Parameters of one command; what stands behind goes into the last one, so that a line of blanks and letters cannot
/// grow to many times its size.
const MOST: usize = 128;

/// What follows a path, from its separator on, and whether it is as the RFC has it.
pub(super) fn list(tail: &[u8]) -> (Parameters<&[u8]>, bool) {
    (Parameters { text: slice::trim(tail) }, is_strict(tail))
}

// RFC 5321 4.1.1.2, 4.1.2, with RFC 6531 3.3:
//   Mail-parameters = esmtp-param *(SP esmtp-param)
//   esmtp-param     = esmtp-keyword ["=" esmtp-value]
fn is_strict(mut tail: &[u8]) -> bool {
    for _ in 0..MOST {
        let [b' ', words @ ..] = tail else { break };
        let (keyword, rest) = KEYWORD.run(words);
        if !keyword.first().is_some_and(u8::is_ascii_alphanumeric) {
            return false;
        }
        tail = rest;
        if let [b'=', rest @ ..] = rest {
            let (value, rest) = VALUE.run(rest);
            if value.is_empty() {
                return false;
            }
            tail = rest;
        }
    }
    tail.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter<'a>(keyword: &'a str, value: Option<&'a str>) -> Parameter<'a> {
        Parameter { keyword: keyword.as_bytes(), value: value.map(str::as_bytes) }
    }

    fn listed(tail: &[u8]) -> (Vec<Parameter<'_>>, bool) {
        let (parameters, strict) = list(tail);
        let rest = parameters.text;
        (ParameterIter { rest, cut: 0 }.collect(), strict)
    }

    #[test]
    fn words_become_parameters() {
        type Expected = &'static [(&'static str, Option<&'static str>)];
        let table: &[(&str, Expected, bool)] = &[
            ("", &[], true),
            (" SIZE=3", &[("SIZE", Some("3"))], true),
            (" SIZE=3 SMTPUTF8", &[("SIZE", Some("3")), ("SMTPUTF8", None)], true),
            (" AUTH=<>", &[("AUTH", Some("<>"))], true),
            (" ORCPT=utf-8;b\u{fc}", &[("ORCPT", Some("utf-8;b\u{fc}"))], true),
            // Loose from here on.
            (" ", &[], false),
            ("SIZE=3", &[("SIZE", Some("3"))], false),
            ("\tSIZE=3", &[("SIZE", Some("3"))], false),
            ("  SIZE=3", &[("SIZE", Some("3"))], false),
            (" SIZE=3 ", &[("SIZE", Some("3"))], false),
            (" SIZE=", &[("SIZE", Some(""))], false),
            (" =3", &[("", Some("3"))], false),
            (" A=b=c", &[("A", Some("b=c"))], false),
            (" -A", &[("-A", None)], false),
            (" (a comment)", &[("(a", None), ("comment)", None)], false),
        ];
        for (text, expected, strict) in table {
            let expected: Vec<_> =
                expected.iter().map(|(keyword, value)| parameter(keyword, *value)).collect();
            assert_eq!(listed(text.as_bytes()), (expected, *strict), "{text:?}");
        }
    }

    #[test]
    fn the_last_parameter_takes_the_rest() {
        let line = " A".repeat(MOST + 2) + "=b ";
        let (parameters, strict) = listed(line.as_bytes());
        assert_eq!((parameters.len(), strict), (MOST, false));
        assert_eq!(parameters.last(), Some(&parameter("A A A=b", None)));

        let line = " A=b".repeat(MOST);
        let (parameters, strict) = listed(line.as_bytes());
        assert_eq!((parameters.len(), strict), (MOST, true));
        assert_eq!(parameters.last(), Some(&parameter("A", Some("b"))));
    }

    #[test]
    fn xtext_is_decoded_where_it_is_xtext() {
        for (value, decoded) in [
            (None, ""),
            (Some(""), ""),
            (Some("rfc822;a@b"), "rfc822;a@b"),
            (Some("rfc822;a+2Bb+3Dc@d"), "rfc822;a+b=c@d"),
            (Some("+2B+2B"), "++"),
            (Some("+2"), "+2"),
            (Some("a+"), "a+"),
            (Some("++2B"), "++"),
            (Some("bob+dad@x"), "bob+dad@x"),
            (Some("+G0+0G"), "+G0+0G"),
        ] {
            assert_eq!(parameter("ORCPT", value).decoded(), decoded.as_bytes(), "{value:?}");
        }
    }

    #[test]
    fn keywords_match_in_any_case() {
        let size = parameter("Size", Some("3"));
        assert_eq!((size.is("SIZE"), size.is("size"), size.is("siz")), (true, true, false));
    }
}
