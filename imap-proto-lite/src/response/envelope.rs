//! ENVELOPE (RFC 9051 section 7.5.2): the header, as the server has parsed it.

use crate::ParseError;
use crate::lexical::Scan;
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

impl Envelope {
    pub(super) fn read(scan: &mut Scan<'_>) -> Result<Box<Self>, ParseError> {
        if !scan.eat(b'(') {
            return Err(scan.error("an envelope"));
        }
        // Each field is read into its place: moving it there would take as long.
        let mut envelope = Box::<Self>::default();
        text(scan, &mut envelope.date)?;
        text(scan, &mut envelope.subject)?;
        addresses(scan, &mut envelope.from)?;
        addresses(scan, &mut envelope.sender)?;
        addresses(scan, &mut envelope.reply_to)?;
        addresses(scan, &mut envelope.to)?;
        addresses(scan, &mut envelope.cc)?;
        addresses(scan, &mut envelope.bcc)?;
        text(scan, &mut envelope.in_reply_to)?;
        text(scan, &mut envelope.message_id)?;
        close(scan)?;
        Ok(envelope)
    }
}

/// The string, if there is one.
pub(super) fn text(scan: &mut Scan<'_>, slot: &mut Option<Bytes>) -> Result<(), ParseError> {
    scan.blanks();
    scan.nstring_into(slot)
}

fn addresses(scan: &mut Scan<'_>, addresses: &mut Vec<Address>) -> Result<(), ParseError> {
    scan.blanks();
    // `""` for NIL.
    if scan.rest().starts_with(b"\"\"") {
        scan.skip(2);
        return Ok(());
    }
    scan.each(|scan| {
        addresses.push(Address::default());
        addresses.last_mut().map_or(Ok(()), |address| address.read(scan))
    })
}

impl Address {
    fn read(&mut self, scan: &mut Scan<'_>) -> Result<(), ParseError> {
        if !scan.eat(b'(') {
            return Err(scan.error("an address"));
        }
        for slot in [&mut self.name, &mut self.route, &mut self.mailbox, &mut self.host] {
            text(scan, slot)?;
        }
        close(scan)
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
