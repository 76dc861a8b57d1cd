//! One half of a connection: its bytes, and what is read of them.

use super::assembly::{About, Assembly, Fetching, Reading};
use super::stray::Lost;
use super::wire::Wire;
use crate::Config;
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::halves::Stream;

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) wire: Wire,
    pub(super) line: Assembly,
    /// Where lines have to be found again.
    pub(super) lost: Option<Lost>,
    /// It is no plaintext.
    pub(super) opaque: bool,
    pub(super) bare_lf_told: bool,
    /// Content that came when nothing else was unread: it need not be queued.
    pub(super) passed: Option<Passed>,
}

/// Content, as it came.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) at: Timestamp,
    pub(super) span: Range<u64>,
    pub(super) bytes: Bytes,
}

impl Half {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            wire: Wire::new(config),
            line: Assembly::default(),
            lost: config.mid_stream.then(Lost::mid_stream),
            opaque: false,
            bare_lf_told: false,
            passed: None,
        }
    }
}

impl Half {
    /// Whether nothing can be read of it before more comes.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.wire.has_unread() && !self.wire.is_closed()
    }

    /// Whether these bytes, which come next, are content of a message and do not end it: then they are kept to be told as they
    /// are.
    fn pass(&mut self, at: Timestamp, bytes: Bytes) -> Result<(), Bytes> {
        let Reading::Stream { left, complete } = self.line.reading else { return Err(bytes) };
        let more = left.saturating_sub(bytes.len() as u64);
        if more == 0 || bytes.is_empty() || self.opaque || self.passed.is_some() {
            return Err(bytes);
        }
        let Some(span) = self.wire.pass(bytes.len()) else { return Err(bytes) };
        self.line.reading = Reading::Stream { left: more, complete };
        self.passed = Some(Passed { at, span, bytes });
        Ok(())
    }
}

impl Stream for Half {
    fn push(&mut self, at: Timestamp, bytes: Bytes) {
        if let Err(bytes) = self.pass(at, bytes) {
            self.wire.push(at, bytes);
        }
    }

    fn gap(&mut self, at: Timestamp, len: Option<u64>) {
        self.wire.gap(at, len);
    }

    fn close(&mut self, at: Timestamp) {
        self.wire.close(at);
    }

    fn peek(&self) -> impl Iterator<Item = u8> + '_ {
        self.wire.peek()
    }

    fn peek_is_all(&self) -> bool {
        self.wire.peek_is_all()
    }

    fn has_unread(&self) -> bool {
        self.wire.has_unread()
    }

    fn is_closed(&self) -> bool {
        self.wire.is_closed()
    }

    fn held(&self) -> usize {
        self.wire.held()
    }

    fn is_crowded(&self) -> bool {
        self.wire.is_crowded()
    }

    fn settle(&mut self) {
        self.wire.settle();
    }

    fn buffered(&self) -> usize {
        self.wire.buffered()
            + self.passed.as_ref().map_or(0, |passed| passed.bytes.len())
            + self.line.text.capacity()
            + if matches!(self.line.about, About::Fetch(_)) { Fetching::MEMORY } else { 0 }
            + self.line.held.as_ref().map_or(0, |held| held.text.len())
            + self.lost.as_ref().map_or(0, Lost::memory)
    }
}
