//! CRAM-MD5 (RFC 2195).

use super::Credential;
use bytes::Bytes;

/// ```text
/// response = username SP digest        ; digest: 32 lower case hexadecimal digits
/// ```
///
/// A user name may hold blanks, the digest does not.
pub(super) fn response(credential: &mut Credential, message: &[u8]) -> bool {
    let Some(blank) = message.iter().rposition(|byte| *byte == b' ') else { return false };
    let (username, digest) = message.split_at(blank);
    let digest = digest.trim_ascii_start();
    if digest.len() != 32 || !digest.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    credential.username = Some(Bytes::copy_from_slice(username));
    true
}
