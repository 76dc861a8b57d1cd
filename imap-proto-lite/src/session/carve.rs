//! Content behind a gap: messages whose announcement is missing.
//!
//! Where a gap ends, a line may be a command or a response, the rest of one, or the inside of a message. The first ones are
//! kept until it is clear which; what is content then is told as an incomplete message, for nobody knows where it began.

use super::pairing::alike;
use super::stray::{Behind, Lost, Stray};
use super::{Session, Side};
use crate::command::{self, Verb};
use crate::event::{EventKind, MessageRef, Operation};
use crate::lexical::announced;
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::LineEnd;

/// A client says so many lines in a row at most that are no commands and no content: those of a SASL exchange, or the
/// literals of a LOGIN.
const MAX_ODD_LINES: usize = 3;

/// Whether a line, or the first piece of one, sends a message.
pub(super) fn is_append(line: &[u8]) -> bool {
    matches!(Verb::of(line), Verb::Append | Verb::Replace)
}

/// Whether a line is a field in the header of a message: no command is.
pub(super) fn is_field(line: &[u8]) -> bool {
    /// The longest name that is looked for.
    const LONGEST: usize = 76;
    let near = line.get(..=LONGEST).unwrap_or(line);
    let Some(colon) = near.iter().position(|byte| *byte == b':') else { return false };
    let (name, value) = line.split_at_checked(colon).unwrap_or_default();
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(u8::is_ascii_graphic)
        && matches!(value.get(1), None | Some(b' ' | b'\t'))
}

/// Whether a line ends a FETCH response behind the content, and could not be much else.
fn ends_fetch(line: &[u8]) -> bool {
    let names: [&[u8]; 5] = [b" UID ", b" FLAGS (", b" INTERNALDATE \"", b" RFC822.SIZE ", b" MODSEQ ("];
    let begins = |name: &[u8]| line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    line == b")" || (line.ends_with(b")") && names.iter().any(|name| begins(name)))
}

impl Session {
    fn is_carving(&self, side: Side) -> bool {
        self.halves.of(side).lost.as_ref().is_some_and(|lost| lost.carving)
    }

    /// Whether a line of the client behind a gap is a command; in the midst of content only what this client would say.
    pub(super) fn may_be_command(&self, line: &Bytes) -> bool {
        let parsed = command::parse(line);
        // A command whose arguments are literals is whole only with them.
        let announces = parsed.is_err() && announced(line).is_some();
        if self.is_carving(Side::Client) || announces {
            return (parsed.is_ok() || announces) && self.is_of_this_client(line);
        }
        parsed.is_ok_and(|command| !command.tag.contains(&b':'))
    }

    /// Whether the beginning of a line that a gap has cut is that of an APPEND.
    pub(super) fn may_be_append(&self, line: &[u8]) -> bool {
        is_append(line) && (!self.is_carving(Side::Client) || self.is_of_this_client(line))
    }

    /// Whether tag and verb of a line that seems to be a command are such as this client says.
    fn is_of_this_client(&self, line: &[u8]) -> bool {
        let verb = Verb::of(line);
        if matches!(verb, Verb::Unknown | Verb::Done) {
            return false;
        }
        let mut words = line.split(|byte| *byte == b' ');
        let tag = words.next().unwrap_or_default();
        let mut word = words.next().unwrap_or_default();
        if word.eq_ignore_ascii_case(b"UID") {
            word = words.next().unwrap_or_default();
        }
        let numbered = matches!(verb, Verb::Fetch | Verb::Store | Verb::Copy | Verb::Move);
        let set = words.next().and_then(|set| set.first());
        if tag.is_empty() || (numbered && !matches!(set, Some(b'0'..=b'9' | b'*' | b'$'))) {
            return false;
        }
        // "I check" and "A copy of" stand in letters; a number does not stand before a verb there.
        let has_number = |tag: &[u8]| tag.iter().any(u8::is_ascii_digit);
        let shouted = word.iter().all(u8::is_ascii_uppercase) || tag.iter().all(u8::is_ascii_lowercase);
        let mut tags = self.queue.tags().peekable();
        if tags.peek().is_none() {
            let plain = tag.len() <= 20 && tag.iter().all(u8::is_ascii_alphanumeric);
            return plain && (has_number(tag) || word.iter().all(u8::is_ascii_uppercase));
        }
        tags.any(|known| {
            alike(tag, known) && has_number(tag) == has_number(known) && (has_number(tag) || shouted)
        })
    }

