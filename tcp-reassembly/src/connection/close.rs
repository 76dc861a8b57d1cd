//! FIN, RST, and the end of a flow.
//!
//! Both are doubted at first. A FIN counts when the receiver acknowledges it, an RST when its sender falls silent;
//! without either, after [`Config::close_grace`](crate::Config::close_grace). Until then, data that goes on proves
//! them forged, and nothing is lost.

use super::{Connection, Out, Reset, Verdict};
use crate::half::Fin;
use crate::{Anomaly, Close, Direction, End, EventKind, Flags, GapReason, Segment, Seq, Timestamp};

impl Connection {
    /// A FIN whose place is `seq`.
    pub(super) fn on_fin(&mut self, seq: Seq, dir: Direction, out: &mut Out<'_>) {
        let packets = self.packets;
        let half = self.half_mut(dir);
        if !half.is_known() && !half.is_holding() {
            half.hold(seq, packets, out.now);
        }
        let position = half.position(seq);
        let offset = position.max(0).unsigned_abs();
        let holding = half.is_holding();
        let misplaced = !holding && position < half.next.cast_signed() || half.held.end() > Some(offset);
        match half.fin {
            Some(fin) if fin.offset == offset => {}
            _ if misplaced => self.anomaly(dir, Anomaly::FinMisplaced { offset }, out),
            Some(_) if half.closed.is_some() => {
                self.anomaly(dir, Anomaly::FinMisplaced { offset }, out);
            }
            Some(first) => {
                let better = half.is_known() && offset == half.next || half.acked == offset + 1;
                if better && !first.acked {
                    half.fin = Some(Fin { offset, other: Some(first.offset), since: out.now, acked: false });
                } else {
                    half.fin = Some(Fin { other: Some(offset), ..first });
                }
                self.anomaly(dir, Anomaly::FinMoved { first: first.offset, second: offset }, out);
            }
            None => half.fin = Some(Fin { offset, other: None, since: out.now, acked: false }),
        }
        // The acknowledgement may have been captured before the FIN.
        let half = self.half_mut(dir);
        if let Some(fin) = &mut half.fin
            && !holding
            && half.acked == fin.offset + 1
        {
            half.acked = fin.offset;
            fin.acked = true;
        }
    }

    /// RFC 9293, section 3.10.7.4, and RFC 5961, section 3: an RST counts only exactly at the next sequence number.
    pub(super) fn on_rst(&mut self, segment: &mut Segment, dir: Direction, out: &mut Out<'_>) {
        if !segment.payload.is_empty() {
            let bytes = core::mem::take(&mut segment.payload);
            self.anomaly(dir, Anomaly::RstPayload { bytes }, out);
        }
        let (half, other) = (self.half(dir), self.half(dir.flip()));
        let seq = segment.seq();
        let reset = Reset { dir, since: out.now, at: segment.at, packet: segment.packet };
        let answers = segment.ack().is_some_and(|ack| other.is_known() && ack == other.next_seq);
        if half.is_known() || half.is_holding() {
            let position = half.position(seq);
            let exact = position == half.next.cast_signed() && half.is_known()
                || half.held.end().is_some_and(|end| position == end.cast_signed())
                || half.is_known() && position == half.acked.cast_signed()
                || half.fin.is_some_and(|fin| (0..=1).contains(&(position - fin.offset.cast_signed())));
            if !exact {
                let distance = position.saturating_sub(half.next.cast_signed());
                // RFC 5961, section 3.2: outside of the window it means nothing to anybody.
                let window = match half.trust.right_edge {
                    Some(edge) => edge.saturating_sub(half.next).cast_signed(),
                    None => i64::from(out.config.max_ahead),
                };
                if half.is_known() && !(-window..=window).contains(&distance) {
                    self.anomaly(dir, Anomaly::RstOutside { distance }, out);
                    return;
                }
                // The capture may have it before the last data; a forged one further ahead stays what it is.
                if half.is_known() && (1..=i64::from(out.config.max_ahead)).contains(&distance) {
                    self.reset_ahead = Some((position.unsigned_abs(), reset));
                }
                self.anomaly(dir, Anomaly::SuspiciousRst { distance }, out);
                return;
            }
        } else if half.last_ack.is_some_and(|ack| ack != seq) && !answers {
            let distance = half.last_ack.map_or(0, |ack| i64::from(seq.since(ack)));
            self.anomaly(dir, Anomaly::SuspiciousRst { distance }, out);
            return;
        }
        let refused = !half.is_known() && answers && other.isn.is_some() && other.next == 0;
        if let Some(ack) = segment.ack()
            && !refused
        {
            self.note_ack(dir.flip(), ack, segment, out);
        }
        self.pump(out);
        self.reset.get_or_insert(reset);
        if refused {
            self.finish(End::Rst, out);
        }
    }

    /// Lets an RST count that was captured before the data in front of it.
    pub(super) fn reach_reset(&mut self) {
        let Some((offset, reset)) = self.reset_ahead else { return };
        let half = self.half(reset.dir);
        let (passed, reached) = (half.next >= offset, half.next == offset && half.held.is_empty());
        if passed {
            self.reset_ahead = None;
        }
        if reached {
            self.reset.get_or_insert(reset);
        }
    }

