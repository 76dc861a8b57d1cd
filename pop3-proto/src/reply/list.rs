//! The lines of a list: sizes, unique identifiers, capabilities.

use crate::command::{Verb, message_number};
use crate::error::ParseError;
use bytes::Bytes;
use mail_wire::slice;

/// One line of a list, or what a reply says of one message.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ListItem {
    /// `LIST`: how large a message is. Servers count a line end as one byte or as two, and some are wrong altogether.
    Size {
        /// The number of the message.
        number: u64,
        /// Its size in bytes.
        size: u64,
    },
    /// `UIDL`: what identifies a message for as long as it exists.
    UniqueId {
        /// The number of the message.
        number: u64,
        /// The identifier.
        id: Bytes,
    },
    /// `CAPA`: something that the server can.
    Capability(Box<Capability>),
    /// `AUTH`: a SASL mechanism.
    Mechanism(Bytes),
    /// `LANG`: a language tag, and what stands behind it.
    Language(Bytes),
    /// Any other line, as it is.
    Text(Bytes),
}

/// One line of a reply to `CAPA` (RFC 2449 section 5).
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Capability {
    /// Its name as sent.
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
}

impl ListItem {
    // RFC 1939 section 5: "scan listing", RFC 1939 section 7: "unique-id listing"; what follows the two words is for
    // later extensions.
    /// Reads one line of the list that answers the command, given without its line end and with its dot-stuffing
    /// undone; also the text of a reply to `LIST n` and `UIDL n`.
    ///
    /// # Errors
    ///
    /// A line of `LIST` or `UIDL` does not begin with a number below 2^64 and a size, or an identifier.
    pub fn parse(verb: Verb, line: &Bytes) -> Result<Self, ParseError> {
        let text = slice::trim(slice::trim_cr(line));
        let share = |part| slice::share(line, part);
        let number = || {
            let missing = || ParseError::before(line, text, "a message number below 2^64");
            message_number(text).ok_or_else(missing)
        };
        Ok(match verb {
            Verb::List => {
                let (rest, number) = number()?;
                let size = slice::trim_start(rest);
                let missing = || ParseError::before(line, size, "a size below 2^64");
                Self::Size { number, size: message_number(size).ok_or_else(missing)?.1 }
            }
            Verb::Uidl => {
                let (rest, number) = number()?;
                let (id, _) = slice::split_word(slice::trim_start(rest));
                if id.is_empty() {
                    return Err(ParseError::before(line, id, "a unique identifier"));
                }
                Self::UniqueId { number, id: share(id) }
            }
            _ if text.is_empty() => Self::Text(line.clone()),
            Verb::Capa => {
                let (keyword, rest) = slice::split_word(text);
                let parameters = share(slice::trim_start(rest));
                Self::Capability(Box::new(Capability { keyword: share(keyword), parameters }))
            }
            Verb::Auth => Self::Mechanism(share(text)),
            Verb::Lang => Self::Language(share(text)),
            _ => Self::Text(line.clone()),
        })
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
        let unique = |number, id| ListItem::UniqueId { number, id: bytes(id) };
        let capability = |keyword, parameters| {
            ListItem::Capability(Box::new(Capability {
                keyword: bytes(keyword),
                parameters: bytes(parameters),
            }))
        };
        for (verb, line, expected) in [
            (Verb::List, "1 120", ListItem::Size { number: 1, size: 120 }),
            (Verb::List, " 2  200 octets\r", ListItem::Size { number: 2, size: 200 }),
            (Verb::Uidl, "1 whqtswO00WBw418f9t5JxYwZ", unique(1, "whqtswO00WBw418f9t5JxYwZ")),
            (Verb::Uidl, "2  a b", unique(2, "a")),
            (Verb::Capa, "USER", capability("USER", "")),
            (Verb::Capa, "SASL  PLAIN LOGIN ", capability("SASL", "PLAIN LOGIN")),
            (Verb::Capa, "", ListItem::Text(bytes(""))),
            (Verb::Auth, "CRAM-MD5", ListItem::Mechanism(bytes("CRAM-MD5"))),
            (Verb::Lang, "es Spanish", ListItem::Language(bytes("es Spanish"))),
            (Verb::Unknown, " any thing ", ListItem::Text(bytes(" any thing "))),
        ] {
            assert_eq!(ListItem::parse(verb, &bytes(line)), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn lines_that_make_no_sense() {
        let number = "a message number below 2^64";
        for (verb, line, at, expected) in [
            (Verb::List, "", 0, number),
            (Verb::List, "x 1", 0, number),
            (Verb::List, "99999999999999999999 1", 0, number),
            (Verb::List, "1", 1, "a size below 2^64"),
            (Verb::List, "1 -5", 2, "a size below 2^64"),
            (Verb::Uidl, "-1 x", 0, number),
            (Verb::Uidl, "1 ", 2, "a unique identifier"),
        ] {
            assert_eq!(ListItem::parse(verb, &bytes(line)), Err(ParseError { at, expected }), "{line:?}");
        }
    }

    #[test]
    fn keywords_have_no_case() {
        let Ok(ListItem::Capability(stls)) = ListItem::parse(Verb::Capa, &bytes("stls")) else {
            panic!("no capability");
        };
        assert!(stls.is("STLS") && !stls.is("ST"));
    }
}
