//! What is known of the sender of a direction, to tell its segments from those of others, and what its receiver lets
//! it send.

use crate::{Check, Checksum, Checksums, Config, Flags, Segment, Timestamp};

/// So many wrong checksums without a right one mean that the network card was to fill them in.
const OFFLOAD_RUN: u8 = 8;

/// RFC 7323, section 5.5: time stamps older than this mean nothing.
const TIMESTAMP_LIFE: Timestamp = Timestamp::from_secs(24 * 24 * 60 * 60);

/// Packets remembered to recognise one that was captured twice.
const RECENT: usize = 4;

/// Packets with the same time to live before another one is odd.
const TTL_VOTES: u8 = 2;

/// What a wrong checksum means for a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sum {
    /// Nothing is wrong with it.
    Fine,
    /// It is wrong, and that is only to be told.
    Told,
    /// It is wrong, and nobody knows yet whether all of this direction are.
    Undecided,
    /// It is wrong, and the receiver dropped it.
    Wrong,
    /// It is one more of a direction that has only wrong ones: none of them means anything.
    AllWrong,
}

/// The sender of a direction.
#[derive(Debug)]
pub(crate) struct Trust {
    /// Wrong checksums so far, while there was no right one.
    bad_sums: u8,
    good_sum: bool,
    offload: bool,
    /// Time to live of most packets, and by how many votes.
    ttl: u8,
    ttl_votes: u8,
    /// The window scale of the SYN (14 at most): 0 without that option.
    scale: Option<u8>,
    /// Whether the SYN had the option at all.
    scaled: bool,
    /// Whether the receiver closed its window.
    pub(crate) window_closed: bool,
    next_recent: u8,
    /// RFC 7323, section 4.3: `TS.Recent`, and when it was taken.
    stamp: Option<u32>,
    stamped: Timestamp,
    /// The highest offset the receiver ever allowed, where its window is known.
    pub(crate) right_edge: Option<u64>,
    recent: [u64; RECENT],
}

impl Trust {
    pub(crate) const fn new() -> Self {
        Self {
            bad_sums: 0,
            good_sum: false,
            offload: false,
            ttl: 0,
            ttl_votes: 0,
            scale: None,
            scaled: false,
            window_closed: false,
            next_recent: 0,
            stamp: None,
            stamped: Timestamp::ZERO,
            right_edge: None,
            recent: [0; RECENT],
        }
    }

    /// Whether a segment that is next in order passes all checks; then it is noted.
    pub(crate) fn passes(&mut self, segment: &Segment, end: u64, now: Timestamp, config: &Config) -> bool {
        let sum = match segment.checksum {
            Checksum::Unknown => true,
            Checksum::Good => self.good_sum || self.offload || segment.payload_len == 0,
            Checksum::Bad | Checksum::Offload => {
                config.checksums == Checksums::Ignore || self.offload && !self.good_sum
            }
        };
        let passes = sum
            && segment.ttl.is_none_or(|ttl| ttl == self.ttl)
            && self.right_edge.is_none_or(|edge| end <= edge)
            && !self.is_old(segment, now, config);
        if passes {
            self.note_stamp(segment, now);
            self.ttl_votes = self.ttl_votes.saturating_add(u8::from(segment.ttl.is_some()));
        }
        passes
    }

    /// Judges the checksum of a segment. Only data and SYNs are evidence: kernels compute the checksum of some RSTs
    /// and acknowledgements themselves where the network card does it for all others.
    pub(crate) fn judge_sum(&mut self, segment: &Segment, config: &Config) -> Sum {
        let evidence = segment.payload_len > 0 || segment.flags.contains(Flags::SYN);
        let wrong = match segment.checksum {
            Checksum::Unknown => return Sum::Fine,
            Checksum::Good => {
                self.good_sum |= evidence && !self.offload;
                return Sum::Fine;
            }
            Checksum::Bad => false,
            Checksum::Offload => true,
        };
        match config.checksums {
            Checksums::Ignore => Sum::Fine,
            Checksums::Report => Sum::Told,
            Checksums::Reject => Sum::Wrong,
            Checksums::Auto if self.offload => Sum::Fine,
            Checksums::Auto if self.good_sum => Sum::Wrong,
            Checksums::Auto => {
                self.bad_sums = self.bad_sums.saturating_add(u8::from(evidence));
                if wrong || self.bad_sums >= OFFLOAD_RUN {
                    self.offload = true;
                    return Sum::AllWrong;
                }
                Sum::Undecided
            }
        }
    }

