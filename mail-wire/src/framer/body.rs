//! Dot-terminated bodies: where they end, which dots are stuffing, what a lenient receiver would misread.
//!
//! RFC 5321 section 4.5.2: before a line that starts with a dot the sender puts another one; the receiver
//! removes it; a line that is a dot alone ends the body. Only a dot behind CR, LF or NUL can matter, so the scanner
//! looks for such pairs, many at a time, and only then at the other neighbours: text and base64 alike are passed at
//! memory speed.

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

/// Bytes that are looked at in one go.
const BLOCK: usize = 64;

/// The next dot, at `from` or behind it, that stands behind CR, LF or NUL, or at the very beginning.
fn dot_behind_control(bytes: &[u8], from: usize) -> Option<usize> {
    let start = match bytes.first_chunk() {
        _ if from == 0 && bytes.first() == Some(&b'.') => return Some(0),
        // Base64 has no dot at all: where none is near, dots alone are looked for, which is faster.
        Some(front) if from == 0 && !has_dot(front) => memchr(b'.', bytes)?,
        _ => from.max(1),
    };
    let (before, rest) = (bytes.get(start - 1..bytes.len().checked_sub(1)?)?, bytes.get(start..)?);
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    let (blocks_before, tail_before) = before.as_chunks::<BLOCK>();
    let mut pairs = blocks_before.iter().zip(blocks);
    let found = pairs.position(|(before, block)| any_fits(before, block));
    if let Some(block) = found {
        let at = first_fit(blocks_before.get(block)?, blocks.get(block)?)?;
        return Some(start + block * BLOCK + at);
    }
    // The tail together with bytes before it is a block too.
    if let (Some(before), Some(block)) = (before.last_chunk(), rest.last_chunk())
        && !any_fits(before, block)
    {
        return None;
    }
    let at = tail_before.iter().zip(tail).position(fits)?;
    Some(start + blocks.len() * BLOCK + at)
}

/// The first dot of a block behind a control character.
fn first_fit(before: &[u8; BLOCK], block: &[u8; BLOCK]) -> Option<usize> {
    let mut found = [0; BLOCK];
    for (found, pair) in found.iter_mut().zip(before.iter().zip(block)) {
        *found = u8::from(fits(pair));
    }
    let (words, _) = found.as_chunks();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    words.zip(0..).find(|(word, _)| *word != 0).map(|(word, at)| 8 * at + word.trailing_zeros() as usize / 8)
}

fn has_dot(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |found, byte| found | u8::from(*byte == b'.')) != 0
}

/// CR, LF and NUL all have a high half of zero; the other bytes that do are rare enough to be looked at twice.
const HIGH_HALF: u8 = 0xf0;

fn fits((before, byte): (&u8, &u8)) -> bool {
    (*before & HIGH_HALF == 0) & (*byte == b'.')
}

/// Whether one of the bytes is a dot behind a control character; `before` is the same one byte earlier.
///
/// The compiler turns it into a few vector instructions for each sixteen bytes.
#[expect(clippy::indexing_slicing, reason = "the places of a block are known")]
fn any_fits(before: &[u8; BLOCK], block: &[u8; BLOCK]) -> bool {
    const LANES: usize = BLOCK / 4;
    // Zero where it fits, so that the least of four tells of all of them.
    let unfit = |at: usize| (before[at] & HIGH_HALF) | (block[at] ^ b'.');
    let mut found = 0;
    for lane in 0..LANES {
        let [a, b, c, d] = [0, 1, 2, 3].map(|quarter| unfit(quarter * LANES + lane));
        found |= u8::from(a.min(b).min(c.min(d)) == 0);
    }
    found != 0
}

/// What the scanner found at the front of the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// So many bytes of plain content; zero only if there are no bytes. `doubled`: a stuffed dot stands behind them,
    /// with another one behind it.
    Content { len: usize, doubled: bool },
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
    /// What is known of the dot at the front.
    front: Front,
}

