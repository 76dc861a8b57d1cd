//! Frames out of captures: pcap and pcapng, plain, gzip or zstd, from files, folders and standard input.
//!
//! The kind of a file is told by its content, never by its name. A [`Reader`] reads one capture, [`Inputs`] reads all
//! that were named on a command line, in the order of time. Both are iterators of [`Item`]s: frames, and between them
//! a [`Damage`] for each place that could not be read. Nothing is read ahead: a packet that came through a pipe is
//! given out before the next byte is asked for.

mod damage;
mod inputs;
mod pcap;
mod pcapng;
mod reader;
mod resync;
mod source;
mod window;

#[cfg(test)]
mod testing;

use core::time::Duration;
use std::path::PathBuf;

use bytes::Bytes;

pub use damage::{Damage, DamageKind};
pub use inputs::{Inputs, Report, Skipped};
pub use reader::Reader;
pub use source::{Compression, Digest, Progress};

/// One packet record of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Number of the input, from 1, as in `summary.json`.
    pub input: u32,
    /// Number of the frame in its file, from 1, as tshark counts: packet records that cannot be decoded count as
    /// well, and so do the other pcapng blocks that tshark shows as a frame of their own.
    pub number: u64,
    /// When it was captured, since the Unix epoch. A time before the epoch is 0. A record without a time of its own
    /// (pcapng simple packet block) has the time of the frame before it.
    pub at: Duration,
    /// How many digits of a second the time stamp has.
    pub precision: Precision,
    /// Link type number as registered for pcap (1 is Ethernet).
    pub link: u32,
    /// The captured bytes: a slice of a block that it shares with its neighbours.
    pub data: Bytes,
    /// How long the packet was on the wire, in bytes. More than `data` holds when the capture has only its beginning.
    pub original_len: u32,
}

/// What a capture yields next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// A frame.
    Frame(Frame),
    /// A place that could not be read. What follows it was found again behind it.
    Damage(Damage),
}

/// How many digits of a second the time stamps of a capture have, 0 to 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Precision(u8);

impl Precision {
    /// Six digits: the usual pcap file.
    pub const MICROSECONDS: Self = Self(6);
    /// Nine digits: the most that is kept.
    pub const NANOSECONDS: Self = Self(9);

    /// The precision of `digits` digits; more than 9 count as 9.
    #[must_use]
    pub const fn new(digits: u8) -> Self {
        Self(if digits > 9 { 9 } else { digits })
    }

    /// Number of digits behind the point, 0 to 9.
    #[must_use]
    pub const fn digits(self) -> u8 {
        self.0
    }
}

/// The file format of a capture, compression aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// pcap with time stamps in microseconds.
    Pcap,
    /// pcap with time stamps in nanoseconds.
    PcapNano,
    /// pcapng.
    Pcapng,
}

impl Format {
    /// The word for it in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::PcapNano => "pcap-nano",
            Self::Pcapng => "pcapng",
        }
    }
}

/// Why an input cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file cannot be opened.
    #[error("cannot open {}: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// The first bytes cannot be read.
    #[error("cannot read the beginning: {0}")]
    Read(String),
    /// The first bytes are those of no known capture format.
    #[error("not a pcap or pcapng capture")]
    NotACapture,
}
