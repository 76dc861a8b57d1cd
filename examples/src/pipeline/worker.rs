//! The shards of one thread, and the work that is given to it.

use super::shard::{self, Shard};
use super::{Memory, SHARDS};
use crate::flow::{Context, Told};
use crate::record::Anomaly;
use crate::sink::SinkError;
use bytes::{Bytes, BytesMut};
use core::ops::Range;
use core::time::Duration;
use tcp_reassembly::{FlowId, Segment};

/// A batch is full when it has so many steps, or so many bytes.
const STEPS: usize = 1024;
const BYTES: usize = 256 << 10;

/// What a flow, or nobody in particular, has told, and when: the order of steps, and of shards within one.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) order: (u64, usize),
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// A flow of a shard.
    Told((usize, FlowId), Told),
    /// An anomaly of no session.
    Anomaly(Box<Anomaly>),
    /// Time stamps of an input have so many digits from here on.
    Precision(u32, u8),
}

/// Work for one worker, in order.
///
/// The payloads are copied into a block of its own: reference counts that two threads touch cost more than the bytes.
#[derive(Debug, Default)]
pub(super) struct Batch {
    block: BytesMut,
    steps: Vec<(u64, Step)>,
}

#[derive(Debug)]
enum Step {
    /// A segment for a shard, without its payload, and where that is in the block.
    Segment(usize, Segment, Range<usize>),
    /// Time stamps of an input have so many digits from here on.
    Precision(u32, u8),
    /// So much capture time has passed.
    Expire(Duration),
    /// All is read.
    Finish,
}

impl Batch {
    /// Adds a segment, as step `order`.
    pub(super) fn segment(&mut self, order: u64, shard: usize, mut segment: Segment) {
        let payload = core::mem::take(&mut segment.payload);
        let start = self.block.len();
        self.block.extend_from_slice(&payload);
        self.steps.push((order, Step::Segment(shard, segment, start..self.block.len())));
    }

    pub(super) fn precision(&mut self, order: u64, input: u32, digits: u8) {
        self.steps.push((order, Step::Precision(input, digits)));
    }

    pub(super) fn expire(&mut self, order: u64, now: Duration) {
        self.steps.push((order, Step::Expire(now)));
    }

    pub(super) fn finish(&mut self, order: u64) {
        self.steps.push((order, Step::Finish));
    }

    pub(super) fn is_full(&self) -> bool {
        self.steps.len() >= STEPS || self.block.len() >= BYTES
    }
}

/// The shards of one thread.
#[derive(Debug)]
pub(super) struct Worker {
    context: Context,
    /// Each with its number.
    shards: Vec<(usize, Shard)>,
}

/// The worker of `workers` that has the shard.
pub(super) fn of(shard: usize, workers: usize) -> usize {
    shard % workers.max(1)
}

impl Worker {
    pub(super) fn new(number: usize, workers: usize, context: Context, memory: Memory) -> Self {
        let numbers = (0..SHARDS).filter(|shard| of(*shard, workers) == number);
        Self { context, shards: numbers.map(|number| (number, Shard::new(SHARDS, memory))).collect() }
    }

    /// Does the work and tells what the flows told.
    pub(super) fn run(&mut self, batch: Batch) -> Result<Vec<Heard>, SinkError> {
        let Batch { block, steps } = batch;
        let block = block.freeze();
        let mut heard = Vec::new();
        for (order, step) in steps {
            self.step(order, step, &block, &mut heard)?;
        }
        Ok(heard)
    }

    fn step(
        &mut self,
        order: u64,
        step: Step,
        block: &Bytes,
        heard: &mut Vec<Heard>,
    ) -> Result<(), SinkError> {
        let context = &self.context;
        match step {
            Step::Segment(number, mut segment, payload) => {
                segment.payload = block.slice(payload);
                if let Some((_, shard)) = self.shards.iter_mut().find(|(own, _)| *own == number) {
                    shard.push(segment, context)?;
                    tell(order, number, shard, heard);
                }
            }
            Step::Precision(input, digits) => self.context.note_precision(input, digits),
            Step::Expire(now) => {
                for (number, shard) in &mut self.shards {
                    shard.expire(now, context)?;
                    tell(order, *number, shard, heard);
                }
            }
            Step::Finish => {
                for (number, shard) in &mut self.shards {
                    shard.finish(context)?;
                    tell(order, *number, shard, heard);
                }
            }
        }
        Ok(())
    }
}

fn tell(order: u64, number: usize, shard: &mut Shard, heard: &mut Vec<Heard>) {
    heard.extend(
        shard
            .told()
            .map(|(flow, told)| Heard { order: (order, number), what: What::Told((number, flow), told) }),
    );
}

/// The shard that a segment belongs to.
pub(super) fn shard_of(segment: &Segment) -> usize {
    shard::of(segment, SHARDS)
}
