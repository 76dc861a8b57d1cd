//! Base64 and quoted-printable read in other ways: what a sender may have meant is put in order before the decoder.

use super::Origin;
use super::base64::{Base64, is_alphabet};
use super::looks::{is_hardly_base64, run_line};
use super::quoted_printable::QuotedPrintable;
use crate::Anomaly;
use crate::choices::{Base64Choice, QuotedPrintableChoice};
use crate::slice::{hex, is_blank};

/// A decoder behind a filter.
#[derive(Debug)]
pub(crate) enum Variant {
    Base64(Base64Filter, Base64),
    QuotedPrintable(QuotedPrintableFilter, QuotedPrintable),
}

impl Variant {
    pub(crate) fn base64(choice: Base64Choice) -> Self {
        let filter = Base64Filter { choice, phase: Phase::Before, count: 0, held: Vec::new() };
        Self::Base64(filter, Base64::default())
    }

    pub(crate) fn quoted_printable(choice: QuotedPrintableChoice) -> Self {
        let filter = QuotedPrintableFilter { choice, held: Vec::new() };
        Self::QuotedPrintable(filter, QuotedPrintable::default())
    }

    pub(super) fn push(&mut self, run: &[u8], origin: Origin) -> Vec<u8> {
        let mut text = Vec::with_capacity(run.len());
        match self {
            Self::Base64(filter, decoder) => {
                filter.push(run, &mut text);
                if filter.is_text() {
                    return text;
                }
                decoder.push(&text, Origin { exact: false, ..origin })
            }
            Self::QuotedPrintable(filter, decoder) => {
                filter.push(run, &mut text);
                decoder.push(&text, Origin { exact: false, ..origin })
            }
        }
    }

    pub(super) fn gap(&mut self) -> Vec<u8> {
        match self {
            Self::Base64(filter, decoder) => {
                filter.held.clear();
                decoder.gap()
            }
            Self::QuotedPrintable(filter, decoder) => {
                filter.held.clear();
                decoder.gap()
            }
        }
    }

    pub(super) fn finish(&mut self, whole: bool, at: u64) -> Vec<u8> {
        match self {
            Self::Base64(filter, decoder) => {
                let mut text = Vec::new();
                filter.finish(&mut text);
                if filter.is_text() {
                    return text;
                }
                let mut out = decoder.push(&text, Origin { start: at, end: at, exact: false });
                out.extend(decoder.finish(whole, at));
                out
            }
            Self::QuotedPrintable(filter, decoder) => {
                let held = core::mem::take(&mut filter.held);
                let mut out = decoder.push(&held, Origin { start: at, end: at, exact: false });
                out.extend(decoder.finish(whole, at));
                out
            }
        }
    }

    pub(super) fn faults(&self) -> Vec<(Anomaly, u64)> {
        match self {
            Self::Base64(_, decoder) => decoder.faults(),
            Self::QuotedPrintable(_, decoder) => decoder.faults(),
        }
    }

    pub(super) const fn is_partial(&self) -> bool {
        match self {
            Self::Base64(_, decoder) => decoder.is_partial(),
            Self::QuotedPrintable(_, decoder) => decoder.is_partial(),
        }
    }

    pub(super) const fn memory(&self) -> usize {
        match self {
            Self::Base64(filter, decoder) => filter.held.capacity() + decoder.memory(),
            Self::QuotedPrintable(filter, decoder) => filter.held.capacity() + decoder.memory(),
        }
    }
}

/// Where in its text a base64 filter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Before,
    /// Behind the first `=`.
    Padding,
    /// Behind the padding or, where that counts, its line.
    Behind,
}

/// What is done to base64.
#[derive(Debug)]
pub(crate) struct Base64Filter {
    choice: Base64Choice,
    phase: Phase,
    /// Characters or `=` counted.
    count: u64,
    /// A quad or a line that is not whole.
    held: Vec<u8>,
}

/// So long a line of a run is told before its end has come.
const MAX_LINE: usize = 4096;

impl Base64Filter {
    /// Whether what it lets through is not decoded.
    const fn is_text(&self) -> bool {
        matches!(self.choice, Base64Choice::Text | Base64Choice::Plain)
    }

