//! What is odd about the bytes of a header block (RFC 5322 section 2.2).

use super::Span;
use crate::{Anomaly, slice};

/// Findings in one block that are looked at.
const MAX_FOUND: usize = 64;

/// Adds an anomaly to those of a block, each kind once.
pub(super) fn note(anomalies: &mut Vec<(Anomaly, u64)>, anomaly: Anomaly, at: u64) {
    if !anomalies.iter().any(|(known, _)| known.code() == anomaly.code()) {
        anomalies.push((anomaly, at));
    }
}

/// Adds what is odd about the fields in `bytes`, a block that begins at `start`; `eol`: how long the line end behind it
/// is. Sound blocks are passed in one quick look.
pub(super) fn find(
    bytes: &[u8],
    spans: &[Span],
    eol: Option<usize>,
    start: u64,
    anomalies: &mut Vec<(Anomaly, u64)>,
) {
    let census = Census::of(bytes);
    if !census.ends_alike(eol) && mixes_ends(bytes, eol) {
        note(anomalies, Anomaly::EolMixed, start);
    }
    if !census.odd && census.cr == census.crlf {
        return;
    }
    let mut found = Vec::new();
    for span in spans {
        let field = slice::range(bytes, span.start as usize, span.end as usize);
        let mut after = field.iter().skip(1);
        for &byte in field {
            let next = after.next();
            match byte {
                0 => found.push((Anomaly::Nul, span.offset)),
                b'\r' if next.is_some_and(|next| *next != b'\n') => {
                    found.push((Anomaly::BareCr, span.offset))
                }
                b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0x80.. => {}
                _ => found.push((Anomaly::HeaderCtl, span.offset)),
            }
            found.dedup_by_key(|(anomaly, _)| *anomaly);
            if found.len() > MAX_FOUND {
                break;
            }
        }
        if !field.is_ascii() && str::from_utf8(field).is_err() {
            found.push((Anomaly::Header8bit, span.offset));
        }
        if found.len() > MAX_FOUND {
            break;
        }
    }
    for (anomaly, at) in found {
        note(anomalies, anomaly, at);
    }
}

/// Whether not all lines end alike.
fn mixes_ends(bytes: &[u8], eol: Option<usize>) -> bool {
    let ends = memchr::memchr_iter(b'\n', bytes).map(|at| slice::line_end(slice::split(bytes, at + 1).0));
    let mut ends = ends.chain(eol);
    let first = ends.next();
    ends.any(|end| Some(end) != first)
}

/// How many bytes of a kind there are.
#[derive(Debug, Default, PartialEq, Eq)]
struct Census {
    cr: usize,
    lf: usize,
    crlf: usize,
    /// Whether there are bytes that no header has.
    odd: bool,
}

/// Bytes that are counted in one go; few enough for the counts to fit a byte.
const BLOCK: usize = 64;

impl Census {
    fn of(bytes: &[u8]) -> Self {
        let mut census = Self::default();
        let (blocks, tail) = bytes.as_chunks::<BLOCK>();
        let mut last = 0;
        for block in blocks {
            census.add(last, block);
            last = block[BLOCK - 1];
        }
        if !tail.is_empty() {
            // Blanks are neither counted nor odd.
            let mut block = [b' '; BLOCK];
            block.iter_mut().zip(tail).for_each(|(slot, byte)| *slot = *byte);
            census.add(last, &block);
        }
        census
    }

    /// The compiler turns it into a few vector instructions for each sixteen bytes.
    fn add(&mut self, last: u8, block: &[u8; BLOCK]) {
        let (mut cr, mut lf, mut crlf, mut odd) = (0u8, 0u8, 0u8, 0u8);
        for byte in block {
            cr += u8::from(*byte == b'\r');
            lf += u8::from(*byte == b'\n');
            let text = byte.wrapping_sub(b' ') <= b'~' - b' ';
            odd |= u8::from(!(text | (*byte == b'\t') | (*byte == b'\n') | (*byte == b'\r')));
        }
        for (before, byte) in block.iter().zip(block.iter().skip(1)) {
            crlf += u8::from((*before == b'\r') & (*byte == b'\n'));
        }
        self.cr += usize::from(cr);
        self.lf += usize::from(lf);
        self.crlf += usize::from(crlf) + usize::from(last == b'\r' && block[0] == b'\n');
        self.odd |= odd != 0;
    }

    /// Whether the counts alone show that all lines end alike, the one behind the block too.
    fn ends_alike(&self, eol: Option<usize>) -> bool {
        let behind = |end: usize| self.lf == 0 || eol.is_none_or(|eol| eol == end);
        self.crlf == self.lf && behind(2) || self.crlf == 0 && behind(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_there() {
        let text = b"a\r\nb\n\rc\x00\r\r\n\td";
        for pad in 0..150 {
            let mut bytes = vec![b'x'; pad];
            bytes.extend_from_slice(text);
            assert_eq!(Census::of(&bytes), Census { cr: 4, lf: 3, crlf: 2, odd: true }, "{pad}");
            assert!(!Census::of(&vec![b'~'; pad]).odd);
            for odd in [0, 8, 0x0b, 0x1f, 0x7f, 0x80, 0xff] {
                bytes.truncate(pad);
                bytes.push(odd);
                assert_eq!(Census::of(&bytes), Census { odd: true, ..Census::default() }, "{pad} {odd}");
            }
        }
    }

    #[test]
    fn the_counts_say_what_a_look_at_each_line_says() {
        for text in ["", "a", "a\r\n", "a\n", "a\r\nb\n", "a\n\r", "a\r", "\r\r\n", "a\nb\r\n", "\n\n"] {
            for eol in [None, Some(1), Some(2)] {
                let alike = Census::of(text.as_bytes()).ends_alike(eol);
                assert_eq!(alike, !mixes_ends(text.as_bytes(), eol), "{text:?} {eol:?}");
            }
        }
    }
}
