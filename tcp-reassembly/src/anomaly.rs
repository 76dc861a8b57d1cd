//! What is odd about a stream without changing what is delivered.

use core::ops::Range;

use bytes::Bytes;

use crate::{Doubt, FlowId};

/// Something a careful reader wants to know. Each kind is told at most
/// [`Config::max_anomalies`](crate::Config::max_anomalies) times per direction of a flow; the rest is counted and
/// told once, as [`Suppressed`](Self::Suppressed), before the flow ends. Late data is told with its bytes beyond that, up
/// to [`Config::max_late_bytes`](crate::Config::max_late_bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Anomaly {
    /// An acknowledgement of bytes that cannot be: absurdly far ahead, or beyond the FIN. It is not believed.
    AckUnseen {
        /// How far beyond the delivered edge it points.
        ahead: u64,
    },
    /// Bytes below offset 0: sent before the first byte that could be placed (mid-stream), or below the SYN.
    BeforeStart {
        /// How far below offset 0 the first of them lies.
        distance: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// New bytes behind an acknowledged FIN. Not delivered; a receiver does not take them either.
    DataAfterFin {
        /// Where they would stand.
        range: Range<u64>,
        /// The bytes.
        bytes: Bytes,
    },
    /// New bytes on a flow that has ended already; they begin a new flow, which starts with this.
    DataAfterEnd {
        /// The flow that had ended.
        previous: FlowId,
    },
    /// The sender of an exact RST goes on in sequence: the RST was not its own. The stream resumes without loss.
    DataAfterRst {
        /// Where the stream resumes.
        offset: u64,
    },
    /// A FIN in a place that other bytes prove wrong. It is forgotten and the stream goes on.
    FinMisplaced {
        /// Where it stood.
        offset: u64,
    },
    /// A second FIN in another place than the first.
    FinMoved {
        /// Where the first stood.
        first: u64,
        /// Where the second stands.
        second: u64,
    },
    /// Bytes for a gap that had been declared missing already. They are here and nowhere else.
    LateData {
        /// Where they belong.
        range: Range<u64>,
        /// The bytes.
        bytes: Bytes,
    },
    /// SYN together with FIN or RST. No state changes.
    MalformedFlags,
    /// A segment too far from the delivered edge to belong to this stream; not held, and its acknowledgement not
    /// believed. Several that follow each other begin a new flow.
    OutOfWindow {
        /// How far from the delivered edge it begins; negative below.
        distance: i64,
        /// How many payload bytes it had.
        len: u64,
    },
    /// One byte right below the acknowledged edge, where the true byte was never seen: a keep-alive with a byte
    /// of its own invention, or the only copy. Not delivered.
    ProbeByte {
        /// Where it would stand.
        offset: u64,
        /// The byte.
        byte: u8,
    },
    /// An RST with a payload, as some stacks send their reason. Never part of the stream.
    RstPayload {
        /// The bytes.
        bytes: Bytes,
    },
    /// A late SYN shows that the stream began before offset 0; those bytes are not in the stream.
    StartMissed {
        /// How many.
        len: u64,
    },
    /// What was counted instead of told, at the end of a flow.
    Suppressed {
        /// The code of the kind; `conflict` for conflicts.
        code: &'static str,
        /// How many were not told.
        count: u64,
    },
    /// An RST that is not exactly where the next byte is expected. Ignored, as RFC 5961 asks of receivers, unless
    /// the stream turns out to end there.
    SuspiciousRst {
        /// How far it lies from the delivered edge.
        distance: i64,
    },
    /// A SYN with another initial number on a live flow that went on undisturbed. Ignored.
    SuspiciousSyn {
        /// Its sequence number.
        seq: u32,
    },
    /// Data on a SYN that the SYN-ACK did not acknowledge (RFC 7413): the server never took it. Not delivered.
    SynDataRefused {
        /// The bytes.
        bytes: Bytes,
    },
    /// A segment whose checksum is wrong, where those of its direction count. What it says besides its data is not
    /// believed (except with [`Checksums::Report`](crate::Checksums::Report)).
    BadChecksum {
        /// How many payload bytes it had.
        len: u64,
    },
    /// New data beyond the window that the receiver had advertised.
    BeyondWindow {
        /// By how many bytes.
        over: u64,
    },
    /// Bytes of a segment that its receiver may have dropped, delivered because there was no other copy.
    Doubtful {
        /// Which.
        range: Range<u64>,
        /// What is doubtful about them.
        why: Doubt,
    },
    /// New data with a time stamp older than what was taken before (RFC 7323, section 5).
    OldTimestamp {
        /// By how many ticks of the sender's clock.
        behind: u32,
    },
    /// Bytes of a segment that its receiver dropped, as far as can be told. Not delivered.
    Rejected {
        /// Where they would stand.
        range: Range<u64>,
        /// The bytes.
        bytes: Bytes,
        /// What is doubtful about them.
        why: Doubt,
    },
    /// An RST so far from the edge that no receiver takes it for anything. Ignored.
    RstOutside {
        /// How far it lies from the delivered edge.
        distance: i64,
    },
    /// New data with another time to live than the other packets of its direction.
    TtlChanged {
        /// The usual one.
        usual: u8,
        /// That of this packet.
        found: u8,
    },
    /// Bytes seen again whose first copy has left the replay ring, or that there were too many of to compare: nobody can say whether they agree.
    Unchecked {
        /// Which.
        range: Range<u64>,
    },
}

