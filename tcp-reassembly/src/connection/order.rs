//! In what order things are told, and when bytes are given up.
//!
//! Causal delivery: what X acknowledges of Y was known to X when it spoke, so it is told, as data or as a gap,
//! before what X said.

use std::collections::VecDeque;

use super::{Connection, Out};
use crate::half::piece::Piece;
use crate::half::{Acked, Start, Wait};
use crate::{Config, Direction, EventKind, GapReason, Origin, Seq};

/// Why the next bytes of a direction have to wait although they are here.
#[derive(Debug, Clone, Copy)]
enum Block {
    /// The other direction is about to find its start.
    Start,
    /// The other direction has to be told up to this offset first.
    Until(u64),
}

impl Connection {
    /// Tells everything that can be told now.
    pub(super) fn pump(&mut self, out: &mut Out<'_>) {
        for dir in Direction::BOTH {
            self.release_start(dir, out);
        }
        loop {
            let mut moved = false;
            for dir in Direction::BOTH {
                moved |= self.close_if_acked(dir, out);
                moved |= self.deliver(dir, out);
            }
            let settled = moved
                || Direction::BOTH.into_iter().any(|dir| self.unblock(dir, out))
                || Direction::BOTH.into_iter().any(|dir| self.give_up_acked(dir, out));
            if !settled {
                break;
            }
        }
        for dir in Direction::BOTH {
            self.settle_aside(dir, out);
        }
    }

    /// Ends the hold of a start that has lasted long enough.
    fn release_start(&mut self, dir: Direction, out: &Out<'_>) {
        let half = self.half(dir);
        let Start::Holding { packets, since } = half.start else { return };
        let config = out.config;
        if self.packets.saturating_sub(packets) + 1 >= u64::from(config.start_hold_packets)
            || out.now.saturating_sub(since) >= config.start_hold_time
            || half.held.bytes() >= config.start_hold_bytes
        {
            self.fix_start(dir, out);
        }
    }

    /// The lowest byte held becomes offset 0. Where the peer's whole side is known from its SYN on, its first
    /// acknowledgement is where this side began, and what lies between was missed.
    pub(super) fn fix_start(&mut self, dir: Direction, out: &Out<'_>) {
        let from_syn = self.origin == Origin::Handshake && self.half(dir.flip()).isn.is_some();
        let half = self.half_mut(dir);
        let lowest = half.lowest();
        let began =
            half.first_ack.filter(|_| from_syn).map(|first| half.position(first).max(0).unsigned_abs());
        let near = |began: &u64| {
            lowest.checked_sub(*began).is_some_and(|missed| missed <= u64::from(out.config.max_ahead))
        };
        half.settle(began.filter(near).unwrap_or(lowest));
        self.replay_last_ack(dir, out);
    }

    /// Tells what is next and not blocked.
    fn deliver(&mut self, dir: Direction, out: &mut Out<'_>) -> bool {
        let mut moved = false;
        while self.is_next(dir) && self.block(dir, out.config).is_none() {
            self.tell_front(dir, out);
            moved = true;
        }
        moved
    }

    /// Whether the next bytes are held.
    fn is_next(&self, dir: Direction) -> bool {
        let half = self.half(dir);
        half.is_known() && half.held.front().is_some_and(|front| front.start == half.next)
    }

    fn block(&self, dir: Direction, config: &Config) -> Option<Block> {
        self.block_by(dir, self.half(dir).held.front()?.ack, config)
    }

    /// What bytes that came with this acknowledgement have to wait for.
    fn block_by(&self, dir: Direction, ack: Option<Seq>, config: &Config) -> Option<Block> {
        let ack = ack?;
        let other = self.half(dir.flip());
        if other.is_holding() {
            return Some(Block::Start);
        }
        if !other.is_known() {
            return None;
        }
        let need = match other.read_ack(ack, config) {
            Acked::Data(position) => position.max(0).unsigned_abs(),
            Acked::Fin(offset) => offset,
            Acked::Absurd(_) => return None,
        };
        // One beyond what was seen, with nothing held: as likely a FIN that was not captured as a byte.
        let maybe_fin = need == other.next + 1 && other.held.is_empty() && other.fin.is_none();
        (need > other.next && !maybe_fin).then_some(Block::Until(need))
    }

    /// Whether bytes that were just captured are next, and nothing has to be told before them.
    pub(super) fn may_tell(&self, dir: Direction, start: u64, ack: Option<Seq>, config: &Config) -> bool {
        let (half, other) = (self.half(dir), self.half(dir.flip()));
        half.is_known()
            && half.held.is_empty()
            && half.next == start
            && other.held.is_empty()
            && (other.fin.is_none() || other.closed.is_some())
            && self.block_by(dir, ack, config).is_none()
    }

