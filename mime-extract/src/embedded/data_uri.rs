//! Files in `data:` addresses of HTML (RFC 2397), in base64 or percent-encoded.

use super::{Found, Inner, Kind};
use crate::charset;
use crate::decode::base64::Base64;
use crate::decode::{Decode, Origin};
use crate::slice::{self, hex};
use crate::{Anomaly, Container};

/// Longest type and parameters.
const MAX_HEAD: usize = 512;

/// Longest escape or character reference.
const MAX_ESCAPE: usize = 10;

/// How the content travels.
#[derive(Debug)]
enum Body {
    /// The type and its parameters, up to a comma.
    Head(Vec<u8>),
    Base64(Box<Base64>),
    Percent,
}

/// An address that is open.
#[derive(Debug)]
pub(super) struct DataUri {
    body: Body,
    /// What ends it besides what ends every address.
    quote: Option<u8>,
    /// An escape that is not whole.
    escape: Vec<u8>,
    /// Where it begins.
    start: u64,
    /// What the tag around it calls the file, and then what it is called.
    name: Option<String>,
}

/// What a byte or an escape is.
enum Token {
    Byte(u8),
    /// The end of the address.
    End,
    /// More of the escape is needed.
    More,
    /// An escape that is none, or a character: these bytes.
    Bytes(Vec<u8>),
}

/// The quote before an address that begins behind `before`, which ends in `data`; `None`: it is no address.
pub(super) fn opens(before: &[u8]) -> Option<Option<u8>> {
    let (start, scheme) = before.split_at_checked(before.len().checked_sub(4)?)?;
    if !scheme.eq_ignore_ascii_case(b"data") {
        return None;
    }
    match start.last() {
        Some(quote @ (b'"' | b'\'')) => Some(Some(*quote)),
        Some(b'(') => Some(Some(b')')),
        Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | 0x80..) => None,
        _ => Some(None),
    }
}

impl DataUri {
    pub(super) const fn new(quote: Option<u8>, start: u64, name: Option<String>) -> Self {
        Self { body: Body::Head(Vec::new()), quote, escape: Vec::new(), start, name }
    }

    pub(super) fn memory(&self) -> usize {
        let body = match &self.body {
            Body::Head(held) => held.capacity(),
            Body::Base64(_) => size_of::<Base64>(),
            Body::Percent => 0,
        };
        body + self.escape.capacity() + self.name.as_ref().map_or(0, String::capacity)
    }

    /// Whether it turned out to hold a file.
    pub(super) const fn is_file(&self) -> bool {
        !matches!(self.body, Body::Head(_))
    }

    /// What the file is called.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Takes the next bytes: how many belong to the address, and whether it is over.
    pub(super) fn push(&mut self, run: &[u8], origin: Origin, found: &mut Vec<Found>) -> (usize, bool) {
        let mut at = 0;
        if let Body::Head(held) = &mut self.body {
            loop {
                let Some(&byte) = run.get(at) else { return (at, false) };
                match byte {
                    b',' => break,
                    b'\t' | b'\r' | b'\n' => {}
                    b' ' if self.quote.is_some() => {}
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => held.push(byte),
                    b'/' | b';' | b'=' | b'+' | b'-' | b'.' | b'_' | b'%' | b'*' | b'!' | b'#' | b'$' => {
                        held.push(byte);
                    }
                    _ => return (at, true),
                }
                if held.len() > MAX_HEAD {
                    return (at, true);
                }
                at += 1;
            }
            at += 1;
            let held = core::mem::take(held);
            let Some(body) = self.open(&held, found) else { return (at, true) };
            self.body = body;
        }
        let (len, ended) = self.payload(slice::split(run, at).1, origin.part(at, run.len()), found);
        if ended {
            self.end(true, true, origin.at(at + len), found);
        }
        (at + len, ended)
    }

