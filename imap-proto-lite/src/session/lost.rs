//! Lines behind a gap: which of them are commands and responses again, and which are the inside of a message.

use super::assembly::{About, Reading};
use super::half::Half;
use super::stray::Stray;
use super::{Client, Session, Side};
use crate::Anomaly;
use crate::command::Verb;
use crate::event::EventKind;
use crate::lexical::{Announced, announced};
use crate::response::{self, Condition, Data, Response};
use bytes::{BufMut as _, Bytes};
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::LineEnd;
use mail_wire::halves::Opening;

/// What the first bytes of a half look like.
pub(super) fn opening(half: &Half) -> Opening {
    /// A tag and a verb.
    const ENOUGH: usize = 64;
    let wire = &half.wire;
    let mut ahead: Vec<u8> = wire.peek().take(ENOUGH).collect();
    let end = ahead.iter().position(|byte| *byte == b'\n');
    let decided = end.is_some() || ahead.len() == ENOUGH || wire.peek_is_all();
    ahead.truncate(end.unwrap_or(ahead.len()));
    match ahead.as_slice() {
        [b'*', b' ', ..] => Opening::Server,
        [] if end.is_none() && !wire.at_gap() => Opening::Short,
        // TLS.
        [0x14..=0x17, ..] => Opening::Other,
        _ if !decided => Opening::Short,
        line if Verb::of(line) != Verb::Unknown => Opening::Client,
        _ => Opening::Other,
    }
}

