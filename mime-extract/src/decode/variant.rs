//! Base64 and quoted-printable read in other ways: what a sender may have meant is put in order before the decoder.

use super::Origin;
use super::base64::{Base64, is_alphabet};
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

/// Shortest line that begins a run.
const MIN_LINE: usize = 20;

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

/// A line that is nothing but base64, without the blanks around it; the first one is no short word.
fn run_line(line: &[u8], begun: bool) -> Option<&[u8]> {
    let text = line.trim_ascii();
    let characters = crate::slice::trim_end(text, |byte| byte == b'=');
    let long = begun || text.len() >= MIN_LINE;
    let clean = !characters.is_empty() && characters.iter().all(|byte| is_alphabet(*byte));
    (long && clean && text.len() - characters.len() <= 2).then_some(text)
}

/// Whether more than an eighth of a text is blanks or no printable character of ASCII: words, or binary data.
pub(crate) fn is_hardly_base64(text: &[u8]) -> bool {
    let foreign = |byte: &&u8| !byte.is_ascii_graphic() && !matches!(**byte, b'\r' | b'\n');
    text.iter().filter(foreign).count() * 8 > text.len()
}

/// Whether text holds a run of lines of base64, and something else before or behind it.
pub(crate) fn is_run_among_others(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let (mut begun, mut other) = (false, false);
    lines.any(|line| {
        match run_line(line, begun) {
            Some(_) => begun = true,
            None => other = true,
        }
        begun && other
    })
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

/// So many characters do not belong to the base64 that follows: those by which its first line is longer than whole quads,
/// while the second is not.
pub(crate) fn surplus(text: &[u8]) -> Option<u8> {
    let mut lines = text.split(is_line_end).map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let characters = |line: &[u8]| {
        let text = line.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
        let text = crate::slice::split(line, text).0;
        text.iter().all(|byte| is_alphabet(*byte)).then_some(text.len())
    };
    let first = lines.next()?;
    // The second has none too many.
    let second = lines.next().map_or(Some(0), characters).filter(|len| len % 4 != 1);
    let surplus = u8::try_from(characters(first)? % 4).ok()?;
    // Padding makes up for one or two.
    let padded = first.ends_with(b"=") && first.len().is_multiple_of(4);
    (surplus > 0 && !padded && second.is_some()).then_some(surplus)
}

const fn is_line_end(byte: &u8) -> bool {
    matches!(*byte, b'\n' | b'\r')
}

/// Whether text is base64 beyond doubt: whole quads on lines without blanks, padded at the end if at all.
pub(crate) fn is_base64(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let mut characters = 0usize;
    let mut lines = text.split(is_line_end);
    let clean = lines.all(|line| {
        let line = line.trim_ascii();
        characters += line.len();
        line.iter().all(|byte| is_alphabet(*byte) || *byte == b'=')
    });
    let inner = memchr::memchr(b'=', text).is_some_and(|at| at + padding < text.len());
    clean && !inner && padding <= 2 && characters >= 8 && characters.is_multiple_of(4)
}

/// Whether text holds escapes of quoted-printable, and hardly an `=` that is none.
pub(crate) fn is_quoted_printable(text: &[u8]) -> bool {
    let (mut escapes, mut other) = (0usize, 0usize);
    for at in memchr::memchr_iter(b'=', text) {
        match crate::slice::split(text, at + 1).1 {
            [high, low, ..] if hex(*high).is_some() && hex(*low).is_some() => escapes += 1,
            [b'\n', ..] | [b'\r', b'\n', ..] => {}
            _ => other += 1,
        }
    }
    escapes > 0 && other * 8 <= escapes
}

/// Whether an escape is broken by another one inside of it: `==41`, `=0=41`, `= =41`. An `=` that is none is no sign of
/// anything.
pub(crate) fn is_broken_escape(text: &[u8]) -> bool {
    memchr::memchr_iter(b'=', text).any(|at| {
        let inner = match crate::slice::split(text, at + 1).1 {
            [b'=', high, low, ..] => Some((high, low)),
            [between, b'=', high, low, ..] if hex(*between).is_some() || is_blank(*between) => {
                Some((high, low))
            }
            _ => None,
        };
        inner.is_some_and(|(high, low)| hex(*high).is_some() && hex(*low).is_some())
    })
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

    #[test]
    fn what_text_looks_like() {
        for (text, base64, printable, junk) in [
            ("Zm9vYmFy\r\nZm8=\r\n", true, false, None),
            ("Zm9vYmFyZ", false, false, Some(1)),
            ("xx\nZm9vYmFy\n", false, false, Some(2)),
            ("Hello there, you\n", false, false, None),
            ("Zm9v", false, false, None),
            ("Zm8=YmFy", false, false, None),
            ("xx\nZm9vYmE=\n", false, false, Some(2)),
            ("caf=C3=A9=\n", false, true, None),
            ("a = b", false, false, None),
        ] {
            let seen = (is_base64(text.as_bytes()), is_quoted_printable(text.as_bytes()));
            assert_eq!((seen, surplus(text.as_bytes())), ((base64, printable), junk), "{text:?}");
        }
        let run = "QUJDREVGR0hJSktMTU5P";
        for (text, among) in [
            (format!("{run}\r\n{run}\r\n\r\nUQ==\r\n"), false),
            (format!("{run}\r\n\r\nRegards, John\r\n"), true),
            (format!("a note\n{run}"), true),
            ("a note\n".to_owned(), false),
        ] {
            assert_eq!(is_run_among_others(text.as_bytes()), among, "{text:?}");
        }
        for (text, broken) in
            [("==41", true), ("=0=41", true), ("= =41", true), ("a=b =3D=41", false), ("=XX", false)]
        {
            assert_eq!(is_broken_escape(text.as_bytes()), broken, "{text:?}");
        }
    }
}
