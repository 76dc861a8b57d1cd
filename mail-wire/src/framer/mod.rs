//! From the chunks of one direction to frames: lines, dot-terminated bodies, counted bytes.

mod ahead;
mod body;
mod frame;
mod inbox;

pub use frame::{Frame, FrameKind, Line, LineEnd, LooseForm, Mode};

use crate::Timestamp;
use body::{Found, Scanner};
use bytes::{Bytes, BytesMut};
use core::ops::Range;
use inbox::{Inbox, Piece};
use memchr::memchr;
use std::collections::VecDeque;

/// The framer of one direction.
///
/// Chunks and gaps are queued by [`push`](Self::push) and [`gap`](Self::gap); [`next`](Self::next) cuts one frame
/// at a time, in the mode that the session asks for at that moment, so a frame never spans a change of mode. What
/// the session does not ask for stays unread. No byte is searched twice, however the stream is chunked.
///
/// ```
/// use bytes::Bytes;
/// use mail_wire::framer::{FrameKind, Framer, Mode};
///
/// let mut framer = Framer::new(1024);
/// framer.push(Default::default(), Bytes::from_static(b"DATA\r\n..a\r\n.\r\nQUIT\r\n"));
///
/// let line = framer.next(Mode::Line).unwrap();
/// assert!(matches!(line.kind, FrameKind::Line(line) if line.text == "DATA"));
///
/// let body = Mode::Body { bare_lf: false };
/// let run = framer.next(body).unwrap();
/// assert_eq!(run.span, 6..11); // the stuffed dot belongs to the span ...
/// assert!(matches!(run.kind, FrameKind::Data { bytes, .. } if bytes == ".a\r\n")); // ... and not to the content
/// assert_eq!(framer.next(body).unwrap().kind, FrameKind::EndOfData);
/// assert!(matches!(framer.next(Mode::Line).unwrap().kind, FrameKind::Line(line) if line.text == "QUIT"));
/// ```
#[derive(Clone, Debug)]
pub struct Framer {
    max_line: usize,
    inbox: Inbox,
    /// Stream offset of the first byte in the inbox.
    position: u64,
    /// The beginning of a line whose end has not come.
    partial: BytesMut,
    partial_at: Timestamp,
    /// The rest of a line beyond the limit is being passed over.
    skipping: bool,
    after_gap: bool,
    body: Option<Body>,
    closed: Option<Timestamp>,
    /// The time of the bytes pushed last.
    latest: Option<Timestamp>,
    /// Stream offset behind the last byte or gap pushed.
    pushed: u64,
    /// Where the stream is said to be plaintext again.
    marks: VecDeque<u64>,
}

/// Marks beyond this many wait for nothing: a stream turns opaque once or twice.
const MAX_MARKS: usize = 16;

/// A body under way.
#[derive(Clone, Debug)]
struct Body {
    scanner: Scanner,
    /// Content handed out, gaps of known length counted.
    content: u64,
    /// A stuffed dot was dropped and waits for the run behind it; `true`: carelessly set.
    dropped: Option<bool>,
}

impl Framer {
    /// A framer whose lines are at most `max_line` bytes, their ends included.
    #[must_use]
    pub fn new(max_line: usize) -> Self {
        Self {
            max_line: max_line.max(1),
            inbox: Inbox::default(),
            position: 0,
            partial: BytesMut::new(),
            partial_at: Timestamp::ZERO,
            skipping: false,
            after_gap: false,
            body: None,
            closed: None,
            latest: None,
            pushed: 0,
            marks: VecDeque::new(),
        }
    }

    /// Queues the next in-order bytes.
    #[inline]
    pub fn push(&mut self, at: Timestamp, bytes: Bytes) {
        self.closed = None;
        self.latest = Some(at);
        self.pushed = self.pushed.saturating_add(bytes.len() as u64);
        self.inbox.push(at, bytes);
    }

    /// Queues a stretch that will never come; `None`: nobody knows how long.
    pub fn gap(&mut self, at: Timestamp, len: Option<u64>) {
        if len != Some(0) {
            self.pushed = self.pushed.saturating_add(len.unwrap_or(0));
            self.inbox.gap(at, len);
        }
    }

