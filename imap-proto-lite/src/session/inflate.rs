//! COMPRESS=DEFLATE (RFC 4978): raw DEFLATE in both directions, flushed at the end of each command and response.

use crate::config::INFLATER;
use crate::event::{EventKind, Rest};
use crate::{Anomaly, Config};
use bytes::Bytes;
use core::fmt;
use core::ops::Range;
use flate2::{Decompress, FlushDecompress, Status};
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, Framer, Mode};
use std::collections::VecDeque;

/// So much is inflated at a time, so that a small chunk never becomes a large one at once.
const STEP: usize = 32 << 10;
/// The ratio is looked at from here on.
const TRUSTED: u64 = 1 << 20;

/// The inflater of one direction, and the framer of what comes out.
pub(super) struct Inflate {
    inflater: Decompress,
    framer: Framer,
    /// Compressed bytes that are not used up, where they stand, and when they came.
    compressed: Bytes,
    span: Range<u64>,
    at: Timestamp,
    scratch: Vec<u8>,
    /// Where the inflated bytes up to an offset come from.
    origins: VecDeque<(u64, Range<u64>)>,
    /// Where in the compressed stream the next of them begins.
    origin: u64,
    /// Inflated so far.
    inflated: u64,
    /// Compressed bytes used up so far.
    used: u64,
    /// Where what was told last ends in the compressed stream.
    told: u64,
    /// Where the event that was told last ends.
    last: u64,
    /// Why it is over, and the gap that ended it.
    over: Option<(Anomaly, Option<Rest>)>,
    max_inflated: u64,
    max_ratio: u64,
}

impl Inflate {
    /// An inflater that begins at this offset.
    pub(super) fn new(config: &Config, position: u64) -> Self {
        Self {
            inflater: Decompress::new(false),
            framer: Framer::new(config.max_line),
            compressed: Bytes::new(),
            span: position..position,
            at: Timestamp::ZERO,
            scratch: vec![0; STEP],
            origins: VecDeque::new(),
            origin: position,
            inflated: 0,
            used: 0,
            told: position,
            last: position,
            over: None,
            max_inflated: config.max_inflated,
            max_ratio: config.max_ratio,
        }
    }

    pub(super) const fn framer(&self) -> &Framer {
        &self.framer
    }

    /// Whether something came out, or may yet come out, that was not read.
    pub(super) fn has_unread(&self) -> bool {
        self.framer.has_unread() || !self.compressed.is_empty() || self.over.is_some()
    }

    /// Unread bytes.
    pub(super) fn held(&self) -> usize {
        self.framer.held() + self.compressed.len()
    }

    pub(super) const fn position(&self) -> u64 {
        self.told
    }

    pub(super) fn settle(&mut self) {
        self.framer.settle();
        self.compressed = Bytes::copy_from_slice(&self.compressed);
    }

    pub(super) fn buffered(&self) -> usize {
        let origins = self.origins.capacity() * size_of::<(u64, Range<u64>)>();
        self.framer.buffered() + self.compressed.len() + origins + INFLATER / 2
    }

    pub(super) fn next(&mut self, mode: Mode, raw: &mut Framer) -> Option<Frame> {
        loop {
            if let Some(frame) = self.framer.next(mode) {
                return Some(self.placed(frame));
            }
            if !self.feed(raw) {
                return None;
            }
        }
    }

    /// Sees to it that the next bytes can be peeked at.
    pub(super) fn prime(&mut self, raw: &mut Framer) {
        /// Nobody peeks farther.
        const ENOUGH: usize = 1024;
        while self.framer.held() < ENOUGH && self.feed(raw) {}
    }

    /// Compressed bytes behind the last frame out of which nothing came: what ends a flush.
    pub(super) fn empty_end(&mut self, raw: &Framer) -> Option<Range<u64>> {
        let end = if self.compressed.is_empty() { raw.position() } else { self.span.start };
        let end = match &self.over {
            Some((_, Some((_, gap, _)))) => end.min(gap.start),
            _ => end,
        };
        let empty = self.told..end;
        self.told = self.told.max(end);
        (!empty.is_empty()).then_some(empty)
    }

