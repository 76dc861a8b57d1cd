//! One header block, line by line, as its bytes come (RFC 5322 section 2.2, RFC 2045 section 3).

mod buffers;
mod plain;

pub(crate) use buffers::Buffers;

use super::line::{
    Line, MAX_NAME, classify, is_content_field, is_from, is_from_prefix, is_loose_prefix, is_message_field,
    loose_field,
};
use super::{Headers, Span, odd};
use crate::Anomaly;
use crate::choices::{HeaderChoices, JunkChoice};
use crate::config::{Config, MAX_DELIMITER};
use crate::content;
use crate::extractor::boundary::{Boundaries, Hit};
use crate::slice::{self, is_space};
use buffers::keep;
use bytes::Bytes;
use core::ops::Range;

/// What a piece of a line leads to.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The block goes on.
    More,
    /// The empty line is read.
    End,
    /// The line is a delimiter; its bytes.
    Delimiter(Hit, Vec<u8>),
    /// The block is over, and its last lines were body already; their bytes, and where they stand.
    Reread(Vec<u8>, u64),
}

/// A whole block.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) headers: Headers,
    /// Whether all of it was seen.
    pub(crate) seen: bool,
    /// Where it stands in the message.
    pub(crate) range: Range<u64>,
    /// What is odd about it, and where.
    pub(crate) anomalies: Vec<(Anomaly, u64)>,
    /// What it was collected in, empty.
    pub(crate) buffers: Buffers,
}

/// What most blocks need, in bytes and in fields.
const USUAL_BYTES: usize = 1000;
const USUAL_FIELDS: usize = 16;

/// The boundary that a block names itself, looked for when a line may be its delimiter.
#[derive(Debug)]
struct Own {
    /// Fields that were looked at.
    seen: usize,
    /// What the first Content-Type says, once it was seen.
    boundary: Option<Option<Vec<u8>>>,
    /// Parameters of it that are read.
    max: usize,
}

/// The open header block.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// Where the current line begins, in `bytes` and in the message.
    line: usize,
    line_at: u64,
    /// The line that is no field and may be the first of the body, by its place in `spans`.
    junk: Option<usize>,
    /// Whether a line was read, the From_ line apart.
    begun: bool,
    /// Whether a From_ line may stand first.
    message: bool,
    /// The limit was met: this much was kept, further lines are only looked at.
    full: Option<usize>,
    /// The current line lost its beginning.
    torn: bool,
    gap: bool,
    /// How long the line end behind the block is.
    eol: Option<usize>,
    start: u64,
    end: u64,
    max_bytes: usize,
    max_fields: usize,
    choices: HeaderChoices,
    /// Empty lines were passed over.
    skipped: bool,
    own: Own,
    anomalies: Vec<(Anomaly, u64)>,
    /// Bytes of the current line that the enclosing messages have not been given yet.
    pub(crate) unfed: usize,
}

impl Block {
    pub(crate) fn new(config: &Config, message: bool, start: u64) -> Self {
        Self {
            bytes: Vec::new(),
            spans: Vec::new(),
            line: 0,
            line_at: start,
            junk: None,
            begun: false,
            message,
            full: None,
            torn: false,
            gap: false,
            eol: None,
            start,
            end: start,
            max_bytes: config.max_header,
            max_fields: config.max_fields(),
            choices: config.choices.header,
            skipped: false,
            own: Own { seen: 0, boundary: None, max: config.max_parameters },
            anomalies: Vec::new(),
            unfed: 0,
        }
    }

    /// The same, collected in buffers that are there already.
    pub(crate) fn with(self, buffers: Buffers) -> Self {
        Self { bytes: buffers.bytes, spans: buffers.spans, ..self }
    }

    /// The current line as far as it came.
    pub(crate) fn line(&self) -> &[u8] {
        slice::split(&self.bytes, self.line).1
    }

    /// The bytes of the current line that the enclosing messages have not been given yet.
    pub(crate) fn take_unfed(&mut self) -> Bytes {
        let unfed = core::mem::take(&mut self.unfed);
        let line = self.line();
        Bytes::copy_from_slice(slice::split(line, line.len().saturating_sub(unfed)).1)
    }

