//! The verbs, and where the word ends.

use nom::Parser;
use nom::bytes::complete::tag_no_case;
use nom::combinator::peek;
use nom::sequence::terminated;

use crate::slice;

/// The first word of a command.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// RFC 5321 4.1.1.1: the client names itself.
    Helo,
    /// RFC 5321 4.1.1.1: the same, asking for the list of extensions.
    Ehlo,
    /// RFC 2033 4.1: the `EHLO` of LMTP.
    Lhlo,
    /// RFC 5321 4.1.1.2: begins a transaction with its sender.
    Mail,
    /// RFC 5321 4.1.1.3: one recipient.
    Rcpt,
    /// RFC 821 3.4: `MAIL` to a terminal.
    Send,
    /// RFC 821 3.4: `MAIL` to a terminal or a mailbox.
    Soml,
    /// RFC 821 3.4: `MAIL` to a terminal and a mailbox.
    Saml,
    /// RFC 5321 4.1.1.4: the message, ended by a line with one dot.
    Data,
    /// RFC 3030 2: the message in counted chunks.
    Bdat,
    /// RFC 5321 4.1.1.5: drops the transaction.
    Rset,
    /// RFC 5321 4.1.1.6: asks for a user.
    Vrfy,
    /// RFC 5321 4.1.1.7: asks for the members of a list.
    Expn,
    /// RFC 5321 4.1.1.8.
    Help,
    /// RFC 5321 4.1.1.9.
    Noop,
    /// RFC 5321 4.1.1.10.
    Quit,
    /// RFC 3207 4: TLS from here on.
    StartTls,
    /// RFC 4954 4: a SASL exchange.
    Auth,
    /// RFC 1985 5: starts the queue of a node.
    Etrn,
    /// RFC 821 3.8: the two sides change their roles.
    Turn,
    /// RFC 2645 5: the same after a login.
    Atrn,
    /// RFC 4468 3: a chunk the server fetches by URL.
    Burl,
    /// Postfix: a proxy tells whom it speaks for.
    XClient,
    /// Postfix: the same, for the log alone.
    XForward,
    /// Exchange: `X-EXPS`, its `AUTH` between servers.
    XExps,
    /// Exchange: `X-LINK2STATE`, routing tables.
    XLink2State,
    /// Exchange: `XEXCH50`, announces a counted binary object.
    XExch50,
    /// None of these.
    Unknown,
}

impl Verb {
    /// The word on the wire in upper case; empty for [`Verb::Unknown`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Helo => "HELO",
            Self::Ehlo => "EHLO",
            Self::Lhlo => "LHLO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Send => "SEND",
            Self::Soml => "SOML",
            Self::Saml => "SAML",
            Self::Data => "DATA",
            Self::Bdat => "BDAT",
            Self::Rset => "RSET",
            Self::Vrfy => "VRFY",
            Self::Expn => "EXPN",
            Self::Help => "HELP",
            Self::Noop => "NOOP",
            Self::Quit => "QUIT",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Etrn => "ETRN",
            Self::Turn => "TURN",
            Self::Atrn => "ATRN",
            Self::Burl => "BURL",
            Self::XClient => "XCLIENT",
            Self::XForward => "XFORWARD",
            Self::XExps => "X-EXPS",
            Self::XLink2State => "X-LINK2STATE",
            Self::XExch50 => "XEXCH50",
            Self::Unknown => "",
        }
    }

    /// The verb of a line, told by its first word alone: whole and in any case, blanks before it and CRs at the end
    /// of the line passed over.
    ///
    /// `MAILFROM:` and `RCPTTO:` count as their verbs. What follows is not looked at, so a line of prose may begin with
    /// a verb too; [`parse`](super::parse) says more.
    #[must_use]
    pub fn of(line: &[u8]) -> Self {
        split(line).verb
    }

    /// Whether the arguments of the verb may hold a password.
    pub(super) const fn has_secret(self) -> bool {
        matches!(self, Self::Auth | Self::XExps)
    }

    /// Whether the word of a line is one that client and server have agreed upon (RFC 5321 4.1.5).
    ///
    /// X alone, in whatever number, is what some firewalls paint over commands.
    pub(crate) fn is_private(line: &[u8]) -> bool {
        let word = split(line).word;
        word.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'X'))
            && !word.iter().all(|byte| byte.eq_ignore_ascii_case(&b'X'))
            && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    }

    /// Whether it has no arguments.
    pub(super) const fn stands_alone(self) -> bool {
        matches!(self, Self::Data | Self::Rset | Self::Quit | Self::StartTls | Self::Turn)
    }

    fn of_word(word: &[u8]) -> Self {
        match word {
            [a, b, c, d] => Self::of_four([*a, *b, *c, *d]),
            _ => Self::of_long(word),
        }
    }

    /// The verbs of four letters, which are most of what is sent.
    fn of_four(word: [u8; 4]) -> Self {
        match &word.map(|byte| byte.to_ascii_uppercase()) {
            b"HELO" => Self::Helo,
            b"EHLO" => Self::Ehlo,
            b"LHLO" => Self::Lhlo,
            b"MAIL" => Self::Mail,
            b"RCPT" => Self::Rcpt,
            b"SEND" => Self::Send,
            b"SOML" => Self::Soml,
            b"SAML" => Self::Saml,
            b"DATA" => Self::Data,
            b"BDAT" => Self::Bdat,
            b"RSET" => Self::Rset,
            b"VRFY" => Self::Vrfy,
            b"EXPN" => Self::Expn,
            b"HELP" => Self::Help,
            b"NOOP" => Self::Noop,
            b"QUIT" => Self::Quit,
            b"AUTH" => Self::Auth,
            b"ETRN" => Self::Etrn,
            b"TURN" => Self::Turn,
            b"ATRN" => Self::Atrn,
            b"BURL" => Self::Burl,
            _ => Self::Unknown,
        }
    }

    fn of_long(word: &[u8]) -> Self {
        const LONG: [Verb; 6] =
            [Verb::StartTls, Verb::XClient, Verb::XForward, Verb::XExps, Verb::XLink2State, Verb::XExch50];
        let found = LONG.into_iter().find(|verb| word.eq_ignore_ascii_case(verb.as_str().as_bytes()));
        found.unwrap_or(Self::Unknown)
    }
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

