//! The bytes of bodies, parted at delimiter lines (RFC 2046 section 5.1.1). What lies between passes in whole runs.

use super::boundary::{Boundaries, Hit};
use crate::Anomaly;
use crate::config::MAX_DELIMITER;
use crate::decode::Origin;
use crate::slice;
use bytes::{Buf, Bytes};
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// A stretch of bytes of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) bytes: Bytes,
    pub(super) origin: Origin,
}

impl Run {
    /// Takes the first `len` bytes off.
    pub(super) fn take(&mut self, len: usize) -> Self {
        let len = len.min(self.bytes.len());
        let (head, tail) = (self.origin.part(0, len), self.origin.part(len, self.bytes.len()));
        self.origin = tail;
        Self { bytes: self.bytes.split_to(len), origin: head }
    }

    /// Passes over the first `len` bytes; where they come from.
    pub(super) fn skip(&mut self, len: usize) -> Origin {
        let len = len.min(self.bytes.len());
        let (head, tail) = (self.origin.part(0, len), self.origin.part(len, self.bytes.len()));
        self.origin = tail;
        self.bytes.advance(len);
        head
    }
}

/// A delimiter line, with the line end before it that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delimiter {
    pub(super) hit: Hit,
    pub(super) eol: Bytes,
    pub(super) line: Bytes,
    pub(super) origin: Origin,
    /// The message ends with it: no part follows, whatever it says.
    pub(super) last: bool,
}

/// What was found next.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) content: Option<Run>,
    pub(super) delimiter: Option<Delimiter>,
}

/// What cannot be told yet: a line end, and the beginning of a line that may be a delimiter.
#[derive(Debug)]
pub(super) struct Lines {
    held: Vec<u8>,
    /// How much of it is the line end.
    eol: usize,
    origin: Origin,
    /// Whether the next byte begins a line though no line end was seen: at the start of a body, or behind a gap.
    fresh: bool,
    /// The first line since the last delimiter that is nearly one.
    near: Near,
}

/// A line that is nearly a delimiter.
#[derive(Debug, Default)]
enum Near {
    #[default]
    Unseen,
    Seen(Anomaly, u64),
    Told,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            eol: 0,
            origin: Origin { start: 0, end: 0, exact: true },
            fresh: true,
            near: Near::Unseen,
        }
    }
}

impl Lines {
    /// What is odd about a line that is nearly a delimiter; told once.
    pub(super) fn near(&mut self) -> Option<(Anomaly, u64)> {
        let Near::Seen(anomaly, at) = self.near else { return None };
        self.near = Near::Told;
        Some((anomaly, at))
    }

