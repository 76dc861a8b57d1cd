//! Files that are told by their first bytes: TNEF, CMS, AppleSingle, messages, files in lines; and what only is told,
//! Outlook's.

use super::apple::{self, Apple};
use super::ber;
use super::cms::Cms;
use super::gzip::{self, Gzip};
use super::tnef::Tnef;
use super::{Found, Inner, Kind, eml, opening, text};
use crate::config::Config;
use crate::content::Content;
use crate::decode::{Decode, Origin};
use crate::slice;
use crate::{Anomaly, Container, Encoding};
use bytes::Bytes;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// The signature of TNEF as it stands there.
const TNEF: [u8; 4] = [0x78, 0x9f, 0x3e, 0x22];

/// The signature of compound files (MS-CFB).
const COMPOUND: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// The entry that messages of Outlook have in the directory of their compound file (MS-OXMSG), in UTF-16.
static NAMED: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new(b"_\0_\0n\0a\0m\0e\0i\0d\0_\0v\0e\0r\0s\0i\0o\0n\0\x31\0.\0\x30\0"));

/// The length of that.
const NAMED_LEN: usize = 38;

/// What the first bytes turned out to be.
#[derive(Debug)]
enum State {
    /// So much of them is there.
    Look(Vec<u8>),
    Tnef(Box<Tnef>),
    Cms(Box<Cms>),
    Apple(Apple),
    Gzip(Box<Gzip>),
    /// A message, from its first byte to its last.
    Message,
    /// uuencode and the like.
    Lines(Box<text::Text>),
    /// A compound file, and the end of what was looked at.
    Compound(Vec<u8>),
    Over,
}

/// The machine; see [`Opener`](super::Opener).
#[derive(Debug)]
pub(crate) struct Binary {
    state: State,
    /// Where the leaf begins.
    start: Option<u64>,
    name: Option<String>,
    /// Whether the name or the type says that it is a message.
    message: bool,
    /// Whether the type says that it is a message of Outlook.
    outlook: bool,
    /// Whether the content travels as it is, so that a file in it may be in lines of its own.
    plain: bool,
    limit: u64,
}

impl Binary {
    pub(super) fn new(content: &Content, config: &Config) -> Self {
        let name = content.names.first().map(|name| name.value.clone());
        let ends =
            |extensions: &[&str]| name.as_deref().is_some_and(|name| eml::has_extension(name, extensions));
        Self {
            state: State::Look(Vec::new()),
            start: None,
            message: ends(&["eml", "mht", "mhtml"]),
            outlook: content.content_type == "application/vnd.ms-outlook" || ends(&["msg", "oft"]),
            plain: !matches!(content.encoding, Encoding::Base64 | Encoding::QuotedPrintable),
            name,
            limit: config.max_expansion,
        }
    }

    /// A part whose transfer encoding is a compression.
    pub(super) fn compressed(content: &Content, config: &Config) -> Self {
        let new = Self::new(content, config);
        let inner = gzip::inner(&content.content_type, content.charset.as_ref(), new.name.as_deref());
        Self { state: State::Gzip(Box::new(Gzip::new(inner, config.max_expansion))), ..new }
    }

