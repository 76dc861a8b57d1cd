//! Limits of the resolver, and what it tells.

use core::net::IpAddr;
use core::time::Duration;

use bytes::Bytes;

use super::DecodeOptions;
use crate::Timestamp;

/// Limits of a [`Resolver`](super::Resolver). Take [`Config::default`] and change what has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Fragments of one datagram that bring something new (64). Beyond, the datagram is given up.
    pub max_fragments: usize,
    /// Bytes of one datagram (65,535, which is all that IP has room for). Fragments that reach further are dropped.
    pub max_datagram: usize,
    /// Memory of all datagrams (4 MiB). Beyond, the oldest goes: first those that came whole and are only kept to
    /// recognise duplicates.
    pub max_held: usize,
    /// How long a datagram waits for its fragments, in capture time, and how long its number is remembered after
    /// it came whole (30 s).
    pub timeout: Duration,
    /// What to look at in frames that are no fragments (nothing that costs). Of a datagram put together the checksum is
    /// always computed: whether the parts belong together is otherwise not known.
    pub decode: DecodeOptions,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_fragments: 64,
            max_datagram: 65_535,
            max_held: 4 << 20,
            timeout: Duration::from_secs(30),
            decode: DecodeOptions::default(),
        }
    }
}

impl Config {
    /// The most [`Resolver::buffered`](super::Resolver::buffered) is after any call.
    #[must_use]
    pub const fn worst_case(&self) -> usize {
        self.max_held
    }
}

/// Something about the fragments of a datagram that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Capture time of the packet.
    pub at: Timestamp,
    /// The packet that shows it; for a datagram that stays unfinished, its first one.
    pub packet: u64,
    /// The sender the IP header names.
    pub src: IpAddr,
    /// The receiver the IP header names.
    pub dst: IpAddr,
    /// The number that the fragments of a datagram share.
    pub id: u32,
    /// What it is.
    pub anomaly: Anomaly,
}

const _: () = assert!(size_of::<Event>() <= 96);

/// What does not fit. Offsets count from the end of the IP header of the datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Anomaly {
    /// A segment came whole, but its checksum is wrong: numbers of datagrams come again, so its fragments may be of
    /// two. Its pieces say so too, and are treated as [`Config::checksums`](crate::Config::checksums) has it. Checksums
    /// that were left to the hardware are none.
    Checksum,
    /// Two fragments disagree about the same bytes. The first to arrive counts.
    Conflict(Box<Conflict>),
    /// Two fragments disagree about where the datagram ends. The first to arrive counts; what reaches beyond is
    /// dropped.
    EndMoved {
        /// The end that counts.
        first: u32,
        /// The end that does not.
        second: u32,
    },
    /// A datagram that never came whole; its bytes are dropped. A retransmission may bring them, else the stream will
    /// have a gap.
    Incomplete {
        /// Why nothing more is waited for.
        why: Unfinished,
        /// Fragments that were there.
        fragments: u32,
        /// Bytes that were there.
        bytes: u32,
        /// Bytes that were not, where the end is known.
        missing: Option<u32>,
        /// The protocol of the datagram, where it is known.
        protocol: Option<u8>,
    },
    /// A fragment that reaches beyond the largest possible datagram; dropped.
    Oversize {
        /// Where it would end.
        end: u32,
    },
    /// A first fragment without the whole TCP header in it. No stack makes one; it passes filters.
    Tiny {
        /// Its length.
        len: u32,
    },
    /// A fragment, not the last one, whose length is no multiple of eight; cut to one that is.
    Uneven {
        /// Its length.
        len: u32,
    },
}

/// Two copies of the same bytes of a datagram that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// Offset of the first byte that differs.
    pub offset: u32,
    /// From there to the last byte that differs, as it counts.
    pub kept: Bytes,
    /// The packet `kept` came in.
    pub kept_packet: u64,
    /// The same stretch as it does not count, of the packet the event names.
    pub other: Bytes,
}

/// Why a datagram is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unfinished {
    /// [`Config::timeout`] has passed.
    Timeout,
    /// One of the limits is reached.
    Limit,
    /// The capture is over.
    End,
}

const KINDS: usize = 8;

