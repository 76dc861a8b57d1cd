//! The client's lines: verb and arguments.
//!
//! [`parse`] takes what servers of today take; [`Command::strict`] tells whether the line was as the RFCs have it. A line
//! that fits nothing is still a [`Command::unparsed`].

mod arguments;
mod verb;

use std::fmt;

use bytes::Bytes;
use mail_wire::slice;

pub use self::arguments::Arguments;
pub(crate) use self::arguments::message_number;
pub use self::verb::Verb;
use crate::error::ParseError;

/// One command of a client.
///
/// All fields share the line they come from and keep it alive; who holds one for long copies it. `Debug` prints `***`
/// in place of what may be a password.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// What is asked for.
    pub verb: Verb,
    /// What follows the verb.
    pub arguments: Arguments,
    /// The whole line as sent, without its line end.
    pub line: Bytes,
    /// Whether the line is exactly as its RFC has it: case does not matter, names and passwords may be UTF-8, lengths
    /// are not looked at.
    pub strict: bool,
}

/// Reads one line of a client, given without its line end.
///
/// # Errors
///
/// The verb is unknown, or its arguments make no sense even loosely: no name behind `USER`, no digest behind `APOP`, no
/// number below 2^64 behind `RETR`, `DELE` and `TOP`, something else than a number behind `LIST` and `UIDL`.
pub fn parse(line: &Bytes) -> Result<Command, ParseError> {
    let (verb, arguments, strict) = read(line)?;
    Ok(Command { verb, arguments, line: line.clone(), strict })
}

/// What a [`Command`] says of its line.
pub(crate) fn read(line: &Bytes) -> Result<(Verb, Arguments, bool), ParseError> {
    let split = verb::split(line);
    if split.verb == Verb::Unknown {
        return Err(ParseError::before(line, slice::trim_start(line), "a known verb"));
    }
    let (arguments, fits) = arguments::parse(split.verb, line, split.rest)?;
    // Blanks before the word and CRs at the end belong to no part.
    let whole = line.len() == split.word.len() + split.rest.len();
    let printable = line.iter().all(|byte| matches!(byte, b' '..=b'~'))
        || str::from_utf8(line).is_ok_and(|line| !line.chars().any(char::is_control));
    let strict = fits && whole && printable && split.rest.first().is_none_or(|byte| *byte == b' ');
    Ok((split.verb, arguments, strict))
}

impl Command {
    /// The line as a command that nobody can parse: its verb by [`Verb::of`], its arguments [`Arguments::Raw`].
    #[must_use]
    pub fn unparsed(line: &Bytes) -> Self {
        let split = verb::split(line);
        let arguments = arguments::raw(line, split.rest);
        Self { verb: split.verb, arguments, line: line.clone(), strict: false }
    }

    /// The first word as sent.
    #[must_use]
    pub fn word(&self) -> &[u8] {
        verb::split(&self.line).word
    }

    /// The line behind its first word, without the blanks at its start and CRs at its end.
    #[must_use]
    pub fn argument_text(&self) -> &[u8] {
        slice::trim_start(slice::trim_cr(verb::split(&self.line).rest))
    }

    /// The number of the message that it is about.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self.arguments {
            Arguments::Number(number) | Arguments::Top { number, .. } => Some(number),
            _ => None,
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Command");
        debug.field("verb", &self.verb);
        if self.verb.has_secret() {
            // An unparsed line may hold the secret anywhere behind the verb.
            match &self.arguments {
                Arguments::Raw(_) => debug.field("arguments", &format_args!("Raw(***)")),
                arguments => debug.field("arguments", arguments),
            };
            debug.field("line", &format_args!("***"));
        } else {
            debug.field("arguments", &self.arguments).field("line", &self.line);
        }
        debug.field("strict", &self.strict).finish()
    }
}

#[cfg(test)]
mod tests;
