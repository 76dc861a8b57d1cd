//! From a message back to its packets.

use super::captures::Captures;
use super::lines::Lines;
use super::records::{self, Message, Missing, ProvenanceLine, TakeRuns};
use super::{Damaged, EvidenceError};
use crate::capture::{Item, Reader};
use crate::record::{Input, Place, Run, Text, Time, hex};
use crate::sink::Records;
use core::str::FromStr;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Which message of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// By its number.
    Number(u64),
    /// By the first digits of the SHA-256 of its file, in lower case.
    Sha256(String),
}

impl FromStr for Which {
    type Err = String;

    /// A number, or at least four hexadecimal digits of the hash; `sha256:` before them where they may be taken for a
    /// number. The name of the message's file will do as well.
    fn from_str(text: &str) -> Result<Self, String> {
        let (prefixed, digits) = match text.strip_prefix("sha256:").or_else(|| in_name(text)) {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        if !prefixed && let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        let is_hash =
            (4..=64).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_hash {
            Ok(Self::Sha256(digits.to_ascii_lowercase()))
        } else {
            Err("neither the number of a message, nor four or more digits of its SHA-256, nor its file"
                .to_owned())
        }
    }
}

/// The hash in the name of a message's file.
fn in_name(path: &str) -> Option<&str> {
    path.strip_suffix(".eml")?.rsplit('/').next()
}

/// The packets that a message came from.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Trace {
    /// The message.
    #[serde(flatten)]
    pub head: Head,
    /// The captures that it came from.
    pub captures: Vec<Capture>,
    /// Its bytes, and the holes in it, in order.
    #[serde(skip)]
    pub pieces: Vec<Piece>,
}

/// What a message is.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Head {
    /// Its number.
    pub message: u64,
    /// The sessions it came from: one, unless it was joined from several.
    pub sessions: Vec<u64>,
    /// The protocol.
    pub protocol: Text,
    /// How it was transferred.
    pub operation: Text,
    /// `ip:port`.
    pub client: Text,
    /// `ip:port`.
    pub server: Text,
    /// The file, below the folder.
    pub file: Text,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Text,
    /// Whether it holds all of the message.
    pub complete: bool,
}

/// A capture that a message came from.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Capture {
    /// Its number.
    pub input: u32,
    /// Where it is; where that is not known, where it was.
    pub path: Text,
    /// Why it cannot be read any more, or is not trusted: its times are not told. Absent: size and SHA-256 are those
    /// of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Text>,
}

/// A stretch of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece {
    /// Bytes out of one packet.
    Bytes {
        /// Which and whence.
        run: Run,
        /// When the packet was captured; `None` where the capture is not to be had.
        at: Option<Time>,
    },
    /// A hole.
    Missing {
        /// Where in the whole message, holes before it included.
        offset: u64,
        /// How many bytes; `None`: nobody knows.
        length: Option<u64>,
    },
    /// Bytes of the file that came from no packet: they were made up, to put parts together.
    MadeUp {
        /// Where in the file.
        offset: u64,
        /// How many.
        length: u64,
    },
}

impl Trace {
    /// Whether the times of all packets are known.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.captures.iter().all(|capture| capture.problem.is_none())
    }
}

