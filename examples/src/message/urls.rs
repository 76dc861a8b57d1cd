//! The web addresses in the texts of a message.

use crate::record::Text;
use linkify::{LinkFinder, LinkKind};
use mime_extract::charset;
use std::collections::BTreeSet;

/// So much of a text is looked at in one go.
const WINDOW: usize = 64 << 10;
/// The longest address; one that crosses two windows is found whole if it is no longer.
const LONGEST: usize = 4 << 10;
/// So many are kept.
const MAX: usize = 1000;

/// Collects addresses, each once, in order.
#[derive(Debug, Default)]
pub(super) struct Urls {
    pending: Vec<u8>,
    found: Vec<Text>,
    known: BTreeSet<String>,
}

impl Urls {
    /// Takes the next bytes of a text.
    pub(super) fn push(&mut self, label: &str, bytes: &[u8]) {
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
                self.end(label);
                self.pending = rest;
            }
        }
    }

    /// The text is over.
    pub(super) fn end(&mut self, label: &str) {
        let text = charset::to_utf8(label, &self.pending).text;
        for link in LinkFinder::new().kinds(&[LinkKind::Url]).links(&text) {
            if self.found.len() < MAX && self.known.insert(link.as_str().to_owned()) {
                self.found.push(Text::from(link.as_str()));
            }
        }
        self.pending.clear();
    }

    pub(super) fn finish(self) -> Vec<Text> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(label: &str, bytes: &[u8], chunk: usize) -> Vec<String> {
        let mut urls = Urls::default();
        for chunk in bytes.chunks(chunk) {
            urls.push(label, chunk);
        }
        urls.end(label);
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
    fn an_address_across_two_windows() {
        let mut text = b"x ".repeat(WINDOW / 2 - 8);
        text.extend_from_slice(b"https://a.example/far/behind/the/edge and more ");
        text.extend_from_slice(&b"y ".repeat(WINDOW));
        assert_eq!(urls("", &text, 1448), ["https://a.example/far/behind/the/edge"]);
    }
}