    /// Checksums of this direction say nothing from now on.
    pub(crate) const fn give_up_sums(&mut self) {
        self.offload = true;
    }

    /// Whether a segment of this direction with a right checksum was seen.
    pub(crate) const fn is_decided(&self) -> bool {
        self.good_sum || self.bad_sums == 0
    }

    /// RFC 7323, section 5.3. One tick back is let pass, as Linux does.
    pub(crate) fn is_old(&self, segment: &Segment, now: Timestamp, config: &Config) -> bool {
        if config.paws == Check::Ignore {
            return false;
        }
        let (Some(last), Some((value, _))) = (self.stamp, segment.timestamps) else { return false };
        value.wrapping_sub(last).cast_signed() < -1 && now.saturating_sub(self.stamped) < TIMESTAMP_LIFE
    }

    /// By how much the time stamp of a segment is old.
    pub(crate) fn behind(&self, segment: &Segment) -> u32 {
        let value = segment.timestamps.map_or(0, |(value, _)| value);
        self.stamp.map_or(0, |last| last.wrapping_sub(value))
    }

    /// Takes the time stamp of a segment that begins at or below the edge.
    pub(crate) fn note_stamp(&mut self, segment: &Segment, now: Timestamp) {
        if let Some((value, _)) = segment.timestamps {
            let newer = self.stamp.is_none_or(|last| value.wrapping_sub(last).cast_signed() >= 0);
            if newer || now.saturating_sub(self.stamped) >= TIMESTAMP_LIFE {
                (self.stamp, self.stamped) = (Some(value), now);
            }
        }
    }

    /// Counts the time to live of a packet: the majority stays, whatever comes in between.
    pub(crate) fn note_ttl(&mut self, segment: &Segment) {
        let Some(ttl) = segment.ttl else { return };
        if ttl == self.ttl {
            self.ttl_votes = self.ttl_votes.saturating_add(1);
        } else if self.ttl_votes <= 1 {
            (self.ttl, self.ttl_votes) = (ttl, 1);
        } else {
            self.ttl_votes -= 1;
        }
    }

    /// The usual time to live, where the segment has another one.
    pub(crate) fn usual_ttl(&self, segment: &Segment) -> Option<u8> {
        let odd = segment.ttl.is_some_and(|ttl| ttl != self.ttl) && self.ttl_votes >= TTL_VOTES;
        odd.then_some(self.ttl)
    }

    /// Notes the window scale of a SYN (RFC 7323, section 2.3: 14 at most).
    pub(crate) fn note_syn(&mut self, segment: &Segment) {
        self.scale = Some(segment.window_scale.unwrap_or_default().min(14));
        self.scaled = segment.window_scale.is_some();
    }

    /// By how many bits the windows that this side advertises are to be shifted, where both SYNs were seen.
    pub(crate) fn shift(&self, peer: &Self) -> Option<u8> {
        let (shift, _) = (self.scale?, peer.scale?);
        Some(if self.scaled && peer.scaled { shift } else { 0 })
    }

    /// Whether the same packet was captured just before, as on a mirror port that sees it twice.
    pub(crate) fn is_duplicate(&self, print: u64) -> bool {
        print != 0 && self.recent.contains(&print)
    }

    pub(crate) fn note_packet(&mut self, print: u64) {
        if let Some(place) = self.recent.get_mut(usize::from(self.next_recent) % RECENT) {
            *place = print;
        }
        self.next_recent = self.next_recent.wrapping_add(1);
    }
}

