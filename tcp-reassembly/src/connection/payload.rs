//! What a segment brings: acknowledgement and payload, each put in its place.

use bytes::Bytes;

use super::doubt::Doubted;
use super::{Connection, Out, source};
use crate::half::piece::{Piece, Source, Stamp, slice};
use crate::half::replay::Known;
use crate::half::{Acked, Fin, Start, Wait};
use crate::stats::Fate;
use crate::{Anomaly, Direction, Doubt, EventKind, Flags, Segment, Seq, Urgent};

/// Segments out of the window that have to follow each other to be believed.
const ELSEWHERE_RUN: u8 = 4;

/// What an overlap with one piece costs beside the comparison of its bytes, in bytes.
const PIECE_WORK: u64 = 64;

/// Bytes on their way to their place: a payload, or data of a SYN that waited.
#[derive(Debug)]
pub(super) struct Arrival<'a> {
    pub(super) bytes: &'a Bytes,
    /// Their number on the wire.
    pub(super) len: u32,
    pub(super) source: Source,
    /// Memory that the bytes of a packet keep alive, where that is known (0: not); `None` for a copy.
    pub(super) backing: Option<u32>,
    pub(super) ack: Option<Seq>,
    /// Whether the receiver may have dropped them.
    pub(super) aside: bool,
}

impl Connection {
    /// Whether the segment cannot be of this stream, and if so, whether it begins another one.
    pub(super) fn out_of_window(
        &mut self,
        segment: &Segment,
        seq: Seq,
        dir: Direction,
        out: &mut Out<'_>,
    ) -> Option<bool> {
        let half = self.half_mut(dir);
        if !half.is_known() && !half.is_holding() {
            return None;
        }
        let distance = i64::from(seq.since(half.next_seq));
        if distance.unsigned_abs() <= u64::from(out.config.max_ahead) {
            half.elsewhere = None;
            return None;
        }
        let len = segment.payload_len;
        if len == 0 && !segment.flags.contains(Flags::FIN) {
            out.fate = Fate::Stray;
            return Some(false);
        }
        // One stray segment is a stray; a run of them in sequence is where the conversation is now, be it behind a
        // hole as large as the window or in a new connection whose SYN was not captured.
        let run = match half.elsewhere {
            Some((next, run)) if next == seq => run.saturating_add(u8::from(len > 0)),
            _ => 1,
        };
        half.elsewhere = Some((seq.plus(len), run));
        if run >= ELSEWHERE_RUN {
            self.replace(out);
            return Some(true);
        }
        out.fate = Fate::Stray;
        self.anomaly(dir, Anomaly::OutOfWindow { distance, len: u64::from(len) }, out);
        Some(false)
    }

    /// Notes that the receiver of `dir` acknowledged up to `ack`.
    pub(super) fn note_ack(&mut self, dir: Direction, ack: Seq, segment: &Segment, out: &mut Out<'_>) {
        let packets = self.packets;
        let shift = self.half(dir.flip()).trust.shift(&self.half(dir).trust);
        let half = self.half_mut(dir);
        if !half.is_known() {
            let first = *half.first_ack.get_or_insert(ack);
            if half.last_ack.is_none_or(|last| ack.since(last) > 0) {
                half.last_ack = Some(ack);
            }
            // A side is missing when its peer goes on to acknowledge bytes that nobody saw.
            if half.start == Start::Unseen && segment.payload_len > 0 && ack.since(first) > 0 {
                half.unseen_acks = half.unseen_acks.saturating_add(1);
                if half.unseen_acks >= out.config.one_sided_after {
                    half.start = Start::Missing;
                    out.emit(EventKind::OneSided { missing: dir });
                }
            }
            return;
        }
        let position = half.position(ack);
        let open = half.closed.is_none();
        if let Some(fin) = &mut half.fin
            && open
            && let Some(other) = fin.other
            && position == other.cast_signed() + 1
        {
            fin.other = Some(fin.offset);
            fin.offset = other;
        }
        match half.read_ack(ack, out.config) {
            Acked::Absurd(ahead) => {
                self.anomaly(dir.flip(), Anomaly::AckUnseen { ahead }, out);
                return;
            }
            Acked::Fin(offset) => {
                half.acked = half.acked.max(offset);
                if let Some(fin) = &mut half.fin {
                    fin.acked = true;
                }
            }
            Acked::Data(position) => half.acked = half.acked.max(position.max(0).unsigned_abs()),
        }
        if !segment.flags.contains(Flags::RST) {
            // RFC 7323, section 2.2: the window of a SYN is never scaled.
            let shift = if segment.flags.contains(Flags::SYN) { shift.map(|_| 0) } else { shift };
            half.note_window(position, segment.window, shift);
        }
        if half.acked > half.next && half.wait.is_none() {
            half.wait = Some(Wait { packets, since: out.now });
        }
        if half.syn_data.is_some() {
            self.judge_syn_data(dir, position, out);
        }
        self.believe_acked(dir, out);
    }

