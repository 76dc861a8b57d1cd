//! The web addresses in the texts of a message.

use crate::record::Text;
use linkify::{LinkFinder, LinkKind};
use mime_extract::text;
use std::collections::BTreeSet;

/// So much of a text is looked at in one go.
const WINDOW: usize = 64 << 10;
/// The longest address; one that crosses two windows is found whole if it is no longer.
const LONGEST: usize = 4 << 10;
/// So many are kept.
const MAX: usize = 1000;

/// How a text is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    /// The charset that it names, or nothing.
    pub(super) charset: String,
    /// Whether it is HTML.
    pub(super) markup: bool,
}

/// Collects addresses, each once, in order.
#[derive(Debug, Default)]
pub(super) struct Urls {
    pending: Vec<u8>,
    found: Vec<Text>,
    known: BTreeSet<String>,
}

impl Urls {
    /// Takes the next bytes of a text.
    pub(super) fn push(&mut self, words: &Words, bytes: &[u8]) {
        if self.found.len() >= MAX {
            return;
        }
        for chunk in bytes.chunks(WINDOW) {
            self.pending.extend_from_slice(chunk);
            if self.pending.len() >= WINDOW {
                // The window ends at a blank, where no address goes on.
                let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'<' | b'>' | b'"');
                let end = self.pending.len();
                let near = end.saturating_sub(LONGEST);
                let cut = self.pending.get(near..).and_then(|tail| tail.iter().rposition(blank));
                // Two bytes a character, in some charsets.
                let cut = cut.map_or(end, |cut| near + cut) & !1;
                let rest = self.pending.split_off(cut);
                self.end(words);
                self.pending = rest;
            }
        }
    }

    /// The text is over.
    pub(super) fn end(&mut self, words: &Words) {
        let pending = core::mem::take(&mut self.pending);
        let said = Some(words.charset.as_str()).filter(|charset| !charset.is_empty());
        let mut text = text::decoded(said, &pending).text;
        // In HTML an ampersand is written so, and what else is written in references hides from who searches.
        if words.markup && text.contains('&') {
            text = unescaped(&text).into();
        }
        for link in LinkFinder::new().kinds(&[LinkKind::Url]).links(&text) {
            self.add(link.as_str());
        }
    }

    /// An address that was found elsewhere.
    pub(super) fn add(&mut self, url: &str) {
        if self.found.len() < MAX && self.known.insert(url.to_owned()) {
            self.found.push(Text::from(url));
        }
    }

    pub(super) fn finish(self) -> Vec<Text> {
        self.found
    }
}

/// The longest reference that is read: `&#x0001F600;`.
const REFERENCE: usize = 12;

/// With the character references that addresses are written with: `&amp;` and numbers.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let end = behind.bytes().take(REFERENCE).position(|byte| byte == b';');
        let character = end.and_then(|end| behind.get(..end)).and_then(|name| match name {
            "amp" => Some('&'),
            _ => {
                let digits = name.strip_prefix('#')?;
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => digits.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        match (character, end.and_then(|end| behind.get(end + 1..))) {
            (Some(character), Some(after)) => {
                out.push(character);
                rest = after;
            }
            _ => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(label: &str, bytes: &[u8], chunk: usize) -> Vec<String> {
        read(Words { charset: label.to_owned(), markup: false }, bytes, chunk)
    }

    fn read(words: Words, bytes: &[u8], chunk: usize) -> Vec<String> {
        let mut urls = Urls::default();
        for chunk in bytes.chunks(chunk) {
            urls.push(&words, chunk);
        }
        urls.end(&words);
        urls.finish().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn addresses_in_texts() {
        let text = b"See https://a.example/x?y=1, (http://b.example/).\r\n<a href=\"ftp://c.example/d\">https://a.example/x?y=1</a>";
        for chunk in [1, 7, 1000] {
            assert_eq!(
                urls("", text, chunk),
                ["https://a.example/x?y=1", "http://b.example/", "ftp://c.example/d"]
            );
        }
        let utf16: Vec<u8> =
            "go to https://a.example/ now".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(urls("utf-16le", &utf16, 5), ["https://a.example/"]);
    }

    #[test]
    fn references_in_html() {
        let html = b"<a href='https://a.example/?x=1&amp;y=2&z'>&#104;ttps://&#x62;.example/&bogus; &amp";
        for (markup, expected) in [
            (true, ["https://a.example/?x=1&y=2&z", "https://b.example/&bogus"]),
            (false, ["https://a.example/?x=1&amp;y=2&z", "ttps://"]),
        ] {
            let found = read(Words { charset: String::new(), markup }, html, 1000);
            assert!(found.starts_with(&expected[..1].iter().map(ToString::to_string).collect::<Vec<_>>()));
            assert_eq!(found.contains(&expected[1].to_owned()), markup, "{found:?}");
        }
    }

    #[test]
    fn an_address_across_two_windows() {
        let mut text = b"x ".repeat(WINDOW / 2 - 8);
        text.extend_from_slice(b"https://a.example/far/behind/the/edge and more ");
        text.extend_from_slice(&b"y ".repeat(WINDOW));
        assert_eq!(urls("", &text, 1448), ["https://a.example/far/behind/the/edge"]);
    }
}