    fn push(&mut self, run: &[u8], out: &mut Vec<u8>) {
        match self.choice {
            Base64Choice::Stop => {
                let kept = run.iter().take_while(|byte| {
                    let padding = **byte == b'=';
                    match self.phase {
                        Phase::Before if padding => self.phase = Phase::Padding,
                        Phase::Padding if is_alphabet(**byte) => self.phase = Phase::Behind,
                        _ => {}
                    }
                    self.phase != Phase::Behind
                });
                out.extend(kept);
            }
            Base64Choice::Behind | Base64Choice::Text => {
                for &byte in run {
                    match (self.phase, byte) {
                        (Phase::Behind, _) => out.push(byte),
                        (Phase::Before, b'=') => self.phase = Phase::Padding,
                        (Phase::Padding, b'\n') => self.phase = Phase::Behind,
                        (Phase::Padding, _) if is_alphabet(byte) => {
                            self.phase = Phase::Behind;
                            out.push(byte);
                        }
                        _ => {}
                    }
                }
            }
            // Only what has characters behind it is inside; the rest is padding.
            Base64Choice::EqualsIsA => {
                for &byte in run {
                    if byte == b'=' {
                        self.count += 1;
                        continue;
                    }
                    if is_alphabet(byte) {
                        out.extend((0..core::mem::take(&mut self.count)).map(|_| b'A'));
                    }
                    out.push(byte);
                }
            }
            Base64Choice::Url => out.extend(run.iter().map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                byte => *byte,
            })),
            Base64Choice::Skip(len) => out.extend(run.iter().filter(|byte| {
                let skipped = self.count < u64::from(len) && is_alphabet(**byte);
                self.count += u64::from(skipped);
                !skipped
            })),
            Base64Choice::Ignore => out.extend(run.iter().filter(|byte| **byte != b'=')),
            Base64Choice::Quads => {
                for &byte in run {
                    match byte {
                        // Padding makes up for what a quad lacks.
                        b'=' => {
                            out.append(&mut self.held);
                            out.push(byte);
                        }
                        _ if is_alphabet(byte) => {
                            self.held.push(byte);
                            if self.held.len() == 4 {
                                out.append(&mut self.held);
                            }
                        }
                        _ => {}
                    }
                }
            }
            Base64Choice::Plain => {
                if self.phase == Phase::Before {
                    self.held.extend_from_slice(run);
                    if self.held.len() >= MAX_LINE {
                        self.decide(out);
                    }
                } else if self.phase == Phase::Behind {
                    out.extend_from_slice(run);
                }
            }
            Base64Choice::Block => {
                for &byte in run {
                    if self.phase == Phase::Behind {
                        return;
                    }
                    if byte == b'\n' {
                        self.line(out);
                    } else {
                        self.held.push(byte);
                        if self.held.len() >= MAX_LINE {
                            self.long_line(out);
                        }
                    }
                }
            }
        }
    }

    /// Says of the first bytes whether they are text, and lets them through if so.
    fn decide(&mut self, out: &mut Vec<u8>) {
        let text = core::mem::take(&mut self.held);
        self.phase = if is_hardly_base64(&text) { Phase::Behind } else { Phase::Padding };
        if self.phase == Phase::Behind {
            out.extend_from_slice(&text);
        }
    }

    /// A whole line of what may be a run.
    fn line(&mut self, out: &mut Vec<u8>) {
        let line = core::mem::take(&mut self.held);
        let begun = self.phase == Phase::Padding;
        match run_line(&line, begun) {
            Some(text) => {
                out.extend_from_slice(text);
                let shorter = (text.len() as u64) < self.count;
                self.count = self.count.max(text.len() as u64);
                self.phase = if shorter || text.ends_with(b"=") { Phase::Behind } else { Phase::Padding };
            }
            None if begun => self.phase = Phase::Behind,
            None => {}
        }
    }

    /// A piece of a line whose end has not come.
    fn long_line(&mut self, out: &mut Vec<u8>) {
        let line = core::mem::take(&mut self.held);
        match run_line(&line, true) {
            Some(text) => {
                out.extend_from_slice(text);
                self.phase = Phase::Padding;
            }
            None if self.phase == Phase::Padding => self.phase = Phase::Behind,
            None => {}
        }
    }

    /// What was held, at the end of all.
    fn finish(&mut self, out: &mut Vec<u8>) {
        match self.choice {
            Base64Choice::Block if self.phase != Phase::Behind => self.line(out),
            Base64Choice::Plain if self.phase == Phase::Before => self.decide(out),
            _ => self.held.clear(),
        }
    }
}

/// What is done to quoted-printable.
#[derive(Debug)]
pub(crate) struct QuotedPrintableFilter {
    choice: QuotedPrintableChoice,
    /// The beginning of an escape, or a CR.
    held: Vec<u8>,
}

/// Blanks behind `=` that are waited for.
const MAX_BLANKS: usize = 64;

impl QuotedPrintableFilter {
    fn push(&mut self, run: &[u8], out: &mut Vec<u8>) {
        for &byte in run {
            match self.choice {
                QuotedPrintableChoice::Lf => {
                    if byte != b'\n' {
                        out.append(&mut self.held);
                    }
                    self.held.clear();
                    if byte == b'\r' { self.held.push(byte) } else { out.push(byte) }
                }
                QuotedPrintableChoice::Drop => self.escape(byte, out),
            }
        }
    }