    /// Takes the next in-order bytes past the queue, where nothing is unread, and gives their span: for a session that knows
    /// what they are before they come. `None`: they have to be pushed.
    #[inline]
    pub fn pass(&mut self, len: usize) -> Option<Range<u64>> {
        if self.has_unread() || self.skipping || self.body.is_some() {
            return None;
        }
        self.closed = None;
        self.pushed = self.pushed.saturating_add(len as u64);
        let start = self.position;
        self.position = self.pushed;
        Some(start..self.position)
    }

    /// Says that nothing more comes. Bytes pushed all the same are taken.
    pub fn close(&mut self, at: Timestamp) {
        self.closed.get_or_insert(at);
    }

    /// Marks the place from which on the stream is plaintext again: opaque runs end there, and
    /// [`take_mark`](Self::take_mark) finds it. The other modes pass over marks.
    pub fn mark(&mut self) {
        self.marks.retain(|mark| *mark >= self.position);
        if self.marks.len() < MAX_MARKS && self.marks.back() != Some(&self.pushed) {
            self.marks.push_back(self.pushed);
        }
    }

    /// Takes the mark, if it is what comes next.
    pub fn take_mark(&mut self) -> bool {
        while self.marks.front().is_some_and(|mark| *mark < self.position) {
            self.marks.pop_front();
        }
        self.marks.pop_front_if(|mark| *mark == self.position).is_some()
    }

    /// Copies what is unread, so that it keeps no capture buffer alive: call it before a wait.
    pub fn settle(&mut self) {
        self.inbox.settle();
    }