    /// A line, or a piece of one, that is neither command nor response.
    pub(super) fn stray(&mut self, side: Side, stray: Stray) {
        let Some(lost) = &mut self.halves.of_mut(side).lost else { return };
        let first = lost.skipped == 0 && lost.first.is_empty();
        let len = stray.text.len() as u64 + stray.line_end().len() as u64;
        lost.skipped = lost.skipped.saturating_add(len);
        if side == Side::Client {
            self.stray_of_client(stray);
            return;
        }
        if !self.is_carving(side) && !self.awaits_content() {
            self.settle_first(side, false);
            return self.emit(side, stray.at, stray.span, EventKind::Truncated(stray.text));
        }
        let Some(lost) = &mut self.halves.of_mut(side).lost else { return };
        if first && !lost.carving {
            // The rest of a line, perhaps: what follows tells.
            lost.first.push(stray.copied());
            return;
        }
        if let [held] = lost.first.as_slice()
            && matches!(held.end, LineEnd::CrLf | LineEnd::Lf)
            && let Some(found) = announced(&held.text)
            && is_field(&stray.text)
        {
            return self.literal_goes_on(found.size, stray);
        }
        self.settle_first(side, true);
        if ends_fetch(&stray.text) && stray.end == LineEnd::CrLf && self.is_carving(side) {
            self.tell_behind(side);
            if let Some(lost) = &mut self.halves.of_mut(side).lost {
                lost.behind.rest = Some(stray.copied());
            }
            return;
        }
        self.carve(side, stray, Operation::Unknown);
    }

    /// Whether what the server says may be content of a message: a command that was heard asks for it, or one that was not.
    fn awaits_content(&self) -> bool {
        let heard = !self.halves.of(Side::Client).wire.is_untouched();
        !heard || self.sync.shaky || self.queue.awaits_content()
    }

    /// A client sends a command in one line, and little else but content.
    fn stray_of_client(&mut self, stray: Stray) {
        let most = self.config.max_line / 2;
        let Some(lost) = &mut self.halves.of_mut(Side::Client).lost else { return };
        let field = is_field(&stray.text);
        if lost.carving {
            if lost.behind.gap.is_some() && field {
                // Content goes on behind a gap at any place; the next message begins so.
                self.end_carved(stray.at, stray.span.start, true);
                self.carve(Side::Client, stray, Operation::Append);
            } else {
                self.carve(Side::Client, stray, Operation::Unknown);
            }
            return;
        }
        let limit = if lost.in_append { 1 } else { MAX_ODD_LINES };
        if !field && lost.first.len() < limit && lost.memory().saturating_add(stray.text.len()) <= most {
            lost.first.push(stray.copied());
            return;
        }
        let operation = if field || lost.in_append { Operation::Append } else { Operation::Unknown };
        for first in core::mem::take(&mut lost.first) {
            self.carve(Side::Client, first, operation);
        }
        self.carve(Side::Client, stray, operation);
    }

    /// The first lines behind a gap: content of a message if what follows them is.
    pub(super) fn settle_first(&mut self, side: Side, content: bool) {
        let awaited = self.awaits_content();
        let Some(lost) = &mut self.halves.of_mut(side).lost else { return };
        let (content, operation) = match side {
            Side::Client => (content && lost.in_append, Operation::Append),
            Side::Server => {
                let in_fetch = lost.in_fetch || lost.skipped > 0;
                (content && in_fetch && awaited, Operation::Unknown)
            }
        };
        for first in core::mem::take(&mut lost.first) {
            if content {
                self.carve(side, first, operation);
                continue;
            }
            self.emit(side, first.at, first.span, EventKind::Truncated(first.text));
        }
    }