    /// The type in the head, which begins a file; `None`: it is no address.
    fn open(&mut self, head: &[u8], found: &mut Vec<Found>) -> Option<Body> {
        let text = str::from_utf8(head).ok()?;
        let mut words = text.split(';').map(str::trim);
        let media = words.next().unwrap_or_default().to_ascii_lowercase();
        let typed =
            media.split_once('/').is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty());
        let mut inner = Inner::of(Container::DataUri);
        let mut base64 = false;
        for word in words {
            match word.split_once('=') {
                None => base64 |= word.eq_ignore_ascii_case("base64"),
                Some((key, value)) if key.eq_ignore_ascii_case("charset") => {
                    inner.charset = Some(value.to_owned());
                }
                Some((key, value))
                    if ["name", "filename"].iter().any(|name| key.eq_ignore_ascii_case(name)) =>
                {
                    inner.name = Some(percent_decoded(value)).filter(|name| !name.is_empty());
                }
                Some(_) => {}
            }
        }
        if !typed && (!media.is_empty() || !base64) {
            return None;
        }
        // What pages show inline is no news; images of SVG can hold scripts.
        let shown = media != "image/svg+xml"
            && ["image/", "font/", "application/font", "application/x-font"]
                .iter()
                .any(|kind| media.starts_with(kind));
        inner.content_type = if typed { media.into() } else { "text/plain".into() };
        // Browsers believe the tag.
        let better = self.name.take().filter(|name| inner.name.as_ref() != Some(name));
        let first = inner.name.take().or_else(|| better.clone());
        self.name = better.clone().or_else(|| first.clone());
        let better = better.filter(|_| first != self.name);
        let at = self.start;
        found.push(Found { at, kind: Kind::Start(inner.named(first)) });
        if !shown {
            found.push(Found { at, kind: Kind::Anomaly(Anomaly::HtmlDataUri) });
        }
        found.extend(better.map(|name| Found { at, kind: Kind::Name(name) }));
        Some(if base64 { Body::Base64(Box::default()) } else { Body::Percent })
    }

    /// How many bytes are content, and whether the byte behind them ends it.
    fn payload(&mut self, run: &[u8], origin: Origin, found: &mut Vec<Found>) -> (usize, bool) {
        let mut plain = Vec::new();
        let base64 = matches!(self.body, Body::Base64(_));
        let (mut at, mut ended) = (0, false);
        while let Some(&byte) = run.get(at) {
            if self.escape.is_empty() {
                let rest = slice::split(run, at).1;
                let len = rest.iter().take_while(|byte| self.is_plain(**byte, base64)).count();
                if len > 0 {
                    plain.extend_from_slice(slice::split(rest, len).0);
                    at += len;
                    continue;
                }
            }
            match self.token(byte, base64) {
                Token::Byte(byte) => plain.push(byte),
                Token::Bytes(bytes) => plain.extend(bytes),
                Token::More => {}
                Token::End => {
                    ended = true;
                    break;
                }
            }
            at += 1;
        }
        self.deliver(&plain, origin, found);
        (at, ended)
    }

    fn deliver(&mut self, plain: &[u8], origin: Origin, found: &mut Vec<Found>) {
        let bytes = match &mut self.body {
            Body::Base64(decoder) => decoder.push(plain, origin),
            _ => plain.to_vec(),
        };
        if !bytes.is_empty() {
            found.push(Found { at: origin.start, kind: Kind::Data(bytes.into()) });
        }
    }

    /// Whether a byte stands for itself.
    const fn is_plain(&self, byte: u8, base64: bool) -> bool {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'/' | b'=' => true,
            b'%' | b'&' => false,
            b'"' | b'\'' | b'<' | b'>' | b'`' => !base64 && self.quote.is_some() && !self.ends(byte),
            b')' => !base64 && !self.ends(byte),
            b'-' | b'_' => !base64,
            b'\r' | b'\n' | b'\t' => self.quote.is_some() && base64,
            _ => !base64 && !byte.is_ascii_whitespace(),
        }
    }

    /// Whether it is the quote that ends the address.
    const fn ends(&self, byte: u8) -> bool {
        matches!(self.quote, Some(quote) if quote == byte)
    }

    fn token(&mut self, byte: u8, base64: bool) -> Token {
        if !self.escape.is_empty() {
            return self.escaped(byte, base64);
        }
        match byte {
            _ if self.ends(byte) => Token::End,
            b'%' | b'&' => {
                self.escape.push(byte);
                Token::More
            }
            // RFC 4648 section 5.
            b'-' if base64 => Token::Byte(b'+'),
            b'_' if base64 => Token::Byte(b'/'),
            // Browsers take line ends and tabs out of addresses.
            b'\r' | b'\n' | b'\t' if self.quote.is_some() => Token::More,
            b' ' if self.quote.is_some() => Token::Byte(byte),
            _ => Token::End,
        }
    }

    /// The next byte of an escape or an entity.
    fn escaped(&mut self, byte: u8, base64: bool) -> Token {
        if self.ends(byte) {
            // It was none; the address ends here.
            return Token::End;
        }
        self.escape.push(byte);
        let character = match self.escape.as_slice() {
            [b'%', high, low] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => Some(vec![high << 4 | low]),
                _ => None,
            },
            [b'%', _] => return Token::More,
            [b'&', inner @ .., b';'] => reference(inner).map(|one| one.to_string().into_bytes()),
            [b'&', ..] if self.escape.len() < MAX_ESCAPE => return Token::More,
            _ => None,
        };
        let raw = core::mem::take(&mut self.escape);
        match character.as_deref() {
            Some([b'-']) if base64 => Token::Byte(b'+'),
            Some([b'_']) if base64 => Token::Byte(b'/'),
            Some(bytes) => Token::Bytes(bytes.to_vec()),
            None if base64 => Token::End,
            None => Token::Bytes(raw),
        }
    }

    /// `closed`: something ended it; `certain`: nothing can follow.
    fn end(&mut self, closed: bool, certain: bool, at: u64, found: &mut Vec<Found>) {
        let mut decode = Decode::Ok;
        match &mut self.body {
            Body::Head(_) => return,
            Body::Base64(decoder) => {
                let bytes = decoder.finish(certain, at);
                if !bytes.is_empty() {
                    found.push(Found { at, kind: Kind::Data(bytes.into()) });
                }
                if decoder.is_partial() {
                    decode = Decode::Partial;
                }
            }
            Body::Percent => {}
        }
        found.push(Found { at, kind: Kind::End { whole: closed, decode } });
    }

    /// The leaf is over, or a piece of it is missing; `certain`: nothing can follow.
    pub(super) fn finish(&mut self, certain: bool, at: u64, found: &mut Vec<Found>) {
        self.end(false, certain, at, found);
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind) {
            (b'%', [high, low, behind @ ..]) if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                bytes.push(high << 4 | low);
                rest = behind;
            }
            _ => bytes.push(*byte),
        }
    }
    charset::guess(&bytes).text.into_owned()
}

