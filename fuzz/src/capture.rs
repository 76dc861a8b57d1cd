//! The target of the capture reader.

use std::io::{Cursor, Read};

use mailtap::capture::{CaptureError, Compression, Format, Item, Reader};

/// Inputs beyond this, as stored and after decompression, cost more time than they find.
const MOST: [usize; 2] = [1 << 20, 16 << 20];

/// The bytes are a capture.
///
/// # Panics
///
/// Frames without order, more frames than there are bytes, or a reading that depends on how the bytes come.
pub fn capture(data: &[u8]) {
    if data.len() > MOST[0] {
        return;
    }
    let Some(size) = decompressed_size(data) else { return };
    let Ok((format, compression, items)) = read(Cursor::new(data.to_vec())) else { return };
    let (mut number, mut total, mut edge) = (0, 0, 0);
    for item in &items {
        match item {
            Item::Frame(frame) => {
                assert!(frame.number > number, "{frame:?} behind {number}");
                number = frame.number;
                total += frame.data.len();
            }
            Item::Damage(damage) => {
                // What left nothing out may be about the block that was told last.
                assert!(damage.skipped == 0 || damage.offset >= edge, "{damage:?} behind {edge}");
                assert!(damage.frame >= number, "{damage:?} behind frame {number}");
                edge = edge.max(damage.offset + damage.skipped);
                assert!(edge <= size as u64, "{damage:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(total <= size, "{total} bytes of frames in a capture of {size}");
    if compression == Compression::None {
        assert_eq!(size, data.len());
        let pieces = Pieces { bytes: Cursor::new(data.to_vec()), turn: 0 };
        assert_eq!(read(pieces).unwrap(), (format, compression, items), "in pieces");
    }
}

fn read(source: impl Read + Send + 'static) -> Result<(Format, Compression, Vec<Item>), CaptureError> {
    let mut reader = Reader::new(1, source)?;
    let items: Vec<_> = reader.by_ref().collect();
    assert!(reader.next().is_none(), "an end is an end");
    assert!(reader.digest().is_some(), "nothing fails here");
    Ok((reader.format(), reader.compression(), items))
}

/// Gives pieces of a few sizes, over and over.
struct Pieces {
    bytes: Cursor<Vec<u8>>,
    turn: usize,
}

impl Read for Pieces {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        const SIZES: [usize; 5] = [1, 7, 64, 3, 23];
        let size = SIZES[self.turn % SIZES.len()].min(room.len());
        self.turn += 1;
        self.bytes.read(&mut room[..size])
    }
}

/// The size of the capture itself; `None`: more than is good for a fuzzer.
fn decompressed_size(data: &[u8]) -> Option<usize> {
    let mut decoder: Box<dyn Read + '_> = match data {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(data)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Box::new(zstd::Decoder::new(data).ok()?)
        }
        _ => return Some(data.len()),
    };
    let mut room = vec![0; 64 << 10];
    let mut size = 0;
    // An error ends it as it ends the reader.
    while let Ok(n @ 1..) = decoder.read(&mut room) {
        size += n;
        if size > MOST[1] {
            return None;
        }
    }
    Some(size)
}