/// Cuts off the first word. Blanks before it, and CRs at the end of the line, belong to neither part.
pub(super) fn split(line: &[u8]) -> Split<'_> {
    // Nearly every line begins with four letters.
    if let Some((word, rest)) = line.split_first_chunk()
        && rest.first().is_none_or(|&byte| slice::is_blank(byte))
        && let verb = Verb::of_four(*word)
        && verb != Verb::Unknown
    {
        return Split { verb, word, rest: slice::trim_cr(rest) };
    }
    let text = slice::trim_start(slice::trim_cr(line));
    let (word, rest) = slice::split_word(text);
    let verb = Verb::of_word(word);
    if verb == Verb::Unknown
        && let Some(split) = glued(text)
    {
        return split;
    }
    Split { verb, word, rest }
}

/// `MAILFROM:` and `RCPTTO:`, the blank forgotten.
fn glued(text: &[u8]) -> Option<Split<'_>> {
    for (verb, preposition) in [(Verb::Mail, "FROM:"), (Verb::Rcpt, "TO:")] {
        let mut parser = terminated(tag_no_case(verb.as_str()), peek(tag_no_case(preposition)));
        let parsed: nom::IResult<_, _, ()> = parser.parse(text);
        if let Ok((rest, word)) = parsed {
            return Some(Split { verb, word, rest });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Verb; 27] = [
        Verb::Helo,
        Verb::Ehlo,
        Verb::Lhlo,
        Verb::Mail,
        Verb::Rcpt,
        Verb::Send,
        Verb::Soml,
        Verb::Saml,
        Verb::Data,
        Verb::Bdat,
        Verb::Rset,
        Verb::Vrfy,
        Verb::Expn,
        Verb::Help,
        Verb::Noop,
        Verb::Quit,
        Verb::StartTls,
        Verb::Auth,
        Verb::Etrn,
        Verb::Turn,
        Verb::Atrn,
        Verb::Burl,
        Verb::XClient,
        Verb::XForward,
        Verb::XExps,
        Verb::XLink2State,
        Verb::XExch50,
    ];

    #[test]
    fn every_word_leads_back_to_its_verb() {
        for verb in ALL {
            let word = verb.as_str();
            for line in [
                word.to_owned(),
                word.to_lowercase(),
                format!("{word} x"),
                format!("{word}\tx"),
                format!(" \t{word}  x"),
            ] {
                assert_eq!(Verb::of(line.as_bytes()), verb, "{line:?}");
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
            ("  mAiL  FROM:<a>", Verb::Mail, "mAiL", "  FROM:<a>"),
            ("mailfrom:<a>", Verb::Mail, "mail", "from:<a>"),
            ("RCPTTO: <a>", Verb::Rcpt, "RCPT", "TO: <a>"),
            ("MAILTO:<a>", Verb::Unknown, "MAILTO:<a>", ""),
            ("MAILFROM <a>", Verb::Unknown, "MAILFROM", " <a>"),
            ("X-LINK2STATEX LAST", Verb::Unknown, "X-LINK2STATEX", " LAST"),
        ] {
            let expected = Split { verb, word: word.as_bytes(), rest: rest.as_bytes() };
            assert_eq!(split(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn private_verbs_begin_with_x() {
        for (line, private) in [
            ("XSHADOW 12ab", true),
            (" x-discard 5", true),
            ("XXXX mail.example.org", false),
            ("X", false),
            ("X-Mailer: none", false),
            ("FOOX", false),
            ("", false),
        ] {
            assert_eq!(Verb::is_private(line.as_bytes()), private, "{line:?}");
        }
    }
}