    /// Tells the first held piece, which is the next.
    fn tell_front(&mut self, dir: Direction, out: &mut Out<'_>) {
        if let Some(piece) = self.half_mut(dir).held.pop_front() {
            self.tell(dir, piece, out);
        }
    }

    /// Tells the next piece.
    pub(super) fn tell(&mut self, dir: Direction, mut piece: Piece, out: &mut Out<'_>) {
        let (packets, now) = (self.packets, out.now);
        let half = self.half_mut(dir);
        if half.muted {
            out.stats.unread_bytes += half.follow(piece.end().cast_signed(), packets, now);
            return;
        }
        let Some(bytes) = &piece.bytes else {
            self.gap(dir, piece.end(), GapReason::Truncated, out);
            return;
        };
        half.replay.push(piece.start, bytes, piece.backing, piece.source.stamp, out.config.max_replay);
        while let Some(at) = half.next_urgent(piece.end()) {
            if at > piece.start {
                half.advance(at - piece.start, packets, now);
                emit_data(dir, piece.part(piece.start, at), out);
            }
            half.advance(1, packets, now);
            let source = piece.source.stamp;
            if let Some(&byte) = piece.part(at, at + 1).bytes.as_deref().and_then(<[u8]>::first) {
                out.emit_from(source.packet, piece.source.at, EventKind::Urgent { dir, offset: at, byte });
            }
            piece = piece.part(at + 1, piece.end());
        }
        if piece.len > 0 {
            half.advance(u64::from(piece.len), packets, now);
            emit_data(dir, piece, out);
        }
    }

    /// Declares everything up to `to` missing, as far as there is not even a doubtful copy.
    fn gap(&mut self, dir: Direction, to: u64, why: GapReason, out: &mut Out<'_>) {
        let packets = self.packets;
        self.settle_aside(dir, out);
        while self.half(dir).next < to {
            let end = match self.take_aside(dir, to) {
                Ok(piece) => {
                    self.tell_aside(dir, piece, out);
                    continue;
                }
                Err(next) => next.map_or(to, |next| next.min(to)),
            };
            let half = self.half_mut(dir);
            let (offset, len) = (half.next, end.saturating_sub(half.next));
            half.replay.push_gap(offset, len);
            half.advance(len, packets, out.now);
            if half.muted {
                out.stats.unread_bytes += len;
                continue;
            }
            out.stats.add_gap(why, len);
            out.emit(EventKind::Gap { dir, offset, len, why });
        }
    }

    /// Where `dir` waits for bytes of the other direction that were acknowledged and did not come in time, those
    /// are declared missing.
    fn unblock(&mut self, dir: Direction, out: &mut Out<'_>) -> bool {
        if !self.is_next(dir) {
            return false;
        }
        let Some(Block::Until(need)) = self.block(dir, out.config) else { return false };
        let packets = self.packets;
        let peer = self.half_mut(dir.flip());
        // An acknowledgement that came before the start was known has not been waited for yet.
        peer.wait.get_or_insert(Wait { packets, since: out.now });
        if !peer.grace_over(packets, out.now, out.config) {
            return false;
        }
        self.bring_to(dir.flip(), need, out);
        true
    }

    /// One step of `dir` towards `need`, which the receiver acknowledged.
    fn bring_to(&mut self, dir: Direction, need: u64, out: &mut Out<'_>) {
        if self.is_next(dir) {
            // Each side waits for the other: no order of sending explains that, so any will do.
            self.tell_front(dir, out);
        } else {
            let to = self.half(dir).hole_end().map_or(need, |end| end.min(need));
            self.gap(dir, to, GapReason::Acked, out);
        }
    }

    /// Acknowledged, and later bytes (or the FIN) are here: it was sent, it arrived, and the capture missed it.
    fn give_up_acked(&mut self, dir: Direction, out: &mut Out<'_>) -> bool {
        let half = self.half(dir);
        if !half.is_known() || half.acked <= half.next {
            return false;
        }
        let Some(end) = half.hole_end() else { return false };
        if !half.grace_over(self.packets, out.now, out.config) {
            return false;
        }
        let to = end.min(half.acked);
        self.gap(dir, to, GapReason::Acked, out);
        true
    }

    /// Gives up whatever keeps the lowest held bytes of `dir` waiting. One step; whether there was one.
    pub(super) fn skip(&mut self, dir: Direction, why: GapReason, out: &mut Out<'_>) -> bool {
        if self.half(dir).is_holding() {
            self.fix_start(dir, out);
            return true;
        }
        if let Some(end) = self.half(dir).hole_end() {
            self.gap(dir, end, why, out);
            return true;
        }
        if !self.is_next(dir) {
            return false;
        }
        match self.block(dir, out.config) {
            Some(Block::Start) => self.fix_start(dir.flip(), out),
            Some(Block::Until(need)) => self.bring_to(dir.flip(), need, out),
            None => self.tell_front(dir, out),
        }
        true
    }