    /// A line that is no delimiter, with its line end before it.
    fn look_near(&mut self, boundaries: &Boundaries, eol: &[u8], line: &[u8], at: u64) {
        if matches!(self.near, Near::Unseen)
            && let Some(anomaly) = boundaries.near(line)
        {
            let anomaly = if eol == b"\r" { Anomaly::BareCr } else { anomaly };
            self.near = Near::Seen(anomaly, at);
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.held.capacity()
    }

    /// Takes from `run` up to the next delimiter. `None` when the run is used up.
    pub(super) fn next(&mut self, run: &mut Run, boundaries: &Boundaries) -> Option<Found> {
        if run.bytes.is_empty() {
            return None;
        }
        if !self.held.is_empty() {
            return self.resume(run, boundaries);
        }
        if boundaries.is_empty() {
            return Some(Found { content: Some(run.take(usize::MAX)), delimiter: None });
        }
        let bytes = run.bytes.clone();
        let fresh = core::mem::take(&mut self.fresh);
        let mut candidate = (fresh && boundaries.may_begin(slice::split(&bytes, 2).0)).then_some((0, 0));
        let mut from = 0;
        loop {
            let Some((eol, line)) = candidate.take().or_else(|| candidate_in(&bytes, from)) else {
                // A line end at the end may belong to a delimiter.
                let text =
                    bytes.strip_suffix(b"-").filter(|text| slice::line_end(text) > 0).unwrap_or(&bytes);
                let end = slice::line_end(text);
                return self.hold(run, text.len() - end, end);
            };
            let rest = slice::split(&bytes, line).1;
            let limit = slice::split(rest, MAX_DELIMITER).0;
            match memchr::memchr(b'\n', limit) {
                Some(len) => {
                    let (before, text) = (slice::range(&bytes, eol, line), slice::split(rest, len + 1).0);
                    if let Some(hit) = boundaries.find(text).filter(|_| before != b"\r") {
                        return Some(delimited(run, eol, line, len + 1, hit));
                    }
                    self.look_near(boundaries, before, text, run.origin.at(line));
                    // The line end may be that of the next one.
                    from = line + len;
                }
                None if rest.len() < MAX_DELIMITER => return self.hold(run, eol, line - eol),
                None => from = line + 2,
            }
        }
    }

    /// Passes what stands before `at` and keeps the rest, of which `eol` bytes are a line end.
    fn hold(&mut self, run: &mut Run, at: usize, eol: usize) -> Option<Found> {
        let content = run.take(at);
        let held = run.take(usize::MAX);
        self.held.clear();
        self.held.extend_from_slice(&held.bytes);
        (self.eol, self.origin) = (eol, held.origin);
        (!content.bytes.is_empty()).then(|| Found { content: Some(content), delimiter: None })
    }

    /// Goes on with a line whose beginning is held.
    fn resume(&mut self, run: &mut Run, boundaries: &Boundaries) -> Option<Found> {
        loop {
            let next = *run.bytes.first()?;
            let (eol, line) = slice::split(&self.held, self.eol);
            match (eol, line) {
                (b"\r", []) if next == b'\n' => {
                    self.keep(run, 1);
                    self.eol = 2;
                }
                (_, [] | b"-") if next == b'-' => self.keep(run, 1),
                (_, [b'-', b'-', ..]) => {
                    let room = MAX_DELIMITER.saturating_sub(line.len());
                    let limit = slice::split(&run.bytes, room).0;
                    let len = memchr::memchr(b'\n', limit);
                    if len.is_none() && run.bytes.len() >= room {
                        return Some(self.flush());
                    }
                    let Some(len) = len else {
                        self.keep(run, run.bytes.len());
                        return None;
                    };
                    let mut rest = run.clone();
                    self.keep(run, len + 1);
                    let found = self.complete(boundaries);
                    // The line end of a line that is no delimiter may be that of the next one, which need not be held as
                    // well if the run has all of it.
                    let end = self.held.len();
                    if found.delimiter.is_none() && end <= len + 1 {
                        self.held.clear();
                        drop(rest.take(len + 1 - end));
                        *run = rest;
                    }
                    return Some(found);
                }
                _ => return Some(self.flush()),
            }
        }
    }

    fn keep(&mut self, run: &mut Run, len: usize) {
        let more = run.take(len);
        self.held.extend_from_slice(&more.bytes);
        self.origin.end = more.origin.end;
        self.origin.exact &= more.origin.exact;
    }

    /// The held line is whole.
    fn complete(&mut self, boundaries: &Boundaries) -> Found {
        let held = core::mem::take(&mut self.held);
        let (eol, line) = slice::split(&held, self.eol);
        let hit = boundaries.find(line).filter(|_| eol != b"\r");
        if hit.is_none() {
            self.look_near(boundaries, eol, line, self.origin.at(self.eol));
        }
        self.held = held;
        if let Some(hit) = hit {
            return Found { content: None, delimiter: Some(self.delimiter(hit, false)) };
        }
        Found { content: Some(self.flush_line()), delimiter: None }
    }

    /// The held line is content; its own line end may be that of the next one.
    fn flush_line(&mut self) -> Run {
        let end = slice::line_end(slice::split(&self.held, self.eol).1);
        let mut held = Run { bytes: core::mem::take(&mut self.held).into(), origin: self.origin };
        let content = held.take(held.bytes.len() - end);
        self.held = held.bytes.to_vec();
        (self.eol, self.origin) = (end, held.origin);
        content
    }

    fn delimiter(&mut self, hit: Hit, last: bool) -> Delimiter {
        let mut held = Run { bytes: core::mem::take(&mut self.held).into(), origin: self.origin };
        let eol = held.take(self.eol);
        Delimiter { hit, eol: eol.bytes, line: held.bytes, origin: held.origin, last }
    }

    /// What is held is content.
    fn flush(&mut self) -> Found {
        let bytes = core::mem::take(&mut self.held).into();
        Found { content: Some(Run { bytes, origin: self.origin }), delimiter: None }
    }

    /// Bytes will never come: what is held is content, and the next byte may begin a line.
    pub(super) fn gap(&mut self) -> Option<Run> {
        self.fresh = true;
        if self.held.is_empty() { None } else { self.flush().content }
    }

    /// The end of the layer, asked until nothing is left; `certain`: nothing can have followed. What is held is a delimiter that lost its line end, or may have become one (then the outermost
    /// multipart that it may belong to comes with it), or content.
    pub(super) fn finish(&mut self, boundaries: &Boundaries, certain: bool) -> Rest {
        let (eol, line) = slice::split(&self.held, self.eol);
        if eol == b"\r" && !line.is_empty() {
            return Rest::Content(self.flush_line());
        }
        if let Some(hit) = boundaries.find_last(line, certain) {
            return Rest::Delimiter(self.delimiter(hit, true));
        }
        if self.held.is_empty() {
            return Rest::Nothing;
        }
        match boundaries.outermost(line) {
            Some(level) => match self.flush().content {
                Some(run) => Rest::Open(run, level),
                None => Rest::Nothing,
            },
            None => Rest::Content(self.flush_line()),
        }
    }
}

/// What is left at the end.
#[derive(Debug)]
pub(super) enum Rest {
    Nothing,
    Content(Run),
    Open(Run, usize),
    Delimiter(Delimiter),
}

/// Built once: that costs more than the search in a short run.
static DASHES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"--"));

