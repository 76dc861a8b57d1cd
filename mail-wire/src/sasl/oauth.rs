//! Bearer tokens: OAUTHBEARER (RFC 7628), XOAUTH2 (Google's forerunner of it), and OAUTH10A, whose signature is worth
//! nothing to anybody else.

use super::scram::{gs2_header, saslname};
use super::{Credential, jwt};
use crate::Secret;
use bytes::Bytes;

/// The separator of key-value pairs (RFC 7628 section 3.1), and alone the answer to an error.
const KVSEP: u8 = 1;

/// The reason for a refusal comes as a challenge, in JSON (RFC 7628 section 3.2.2).
pub(super) fn challenge(credential: &mut Credential, message: Vec<u8>) {
    if message.trim_ascii_start().starts_with(b"{") {
        credential.error = Some(Bytes::from(message));
    }
}

/// ```text
/// OAUTHBEARER: client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep
///              kvpair      = key "=" value kvsep               ; host, port, auth
/// XOAUTH2:     "user=" user kvsep "auth=Bearer " token kvsep kvsep
/// ```
pub(super) fn response(credential: &mut Credential, message: &[u8]) -> bool {
    if message.is_empty() || message == [KVSEP] {
        // Asks for the challenge, or takes note of the error.
        return true;
    }
    let mut pairs = message.split(|byte| *byte == KVSEP).peekable();
    if let Some((authzid, _)) = pairs.peek().and_then(|first| gs2_header(first)) {
        credential.username = authzid.map(saslname);
        pairs.next();
    }
    let mut understood = false;
    for pair in pairs {
        let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) =
            (pair.get(..equals).unwrap_or_default(), pair.get(equals + 1..).unwrap_or_default());
        let value = || Some(Bytes::copy_from_slice(value));
        match key {
            b"user" => credential.username = value(),
            b"host" => credential.host = value(),
            b"port" => credential.port = value(),
            b"auth" => {
                understood = true;
                authorization(credential, pair.get(equals + 1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    understood
}

/// The value of an HTTP Authorization field (RFC 6750 section 2.1): a scheme, whose case does not matter, and the
/// token.
fn authorization(credential: &mut Credential, value: &[u8]) {
    let Some((scheme, token)) = value.split_at_checked(7) else { return };
    let token = token.trim_ascii();
    if !scheme.eq_ignore_ascii_case(b"Bearer ") || token.is_empty() {
        return;
    }
    credential.claims = jwt::claims(token);
    credential.token = Some(Secret::new(Bytes::copy_from_slice(token)));
}
