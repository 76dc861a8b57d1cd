//! The last delivered bytes of a direction, to compare retransmissions with.
//!
//! The bytes are copied, as a slice of the caller's packet could keep a whole read block alive for as long as the flow
//! is silent; unless the caller says that it does not.

use std::collections::VecDeque;

use bytes::Bytes;

use super::held::Overlap;
use super::piece::{Note, Stamp, is_worth_keeping, slice, weigh};
use crate::Relation;

/// Runs remembered at most, so that one-byte segments do not cost more than their bytes.
const MAX_MARKS: usize = 1024;

/// The first allocation of a ring; most flows of mail protocols need no more for their commands.
const FIRST_BYTES: usize = 2048;

/// Declared gaps remembered, so that late data is known as such long after the ring has moved on.
const MAX_GAPS: usize = 1024;

/// A run of one packet.
#[derive(Debug, Clone, Copy)]
struct Mark {
    start: u64,
    /// How many bytes the ring had taken before this run; for a slice, how many slices, and [`SLICE`].
    place: u64,
    len: u32,
    // The stamp, its parts packed.
    ip_id: u16,
    ttl: u8,
    note: Note,
    packet: u64,
}

const _: () = assert!(size_of::<Mark>() == 32);

/// Marks the place of a run that was not copied.
const SLICE: u64 = 1 << 63;

impl Mark {
    const fn end(&self) -> u64 {
        self.start + self.len as u64
    }

    const fn stamp(&self) -> Stamp {
        Stamp { packet: self.packet, ip_id: self.ip_id, ttl: self.ttl, note: self.note }
    }
}

/// What is known about bytes that were told before.
#[derive(Debug)]
pub(crate) enum Known {
    /// Delivered, with these bytes.
    Delivered(Overlap),
    /// Declared missing.
    Missing(u64, Bytes),
    /// Out of reach.
    Forgotten(u64, u64),
}

/// Slices of packets that were not copied.
#[derive(Debug, Default)]
struct Slices {
    /// Each with the memory it keeps alive.
    runs: VecDeque<(Bytes, u32)>,
    kept: usize,
    /// How many have left.
    gone: u64,
}

/// Ring of delivered bytes.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    bytes: VecDeque<u8>,
    slices: Option<Box<Slices>>,
    marks: VecDeque<Mark>,
    /// Start and end of declared gaps.
    gaps: VecDeque<(u64, u64)>,
    /// Bytes that have left the ring.
    gone: u64,
}

impl Replay {
    /// Memory held.
    pub(crate) fn cost(&self) -> usize {
        let slices = self.slices.as_ref().map_or(0, |slices| {
            slices.kept + slices.runs.capacity() * size_of::<(Bytes, u32)>() + size_of::<Slices>()
        });
        self.bytes.capacity()
            + slices
            + self.marks.capacity() * size_of::<Mark>()
            + self.gaps.capacity() * size_of::<(u64, u64)>()
    }

    /// Gives up the bytes; if there are none, the room for them; and if there is none, the gaps. Where all flows
    /// take turns, the room is soon used again.
    pub(crate) fn give_up(&mut self) {
        if !self.marks.is_empty() {
            self.gone += self.bytes.len() as u64;
            self.bytes = VecDeque::new();
            self.marks.clear();
            if let Some(slices) = &mut self.slices {
                slices.gone += slices.runs.len() as u64;
                slices.runs.clear();
                slices.kept = 0;
            }
        } else if self.marks.capacity() > 0 {
            let gaps = core::mem::take(&mut self.gaps);
            *self = Self { gaps, ..Self::default() };
        } else {
            *self = Self::default();
        }
    }

    /// Notes delivered bytes.
    pub(crate) fn push(&mut self, start: u64, bytes: &Bytes, backing: u32, by: Stamp, limit: usize) {
        if limit == 0 || bytes.is_empty() {
            return;
        }
        let Stamp { packet, ip_id, ttl, note } = by;
        let mark = |start: u64, place: u64, len: usize| {
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            Mark { start, place, len, ip_id, ttl, note, packet }
        };
        if is_worth_keeping(bytes.len(), backing) && weigh(backing) <= limit {
            self.make_room(weigh(backing), limit);
            let slices = self.slices.get_or_insert_default();
            let place = (slices.gone + slices.runs.len() as u64) | SLICE;
            slices.runs.push_back((bytes.clone(), backing));
            slices.kept += weigh(backing);
            self.marks.push_back(mark(start, place, bytes.len()));
            return;
        }
        let skip = bytes.len().saturating_sub(limit);
        let Some(bytes) = bytes.get(skip..) else { return };
        self.make_room(bytes.len(), limit);
        let needed = self.bytes.len() + bytes.len();
        if needed > self.bytes.capacity() {
            let target = needed.max(self.bytes.capacity() * 2).max(FIRST_BYTES).min(limit.max(needed));
            self.bytes.reserve_exact(target - self.bytes.len());
        }
        let place = self.gone + self.bytes.len() as u64;
        self.bytes.extend(bytes);
        self.marks.push_back(mark(start + skip as u64, place, bytes.len()));
    }

