//! Literals, and the messages that some of them are.

use super::assembly::{About, Appending, Doubt, Fetching, Reading, announce};
use super::{Session, Side};
use crate::command::{Appended, Stage};
use crate::event::{EventKind, MessageRef, Operation};
use crate::lexical::Announced;
use crate::response::{Cut, Item, cut, cut_again, cut_urls};
use crate::{Anomaly, Content, Section};
use bytes::{BufMut as _, Bytes};
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, Mode};

/// What a literal is.
#[derive(Debug)]
pub(super) enum Taken {
    /// A string like any other.
    Inline,
    /// Content of a message in FETCH or URLFETCH.
    Fetched(Box<MessageRef>),
    /// Content of a message in APPEND: what the piece before it says, and how far the command has come.
    Appended(Vec<Appended>, Box<Appending>),
}

/// So many literals of a response may look like content and be none, before the rest is not looked at.
const MAX_MISSES: u8 = 16;

impl Session {
    /// What of a response the literal is.
    pub(super) fn content_of_response(&mut self, size: u64) -> Taken {
        let line = &mut self.halves.of_mut(Side::Server).line;
        let urls = matches!(line.about, About::Urls);
        let tail = line.text.get(line.tail..).unwrap_or_default();
        if line.misses >= MAX_MISSES || !(urls || may_be_content(tail)) {
            return Taken::Inline;
        }
        let piece = line.piece(size);
        let kept = line.text.len() <= Fetching::KEPT;
        let fetched = match &mut line.about {
            About::Fetch(fetching) => {
                let Some(items) = cut_again(&piece) else { return self.missed() };
                let fetched = last_section(&items);
                fetching.uid = said(&items).or(fetching.uid);
                match &mut fetching.read {
                    Some(fetch) if kept => fetch.items.extend(items),
                    read => *read = None,
                }
                fetched
            }
            About::Urls => match cut_urls(&piece) {
                Some(url) => return Taken::Fetched(Box::new(url_reference(&url, size))),
                None => return self.missed(),
            },
            _ => match cut(&piece) {
                Some(Cut::Section(fetch)) => {
                    let fetched = last_section(&fetch.items);
                    let (sequence, uid) = (fetch.sequence, said(&fetch.items).or(fetch.uid));
                    let read = kept.then_some(fetch);
                    line.about = About::Fetch(Fetching { sequence, uid, read, headless: false });
                    fetched
                }
                Some(Cut::Url(url)) => {
                    line.about = About::Urls;
                    return Taken::Fetched(Box::new(url_reference(&url, size)));
                }
                None => return self.missed(),
            },
        };
        let (About::Fetch(fetching), Some(section)) = (&line.about, fetched) else { return Taken::Inline };
        let (sequence, uid) = (fetching.sequence, fetching.uid);
        self.passed(self.queue.before_fetch(Some(&section.0), sequence, uid));
        Taken::Fetched(Box::new(self.reference(sequence, uid, section, size)))
    }

    fn missed(&mut self) -> Taken {
        self.halves.of_mut(Side::Server).line.misses += 1;
        Taken::Inline
    }

    /// Which message a section belongs to.
    pub(super) fn reference(
        &mut self,
        sequence: Option<u32>,
        uid: Option<u32>,
        (section, origin): (Section, Option<u64>),
        size: u64,
    ) -> MessageRef {
        let mut of = self.named(sequence, uid);
        (of.section, of.origin, of.size) = (section, origin, Some(size));
        of
    }

    /// The message of the open mailbox with this number, or this UID.
    pub(super) fn named(&mut self, sequence: Option<u32>, uid: Option<u32>) -> MessageRef {
        let limit = self.config.max_messages;
        if let (Some(sequence), Some(uid)) = (sequence, uid) {
            self.selected.learn(sequence, uid, limit);
        }
        let (known, handle) = sequence.map_or((None, None), |number| self.selected.identify(number, limit));
        let mailbox = &self.selected.mailbox;
        MessageRef {
            operation: Operation::Fetch,
            mailbox: mailbox.name.clone(),
            uid_validity: mailbox.uid_validity,
            epoch: mailbox.epoch,
            sequence,
            uid: uid.or(known),
            handle,
            ..MessageRef::default()
        }
    }