    /// Memory held, in bytes; exact after [`settle`](Self::settle).
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.inbox.memory() + self.partial.capacity()
    }

    /// The most that [`buffered`](Self::buffered) shows while no more than `held` bytes are left unread.
    #[must_use]
    pub const fn worst_case(max_line: usize, held: usize) -> usize {
        // A growing buffer may have doubled just before the limit.
        2 * max_line + 64 + held + Inbox::OVERHEAD
    }

    /// Stream offset of the next frame.
    #[must_use]
    #[inline]
    pub fn position(&self) -> u64 {
        self.position - (self.partial.len() as u64) - u64::from(self.dropped_dot())
    }

    fn dropped_dot(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.dropped.is_some())
    }

    /// Cuts the next frame in the given mode; `None` while its bytes are missing.
    #[must_use]
    pub fn next(&mut self, mode: Mode) -> Option<Frame> {
        if mode != Mode::Line {
            self.put_back_partial();
        }
        let Mode::Body { bare_lf } = mode else {
            if let Some(dot) = self.leave_body() {
                return Some(dot);
            }
            return match mode {
                Mode::Line => self.next_line(),
                Mode::Counted(len) => self.next_run(len),
                Mode::Opaque | Mode::Body { .. } => {
                    let mark = self.marks.iter().find(|mark| **mark >= self.position);
                    self.next_run(mark.map_or(u64::MAX, |mark| mark - self.position))
                }
            };
        };
        self.next_in_body(bare_lf, usize::MAX)
    }

    /// As [`next`](Self::next) in [`Mode::Body`], with at most `most` bytes of content in a frame: for a session that
    /// looks at what comes before it takes it.
    #[must_use]
    pub fn next_of_body(&mut self, bare_lf: bool, most: usize) -> Option<Frame> {
        self.put_back_partial();
        self.next_in_body(bare_lf, most.max(1))
    }

    /// A line that has begun is no line in the mode that comes next.
    #[inline]
    fn put_back_partial(&mut self) {
        if !self.partial.is_empty() {
            let partial = self.partial.split().freeze();
            self.position -= partial.len() as u64;
            self.inbox.put_back(self.partial_at, partial);
        }
    }

    /// Forgets the body; a dot dropped last is still owed a frame.
    fn leave_body(&mut self) -> Option<Frame> {
        let owed = self.dropped_dot();
        self.body = None;
        owed.then(|| Frame {
            at: self.partial_at,
            span: self.position - 1..self.position,
            kind: FrameKind::Data { bytes: Bytes::new(), unstuffed: false },
        })
    }

    fn frame(&mut self, at: Timestamp, len: usize, kind: FrameKind) -> Frame {
        let start = self.position;
        self.position = self.position.saturating_add(len as u64);
        Frame { at, span: start..self.position, kind }
    }

    fn next_line(&mut self) -> Option<Frame> {
        loop {
            let Some(Piece::Data { bytes, .. }) = self.inbox.front() else { return self.line_without_end() };
            let found = memchr(b'\n', bytes);
            let len = found.map_or(bytes.len(), |lf| lf + 1);
            if self.skipping {
                self.skipping = found.is_none();
                let (at, bytes) = self.inbox.take(len)?;
                return Some(self.frame(at, len, FrameKind::Truncated(bytes)));
            }
            let room = self.max_line.saturating_sub(self.partial.len());
            if len > room {
                self.skipping = true;
                return self.line(room, LineEnd::Cut);
            }
            if found.is_some() {
                return if self.partial.is_empty() {
                    self.whole_line(len)
                } else {
                    self.line(len, LineEnd::Lf)
                };
            }
            let (at, bytes) = self.inbox.take(len)?;
            self.position = self.position.saturating_add(len as u64);
            self.partial.extend_from_slice(&bytes);
            self.partial_at = at;
        }
    }

    /// A line that is the first `len` bytes of the piece at the front.
    fn whole_line(&mut self, len: usize) -> Option<Frame> {
        let (at, text, crlf) = self.inbox.take_line(len)?;
        let start = self.position;
        self.position = start.saturating_add(len as u64);
        let end = if crlf { LineEnd::CrLf } else { LineEnd::Lf };
        let after_gap = core::mem::take(&mut self.after_gap);
        Some(Frame { at, span: start..self.position, kind: FrameKind::Line(Line { text, end, after_gap }) })
    }

    /// A line that `len` bytes of the inbox complete.
    fn line(&mut self, len: usize, mut end: LineEnd) -> Option<Frame> {
        let (at, bytes) = if len == 0 { (self.partial_at, Bytes::new()) } else { self.inbox.take(len)? };
        let start = self.position - self.partial.len() as u64;
        self.position = self.position.saturating_add(len as u64);
        let mut text = if self.partial.is_empty() {
            bytes
        } else {
            self.partial.extend_from_slice(&bytes);
            self.partial.split().freeze()
        };
        if end == LineEnd::Lf {
            text.truncate(text.len() - 1);
            if text.last() == Some(&b'\r') {
                text.truncate(text.len() - 1);
                end = LineEnd::CrLf;
            }
        }
        let after_gap = core::mem::take(&mut self.after_gap);
        Some(Frame { at, span: start..self.position, kind: FrameKind::Line(Line { text, end, after_gap }) })
    }

    /// What to do in line mode when no bytes are at the front.
    fn line_without_end(&mut self) -> Option<Frame> {
        if let Some(&Piece::Gap { at, len }) = self.inbox.front() {
            if !self.partial.is_empty() {
                let start = self.position - self.partial.len() as u64;
                let cut = self.partial.split().freeze();
                return Some(Frame { at, span: start..self.position, kind: FrameKind::Truncated(cut) });
            }
            self.inbox.pop();
            self.skipping = false;
            self.after_gap = true;
            return Some(self.gap_frame(at, len));
        }
        if self.closed.is_some() && self.inbox.is_empty() && !self.partial.is_empty() {
            return self.line(0, LineEnd::Missing);
        }
        None
    }

    fn gap_frame(&mut self, at: Timestamp, len: Option<u64>) -> Frame {
        let start = self.position;
        self.position = start.saturating_add(len.unwrap_or(0));
        Frame { at, span: start..self.position, kind: FrameKind::Gap(len) }
    }

    /// Up to `most` bytes of whatever is at the front.
    fn next_run(&mut self, most: u64) -> Option<Frame> {
        match *self.inbox.front()? {
            Piece::Data { .. } => {
                let (at, bytes) = self.inbox.take(usize::try_from(most).unwrap_or(usize::MAX))?;
                let len = bytes.len();
                (len > 0).then(|| self.frame(at, len, FrameKind::Data { bytes, unstuffed: false }))
            }
            Piece::Gap { at, len: Some(len) } => {
                let len = len.min(most);
                self.inbox.shorten_gap(len);
                (len > 0).then(|| self.gap_frame(at, Some(len)))
            }
            Piece::Gap { at, len: None } => {
                self.inbox.pop();
                Some(self.gap_frame(at, None))
            }
        }
    }

    fn next_in_body(&mut self, bare_lf: bool, most: usize) -> Option<Frame> {
        if self.body.is_none() {
            self.body = Some(Body { scanner: Scanner::new(bare_lf), content: 0, dropped: None });
        }
        loop {
            let body = self.body.as_mut()?;
            let bytes = match self.inbox.front() {
                Some(Piece::Data { bytes, .. }) => bytes,
                Some(&Piece::Gap { at, len }) => {
                    if body.dropped.is_some() {
                        return self.content(at, Bytes::new());
                    }
                    body.scanner.gap();
                    body.content = body.content.saturating_add(len.unwrap_or(0));
                    self.inbox.pop();
                    return Some(self.gap_frame(at, len));
                }
                None => {
                    let at = self.closed.filter(|_| body.dropped.is_some())?;
                    return self.content(at, Bytes::new());
                }
            };
            let found = match body.scanner.scan(bytes, false) {
                // The bytes that decide stand in the chunks behind, or will never come.
                Found::Undecided => {
                    let mut near = [0; 1 + body::LOOKAHEAD];
                    let len =
                        near.iter_mut().zip(self.inbox.upcoming()).map(|(slot, byte)| *slot = byte).count();
                    let known = self.inbox.upcoming_is_all() || self.closed.is_some();
                    body.scanner.scan(near.get(..len).unwrap_or(&near), known)
                }
                found => found,
            };
            match found {
                Found::Undecided => return None,
                Found::Content { len, doubled } => {
                    let (at, bytes) = self.inbox.take(len.min(most))?;
                    body.scanner.advance(&bytes);
                    if doubled && len <= most {
                        body.scanner.expect_doubled();
                    }
                    return self.content(at, bytes);
                }
                Found::Stuffing { doubled, loose } => {
                    body.scanner.advance(b".");
                    if doubled {
                        body.scanner.judge();
                    }
                    body.dropped = Some(!doubled);
                    let at = self.inbox.skip_byte()?;
                    self.partial_at = at;
                    self.position = self.position.saturating_add(1);
                    if let Some(form) = loose {
                        return self.loose_end(at, form);
                    }
                }
                Found::Loose(form) => {
                    body.scanner.judge();
                    let at = self.front_at();
                    return self.loose_end(at, form);
                }
                Found::End(len) => {
                    self.body = None;
                    let mut at = Timestamp::ZERO;
                    let mut left = len;
                    while left > 0 {
                        let (last, taken) = self.inbox.take(left)?;
                        at = last;
                        left -= taken.len();
                    }
                    return Some(self.frame(at, len, FrameKind::EndOfData));
                }
            }
        }
    }

    fn front_at(&self) -> Timestamp {
        match self.inbox.front() {
            Some(Piece::Data { at, .. } | Piece::Gap { at, .. }) => *at,
            None => self.partial_at,
        }
    }

    /// Content, with the dot that was dropped before it in its span.
    fn content(&mut self, at: Timestamp, bytes: Bytes) -> Option<Frame> {
        let body = self.body.as_mut()?;
        let dropped = body.dropped.take();
        let start = self.position - u64::from(dropped.is_some());
        self.position = self.position.saturating_add(bytes.len() as u64);
        body.content = body.content.saturating_add(bytes.len() as u64);
        let kind = FrameKind::Data { bytes, unstuffed: dropped == Some(true) };
        Some(Frame { at, span: start..self.position, kind })
    }

    fn loose_end(&self, at: Timestamp, form: LooseForm) -> Option<Frame> {
        let body = self.body.as_ref()?;
        let start = self.position - u64::from(body.dropped.is_some());
        let kind = FrameKind::LooseEnd { offset: body.content, form };
        Some(Frame { at, span: start..start.saturating_add(1), kind })
    }
}

#[cfg(test)]
mod tests;
