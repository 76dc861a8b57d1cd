//! All flows together: finding them, opening and ending them, and the limits over all of them.

use std::collections::{BTreeSet, VecDeque};

use crate::connection::{Connection, Out, Verdict};
use crate::flows::{Class, Key, Table};
use crate::stats::Fate;
use crate::{
    Anomaly, Checksum, Checksums, Config, Direction, End, Event, EventKind, Flags, FlowId, GapReason, Opened,
    Origin, Segment, Stats, Timestamp,
};

/// A flow is moved in its list at most this often; the order within is of no interest.
const TOUCH_AFTER: Timestamp = Timestamp::from_secs(1);

/// What a flow holds has to change by so much for its place among those that hold.
const STEP: usize = 4096;

/// Flows looked at in one go for replay rings to give up.
const SWEEP: u32 = 64;

/// Puts the segments of a capture in order, for any number of flows.
///
/// Push segments in capture order, and take the events out after each push: events share the bytes of the packets.
#[derive(Debug)]
pub struct Reassembler {
    config: Config,
    table: Table,
    events: VecDeque<Event>,
    stats: Stats,
    next_flow: u64,
    /// The latest capture time so far, and the last packet.
    now: Timestamp,
    packet: u64,
    /// Flows with a FIN or RST in doubt, in the order in which they are to be looked at again.
    closing: VecDeque<(Timestamp, u32, FlowId)>,
    /// Flows that wait for something, by how much they hold, in steps of [`STEP`].
    holders: BTreeSet<(usize, u32)>,
    held: usize,
    replay: usize,
    /// Where the last sweep for replay rings stopped.
    sweep: u32,
}

impl Reassembler {
    /// What a flow costs that has nothing to tell or to compare with, in bytes: its place in the table. Flows with
    /// data have a replay ring on top, which begins at 2 KiB and grows to [`Config::max_replay`] per direction.
    pub const FLOW_SIZE: usize = Table::SLOT_SIZE;

