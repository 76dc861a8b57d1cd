//! A stretch of bytes that is read as a message: the message itself, and each one that was in a transfer encoding.

use super::boundary::Boundaries;
use super::inbox::{Inbox, Input};
use super::lines::{Delimiter, Lines, Run};
use crate::config::{Config, STEP};
use crate::decode::Origin;
use crate::headers::block::Block;
use bytes::Bytes;
use std::collections::VecDeque;

/// Gaps without data between them that wait for more.
const MAX_GAPS: usize = 8;

/// What is being read.
#[derive(Debug)]
pub(super) enum State {
    Header(Box<Block>),
    Body,
}

/// One layer.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) inbox: Inbox,
    /// How many open nodes belong to the layers below.
    pub(super) base: usize,
    pub(super) state: State,
    pub(super) lines: Lines,
    pub(super) boundaries: Boundaries,
    /// A delimiter that waits until the layers above are done.
    pub(super) pending: Option<Delimiter>,
    /// The input is over.
    pub(super) end: Option<Ending>,
    /// Where the last of the input came from.
    pub(super) origin: Origin,
    /// Where content ends, if a delimiter may begin there that was cut.
    pub(super) cut: Option<u64>,
    pub(super) feed: Feed,
}

/// How the input of a layer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By a delimiter of the layer below: nothing can follow.
    Delimited,
    /// By the end of the message, which is `whole` for the layer if no multipart around it is open. More may have
    /// followed where nobody saw it.
    Finished { whole: bool },
}

/// What the messages of a layer have been given of its bytes.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// Open messages in the layer.
    pub(super) messages: usize,
    /// Bytes to come that are read again: so many, and the place in the stack up to which they were given already.
    pub(super) again: VecDeque<(usize, usize)>,
    /// Where the byte behind all that was given stands.
    pub(super) at: u64,
}

/// Bytes for the messages of a layer from a place in the stack on.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) bytes: Bytes,
    pub(super) from: usize,
    pub(super) at: u64,
}

impl Feed {
    /// The next of the bytes, which come in order.
    pub(super) fn next(&mut self, bytes: &mut Bytes) -> Option<Given> {
        if bytes.is_empty() {
            return None;
        }
        let again: usize = self.again.iter().map(|(len, _)| len).sum();
        let Some((len, from)) = self.again.front_mut() else {
            let at = self.at;
            self.at = at.saturating_add(bytes.len() as u64);
            return Some(Given { bytes: core::mem::take(bytes), from: 0, at });
        };
        let given = bytes.split_to(bytes.len().min(*len));
        let given = Given { bytes: given, from: *from, at: self.at.saturating_sub(again as u64) };
        *len -= given.bytes.len();
        if *len == 0 {
            self.again.pop_front();
        }
        Some(given)
    }
}

impl Layer {
    pub(super) fn new(config: &Config, base: usize, at: u64) -> Self {
        Self {
            inbox: Inbox::default(),
            base,
            state: State::Header(Box::new(Block::new(config, true, at))),
            lines: Lines::default(),
            boundaries: Boundaries::new(&config.choices),
            pending: None,
            end: None,
            origin: Origin { start: at, end: at, exact: base == 0 },
            cut: None,
            feed: Feed { at, ..Feed::default() },
        }
    }

    /// The next input, in pieces small enough for one step.
    pub(super) fn next(&mut self) -> Option<Input> {
        match self.inbox.pop_front()? {
            Input::Data(mut run) if run.bytes.len() > STEP => {
                let step = run.take(STEP);
                self.inbox.push_front(Input::Data(run));
                Some(Input::Data(step))
            }
            input => Some(input),
        }
    }

    /// Whether there is nothing to read, or only gaps, of which what comes next says whether they are inside or at the end.
    /// `taken`: so many of them are not in the inbox any more.
    #[inline]
    pub(super) fn waits(&self, taken: usize) -> bool {
        self.inbox.is_empty() || self.waits_with_gaps(taken)
    }

    fn waits_with_gaps(&self, taken: usize) -> bool {
        self.inbox.len() + taken < MAX_GAPS && self.inbox.iter().all(|input| matches!(input, Input::Gap(..)))
    }

    /// Where the content that was read so far ends: before the delimiter that waits, if there is one.
    pub(super) fn content_end(&self) -> u64 {
        let end = self.cut.unwrap_or(self.origin.end);
        self.pending.as_ref().map_or(end, |one| one.origin.start.saturating_sub(one.eol.len() as u64))
    }

    pub(super) fn put_back(&mut self, run: Run) {
        if !run.bytes.is_empty() {
            self.inbox.push_front(Input::Data(run));
        }
    }

    pub(super) fn memory(&self) -> usize {
        let inbox: usize = self
            .inbox
            .iter()
            .map(|input| match input {
                Input::Data(run) => run.bytes.len() + size_of::<Input>(),
                Input::Gap(..) => size_of::<Input>(),
            })
            .sum();
        let block = match &self.state {
            State::Header(block) => block.memory(),
            State::Body => 0,
        };
        inbox
            + block
            + self.lines.memory()
            + self.boundaries.memory()
            + self.feed.again.capacity() * size_of::<(usize, usize)>()
    }
}
