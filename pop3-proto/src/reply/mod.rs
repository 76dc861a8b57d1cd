//! The server's lines: status, response code, text, and the items of lists.
//!
//! [`parse`] reads the line that answers a command. Which command it was decides whether more lines follow; those of lists
//! are [`ListItem`]s, those of a message are content.

mod list;
mod text;

use bytes::{Buf as _, Bytes};
use core::ops::Range;
use mail_wire::slice;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case};
use nom::combinator::value;
use nom::{IResult, Parser};

pub use self::list::{Capability, ListItem};
use crate::error::ParseError;

/// What the server says to a command.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// `+OK`.
    Ok,
    /// `-ERR`.
    Err,
    /// `+`: the server waits for more of a SASL exchange (RFC 5034 section 4).
    Continue,
}

impl Status {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "+OK",
            Self::Err => "-ERR",
            Self::Continue => "+",
        }
    }

    /// Whether the server said yes, or go on.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        !matches!(self, Self::Err)
    }

    /// Whether a line that begins so answers a command: `+OK` or `-ERR`, then a blank or the end of the line; no item of a
    /// list and no header field does. `None`: that takes more bytes. `whole`: there are no more.
    pub(crate) fn ahead(begin: &[u8], whole: bool) -> Option<bool> {
        for status in [Self::Ok, Self::Err] {
            let word = status.as_str().as_bytes();
            let len = word.len().min(begin.len());
            let (front, behind) = slice::split(begin, len);
            if !front.eq_ignore_ascii_case(slice::split(word, len).0) {
                continue;
            }
            return match behind.first() {
                _ if len < word.len() => whole.then_some(false),
                Some(byte) => Some(matches!(byte, b' ' | b'\t' | b'\r' | b'\n')),
                None => whole.then_some(true),
            };
        }
        Some(false)
    }

    /// As [`ahead`](Self::ahead), where a list may stand: no item of one begins like a challenge of AUTH either.
    pub(crate) fn ahead_in_list(begin: &[u8], whole: bool) -> Option<bool> {
        match begin {
            [b'+'] => whole.then_some(true),
            [b'+', b' ' | b'\t' | b'\r' | b'\n', ..] => Some(true),
            begin => Self::ahead(begin, whole),
        }
    }

    /// So many bytes decide it.
    pub(crate) const AHEAD: usize = 5;
}

/// One answer of a server: its first line, which is the whole of it but for lists and messages.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reply {
    /// What the server says.
    pub status: Status,
    /// The response code in brackets that the text begins with (RFC 2449 section 8), without them: `IN-USE`, `AUTH`,
    /// `SYS/TEMP`.
    pub code: Option<Bytes>,
    /// What stands behind the status and one blank, the response code included.
    pub text: Bytes,
}

// RFC 1939 section 3: a status indicator and a keyword, "+OK" and "-ERR" in upper case; RFC 5034 section 4: "+ ".
/// Reads the line that answers a command, given without its line end.
///
/// Case does not matter, a tab counts as a blank, and CRs at the end of the line are no text.
///
/// # Errors
///
/// The line does not begin with `+OK`, `-ERR` or `+` and a blank or the end behind it.
pub fn parse(line: &Bytes) -> Result<Reply, ParseError> {
    let (status, text) = status(line)?;
    Ok(Reply::new(status, line.clone(), text))
}

/// What the server says, and where in the line its text stands.
pub(crate) fn status(line: &[u8]) -> Result<(Status, Range<usize>), ParseError> {
    let trimmed = slice::trim_cr(line);
    let parsed: IResult<_, _> = alt((
        value(Status::Ok, tag_no_case("+OK")),
        value(Status::Err, tag_no_case("-ERR")),
        value(Status::Continue, tag("+")),
    ))
    .parse(trimmed);
    let expected = ParseError { at: 0, expected: "`+OK`, `-ERR` or `+`" };
    let (rest, status) = parsed.map_err(|_| expected)?;
    let blank = match rest.first() {
        None => 0,
        Some(blank) if slice::is_blank(*blank) => 1,
        Some(_) => return Err(ParseError::before(line, rest, "a blank behind the status")),
    };
    Ok((status, trimmed.len() - rest.len() + blank..trimmed.len()))
}

