//! OK, NO, BAD, BYE, PREAUTH, and the codes in brackets behind them (RFC 9051 section 7.1).

use super::set::NumberSet;
use crate::ParseError;
use crate::lexical::{Scan, is_atom};
use bytes::Bytes;

/// A status response.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The tag of the command that it ends; `None` for `*`.
    pub tag: Option<Bytes>,
    /// How it ended, or how things are.
    pub condition: Condition,
    /// The code in brackets.
    pub code: Option<Code>,
    /// The text for humans.
    pub text: Bytes,
}

/// The first word of a status response.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Done, or good news.
    Ok,
    /// Refused, or a warning.
    No,
    /// Not understood.
    Bad,
    /// The server leaves.
    Bye,
    /// The greeting of a server that knows the client already.
    Preauth,
}

impl Condition {
    /// The condition that a word is, in any case.
    #[must_use]
    pub fn of(word: &[u8]) -> Option<Self> {
        let all = [Self::Ok, Self::No, Self::Bad, Self::Bye, Self::Preauth];
        all.into_iter().find(|condition| word.eq_ignore_ascii_case(condition.as_str().as_bytes()))
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
            Self::Bye => "BYE",
            Self::Preauth => "PREAUTH",
        }
    }
}

/// A response code.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// CAPABILITY: what the server can.
    Capability(Vec<Bytes>),
    /// UIDVALIDITY: the UIDs of the mailbox belong to this generation.
    UidValidity(u32),
    /// UIDNEXT: the next message gets this UID or a higher one.
    UidNext(u32),
    /// READ-ONLY.
    ReadOnly,
    /// READ-WRITE.
    ReadWrite,
    /// RFC 7162: the mailbox selected before is closed.
    Closed,
    /// RFC 4315: the messages that were appended.
    AppendUid {
        /// UIDVALIDITY of the mailbox.
        uid_validity: u32,
        /// Their UIDs, in order.
        uids: NumberSet,
    },
    /// RFC 4315: the messages that were copied or moved.
    CopyUid {
        /// UIDVALIDITY of the mailbox they went to.
        uid_validity: u32,
        /// Their UIDs where they came from.
        source: NumberSet,
        /// Their UIDs where they went to, in the same order.
        target: NumberSet,
    },
    /// Anything else.
    Other {
        /// Its name.
        name: Bytes,
        /// What follows the name.
        arguments: Bytes,
    },
}

/// Reads what stands behind the condition.
pub(super) fn parse(scan: &mut Scan<'_>, tag: Option<Bytes>, condition: Condition) -> Status {
    scan.blanks();
    let here = *scan;
    let mut code = None;
    if scan.eat(b'[') {
        let inside = *scan;
        code = read(scan).ok().or_else(|| {
            *scan = inside;
            other(scan)
        });
        if code.is_none() {
            // No bracket closes it: text, like the rest.
            *scan = here;
        }
        scan.blanks();
    }
    Status { tag, condition, code, text: scan.remainder() }
}

fn read(scan: &mut Scan<'_>) -> Result<Code, ParseError> {
    let name = scan.take_while(|byte| is_atom(byte) && byte != b']');
    scan.blanks();
    let code = match name.to_ascii_uppercase().as_slice() {
        b"CAPABILITY" => {
            let mut words = Vec::new();
            while !matches!(scan.peek(), None | Some(b']')) {
                let word = scan.take_while(|byte| !matches!(byte, b' ' | b'\t' | b']'));
                words.push(scan.share(word));
                scan.blanks();
            }
            Code::Capability(words)
        }
        b"UIDVALIDITY" => Code::UidValidity(scan.number()?),
        b"UIDNEXT" => Code::UidNext(scan.number()?),
        b"READ-ONLY" => Code::ReadOnly,
        b"READ-WRITE" => Code::ReadWrite,
        b"CLOSED" => Code::Closed,
        b"APPENDUID" => {
            let uid_validity = scan.number()?;
            scan.blanks();
            Code::AppendUid { uid_validity, uids: NumberSet::read(scan)? }
        }
        b"COPYUID" => {
            let uid_validity = scan.number()?;
            scan.blanks();
            let source = NumberSet::read(scan)?;
            scan.blanks();
            Code::CopyUid { uid_validity, source, target: NumberSet::read(scan)? }
        }
        _ => return Err(scan.error("a known code")),
    };
    scan.blanks();
    if scan.eat(b']') { Ok(code) } else { Err(scan.error("the end of a code")) }
}

/// A code of which only the name is known. Its end is the first bracket outside of quotes.
fn other(scan: &mut Scan<'_>) -> Option<Code> {
    let name = scan.take_while(|byte| is_atom(byte) && byte != b']');
    scan.blanks();
    let mut quoted = false;
    let arguments = scan.take_until(|byte| {
        quoted ^= byte == b'"';
        !quoted && byte == b']'
    });
    let code = Code::Other { name: scan.share(name), arguments: scan.share(arguments.trim_ascii_end()) };
    scan.eat(b']').then_some(code)
}
