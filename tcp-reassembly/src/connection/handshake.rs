//! SYN: initial sequence numbers, roles, data on a SYN, and connections that take the place of others.

use super::payload::Arrival;
use super::{Connection, Out, source};
use crate::flows::Key;
use crate::half::piece::{Piece, slice};
use crate::half::{Half, Start};
use crate::{Anomaly, Direction, EventKind, Flags, Origin, Segment, Seq};

/// How to go on with a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Go,
    Stop,
    Reopen,
}

impl Connection {
    /// RFC 9293, section 3.5.
    pub(super) fn on_syn(&mut self, segment: &Segment, dir: Direction, out: &mut Out<'_>) -> Step {
        if segment.flags.intersects(Flags::FIN | Flags::RST) {
            self.anomaly(dir, Anomaly::MalformedFlags, out);
            return Step::Stop;
        }
        let isn = segment.seq();
        if self.half(dir).isn == Some(isn) {
            return Step::Stop;
        }
        let first = isn.plus(1);
        if !self.fits(first, dir, out) {
            return self.replace_or_wait(segment, out);
        }
        self.adopt(first, dir, out);
        let half = self.half_mut(dir);
        half.isn = Some(isn);
        half.trust.note_syn(segment);
        half.trust.note_ttl(segment);
        let is_reply = segment.ack.is_some();
        let guessed_wrong = match dir {
            Direction::ToServer => is_reply,
            Direction::ToClient => !is_reply,
        };
        if guessed_wrong && self.origin == Origin::MidStream && !self.roles_corrected {
            self.roles_corrected = true;
            out.emit(EventKind::RolesCorrected);
        }
        if self.origin == Origin::MidStream && self.is_whole(dir, segment) {
            self.origin = if is_reply { Origin::SynAck } else { Origin::Handshake };
            out.emit(EventKind::BeginningSeen);
        }
        if let Some(ack) = segment.ack() {
            // A SYN-ACK tells the beginning of the other side as well.
            let peer = self.half(dir.flip());
            if !peer.is_known() && self.fits(ack, dir.flip(), out) {
                self.adopt(ack, dir.flip(), out);
            }
        } else if segment.payload_len > 0 {
            self.half_mut(dir).syn_data = Some(Box::new(Piece {
                start: 0,
                len: segment.payload_len,
                bytes: Some(bytes::Bytes::copy_from_slice(&segment.payload)),
                owner: (0, u64::from(segment.payload_len)),
                source: source(segment, None),
                ack: None,
                since: out.now,
                shared: false,
                backing: segment.payload_len,
            }));
            return Step::Stop;
        }
        Step::Go
    }

    /// Whether nothing is missing before the first bytes that were told or are held, as a late SYN in this direction shows.
    fn is_whole(&self, dir: Direction, syn: &Segment) -> bool {
        let begins =
            |half: &Half| !half.is_known() || half.isn.is_none_or(|isn| half.position(isn.plus(1)) == 0);
        let (half, peer) = (self.half(dir), self.half(dir.flip()));
        // A SYN-ACK acknowledges no less than the SYN.
        let acked = syn.ack().is_none_or(|ack| !peer.is_known() || peer.position(ack) >= 0);
        begins(half) && begins(peer) && acked
    }

    /// Whether a direction that begins at `first` can be the one that was seen.
    fn fits(&self, first: Seq, dir: Direction, out: &Out<'_>) -> bool {
        let half = self.half(dir);
        let reach = i64::try_from(out.config.start_hold_bytes).unwrap_or(i64::MAX);
        match half.start {
            Start::Unseen | Start::Missing => true,
            Start::Seen => (0..=reach).contains(&i64::from(half.next_seq.since(first))),
            Start::Holding { .. } => {
                let below = half.lowest().cast_signed() - half.position(first);
                (0..=i64::from(out.config.max_ahead)).contains(&below)
            }
            Start::Known => {
                half.isn.is_none()
                    && half.next <= out.config.max_held_bytes as u64
                    && (-reach..=0).contains(&half.position(first))
            }
        }
    }

    /// Takes `first` for the beginning of a direction.
    fn adopt(&mut self, first: Seq, dir: Direction, out: &mut Out<'_>) {
        let half = self.half_mut(dir);
        match half.start {
            Start::Unseen | Start::Seen | Start::Missing => half.begin(first),
            Start::Holding { .. } => half.settle(half.position(first).max(0).unsigned_abs()),
            Start::Known => {
                let len = half.position(first).min(0).unsigned_abs();
                if len > 0 {
                    self.anomaly(dir, Anomaly::StartMissed { len }, out);
                }
                return;
            }
        }
        self.replay_last_ack(dir, out);
    }

    /// A SYN that does not fit: the connection was replaced, unless it is alive and the SYN is forged or stale.
    fn replace_or_wait(&mut self, segment: &Segment, out: &mut Out<'_>) -> Step {
        let is_reply = segment.ack.is_some();
        let halves = [&self.to_server, &self.to_client];
        let closing = self.reset.is_some() || halves.iter().any(|half| half.fin.is_some());
        if !is_reply && closing {
            self.replace(out);
            return Step::Reopen;
        }
        let mut syn = segment.clone();
        syn.payload = bytes::Bytes::copy_from_slice(&syn.payload);
        self.pending = Some(Box::new(syn));
        Step::Stop
    }

