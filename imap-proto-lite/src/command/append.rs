//! APPEND and REPLACE (RFC 9051 section 6.3.12, 3502, 4469, 3516, 6855, 8508).

use super::{Head, Verb};
use crate::lexical::{Content, Scan};
use crate::{MailboxName, ParseError};
use bytes::Bytes;

/// What is to be stored, and where.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Where to.
    pub mailbox: MailboxName,
    /// REPLACE: the message that goes, as the client names it.
    pub replaces: Option<Bytes>,
    /// The messages; more than one with MULTIAPPEND (RFC 3502).
    pub messages: Vec<Appended>,
}

/// One message to be stored.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Appended {
    /// Its flags.
    pub flags: Vec<Bytes>,
    /// Its internal date, as sent.
    pub internal_date: Option<Bytes>,
    /// What else is said of it, as sent: `EXPERIMENTAL 1`.
    pub extensions: Vec<Bytes>,
    /// Its content, in order; more than one piece with CATENATE (RFC 4469).
    pub pieces: Vec<Piece>,
}

/// Content of a message to be stored.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that the client sends.
    Text(Content),
    /// Bytes that the server has: a section of another message, by URL.
    Url(Bytes),
}

/// How far a line has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before the message: its options.
    Options,
    /// Inside of `CATENATE (...)`.
    Catenate,
}

/// The mailbox, behind the verb and what REPLACE names.
pub(crate) fn mailbox(scan: &mut Scan<'_>) -> Result<MailboxName, ParseError> {
    scan.blanks();
    match scan.astring()? {
        Content::Inline(name) => Ok(MailboxName::new(name)),
        Content::Nil | Content::Streamed(_) => Err(scan.error("the name of a mailbox")),
    }
}

pub(super) fn read(scan: &mut Scan<'_>, replaces: Option<Bytes>) -> Result<Append, ParseError> {
    let mailbox = mailbox(scan)?;
    let mut append = Append { mailbox, replaces, messages: Vec::new() };
    append.messages = messages(scan, &mut Stage::Options)?;
    Ok(append)
}

fn rest_is_blank(scan: &mut Scan<'_>) -> bool {
    scan.blanks();
    scan.is_empty()
}

/// Reads on in a message until its content is over, or the line. A line that is cut at a literal whose content is
/// elsewhere goes on behind it with the same stage.
fn read_message(scan: &mut Scan<'_>, stage: &mut Stage, message: &mut Appended) -> Result<(), ParseError> {
    while !rest_is_blank(scan) {
        match (*stage, scan.peek()) {
            (Stage::Catenate, Some(b')')) => {
                scan.skip(1);
                *stage = Stage::Options;
                return Ok(());
            }
            (Stage::Catenate, _) => {
                let word = scan.atom()?;
                scan.blanks();
                let piece = if word.eq_ignore_ascii_case(b"URL") {
                    Piece::Url(scan.astring_bytes()?)
                } else {
                    Piece::Text(scan.astring()?)
                };
                message.pieces.push(piece);
            }
            (Stage::Options, Some(b'(')) => message.flags = scan.list(Scan::astring_bytes)?,
            // A date stands before the content; a quoted string behind it is content, if it is anything.
            (Stage::Options, Some(b'"')) => {
                let date = scan.astring_bytes()?;
                message.internal_date.get_or_insert(date);
            }
            (Stage::Options, Some(b'{' | b'~')) => {
                message.pieces.push(Piece::Text(scan.astring()?));
                return Ok(());
            }
            (Stage::Options, _) => {
                let word = scan.atom()?;
                scan.blanks();
                if word.eq_ignore_ascii_case(b"CATENATE") && scan.eat(b'(') {
                    *stage = Stage::Catenate;
                } else if word.eq_ignore_ascii_case(b"UTF8") && scan.eat(b'(') {
                    // RFC 6855 section 4: UTF8 (~{n}...).
                    message.pieces.push(Piece::Text(scan.astring()?));
                    scan.blanks();
                    scan.eat(b')');
                    return Ok(());
                } else {
                    message.extensions.push(word);
                    if matches!(scan.peek(), Some(byte) if !matches!(byte, b'{' | b'~' | b'"')) {
                        message.extensions.push(scan.value()?);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Reads a piece of a command that is cut at a literal, or its last piece: the messages in it. The first of them is the
/// one under way if the stage was [`Stage::Catenate`] before.
pub(crate) fn read_piece(piece: &Bytes, stage: &mut Stage) -> Option<Vec<Appended>> {
    messages(&mut Scan::new(piece), stage).ok()
}

/// Reads the first piece of a command up to a literal that is content; `None` if it is none.
pub(crate) fn read_first_piece(piece: &Bytes) -> Option<(MailboxName, Stage, Vec<Appended>)> {
    let mut scan = Scan::new(piece);
    let head = Head::read(&mut scan);
    if head.verb == Verb::Replace {
        scan.blanks();
        scan.atom().ok()?;
    }
    let mailbox = mailbox(&mut scan).ok()?.copied();
    let mut stage = Stage::Options;
    let messages = messages(&mut scan, &mut stage).ok()?;
    Some((mailbox, stage, messages))
}

fn messages(scan: &mut Scan<'_>, stage: &mut Stage) -> Result<Vec<Appended>, ParseError> {
    let mut messages = Vec::new();
    loop {
        // RFC 6855: the parenthesis behind a literal that was cut off.
        while *stage == Stage::Options && !rest_is_blank(scan) && scan.eat(b')') {}
        if rest_is_blank(scan) {
            break;
        }
        let mut message = Appended::default();
        read_message(scan, stage, &mut message)?;
        messages.push(message);
    }
    Ok(messages)
}