    /// Gives up holes of both directions until what is held is within its limits.
    pub(super) fn keep_limits(&mut self, out: &mut Out<'_>) {
        for dir in Direction::BOTH {
            loop {
                let held = &self.half(dir).held;
                let over =
                    held.bytes() > out.config.max_held_bytes || held.len() > out.config.max_held_pieces;
                if !over || !self.skip(dir, GapReason::Limit, out) {
                    break;
                }
                self.pump(out);
            }
        }
    }

    /// Holds less, as memory over all flows is short. Whether it could.
    pub(crate) fn relieve(&mut self, out: &mut Out<'_>) -> bool {
        let [server, client] = Direction::BOTH.map(|dir| self.half(dir).held.cost());
        let dir = if client > server { Direction::ToClient } else { Direction::ToServer };
        if server.max(client) > 0 && self.skip(dir, GapReason::Limit, out) {
            self.pump(out);
            self.end_if_closed(out);
            return true;
        }
        let before = self.held_cost();
        self.drop_pending(out);
        for dir in Direction::BOTH {
            self.accept_syn_data(dir, out);
            self.drop_aside(dir, out);
            // Bytes whose places are forgotten stay in the stream.
            if let Some(urgent) = &mut self.half_mut(dir).urgent {
                urgent.places = VecDeque::new();
            }
        }
        self.pump(out);
        self.held_cost() < before
    }

    /// Gives up holes that are too old, and ends waits that are over.
    pub(crate) fn expire_holes(&mut self, out: &mut Out<'_>) {
        if self.ended.is_some() {
            return;
        }
        self.pump(out);
        for dir in Direction::BOTH {
            loop {
                let half = self.half(dir);
                let since = match half.held.front() {
                    Some(front) => Some(front.since),
                    None => half.fin.filter(|fin| fin.offset > half.next).map(|fin| fin.since),
                };
                let old = since.is_some_and(|at| out.now.saturating_sub(at) >= out.config.gap_timeout);
                if !old || !self.skip(dir, GapReason::Timeout, out) {
                    break;
                }
                self.pump(out);
            }
        }
        self.end_if_closed(out);
    }

    /// Tells all that is held, with gaps for what is not there, in the order of the packets as far as can be told.
    pub(super) fn flush(&mut self, why: GapReason, out: &mut Out<'_>) {
        self.flush_held(why, out);
        for dir in Direction::BOTH {
            if self.half(dir).is_holding() {
                self.fix_start(dir, out);
            }
            self.flush_tail(dir, why, out);
            self.drop_aside(dir, out);
        }
        self.pump(out);
    }

    /// Tells all that is held, and goes on.
    pub(crate) fn flush_held(&mut self, why: GapReason, out: &mut Out<'_>) {
        if self.ended.is_some() {
            return;
        }
        for dir in Direction::BOTH {
            self.accept_syn_data(dir, out);
        }
        self.pump(out);
        loop {
            let first = |dir: Direction| self.half(dir).held.front().map(|front| front.source.stamp.packet);
            let dir = match (first(Direction::ToServer), first(Direction::ToClient)) {
                (Some(server), Some(client)) if client < server => Direction::ToClient,
                (Some(_), _) => Direction::ToServer,
                (None, Some(_)) => Direction::ToClient,
                (None, None) => break,
            };
            if !self.skip(dir, why, out) {
                break;
            }
            self.pump(out);
        }
    }

    /// What is known to have been sent after the last byte that was seen.
    fn flush_tail(&mut self, dir: Direction, why: GapReason, out: &mut Out<'_>) {
        let half = self.half(dir);
        if !half.is_known() {
            return;
        }
        let to = half.fin.map_or_else(|| half.acked.max(self.aside_end(dir)), |fin| fin.offset);
        let other_closing = self.half(dir.flip()).fin.is_some() || self.reset.is_some();
        // A FIN that was not captured counts one, too.
        if half.fin.is_none() && to == half.next + 1 && other_closing {
            return;
        }
        self.gap(dir, to, why, out);
    }
}

fn emit_data(dir: Direction, piece: Piece, out: &mut Out<'_>) {
    let source = piece.source;
    out.stats.delivered.add(u64::from(piece.len));
    let data = EventKind::Data {
        dir,
        offset: piece.start,
        bytes: piece.bytes.unwrap_or_default(),
        packet_offset: source.packet_offset,
        released_by: out.packet,
    };
    out.emit_from(source.stamp.packet, source.at, data);
}
