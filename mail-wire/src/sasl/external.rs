//! The mechanisms that send no secret: EXTERNAL (RFC 4422 appendix A) and ANONYMOUS (RFC 4505).

use super::Credential;
use bytes::Bytes;

/// The identity to act as; who the client is, TLS or the network has told. Empty: as the same.
pub(super) fn external(credential: &mut Credential, message: &[u8]) -> bool {
    credential.authorization_identity = Some(Bytes::copy_from_slice(message));
    true
}

/// A trace: a mail address, or any word the client likes.
pub(super) fn anonymous(credential: &mut Credential, message: &[u8]) -> bool {
    credential.trace = Some(Bytes::copy_from_slice(message));
    true
}
