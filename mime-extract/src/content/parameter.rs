//! Values with parameters: Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2183).

use crate::Anomaly;
use crate::slice::{self, is_space};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Comments inside of comments that are followed.
const MAX_DEPTH: usize = 100;

/// Longest value before the parameters; RFC 6838 stops types at 127 on either side of the slash.
const MAX_VALUE: usize = 512;

/// One parameter, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter<'a> {
    /// In lower case, with the marks of RFC 2231.
    pub(crate) name: Cow<'a, str>,
    /// Without quotes.
    pub(crate) value: Cow<'a, [u8]>,
}

/// Most values have one parameter or two.
pub(crate) type Parameters<'a> = SmallVec<[Parameter<'a>; 2]>;

/// A value and its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Value<'a> {
    /// What stands before the parameters, in lower case, without comments and blanks.
    pub(crate) value: String,
    pub(crate) parameters: Parameters<'a>,
    pub(crate) anomalies: Vec<Anomaly>,
}

/// Reads a raw value, folds included. Every step moves on: the time is linear, whatever the value holds.
pub(crate) fn parse(raw: &[u8], max: usize) -> Value<'_> {
    plain(raw, max).unwrap_or_else(|| parse_any(raw, max))
}

/// What a token is made of: printable ASCII but for the tspecials (RFC 2045 section 5.1).
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let (mut rest, mut byte) = (table.as_mut_slice(), 0u8);
    while let [first, behind @ ..] = rest {
        *first = matches!(byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'~');
        (rest, byte) = (behind, byte.wrapping_add(1));
    }
    table
};

/// The token at the start of a text, and what follows it. Not inlined, since there are four calls and little time in it.
#[inline(never)]
fn token(text: &str) -> (&str, &str) {
    let is = |byte: u8| TOKEN.get(usize::from(byte)).is_some_and(|is| *is);
    let len = text.bytes().position(|byte| !is(byte)).unwrap_or(text.len());
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// What nearly all values are: tokens, and quoted strings on one line without escapes. `None` for anything else.
fn plain(raw: &[u8], max: usize) -> Option<Value<'_>> {
    let raw = str::from_utf8(raw).ok()?;
    let (_, mut rest) = token(raw);
    if let Some(subtype) = rest.strip_prefix('/') {
        (_, rest) = token(subtype);
    }
    let value = raw.get(..raw.len() - rest.len())?;
    if value.is_empty() || value.starts_with('/') || value.ends_with('/') || value.len() > MAX_VALUE {
        return None;
    }
    let mut parameters = Parameters::new();
    while let Some(behind) = rest.strip_prefix(';') {
        let text = behind.trim_ascii_start();
        if text.is_empty() || text.starts_with(';') {
            rest = text;
            continue;
        }
        let (name, behind) = token(text);
        let behind = behind.strip_prefix('=')?;
        let value;
        (value, rest) = match behind.strip_prefix('"') {
            None => token(behind),
            Some(quoted) => {
                let len = quoted.bytes().position(|byte| matches!(byte, b'"' | b'\\' | b'\r' | b'\n'))?;
                let (value, behind) = quoted.split_at_checked(len)?;
                (value, behind.strip_prefix('"')?)
            }
        };
        if name.is_empty() || value.is_empty() || parameters.len() >= max {
            return None;
        }
        let mut name = Cow::Borrowed(name);
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            name.to_mut().make_ascii_lowercase();
        }
        parameters.push(Parameter { name, value: Cow::Borrowed(value.as_bytes()) });
    }
    rest.is_empty().then(|| Value { value: value.to_ascii_lowercase(), parameters, anomalies: Vec::new() })
}

/// A value of any kind.
fn parse_any(raw: &[u8], max: usize) -> Value<'_> {
    let mut reader = Reader { rest: raw, anomalies: Vec::new() };
    let (mut value, mut slash) = (String::with_capacity(raw.len().min(32)), false);
    let mut parameters = Parameters::new();
    loop {
        let blanks = reader.skip();
        let Some(&byte) = reader.rest.first() else { break };
        // A word behind a whole `type/subtype`, or behind a value and with `=`, is a parameter whose semicolon is missing.
        let assigns = || {
            let mut word =
                reader.rest.iter().take_while(|byte| !is_space(**byte) && !matches!(byte, b';' | b'('));
            byte != b'=' && word.any(|byte| *byte == b'=')
        };
        let whole =
            if slash { !value.ends_with('/') && byte != b'/' } else { !value.is_empty() && assigns() };
        let ended = blanks && whole;
        if byte == b';' || ended {
            break;
        }
        let word = reader.rest.iter().take_while(|byte| !is_space(**byte) && !matches!(byte, b';' | b'('));
        let word = reader.take(word.count().max(1));
        slash |= word.contains(&b'/');
        // Bytes that are not ASCII each stand for a character.
        match str::from_utf8(word) {
            Ok(text) if text.is_ascii() && value.len() + text.len() <= MAX_VALUE => value.push_str(text),
            _ => {
                for byte in word {
                    if value.len() < MAX_VALUE {
                        value.push(char::from(*byte));
                    }
                }
            }
        }
    }
    value.make_ascii_lowercase();
    loop {
        reader.skip();
        match reader.rest.first() {
            None => break,
            Some(b';') => reader.rest = slice::split(reader.rest, 1).1,
            Some(_) if parameters.len() >= max => {
                reader.note(Anomaly::ParamFlood { limit: max });
                break;
            }
            Some(_) => parameters.extend(reader.parameter()),
        }
    }
    Value { value, parameters, anomalies: reader.anomalies }
}

