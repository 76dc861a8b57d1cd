//! FETCH responses (RFC 9051 section 7.5.2).

use super::body::BodyStructure;
use super::envelope::Envelope;
use crate::ParseError;
use crate::lexical::{Content, Scan, is_atom};
use crate::section::{Section, Specifier};
use bytes::Bytes;

/// What the server says of one message.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetch {
    /// Its number in the mailbox at that moment; `None` in UIDFETCH (RFC 9586).
    pub sequence: Option<u32>,
    /// Its UID, where it is said.
    pub uid: Option<u32>,
    /// The data items, in order.
    pub items: Vec<Item>,
    /// Whether the list of items is closed; if not, the rest of the line makes no sense.
    pub complete: bool,
}

/// One data item.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// UID.
    Uid(u32),
    /// FLAGS.
    Flags(Vec<Bytes>),
    /// INTERNALDATE, as sent.
    InternalDate(Bytes),
    /// RFC822.SIZE: what the server takes for the size of the message.
    Size(u64),
    /// ENVELOPE.
    Envelope(Box<Envelope>),
    /// BODYSTRUCTURE, or BODY without brackets.
    BodyStructure(Box<BodyStructure>),
    /// A section with its content.
    Section(Box<Fetched>),
    /// MODSEQ (RFC 7162).
    ModSeq(u64),
    /// X-GM-MSGID: Gmail's number of the message, whatever mailboxes it is in.
    GmailMessageId(u64),
    /// X-GM-THRID: Gmail's number of the conversation.
    GmailThreadId(u64),
    /// X-GM-LABELS.
    GmailLabels(Vec<Bytes>),
    /// Anything else, as sent.
    Other {
        /// Its name.
        name: Bytes,
        /// Its value.
        value: Bytes,
    },
}

/// A section of a message, as the server sent it.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Which section.
    pub section: Section,
    /// `<n>`: the content begins at this byte of the section, and may end before its end.
    pub origin: Option<u64>,
    /// The content.
    pub content: Content,
}

impl Fetch {
    /// Reads from behind `* 1 FETCH`.
    pub(super) fn read(scan: &mut Scan<'_>, number: u32, by_uid: bool) -> Result<Self, ParseError> {
        scan.blanks();
        if !scan.eat(b'(') {
            return Err(scan.error("a list of data items"));
        }
        let mut items = Vec::with_capacity(4);
        let complete = match read_items(scan, &mut items) {
            Ok(complete) => complete,
            // What came before makes sense.
            Err(error) if items.is_empty() => return Err(error),
            Err(_) => false,
        };
        let (sequence, uid) = if by_uid { (None, Some(number)) } else { (Some(number), said(&items)) };
        Ok(Self { sequence, uid, items, complete })
    }

    /// Reads the items behind those that were read.
    pub(super) fn read_on(&mut self, scan: &mut Scan<'_>) {
        self.complete = read_items(scan, &mut self.items).unwrap_or(false);
        if self.sequence.is_some() {
            self.uid = said(&self.items);
        }
    }

    pub(super) fn ends_in_section(&self) -> bool {
        ends_in_section(&self.items)
    }
}

/// The UID that is said first.
fn said(items: &[Item]) -> Option<u32> {
    items.iter().find_map(|item| if let Item::Uid(uid) = item { Some(*uid) } else { None })
}

/// Whether the last item is a section whose content is elsewhere.
pub(super) fn ends_in_section(items: &[Item]) -> bool {
    matches!(items.last(), Some(Item::Section(last)) if matches!(last.content, Content::Streamed(_)))
}

/// Reads items up to the parenthesis that closes the list, or the end of the line; whether it was the parenthesis.
pub(super) fn read_items(scan: &mut Scan<'_>, items: &mut Vec<Item>) -> Result<bool, ParseError> {
    loop {
        scan.blanks();
        if scan.is_empty() {
            return Ok(false);
        }
        if scan.eat(b')') {
            return Ok(true);
        }
        read_item(scan, items)?;
    }
}