    /// Finds the place of a payload: compares what was told, holds what is new.
    pub(super) fn take_payload(
        &mut self,
        segment: &Segment,
        seq: Seq,
        dir: Direction,
        doubt: Option<Doubt>,
        out: &mut Out<'_>,
    ) {
        if !self.half(dir).is_known() && !self.half(dir).is_holding() {
            self.begin_with_data(seq, dir, out);
        }
        if self.half(dir).muted {
            self.follow(segment, seq, dir, out);
            return;
        }
        let position = self.half(dir).position(seq);
        if segment.flags.contains(Flags::URG) {
            self.note_urgent(segment, position, dir, out);
        }
        let half = self.half(dir);
        if segment.payload_len == 1 && half.is_known() && self.is_probe(segment, position, dir, out) {
            out.fate = Fate::Probe;
            return;
        }
        self.settle_syn_data(segment, position, dir, out);
        let doubted = self.judge_data(segment, seq, dir, doubt, out);
        self.place_segment(segment, position, dir, doubted, out);
    }

    /// Puts the payload of a segment at `position`.
    pub(super) fn place_segment(
        &mut self,
        segment: &Segment,
        position: i64,
        dir: Direction,
        doubted: Doubted,
        out: &mut Out<'_>,
    ) {
        let source = source(segment, doubted.why);
        let ack = segment.ack();
        let arrival = Arrival {
            bytes: &segment.payload,
            len: segment.payload_len,
            source,
            backing: Some(segment.backing),
            ack,
            aside: doubted.aside,
        };
        self.place(dir, position, &arrival, out);
    }

    /// Follows a direction that nobody reads.
    fn follow(&mut self, segment: &Segment, seq: Seq, dir: Direction, out: &mut Out<'_>) {
        let packets = self.packets;
        if self.half(dir).is_holding() {
            self.fix_start(dir, out);
        }
        let half = self.half_mut(dir);
        let end = half.position(seq).saturating_add(i64::from(segment.payload_len));
        let len = half.follow(end, packets, out.now);
        out.fate = Fate::Unread;
        out.stats.unread_bytes += len;
        if len > 0 && self.reset.is_some_and(|reset| reset.dir == dir) {
            self.reset = None;
        }
    }

    /// RFC 6093, section 3: the byte before the one that the urgent pointer points to is what sockets take out.
    fn note_urgent(&mut self, segment: &Segment, position: i64, dir: Direction, out: &Out<'_>) {
        let Some(pointer) = segment.urgent.filter(|&pointer| pointer > 0) else { return };
        let half = self.half_mut(dir);
        if out.config.urgent == Urgent::Inline || !half.is_known() {
            return;
        }
        let Ok(offset) = u64::try_from(position.saturating_add(i64::from(pointer) - 1)) else { return };
        if offset < half.next {
            return;
        }
        let urgent = half.urgent.get_or_insert_default();
        if urgent.count >= out.config.max_urgent || urgent.places.len() >= out.config.max_held_pieces {
            return;
        }
        let place = urgent.places.partition_point(|&at| at < offset);
        if urgent.places.get(place) != Some(&offset) {
            urgent.count += 1;
            urgent.places.insert(place, offset);
        }
    }

