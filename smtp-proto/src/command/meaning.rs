//! What the parameters of the extensions mean.

use std::borrow::Cow;

use super::{Parameter, Parameters};

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
    /// `PRDR` (draft-hall-prdr-00 4.2): the client wants a final reply for each recipient.
    Prdr,
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

impl<T: AsRef<[u8]>> Parameters<T> {
    /// Whether they ask for a final reply for each recipient.
    pub(crate) fn ask_for_responses(&self) -> bool {
        self.iter().any(|parameter| parameter.meaning() == Meaning::Prdr)
    }
}

impl<'a> Parameter<'a> {
    /// What the parameter says, by the RFC of its keyword.
    #[must_use]
    pub fn meaning(&self) -> Meaning<'a> {
        let found = match self.value {
            Some(value) => self.with_value(value),
            None if self.is("PRDR") => Some(Meaning::Prdr),
            None => self.is("SMTPUTF8").then_some(Meaning::SmtpUtf8),
        };
        found.unwrap_or(Meaning::Other)
    }

    fn with_value(&self, value: &'a [u8]) -> Option<Meaning<'a>> {
        const SIZE: u64 = folded(b"SIZE");
        const BODY: u64 = folded(b"BODY");
        const RET: u64 = folded(b"RET");
        const AUTH: u64 = folded(b"AUTH");
        const ENVID: u64 = folded(b"ENVID");
        const NOTIFY: u64 = folded(b"NOTIFY");
        const ORCPT: u64 = folded(b"ORCPT");
        Some(match folded(self.keyword) {
            // size-value = 1*20DIGIT
            SIZE => Meaning::Size(number(value)?),
            BODY => Meaning::Body(body(value)?),
            RET => Meaning::Return(ret(value)?),
            AUTH => Meaning::Submitter((value != b"<>").then(|| self.decoded())),
            ENVID => Meaning::EnvelopeId(self.decoded()),
            NOTIFY => Meaning::Notify(notify(value)?),
            // original-recipient-address = addr-type ";" xtext
            ORCPT => {
                let at = value.iter().position(|&byte| byte == b';')?;
                let (kind, address) = value.split_at_checked(at)?;
                Meaning::OriginalRecipient { kind, address: super::parameter::xtext(address.get(1..)?) }
            }
            _ => return None,
        })
    }
}

/// A word of up to seven bytes as one number, whatever the case of its letters; zero for a longer one.
const fn folded(mut word: &[u8]) -> u64 {
    if word.len() > 7 {
        return 0;
    }
    // What leads parts a word from the same one behind NUL bytes.
    let mut number = 1;
    while let [byte, rest @ ..] = word {
        number = number << 8 | byte.to_ascii_uppercase() as u64;
        word = rest;
    }
    number
}

// RFC 6152 2, RFC 3030 3:
//   body-value = "7BIT" / "8BITMIME" / "BINARYMIME"
fn body(value: &[u8]) -> Option<Body> {
    let is = |word: &[u8]| value.eq_ignore_ascii_case(word);
    if is(b"8BITMIME") {
        Some(Body::EightBitMime)
    } else if is(b"7BIT") {
        Some(Body::SevenBit)
    } else {
        is(b"BINARYMIME").then_some(Body::BinaryMime)
    }
}

// RFC 3461 4.3:
//   ret-value = "FULL" / "HDRS"
fn ret(value: &[u8]) -> Option<Return> {
    if value.eq_ignore_ascii_case(b"FULL") {
        Some(Return::Full)
    } else {
        value.eq_ignore_ascii_case(b"HDRS").then_some(Return::Headers)
    }
}

// RFC 3461 4.1:
//   notify-esmtp-value = "NEVER" / notify-list-element *( "," notify-list-element )
//   notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
fn notify(value: &[u8]) -> Option<Notify> {
    const FAILURE: u64 = folded(b"FAILURE");
    const DELAY: u64 = folded(b"DELAY");
    const SUCCESS: u64 = folded(b"SUCCESS");
    let mut notify = Notify::default();
    if value.eq_ignore_ascii_case(b"NEVER") {
        return Some(notify);
    }
    for word in value.split(|&byte| byte == b',') {
        let flag = match folded(word) {
            FAILURE => &mut notify.failure,
            DELAY => &mut notify.delay,
            SUCCESS => &mut notify.success,
            _ => return None,
        };
        *flag = true;
    }
    Some(notify)
}

/// Digits alone, below 2^64.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let add = |number: u64, byte: &u8| number.checked_mul(10)?.checked_add(digit(byte)?);
    text.iter().try_fold(0, add).filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
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
            ("\0SIZE", Some("1"), Meaning::Other),
            ("SIZESIZESIZE", Some("1"), Meaning::Other),
            ("BODY", Some("8bitmime"), Meaning::Body(Body::EightBitMime)),
            ("BODY", Some("7BIT"), Meaning::Body(Body::SevenBit)),
            ("BODY", Some("BINARYMIME"), Meaning::Body(Body::BinaryMime)),
            ("BODY", Some("8BIT"), Meaning::Other),
            ("SMTPUTF8", None, Meaning::SmtpUtf8),
            ("SMTPUTF8", Some("1"), Meaning::Other),
            ("prdr", None, Meaning::Prdr),
            ("PRDR", Some("1"), Meaning::Other),
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
            let parameter = Parameter { keyword: keyword.as_bytes(), value: value.map(str::as_bytes) };
            assert_eq!(parameter.meaning(), expected, "{parameter:?}");
        }
    }
}
