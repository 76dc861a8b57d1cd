//! Plain counters.

use core::fmt;

use crate::GapReason;

/// How many, and how many bytes in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a pair of numbers")]
pub struct Count {
    /// How many.
    pub count: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Count {
    pub(crate) const fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.count, self.bytes)
    }
}

/// What a [`Reassembler`](crate::Reassembler) counted. `Display` gives a table, one line for each number that is not
/// zero.
///
/// Every segment has one fate: `segments` is the sum of `in_order`, `empty`, `held`, `repeated`, `aside`, `probes`,
/// `strays`, `ignored`, `after_end` and `unread`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Segments pushed.
    pub segments: u64,
    /// Segments with data that was next.
    pub in_order: u64,
    /// Segments without data, or with data that is no part of a stream.
    pub empty: u64,
    /// Segments with new data that had to wait.
    pub held: u64,
    /// Segments whose data was all seen before: retransmissions, and packets captured twice.
    pub repeated: u64,
    /// Segments with new data that the receiver may have dropped.
    pub aside: u64,
    /// Keep-alive probes with a byte.
    pub probes: u64,
    /// Segments too far from their stream.
    pub strays: u64,
    /// Segments that belong to no flow and open none: acknowledgements, FIN and RST of unknown connections.
    pub ignored: u64,
    /// Segments of flows that had ended.
    pub after_end: u64,
    /// Segments with data of directions that nobody reads.
    pub unread: u64,
    /// Packets that were captured twice, whatever their fate.
    pub duplicates: u64,
    /// Segments with a wrong checksum, where checksums count.
    pub bad_checksums: u64,
    /// Runs of bytes delivered.
    pub delivered: Count,
    /// Bytes seen again, whether they agreed or not.
    pub repeated_bytes: u64,
    /// Bytes of directions that nobody reads.
    pub unread_bytes: u64,
    /// Bytes compared with held ones, and 64 for each piece met; see
    /// [`Config::max_overlap_work`](crate::Config::max_overlap_work).
    pub overlap_work: u64,
    /// Conflicts told.
    pub conflicts: Count,
    /// Conflicts beyond [`Config::max_conflicts`](crate::Config::max_conflicts), counted only.
    pub conflicts_untold: u64,
    /// Anomalies told.
    pub anomalies: u64,
    /// Anomalies beyond [`Config::max_anomalies`](crate::Config::max_anomalies), counted only.
    pub anomalies_untold: u64,
    /// Flows opened.
    pub opened: u64,
    /// Flows ended.
    pub ended: u64,
    /// The most memory that was held and kept at any time; see [`Reassembler::buffered`](crate::Reassembler::buffered).
    pub most_buffered: u64,
    gaps: [Count; 7],
}

/// What became of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fate {
    #[default]
    Empty,
    InOrder,
    Held,
    Repeated,
    Aside,
    Probe,
    Stray,
    Ignored,
    AfterEnd,
    Unread,
}

impl Stats {
    /// Gaps for one reason.
    #[must_use]
    pub fn gaps(&self, why: GapReason) -> Count {
        self.gaps.get(place(why)).copied().unwrap_or_default()
    }

    pub(crate) fn add_gap(&mut self, why: GapReason, len: u64) {
        if let Some(count) = self.gaps.get_mut(place(why)) {
            count.add(len);
        }
    }

    pub(crate) const fn add_segment(&mut self, fate: Fate) {
        self.segments += 1;
        *match fate {
            Fate::Empty => &mut self.empty,
            Fate::InOrder => &mut self.in_order,
            Fate::Held => &mut self.held,
            Fate::Repeated => &mut self.repeated,
            Fate::Aside => &mut self.aside,
            Fate::Probe => &mut self.probes,
            Fate::Stray => &mut self.strays,
            Fate::Ignored => &mut self.ignored,
            Fate::AfterEnd => &mut self.after_end,
            Fate::Unread => &mut self.unread,
        } += 1;
    }
}

const REASONS: [GapReason; 7] = [
    GapReason::Acked,
    GapReason::Limit,
    GapReason::Timeout,
    GapReason::CaptureEnd,
    GapReason::Closed,
    GapReason::Truncated,
    GapReason::Flushed,
];

const fn place(why: GapReason) -> usize {
    match why {
        GapReason::Acked => 0,
        GapReason::Limit => 1,
        GapReason::Timeout => 2,
        GapReason::CaptureEnd => 3,
        GapReason::Closed => 4,
        GapReason::Truncated => 5,
        GapReason::Flushed => 6,
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &str, count: u64| match count {
            0 => Ok(()),
            _ => writeln!(f, "{name:24}{count}"),
        };
        line(f, "segments", self.segments)?;
        line(f, "  in order", self.in_order)?;
        line(f, "  empty", self.empty)?;
        line(f, "  held", self.held)?;
        line(f, "  repeated", self.repeated)?;
        line(f, "  aside", self.aside)?;
        line(f, "  probes", self.probes)?;
        line(f, "  strays", self.strays)?;
        line(f, "  ignored", self.ignored)?;
        line(f, "  after the end", self.after_end)?;
        line(f, "  unread", self.unread)?;
        line(f, "captured twice", self.duplicates)?;
        line(f, "wrong checksums", self.bad_checksums)?;
        line(f, "bytes delivered", self.delivered.bytes)?;
        line(f, "bytes repeated", self.repeated_bytes)?;
        line(f, "bytes unread", self.unread_bytes)?;
        line(f, "work on overlaps", self.overlap_work)?;
        for why in REASONS {
            if self.gaps(why).count > 0 {
                writeln!(f, "{:24}{}", format!("gaps: {why:?}"), self.gaps(why))?;
            }
        }
        if self.conflicts.count > 0 {
            writeln!(f, "{:24}{}", "conflicts", self.conflicts)?;
        }
        line(f, "conflicts untold", self.conflicts_untold)?;
        line(f, "anomalies", self.anomalies)?;
        line(f, "anomalies untold", self.anomalies_untold)?;
        line(f, "flows opened", self.opened)?;
        line(f, "flows ended", self.ended)?;
        line(f, "most bytes buffered", self.most_buffered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_is_not_zero() {
        let mut stats = Stats::default();
        stats.add_segment(Fate::InOrder);
        stats.add_segment(Fate::Held);
        stats.delivered.add(7);
        for why in REASONS {
            stats.add_gap(why, 3);
            assert_eq!(stats.gaps(why), Count { count: 1, bytes: 3 });
        }
        let text = stats.to_string();
        assert!(text.starts_with(
            "segments                2\n  in order              1\n  held                  1\n"
        ));
        assert!(text.contains("gaps: Acked             1 (3 bytes)\n") && !text.contains("probes"), "{text}");
    }
}
