//! Where addresses begin in HTML, and what the tag around one calls its file (HTML Standard section 4.6.3).

use super::data_uri::{self, DataUri};
use super::tag::{MAX_TAG, Tag};
use super::{Found, Kind};
use crate::charset;
use crate::slice;

/// Bytes before the colon of an address that matter.
const BEFORE: usize = 5;

/// Longest label of a charset that is kept.
const MAX_LABEL: usize = 64;

/// What is known of the place in HTML.
#[derive(Debug)]
pub(super) struct Markup {
    /// What the leaf says of its text.
    charset: Option<String>,
    /// The last bytes that were passed over, behind the colon of the address before.
    before: Vec<u8>,
    /// The tag of the address before, while it goes on.
    tag: Option<Tag>,
    /// Whether the file of the address may get its name from the rest of the tag.
    unnamed: bool,
    /// The end of that file, which waits for the name; what it is called until then.
    end: Option<Found>,
    told: Option<String>,
}

impl Markup {
    pub(super) fn new(charset: Option<&str>) -> Self {
        // Whatever the label says: addresses that are found are in a charset that begins with ASCII.
        let fits = |label: &&str| {
            label.len() <= MAX_LABEL && !label.trim().to_ascii_lowercase().starts_with("utf-16")
        };
        Self {
            charset: charset.filter(fits).map(str::to_owned),
            before: Vec::new(),
            tag: None,
            unnamed: false,
            end: None,
            told: None,
        }
    }

    pub(super) fn memory(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        size_of::<Self>()
            + self.before.capacity()
            + self.tag.as_ref().map_or(0, Tag::memory)
            + text(&self.told)
            + text(&self.charset)
    }

    /// The content of the first address: where it begins, and the quote before the address.
    pub(super) fn seek(&self, rest: &[u8]) -> Option<(usize, Option<u8>)> {
        memchr::memchr_iter(b':', rest).find_map(|at| {
            // Where nearly all colons of markup fail.
            let last = at.checked_sub(1).and_then(|at| rest.get(at)).or_else(|| self.before.last())?;
            if !last.eq_ignore_ascii_case(&b'a') {
                return None;
            }
            let quote = if at >= BEFORE {
                data_uri::opens(slice::range(rest, at - BEFORE, at))
            } else {
                let before = slice::split(&self.before, self.before.len().saturating_sub(BEFORE)).1;
                data_uri::opens(&[before, slice::split(rest, at).0].concat())
            }?;
            Some((at + 1, quote))
        })
    }

    /// Text was passed over.
    pub(super) fn pass(&mut self, text: &[u8], found: &mut Vec<Found>) {
        self.keep(text);
        let Some(tag) = &mut self.tag else { return };
        tag.push(text);
        if tag.is_over() || tag.download().is_some() {
            if let Some(end) = self.end.take() {
                let name = self.name().filter(|name| self.told.as_ref() != Some(name));
                found.extend(name.map(|name| Found { at: end.at, kind: Kind::Name(name) }));
                found.push(end);
            }
            self.tag.take_if(|tag| tag.is_over());
        }
    }

    fn keep(&mut self, text: &[u8]) {
        self.before.extend_from_slice(slice::split(text, text.len().saturating_sub(MAX_TAG)).1);
        // Seldom, since the rest moves.
        if self.before.len() > 4 * MAX_TAG {
            self.before.drain(..self.before.len() - MAX_TAG);
        }
    }

    /// The content of an address begins behind what was passed over: what its tag calls it.
    pub(super) fn enter(&mut self) -> Option<String> {
        if self.tag.is_none() {
            self.tag = Tag::open_at_end(&self.before);
        }
        // No byte is read for two addresses.
        self.before.clear();
        let link = self.tag.as_ref().is_some_and(Tag::is_link);
        let name = self.name().filter(|_| link);
        self.unnamed = link && name.is_none();
        name
    }

    /// Bytes of an address; `from`: what was found in them; `over`: it ends behind them.
    pub(super) fn address(
        &mut self,
        uri: &DataUri,
        bytes: &[u8],
        over: bool,
        from: usize,
        found: &mut Vec<Found>,
    ) {
        if found.len() > from
            && let Some(end) = self.end.take()
        {
            found.insert(from, end);
        }
        self.keep(bytes);
        if over && self.unnamed && uri.is_file() {
            self.told = uri.name().map(str::to_owned);
            self.end = found.pop();
        }
    }

    /// Something else is found: the file of the address before is over without a name.
    pub(super) fn release(&mut self, found: &mut Vec<Found>) {
        found.extend(self.end.take());
    }

    /// What follows does not belong to what was before.
    pub(super) fn gap(&mut self, found: &mut Vec<Found>) {
        self.release(found);
        self.tag = None;
        self.before.clear();
    }

    /// What the tag calls its file.
    fn name(&self) -> Option<String> {
        let raw = self.tag.as_ref()?.download()?;
        let text = match &self.charset {
            Some(label) => charset::to_utf8(label, raw),
            None => charset::guess(raw),
        };
        Some(without_references(&text.text)).filter(|name| !name.trim().is_empty())
    }
}

/// Text with the characters that its references mean.
fn without_references(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let known = piece
            .split_once(';')
            .and_then(|(name, rest)| Some((data_uri::reference(name.as_bytes())?, rest)));
        match known {
            Some((character, rest)) => {
                out.push(character);
                out.push_str(rest);
            }
            None => {
                out.push('&');
                out.push_str(piece);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (text, expected) in [
            ("a.zip", "a.zip"),
            ("a&amp;b&#46;zip", "a&b.zip"),
            ("&#x202e;gpj.exe", "\u{202e}gpj.exe"),
            ("a&b;c&", "a&b;c&"),
            ("&&lt;&#x110000;", "&<&#x110000;"),
        ] {
            assert_eq!(without_references(text), expected, "{text:?}");
        }
    }
}
