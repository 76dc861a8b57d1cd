//! Where the events of one flow go, and what keeps a flood of them short.

use std::collections::VecDeque;

use super::Connection;
use crate::anomaly::{CONFLICT_KIND, KINDS, TABLE};
use crate::half::held::Overlap;
use crate::half::piece::Note;
use crate::stats::Fate;
use crate::{
    Anomaly, Config, Conflict, Direction, Doubt, Event, EventKind, FlowId, Hint, Policy, Relation, Stats,
    Timestamp,
};

/// Differences closer than this are told as one.
const MERGE: usize = 8;

/// What it costs to tell late data, beside its bytes.
const LATE_COST: usize = 64;

/// The sink of one call.
#[derive(Debug)]
pub(crate) struct Out<'a> {
    pub(crate) events: &'a mut VecDeque<Event>,
    pub(crate) config: &'a Config,
    pub(crate) stats: &'a mut Stats,
    pub(crate) flow: FlowId,
    /// What the events say.
    pub(crate) at: Timestamp,
    pub(crate) packet: u64,
    /// The latest capture time so far: what waits are measured with.
    pub(crate) now: Timestamp,
    /// What became of the segment.
    pub(crate) fate: Fate,
}

impl Out<'_> {
    pub(crate) fn emit(&mut self, kind: EventKind) {
        self.emit_from(self.packet, self.at, kind);
    }

    /// Tells what came in another packet than the one at hand.
    pub(crate) fn emit_from(&mut self, packet: u64, at: Timestamp, kind: EventKind) {
        self.events.push_back(Event { flow: self.flow, at, packet, kind });
    }
}

/// How often each kind came up in a direction: told, and only counted.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    told: u32,
    untold: u64,
}

/// What was told of a flow that does not fit.
#[derive(Debug, Default)]
pub(crate) struct Told {
    times: [[Times; KINDS]; 2],
    conflicts: u32,
    conflict_bytes: usize,
    late_bytes: usize,
}

impl Told {
    const fn of(&mut self, dir: Direction) -> &mut [Times; KINDS] {
        let [server, client] = &mut self.times;
        match dir {
            Direction::ToServer => server,
            Direction::ToClient => client,
        }
    }

    /// Whether one more anomaly is told; it is counted if not.
    fn admits(&mut self, dir: Direction, what: &Anomaly, config: &Config) -> bool {
        let late_bytes = match what {
            Anomaly::LateData { bytes, .. } => bytes.len() + LATE_COST + self.late_bytes,
            _ => usize::MAX,
        };
        let Some(times) = self.of(dir).get_mut(what.kind()) else { return false };
        if times.told < config.max_anomalies {
            times.told += 1;
        } else if late_bytes <= config.max_late_bytes {
            self.late_bytes = late_bytes;
        } else {
            times.untold += 1;
            return false;
        }
        true
    }

    /// Whether a conflict of `len` bytes is told; it is counted if not.
    fn admits_conflict(&mut self, dir: Direction, len: usize, config: &Config) -> bool {
        let bytes = self.conflict_bytes + len;
        if self.conflicts >= config.max_conflicts || bytes > config.max_conflict_bytes {
            if let Some(times) = self.of(dir).get_mut(CONFLICT_KIND) {
                times.untold += 1;
            }
            return false;
        }
        self.conflicts += 1;
        self.conflict_bytes = bytes;
        true
    }
}

impl Connection {
    pub(super) fn anomaly(&mut self, dir: Direction, what: Anomaly, out: &mut Out<'_>) {
        if self.half(dir).muted {
            return;
        }
        if self.told.get_or_insert_default().admits(dir, &what, out.config) {
            out.stats.anomalies += 1;
            out.emit(EventKind::Anomaly { dir, what });
        } else {
            out.stats.anomalies_untold += 1;
        }
    }

    /// Tells where two copies of the same bytes differ.
    pub(super) fn compare(&mut self, dir: Direction, overlap: &Overlap, delivered: bool, out: &mut Out<'_>) {
        if overlap.kept == overlap.other || self.half(dir).muted {
            return;
        }
        let half = self.half(dir);
        let policy = if overlap.relation == Relation::Delivered { Policy::First } else { half.policy };
        for (from, to) in differences(&overlap.kept, &overlap.other) {
            let range = overlap.start + from as u64..overlap.start + to as u64;
            let hint = self.hint(dir, overlap, range.end);
            if !self.told.get_or_insert_default().admits_conflict(dir, to - from, out.config) {
                out.stats.conflicts_untold += 1;
                continue;
            }
            out.stats.conflicts.add((to - from) as u64);
            out.emit(EventKind::Conflict(Box::new(Conflict {
                dir,
                range,
                kept: overlap.kept.slice(from..to),
                other: overlap.other.slice(from..to),
                kept_packet: overlap.kept_by.packet,
                other_packet: overlap.other_by.packet,
                delivered,
                relation: overlap.relation,
                policy,
                hint,
            })));
        }
    }

    fn hint(&self, dir: Direction, overlap: &Overlap, end: u64) -> Hint {
        let (kept, other) = (overlap.kept_by, overlap.other_by);
        let half = self.half(dir);
        let any = |note: Note| kept.note == note || other.note == note;
        if any(Note::Doubted(Doubt::Checksum)) {
            Hint::ChecksumBad
        } else if any(Note::Doubted(Doubt::Timestamp)) {
            Hint::TimestampOld
        } else if any(Note::Doubted(Doubt::Window)) {
            Hint::BeyondWindow
        } else if any(Note::Syn) {
            Hint::SynDataRefused
        } else if any(Note::Lone) && half.trust.window_closed {
            Hint::ZeroWindowProbe
        } else if other.note == Note::Lone && (end == half.acked || end == half.next) {
            Hint::KeepAliveGarbage
        } else if kept.ttl != other.ttl && kept.ttl != 0 && other.ttl != 0 {
            Hint::TtlDelta(i16::from(other.ttl) - i16::from(kept.ttl))
        } else if kept.ip_id == other.ip_id && kept.ip_id != 0 && kept.packet != other.packet {
            Hint::SameIpId
        } else {
            Hint::Unknown
        }
    }

    /// Tells what was only counted.
    pub(super) fn tell_counts(&mut self, out: &mut Out<'_>) {
        let Some(told) = self.told.take() else { return };
        for (dir, times) in Direction::BOTH.into_iter().zip(told.times) {
            for (Times { untold, .. }, (code, _)) in times.into_iter().zip(TABLE) {
                if untold > 0 {
                    out.emit(EventKind::Anomaly { dir, what: Anomaly::Suppressed { code, count: untold } });
                }
            }
        }
    }
}

/// Ranges in which two equally long slices differ, close ones merged.
fn differences(one: &[u8], two: &[u8]) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (place, _) in one.iter().zip(two).enumerate().filter(|(_, (a, b))| a != b) {
        match ranges.last_mut() {
            Some((_, to)) if place - *to < MERGE => *to = place + 1,
            _ => ranges.push((place, place + 1)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_differences_are_one() {
        for (one, two, ranges) in [
            ("", "", vec![]),
            ("abcd", "abcd", vec![]),
            ("abcd", "abXd", vec![(2, 3)]),
            ("GOOD", "EVIL", vec![(0, 4)]),
            ("a123456b", "X123456X", vec![(0, 8)]),
            ("a1234567890b", "X1234567890X", vec![(0, 1), (11, 12)]),
        ] {
            assert_eq!(differences(one.as_bytes(), two.as_bytes()), ranges, "{one} {two}");
        }
    }
}
