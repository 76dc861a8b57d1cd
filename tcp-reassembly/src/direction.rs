//! The two directions of a flow, and capture time.

use core::time::Duration;

/// Capture time: since the Unix epoch. Never a clock; only what the packets say.
pub type Timestamp = Duration;

/// Who is spoken to. Fixed at the first packet of a flow and never renamed.
#[expect(clippy::exhaustive_enums, reason = "a connection has two directions; callers should match on both")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Bytes the client sends.
    ToServer,
    /// Bytes the server sends.
    ToClient,
}

impl Direction {
    pub(crate) const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    /// The other direction.
    #[must_use]
    pub const fn flip(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}
