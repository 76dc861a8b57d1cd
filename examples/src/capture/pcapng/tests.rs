use std::io::Cursor;

use super::super::testing::{self, Seen};
use super::super::{DamageKind, Frame};
use super::SECTION;

/// Writes blocks in one byte order.
#[derive(Clone, Copy)]
struct Writer {
    big: bool,
}

impl Writer {
    fn u16(self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn block(self, kind: u32, body: &[&[u8]]) -> Vec<u8> {
        let mut body = body.concat();
        body.resize(body.len().next_multiple_of(4), 0);
        let len = self.u32(u32::try_from(body.len() + 12).unwrap());
        [&self.u32(kind)[..], &len, &body, &len].concat()
    }

    fn section(self) -> Vec<u8> {
        self.block(SECTION, &[&self.u32(0x1a2b_3c4d), &self.u16(1), &self.u16(0), &[0xff; 8]])
    }

    fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = [&self.u16(link)[..], &[0, 0], &self.u32(snaplen)].concat();
        for (code, value) in options {
            body.extend([self.u16(*code), self.u16(u16::try_from(value.len()).unwrap())].concat());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &[&body])
    }

    fn enhanced(self, interface: u32, time: u64, data: &[u8]) -> Vec<u8> {
        let high = u32::try_from(time >> 32).unwrap();
        let low = u32::try_from(time & 0xffff_ffff).unwrap();
        let len = u32::try_from(data.len()).unwrap();
        let mut body: Vec<u8> = [interface, high, low, len, len].iter().flat_map(|&w| self.u32(w)).collect();
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        // Flags, then the end of the options.
        body.extend([self.u16(2), self.u16(4)].concat());
        body.extend([0; 8]);
        self.block(6, &[&body])
    }

    fn simple(self, original: u32, data: &[u8]) -> Vec<u8> {
        self.block(3, &[&self.u32(original), data])
    }

    fn obsolete(self, interface: u16, time: u32, data: &[u8]) -> Vec<u8> {
        let len = self.u32(u32::try_from(data.len()).unwrap());
        let time = self.u32(time);
        self.block(2, &[&self.u16(interface), &self.u16(9), &[0; 4], &time, &len, &len, data])
    }
}

const LE: Writer = Writer { big: false };

/// Number, seconds, nanoseconds, link, data, original length, digits.
type Short = (u64, u64, u32, u32, Vec<u8>, u32, u8);

fn short(frame: &Frame) -> Short {
    let at = frame.at;
    (
        frame.number,
        at.as_secs(),
        at.subsec_nanos(),
        frame.link,
        frame.data.to_vec(),
        frame.original_len,
        frame.precision.digits(),
    )
}

