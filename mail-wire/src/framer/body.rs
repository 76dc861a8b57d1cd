//! Dot-terminated bodies: where they end, which dots are stuffing, what a lenient receiver would misread.
//!
//! RFC 5321 section 4.5.2: before a line that starts with a dot the sender puts another one; the receiver
//! removes it; a line that is a dot alone ends the body. Only a dot can matter, so the scanner looks for dots
//! with memchr: base64 is passed at memory speed. Text has dots enough to make that slow; behind the first one it looks
//! for a dot and what stands before it together.

use super::frame::LooseForm;
use memchr::memchr;

/// What stands before a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// A line end that counts in this body: the dot is stuffing, or the end.
    LineStart,
    /// Bytes of a gap: only a complete terminator is believed.
    Unknown,
    Lf,
    Cr,
    Nul,
    Other,
}

/// What follows a dot, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    CrLf,
    Lf,
    Cr,
    CrCrLf,
    NulCrLf,
    Other,
}

/// At most this many bytes after a dot decide what it is.
pub(super) const LOOKAHEAD: usize = 3;

/// Reads the bytes after a dot; `None` while more are needed.
fn after(tail: &[u8]) -> Option<After> {
    Some(match *tail {
        [] | [b'\r'] | [b'\r', b'\r'] | [0] | [0, b'\r'] => return None,
        [b'\r', b'\n', ..] => After::CrLf,
        [b'\n', ..] => After::Lf,
        [b'\r', b'\r', b'\n', ..] => After::CrCrLf,
        [b'\r', ..] => After::Cr,
        [0, b'\r', b'\n', ..] => After::NulCrLf,
        _ => After::Other,
    })
}

/// The next dot from `from` on, which is not the first byte, that a line end, its half or NUL stands before.
fn suspect(bytes: &[u8], from: usize) -> Option<usize> {
    /// So many bytes are looked at together.
    const BLOCK: usize = 128;
    let before = |byte: u8| (byte == b'\n') | (byte == b'\r') | (byte == 0);
    let mut at = from.max(1);
    loop {
        let end = bytes.len().min(at + BLOCK);
        let block = bytes.get(at..end).filter(|block| !block.is_empty())?;
        let shifted = bytes.get(at - 1..end - 1)?;
        let pairs = || block.iter().zip(shifted).map(|(dot, byte)| (*dot == b'.') & before(*byte));
        // Without a branch for each byte, so that it becomes vector code.
        if pairs().fold(false, |any, found| any | found) {
            return pairs().position(|found| found).map(|found| at + found);
        }
        at = end;
    }
}

/// What the scanner found at the front of the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// So many bytes of plain content; zero only if there are no bytes.
    Content(usize),
    /// A stuffed dot: one byte to drop, content behind it. `doubled`: a second dot follows, as it should.
    Stuffing { doubled: bool, loose: Option<LooseForm> },
    /// A dot that stays in the content but looks like an end to some.
    Loose(LooseForm),
    /// The terminator, so many bytes long.
    End(usize),
    /// A dot whose meaning the next bytes decide.
    Undecided,
}

/// The scanner of one body; it sees each byte once.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    bare_lf: bool,
    /// The last three bytes on the wire.
    last: [u8; 3],
    /// Nothing is known of what stood before the next byte.
    after_gap: bool,
    /// The dot at the front was judged and is plain content.
    judged: bool,
}

impl Scanner {
    pub(super) const fn new(bare_lf: bool) -> Self {
        // The line that announced the body ended just before it.
        Self { bare_lf, last: [0xff, b'\r', b'\n'], after_gap: false, judged: false }
    }

    pub(super) const fn gap(&mut self) {
        self.last = [0xff; 3];
        self.after_gap = true;
        self.judged = false;
    }

    /// Says that `bytes` have been taken from the front.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().skip(bytes.len().saturating_sub(3)) {
            self.last = [self.last[1], self.last[2], *byte];
        }
        self.after_gap &= bytes.is_empty();
        self.judged = false;
    }

    /// Says that the dot at the front has been judged: it is content like the bytes behind it.
    pub(super) const fn judge(&mut self) {
        self.judged = true;
    }

    /// Looks at the bytes that come next. `complete`: nothing follows them, so nothing is left to wait for.
    pub(super) fn scan(&self, bytes: &[u8], complete: bool) -> Found {
        let mut from = usize::from(self.judged && !bytes.is_empty());
        let mut next = bytes.get(from..).and_then(|rest| memchr(b'.', rest)).map(|at| from + at);
        while let Some(dot) = next {
            let before = self.before(bytes, dot);
            if before != Before::Other {
                if dot > 0 {
                    return Found::Content(dot);
                }
                match self.dot(before, bytes.get(1..).unwrap_or_default(), complete) {
                    Found::Content(_) => {}
                    found => return found,
                }
            }
            from = dot + 1;
            next = suspect(bytes, from);
        }
        Found::Content(bytes.len())
    }

    /// Judges the dot at the front; `Content` means that it is nothing special.
    fn dot(&self, before: Before, tail: &[u8], complete: bool) -> Found {
        let tail = tail.get(..LOOKAHEAD).unwrap_or(tail);
        let after = match after(tail) {
            Some(after) => after,
            None if complete => After::Other,
            None => return Found::Undecided,
        };
        match (before, after) {
            (Before::LineStart | Before::Unknown, After::CrLf) => Found::End(3),
            (Before::LineStart, After::Lf) if self.bare_lf => Found::End(2),
            (Before::LineStart, _) => {
                let loose = match after {
                    After::Lf => Some(LooseForm::CrLfLf),
                    After::Cr => Some(LooseForm::CrLfCr),
                    After::CrCrLf => Some(LooseForm::DoubledCr),
                    After::NulCrLf => Some(LooseForm::NulAfter),
                    After::CrLf | After::Other => None,
                };
                Found::Stuffing { doubled: tail.first() == Some(&b'.'), loose }
            }
            (Before::Lf, After::Lf) => Found::Loose(LooseForm::LfLf),
            (Before::Lf, After::CrLf) => Found::Loose(LooseForm::LfCrLf),
            (Before::Lf, After::Cr) => Found::Loose(LooseForm::LfCr),
            (Before::Cr, After::Lf) => Found::Loose(LooseForm::CrLf),
            (Before::Cr, After::CrLf) => Found::Loose(LooseForm::CrCrLf),
            (Before::Cr, After::Cr) => Found::Loose(LooseForm::CrCr),
            (Before::Lf | Before::Cr, After::CrCrLf) => Found::Loose(LooseForm::DoubledCr),
            (Before::Nul, After::CrLf) => Found::Loose(LooseForm::NulBefore),
            (Before::Lf | Before::Cr | Before::Nul | Before::Unknown | Before::Other, _) => Found::Content(1),
        }
    }

    fn before(&self, bytes: &[u8], dot: usize) -> Before {
        if self.after_gap && dot == 0 {
            return Before::Unknown;
        }
        // The byte `back` places before the dot, from this chunk or from those before it.
        let byte = |back: usize| match dot.checked_sub(back) {
            Some(at) => bytes.get(at).copied(),
            None => self.last.get((3 + dot).wrapping_sub(back)).copied(),
        };
        match (byte(1), byte(2)) {
            (Some(b'\n'), Some(b'\r')) => Before::LineStart,
            (Some(b'\n'), _) if self.bare_lf => Before::LineStart,
            (Some(b'\n'), _) => Before::Lf,
            (Some(b'\r'), _) => Before::Cr,
            (Some(0), Some(b'\n' | b'\r')) => Before::Nul,
            _ => Before::Other,
        }
    }
}