    /// Whether it is over, and everything that came out is read.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_some() && !self.framer.has_unread()
    }

    /// Why it is over, and the compressed bytes that are left.
    pub(super) fn ended(&mut self) -> Option<(Anomaly, Vec<Rest>)> {
        let (why, gap) = self.over.take()?;
        let mut rest = Vec::new();
        if !self.compressed.is_empty() {
            let bytes = core::mem::take(&mut self.compressed);
            rest.push((self.at, self.span.clone(), EventKind::Opaque(bytes)));
        }
        rest.extend(gap);
        Some((why, rest))
    }

    /// The span of an event, which ends no earlier than the one before: a line that is told in two parts, and the next
    /// line too, may have come out of the same bytes, which cannot be split.
    pub(super) fn ordered(&mut self, span: Range<u64>) -> Range<u64> {
        self.last = self.last.max(span.end);
        if span.is_empty() { self.last..self.last } else { span.start..self.last }
    }

    /// The frame with the span of the compressed bytes that it came out of.
    fn placed(&mut self, mut frame: Frame) -> Frame {
        let Range { start, end } = frame.span;
        while self.origins.front().is_some_and(|(until, _)| *until <= start) {
            self.origins.pop_front();
        }
        let first = self.origins.front().map_or(self.told, |(_, span)| span.start);
        let last = self.origins.iter().find(|(until, _)| *until >= end);
        let last = last.or_else(|| self.origins.back()).map_or(self.told, |(_, span)| span.end);
        frame.span = if start == end { self.told..self.told } else { first..last.max(first) };
        self.told = self.told.max(frame.span.end);
        frame
    }

    /// Inflates some more; false while there is nothing.
    fn feed(&mut self, raw: &mut Framer) -> bool {
        if self.over.is_some() {
            return false;
        }
        if self.compressed.is_empty() {
            // Somebody who decrypts has no say in what is compressed: marks are passed over.
            let Some(frame) = raw.next(Mode::Counted(u64::MAX)) else {
                let ends = raw.is_finished() && !self.framer.is_closed();
                if ends {
                    self.framer.close(self.at);
                }
                return ends;
            };
            match frame.kind {
                FrameKind::Data { bytes, .. } => {
                    self.compressed = bytes;
                    self.span = frame.span;
                    self.at = frame.at;
                }
                FrameKind::Gap(len) => {
                    // Nothing behind a hole can be inflated: it refers to what was in it.
                    self.framer.gap(frame.at, None);
                    return self.end(Anomaly::CompressGap, Some((frame.at, frame.span, EventKind::Gap(len))));
                }
                _ => return true,
            }
        }
        let before = (self.inflater.total_in(), self.inflater.total_out());
        let status = self.inflater.decompress(&self.compressed, &mut self.scratch, FlushDecompress::Sync);
        let Ok(status) = status else { return self.end(Anomaly::CompressBroken, None) };
        let used = self.inflater.total_in() - before.0;
        let made = self.inflater.total_out() - before.1;
        self.used += used;
        self.inflated += made;
        let used = usize::try_from(used).unwrap_or(usize::MAX).min(self.compressed.len());
        drop(self.compressed.split_to(used));
        self.span.start += used as u64;
        let made = usize::try_from(made).unwrap_or(usize::MAX);
        if let Some(out) = self.scratch.get(..made).filter(|out| !out.is_empty()) {
            self.framer.push(self.at, Bytes::copy_from_slice(out));
            // What gave nothing by itself belongs to what came after it.
            self.origins.push_back((self.inflated, self.origin..self.span.start));
            self.origin = self.span.start;
        }
        let bomb = self.inflated > self.max_inflated
            || (self.inflated > TRUSTED && self.inflated / self.used.max(1) > self.max_ratio);
        match status {
            _ if bomb => self.end(Anomaly::CompressBomb { inflated: self.inflated }, None),
            Status::Ok | Status::BufError if used > 0 || made > 0 => true,
            // RFC 4978 section 3: the stream never ends by itself.
            Status::StreamEnd if self.compressed.is_empty() && !raw.has_unread() => true,
            _ => self.end(Anomaly::CompressBroken, None),
        }
    }

    fn end(&mut self, why: Anomaly, gap: Option<Rest>) -> bool {
        self.over = Some((why, gap));
        self.framer.close(self.at);
        true
    }
}

/// The first bytes that come out of what may be compressed.
pub(super) fn first_bytes(ahead: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; 64];
    let mut inflater = Decompress::new(false);
    inflater.decompress(ahead, &mut out, FlushDecompress::Sync).ok()?;
    out.truncate(usize::try_from(inflater.total_out()).ok()?);
    Some(out)
}

impl fmt::Debug for Inflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflate")
            .field("inflated", &self.inflated)
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}
