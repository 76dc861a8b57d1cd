//! pcap, the format of tcpdump (draft-ietf-opsawg-pcap): a file header, then records one after the other.
//!
//! Nothing in the format marks where a record begins, so a wrong length would turn all that follows into rubbish.
//! A record header that looks odd is therefore only believed when the header behind its record is believable too.

use core::time::Duration;

use super::resync::{Landmarks, Packet, Step, find, leave_out, skip_to_next};
use super::window::Window;
use super::{DamageKind, Precision};

/// Size of the file header.
pub(super) const FILE_HEADER: usize = 24;

/// No record is larger, whatever the file says.
const MAX_RECORD: u32 = 256 * 1024 * 1024;

/// What programs that write captures take as the largest packet.
const USUAL_RECORD: u32 = 256 * 1024;

/// Records in a row that have to look right before reading goes on behind damage.
const CHAIN: usize = 3;

const DAY: u32 = 24 * 60 * 60;

/// What the file header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHeader {
    big_endian: bool,
    nano: bool,
    /// Size of a record header: 16, or 24 where the writer put more into it.
    record_header: usize,
    snaplen: u32,
    link: u32,
}

impl FileHeader {
    /// Reads the 24 bytes; `None` when they are no pcap file header.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let magic: [u8; 4] = *bytes.first_chunk()?;
        let (big_endian, magic) = match u32::from_be_bytes(magic) {
            big @ (0xa1b2_c3d4 | 0xa1b2_3c4d | 0xa1b2_cd34) => (true, big),
            other => (false, other.swap_bytes()),
        };
        let (nano, record_header) = match magic {
            0xa1b2_c3d4 => (false, 16),
            0xa1b2_3c4d => (true, 16),
            // Written by old libpcap with Alexey Kuznetsov's changes: interface, protocol and packet type follow.
            0xa1b2_cd34 => (false, 24),
            _ => return None,
        };
        let word = |at| word(bytes, at, big_endian);
        // The upper six bits of the last word tell the length of the frame check sequence.
        Some(Self { big_endian, nano, record_header, snaplen: word(16)?, link: word(20)? & 0x03ff_ffff })
    }

    pub(super) const fn is_nano(&self) -> bool {
        self.nano
    }

    /// Whether bytes in the middle of the file are a header like this one, with the version all writers give.
    fn again(&self, bytes: &[u8]) -> Option<Self> {
        let version: &[u8] = if self.big_endian { &[0, 2, 0, 4] } else { &[2, 0, 4, 0] };
        let other = Self::parse(bytes.get(..FILE_HEADER)?)?;
        (bytes.get(4..8) == Some(version) && other.big_endian == self.big_endian).then_some(other)
    }

    const fn precision(&self) -> Precision {
        if self.nano { Precision::NANOSECONDS } else { Precision::MICROSECONDS }
    }

    /// The most bytes a record holds without looking odd.
    fn usual_record(&self) -> u32 {
        match self.snaplen {
            0 => USUAL_RECORD,
            snaplen => snaplen.min(USUAL_RECORD),
        }
    }
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let word = *bytes.get(at..)?.first_chunk()?;
    Some(if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}

/// A record header.
#[derive(Debug, Clone, Copy)]
struct Record {
    secs: u32,
    fraction: u32,
    captured: u32,
    original: u32,
}

/// What is to be thought of a record header.
enum Trust {
    Yes,
    No,
    /// The capture ends inside the record.
    Cut {
        usable: bool,
    },
}

/// Reads the records of one file.
#[derive(Debug)]
pub(super) struct Pcap {
    header: FileHeader,
    /// Number of records so far.
    number: u64,
    /// Seconds of the last time stamp.
    last: Option<u32>,
    pending: Option<Step>,
}

