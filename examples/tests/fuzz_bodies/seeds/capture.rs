//! Seeds of the readers of captures.

use super::folder;
use super::tcp::packets;
use std::io::Write;

/// The captures beside the tests, as far as they are small; and small ones of every format.
pub(super) fn captures() -> Vec<Vec<u8>> {
    let mut captures = folder("captures");
    captures.retain(|capture| capture.len() <= 4096);
    let frames: Vec<_> = packets().into_iter().skip(1).step_by(8).collect();
    for big in [false, true] {
        for magic in [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34] {
            captures.push(pcap(big, magic, &frames));
        }
        captures.push(pcapng(big, &frames));
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&captures[0]).unwrap();
    let zstd = zstd::encode_all(&captures[0][..], 1).unwrap();
    captures.extend([gzip.finish().unwrap(), zstd]);
    captures
}

fn word_of(big: bool, word: usize) -> [u8; 4] {
    let word = u32::try_from(word).unwrap();
    if big { word.to_be_bytes() } else { word.to_le_bytes() }
}

fn pcap(big: bool, magic: usize, frames: &[Vec<u8>]) -> Vec<u8> {
    let version = if big { 0x0002_0004 } else { 0x0004_0002 };
    let mut file: Vec<u8> = [magic, version, 0, 0, 65_535, 1].map(|word| word_of(big, word)).concat();
    for (frame, number) in frames.iter().zip(0..) {
        let head = [1_600_000_000 + number, number, frame.len(), frame.len()];
        file.extend(head.map(|word| word_of(big, word)).concat());
        // Kuznetzov's format has two words more.
        file.extend(vec![0; if magic == 0xa1b2_cd34 { 8 } else { 0 }]);
        file.extend(frame);
    }
    file
}

fn pcapng(big: bool, frames: &[Vec<u8>]) -> Vec<u8> {
    let block = |kind: usize, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let total = word_of(big, padded + 12);
        let mut block = [word_of(big, kind), total].concat();
        block.extend(body);
        block.resize(8 + padded, 0);
        block.extend(total);
        block
    };
    let half = |number: u16| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut file =
        block(0x0a0d_0d0a, &[&word_of(big, 0x1a2b_3c4d)[..], &half(1), &half(0), &[0xff; 8]].concat());
    // Ethernet, time stamps in nanoseconds.
    let options = [&half(9)[..], &half(1), &[9, 0, 0, 0], &half(0), &half(0)].concat();
    file.extend(block(1, &[&half(1)[..], &half(0), &word_of(big, 65_535), &options].concat()));
    for (frame, number) in frames.iter().zip(0..) {
        let head = [0, 0x15_f000, number, frame.len(), frame.len()].map(|word| word_of(big, word)).concat();
        file.extend(block(6, &[&head[..], frame].concat()));
        file.extend(block(3, &[&word_of(big, frame.len())[..], frame].concat()));
    }
    file.extend(block(5, &[0; 12]));
    file
}
