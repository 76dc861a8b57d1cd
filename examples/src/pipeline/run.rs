//! The threads of a run.
//!
//! ```text
//!            batches                    heard
//!          +--------> worker 0 (shards) -----+
//! reader --+--------> worker 1 (shards) -----+--> teller, in the order of packets --> Audience
//!          +------------ what itself tells --+
//! ```
//!
//! The reader cuts time into batches: each worker gets one for the same stretch, empty or not, and the teller merges what
//! they return. All queues are short, so the slowest sets the pace and memory stays bounded. Whoever fails hangs up, and
//! the others end as they notice.

use super::SWEEP;
use super::feed::{Feed, Next};
use super::packets::Packets;
use super::worker::{self, Batch, Heard, What, Worker};
use super::{Reading, SHARDS};
use crate::capture::{Frame, Item, Progress, Report, Skipped};
use crate::flow::{Context, Told};
use crate::record::Anomaly;
use crate::sink::SinkError;
use core::time::Duration;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use tcp_reassembly::FlowId;

/// So many batches may wait for a worker, or what came of them for the teller.
const QUEUE: usize = 4;

/// So many packets pass between two looks at the progress.
const WATCHED: u64 = 4096;

/// Who takes what is told, in the order of packets.
pub(super) trait Audience: Send {
    /// A flow of a shard has told.
    fn told(&mut self, flow: (usize, FlowId), told: Told) -> Result<(), SinkError>;
    /// An anomaly of no session.
    fn anomaly(&mut self, anomaly: Anomaly) -> Result<(), SinkError>;
    /// Time stamps of an input have so many digits from here on.
    fn precision(&mut self, input: u32, digits: u8);
    /// What was taken should be seen at once.
    fn flush(&mut self) -> Result<(), SinkError>;
}

/// What was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) packets: u64,
    /// What could not be read, for the user.
    pub(super) losses: Vec<String>,
    pub(super) reports: Vec<Report>,
    pub(super) skipped: Vec<Skipped>,
    /// The user stopped it.
    pub(super) stopped: bool,
}

/// What the reader has to tell itself in the stretch of a batch.
#[derive(Debug, Default)]
struct Aside {
    heard: Vec<Heard>,
    /// What is told should be seen at once.
    flush: bool,
}

/// Reads all, and has it told.
pub(super) fn run(
    reading: &Reading,
    context: &Context,
    audience: &mut impl Audience,
    watch: impl FnMut(&Progress),
) -> Result<Read, SinkError> {
    let workers = usize::from(reading.workers).clamp(1, SHARDS);
    thread::scope(|scope| {
        let mut batches = Vec::new();
        let mut results = Vec::new();
        let mut running = Vec::new();
        for number in 0..workers {
            let (to_worker, from_reader) = sync_channel(QUEUE);
            let (to_teller, from_worker) = sync_channel(QUEUE);
            let worker = Worker::new(number, workers, context.clone(), reading.memory);
            running.push(scope.spawn(|| work(worker, from_reader, to_teller)));
            batches.push(to_worker);
            results.push(from_worker);
        }
        let (to_teller, from_reader) = sync_channel(QUEUE);
        let teller = scope.spawn(move || tell(audience, from_reader, &results));
        let reader = Reader::new(context.clone(), Dispatch::new(batches, to_teller));
        let read = reader.read(reading, watch);
        // The first of them that failed says why; the others only noticed.
        let panicked = |_| Err(SinkError::Stopped);
        for worker in running {
            worker.join().unwrap_or_else(panicked)?;
        }
        teller.join().unwrap_or_else(panicked)?;
        Ok(read)
    })
}

fn work(mut worker: Worker, from: Receiver<Batch>, to: SyncSender<Vec<Heard>>) -> Result<(), SinkError> {
    for batch in from {
        if to.send(worker.run(batch)?).is_err() {
            break;
        }
    }
    Ok(())
}

fn tell(
    audience: &mut impl Audience,
    from: Receiver<Aside>,
    results: &[Receiver<Vec<Heard>>],
) -> Result<(), SinkError> {
    for Aside { mut heard, flush } in from {
        for worker in results {
            match worker.recv() {
                Ok(told) => heard.extend(told),
                // It failed, and tells why itself.
                Err(_) => return Ok(()),
            }
        }
        heard.sort_by_key(|heard| heard.order);
        for Heard { what, .. } in heard {
            match what {
                What::Told(flow, told) => audience.told(flow, told)?,
                What::Anomaly(anomaly) => audience.anomaly(*anomaly)?,
                What::Precision(input, digits) => audience.precision(input, digits),
            }
        }
        if flush {
            audience.flush()?;
        }
    }
    Ok(())
}

