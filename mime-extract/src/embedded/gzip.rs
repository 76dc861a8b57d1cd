//! gzip (RFC 1952), as `x-gzip64` has it below base64.

use super::inflate::{self, End, Inflate};
use super::{Found, Inner, Kind};
use crate::charset;
use crate::decode::{Decode, Origin};
use crate::slice;
use crate::{Anomaly, Container};
use bytes::Bytes;
use std::collections::VecDeque;

/// Longest header: longer comments than anybody writes.
const MAX_HEADER: usize = 4 << 10;

#[derive(Debug)]
enum State {
    /// In the header, of which so much is there.
    Header(Vec<u8>),
    Body(Inflate),
    /// In CRC-32 and size.
    Trailer(Vec<u8>),
    Over,
}

/// The machine; see [`Opener`](super::Opener).
#[derive(Debug)]
pub(super) struct Gzip {
    state: State,
    /// What was given and is not used yet, and where it stands.
    input: VecDeque<(Bytes, Origin)>,
    /// Whether the decompressor may hold more than it gave out.
    full: bool,
    /// What the file is called and is, if the header does not say.
    inner: Option<Inner>,
    crc32: crc32fast::Hasher,
    size: u64,
    limit: u64,
    begun: bool,
}

impl Gzip {
    pub(super) fn new(inner: Inner, limit: u64) -> Self {
        Self {
            state: State::Header(Vec::new()),
            input: VecDeque::new(),
            full: false,
            inner: Some(inner),
            crc32: crc32fast::Hasher::new(),
            size: 0,
            limit,
            begun: false,
        }
    }

    pub(super) fn memory(&self) -> usize {
        let state = match &self.state {
            State::Header(held) | State::Trailer(held) => held.capacity(),
            State::Body(_) => inflate::MEMORY,
            State::Over => 0,
        };
        state + self.input.iter().map(|(bytes, _)| bytes.len()).sum::<usize>()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.full || !self.input.is_empty()
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub(super) fn push(&mut self, bytes: &Bytes, origin: Origin) {
        if !self.is_over() && !bytes.is_empty() {
            self.input.push_back((bytes.clone(), origin));
        }
    }

    /// Works on what was given, up to the next bytes that come out.
    pub(super) fn resume(&mut self, found: &mut Vec<Found>) {
        while self.is_busy() && found.is_empty() {
            let (bytes, origin) =
                self.input.pop_front().unwrap_or((Bytes::new(), Origin { start: 0, end: 0, exact: false }));
            let taken = self.some(&bytes, origin.start, found);
            if self.is_over() {
                self.input.clear();
                self.full = false;
            } else if taken < bytes.len() {
                let rest = bytes.slice(taken..);
                self.input.push_front((rest, origin.part(taken, bytes.len())));
            }
        }
    }

    /// How many of `bytes` were used.
    fn some(&mut self, bytes: &[u8], at: u64, found: &mut Vec<Found>) -> usize {
        match &mut self.state {
            State::Header(held) => {
                let more = slice::split(bytes, MAX_HEADER - held.len().min(MAX_HEADER)).0;
                held.extend_from_slice(more);
                match header(held) {
                    Header::More if held.len() < MAX_HEADER => more.len(),
                    Header::More | Header::Bad => {
                        self.damaged(at, found);
                        more.len()
                    }
                    Header::Whole { len, name } => {
                        let (more, unused) = (more.len(), held.len() - len);
                        self.start(name, at, found);
                        self.state = State::Body(Inflate::new(false, self.limit));
                        more.saturating_sub(unused)
                    }
                }
            }
            State::Body(inflate) => {
                let step = inflate.step(bytes);
                // Behind a full window there may be more.
                self.full = !step.bytes.is_empty() && step.taken == bytes.len();
                if !step.bytes.is_empty() {
                    self.crc32.update(&step.bytes);
                    self.size = self.size.saturating_add(step.bytes.len() as u64);
                    found.push(Found { at, kind: Kind::Data(step.bytes.into()) });
                }
                match step.end {
                    End::Open => {}
                    End::Over => {
                        self.full = false;
                        self.state = State::Trailer(Vec::new());
                    }
                    End::Damaged => self.damaged(at, found),
                    End::Limit => {
                        let limit = self.limit;
                        found.push(Found { at, kind: Kind::Anomaly(Anomaly::ExpansionLimit { limit }) });
                        self.end(false, Decode::Partial, at, found);
                    }
                }
                step.taken
            }
            State::Trailer(held) => {
                let (more, _) = slice::split(bytes, 8 - held.len().min(8));
                held.extend_from_slice(more);
                if let [a, b, c, d, e, f, g, h] = *held.as_slice() {
                    let right = u32::from_le_bytes([a, b, c, d]) == self.crc32.clone().finalize()
                        && u64::from(u32::from_le_bytes([e, f, g, h])) == self.size & u64::from(u32::MAX);
                    if right {
                        self.end(true, Decode::Ok, at, found);
                    } else {
                        self.damaged(at, found);
                    }
                }
                more.len()
            }
            State::Over => bytes.len(),
        }
    }

    fn start(&mut self, name: Option<String>, at: u64, found: &mut Vec<Found>) {
        if let Some(mut inner) = self.inner.take() {
            inner.name = name.or(inner.name);
            self.begun = true;
            found.push(Found { at, kind: Kind::Anomaly(Anomaly::Gzip64) });
            found.push(Found { at, kind: Kind::Start(inner) });
        }
    }

    fn damaged(&mut self, at: u64, found: &mut Vec<Found>) {
        found.push(Found { at, kind: Kind::Anomaly(Anomaly::CompressionDamaged) });
        self.end(false, Decode::Partial, at, found);
    }

    fn end(&mut self, whole: bool, decode: Decode, at: u64, found: &mut Vec<Found>) {
        if core::mem::take(&mut self.begun) {
            found.push(Found { at, kind: Kind::End { whole, decode } });
        }
        self.state = State::Over;
    }

    /// What follows a gap has no meaning.
    pub(super) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        if self.begun {
            found.push(Found { at, kind: Kind::Gap });
        }
        self.end(false, Decode::Partial, at, found);
    }