struct Reader<'a> {
    rest: &'a [u8],
    anomalies: Vec<Anomaly>,
}

impl<'a> Reader<'a> {
    fn note(&mut self, anomaly: Anomaly) {
        if !self.anomalies.contains(&anomaly) {
            self.anomalies.push(anomaly);
        }
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = slice::split(self.rest, len);
        self.rest = rest;
        taken
    }

    /// Passes over blanks and comments (RFC 5322 section 3.2.2), counting how deep they are. Whether there were any.
    fn skip(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            self.rest = slice::trim_start(self.rest, is_space);
            if self.rest.first() != Some(&b'(') {
                return self.rest.len() < before;
            }
            self.note(Anomaly::ParamComment);
            let (mut depth, mut escaped, mut len) = (0usize, false, 0);
            for &byte in self.rest {
                len += 1;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || depth > MAX_DEPTH {
                    break;
                }
            }
            if depth > 0 {
                self.note(Anomaly::CommentDepth);
                len = self.rest.len();
            }
            self.take(len);
        }
    }

    /// `name=value`; `None` for a word without a value.
    fn parameter(&mut self) -> Option<Parameter<'a>> {
        let name = self.take(
            self.rest
                .iter()
                .take_while(|byte| !is_space(**byte) && !matches!(byte, b'=' | b';' | b'('))
                .count(),
        );
        self.skip();
        if self.rest.first() != Some(&b'=') {
            return None;
        }
        self.take(1);
        self.skip();
        let mut name = str::from_utf8(name).map_or_else(|_| String::from_utf8_lossy(name), Cow::Borrowed);
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            name = Cow::Owned(name.to_ascii_lowercase());
        }
        let value = if self.rest.first() == Some(&b'"') { self.quoted() } else { self.token(&name) };
        Some(Parameter { name, value })
    }

    /// A quoted string. A backslash counts only before a quote or a backslash: senders put paths there. Without a
    /// closing quote the value ends with its line.
    fn quoted(&mut self) -> Cow<'a, [u8]> {
        self.take(1);
        // Most have no escapes and no folds.
        if let Some(len) = memchr::memchr3(b'"', b'\\', b'\n', self.rest)
            && self.rest.get(len) == Some(&b'"')
            && memchr::memchr(b'\r', slice::split(self.rest, len).0).is_none()
        {
            let value = self.take(len);
            self.take(1);
            return Cow::Borrowed(value);
        }
        let mut value = Vec::new();
        let mut bytes = self.rest.iter().copied().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.take(at + 1);
                    return Cow::Owned(value);
                }
                b'\\' if bytes.peek().is_some_and(|(_, next)| matches!(next, b'"' | b'\\')) => {
                    value.extend(bytes.next().map(|(_, next)| next));
                }
                // A fold: the line end goes, the blanks behind it stay.
                b'\n' | b'\r' if bytes.peek().is_none_or(|(_, next)| is_space(*next)) => {}
                _ => value.push(byte),
            }
        }
        self.note(Anomaly::ParamQuote);
        let line = memchr::memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        let line = self.take(line);
        Cow::Borrowed(slice::trim_end(line, |byte| is_space(byte) || byte == b';'))
    }

    /// An unquoted value, to the semicolon. Names of files go on over blanks, since senders forget the quotes; other
    /// values end there.
    fn token(&mut self, name: &str) -> Cow<'a, [u8]> {
        let len = memchr::memchr2(b';', b'\n', self.rest).unwrap_or(self.rest.len());
        let text = slice::split(self.rest, len).0;
        let file = name.starts_with("name") || name.starts_with("filename");
        let word = text.iter().take_while(|byte| !is_space(**byte)).count();
        let len = if file && !has_parameter(slice::split(text, word).1) { text.len() } else { word };
        let value = slice::trim_end(self.take(len), is_space);
        let special = |byte: u8| {
            !byte.is_ascii_alphanumeric() && (is_space(byte) || b"()<>@,;:\\\"/[]?=".contains(&byte))
        };
        if value.iter().any(|byte| special(*byte)) {
            self.note(Anomaly::ParamUnquotedTspecials);
        }
        Cow::Borrowed(value)
    }
}