    /// A literal begins: its announcement was read.
    pub(super) fn begin_literal(&mut self, side: Side, found: Announced, taken: Taken, at: Timestamp) {
        let (max_inline, max_held) = (self.config.max_inline as u64, self.config.max_held);
        let size = found.size;
        let line = &mut self.halves.of_mut(side).line;
        let fits = size <= max_inline && line.text.len() as u64 + size <= max_held as u64;
        if matches!(taken, Taken::Inline) && fits {
            line.literal = Some((line.text.len(), size));
            announce(&mut line.text, size, "\r\n");
            line.reading = if size == 0 { Reading::Line } else { Reading::Inline { left: size } };
            return;
        }
        announce(&mut line.text, size, "\n");
        self.fragment(side, at);
        let here = self.halves.of_mut(side).wire.position();
        match taken {
            Taken::Inline => {
                self.anomaly(side, at, &(here..here), Anomaly::LiteralHuge { size });
                self.halves.of_mut(side).line.reading = Reading::Skip { left: size };
                return;
            }
            Taken::Fetched(message) => {
                if message.uid.is_none() && message.sequence.is_some() && self.selected.moved {
                    self.anomaly(side, at, &(here..here), Anomaly::SequenceUnmapped);
                }
                if message.operation == Operation::Fetch {
                    self.came.note(&message, size);
                }
                self.emit(side, at, here..here, EventKind::MessageStart(message));
            }
            Taken::Appended(messages, appending) => {
                self.append_goes_on(messages, appending, Some(size), at, here)
            }
        }
        let line = &mut self.halves.of_mut(side).line;
        line.tail = line.text.len();
        if line.doubtful {
            line.reading = Reading::Doubtful(Doubt { left: size, complete: true, fresh: true });
            return;
        }
        line.reading = Reading::Stream { left: size, complete: true };
        if size == 0 {
            self.literal_ended(side, at, here, true);
        }
    }

    /// Accounts for what was read of a command or response so far.
    pub(super) fn fragment(&mut self, side: Side, at: Timestamp) {
        let here = self.halves.of_mut(side).wire.position();
        if let Some(start) = self.halves.of_mut(side).line.start.take() {
            self.emit(side, at, start..here, EventKind::Fragment);
        }
    }

    /// Takes one frame of a literal.
    pub(super) fn step_literal(&mut self, side: Side, reading: Reading) -> bool {
        let (Reading::Inline { left } | Reading::Stream { left, .. } | Reading::Skip { left }) = reading
        else {
            return false;
        };
        let Some(frame) = self.halves.of_mut(side).wire.next(Mode::Counted(left)) else {
            return self.half_ended(side);
        };
        self.literal_frame(side, reading, left, frame);
        true
    }

    fn literal_frame(&mut self, side: Side, reading: Reading, left: u64, frame: Frame) {
        let (at, span) = (frame.at, frame.span);
        match frame.kind {
            FrameKind::Data { bytes, .. } => {
                self.literal_data(side, reading, left.saturating_sub(bytes.len() as u64), bytes, at, span);
            }
            FrameKind::Gap(Some(len)) => {
                let left = left.saturating_sub(len);
                self.literal_gap(side, reading, left, len, at, span);
            }
            FrameKind::Gap(None) => {
                if let Reading::Stream { .. } = reading {
                    self.emit(side, at, span.clone(), EventKind::MessageGap(None));
                    self.halves.of_mut(side).line.reading = Reading::Line;
                    self.cut_message(side, at, span.end);
                    self.broken(side, at, span.end);
                    if let Some(lost) = &mut self.halves.of_mut(side).lost {
                        lost.in_append = side == Side::Client;
                    }
                } else {
                    self.broken(side, at, span.start);
                    self.emit(side, at, span, EventKind::Gap(None));
                }
            }
            _ => {}
        }
    }

    fn literal_data(
        &mut self,
        side: Side,
        reading: Reading,
        left: u64,
        bytes: Bytes,
        at: Timestamp,
        span: Range<u64>,
    ) {
        let line = &mut self.halves.of_mut(side).line;
        match reading {
            Reading::Inline { .. } => {
                line.start.get_or_insert(span.start);
                line.text.put_slice(&bytes);
                line.reading = if left == 0 { Reading::Line } else { Reading::Inline { left } };
            }
            Reading::Stream { complete, .. } => {
                line.reading = Reading::Stream { left, complete };
                let end = span.end;
                self.emit(side, at, span, EventKind::MessageData(bytes));
                if left == 0 {
                    self.literal_ended(side, at, end, complete);
                }
            }
            Reading::Skip { .. } => {
                line.reading = if left == 0 { Reading::Line } else { Reading::Skip { left } };
                self.emit(side, at, span, EventKind::Truncated(bytes));
            }
            Reading::Line | Reading::Doubtful(_) => {}
        }
    }

