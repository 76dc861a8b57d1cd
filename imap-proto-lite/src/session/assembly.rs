//! The command or response under way in a half.

use crate::command::Stage;
use crate::lexical::Announced;
use crate::response::Fetch;
use bytes::{BufMut as _, Bytes, BytesMut};
use core::ops::Range;
use mail_wire::Timestamp;

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

/// How a literal stands whose announcement is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// What is to come of it.
    pub(super) left: u64,
    /// Nothing of it was missing so far.
    pub(super) complete: bool,
    /// A line begins here.
    pub(super) fresh: bool,
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

impl Appending {
    pub(super) const fn new(mailbox: crate::MailboxName) -> Self {
        Self { stage: Stage::Options, mailbox, index: 0, begun: false, complete: true }
    }
}

/// A response that is read but not told.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) text: Bytes,
    pub(super) at: Timestamp,
    pub(super) span: Range<u64>,
}

impl Assembly {
    /// Adds to the text; what goes beyond the limit is dropped, and the command or response with it.
    pub(super) fn add(&mut self, piece: &[u8], limit: usize) {
        if self.text.len() + piece.len() > limit {
            self.text.clear();
            self.tail = 0;
            self.dropped = true;
        }
        self.text.put_slice(piece);
    }

    /// The text behind the last streamed literal, with the announcement of one that is elsewhere.
    pub(super) fn piece(&self, size: u64) -> Bytes {
        let tail = self.text.get(self.tail..).unwrap_or_default();
        let mut piece = BytesMut::with_capacity(tail.len() + 24);
        piece.put_slice(tail);
        announce(&mut piece, size, "\n");
        piece.freeze()
    }

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

/// Adds the announcement of a literal; a line end without CR says that its bytes are elsewhere.
pub(super) fn announce(text: &mut BytesMut, size: u64, line_end: &str) {
    // As many digits as 2^64 has. The formatting machinery takes several times as long.
    let mut digits = [0; 20];
    let mut rest = size;
    let mut len = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    text.put_u8(b'{');
    text.put_slice(digits.get(digits.len() - len..).unwrap_or_default());
    text.put_u8(b'}');
    text.put_slice(line_end.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_have_all_digits() {
        for (size, expected) in
            [(0, "{0}\n"), (9, "{9}\n"), (1460, "{1460}\n"), (u64::MAX, "{18446744073709551615}\n")]
        {
            let mut text = BytesMut::new();
            announce(&mut text, size, "\n");
            assert_eq!(text, expected);
        }
    }
}
