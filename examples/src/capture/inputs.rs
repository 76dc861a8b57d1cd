//! All the captures of a command line as one sequence in the order of time.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::reader::Reader;
use super::source::{Compression, Digest, Progress};
use super::{CaptureError, Damage, DamageKind, Format, Frame, Item, Precision};

/// What is known of one input; complete when [`Inputs`] has come to its end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// Its number, from 1.
    pub input: u32,
    /// The path as it was given, or found below a folder that was given; `-` is standard input.
    pub path: PathBuf,
    /// Its format, once it was opened.
    pub format: Option<Format>,
    /// How it is compressed, once it was opened.
    pub compression: Option<Compression>,
    /// How many digits its time stamps have.
    pub precision: Precision,
    /// How many frames it gave.
    pub frames: u64,
    /// Size and hash as stored, once it was read to its end.
    pub digest: Option<Digest>,
    /// What could not be read of it.
    pub damage: Vec<Damage>,
}

/// A file of a folder that is no capture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why it was left out.
    pub why: String,
}

/// Reads the captures that were named: an iterator of their frames and of what could not be read.
///
/// An argument is a file, a folder (all captures in it and below) or `-`, standard input. Inputs are numbered as they
/// were named, those of a folder by the time of their first frame and then by name. Captures that overlap in time are
/// merged by time stamp, others are read one after the other; within a file its own order is kept, also where time
/// stamps go backwards. A file that takes no part yet is not held open. An input that cannot be read is told as a
/// [`Damage`], and the others are read.
pub struct Inputs {
    /// Not begun yet, the earliest first.
    waiting: VecDeque<Waiting>,
    reading: Vec<Reading>,
    reports: Vec<Report>,
    skipped: Vec<Skipped>,
    told: VecDeque<Damage>,
    progress: Progress,
}

struct Waiting {
    input: u32,
    first: Option<Duration>,
    origin: Origin,
}

enum Origin {
    /// Opened again when its time comes: only its beginning was looked at.
    File(PathBuf),
    /// Cannot be opened twice; with the frame that was read to learn its time.
    Stream(Box<Reader>, VecDeque<Item>),
}

struct Reading {
    input: u32,
    reader: Reader,
    /// What was read before its time came.
    early: VecDeque<Item>,
    head: Option<Frame>,
}

impl Inputs {
    /// Looks at what was named: lists folders and reads the first frame of each capture. Waits for the first packet
    /// of standard input when that was named.
    #[must_use]
    pub fn open(arguments: &[PathBuf]) -> Self {
        let mut skipped = Vec::new();
        let mut found = Vec::new();
        for argument in arguments {
            if argument.as_os_str() != "-" && argument.is_dir() {
                found.extend(folder(argument, &mut skipped));
            } else {
                found.push(Found::named(argument));
            }
        }
        let total = found.iter().map(|found| found.size).sum::<Option<u64>>();
        let mut inputs = Self {
            waiting: VecDeque::new(),
            reading: Vec::new(),
            reports: Vec::new(),
            skipped,
            told: VecDeque::new(),
            progress: Progress::new(total),
        };
        for (found, input) in found.into_iter().zip(1..) {
            inputs.list(input, found);
        }
        // Captures without a frame last: they have no say in the order.
        inputs
            .waiting
            .make_contiguous()
            .sort_by_key(|waiting| (waiting.first.is_none(), waiting.first, waiting.input));
        inputs
    }

    fn list(&mut self, input: u32, found: Found) {
        self.reports.push(Report {
            input,
            path: found.path.clone(),
            format: None,
            compression: None,
            precision: Precision::MICROSECONDS,
            frames: 0,
            digest: None,
            damage: Vec::new(),
        });
        let waiting = match found.look {
            Some(Look::File(first)) => Waiting { input, first, origin: Origin::File(found.path) },
            Some(Look::Failed(kind)) => return self.fail(input, kind),
            None => match self.stream(input, &found.path) {
                Ok((reader, early)) => {
                    let first = early.iter().find_map(|item| match item {
                        Item::Frame(frame) => Some(frame.at),
                        Item::Damage(_) => None,
                    });
                    Waiting { input, first, origin: Origin::Stream(Box::new(reader), early) }
                }
                Err(error) => return self.fail(input, error.into()),
            },
        };
        self.waiting.push_back(waiting);
    }