    /// Tells of a SYN that nothing ever answered.
    pub(super) fn drop_pending(&mut self, out: &mut Out<'_>) {
        let Some(syn) = self.pending.take() else { return };
        // As in the table's key: who is the lower end.
        let (_, from_low) = Key::of(syn.src, syn.dst);
        let dir = self.dir(from_low);
        self.anomaly(dir, Anomaly::SuspiciousSyn { seq: syn.seq }, out);
        if !syn.payload.is_empty() {
            self.anomaly(dir, Anomaly::SynDataRefused { bytes: syn.payload }, out);
        }
    }

    /// What the segment says about a SYN that did not fit.
    pub(super) fn judge_pending(&mut self, segment: &Segment, dir: Direction, out: &mut Out<'_>) -> Step {
        let Some(syn) = &self.pending else { return Step::Go };
        let reach = i64::from(out.config.max_ahead);
        let first = syn.seq().plus(1);
        let by_sender = syn.src == segment.src;
        if by_sender && segment.flags.contains(Flags::SYN) && segment.seq == syn.seq {
            return Step::Stop;
        }
        let answer = segment.ack().filter(|_| !by_sender);
        let answers = answer.is_some_and(|ack| {
            ack == first && segment.flags.intersects(Flags::SYN | Flags::RST)
                || ack == first.plus(syn.payload_len)
        });
        let (new, exact) = if by_sender {
            let distance = i64::from(segment.seq().since(first));
            ((0..=reach).contains(&distance), distance == 0)
        } else {
            (answer.is_some_and(|ack| (0..=reach).contains(&i64::from(ack.since(first)))), answers)
        };
        let near = |half_dir: Direction, seq: Option<Seq>| {
            let half = self.half(half_dir);
            match seq {
                Some(seq) if half.is_known() => {
                    let distance = i64::from(seq.since(half.next_seq));
                    (distance.abs() <= reach, distance == 0)
                }
                _ => (true, true),
            }
        };
        let (one, two) = (near(dir, Some(segment.seq())), near(dir.flip(), segment.ack()));
        let (old, old_exact) = (one.0 && two.0, one.1 && two.1);
        if new && (!old || exact && !old_exact) {
            self.replace(out);
            return Step::Reopen;
        }
        if old {
            let seq = syn.seq;
            let dir = if by_sender { dir } else { dir.flip() };
            self.pending = None;
            self.anomaly(dir, Anomaly::SuspiciousSyn { seq }, out);
        }
        Step::Go
    }

    /// RFC 7413, section 3: the SYN-ACK says how much of the SYN's data was taken.
    pub(super) fn judge_syn_data(&mut self, dir: Direction, acked: i64, out: &mut Out<'_>) {
        let first = self.syn_data_at(dir);
        let Some(piece) = self.half_mut(dir).syn_data.take() else { return };
        let taken = u32::try_from(acked.saturating_sub(first).max(0)).unwrap_or(u32::MAX).min(piece.len);
        let bytes = piece.bytes.unwrap_or_default();
        if taken < piece.len {
            let refused = slice(&bytes, taken, piece.len - taken);
            self.anomaly(dir, Anomaly::SynDataRefused { bytes: refused }, out);
        }
        if taken > 0 {
            let bytes = slice(&bytes, 0, taken);
            let arrival = Arrival {
                bytes: &bytes,
                len: taken,
                source: piece.source,
                backing: None,
                ack: None,
                aside: false,
            };
            self.place(dir, first, &arrival, out);
        }
    }

    /// Where data of the SYN stands: below offset 0 if the SYN came late and showed that the start was missed.
    fn syn_data_at(&self, dir: Direction) -> i64 {
        let half = self.half(dir);
        half.isn.map_or(0, |isn| half.position(isn.plus(1)))
    }

    /// Data of the same side, before the other side said anything, shows what became of the SYN's data.
    pub(super) fn settle_syn_data(
        &mut self,
        segment: &Segment,
        position: i64,
        dir: Direction,
        out: &mut Out<'_>,
    ) {
        let Some(piece) = &self.half(dir).syn_data else { return };
        let again = position == self.syn_data_at(dir) && piece.bytes.as_ref() != Some(&segment.payload);
        if again && !segment.payload.is_empty() {
            // Sent anew from the start, in other words or another length: the SYN's data was not taken.
            let prefix = piece.bytes.as_ref().is_some_and(|bytes| segment.payload.starts_with(bytes));
            if !prefix {
                self.judge_syn_data(dir, position, out);
                return;
            }
        }
        self.accept_syn_data(dir, out);
    }

    /// Takes the SYN's data for delivered.
    pub(super) fn accept_syn_data(&mut self, dir: Direction, out: &mut Out<'_>) {
        if let Some(len) = self.half(dir).syn_data.as_ref().map(|piece| piece.len) {
            let end = self.syn_data_at(dir).saturating_add(len.into());
            self.judge_syn_data(dir, end, out);
        }
    }
}
