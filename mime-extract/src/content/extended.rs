//! Parameters in sections and charsets (RFC 2231).

use super::parameter::Parameter;
use crate::charset;
use crate::headers::encoded_word;
use crate::slice::{self, hex};
use std::borrow::Cow;

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// Whether RFC 2231 was used.
    pub(crate) extended: bool,
    /// The bytes, escapes undone.
    pub(crate) bytes: Cow<'a, [u8]>,
    /// The text.
    pub(crate) text: String,
    /// Whether the text was raw bytes that are not UTF-8.
    pub(crate) raw: bool,
    /// Whether the text held encoded words.
    pub(crate) encoded_words: bool,
}

/// All values of the parameter called `name`: extended ones first, otherwise in order. Whether sections were missing
/// or repeated, too.
pub(crate) fn find<'a>(
    parameters: &'a [Parameter<'_>],
    name: &'a str,
) -> (impl Iterator<Item = Found<'a>> + use<'a>, bool) {
    let mut found = Vec::new();
    let mut sections: Vec<(u32, bool, &[u8])> = Vec::new();
    for parameter in parameters {
        let Some(marks) = parameter.name.strip_prefix(name) else { continue };
        match marks {
            "" => {}
            "*" => found.push(extended(&[(0, true, &parameter.value)])),
            _ => {
                let (number, encoded) = match marks.strip_suffix('*') {
                    Some(number) => (number, true),
                    None => (marks, false),
                };
                if let Some(number) = number.strip_prefix('*').and_then(|number| number.parse().ok()) {
                    sections.push((number, encoded, &parameter.value));
                }
            }
        }
    }
    let mut odd = false;
    if !sections.is_empty() {
        // Senders put them in any order; the first of repeated ones counts.
        odd = !sections.is_sorted_by_key(|(number, ..)| *number);
        sections.sort_by_key(|(number, ..)| *number);
        let all = sections.len();
        sections.dedup_by_key(|(number, ..)| *number);
        odd |= sections.len() < all
            || sections.iter().zip(0..).any(|((number, ..), expected)| *number != expected);
        found.push(extended(&sections));
    }
    let plain = parameters.iter().filter(move |one| one.name == name).map(|one| plain(&one.value));
    (found.into_iter().chain(plain), odd)
}

/// A value without the marks of RFC 2231: encoded words, which do not belong there, and raw bytes, which do not either.
pub(super) fn plain(value: &[u8]) -> Found<'_> {
    let bytes = Cow::Borrowed(value);
    if memchr::memchr(b'=', value).is_none()
        && let Ok(text) = str::from_utf8(value)
    {
        return Found { extended: false, bytes, text: text.to_owned(), raw: false, encoded_words: false };
    }
    odd(value)
}

/// The same where it may hold encoded words, or is not UTF-8.
#[cold]
fn odd(value: &[u8]) -> Found<'_> {
    Found {
        extended: false,
        bytes: Cow::Borrowed(value),
        text: encoded_word::decode(value),
        raw: str::from_utf8(value).is_err(),
        encoded_words: encoded_word::is_likely(value),
    }
}

/// `charset'language'text` at the start; `%XX` in the encoded sections only.
fn extended(sections: &[(u32, bool, &[u8])]) -> Found<'static> {
    let mut label: Option<&[u8]> = None;
    let mut bytes = Vec::new();
    for (_, encoded, value) in sections {
        if !encoded {
            bytes.extend_from_slice(value);
            continue;
        }
        let mut text = *value;
        if label.is_none() {
            let mut pieces = text.splitn(3, |byte| *byte == b'\'');
            if let (Some(charset), Some(_), Some(rest)) = (pieces.next(), pieces.next(), pieces.next()) {
                label = Some(charset);
                text = rest;
            }
        }
        percent_decode(text, &mut bytes);
    }
    // Without a charset some still put encoded words there.
    let encoded_words = label.is_none() && encoded_word::is_likely(&bytes);
    let text = match label {
        Some(label) if !label.is_empty() => {
            charset::to_utf8(&String::from_utf8_lossy(label), &bytes).text.into_owned()
        }
        _ => encoded_word::decode(&bytes),
    };
    let raw = label.is_none_or(<[u8]>::is_empty) && str::from_utf8(&bytes).is_err();
    Found { extended: true, bytes: Cow::Owned(bytes), text, raw, encoded_words }
}

fn percent_decode(text: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let (plain, behind) = slice::split(rest, memchr::memchr(b'%', rest).unwrap_or(rest.len()));
        bytes.extend_from_slice(plain);
        match behind {
            [] => return,
            [_, high, low, behind @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = behind;
            }
            [percent, behind @ ..] => {
                bytes.push(*percent);
                rest = behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::parameter::parse;

    #[test]
    fn sections_and_charsets() {
        for (raw, texts, odd) in [
            ("name=a", &["a"][..], false),
            ("name*=utf-8''%c3%a9%41", &["éA"], false),
            ("name*=iso-8859-1'en'%E9", &["é"], false),
            ("name*0=a; name*1=b", &["ab"], false),
            ("name*0*=utf-8''%c3; name*1*=%a9; name*2=%41", &["é%41"], false),
            ("name*1=b; name*0=a", &["ab"], true),
            ("name*0=a; name*2=c", &["ac"], true),
            ("name*0=a; name*0=b", &["a"], true),
            ("name=x; name*=''y; name*0=z", &["y", "z", "x"], false),
            ("name*=a%zz'b", &["a%zz'b"], false),
            ("name=\"=?utf-8?q?=C3=A9?=\"", &["é"], false),
            ("name=\"=?utf-8?b?4oI=?= =?utf-8?b?rA==?=\"", &["€"], false),
            ("names=a; name*x=b; name**=c", &[], false),
        ] {
            let field = format!("a/b; {raw}");
            let value = parse(field.as_bytes(), 200);
            let (found, was_odd) = find(&value.parameters, "name");
            let got: Vec<_> = found.map(|one| one.text).collect();
            let texts: Vec<_> = texts.iter().map(|&text| text.to_owned()).collect();
            assert_eq!((got, was_odd), (texts, odd), "{raw:?}");
        }
    }
}
