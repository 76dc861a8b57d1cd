//! One capture, whatever its format.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::pcap::{FILE_HEADER, FileHeader, Pcap};
use super::pcapng::{self, Pcapng};
use super::resync::{Packet, Step};
use super::source::{Compression, Digest, Progress, Source};
use super::window::Window;
use super::{CaptureError, Damage, DamageKind, Format, Frame, Item, Precision};

#[derive(Debug)]
enum Parser {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

/// Reads one capture: an iterator of its frames and of the places that could not be read.
///
/// Blocks only for the bytes of the next packet, never for what follows it. Where the capture is damaged, the bytes up
/// to the next believable record are left out and told as a [`Damage`]; the effort is linear in the size of the file.
#[derive(Debug)]
pub struct Reader {
    input: u32,
    format: Format,
    compression: Compression,
    precision: Precision,
    parser: Parser,
    /// `None` when everything is read.
    window: Option<Window>,
    digest: Option<Digest>,
    frames: u64,
}

impl Reader {
    /// Opens the file `path` as input number `input`.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, its first bytes cannot be read, or it is no capture.
    pub fn open(input: u32, path: &Path) -> Result<Self, CaptureError> {
        let file = File::open(path).map_err(|error| CaptureError::Open { path: path.to_owned(), error })?;
        Self::new(input, file)
    }

    /// Reads from `source`, which may be a pipe that is still being written, as input number `input`. Reads (and waits
    /// for) the file header.
    ///
    /// # Errors
    ///
    /// The first bytes cannot be read, or they are no capture.
    pub fn new(input: u32, source: impl Read + Send + 'static) -> Result<Self, CaptureError> {
        Self::with_progress(input, source, Progress::default())
    }

    /// The same, and counts the bytes it reads in `progress`.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn with_progress(
        input: u32,
        source: impl Read + Send + 'static,
        progress: Progress,
    ) -> Result<Self, CaptureError> {
        let source =
            Source::new(Box::new(source), progress).map_err(|error| CaptureError::Read(error.to_string()))?;
        let mut window = Window::new(source);
        let is_long_enough = window.ensure(4);
        if let Some(failure) = window.failure() {
            return Err(CaptureError::Read(failure.to_string()));
        }
        if !is_long_enough {
            return Err(CaptureError::NotACapture);
        }
        let (parser, format) = if window.bytes().starts_with(&pcapng::SECTION_HEADER) {
            (Parser::Pcapng(Pcapng::new()), Format::Pcapng)
        } else {
            window.ensure(FILE_HEADER);
            let header = FileHeader::parse(window.bytes()).ok_or(CaptureError::NotACapture)?;
            window.skip(FILE_HEADER);
            let format = if header.is_nano() { Format::PcapNano } else { Format::Pcap };
            (Parser::Pcap(Pcap::new(header)), format)
        };
        let precision = match format {
            Format::PcapNano => Precision::NANOSECONDS,
            Format::Pcap | Format::Pcapng => Precision::MICROSECONDS,
        };
        let compression = window.compression();
        Ok(Self {
            input,
            format,
            compression,
            precision,
            parser,
            window: Some(window),
            digest: None,
            frames: 0,
        })
    }

    /// The file format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// How the file is compressed.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// The precision of the time stamps: the finest of the frames so far, that of the file header before the first.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// How many frames were given out.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Size and hash of the stored file; known when the iterator has given `None`, unless the system failed to read
    /// the file to its end.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        self.digest
    }

    fn frame(&mut self, packet: Packet) -> Frame {
        let Packet { number, at, precision, link, data, original_len } = packet;
        self.precision = if self.frames == 0 { precision } else { self.precision.max(precision) };
        self.frames += 1;
        Frame { input: self.input, number, at, precision, link, data, original_len }
    }
}

impl Iterator for Reader {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let window = self.window.as_mut()?;
        let (step, number) = match &mut self.parser {
            Parser::Pcap(pcap) => (pcap.next(window), pcap.number()),
            Parser::Pcapng(pcapng) => (pcapng.next(window), pcapng.number()),
        };
        let (offset, skipped, kind) = match step {
            Some(Step::Packet(packet)) => return Some(Item::Frame(self.frame(packet))),
            // Where the source failed, that is why the capture is cut short.
            Some(Step::Damage { offset, skipped, kind }) => {
                let failure = if kind == DamageKind::CutShort { window.failure() } else { None };
                (offset, skipped, failure.unwrap_or(kind))
            }
            None => match window.failure() {
                Some(failure) => (window.offset(), 0, failure),
                None => {
                    self.digest = self.window.take().and_then(Window::digest);
                    return None;
                }
            },
        };
        Some(Item::Damage(Damage { input: self.input, frame: number, offset, skipped, kind }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::super::testing;
    use super::*;

    /// A disk with a bad sector behind these bytes.
    struct Bad(Cursor<Vec<u8>>);

    impl Read for Bad {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            match self.0.read(room)? {
                0 => Err(io::Error::other("bad sector")),
                n => Ok(n),
            }
        }
    }

    #[test]
    fn a_disk_that_fails() {
        let file = testing::pcap(false, 0xa1b2_c3d4, 65_535, 1, &[(1, 2, b"one"), (3, 4, b"two")]);
        let gone = |why: &str| DamageKind::Unreadable(why.to_owned());
        for (len, frames, end) in
            [(24 + 19, 1, 24 + 19), (24 + 19 + 17, 2, 24 + 19), (24 + 19 + 5, 1, 24 + 19)]
        {
            let mut reader = Reader::new(7, Bad(Cursor::new(file[..len].to_vec()))).unwrap();
            let items: Vec<_> = reader.by_ref().collect();
            assert_eq!((reader.frames(), reader.digest()), (frames, None));
            let Some(Item::Damage(damage)) = items.last() else { panic!("{items:?}") };
            assert_eq!((damage.input, damage.frame, damage.offset), (7, frames, end));
            assert_eq!((&damage.kind, items.len() as u64), (&gone("bad sector"), frames + 1));
        }
        assert!(matches!(Reader::new(1, Bad(Cursor::new(Vec::new()))), Err(CaptureError::Read(_))));
    }

    #[test]
    fn what_is_no_capture() {
        let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let short = &testing::pcap(false, 0xa1b2_c3d4, 65_535, 1, &[])[..23];
        for bytes in [&b""[..], b"abc", b"From someone", &gzip, short] {
            assert!(matches!(Reader::new(1, Cursor::new(bytes.to_vec())), Err(CaptureError::NotACapture)));
        }
    }

    #[test]
    fn packets_are_given_out_as_they_come() {
        let frames: [(u32, u32, &[u8]); 3] = [(1, 2, b"one"), (3, 4, b"two"), (5, 6, b"three")];
        let whole = testing::pcap(true, 0xa1b2_3c4d, 65_535, 1, &frames);
        let seen = testing::read(whole.clone());
        assert_eq!(testing::read_from(testing::Trickle(Cursor::new(whole))), seen);
        for count in 1..=3 {
            let begun = testing::pcap(true, 0xa1b2_3c4d, 65_535, 1, &frames[..count]);
            let mut reader = Reader::new(1, testing::Silent(Cursor::new(begun))).unwrap();
            for frame in &seen.frames[..count] {
                assert_eq!(reader.next(), Some(Item::Frame(frame.clone())));
            }
        }
    }
}
