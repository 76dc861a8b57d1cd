//! ENVELOPE (RFC 9051 section 7.5.2): the header, as the server has parsed it.

use crate::ParseError;
use crate::lexical::{Content, Scan};
use bytes::Bytes;

/// The parsed header of a message. Text is in the bytes of the wire, encoded words and all.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the header field of its name")]
pub struct Envelope {
    pub date: Option<Bytes>,
    pub subject: Option<Bytes>,
    pub from: Vec<Address>,
    pub sender: Vec<Address>,
    pub reply_to: Vec<Address>,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    pub in_reply_to: Option<Bytes>,
    pub message_id: Option<Bytes>,
}

/// An address; without a host, the begin of a group, or, without a mailbox as well, its end.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// The name in front of the address.
    pub name: Option<Bytes>,
    /// The route of old.
    pub route: Option<Bytes>,
    /// What stands before the `@`.
    pub mailbox: Option<Bytes>,
    /// What stands behind it.
    pub host: Option<Bytes>,
}

/// The string, if there is one; of a literal that is elsewhere nothing is known.
pub(super) fn optional(content: Content) -> Option<Bytes> {
    match content {
        Content::Inline(bytes) => Some(bytes),
        Content::Nil | Content::Streamed(_) => None,
    }
}

impl Envelope {
    pub(super) fn read(scan: &mut Scan<'_>) -> Result<Self, ParseError> {
        let begun = scan.eat(b'(');
        if !begun {
            return Err(scan.error("an envelope"));
        }
        let text = |scan: &mut Scan<'_>| {
            scan.blanks();
            scan.nstring().map(optional)
        };
        let addresses = |scan: &mut Scan<'_>| {
            scan.blanks();
            // `""` for NIL.
            if scan.rest().starts_with(b"\"\"") {
                scan.skip(2);
                return Ok(Vec::new());
            }
            scan.list(Address::read)
        };
        let envelope = Self {
            date: text(scan)?,
            subject: text(scan)?,
            from: addresses(scan)?,
            sender: addresses(scan)?,
            reply_to: addresses(scan)?,
            to: addresses(scan)?,
            cc: addresses(scan)?,
            bcc: addresses(scan)?,
            in_reply_to: text(scan)?,
            message_id: text(scan)?,
        };
        close(scan)?;
        Ok(envelope)
    }
}

impl Address {
    fn read(scan: &mut Scan<'_>) -> Result<Self, ParseError> {
        if !scan.eat(b'(') {
            return Err(scan.error("an address"));
        }
        let mut next = || {
            scan.blanks();
            scan.nstring().map(optional)
        };
        let address = Self { name: next()?, route: next()?, mailbox: next()?, host: next()? };
        close(scan)?;
        Ok(address)
    }
}

/// Passes over what nobody knows, up to the closing parenthesis.
pub(super) fn close(scan: &mut Scan<'_>) -> Result<(), ParseError> {
    loop {
        scan.blanks();
        if scan.eat(b')') {
            return Ok(());
        }
        scan.value()?;
    }
}