/// How many kinds there are; `Conflict` takes the last place in the counters.
pub(crate) const KINDS: usize = 26;

/// Codes and meanings, in the order of [`Anomaly::kind`]; the last one stands for conflicts.
pub(crate) const TABLE: [(&str, &str); KINDS] = [
    ("ack-unseen", "an acknowledgement absurdly far ahead, or beyond the FIN; not believed"),
    ("before-start", "bytes from before the first byte that could be placed"),
    ("data-after-fin", "new bytes behind an acknowledged FIN; not delivered"),
    ("data-after-end", "new bytes on a flow that had ended; they begin a new one"),
    ("data-after-rst", "the sender of an RST went on in sequence; the stream goes on without loss"),
    ("fin-misplaced", "a FIN in a place that other bytes prove wrong"),
    ("fin-moved", "a second FIN in another place than the first"),
    ("late-data", "bytes for a gap that had been declared missing"),
    ("malformed-flags", "SYN together with FIN or RST"),
    ("out-of-window", "a segment too far away to belong to the stream"),
    ("probe-byte", "one byte below the acknowledged edge whose true value was never seen; not delivered"),
    ("rst-payload", "an RST with a payload; never part of the stream"),
    ("start-missed", "a late SYN shows that the stream began before the first byte delivered"),
    ("suppressed", "further anomalies of one kind were counted and not told"),
    ("suspicious-rst", "an RST that is not where the next byte is expected; ignored"),
    ("suspicious-syn", "a SYN with another initial number on a live flow; ignored"),
    ("syn-data-refused", "data on a SYN that the server did not acknowledge; not delivered"),
    ("unchecked", "bytes seen again that could not be compared with their first copy"),
    ("bad-checksum", "a wrong TCP checksum; data in it counts only where no better copy comes"),
    ("beyond-window", "new data beyond the window the receiver had advertised"),
    ("doubtful", "bytes the receiver may have dropped, delivered for want of another copy"),
    ("old-timestamp", "new data with a time stamp older than what was taken before"),
    ("rejected", "bytes the receiver dropped, as far as can be told; not delivered"),
    ("rst-outside", "an RST far from where the next byte is expected; ignored"),
    ("ttl-changed", "new data with another time to live than the other packets of its direction"),
    ("conflict", "two copies of the same bytes differ"),
];

pub(crate) const CONFLICT_KIND: usize = KINDS - 1;

impl Anomaly {
    /// Code and meaning of each kind, for tables of all codes; `conflict` is told by an event of its own.
    pub const CODES: [(&'static str, &'static str); KINDS] = TABLE;

