//! The client's lines: verb, path, parameters.
//!
//! [`parse`] takes what mail servers of today take, not only what the RFCs allow, since a reader who listens wants the
//! address that the server understood; [`Command::strict`] tells the two apart. A line that fits nothing is still a
//! [`Command::unparsed`].
//!
//! The types here are generic over what holds the text of their fields. The grammar gives slices of the line that it was
//! given, which cost nothing; [`Command::share`] makes [`Bytes`] of them, for what is kept. A type named without its
//! parameter, as in an event of a session, is the kept form.

mod arguments;
mod class;
mod mailbox;
mod meaning;
mod parameter;
mod path;
mod verb;

use std::fmt;

use bytes::Bytes;

pub(crate) use self::meaning::number;

pub use self::arguments::{Arguments, Queue};
pub use self::meaning::{Body, Meaning, Notify, Return};
pub use self::parameter::{Parameter, ParameterIter, Parameters};
pub use self::path::Path;
pub use self::verb::Verb;
use crate::error::ParseError;
use crate::slice;

/// One command of a client.
///
/// The fields are slices of one line, or share it and keep it alive: who holds them for long takes a copy of the line
/// ([`share`](Self::share)). `Debug` prints `***` in place of what may be a password.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq)]
pub struct Command<T = Bytes> {
    /// What is asked for.
    pub verb: Verb,
    /// What follows the verb.
    pub arguments: Arguments<T>,
    /// The whole line as sent, without its line end.
    pub line: T,
    /// Whether the line is exactly as the ABNF of its RFC has it. Case does not matter there. UTF-8 is allowed wherever
    /// RFC 6531 allows it, whether or not it was agreed upon; lengths are not looked at.
    pub strict: bool,
}

/// Reads one line of a client, given without its line end.
///
/// # Errors
///
/// The verb is unknown, or its arguments make no sense even loosely: no path behind `MAIL` or `RCPT`, a chunk size that
/// is not a number below 2^64, no mechanism behind `AUTH`, no URL behind `BURL`.
pub fn parse(line: &[u8]) -> Result<Command<&[u8]>, ParseError> {
    let split = verb::split(line);
    if split.verb == Verb::Unknown {
        return Err(ParseError::new(line, slice::trim_start(line), "a known verb"));
    }
    if split.rest.is_empty() && split.verb.stands_alone() {
        let strict = line.len() == split.word.len();
        return Ok(Command { verb: split.verb, arguments: Arguments::None, line, strict });
    }
    // Blanks before the word and CRs at the end belong to no part.
    let whole = line.len() == split.word.len() + split.rest.len();
    arguments::parse(Parted { verb: split.verb, line, rest: split.rest, whole })
}

/// A line whose verb is known.
#[derive(Clone, Copy)]
struct Parted<'a> {
    verb: Verb,
    line: &'a [u8],
    /// What follows the word of the verb, its separator included.
    rest: &'a [u8],
    /// The line holds nothing but the word and what follows it.
    whole: bool,
}

impl<'a> Parted<'a> {
    /// The command with these arguments; `fits`: they are as the ABNF has them.
    // Inlined, so that the arguments are made where they shall stand: moving them costs as much as reading them.
    #[inline(always)]
    fn command(self, arguments: Arguments<&'a [u8]>, fits: bool) -> Command<&'a [u8]> {
        let Self { verb, line, whole, .. } = self;
        let strict = fits && whole && (line.is_ascii() || str::from_utf8(line).is_ok());
        Command { verb, arguments, line, strict }
    }

    /// The error at the start of `rest`, which is a slice of the line.
    fn error(self, rest: &[u8], expected: &'static str) -> ParseError {
        ParseError::new(self.line, rest, expected)
    }
}

impl<'a> Command<&'a [u8]> {
    /// The line as a command that nobody can parse: its verb by [`Verb::of`], its arguments [`Arguments::Raw`].
    #[must_use]
    pub fn unparsed(line: &'a [u8]) -> Self {
        let split = verb::split(line);
        Self { verb: split.verb, arguments: arguments::raw(split.rest), line, strict: false }
    }
}

impl<T: AsRef<[u8]>> Command<T> {
    /// The same command with fields that share `line`, which has the same text: the line that was parsed, or a copy of
    /// it that keeps nothing else alive.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use smtp_proto::{Command, command};
    ///
    /// let line = Bytes::from_static(b"EHLO mx.example.org");
    /// let command: Command = command::parse(&line)?.share(&line);
    /// # Ok::<(), smtp_proto::ParseError>(())
    /// ```
    #[must_use]
    pub fn share(&self, line: &Bytes) -> Command {
        let text = self.line.as_ref();
        let arguments = self.arguments.map(|part| slice::share_as(line, text, part.as_ref()));
        Command { verb: self.verb, arguments, line: line.clone(), strict: self.strict }
    }

    /// The first word as sent; for a verb, its own letters.
    #[must_use]
    pub fn word(&self) -> &[u8] {
        verb::split(self.line.as_ref()).word
    }

    /// The line behind its first word, without the blanks at its start and CRs at its end.
    #[must_use]
    pub fn argument_text(&self) -> &[u8] {
        slice::trim_start(verb::split(self.line.as_ref()).rest)
    }
}

impl<T: fmt::Debug> fmt::Debug for Command<T> {
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
