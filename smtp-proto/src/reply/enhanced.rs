//! Enhanced status codes.

use std::fmt;

use crate::slice;

/// An enhanced status code (RFC 3463), as replies have it in front of their text (RFC 2034). Prints as `2.1.5`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    /// 2 success, 4 transient failure, 5 permanent failure; in a reply the first digit of its code.
    pub class: u8,
    /// What it is about, 0 to 999.
    pub subject: u16,
    /// What exactly, 0 to 999.
    pub detail: u16,
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// The enhanced code a text begins with, and the text behind it. A code of another class than the reply is text.
pub(super) fn split(code: u16, text: &[u8]) -> (Option<EnhancedCode>, &[u8]) {
    // Most lines without one are told by their first byte.
    if !text.first().is_some_and(|byte| matches!(byte, b'2' | b'4' | b'5' | b' ' | b'\t')) {
        return (None, text);
    }
    match status_code(slice::trim_start(text)) {
        Some((enhanced, rest))
            if u16::from(enhanced.class) == code / 100
                && rest.first().is_none_or(|byte| slice::is_blank(*byte)) =>
        {
            (Some(enhanced), slice::trim_start(rest))
        }
        _ => (None, text),
    }
}

// RFC 3463 2:
//   status-code = class "." subject "." detail
//   class       = "2"/"4"/"5"
//   subject     = 1*3digit
//   detail      = 1*3digit
fn status_code(text: &[u8]) -> Option<(EnhancedCode, &[u8])> {
    let [class @ (b'2' | b'4' | b'5'), b'.', rest @ ..] = text else { return None };
    let (subject, rest) = number(rest)?;
    let (detail, rest) = number(rest.strip_prefix(b".")?)?;
    Some((EnhancedCode { class: class - b'0', subject, detail }, rest))
}

/// Up to three digits; one more is left to be no blank.
fn number(text: &[u8]) -> Option<(u16, &[u8])> {
    let (mut number, mut rest) = (0, text);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest
        && text.len() - rest.len() < 3
    {
        number = number * 10 + u16::from(digit - b'0');
        rest = behind;
    }
    (rest.len() < text.len()).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for (code, text, enhanced, rest) in [
            (250, "2.0.0 ok", Some("2.0.0"), "ok"),
            (250, "2.1.5", Some("2.1.5"), ""),
            (450, "4.20.300 ok", Some("4.20.300"), "ok"),
            (550, "5.7.1 ", Some("5.7.1"), ""),
            (250, "", None, ""),
            (250, "2.0", None, "2.0"),
            (250, "2.0.", None, "2.0."),
            (250, "2.0.0.1 ok", None, "2.0.0.1 ok"),
            (250, "2.0.1000 ok", None, "2.0.1000 ok"),
            (250, "2.0.0:ok", None, "2.0.0:ok"),
            (250, "22.0.0 ok", None, "22.0.0 ok"),
            (250, "5.0.0 ok", None, "5.0.0 ok"),
            (354, "3.0.0 ok", None, "3.0.0 ok"),
        ] {
            let (parsed, left) = split(code, text.as_bytes());
            let printed = parsed.map(|code| code.to_string());
            assert_eq!((printed.as_deref(), left), (enhanced, rest.as_bytes()), "{code} {text:?}");
        }
    }
}
