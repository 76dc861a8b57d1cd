//! DIGEST-MD5 (RFC 2831).

use super::Credential;
use bytes::Bytes;

/// RFC 2831 section 2.1.2: the response is a list of directives.
///
/// ```text
/// digest-response = 1#( username | realm | nonce | cnonce | nonce-count | qop | digest-uri | response | ... )
/// username        = "username" "=" <"> username-value <">
/// ```
///
/// The client's last message, which acknowledges `rspauth`, is empty.
pub(super) fn response(credential: &mut Credential, message: &[u8]) -> bool {
    if message.is_empty() {
        return true;
    }
    let mut rest = message;
    while let Some((name, value, next)) = directive(rest) {
        if name.eq_ignore_ascii_case(b"username") {
            credential.username = Some(value);
        } else if name.eq_ignore_ascii_case(b"realm") {
            credential.realm = Some(value);
        } else if name.eq_ignore_ascii_case(b"authzid") {
            credential.authorization_identity = Some(value);
        }
        rest = next;
    }
    credential.username.is_some()
}

/// One `name=value` or `name="quoted value"`, and what follows its comma.
fn directive(text: &[u8]) -> Option<(&[u8], Bytes, &[u8])> {
    let start = text.iter().position(|byte| !matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n'))?;
    let text = text.get(start..)?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at_checked(equals)?;
    let value = value.get(1..)?.trim_ascii_start();
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = value.iter().position(|byte| *byte == b',').unwrap_or(value.len());
        let (value, rest) = value.split_at_checked(end)?;
        return Some((name.trim_ascii(), Bytes::copy_from_slice(value.trim_ascii()), rest));
    };
    // quoted-pair = "\" CHAR
    let mut plain = Vec::new();
    let mut bytes = quoted.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => plain.extend(bytes.next()),
            byte => plain.push(byte),
        }
    }
    Some((name.trim_ascii(), Bytes::from(plain), quoted.get(quoted.len() - bytes.len()..)?))
}
