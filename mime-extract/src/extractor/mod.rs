//! The machine: bytes of one message in, events out.
//!
//! What few messages need is marked cold or is not inlined: most of the time of a short one goes into fetching code.

pub(crate) mod boundary;
mod feed;
mod inbox;
mod inside;
mod layer;
mod lines;
mod node;
mod open;
mod path;
mod tree;

use crate::config::{Config, LOOK};
use crate::decode::Origin;
use crate::headers::block::{Buffers, Verdict};
use crate::slice;
use crate::{Anomaly, Event, EventKind};
use bytes::Bytes;
use core::ops::Range;
use inbox::Input;
use layer::{Ending, Layer, State};
use lines::{Delimiter, Rest, Run};
use node::Node;
use std::collections::VecDeque;

/// Reads one message as its bytes come; see the [crate documentation](crate).
#[derive(Debug)]
pub struct Extractor {
    config: Config,
    /// The message, and inside of it each message in a transfer encoding; the innermost last.
    layers: Vec<Layer>,
    /// Open nodes, the innermost last.
    nodes: Vec<Node>,
    /// Nodes begun.
    parts: u32,
    out: VecDeque<Event>,
    /// What the last header block was collected in, for the next one.
    buffers: Buffers,
    /// Bytes pushed, gaps of known length included.
    offset: u64,
    finished: bool,
    /// Of the content of the innermost leaf more is to tell.
    busy: bool,
}

