//! Properties of reading captures: whatever the bytes are, and however they come.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::{Cursor, Read};

use mailtap::capture::{CaptureError, DamageKind, Format, Item, Reader};
use pcap_parser::traits::{PcapNGPacketBlock, PcapReaderIterator};
use pcap_parser::{Block, LegacyPcapReader, PcapBlockOwned, PcapError, PcapNGReader};
use proptest::prelude::*;

/// Seconds, fraction, data.
type Packet = (u32, u32, Vec<u8>);

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    let data = prop::collection::vec(any::<u8>(), 0..90);
    prop::collection::vec((1_600_000_000..1_600_100_000_u32, 0..1_000_000_u32, data), 0..12)
}

fn u32_bytes(big: bool, word: u32) -> [u8; 4] {
    if big { word.to_be_bytes() } else { word.to_le_bytes() }
}

fn len(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap()
}

fn pcap(big: bool, nano: bool, packets: &[Packet]) -> Vec<u8> {
    let magic = if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let version = if big { 0x0002_0004 } else { 0x0004_0002 };
    let mut file: Vec<u8> =
        [magic, version, 0, 0, 65_535, 1].iter().flat_map(|&word| u32_bytes(big, word)).collect();
    for (secs, fraction, data) in packets {
        file.extend([*secs, *fraction, len(data), len(data)].iter().flat_map(|&word| u32_bytes(big, word)));
        file.extend(data);
    }
    file
}

fn pcapng(big: bool, packets: &[Packet]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let total = u32_bytes(big, u32::try_from(padded + 12).unwrap());
        let mut block = [u32_bytes(big, kind), total].concat();
        block.extend(body);
        block.resize(8 + padded, 0);
        block.extend(total);
        block
    };
    let version: &[u8] = if big { &[0, 1, 0, 0] } else { &[1, 0, 0, 0] };
    let mut file = block(0x0a0d_0d0a, &[&u32_bytes(big, 0x1a2b_3c4d), version, &[0xff; 8]].concat());
    let link: &[u8] = if big { &[0, 1, 0, 0] } else { &[1, 0, 0, 0] };
    file.extend(block(1, &[link, &[0; 4]].concat()));
    for (secs, fraction, data) in packets {
        let time = u64::from(*secs) * 1_000_000 + u64::from(*fraction);
        let (high, low) = (u32::try_from(time >> 32).unwrap(), u32::try_from(time & 0xffff_ffff).unwrap());
        let mut body: Vec<u8> =
            [0, high, low, len(data), len(data)].iter().flat_map(|&word| u32_bytes(big, word)).collect();
        body.extend(data);
        file.extend(block(6, &body));
    }
    file
}

/// Gives pieces of the sizes in `sizes`, over and over.
struct Pieces {
    bytes: Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Pieces {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].min(room.len());
        self.turn += 1;
        self.bytes.read(&mut room[..size])
    }
}

fn items(source: impl Read + Send + 'static) -> Result<(Format, Vec<Item>), CaptureError> {
    let mut reader = Reader::new(1, source)?;
    let items = reader.by_ref().collect();
    Ok((reader.format(), items))
}

/// A change to a file: where, what is done there, with which bytes.
type Change = (prop::sample::Index, What, Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    PutIn,
    TakeOut,
    Overwrite,
    CutOff,
}

fn change(whats: &'static [What]) -> impl Strategy<Value = Change> {
    let bytes = prop::collection::vec(prop_oneof![Just(0), Just(0xff), any::<u8>()], 1..40);
    (any::<prop::sample::Index>(), prop::sample::select(whats), bytes)
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(&[What::PutIn, What::TakeOut, What::Overwrite, What::CutOff]), 0..4)
}

