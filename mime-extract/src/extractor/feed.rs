//! The bytes of enclosed messages, which they are given as they are, beside what is made of them.

use super::Extractor;
use super::layer::{Given, Layer};
use super::node::{Body, Node};
use crate::EventKind;
use crate::slice;
use bytes::Bytes;

impl Extractor {
    /// Gives bytes of a layer to the messages in it, as they are.
    pub(super) fn feed(&mut self, index: usize, bytes: Bytes) {
        let top = self.top_of(index);
        self.feed_to(index, bytes, top, true);
    }

    /// The same for a stretch of a run, which is not even shared where no message is open.
    pub(super) fn feed_stretch(&mut self, index: usize, bytes: &Bytes, from: usize, to: usize) {
        if let Some(Layer { feed, .. }) = self.layers.get_mut(index)
            && feed.messages == 0
            && feed.again.is_empty()
        {
            feed.at = feed.at.saturating_add(to.saturating_sub(from) as u64);
            return;
        }
        self.feed(index, bytes.slice(from.min(to)..to));
    }

    /// Gives bytes of a layer to its messages before the place `to`; `held`: but for a line end, which may belong to a
    /// delimiter.
    fn feed_to(&mut self, index: usize, mut bytes: Bytes, to: usize, held: bool) {
        loop {
            let Some(layer) = self.layers.get_mut(index) else { return };
            let held = held && !layer.boundaries.is_empty();
            let idle = layer.feed.messages == 0;
            let Some(Given { bytes, from, at }) = layer.feed.next(&mut bytes) else { return };
            if idle {
                continue;
            }
            let (from, exact, coarse) = (from.max(layer.base), layer.origin.exact, layer.origin.range());
            let tail = if held { slice::line_end(&bytes) } else { 0 };
            let (text, tail) = (bytes.slice(..bytes.len() - tail), bytes.slice(bytes.len() - tail..));
            for place in from..to {
                let Some(Node { index: part, size, body: Body::Message(message), .. }) =
                    self.nodes.get_mut(place)
                else {
                    continue;
                };
                let part = *part;
                // A lone LF goes to the CR before it.
                if text.is_empty() && tail.as_ref() == b"\n" && message.tail == b"\r" {
                    message.tail.push(b'\n');
                    continue;
                }
                message.end = at.saturating_add(text.len() as u64);
                let before = Bytes::from(core::mem::replace(&mut message.tail, tail.to_vec()));
                *size = size.saturating_add((before.len() + text.len()) as u64);
                let range = |start: u64, len: usize| {
                    if exact { start..start.saturating_add(len as u64) } else { coarse.clone() }
                };
                let start = at.saturating_sub(before.len() as u64);
                for (start, bytes) in [(start, before), (at, text.clone())] {
                    if !bytes.is_empty() {
                        self.emit(part, range(start, bytes.len()), EventKind::PartData(bytes));
                    }
                }
            }
        }
    }

    /// The line ends that wait go to the messages of a layer before the place `to`: no delimiter follows.
    pub(super) fn feed_tails(&mut self, index: usize, to: usize) {
        let Some(layer) = self.layers.get(index) else { return };
        let (exact, coarse, at) = (layer.origin.exact, layer.origin.range(), layer.feed.at);
        for place in layer.base..to {
            if let Some(Node { index: part, size, body: Body::Message(message), .. }) =
                self.nodes.get_mut(place)
                && !message.tail.is_empty()
            {
                let bytes = Bytes::from(core::mem::take(&mut message.tail));
                message.end = at;
                *size = size.saturating_add(bytes.len() as u64);
                let (part, start) = (*part, at.saturating_sub(bytes.len() as u64));
                let range = if exact { start..at } else { coarse.clone() };
                self.emit(part, range, EventKind::PartData(bytes));
            }
        }
    }

    /// At the end of a layer: bytes that may belong to a delimiter of the node at `level` go to the messages around
    /// that one only, or, without a level, to all.
    pub(super) fn feed_outside(&mut self, index: usize, level: Option<usize>, bytes: Bytes) {
        let to = level.unwrap_or_else(|| self.top_of(index));
        self.feed_tails(index, to);
        self.feed_to(index, bytes, to, false);
    }
}
