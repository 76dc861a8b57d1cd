//! Quoted-printable (RFC 2045 section 6.7), in any pieces.

use super::{Fault, Origin};
use crate::Anomaly;
use crate::config::MAX_BLANKS;
use crate::slice::{self, hex, is_blank};

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind blanks, and a CR perhaps, which count only if the line goes on.
    Blanks,
    /// Behind `=`.
    Equals,
    /// Behind `=` and one digit.
    Digit(u8),
    /// Behind `=` and blanks, and a CR perhaps: a soft line break, if the line ends here.
    Soft,
}

/// The decoder. Line ends stay as they are; blanks before them go (rule 3); an escape that is none is kept.
#[derive(Debug, Default)]
pub(crate) struct QuotedPrintable {
    state: State,
    /// Blanks that wait, and a CR behind them.
    held: Vec<u8>,
    bad: Fault,
    torn: bool,
}

impl QuotedPrintable {
    pub(super) fn push(&mut self, run: &[u8], origin: Origin) -> Vec<u8> {
        let mut out = Vec::with_capacity(run.len() + self.held.len());
        let mut rest = run;
        while let Some((&byte, behind)) = rest.split_first() {
            let at = || origin.at(run.len() - rest.len());
            // Whether the byte is used up; if not, the state has changed.
            let used = match self.state {
                State::Text => {
                    rest = self.text(rest, &mut out);
                    continue;
                }
                State::Blanks => self.blanks(byte, &mut out),
                State::Equals => match byte {
                    b'\n' => self.go(State::Text),
                    b'\r' | b' ' | b'\t' => {
                        self.held.push(byte);
                        self.go(State::Soft)
                    }
                    _ if hex(byte).is_some() => self.go(State::Digit(byte)),
                    _ => self.literal(b"=", at(), &mut out),
                },
                State::Digit(first) => match (hex(first), hex(byte)) {
                    (Some(high), Some(low)) => {
                        out.push(high << 4 | low);
                        self.go(State::Text)
                    }
                    _ => self.literal(&[b'=', first], at(), &mut out),
                },
                State::Soft => match byte {
                    b'\n' => {
                        self.held.clear();
                        self.go(State::Text)
                    }
                    b' ' | b'\t' | b'\r'
                        if self.held.last() != Some(&b'\r') && self.held.len() < MAX_BLANKS =>
                    {
                        self.held.push(byte);
                        true
                    }
                    // No soft break: the blanks are such as may still end a line.
                    _ => {
                        self.bad.add(1, at());
                        out.push(b'=');
                        self.state = State::Blanks;
                        false
                    }
                },
            };
            if used {
                rest = behind;
            }
        }
        out
    }

    fn go(&mut self, state: State) -> bool {
        self.state = state;
        true
    }

    /// An escape that is none.
    fn literal(&mut self, text: &[u8], at: u64, out: &mut Vec<u8>) -> bool {
        self.bad.add(1, at);
        out.extend_from_slice(text);
        self.state = State::Text;
        false
    }

