//! Captures made for the tests, and what a reader makes of them.

use std::io::{Cursor, Read};

use super::{Damage, Frame, Item, Reader};

/// A pcap file of `(seconds, fraction, data)`.
pub(super) fn pcap(big: bool, magic: u32, snaplen: u32, link: u32, frames: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let word = |word: u32| if big { word.to_be_bytes() } else { word.to_le_bytes() };
    let mut file = word(magic).to_vec();
    file.extend(if big { [0, 2, 0, 4] } else { [2, 0, 4, 0] });
    file.extend([0; 8]);
    file.extend(word(snaplen));
    file.extend(word(link));
    for (secs, fraction, data) in frames {
        let len = u32::try_from(data.len()).unwrap();
        file.extend([word(*secs), word(*fraction), word(len), word(len)].concat());
        if magic == 0xa1b2_cd34 {
            file.extend([0; 8]);
        }
        file.extend(*data);
    }
    file
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) frames: Vec<Frame>,
    pub(super) damage: Vec<Damage>,
}

pub(super) fn read_from(source: impl Read + Send + 'static) -> Seen {
    let mut seen = Seen { frames: Vec::new(), damage: Vec::new() };
    for item in Reader::new(1, source).unwrap() {
        match item {
            Item::Frame(frame) => seen.frames.push(frame),
            Item::Damage(damage) => seen.damage.push(damage),
        }
    }
    seen
}

pub(super) fn read(bytes: Vec<u8>) -> Seen {
    read_from(Cursor::new(bytes))
}

/// Gives one byte at a time.
pub(super) struct Trickle(pub(super) Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let end = room.len().min(1);
        self.0.read(&mut room[..end])
    }
}

/// A pipe whose writer is silent after these bytes: asking for more is a mistake.
pub(super) struct Silent(pub(super) Cursor<Vec<u8>>);

impl Read for Silent {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(room)? {
            0 => panic!("read on although the packet was there"),
            n => Ok(n),
        }
    }
}