    /// Memory that slices keep alive.
    fn kept(&self) -> usize {
        self.slices.as_ref().map_or(0, |slices| slices.kept)
    }

    /// Drops the oldest until `len` more bytes have room.
    fn make_room(&mut self, len: usize, limit: usize) {
        while self.bytes.len() + self.kept() + len > limit || self.marks.len() >= MAX_MARKS {
            if !self.drop_oldest() {
                break;
            }
        }
    }

    /// Notes a declared gap.
    pub(crate) fn push_gap(&mut self, start: u64, len: u64) {
        let end = start + len;
        match self.gaps.back_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => {
                if self.gaps.len() >= MAX_GAPS {
                    self.gaps.pop_front();
                }
                self.gaps.push_back((start, end));
            }
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(mark) = self.marks.pop_front() else { return false };
        if mark.place & SLICE != 0 {
            if let Some(slices) = &mut self.slices
                && let Some((_, backing)) = slices.runs.pop_front()
            {
                slices.kept -= weigh(backing);
                slices.gone += 1;
            }
            return true;
        }
        let len = usize::try_from(mark.len).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.drain(..len);
        self.gone += len as u64;
        true
    }

    /// Says of each part of `bytes`, which begin at `start` and end at the delivered edge at most, what is known.
    /// Parts that agree are left out.
    pub(crate) fn check(&self, start: u64, bytes: &Bytes, by: Stamp) -> Vec<Known> {
        let end = start + bytes.len() as u64;
        let part = |from: u64, to: u64| {
            let skip = u32::try_from(from.saturating_sub(start)).unwrap_or(u32::MAX);
            slice(bytes, skip, u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX))
        };
        let mut known = Vec::new();
        let mut edge = start;
        let mut marks = self.marks.range(self.marks.partition_point(|mark| mark.end() <= start)..);
        let mut gaps = self.gaps.range(self.gaps.partition_point(|&(_, end)| end <= start)..).copied();
        let (mut mark, mut gap) = (marks.next(), gaps.next());
        while edge < end {
            let mark_start = mark.map_or(end, |mark| mark.start);
            let gap_start = gap.map_or(end, |(start, _)| start);
            let from = mark_start.min(gap_start);
            if from > edge {
                known.push(Known::Forgotten(edge, from.min(end)));
                edge = from;
            } else if let Some((_, gap_end)) = gap.filter(|_| gap_start <= mark_start) {
                let to = gap_end.min(end);
                known.push(Known::Missing(edge, part(edge, to)));
                (edge, gap) = (to, gaps.next());
            } else if let Some(run) = mark {
                let to = run.end().min(end);
                self.check_run(run, edge, part(edge, to), by, &mut known);
                (edge, mark) = (to, marks.next());
            } else {
                break;
            }
        }
        known
    }

    fn check_run(&self, run: &Mark, start: u64, other: Bytes, by: Stamp, known: &mut Vec<Known>) {
        let skip = usize::try_from(start - run.start).unwrap_or(usize::MAX);
        let kept = if run.place & SLICE == 0 {
            let place = usize::try_from(run.place - self.gone).unwrap_or(usize::MAX).saturating_add(skip);
            (!self.equals(place, &other))
                .then(|| self.bytes.iter().skip(place).take(other.len()).copied().collect::<Bytes>())
        } else {
            let bytes = self.slices.as_ref().and_then(|slices| {
                let place = usize::try_from((run.place & !SLICE) - slices.gone).ok()?;
                slices.runs.get(place)?.0.get(skip..)?.get(..other.len())
            });
            bytes.filter(|run| **run != *other).map(Bytes::copy_from_slice)
        };
        if let Some(kept) = kept {
            known.push(Known::Delivered(Overlap {
                start,
                kept,
                kept_by: run.stamp(),
                other,
                other_by: by,
                relation: Relation::Delivered,
            }));
        }
    }

    fn equals(&self, place: usize, other: &[u8]) -> bool {
        let (front, back) = self.bytes.as_slices();
        if let Some(rest) = front.get(place..) {
            let split = rest.len().min(other.len());
            let (one, two) = other.split_at_checked(split).unwrap_or((other, &[]));
            return rest.get(..split) == Some(one) && back.get(..two.len()) == Some(two);
        }
        let from = place - front.len();
        back.get(from..from.saturating_add(other.len())) == Some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(packet: u64) -> Stamp {
        Stamp { packet, ..Stamp::default() }
    }

    fn show(known: &[Known]) -> Vec<String> {
        known
            .iter()
            .map(|known| match known {
                Known::Delivered(o) => format!(
                    "{} {}/{} by {}",
                    o.start,
                    String::from_utf8_lossy(&o.kept),
                    String::from_utf8_lossy(&o.other),
                    o.kept_by.packet
                ),
                Known::Missing(at, bytes) => format!("{at} late {}", String::from_utf8_lossy(bytes)),
                Known::Forgotten(from, to) => format!("{from}..{to} forgotten"),
            })
            .collect()
    }

    #[test]
    fn knows_the_last_bytes() {
        let mut replay = Replay::default();
        replay.push(0, &Bytes::from_static(b"abcd"), 0, by(1), 8);
        replay.push(4, &Bytes::from_static(b"efgh"), 0, by(2), 8);
        replay.push_gap(8, 3);
        replay.push(11, &Bytes::from_static(b"ijkl"), 0, by(3), 8);
        for (start, bytes, known) in [
            (4, "efgh", vec![]),
            (4, "efghXYZijkl", vec!["8 late XYZ"]),
            (2, "cdef", vec!["2..4 forgotten"]),
            (4, "eFgH", vec!["4 efgh/eFgH by 2"]),
            (12, "JKL", vec!["12 jkl/JKL by 3"]),
            (0, "ab", vec!["0..2 forgotten"]),
            (9, "YZ", vec!["9 late YZ"]),
            (0, "abcdefghXYZ", vec!["0..4 forgotten", "8 late XYZ"]),
        ] {
            assert_eq!(
                show(&replay.check(start, &Bytes::from_static(bytes.as_bytes()), by(0))),
                known,
                "{start} {bytes}"
            );
        }
    }

    #[test]
    fn a_run_longer_than_the_ring_leaves_its_end() {
        let mut replay = Replay::default();
        replay.push(0, &Bytes::from_static(b"abcdefgh"), 0, by(1), 4);
        assert_eq!(
            show(&replay.check(2, &Bytes::from_static(b"cdeF"), by(0))),
            ["2..4 forgotten", "4 ef/eF by 1"]
        );
        assert!(replay.bytes.len() <= 4);
    }

    #[test]
    fn slices_that_keep_little_alive_are_not_copied() {
        let mut replay = Replay::default();
        let block = Bytes::from((0..=255_u8).cycle().take(8 * 400).collect::<Vec<_>>());
        for n in 0..8_u64 {
            let from = usize::try_from(n).unwrap() * 400;
            // Every third one is copied.
            let backing = if n % 3 == 0 { 0 } else { 500 };
            replay.push(n * 400, &block.slice(from..from + 400), backing, by(n), 2000);
        }
        assert_eq!((replay.bytes.len(), replay.kept()), (400, 1500));
        assert_eq!(show(&replay.check(1600, &block.slice(1600..), by(9))), [""; 0]);
        let mut other = block.to_vec();
        (other[2100], other[2500], other[2900]) = (1, 2, 3);
        let told = replay.check(1000, &Bytes::from(other[1000..].to_vec()), by(9));
        let runs: Vec<_> = told
            .iter()
            .map(|known| match known {
                Known::Delivered(overlap) => (overlap.start, overlap.kept.len(), overlap.kept_by.packet),
                Known::Forgotten(from, to) => (*from, usize::try_from(to - from).unwrap(), 99),
                Known::Missing(..) => unreachable!(),
            })
            .collect();
        assert_eq!(runs, [(1000, 600, 99), (2000, 400, 5), (2400, 400, 6), (2800, 400, 7)]);
        replay.push_gap(3200, 5);
        replay.give_up();
        assert!(block.is_unique() && replay.cost() > 0);
        replay.push(3205, &block.slice(..400), 500, by(8), 2000);
        replay.push(3605, &block.slice(..10), 0, by(9), 2000);
        let again = Bytes::from([&[7; 5], &block[..400], &block[..10]].concat());
        assert_eq!(replay.check(3200, &again, by(10)).len(), 1);
        assert_eq!(show(&replay.check(2800, &block.slice(..400), by(10))), ["2800..3200 forgotten"]);
        for left in [true, true, false] {
            replay.give_up();
            assert_eq!(replay.cost() > 0, left);
        }
    }

    #[test]
    fn wraps_and_stays_within_its_limit() {
        let mut replay = Replay::default();
        for n in 0..10_000_u64 {
            let byte = u8::try_from(n % 251).unwrap();
            replay.push(n * 3, &Bytes::from(vec![byte; 3]), 0, by(n), 4096);
            assert!(replay.check(n * 3, &Bytes::from(vec![byte; 3]), by(0)).is_empty());
            if n > 1000 {
                let old = n - 1000;
                let byte = u8::try_from(old % 251).unwrap();
                assert!(replay.check(old * 3, &Bytes::from(vec![byte; 3]), by(0)).is_empty());
            }
        }
        assert!(replay.bytes.capacity() <= 4096 && replay.marks.len() <= MAX_MARKS);
    }
}