    /// The current line, cut by the end of all, is a delimiter and not of the block.
    pub(crate) fn forget_line(&mut self) {
        self.bytes.truncate(self.line);
    }

    /// The lines at the end that may be body, if there are any, and where they stand: what followed them says that they
    /// are.
    pub(crate) fn take_open(&mut self) -> Option<(Vec<u8>, u64)> {
        self.junk?;
        match self.begin_body() {
            Verdict::Reread(body, at) => Some((body, at)),
            _ => None,
        }
    }

    /// Whether the block is that of a message.
    pub(crate) const fn is_of_message(&self) -> bool {
        self.message
    }

    /// Whether nothing was read.
    pub(crate) const fn is_bare(&self) -> bool {
        self.bytes.is_empty() && !self.begun && !self.gap
    }

    /// Memory held.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }

    /// The next bytes of the current line, which stand at `at` in the message; `whole`: to its LF.
    pub(crate) fn append(&mut self, part: &[u8], whole: bool, at: u64, boundaries: &Boundaries) -> Verdict {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(USUAL_BYTES);
        }
        if self.line().is_empty() {
            self.line_at = at;
            if self.spans.len() >= self.max_fields {
                self.overflow(self.line);
            }
        }
        self.end = at.saturating_add(part.len() as u64);
        // Beyond the limit enough of each line is kept to tell what it is.
        let look = MAX_DELIMITER.saturating_sub(self.line().len());
        let room = match self.full {
            None => self.max_bytes.saturating_sub(self.bytes.len()).max(look),
            Some(_) => look,
        };
        let (kept, cut) = slice::split(part, room);
        self.bytes.extend_from_slice(kept);
        if self.bytes.len() > self.max_bytes || !cut.is_empty() {
            self.overflow(self.max_bytes.min(self.bytes.len()));
        }
        if !cut.is_empty() && whole {
            self.bytes.push(b'\n');
        }
        if whole { self.complete(boundaries) } else { self.decide_early(boundaries) }
    }

    #[cold]
    fn overflow(&mut self, kept: usize) {
        if self.full.is_none() {
            self.full = Some(kept);
            self.note(Anomaly::HeaderTooLong { limit: self.max_bytes }, self.line_at);
        }
    }

    fn note(&mut self, anomaly: Anomaly, at: u64) {
        odd::note(&mut self.anomalies, anomaly, at);
    }

    /// A line that can be no field any more need not be waited for: a body without a header may be one endless line.
    fn decide_early(&mut self, boundaries: &Boundaries) -> Verdict {
        let line = self.line();
        let first = !self.begun && !self.torn;
        let torn = self.torn && line.len() > MAX_NAME;
        if self.full.is_some()
            || boundaries.may_begin(line)
            || !(torn || self.junk.is_some() || first)
            || first && self.message && is_from_prefix(line)
            || self.choices.junk == JunkChoice::Passed
            || self.choices.loose && is_loose_prefix(line)
            || !torn && classify(line, false) != Line::Junk
        {
            return Verdict::More;
        }
        self.begin_body()
    }

    /// A whole line.
    fn complete(&mut self, boundaries: &Boundaries) -> Verdict {
        let line = self.line();
        if let Some(hit) = boundaries.find(line).filter(|_| !(self.begun && self.choices.over_delimiters)) {
            let eol = slice::line_end(line);
            let line = line.to_vec();
            self.eol = Some(eol);
            self.bytes.truncate(self.line);
            self.end = self.line_at;
            return Verdict::Delimiter(hit, line);
        }
        if self.torn {
            self.torn = false;
            self.push_junk();
            return self.next_line();
        }
        if line.starts_with(b"--")
            && self.choices.junk == JunkChoice::One
            && self.full.is_none()
            && self.is_own_delimiter()
        {
            return self.begin_body();
        }
        let line = self.line();
        let kind = match classify(line, true) {
            Line::Fold if self.choices.blank_ends && slice::trim(line, is_space).is_empty() => Line::Blank,
            kind => kind,
        };
        if self.full.is_some_and(|kept| self.line >= kept) {
            self.bytes.truncate(self.line);
            return if kind == Line::Blank { Verdict::End } else { Verdict::More };
        }
        match kind {
            Line::Blank if self.choices.skips_empty && !self.begun => {
                self.skipped = true;
                self.bytes.truncate(self.line);
                return Verdict::More;
            }
            // All that was passed over is body, if no content field followed.
            Line::Blank if self.choices.junk == JunkChoice::Passed && self.junk.is_some() => {
                return self.begin_body();
            }
            Line::Blank => {
                if self.message && !self.begun && !self.gap {
                    self.note(Anomaly::HeaderStartBlank, self.line_at);
                }
                self.commit_junk();
                self.eol = Some(slice::line_end(self.line()));
                self.bytes.truncate(self.line);
                return Verdict::End;
            }
            Line::Fold if self.choices.loose && is_content_field(slice::trim_start(line, is_space)) => {
                let name = line.len() - slice::trim_start(line, is_space).len();
                if let Line::Field { name_end, value } = classify(slice::split(line, name).1, true) {
                    self.commit_junk();
                    let start = self.line + name;
                    self.push_from(start, start + name_end, start + value);
                }
            }
            Line::Fold => {
                if is_content_field(slice::trim_start(line, is_space)) {
                    self.note(Anomaly::HeaderSyntax, self.line_at);
                }
                let line = self.line();
                if slice::trim(line, is_space).is_empty() {
                    self.note(Anomaly::HeaderEndAmbiguous, self.line_at);
                }
                let end = self.position(self.kept_len());
                match self.spans.last_mut() {
                    Some(span) if self.begun => span.end = end,
                    // Nothing to fold: a body that begins with a blank, or a field that was indented.
                    _ => self.push_junk(),
                }
            }
            Line::Field { .. } if self.skipped && !self.begun && !self.may_begin(line) => {
                return self.begin_body();
            }
            Line::Field { name_end, value } => {
                if self.choices.junk != JunkChoice::Passed || is_content_field(line) {
                    self.commit_junk();
                }
                if value != name_end + 1 {
                    self.note(Anomaly::HeaderSyntax, self.line_at);
                }
                self.push(self.line + name_end, self.line + value);
            }
            Line::Junk | Line::Unsure => {
                let from = self.message && !self.begun && !self.gap && is_from(line);
                if from && self.spans.is_empty() {
                    self.note(Anomaly::MboxFrom, self.line_at);
                    self.push(self.line, self.line);
                    self.next_line();
                    self.begun = false;
                    return Verdict::More;
                }
                if self.choices.loose
                    && let Some([start, name_end, value]) = loose_field(line)
                {
                    self.commit_junk();
                    self.push_from(self.line + start, self.line + name_end, self.line + value);
                    return self.next_line();
                }
                let body = match self.choices.junk {
                    JunkChoice::One => self.junk.is_some() || !self.begun,
                    JunkChoice::Ends => true,
                    JunkChoice::Passed => false,
                };
                if self.full.is_none() && body {
                    return self.begin_body();
                }
                self.push_junk();
            }
        }
        self.next_line()
    }

    /// Whether a field may be the first behind empty lines.
    fn may_begin(&self, line: &[u8]) -> bool {
        is_content_field(line) || self.message && is_message_field(line)
    }

    /// Whether the line begins a part of this very block: the empty line is missing, or has blanks.
    fn is_own_delimiter(&mut self) -> bool {
        let Own { seen, boundary, max } = &mut self.own;
        while boundary.is_none()
            && let Some(span) = self.spans.get(*seen)
        {
            *seen += 1;
            let part = |from: u32, to: u32| slice::range(&self.bytes, from as usize, to as usize);
            if part(span.start, span.name_end).eq_ignore_ascii_case(b"content-type") {
                *boundary = Some(content::boundary_of(part(span.value, span.end), *max));
            }
        }
        let Some(Some(boundary)) = boundary else { return false };
        let line = slice::trim_end(slice::split(&self.bytes, self.line).1, is_space);
        !boundary.is_empty() && line.strip_prefix(b"--") == Some(boundary.as_slice())
    }

    /// Body begins at the line that was left open, or at this one.
    fn begin_body(&mut self) -> Verdict {
        let missing = if self.begun || !self.message || self.gap {
            Anomaly::HeaderEndMissing
        } else {
            Anomaly::NoHeaders
        };
        let (from, at) = match self.junk.take().and_then(|index| self.spans.get(index)) {
            Some(span) => (span.start as usize, span.offset),
            None => (self.line, self.line_at),
        };
        self.note(missing, at);
        let body = slice::split(&self.bytes, from).1.to_vec();
        self.bytes.truncate(from);
        self.spans.retain(|span| (span.start as usize) < from);
        self.line = from;
        self.end = at;
        Verdict::Reread(body, at)
    }

    fn next_line(&mut self) -> Verdict {
        self.begun = true;
        self.bytes.truncate(self.kept_len());
        self.line = self.bytes.len();
        Verdict::More
    }

    /// A line without a name, after which the body may have begun.
    fn push_junk(&mut self) {
        self.push(self.line, self.line);
        if self.junk.is_none() && self.full.is_none() {
            self.junk = self.spans.len().checked_sub(1);
        }
    }

    fn commit_junk(&mut self) {
        if let Some(at) = self.junk.take().and_then(|index| self.spans.get(index)).map(|span| span.offset) {
            self.note(Anomaly::HeaderJunkLine, at);
        }
    }

    /// How much of `bytes` counts.
    fn kept_len(&self) -> usize {
        self.full.map_or(self.bytes.len(), |kept| kept.min(self.bytes.len()))
    }

    /// Positions fit: the limit of a block is below.
    fn position(&self, at: usize) -> u32 {
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn push(&mut self, name_end: usize, value: usize) {
        self.push_from(self.line, name_end, value);
    }

    fn push_from(&mut self, start: usize, name_end: usize, value: usize) {
        let end = self.kept_len().max(start);
        let [start, name_end, value, end] =
            [start, name_end.min(end), value.min(end), end].map(|at| self.position(at));
        self.spans.push(Span { start, name_end, value, end, offset: self.line_at });
    }

    /// Bytes that will never come: what stands before them ends its line, what comes after them is the rest of one.
    pub(crate) fn gap(&mut self) {
        self.commit_junk();
        if !self.line().is_empty() && self.full.is_none() {
            match classify(self.line(), true) {
                Line::Field { name_end, value } => self.push(self.line + name_end, self.line + value),
                Line::Fold if self.begun && !self.spans.is_empty() => {
                    let end = self.position(self.bytes.len());
                    if let Some(span) = self.spans.last_mut() {
                        span.end = end;
                    }
                }
                _ => self.push(self.line, self.line),
            }
        }
        self.note(Anomaly::HeaderGap, self.end);
        self.bytes.truncate(self.kept_len());
        self.line = self.bytes.len();
        self.unfed = 0;
        (self.torn, self.gap) = (true, true);
    }

    /// The end of all comes inside of a line.
    #[cold]
    fn cut(&mut self) {
        let (gap, end) = (self.gap, self.end);
        self.gap();
        (self.gap, self.end) = (gap, end);
        if !gap {
            self.anomalies.retain(|(anomaly, _)| *anomaly != Anomaly::HeaderGap);
        }
    }

    /// The end of the block; `ended`: not by the end of all.
    #[inline(never)]
    pub(crate) fn finish(mut self, ended: bool) -> Finished {
        let whole = ended || self.line().is_empty();
        if !whole {
            self.cut();
        }
        self.commit_junk();
        // The colon may stand behind a fold.
        let colon = self.choices.loose;
        for span in &mut self.spans {
            span.trim(&self.bytes, |byte| is_space(byte) || colon && byte == b':');
        }
        odd::find(&self.bytes, &self.spans, self.eol, self.start, &mut self.anomalies);
        let range = self.start..self.end.max(self.start);
        let seen = whole && !self.gap;
        let complete = seen && self.full.is_none();
        let mut buffers = Buffers::default();
        let bytes = keep(self.bytes, &mut buffers.bytes);
        let spans = keep(self.spans, &mut buffers.spans);
        let headers = Headers::new(bytes, spans, complete);
        Finished { headers, seen, range, anomalies: self.anomalies, buffers }
    }
}

#[cfg(test)]
mod tests;
