//! Files among lines of text: uuencode and yEnc.

use super::uuencode::{self, Line};
use super::{Found, Inner, Kind, yenc};
use crate::config::MAX_FILE_LINE;
use crate::decode::{Decode, Origin};
use crate::slice;
use crate::{Anomaly, Container, PartKind};
use bytes::Bytes;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// What the first lines of files begin with.
const OPENINGS: [&[u8]; 2] = [b"begin ", b"=ybegin "];

/// What both of them hold.
static BEGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"begin "));

#[derive(Debug)]
enum State {
    /// Among lines that belong to no file.
    Prose,
    /// Behind a `begin` line, with its name and place: the next line says whether it is one.
    Begun(String, u64),
    Uuencode {
        faulty: bool,
        last: bool,
    },
    YEnc(Box<YEnc>),
}

/// A yEnc file that is open.
#[derive(Debug)]
struct YEnc {
    begin: yenc::Begin,
    size: u64,
    crc32: crc32fast::Hasher,
    faulty: bool,
}

impl YEnc {
    fn data(&mut self, line: &[u8], at: u64, found: &mut Vec<Found>) {
        let bytes = yenc::decode(line);
        if !bytes.is_empty() {
            self.size = self.size.saturating_add(bytes.len() as u64);
            self.crc32.update(&bytes);
            found.push(Found { at, kind: Kind::Data(bytes.into()) });
        }
    }
}

/// The machine; see [`Opener`](super::Opener).
#[derive(Debug)]
pub(crate) struct Text {
    state: State,
    /// The beginning of a line whose end has not come, and where it stands.
    line: Vec<u8>,
    line_at: u64,
    /// Whether the next byte begins a line.
    fresh: bool,
    /// Whether data may come without a `begin` line.
    bare: bool,
    /// Whether places are those of single bytes.
    exact: bool,
}

impl Text {
    pub(super) fn new(declared: bool) -> Self {
        let line = Vec::new();
        Self { state: State::Prose, line, line_at: 0, fresh: true, bare: declared, exact: false }
    }

    pub(super) const fn memory(&self) -> usize {
        self.line.capacity()
    }