impl Serialize for Piece {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Ranges are offset and length.
        #[derive(Serialize, Default)]
        struct Shown {
            #[serde(flatten)]
            packet: Option<Place>,
            #[serde(skip_serializing_if = "Option::is_none")]
            at: Option<Time>,
            #[serde(rename = "in_message", skip_serializing_if = "Option::is_none")]
            message: Option<[u64; 2]>,
            #[serde(rename = "in_stream", skip_serializing_if = "Option::is_none")]
            stream: Option<u64>,
            #[serde(rename = "in_payload", skip_serializing_if = "Option::is_none")]
            payload: Option<[u64; 2]>,
            #[serde(skip_serializing_if = "Option::is_none")]
            missing: Option<Hole>,
        }
        #[derive(Serialize)]
        struct Hole {
            offset: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            length: Option<u64>,
        }
        match *self {
            Self::Bytes { run, at } => Shown {
                packet: Some(run.packet),
                at,
                message: Some([run.message_offset, run.length]),
                stream: Some(run.stream_offset),
                payload: run.packet_offset.map(|offset| [offset.into(), run.length]),
                missing: None,
            },
            Self::Missing { offset, length } => {
                Shown { missing: Some(Hole { offset, length }), ..Shown::default() }
            }
            Self::MadeUp { offset, length } => Shown { message: Some([offset, length]), ..Shown::default() },
        }
        .serialize(serializer)
    }
}

/// Reads where the bytes of a message came from. `captures` are files and folders where its captures are looked for;
/// without any, they are where they were. Takes about 100 bytes of memory for each packet of the message.
///
/// # Errors
///
/// The folder is none that `extract` wrote, has no such message, or is damaged. A capture that is not to be had is no
/// error: see [`Capture::problem`].
pub fn trace(dir: &Path, which: &Which, captures: &[PathBuf]) -> Result<Trace, EvidenceError> {
    let summary = records::summary(dir)?;
    let message = message(dir, which)?;
    let runs = runs(dir, message.message)?;
    let (captures, times) = times(&runs, &summary.inputs, &Captures::find(&summary.inputs, captures));
    let pieces = pieces(&message, &runs, &times);
    Ok(Trace { head: head(message), captures, pieces })
}

/// The record of the message.
fn message(dir: &Path, which: &Which) -> Result<Message, EvidenceError> {
    let mut lines = Lines::open(dir, Records::Messages)?;
    let mut found: Option<Message> = None;
    let mut several = Vec::new();
    let mut damaged = None;
    while let Some(line) = lines.next::<Message>() {
        let message = match line {
            Ok(message) => message,
            // The one that is looked for may stand behind it.
            Err(error) => {
                damaged.get_or_insert(error);
                continue;
            }
        };
        match which {
            Which::Number(number) if message.message == *number => return Ok(message),
            Which::Sha256(digits) if message.sha256.starts_with(digits) => {
                several.push(message.message);
                found.get_or_insert(message);
            }
            _ => {}
        }
    }
    match (found, damaged) {
        (Some(_), _) if several.len() > 1 => Err(EvidenceError::SeveralMessages(several)),
        (Some(message), _) => Ok(message),
        (None, Some(damaged)) => Err(damaged.into()),
        (None, None) => Err(EvidenceError::NoSuchMessage(match which {
            Which::Number(number) => number.to_string(),
            Which::Sha256(digits) => format!("whose SHA-256 begins with {digits}"),
        })),
    }
}

/// Its runs, in order.
fn runs(dir: &Path, message: u64) -> Result<Vec<Run>, EvidenceError> {
    struct Wanted {
        message: u64,
        runs: Vec<Run>,
    }
    impl TakeRuns for Wanted {
        fn message(&mut self, number: u64) -> bool {
            number == self.message
        }

        fn run(&mut self, run: Run) {
            self.runs.push(run);
        }
    }
    let mut lines = Lines::open(dir, Records::Provenance)?;
    let mut damaged = None;
    let mut wanted = Wanted { message, runs: Vec::new() };
    while let Some(line) = lines.next_with(ProvenanceLine(&mut wanted)) {
        match line {
            Ok(number) if number == message => {
                if wanted.runs.is_sorted_by_key(|run| run.message_offset) {
                    return Ok(wanted.runs);
                }
                let why = "its runs are not in order".to_owned();
                return Err(
                    Damaged { file: Records::Provenance.file_name(), line: lines.number(), why }.into()
                );
            }
            Ok(_) => {}
            // What was taken of it is not to be mixed with another.
            Err(error) if !wanted.runs.is_empty() => return Err(error.into()),
            Err(error) => {
                damaged.get_or_insert(error);
            }
        }
    }
    let none = || EvidenceError::NoSuchMessage(format!("{message} in {}", Records::Provenance.file_name()));
    Err(damaged.map_or_else(none, EvidenceError::from))
}

