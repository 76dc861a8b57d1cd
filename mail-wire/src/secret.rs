//! Passwords and tokens that do not slip into a log.

use bytes::Bytes;
use core::fmt;

/// Bytes that grant access: a password, a token.
///
/// A passive reader extracts them on purpose; printing them has to be a deliberate act as well, so `Debug`
/// shows `***` and there is no `Display`.
///
/// ```
/// use mail_wire::Secret;
/// let password = Secret::new("wonderland");
/// assert_eq!(format!("{password:?}"), "***");
/// assert_eq!(password.expose().as_ref(), b"wonderland");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Bytes);

impl Secret {
    /// Takes the bytes into custody.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The secret itself.
    #[must_use]
    pub const fn expose(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