/// Work on its way to the workers.
struct Dispatch {
    order: u64,
    batches: Vec<Batch>,
    aside: Aside,
    /// Somebody may be watching the output while the capture is still being written.
    live: bool,
    workers: Vec<SyncSender<Batch>>,
    teller: SyncSender<Aside>,
    /// Somebody hung up.
    over: bool,
}

impl Dispatch {
    fn new(workers: Vec<SyncSender<Batch>>, teller: SyncSender<Aside>) -> Self {
        let batches = workers.iter().map(|_| Batch::default()).collect();
        Self { order: 0, batches, aside: Aside::default(), live: false, workers, teller, over: false }
    }

    /// The order of the next step.
    const fn next(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn anomaly(&mut self, anomaly: Anomaly) {
        let order = (self.next(), 0);
        self.aside.heard.push(Heard { order, what: What::Anomaly(Box::new(anomaly)) });
    }

    fn segment(&mut self, segment: tcp_reassembly::Segment) {
        let order = self.next();
        let shard = worker::shard_of(&segment);
        let worker = worker::of(shard, self.workers.len());
        if let Some(batch) = self.batches.get_mut(worker) {
            batch.segment(order, shard, segment);
        }
    }

    fn precision(&mut self, input: u32, digits: u8) {
        let order = (self.next(), 0);
        self.aside.heard.push(Heard { order, what: What::Precision(input, digits) });
        self.all(|batch, order| batch.precision(order, input, digits));
    }

    /// A step that all workers take.
    fn all(&mut self, step: impl Fn(&mut Batch, u64)) {
        let order = self.next();
        self.batches.iter_mut().for_each(|batch| step(batch, order));
    }

    /// Sends off what is full.
    fn pass(&mut self) {
        if self.batches.iter().any(Batch::is_full) {
            self.send();
        }
    }

    fn send(&mut self) {
        self.aside.flush = self.live;
        self.over |= self.teller.send(core::mem::take(&mut self.aside)).is_err();
        for (batch, worker) in self.batches.iter_mut().zip(&self.workers) {
            self.over |= worker.send(core::mem::take(batch)).is_err();
        }
    }
}

struct Reader {
    context: Context,
    packets: Packets,
    out: Dispatch,
    /// Of the last sweep.
    swept: Duration,
}

impl Reader {
    fn new(context: Context, out: Dispatch) -> Self {
        Self { context, packets: Packets::default(), out, swept: Duration::ZERO }
    }

    fn read(mut self, reading: &Reading, mut watch: impl FnMut(&Progress)) -> Read {
        let mut feed = Feed::open(&reading.captures);
        self.out.live = feed.is_live();
        let mut packets = 0_u64;
        let mut losses = Vec::new();
        let mut stopped = false;
        while !self.out.over {
            match feed.next() {
                Next::End => break,
                Next::Nothing => {
                    self.out.send();
                    watch(&feed.progress());
                }
                Next::Item(Item::Damage(damage)) => {
                    self.out.anomaly(Anomaly::from(&damage));
                    if damage.kind.is_loss() {
                        let report = feed.reports().iter().find(|report| report.input == damage.input);
                        let path = report.map(|report| report.path.display().to_string()).unwrap_or_default();
                        losses.push(format!("{path}: {}", damage.kind));
                    }
                    continue;
                }
                Next::Item(Item::Frame(frame)) => {
                    packets += 1;
                    self.frame(&frame);
                    self.out.pass();
                    if !packets.is_multiple_of(WATCHED) {
                        continue;
                    }
                    watch(&feed.progress());
                }
            }
            if reading.stop.is_asked() {
                stopped = true;
                break;
            }
        }
        self.out.all(Batch::finish);
        for anomaly in self.packets.finish(&self.context) {
            self.out.anomaly(anomaly);
        }
        self.out.send();
        watch(&feed.progress());
        let (reports, skipped) = (feed.reports().to_vec(), feed.skipped().to_vec());
        Read { packets, losses, reports, skipped, stopped }
    }

    fn frame(&mut self, frame: &Frame) {
        let Frame { at, input, .. } = *frame;
        let digits = frame.precision.digits();
        if self.context.precision(input) != Some(digits) {
            self.context.note_precision(input, digits);
            self.out.precision(input, digits);
        }
        let (segments, anomalies) = self.packets.push(frame, &self.context);
        for anomaly in anomalies {
            self.out.anomaly(anomaly);
        }
        for segment in segments {
            self.out.segment(segment);
        }
        if at > self.swept + SWEEP || at + SWEEP < self.swept {
            self.swept = at;
            for anomaly in self.packets.expire(at, &self.context) {
                self.out.anomaly(anomaly);
            }
            self.out.all(|batch, order| batch.expire(order, at));
        }
    }
}
