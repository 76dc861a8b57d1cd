//! DIGEST-MD5 (RFC 2831).

use super::Credential;
use super::crack::{Crack, digest_of, field};
use bytes::Bytes;

/// The directives of a response.
#[derive(Default)]
struct Directives {
    username: Option<Bytes>,
    realm: Option<Bytes>,
    nonce: Option<Bytes>,
    cnonce: Option<Bytes>,
    nc: Option<Bytes>,
    qop: Option<Bytes>,
    uri: Option<Bytes>,
    response: Option<Bytes>,
    authzid: Option<Bytes>,
}

/// RFC 2831 section 2.1.2: the response is a list of directives, and repeats all of the challenge that counts.
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
    let mut found = Directives::default();
    let mut rest = message;
    while let Some((name, value, next)) = directive(rest) {
        let slot = match name.to_ascii_lowercase().as_slice() {
            b"username" => Some(&mut found.username),
            b"realm" => Some(&mut found.realm),
            b"nonce" => Some(&mut found.nonce),
            b"cnonce" => Some(&mut found.cnonce),
            b"nc" => Some(&mut found.nc),
            b"qop" => Some(&mut found.qop),
            b"digest-uri" => Some(&mut found.uri),
            b"response" => Some(&mut found.response),
            b"authzid" => Some(&mut found.authzid),
            _ => None,
        };
        if let Some(slot) = slot {
            *slot = Some(value);
        }
        rest = next;
    }
    if found.username.is_none() {
        return false;
    }
    credential.hash = found.line();
    credential.username = found.username;
    credential.realm = found.realm;
    credential.service = found.uri;
    credential.authorization_identity = found.authzid;
    // RFC 2831 section 2.4: what follows is signed, or encrypted.
    credential.security_layer = found
        .qop
        .is_some_and(|qop| qop.eq_ignore_ascii_case(b"auth-int") || qop.eq_ignore_ascii_case(b"auth-conf"));
    true
}

impl Directives {
    fn line(&self) -> Option<Crack> {
        // Without a realm the user has the empty one, without a quality it is auth.
        let of = |value: &'_ Option<Bytes>| value.clone().unwrap_or_default();
        let (realm, authzid) = (of(&self.realm), of(&self.authzid));
        let qop = self.qop.as_deref().unwrap_or(b"auth");
        let text = |value| field(value, "$:");
        // RFC 2831 section 2.1.2.1 hashes names in ISO 8859-1 where that can express them, whatever they are sent in,
        // and not every client does: beyond ASCII nobody knows what was hashed.
        let name = |value| text(value).filter(|name| name.is_ascii());
        let mut line = format!(
            "$DIGEST-MD5${}${}${}${}${}${}${}${}",
            name(self.username.as_deref()?)?,
            name(&realm)?,
            text(self.nonce.as_deref()?)?,
            text(self.uri.as_deref()?)?,
            text(self.cnonce.as_deref()?)?,
            digest_of(self.nc.as_deref()?, 8)?,
            text(qop)?,
            digest_of(self.response.as_deref()?, 32)?,
        );
        if !authzid.is_empty() {
            line.push('$');
            line.push_str(text(&authzid)?);
        }
        // john knows no other quality of protection.
        let john = matches!(qop, b"auth" | b"auth-int").then_some("dmd5");
        Some(Crack::new(None, john, line))
    }
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
