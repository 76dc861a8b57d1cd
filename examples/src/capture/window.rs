//! The stretch of a capture that is in memory: blocks of our own, of which frames are slices.

use bytes::{Buf as _, Bytes, BytesMut};

use super::DamageKind;
use super::source::{Compression, Digest, Source};

/// Size of a block. Many frames share one; a frame that is larger has a block to itself.
const BLOCK: usize = 256 * 1024;

/// What was read of a capture and not yet taken, with the promise to read more only when it is asked for.
#[derive(Debug)]
pub(super) struct Window {
    source: Source,
    /// `filled` bytes of the capture, then room.
    block: BytesMut,
    filled: usize,
    /// Where in the capture the window begins.
    offset: u64,
    ended: bool,
    /// Why the source ended before its end.
    failure: Option<DamageKind>,
}

impl Window {
    pub(super) fn new(source: Source) -> Self {
        Self { source, block: BytesMut::new(), filled: 0, offset: 0, ended: false, failure: None }
    }

    /// The bytes that are there.
    pub(super) fn bytes(&self) -> &[u8] {
        self.block.get(..self.filled).unwrap_or_default()
    }

    pub(super) const fn len(&self) -> usize {
        self.filled
    }

    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) const fn compression(&self) -> Compression {
        self.source.compression()
    }

    /// Reads until `need` bytes are there, and no further than one read goes; false: the capture ends before.
    pub(super) fn ensure(&mut self, need: usize) -> bool {
        while self.filled < need {
            if self.ended {
                return false;
            }
            self.fill(need);
        }
        true
    }

    fn fill(&mut self, need: usize) {
        if self.block.len() == self.filled {
            // A length field is only believed as far as bytes have come, so that a wrong one costs no memory. Room
            // for half as much again keeps the copies of a long look ahead in proportion to the file.
            let wish = if need > BLOCK / 2 { need.saturating_add(need / 2) } else { BLOCK };
            let size = wish.min(self.filled.saturating_mul(4)).max(BLOCK);
            let mut block = BytesMut::zeroed(size);
            if let Some(room) = block.get_mut(..self.filled) {
                room.copy_from_slice(self.bytes());
            }
            self.block = block;
        }
        let room = self.block.get_mut(self.filled..).unwrap_or_default();
        match self.source.read(room) {
            Ok(0) => self.ended = true,
            Ok(n) => self.filled += n,
            Err(failure) => {
                self.ended = true;
                self.failure = Some(failure);
            }
        }
    }

    /// Drops the first `n` bytes, or as many as there are.
    pub(super) fn skip(&mut self, n: usize) {
        let n = n.min(self.filled);
        self.block.advance(n);
        self.forward(n);
    }

    /// The first `n` bytes, or as many as there are, as a slice of the block.
    pub(super) fn take(&mut self, n: usize) -> Bytes {
        let n = n.min(self.filled);
        let taken = self.block.split_to(n).freeze();
        self.forward(n);
        taken
    }

    fn forward(&mut self, n: usize) {
        self.filled -= n;
        self.offset += n as u64;
    }

    /// Why the source ended early; told once.
    pub(super) fn failure(&mut self) -> Option<DamageKind> {
        self.failure.take()
    }

    pub(super) fn digest(self) -> Option<Digest> {
        self.source.digest()
    }
}

/// A window over bytes in memory.
#[cfg(test)]
pub(super) fn over(bytes: Vec<u8>) -> Window {
    let source = Source::new(Box::new(std::io::Cursor::new(bytes)), super::Progress::default()).unwrap();
    Window::new(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_one_block_share_it_and_larger_ones_get_their_own() {
        let bytes: Vec<u8> = (0..3 * BLOCK).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut window = over(bytes.clone());
        assert!(window.ensure(10));
        let (a, b) = (window.take(4), window.take(6));
        assert_eq!(b.as_ptr() as usize - a.as_ptr() as usize, 4);
        assert!(window.ensure(2 * BLOCK));
        window.skip(1);
        let c = window.take(2 * BLOCK - 1);
        assert_eq!(window.offset(), 10 + 2 * BLOCK as u64);
        assert!(!window.ensure(BLOCK));
        let d = window.take(usize::MAX);
        assert_eq!([&a[..], &b[..], &bytes[10..11], &c[..], &d[..]].concat(), bytes);
        assert!(!window.ensure(1));
    }

    #[test]
    fn a_large_wish_takes_memory_only_as_bytes_come() {
        let mut window = over(vec![7; 100]);
        assert!(!window.ensure(usize::MAX));
        assert_eq!((window.len(), window.block.len()), (100, BLOCK));
    }
}
