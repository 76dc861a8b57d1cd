//! Base64 (RFC 2045 section 6.8), in any pieces, with anything between.

use super::begin::Begin;
use super::{Fault, Origin};
use crate::Anomaly;
use crate::slice::{self, is_space};

/// Bytes that are tried at once on the fast path; what fails there is read again byte by byte.
const BLOCK: usize = 16 << 10;

/// Longest line that is held until it shows whether it is base64.
const MAX_LINE: usize = 1024;

/// Clean characters without a blank that make a line base64 beyond doubt.
const CLEAN: usize = 64;

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// Inside of the data.
    #[default]
    Running,
    /// Behind padding, on its line; so many more `=` are due.
    Padded(u8),
    /// On a line behind padding, which may be more base64 or the footer of a mailing list.
    Behind,
    /// In such a footer: nothing of it is decoded.
    Footer,
    /// Behind a gap: the rest of a torn line, whose end alone says where its quads begin.
    Torn,
    /// In a torn line that was too long to be held.
    Lost,
}

/// The decoder. Characters outside of the alphabet are passed over, padding starts anew.
#[derive(Debug, Default)]
pub(crate) struct Base64 {
    state: State,
    /// The characters of an open quad, at most three.
    quad: Vec<u8>,
    /// The characters of a line that waits for its verdict.
    line: Vec<u8>,
    /// Whether a blank stood behind the characters of the line.
    blank: bool,
    foreign: Fault,
    padding: Fault,
    inner: Fault,
    trailing: Fault,
    length: Fault,
    torn: bool,
    begin: Begin,
    begin_line: Fault,
    /// Where the data begins.
    start: Option<u64>,
    /// What the line before the data calls it.
    name: Option<String>,
}

impl Base64 {
    /// All of `text`, which is whole.
    pub(crate) fn decode_all(text: &[u8]) -> Vec<u8> {
        let mut decoder = Self::default();
        let mut bytes = decoder.push(text, Origin { start: 0, end: 0, exact: false });
        bytes.extend(decoder.finish(true, 0));
        bytes
    }

    pub(crate) fn push(&mut self, run: &[u8], origin: Origin) -> Vec<u8> {
        if !self.begin.is_open() {
            return self.decode(run, origin);
        }
        let start = *self.start.get_or_insert(origin.start);
        let (held, rest, name) = self.begin.push(run);
        if self.begin.is_found() {
            self.begin_line.add(1, start);
            self.name = name;
        }
        let before = Origin { start, end: origin.start, exact: origin.exact };
        let mut out = if held.is_empty() { Vec::new() } else { self.decode(&held, before) };
        let decoded = self.decode(rest, origin.part(run.len() - rest.len(), run.len()));
        if out.is_empty() {
            return decoded;
        }
        out.extend(decoded);
        out
    }

    pub(super) const fn take_name(&mut self) -> Option<String> {
        self.name.take()
    }

    fn decode(&mut self, run: &[u8], origin: Origin) -> Vec<u8> {
        let mut out = Vec::with_capacity(if run.len() > 64 { run.len() } else { 0 });
        let mut at = 0;
        while at < run.len() {
            let rest = slice::split(run, at).1;
            let mut clean = slice::split(rest, 1).0;
            if self.state == State::Running && rest.len() >= 64 {
                let block = slice::split(rest, BLOCK).0;
                let len = memchr::memchr(b'=', block).unwrap_or(block.len()).max(1);
                clean = slice::split(block, len).0;
            }
            if clean.len() < 16 || !self.block(clean, &mut out) {
                for (index, &byte) in clean.iter().enumerate() {
                    self.byte(byte, origin.at(at + index), &mut out);
                }
            }
            at += clean.len();
        }
        out
    }