/// Of each packet when it was captured, in the order of packets.
type Times = Vec<(Place, Option<Time>)>;

/// Reads the captures of these runs once more, for the times of their packets.
fn times(runs: &[Run], inputs: &[Input], captures: &Captures) -> (Vec<Capture>, Times) {
    let mut times: Times = runs.iter().map(|run| (run.packet, None)).collect();
    times.sort_unstable_by_key(|(packet, _)| *packet);
    times.dedup_by_key(|(packet, _)| *packet);
    let mut told = Vec::new();
    for times in times.chunk_by_mut(|(one, _), (two, _)| one.input == two.input) {
        let Some(number) = times.first().map(|(packet, _)| packet.input) else { continue };
        let input = inputs.iter().find(|input| input.input == number);
        let path = captures.get(number);
        let problem = match (path, input) {
            (Ok(path), Some(input)) => read(path, input, times).err(),
            (Err(why), _) => Some(format!("the capture is not there: {why}")),
            (_, None) => Some("the run had no such input".to_owned()),
        };
        if problem.is_some() {
            for (_, time) in times {
                *time = None;
            }
        }
        let was = || input.map(|input| input.path.clone()).unwrap_or_default();
        told.push(Capture {
            input: number,
            path: path.map_or_else(|_| was(), |path| Text::from(path.to_string_lossy().into_owned())),
            problem: problem.map(Text::from),
        });
    }
    (told, times)
}

/// Reads a capture to its end; what is wrong with it.
fn read(path: &Path, input: &Input, times: &mut [(Place, Option<Time>)]) -> Result<(), String> {
    let mut reader = Reader::open(input.input, path).map_err(|error| error.to_string())?;
    for item in &mut reader {
        let Item::Frame(frame) = item else { continue };
        let place = Place::new(frame.input, frame.number);
        if let Ok(at) = times.binary_search_by_key(&place, |(packet, _)| *packet)
            && let Some((_, time)) = times.get_mut(at)
        {
            *time = Some(Time::new(frame.at, frame.precision.digits()));
        }
    }
    let Some(digest) = reader.digest() else { return Err("it cannot be read to its end".to_owned()) };
    match (&input.size, &input.sha256) {
        (Some(size), _) if *size != digest.size => {
            Err(format!("it has changed: {} bytes, not {size}", digest.size))
        }
        (_, Some(sha256)) if *sha256 != hex(&digest.sha256) => {
            Err(format!("it has changed: its SHA-256 is {}, not {sha256}", hex(&digest.sha256)))
        }
        (_, None) => Err("the run has not read it to its end, so that its SHA-256 is not known".to_owned()),
        _ => match times.iter().find(|(_, time)| time.is_none()) {
            Some((packet, _)) => Err(format!("it has no frame {}", packet.frame)),
            None => Ok(()),
        },
    }
}

/// Runs and holes, as they follow each other.
fn pieces(message: &Message, runs: &[Run], times: &Times) -> Vec<Piece> {
    let mut layout = Layout { pieces: Vec::with_capacity(runs.len() + message.missing.len()), at: 0 };
    let mut holes = message.missing.iter().peekable();
    // Holes count in the whole message, runs in the file, which is without holes.
    let mut before = 0_u64;
    for run in runs {
        while let Some(hole) = holes.next_if(|hole| hole.offset.saturating_sub(before) <= run.message_offset)
        {
            layout.hole(*hole, before);
            before = before.saturating_add(hole.length.unwrap_or(0));
        }
        layout.made_up_to(run.message_offset);
        let time = times.binary_search_by_key(&run.packet, |(packet, _)| *packet);
        let time = time.ok().and_then(|at| times.get(at)).and_then(|(_, time)| *time);
        layout.pieces.push(Piece::Bytes { run: *run, at: time });
        layout.at = run.message_offset + run.length;
    }
    for hole in holes {
        layout.hole(*hole, before);
        before = before.saturating_add(hole.length.unwrap_or(0));
    }
    layout.made_up_to(message.size);
    layout.pieces
}

