//! Sections whose announcement was found behind a gap, among lines that are content for all that is known.
//!
//! Such a line may be content itself: mail quotes IMAP. So the literal is read by lines, and it is over early if the server
//! is heard to answer a command; it is complete only if what stands behind it is the rest of a FETCH response.

use super::assembly::{About, Doubt, Fetching, Reading, announce};
use super::message::{Taken, last_section, said};
use super::stray::Stray;
use super::{Session, Side};
use crate::event::{EventKind, Operation};
use crate::lexical::{Announced, announced};
use crate::response::{Condition, cut_again};
use bytes::{BufMut as _, Bytes, BytesMut};
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{FrameKind, Line, LineEnd, Mode};

/// So much in front of an announcement is looked at for the name of the section.
const NEAR: usize = 512;

/// Whether a line stands behind a literal of a FETCH response: it closes the list, or goes on in it.
fn is_rest(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    text == b")" || (text.starts_with(b" ") && (text.ends_with(b")") || announced(text).is_some()))
}

/// Where the items begin at the end of a line that announces a section: what stands before them is content.
fn items(text: &[u8], found: Announced) -> Option<usize> {
    if text.starts_with(b" ") && cut_again(&piece(text, 0, found)?).is_some() {
        return Some(0);
    }
    let before = text.get(..found.start)?;
    let near = before.len().saturating_sub(NEAR);
    let upper = before.get(near..)?.to_ascii_uppercase();
    let names: [&[u8]; 3] = [b" BODY[", b" BINARY[", b" RFC822"];
    let last = names.iter().filter_map(|name| memchr::memmem::rfind(&upper, name)).max()?;
    Some(near + last)
}

/// The end of a line from there on, with the announcement of a literal that is elsewhere.
fn piece(text: &[u8], from: usize, found: Announced) -> Option<Bytes> {
    let items = text.get(from..found.start)?;
    let mut piece = BytesMut::with_capacity(items.len() + 24);
    piece.put_slice(items);
    announce(&mut piece, found.size, "\n");
    Some(piece.freeze())
}

impl Session {
    /// Behind a gap inside of a FETCH response: a line that announces another section of it; true if it is one.
    pub(super) fn section_goes_on(&mut self, line: &Stray) -> bool {
        let Stray { text, end, at, span } = line;
        if !matches!(end, LineEnd::CrLf | LineEnd::Lf) {
            return false;
        }
        let at = *at;
        let Some((found, from)) = announced(text).and_then(|found| Some((found, items(text, found)?))) else {
            return false;
        };
        let Some(items) = piece(text, from, found).and_then(|piece| cut_again(&piece)) else { return false };
        let Some(section) = last_section(&items) else { return false };
        let uid = said(&items);
        let middle = span.start.saturating_add(from as u64).min(span.end);
        self.settle_first(Side::Server, true);
        self.tell_behind(Side::Server);
        if from > 0 {
            let span = span.start..middle;
            let content = Stray { text: text.slice(..from), end: LineEnd::Cut, at, span };
            self.carve(Side::Server, content, Operation::Unknown);
        }
        self.found(Side::Server, at, &(middle..span.end));
        let of = self.reference(None, uid, section, found.size);
        let line = &mut self.halves.of_mut(Side::Server).line;
        line.start = Some(middle);
        line.doubtful = true;
        line.about = About::Fetch(Fetching { sequence: None, uid, read: None, headless: true });
        line.text.put_slice(text.get(from..found.start).unwrap_or_default());
        self.begin_literal(Side::Server, found, Taken::Fetched(Box::new(of)), at);
        true
    }

    /// The rest of a line behind a gap announces a literal, and a header stands behind it: what of the message it is,
    /// nobody knows, but where it ends.
    pub(super) fn literal_goes_on(&mut self, size: u64, next: Stray) {
        let mut of = self.unannounced(Side::Server, Operation::Unknown);
        of.size = Some(size);
        self.settle_first(Side::Server, false);
        self.halves.of_mut(Side::Server).lost = None;
        let here = next.span.start..next.span.start;
        self.emit(Side::Server, next.at, here, EventKind::MessageStart(Box::new(of)));
        let line = &mut self.halves.of_mut(Side::Server).line;
        line.about = About::Fetch(Fetching { sequence: None, uid: None, read: None, headless: true });
        self.doubtful_line(Doubt { left: size, complete: false, fresh: true }, next);
    }

    /// Takes one line of a literal whose announcement is in doubt.
    pub(super) fn step_doubtful(&mut self, doubt: Doubt) -> bool {
        let Some(frame) = self.halves.of_mut(Side::Server).wire.next(Mode::Line) else {
            return self.half_ended(Side::Server);
        };
        let (at, span) = (frame.at, frame.span);
        match frame.kind {
            FrameKind::Line(Line { text, end, .. }) => {
                self.doubtful_line(doubt, Stray { text, end, at, span });
            }
            FrameKind::Truncated(text) => {
                self.doubtful_line(doubt, Stray { text, end: LineEnd::Cut, at, span });
            }
            FrameKind::Gap(len) => self.doubtful_gap(doubt, len, at, &span),
            _ => {}
        }
        true
    }