impl Anomaly {
    /// Code and meaning of each kind, for tables of all codes.
    pub const CODES: [(&'static str, &'static str); KINDS] = [
        ("fragment-checksum", "a segment put together of fragments has a wrong checksum; they may be of two"),
        ("fragment-conflict", "two fragments disagree about the same bytes; the first to arrive counts"),
        (
            "fragment-end-moved",
            "fragments disagree about where their datagram ends; the first to arrive counts",
        ),
        ("fragment-incomplete", "a datagram whose fragments were not all captured; its bytes are dropped"),
        ("fragment-limit", "a datagram that was given up because of a limit; its bytes are dropped"),
        ("fragment-oversize", "a fragment beyond the largest possible datagram; dropped"),
        ("fragment-tiny", "a first fragment that ends inside the TCP header"),
        ("fragment-uneven", "a fragment whose length is no multiple of eight; its last bytes are dropped"),
    ];

    /// A stable name in kebab case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        let kind: usize = match self {
            Self::Checksum => 0,
            Self::Conflict(_) => 1,
            Self::EndMoved { .. } => 2,
            Self::Incomplete { why: Unfinished::Timeout | Unfinished::End, .. } => 3,
            Self::Incomplete { why: Unfinished::Limit, .. } => 4,
            Self::Oversize { .. } => 5,
            Self::Tiny { .. } => 6,
            Self::Uneven { .. } => 7,
        };
        Self::CODES.get(kind).map_or("unknown", |(code, _)| code)
    }

    /// What the code does not say, in short.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        Some(match self {
            Self::Checksum => return None,
            Self::Conflict(conflict) => format!("{} bytes at {}", conflict.kept.len(), conflict.offset),
            Self::EndMoved { first, second } => format!("from {first} to {second}"),
            Self::Incomplete { fragments, bytes, missing: Some(missing), .. } => {
                format!("{fragments} fragments with {bytes} bytes, {missing} bytes missing")
            }
            Self::Incomplete { fragments, bytes, .. } => format!("{fragments} fragments with {bytes} bytes"),
            Self::Oversize { end } => format!("ends at {end}"),
            Self::Tiny { len } | Self::Uneven { len } => format!("{len} bytes"),
        })
    }
}

/// What a [`Resolver`](super::Resolver) counted.
///
/// Every fragment has one fate: once nothing is waited for any more (after [`finish`](super::Resolver::finish)),
/// `fragments` is the sum of `used`, `repeated`, `unfinished`, `dropped`, `ignored` and `foreign`. A fragment inside
/// of a datagram that was put together counts as one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Fragments of datagrams that may hold TCP.
    pub fragments: u64,
    /// Datagrams that came whole.
    pub datagrams: u64,
    /// Bytes of fragments that were there already, whether they agreed or not.
    pub repeated_bytes: u64,
    /// Fragments of which something is in a datagram that came whole.
    pub used: u64,
    /// Fragments that brought nothing that was not there before.
    pub repeated: u64,
    /// Fragments of datagrams that did not come whole; those are told.
    pub unfinished: u64,
    /// Fragments that were not taken at all, which is told.
    pub dropped: u64,
    /// Fragments of datagrams that had been given up because of a limit.
    pub ignored: u64,
    /// Fragments of datagrams whose beginning shows that they hold no TCP.
    pub foreign: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_at_their_kind() {
        let conflict =
            Conflict { offset: 8, kept: Bytes::from_static(b"ab"), kept_packet: 1, other: Bytes::new() };
        let incomplete =
            |why| Anomaly::Incomplete { why, fragments: 2, bytes: 16, missing: Some(8), protocol: Some(6) };
        for (anomaly, code, detail) in [
            (Anomaly::Conflict(Box::new(conflict)), "fragment-conflict", "2 bytes at 8"),
            (Anomaly::EndMoved { first: 16, second: 24 }, "fragment-end-moved", "from 16 to 24"),
            (
                incomplete(Unfinished::End),
                "fragment-incomplete",
                "2 fragments with 16 bytes, 8 bytes missing",
            ),
            (incomplete(Unfinished::Limit), "fragment-limit", "2 fragments with 16 bytes, 8 bytes missing"),
            (Anomaly::Oversize { end: 65_540 }, "fragment-oversize", "ends at 65540"),
            (Anomaly::Tiny { len: 8 }, "fragment-tiny", "8 bytes"),
            (Anomaly::Uneven { len: 9 }, "fragment-uneven", "9 bytes"),
        ] {
            assert_eq!((anomaly.code(), anomaly.detail().as_deref()), (code, Some(detail)));
        }
        assert_eq!((Anomaly::Checksum.code(), Anomaly::Checksum.detail()), ("fragment-checksum", None));
        for (place, (code, _)) in Anomaly::CODES.iter().enumerate() {
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert!(Anomaly::CODES[..place].iter().all(|(other, _)| other != code), "{code} twice");
        }
    }
}