impl Reply {
    /// With a text that stands there in the line.
    pub(crate) fn new(status: Status, mut line: Bytes, text: Range<usize>) -> Self {
        if text.is_empty() {
            // Nothing of the line is kept alive.
            return Self { status, code: None, text: Bytes::new() };
        }
        line.truncate(text.end);
        line.advance(text.start);
        let code = match status {
            Status::Continue => None,
            _ => text::response_code(&line).map(|code| slice::share(&line, code)),
        };
        Self { status, code, text: line }
    }

    /// Whether the server said yes, or go on.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.status.is_positive()
    }

    /// The size that the text names: the number before a word that begins with `octet` or `byte`.
    ///
    /// Servers count a line end as one byte or as two, and some are wrong altogether.
    #[must_use]
    pub fn octets(&self) -> Option<u64> {
        text::octets(&self.text)
    }

    /// The time stamp of a greeting, with its angle brackets, from which and the password `APOP` makes its digest (RFC 1939
    /// section 7): the last `<..@..>` of the text.
    #[must_use]
    pub fn timestamp(&self) -> Option<Bytes> {
        text::timestamp(&self.text).map(|timestamp| slice::share(&self.text, timestamp))
    }

    /// A copy that keeps no packet alive.
    pub(crate) fn compact(&self) -> Self {
        let text = Bytes::copy_from_slice(&self.text);
        let code = self.code.as_ref().map(|code| Bytes::copy_from_slice(code));
        Self { status: self.status, code, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn lines() {
        for (line, status, code, text) in [
            ("+OK", Status::Ok, None, ""),
            ("+OK ", Status::Ok, None, ""),
            ("+OK ready", Status::Ok, None, "ready"),
            ("+ok\tready\r", Status::Ok, None, "ready"),
            ("+OK  x ", Status::Ok, None, " x "),
            ("-ERR", Status::Err, None, ""),
            ("-ERR [AUTH] no", Status::Err, Some("AUTH"), "[AUTH] no"),
            ("-err [SYS/TEMP]", Status::Err, Some("SYS/TEMP"), "[SYS/TEMP]"),
            ("-ERR [AUTH", Status::Err, None, "[AUTH"),
            ("+", Status::Continue, None, ""),
            ("+ ", Status::Continue, None, ""),
            ("+ VXNlcm5hbWU6", Status::Continue, None, "VXNlcm5hbWU6"),
            ("+ [x]", Status::Continue, None, "[x]"),
        ] {
            let expected = Reply { status, code: code.map(bytes), text: bytes(text) };
            assert_eq!(parse(&bytes(line)), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn lines_that_make_no_sense() {
        let status = "`+OK`, `-ERR` or `+`";
        let blank = "a blank behind the status";
        for (line, at, expected) in [
            ("", 0, status),
            ("OK", 0, status),
            (" +OK", 0, status),
            ("-ERROR", 4, blank),
            ("+OKAY", 3, blank),
            ("+PONG", 1, blank),
        ] {
            assert_eq!(parse(&bytes(line)), Err(ParseError { at, expected }), "{line:?}");
        }
    }

    #[test]
    fn a_status_shows_in_five_bytes() {
        for (begin, whole, expected) in [
            ("", false, None),
            ("", true, Some(false)),
            ("+", false, None),
            ("+", true, Some(false)),
            ("+O", false, None),
            ("+OK", false, None),
            ("+OK", true, Some(true)),
            ("+OK ", false, Some(true)),
            ("+ok\r", false, Some(true)),
            ("+OKA", false, Some(false)),
            ("+ B64", false, Some(false)),
            ("-ERR", false, None),
            ("-ERR\n", false, Some(true)),
            ("-ERRO", false, Some(false)),
            ("1 120", false, Some(false)),
        ] {
            assert!(begin.len() <= Status::AHEAD);
            assert_eq!(Status::ahead(begin.as_bytes(), whole), expected, "{begin:?}");
            let challenge = begin.starts_with("+ ") || (begin == "+" && whole);
            let in_list = if challenge { Some(true) } else { expected };
            assert_eq!(Status::ahead_in_list(begin.as_bytes(), whole), in_list, "{begin:?}");
        }
    }
}