    fn doubtful_line(&mut self, doubt: Doubt, line: Stray) {
        let side = Side::Server;
        if doubt.fresh && self.answers(&line.text) {
            return self.end_doubtful(line);
        }
        let Doubt { left, complete, .. } = doubt;
        // Not that of the span, which inflated bytes do not have.
        let len = line.text.len() as u64 + line.line_end().len() as u64;
        if len <= left && left > 0 {
            let fresh = line.end != LineEnd::Cut || line.text.ends_with(b"\n");
            let doubt = Doubt { left: left - len, complete, fresh };
            self.halves.of_mut(side).line.reading = Reading::Doubtful(doubt);
            return self.tell_line(side, line);
        }
        let Stray { mut text, end, at, span } = line;
        let within = usize::try_from(left).unwrap_or(usize::MAX);
        let whole = within <= text.len();
        let head = text.split_to(within.min(text.len()));
        let middle = span.start.saturating_add(head.len() as u64).min(span.end);
        if !head.is_empty() {
            self.emit(side, at, span.start..middle, EventKind::MessageData(head));
        }
        let span = middle..span.end;
        let urls = matches!(self.halves.of(side).line.about, About::Urls);
        if !whole || !(is_rest(&text) || (urls && text.is_empty())) {
            return self.end_doubtful(Stray { text, end, at, span });
        }
        self.halves.of_mut(side).line.doubtful = false;
        self.literal_ended(side, at, middle, complete);
        match end {
            LineEnd::Cut => self.cut_off(side, text, at, span),
            end => self.server_line(text, end, at, span),
        }
    }

    /// The literal was none, or nobody knows where it ends: what comes is judged anew.
    fn end_doubtful(&mut self, rest: Stray) {
        let side = Side::Server;
        let here = rest.span.start;
        self.halves.of_mut(side).line.reading = Reading::Line;
        self.end_message(side, rest.at, here, false);
        self.broken(side, rest.at, here);
        match rest.end {
            LineEnd::Cut => self.stray(side, rest),
            end => self.server_line(rest.text, end, rest.at, rest.span),
        }
    }

    fn doubtful_gap(&mut self, doubt: Doubt, len: Option<u64>, at: Timestamp, span: &Range<u64>) {
        let side = Side::Server;
        let inside = len.map(|len| len.min(doubt.left));
        let middle = span.start.saturating_add(inside.unwrap_or(0)).min(span.end);
        if inside != Some(0) {
            self.emit(side, at, span.start..middle, EventKind::MessageGap(inside));
        }
        let left = doubt.left.saturating_sub(inside.unwrap_or(0));
        if len.is_some() && middle == span.end && left > 0 {
            let doubt = Doubt { left, complete: false, fresh: false };
            self.halves.of_mut(side).line.reading = Reading::Doubtful(doubt);
            return;
        }
        self.halves.of_mut(side).line.reading = Reading::Line;
        self.end_message(side, at, middle, false);
        self.broken(side, at, middle);
        if middle < span.end {
            self.emit(side, at, middle..span.end, EventKind::Gap(Some(span.end - middle)));
        }
    }

    /// Whether a line answers a command that awaits it: content does not know its tag.
    fn answers(&self, line: &[u8]) -> bool {
        let mut words = line.split(|byte| *byte == b' ');
        let (tag, word) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        Condition::of(word).is_some() && self.queue.find(tag).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_section() {
        for (line, expected) in [
            (")", true),
            (") ", true),
            (" UID 7)", true),
            (" BODY[TEXT] {310}", true),
            (" and more", false),
            ("more)", false),
            ("", false),
        ] {
            assert_eq!(is_rest(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn where_the_items_begin() {
        for (line, expected) in [
            (" BODY[TEXT] {3}", Some(0)),
            (" UID 7 BODY[TEXT] {3}", Some(0)),
            ("text BODY[HEADER.FIELDS (From To)] {3}", Some(4)),
            ("text body[1]<0> ~{3}", Some(4)),
            (" text RFC822 {3}", Some(5)),
            (" BODY[1] text BODY[2] {3}", Some(13)),
            ("text {3}", None),
        ] {
            let found = announced(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(items(line.as_bytes(), found), expected, "{line}");
        }
        let far = format!(" BODY[] {}{{3}}", " ".repeat(NEAR));
        let found = announced(far.as_bytes()).unwrap_or_else(|| panic!("{far}"));
        assert_eq!(items(&far.as_bytes()[1..], Announced { start: found.start - 1, ..found }), None);
    }
}
