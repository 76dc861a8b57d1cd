//! One part of the connections: reassembler, flows and limits of its own.

use super::Memory;
use crate::flow::HOLD;
use crate::flow::{Context, Flow, Told};
use crate::sink::SinkError;
use core::hash::{Hash as _, Hasher};
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use tcp_reassembly::{Config, EventKind, FlowId, Reassembler, Segment};

/// So many packets of a connection may pass before one that was sent earlier is taken for lost.
const REORDERED: u32 = 64;
/// And so many bytes: on a loopback, packets are large.
const START_BYTES: usize = 4 << 20;

/// The connections whose addresses fall to one shard.
#[derive(Debug)]
pub(super) struct Shard {
    reassembler: Reassembler,
    /// In the order of opening, so that what is told of all of them has an order too.
    flows: BTreeMap<FlowId, Flow>,
    told: Vec<(FlowId, Told)>,
    scratch: Vec<Told>,
}

/// Which of `shards` a segment belongs to: both directions of a connection to the same.
pub(super) fn of(segment: &Segment, shards: usize) -> usize {
    let (low, high) =
        if segment.src <= segment.dst { (segment.src, segment.dst) } else { (segment.dst, segment.src) };
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    for address in [low, high] {
        match address {
            SocketAddr::V4(address) => (address.ip().octets(), address.port()).hash(&mut hasher),
            SocketAddr::V6(address) => (address.ip().octets(), address.port()).hash(&mut hasher),
        }
    }
    usize::try_from(hasher.finish() % shards.max(1) as u64).unwrap_or(0)
}

/// FNV-1a. The same on every machine and in every run; who chooses addresses to hit one shard gains nothing but that
/// shard's own limits.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        // The low bits of FNV are weak.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

impl Shard {
    /// One of `shards`, with its share of the limits over all flows.
    pub(super) fn new(shards: usize, memory: Memory) -> Self {
        let mut config = Config::default();
        config.max_held_total = memory.held / shards.max(1);
        config.max_replay_total = memory.compared / shards.max(1);
        config.max_flows /= shards.max(1);
        // Captures of several queues or taps come out of order by some packets, and their times by a pause between two. A
        // file costs nothing to wait for.
        config.ack_grace = REORDERED;
        (config.start_hold_packets, config.start_hold_bytes) = (REORDERED, START_BYTES);
        (config.ack_grace_time, config.start_hold_time, config.gap_timeout) = (HOLD, HOLD, HOLD);
        Self {
            reassembler: Reassembler::new(config),
            flows: BTreeMap::new(),
            told: Vec::new(),
            scratch: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, segment: Segment, context: &Context) -> Result<(), SinkError> {
        self.reassembler.push(segment);
        self.drain(true, context)
    }

    /// Capture time has passed: waits and idle flows end.
    pub(super) fn expire(&mut self, now: Duration, context: &Context) -> Result<(), SinkError> {
        self.reassembler.expire(now);
        self.drain(false, context)?;
        for (id, flow) in &mut self.flows {
            flow.expire(now, context, &mut self.scratch)?;
            self.told.extend(self.scratch.drain(..).map(|told| (*id, told)));
        }
        Ok(())
    }

    /// The capture is over.
    pub(super) fn finish(&mut self, context: &Context) -> Result<(), SinkError> {
        self.reassembler.finish();
        self.drain(false, context)
    }

    /// What the flows have told since the last call.
    pub(super) fn told(&mut self) -> impl Iterator<Item = (FlowId, Told)> + '_ {
        self.told.drain(..)
    }

    fn drain(&mut self, live: bool, context: &Context) -> Result<(), SinkError> {
        while let Some(event) = self.reassembler.poll_event() {
            let id = event.flow;
            if let EventKind::Opened(opened) = &event.kind {
                let packet = crate::flow::place(event.packet);
                let flow = Flow::new(opened.client, opened.server, opened.origin, event.at, packet);
                self.flows.insert(id, flow);
            }
            let ended = matches!(event.kind, EventKind::Ended { .. });
            if let Some(flow) = self.flows.get_mut(&id) {
                flow.event(event, live, context, &mut self.scratch)?;
                self.told.extend(self.scratch.drain(..).map(|told| (id, told)));
            }
            if ended {
                self.flows.remove(&id);
            }
        }
        Ok(())
    }
}