    pub(super) fn memory(&self) -> usize {
        let state = match &self.state {
            State::Look(held) | State::Compound(held) => held.capacity(),
            State::Tnef(tnef) => tnef.memory(),
            State::Cms(cms) => size_of::<Cms>() + cms.memory(),
            State::Apple(apple) => apple.memory(),
            State::Gzip(gzip) => size_of::<Gzip>() + gzip.memory(),
            State::Lines(text) => size_of::<text::Text>() + text.memory(),
            State::Message | State::Over => 0,
        };
        size_of::<Self>() + state + self.name.as_ref().map_or(0, String::capacity)
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub(super) fn is_busy(&self) -> bool {
        match &self.state {
            State::Gzip(gzip) => gzip.is_busy(),
            State::Cms(cms) => cms.is_busy(),
            _ => false,
        }
    }

    pub(super) fn resume(&mut self, found: &mut Vec<Found>) {
        match &mut self.state {
            State::Gzip(gzip) => gzip.resume(found),
            State::Cms(cms) => cms.resume(found),
            _ => {}
        }
        self.settle();
    }

    /// Forgets a machine that is done.
    fn settle(&mut self) {
        let over = match &self.state {
            State::Gzip(gzip) => gzip.is_over(),
            State::Cms(cms) => cms.is_over(),
            State::Apple(apple) => apple.is_over(),
            _ => false,
        };
        if over {
            self.state = State::Over;
        }
    }

    pub(super) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        let start = *self.start.get_or_insert(origin.start);
        if let State::Look(held) = &mut self.state {
            let before = held.len();
            let (more, rest) = slice::split_bytes(bytes, eml::LOOK - before.min(eml::LOOK));
            // What is told by the first run, and that is most, is not copied.
            let verdict = if before == 0 {
                look(&more, false, self.message, self.plain)
            } else {
                held.extend_from_slice(&more);
                look(held, false, self.message, self.plain)
            };
            match verdict {
                None if before == 0 => held.extend_from_slice(&more),
                None => {}
                Some(kind) if before == 0 => {
                    self.begin(kind, start, found);
                    self.feed(bytes, origin, found);
                }
                Some(kind) => {
                    let held = core::mem::take(held);
                    self.begin(kind, start, found);
                    let end = if origin.exact { origin.at(more.len()) } else { origin.end };
                    self.feed(&held.into(), Origin { start, end, exact: origin.exact }, found);
                    self.feed(&rest, origin.part(more.len(), bytes.len()), found);
                }
            }
            return;
        }
        self.feed(bytes, origin, found);
    }

    fn begin(&mut self, kind: Magic, at: u64, found: &mut Vec<Found>) {
        let mut tell = |kind| found.push(Found { at, kind });
        self.state = match kind {
            Magic::Tnef => State::Tnef(Box::new(Tnef::new())),
            Magic::Cms => State::Cms(Box::new(Cms::new(self.name.as_deref(), self.limit))),
            Magic::Apple => State::Apple(Apple::default()),
            Magic::Lines => State::Lines(Box::new(text::Text::new(false, None))),
            Magic::Message => {
                tell(Kind::Anomaly(Anomaly::NestedContainer { format: "eml" }));
                tell(Kind::Start(Inner::message(Container::Message)));
                State::Message
            }
            Magic::Compound if self.outlook => {
                tell(Kind::Anomaly(Anomaly::NestedContainer { format: "msg" }));
                State::Over
            }
            Magic::Compound => State::Compound(Vec::new()),
            Magic::Other => State::Over,
        };
    }

    fn feed(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        match &mut self.state {
            State::Look(_) | State::Over => return,
            State::Tnef(tnef) => tnef.push(bytes, origin, found),
            State::Cms(cms) => cms.push(bytes, origin, found),
            State::Apple(apple) => apple.push(bytes, origin, found),
            State::Gzip(gzip) => gzip.push(bytes, origin),
            State::Lines(text) => text.push(bytes, origin, found),
            State::Message if bytes.is_empty() => {}
            State::Message => found.push(Found { at: origin.start, kind: Kind::Data(bytes.clone()) }),
            State::Compound(tail) => {
                // An entry that lies across two runs.
                tail.extend_from_slice(slice::split(bytes, NAMED_LEN - 1).0);
                let is = NAMED.find(tail).is_some() || NAMED.find(bytes).is_some();
                if bytes.len() >= NAMED_LEN {
                    tail.clear();
                    tail.extend_from_slice(slice::split(bytes, bytes.len() - (NAMED_LEN - 1)).1);
                } else {
                    tail.drain(..tail.len().saturating_sub(NAMED_LEN - 1));
                }
                if is {
                    let at = self.start.unwrap_or_default();
                    found.push(Found { at, kind: Kind::Anomaly(Anomaly::NestedContainer { format: "msg" }) });
                    self.state = State::Over;
                }
            }
        }
        self.settle();
    }

