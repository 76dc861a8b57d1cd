//! Lines that are plainly fields or folds, as nearly all are: taken many at a time.

use super::{Block, USUAL_FIELDS};
use crate::decode::Origin;
use crate::headers::Span;
use crate::headers::line::MAX_NAME;
use crate::slice::{self, is_blank, is_space};

/// Room for a line that is not plain.
const USUAL_LINE: usize = 80;

/// What a line plainly is.
enum Plain {
    /// A field; its name ends there, its colon follows.
    Field(usize),
    Fold,
}

/// What the line at the start of `text` is, if nothing is odd about how it begins, and no other reading takes it for
/// something else.
#[inline]
fn plain(text: &[u8]) -> Option<Plain> {
    let first = *text.first()?;
    if is_blank(first) {
        // An indented content field is worth a look, and so is a line of blanks.
        let next = *text.iter().find(|byte| !is_space(**byte) || **byte == b'\n')?;
        return (!matches!(next, b'C' | b'c' | b'\n')).then_some(Plain::Fold);
    }
    // What begins with a dash may be a delimiter.
    if first == b'-' {
        return None;
    }
    let name = name_len(slice::split(text, MAX_NAME + 1).0);
    (matches!(name, 1..=MAX_NAME) && text.get(name) == Some(&b':')).then_some(Plain::Field(name))
}

/// How many bytes a name of a field may be made of stand at the start of a line (RFC 5322 section 3.6.8, ftext). Eight are
/// looked at in one go, so that the time does not go into guessing how long a name is.
#[inline]
fn name_len(line: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let (words, tail) = line.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The lowest bit of each of these is right; a carry can only go up.
        let colon = word ^ (ONES * 0x3a);
        let colon = colon.wrapping_sub(ONES) & !colon;
        let below = word.wrapping_sub(ONES * 0x21) & !word;
        let above = word.wrapping_add(ONES) | word;
        let stop = (colon | below | above) & HIGH;
        if stop != 0 {
            return index * 8 + (stop.trailing_zeros() / 8) as usize;
        }
    }
    let is_name = |byte: &&u8| matches!(byte, b'!'..=b'9' | b';'..=b'~');
    words.len() * 8 + tail.iter().take_while(is_name).count()
}

impl Block {
    /// Takes the whole lines at the start of `text` that are plainly fields and folds, and the empty line behind them:
    /// how many bytes that is, and whether the block is over. [`append`](Self::append) would say the same of each line.
    pub(crate) fn append_plain(&mut self, text: &[u8], origin: Origin) -> (usize, bool) {
        let base = self.bytes.len();
        let between = self.line == base && !self.torn && self.junk.is_none();
        if !between || self.full.is_some() || self.skipped || self.choices.loose {
            return (0, false);
        }
        if self.spans.capacity() == 0 {
            self.spans.reserve_exact(self.max_fields.min(USUAL_FIELDS));
        }
        let text = slice::split(text, self.max_bytes.saturating_sub(base)).0;
        let (mut taken, mut ended) = (0, false);
        while self.spans.len() < self.max_fields {
            let rest = slice::split(text, taken).1;
            let eol = match rest {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => 0,
            };
            if eol > 0 && self.begun {
                (self.eol, ended) = (Some(eol), true);
                break;
            }
            let Some(kind) = plain(rest) else { break };
            let name = if let Plain::Field(name) = kind { name } else { 0 };
            let behind = slice::split(rest, name).1;
            let Some(len) = memchr::memchr(b'\n', behind).map(|at| name + at + 1) else { break };
            let start = base + taken;
            let [from, end] = [start, start + len].map(|at| self.position(at));
            match (kind, self.spans.last_mut()) {
                (Plain::Fold, Some(span)) if self.begun => span.end = end,
                (Plain::Field(name), _) => {
                    let [name_end, value] = [start + name, start + name + 1].map(|at| self.position(at));
                    let offset = origin.at(taken);
                    self.spans.push(Span { start: from, name_end, value, end, offset });
                    self.begun = true;
                }
                _ => break,
            }
            self.line_at = origin.at(taken);
            self.end = self.line_at.saturating_add(len as u64);
            taken += len;
        }
        if taken > 0 {
            if self.bytes.capacity() == 0 {
                self.bytes.reserve_exact(if ended { taken } else { taken + USUAL_LINE });
            }
            self.bytes.extend_from_slice(slice::split(text, taken).0);
            self.line = self.bytes.len();
        }
        if ended {
            let eol = self.eol.unwrap_or_default();
            self.line_at = origin.at(taken);
            self.end = self.line_at.saturating_add(eol as u64);
            taken += eol;
        }
        (taken, ended)
    }
}

#[cfg(test)]
mod tests {
    use super::name_len;

    #[test]
    fn names_end_where_a_look_at_each_byte_says() {
        let is_name = |byte: &u8| matches!(byte, b'!'..=b'9' | b';'..=b'~');
        for len in 0..20 {
            for byte in 0..=u8::MAX {
                for behind in [b"".as_slice(), b"abc", b":~\x7f\xff !", b"\x80\x00a:bcdefghi"] {
                    let line = [&b"!9;~Az-_x~!abcdefghi"[..len], &[byte], behind].concat();
                    let expected = line.iter().take_while(|byte| is_name(byte)).count();
                    assert_eq!(name_len(&line), expected, "{line:?}");
                }
            }
        }
    }
}
