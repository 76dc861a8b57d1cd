//! The server's lines: status, data, requests to go on.
//!
//! [`parse`] reads one response, without its last line end; literals stand in it as they came, `{3}`, CRLF and three
//! bytes. A literal whose content is elsewhere, because it was streamed, is announced with LF alone behind it: `{3}`, LF.

mod body;
mod data;
mod envelope;
mod fetch;
mod set;
mod status;

pub use body::BodyStructure;
pub(crate) use data::EXPUNGED;
pub use data::{Data, List};
pub use envelope::{Address, Envelope};
pub use fetch::{Fetch, Fetched, Item};
pub use set::NumberSet;
pub(crate) use set::Wanted;
pub use status::{Code, Condition, Status};

use crate::ParseError;
use crate::lexical::Scan;
use bytes::Bytes;

/// One response of a server.
///
/// All fields share the line they come from and keep it alive; who holds one for long copies it.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// How a command ended, or how the server is: `a OK ...`, `* OK ...`.
    Status(Status),
    /// The client shall go on: `+ ...`, with what stands behind.
    Continuation(Bytes),
    /// Data: `* ...`.
    Data(Data),
}

/// Reads one response.
///
/// # Errors
///
/// No `*`, `+` or tag in front, a tag without a condition, or data that make no sense even loosely.
pub fn parse(line: &Bytes) -> Result<Response, ParseError> {
    let mut scan = Scan::new(line);
    if scan.eat(b'+') {
        scan.blanks();
        return Ok(Response::Continuation(scan.remainder()));
    }
    let tag = scan.word();
    if tag.is_empty() || !scan.blanks() {
        return Err(scan.error("a tag"));
    }
    let here = scan;
    if let Some(condition) = Condition::of(scan.word()) {
        let tag = (tag != b"*").then(|| scan.share(tag));
        return Ok(Response::Status(status::parse(&mut scan, tag, condition)));
    }
    if tag != b"*" {
        return Err(here.error("OK, NO or BAD"));
    }
    scan = here;
    data::parse(&mut scan).map(Response::Data)
}

/// Whether a line that begins so may go on in a literal: the text of a status response may look like one and is none.
pub(crate) fn may_hold_literals(line: &[u8]) -> bool {
    line.strip_prefix(b"* ").is_some_and(|rest| {
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        Condition::of(rest.get(..end).unwrap_or(rest)).is_none()
    })
}

/// Where a line stands that is cut at a literal: what of a message the literal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A section of a message: the last of these items.
    Section(Fetch),
    /// The content of a URL (RFC 4467).
    Url(Bytes),
}

/// Reads a line up to the literal at its end, if the literal is content of a message.
pub(crate) fn cut(line: &Bytes) -> Option<Cut> {
    match parse(line).ok()? {
        Response::Data(Data::Fetch(fetch)) if fetch.ends_in_section() => Some(Cut::Section(fetch)),
        Response::Data(Data::UrlFetched(urls)) => {
            let (url, content) = urls.into_iter().next_back()?;
            matches!(content, crate::lexical::Content::Streamed(_)).then_some(Cut::Url(url))
        }
        _ => None,
    }
}

/// Reads on in a FETCH response behind a streamed section, up to the literal at the end; `None` if that is no section.
pub(crate) fn cut_again(line: &Bytes) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    fetch::read_items(&mut Scan::new(line), &mut items).ok()?;
    fetch::ends_in_section(&items).then_some(items)
}

/// Reads what stands behind the last streamed section of a FETCH response of which the rest was read before.
pub(crate) fn read_rest(mut fetch: Fetch, line: &Bytes) -> Response {
    fetch.read_on(&mut Scan::new(line));
    Response::Data(Data::Fetch(fetch))
}

/// Reads on in a URLFETCHED response behind a streamed content, up to the literal at the end: the URL that it is of.
pub(crate) fn cut_urls(line: &Bytes) -> Option<Bytes> {
    let mut scan = Scan::new(line);
    // RFC 5524: the end of the list that the last content stood in.
    scan.blanks();
    scan.eat(b')');
    let (url, content) = data::urls(&mut scan).into_iter().next_back()?;
    matches!(content, crate::lexical::Content::Streamed(_)).then_some(url)
}

#[cfg(test)]
mod tests;
