//! What follows the verb.

use std::fmt;

use bytes::Bytes;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while_m_n, take_while1};
use nom::character::complete::{char, space0};
use nom::combinator::{all_consuming, opt, recognize, verify};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::class::{BASE64, MECHANISM};
use super::mailbox::{self, Parsed};
use super::meaning::number;
use super::parameter::{self, Parameters};
use super::path::{self, Path};
use super::verb::Verb;
use super::{Command, Parted};
use crate::error::ParseError;
use crate::slice;

/// The arguments of a command. Blanks around them are left out.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq)]
pub enum Arguments<T = Bytes> {
    /// Nothing but blanks follows the verb.
    None,
    /// `HELO`, `EHLO`, `LHLO`: the name or address literal the client gives itself, or whatever it sent in its place.
    Domain(T),
    /// `MAIL`, and `SEND`, `SOML`, `SAML` of old.
    Mail {
        /// The reverse-path.
        sender: Path<T>,
        /// The words behind it.
        parameters: Parameters<T>,
    },
    /// `RCPT`.
    Rcpt {
        /// The forward-path.
        recipient: Path<T>,
        /// The words behind it.
        parameters: Parameters<T>,
    },
    /// `BDAT`.
    Chunk {
        /// Bytes that follow the line end of the command.
        size: u64,
        /// Whether this chunk ends the message.
        last: bool,
    },
    /// `AUTH` and `X-EXPS`. `Debug` does not print the response.
    Auth {
        /// The SASL mechanism as sent, in whatever case.
        mechanism: T,
        /// The initial response as sent, in base64. A single `=` stands for an empty one (RFC 4954 4).
        initial_response: Option<T>,
    },
    /// The text behind any other verb.
    Text(T),
    /// `BURL`.
    Burl {
        /// Where the server fetches the chunk.
        url: T,
        /// Whether this chunk ends the message.
        last: bool,
    },
    /// The queue of `ETRN` (RFC 1985 5.1).
    Queue {
        /// What the option character in front of the name says.
        which: Queue,
        /// Node, domain or queue, without the option character.
        name: T,
    },
    /// Text that does not fit the verb: behind one that takes none, or of a line that was not parsed.
    Raw(T),
}

/// Which mail a client asks for by `ETRN`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// That of the node.
    Node,
    /// `@`: that of the domain and all below it.
    Domain,
    /// `#`: that of the queue of this name.
    Named,
}

impl<T: fmt::Debug> fmt::Debug for Arguments<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Domain(domain) => f.debug_tuple("Domain").field(domain).finish(),
            Self::Mail { sender, parameters } => {
                f.debug_struct("Mail").field("sender", sender).field("parameters", parameters).finish()
            }
            Self::Rcpt { recipient, parameters } => {
                f.debug_struct("Rcpt").field("recipient", recipient).field("parameters", parameters).finish()
            }
            Self::Chunk { size, last } => {
                f.debug_struct("Chunk").field("size", size).field("last", last).finish()
            }
            Self::Auth { mechanism, initial_response } => f
                .debug_struct("Auth")
                .field("mechanism", mechanism)
                .field("initial_response", &initial_response.as_ref().map(|_| format_args!("***")))
                .finish(),
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Burl { url, last } => f.debug_struct("Burl").field("url", url).field("last", last).finish(),
            Self::Queue { which, name } => {
                f.debug_struct("Queue").field("which", which).field("name", name).finish()
            }
            Self::Raw(text) => f.debug_tuple("Raw").field(text).finish(),
        }
    }
}

/// What the parser of one verb gives.
type Read<'a> = Result<Command<&'a [u8]>, ParseError>;

impl<T> Arguments<T> {
    /// The same with `f` of each text.
    pub(super) fn map<U>(&self, f: impl Fn(&T) -> U) -> Arguments<U> {
        match self {
            Self::None => Arguments::None,
            Self::Domain(domain) => Arguments::Domain(f(domain)),
            Self::Mail { sender, parameters } => {
                Arguments::Mail { sender: sender.map(&f), parameters: parameters.map(f) }
            }
            Self::Rcpt { recipient, parameters } => {
                Arguments::Rcpt { recipient: recipient.map(&f), parameters: parameters.map(f) }
            }
            Self::Chunk { size, last } => Arguments::Chunk { size: *size, last: *last },
            Self::Auth { mechanism, initial_response } => Arguments::Auth {
                mechanism: f(mechanism),
                initial_response: initial_response.as_ref().map(f),
            },
            Self::Text(text) => Arguments::Text(f(text)),
            Self::Burl { url, last } => Arguments::Burl { url: f(url), last: *last },
            Self::Queue { which, name } => Arguments::Queue { which: *which, name: f(name) },
            Self::Raw(text) => Arguments::Raw(f(text)),
        }
    }
}