    pub(super) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        match &mut self.state {
            State::Look(_) | State::Over => self.state = State::Over,
            State::Tnef(tnef) => tnef.gap(at, found),
            State::Cms(cms) => cms.gap(at, found),
            State::Apple(apple) => apple.gap(at, found),
            State::Gzip(gzip) => gzip.gap(at, found),
            State::Lines(text) => text.gap(at, found),
            State::Message => found.push(Found { at, kind: Kind::Gap }),
            State::Compound(tail) => tail.clear(),
        }
        self.settle();
    }

    pub(super) fn finish(&mut self, whole: bool, complete: bool, at: u64, found: &mut Vec<Found>) {
        if let State::Look(held) = &mut self.state
            && whole
            && let Some(start) = self.start
        {
            let held = core::mem::take(held);
            let kind = look(&held, true, self.message, self.plain).unwrap_or(Magic::Other);
            self.begin(kind, start, found);
            let exact = at.saturating_sub(start) == held.len() as u64;
            self.feed(&held.into(), Origin { start, end: at, exact }, found);
        }
        match &mut self.state {
            State::Look(_) | State::Compound(_) | State::Over => {}
            State::Tnef(tnef) => tnef.finish(at, found),
            State::Cms(cms) => cms.finish(whole, at, found),
            State::Apple(apple) => apple.finish(whole, at, found),
            State::Gzip(gzip) => gzip.finish(whole, at, found),
            State::Lines(text) => text.finish(whole, at, found),
            State::Message => {
                found.push(Found { at, kind: Kind::End { whole: complete, decode: Decode::Ok } });
            }
        }
        self.state = State::Over;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magic {
    Tnef,
    Cms,
    Apple,
    Message,
    Lines,
    Compound,
    Other,
}

/// What bytes begin; `ended`: there are no more of them; `plain`: they travelled as they are. `None`: more would say.
fn look(head: &[u8], ended: bool, message: bool, plain: bool) -> Option<Magic> {
    for (signature, magic) in [
        (&TNEF[..], Magic::Tnef),
        (&COMPOUND, Magic::Compound),
        (&apple::SINGLE, Magic::Apple),
        (&apple::DOUBLE, Magic::Apple),
    ] {
        if head.starts_with(signature) {
            return Some(magic);
        }
        if signature.starts_with(head) && !ended {
            return None;
        }
    }
    if plain {
        match opening::opens(head) {
            Some(true) => return Some(Magic::Lines),
            None if !ended => return None,
            _ => {}
        }
    }
    match ber::is_cms(slice::split(head, ber::LOOK).0) {
        Some(true) => return Some(Magic::Cms),
        None if !ended => return None,
        _ => {}
    }
    let is = eml::is_message(head, ended, message)?;
    Some(if is { Magic::Message } else { Magic::Other })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes() {
        let signed = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0";
        for (head, expected) in [
            (&b""[..], None),
            (b"\x78\x9f", None),
            (b"\x78\x9f\x3e\x22", Some(Magic::Tnef)),
            (b"\x78\x9c\x01", Some(Magic::Other)),
            (&COMPOUND, Some(Magic::Compound)),
            (b"\0\x05\x16\x07", Some(Magic::Apple)),
            (b"\0\x05\x16", None),
            (signed, Some(Magic::Cms)),
            (slice::split(signed, 5).0, None),
            (b"\x30\x82\x01\x02\x02", Some(Magic::Other)),
            (b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01", Some(Magic::Other)),
            (b"\x30\x82\x01\x02\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09", Some(Magic::Cms)),
            (b"From: a\nTo: b\n\n", Some(Magic::Message)),
            (b"begin 644 a\n", Some(Magic::Lines)),
            (b"=ybegin line=1", Some(Magic::Lines)),
            (b"begin", None),
            (b"beginning of it", Some(Magic::Other)),
            (b"PK\x03\x04", Some(Magic::Other)),
            (b"%PDF-1.7\n", Some(Magic::Other)),
        ] {
            assert_eq!(look(head, false, false, true), expected, "{}", head.escape_ascii());
        }
        assert_eq!(look(b"begin 644 a\n", true, false, false), Some(Magic::Other));
        assert_eq!(NAMED.needle().len(), NAMED_LEN);
    }
}