    /// Where a direction begins whose SYN was not seen. RFC 9293 has no such case; see [`Start`].
    fn begin_with_data(&mut self, seq: Seq, dir: Direction, out: &Out<'_>) {
        let packets = self.packets;
        self.half_mut(dir).hold(seq, packets, out.now);
    }

    /// Reads the acknowledgement that came before the start was known.
    pub(super) fn replay_last_ack(&mut self, dir: Direction, out: &Out<'_>) {
        let packets = self.packets;
        let half = self.half_mut(dir);
        half.first_ack = None;
        let Some(ack) = half.last_ack.take() else { return };
        match half.read_ack(ack, out.config) {
            Acked::Data(position) => half.acked = position.max(0).unsigned_abs(),
            Acked::Fin(offset) => {
                half.acked = offset;
                if let Some(fin) = &mut half.fin {
                    fin.acked = true;
                }
            }
            Acked::Absurd(_) => {}
        }
        if half.acked > half.next {
            half.wait = Some(Wait { packets, since: out.now });
        }
    }

    /// RFC 9293, section 3.8.4: a keep-alive may carry one byte of garbage right below the next byte.
    fn is_probe(&mut self, segment: &Segment, position: i64, dir: Direction, out: &mut Out<'_>) -> bool {
        let half = self.half(dir);
        let after = position + 1;
        if after == half.next.cast_signed() {
            return true;
        }
        // Below the acknowledged edge behind a hole: it may be garbage, and a gap is honest. Not so while the hole is young:
        // a keep-alive ends a silence, and what comes just behind its acknowledgement was overtaken by it.
        let silent = |wait: Wait| out.now.saturating_sub(wait.since) >= out.config.ack_grace_time;
        if after == half.acked.cast_signed()
            && position > half.next.cast_signed()
            && half.wait.is_some_and(silent)
        {
            let offset = position.unsigned_abs();
            if let Some(&byte) = segment.payload.first()
                && !half.held.covers(offset)
            {
                self.anomaly(dir, Anomaly::ProbeByte { offset, byte }, out);
            }
            return true;
        }
        false
    }

    /// Puts bytes at `position`.
    pub(super) fn place(&mut self, dir: Direction, position: i64, arrival: &Arrival<'_>, out: &mut Out<'_>) {
        let Arrival { bytes, len, source, backing, ack, aside } = *arrival;
        let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(len);
        let half = self.half(dir);
        let holding = half.is_holding();
        let next = if holding { 0 } else { half.next };
        let end = position.saturating_add(i64::from(len)).max(0).unsigned_abs();
        out.fate = Fate::Repeated;

        // Below the start.
        let before = u32::try_from(position.min(0).unsigned_abs()).unwrap_or(u32::MAX).min(len);
        if before > 0 {
            let bytes = slice(bytes, 0, before);
            self.anomaly(dir, Anomaly::BeforeStart { distance: position.unsigned_abs(), bytes }, out);
        }

        // Told before.
        let from = position.max(0).unsigned_abs();
        let told = u32::try_from(next.min(end).saturating_sub(from)).unwrap_or(len).min(len - before);
        if told > 0 {
            let again = slice(bytes, before, told.min(captured.saturating_sub(before)));
            out.stats.repeated_bytes += again.len() as u64;
            self.check_told(dir, from, &again, source.stamp, out);
        }

        // New.
        let skip = before + told;
        if skip >= len {
            return;
        }
        let start = from + u64::from(told);
        let taken = if aside {
            len - skip
        } else {
            self.admit(dir, start, len - skip, &slice(bytes, skip, len - skip), out)
        };
        let (len, captured) = (skip + taken, captured.min(skip + taken));
        if taken == 0 {
            return;
        }
        let seen = captured.saturating_sub(skip);
        let owner = (start, start + u64::from(taken));
        let (since, shared, backing) = (out.now, backing.is_some(), backing.unwrap_or(seen));
        let mut piece = Piece { start, len: seen, bytes: None, owner, source, ack, since, shared, backing };
        piece.source.packet_offset = source.packet_offset.wrapping_add(skip);
        if seen > 0 {
            piece.bytes = Some(slice(bytes, skip, seen));
            if aside {
                self.put_aside(dir, piece, out);
                return;
            }
        }
        // What was on the wire and the capture cut off. A whole copy may still take its place.
        let cut = len - skip - seen;
        if cut == 0 {
            self.put(dir, piece, out);
            return;
        }
        if seen > 0 {
            self.put(dir, piece.clone(), out);
        }
        if !aside {
            piece.start += u64::from(seen);
            piece.len = cut;
            piece.bytes = None;
            piece.source.packet_offset = piece.source.packet_offset.wrapping_add(seen);
            self.put(dir, piece, out);
        }
    }

