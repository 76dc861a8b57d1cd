//! Challenge and response in the lines that password crackers read.

use crate::Secret;

/// A challenge and its response as one line for an offline guess of the password.
///
/// Each mechanism has its own line:
///
/// | mechanism | hashcat | john | line |
/// | --- | --- | --- | --- |
/// | CRAM-MD5 | 10200 | HMAC-MD5 | `$cram_md5$base64(challenge)$base64(user SP digest)` |
/// | CRAM-SHA1, CRAM-SHA256 | 150, 1450 | | `digest:challenge` |
/// | DIGEST-MD5 | | dmd5 | `$DIGEST-MD5$user$realm$nonce$uri$cnonce$nc$qop$response[$authzid]` |
/// | NTLM v1, NTLM2 session | 5500 | netntlm | `user::domain:LM:NT:challenge` |
/// | NTLM v2 | 5600 | netntlmv2 | `user::domain:challenge:ntproof:blob` |
/// | SCRAM | | | `scram:alg:user:salt:iter:authmessage:proof:serversig` |
/// | Kerberos AP-REQ | 13100, 19600, 19700 | krb5tgs (RC4) | [below](#kerberos) |
/// | APOP | 20 | dynamic_1017 | [`apop`] |
///
/// There is no line where it would be a wrong one: where a field holds the separator, a control character or text
/// that is not UTF-8, where a message is missing, where it is not of the length that the mechanism asks for, or where
/// nobody knows in which charset a name was hashed (DIGEST-MD5 beyond ASCII).
/// A tool may have limits of its own on the length of fields, which depend on its version.
///
/// # Kerberos
///
/// `$krb5tgs$23$*account$realm$service*$checksum$data` and `$krb5tgs$17$account$realm$checksum$data` are about the
/// key of the *service*, not of the user. The key of etypes 17 and 18 is salted with the realm and the account; the
/// line names the account of the default salt (RFC 4120 section 4), the components of the service's name without
/// separators. A service that runs under another account (Active Directory) needs that account's name in its place.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crack {
    /// hashcat's mode; `None`: hashcat has none for it.
    pub hashcat_mode: Option<u32>,
    /// John the Ripper's format; `None`: john has none that takes this line.
    pub john_format: Option<&'static str>,
    /// The line, without its end. Who knows it can test guesses, so it is a secret.
    pub line: Secret,
}

impl Crack {
    pub(super) fn new(hashcat_mode: Option<u32>, john_format: Option<&'static str>, line: String) -> Self {
        Self { hashcat_mode, john_format, line: Secret::new(line) }
    }
}

/// The lines for POP3's APOP (RFC 1939 section 7), hashcat's first.
///
/// `timestamp` is the time stamp of the banner with its angle brackets, `digest` the 32 hexadecimal digits of the
/// command.
///
/// ```
/// use mail_wire::sasl::apop;
///
/// let digest = b"c4c9334bac560ecc979e58001b3e22fb";
/// let [hashcat, john] = apop(b"<1896.697170952@dbc.mtview.ca.us>", digest, b"mrose").try_into().unwrap();
/// assert_eq!(hashcat.line.expose(), "c4c9334bac560ecc979e58001b3e22fb:<1896.697170952@dbc.mtview.ca.us>");
/// assert_eq!((hashcat.hashcat_mode, john.john_format), (Some(20), Some("dynamic_1017")));
/// ```
#[must_use]
pub fn apop(timestamp: &[u8], digest: &[u8], user: &[u8]) -> Vec<Crack> {
    let mut lines = Vec::new();
    let Some(digest) = digest_of(digest, 32) else { return lines };
    // The salt is the last field and may hold the separator.
    if let Some(timestamp) = field(timestamp, "") {
        lines.push(Crack::new(Some(20), None, format!("{digest}:{timestamp}")));
    }
    if let Some(user) = field(user, ":") {
        let line = format!("{user}:$dynamic_1017${digest}$HEX${}", hex(timestamp));
        lines.push(Crack::new(None, Some("dynamic_1017"), line));
    }
    lines
}

/// A field that can stand in a line as it is.
pub(super) fn field<'a>(bytes: &'a [u8], separators: &str) -> Option<&'a str> {
    let text = str::from_utf8(bytes).ok()?;
    // hashcat reads `$HEX[...]` as bytes in hexadecimal digits.
    let plain = !text.starts_with("$HEX[") && !text.chars().any(|c| c.is_control() || separators.contains(c));
    plain.then_some(text)
}

/// So many hexadecimal digits.
pub(super) fn digest_of(bytes: &[u8], digits: usize) -> Option<&str> {
    (bytes.len() == digits && bytes.iter().all(u8::is_ascii_hexdigit))
        .then(|| str::from_utf8(bytes).ok())
        .flatten()
}

/// Bytes as lower case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apop_has_a_line_where_it_is_right() {
        let digest = b"c4c9334bac560ecc979e58001b3e22fb";
        let timestamp = b"<1896.697170952@dbc.mtview.ca.us>";
        let hashcat = "c4c9334bac560ecc979e58001b3e22fb:<1896.697170952@dbc.mtview.ca.us>";
        let john = "mrose:$dynamic_1017$c4c9334bac560ecc979e58001b3e22fb$HEX$\
                    3c313839362e363937313730393532406462632e6d74766965772e63612e75733e";
        let cases: [([&[u8]; 3], &[&str]); 5] = [
            ([timestamp, digest, b"mrose"], &[hashcat, john]),
            ([timestamp, digest, b"m:rose"], &[hashcat]),
            ([timestamp, b"c4c9", b"mrose"], &[]),
            ([b"<1:2@[::1]>", digest, b"a:b"], &["c4c9334bac560ecc979e58001b3e22fb:<1:2@[::1]>"]),
            (
                [b"<\xff@x>", digest, b"u"],
                &["u:$dynamic_1017$c4c9334bac560ecc979e58001b3e22fb$HEX$3cff40783e"],
            ),
        ];
        for ([timestamp, digest, user], expected) in cases {
            let lines = apop(timestamp, digest, user);
            let lines: Vec<_> = lines.iter().map(|crack| crack.line.expose().as_ref()).collect();
            assert_eq!(lines, expected.iter().map(|line| line.as_bytes()).collect::<Vec<_>>());
        }
    }
}