/// What a packet keeps on its way and shares with no other; 0 where nothing tells it from a retransmission.
pub(crate) fn print(segment: &Segment) -> u64 {
    let id = segment.ip_id.filter(|&id| id != 0);
    if id.is_none() && segment.timestamps.is_none() {
        return 0;
    }
    let (value, echo) = segment.timestamps.unwrap_or_default();
    let words = [
        u64::from(segment.seq) << 32 | u64::from(segment.ack.unwrap_or_default()),
        u64::from(value) << 32 | u64::from(echo),
        u64::from(segment.payload_len) << 32
            | u64::from(segment.window) << 16
            | u64::from(id.unwrap_or_default()),
    ];
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    words.into_iter().fold(u64::from(segment.flags.bits()) + 1, mix) | 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn segment(checksum: Checksum) -> Segment {
        Segment::new(([10, 0, 0, 1], 1).into(), ([10, 0, 0, 2], 2).into(), 1)
            .with_payload(Bytes::from_static(b"x"), 0)
            .with_checksum(checksum)
    }

    #[test]
    fn checksums_are_judged_by_what_came_before() {
        use Checksum::*;
        let auto = Config::default();
        for (sums, last) in [
            (vec![Unknown, Unknown], Sum::Fine),
            (vec![Bad], Sum::Undecided),
            (vec![Good, Bad], Sum::Wrong),
            (vec![Good, Offload], Sum::Wrong),
            (vec![Bad, Good, Bad], Sum::Wrong),
            (vec![Offload], Sum::AllWrong),
            (vec![Offload, Bad], Sum::Fine),
            (vec![Offload, Good, Bad], Sum::Fine),
            (vec![Bad; 7], Sum::Undecided),
            (vec![Bad; 8], Sum::AllWrong),
            (vec![Bad; 9], Sum::Fine),
        ] {
            let mut trust = Trust::new();
            let found = sums.iter().map(|&sum| trust.judge_sum(&segment(sum), &auto)).last();
            assert_eq!(found, Some(last), "{sums:?}");
        }
        for (mode, verdict) in
            [(Checksums::Ignore, Sum::Fine), (Checksums::Report, Sum::Told), (Checksums::Reject, Sum::Wrong)]
        {
            let config = Config { checksums: mode, ..Config::default() };
            assert_eq!(Trust::new().judge_sum(&segment(Bad), &config), verdict);
        }
    }

    #[test]
    fn time_stamps_wrap_and_age() {
        let (config, day) = (Config::default(), Timestamp::from_secs(86_400));
        for (first, second, later, old) in [
            (100, 90, Timestamp::ZERO, true),
            (100, 99, Timestamp::ZERO, false),
            (100, 98, Timestamp::ZERO, true),
            (u32::MAX - 1, 3, Timestamp::ZERO, false),
            (3, u32::MAX - 5, Timestamp::ZERO, true),
            (100, 90, 25 * day, false),
        ] {
            let mut trust = Trust::new();
            trust.note_stamp(&segment(Checksum::Unknown).with_timestamps(first, 0), Timestamp::ZERO);
            let second = segment(Checksum::Unknown).with_timestamps(second, 0);
            assert_eq!(trust.is_old(&second, later, &config), old, "{first} {second:?}");
        }
        assert!(!Trust::new().is_old(&segment(Checksum::Unknown), Timestamp::ZERO, &config));
    }

    #[test]
    fn only_the_same_packet_is_a_duplicate() {
        let one = segment(Checksum::Unknown).with_ip(64, Some(7));
        let mut trust = Trust::new();
        trust.note_packet(print(&one));
        for (other, same) in [
            (one.clone(), true),
            (one.clone().with_ip(63, Some(7)), true),
            (one.clone().with_ip(64, Some(8)), false),
            (one.clone().with_ack(9), false),
            (segment(Checksum::Unknown), false),
        ] {
            assert_eq!(trust.is_duplicate(print(&other)), same, "{other:?}");
        }
        for id in 10..14 {
            trust.note_packet(print(&one.clone().with_ip(64, Some(id))));
        }
        assert!(!trust.is_duplicate(print(&one)));
        assert_eq!(print(&segment(Checksum::Unknown)), 0);
    }

    #[test]
    fn the_usual_time_to_live_is_that_of_most() {
        let mut trust = Trust::new();
        for ttl in [64, 64, 1, 64] {
            trust.note_ttl(&segment(Checksum::Unknown).with_ip(ttl, None));
        }
        let usual = |ttl| trust.usual_ttl(&segment(Checksum::Unknown).with_ip(ttl, None));
        assert_eq!((usual(64), usual(1)), (None, Some(64)));
    }
}
