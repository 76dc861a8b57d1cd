//! The verbs, and where the word ends.

use mail_wire::slice;

/// An enum of verbs and their words, written once.
macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident = $word:literal,)+) => {
        /// The first word of a command.
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Verb {
            $($(#[$doc])* $verb,)+
            /// None of these.
            Unknown,
        }

        impl Verb {
            /// All verbs that have a word.
            pub const ALL: &[Self] = &[$(Self::$verb),+];

            /// The word on the wire in upper case; empty for [`Verb::Unknown`].
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$verb => $word,)+
                    Self::Unknown => "",
                }
            }

            fn of_word(word: &[u8]) -> Self {
                match key(word) {
                    $(known if known == const { key($word.as_bytes()) } => Self::$verb,)+
                    _ => Self::Unknown,
                }
            }
        }
    };
}

verbs! {
    /// RFC 1939 7: the name of the mailbox.
    User = "USER",
    /// RFC 1939 7: its password.
    Pass = "PASS",
    /// RFC 1939 7: name and digest of banner and password.
    Apop = "APOP",
    /// RFC 5034 4: a SASL exchange; without a mechanism, as of old: which ones there are.
    Auth = "AUTH",
    /// RFC 1939 5: how many messages there are.
    Stat = "STAT",
    /// RFC 1939 5: the sizes of one message or all.
    List = "LIST",
    /// RFC 1939 5: a message.
    Retr = "RETR",
    /// RFC 1939 5: marks a message as deleted.
    Dele = "DELE",
    /// RFC 1939 5.
    Noop = "NOOP",
    /// RFC 1939 5: unmarks all messages.
    Rset = "RSET",
    /// RFC 1939 4 and 6: goes, and removes what is marked.
    Quit = "QUIT",
    /// RFC 1939 7: the header of a message and its first lines.
    Top = "TOP",
    /// RFC 1939 7: the unique identifiers of one message or all.
    Uidl = "UIDL",
    /// RFC 2449 5: what the server can.
    Capa = "CAPA",
    /// RFC 2595 4: TLS from here on.
    Stls = "STLS",
    /// RFC 6856 2.1: names and headers in UTF-8.
    Utf8 = "UTF8",
    /// RFC 6856 3: the language of replies; without one, which there are.
    Lang = "LANG",
    /// RFC 1460 5: the highest message that was accessed.
    Last = "LAST",
    /// RFC 1460 7: a name in place of a password.
    Rpop = "RPOP",
    /// RFC 1082 and the Berkeley server: extensions, `XTND XMIT` sends a message.
    Xtnd = "XTND",
}

/// Bytes of a word.
const LEN: usize = 4;

impl Verb {
    /// The verb of a line, told by its first word alone: whole and in any case, blanks before it and CRs at the end
    /// of the line passed over.
    ///
    /// What follows is not looked at, so a line of prose may begin with a verb too; [`parse`](super::parse) says more.
    #[must_use]
    pub fn of(line: &[u8]) -> Self {
        split(line).verb
    }

    /// Whether the arguments of the verb may hold a password, or what one can be guessed from.
    pub(super) const fn has_secret(self) -> bool {
        matches!(self, Self::Pass | Self::Apop | Self::Auth)
    }
}

/// The word in upper case and its length as one number; zero for what is longer than any verb.
const fn key(word: &[u8]) -> u64 {
    let (mut key, mut rest) = (word.len() as u64, word);
    if word.len() > LEN {
        return 0;
    }
    while let [byte, behind @ ..] = rest {
        key = key << 8 | byte.to_ascii_uppercase() as u64;
        rest = behind;
    }
    key
}

/// A line, its first word cut off.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub(super) verb: Verb,
    /// As sent.
    pub(super) word: &'a [u8],
    /// From the separator on.
    pub(super) rest: &'a [u8],
}

/// Cuts off the first word. Blanks before it, and CRs that stand in the place of arguments, belong to neither part.
pub(super) fn split(line: &[u8]) -> Split<'_> {
    let (word, rest) = slice::split_word(slice::trim_start(line));
    let word = if rest.is_empty() { slice::trim_cr(word) } else { word };
    Split { verb: Verb::of_word(word), word, rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_verb() {
        for verb in Verb::ALL {
            let word = verb.as_str();
            assert!(word.len() <= LEN);
            for line in [
                word.to_owned(),
                word.to_lowercase(),
                format!("{word} x"),
                format!("{word}\tx"),
                format!(" \t{word}  x"),
                format!("{word}\r\r"),
            ] {
                assert_eq!(Verb::of(line.as_bytes()), *verb, "{line:?}");
            }
            for line in [format!("{word}x"), format!("{word}:"), format!("x {word}"), format!("{word}\0")] {
                assert_eq!(Verb::of(line.as_bytes()), Verb::Unknown, "{line:?}");
            }
        }
    }

    #[test]
    fn a_line_splits_at_its_first_word() {
        for (line, verb, word, rest) in [
            ("", Verb::Unknown, "", ""),
            ("   ", Verb::Unknown, "", ""),
            ("QUIT", Verb::Quit, "QUIT", ""),
            ("QUIT\r\r", Verb::Quit, "QUIT", ""),
            ("QUIT\rx", Verb::Unknown, "QUIT\rx", ""),
            ("  rEtR  1", Verb::Retr, "rEtR", "  1"),
            ("PASS a\r", Verb::Pass, "PASS", " a\r"),
            ("XTNDXMIT", Verb::Unknown, "XTNDXMIT", ""),
        ] {
            let expected = Split { verb, word: word.as_bytes(), rest: rest.as_bytes() };
            assert_eq!(split(line.as_bytes()), expected, "{line:?}");
        }
    }
}
