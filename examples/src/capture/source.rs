//! The bytes of one input: hashed and counted as they are stored, decompressed where they are compressed.

use core::fmt;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::DamageKind;

/// Size and hash of an input as it is stored, compression included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Digest {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
}

/// How an input is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
}

impl Compression {
    /// What the first bytes of a file say.
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a skippable frame in front of one, as parallel compressors write it.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Bytes read so far, as stored, to be looked at from another thread. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl Progress {
    /// A counter at zero; `total` is what there is to read, where that is known.
    #[must_use]
    pub fn new(total: Option<u64>) -> Self {
        Self { read: Arc::default(), total }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes there are to read; `None` when an input is a pipe.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}

/// The stored bytes, hashed on their way.
struct Tally {
    inner: Box<dyn Read + Send>,
    /// The first bytes, read to tell the format and not yet given out.
    head: Vec<u8>,
    hash: Sha256,
    size: u64,
    progress: Progress,
    /// Set when it was the system that failed and not the decompressor.
    failed: bool,
}

impl Tally {
    /// Reads until the first four bytes or the end is there.
    fn peek(&mut self) -> io::Result<()> {
        let mut head = [0; 4];
        let mut have = 0;
        while let Some(room) = head.get_mut(have..)
            && !room.is_empty()
        {
            match self.read_on(room)? {
                0 => break,
                n => have += n,
            }
        }
        self.head = head.get(..have).unwrap_or_default().to_vec();
        Ok(())
    }

    fn read_on(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let n = loop {
            match self.inner.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
                Ok(n) => break n,
            }
        };
        self.hash.update(room.get(..n).unwrap_or_default());
        self.size += n as u64;
        self.progress.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Read for Tally {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.head.is_empty() {
            return self.read_on(room);
        }
        let n = self.head.len().min(room.len());
        for (to, from) in room.iter_mut().zip(self.head.drain(..n)) {
            *to = from;
        }
        Ok(n)
    }
}

enum Decoder {
    Plain(Tally),
    Gzip(Box<MultiGzDecoder<Tally>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Tally>>>),
}

/// The bytes of one capture, whatever they are wrapped in.
pub(super) struct Source {
    decoder: Decoder,
    compression: Compression,
}

impl Source {
    pub(super) fn new(inner: Box<dyn Read + Send>, progress: Progress) -> io::Result<Self> {
        let mut tally =
            Tally { inner, head: Vec::new(), hash: Sha256::new(), size: 0, progress, failed: false };
        tally.peek()?;
        let compression = Compression::of(&tally.head);
        let decoder = match compression {
            Compression::None => Decoder::Plain(tally),
            Compression::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(tally))),
            Compression::Zstd => Decoder::Zstd(Box::new(zstd::Decoder::new(tally)?)),
        };
        Ok(Self { decoder, compression })
    }

    pub(super) const fn compression(&self) -> Compression {
        self.compression
    }

    /// The next bytes of the capture; 0 is the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, DamageKind> {
        loop {
            let result = match &mut self.decoder {
                Decoder::Plain(tally) => tally.read(room),
                Decoder::Gzip(gzip) => gzip.read(room),
                Decoder::Zstd(zstd) => zstd.read(room),
            };
            match result {
                Ok(n) => return Ok(n),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.tally().failed => return Err(DamageKind::Unreadable(error.to_string())),
                Err(error) => return Err(DamageKind::Compression(error.to_string())),
            }
        }
    }

    /// Reads what is left of the stored bytes and gives size and hash of all; `None` when not all could be read.
    pub(super) fn digest(mut self) -> Option<Digest> {
        let tally = self.tally();
        let mut room = vec![0; 64 * 1024];
        while !tally.failed && matches!(tally.read_on(&mut room), Ok(1..)) {}
        if tally.failed {
            return None;
        }
        let hash = core::mem::take(&mut tally.hash);
        Some(Digest { size: tally.size, sha256: hash.finalize().into() })
    }

    fn tally(&mut self) -> &mut Tally {
        match &mut self.decoder {
            Decoder::Plain(tally) => tally,
            Decoder::Gzip(gzip) => gzip.get_mut(),
            Decoder::Zstd(zstd) => zstd.get_mut().get_mut(),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("compression", &self.compression).finish_non_exhaustive()
    }
}
