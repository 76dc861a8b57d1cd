//! PLAIN (RFC 4616).

use super::Credential;
use crate::Secret;
use bytes::Bytes;

/// ```text
/// message = [authzid] UTF8NUL authcid UTF8NUL passwd
/// ```
///
/// Some clients leave out the first NUL with the authorization identity. A NUL inside the password is against the
/// RFC, yet part of what was sent.
pub(super) fn response(credential: &mut Credential, message: &[u8]) -> bool {
    if message.is_empty() && credential.username.is_none() {
        // An empty initial response asks for the challenge.
        return true;
    }
    let mut fields = message.splitn(3, |byte| *byte == 0);
    let (authzid, authcid, password) = match (fields.next(), fields.next(), fields.next()) {
        (Some(authzid), Some(authcid), Some(password)) => (Some(authzid), authcid, password),
        (Some(authcid), Some(password), None) => (None, authcid, password),
        _ => return false,
    };
    credential.authorization_identity = authzid.map(Bytes::copy_from_slice);
    credential.username = Some(Bytes::copy_from_slice(authcid));
    credential.password = Some(Secret::new(Bytes::copy_from_slice(password)));
    true
}
