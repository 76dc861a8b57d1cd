//! One flow: two directions, and what each says about the other.

mod aside;
mod close;
mod doubt;
mod handshake;
mod order;
mod out;
mod payload;

pub(crate) use self::out::Out;
use self::out::Told;
use crate::half::piece::{Note, Source, Stamp};
use crate::half::trust::print;
use crate::half::{Half, Start};
use crate::stats::Fate;
use crate::{
    Config, Direction, Doubt, End, EventKind, Flags, FlowId, Origin, Policy, Segment, Seq, Timestamp,
};

/// What became of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Next in order, or a plain acknowledgement: nothing but the edge (and the replay ring) changed.
    Fast,
    /// Dealt with.
    Done,
    /// It belongs to another connection between the same ends; this one has ended.
    Reopen,
}

/// An RST where the next byte was expected, doubted for a while.
#[derive(Debug, Clone, Copy)]
struct Reset {
    dir: Direction,
    since: Timestamp,
    at: Timestamp,
    packet: u64,
}

/// A flow.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: FlowId,
    /// Whether the client is the lower of the two ends, in the order of the table's key.
    pub(crate) client_is_low: bool,
    origin: Origin,
    packets: u64,
    /// When anything but packets in order came last.
    stirred: Timestamp,
    to_server: Half,
    to_client: Half,
    reset: Option<Reset>,
    /// An RST ahead of what was seen, and where: it counts if the stream turns out to end there.
    reset_ahead: Option<(u64, Reset)>,
    /// A SYN that does not fit, until the next segments show which connection lives.
    pub(crate) pending: Option<Box<Segment>>,
    roles_corrected: bool,
    pub(crate) ended: Option<End>,
    told: Option<Box<Told>>,
    /// Nothing is pending: segments in order need no second look.
    calm: bool,
}

impl Connection {
    pub(crate) fn new(id: FlowId, client_is_low: bool, origin: Origin, config: &Config) -> Self {
        let mut flow = Self {
            id,
            client_is_low,
            origin,
            packets: 0,
            stirred: Timestamp::ZERO,
            to_server: Half::new(),
            to_client: Half::new(),
            reset: None,
            reset_ahead: None,
            pending: None,
            roles_corrected: false,
            ended: None,
            told: None,
            calm: true,
        };
        if let Some(dir) = config.one_sided {
            flow.half_mut(dir).start = Start::Missing;
        }
        flow
    }

    /// How the two receivers resolve overlaps: the server, the client.
    pub(crate) const fn set_policies(&mut self, server: Policy, client: Policy) {
        self.to_server.policy = server;
        self.to_client.policy = client;
    }

    /// Stops telling what is said in `dir`: nothing is held or kept any more.
    pub(crate) fn mute(&mut self, dir: Direction, out: &mut Out<'_>) {
        if self.ended.is_some() {
            return;
        }
        self.half_mut(dir).muted = true;
        // Holes are over, also for the other direction, which may have waited for this one.
        while self.half(dir).is_holding() || !self.half(dir).held.is_empty() {
            if !self.skip(dir, crate::GapReason::Closed, out) {
                break;
            }
        }
        self.half_mut(dir).free();
        self.pump(out);
        self.end_if_closed(out);
    }

