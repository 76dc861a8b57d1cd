//! What an exchange tells.

use crate::Secret;
use bytes::Bytes;

/// A login attempt: who, with what, and what came of it.
///
/// Its fields are copies that keep no packet alive.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The mechanism, in upper case: `PLAIN`, `LOGIN`, `CRAM-MD5` ...
    pub mechanism: Bytes,
    /// The identity whose password is used (authentication identity).
    pub username: Option<Bytes>,
    /// The password, where the mechanism sends it.
    pub password: Option<Secret>,
    /// The identity to act as, where the mechanism has one; empty: the same.
    pub authorization_identity: Option<Bytes>,
    /// The realm of the user name (DIGEST-MD5).
    pub realm: Option<Bytes>,
    /// The first response that is not what the mechanism calls for, as it stood on the wire.
    pub unreadable: Option<Secret>,
    /// The server's verdict.
    pub outcome: Outcome,
}

impl Credential {
    /// An attempt of which only the mechanism is known.
    #[must_use]
    pub const fn new(mechanism: Bytes) -> Self {
        Self {
            mechanism,
            username: None,
            password: None,
            authorization_identity: None,
            realm: None,
            unreadable: None,
            outcome: Outcome::Unknown,
        }
    }
}

/// How a login attempt ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The server let the user in.
    Accepted,
    /// The server refused.
    Rejected,
    /// The client gave up (`*`).
    Cancelled,
    /// The verdict was not seen.
    Unknown,
}
