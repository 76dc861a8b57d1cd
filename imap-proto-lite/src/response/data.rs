//! Untagged data (RFC 9051 sections 7.2 to 7.5).

use super::fetch::Fetch;
use super::set::NumberSet;
use crate::command::id;
use crate::lexical::{Content, Scan};
use crate::{MailboxName, ParseError};
use bytes::Bytes;

/// What the server says unasked, or in the course of an answer.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// CAPABILITY: what the server can.
    Capability(Vec<Bytes>),
    /// ENABLED: what was switched on.
    Enabled(Vec<Bytes>),
    /// FLAGS: those that are in use in the mailbox.
    Flags(Vec<Bytes>),
    /// So many messages are in the mailbox.
    Exists(u32),
    /// So many of them are new.
    Recent(u32),
    /// This one is gone, and those behind it move up. Some servers say EXPUNGED.
    Expunge(u32),
    /// RFC 7162: those with these UIDs are gone.
    Vanished {
        /// They were gone before the mailbox was opened.
        earlier: bool,
        /// Their UIDs.
        uids: NumberSet,
    },
    /// FETCH and UIDFETCH.
    Fetch(Fetch),
    /// LIST, LSUB, XLIST.
    List(List),
    /// ID: fields and their values (RFC 2971).
    Id(Vec<(Bytes, Option<Bytes>)>),
    /// URLFETCHED: URLs and their contents (RFC 4467).
    UrlFetched(Vec<(Bytes, Content)>),
    /// Anything else, as sent: SEARCH, ESEARCH, STATUS, NAMESPACE, QUOTA ...
    Raw {
        /// The first word.
        keyword: Bytes,
        /// What follows it.
        text: Bytes,
    },
}

/// A mailbox in a list.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// `LIST`, `LSUB` or `XLIST`.
    pub keyword: Bytes,
    /// Its attributes, `\HasNoChildren`, `\Sent`.
    pub attributes: Vec<Bytes>,
    /// What parts the levels of its name; `None`: it has no levels.
    pub delimiter: Option<Bytes>,
    /// Its name.
    pub name: MailboxName,
    /// What follows the name (RFC 5258), as sent.
    pub extended: Bytes,
}

/// Reads from behind `* `.
pub(super) fn parse(scan: &mut Scan<'_>) -> Result<Data, ParseError> {
    if scan.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        return numbered(scan);
    }
    let here = *scan;
    let keyword = scan.word();
    scan.blanks();
    let typed = match keyword.to_ascii_uppercase().as_slice() {
        b"" => return Err(here.error("data")),
        b"CAPABILITY" => Ok(Data::Capability(words(scan))),
        b"ENABLED" => Ok(Data::Enabled(words(scan))),
        b"FLAGS" => scan.list(Scan::atom).map(Data::Flags),
        b"VANISHED" => vanished(scan),
        b"LIST" | b"LSUB" | b"XLIST" => list(scan, keyword).map(Data::List),
        b"ID" => id(scan).map(Data::Id),
        b"URLFETCHED" => Ok(Data::UrlFetched(urls(scan))),
        _ => Err(here.error("known data")),
    };
    typed.or_else(|_| {
        *scan = here;
        let keyword = scan.word();
        scan.blanks();
        if keyword.iter().any(|byte| !byte.is_ascii_graphic()) {
            return Err(here.error("data"));
        }
        Ok(Data::Raw { keyword: scan.share(keyword), text: scan.remainder() })
    })
}

/// What GNU Mailutils says for EXPUNGE.
pub(crate) const EXPUNGED: &[u8] = b"EXPUNGED";

fn numbered(scan: &mut Scan<'_>) -> Result<Data, ParseError> {
    let number = scan.number()?;
    scan.blanks();
    let here = *scan;
    let word = scan.take_while(|byte| byte.is_ascii_alphabetic());
    match word {
        _ if word.eq_ignore_ascii_case(b"FETCH") => Fetch::read(scan, number, false).map(Data::Fetch),
        _ if word.eq_ignore_ascii_case(b"UIDFETCH") => Fetch::read(scan, number, true).map(Data::Fetch),
        _ if word.eq_ignore_ascii_case(b"EXISTS") => Ok(Data::Exists(number)),
        _ if word.eq_ignore_ascii_case(b"RECENT") => Ok(Data::Recent(number)),
        _ if word.eq_ignore_ascii_case(b"EXPUNGE") || word.eq_ignore_ascii_case(EXPUNGED) => {
            Ok(Data::Expunge(number))
        }
        _ => Err(here.error("EXISTS, RECENT, EXPUNGE or FETCH")),
    }
}

fn words(scan: &mut Scan<'_>) -> Vec<Bytes> {
    let mut words = Vec::new();
    while !scan.is_empty() {
        let word = scan.word().trim_ascii_end();
        words.push(scan.share(word));
        scan.blanks();
    }
    words
}

/// RFC 7162 section 3.2.10.
fn vanished(scan: &mut Scan<'_>) -> Result<Data, ParseError> {
    let earlier = scan.peek() == Some(b'(');
    if earlier {
        scan.value()?;
        scan.blanks();
    }
    Ok(Data::Vanished { earlier, uids: NumberSet::read(scan)? })
}

fn list(scan: &mut Scan<'_>, keyword: &[u8]) -> Result<List, ParseError> {
    let attributes = scan.list(Scan::atom)?;
    scan.blanks();
    let delimiter = scan.nstring()?.bytes().cloned();
    scan.blanks();
    let name = MailboxName::new(scan.astring_bytes()?);
    scan.blanks();
    Ok(List { keyword: scan.share(keyword), attributes, delimiter, name, extended: scan.remainder() })
}

/// URL and content in turns; a list in place of the content (RFC 5524) is passed over but for what it holds.
pub(super) fn urls(scan: &mut Scan<'_>) -> Vec<(Bytes, Content)> {
    let mut urls = Vec::new();
    let next = |scan: &mut Scan<'_>| {
        scan.blanks();
        let url = scan.astring_bytes().ok()?;
        scan.blanks();
        if scan.eat(b'(') {
            scan.atom().ok()?;
            scan.blanks();
        }
        let content = scan.nstring().ok()?;
        scan.blanks();
        scan.eat(b')');
        Some((url, content))
    };
    while let Some(pair) = next(scan) {
        urls.push(pair);
    }
    urls
}