    /// Opens what can be opened only once and reads as far as its first frame.
    fn stream(&self, input: u32, path: &Path) -> Result<(Reader, VecDeque<Item>), CaptureError> {
        let mut reader = if path.as_os_str() == "-" {
            Reader::with_progress(input, io::stdin(), self.progress.clone())?
        } else {
            Reader::with_progress(input, open(path)?, self.progress.clone())?
        };
        let mut early = VecDeque::new();
        for item in &mut reader {
            let is_frame = matches!(item, Item::Frame(_));
            early.push_back(item);
            if is_frame {
                break;
            }
        }
        Ok((reader, early))
    }

    /// What is known of each input, by number.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// The files of folders that are no captures.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Counts the bytes read, as stored; to be kept by who shows it.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn report(&mut self, input: u32) -> Option<&mut Report> {
        let index = usize::try_from(input).ok()?.checked_sub(1)?;
        self.reports.get_mut(index)
    }

    fn fail(&mut self, input: u32, kind: DamageKind) {
        self.tell(Damage { input, frame: 0, offset: 0, skipped: 0, kind });
    }

    fn tell(&mut self, damage: Damage) {
        if let Some(report) = self.report(damage.input) {
            report.damage.push(damage.clone());
        }
        self.told.push_back(damage);
    }

    /// Begins with the input whose turn it is.
    fn begin(&mut self, waiting: Waiting) {
        let input = waiting.input;
        let (reader, early) = match waiting.origin {
            Origin::Stream(reader, early) => (*reader, early),
            Origin::File(path) => {
                let reader =
                    open(&path).and_then(|file| Reader::with_progress(input, file, self.progress.clone()));
                match reader {
                    Ok(reader) => (reader, VecDeque::new()),
                    Err(error) => return self.fail(input, error.into()),
                }
            }
        };
        self.note(&reader, input);
        self.reading.push(Reading { input, reader, early, head: None });
    }

    fn note(&mut self, reader: &Reader, input: u32) {
        if let Some(report) = self.report(input) {
            report.format = Some(reader.format());
            report.compression = Some(reader.compression());
            report.precision = reader.precision();
            report.frames = reader.frames();
            report.digest = reader.digest();
        }
    }

    /// Sees to it that every capture that takes part has its next frame at hand.
    fn refill(&mut self) {
        let mut at = 0;
        while let Some(reading) = self.reading.get_mut(at) {
            if reading.head.is_some() {
                at += 1;
                continue;
            }
            match reading.early.pop_front().or_else(|| reading.reader.next()) {
                Some(Item::Frame(frame)) => reading.head = Some(frame),
                Some(Item::Damage(damage)) => self.tell(damage),
                None => {
                    let done = self.reading.swap_remove(at);
                    self.note(&done.reader, done.input);
                }
            }
        }
    }

    /// The capture whose frame is the earliest, by its place in `reading`.
    fn earliest(&self) -> Option<(Duration, usize)> {
        let heads = self.reading.iter().enumerate();
        heads
            .filter_map(|(place, reading)| Some((reading.head.as_ref()?.at, reading.input, place)))
            .min()
            .map(|(at, _, place)| (at, place))
    }
}