/// Reads what stands behind the word of the verb.
pub(super) fn parse(line: Parted<'_>) -> Read<'_> {
    match line.verb {
        Verb::Helo | Verb::Ehlo | Verb::Lhlo => Ok(domain(line)),
        Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml => mail(line),
        Verb::Rcpt => rcpt(line),
        Verb::Bdat => chunk(line),
        Verb::Auth | Verb::XExps => auth(line),
        Verb::Burl => burl(line),
        Verb::Etrn => Ok(queue(line)),
        verb if verb.stands_alone() => Ok(nothing(line)),
        _ => Ok(text(line)),
    }
}

/// The argument text of a line nobody can parse.
pub(super) fn raw(rest: &[u8]) -> Arguments<&[u8]> {
    match slice::trim_start(rest) {
        [] => Arguments::None,
        text => Arguments::Raw(text),
    }
}

// RFC 5321 4.1.1.1, RFC 2033 4.1:
//   ehlo = "EHLO" SP ( Domain / address-literal ) CRLF
//   helo = "HELO" SP Domain CRLF
//   LHLO as EHLO
fn domain(line: Parted<'_>) -> Command<&[u8]> {
    let rest = line.rest;
    let strict = if line.verb == Verb::Helo {
        is_all(preceded(char(' '), mailbox::domain), rest)
    } else {
        is_all(preceded(char(' '), alt((mailbox::domain, mailbox::address_literal))), rest)
    };
    match slice::trim(rest) {
        [] => line.command(Arguments::None, false),
        name => line.command(Arguments::Domain(name), strict),
    }
}

// RFC 5321 4.1.1.2, and RFC 821 4.1.2 for SEND, SOML, SAML:
//   mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
fn mail(line: Parted<'_>) -> Read<'_> {
    envelope(line, "FROM", mailbox::reverse_path, |sender, parameters| Arguments::Mail { sender, parameters })
}

// RFC 5321 4.1.1.3:
//   rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF
fn rcpt(line: Parted<'_>) -> Read<'_> {
    envelope(line, "TO", mailbox::forward_path, |recipient, parameters| Arguments::Rcpt {
        recipient,
        parameters,
    })
}

/// Preposition, path, parameters: the strict path where it fits, else the loose one.
fn envelope<'a>(
    line: Parted<'a>,
    preposition: &'static str,
    path: impl Fn(&'a [u8]) -> Parsed<'a, Path<&'a [u8]>>,
    arguments: impl Fn(Path<&'a [u8]>, Parameters<&'a [u8]>) -> Arguments<&'a [u8]>,
) -> Read<'a> {
    let (text, introduced) = introduction(line.rest, preposition).ok_or_else(|| {
        line.error(slice::trim_start(line.rest), if preposition == "TO" { "`TO:`" } else { "`FROM:`" })
    })?;
    if let Ok((tail, path)) = path(text)
        && tail.first().is_none_or(|&byte| slice::is_blank(byte))
    {
        let (parameters, listed) = parameter::list(tail);
        return Ok(line.command(arguments(path, parameters), introduced && listed));
    }
    let text = slice::trim_start(text);
    let (tail, path) = path::loose(text).ok_or_else(|| line.error(text, "a path"))?;
    let (parameters, _) = parameter::list(tail);
    Ok(line.command(arguments(path, parameters), false))
}

/// Passes over ` FROM:` or ` TO:`, and tells whether it was written so.
///
/// Loosely blanks may stand around the word and its colon, as Sendmail takes them; the colon may be missing where a
/// blank or a bracket parts the word from the path, and the whole word where a bracket follows.
fn introduction<'a>(rest: &'a [u8], preposition: &'static str) -> Option<(&'a [u8], bool)> {
    let strict: IResult<_, _, ()> = delimited(char(' '), tag_no_case(preposition), char(':')).parse(rest);
    if let Ok((path, _)) = strict {
        return Some((path, true));
    }
    let loose: IResult<_, _, ()> =
        preceded(space0, (tag_no_case(preposition), space0, opt(char(':')))).parse(rest);
    match loose {
        Ok((path, (_, blanks, colon))) => {
            let parted = colon.is_some() || !blanks.is_empty() || path.starts_with(b"<");
            parted.then_some((path, false))
        }
        Err(_) => {
            let path = slice::trim_start(rest);
            path.starts_with(b"<").then_some((path, false))
        }
    }
}

// RFC 3030 2:
//   bdat-cmd   = "BDAT" SP chunk-size [ SP end-marker ] CR LF
//   chunk-size = 1*DIGIT
//   end-marker = "LAST"
fn chunk(line: Parted<'_>) -> Read<'_> {
    let text = slice::trim_start(line.rest);
    let (digits, tail) = slice::split_word(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(line.error(text, "a chunk size"));
    }
    let size = number(digits).ok_or_else(|| line.error(digits, "a chunk size below 2^64"))?;
    let (last, fits) = end_marker(line, tail)?;
    let strict = fits && parted_by_one(line.rest, text);
    Ok(line.command(Arguments::Chunk { size, last }, strict))
}

// RFC 4468 3:
//   burl-cmd   = "BURL" SP absolute-URI [SP end-marker] CRLF
//   end-marker = "LAST"
fn burl(line: Parted<'_>) -> Read<'_> {
    let text = slice::trim_start(line.rest);
    let (url, tail) = slice::split_word(text);
    if url.is_empty() {
        return Err(line.error(url, "a URL"));
    }
    let (last, fits) = end_marker(line, tail)?;
    let scheme = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let uri = (scheme, char(':'), take_while1(|byte: u8| byte.is_ascii_graphic()));
    let strict = fits && parted_by_one(line.rest, text) && is_all(uri, url);
    Ok(line.command(Arguments::Burl { url, last }, strict))
}

/// Whether `LAST` is what is left of the line, and whether that is written as it should be; nothing else may be there.
fn end_marker(line: Parted<'_>, tail: &[u8]) -> Result<(bool, bool), ParseError> {
    match slice::trim(tail) {
        [] => Ok((false, tail.is_empty())),
        word if word.eq_ignore_ascii_case(b"LAST") => Ok((true, parted_by_one(tail, word))),
        word => Err(line.error(word, "`LAST` or the end of the line")),
    }
}

/// Whether one SP before the text is all that `rest` holds beside it.
fn parted_by_one(rest: &[u8], text: &[u8]) -> bool {
    rest.starts_with(b" ") && rest.len() == text.len() + 1
}

// RFC 4954 8, RFC 4422 3.1:
//   auth-command     = "AUTH" SP sasl-mech [SP initial-response] ..
//   initial-response = base64 / "="
//   sasl-mech        = 1*20mech-char
fn auth(line: Parted<'_>) -> Read<'_> {
    let rest = line.rest;
    let (mechanism, response) = slice::split_word(slice::trim_start(rest));
    if mechanism.is_empty() {
        return Err(line.error(mechanism, "a mechanism"));
    }
    let initial_response = Some(slice::trim(response)).filter(|response| !response.is_empty());
    let mech = take_while_m_n(1, 20, |byte| MECHANISM.has(byte));
    let strict = is_all((char(' '), mech, opt(preceded(char(' '), alt((base64, tag("=")))))), rest);
    Ok(line.command(Arguments::Auth { mechanism, initial_response }, strict))
}

// RFC 4954 8:
//   base64          = base64-terminal / ( 1*(4base64-char) [base64-terminal] )
//   base64-terminal = (2base64-char "==") / (3base64-char "=")
fn base64(input: &[u8]) -> Parsed<'_> {
    let whole = recognize((take_while1(|byte| BASE64.has(byte)), opt(alt((tag("=="), tag("="))))));
    verify(whole, |text: &[u8]| text.len().is_multiple_of(4)).parse(input)
}

// RFC 5321 4.1.1.4, 4.1.1.5, 4.1.1.10, RFC 3207 4, RFC 821 4.1.2:
//   data = "DATA" CRLF and so RSET, QUIT, STARTTLS, TURN
fn nothing(line: Parted<'_>) -> Command<&[u8]> {
    match slice::trim(line.rest) {
        [] => line.command(Arguments::None, line.rest.is_empty()),
        text => line.command(Arguments::Raw(text), false),
    }
}

// RFC 5321 4.1.1.6 to 4.1.1.9:
//   vrfy = "VRFY" SP String CRLF          expn = "EXPN" SP String CRLF
//   help = "HELP" [ SP String ] CRLF      noop = "NOOP" [ SP String ] CRLF
// RFC 2645 5.2.1: ATRN [SP domains]. The vendors' verbs have no ABNF.
// String names no mailbox, yet 3.5.1 lets VRFY take one: any text after one SP passes here for strict.
fn text(line: Parted<'_>) -> Command<&[u8]> {
    let Parted { verb, rest, .. } = line;
    let wanted = matches!(verb, Verb::Vrfy | Verb::Expn);
    match slice::trim(rest) {
        [] => line.command(Arguments::None, rest.is_empty() && !wanted),
        text => {
            let strict = parted_by_one(rest, text) && !text.iter().any(u8::is_ascii_control);
            line.command(Arguments::Text(text), strict)
        }
    }
}

// RFC 1985 5.1, 5.3:
//   ETRN [<option character>]<node name>
//   option character = "@" / "#"
fn queue(line: Parted<'_>) -> Command<&[u8]> {
    let text = slice::trim(line.rest);
    let (which, name) = match text {
        [] => return line.command(Arguments::None, false),
        [b'@', name @ ..] => (Queue::Domain, name),
        [b'#', name @ ..] => (Queue::Named, name),
        name => (Queue::Node, name),
    };
    let strict = parted_by_one(line.rest, text)
        && !name.is_empty()
        && name.iter().all(|byte| !byte.is_ascii_control());
    line.command(Arguments::Queue { which, name }, strict)
}

/// Whether `parser` takes all of `input`.
fn is_all<'a>(parser: impl Parser<&'a [u8], Error = ()>, input: &'a [u8]) -> bool {
    all_consuming(parser).parse(input).is_ok()
}
