//! Which way bytes travel, and when.

/// Time since the Unix epoch, as the capture has it.
///
/// A std type, so that every crate of the family speaks of time without knowing the others; it is never
/// compared with a clock.
pub type Timestamp = core::time::Duration;

/// Which way bytes travel on a connection.
#[expect(clippy::exhaustive_enums, reason = "a connection has two directions and will not get a third")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// Both directions, for loops over the two halves of a connection.
    pub const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    /// The other direction.
    ///
    /// ```
    /// use mail_wire::Direction;
    /// assert_eq!(Direction::ToServer.flip(), Direction::ToClient);
    /// ```
    #[must_use]
    pub const fn flip(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}