    fn escape(&mut self, byte: u8, out: &mut Vec<u8>) {
        let digits = self.held.get(1).is_some_and(|first| hex(*first).is_some());
        match (self.held.len(), byte) {
            (0, b'=') => self.held.push(byte),
            (0, _) => out.push(byte),
            // A soft break, or the second digit.
            (_, b'\n') if !digits => {
                out.append(&mut self.held);
                out.push(byte);
            }
            (2, _) if digits && hex(byte).is_some() => {
                out.append(&mut self.held);
                out.push(byte);
            }
            (1, _) if hex(byte).is_some() => self.held.push(byte),
            (len, _) if !digits && (is_blank(byte) || byte == b'\r') && len < MAX_BLANKS => {
                self.held.push(byte);
            }
            // No escape: it is left out, and the byte read again.
            _ => {
                self.held.clear();
                if byte == b'=' { self.held.push(byte) } else { out.push(byte) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(mut variant: Variant, text: &str, size: usize) -> String {
        let origin = Origin { start: 0, end: 0, exact: false };
        let mut bytes = Vec::new();
        for chunk in text.as_bytes().chunks(size) {
            bytes.extend(variant.push(chunk, origin));
        }
        bytes.extend(variant.finish(true, 0));
        bytes.escape_ascii().to_string()
    }

    #[test]
    fn variants() {
        use Base64Choice::{Behind, Block, EqualsIsA, Ignore, Plain, Quads, Skip, Stop, Text, Url};
        let base64 = |choice| move || Variant::base64(choice);
        let printable = |choice| move || Variant::quoted_printable(choice);
        let run = "QUJDREVGR0hJSktMTU5P";
        let among = format!("a note:\r\n\r\n{run}\r\n {run}\r\nUFFS\r\nJohn\r\n");
        let ended = format!("{run}\n{run}\n\nJohn\n");
        let table: [(&dyn Fn() -> Variant, &str, &str); 26] = [
            (&base64(Stop), "Zm9vYg==\nYXI=\n", "foob"),
            (&base64(Stop), "Zm9v\n", "foo"),
            (&base64(Behind), "Zm9vYg==\nYXI=\n", "ar"),
            (&base64(Behind), "Zm9vYg==YXI=\n", "ar"),
            (&base64(Behind), "Zm9v\n", ""),
            (&base64(Text), "Zm9vYg==\n___\nlist\n", "___\\nlist\\n"),
            (&base64(EqualsIsA), "UEs=BBQ=\n", "PK\\x00\\x04\\x14"),
            (&base64(EqualsIsA), "Zg==", "f"),
            (&base64(Url), "_-__", "\\xff\\xef\\xff"),
            (&base64(Skip(2)), "xx\nZm9v", "foo"),
            (&base64(Ignore), "Z=m9=vY==g", "foob"),
            (&base64(Quads), "Zm9v\r\nYg", "foo"),
            (&base64(Quads), "Zm9vYg==\r\nYmE", "foob"),
            (&base64(Quads), "Zm9v--Y", "foo"),
            (&base64(Block), &among, "ABCDEFGHIJKLMNOABCDEFGHIJKLMNOPQR"),
            (&base64(Block), &ended, "ABCDEFGHIJKLMNOABCDEFGHIJKLMNO"),
            (&base64(Block), &format!("{run}\nUQ==\nUQ==\n"), "ABCDEFGHIJKLMNOQ"),
            (&base64(Plain), "PK\x03\x04 & \0\r\n", "PK\\x03\\x04 & \\x00\\r\\n"),
            (&base64(Plain), "Zm9vYg==\n", ""),
            (&base64(Block), "short\nZm9v\n", ""),
            (&printable(QuotedPrintableChoice::Drop), "==41=0=41= =41=XX=\r\nb=3D", "AAAXXb="),
            (&printable(QuotedPrintableChoice::Drop), "= \t\r\nb", "b"),
            (&printable(QuotedPrintableChoice::Drop), "a=", "a"),
            (&printable(QuotedPrintableChoice::Lf), "a\r\nb\rc=\r\nd\r\n", "a\\nb\\rcd\\n"),
            (&printable(QuotedPrintableChoice::Lf), "a\r\r\n", "a\\r\\n"),
            (&printable(QuotedPrintableChoice::Lf), "", ""),
        ];
        for (variant, text, bytes) in table {
            for size in [1, 2, 3, 5, 100] {
                assert_eq!(decoded(variant(), text, size), bytes, "{text:?} by {size}");
            }
        }
    }
}
