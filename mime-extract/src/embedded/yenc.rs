//! yEnc (the draft of Jürgen Helbing, version 1.3): `=ybegin`, perhaps `=ypart`, lines of nearly raw bytes, `=yend`.

use super::{Found, Inner, Kind};
use crate::decode::Decode;
use crate::slice;
use crate::{Anomaly, Container};

/// What a `=ybegin` line says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Begin {
    pub(super) name: String,
    /// Bytes of the whole file.
    pub(super) size: u64,
    /// Which piece of it this is.
    pub(super) part: Option<u64>,
    /// Of how many.
    pub(super) total: Option<u64>,
}

impl Begin {
    /// The file that begins there; `range`: what the `=ypart` line says.
    pub(super) fn inner(&self, range: Option<[u64; 2]>) -> Inner {
        let mut inner = Inner::of(Container::YEnc).named(Some(self.name.clone()));
        if let Some(part) = self.part {
            let mut say = |name: &str, value: Option<u64>| {
                inner.parameters.extend(value.map(|value| (name.to_owned(), value.to_string())));
            };
            say("number", Some(part));
            say("total", self.total);
            say("size", Some(self.size));
            say("begin", range.map(|[begin, _]| begin));
            say("end", range.map(|[_, end]| end));
        }
        inner
    }
}

/// A file that is open.
#[derive(Debug)]
pub(super) struct File {
    begin: Begin,
    size: u64,
    crc32: crc32fast::Hasher,
    /// Something of it is missing.
    pub(super) faulty: bool,
}

impl File {
    pub(super) fn new(begin: Begin) -> Self {
        Self { begin, size: 0, crc32: crc32fast::Hasher::new(), faulty: false }
    }

    /// One line of it, which stands at `at` and ends at `end`. Whether it was the last one.
    pub(super) fn line(&mut self, text: &[u8], at: u64, end: u64, found: &mut Vec<Found>) -> bool {
        if text.starts_with(b"=ypart ") {
            return false;
        }
        let Some(said) = self::end(text, self.begin.part.is_some()) else {
            self.data(text, at, found);
            return false;
        };
        let crc32 = u64::from(self.crc32.clone().finalize());
        let wrong =
            said.crc32.is_some_and(|said| said != crc32) || said.size.is_some_and(|said| said != self.size);
        if wrong {
            found.push(Found { at, kind: Kind::Anomaly(Anomaly::YEncChecksum) });
        }
        if let Some(part) = self.begin.part {
            found.push(Found { at, kind: Kind::Anomaly(Anomaly::YEncPart { part }) });
        }
        let decode = if wrong || self.faulty { Decode::Partial } else { Decode::Ok };
        let whole = self.size == self.begin.size;
        found.push(Found { at: end, kind: Kind::End { whole, decode } });
        true
    }

    /// Bytes of a line of data, which may be cut anywhere.
    pub(super) fn data(&mut self, line: &[u8], at: u64, found: &mut Vec<Found>) {
        let bytes = decode(line);
        if !bytes.is_empty() {
            self.size = self.size.saturating_add(bytes.len() as u64);
            self.crc32.update(&bytes);
            found.push(Found { at, kind: Kind::Data(bytes.into()) });
        }
    }
}

/// The value of `key` in a line such as `=yend size=5 crc32=..`.
fn value<'a>(line: &'a [u8], key: &str) -> Option<&'a [u8]> {
    line.split(|byte| *byte == b' ').find_map(|word| word.strip_prefix(key.as_bytes())?.strip_prefix(b"="))
}

fn number(line: &[u8], key: &str, radix: u32) -> Option<u64> {
    u64::from_str_radix(str::from_utf8(slice::trim(value(line, key)?, slice::is_space)).ok()?, radix).ok()
}

/// Reads a `=ybegin` line: it has a length of lines, a size and, last, a name.
pub(super) fn begin(line: &[u8]) -> Option<Begin> {
    let rest = line.strip_prefix(b"=ybegin ")?;
    let at = memchr::memmem::find(rest, b"name=")?;
    let (keys, name) = slice::split(rest, at);
    number(keys, "line", 10)?;
    let size = number(keys, "size", 10)?;
    let name = slice::trim(slice::split(name, 5).1, slice::is_space);
    let (part, total) = (number(keys, "part", 10), number(keys, "total", 10));
    Some(Begin { name: String::from_utf8_lossy(name).into_owned(), size, part, total })
}

/// The first and the last byte, counted from 1, that a `=ypart` line says.
pub(super) fn range(line: &[u8]) -> Option<[u64; 2]> {
    let rest = line.strip_prefix(b"=ypart ")?;
    Some([number(rest, "begin", 10)?, number(rest, "end", 10)?])
}

/// What the `=yend` line says of the bytes before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) size: Option<u64>,
    /// The checksum of the piece, or else of the file.
    pub(super) crc32: Option<u64>,
}

/// Reads a `=yend` line.
pub(super) fn end(line: &[u8], piece: bool) -> Option<End> {
    let rest = line.strip_prefix(b"=yend")?;
    let key = if piece { "pcrc32" } else { "crc32" };
    Some(End { size: number(rest, "size", 10), crc32: number(rest, key, 16) })
}

/// The bytes of a data line without its line end.
pub(super) fn decode(line: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'=' => bytes.extend(rest.next().map(|byte| byte.wrapping_sub(64 + 42))),
            _ => bytes.push(byte.wrapping_sub(42)),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begin_lines() {
        let begin_of = |name: &str, size, part: Option<u64>| {
            let total = part.map(|_| 3);
            Some(Begin { name: name.to_owned(), size, part, total })
        };
        for (line, expected) in [
            ("=ybegin line=128 size=584 name=a.bin", begin_of("a.bin", 584, None)),
            (
                "=ybegin part=2 total=3 line=128 size=9 name=two words.x \r",
                begin_of("two words.x", 9, Some(2)),
            ),
            ("=ybegin line=128 name=x", None),
            ("=ybegin size=1 name=x", None),
            ("=ybegin line=128 size=1", None),
            ("=ybegin line=x size=1 name=x", None),
            ("=ybeginning line=1 size=1 name=x", None),
        ] {
            assert_eq!(begin(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn end_lines_and_data() {
        for (line, piece, size, crc32) in [
            ("=yend size=584 crc32=ded29f4f", false, Some(584), Some(0xded2_9f4f)),
            ("=yend size=9 part=2 pcrc32=0A crc32=0b", true, Some(9), Some(10)),
            ("=yend", false, None, None),
            ("=yend size=x crc32=y", false, None, None),
        ] {
            assert_eq!(end(line.as_bytes(), piece), Some(End { size, crc32 }), "{line:?}");
        }
        assert_eq!(end(b"=ypart begin=1 end=2", true), None);
        assert_eq!(range(b"=ypart begin=1 end=2"), Some([1, 2]));
        assert_eq!(range(b"=ypart begin=1"), None);
        // NUL, LF, CR and `=` are escaped; an escape of nothing is nothing.
        assert_eq!(decode(b"=@=}=M=J\x6bk="), [0xd6, 0x13, 0xe3, 0xe0, b'A', b'A']);
    }
}
