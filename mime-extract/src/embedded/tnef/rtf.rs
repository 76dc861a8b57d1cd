//! Compressed RTF (MS-OXRTFCP): a window of 4 KiB, runs of eight tokens behind a byte of flags.

use crate::slice;

const WINDOW: usize = 4096;

/// What the window holds at first (MS-OXRTFCP section 2.1.2.1).
const INITIAL: &[u8] =
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \
\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Bytes before the tokens: the two sizes, the kind and a checksum.
const HEADER: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    /// Not compressed.
    Plain,
    Tokens,
    /// The end, or a header of another kind.
    Over,
}

/// Decompresses in any pieces.
#[derive(Debug)]
pub(super) struct Rtf {
    state: State,
    /// The header, or the first byte of a reference.
    held: Vec<u8>,
    window: Vec<u8>,
    at: usize,
    flags: u8,
    /// Tokens that the flags still tell of.
    tokens: u8,
    /// Bytes to come out, as the header says.
    left: usize,
    good: bool,
}

impl Rtf {
    pub(super) fn new() -> Self {
        let mut window = INITIAL.to_vec();
        let at = window.len();
        window.resize(WINDOW, b' ');
        Self { state: State::Header, held: Vec::new(), window, at, flags: 0, tokens: 0, left: 0, good: false }
    }

    /// What comes out of the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = bytes;
        if self.state == State::Header {
            let (head, behind) = slice::split(rest, HEADER - self.held.len());
            self.held.extend_from_slice(head);
            rest = behind;
            if self.held.len() == HEADER {
                self.header();
            }
        }
        if self.state == State::Plain {
            out.extend_from_slice(slice::split(rest, self.left).0);
            self.left -= out.len();
            self.good = self.left == 0;
            return out;
        }
        for &byte in rest {
            if self.state != State::Tokens {
                break;
            }
            self.token(byte, &mut out);
        }
        out
    }

    fn header(&mut self) {
        let word = |at: usize| {
            let bytes = self.held.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
            u32::from_le_bytes(bytes)
        };
        self.left = usize::try_from(word(4)).unwrap_or(usize::MAX);
        self.state = match &word(8).to_le_bytes() {
            b"LZFu" => State::Tokens,
            b"MELA" => State::Plain,
            _ => State::Over,
        };
        self.held.clear();
    }

    fn token(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.tokens == 0 {
            (self.flags, self.tokens) = (byte, 8);
            return;
        }
        if self.flags & 1 == 0 {
            self.write(byte, out);
        } else if let Some(first) = self.held.pop() {
            // Twelve bits of place, four of length.
            let [first, second] = [first, byte].map(usize::from);
            let (place, len) = (first << 4 | second >> 4, (second & 15) + 2);
            if place == self.at {
                self.state = State::Over;
                self.good = self.left == 0;
                return;
            }
            for step in 0..len {
                let byte = self.window.get((place + step) % WINDOW).copied().unwrap_or_default();
                self.write(byte, out);
            }
        } else {
            self.held.push(byte);
            return;
        }
        self.flags >>= 1;
        self.tokens -= 1;
    }

    fn write(&mut self, byte: u8, out: &mut Vec<u8>) {
        if let Some(place) = self.window.get_mut(self.at) {
            *place = byte;
        }
        self.at = (self.at + 1) % WINDOW;
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            out.push(byte);
        }
    }

    /// Whether all came out that the header promises.
    pub(super) const fn is_whole(&self) -> bool {
        self.good || self.left == 0 && matches!(self.state, State::Tokens)
    }

    pub(super) const fn memory(&self) -> usize {
        self.held.capacity() + self.window.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], size: usize) -> (String, bool) {
        let mut rtf = Rtf::new();
        let out: Vec<_> = bytes.chunks(size).flat_map(|piece| rtf.push(piece)).collect();
        (out.escape_ascii().to_string(), rtf.is_whole())
    }

    #[test]
    fn the_window_begins_as_the_specification_says() {
        assert_eq!(INITIAL.len(), 207);
    }

    /// The examples of MS-OXRTFCP section 3.
    #[test]
    fn examples_of_the_specification() {
        let simple = b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125\x42\x32\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        let crossing = b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4KQA\x00\x04 WXYZ\x0d\x6e}\x01\x0e\xb0";
        for size in [1, 2, 5, 100] {
            assert_eq!(
                decode(simple, size),
                ("{\\\\rtf1\\\\ansi\\\\ansicpg1252\\\\pard hello world}\\r\\n".to_owned(), true)
            );
            assert_eq!(decode(crossing, size), ("{\\\\rtf1 WXYZWXYZWXYZWXYZWXYZ}".to_owned(), true));
        }
    }

    #[test]
    fn plain_cut_and_foreign() {
        for (bytes, text, whole) in [
            (&b"\x0f\0\0\0\x03\0\0\0MELA\0\0\0\0abcd"[..], "abc", true),
            (b"\x0f\0\0\0\x03\0\0\0MELA\0\0\0\0ab", "ab", false),
            (b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4KQA\x00\x04 WX", "{\\\\rtf1 WX", false),
            (b"\x0f\0\0\0\x03\0\0\0what\0\0\0\0abc", "", false),
            (b"\x0f\0", "", false),
        ] {
            for size in [1, 3, 100] {
                assert_eq!(decode(bytes, size), (text.to_owned(), whole), "{}", bytes.escape_ascii());
            }
        }
    }
}