    /// A stable name in kebab case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        TABLE.get(self.kind()).map_or("unknown", |(code, _)| code)
    }

    pub(crate) const fn kind(&self) -> usize {
        match self {
            Self::AckUnseen { .. } => 0,
            Self::BeforeStart { .. } => 1,
            Self::DataAfterFin { .. } => 2,
            Self::DataAfterEnd { .. } => 3,
            Self::DataAfterRst { .. } => 4,
            Self::FinMisplaced { .. } => 5,
            Self::FinMoved { .. } => 6,
            Self::LateData { .. } => 7,
            Self::MalformedFlags => 8,
            Self::OutOfWindow { .. } => 9,
            Self::ProbeByte { .. } => 10,
            Self::RstPayload { .. } => 11,
            Self::StartMissed { .. } => 12,
            Self::Suppressed { .. } => 13,
            Self::SuspiciousRst { .. } => 14,
            Self::SuspiciousSyn { .. } => 15,
            Self::SynDataRefused { .. } => 16,
            Self::Unchecked { .. } => 17,
            Self::BadChecksum { .. } => 18,
            Self::BeyondWindow { .. } => 19,
            Self::Doubtful { .. } => 20,
            Self::OldTimestamp { .. } => 21,
            Self::Rejected { .. } => 22,
            Self::RstOutside { .. } => 23,
            Self::TtlChanged { .. } => 24,
        }
    }
}

impl Anomaly {
    /// The bytes that are told with it and that are nowhere else in the stream.
    #[must_use]
    pub const fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::BeforeStart { bytes, .. }
            | Self::DataAfterFin { bytes, .. }
            | Self::LateData { bytes, .. }
            | Self::RstPayload { bytes }
            | Self::SynDataRefused { bytes }
            | Self::Rejected { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// What the code does not say, in short; bytes are told by their number, see [`bytes`](Self::bytes).
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        Some(match self {
            Self::AckUnseen { ahead } => format!("{ahead} bytes ahead"),
            Self::BeforeStart { distance, bytes } => {
                format!("{} bytes, {distance} below the start", bytes.len())
            }
            Self::DataAfterFin { range, .. } | Self::LateData { range, .. } | Self::Unchecked { range } => {
                format!("{} bytes at {}", range.end.saturating_sub(range.start), range.start)
            }
            Self::DataAfterEnd { .. } | Self::MalformedFlags => return None,
            Self::DataAfterRst { offset } | Self::FinMisplaced { offset } => format!("at {offset}"),
            Self::FinMoved { first, second } => format!("from {first} to {second}"),
            Self::OutOfWindow { distance, len } => format!("{len} bytes, {distance} from the edge"),
            Self::ProbeByte { offset, byte } => format!("0x{byte:02x} at {offset}"),
            Self::RstPayload { bytes } | Self::SynDataRefused { bytes } => format!("{} bytes", bytes.len()),
            Self::StartMissed { len } | Self::BadChecksum { len } => format!("{len} bytes"),
            Self::BeyondWindow { over } => format!("{over} bytes over"),
            Self::Doubtful { range, why } | Self::Rejected { range, why, .. } => {
                let len = range.end.saturating_sub(range.start);
                format!("{len} bytes at {}: {}", range.start, why.word())
            }
            Self::OldTimestamp { behind } => format!("{behind} ticks behind"),
            Self::TtlChanged { usual, found } => format!("{found} instead of {usual}"),
            Self::Suppressed { code, count } => format!("{count} more of {code}"),
            Self::SuspiciousRst { distance } | Self::RstOutside { distance } => {
                format!("{distance} from the edge")
            }
            Self::SuspiciousSyn { seq } => format!("sequence number {seq}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_kebab() {
        for (place, (code, _)) in TABLE.iter().enumerate() {
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert!(TABLE[..place].iter().all(|(other, _)| other != code), "{code} twice");
        }
    }

    #[test]
    fn codes_stand_at_their_kind() {
        let bytes = Bytes::new();
        for (anomaly, code) in [
            (Anomaly::AckUnseen { ahead: 1 }, "ack-unseen"),
            (Anomaly::BeforeStart { distance: 1, bytes: bytes.clone() }, "before-start"),
            (Anomaly::LateData { range: 0..1, bytes: bytes.clone() }, "late-data"),
            (Anomaly::MalformedFlags, "malformed-flags"),
            (Anomaly::SynDataRefused { bytes }, "syn-data-refused"),
            (Anomaly::Unchecked { range: 0..1 }, "unchecked"),
            (Anomaly::BadChecksum { len: 1 }, "bad-checksum"),
            (Anomaly::Doubtful { range: 0..1, why: Doubt::Checksum }, "doubtful"),
            (Anomaly::TtlChanged { usual: 64, found: 1 }, "ttl-changed"),
        ] {
            assert_eq!(anomaly.code(), code);
        }
    }
}