/// The character that a reference names between `&` and `;`. `None`: not known.
pub(super) fn reference(name: &[u8]) -> Option<char> {
    Some(match name {
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        b"lt" => '<',
        b"gt" => '>',
        b"NewLine" => '\n',
        b"Tab" => '\t',
        b"plus" => '+',
        b"equals" => '=',
        b"sol" => '/',
        [b'#', b'x' | b'X', digits @ ..] => {
            char::from_u32(u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?)?
        }
        [b'#', digits @ ..] => char::from_u32(str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an address holds and what is behind it, for one size of chunks.
    fn read(text: &str, quote: Option<u8>, size: usize) -> String {
        let mut uri = DataUri::new(quote, 0, None);
        let mut found = Vec::new();
        let (mut used, mut over) = (0, false);
        for chunk in text.as_bytes().chunks(size) {
            let (len, ended) = uri.push(chunk, Origin { start: 0, end: 0, exact: false }, &mut found);
            used += len;
            over = ended;
            if ended {
                break;
            }
            assert_eq!(len, chunk.len());
        }
        if !over {
            uri.finish(true, 0, &mut found);
        }
        let (mut told, mut data) = (String::new(), Vec::new());
        for one in found {
            match one.kind {
                Kind::Start(inner) => {
                    told += &format!("{} {}", inner.content_type, inner.name.unwrap_or_default());
                }
                Kind::Data(bytes) => data.extend_from_slice(&bytes),
                Kind::Anomaly(anomaly) => told += &format!(" {}", anomaly.code()),
                Kind::End { whole, decode } => {
                    told += &format!(" {} {whole} {decode:?}", String::from_utf8_lossy(&data));
                }
                other => told += &format!("{other:?}"),
            }
        }
        format!("{told}|{}", &text[used..])
    }

    #[test]
    fn addresses() {
        for (text, quote, expected) in [
            ("image/png;base64,QUJD\">", Some(b'"'), "image/png  ABC true Ok|\">"),
            (
                "application/zip;name=a%20b.zip;base64,QUJD'",
                Some(b'\''),
                "application/zip a b.zip html-data-uri ABC true Ok|'",
            ),
            (
                "text/html,%3Cb%3Ex y</b>&quot;&#33;\"z",
                Some(b'"'),
                "text/html  html-data-uri <b>x y</b>\"! true Ok|\"z",
            ),
            ("text/html,%3Cb%3E>", None, "text/html  html-data-uri <b> true Ok|>"),
            (";base64,QU\r\n JD\"", Some(b'"'), "text/plain  html-data-uri ABC true Ok|\""),
            ("a/b;BASE64,QU%4aD&#x51;UI%3D\"", Some(b'"'), "a/b  html-data-uri ABCAB true Ok|\""),
            ("a/b;base64,-_-_)", Some(b')'), "a/b  html-data-uri \u{fffd}\u{fffd}\u{fffd} true Ok|)"),
            ("a/b;base64,QUJD", Some(b'"'), "a/b  html-data-uri ABC false Ok|"),
            ("a/b;base64,QUJD<x", None, "a/b  html-data-uri ABC true Ok|<x"),
            // No addresses.
            ("the rest, as ever", None, "| rest, as ever"),
            (",x", Some(b'"'), "|x"),
            ("x,y", None, "|y"),
            ("data:a", None, "|:a"),
        ] {
            for size in [1, 2, 3, 5, 1000] {
                assert_eq!(read(text, quote, size), expected, "{text:?} by {size}");
            }
        }
        assert!(read(&"x".repeat(1000), None, 7).ends_with("x"));
    }

    #[test]
    fn what_stands_before() {
        for (before, expected) in [
            (&b"\"data"[..], Some(Some(b'"'))),
            (b"(DATA", Some(Some(b')'))),
            (b"=data", Some(None)),
            (b"data", Some(None)),
            (b"metadata", None),
            (b"x-data", None),
            (b"dat", None),
            (b" date", None),
        ] {
            assert_eq!(opens(before), expected, "{}", before.escape_ascii());
        }
    }
}