impl Pcap {
    pub(super) const fn new(header: FileHeader) -> Self {
        Self { header, number: 0, last: None, pending: None }
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn next(&mut self, window: &mut Window) -> Option<Step> {
        if self.pending.is_some() {
            return self.pending.take();
        }
        if !window.ensure(self.header.record_header) {
            let left = window.len();
            return (left > 0).then(|| leave_out(window, left, DamageKind::CutShort));
        }
        if FileHeader::parse(window.bytes()).is_some()
            && window.ensure(FILE_HEADER)
            && let Some(header) = self.header.again(window.bytes())
        {
            self.header = header;
            return Some(leave_out(window, FILE_HEADER, DamageKind::SecondHeader));
        }
        let record = self.record(window.bytes())?;
        match self.judge(window, record) {
            Trust::Yes => Some(self.packet(window, record)),
            Trust::No => Some(skip_to_next(self, window, DamageKind::Record)),
            Trust::Cut { usable } => Some(self.cut(window, record, usable)),
        }
    }

    fn packet(&mut self, window: &mut Window, record: Record) -> Step {
        self.number += 1;
        self.last = Some(record.secs);
        window.skip(self.header.record_header);
        let data = window.take(size(record.captured));
        let nanos = if self.header.nano { 1 } else { 1000 };
        let fraction = Duration::from_nanos(u64::from(record.fraction) * nanos);
        Step::Packet(Packet {
            number: self.number,
            at: Duration::from_secs(record.secs.into()).saturating_add(fraction),
            precision: self.header.precision(),
            link: self.header.link,
            data,
            original_len: record.original,
        })
    }

    /// The capture ends before the record does: either it was cut there, or the length is wrong.
    fn cut(&mut self, window: &mut Window, record: Record, usable: bool) -> Step {
        if let Some(at) = find(self, window) {
            return leave_out(window, at, DamageKind::Record);
        }
        let left = window.len();
        if !usable || left <= self.header.record_header {
            return leave_out(window, left, DamageKind::CutShort);
        }
        let offset = window.offset();
        self.pending = Some(Step::Damage { offset, skipped: 0, kind: DamageKind::CutShort });
        self.packet(window, record)
    }

    fn record(&self, bytes: &[u8]) -> Option<Record> {
        let word = |at| word(bytes, at, self.header.big_endian);
        Some(Record { secs: word(0)?, fraction: word(4)?, captured: word(8)?, original: word(12)? })
    }

    /// Size of a record with its header.
    fn total(&self, record: Record) -> usize {
        self.header.record_header + size(record.captured)
    }

    /// How many things about a record header are odd. Each of them stands in captures that are otherwise whole.
    fn oddities(&self, record: Record, last: Option<u32>) -> usize {
        let units = if self.header.nano { 1_000_000_000 } else { 1_000_000 };
        [
            record.captured > self.header.usual_record(),
            record.captured > record.original,
            record.original > MAX_RECORD,
            record.fraction >= units,
            last.is_some_and(|last| last.abs_diff(record.secs) > 365 * DAY),
        ]
        .into_iter()
        .filter(|&odd| odd)
        .count()
    }

    fn judge(&self, window: &mut Window, record: Record) -> Trust {
        let zeros = (record.secs, record.fraction, record.captured, record.original) == (0, 0, 0, 0);
        if zeros || record.captured > MAX_RECORD {
            return Trust::No;
        }
        let oddities = self.oddities(record, self.last);
        let total = self.total(record);
        if !window.ensure(total) {
            return Trust::Cut { usable: oddities <= 1 };
        }
        if oddities == 0 {
            return Trust::Yes;
        }
        // Odd: see what follows. This is the only place that waits for more than the record itself.
        let behind = if window.ensure(total + self.header.record_header) {
            let next = window.bytes().get(total..).and_then(|bytes| self.record(bytes));
            next.map_or(usize::MAX, |next| self.oddities(next, Some(record.secs)))
        } else if window.len() == total {
            0
        } else {
            1
        };
        if (oddities == 1 && behind <= 1) || behind == 0 { Trust::Yes } else { Trust::No }
    }

    /// Whether a header looks right in every way: the rule behind damage, where nothing is known but what stands here.
    fn strict(&self, record: Record) -> bool {
        record.captured > 0
            && self.oddities(record, None) == 0
            && self.last.is_none_or(|last| last.abs_diff(record.secs) <= 30 * DAY)
    }
}

impl Landmarks for Pcap {
    const HEAD: usize = 16;