/// The file with changes behind its first `keep` bytes.
fn changed(mut file: Vec<u8>, keep: usize, changes: &[Change]) -> Vec<u8> {
    for (index, what, bytes) in changes {
        if file.len() <= keep {
            break;
        }
        let at = keep + index.index(file.len() - keep);
        let end = (at + bytes.len()).min(file.len());
        match what {
            What::PutIn => drop(file.splice(at..at, bytes.iter().copied())),
            What::TakeOut => drop(file.drain(at..end)),
            What::Overwrite => file[at..end].copy_from_slice(&bytes[..end - at]),
            What::CutOff => file.truncate(at),
        }
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// An independent parser reads the same.
    #[test]
    fn as_pcap_parser_reads(big: bool, packets in packets(), ng: bool) {
        let file = if ng { pcapng(big, &packets) } else { pcap(big, false, &packets) };
        let mut expected = Vec::new();
        let mut reader: Box<dyn PcapReaderIterator> = if ng {
            Box::new(PcapNGReader::new(65_536, Cursor::new(file.clone())).unwrap())
        } else {
            Box::new(LegacyPcapReader::new(65_536, Cursor::new(file.clone())).unwrap())
        };
        loop {
            match reader.next() {
                Ok((used, block)) => {
                    match block {
                        PcapBlockOwned::Legacy(block) => {
                            expected.push((block.ts_sec, block.ts_usec, block.data.to_vec()));
                        }
                        PcapBlockOwned::NG(Block::EnhancedPacket(block)) => {
                            let (secs, fraction) = block.decode_ts(0, 1_000_000);
                            expected.push((secs, fraction, block.packet_data().to_vec()));
                        }
                        _ => {}
                    }
                    reader.consume(used);
                }
                Err(PcapError::Eof) => break,
                Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
                Err(error) => panic!("{error:?}"),
            }
        }
        prop_assert_eq!(&expected, &packets);
        let (_, items) = items(Cursor::new(file)).unwrap();
        let mut seen = Vec::new();
        for (item, number) in items.into_iter().zip(1..) {
            let Item::Frame(frame) = item else { panic!("{item:?}") };
            prop_assert_eq!((frame.number, frame.link), (number, 1));
            let secs = u32::try_from(frame.at.as_secs()).unwrap();
            seen.push((secs, frame.at.subsec_micros(), frame.data.to_vec()));
        }
        prop_assert_eq!(seen, packets);
    }

    /// Damaged or not: each byte of a pcap file is in a frame, in its header, or told as left out; and what is read
    /// does not depend on how the bytes come.
    #[test]
    fn every_byte_of_pcap_is_accounted_for(
        big: bool, nano: bool, packets in packets(), changes in changes(), sizes in prop::collection::vec(1..200_usize, 1..5)
    ) {
        let file = changed(pcap(big, nano, &packets), 24, &changes);
        let (format, whole) = items(Cursor::new(file.clone())).unwrap();
        prop_assert_eq!(format, if nano { Format::PcapNano } else { Format::Pcap });
        let mut total = 24;
        for item in &whole {
            match item {
                Item::Frame(frame) => total += 16 + frame.data.len() as u64,
                Item::Damage(damage) => {
                    prop_assert!(damage.skipped == 0 || damage.offset == total);
                    total += damage.skipped;
                }
                _ => {}
            }
        }
        prop_assert_eq!(total, file.len() as u64);
        let (_, pieces) = items(Pieces { bytes: Cursor::new(file), sizes, turn: 0 }).unwrap();
        prop_assert_eq!(pieces, whole);
    }

    /// One damaged place takes no more than the frames it touches. Bytes taken out are not among the changes: the rests
    /// of two blocks of the same size then look like one block, and nobody can tell.
    #[test]
    fn pcapng_goes_on_behind_damage(
        big: bool, packets in packets(), change in change(&[What::PutIn, What::Overwrite, What::CutOff]), sizes in prop::collection::vec(1..200_usize, 1..5)
    ) {
        let head = pcapng(big, &[]).len();
        let file = pcapng(big, &packets);
        let (_, before) = items(Cursor::new(file.clone())).unwrap();
        let changed = changed(file.clone(), head, std::slice::from_ref(&change));
        let (_, after) = items(Cursor::new(changed.clone())).unwrap();
        // Frames whose block is whole and in place, from the start and from the end, come out as they were.
        let same = file.iter().zip(&changed).take_while(|(a, b)| a == b).count();
        let same_end = file.iter().rev().zip(changed.iter().rev()).take_while(|(a, b)| a == b).count();
        let mut start = head;
        let data = |item: &Item| if let Item::Frame(frame) = item { frame.data.clone() } else { bytes::Bytes::new() };
        let after_frames: Vec<_> = after.iter().filter(|item| matches!(item, Item::Frame(_))).collect();
        let mut behind = 0;
        for (item, number) in before.iter().zip(0..) {
            let size = 32 + data(item).len().next_multiple_of(4);
            if start + size <= same {
                prop_assert_eq!(&data(after_frames[number]), &data(item));
            } else if change.1 != What::CutOff && start >= file.len() - same_end.min(file.len() - same) {
                behind += 1;
            }
            start += size;
        }
        prop_assert!(after_frames.len() >= behind);
        for (old, new) in before.iter().rev().zip(after_frames.iter().rev()).take(behind) {
            prop_assert_eq!(&data(new), &data(old));
        }
        let (_, pieces) = items(Pieces { bytes: Cursor::new(changed), sizes, turn: 0 }).unwrap();
        prop_assert_eq!(pieces, after);
    }

    /// Rubbish behind a good beginning, compressed or not, ends.
    #[test]
    fn rubbish_ends(rubbish in prop::collection::vec(any::<u8>(), 0..600), kind in 0..4_usize) {
        let starts = [pcap(false, false, &[]), pcapng(true, &[]), vec![0x1f, 0x8b, 8, 0], vec![0x28, 0xb5, 0x2f, 0xfd]];
        let start = &starts[kind][..];
        if let Ok((_, items)) = items(Cursor::new([start, &rubbish].concat())) {
            prop_assert!(items.len() <= rubbish.len() + 1);
            prop_assert!(items.iter().all(|item| !matches!(item, Item::Damage(damage) if damage.kind == DamageKind::NotACapture)));
        }
    }
}