    /// Content of a message whose announcement is missing. The operation is that of a message that begins here.
    pub(super) fn carve(&mut self, side: Side, stray: Stray, operation: Operation) {
        let (at, start) = (stray.at, stray.span.start);
        let Some(lost) = &mut self.halves.of_mut(side).lost else { return };
        if core::mem::replace(&mut lost.carving, true) {
            self.tell_behind(side);
        } else {
            if side == Side::Server {
                self.passed(self.queue.before_fetch(None, None, None));
            }
            let open = self.unannounced(side, operation);
            self.emit(side, at, start..start, EventKind::MessageStart(Box::new(open)));
            // What begins with its header may have come from its beginning.
            if operation != Operation::Append || !is_field(&stray.text) {
                self.emit(side, at, start..start, EventKind::MessageGap(None));
            }
        }
        self.tell_line(side, stray);
    }

    /// What is known of content whose announcement is missing.
    pub(super) fn unannounced(&self, side: Side, operation: Operation) -> MessageRef {
        let mut of = MessageRef { operation, ..MessageRef::default() };
        if side == Side::Server {
            let mailbox = &self.selected.mailbox;
            of.mailbox.clone_from(&mailbox.name);
            (of.uid_validity, of.epoch) = (mailbox.uid_validity, mailbox.epoch);
        }
        of
    }

    /// Tells a line of content.
    pub(super) fn tell_line(&mut self, side: Side, line: Stray) {
        let end = line.line_end();
        let Stray { text, at, span, .. } = line;
        let middle = span.end.saturating_sub(end.len() as u64).max(span.start);
        if !text.is_empty() {
            self.emit(side, at, span.start..middle, EventKind::MessageData(text));
        }
        if end.is_empty() {
            return;
        }
        match &mut self.halves.of_mut(side).lost {
            // The last one ends the command and not the content.
            Some(lost) if side == Side::Client => lost.behind.line_end = Some((end, at, middle..span.end)),
            _ => self.emit(side, at, middle..span.end, EventKind::MessageData(Bytes::from_static(end))),
        }
    }

    /// What came behind the last line belongs to the content.
    pub(super) fn tell_behind(&mut self, side: Side) {
        let Some(lost) = &mut self.halves.of_mut(side).lost else { return };
        let Behind { rest, line_end, gap } = core::mem::take(&mut lost.behind);
        if let Some(rest) = rest {
            self.tell_line(side, rest);
        }
        if let Some((end, at, span)) = line_end {
            self.emit(side, at, span, EventKind::MessageData(Bytes::from_static(end)));
        }
        if let Some((len, at, span)) = gap {
            self.emit(side, at, span, EventKind::MessageGap(len));
        }
    }

    /// A gap among lines that may be content.
    pub(super) fn gap_in_lost(&mut self, side: Side, len: Option<u64>, at: Timestamp, span: Range<u64>) {
        self.settle_first(side, true);
        if !self.is_carving(side) {
            return self.emit(side, at, span, EventKind::Gap(len));
        }
        if side == Side::Server {
            self.tell_behind(side);
            return self.emit(side, at, span, EventKind::MessageGap(len));
        }
        let has_gap = |lost: &Lost| lost.behind.gap.is_some();
        if self.halves.of(side).lost.as_ref().is_some_and(has_gap) {
            self.tell_behind(side);
        }
        if let Some(lost) = &mut self.halves.of_mut(side).lost {
            lost.behind.gap = Some((len, at, span));
        }
    }

    /// The client's content is over: what came behind its last line is none of it.
    fn end_carved(&mut self, at: Timestamp, here: u64, another: bool) {
        let side = Side::Client;
        let Some(lost) = &mut self.halves.of_mut(side).lost else { return };
        lost.carving = false;
        // A gap before a command may have the end of the content.
        if lost.behind.gap.is_some() && !another {
            self.tell_behind(side);
        }
        let Some(lost) = &mut self.halves.of_mut(side).lost else { return };
        let Behind { line_end, gap, .. } = core::mem::take(&mut lost.behind);
        let starts = [line_end.as_ref().map(|(_, _, span)| span.start), gap.as_ref().map(|gap| gap.2.start)];
        let here = starts.into_iter().flatten().next().unwrap_or(here);
        self.end_message(side, at, here, false);
        if let Some((end, at, span)) = line_end {
            self.emit(side, at, span, EventKind::Truncated(Bytes::from_static(end)));
        }
        if let Some((len, at, span)) = gap {
            self.emit(side, at, span, EventKind::Gap(len));
        }
    }

