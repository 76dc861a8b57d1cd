//! The client's lines: tag, verb, arguments.
//!
//! [`parse`] reads one command, from its tag to its end, without the last line end; literals stand in it as they came,
//! `{3}`, CRLF and three bytes. A literal whose content is elsewhere, because it was streamed, is announced with LF alone
//! behind it: `{3}`, LF.

mod append;
mod arguments;
mod fetch;
mod verb;

pub use append::{Append, Appended, Piece};
pub(crate) use append::{Stage, read_first_piece, read_piece};
pub use arguments::Arguments;
pub(crate) use arguments::{id, login_is_there};
pub use fetch::Attribute;
pub use verb::Verb;

use crate::ParseError;
use crate::lexical::{Scan, announced};
use bytes::Bytes;
use core::fmt;

/// One command of a client.
///
/// All fields share the line they come from and keep it alive; who holds one for long copies it. `Debug` prints `***`
/// in place of what may be a password.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// The tag; empty for `DONE`, and where there is none.
    pub tag: Bytes,
    /// What is asked for.
    pub verb: Verb,
    /// Whether `UID` stands before the verb: messages are named by their UIDs.
    pub uid: bool,
    /// What follows.
    pub arguments: Arguments,
    /// The whole command as sent, without the last line end and streamed literals.
    pub line: Bytes,
}

/// Reads one command.
///
/// # Errors
///
/// No tag, an unknown verb, or arguments that make no sense even loosely.
pub fn parse(line: &Bytes) -> Result<Command, ParseError> {
    let mut scan = Scan::new(line);
    let head = Head::read(&mut scan);
    if head.verb == Verb::Unknown {
        return Err(scan.error("a known verb"));
    }
    let arguments = arguments::parse(head.verb, &mut scan)?;
    Ok(Command { tag: scan.share(head.tag), verb: head.verb, uid: head.uid, arguments, line: line.clone() })
}

/// Whether a line of a client, given without its end, announces a literal (RFC 9051 section 4.3): the command goes on
/// behind it, and [`parse`] needs that too.
///
/// ```
/// use imap_proto_lite::command::announces_literal;
///
/// assert!(announces_literal(b"a1 LOGIN {5}") && announces_literal(b"a1 LOGIN {5+}"));
/// assert!(!announces_literal(b"a1 LOGIN alice {x}"));
/// ```
#[must_use]
pub fn announces_literal(line: &[u8]) -> bool {
    announced(line).is_some()
}

/// Tag and verb, which stand in the first piece of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) tag: &'a [u8],
    pub(crate) verb: Verb,
    pub(crate) uid: bool,
}

impl<'a> Head<'a> {
    pub(crate) fn read(scan: &mut Scan<'a>) -> Self {
        scan.blanks();
        let tag = scan.word();
        scan.blanks();
        if scan.is_empty() && tag.trim_ascii_end().eq_ignore_ascii_case(b"DONE") {
            return Self { tag: &[], verb: Verb::Done, uid: false };
        }
        let mut word = scan.word();
        let uid = word.eq_ignore_ascii_case(b"UID");
        if uid {
            scan.blanks();
            word = scan.word();
        }
        // A CR too many at the end of the line.
        Self { tag, verb: Verb::of_word(word.trim_ascii_end()), uid }
    }
}

impl Command {
    /// The line as a command that nobody can parse: its arguments are [`Arguments::Raw`].
    #[must_use]
    pub fn unparsed(line: &Bytes) -> Self {
        let mut scan = Scan::new(line);
        let head = Head::read(&mut scan);
        scan.blanks();
        let arguments = Arguments::Raw(scan.remainder());
        Self { tag: scan.share(head.tag), verb: head.verb, uid: head.uid, arguments, line: line.clone() }
    }

    /// What stands behind the verb, as sent.
    #[must_use]
    pub fn argument_text(&self) -> Bytes {
        let mut scan = Scan::new(&self.line);
        let _ = Head::read(&mut scan);
        scan.blanks();
        scan.remainder()
    }

    /// The verb as sent, in its case and without `UID`.
    #[must_use]
    pub fn word(&self) -> &[u8] {
        let mut words = self.line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        if self.verb == Verb::Done && self.tag.is_empty() {
            return first.trim_ascii_end();
        }
        let word = if self.uid { words.nth(1) } else { words.next() };
        word.unwrap_or_default().trim_ascii_end()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Command");
        debug.field("tag", &self.tag).field("verb", &self.verb).field("uid", &self.uid);
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
        debug.finish()
    }
}

#[cfg(test)]
mod tests;