    /// The fast path: to the next escape or line end. Returns what is left.
    fn text<'a>(&mut self, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let Some(at) = memchr::memchr2(b'=', b'\n', rest) else {
            let kept = slice::trim_end(rest.strip_suffix(b"\r").unwrap_or(rest), is_blank);
            out.extend_from_slice(kept);
            for &byte in slice::split(rest, kept.len()).1 {
                self.hold(byte, out);
                self.state = State::Blanks;
            }
            return &[];
        };
        let (text, behind) = slice::split(rest, at);
        if behind.first() == Some(&b'\n') {
            let line = text.strip_suffix(b"\r").unwrap_or(text);
            let blanks = line.len() - slice::trim_end(line, is_blank).len();
            out.extend_from_slice(slice::split(line, line.len() - blanks.min(MAX_BLANKS)).0);
            out.extend_from_slice(slice::range(rest, line.len(), at + 1));
            return slice::split(behind, 1).1;
        }
        out.extend_from_slice(text);
        if let [b'=', high, low, behind @ ..] = behind
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            return behind;
        }
        self.state = State::Equals;
        slice::split(behind, 1).1
    }

    /// A blank that waits. Beyond the limit the oldest are text, whatever follows.
    fn hold(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.held.push(byte);
        // The CR does not count among the blanks; half of the buffer is moved at a time, so that all is linear.
        if self.held.len() > 2 * MAX_BLANKS && byte != b'\r' {
            out.extend(self.held.drain(..MAX_BLANKS));
        }
    }

    fn blanks(&mut self, byte: u8, out: &mut Vec<u8>) -> bool {
        let cr = self.held.last() == Some(&b'\r');
        match byte {
            b'\n' => {
                let blanks = self.held.len() - usize::from(cr);
                out.extend_from_slice(slice::split(&self.held, blanks.saturating_sub(MAX_BLANKS)).0);
                out.extend_from_slice(if cr { b"\r\n" } else { b"\n" });
                self.held.clear();
                self.go(State::Text)
            }
            b' ' | b'\t' | b'\r' if !cr => {
                self.hold(byte, out);
                true
            }
            _ => {
                out.append(&mut self.held);
                self.state = State::Text;
                false
            }
        }
    }

    pub(super) fn gap(&mut self) -> Vec<u8> {
        self.torn = true;
        let state = core::mem::take(&mut self.state);
        let held = core::mem::take(&mut self.held);
        if state == State::Blanks { held } else { Vec::new() }
    }

    /// Blanks at the end stand before a line end that belongs to the delimiter; a soft break there is none.
    pub(super) fn finish(&mut self, whole: bool, at: u64) -> Vec<u8> {
        let mut out = Vec::new();
        if let State::Digit(first) = self.state {
            self.bad.add(1, at);
            if whole {
                out.extend([b'=', first]);
            }
        }
        // What lies beyond the limit is text already, only not written yet.
        if self.state == State::Blanks {
            let blanks = self.held.len() - usize::from(self.held.last() == Some(&b'\r'));
            out.extend_from_slice(slice::split(&self.held, blanks.saturating_sub(MAX_BLANKS)).0);
        }
        self.held.clear();
        self.state = State::Text;
        out
    }

    pub(super) fn faults(&self) -> Vec<(Anomaly, u64)> {
        self.bad.told(|count| Anomaly::QpBadEscape { count }).into_iter().collect()
    }

    pub(super) const fn is_partial(&self) -> bool {
        self.torn || self.bad.count > 0
    }

    pub(super) const fn memory(&self) -> usize {
        self.held.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes for any chunking, and how many escapes were bad.
    fn decode(text: &str, whole: bool) -> (String, u64) {
        let run = |size: usize| {
            let mut decoder = QuotedPrintable::default();
            let mut bytes = Vec::new();
            for (index, piece) in text.split('|').enumerate() {
                if index > 0 {
                    bytes.extend(decoder.gap());
                }
                for chunk in piece.as_bytes().chunks(size) {
                    bytes.extend(decoder.push(chunk, Origin { start: 0, end: 0, exact: false }));
                }
            }
            bytes.extend(decoder.finish(whole, 0));
            (String::from_utf8_lossy(&bytes).into_owned(), decoder.bad.count)
        };
        let all = run(text.len().max(1));
        for size in 1..20 {
            assert_eq!(run(size), all, "{text:?} by {size}");
        }
        all
    }

    #[test]
    fn escapes_breaks_and_blanks() {
        for (text, decoded, bad) in [
            ("", "", 0),
            ("a=3Db=3d", "a=b=", 0),
            ("=C3=A9", "é", 0),
            ("soft=\r\nbreak=\nhere", "softbreakhere", 0),
            // M32: blanks behind the soft break.
            ("=41= \t\r\nb= \nc", "Abc", 0),
            // M34: blanks before a line end.
            ("a \t\r\nb  \nc", "a\r\nb\nc", 0),
            ("a =20 \r\n", "a  \r\n", 0),
            ("a  =\r\nb", "a  b", 0),
            ("a\rb \rc\r\r\n", "a\rb \rc\r\r\n", 0),
            // M31: no escapes.
            ("==41", "=A", 1),
            ("=0=41", "=0A", 1),
            ("=XX", "=XX", 1),
            ("= =41", "= A", 1),
            ("=\rx", "=\rx", 1),
            ("=  \r \r\nx", "=  \r\r\nx", 1),
            // M33: the end is a soft break.
            ("a=", "a", 0),
            ("a=\r", "a", 0),
            ("a=4", "a=4", 1),
            ("a  ", "a", 0),
        ] {
            assert_eq!(decode(text, true), (decoded.to_owned(), bad), "{text:?}");
        }
    }

    #[test]
    fn gaps() {
        for (text, decoded) in [("a =|3D", "a 3D"), ("a  |b", "a  b"), ("a=4|1b", "a1b")] {
            assert_eq!(decode(text, true).0, decoded, "{text:?}");
        }
    }

    #[test]
    fn endless_blanks_are_bounded() {
        for more in [0, 1, 5000] {
            let text = format!("a{}\n", " ".repeat(MAX_BLANKS + more));
            assert_eq!(decode(&text, true).0, format!("a{}\n", " ".repeat(more)));
        }
        let mut decoder = QuotedPrintable::default();
        let mut out = 0;
        for _ in 0..100 {
            out += decoder.push(&[b' '; 1000], Origin { start: 0, end: 0, exact: false }).len();
            assert!(decoder.memory() <= 4 * MAX_BLANKS);
        }
        assert!(out >= 100_000 - 2 * MAX_BLANKS);
    }

    #[test]
    fn the_decode_of_a_prefix_is_a_prefix() {
        for text in ["a =20 \r\n= \r\nb=C3=A9=\r\n", "x= =4=41 \t\n", &format!("a{} \nb", " ".repeat(9000))] {
            let (all, _) = decode(text, false);
            for cut in (0..text.len()).rev().take(50) {
                let (start, _) = decode(&text[..cut], false);
                assert!(all.starts_with(&start.replace('\u{fffd}', "")), "{text:?} cut at {cut}");
            }
        }
    }
}
