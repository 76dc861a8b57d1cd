//! From stream offsets back to packets.

use crate::record::{Place, Run};
use core::ops::Range;
use core::time::Duration;
use std::collections::VecDeque;

/// A stretch of a stream and the packet that carried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) packet: Place,
    pub(crate) at: Duration,
    /// Where the stretch begins in the payload of the packet.
    pub(crate) payload_offset: u32,
}

/// The packets of one direction, as far back as the session may still speak of them.
#[derive(Debug, Default)]
pub(crate) struct Places(VecDeque<Carried>);

impl Places {
    pub(crate) fn push(&mut self, carried: Carried) {
        self.0.push_back(carried);
    }

    /// Forgets what ends before `offset`, but for the last packet: something may yet be said of it.
    pub(crate) fn forget_before(&mut self, offset: u64) {
        while self.0.len() > 1 && self.0.front().is_some_and(|front| front.offset + front.len <= offset) {
            self.0.pop_front();
        }
    }

    /// The packet that carried the byte at `offset`; for one in a hole or at the end, the packet before it.
    pub(crate) fn at(&self, offset: u64) -> Option<&Carried> {
        let behind = self.0.partition_point(|carried| carried.offset <= offset);
        self.0.get(behind.saturating_sub(1))
    }

    /// The packet that carried the last byte of a stretch.
    pub(crate) fn last_of(&self, span: &Range<u64>) -> Option<&Carried> {
        self.at(span.end.saturating_sub(1).max(span.start))
    }

    /// The runs of a message that the stretch `stream` of the direction makes up from `message_offset` on.
    pub(crate) fn runs(
        &self,
        stream: Range<u64>,
        message_offset: u64,
    ) -> impl Iterator<Item = (Run, Duration)> + '_ {
        let first = self.0.partition_point(|carried| carried.offset + carried.len <= stream.start);
        self.0.iter().skip(first).take_while(move |carried| carried.offset < stream.end).map(move |carried| {
            let start = carried.offset.max(stream.start);
            let end = (carried.offset + carried.len).min(stream.end);
            let into = u32::try_from(start - carried.offset).unwrap_or(u32::MAX);
            let run = Run::new(
                message_offset + (start - stream.start),
                start,
                end - start,
                carried.packet,
                carried.payload_offset.saturating_add(into),
            );
            (run, carried.at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let mut places = Places::default();
        for (offset, len, frame) in [(0, 10, 1), (10, 5, 2), (20, 5, 4)] {
            let packet = Place::new(1, frame);
            places.push(Carried { offset, len, packet, at: Duration::from_secs(frame), payload_offset: 100 });
        }
        places
    }

    #[test]
    fn offsets_find_their_packets() {
        let places = places();
        // 15..20 is a hole.
        for (offset, frame) in [(0, 1), (9, 1), (10, 2), (14, 2), (17, 2), (20, 4), (99, 4)] {
            assert_eq!(places.at(offset).map(|carried| carried.packet.frame), Some(frame), "{offset}");
        }
        assert_eq!(Places::default().at(0), None);
    }

    #[test]
    fn stretches_become_runs() {
        let runs: Vec<Run> = places().runs(8..22, 1000).map(|(run, _)| run).collect();
        let expected = [
            Run::new(1000, 8, 2, Place::new(1, 1), 108),
            Run::new(1002, 10, 5, Place::new(1, 2), 100),
            Run::new(1012, 20, 2, Place::new(1, 4), 100),
        ];
        assert_eq!(runs, expected);
    }

    #[test]
    fn the_last_packet_is_kept() {
        let mut places = places();
        places.forget_before(12);
        assert_eq!(places.0.len(), 2);
        places.forget_before(1000);
        assert_eq!(places.0.len(), 1);
    }
}