    /// A reassembler without flows.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            table: Table::new(config.seed),
            config,
            events: VecDeque::new(),
            stats: Stats::default(),
            next_flow: 0,
            now: Timestamp::ZERO,
            packet: 0,
            closing: VecDeque::new(),
            holders: BTreeSet::new(),
            held: 0,
            replay: 0,
            sweep: 0,
        }
    }

    /// Takes the next captured segment.
    pub fn push(&mut self, mut segment: Segment) {
        segment.normalise();
        self.packet = segment.packet;
        self.now = self.now.max(segment.at);
        if self.closing.front().is_some_and(|&(due, ..)| due <= self.now) {
            self.close_due(segment.at);
        }
        let (key, from_low) = Key::of(segment.src, segment.dst);
        match self.table.find(&key) {
            Some(at) => self.feed(at, &mut segment, from_low),
            None => self.open(key, segment, from_low),
        }
    }

    /// Ends waits and flows that are too old at `now`. Call it now and then, say once per second of capture time.
    pub fn expire(&mut self, now: Timestamp) {
        // The caller knows the time; a packet from the future does not stop the waits for good.
        self.now = now;
        self.close_due(now);
        let mut holders: Vec<u32> = self.holders.iter().map(|&(_, at)| at).collect();
        holders.sort_unstable_by_key(|&at| self.table.get_mut(at).map(|slot| slot.flow.id));
        for at in holders {
            self.with_flow(at, now, |flow, out| flow.expire_holes(out));
        }
        for class in Class::ALL {
            let limit = match class {
                Class::Closed => self.config.idle_closed,
                Class::HalfOpen => self.config.idle_half_open,
                Class::Established => self.config.idle_established,
            };
            while let Some(at) = self.table.oldest(class) {
                let touched = self.table.get_mut(at).map_or(now, |slot| slot.touched);
                if touched > now {
                    self.table.touch(at, class, now);
                } else if now - touched >= limit {
                    self.end(at, now, End::Timeout);
                } else {
                    break;
                }
            }
        }
    }

    /// Ends all flows: what is held is told, with gaps for what is missing. Later segments open new flows.
    pub fn finish(&mut self) {
        let mut flows: Vec<(FlowId, u32)> = self.table.iter().map(|(at, flow)| (flow.id, at)).collect();
        flows.sort_unstable();
        let now = self.now;
        for (_, at) in flows {
            self.end(at, now, End::CaptureEnd);
        }
        self.closing.clear();
    }

    /// Tells all that is held, with gaps for what is missing before it, and goes on: no flow ends. What comes for those
    /// gaps later is told as [`Anomaly::LateData`].
    pub fn flush(&mut self) {
        let mut holders: Vec<u32> = self.holders.iter().map(|&(_, at)| at).collect();
        holders.sort_unstable_by_key(|&at| self.table.get_mut(at).map(|slot| slot.flow.id));
        let now = self.now;
        for at in holders {
            self.with_flow(at, now, |flow, out| flow.flush_held(GapReason::Flushed, out));
        }
    }

    /// Says that nobody reads a flow any more: nothing of it is held or told from now on but `Closed` and `Ended`. Its
    /// sequence numbers are followed, so that its end and its successor are still recognised. Its memory goes at
    /// once, what was declared missing by that included; nothing happens if there is no such flow (any more).
    pub fn forget(&mut self, flow: FlowId) {
        self.stop(flow, Direction::ToServer);
        self.stop(flow, Direction::ToClient);
    }

    /// As [`forget`](Self::forget), for one direction. What the other one says goes on to be told, and no longer
    /// waits for this one.
    pub fn stop(&mut self, flow: FlowId, dir: Direction) {
        if let Some(at) = self.table.find_flow(flow) {
            let now = self.now;
            self.with_flow(at, now, |flow, out| flow.mute(dir, out));
        }
    }

    /// The next event, if any.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The events that are there.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.events.drain(..)
    }

    /// Memory of what is held and kept to compare with; at most [`Config::worst_case`]. Events that were not taken
    /// out yet, and the table itself ([`FLOW_SIZE`](Self::FLOW_SIZE) for each of at most [`Config::max_flows`]), come
    /// on top.
    #[must_use]
    pub const fn buffered(&self) -> usize {
        self.held + self.replay
    }

    /// Flows in the table, those included that have ended and swallow stragglers.
    #[must_use]
    pub fn flows(&self) -> usize {
        self.table.len()
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn feed(&mut self, at: u32, segment: &mut Segment, from_low: bool) {
        let Some(slot) = self.table.get_mut(at) else { return };
        let flow = &mut slot.flow;
        let mut out = Out {
            events: &mut self.events,
            config: &self.config,
            stats: &mut self.stats,
            flow: flow.id,
            at: segment.at,
            packet: segment.packet,
            now: self.now,
            fate: Fate::Empty,
        };
        let dir = flow.dir(from_low);
        let verdict = flow.push(segment, dir, &mut out);
        let fate = out.fate;
        if verdict != Verdict::Reopen {
            self.stats.add_segment(fate);
        }
        match verdict {
            Verdict::Fast => {
                let replay = flow.replay_cost();
                let grown = replay != slot.replay;
                let due = self.now.saturating_sub(slot.touched) >= TOUCH_AFTER;
                if grown || due {
                    self.settle(at);
                }
            }
            Verdict::Done => self.settle(at),
            Verdict::Reopen => self.reopen(at, segment.clone(), from_low),
        }
    }

    /// Replaces an ended flow by a new one between the same ends.
    fn reopen(&mut self, at: u32, mut segment: Segment, from_low: bool) {
        let Some(slot) = self.table.get_mut(at) else { return };
        let (previous, client_was_low) = (slot.flow.id, slot.flow.client_is_low);
        let pending = slot.flow.pending.take();
        self.drop_flow(at);
        let (key, _) = Key::of(segment.src, segment.dst);
        if let Some(syn) = pending {
            // It was counted when it came, and is counted again.
            self.stats.empty = self.stats.empty.saturating_sub(1);
            self.stats.segments = self.stats.segments.saturating_sub(1);
            let syn_from_low = (syn.src == segment.src) == from_low;
            self.open(key, *syn, syn_from_low);
            match self.table.find(&key) {
                Some(at) => self.feed(at, &mut segment, from_low),
                None => self.open(key, segment, from_low),
            }
            return;
        }
        let is_syn = segment.flags.contains(Flags::SYN);
        let roles = (!is_syn).then_some((client_was_low, previous));
        self.open_as(key, segment, from_low, roles);
    }

    fn open(&mut self, key: Key, segment: Segment, from_low: bool) {
        self.open_as(key, segment, from_low, None);
    }

    /// Opens a flow, if the segment is worth one. `heir`: the roles and the name of the flow it follows.
    fn open_as(&mut self, key: Key, mut segment: Segment, from_low: bool, heir: Option<(bool, FlowId)>) {
        let flags = segment.flags;
        let is_syn = flags.contains(Flags::SYN) && !flags.intersects(Flags::FIN | Flags::RST);
        let has_data = segment.payload_len > 0 && !flags.intersects(Flags::RST | Flags::SYN);
        // The receiver dropped it, and there is no stream yet that its data could be of use to.
        let dropped = self.config.checksums == Checksums::Reject
            && matches!(segment.checksum, Checksum::Bad | Checksum::Offload);
        if !is_syn && !has_data || dropped {
            self.stats.bad_checksums += u64::from(dropped);
            self.stats.add_segment(Fate::Ignored);
            return;
        }
        let (origin, from_client) = match (is_syn, segment.ack) {
            (true, None) => (Origin::Handshake, true),
            (true, Some(_)) => (Origin::SynAck, false),
            _ => (Origin::MidStream, !self.is_server(segment.src.port(), segment.dst.port())),
        };
        let client_is_low = heir.map_or(from_client == from_low, |(client_was_low, _)| client_was_low);
        self.make_room(segment.at);
        let id = FlowId(self.next_flow);
        self.next_flow += 1;
        let mut flow = Connection::new(id, client_is_low, origin, &self.config);
        let dir = flow.dir(from_low);
        let (client, server) = match dir {
            Direction::ToServer => (segment.src, segment.dst),
            Direction::ToClient => (segment.dst, segment.src),
        };
        let policies = &self.config.policies;
        flow.set_policies(policies.of(server), policies.of(client));
        self.stats.opened += 1;
        let mut tell = |kind| {
            self.events.push_back(Event { flow: id, at: segment.at, packet: segment.packet, kind });
        };
        let one_sided = self.config.one_sided;
        tell(EventKind::Opened(Box::new(Opened { client, server, origin, one_sided })));
        if let Some((_, previous)) = heir {
            tell(EventKind::Anomaly { dir, what: Anomaly::DataAfterEnd { previous } });
        }
        let at = self.table.insert(key, flow, self.now);
        self.feed(at, &mut segment, from_low);
    }

    /// Whether the sender is the server, by its port; the first to speak is the client where ports say nothing.
    fn is_server(&self, from: u16, to: u16) -> bool {
        let rank = |port: u16| {
            let class = if self.config.server_ports.contains(&port) { 0 } else { 1 + u8::from(port >= 1024) };
            (class, port)
        };
        rank(from) < rank(to)
    }

    /// Brings the lists and totals up to date after a change of a flow, and keeps the limits over all flows.
    fn settle(&mut self, at: u32) {
        self.account(at, true);
        while self.held > self.config.max_held_total {
            let Some(&(_, most)) = self.holders.last() else { break };
            let now = self.now;
            if !self.with_flow(most, now, |flow, out| flow.relieve(out)).unwrap_or(false) {
                break;
            }
        }
        if self.replay > self.config.max_replay_total {
            self.sweep_replay(at);
        }
        self.stats.most_buffered = self.stats.most_buffered.max(self.buffered() as u64);
    }

    /// Brings the totals and lists up to date. `active`: a packet of the flow was the cause.
    fn account(&mut self, at: u32, active: bool) {
        let Some(slot) = self.table.get_mut(at) else { return };
        let (held, replay) = (slot.flow.held_cost(), slot.flow.replay_cost());
        let (was_held, was_replay) = (slot.held, slot.replay);
        (slot.held, slot.replay) = (held, replay);
        let class = if slot.flow.ended.is_some() {
            Class::Closed
        } else if slot.flow.is_established() {
            Class::Established
        } else {
            Class::HalfOpen
        };
        let touched = if active || class == Class::Closed { self.now } else { slot.touched };
        let due = active && self.now.saturating_sub(slot.touched) >= TOUCH_AFTER;
        if !slot.queued && slot.flow.is_closing() {
            slot.queued = true;
            let when = self.now.saturating_add(self.config.close_grace);
            self.closing.push_back((when, at, slot.flow.id));
        }
        let (waits, was_waiting) = (slot.flow.is_waiting(), core::mem::replace(&mut slot.waiting, false));
        slot.waiting = waits;
        let (rank, was_rank) = (held / STEP, was_held / STEP);
        if (rank, waits) != (was_rank, was_waiting) {
            self.holders.remove(&(was_rank, at));
            if waits {
                self.holders.insert((rank, at));
            }
        }
        self.held = self.held - was_held + held;
        self.replay = self.replay - was_replay + replay;
        if due || self.table.class(at) != Some(class) {
            self.table.touch(at, class, touched);
        }
    }

    /// Runs `act` on a flow outside of a packet of its own.
    fn with_flow<T>(
        &mut self,
        at: u32,
        when: Timestamp,
        act: impl FnOnce(&mut Connection, &mut Out<'_>) -> T,
    ) -> Option<T> {
        let slot = self.table.get_mut(at)?;
        let mut out = Out {
            events: &mut self.events,
            config: &self.config,
            stats: &mut self.stats,
            flow: slot.flow.id,
            at: when,
            packet: self.packet,
            now: self.now,
            fate: Fate::Empty,
        };
        let result = act(&mut slot.flow, &mut out);
        self.account(at, false);
        Some(result)
    }

    /// Ends a flow and forgets it.
    fn end(&mut self, at: u32, when: Timestamp, why: End) {
        self.with_flow(at, when, |flow, out| flow.finish(why, out));
        self.drop_flow(at);
    }

    fn drop_flow(&mut self, at: u32) {
        if let Some(slot) = self.table.remove(at) {
            self.stats.ended += 1;
            self.holders.remove(&(slot.held / STEP, at));
            self.held -= slot.held;
            self.replay -= slot.replay;
        }
    }

    /// Makes room for one more flow.
    fn make_room(&mut self, when: Timestamp) {
        while self.table.len() >= self.config.max_flows.max(1) {
            let Some(at) = Class::ALL.into_iter().find_map(|class| self.table.oldest(class)) else { break };
            self.end(at, when, End::Evicted);
        }
    }

    /// Looks again at FINs and RSTs that were doubted long enough.
    fn close_due(&mut self, when: Timestamp) {
        while let Some((_, at, id)) = self.closing.pop_front_if(|&mut (due, ..)| due <= self.now) {
            if self.table.get_mut(at).is_some_and(|slot| slot.flow.id == id) {
                if let Some(slot) = self.table.get_mut(at) {
                    slot.queued = false;
                }
                self.with_flow(at, when, |flow, out| flow.close_waiting(out));
            }
        }
    }

    /// Gives up replay rings of other flows in turn, and of this one if that is not enough.
    fn sweep_replay(&mut self, current: u32) {
        for _ in 0..SWEEP {
            if self.replay <= self.config.max_replay_total {
                return;
            }
            self.sweep = if self.sweep + 1 >= self.table.places() { 0 } else { self.sweep + 1 };
            if self.sweep != current {
                self.give_up_replay(self.sweep);
            }
        }
        // First its bytes, then the room for them, then its gaps.
        for _ in 0..3 {
            if self.replay > self.config.max_replay_total {
                self.give_up_replay(current);
            }
        }
    }

    fn give_up_replay(&mut self, at: u32) {
        if let Some(slot) = self.table.get_mut(at) {
            slot.flow.give_up_replay();
            let replay = slot.flow.replay_cost();
            self.replay = self.replay - slot.replay + replay;
            slot.replay = replay;
        }
    }
}
