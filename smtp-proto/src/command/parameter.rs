//! The parameters behind a path.

use std::borrow::Cow;

use bytes::Bytes;

use crate::slice;

/// One parameter of `MAIL` or `RCPT`, or a word found where one should stand.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// What stands before the `=`, as sent. Words that are no parameter, such as a comment, are kept here whole.
    pub keyword: Bytes,
    /// What stands behind the `=`, as sent; `None` without a `=`.
    pub value: Option<Bytes>,
}

impl Parameter {
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
    pub fn decoded(&self) -> Cow<'_, [u8]> {
        xtext(self.value.as_deref().unwrap_or_default())
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

// RFC 5321 4.1.1.2, 4.1.2:
//   Mail-parameters = esmtp-param *(SP esmtp-param)
//   esmtp-param     = esmtp-keyword ["=" esmtp-value]
/// What follows a path, from its separator on, and whether it is as the RFC has it.
pub(super) fn list(line: &Bytes, mut text: &[u8]) -> (Vec<Parameter>, bool) {
    let mut parameters = Vec::new();
    let mut strict = true;
    while !text.is_empty() {
        let words = slice::trim_start(text);
        strict &= text.len() == words.len() + 1 && text.starts_with(b" ") && !words.is_empty();
        if words.is_empty() {
            break;
        }
        let (word, rest) = slice::split_word(words);
        if parameters.len() + 1 == MOST && !slice::trim_start(rest).is_empty() {
            let keyword = slice::share(line, slice::trim_end(words));
            parameters.push(Parameter { keyword, value: None });
            return (parameters, false);
        }
        let (parameter, fits) = one(line, word);
        parameters.push(parameter);
        strict &= fits;
        text = rest;
    }
    (parameters, strict)
}

// RFC 5321 4.1.2, with RFC 6531 3.3:
//   esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//   esmtp-value   = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)
fn one(line: &Bytes, word: &[u8]) -> (Parameter, bool) {
    let (keyword, value) = match word.iter().position(|&byte| byte == b'=') {
        Some(at) => {
            let (keyword, rest) = slice::split(word, at);
            (keyword, Some(slice::split(rest, 1).1))
        }
        None => (word, None),
    };
    let fits = keyword.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && keyword.first().is_some_and(u8::is_ascii_alphanumeric)
        && value.is_none_or(|value| {
            !value.is_empty() && value.iter().all(|&byte| matches!(byte, 33..=60 | 62..=126 | 128..))
        });
    let value = value.map(|value| slice::share(line, value));
    (Parameter { keyword: slice::share(line, keyword), value }, fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(keyword: &str, value: Option<&str>) -> Parameter {
        Parameter {
            keyword: Bytes::copy_from_slice(keyword.as_bytes()),
            value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
        }
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
            let line = Bytes::copy_from_slice(text.as_bytes());
            let expected: Vec<_> =
                expected.iter().map(|(keyword, value)| parameter(keyword, *value)).collect();
            assert_eq!(list(&line, &line), (expected, *strict), "{text:?}");
        }
    }

    #[test]
    fn the_last_parameter_takes_the_rest() {
        let line = Bytes::from(" A".repeat(MOST + 2) + "=b ");
        let (parameters, strict) = list(&line, &line);
        assert_eq!((parameters.len(), strict), (MOST, false));
        assert_eq!(parameters.last(), Some(&parameter("A A A=b", None)));

        let line = Bytes::from(" A=b".repeat(MOST));
        let (parameters, strict) = list(&line, &line);
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