/// Adds one item: where it is made, since moving it takes longer.
fn read_item(scan: &mut Scan<'_>, items: &mut Vec<Item>) -> Result<(), ParseError> {
    let name = scan.take_while(|byte| is_atom(byte) && !matches!(byte, b'[' | b'<'));
    if name.is_empty() {
        return Err(scan.error("the name of a data item"));
    }
    if scan.peek() == Some(b'[') {
        items.push(bracketed(scan, name)?);
        return Ok(());
    }
    scan.blanks();
    let here = *scan;
    if known(scan, name, items).is_ok() {
        return Ok(());
    }
    // Not as the RFC has it, or nothing that is known: kept as it is.
    *scan = here;
    items.push(Item::Other { name: scan.share(name), value: scan.value()? });
    Ok(())
}

/// Adds an item whose value is as its name says.
fn known(scan: &mut Scan<'_>, name: &[u8], items: &mut Vec<Item>) -> Result<(), ParseError> {
    let mut upper = [0; 18];
    let upper = match upper.get_mut(..name.len()) {
        Some(upper) => {
            upper.copy_from_slice(name);
            upper.make_ascii_uppercase();
            &*upper
        }
        None => &[],
    };
    match upper {
        b"UID" => items.push(Item::Uid(scan.number()?)),
        b"FLAGS" => items.push(Item::Flags(scan.list(Scan::atom)?)),
        b"INTERNALDATE" => items.push(Item::InternalDate(scan.astring_bytes()?)),
        b"RFC822.SIZE" => items.push(Item::Size(scan.number()?)),
        b"ENVELOPE" => items.push(Item::Envelope(Envelope::read(scan)?)),
        b"BODYSTRUCTURE" | b"BODY" => {
            items.push(Item::BodyStructure(Box::new(BodyStructure::read(scan, 0)?)));
        }
        b"RFC822" | b"RFC822.PEEK" => items.push(section(scan, Section::whole(), None)?),
        b"RFC822.HEADER" | b"RFC822.HEADER.PEEK" => {
            items.push(section(scan, Section::of_message(Specifier::Header), None)?);
        }
        b"RFC822.TEXT" | b"RFC822.TEXT.PEEK" => {
            items.push(section(scan, Section::of_message(Specifier::Text), None)?);
        }
        b"MODSEQ" => items.push(modseq(scan)?),
        b"X-GM-MSGID" => items.push(Item::GmailMessageId(scan.number()?)),
        b"X-GM-THRID" => items.push(Item::GmailThreadId(scan.number()?)),
        b"X-GM-LABELS" => items.push(Item::GmailLabels(scan.list(Scan::astring_bytes)?)),
        _ => return Err(scan.error("a known data item")),
    }
    Ok(())
}

/// `BODY[...]`, `BINARY[...]`, `BINARY.SIZE[...]`.
fn bracketed(scan: &mut Scan<'_>, name: &[u8]) -> Result<Item, ParseError> {
    scan.skip(1);
    let binary = name.eq_ignore_ascii_case(b"BINARY") || name.eq_ignore_ascii_case(b"BINARY.PEEK");
    let read = Section::read(scan, binary)?;
    let mut origin = None;
    if scan.eat(b'<') {
        origin = Some(scan.number()?);
        // A server that repeats the length that was asked for.
        if scan.eat(b'.') {
            scan.number::<u64>()?;
        }
        if !scan.eat(b'>') {
            return Err(scan.error("the end of an origin"));
        }
    }
    scan.blanks();
    let content = binary || name.eq_ignore_ascii_case(b"BODY") || name.eq_ignore_ascii_case(b"BODY.PEEK");
    if content {
        return section(scan, read, origin);
    }
    Ok(Item::Other { name: scan.share(name), value: scan.value()? })
}

fn section(scan: &mut Scan<'_>, section: Section, origin: Option<u64>) -> Result<Item, ParseError> {
    // Not even loosely: whatever else stands there is no content.
    let content = scan.strict_nstring()?;
    Ok(Item::Section(Box::new(Fetched { section, origin, content })))
}

/// RFC 7162 has it in parentheses.
fn modseq(scan: &mut Scan<'_>) -> Result<Item, ParseError> {
    let listed = scan.eat(b'(');
    let number = scan.number()?;
    if listed && !scan.eat(b')') {
        return Err(scan.error("the end of a list"));
    }
    Ok(Item::ModSeq(number))
}