/// What an earlier look said of the dot at the front, so that none is looked at twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    /// Nothing, or there is none.
    Unseen,
    /// It is plain content.
    Content,
    /// It is stuffing, with another dot behind it.
    Doubled,
}

impl Scanner {
    pub(super) const fn new(bare_lf: bool) -> Self {
        // The line that announced the body ended just before it.
        Self { bare_lf, last: [0xff, b'\r', b'\n'], after_gap: false, front: Front::Unseen }
    }

    pub(super) const fn gap(&mut self) {
        self.last = [0xff; 3];
        self.after_gap = true;
        self.front = Front::Unseen;
    }

    /// Whether the bytes so far end with a line.
    pub(super) const fn is_at_line_start(&self) -> bool {
        match self.last {
            [_, before, b'\n'] => self.bare_lf || before == b'\r',
            _ => false,
        }
    }

    /// Says that `bytes` have been taken from the front.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        match bytes.last_chunk() {
            Some(last) => self.last = *last,
            None => bytes.iter().for_each(|byte| self.last = [self.last[1], self.last[2], *byte]),
        }
        self.after_gap &= bytes.is_empty();
        self.front = Front::Unseen;
    }

    /// Says that the dot at the front has been judged: it is content like the bytes behind it.
    pub(super) const fn judge(&mut self) {
        self.front = Front::Content;
    }

    /// Says that the dot at the front is stuffing, and doubled, as the scan of what stood before it found.
    pub(super) const fn expect_doubled(&mut self) {
        self.front = Front::Doubled;
    }

    /// Looks at the bytes that come next. `complete`: nothing follows them, so nothing is left to wait for.
    #[inline]
    pub(super) fn scan(&self, bytes: &[u8], complete: bool) -> Found {
        match self.front {
            Front::Doubled => Found::Stuffing { doubled: true, loose: None },
            Front::Content if !bytes.is_empty() => self.look(bytes, 1, complete),
            Front::Content | Front::Unseen => self.look(bytes, 0, complete),
        }
    }

    /// Looks at the bytes from `from` on; those before it are content.
    fn look(&self, bytes: &[u8], mut from: usize, complete: bool) -> Found {
        while let Some(dot) = dot_behind_control(bytes, from) {
            let before = self.before(bytes, dot);
            if before == Before::Other {
                from = dot + 1;
            } else if dot > 0 {
                let doubled = before == Before::LineStart && bytes.get(dot + 1) == Some(&b'.');
                return Found::Content { len: dot, doubled };
            } else {
                match self.dot(before, bytes.get(1..).unwrap_or_default(), complete) {
                    Found::Content { .. } => from = 1,
                    found => return found,
                }
            }
        }
        Found::Content { len: bytes.len(), doubled: false }
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
            (Before::Lf | Before::Cr | Before::Nul | Before::Unknown | Before::Other, _) => {
                Found::Content { len: 1, doubled: false }
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_dot_is_found_at_any_place() {
        let naive = |bytes: &[u8], from: usize| {
            (from..bytes.len())
                .find(|at| bytes[*at] == b'.' && at.checked_sub(1).is_none_or(|before| bytes[before] < 16))
        };
        // With dots that mean nothing everywhere else, and without.
        for (filler, len) in (0..200).flat_map(|len| [(b"x.", len), (b"xx", len)]) {
            for at in 0..len {
                for before in [b'\r', b'\n', 0, b'\t', 15, 16, b'.', b'x'] {
                    let mut bytes: Vec<u8> = filler.iter().copied().cycle().take(len).collect();
                    bytes[at] = b'.';
                    if let Some(place) = at.checked_sub(1) {
                        bytes[place] = before;
                    }
                    for from in [0, 1, at.saturating_sub(1), at, at + 1, len] {
                        let expected = naive(&bytes, from);
                        assert_eq!(dot_behind_control(&bytes, from), expected, "{len} {at} {before} {from}");
                    }
                }
            }
        }
    }
}