    /// Closes a direction whose FIN was reached and acknowledged.
    pub(super) fn close_if_acked(&mut self, dir: Direction, out: &mut Out<'_>) -> bool {
        let half = self.half(dir);
        if half.closed.is_some() || !half.fin_reached() || !half.fin.is_some_and(|fin| fin.acked) {
            return false;
        }
        self.close(dir, Close::Fin, out);
        true
    }

    fn close(&mut self, dir: Direction, how: Close, out: &mut Out<'_>) {
        if self.half(dir).closed.is_none() {
            // Behind the end nothing more is told.
            self.drop_aside(dir, out);
            let half = self.half_mut(dir);
            half.closed = Some(how);
            half.held.clear();
            out.emit(EventKind::Closed { dir, how });
        }
    }

    pub(super) fn end_if_closed(&mut self, out: &mut Out<'_>) {
        if Direction::BOTH.into_iter().all(|dir| self.half(dir).closed.is_some()) {
            self.finish(End::Fin, out);
        }
    }

    /// Whether a FIN or RST is waiting to be believed.
    pub(crate) fn is_closing(&self) -> bool {
        self.ended.is_none()
            && (self.reset.is_some()
                || self.has_both_fins()
                || Direction::BOTH.into_iter().any(|dir| {
                    let half = self.half(dir);
                    half.fin_reached() && (half.closed.is_none() || self.half(dir.flip()).is_absent())
                }))
    }

    /// Whether both sides said that they are done, though bytes are missing before that.
    fn has_both_fins(&self) -> bool {
        Direction::BOTH.into_iter().all(|dir| self.half(dir).is_known() && self.half(dir).fin.is_some())
    }

    /// Believes the FIN or RST that has been waiting long enough.
    pub(crate) fn close_waiting(&mut self, out: &mut Out<'_>) {
        let (now, grace) = (out.now, out.config.close_grace);
        let over = |since: Timestamp| now.saturating_sub(since) >= grace;
        if self.ended.is_some() {
            return;
        }
        if self.reset.is_some_and(|reset| over(reset.since)) {
            self.finish(End::Rst, out);
            return;
        }
        // Some devices close with holes: after two FINs and a silence nobody sends anything again.
        if self.has_both_fins() && over(self.stirred) {
            self.finish(End::Fin, out);
            return;
        }
        for dir in Direction::BOTH {
            let half = self.half(dir);
            if half.fin_reached() && half.fin.is_some_and(|fin| over(fin.since)) {
                self.close(dir, Close::Fin, out);
                if self.half(dir.flip()).is_absent() {
                    self.finish(End::Fin, out);
                    return;
                }
            }
        }
        self.end_if_closed(out);
    }

    /// Ends the flow: tells what is held, closes what can be closed, and gives up all memory.
    pub(crate) fn finish(&mut self, why: End, out: &mut Out<'_>) {
        if self.ended.is_some() {
            return;
        }
        let reason = match why {
            End::Fin | End::Rst | End::Reused => GapReason::Closed,
            End::Timeout => GapReason::Timeout,
            End::CaptureEnd => GapReason::CaptureEnd,
            End::Evicted => GapReason::Limit,
        };
        self.flush(reason, out);
        self.drop_pending(out);
        for dir in Direction::BOTH {
            if self.half(dir).fin_reached() {
                self.close(dir, Close::Fin, out);
            }
        }
        // What a FIN or RST had said already is the truer reason.
        let mut why = why;
        if let Some(reset) = self.reset.take() {
            let (at, packet) = (out.at, out.packet);
            (out.at, out.packet) = (reset.at, reset.packet);
            self.close(reset.dir, Close::Rst, out);
            (out.at, out.packet) = (at, packet);
            why = End::Rst;
        } else if Direction::BOTH.into_iter().all(|dir| {
            let half = self.half(dir);
            half.closed.is_some() || half.is_absent() && self.half(dir.flip()).closed.is_some()
        }) {
            why = End::Fin;
        }
        self.tell_counts(out);
        out.emit(EventKind::Ended { why });
        self.ended = Some(why);
        self.to_server.free();
        self.to_client.free();
    }

    /// Ends the flow in favour of another connection between the same ends.
    pub(super) fn replace(&mut self, out: &mut Out<'_>) {
        let pending = self.pending.take();
        self.finish(End::Reused, out);
        self.pending = pending;
    }

    /// A segment for a flow that has ended: a straggler, or the first of another connection.
    pub(super) fn after_end(&self, segment: &Segment, dir: Direction, out: &mut Out<'_>) -> Verdict {
        let half = self.half(dir);
        let flags = segment.flags;
        out.fate = crate::stats::Fate::AfterEnd;
        if flags.contains(Flags::SYN) && !flags.intersects(Flags::FIN | Flags::RST) {
            return if half.isn == Some(segment.seq()) { Verdict::Done } else { Verdict::Reopen };
        }
        if segment.payload_len == 0 || flags.contains(Flags::RST) {
            return Verdict::Done;
        }
        if half.is_absent() {
            return Verdict::Reopen;
        }
        let end = segment.seq().plus(segment.payload_len).since(half.next_seq);
        let old = end <= 0 && end.unsigned_abs() <= out.config.max_ahead;
        if old { Verdict::Done } else { Verdict::Reopen }
    }
}