/// Whether a line, or its beginning, can be nothing but a response.
fn is_response(line: &[u8]) -> bool {
    const KEYWORDS: [&[u8]; 20] = [
        b"CAPABILITY",
        b"ENABLED",
        b"LIST",
        b"LSUB",
        b"XLIST",
        b"STATUS",
        b"SEARCH",
        b"ESEARCH",
        b"SORT",
        b"THREAD",
        b"FLAGS",
        b"VANISHED",
        b"NAMESPACE",
        b"QUOTA",
        b"QUOTAROOT",
        b"ID",
        b"ACL",
        b"METADATA",
        b"URLFETCHED",
        b"MYRIGHTS",
    ];
    let Some(rest) = line.strip_prefix(b"* ") else { return false };
    let mut words = rest.split(|byte| *byte == b' ');
    let word = words.next().unwrap_or_default();
    if word.first().is_some_and(u8::is_ascii_digit) && word.iter().all(u8::is_ascii_digit) {
        let known: [&[u8]; 6] = [b"FETCH", b"UIDFETCH", b"EXISTS", b"RECENT", b"EXPUNGE", response::EXPUNGED];
        return words.next().is_some_and(|word| known.iter().any(|known| word.eq_ignore_ascii_case(known)));
    }
    Condition::of(word).is_some() || KEYWORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether the first bytes of a response, tagged or not, can stand here.
pub(super) fn begins_response(text: &[u8]) -> bool {
    let mut words = text.splitn(3, |byte| *byte == b' ');
    let (tag, word) = (words.next().unwrap_or_default(), words.next());
    let tagged = tag.len() <= 20 && !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
    match word {
        Some(_) if matches!(tag, b"*" | b"+") => true,
        Some(word) if words.next().is_some() => tagged && Condition::of(word).is_some(),
        _ => false,
    }
}

/// Whether a line begins a response in which content of a message may stand.
pub(super) fn is_fetch(line: &[u8]) -> bool {
    is_response(line)
        && line.get(..24).unwrap_or(line).to_ascii_uppercase().windows(6).any(|word| word == b"FETCH ")
}

impl Session {
    /// A command or response under way lost bytes: accounts for what was read of it up to there.
    pub(super) fn broken(&mut self, side: Side, at: Timestamp, until: u64) {
        if side == Side::Client {
            self.sync.shaky = true;
            if let Some(last) = self.queue.last_mut() {
                last.whole = true;
            }
        } else {
            self.sync.deaf = true;
            if self.queue.gap() || self.sync.shaky {
                self.selected.unsettle();
            }
            // The greeting was the first that came.
            self.greeted = true;
        }
        let line = &mut self.halves.of_mut(side).line;
        let start = line.start.take();
        let in_fetch = matches!(line.about, About::Fetch(_)) || is_fetch(&line.text);
        let open = matches!(&line.about, About::Append(appending) if appending.begun);
        line.reset();
        if let Some(start) = start {
            self.emit(side, at, start..until, EventKind::Fragment);
        }
        if open {
            self.end_message(side, at, until, false);
        }
        let lost = self.halves.of_mut(side).lost.get_or_insert_default();
        lost.in_fetch |= in_fetch;
    }

    /// The beginning of a line that a gap has cut.
    pub(super) fn cut_off(&mut self, side: Side, text: Bytes, at: Timestamp, span: Range<u64>) {
        let in_fetch = is_fetch(&text);
        let in_append = side == Side::Client && self.may_be_append(&text);
        let begins = in_append || (side == Side::Server && is_response(&text));
        if self.halves.of_mut(side).lost.is_some() && !begins {
            self.stray(side, Stray { text, end: LineEnd::Cut, at, span });
            return;
        }
        if self.halves.of_mut(side).lost.is_some() {
            self.found(side, at, &span);
        }
        self.broken(side, at, span.start);
        if let Some(lost) = &mut self.halves.of_mut(side).lost {
            lost.in_fetch |= in_fetch;
            lost.in_append |= in_append;
        }
        self.emit(side, at, span, EventKind::Truncated(text));
    }

    /// A gap between lines or inside of one.
    pub(super) fn line_gap(&mut self, side: Side, len: Option<u64>, at: Timestamp, span: Range<u64>) {
        self.broken(side, at, span.start);
        self.gap_in_lost(side, len, at, span);
    }

    /// A line while nobody knows what lines are: true if it is none yet.
    pub(super) fn line_is_lost(
        &mut self,
        side: Side,
        text: &Bytes,
        end: LineEnd,
        at: Timestamp,
        span: &Range<u64>,
    ) -> bool {
        let known = match side {
            Side::Client => self.may_be_command(text),
            Side::Server => is_response(text) || self.is_tagged(text) || self.is_request(text),
        };
        if known {
            self.found(side, at, span);
            return false;
        }
        let stray = Stray { text: text.clone(), end, at, span: span.clone() };
        if side == Side::Client || !self.section_goes_on(&stray) {
            self.stray(side, stray);
        }
        true
    }

    /// Whether a line asks the client to go on, which waits for that.
    fn is_request(&self, line: &[u8]) -> bool {
        line.starts_with(b"+ ") && matches!(self.client, Client::AwaitLiteral | Client::AwaitSasl)
    }

    /// Whether a line ends a command: one that is known, or might have been missed.
    fn is_tagged(&self, line: &[u8]) -> bool {
        let mut words = line.split(|byte| *byte == b' ');
        let (tag, word) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let missed =
            self.sync.shaky && (1..=20).contains(&tag.len()) && tag.iter().all(u8::is_ascii_alphanumeric);
        Condition::of(word).is_some() && (missed || self.queue.find(tag).is_some())
    }

    /// Lines are lines again.
    pub(super) fn found(&mut self, side: Side, at: Timestamp, span: &Range<u64>) {
        self.carved(side, at, span.start, false);
        let Some(lost) = self.halves.of_mut(side).lost.take() else { return };
        if lost.skipped > 0 {
            self.halves.of_mut(side).line.doubtful = side == Side::Server;
            self.anomaly(side, at, span, Anomaly::Resync { skipped: lost.skipped });
        }
    }

    /// A line went past the limit: its beginning is kept, its end is looked at for a literal.
    pub(super) fn cut_line(&mut self, side: Side, text: &Bytes, at: Timestamp, span: Range<u64>) {
        let (limit, max_held) = (self.config.max_line, self.config.max_held);
        self.anomaly(side, at, &span, Anomaly::LineTooLong { limit });
        let line = &mut self.halves.of_mut(side).line;
        line.start.get_or_insert(span.start);
        line.add(text, max_held);
        line.cut = Some(Vec::new());
        self.fragment(side, at);
    }

    /// More of a line beyond the limit; its end with the literal there, once it has come.
    pub(super) fn long_line(
        &mut self,
        side: Side,
        bytes: Bytes,
        at: Timestamp,
        span: Range<u64>,
    ) -> Option<Option<Announced>> {
        /// So much of the end is looked at.
        const KEPT: usize = 512;
        let half = self.halves.of_mut(side);
        let Some(tail) = &mut half.line.cut else {
            self.cut_off(side, bytes, at, span);
            return None;
        };
        tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(KEPT)..).unwrap_or(&bytes));
        let surplus = tail.len().saturating_sub(KEPT);
        tail.drain(..surplus);
        if tail.last() != Some(&b'\n') {
            self.emit(side, at, span, EventKind::Truncated(bytes));
            return None;
        }
        let end = half.line.cut.take().unwrap_or_default();
        let end = end.trim_ascii_end();
        let found = announced(end);
        if found.is_some()
            && let Some(short) = shortened(&half.line.text, end)
        {
            half.line.text.clear();
            half.line.text.put_slice(&short);
        }
        let found = Some(found.map(|found| Announced { start: 0, ..found }));
        self.emit(side, at, span, EventKind::Truncated(bytes));
        found
    }

    /// No line comes any more.
    pub(super) fn lost_for_good(&mut self, side: Side, at: Timestamp, here: u64) {
        self.carved(side, at, here, true);
        self.halves.of_mut(side).lost = None;
    }

    /// What is left when a stream ends; false if nothing is.
    pub(super) fn half_ended(&mut self, side: Side) -> bool {
        let now = self.halves.now();
        let half = self.halves.of_mut(side);
        if !half.wire.is_finished() {
            return false;
        }
        let here = half.wire.position();
        if half.line.is_empty() {
            let lost = half.lost.as_ref().is_some_and(|lost| lost.is_open());
            if lost {
                self.settle_first(side, true);
                self.lost_for_good(side, now, here);
            } else if let Some(empty) = half.wire.empty_end() {
                self.emit(side, now, empty, EventKind::Fragment);
                return true;
            }
            return lost;
        }
        let streamed = matches!(half.line.reading, Reading::Stream { .. } | Reading::Doubtful(_));
        let open = matches!(&half.line.about, About::Append(appending) if appending.begun);
        let start = half.line.start;
        half.line.reset();
        if let Some(start) = start {
            self.emit(side, now, start..here, EventKind::Fragment);
        }
        if streamed || open {
            self.anomaly(side, now, &(here..here), Anomaly::Truncated);
            self.end_message(side, now, here, false);
        }
        if side == Side::Client
            && let Some(last) = self.queue.last_mut()
        {
            last.whole = true;
        }
        true
    }
}

/// A FETCH response without what makes it too long: the message that it is about, and the section that is announced at
/// its end.
fn shortened(head: &[u8], end: &[u8]) -> Option<Vec<u8>> {
    let Ok(Response::Data(Data::Fetch(fetch))) = response::parse(&Bytes::copy_from_slice(head)) else {
        return None;
    };
    let names: [&[u8]; 3] = [b" BODY[", b" BINARY[", b" RFC822"];
    let upper = end.to_ascii_uppercase();
    let section = names.iter().filter_map(|name| memchr::memmem::rfind(&upper, name)).max()?;
    let section = end.get(section..announced(end)?.start)?;
    let uid = fetch.uid.map_or(String::new(), |uid| format!("UID {uid}"));
    let mut short = match fetch.sequence {
        Some(number) => format!("* {number} FETCH ({uid}"),
        None => format!("* {} UIDFETCH (", fetch.uid?),
    }
    .into_bytes();
    short.extend_from_slice(section);
    Some(short)
}
