//! LOGIN, never standardised: the user name, then the password, each prompted for with free text.

use super::Credential;
use crate::Secret;
use bytes::Bytes;

/// Which answer is next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Username,
    Password,
    Done,
}

impl Step {
    /// One answer was not captured.
    pub(super) const fn miss(&mut self) {
        *self = match self {
            Self::Username => Self::Password,
            Self::Password | Self::Done => Self::Done,
        };
    }

    pub(super) fn response(&mut self, credential: &mut Credential, message: &[u8]) -> bool {
        let value = Bytes::copy_from_slice(message);
        match self {
            Self::Username => {
                credential.username = Some(value);
                *self = Self::Password;
            }
            Self::Password => {
                credential.password = Some(Secret::new(value));
                *self = Self::Done;
            }
            Self::Done => return false,
        }
        true
    }
}
