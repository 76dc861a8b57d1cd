//! One line of a reply.

use bytes::{Buf as _, Bytes};

use super::enhanced::{self, EnhancedCode};
use crate::error::ParseError;
use crate::slice;

/// One line of a reply.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReplyLine<T = Bytes> {
    /// The reply code: 100 to 599.
    pub code: u16,
    /// Whether the reply ends with this line.
    pub last: bool,
    /// The enhanced code the text begins with, if its class is the first digit of the code.
    pub enhanced: Option<EnhancedCode>,
    /// What stands behind the code and its separator, the enhanced code included.
    pub text: T,
}

impl ReplyLine {
    /// Reads a line as [`parse_line`] does, and takes it: its text needs no other reference to what the line shares.
    ///
    /// # Errors
    ///
    /// As there; the line stays as it is.
    pub fn take(line: &mut Bytes) -> Result<Self, ParseError> {
        let ReplyLine { code, last, enhanced, text } = parse_line(line)?;
        // The text is all that follows the separator.
        let (len, end) = (text.len(), slice::trim_cr(line).len());
        let mut text = core::mem::take(line);
        if len == 0 {
            // Nothing of the line is kept alive.
            text = Bytes::new();
        } else {
            text.truncate(end);
            text.advance(end.saturating_sub(len));
        }
        Ok(Self { code, last, enhanced, text })
    }
}

impl<T: AsRef<[u8]>> ReplyLine<T> {
    /// The same with a text that shares `line`, the one that was parsed.
    #[must_use]
    pub fn share(&self, line: &Bytes) -> ReplyLine {
        self.with(slice::share(line, self.text.as_ref()))
    }

    /// The same with another text.
    pub(crate) const fn with<U>(&self, text: U) -> ReplyLine<U> {
        ReplyLine { code: self.code, last: self.last, enhanced: self.enhanced, text }
    }

    /// The text without the enhanced code and the blanks around that.
    #[must_use]
    pub fn text_without_enhanced(&self) -> &[u8] {
        enhanced::split(self.code, self.text.as_ref()).1
    }
}

/// Reads one line of a server, given without its line end.
///
/// A tab counts as a blank, a code alone is a whole line, and CRs at the end of the line are no text.
///
/// # Errors
///
/// The line does not begin with three digits from 100 to 599, or neither a blank nor a `-` parts them from the text.
pub fn parse_line(line: &[u8]) -> Result<ReplyLine<&[u8]>, ParseError> {
    let (code, rest) = reply_code(slice::trim_cr(line))
        .ok_or(ParseError { at: 0, expected: "a reply code from 100 to 599" })?;
    let (last, text) =
        separator(rest).ok_or_else(|| ParseError::new(line, rest, "a blank or `-` behind the code"))?;
    let (enhanced, _) = enhanced::split(code, text);
    Ok(ReplyLine { code, last, enhanced, text })
}

// RFC 5321 4.2:
//   Reply-code = %x32-35 %x30-35 %x30-39
// with the 1yz of RFC 821 and any second digit, as the codes of extensions and vendors have it.
fn reply_code(line: &[u8]) -> Option<(u16, &[u8])> {
    let [hundreds @ b'1'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] = line else {
        return None;
    };
    let value = |digit: &u8| u16::from(digit - b'0');
    Some((value(hundreds) * 100 + value(tens) * 10 + value(ones), rest))
}

// RFC 5321 4.2:
//   Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
/// Passes over the separator, and tells whether the line is the last one.
const fn separator(rest: &[u8]) -> Option<(bool, &[u8])> {
    match rest {
        [] => Some((true, &[])),
        [b' ' | b'\t', text @ ..] => Some((true, text)),
        [b'-', text @ ..] => Some((false, text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let code = |class, subject, detail| Some(EnhancedCode { class, subject, detail });
        for (line, code, last, enhanced, text, bare) in [
            ("250 ok", 250, true, None, "ok", "ok"),
            ("250-ok", 250, false, None, "ok", "ok"),
            ("250", 250, true, None, "", ""),
            ("250 ", 250, true, None, "", ""),
            ("250-", 250, false, None, "", ""),
            ("250\r", 250, true, None, "", ""),
            ("250 a\rb\r\r", 250, true, None, "a\rb", "a\rb"),
            ("250\tx", 250, true, None, "x", "x"),
            ("250  x ", 250, true, None, " x ", " x "),
            ("150 x", 150, true, None, "x", "x"),
            ("599 x", 599, true, None, "x", "x"),
            ("250 2.1.5 ok", 250, true, code(2, 1, 5), "2.1.5 ok", "ok"),
            ("250-2.1.5\tok", 250, false, code(2, 1, 5), "2.1.5\tok", "ok"),
            ("250  2.1.5  ok", 250, true, code(2, 1, 5), " 2.1.5  ok", "ok"),
            ("250 2.1.5", 250, true, code(2, 1, 5), "2.1.5", ""),
            ("451 4.999.0 x", 451, true, code(4, 999, 0), "4.999.0 x", "x"),
            ("550 2.1.5 ok", 550, true, None, "2.1.5 ok", "2.1.5 ok"),
            ("354 2.1.5 ok", 354, true, None, "2.1.5 ok", "2.1.5 ok"),
            ("334 VXNlcm5hbWU6", 334, true, None, "VXNlcm5hbWU6", "VXNlcm5hbWU6"),
        ] {
            let text = text.as_bytes();
            let parsed = parse_line(line.as_bytes()).unwrap();
            assert_eq!(parsed.text_without_enhanced(), bare.as_bytes(), "{line:?}");
            let kept = Bytes::copy_from_slice(line.as_bytes());
            let mut taken = kept.clone();
            let expected = parsed.with(Bytes::copy_from_slice(parsed.text));
            assert_eq!((ReplyLine::take(&mut taken), taken), (Ok(expected), Bytes::new()), "{line:?}");
            assert_eq!(parsed, ReplyLine { code, last, enhanced, text }, "{line:?}");
        }
    }

    #[test]
    fn lines_that_make_no_sense() {
        let code = "a reply code from 100 to 599";
        let separator = "a blank or `-` behind the code";
        for (line, at, expected) in [
            ("", 0, code),
            ("25", 0, code),
            ("25x", 0, code),
            (" 250 ok", 0, code),
            ("099 x", 0, code),
            ("600 x", 0, code),
            ("MAIL FROM:<a@b>", 0, code),
            ("250ok", 3, separator),
            ("2500 ok", 3, separator),
            ("250.ok", 3, separator),
        ] {
            assert_eq!(parse_line(line.as_bytes()), Err(ParseError { at, expected }), "{line:?}");
            let mut kept = Bytes::copy_from_slice(line.as_bytes());
            assert_eq!(ReplyLine::take(&mut kept), Err(ParseError { at, expected }), "{line:?}");
            assert_eq!(kept, line.as_bytes());
        }
    }
}
