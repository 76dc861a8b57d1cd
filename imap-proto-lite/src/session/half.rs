//! One half of a connection: its bytes, and the command or response under way in it.

use super::carve::Lost;
use super::doubt::Doubt;
use super::wire::Wire;
use crate::Config;
use crate::command::Stage;
use crate::lexical::Announced;
use crate::response::Fetch;
use bytes::{Bytes, BytesMut};
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::halves::Stream;

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) wire: Wire,
    pub(super) line: Assembly,
    /// Where lines have to be found again.
    pub(super) lost: Option<Lost>,
    /// It is no plaintext.
    pub(super) opaque: bool,
    pub(super) bare_lf_told: bool,
    /// Content that came when nothing else was unread: it need not be queued.
    pub(super) passed: Option<Passed>,
}

/// Content, as it came.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) at: Timestamp,
    pub(super) span: Range<u64>,
    pub(super) bytes: Bytes,
}

impl Half {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            wire: Wire::new(config),
            line: Assembly::default(),
            lost: config.mid_stream.then(Lost::mid_stream),
            opaque: false,
            bare_lf_told: false,
            passed: None,
        }
    }
}

impl Half {
    /// Whether nothing can be read of it before more comes.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.wire.has_unread() && !self.wire.is_closed()
    }

    /// Whether these bytes, which come next, are content of a message and do not end it: then they are kept to be told as they
    /// are.
    fn pass(&mut self, at: Timestamp, bytes: Bytes) -> Result<(), Bytes> {
        let Reading::Stream { left, complete } = self.line.reading else { return Err(bytes) };
        let more = left.saturating_sub(bytes.len() as u64);
        if more == 0 || bytes.is_empty() || self.opaque || self.passed.is_some() {
            return Err(bytes);
        }
        let Some(span) = self.wire.pass(bytes.len()) else { return Err(bytes) };
        self.line.reading = Reading::Stream { left: more, complete };
        self.passed = Some(Passed { at, span, bytes });
        Ok(())
    }
}

impl Stream for Half {
    fn push(&mut self, at: Timestamp, bytes: Bytes) {
        if let Err(bytes) = self.pass(at, bytes) {
            self.wire.push(at, bytes);
        }
    }

    fn gap(&mut self, at: Timestamp, len: Option<u64>) {
        self.wire.gap(at, len);
    }

    fn close(&mut self, at: Timestamp) {
        self.wire.close(at);
    }

    fn peek(&self) -> impl Iterator<Item = u8> + '_ {
        self.wire.peek()
    }

    fn peek_is_all(&self) -> bool {
        self.wire.peek_is_all()
    }

    fn has_unread(&self) -> bool {
        self.wire.has_unread()
    }

    fn is_closed(&self) -> bool {
        self.wire.is_closed()
    }

    fn held(&self) -> usize {
        self.wire.held()
    }

    fn is_crowded(&self) -> bool {
        self.wire.is_crowded()
    }

    fn settle(&mut self) {
        self.wire.settle();
    }

    fn buffered(&self) -> usize {
        self.wire.buffered()
            + self.passed.as_ref().map_or(0, |passed| passed.bytes.len())
            + self.line.text.capacity()
            + if matches!(self.line.about, About::Fetch(_)) { Fetching::MEMORY } else { 0 }
            + self.line.held.as_ref().map_or(0, |held| held.text.len())
            + self.lost.as_ref().map_or(0, Lost::memory)
    }
}

/// A command or response whose pieces are coming.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// What came so far, literals in it; empty while the first piece has not come.
    pub(super) text: BytesMut,
    /// Stream offset of the first byte that no event accounts for; `None`: all are accounted for.
    pub(super) start: Option<u64>,
    /// Where in the text the piece behind the last streamed literal begins.
    pub(super) tail: usize,
    pub(super) reading: Reading,
    /// A line went past the limit: its last bytes, where a literal may be announced.
    pub(super) cut: Option<Vec<u8>>,
    /// What the literals under way belong to.
    pub(super) about: About,
    /// Literals that looked like sections of a message and were none.
    pub(super) misses: u8,
    /// Bytes of an APPEND that were read for a literal that was no content.
    pub(super) looked: usize,
    /// Where in the text the inline literal under way is announced, and its size.
    pub(super) literal: Option<(usize, u64)>,
    /// What came first is not kept: the text went past its limit.
    pub(super) dropped: bool,
    /// It was found behind a gap among lines that seemed to be content: it may be content itself.
    pub(super) doubtful: bool,
    /// The literal that waits for the server to take it.
    pub(super) announced: Option<Announced>,
    /// A response that waits for its command.
    pub(super) held: Option<Held>,
}

/// What the next bytes of a command or response are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// A line.
    #[default]
    Line,
    /// A literal that is kept with its line.
    Inline { left: u64 },
    /// A literal that is content of a message; whether all of it was seen so far.
    Stream { left: u64, complete: bool },
    /// A literal that seems to be content of a message.
    Doubtful(Doubt),
    /// A literal that is neither.
    Skip { left: u64 },
}

/// What a command or response with literals is about.
#[derive(Clone, Debug, Default)]
pub(super) enum About {
    /// Nothing that is known, or no message.
    #[default]
    Nothing,
    /// A FETCH response: the message, and its items, as far as the line has told.
    Fetch(Fetching),
    /// An URLFETCHED response of which content was streamed.
    Urls,
    /// An APPEND or REPLACE command: how far it has come.
    Append(Box<Appending>),
}

/// A FETCH response under way.
#[derive(Clone, Debug)]
pub(super) struct Fetching {
    pub(super) sequence: Option<u32>,
    /// The UID that was said last.
    pub(super) uid: Option<u32>,
    /// What was read of it; `None` if it is too much to be kept.
    pub(super) read: Option<Fetch>,
    /// How it begins is missing.
    pub(super) headless: bool,
}

impl Fetching {
    /// A line of more is read once more rather than kept in pieces, which may take many times as much.
    pub(super) const KEPT: usize = 4 << 10;
    /// What is kept of such a line at most.
    pub(crate) const MEMORY: usize = 32 * Self::KEPT;
}

/// An APPEND or REPLACE command under way.
#[derive(Clone, Debug)]
pub(super) struct Appending {
    pub(super) stage: Stage,
    pub(super) mailbox: crate::MailboxName,
    /// The number of the message under way.
    pub(super) index: u32,
    /// It has begun: pieces of CATENATE came before.
    pub(super) begun: bool,
    pub(super) complete: bool,
}

/// A response that is read but not told.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) text: Bytes,
    pub(super) at: Timestamp,
    pub(super) span: Range<u64>,
}

impl Assembly {
    /// Whether nothing of a command or response was read yet.
    pub(super) fn is_empty(&self) -> bool {
        self.start.is_none() && self.text.is_empty() && self.reading == Reading::Line && self.cut.is_none()
    }

    /// Forgets what came so far; the next piece is the first of something new.
    pub(super) fn reset(&mut self) {
        if self.text.capacity() > KEPT {
            self.text = BytesMut::new();
        }
        self.text.clear();
        self.start = None;
        self.tail = 0;
        self.reading = Reading::Line;
        self.cut = None;
        self.about = About::Nothing;
        self.misses = 0;
        self.looked = 0;
        self.literal = None;
        self.dropped = false;
        self.doubtful = false;
        self.announced = None;
    }
}

/// A buffer larger than this is given back.
const KEPT: usize = 8 << 10;