    /// Lines make sense again, or none comes any more: ends the message that was made of them.
    pub(super) fn carved(&mut self, side: Side, at: Timestamp, here: u64, ended: bool) {
        self.settle_first(side, false);
        if !self.is_carving(side) {
            return;
        }
        if side == Side::Client && !ended {
            return self.end_carved(at, here, false);
        }
        // What stands before the next response ends one: content is always followed by the rest of its response.
        let rest = if ended { None } else { self.take_rest(side) };
        self.tell_behind(side);
        if let Some(lost) = &mut self.halves.of_mut(side).lost {
            lost.carving = false;
        }
        let here = rest.as_ref().map_or(here, |rest| rest.span.start);
        self.end_message(side, at, here, false);
        if let Some(rest) = rest {
            self.emit(side, rest.at, rest.span, EventKind::Truncated(rest.text));
        }
    }

    fn take_rest(&mut self, side: Side) -> Option<Stray> {
        self.halves.of_mut(side).lost.as_mut()?.behind.rest.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::pairing::Pending;

    #[test]
    fn header_fields() {
        for (line, expected) in [
            ("Subject: hi", true),
            ("X-Lab-Id:", true),
            ("DKIM-Signature:\tv=1", true),
            ("a1 SELECT x", false),
            ("a1: SELECT x", true),
            ("1:4 (FLAGS)", false),
            ("imap://alice@lab.test/x", false),
            ("A UID FETCH 1:2 FLAGS", false),
            ("no field: at all", false),
            (": x", false),
            ("", false),
        ] {
            assert_eq!(is_field(line.as_bytes()), expected, "{line}");
        }
        assert!(!is_field(format!("{}: x", "a".repeat(77)).as_bytes()));
    }

    #[test]
    fn commands_in_the_midst_of_content() {
        let session = |tags: &[&str]| {
            let mut session = Session::default();
            for tag in tags {
                session.queue.push(Pending::new(tag.as_bytes(), Verb::Noop));
            }
            let lost = Lost { carving: true, ..Lost::default() };
            session.halves.of_mut(Side::Client).lost = Some(lost);
            session
        };
        for (tags, line, expected) in [
            (&["A003"][..], "A004 NOOP", true),
            (&["A003"], "A004 uid fetch 1:* (FLAGS)", true),
            (&["A003"], "A004 APPEND Sent (\\Seen) {310}", true),
            (&["A003"], "A004 LOGIN {5+}", true),
            (&["A999"], "A1000 NOOP", true),
            (&["x7Qa", "q3ga"], "abc4 NOOP", true),
            (&["9"], "10 NOOP", true),
            (&["a"], "b SELECT INBOX", true),
            (&["a"], "b select INBOX", true),
            // Nothing that this client would say.
            (&["A003"], "B04 NOOP", false),
            (&["A003"], "Dear search engine", false),
            (&["A003"], "A004 says no", false),
            (&["A003"], " A004 NOOP", false),
            (&["A003"], "A004 COPY this to Bob", false),
            (&["A003"], "DONE", false),
            (&["a"], "I check this", false),
            (&["a"], "A copy of this", false),
            // Nobody has heard a tag.
            (&[], "A004 NOOP", true),
            (&[], "abc NOOP", true),
            (&[], "I check this", false),
            (&[], "To: NOOP", false),
        ] {
            assert_eq!(session(tags).may_be_command(&Bytes::from(line)), expected, "{tags:?} {line}");
        }
        // Where nothing seems to be content, the tag may be any.
        assert!(Session::default().may_be_command(&Bytes::from("Dear search engine")));
    }
}