    /// The fast path: a block of whole lines of the alphabet. `false`, and nothing changed, if there is anything else.
    fn block(&mut self, block: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        out.extend_from_slice(&self.quad);
        let mut line = 0;
        for end in memchr::memchr_iter(b'\n', block) {
            let text = slice::range(block, line, end);
            out.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
            line = end + 1;
        }
        let text = slice::split(block, line).1;
        out.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
        let whole = (out.len() - start) / 4 * 4;
        let quad: Vec<u8> = slice::split(out, start + whole).1.to_vec();
        let decoded = if quad.iter().all(|byte| value(*byte).is_some()) {
            out.get_mut(start..start + whole)
                .and_then(|text| base64_simd::STANDARD_NO_PAD.decode_inplace(text).ok())
                .map(|decoded| decoded.len())
        } else {
            None
        };
        out.truncate(start + decoded.unwrap_or(0));
        if decoded.is_some() {
            self.quad = quad;
        }
        decoded.is_some()
    }

    fn byte(&mut self, byte: u8, at: u64, out: &mut Vec<u8>) {
        match self.state {
            State::Running => match byte {
                b'=' => self.pad(at, out),
                _ if value(byte).is_some() => self.character(byte, out),
                _ if is_space(byte) || byte == 0 => {}
                _ => self.foreign.add(1, at),
            },
            State::Padded(due) => match byte {
                b'=' if due > 0 => self.state = State::Padded(due - 1),
                b'=' => self.padding.add(1, at),
                _ if value(byte).is_some() => {
                    self.end_padding(at);
                    self.inner.add(1, at);
                    self.state = State::Running;
                    self.character(byte, out);
                }
                b'\n' => {
                    self.end_padding(at);
                    self.state = State::Behind;
                }
                _ if is_space(byte) || byte == 0 => {}
                _ => self.foreign.add(1, at),
            },
            State::Behind => self.behind(byte, at, out),
            State::Footer => self.trailing.add(u64::from(!is_space(byte)), at),
            State::Torn => match byte {
                b'\n' => self.end_torn(at, out),
                _ if value(byte).is_some() || byte == b'=' => {
                    self.line.push(byte);
                    if self.line.len() > MAX_LINE {
                        self.line.clear();
                        self.state = State::Lost;
                    }
                }
                _ if is_space(byte) => {}
                _ => self.foreign.add(1, at),
            },
            State::Lost if byte == b'\n' => self.state = State::Running,
            State::Lost => {}
        }
    }

    fn character(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.quad.push(byte);
        if self.quad.len() == 4 {
            self.flush(out);
        }
    }

