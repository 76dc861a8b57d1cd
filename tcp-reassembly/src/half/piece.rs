//! A run of bytes of one packet, where it came from, and what it keeps alive.

use bytes::Bytes;

use crate::policy::Extent;
use crate::{Doubt, Seq, Timestamp};

/// What was special about the segment that brought some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Note {
    #[default]
    Plain,
    /// It was a SYN.
    Syn,
    /// It has one byte, as probes have.
    Lone,
    /// It did not pass a check.
    Doubted(Doubt),
}

/// The packet that brought some bytes, as far as it matters when another copy comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stamp {
    pub(crate) packet: u64,
    /// Zero where it is not known.
    pub(crate) ip_id: u16,
    /// Zero where it is not known.
    pub(crate) ttl: u8,
    pub(crate) note: Note,
}

/// Where bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) stamp: Stamp,
    pub(crate) at: Timestamp,
    pub(crate) packet_offset: u32,
}

impl Source {
    const fn skip(mut self, len: u32) -> Self {
        self.packet_offset = self.packet_offset.wrapping_add(len);
        self
    }
}

/// One run of bytes of one packet.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) start: u64,
    pub(crate) len: u32,
    /// `None`: they were on the wire, but the capture cut the packet before them.
    pub(crate) bytes: Option<Bytes>,
    /// The segment as it arrived, less what had been told by then: what overlap policies compare.
    pub(crate) owner: Extent,
    pub(crate) source: Source,
    /// What the segment acknowledged: bytes of the peer that have to be told before these.
    pub(crate) ack: Option<Seq>,
    /// When it was put here.
    pub(crate) since: Timestamp,
    /// Whether `bytes` is still a slice of the caller's packet that has to be settled if it is kept.
    pub(crate) shared: bool,
    /// The memory that `bytes` keeps alive: of a shared slice as the caller says (0: not known), else as it is.
    pub(crate) backing: u32,
}

impl Piece {
    pub(crate) fn end(&self) -> u64 {
        self.start + u64::from(self.len)
    }

    /// Memory kept alive. Parts of what was settled keep all of it alive, and count for that each.
    pub(super) fn weight(&self) -> usize {
        let Some(bytes) = &self.bytes else { return 0 };
        if self.shared { bytes.len() } else { weigh(self.backing).max(bytes.len()) }
    }

    /// Copies the bytes, unless they keep little more alive than they are.
    pub(crate) fn settle(&mut self) {
        if !self.shared {
            return;
        }
        self.shared = false;
        if let Some(bytes) = &mut self.bytes
            && !is_worth_keeping(bytes.len(), self.backing)
        {
            *bytes = Bytes::copy_from_slice(bytes);
            self.backing = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        }
    }

    /// The part `[from, to)`, which lies within.
    pub(crate) fn part(&self, from: u64, to: u64) -> Self {
        let skip = u32::try_from(from.saturating_sub(self.start)).unwrap_or(u32::MAX).min(self.len);
        let len = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX).min(self.len - skip);
        let bytes = self.bytes.as_ref().map(|bytes| slice(bytes, skip, len));
        Self { start: from, len, bytes, source: self.source.skip(skip), ..*self }
    }
}

/// Memory as the caller says it.
pub(crate) fn weigh(backing: u32) -> usize {
    usize::try_from(backing).unwrap_or(usize::MAX)
}

/// Whether a slice of `len` bytes that keeps `backing` alive (0: not known) is cheaper than a copy of it.
pub(crate) fn is_worth_keeping(len: usize, backing: u32) -> bool {
    /// Below, a copy is cheaper than a reference.
    const SMALL: usize = 256;
    /// A slice may keep so many times its length alive.
    const TIMES: usize = 4;
    len >= SMALL && (len..=len.saturating_mul(TIMES)).contains(&weigh(backing))
}

/// `bytes[skip..skip + len]`, as far as it exists.
pub(crate) fn slice(bytes: &Bytes, skip: u32, len: u32) -> Bytes {
    let from = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
    let to = from.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)).min(bytes.len());
    bytes.slice(from..to)
}
