//! What is odd about the bytes of a header block (RFC 5322 section 2.2).

use super::Span;
use crate::{Anomaly, slice};

/// Findings in one block that are looked at.
const MAX_FOUND: usize = 64;

/// Adds an anomaly to those of a block, each kind once.
#[cold]
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
    let glance = Glance::at(bytes);
    if !glance.ends_alike(eol) && mixes_ends(bytes, eol) {
        note(anomalies, Anomaly::EolMixed, start);
    }
    if glance.odd || glance.cr && glance.alone {
        look(bytes, spans, anomalies);
    }
}

/// The same for the bytes of each field.
#[cold]
fn look(bytes: &[u8], spans: &[Span], anomalies: &mut Vec<(Anomaly, u64)>) {
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
#[cold]
fn mixes_ends(bytes: &[u8], eol: Option<usize>) -> bool {
    let ends = memchr::memchr_iter(b'\n', bytes).map(|at| slice::line_end(slice::split(bytes, at + 1).0));
    let mut ends = ends.chain(eol);
    let first = ends.next();
    ends.any(|end| Some(end) != first)
}

/// What kinds of bytes there are.
#[derive(Debug, Default, PartialEq, Eq)]
struct Glance {
    /// A CR.
    cr: bool,
    /// A CR without LF, or an LF without CR.
    alone: bool,
    /// What no header has.
    odd: bool,
}

/// Bytes that are looked at in one go.
const LANES: usize = 16;

impl Glance {
    fn at(bytes: &[u8]) -> Self {
        let mut lanes = Lanes::default();
        let (next, tail) = slice::split(bytes, 1).1.as_chunks::<LANES>();
        for (chunk, next) in bytes.as_chunks::<LANES>().0.iter().zip(next) {
            lanes.look(chunk, next);
        }
        // Blanks stand for what is not there.
        let pad = |bytes: &[u8]| {
            let mut chunk = [b' '; LANES];
            chunk.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
            chunk
        };
        let (before, last) = slice::split(bytes, bytes.len().saturating_sub(1));
        lanes.look(&pad(slice::split(before, before.len() - tail.len().min(before.len())).1), &pad(tail));
        lanes.look(&pad(last), &pad(&[]));
        lanes.look(&pad(&[]), &pad(slice::split(bytes, 1).0));
        let any = |lanes: [u8; LANES]| lanes.iter().any(|lane| *lane != 0);
        Self { cr: any(lanes.cr), alone: any(lanes.alone), odd: any(lanes.odd) }
    }

    /// Whether that alone shows that all lines end alike, the one behind the block too.
    fn ends_alike(&self, eol: Option<usize>) -> bool {
        match (self.cr, self.alone) {
            (false, false) => true,
            (true, false) => eol.is_none_or(|eol| eol == 2),
            (false, true) => eol.is_none_or(|eol| eol == 1),
            (true, true) => false,
        }
    }
}

/// The same for each place of a chunk.
#[derive(Default)]
struct Lanes {
    cr: [u8; LANES],
    alone: [u8; LANES],
    odd: [u8; LANES],
}

impl Lanes {
    /// Adds a chunk and the bytes one further on. The compiler turns it into a few vector instructions.
    #[inline]
    fn look(&mut self, chunk: &[u8; LANES], next: &[u8; LANES]) {
        let slots = self.cr.iter_mut().zip(&mut self.alone).zip(&mut self.odd);
        for (((cr, alone), odd), (byte, next)) in slots.zip(chunk.iter().zip(next)) {
            let (is_cr, before_lf) = (u8::from(*byte == b'\r'), u8::from(*next == b'\n'));
            *cr |= is_cr;
            *alone |= is_cr ^ before_lf;
            let text = byte.wrapping_sub(b' ') <= b'~' - b' ';
            *odd |= u8::from(!(text | (*byte == b'\t') | (*byte == b'\n') | (*byte == b'\r')));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_what_is_there() {
        let told = |cr, alone, odd| Glance { cr, alone, odd };
        for pad in 0..70 {
            for (text, expected) in [
                ("", told(false, false, false)),
                ("~ \ta", told(false, false, false)),
                ("a\r\nb\r\n", told(true, false, false)),
                ("a\nb\n", told(false, true, false)),
                ("a\r", told(true, true, false)),
                ("a\rb", told(true, true, false)),
                ("a\n\rb\0", told(true, true, true)),
                ("a\r\r\n", told(true, true, false)),
                ("\n", told(false, true, false)),
                ("\r\n", told(true, false, false)),
            ] {
                for behind in ["", "x", "a header of some thirty bytes more"] {
                    let bytes = ["x".repeat(pad).as_bytes(), text.as_bytes(), behind.as_bytes()].concat();
                    assert_eq!(Glance::at(&bytes), expected, "{bytes:?}");
                }
            }
            for odd in [0, 8, 0x0b, 0x1f, 0x7f, 0x80, 0xff] {
                let bytes = [&vec![b'x'; pad][..], &[odd], &vec![b'y'; 70 - pad]].concat();
                assert_eq!(Glance::at(&bytes), told(false, false, true), "{pad} {odd}");
            }
        }
    }

    #[test]
    fn what_shows_alone_is_what_a_look_at_each_line_says() {
        for text in ["", "a", "a\r\n", "a\n", "a\r\nb\n", "a\n\r", "a\r", "\r\r\n", "a\nb\r\n", "\n\n"] {
            for eol in [None, Some(1), Some(2)] {
                let alike = Glance::at(text.as_bytes()).ends_alike(eol);
                assert!(!alike || !mixes_ends(text.as_bytes(), eol), "{text:?} {eol:?}");
            }
        }
    }
}
