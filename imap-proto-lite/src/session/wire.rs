//! The bytes of one half, inflated where compression is on.

#[cfg(feature = "deflate")]
use super::inflate::Inflate;
use crate::event::Rest;
use crate::{Anomaly, Config};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, Framer, Mode};

/// A framer; once COMPRESS is accepted, one on top of another.
#[derive(Debug)]
pub(super) struct Wire {
    raw: Framer,
    #[cfg(feature = "deflate")]
    inflate: Option<Box<Inflate>>,
}

impl Wire {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            raw: Framer::new(config.max_line),
            #[cfg(feature = "deflate")]
            inflate: None,
        }
    }

    pub(super) fn push(&mut self, at: Timestamp, bytes: Bytes) {
        self.raw.push(at, bytes);
    }

    /// As [`Framer::pass`], where no bytes are compressed.
    #[inline]
    pub(super) fn pass(&mut self, len: usize) -> Option<Range<u64>> {
        if self.is_compressed() { None } else { self.raw.pass(len) }
    }

    pub(super) fn gap(&mut self, at: Timestamp, len: Option<u64>) {
        self.raw.gap(at, len);
    }

    pub(super) fn close(&mut self, at: Timestamp) {
        self.raw.close(at);
    }

    /// The bytes as they came.
    pub(super) const fn raw(&mut self) -> &mut Framer {
        &mut self.raw
    }

    pub(super) fn mark(&mut self) {
        self.raw.mark();
    }

    pub(super) fn take_mark(&mut self) -> bool {
        self.raw.take_mark()
    }

    /// The framer whose frames have a meaning.
    #[cfg(feature = "deflate")]
    fn active(&self) -> &Framer {
        self.inflate.as_ref().map_or(&self.raw, |inflate| inflate.framer())
    }

    #[cfg(not(feature = "deflate"))]
    const fn active(&self) -> &Framer {
        &self.raw
    }

    pub(super) fn peek(&self) -> impl Iterator<Item = u8> + '_ {
        self.active().peek()
    }

    pub(super) fn peek_is_all(&self) -> bool {
        self.active().peek_is_all()
    }

    pub(super) fn at_gap(&self) -> bool {
        self.active().at_gap()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.active().is_finished()
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.raw.is_closed()
    }

    pub(super) fn has_unread(&self) -> bool {
        #[cfg(feature = "deflate")]
        if self.inflate.as_ref().is_some_and(|inflate| inflate.has_unread()) {
            return true;
        }
        self.raw.has_unread()
    }

    pub(super) const fn is_compressed(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.inflate.is_some();
        #[cfg(not(feature = "deflate"))]
        return false;
    }

    /// Unread bytes.
    pub(super) fn held(&self) -> usize {
        #[cfg(feature = "deflate")]
        let inflated = self.inflate.as_ref().map_or(0, |inflate| inflate.held());
        #[cfg(not(feature = "deflate"))]
        let inflated = 0;
        self.raw.held() + inflated
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.raw.is_crowded()
    }

    pub(super) fn settle(&mut self) {
        self.raw.settle();
        #[cfg(feature = "deflate")]
        if let Some(inflate) = &mut self.inflate {
            inflate.settle();
        }
    }

    pub(super) fn buffered(&self) -> usize {
        #[cfg(feature = "deflate")]
        let inflated = self.inflate.as_ref().map_or(0, |inflate| inflate.buffered());
        #[cfg(not(feature = "deflate"))]
        let inflated = 0;
        self.raw.buffered() + inflated
    }

    /// Stream offset of the next frame.
    pub(super) fn position(&self) -> u64 {
        #[cfg(feature = "deflate")]
        if let Some(inflate) = &self.inflate {
            return inflate.position();
        }
        self.raw.position()
    }

    /// The span of a primary event, as it is told: what comes out of compressed bytes ends in order.
    #[cfg_attr(not(feature = "deflate"), expect(clippy::needless_pass_by_ref_mut, reason = "never inflates"))]
    pub(super) fn told(&mut self, span: Range<u64>) -> Range<u64> {
        #[cfg(feature = "deflate")]
        if let Some(inflate) = &mut self.inflate {
            return inflate.ordered(span);
        }
        span
    }

    /// Whether anything of the stream was seen.
    pub(super) fn is_untouched(&self) -> bool {
        self.raw.position() == 0 && !self.raw.has_unread()
    }

    /// Cuts the next frame; `None` while its bytes are missing.
    pub(super) fn next(&mut self, mode: Mode) -> Option<Frame> {
        #[cfg(feature = "deflate")]
        if let Some(inflate) = &mut self.inflate {
            return inflate.next(mode, &mut self.raw);
        }
        self.raw.next(mode)
    }

    /// Makes the next bytes visible to [`peek`](Self::peek).
    #[cfg_attr(not(feature = "deflate"), expect(clippy::needless_pass_by_ref_mut, reason = "never inflates"))]
    pub(super) fn prime(&mut self) {
        #[cfg(feature = "deflate")]
        if let Some(inflate) = &mut self.inflate {
            inflate.prime(&mut self.raw);
        }
    }

    /// The first bytes that come out of these, if they may be compressed.
    pub(super) fn inflated(ahead: &[u8]) -> Option<Vec<u8>> {
        #[cfg(feature = "deflate")]
        return super::inflate::first_bytes(ahead);
        #[cfg(not(feature = "deflate"))]
        {
            let _ = ahead;
            None
        }
    }

    /// What comes from here on is compressed; false if nobody can inflate it here.
    #[cfg_attr(
        not(feature = "deflate"),
        expect(clippy::needless_pass_by_ref_mut, reason = "has nothing to inflate with")
    )]
    pub(super) fn compress(&mut self, config: &Config) -> bool {
        #[cfg(feature = "deflate")]
        {
            self.inflate = Some(Box::new(Inflate::new(config, self.raw.position())));
            true
        }
        #[cfg(not(feature = "deflate"))]
        {
            let _ = config;
            false
        }
    }

    /// Compressed bytes behind the last frame out of which nothing came.
    #[cfg_attr(not(feature = "deflate"), expect(clippy::needless_pass_by_ref_mut, reason = "never inflates"))]
    pub(super) fn empty_end(&mut self) -> Option<Range<u64>> {
        #[cfg(feature = "deflate")]
        return self.inflate.as_mut().and_then(|inflate| inflate.empty_end(&self.raw));
        #[cfg(not(feature = "deflate"))]
        return None;
    }

    /// Whether inflating had to end, and all is read that came out before.
    pub(super) fn inflating_is_over(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.inflate.as_ref().is_some_and(|inflate| inflate.is_over());
        #[cfg(not(feature = "deflate"))]
        return false;
    }

    /// Why inflating had to end, and what could not be inflated any more; told once all is read that came out before.
    #[cfg_attr(not(feature = "deflate"), expect(clippy::needless_pass_by_ref_mut, reason = "never inflates"))]
    pub(super) fn inflating_ended(&mut self) -> Option<(Anomaly, Vec<Rest>)> {
        #[cfg(feature = "deflate")]
        if let Some(ended) = self.inflate.as_mut().and_then(|inflate| inflate.ended()) {
            self.inflate = None;
            return Some(ended);
        }
        None
    }
}