/// Pieces as far as a place in the file.
struct Layout {
    pieces: Vec<Piece>,
    at: u64,
}

impl Layout {
    fn made_up_to(&mut self, end: u64) {
        if self.at < end {
            self.pieces.push(Piece::MadeUp { offset: self.at, length: end - self.at });
            self.at = end;
        }
    }

    fn hole(&mut self, hole: Missing, before: u64) {
        self.made_up_to(hole.offset.saturating_sub(before));
        self.pieces.push(Piece::Missing { offset: hole.offset, length: hole.length });
    }
}

fn head(message: Message) -> Head {
    let mut sessions: Vec<u64> = message.session.into_iter().collect();
    sessions.extend(message.sources.iter().map(|source| source.session));
    sessions.sort_unstable();
    sessions.dedup();
    Head {
        message: message.message,
        sessions,
        protocol: message.protocol.into(),
        operation: message.operation.into(),
        client: message.client.into(),
        server: message.server.into(),
        file: message.file.into(),
        size: message.size,
        sha256: message.sha256.into(),
        complete: message.complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_by_number_and_by_hash() {
        assert_eq!("12".parse(), Ok(Which::Number(12)));
        assert_eq!("12ABcd".parse(), Ok(Which::Sha256("12abcd".to_owned())));
        assert_eq!("sha256:1234".parse(), Ok(Which::Sha256("1234".to_owned())));
        assert_eq!("1234.eml".parse(), Ok(Which::Sha256("1234".to_owned())));
        assert_eq!("out/messages/12AB.eml".parse(), Ok(Which::Sha256("12ab".to_owned())));
        for text in ["", "abc", "-1", "what", "sha256:", "12 34", ".eml", "x.eml"] {
            assert!(text.parse::<Which>().is_err(), "{text}");
        }
    }

    #[test]
    fn holes_stand_in_their_places() {
        let place = Place::new(1, 1);
        let runs = [Run::new(0, 100, 10, place, 0), Run::new(10, 130, 5, place, 0)];
        let record = |missing: &str, size: u64| -> Message {
            serde_json::from_str(&format!(
                r#"{{"message":1,"protocol":"smtp","operation":"data","client":"a","server":"b","size":{size},
                "sha256":"","md5":"","sha256_trimmed":"","file":"","complete":false,"missing":{missing}}}"#
            ))
            .unwrap()
        };
        let shown = |missing, size| -> Vec<String> {
            let pieces = pieces(&record(missing, size), &runs, &Vec::new());
            let shown = pieces.iter().map(|piece| match *piece {
                Piece::Bytes { run, .. } => format!("{}+{}", run.message_offset, run.length),
                Piece::Missing { offset, length } => format!("hole {offset}+{length:?}"),
                Piece::MadeUp { offset, length } => format!("made up {offset}+{length}"),
            });
            shown.collect()
        };
        assert_eq!(shown("[]", 15), ["0+10", "10+5"]);
        assert_eq!(
            shown(r#"[{"offset":0,"length":7},{"offset":17,"length":20},{"offset":42}]"#, 15),
            ["hole 0+Some(7)", "0+10", "hole 17+Some(20)", "10+5", "hole 42+None"]
        );
        assert_eq!(
            shown(r#"[{"offset":18,"length":1}]"#, 20),
            ["0+10", "10+5", "made up 15+3", "hole 18+Some(1)", "made up 18+2"]
        );
    }
}