impl Iterator for Inputs {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if self.told.is_empty() {
                self.refill();
            }
            if let Some(damage) = self.told.pop_front() {
                return Some(Item::Damage(damage));
            }
            let earliest = self.earliest();
            // What begins no later than the frame at hand takes part from here on.
            let is_due = |waiting: &mut Waiting| match earliest {
                None => true,
                Some((now, _)) => waiting.first.is_some_and(|first| first <= now),
            };
            if let Some(waiting) = self.waiting.pop_front_if(is_due) {
                self.begin(waiting);
                continue;
            }
            let (_, place) = earliest?;
            if let Some(frame) = self.reading.get_mut(place).and_then(|reading| reading.head.take()) {
                return Some(Item::Frame(frame));
            }
        }
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("waiting", &self.waiting.len())
            .field("reading", &self.reading.len())
            .field("reports", &self.reports)
            .finish_non_exhaustive()
    }
}

/// A file on the list, with what its beginning says.
struct Found {
    path: PathBuf,
    /// `None` when it is not a regular file.
    size: Option<u64>,
    /// `None` when it can be opened only once.
    look: Option<Look>,
}

enum Look {
    /// A capture, with the time of its first frame.
    File(Option<Duration>),
    Failed(DamageKind),
}

impl Found {
    /// Looks at a file that the user named.
    fn named(path: &Path) -> Self {
        let meta = if path.as_os_str() == "-" { None } else { Some(fs::metadata(path)) };
        let path = path.to_owned();
        match meta {
            None => Self { path, size: None, look: None },
            Some(Ok(meta)) if !meta.is_file() => Self { path, size: None, look: None },
            Some(Ok(meta)) => {
                let look = Some(Look::at(&path));
                Self { path, size: Some(meta.len()), look }
            }
            Some(Err(error)) => Self {
                path,
                size: Some(0),
                look: Some(Look::Failed(DamageKind::Unreadable(error.to_string()))),
            },
        }
    }
}

impl Look {
    /// Reads as far as the first frame.
    fn at(path: &Path) -> Self {
        match open(path).and_then(|file| Reader::new(0, file)) {
            Err(error) => Self::Failed(error.into()),
            Ok(mut reader) => Self::File(reader.find_map(|item| match item {
                Item::Frame(frame) => Some(frame.at),
                Item::Damage(_) => None,
            })),
        }
    }
}

/// The captures in a folder and below, in the order of time.
fn folder(path: &Path, skipped: &mut Vec<Skipped>) -> Vec<Found> {
    let mut files = Vec::new();
    let mut found = Vec::new();
    list(path, &mut files, &mut found);
    files.sort();
    for file in files {
        let file = Found::named(&file);
        if matches!(file.look, Some(Look::Failed(DamageKind::NotACapture))) {
            skipped.push(Skipped { path: file.path, why: DamageKind::NotACapture.to_string() });
        } else {
            found.push(file);
        }
    }
    found.sort_by_cached_key(|found| {
        let first = match found.look {
            Some(Look::File(first)) => first,
            _ => None,
        };
        (first.is_none(), first, found.path.clone())
    });
    found
}

/// Collects regular files; folders that cannot be read go to `failed`. Links to folders are not followed, since they
/// may lead in a circle.
fn list(path: &Path, files: &mut Vec<PathBuf>, failed: &mut Vec<Found>) {
    let mut fail = |error: io::Error| {
        let look = Some(Look::Failed(DamageKind::Unreadable(error.to_string())));
        failed.push(Found { path: path.to_owned(), size: Some(0), look });
    };
    let entries = match fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) => return fail(error),
    };
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => list(&path, files, failed),
            _ if path.is_file() => files.push(path),
            _ => {}
        }
    }
}

fn open(path: &Path) -> Result<File, CaptureError> {
    File::open(path).map_err(|error| CaptureError::Open { path: path.to_owned(), error })
}

impl From<CaptureError> for DamageKind {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::Open { error, .. } => Self::Unreadable(error.to_string()),
            CaptureError::Read(why) => Self::Unreadable(why),
            CaptureError::NotACapture => Self::NotACapture,
        }
    }
}

#[cfg(test)]
mod tests;
