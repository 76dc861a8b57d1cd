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

    /// Size and hash of the stored file; known when the iterator has given `None`.
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
                    self.digest = self.window.take().map(Window::digest);
                    return None;
                }
            },
        };
        Some(Item::Damage(Damage { input: self.input, frame: number, offset, skipped, kind }))
    }
}