    /// Tells a new piece if it is next, or holds it.
    pub(super) fn put(&mut self, dir: Direction, piece: Piece, out: &mut Out<'_>) {
        if self.may_tell(dir, piece.start, piece.ack, out.config) {
            out.fate = Fate::InOrder;
            self.tell(dir, piece, out);
            return;
        }
        let half = self.half_mut(dir);
        let allowed = out.config.max_overlap_work.saturating_add(half.next.saturating_mul(4));
        let policy = (half.overlap_work <= allowed).then_some(half.policy);
        // Behind a hole it will wait; else it may still be told as it is.
        let may_go = piece.start == half.next && !half.is_holding();
        let (len, range) = (u64::from(piece.len), piece.start..piece.end());
        let inserted = half.held.insert(piece, policy, may_go);
        let work = if policy.is_some() { inserted.met + u64::from(inserted.pieces) * PIECE_WORK } else { 0 };
        half.overlap_work += work;
        out.stats.overlap_work += work;
        out.stats.repeated_bytes += inserted.met;
        if inserted.met < len {
            out.fate = Fate::Held;
        }
        if policy.is_none() && inserted.met > 0 {
            self.anomaly(dir, Anomaly::Unchecked { range }, out);
        }
        for overlap in inserted.overlaps {
            self.compare(dir, &overlap, false, out);
        }
    }

    pub(super) fn check_told(
        &mut self,
        dir: Direction,
        start: u64,
        bytes: &Bytes,
        by: Stamp,
        out: &mut Out<'_>,
    ) {
        for known in self.half(dir).replay.check(start, bytes, by) {
            match known {
                Known::Delivered(overlap) => self.compare(dir, &overlap, true, out),
                Known::Missing(from, bytes) => {
                    let range = from..from + bytes.len() as u64;
                    self.anomaly(dir, Anomaly::LateData { range, bytes }, out);
                }
                Known::Forgotten(from, to) => self.anomaly(dir, Anomaly::Unchecked { range: from..to }, out),
            }
        }
    }

    /// How many of the `len` new bytes at `start` are taken, in view of a FIN or RST that said there are none.
    fn admit(&mut self, dir: Direction, start: u64, len: u32, new: &Bytes, out: &mut Out<'_>) -> u32 {
        if self.reset.is_some_and(|reset| reset.dir == dir) {
            self.reset = None;
            let offset = self.half(dir).next;
            self.anomaly(dir, Anomaly::DataAfterRst { offset }, out);
        }
        let half = self.half_mut(dir);
        let end = start + u64::from(len);
        let Some(fin) = half.fin.filter(|fin| end > fin.offset) else { return len };
        if fin.acked || half.closed.is_some() {
            let before = u32::try_from(fin.offset.saturating_sub(start)).unwrap_or(len).min(len);
            let from = start + u64::from(before);
            let bytes = slice(new, before, len - before);
            self.anomaly(dir, Anomaly::DataAfterFin { range: from..end, bytes }, out);
            return before;
        }
        let other = fin.other.filter(|&other| other >= end);
        half.fin = other.map(|offset| Fin { offset, other: None, ..fin });
        self.anomaly(dir, Anomaly::FinMisplaced { offset: fin.offset }, out);
        len
    }
}
