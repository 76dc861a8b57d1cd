//! Files among lines of text: uuencode, its base64 kind and yEnc; in HTML also in `data:` addresses. What PGP and
//! BinHex hold is told and not opened.

use super::data_uri::DataUri;
use super::markup::Markup;
use super::opening::{BINHEX, is_base64, may_open, pgp, seek_line};
use super::uuencode::{self, Line};
use super::{Found, Inner, Kind, yenc};
use crate::config::MAX_FILE_LINE;
use crate::decode::base64::Base64;
use crate::decode::{Decode, Origin};
use crate::slice;
use crate::{Anomaly, Container};
use bytes::Bytes;

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
    /// Behind a `begin-base64` line: the same.
    Base64Begun(String, u64),
    Base64(Box<Base64>),
    /// Behind the `=ybegin` line of a piece: the next line says which bytes it has.
    YBegun(Box<yenc::Begin>, u64),
    YEnc(Box<yenc::File>),
    /// In an address.
    Data(Box<DataUri>),
}

/// Where the next thing of interest is.
enum Seek {
    /// A line that begins a file, or may.
    Line(usize),
    /// The content of an address.
    Address(usize, Option<u8>),
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
    /// What is known of the place in HTML, where addresses may hold files.
    markup: Option<Box<Markup>>,
    /// The rest of the line was too long.
    skip: bool,
    /// What was told of PGP and of BinHex, once.
    told_pgp: bool,
    told_binhex: bool,
}

impl Text {
    pub(super) const fn new(declared: bool, markup: Option<Box<Markup>>) -> Self {
        Self {
            state: State::Prose,
            line: Vec::new(),
            line_at: 0,
            fresh: true,
            bare: declared,
            exact: false,
            markup,
            skip: false,
            told_pgp: false,
            told_binhex: false,
        }
    }

    pub(super) fn memory(&self) -> usize {
        let state = match &self.state {
            State::Data(uri) => size_of::<DataUri>() + uri.memory(),
            State::Base64(_) => size_of::<Base64>(),
            _ => 0,
        };
        self.line.capacity() + self.markup.as_ref().map_or(0, |markup| markup.memory()) + state
    }

