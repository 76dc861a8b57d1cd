//! What follows the verb.

use super::verb::Verb;
use crate::error::ParseError;
use bytes::Bytes;
use mail_wire::{Secret, slice};
use nom::Parser;
use nom::character::complete::u64 as number;

/// What follows the verb of a command.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// Nothing.
    None,
    /// `USER`, `RPOP`: a name, as it stands behind one blank.
    Name(Bytes),
    /// `PASS`: the rest of the line behind one blank, whatever it holds.
    Password(Secret),
    /// `APOP`.
    Apop {
        /// The name; it may hold blanks.
        name: Bytes,
        /// The last word: the MD5 of banner and password in 32 hexadecimal digits.
        digest: Secret,
    },
    /// `AUTH` with a mechanism.
    Auth {
        /// The mechanism as sent.
        mechanism: Bytes,
        /// The response that came with the command, in base64.
        initial_response: Option<Secret>,
    },
    /// `RETR`, `DELE`, `LIST`, `UIDL`: the number of a message.
    Number(u64),
    /// `TOP`.
    Top {
        /// The number of the message.
        number: u64,
        /// How many lines of the body; `None`: the client did not say.
        lines: Option<u64>,
    },
    /// `LANG`: a language tag.
    Language(Bytes),
    /// `XTND`.
    Extension {
        /// Its name as sent: `XMIT`, `XLST` ...
        name: Bytes,
        /// What follows it.
        rest: Bytes,
    },
    /// Text behind a verb that takes none.
    Text(Bytes),
    /// What no grammar fits, as it is.
    Raw(Bytes),
}

/// The number of a message, as the RFC counts them.
const NUMBER: &str = "a message number below 2^64";

/// Reads what follows the verb, from the separator on, and tells whether that is as its RFC has it.
pub(super) fn parse(verb: Verb, line: &Bytes, rest: &[u8]) -> Result<(Arguments, bool), ParseError> {
    let share = |part| slice::share(line, part);
    let missing = |rest: &[u8], expected| ParseError::before(line, rest, expected);
    // A password and a name reach from the first blank to the end of the line, whatever they hold.
    let verbatim = rest.split_first().map_or(rest, |(_, verbatim)| verbatim);
    let text = slice::trim(slice::trim_cr(rest));
    // One blank before the arguments, none behind them.
    let plain = if text.is_empty() { rest.is_empty() } else { text.len() + 1 == rest.len() };
    Ok(match verb {
        Verb::Pass => (Arguments::Password(Secret::new(share(verbatim))), !verbatim.is_empty()),
        Verb::User | Verb::Rpop if verbatim.is_empty() => return Err(missing(rest, "a name")),
        Verb::User | Verb::Rpop => (Arguments::Name(share(verbatim)), true),
        Verb::Apop => {
            let blank = text.iter().rposition(|byte| slice::is_blank(*byte));
            let (name, digest) =
                slice::split(text, blank.ok_or_else(|| missing(rest, "a name and a digest"))?);
            let digest = slice::trim_start(digest);
            let fits = digest.len() == 32 && digest.iter().all(u8::is_ascii_hexdigit);
            let one_blank = name.len() + 1 + digest.len() == text.len();
            let apop =
                Arguments::Apop { name: share(slice::trim_end(name)), digest: Secret::new(share(digest)) };
            (apop, fits && plain && one_blank)
        }
        Verb::Auth if text.is_empty() => (Arguments::None, plain),
        Verb::Auth => {
            // RFC 5034 4: AUTH mechanism [initial-response]
            let (mechanism, response) = slice::split_word(text);
            let response = slice::trim_start(response);
            let name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            let fits = mechanism.len() <= 20 && mechanism.iter().all(name) && response.iter().all(base64);
            let blanks = mechanism.len() + response.len() + usize::from(!response.is_empty()) == text.len();
            let initial_response = (!response.is_empty()).then(|| Secret::new(share(response)));
            (Arguments::Auth { mechanism: share(mechanism), initial_response }, fits && plain && blanks)
        }
        Verb::List | Verb::Uidl if text.is_empty() => (Arguments::None, plain),
        Verb::List | Verb::Uidl | Verb::Retr | Verb::Dele => {
            let (behind, number) = message_number(text).ok_or_else(|| missing(text, NUMBER))?;
            (Arguments::Number(number), number > 0 && behind.is_empty() && plain)
        }
        Verb::Top => {
            let (behind, number) = message_number(text).ok_or_else(|| missing(text, NUMBER))?;
            let asked = slice::trim_start(behind);
            let (surplus, lines) = match message_number(asked) {
                Some((surplus, lines)) => (surplus, Some(lines)),
                None if asked.is_empty() => (asked, None),
                None => return Err(missing(asked, "a number of lines below 2^64")),
            };
            let fits = number > 0 && lines.is_some() && surplus.is_empty() && behind.len() == asked.len() + 1;
            (Arguments::Top { number, lines }, fits && plain)
        }
        Verb::Lang if !text.is_empty() => (Arguments::Language(share(text)), plain && !text.contains(&b' ')),
        Verb::Xtnd => {
            let (name, rest) = slice::split_word(text);
            (Arguments::Extension { name: share(name), rest: share(slice::trim_start(rest)) }, plain)
        }
        _ if text.is_empty() => (Arguments::None, plain),
        _ => (Arguments::Text(share(text)), false),
    })
}

/// The rest of a line that nobody can parse.
pub(super) fn raw(line: &Bytes, rest: &[u8]) -> Arguments {
    match slice::trim_start(rest) {
        [] => Arguments::None,
        text => Arguments::Raw(slice::share(line, text)),
    }
}

/// A number that is a word of its own, and what follows it.
pub(crate) fn message_number(text: &[u8]) -> Option<(&[u8], u64)> {
    let parsed: nom::IResult<_, _> = number.parse(text);
    parsed.ok().filter(|(rest, _)| rest.first().is_none_or(|byte| slice::is_blank(*byte)))
}