/// Whether a later word of the text begins a parameter of its own.
fn has_parameter(text: &[u8]) -> bool {
    text.split(|byte| is_space(*byte)).any(|word| {
        memchr::memchr(b'=', word).is_some_and(|at| {
            let name = slice::split(word, at).0;
            !name.is_empty()
                && name.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'*'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(raw: &str) -> (String, Vec<String>, Vec<&'static str>) {
        let value = parse(raw.as_bytes(), 5);
        let parameters = value
            .parameters
            .iter()
            .map(|one| format!("{}={}", one.name, String::from_utf8_lossy(&one.value)))
            .collect();
        (value.value, parameters, value.anomalies.iter().map(Anomaly::code).collect())
    }

    #[test]
    fn plain_values_are_read_as_any() {
        const PIECES: [&str; 16] = [
            "a/b", "/", ";", " ", "\r\n ", "x=", "X*0*=", "\"q;=\"", "\"", "=", "(c)", "\\", "\u{e9}",
            "name=", "B", "%z",
        ];
        let mut met = 0;
        for number in 0..PIECES.len().pow(5) {
            let piece = |at| PIECES[number / PIECES.len().pow(at) % PIECES.len()];
            let pieces: String = (0..5).map(piece).collect();
            for text in [format!("a/b;{pieces}"), pieces] {
                if let Some(value) = plain(text.as_bytes(), 2) {
                    assert_eq!(value, parse_any(text.as_bytes(), 2), "{text:?}");
                    met += 1;
                }
            }
        }
        assert!(met > 3000, "{met}");
    }

    #[test]
    fn values_end_somewhere() {
        for (byte, len) in [(b'a', 512), (0xe9, 512 / 2)] {
            let value = parse(&[byte; 600], 5).value;
            assert_eq!(value, char::from(byte).to_string().repeat(len));
        }
    }

    #[test]
    fn values() {
        let table: &[(&str, &str, &[&str], &[&str])] = &[
            ("text/plain", "text/plain", &[], &[]),
            ("Text/HTML; Charset=\"utf-8\"", "text/html", &["charset=utf-8"], &[]),
            ("text/plain;charset=a;;name=b;", "text/plain", &["charset=a", "name=b"], &[]),
            ("text / plain\r\n ; a = b", "text/plain", &["a=b"], &[]),
            ("text/plain charset=a", "text/plain", &["charset=a"], &[]),
            ("multipart/mixed boundary=x", "multipart/mixed", &["boundary=x"], &[]),
            ("attachment filename=x", "attachment", &["filename=x"], &[]),
            ("in line", "inline", &[], &[]),
            ("", "", &[], &[]),
            ("; name=a", "", &["name=a"], &[]),
            // Quotes.
            ("a/b; name=\"x \\\"y\\\\z\"", "a/b", &["name=x \"y\\z"], &[]),
            ("a/b; name=\"C:\\dir\\file\"", "a/b", &["name=C:\\dir\\file"], &[]),
            ("a/b; name=\"x\r\n\ty\"; c=d", "a/b", &["name=x\ty", "c=d"], &[]),
            ("a/b; boundary=\"=_x;", "a/b", &["boundary==_x"], &["param-quote"]),
            ("a/b; boundary=\"x\r\n\tc=d", "a/b", &["boundary=x", "c=d"], &["param-quote"]),
            // Tokens that should have been quoted.
            ("a/b; boundary=--_=_x/y", "a/b", &["boundary=--_=_x/y"], &["param-unquoted-tspecials"]),
            (
                "a/b; name=a file (1).txt ; c=d",
                "a/b",
                &["name=a file (1).txt", "c=d"],
                &["param-unquoted-tspecials"],
            ),
            ("a/b; name=a.txt charset=x", "a/b", &["name=a.txt", "charset=x"], &[]),
            ("a/b; charset=us-ascii junk", "a/b", &["charset=us-ascii"], &[]),
            // Comments.
            ("(x)a(y)/b (z (zz) \\)); c(=)=(d)e (f)", "a/b", &["c=e"], &["param-comment"]),
            ("a/b; c=d (never ends; e=f", "a/b", &["c=d"], &["param-comment", "comment-depth"]),
            ("a/b; 1=2;2=2;3=2;4=2;5=2;6=2", "a/b", &["1=2", "2=2", "3=2", "4=2", "5=2"], &["param-flood"]),
            ("a/b; junk; =x", "a/b", &["=x"], &[]),
        ];
        for (raw, value, parameters, anomalies) in table {
            let expected = (
                (*value).to_owned(),
                parameters.iter().map(|&one| one.to_owned()).collect(),
                anomalies.to_vec(),
            );
            assert_eq!(listed(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn floods_are_linear() {
        for flood in ["(", "()", "a=\"", "a b ", "\"", ";", "=", "name=a "] {
            parse(flood.repeat(200_000).as_bytes(), 200);
        }
    }
}
