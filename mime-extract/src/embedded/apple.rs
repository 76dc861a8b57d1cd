//! AppleSingle and AppleDouble (RFC 1740): the forks of a file of the classic Mac OS.
//!
//! ```text
//! file  = magic version filler count *entry data
//! entry = id offset length                             ; 1 data fork, 2 resource fork, 3 name
//! ```

use super::{Found, Inner, Kind};
use crate::decode::{Decode, Origin};
use crate::slice;
use crate::{Anomaly, Container};
use bytes::Bytes;

pub(super) const SINGLE: [u8; 4] = [0, 5, 0x16, 0];
pub(super) const DOUBLE: [u8; 4] = [0, 5, 0x16, 7];

/// Entries of one file; the RFC defines 15.
const MAX_ENTRIES: u16 = 64;

/// Longest name in bytes; the system allowed 63.
const MAX_NAME: u32 = 255;

const HEADER: usize = 26;
const ENTRY: usize = 12;

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u32,
    offset: u64,
    len: u32,
}

impl Entry {
    const fn end(&self) -> u64 {
        self.offset.saturating_add(self.len as u64)
    }
}

/// The machine; see [`Opener`](super::Opener).
#[derive(Debug, Default)]
pub(super) struct Apple {
    /// The header, or the name, as far as it came.
    held: Vec<u8>,
    /// What is to come, the next one last.
    entries: Vec<Entry>,
    listed: bool,
    double: bool,
    name: Option<String>,
    /// A fork is open.
    open: bool,
    /// Bytes so far.
    at: u64,
    over: bool,
}

impl Apple {
    pub(super) const fn memory(&self) -> usize {
        self.held.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        let mut taken = 0;
        while !self.over {
            let rest = slice::split(bytes, taken).1;
            let place = origin.at(taken);
            if !self.listed {
                let len = self.header_len();
                let (more, _) = slice::split(rest, len - self.held.len().min(len));
                self.held.extend_from_slice(more);
                self.advance(&mut taken, more.len());
                if self.held.len() < len {
                    return;
                }
                if self.header_len() == len {
                    self.list(origin.at(taken), found);
                }
                continue;
            }
            let Some(entry) = self.entries.last().copied() else {
                self.over = true;
                return;
            };
            if self.at < entry.offset {
                let skip = usize::try_from(entry.offset - self.at).unwrap_or(usize::MAX).min(rest.len());
                self.advance(&mut taken, skip);
                if skip == 0 {
                    return;
                }
                continue;
            }
            let left = usize::try_from(entry.end().saturating_sub(self.at)).unwrap_or(usize::MAX);
            let len = left.min(rest.len());
            let (start, end) = (taken, taken + len);
            self.begin(entry, place, found);
            self.advance(&mut taken, len);
            match entry.id {
                3 => self.held.extend_from_slice(slice::range(bytes, start, end)),
                _ if len > 0 => found.push(Found { at: place, kind: Kind::Data(bytes.slice(start..end)) }),
                _ => {}
            }
            if len < left {
                return;
            }
            self.end(entry, origin.at(taken), found);
            self.entries.pop();
        }
    }

    fn advance(&mut self, taken: &mut usize, len: usize) {
        *taken += len;
        self.at = self.at.saturating_add(len as u64);
    }

    /// How long the header is, as far as it is known.
    fn header_len(&self) -> usize {
        match self.held.get(24..HEADER) {
            Some([high, low]) => {
                HEADER + ENTRY * usize::from(u16::from_be_bytes([*high, *low]).min(MAX_ENTRIES))
            }
            _ => HEADER,
        }
    }

    /// The header is there.
    fn list(&mut self, place: u64, found: &mut Vec<Found>) {
        self.listed = true;
        let held = core::mem::take(&mut self.held);
        self.double = held.starts_with(&DOUBLE);
        let anomaly = if self.double { Anomaly::AppleDouble } else { Anomaly::AppleSingle };
        found.push(Found { at: place, kind: Kind::Anomaly(anomaly) });
        let many = held.get(24..HEADER).is_some_and(
            |count| matches!(count, [high, low] if u16::from_be_bytes([*high, *low]) > MAX_ENTRIES),
        );
        let header = held.len() as u64;
        let mut damaged = many;
        for bytes in slice::split(&held, HEADER).1.as_chunks::<ENTRY>().0 {
            let [a, b, c, d, e, f, g, h, i, j, k, l] = *bytes;
            let entry = Entry {
                id: u32::from_be_bytes([a, b, c, d]),
                offset: u64::from(u32::from_be_bytes([e, f, g, h])),
                len: u32::from_be_bytes([i, j, k, l]),
            };
            let wanted = match entry.id {
                1 | 2 => entry.len > 0,
                3 => (1..=MAX_NAME).contains(&entry.len),
                _ => false,
            };
            if wanted && entry.offset < header {
                damaged = true;
            } else if wanted {
                self.entries.push(entry);
            }
        }
        self.entries.sort_by_key(|entry| core::cmp::Reverse(entry.offset));
        // Entries that share bytes: the first one has them.
        let before = self.entries.len();
        let mut kept: Vec<Entry> = Vec::new();
        for entry in self.entries.iter().rev() {
            if kept.last().is_none_or(|last| last.end() <= entry.offset) {
                kept.push(*entry);
            }
        }
        kept.reverse();
        damaged |= kept.len() < before;
        self.entries = kept;
        if damaged {
            found.push(Found { at: place, kind: Kind::Anomaly(Anomaly::AppleDamaged) });
        }
    }

    fn begin(&mut self, entry: Entry, place: u64, found: &mut Vec<Found>) {
        if entry.id == 3 || self.open {
            return;
        }
        self.open = true;
        let content_type =
            if entry.id == 1 { "application/octet-stream" } else { "application/x-resource-fork" };
        let inner = Inner { content_type: content_type.into(), ..Inner::of(Container::Apple) };
        let name = if entry.id == 1 { self.name.clone() } else { None };
        found.push(Found { at: place, kind: Kind::Start(inner.named(name)) });
    }

    fn end(&mut self, entry: Entry, place: u64, found: &mut Vec<Found>) {
        if entry.id == 3 {
            let bytes = core::mem::take(&mut self.held);
            // Names were written in the charset of the system.
            let name = match str::from_utf8(&bytes) {
                Ok(name) => name.to_owned(),
                Err(_) => encoding_rs::MACINTOSH.decode_without_bom_handling(&bytes).0.into_owned(),
            };
            found.push(Found { at: place, kind: Kind::Name(name.clone()) });
            self.name = Some(name);
        } else {
            self.open = false;
            found.push(Found { at: place, kind: Kind::End { whole: true, decode: Decode::Ok } });
        }
    }

    pub(super) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        if self.open {
            found.push(Found { at, kind: Kind::Gap });
        }
        self.cut(at, found);
    }

    /// The rest is missing.
    fn cut(&mut self, at: u64, found: &mut Vec<Found>) {
        if core::mem::take(&mut self.open) {
            found.push(Found { at, kind: Kind::End { whole: false, decode: Decode::Partial } });
        }
        self.over = true;
    }

    pub(super) fn finish(&mut self, whole: bool, at: u64, found: &mut Vec<Found>) {
        let missing = !self.listed || !self.entries.is_empty();
        if !self.over && whole && missing {
            found.push(Found { at, kind: Kind::Anomaly(Anomaly::AppleDamaged) });
        }
        self.cut(at, found);
    }
}