    pub(super) fn finish(&mut self, whole: bool, at: u64, found: &mut Vec<Found>) {
        while self.is_busy() {
            let mut some = Vec::new();
            self.resume(&mut some);
            found.append(&mut some);
        }
        if !self.is_over() && whole {
            self.damaged(at, found);
        } else if !self.is_over() {
            self.end(false, Decode::Partial, at, found);
        }
    }
}

enum Header {
    More,
    Bad,
    Whole { len: usize, name: Option<String> },
}

/// RFC 1952 section 2.3.
fn header(bytes: &[u8]) -> Header {
    let (Some(fixed), rest) = (bytes.get(..10), slice::split(bytes, 10).1) else {
        let signature = slice::split(&[0x1f, 0x8b, 8], bytes.len()).0;
        return if bytes.starts_with(signature) { Header::More } else { Header::Bad };
    };
    let [0x1f, 0x8b, 8, flags, ..] = *fixed else { return Header::Bad };
    let mut rest = rest;
    if flags & 4 != 0 {
        let [low, high, behind @ ..] = rest else { return Header::More };
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let Some(behind) = behind.get(len..) else { return Header::More };
        rest = behind;
    }
    let mut name = None;
    for flag in [8, 16] {
        if flags & flag != 0 {
            let Some(len) = memchr::memchr(0, rest) else { return Header::More };
            let (text, behind) = slice::split(rest, len);
            if flag == 8 {
                name = Some(charset::guess(text).text.into_owned());
            }
            rest = slice::split(behind, 1).1;
        }
    }
    if flags & 2 != 0 {
        let Some(behind) = rest.get(2..) else { return Header::More };
        rest = behind;
    }
    Header::Whole { len: bytes.len() - rest.len(), name }
}

/// What a compressed part holds.
pub(super) fn inner(content_type: &str, charset: Option<&String>, name: Option<&str>) -> Inner {
    let name = name.map(|name| name.strip_suffix(".gz").unwrap_or(name).to_owned());
    Inner {
        content_type: content_type.to_owned().into(),
        charset: charset.cloned(),
        ..Inner::of(Container::Gzip).named(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::GzBuilder::new()
            .filename("in.txt")
            .extra(vec![1, 2, 3])
            .comment("c")
            .write(Vec::new(), flate2::Compression::best());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    /// What was told, data joined.
    fn told(bytes: &[u8], size: usize, limit: u64) -> String {
        let mut machine = Gzip::new(Inner::of(Container::Gzip), limit);
        let mut found = Vec::new();
        for chunk in bytes.chunks(size) {
            machine.push(&Bytes::copy_from_slice(chunk), Origin { start: 0, end: 0, exact: false });
            while machine.is_busy() {
                let mut some = Vec::new();
                machine.resume(&mut some);
                found.append(&mut some);
            }
        }
        machine.finish(true, 0, &mut found);
        let (mut text, mut len) = (String::new(), 0);
        for one in found {
            match one.kind {
                Kind::Data(bytes) => len += bytes.len(),
                Kind::Start(inner) => text += &format!("start {:?} ", inner.name),
                Kind::End { whole, decode } => text += &format!("{len} {whole} {decode:?}"),
                Kind::Anomaly(anomaly) => text += &format!("{} ", anomaly.code()),
                other => text += &format!("{other:?}"),
            }
        }
        text
    }

    #[test]
    fn members_of_any_size_in_any_chunks() {
        let small = gzip(b"Hello, hello, hello");
        let large = gzip(&vec![b'x'; 1_000_000]);
        let mut wrong = small.clone();
        let last = wrong.len() - 5;
        wrong[last] ^= 1;
        let start = "gzip64 start Some(\"in.txt\") ";
        for (bytes, limit, expected) in [
            (&small[..], 1 << 20, format!("{start}19 true Ok")),
            (&large, 1 << 20, format!("{start}1000000 true Ok")),
            (&large, 100_000, format!("{start}expansion-limit 100000 false Partial")),
            (&wrong, 1 << 20, format!("{start}compression-damaged 19 false Partial")),
            (&small[..small.len() - 2], 1 << 20, format!("{start}compression-damaged 19 false Partial")),
            (b"no gzip at all", 1 << 20, "compression-damaged ".to_owned()),
            (b"", 1 << 20, "compression-damaged ".to_owned()),
        ] {
            for size in [1, 2, 7, 100, 1 << 20] {
                assert_eq!(told(bytes, size, limit), expected, "by {size}");
            }
        }
    }

    #[test]
    fn zlib_streams() {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(b"abc").unwrap();
        let bytes = writer.finish().unwrap();
        assert_eq!(Inflate::new(true, 100).all(&bytes), (b"abc".to_vec(), End::Over));
        assert_eq!(Inflate::new(true, 2).all(&bytes), (b"ab".to_vec(), End::Limit));
        assert_eq!(Inflate::new(true, 100).all(b"zzzz").1, End::Damaged);
    }
}