    /// Writes the bytes that the characters of the quad hold for certain.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let bits = self.quad.iter().fold(0u32, |bits, byte| bits << 6 | u32::from(value(*byte).unwrap_or(0)));
        let [_, a, b, c] = (bits << (6 * (4 - self.quad.len().min(4)))).to_be_bytes();
        out.extend([a, b, c].iter().take(self.quad.len().saturating_sub(1)));
        self.quad.clear();
    }

    fn pad(&mut self, at: u64, out: &mut Vec<u8>) {
        let due = match self.quad.len() {
            2 => 1,
            3 => 0,
            // Nothing to pad, or a character that is no byte.
            _ => {
                self.padding.add(1, at);
                0
            }
        };
        self.flush(out);
        self.state = State::Padded(due);
    }

    fn end_padding(&mut self, at: u64) {
        if let State::Padded(due @ 1..) = self.state {
            self.padding.add(u64::from(due), at);
        }
    }

    /// A line behind padding is base64 if it is padded itself, long and clean, or a clean row of quads.
    fn behind(&mut self, byte: u8, at: u64, out: &mut Vec<u8>) {
        match byte {
            b'=' if !self.line.is_empty() => {
                self.restart(at, out);
                self.pad(at, out);
            }
            b'=' => self.padding.add(1, at),
            b'\n' if self.line.is_empty() => {}
            b'\n' if self.line.len().is_multiple_of(4) => self.restart(at, out),
            _ if value(byte).is_some() && !self.blank => {
                self.line.push(byte);
                if self.line.len() >= CLEAN {
                    self.restart(at, out);
                }
            }
            _ if is_space(byte) && byte != b'\n' => self.blank = !self.line.is_empty(),
            _ => {
                self.trailing.add(self.line.len() as u64 + u64::from(!is_space(byte)), at);
                self.line.clear();
                self.blank = false;
                self.state = State::Footer;
            }
        }
    }

    fn restart(&mut self, at: u64, out: &mut Vec<u8>) {
        self.inner.add(1, at);
        self.state = State::Running;
        self.blank = false;
        for byte in core::mem::take(&mut self.line) {
            self.character(byte, out);
        }
    }

    /// Lines hold whole quads, so the torn one is counted from its end.
    fn end_torn(&mut self, at: u64, out: &mut Vec<u8>) {
        let line = core::mem::take(&mut self.line);
        self.state = State::Running;
        for &byte in slice::split(&line, line.len() % 4).1 {
            self.byte(byte, at, out);
        }
        if matches!(self.state, State::Padded(_)) {
            self.state = State::Behind;
        }
    }

    pub(super) fn gap(&mut self) -> Vec<u8> {
        let held = self.begin.finish(true);
        let start = self.start.unwrap_or_default();
        let mut out = self.decode(&held, Origin { start, end: start, exact: true });
        self.flush(&mut out);
        self.line.clear();
        self.blank = false;
        self.torn = true;
        self.state = State::Torn;
        out
    }

    pub(crate) fn finish(&mut self, whole: bool, at: u64) -> Vec<u8> {
        let held = self.begin.finish(whole);
        let start = self.start.unwrap_or(at);
        let mut out = self.decode(&held, Origin { start, end: at, exact: true });
        match self.state {
            State::Torn if whole => self.end_torn(at, &mut out),
            State::Behind if whole && self.line.len().is_multiple_of(4) && !self.line.is_empty() => {
                self.restart(at, &mut out);
            }
            // More of the line might have said that it is a footer.
            State::Behind => {
                self.trailing.add(self.line.len() as u64, at);
                self.line.clear();
            }
            _ => {}
        }
        self.end_padding(at);
        match self.quad.len() {
            0 => {}
            1 => self.length.add(1, at),
            _ => self.padding.add(1, at),
        }
        self.flush(&mut out);
        out
    }

    pub(super) fn faults(&self) -> Vec<(Anomaly, u64)> {
        [
            self.foreign.told(|count| Anomaly::B64ForeignChar { count }),
            self.begin_line.told(|_| Anomaly::B64BeginLine),
            self.wrong_padding().told(|count| Anomaly::B64Padding { count }),
            self.inner.told(|count| Anomaly::B64InnerPadding { count }),
            self.trailing.told(|count| Anomaly::B64Trailing { count }),
            self.length.told(|_| Anomaly::B64Length),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    pub(crate) const fn is_partial(&self) -> bool {
        self.torn
            || self.foreign.count > 0
            || self.trailing.count > 0
            || self.length.count > 0
            || self.wrong_padding().count > 0
    }

    /// The line `====` at the end belongs to the one at the beginning.
    const fn wrong_padding(&self) -> Fault {
        if self.begin.is_found() && self.padding.count <= 4 { Fault::NONE } else { self.padding }
    }

    pub(super) const fn memory(&self) -> usize {
        self.line.capacity() + self.quad.capacity() + self.begin.memory()
    }
}

/// Whether a byte is a character of the alphabet.
pub(crate) const fn is_alphabet(byte: u8) -> bool {
    value(byte).is_some()
}

/// The value of a character of the alphabet.
const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes for any chunking, and what was odd.
    fn decode(text: &str, whole: bool) -> (String, Vec<String>) {
        let run = |size: usize| {
            let mut decoder = Base64::default();
            let (mut bytes, mut at) = (Vec::new(), 0);
            for (index, piece) in text.split('|').enumerate() {
                if index > 0 {
                    bytes.extend(decoder.gap());
                }
                for chunk in piece.as_bytes().chunks(size) {
                    let end = at + chunk.len() as u64;
                    bytes.extend(decoder.push(chunk, Origin { start: at, end, exact: true }));
                    at = end;
                }
            }
            bytes.extend(decoder.finish(whole, at));
            let faults = decoder.faults().into_iter().map(|(one, at)| {
                format!(
                    "{}{}@{at}",
                    one.code(),
                    one.detail().map(|count| format!(" {count}")).unwrap_or_default()
                )
            });
            (bytes.escape_ascii().to_string(), faults.collect())
        };
        let all: (String, Vec<String>) = run(text.len().max(1));
        for size in 1..20 {
            assert_eq!(run(size), all, "{text:?} by {size}");
        }
        all
    }

    #[test]
    fn clean_and_odd() {
        let long = "QUJD".repeat(40);
        let abc = "ABC".repeat(40);
        let table: Vec<(String, String, &[&str])> = vec![
            ("".into(), "".into(), &[]),
            ("Zm9vYmFy".into(), "foobar".into(), &[]),
            ("Zm9v\r\nYmFy\r\n".into(), "foobar".into(), &[]),
            ("Zm9vYg==".into(), "foob".into(), &[]),
            ("Zm9vYmE=\r\n\r\n".into(), "fooba".into(), &[]),
            ("Z m\t9\x0bv\0".into(), "foo".into(), &[]),
            (format!("{long}\r\n{long}\n"), format!("{abc}{abc}"), &[]),
            (format!("{long}#{long}"), format!("{abc}{abc}"), &["b64-foreign-char 1@160"]),
            // M19, M20: padding inside.
            ("Zm9vYg==\nYXI=".into(), "foobar".into(), &["b64-inner-padding 1@12"]),
            ("UEs=AwQ=".into(), "PK\\x03\\x04".into(), &["b64-inner-padding 1@4"]),
            // M21: padding short or in excess.
            ("QQ=\nQQ=\n".into(), "AA".into(), &["b64-padding 2@3", "b64-inner-padding 1@6"]),
            ("QQ==\n====\n".into(), "A".into(), &["b64-padding 4@5"]),
            ("Zm9vYmE".into(), "fooba".into(), &["b64-padding 1@7"]),
            // M23, M27.
            ("Zm#9:v".into(), "foo".into(), &["b64-foreign-char 2@2"]),
            ("Zm9vY".into(), "foo".into(), &["b64-length@5"]),
            // M25, M26: more base64, or the footer of a list.
            ("Zm9vYg==\nYmFy\n".into(), "foobbar".into(), &["b64-inner-padding 1@13"]),
            ("Zm9vYg==\n_____\nlist@x\n".into(), "foob".into(), &["b64-trailing 11@9"]),
            ("Zm9vYg==\nhello world\nYmFy\n".into(), "foob".into(), &["b64-trailing 14@15"]),
            (format!("Zm9vYg==\n{long}"), format!("foob{abc}"), &["b64-inner-padding 1@72"]),
        ];
        for (text, bytes, faults) in table {
            assert_eq!(
                decode(&text, true),
                (bytes, faults.iter().map(|&fault| fault.to_owned()).collect()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn gaps_are_overcome_at_the_next_line() {
        for (text, bytes) in [
            ("Zm9v|9v\nYmFy", "foobar"),
            ("Zm9vY|Zm9v\nYmFy", "foofoobar"),
            ("Zm9vYm|\nYmFy", "foobbar"),
            ("Zm9v|m9vYg==\n", "foob"),
            ("Zm9v|m9vYg==\n\n-- \nlist", "foob"),
        ] {
            let (got, _) = decode(text, true);
            assert_eq!(got, bytes, "{text:?}");
        }
    }

    #[test]
    fn the_decode_of_a_prefix_is_a_prefix() {
        for text in
            ["Zm9vYmE=\r\n_____\r\nlist", "Zm9vYg==\nYmFy\nYmFyIA", "Zm9|vYm\nYmFy\nZm9v", "UEs=AwQ=FAA=x"]
        {
            let (all, _) = decode(text, false);
            for cut in 0..text.len() {
                let (start, _) = decode(&text[..cut], false);
                assert!(all.starts_with(&start), "{text:?} cut at {cut}: {start} of {all}");
            }
        }
    }
}
