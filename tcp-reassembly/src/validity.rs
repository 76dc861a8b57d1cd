//! What makes a segment doubtful, and what is done about it.

/// What is known of a TCP checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Checksum {
    /// Nobody looked, or the packet was not captured to its end.
    #[default]
    Unknown,
    /// It is right.
    Good,
    /// It is wrong: the receiver dropped this segment.
    Bad,
    /// The field holds the sum of the pseudo header alone: the packet was captured on its sender, before the
    /// network card filled it in.
    Offload,
}

/// What is done with segments whose checksum is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Checksums {
    /// Nothing: checksums are not looked at.
    Ignore,
    /// They are told, and taken like all others.
    Report,
    /// Their data counts only where no better copy comes; what else they say does not count.
    Reject,
    /// As `Reject`, but a direction whose first eight segments with data (or SYN) are all wrong, or whose field was
    /// left to the network card, is taken for good as it is; so is one whose receiver acknowledged bytes of which the
    /// only copy so far has a wrong checksum.
    #[default]
    Auto,
}

/// What is done with segments that do not pass a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Check {
    /// Nothing: it is not checked.
    Ignore,
    /// They are told, and taken like all others.
    #[default]
    Report,
    /// They are told, and their data counts only where no better copy comes.
    Reject,
}

/// Where urgent bytes go (RFC 6093).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Urgent {
    /// They stay in the stream, as RFC 6093 asks of applications.
    #[default]
    Inline,
    /// The last urgent byte is taken out, as the socket interface does by default, and told by an event of its own.
    OutOfBand,
}

/// Why a receiver may not have taken a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doubt {
    /// Its checksum is wrong.
    Checksum,
    /// Its time stamp is older than what was taken before (RFC 7323, section 5).
    Timestamp,
    /// It ends beyond the window its receiver had advertised.
    Window,
    /// Its time to live is not that of the other packets of its direction.
    TimeToLive,
}

impl Doubt {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Checksum => "checksum",
            Self::Timestamp => "timestamp",
            Self::Window => "window",
            Self::TimeToLive => "ttl",
        }
    }
}