impl Extractor {
    /// An extractor for one message.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let layers = vec![Layer::new(&config, 0, 0)];
        Self {
            config,
            layers,
            nodes: Vec::new(),
            parts: 0,
            out: VecDeque::new(),
            buffers: Buffers::default(),
            offset: 0,
            finished: false,
            busy: false,
        }
    }

    /// An extractor for a message in a file that stands at `at`: what it tells stands where its runs do.
    fn inside(config: Config, at: u64) -> Self {
        let mut extractor = Self::new(config);
        let mut layer = Layer::new(&extractor.config, 0, at);
        layer.origin.exact = false;
        extractor.layers = vec![layer];
        extractor.offset = at;
        extractor
    }

    /// The next bytes of a message in a file.
    fn push_run(&mut self, run: Run) {
        self.offset = run.origin.end;
        if !run.bytes.is_empty() {
            self.input(Input::Data(run));
        }
    }

    /// Bytes of a message in a file that will never come.
    fn gap_at(&mut self, at: u64) {
        self.input(Input::Gap(None, at));
    }

    /// A message in a file is over.
    fn finish_as(&mut self, ending: Ending) {
        self.finished = true;
        if let Some(layer) = self.layers.first_mut() {
            layer.end = Some(ending);
        }
    }

    /// The next bytes of the message. What comes after [`finish`](Self::finish) is not read.
    pub fn push(&mut self, bytes: Bytes) {
        if self.finished || bytes.is_empty() {
            return;
        }
        let start = self.offset;
        self.offset = start.saturating_add(bytes.len() as u64);
        let origin = Origin { start, end: self.offset, exact: true };
        self.input(Input::Data(Run { bytes, origin }));
    }

    /// Bytes of the message that will never come; `None`: nobody knows how many. What comes next says whether the message
    /// goes on behind them, so they are told only then.
    pub fn gap(&mut self, len: Option<u64>) {
        if self.finished || len == Some(0) {
            return;
        }
        let at = self.offset;
        self.offset = at.saturating_add(len.unwrap_or(0));
        self.input(Input::Gap(len, at));
    }

    fn input(&mut self, input: Input) {
        if let Some(layer) = self.layers.first_mut() {
            layer.inbox.push_back(input);
        }
    }

    /// The message is over. If it was cut, say so with `gap(None)` first.
    pub fn finish(&mut self) {
        if !self.finished {
            self.finished = true;
            if let Some(layer) = self.layers.first_mut() {
                layer.end = Some(Ending::Finished { whole: true });
            }
        }
    }

    /// The next event; `None` until more is pushed, and for good after [`EventKind::End`].
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.out.pop_front() {
                return Some(event);
            }
            if !self.step() {
                return None;
            }
        }
    }

    /// The events that are due: [`poll_event`](Self::poll_event) until `None`.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        core::iter::from_fn(|| self.poll_event())
    }

    /// Memory held now, in bytes; at most [`Config::worst_case`] once `poll_event` has returned `None`.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.layers.iter().map(Layer::memory).sum::<usize>()
            + self.nodes.iter().map(Node::memory).sum::<usize>()
            + self.buffers.memory()
    }

    fn emit(&mut self, part: u32, range: Range<u64>, kind: EventKind) {
        self.out.push_back(Event { range, part, kind });
    }

    #[cold]
    fn anomaly(&mut self, part: u32, at: u64, anomaly: Anomaly) {
        self.emit(part, at..at, EventKind::Anomaly(anomaly));
    }

    /// One piece of work; `false`: nothing is left to do. The innermost layer that has any goes first, so that what a
    /// decoder made is read before its leaf ends.
    fn step(&mut self) -> bool {
        if self.busy && self.resume_inside() {
            return true;
        }
        let Some(top) = self.layers.len().checked_sub(1) else { return false };
        for index in (0..=top).rev() {
            let Some(layer) = self.layers.get_mut(index) else { return false };
            if layer.pending.is_none() && layer.end.is_none() && layer.waits(0) {
                continue;
            }
            if let Some(delimiter) = layer.pending.take() {
                if index < top {
                    layer.pending = Some(delimiter);
                    self.end_layer_above(Ending::Delimited);
                } else {
                    self.delimit(index, delimiter);
                }
            } else if let Some(input) = layer.next() {
                match input {
                    Input::Data(run) => self.data(index, run),
                    Input::Gap(len, at) => self.hole(index, len, at),
                }
            } else if let Some(ending) = layer.end {
                self.end(index, index == top, ending);
            }
            return true;
        }
        false
    }

    fn data(&mut self, index: usize, run: Run) {
        let Some(layer) = self.layers.get_mut(index) else { return };
        layer.origin = run.origin;
        match layer.state {
            State::Header(_) => self.header(index, run),
            State::Body => self.body(index, run),
        }
    }

    fn body(&mut self, index: usize, mut run: Run) {
        let Some(layer) = self.layers.get_mut(index) else { return };
        let found = layer.lines.next(&mut run, &layer.boundaries);
        layer.put_back(run);
        let mut passed = None;
        if let Some(found) = found {
            let ignored = &self.config.choices.ignored;
            if found.delimiter.as_ref().is_some_and(|one| ignored.contains(&one.origin.start)) {
                layer.lines = Default::default();
                passed = found.delimiter;
            } else {
                layer.pending = found.delimiter;
            }
            if let Some(content) = found.content {
                self.content(index, content);
            }
        }
        if let Some(Delimiter { eol, line, .. }) = passed {
            self.feed(index, eol);
            self.feed(index, line);
        }
    }

    /// What was nearly a delimiter is told at the end of the innermost node, when all layers above are done: before, it
    /// would depend on the chunks how much of them was told.
    fn tell_near(&mut self, index: usize) {
        let near = self.layers.get_mut(index).and_then(|layer| layer.lines.near());
        if let Some((anomaly, at)) = near
            && let Some(place) = self.top_of(index).checked_sub(1)
            && let Some(node) = self.nodes.get_mut(place)
        {
            node.note_near(at, EventKind::Anomaly(anomaly));
        }
    }

    /// Lines of a header block, as many as the run holds. The messages around it are given them in one piece.
    fn header(&mut self, index: usize, run: Run) {
        let mut at = 0;
        match self.plain_lines(index, &run, &mut at) {
            Some(true) => self.end_header(index, run, 0, at),
            Some(false) => self.any_lines(index, run, at),
            None => self.feed_stretch(index, &run.bytes, 0, at),
        }
    }

    /// Lines of a run about which nothing is odd, from `at` on. Whether the block is over; `None`: the run is.
    fn plain_lines(&mut self, index: usize, run: &Run, at: &mut usize) -> Option<bool> {
        let State::Header(block) = &mut self.layers.get_mut(index)?.state else { return None };
        let rest = slice::split(&run.bytes, *at).1;
        let (plain, ended) = block.append_plain(rest, run.origin.part(*at, run.bytes.len()));
        *at += plain;
        (ended || *at < run.bytes.len()).then_some(ended)
    }

    /// Lines of any kind, from `at` on.
    #[inline(never)]
    fn any_lines(&mut self, index: usize, mut run: Run, mut at: usize) {
        // From where on the run has not been given out.
        let mut given = 0;
        while at < run.bytes.len() {
            let Some(layer) = self.layers.get_mut(index) else { return };
            let State::Header(block) = &mut layer.state else { return };
            let rest = slice::split(&run.bytes, at).1;
            let rest = slice::split(rest, LOOK).0;
            let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |len| len + 1);
            let line = slice::split(rest, len).0;
            // Held back from an earlier run.
            let held = block.take_unfed();
            let whole = line.ends_with(b"\n");
            let verdict = block.append(line, whole, run.origin.at(at), &layer.boundaries);
            if let Verdict::Delimiter(hit, line) = verdict {
                let before = run.bytes.slice(given.min(at)..at);
                let open = block.take_open();
                run.skip(at);
                let mut origin = run.skip(len);
                if origin.exact {
                    origin.start = origin.end.saturating_sub(line.len() as u64);
                }
                layer.put_back(run);
                let line = Bytes::from(line);
                match open {
                    None => {
                        layer.pending = Some(Delimiter { hit, eol: Bytes::new(), line, origin, last: false });
                        self.feed(index, before);
                    }
                    Some((body, start)) => {
                        layer.put_back(Run { bytes: line, origin });
                        self.feed(index, before);
                        self.reread(index, body, Origin { start, ..origin });
                        self.open(index, true, start);
                    }
                }
                return;
            }
            if !whole && matches!(verdict, Verdict::More) && layer.boundaries.may_begin(block.line()) {
                // It may become a delimiter.
                block.unfed = held.len() + len;
                let before = run.bytes.slice(given.min(at)..at);
                self.feed(index, before);
                at += len;
                given = at;
                continue;
            }
            if !held.is_empty() {
                self.feed_stretch(index, &run.bytes, given, at);
                self.feed(index, held);
                given = at;
            }
            at += len;
            match verdict {
                Verdict::More => match self.plain_lines(index, &run, &mut at) {
                    Some(true) => return self.end_header(index, run, given, at),
                    Some(false) => continue,
                    None => break,
                },
                Verdict::End => return self.end_header(index, run, given, at),
                Verdict::Reread(body, start) => {
                    self.feed_stretch(index, &run.bytes, given, at);
                    let origin = run.skip(at);
                    self.put_back(index, run);
                    self.reread(index, body, Origin { start, ..origin });
                    self.open(index, true, start);
                }
                Verdict::Delimiter(..) => {}
            }
            return;
        }
        self.feed_stretch(index, &run.bytes, given, at);
    }

    /// The header block ends at `at` in the run, which was given out up to `given`.
    fn end_header(&mut self, index: usize, mut run: Run, given: usize, at: usize) {
        self.feed_stretch(index, &run.bytes, given, at);
        run.skip(at);
        let start = run.origin.start;
        self.put_back(index, run);
        self.open(index, true, start);
    }

    /// Lines of a header block are body after all. The messages around it were given them already.
    fn reread(&mut self, index: usize, body: Vec<u8>, origin: Origin) {
        let place = self.nodes.len();
        if let Some(layer) = self.layers.get_mut(index) {
            layer.feed.again.push_front((body.len(), place));
            layer.put_back(Run { bytes: body.into(), origin });
        }
    }

    fn put_back(&mut self, index: usize, run: Run) {
        if let Some(layer) = self.layers.get_mut(index) {
            layer.put_back(run);
        }
    }

    /// Bytes that will never come.
    #[cold]
    fn hole(&mut self, index: usize, len: Option<u64>, at: u64) {
        let end = at.saturating_add(len.unwrap_or(0));
        let Some(layer) = self.layers.get_mut(index) else { return };
        // The layer was cut: what is held may have become a delimiter, as at any other end.
        if layer.end.is_some() && layer.waits(1) && matches!(layer.state, State::Body) {
            let rest = layer.lines.finish(&layer.boundaries, false);
            if !matches!(rest, Rest::Nothing) {
                layer.inbox.push_front(Input::Gap(len, at));
                return self.rest(index, rest);
            }
        }
        let Some(layer) = self.layers.get_mut(index) else { return };
        layer.origin = Origin { start: at, end, exact: layer.origin.exact };
        let mut held = Bytes::new();
        let mut rest = None;
        match &mut layer.state {
            State::Header(block) => {
                held = block.take_unfed();
                block.gap();
            }
            State::Body => rest = layer.lines.gap(),
        }
        let in_body = matches!(layer.state, State::Body);
        if let Some(rest) = rest {
            self.content(index, rest);
        }
        self.feed(index, held);
        self.missing(index, len, at..end, in_body);
    }

    /// The input of a layer is over. Called until there is nothing left to do for it.
    fn end(&mut self, index: usize, top: bool, ending: Ending) {
        let Some(layer) = self.layers.get_mut(index) else { return };
        let (at, certain) = (layer.origin.end, ending == Ending::Delimited);
        if let State::Header(block) = &mut layer.state {
            let held = block.take_unfed();
            if let Some(hit) = layer.boundaries.find_last(&held, certain) {
                let start = if layer.origin.exact { at.saturating_sub(held.len() as u64) } else { at };
                let origin = Origin { start, end: at, exact: layer.origin.exact };
                block.forget_line();
                layer.pending = Some(Delimiter { hit, eol: Bytes::new(), line: held, origin, last: true });
                return;
            }
            match layer.boundaries.outermost(&held) {
                Some(level) => self.feed_outside(index, Some(level), held),
                None => self.feed(index, held),
            }
            self.open(index, false, at);
            return;
        }
        match layer.lines.finish(&layer.boundaries, certain) {
            Rest::Nothing if !top => {
                // What is open inside of a multipart was cut.
                let cut = Ending::Finished { whole: false };
                let ending = if layer.boundaries.is_empty() { ending } else { cut };
                self.end_layer_above(ending);
            }
            Rest::Nothing => {
                let level = layer.boundaries.outermost(b"");
                let end = layer.cut.unwrap_or(at);
                self.feed_outside(index, level, Bytes::new());
                self.close_layer(index, ending, end);
            }
            rest => self.rest(index, rest),
        }
    }

    /// What was held when the input of a layer ended.
    fn rest(&mut self, index: usize, rest: Rest) {
        let Some(layer) = self.layers.get_mut(index) else { return };
        match rest {
            Rest::Nothing => {}
            Rest::Content(run) => self.content(index, run),
            Rest::Open(run, level) => {
                layer.cut = Some(run.origin.start);
                self.feed_outside(index, Some(level), run.bytes);
            }
            Rest::Delimiter(delimiter) => layer.pending = Some(delimiter),
        }
    }
}