/// The next line from `from` on that begins with `--`: where its line end and where it begins. A CR alone is a line end
/// here, for those who look at what is nearly a delimiter.
fn candidate_in(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let at = from + DASHES.find(slice::split(bytes, from).1)?;
        match slice::split(bytes, at).0 {
            [.., b'\r', b'\n'] => return Some((at - 2, at)),
            [.., b'\n' | b'\r'] => return Some((at - 1, at)),
            _ => {}
        }
        // The rest of the line, which may be full of dashes, holds no other.
        from = at + memchr::memchr2(b'\n', b'\r', slice::split(bytes, at).1)?;
    }
}

fn delimited(run: &mut Run, eol: usize, line: usize, len: usize, hit: Hit) -> Found {
    let content = Some(run.take(eol)).filter(|content| !content.bytes.is_empty());
    let eol = run.take(line - eol);
    let line = run.take(len);
    Found {
        content,
        delimiter: Some(Delimiter {
            hit,
            eol: eol.bytes,
            line: line.bytes,
            origin: line.origin,
            last: false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content and delimiters as text, for one size of chunks.
    fn read(text: &str, size: usize) -> String {
        let mut boundaries = Boundaries::default();
        boundaries.push(0, b"b".to_vec());
        let mut lines = Lines::default();
        let mut told = String::new();
        let mut at = 0;
        let part = |origin: Origin| {
            let [from, to] = [origin.start, origin.end].map(|at| usize::try_from(at).unwrap());
            &text.as_bytes()[from..to]
        };
        let tell = |found: Found, told: &mut String| {
            if let Some(run) = found.content {
                assert_eq!(part(run.origin), &run.bytes[..]);
                told.push_str(str::from_utf8(&run.bytes).unwrap());
            }
            if let Some(one) = found.delimiter {
                assert_eq!(part(one.origin), &one.line[..]);
                told.push_str(if one.hit.close { "[close]" } else { "[open]" });
            }
        };
        for chunk in text.as_bytes().chunks(size) {
            let end = at + chunk.len() as u64;
            let origin = Origin { start: at, end, exact: true };
            let mut run = Run { bytes: Bytes::copy_from_slice(chunk), origin };
            while let Some(found) = lines.next(&mut run, &boundaries) {
                tell(found, &mut told);
            }
            assert!(run.bytes.is_empty());
            at = end;
        }
        loop {
            match lines.finish(&boundaries, false) {
                Rest::Nothing => return told,
                Rest::Content(run) => told.push_str(str::from_utf8(&run.bytes).unwrap()),
                Rest::Open(run, _) => told.push_str(&format!("[held {}]", run.bytes.escape_ascii())),
                Rest::Delimiter(one) => told.push_str(if one.hit.close { "[close]" } else { "[open]" }),
            }
        }
    }

    /// Few lines are held at the end of a chunk: one, and the next if a line end is cut there. All behind them pass in one run.
    #[test]
    fn lines_that_are_no_delimiters_pass_together() {
        let text = Bytes::from("--c\r\n".repeat(1000));
        let mut boundaries = Boundaries::default();
        boundaries.push(0, b"b".to_vec());
        for size in [499, 500, 501, 502] {
            let (mut lines, mut content, mut at) = (Lines::default(), Vec::new(), 0);
            while at < text.len() {
                let bytes = text.slice(at..text.len().min(at + size));
                let origin = Origin { start: at as u64, end: (at + bytes.len()) as u64, exact: true };
                at += bytes.len();
                let mut run = Run { bytes, origin };
                let mut pieces = 0;
                while let Some(found) = lines.next(&mut run, &boundaries) {
                    let Some(run) = found.content else { unreachable!("no delimiter") };
                    assert_eq!(run.origin.end - run.origin.start, run.bytes.len() as u64);
                    assert_eq!(run.origin.start, content.len() as u64);
                    content.extend_from_slice(&run.bytes);
                    pieces += 1;
                }
                assert!(pieces <= 3, "{pieces} by {size}");
            }
            assert_eq!(content, text.slice(..text.len() - 2), "by {size}");
        }
    }

    #[test]
    fn delimiters_take_the_line_end_before_them() {
        let long = format!("a\n--{}\n--b\n", "x".repeat(2 * MAX_DELIMITER));
        let long_told = format!("a\n--{}[open]", "x".repeat(2 * MAX_DELIMITER));
        for (text, told) in [
            ("", ""),
            ("--b\r\n", "[open]"),
            ("--b--", "[close]"),
            ("a\r\n--b\r\nc\n--b-- \n d", "a[open]c[close] d"),
            ("a\r\n\r\n--b\n", "a\r\n[open]"),
            ("a\n\r\n--b\n", "a\n[open]"),
            ("a\n--bb\n--c\n--b\n", "a\n--bb\n--c[open]"),
            ("a--b\n-b\n- -b\n--\n", "a--b\n-b\n- -b\n--[held \\n]"),
            ("a\r--b\n", "a\r--b[held \\n]"),
            // Dashes inside of a line, of one that ends with a CR alone too.
            ("a -- b --\r\n--b\n", "a -- b --[open]"),
            ("a--b---\r--b\n--b\n", "a--b---\r--b[open]"),
            ("a ---\n--b\n", "a ---[open]"),
            ("a\n--b", "a[open]"),
            ("a\r\n--", "a[held \\r\\n--]"),
            ("a\r\n--c", "a\r\n--c"),
            ("a\r\n--c\r", "a\r\n--c[held \\r]"),
            ("a\r", "a[held \\r]"),
            ("-", "[held -]"),
            ("-a", "-a"),
            (&long, &long_told),
        ] {
            for size in [1, 2, 3, 4, 5, 7, 1000, 100_000] {
                assert_eq!(read(text, size), told, "{:?} by {size}", &text[..text.len().min(40)]);
            }
        }
    }
}