    fn may_begin(&self, head: &[u8]) -> bool {
        self.record(head).is_some_and(|record| self.strict(record))
    }

    fn begins(&self, window: &mut Window, mut at: usize) -> bool {
        for seen in 0..CHAIN {
            if !window.ensure(at + Self::HEAD) {
                // Records that end with the file are as good as one more header.
                return (seen > 0 && window.len() == at) || seen + 1 >= CHAIN;
            }
            let record = window.bytes().get(at..).and_then(|bytes| self.record(bytes));
            let Some(record) = record.filter(|&record| self.strict(record)) else { return false };
            at += self.total(record);
        }
        true
    }
}

/// A length that was checked against [`MAX_RECORD`], or is only compared.
fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Seen};
    use super::*;

    fn file(big: bool, magic: u32, frames: &[(u32, u32, &[u8])]) -> Vec<u8> {
        testing::pcap(big, magic, 262_144, 1, frames)
    }

    const FRAMES: [(u32, u32, &[u8]); 6] = [
        (1_600_000_000, 1, b"first packet"),
        (1_600_000_000, 999_999, b"second"),
        (1_600_000_003, 0, b"the third packet is a little longer"),
        (1_600_000_002, 5, b"four, earlier"),
        (1_600_000_009, 7, b"five"),
        (1_600_000_010, 8, b"six six six"),
    ];

    #[test]
    fn variants() {
        for (magic, big, nanos) in [
            (0xa1b2_c3d4, false, 1000),
            (0xa1b2_c3d4, true, 1000),
            (0xa1b2_3c4d, false, 1),
            (0xa1b2_3c4d, true, 1),
            (0xa1b2_cd34, false, 1000),
            (0xa1b2_cd34, true, 1000),
        ] {
            let seen = testing::read(file(big, magic, &FRAMES));
            assert_eq!(seen.damage, []);
            for ((frame, (secs, fraction, data)), number) in seen.frames.iter().zip(FRAMES).zip(1..) {
                assert_eq!(frame.number, number);
                assert_eq!(frame.at, Duration::new(secs.into(), fraction * nanos), "{magic:x} {big}");
                assert_eq!((&frame.data[..], frame.link), (data, 1));
                assert_eq!(frame.precision.digits(), if nanos == 1 { 9 } else { 6 });
            }
            assert_eq!(seen.frames.len(), FRAMES.len());
        }
    }

    #[test]
    fn every_cut_yields_a_prefix() {
        let bytes = file(false, 0xa1b2_c3d4, &FRAMES);
        let whole = testing::read(bytes.clone());
        let mut ends = vec![FILE_HEADER];
        for (_, _, data) in FRAMES {
            ends.push(ends.last().unwrap() + 16 + data.len());
        }
        for cut in FILE_HEADER..bytes.len() {
            let Seen { frames, damage } = testing::read(bytes[..cut].to_vec());
            let clean = ends.contains(&cut);
            assert_eq!(damage.len(), usize::from(!clean), "{cut}");
            assert!(damage.iter().all(|d| d.kind == DamageKind::CutShort));
            let full = ends.iter().filter(|&&end| end <= cut).count().saturating_sub(1);
            assert_eq!(frames[..full], whole.frames[..full]);
            let rest = &frames[full..];
            assert!(rest.len() <= 1);
            for frame in rest {
                assert_eq!(frame.data, whole.frames[full].data[..cut - ends[full] - 16]);
                assert_eq!(frame.original_len, whole.frames[full].original_len);
            }
        }
    }

    #[test]
    fn damage_in_the_middle() {
        let bytes = file(false, 0xa1b2_c3d4, &FRAMES);
        let second = FILE_HEADER + 16 + FRAMES[0].2.len();
        let third = second + 16 + FRAMES[1].2.len();
        let numbers = |bytes: Vec<u8>| {
            let seen = testing::read(bytes);
            let data: Vec<_> = seen.frames.iter().map(|frame| frame.data.clone()).collect();
            let damage: Vec<_> =
                seen.damage.into_iter().map(|d| (d.frame, d.offset, d.skipped, d.kind)).collect();
            (data, damage)
        };
        let expected = |without: usize| -> Vec<bytes::Bytes> {
            let all = FRAMES.iter().enumerate();
            all.filter(|&(n, _)| n != without).map(|(_, f)| bytes::Bytes::from_static(f.2)).collect()
        };
        let gone = (third - second) as u64;
        let damage = vec![(1, second as u64, gone, DamageKind::Record)];
        // The header of the second record overwritten, with zeros, ones and a huge length.
        for (at, len, value) in [(0, 16, 0), (0, 16, 0xff), (8, 8, 0x7f), (10, 2, 0x70)] {
            let mut bytes = bytes.clone();
            bytes[second + at..second + at + len].fill(value);
            assert_eq!(numbers(bytes), (expected(1), damage.clone()), "{at} {len} {value}");
        }
        // Bytes lost and bytes put in.
        let lost = [&bytes[..second], &bytes[second + 9..]].concat();
        let damage = vec![(1, second as u64, gone - 9, DamageKind::Record)];
        assert_eq!(numbers(lost), (expected(1), damage));
        let more = [&bytes[..second], &[0xee; 1000], &bytes[second..]].concat();
        assert_eq!(numbers(more), (expected(9), vec![(1, second as u64, 1000, DamageKind::Record)]));
        // A length that reaches behind the end.
        let mut long = bytes;
        long[second + 9] = 1;
        long[second + 13] = 1;
        assert_eq!(numbers(long), (expected(1), vec![(1, second as u64, gone, DamageKind::Record)]));
    }

    #[test]
    fn appended_files() {
        let one = file(false, 0xa1b2_c3d4, &FRAMES);
        let nano = file(false, 0xa1b2_3c4d, &FRAMES);
        let seen = testing::read([&one[..], &nano[..]].concat());
        let kinds: Vec<_> = seen.damage.iter().map(|d| (d.frame, d.offset, &d.kind)).collect();
        assert_eq!(kinds, [(6, one.len() as u64, &DamageKind::SecondHeader)]);
        assert_eq!((seen.frames.len(), seen.frames[6].at.subsec_nanos()), (12, 1));
    }

    #[test]
    fn oddities_of_whole_captures_are_tolerated() {
        type Change = (&'static str, usize, u32);
        for (what, field, value) in
            [("original", 12, 0), ("fraction", 4, 5_000_000), ("clock", 0, 1), ("original", 12, u32::MAX)]
                as [Change; 4]
        {
            let mut bytes = file(false, 0xa1b2_c3d4, &FRAMES);
            let mut at = FILE_HEADER;
            for (_, _, data) in FRAMES {
                bytes[at + field..at + field + 4].copy_from_slice(&value.to_le_bytes());
                at += 16 + data.len();
            }
            let seen = testing::read(bytes);
            assert_eq!((seen.frames.len(), seen.damage), (6, vec![]), "{what} {value}");
        }
        let snapped = testing::pcap(false, 0xa1b2_c3d4, 4, 0x1000_0001, &FRAMES);
        let seen = testing::read(snapped);
        assert_eq!((seen.frames.len(), seen.frames[0].link, seen.damage), (6, 1, vec![]));
    }
}
