//! Sessions as text, for tests, fuzz seeds and bug reports.
//!
//! One line, one step:
//!
//! | line | meaning |
//! | --- | --- |
//! | `C: text` / `S: text` | client or server sends the text and CRLF; a single `\` at the end: no CRLF |
//! | `C! 12` / `S! ?` | 12 bytes, or nobody knows how many, are missing |
//! | `C.` / `S.` | that half is closed |
//! | `C+` / `S+` | somebody decrypts that half from here on |
//! | `T 61` | 61 seconds pass |
//! | `=> text` | an expected event, in whatever form the test writes events |
//! | `# text`, empty | nothing |
//!
//! In a text `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` stand for those bytes.

use crate::{Direction, Timestamp};
use bytes::Bytes;

/// One step of a session.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes travel.
    Push(Direction, Bytes),
    /// Bytes are missing.
    Gap(Direction, Option<u64>),
    /// A half ends.
    Close(Direction),
    /// A half is plaintext again.
    Resume(Direction),
    /// Time passes; the session is told.
    Wait(Timestamp),
}

/// A session and what it is expected to tell.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The lines behind `=>`.
    pub expected: Vec<String>,
}

impl Transcript {
    /// Reads a transcript. Lines that are no step are passed over, so that a fuzzer finds its way: every input is a
    /// transcript.
    ///
    /// ```
    /// use mail_wire::transcript::{Step, Transcript};
    /// use mail_wire::Direction::ToServer;
    ///
    /// let transcript = Transcript::parse(b"C: QUIT\nC.\n=> Command QUIT\n");
    /// assert_eq!(transcript.steps, [Step::Push(ToServer, "QUIT\r\n".into()), Step::Close(ToServer)]);
    /// assert_eq!(transcript.expected, ["Command QUIT"]);
    /// ```
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut transcript = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            if let Some(expected) = line.strip_prefix(b"=> ") {
                transcript.expected.push(String::from_utf8_lossy(expected).into_owned());
            } else if let Some(step) = step(line) {
                transcript.steps.push(step);
            }
        }
        transcript
    }
}

fn step(line: &[u8]) -> Option<Step> {
    let number = |text: &[u8]| str::from_utf8(text.trim_ascii()).ok()?.parse::<u32>().ok();
    if let Some(seconds) = line.strip_prefix(b"T ") {
        return number(seconds).map(|seconds| Step::Wait(Timestamp::from_secs(seconds.into())));
    }
    let (dir, rest) = match line.split_first()? {
        (b'C', rest) => (Direction::ToServer, rest),
        (b'S', rest) => (Direction::ToClient, rest),
        _ => return None,
    };
    match rest.split_first()? {
        (b':', text) => Some(Step::Push(dir, unescape(text.strip_prefix(b" ").unwrap_or(text)))),
        (b'!', len) if len.trim_ascii() == b"?" => Some(Step::Gap(dir, None)),
        (b'!', len) => number(len).map(|len| Step::Gap(dir, Some(len.into()))),
        (b'.', _) => Some(Step::Close(dir)),
        (b'+', _) => Some(Step::Resume(dir)),
        _ => None,
    }
}

fn unescape(text: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            None => return Bytes::from(bytes),
            Some(b'r') => bytes.push(b'\r'),
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'0') => bytes.push(0),
            Some(b'x') => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                let value = digit().zip(digit()).map_or(0, |(high, low)| high * 16 + low);
                bytes.push(u8::try_from(value).unwrap_or_default());
            }
            Some(other) => bytes.push(other),
        }
    }
    bytes.extend_from_slice(b"\r\n");
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{ToClient, ToServer};

    #[test]
    fn every_kind_of_line() {
        let text = b"# c\n\nC: a\\x41\\0\\\\\nS: b\\\nS! 3\nC! ?\nC+\nS.\nT 61\n=> x y\nC? what\n";
        let expected = [
            Step::Push(ToServer, Bytes::from_static(b"aA\0\\\r\n")),
            Step::Push(ToClient, Bytes::from_static(b"b")),
            Step::Gap(ToClient, Some(3)),
            Step::Gap(ToServer, None),
            Step::Resume(ToServer),
            Step::Close(ToClient),
            Step::Wait(Timestamp::from_secs(61)),
        ];
        let transcript = Transcript::parse(text);
        assert_eq!(transcript.steps, expected);
        assert_eq!(transcript.expected, ["x y"]);
    }
}