    /// Bytes of a literal are missing; how many is known, so the rest is found by counting.
    fn literal_gap(
        &mut self,
        side: Side,
        reading: Reading,
        left: u64,
        len: u64,
        at: Timestamp,
        span: Range<u64>,
    ) {
        if let Reading::Stream { .. } = reading {
            self.halves.of_mut(side).line.reading = Reading::Stream { left, complete: false };
            let end = span.end;
            self.emit(side, at, span, EventKind::MessageGap(Some(len)));
            if left == 0 {
                self.literal_ended(side, at, end, false);
            }
            return;
        }
        let line = &mut self.halves.of_mut(side).line;
        if let Some((announced, size)) = line.literal.take() {
            // As one whose content is elsewhere it can still be parsed around.
            line.text.truncate(announced);
            announce(&mut line.text, size, "\n");
        }
        line.reading = if left == 0 { Reading::Line } else { Reading::Skip { left } };
        if let Some(start) = line.start.take() {
            self.emit(side, at, start..span.start, EventKind::Fragment);
        }
        self.emit(side, at, span, EventKind::Gap(Some(len)));
    }

    /// All of a streamed literal was counted.
    pub(super) fn literal_ended(&mut self, side: Side, at: Timestamp, here: u64, complete: bool) {
        let line = &mut self.halves.of_mut(side).line;
        line.reading = Reading::Line;
        if let About::Append(appending) = &mut line.about {
            appending.complete &= complete;
            if appending.stage == Stage::Catenate {
                return;
            }
            let complete = appending.complete;
            appending.next();
            return self.end_message(side, at, here, complete);
        }
        self.end_message(side, at, here, complete);
    }

    pub(super) fn end_message(&mut self, side: Side, at: Timestamp, here: u64, complete: bool) {
        self.emit(side, at, here..here, EventKind::MessageEnd { complete });
    }

    /// A message under way will not go on: a gap of unknown length, or the end of the stream.
    pub(super) fn cut_message(&mut self, side: Side, at: Timestamp, here: u64) {
        match core::mem::take(&mut self.halves.of_mut(side).line.about) {
            About::Append(appending) if !appending.begun => {}
            _ => self.end_message(side, at, here, false),
        }
    }

    /// Tells sections that stand in the response itself, as quoted strings do.
    pub(super) fn sections_inline(
        &mut self,
        sequence: Option<u32>,
        uid: Option<u32>,
        items: &[Item],
        at: Timestamp,
        start: u64,
    ) {
        for item in items {
            let Item::Section(fetched) = item else { continue };
            let bytes = match &fetched.content {
                Content::Inline(bytes) => bytes.clone(),
                // No content from there on: the section ends before it.
                Content::Nil if fetched.origin.is_some() => Bytes::new(),
                _ => continue,
            };
            let section = (fetched.section.copied(), fetched.origin);
            let reference = self.reference(sequence, uid, section, bytes.len() as u64);
            self.came.note(&reference, bytes.len() as u64);
            self.content_inline(reference, bytes, at, start);
        }
    }

    /// The contents of URLs that stand in the response itself.
    pub(super) fn urls_inline(&mut self, urls: &[(Bytes, Content)], at: Timestamp, start: u64) {
        for (url, content) in urls {
            if let Content::Inline(bytes) = content {
                self.content_inline(url_reference(url, bytes.len() as u64), bytes.clone(), at, start);
            }
        }
    }

    fn content_inline(&mut self, of: MessageRef, bytes: Bytes, at: Timestamp, start: u64) {
        self.emit(Side::Server, at, start..start, EventKind::MessageStart(Box::new(of)));
        if !bytes.is_empty() {
            self.emit(Side::Server, at, start..start, EventKind::MessageData(bytes));
        }
        self.end_message(Side::Server, at, start, true);
    }
}

/// The section that the last item is, in a copy that keeps no line alive.
pub(super) fn last_section(items: &[Item]) -> Option<(Section, Option<u64>)> {
    match items.last() {
        Some(Item::Section(fetched)) => Some((fetched.section.copied(), fetched.origin)),
        _ => None,
    }
}

/// The UID that is said last.
pub(super) fn said(items: &[Item]) -> Option<u32> {
    items.iter().rev().find_map(|item| if let Item::Uid(uid) = item { Some(*uid) } else { None })
}

/// What a URL names.
fn url_reference(url: &[u8], size: u64) -> MessageRef {
    MessageRef {
        operation: Operation::UrlFetch,
        url: Some(Bytes::copy_from_slice(url)),
        size: Some(size),
        ..MessageRef::default()
    }
}

/// Whether the literal behind this text may be content of a message: cheap, and never wrong about what is.
fn may_be_content(text: &[u8]) -> bool {
    let before = text.trim_ascii_end();
    let word = before.rsplit(|byte| matches!(byte, b' ' | b'(')).next().unwrap_or_default();
    matches!(before.last(), Some(b']' | b'>'))
        || word.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"RFC822"))
        || text.get(..12).is_some_and(|start| start.eq_ignore_ascii_case(b"* URLFETCHED"))
}