    const fn half(&self, dir: Direction) -> &Half {
        match dir {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }

    const fn half_mut(&mut self, dir: Direction) -> &mut Half {
        match dir {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// The direction of a segment that the low (or the other) end sent.
    pub(crate) const fn dir(&self, from_low: bool) -> Direction {
        if from_low == self.client_is_low { Direction::ToServer } else { Direction::ToClient }
    }

    /// Memory of held pieces and other waiting things.
    pub(crate) fn held_cost(&self) -> usize {
        let pending = self.pending.as_ref().map_or(0, |syn| size_of::<Segment>() + syn.payload.len());
        self.to_server.held_cost() + self.to_client.held_cost() + pending
    }

    /// Whether time can move this flow on: something is held, or a FIN stands behind a hole.
    pub(crate) fn is_waiting(&self) -> bool {
        self.held_cost() > 0 || self.to_server.hole_end().is_some() || self.to_client.hole_end().is_some()
    }

    /// Memory of the replay rings.
    pub(crate) fn replay_cost(&self) -> usize {
        self.to_server.replay.cost() + self.to_client.replay.cost()
    }

    /// Gives up delivered bytes to compare with; where there are none, what else is remembered.
    pub(crate) fn give_up_replay(&mut self) {
        self.to_server.replay.give_up();
        self.to_client.replay.give_up();
    }

    /// Whether there is anything to keep for long: both sides seen, or data.
    pub(crate) fn is_established(&self) -> bool {
        !self.to_server.is_absent() && !self.to_client.is_absent()
            || self.to_server.next > 0
            || self.to_client.next > 0
    }

    /// Takes one segment. Its payload is moved out where it can be.
    pub(crate) fn push(&mut self, segment: &mut Segment, dir: Direction, out: &mut Out<'_>) -> Verdict {
        self.packets += 1;
        if self.calm && self.fast(segment, dir, out) {
            return Verdict::Fast;
        }
        let verdict = if self.ended.is_some() {
            self.after_end(segment, dir, out)
        } else {
            self.slow(segment, dir, out)
        };
        self.calm = self.ended.is_none()
            && self.reset.is_none()
            && self.reset_ahead.is_none()
            && self.pending.is_none()
            && self.to_server.is_calm()
            && self.to_client.is_calm();
        verdict
    }

    /// The case that nearly all packets are: in order, nothing held, acknowledging what was told.
    fn fast(&mut self, segment: &mut Segment, dir: Direction, out: &mut Out<'_>) -> bool {
        let (half, other) = match dir {
            Direction::ToServer => (&mut self.to_server, &mut self.to_client),
            Direction::ToClient => (&mut self.to_client, &mut self.to_server),
        };
        if segment.flags.intersects(Flags::SYN | Flags::FIN | Flags::RST | Flags::URG)
            || half.start != Start::Known
            || half.next_seq != segment.seq()
            || half.fin.is_some()
            || !half.held.is_empty()
            || !other.held.is_empty()
        {
            return false;
        }
        let mut acked = None;
        if let Some(ack) = segment.ack() {
            let ahead = ack.since(other.next_seq);
            let told = match other.start {
                Start::Known => ahead <= i32::from(other.closed.is_some()),
                Start::Missing => true,
                _ => false,
            };
            if !told {
                return false;
            }
            acked = (other.start == Start::Known).then_some(ahead);
        }
        let captured = segment.payload.len() as u64;
        let end = half.next + captured;
        if captured != u64::from(segment.payload_len) || !half.trust.passes(segment, end, out.now, out.config)
        {
            return false;
        }
        let print = print(segment);
        if captured == 0 && half.trust.is_duplicate(print) {
            out.stats.duplicates += 1;
        }
        half.trust.note_packet(print);
        if let Some(ahead) = acked {
            let position = other.next.cast_signed().saturating_add(i64::from(ahead));
            other.note_window(position, segment.window, half.trust.shift(&other.trust));
        }
        if captured == 0 {
            return true;
        }
        if half.muted {
            out.fate = Fate::Unread;
            out.stats.unread_bytes += captured;
            half.advance(captured, self.packets, out.now);
            return true;
        }
        out.fate = Fate::InOrder;
        out.stats.delivered.add(captured);
        let offset = half.next;
        half.replay.push(
            offset,
            &segment.payload,
            segment.backing,
            stamp(segment, Note::Plain),
            out.config.max_replay,
        );
        half.advance(captured, self.packets, out.now);
        out.emit(EventKind::Data {
            dir,
            offset,
            bytes: core::mem::take(&mut segment.payload),
            packet_offset: segment.packet_offset,
            released_by: segment.packet,
        });
        true
    }

    fn slow(&mut self, segment: &mut Segment, dir: Direction, out: &mut Out<'_>) -> Verdict {
        self.stirred = out.now;
        self.note_duplicate(segment, dir, out);
        let doubt = match self.judge_checksum(segment, dir, out) {
            doubt::Header::Believed(doubt) => doubt,
            doubt::Header::Ignored => {
                self.take_rejected(segment, dir, out);
                return Verdict::Done;
            }
        };
        if self.pending.is_some() {
            match self.judge_pending(segment, dir, out) {
                handshake::Step::Go => {}
                handshake::Step::Stop => return Verdict::Done,
                handshake::Step::Reopen => return Verdict::Reopen,
            }
        }
        let mut seq = segment.seq();
        if segment.flags.contains(Flags::SYN) {
            match self.on_syn(segment, dir, out) {
                handshake::Step::Go => seq = seq.plus(1),
                handshake::Step::Stop => return Verdict::Done,
                handshake::Step::Reopen => return Verdict::Reopen,
            }
        } else {
            let half = self.half_mut(dir);
            if matches!(half.start, Start::Unseen | Start::Seen | Start::Missing) {
                half.start = Start::Seen;
                half.next_seq = seq;
            }
        }
        if segment.flags.contains(Flags::RST) {
            self.on_rst(segment, dir, out);
            return Verdict::Done;
        }
        if let Some(reopen) = self.out_of_window(segment, seq, dir, out) {
            return if reopen { Verdict::Reopen } else { Verdict::Done };
        }
        if let Some(ack) = segment.ack() {
            self.note_ack(dir.flip(), ack, segment, out);
        }
        if segment.payload_len > 0 {
            self.take_payload(segment, seq, dir, doubt, out);
        }
        self.half_mut(dir).trust.note_ttl(segment);
        if segment.flags.contains(Flags::FIN) {
            self.on_fin(seq.plus(segment.payload_len), dir, out);
        }
        self.pump(out);
        self.keep_limits(out);
        if segment.payload_len > 0 {
            self.settle(seq, segment.payload_len, dir);
        }
        self.reach_reset();
        self.end_if_closed(out);
        Verdict::Done
    }

    /// Settles what is left waiting of a segment.
    fn settle(&mut self, seq: Seq, len: u32, dir: Direction) {
        let half = self.half_mut(dir);
        let from = half.position(seq).max(0).unsigned_abs();
        // What lies behind a hole was settled when it was put there.
        if !half.held.is_empty() && from <= half.next {
            half.held.settle(from, from + u64::from(len));
        }
        debug_assert!(half.held.is_settled());
    }
}

/// What is kept of a segment beside its bytes.
fn stamp(segment: &Segment, note: Note) -> Stamp {
    let note = if note == Note::Plain && segment.payload_len == 1 { Note::Lone } else { note };
    Stamp {
        packet: segment.packet,
        ip_id: segment.ip_id.unwrap_or_default(),
        ttl: segment.ttl.unwrap_or_default(),
        note,
    }
}

/// Where the bytes of a segment come from.
fn source(segment: &Segment, doubt: Option<Doubt>) -> Source {
    let note = match doubt {
        Some(doubt) => Note::Doubted(doubt),
        None if segment.flags.contains(Flags::SYN) => Note::Syn,
        None => Note::Plain,
    };
    Source { stamp: stamp(segment, note), at: segment.at, packet_offset: segment.packet_offset }
}
