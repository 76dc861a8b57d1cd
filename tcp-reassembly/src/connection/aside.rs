//! Data that its receiver may have dropped. It is kept aside, and has to do where nothing better has come by the time
//! its place is given up; where something better came, the two are compared.

use super::{Connection, Out};
use crate::half::held::Held;
use crate::half::piece::{Note, Piece};
use crate::stats::Fate;
use crate::{Anomaly, Checksums, Direction, Doubt, Policy};

impl Connection {
    /// Keeps a piece.
    pub(super) fn put_aside(&mut self, dir: Direction, piece: Piece, out: &mut Out<'_>) {
        out.fate = Fate::Aside;
        if self.half(dir).closed.is_some() {
            self.reject(dir, piece, out);
            return;
        }
        let aside = self.half_mut(dir).aside.get_or_insert_default();
        let inserted = aside.insert(piece, Some(Policy::First), false);
        let over = |aside: &Held| {
            aside.bytes() > out.config.max_held_bytes || aside.len() > out.config.max_held_pieces
        };
        let mut dropped = Vec::new();
        while over(aside) {
            dropped.extend(aside.pop_back());
        }
        for overlap in inserted.overlaps {
            self.compare(dir, &overlap, false, out);
        }
        for piece in dropped {
            self.reject(dir, piece, out);
        }
    }

    /// Compares what was kept aside with what was told in its place.
    pub(super) fn settle_aside(&mut self, dir: Direction, out: &mut Out<'_>) {
        loop {
            let half = self.half_mut(dir);
            let next = half.next;
            let Some(aside) = &mut half.aside else { return };
            let Some(piece) = aside.pop_below(next) else {
                if aside.is_empty() {
                    half.aside = None;
                }
                return;
            };
            if let Some(bytes) = &piece.bytes
                && !half.muted
            {
                self.check_told(dir, piece.start, bytes, piece.source.stamp, out);
            }
        }
    }

    /// What is there for the next bytes below `to`, for want of better: the piece, or where the next one begins.
    pub(super) fn take_aside(&mut self, dir: Direction, to: u64) -> Result<Piece, Option<u64>> {
        let half = self.half_mut(dir);
        let next = half.next;
        let Some(aside) = &mut half.aside else { return Err(None) };
        match aside.front().map(|front| front.start) {
            Some(start) if start == next => aside.pop_below(to).ok_or(None),
            start => Err(start),
        }
    }

    /// Tells doubtful bytes, which are next. That all checksums of a direction are wrong is no news for each of them.
    pub(super) fn tell_aside(&mut self, dir: Direction, piece: Piece, out: &mut Out<'_>) {
        let why = doubt(&piece);
        if why != Doubt::Checksum || self.half(dir).trust.is_decided() {
            let range = piece.start..piece.end();
            self.anomaly(dir, Anomaly::Doubtful { range, why }, out);
        }
        self.tell(dir, piece, out);
    }

    /// Checksums of the direction say nothing: what was kept aside for them alone counts. It came with earlier packets, so
    /// the fate of the one at hand stays as it is.
    pub(super) fn release_aside(&mut self, dir: Direction, out: &mut Out<'_>) {
        let fate = out.fate;
        self.settle_aside(dir, out);
        let Some(mut aside) = self.half_mut(dir).aside.take() else { return };
        while let Some(mut piece) = aside.pop_front() {
            if doubt(&piece) == Doubt::Checksum {
                piece.source.stamp.note = Note::Plain;
                self.put(dir, piece, out);
            } else {
                self.put_aside(dir, piece, out);
            }
        }
        self.pump(out);
        out.fate = fate;
    }

    /// A receiver that acknowledges bytes whose only copy has a wrong checksum took them all the same: somebody changed
    /// the packets behind it, and checksums do not tell what it took.
    pub(super) fn believe_acked(&mut self, dir: Direction, out: &mut Out<'_>) {
        let half = self.half_mut(dir);
        let Some(front) = half.aside.as_ref().and_then(|aside| aside.front()) else { return };
        let is_taken = front.start >= half.next && front.start < half.acked && !half.held.covers(front.start);
        if is_taken && doubt(front) == Doubt::Checksum && out.config.checksums == Checksums::Auto {
            let range = front.start..front.end();
            let is_news = half.trust.is_decided();
            half.trust.give_up_sums();
            if is_news {
                self.anomaly(dir, Anomaly::Doubtful { range, why: Doubt::Checksum }, out);
            }
            self.release_aside(dir, out);
        }
    }

    /// Up to where doubtful bytes may end a stream: as far as the receiver took them, or all if nobody can say.
    pub(super) fn aside_end(&self, dir: Direction) -> u64 {
        let half = self.half(dir);
        let unproven = !half.trust.is_decided() || self.half(dir.flip()).is_absent();
        match &half.aside {
            Some(aside) if unproven => aside.end().unwrap_or_default(),
            Some(_) => half.acked,
            None => 0,
        }
    }

    /// Gives up what is left.
    pub(super) fn drop_aside(&mut self, dir: Direction, out: &mut Out<'_>) {
        self.settle_aside(dir, out);
        if let Some(mut aside) = self.half_mut(dir).aside.take() {
            while let Some(piece) = aside.pop_front() {
                self.reject(dir, piece, out);
            }
        }
    }

    fn reject(&mut self, dir: Direction, piece: Piece, out: &mut Out<'_>) {
        let (range, why) = (piece.start..piece.end(), doubt(&piece));
        let bytes = piece.bytes.unwrap_or_default();
        self.anomaly(dir, Anomaly::Rejected { range, bytes, why }, out);
    }
}

const fn doubt(piece: &Piece) -> Doubt {
    match piece.source.stamp.note {
        Note::Doubted(why) => why,
        _ => Doubt::Checksum,
    }
}
