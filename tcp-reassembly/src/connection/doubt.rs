//! Whether the receiver took a segment: checksum, time stamp, window, time to live, in this order.

use super::{Connection, Out};
use crate::half::trust::{Sum, print};
use crate::stats::Fate;
use crate::{Anomaly, Check, Direction, Doubt, Flags, Segment, Seq};

/// A route may change by so many hops without a word.
const TTL_SLACK: u8 = 4;

/// What the checksum leaves of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// Its header counts; its data may be doubtful.
    Believed(Option<Doubt>),
    /// Nothing of it counts, but its data may have to do where there is no other.
    Ignored,
}

/// A doubt about data, and whether it keeps the data from being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubted {
    pub(super) why: Option<Doubt>,
    pub(super) aside: bool,
}

impl Connection {
    /// Counts a packet that was captured twice. It goes its way like a retransmission.
    pub(super) fn note_duplicate(&mut self, segment: &Segment, dir: Direction, out: &mut Out<'_>) {
        let print = print(segment);
        let trust = &mut self.half_mut(dir).trust;
        if trust.is_duplicate(print) {
            out.stats.duplicates += 1;
        } else {
            trust.note_packet(print);
        }
    }

    pub(super) fn judge_checksum(&mut self, segment: &Segment, dir: Direction, out: &mut Out<'_>) -> Header {
        let sum = self.half_mut(dir).trust.judge_sum(segment, out.config);
        let len = u64::from(segment.payload_len);
        match sum {
            Sum::Fine => Header::Believed(None),
            Sum::AllWrong => {
                self.release_aside(dir, out);
                Header::Believed(None)
            }
            Sum::Told => {
                out.stats.bad_checksums += 1;
                self.anomaly(dir, Anomaly::BadChecksum { len }, out);
                Header::Believed(Some(Doubt::Checksum))
            }
            Sum::Undecided => {
                out.stats.bad_checksums += 1;
                Header::Believed(Some(Doubt::Checksum))
            }
            Sum::Wrong => {
                out.stats.bad_checksums += 1;
                self.anomaly(dir, Anomaly::BadChecksum { len }, out);
                Header::Ignored
            }
        }
    }

    /// Keeps the data of a segment whose header does not count.
    pub(super) fn take_rejected(&mut self, segment: &Segment, dir: Direction, out: &mut Out<'_>) {
        let half = self.half(dir);
        if segment.payload_len == 0 || segment.flags.intersects(Flags::SYN | Flags::RST) {
            return;
        }
        out.fate = Fate::Aside;
        let seq = segment.seq();
        let distance = i64::from(seq.since(half.next_seq)).unsigned_abs();
        if !half.is_known() || half.muted || distance > u64::from(out.config.max_ahead) {
            let bytes = segment.payload.clone();
            let from = if half.is_known() { half.position(seq).max(0).unsigned_abs() } else { 0 };
            let range = from..from.saturating_add(u64::from(segment.payload_len));
            self.anomaly(dir, Anomaly::Rejected { range, bytes, why: Doubt::Checksum }, out);
            return;
        }
        let position = half.position(seq);
        let doubted = Doubted { why: Some(Doubt::Checksum), aside: true };
        self.place_segment(segment, position, dir, doubted, out);
        self.pump(out);
        self.keep_limits(out);
    }

    /// Judges the data of a segment whose checksum left the doubt `sum`.
    pub(super) fn judge_data(
        &mut self,
        segment: &Segment,
        seq: Seq,
        dir: Direction,
        sum: Option<Doubt>,
        out: &mut Out<'_>,
    ) -> Doubted {
        let config = out.config;
        let half = self.half(dir);
        let reported = config.checksums == crate::Checksums::Report;
        if sum.is_some() || !half.is_known() {
            // Without a start there is nothing to compare with: the data is as good as any.
            return Doubted { why: sum, aside: sum.is_some() && half.is_known() && !reported };
        }
        let position = half.position(seq);
        let end = position.saturating_add(i64::from(segment.payload_len)).max(0).unsigned_abs();
        let is_new = end > half.next;
        let mut doubted = Doubted { why: None, aside: false };
        let mut tell = Vec::new();
        let mut add = |why: Doubt, check: Check, what: Anomaly| {
            if doubted.why.is_none() || check == Check::Reject && !doubted.aside {
                doubted = Doubted { why: Some(why), aside: check == Check::Reject };
            }
            tell.push(what);
        };
        if is_new && half.trust.is_old(segment, out.now, config) {
            let behind = half.trust.behind(segment);
            add(Doubt::Timestamp, config.paws, Anomaly::OldTimestamp { behind });
        }
        // A probe of a closed window is one byte beyond it by its nature (RFC 9293, section 3.8.6.1).
        if is_new
            && config.windows != Check::Ignore
            && let Some(over) = half.trust.right_edge.and_then(|edge| end.checked_sub(edge))
            && over > u64::from(segment.payload_len == 1)
        {
            add(Doubt::Window, config.windows, Anomaly::BeyondWindow { over });
        }
        if is_new
            && let Some(found) = segment.ttl
            && let Some(usual) = half.trust.usual_ttl(segment)
            && (config.prefer_modal_ttl || usual.abs_diff(found) > TTL_SLACK)
        {
            let check = if config.prefer_modal_ttl { Check::Reject } else { Check::Report };
            add(Doubt::TimeToLive, check, Anomaly::TtlChanged { usual, found });
        }
        let beyond = tell.iter().any(|what| matches!(what, Anomaly::BeyondWindow { .. }));
        for what in tell {
            self.anomaly(dir, what, out);
        }
        let half = self.half_mut(dir);
        // A sender goes on in sequence because it knows of a larger window: its advertisement was not captured.
        if beyond && !doubted.aside && position <= half.next.cast_signed() {
            half.trust.right_edge = None;
        }
        if !doubted.aside && position <= half.next.cast_signed() {
            half.trust.note_stamp(segment, out.now);
        }
        doubted
    }
}