    pub(super) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        self.exact = origin.exact;
        let mut at = 0;
        // Where the next line of interest is, so that nothing is searched twice.
        let mut next_line: Option<Option<usize>> = None;
        while at < bytes.len() {
            let rest = slice::split(bytes, at).1;
            if let State::Data(uri) = &mut self.state {
                let from = found.len();
                let (len, over) = uri.push(rest, origin.part(at, bytes.len()), found);
                let passed = slice::split(rest, len).0;
                if let Some(markup) = &mut self.markup {
                    markup.address(uri, passed, over, from, found);
                }
                self.fresh = passed.last().map_or(self.fresh, |last| *last == b'\n');
                if over {
                    self.state = State::Prose;
                }
                at += len;
                continue;
            }
            if self.skip {
                let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |len| len + 1);
                let (skipped, _) = slice::split(rest, len);
                self.skip = !skipped.ends_with(b"\n");
                self.pass(skipped, found);
                at += len;
                continue;
            }
            if self.line.is_empty() {
                let next = if matches!(self.state, State::Prose) && !self.bare {
                    self.seek(rest, at, &mut next_line)
                } else if self.fresh {
                    Some(Seek::Line(0))
                } else {
                    memchr::memchr(b'\n', rest).map(|len| Seek::Line(len + 1))
                };
                match next {
                    None => return self.pass(rest, found),
                    Some(Seek::Address(len, quote)) => {
                        self.pass(slice::split(rest, len).0, found);
                        at += len;
                        let name = self.markup.as_mut().and_then(|markup| markup.enter());
                        self.state = State::Data(Box::new(DataUri::new(quote, origin.at(at), name)));
                        continue;
                    }
                    Some(Seek::Line(len)) => {
                        self.pass(slice::split(rest, len).0, found);
                        at += len;
                        self.fresh = true;
                        self.line_at = origin.at(at);
                    }
                }
            }
            let rest = slice::split(bytes, at).1;
            let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |len| len + 1);
            let (piece, _) = slice::split(rest, len);
            let whole = piece.ends_with(b"\n");
            if self.line.is_empty() && whole && len <= MAX_FILE_LINE {
                at += len;
                self.line(piece, found);
                self.pass(piece, found);
                continue;
            }
            let held = self.line.len();
            let room = MAX_FILE_LINE.saturating_sub(held);
            self.line.extend_from_slice(slice::split(piece, room).0);
            if !self.may_matter() {
                // What was held is no opening: the rest is looked at anew.
                self.line.truncate(held);
                let line = core::mem::take(&mut self.line);
                self.pass(&line, found);
                self.fresh = line.is_empty() && self.fresh;
                if held == 0 {
                    self.pass(piece, found);
                    at += len;
                }
                continue;
            }
            at += len;
            if piece.len() > room {
                self.line.clear();
                self.broken(found);
                self.skip = !whole;
                self.pass(piece, found);
            } else if whole {
                let line = core::mem::take(&mut self.line);
                self.line(&line, found);
                self.pass(&line, found);
            }
        }
    }

    /// Bytes were passed over.
    fn pass(&mut self, bytes: &[u8], found: &mut Vec<Found>) {
        let Some(last) = bytes.last() else { return };
        self.fresh = *last == b'\n';
        if let Some(markup) = &mut self.markup {
            markup.pass(bytes, found);
        }
    }

    /// What is told next does not belong to the file of an address.
    fn release(&mut self, found: &mut Vec<Found>) {
        if let Some(markup) = &mut self.markup {
            markup.release(found);
        }
    }

    /// In prose: what comes next, or the last line of `rest` if that may become something. `None`: there is nothing.
    /// `known`: the next line of interest, counted from `at` bytes before `rest`.
    fn seek(&self, rest: &[u8], at: usize, known: &mut Option<Option<usize>>) -> Option<Seek> {
        let line = if self.fresh && may_open(rest) {
            Some(0)
        } else {
            if known.is_none_or(|line| line.is_some_and(|line| line < at)) {
                *known = Some(seek_line(rest).map(|line| at + line));
            }
            known.flatten().map(|line| line - at)
        };
        let before = slice::split(rest, line.unwrap_or(rest.len())).0;
        if let Some(markup) = &self.markup
            && let Some((len, quote)) = markup.seek(before)
        {
            return Some(Seek::Address(len, quote));
        }
        line.map(Seek::Line)
    }

    /// Whether the line so far can be one of a file.
    fn may_matter(&self) -> bool {
        !matches!(self.state, State::Prose) || self.bare || may_open(&self.line)
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
                    let inner = Inner::of(Container::Uuencode).named(Some(name));
                    self.start(inner, at, Anomaly::Uuencode, found);
                    self.state = State::Uuencode { faulty: false, last: false };
                    self.uuencoded(text, end, found);
                } else {
                    self.state = State::Prose;
                    self.prose(text, found);
                }
            }
            State::Uuencode { .. } => self.uuencoded(text, end, found),
            State::Base64Begun(name, at) => {
                let (name, at) = (core::mem::take(name), *at);
                if is_base64(text) || text == b"====" {
                    self.start(
                        Inner::of(Container::Base64).named(Some(name)),
                        at,
                        Anomaly::BeginBase64,
                        found,
                    );
                    self.state = State::Base64(Box::default());
                    self.base64(text, end, found);
                } else {
                    self.state = State::Prose;
                    self.prose(text, found);
                }
            }
            State::Base64(_) => self.base64(text, end, found),
            State::YBegun(begin, at) => {
                let (begin, at) = (core::mem::take(&mut **begin), *at);
                let range = yenc::range(text);
                self.start_yenc(begin, range, at, found);
                if range.is_none() {
                    self.yencoded(text, end, found);
                }
            }
            State::YEnc(_) => self.yencoded(text, end, found),
            State::Data(_) => {}
        }
    }

    /// Where a line of the current place ends.
    const fn end_of(&self, line: &[u8]) -> u64 {
        if self.exact { self.line_at.saturating_add(line.len() as u64) } else { self.line_at }
    }

    fn prose(&mut self, text: &[u8], found: &mut Vec<Found>) {
        let at = self.line_at;
        if let Some(name) = uuencode::begin(text) {
            self.bare = false;
            self.state = State::Begun(String::from_utf8_lossy(name).into_owned(), at);
        } else if let Some(name) = uuencode::begin_base64(text) {
            self.bare = false;
            self.state = State::Base64Begun(String::from_utf8_lossy(name).into_owned(), at);
        } else if let Some(begin) = yenc::begin(text) {
            self.bare = false;
            if begin.part.is_some() {
                self.state = State::YBegun(Box::new(begin), at);
            } else {
                self.start_yenc(begin, None, at, found);
            }
        } else if let Some(what) = pgp(text) {
            self.release(found);
            if !core::mem::replace(&mut self.told_pgp, true) {
                found.push(Found { at, kind: Kind::Anomaly(Anomaly::PgpInline { what }) });
            }
        } else if text.starts_with(BINHEX) {
            self.release(found);
            if !core::mem::replace(&mut self.told_binhex, true) {
                found.push(Found { at, kind: Kind::Anomaly(Anomaly::BinHex) });
            }
        } else if self.bare && uuencode::is_first(text) && !matches!(uuencode::line(text), Some(Line::End)) {
            self.bare = false;
            self.start(Inner::of(Container::Uuencode), at, Anomaly::Uuencode, found);
            self.state = State::Uuencode { faulty: false, last: false };
            self.uuencoded(text, self.end_of(text), found);
        }
    }

    fn start_yenc(&mut self, begin: yenc::Begin, range: Option<[u64; 2]>, at: u64, found: &mut Vec<Found>) {
        self.start(begin.inner(range), at, Anomaly::YEnc, found);
        self.state = State::YEnc(Box::new(yenc::File::new(begin)));
    }

    fn base64(&mut self, text: &[u8], end: u64, found: &mut Vec<Found>) {
        let State::Base64(decoder) = &mut self.state else { return };
        let last = text == b"====";
        if last || text.is_empty() || is_base64(text) {
            let origin = Origin { start: self.line_at, end, exact: false };
            let mut bytes = if last { Vec::new() } else { decoder.push(text, origin) };
            if last {
                bytes = decoder.finish(true, end);
            }
            let decode = if decoder.is_partial() { Decode::Partial } else { Decode::Ok };
            if !bytes.is_empty() {
                found.push(Found { at: self.line_at, kind: Kind::Data(bytes.into()) });
            }
            if last {
                found.push(Found { at: end, kind: Kind::End { whole: true, decode } });
                self.state = State::Prose;
            }
        } else {
            self.broken(found);
            self.prose(text, found);
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
        if let State::YEnc(file) = &mut self.state
            && file.line(text, self.line_at, end, found)
        {
            self.state = State::Prose;
        }
    }

    fn start(&mut self, inner: Inner, at: u64, anomaly: Anomaly, found: &mut Vec<Found>) {
        self.release(found);
        found.push(Found { at, kind: Kind::Start(inner) });
        found.push(Found { at, kind: Kind::Anomaly(anomaly) });
    }

    /// A line that can be none of the open file: it ends in the middle.
    fn broken(&mut self, found: &mut Vec<Found>) {
        let at = self.line_at;
        let anomaly = match core::mem::replace(&mut self.state, State::Prose) {
            State::Prose | State::Begun(..) | State::Base64Begun(..) | State::Data(_) => return,
            State::Uuencode { .. } => Anomaly::UuLine,
            State::Base64(mut decoder) => {
                let bytes = decoder.finish(false, at);
                if !bytes.is_empty() {
                    found.push(Found { at, kind: Kind::Data(bytes.into()) });
                }
                Anomaly::UuLine
            }
            State::YBegun(begin, begun_at) => {
                self.start_yenc(*begin, None, begun_at, found);
                self.state = State::Prose;
                Anomaly::YEncChecksum
            }
            State::YEnc(_) => Anomaly::YEncChecksum,
        };
        found.push(Found { at, kind: Kind::Anomaly(anomaly) });
        found.push(Found { at, kind: Kind::End { whole: false, decode: Decode::Partial } });
    }

    const fn is_open(&self) -> bool {
        matches!(self.state, State::Uuencode { .. } | State::YEnc(_) | State::Base64(_))
    }

    pub(super) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        self.line.clear();
        if let Some(markup) = &mut self.markup {
            markup.gap(found);
        }
        // Of the line that goes on behind it nobody knows where it began.
        self.fresh = false;
        match core::mem::replace(&mut self.state, State::Prose) {
            State::Prose | State::Begun(..) | State::Base64Begun(..) => {}
            State::Uuencode { last, .. } => self.state = State::Uuencode { faulty: true, last },
            State::YBegun(begin, begun_at) => {
                self.start_yenc(*begin, None, begun_at, found);
                if let State::YEnc(file) = &mut self.state {
                    file.faulty = true;
                }
            }
            State::YEnc(mut file) => {
                file.faulty = true;
                self.state = State::YEnc(file);
            }
            // Neither has anything that tells where its quads go on.
            State::Base64(mut decoder) => {
                let bytes = decoder.finish(false, at);
                if !bytes.is_empty() {
                    found.push(Found { at, kind: Kind::Data(bytes.into()) });
                }
                found.push(Found { at, kind: Kind::Gap });
                found.push(Found { at, kind: Kind::End { whole: false, decode: Decode::Partial } });
            }
            State::Data(mut uri) => uri.finish(false, at, found),
        }
        if self.is_open() {
            found.push(Found { at, kind: Kind::Gap });
        }
    }

    pub(super) fn finish(&mut self, whole: bool, at: u64, found: &mut Vec<Found>) {
        if matches!(self.state, State::Prose) && self.line.is_empty() {
            return self.release(found);
        }
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
        if let State::Base64(decoder) = &mut self.state {
            let bytes = decoder.finish(whole, at);
            if !bytes.is_empty() {
                found.push(Found { at, kind: Kind::Data(bytes.into()) });
            }
        }
        if let State::YBegun(begin, begun_at) = &mut self.state
            && whole
        {
            let (begin, begun_at) = (core::mem::take(&mut **begin), *begun_at);
            self.start_yenc(begin, None, begun_at, found);
        }
        if let State::Data(uri) = &mut self.state {
            uri.finish(whole, at, found);
        }
        match self.state {
            // The line without bytes said that it is over.
            State::Uuencode { faulty: false, last: true } => {
                found.push(Found { at, kind: Kind::End { whole: true, decode: Decode::Ok } });
            }
            _ if self.is_open() => {
                found.push(Found { at, kind: Kind::End { whole: false, decode: Decode::Partial } });
            }
            _ => {}
        }
        self.release(found);
        self.state = State::Prose;
    }
}
