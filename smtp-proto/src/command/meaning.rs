//! What the parameters of the extensions mean.

use std::borrow::Cow;

use super::Parameter;

/// What a parameter of `MAIL` or `RCPT` says; [`Parameter`] has it as sent.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// `SIZE` (RFC 1870 6): bytes of the message, as the client declares them.
    Size(u64),
    /// `BODY` (RFC 6152 2, RFC 3030 3).
    Body(Body),
    /// `SMTPUTF8` (RFC 6531 3.4): addresses and header fields may be UTF-8.
    SmtpUtf8,
    /// `AUTH` (RFC 4954 5): who submitted the message first, its xtext decoded; `None` for `<>`.
    Submitter(Option<Cow<'a, [u8]>>),
    /// `RET` (RFC 3461 4.3): what a report of failure shall hold.
    Return(Return),
    /// `ENVID` (RFC 3461 4.4): the sender's name for the transaction, its xtext decoded.
    EnvelopeId(Cow<'a, [u8]>),
    /// `NOTIFY` (RFC 3461 4.1): when a report is wanted.
    Notify(Notify),
    /// `ORCPT` (RFC 3461 4.2): the address that the sender gave first.
    OriginalRecipient {
        /// Its type, such as `rfc822` or `utf-8` (RFC 6533).
        kind: &'a [u8],
        /// The address, its xtext decoded.
        address: Cow<'a, [u8]>,
    },
    /// Another extension, or a value that its RFC does not know.
    Other,
}

/// How a message is encoded.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Body {
    /// `7BIT`.
    SevenBit,
    /// `8BITMIME` (RFC 6152).
    EightBitMime,
    /// `BINARYMIME` (RFC 3030): no lines, so BDAT only.
    BinaryMime,
}

/// What a report returns.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Return {
    /// `FULL`: the whole message.
    Full,
    /// `HDRS`: its header fields.
    Headers,
}

/// When a report is wanted; none of them: `NEVER`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Notify {
    /// `SUCCESS`: when the message was delivered.
    pub success: bool,
    /// `FAILURE`: when it could not be.
    pub failure: bool,
    /// `DELAY`: when that takes long.
    pub delay: bool,
}

impl Parameter {
    /// What the parameter says, by the RFC of its keyword.
    #[must_use]
    pub fn meaning(&self) -> Meaning<'_> {
        let keyword = self.keyword.to_ascii_uppercase();
        let found = match (keyword.as_slice(), self.value.as_deref()) {
            (b"SMTPUTF8", None) => Some(Meaning::SmtpUtf8),
            (keyword, Some(value)) => self.with_value(keyword, value),
            _ => None,
        };
        found.unwrap_or(Meaning::Other)
    }

    fn with_value<'a>(&'a self, keyword: &[u8], value: &'a [u8]) -> Option<Meaning<'a>> {
        let is = |word: &[u8]| value.eq_ignore_ascii_case(word);
        Some(match keyword {
            // size-value = 1*20DIGIT
            b"SIZE" => Meaning::Size(number(value)?),
            b"BODY" if is(b"7BIT") => Meaning::Body(Body::SevenBit),
            b"BODY" if is(b"8BITMIME") => Meaning::Body(Body::EightBitMime),
            b"BODY" if is(b"BINARYMIME") => Meaning::Body(Body::BinaryMime),
            b"RET" if is(b"FULL") => Meaning::Return(Return::Full),
            b"RET" if is(b"HDRS") => Meaning::Return(Return::Headers),
            b"AUTH" if is(b"<>") => Meaning::Submitter(None),
            b"AUTH" => Meaning::Submitter(Some(self.decoded())),
            b"ENVID" => Meaning::EnvelopeId(self.decoded()),
            b"NOTIFY" => Meaning::Notify(notify(value)?),
            // original-recipient-address = addr-type ";" xtext
            b"ORCPT" => {
                let at = value.iter().position(|&byte| byte == b';')?;
                let (kind, address) = value.split_at_checked(at)?;
                Meaning::OriginalRecipient { kind, address: super::parameter::xtext(address.get(1..)?) }
            }
            _ => return None,
        })
    }
}

// RFC 3461 4.1:
//   notify-esmtp-value = "NEVER" / notify-list-element *( "," notify-list-element )
//   notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
fn notify(value: &[u8]) -> Option<Notify> {
    let mut notify = Notify::default();
    if value.eq_ignore_ascii_case(b"NEVER") {
        return Some(notify);
    }
    for word in value.split(|&byte| byte == b',') {
        let flag = match word.to_ascii_uppercase().as_slice() {
            b"SUCCESS" => &mut notify.success,
            b"FAILURE" => &mut notify.failure,
            b"DELAY" => &mut notify.delay,
            _ => return None,
        };
        *flag = true;
    }
    Some(notify)
}

/// Digits alone, below 2^64.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().all(u8::is_ascii_digit);
    str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn parameters_mean_something() {
        let notify = |success, failure, delay| Meaning::Notify(Notify { success, failure, delay });
        for (keyword, value, expected) in [
            ("SIZE", Some("48213"), Meaning::Size(48213)),
            ("size", Some("0"), Meaning::Size(0)),
            ("SIZE", Some("18446744073709551616"), Meaning::Other),
            ("SIZE", Some("+1"), Meaning::Other),
            ("SIZE", None, Meaning::Other),
            ("BODY", Some("8bitmime"), Meaning::Body(Body::EightBitMime)),
            ("BODY", Some("7BIT"), Meaning::Body(Body::SevenBit)),
            ("BODY", Some("BINARYMIME"), Meaning::Body(Body::BinaryMime)),
            ("BODY", Some("8BIT"), Meaning::Other),
            ("SMTPUTF8", None, Meaning::SmtpUtf8),
            ("SMTPUTF8", Some("1"), Meaning::Other),
            ("AUTH", Some("<>"), Meaning::Submitter(None)),
            ("AUTH", Some("e+3Dmc2@example.com"), Meaning::Submitter(Some(b"e=mc2@example.com"[..].into()))),
            ("RET", Some("hdrs"), Meaning::Return(Return::Headers)),
            ("RET", Some("FULL"), Meaning::Return(Return::Full)),
            ("ENVID", Some("QQ314159+2B"), Meaning::EnvelopeId(b"QQ314159+"[..].into())),
            ("NOTIFY", Some("NEVER"), notify(false, false, false)),
            ("NOTIFY", Some("success,DELAY"), notify(true, false, true)),
            ("NOTIFY", Some("FAILURE,NEVER"), Meaning::Other),
            (
                "ORCPT",
                Some("rfc822;Bob+2Bx@example.com"),
                Meaning::OriginalRecipient { kind: b"rfc822", address: b"Bob+x@example.com"[..].into() },
            ),
            ("ORCPT", Some("bob@example.com"), Meaning::Other),
            ("X-OTHER", Some("1"), Meaning::Other),
        ] {
            let value = value.map(|value| Bytes::from_static(value.as_bytes()));
            let parameter = Parameter { keyword: Bytes::from_static(keyword.as_bytes()), value };
            assert_eq!(parameter.meaning(), expected, "{parameter:?}");
        }
    }
}