#[test]
fn all_kinds_of_blocks_in_both_orders() {
    let section = |w: Writer| -> Vec<u8> {
        let offset = if w.big { 100_i64.to_be_bytes() } else { 100_i64.to_le_bytes() };
        [
            w.section(),
            w.block(4, &[&[0; 4]]),
            w.interface(1, 0, &[]),
            w.interface(113, 8, &[(2, b"eth0"), (9, &[9]), (14, &offset), (0, b"")]),
            w.enhanced(0, 5_000_001, b"enhanced"),
            w.block(0x0bad, &[b"PEN0custom"]),
            w.enhanced(1, 7_000_000_002, b"odd"),
            w.block(10, &[&[7; 20]]),
            w.simple(6, b"simple"),
            w.block(5, &[&[0; 12]]),
            w.obsolete(0, 9_000_003, b"obsolete!"),
            w.block(0x7777, &[b"who knows"]),
            w.block(9, &[b"MESSAGE=hello\n"]),
            w.enhanced(0, 1, b""),
        ]
        .concat()
    };
    let expected = |from: u64| -> Vec<Short> {
        vec![
            (from + 1, 5, 1000, 1, b"enhanced".to_vec(), 8, 6),
            (from + 3, 107, 2, 113, b"odd".to_vec(), 3, 9),
            (from + 4, 107, 2, 1, b"simple".to_vec(), 6, 6),
            (from + 5, 9, 3000, 1, b"obsolete!".to_vec(), 9, 6),
            (from + 7, 0, 1000, 1, Vec::new(), 0, 6),
        ]
    };
    for (bytes, expected) in [
        (section(LE), expected(0)),
        (section(Writer { big: true }), expected(0)),
        ([section(LE), section(Writer { big: true })].concat(), [expected(0), expected(7)].concat()),
    ] {
        let Seen { frames, damage } = testing::read(bytes);
        assert_eq!(damage, []);
        assert_eq!(frames.iter().map(short).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn simple_packets_are_cut_to_the_snap_length() {
    let bytes = [LE.section(), LE.interface(1, 5, &[]), LE.simple(100, b"12345\0\0\0"), LE.simple(3, b"123")];
    let seen = testing::read(bytes.concat());
    let data: Vec<_> = seen.frames.iter().map(|f| (&f.data[..], f.original_len)).collect();
    assert_eq!((data, seen.damage), (vec![(&b"12345"[..], 100), (b"123", 3)], vec![]));
}

fn five() -> [Vec<u8>; 7] {
    let packet = |n: u64| LE.enhanced(0, n * 1_000_000, format!("packet number {n}").as_bytes());
    [LE.section(), LE.interface(1, 0, &[]), packet(1), packet(2), packet(3), packet(4), packet(5)]
}

#[test]
fn every_cut_yields_a_prefix() {
    let blocks = five();
    let bytes = blocks.concat();
    let whole = testing::read(bytes.clone()).frames;
    assert_eq!(whole.len(), 5);
    let ends: Vec<usize> = (0..=7).map(|n| blocks[..n].concat().len()).collect();
    for cut in 4..bytes.len() {
        let Seen { frames, damage } = testing::read(bytes[..cut].to_vec());
        assert_eq!(damage.len(), usize::from(!ends.contains(&cut)), "{cut}");
        assert!(damage.iter().all(|d| d.kind == DamageKind::CutShort));
        let done = ends.iter().filter(|&&end| end <= cut).count() - 1;
        let full = done.saturating_sub(2);
        assert_eq!(frames[..full], whole[..full]);
        if let [last] = &frames[full..] {
            let (expected, into) = (&whole[full], cut - ends[done]);
            assert!(into > 28);
            assert_eq!(last.data, expected.data[..expected.data.len().min(into - 28)]);
            assert_eq!(
                (last.number, last.at, last.original_len),
                (expected.number, expected.at, expected.original_len)
            );
        } else {
            assert!(frames.len() == full && (done < 2 || cut - ends[done] <= 28), "{cut}");
        }
    }
}

#[test]
fn damage_in_the_middle() {
    let blocks = five();
    let starts: Vec<usize> = (0..7).map(|n| blocks[..n].concat().len()).collect();
    // Which bytes of the second packet's block become what, and what is told of it.
    let block = blocks[3].len();
    let cases: [(usize, &[u8], &[u64], DamageKind); 8] = [
        (0, &[0xee; 12], &[1, 2, 3, 4], DamageKind::Block),
        (0, &[0; 40], &[1, 2, 3, 4], DamageKind::Block),
        (4, &[4, 0, 0, 0], &[1, 2, 3, 4], DamageKind::Block),
        (4, &[64, 0, 0, 0], &[1, 2, 3, 4], DamageKind::Block),
        (4, &[0xff, 0xff, 0, 0], &[1, 2, 3, 4], DamageKind::Block),
        (8, &[1, 0, 0, 0], &[1, 3, 4, 5], DamageKind::UnknownInterface(1)),
        (20, &[0xff, 0, 0, 0], &[1, 3, 4, 5], DamageKind::Block),
        (block - 4, &[0, 0, 0, 0], &[1, 2, 3, 4, 5], DamageKind::Trailer),
    ];
    for (at, with, numbers, kind) in cases {
        let mut bytes = blocks.concat();
        bytes[starts[3] + at..][..with.len()].copy_from_slice(with);
        let Seen { frames, damage } = testing::read(bytes);
        assert_eq!(frames.iter().map(|f| f.number).collect::<Vec<_>>(), numbers, "{at} {with:x?}");
        let [damage] = &damage[..] else { panic!("{damage:?}") };
        let skipped = if kind == DamageKind::Trailer { 0 } else { block as u64 };
        assert_eq!((damage.offset, damage.skipped, &damage.kind), (starts[3] as u64, skipped, &kind));
    }
}

#[test]
fn bytes_lost_from_a_block_cost_that_block_alone() {
    let blocks = five();
    let last = blocks[..6].concat().len();
    // Without 8 bytes the length in front of the next block, which is as long, takes the place of the lost one.
    for lost in (1..blocks[5].len()).filter(|&lost| lost != 8) {
        let bytes = [&blocks.concat()[..last - lost], &blocks[6]].concat();
        let Seen { frames, damage } = testing::read(bytes);
        let texts: Vec<_> =
            frames.iter().map(|f| String::from_utf8_lossy(&f.data[14..15]).into_owned()).collect();
        assert_eq!(texts, ["1", "2", "3", "5"], "{lost}");
        let left = (blocks[5].len() - lost) as u64;
        assert_eq!(damage.iter().map(|d| (d.frame, d.skipped)).collect::<Vec<_>>(), [(3, left)]);
    }
}

#[test]
fn a_hole_in_the_middle_and_another_section_behind_it() {
    let blocks = five();
    let big = Writer { big: true };
    let bytes = [&blocks[..4].concat()[..], &[0; 5001], &big.section(), &big.interface(101, 0, &[])].concat();
    let bytes = [bytes, big.enhanced(0, 77_000_000, b"found")].concat();
    let Seen { frames, damage } = testing::read(bytes);
    assert_eq!(short(&frames[2]), (3, 77, 0, 101, b"found".to_vec(), 5, 6));
    assert_eq!(damage.iter().map(|d| (d.frame, d.skipped)).collect::<Vec<_>>(), [(2, 5001)]);
}

#[test]
fn live() {
    let bytes = five().concat();
    let whole = testing::read(bytes.clone());
    assert_eq!(testing::read_from(testing::Trickle(Cursor::new(bytes))), whole);
    let first = five()[..3].concat();
    let mut reader = super::super::Reader::new(1, testing::Silent(Cursor::new(first))).unwrap();
    assert!(matches!(reader.next(), Some(super::super::Item::Frame(frame)) if frame == whole.frames[0]));
}
