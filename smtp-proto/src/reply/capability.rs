//! The extensions a server lists.

use bytes::Bytes;

use crate::slice;

/// One line of a reply to `EHLO` or `LHLO`: an extension the server has.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Capability {
    /// The name of the extension as sent.
    pub keyword: Bytes,
    /// What stands behind it, without the blanks at both ends.
    pub parameters: Bytes,
}

impl Capability {
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
    pub(super) fn of(text: &Bytes) -> Option<Self> {
        let line = slice::trim(text);
        let end = line.iter().position(|&byte| slice::is_blank(byte) || byte == b'=').unwrap_or(line.len());
        let (keyword, rest) = slice::split(line, end);
        let parameters = slice::trim_start(rest.strip_prefix(b"=").unwrap_or(rest));
        let capability =
            Self { keyword: slice::share(text, keyword), parameters: slice::share(text, parameters) };
        (!keyword.is_empty()).then_some(capability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let capability = Capability::of(&Bytes::from_static(text.as_bytes()));
            let expected = expected.map(|(keyword, parameters): (&str, &str)| Capability {
                keyword: Bytes::from_static(keyword.as_bytes()),
                parameters: Bytes::from_static(parameters.as_bytes()),
            });
            assert_eq!(capability, expected, "{text:?}");
        }
    }
}
