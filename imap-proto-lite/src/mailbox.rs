//! Mailbox names, and the modified UTF-7 that they come in.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// RFC 3501 section 5.1.3: `,` for `/`, no padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The name of a mailbox, as it stands on the wire.
///
/// ```
/// use imap_proto_lite::MailboxName;
///
/// assert_eq!(MailboxName::new("Entw&APw-rfe").decoded().unwrap(), "Entwürfe");
/// assert!(MailboxName::new("inbox").is_inbox());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxName(Bytes);

impl MailboxName {
    /// A name in the bytes of the wire, without quotes.
    pub fn new(raw: impl Into<Bytes>) -> Self {
        Self(raw.into())
    }

    /// The bytes of the wire.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.0
    }

    /// RFC 9051 section 5.1: `INBOX` in any case is one mailbox.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.0.eq_ignore_ascii_case(b"INBOX")
    }

    /// The name as text: modified UTF-7 (RFC 3501 section 5.1.3) decoded, UTF-8 (RFC 6855) as it is; `None` if it is
    /// neither.
    #[must_use]
    pub fn decoded(&self) -> Option<String> {
        let mut text = String::with_capacity(self.0.len());
        let mut rest: &[u8] = &self.0;
        while let Some(shift) = memchr::memchr(b'&', rest) {
            let (plain, encoded) = rest.split_at_checked(shift)?;
            text.push_str(str::from_utf8(plain).ok()?);
            let encoded = encoded.get(1..)?;
            let end = memchr::memchr(b'-', encoded)?;
            let (encoded, behind) = encoded.split_at_checked(end)?;
            rest = behind.get(1..)?;
            if encoded.is_empty() {
                text.push('&');
                continue;
            }
            let bytes = BASE64.decode(encoded).ok()?;
            let (units, odd) = bytes.as_chunks::<2>();
            // A unit that is cut is no padding.
            if !odd.is_empty() || units.is_empty() {
                return None;
            }
            for unit in char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit))) {
                text.push(unit.ok()?);
            }
        }
        text.push_str(str::from_utf8(rest).ok()?);
        Some(text)
    }

    /// The name as text, or, where it is none, its bytes as well as they can be shown.
    #[must_use]
    pub fn lossy(&self) -> String {
        self.decoded().unwrap_or_else(|| String::from_utf8_lossy(&self.0).into_owned())
    }

    /// A copy that keeps no line alive.
    #[must_use]
    pub(crate) fn copied(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (raw, decoded) in [
            ("INBOX", Some("INBOX")),
            ("", Some("")),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", Some("~peter/mail/台北/日本語")),
            ("Entw&APw-rfe", Some("Entwürfe")),
            ("A&-B", Some("A&B")),
            ("&2D3eCQ-", Some("😉")),
            ("Entwürfe", Some("Entwürfe")),
            // A surrogate alone, no end, foreign letters, half a unit.
            ("&2D0-", None),
            ("&APw", None),
            ("&AP/w-", None),
            ("&AA-", None),
        ] {
            assert_eq!(MailboxName::new(raw).decoded().as_deref(), decoded, "{raw}");
        }
        assert_eq!(MailboxName::new(&b"\xff"[..]).decoded(), None);
        assert_eq!(MailboxName::new("a&b").lossy(), "a&b");
        assert!(MailboxName::new("iNbOx").is_inbox());
        assert!(!MailboxName::new("INBOX/x").is_inbox());
    }
}