    pub(super) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        self.exact = origin.exact;
        let mut at = 0;
        while at < bytes.len() {
            let rest = slice::split(bytes, at).1;
            if self.line.is_empty() {
                let skipped = if matches!(self.state, State::Prose) && !self.bare {
                    self.seek(rest)
                } else if self.fresh {
                    Some(0)
                } else {
                    memchr::memchr(b'\n', rest).map(|len| len + 1)
                };
                let Some(skipped) = skipped else {
                    self.fresh = rest.ends_with(b"\n");
                    return;
                };
                at += skipped;
                self.fresh = true;
                self.line_at = origin.at(at);
            }
            let rest = slice::split(bytes, at).1;
            let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |len| len + 1);
            let (piece, _) = slice::split(rest, len);
            let whole = piece.ends_with(b"\n");
            at += len;
            if self.line.is_empty() && whole {
                self.line(piece, found);
                continue;
            }
            let room = MAX_FILE_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(slice::split(piece, room).0);
            if piece.len() > room || !self.may_matter() {
                self.line.clear();
                self.fresh = whole;
                self.broken(found);
            } else if whole {
                let line = core::mem::take(&mut self.line);
                self.line(&line, found);
            }
        }
    }

    /// In prose: how far it is to the next line that begins a file, or to the last line of `rest` if that may become
    /// one. `None`: no line of `rest` does.
    fn seek(&self, rest: &[u8]) -> Option<usize> {
        if self.fresh && OPENINGS.iter().any(|opening| rest.starts_with(opening) || opening.starts_with(rest))
        {
            return Some(0);
        }
        for at in BEGIN.find_iter(rest) {
            let (before, _) = slice::split(rest, at);
            let before = before.strip_suffix(b"=y").unwrap_or(before);
            if before.ends_with(b"\n") {
                return Some(before.len());
            }
        }
        let tail = memchr::memrchr(b'\n', rest)? + 1;
        let last = slice::split(rest, tail).1;
        (!last.is_empty() && OPENINGS.iter().any(|opening| opening.starts_with(last))).then_some(tail)
    }

    /// Whether the line so far can be one of a file.
    fn may_matter(&self) -> bool {
        !matches!(self.state, State::Prose)
            || self.bare
            || OPENINGS
                .iter()
                .any(|opening| opening.starts_with(&self.line) || self.line.starts_with(opening))
    }

    /// A whole line, its line end included but at the end of all.
    fn line(&mut self, line: &[u8], found: &mut Vec<Found>) {
        let end = self.end_of(line);
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        match &mut self.state {
            State::Prose => self.prose(text, found),
            State::Begun(name, at) => {
                let (name, at) = (core::mem::take(name), *at);
                if uuencode::is_first(text) {
                    self.start(Container::Uuencode, name, at, Anomaly::Uuencode, found);
                    self.state = State::Uuencode { faulty: false, last: false };
                    self.uuencoded(text, end, found);
                } else {
                    self.state = State::Prose;
                    self.prose(text, found);
                }
            }
            State::Uuencode { .. } => self.uuencoded(text, end, found),
            State::YEnc(_) => self.yencoded(text, end, found),
        }
    }

    /// Where a line of the current place ends.
    const fn end_of(&self, line: &[u8]) -> u64 {
        if self.exact { self.line_at.saturating_add(line.len() as u64) } else { self.line_at }
    }

    fn prose(&mut self, text: &[u8], found: &mut Vec<Found>) {
        if let Some(name) = uuencode::begin(text) {
            self.bare = false;
            self.state = State::Begun(String::from_utf8_lossy(name).into_owned(), self.line_at);
        } else if let Some(begin) = yenc::begin(text) {
            self.bare = false;
            self.start(Container::YEnc, begin.name.clone(), self.line_at, Anomaly::YEnc, found);
            let crc32 = crc32fast::Hasher::new();
            self.state = State::YEnc(Box::new(YEnc { begin, size: 0, crc32, faulty: false }));
        } else if self.bare && uuencode::is_first(text) && !matches!(uuencode::line(text), Some(Line::End)) {
            self.bare = false;
            self.start(Container::Uuencode, String::new(), self.line_at, Anomaly::Uuencode, found);
            self.state = State::Uuencode { faulty: false, last: false };
            self.uuencoded(text, self.end_of(text), found);
        }
    }

    fn uuencoded(&mut self, text: &[u8], end: u64, found: &mut Vec<Found>) {
        let State::Uuencode { faulty, last } = &mut self.state else { return };
        match uuencode::line(text) {
            Some(Line::Data(bytes)) if !*last => {
                found.push(Found { at: self.line_at, kind: Kind::Data(bytes.into()) });
            }
            Some(Line::Blank) => {}
            Some(Line::Last) => *last = true,
            Some(Line::End) => {
                let decode = if *faulty { Decode::Partial } else { Decode::Ok };
                found.push(Found { at: end, kind: Kind::End { whole: true, decode } });
                self.state = State::Prose;
            }
            Some(Line::Data(_)) | None => {
                self.broken(found);
                self.prose(text, found);
            }
        }
    }

    fn yencoded(&mut self, text: &[u8], end: u64, found: &mut Vec<Found>) {
        let State::YEnc(file) = &mut self.state else { return };
        if text.starts_with(b"=ypart ") {
            return;
        }
        let Some(said) = yenc::end(text, file.begin.part.is_some()) else {
            return file.data(text, self.line_at, found);
        };
        let crc32 = u64::from(file.crc32.clone().finalize());
        let wrong =
            said.crc32.is_some_and(|said| said != crc32) || said.size.is_some_and(|said| said != file.size);
        if wrong {
            found.push(Found { at: self.line_at, kind: Kind::Anomaly(Anomaly::YEncChecksum) });
        }
        if let Some(part) = file.begin.part {
            found.push(Found { at: self.line_at, kind: Kind::Anomaly(Anomaly::YEncPart { part }) });
        }
        let decode = if wrong || file.faulty { Decode::Partial } else { Decode::Ok };
        let whole = file.size == file.begin.size;
        found.push(Found { at: end, kind: Kind::End { whole, decode } });
        self.state = State::Prose;
    }

    fn start(&self, container: Container, name: String, at: u64, anomaly: Anomaly, found: &mut Vec<Found>) {
        let name = Some(name).filter(|name| !name.is_empty());
        let inner = Inner {
            container,
            kind: PartKind::Leaf,
            content_type: "application/octet-stream",
            charset: None,
            name,
        };
        found.push(Found { at, kind: Kind::Start(inner) });
        found.push(Found { at, kind: Kind::Anomaly(anomaly) });
    }

    /// A line that can be none of the open file: it ends in the middle.
    fn broken(&mut self, found: &mut Vec<Found>) {
        let at = self.line_at;
        let anomaly = match core::mem::replace(&mut self.state, State::Prose) {
            State::Prose | State::Begun(..) => return,
            State::Uuencode { .. } => Anomaly::UuLine,
            State::YEnc(_) => Anomaly::YEncChecksum,
        };
        found.push(Found { at, kind: Kind::Anomaly(anomaly) });
        found.push(Found { at, kind: Kind::End { whole: false, decode: Decode::Partial } });
    }

    const fn is_open(&self) -> bool {
        matches!(self.state, State::Uuencode { .. } | State::YEnc(_))
    }

    pub(super) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        self.line.clear();
        // Of the line that goes on behind it nobody knows where it began.
        self.fresh = false;
        match &mut self.state {
            State::Prose => {}
            State::Begun(..) => self.state = State::Prose,
            State::Uuencode { faulty, .. } => *faulty = true,
            State::YEnc(file) => file.faulty = true,
        }
        if self.is_open() {
            found.push(Found { at, kind: Kind::Gap });
        }
    }

    pub(super) fn finish(&mut self, whole: bool, at: u64, found: &mut Vec<Found>) {
        let line = core::mem::take(&mut self.line);
        // Of a line without its end only the last one of a file is sure to be whole.
        if whole && !line.is_empty()
            || uuencode::line(line.strip_suffix(b"\r").unwrap_or(&line)) == Some(Line::End)
        {
            self.line(&line, found);
        } else if let State::YEnc(file) = &mut self.state
            && !line.starts_with(b"=y")
            && line != b"="
        {
            // Bytes of yEnc are what they are, wherever their line is cut.
            file.data(slice::trim_end(&line, |byte| byte == b'\r'), self.line_at, found);
        }
        if self.is_open() {
            found.push(Found { at, kind: Kind::End { whole: false, decode: Decode::Partial } });
        }
        self.state = State::Prose;
    }
}
