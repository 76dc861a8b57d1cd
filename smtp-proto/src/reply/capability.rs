//! The extensions a server lists.

use std::fmt;

use crate::{command, slice};

/// One line of a reply to `EHLO` or `LHLO`: an extension the server has.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capability<'a> {
    /// The name of the extension as sent.
    pub keyword: &'a [u8],
    /// What stands behind it, without the blanks at both ends.
    pub parameters: &'a [u8],
}

/// What an extension is; [`Capability`] has it as sent.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extension {
    /// `SIZE` (RFC 1870 3): the largest message; `None` where the server names no limit, or zero.
    Size(Option<u64>),
    /// `8BITMIME` (RFC 6152).
    EightBitMime,
    /// `PIPELINING` (RFC 2920).
    Pipelining,
    /// `CHUNKING` (RFC 3030): BDAT.
    Chunking,
    /// `BINARYMIME` (RFC 3030).
    BinaryMime,
    /// `STARTTLS` (RFC 3207).
    StartTls,
    /// `AUTH` (RFC 4954); the mechanisms are its parameters.
    Auth,
    /// `DSN` (RFC 3461).
    Dsn,
    /// `ENHANCEDSTATUSCODES` (RFC 2034).
    EnhancedStatusCodes,
    /// `SMTPUTF8` (RFC 6531).
    SmtpUtf8,
    /// `PRDR` (draft-hall-prdr-00 4.1): a final reply for each recipient.
    Prdr,
    /// `ETRN` (RFC 1985).
    Etrn,
    /// `ATRN` (RFC 2645).
    Atrn,
    /// `BURL` (RFC 4468).
    Burl,
    /// `VRFY`, `EXPN` or `HELP` (RFC 5321 4.1.1), listed although they are commands.
    Command,
    /// Postfix's `XCLIENT`.
    XClient,
    /// Postfix's `XFORWARD`.
    XForward,
    /// Any other.
    Other,
}

/// The extensions by their keywords.
const KNOWN: [(&str, Extension); 19] = [
    ("SIZE", Extension::Size(None)),
    ("8BITMIME", Extension::EightBitMime),
    ("PIPELINING", Extension::Pipelining),
    ("CHUNKING", Extension::Chunking),
    ("BINARYMIME", Extension::BinaryMime),
    ("STARTTLS", Extension::StartTls),
    ("AUTH", Extension::Auth),
    ("DSN", Extension::Dsn),
    ("ENHANCEDSTATUSCODES", Extension::EnhancedStatusCodes),
    ("SMTPUTF8", Extension::SmtpUtf8),
    ("PRDR", Extension::Prdr),
    ("ETRN", Extension::Etrn),
    ("ATRN", Extension::Atrn),
    ("BURL", Extension::Burl),
    ("VRFY", Extension::Command),
    ("EXPN", Extension::Command),
    ("HELP", Extension::Command),
    ("XCLIENT", Extension::XClient),
    ("XFORWARD", Extension::XForward),
];

impl<'a> Capability<'a> {
    /// What the extension is.
    #[must_use]
    pub fn extension(&self) -> Extension {
        let known = KNOWN.iter().find(|(keyword, _)| self.is(keyword)).map(|(_, extension)| *extension);
        match known {
            Some(Extension::Size(_)) => {
                Extension::Size(command::number(self.parameters).filter(|limit| *limit > 0))
            }
            Some(extension) => extension,
            None => Extension::Other,
        }
    }

    /// Whether the keyword is this one, in any case.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword.as_bytes())
    }

    // RFC 5321 4.1.1.1:
    //   ehlo-line    = ehlo-keyword *( SP ehlo-param )
    //   ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
    /// The capability of one line of text; `None` where no keyword stands.
    ///
    /// A `=` ends the keyword too: the drafts before RFC 2554 had `AUTH=LOGIN`, and servers still send it to old clients.
    pub(super) fn of(text: &'a [u8]) -> Option<Self> {
        let line = slice::trim(text);
        let end = line.iter().position(|&byte| slice::is_blank(byte) || byte == b'=').unwrap_or(line.len());
        let (keyword, rest) = slice::split(line, end);
        let parameters = slice::trim_start(rest.strip_prefix(b"=").unwrap_or(rest));
        (!keyword.is_empty()).then_some(Self { keyword, parameters })
    }
}

impl fmt::Debug for Capability<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.keyword.escape_ascii(), self.parameters.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_extensions() {
        for (text, expected) in [
            ("SIZE 1000", Extension::Size(Some(1000))),
            ("SIZE 0", Extension::Size(None)),
            ("size", Extension::Size(None)),
            ("8bitmime", Extension::EightBitMime),
            ("AUTH=LOGIN", Extension::Auth),
            ("BURL imap", Extension::Burl),
            ("PRDR", Extension::Prdr),
            ("HELP", Extension::Command),
            ("XXXXXXXA", Extension::Other),
        ] {
            let capability = Capability::of(text.as_bytes());
            assert_eq!(capability.map(|capability| capability.extension()), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn lines() {
        for (text, expected) in [
            ("8BITMIME", Some(("8BITMIME", ""))),
            ("SIZE 1000", Some(("SIZE", "1000"))),
            (" X-EXPS  GSSAPI NTLM ", Some(("X-EXPS", "GSSAPI NTLM"))),
            ("AUTH=LOGIN", Some(("AUTH", "LOGIN"))),
            ("AUTH= LOGIN", Some(("AUTH", "LOGIN"))),
            ("AUTH LOGIN=x", Some(("AUTH", "LOGIN=x"))),
            ("SIZE\t1", Some(("SIZE", "1"))),
            ("", None),
            ("  ", None),
            ("=LOGIN", None),
        ] {
            let capability = Capability::of(text.as_bytes());
            let expected = expected.map(|(keyword, parameters): (&str, &str)| Capability {
                keyword: keyword.as_bytes(),
                parameters: parameters.as_bytes(),
            });
            assert_eq!(capability, expected, "{text:?}");
        }
    }
}
