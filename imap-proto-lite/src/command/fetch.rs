//! What FETCH asks for (RFC 9051 section 6.4.5).

use crate::ParseError;
use crate::lexical::Scan;
use crate::section::{Section, Specifier};
use bytes::Bytes;

/// One data item that is asked for.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in the case of the wire, `BODY.PEEK`, `FLAGS`.
    pub name: Bytes,
    /// The section, where one is named.
    pub section: Option<Section>,
    /// `<first.length>`: only so many bytes, from the first on.
    pub partial: Option<(u64, u64)>,
}

/// One item, or several in parentheses. Modifiers behind them (RFC 4466) are items as well.
pub(super) fn attributes(scan: &mut Scan<'_>) -> Result<Vec<Attribute>, ParseError> {
    let mut attributes = Vec::new();
    loop {
        scan.blanks();
        if scan.is_empty() {
            return Ok(attributes);
        }
        if scan.peek() == Some(b'(') {
            attributes.extend(scan.list(attribute)?);
        } else {
            attributes.push(attribute(scan)?);
        }
    }
}

fn attribute(scan: &mut Scan<'_>) -> Result<Attribute, ParseError> {
    let name = scan.take_while(|byte| !matches!(byte, 0..=b' ' | b'(' | b')' | b'[' | b'<' | b'"'));
    if name.is_empty() {
        // BINARY sizes, vendors' lists: passed over as a whole.
        return Ok(Attribute { name: scan.value()?, section: None, partial: None });
    }
    let old = match name.to_ascii_uppercase().as_slice() {
        b"RFC822" | b"RFC822.PEEK" => Some(Section::whole()),
        b"RFC822.HEADER" | b"RFC822.HEADER.PEEK" => Some(Section::of_message(Specifier::Header)),
        b"RFC822.TEXT" | b"RFC822.TEXT.PEEK" => Some(Section::of_message(Specifier::Text)),
        _ => None,
    };
    let binary = name.get(..6).is_some_and(|name| name.eq_ignore_ascii_case(b"BINARY"));
    let section = if scan.eat(b'[') { Some(Section::read(scan, binary)?) } else { old };
    let partial = partial(scan)?;
    Ok(Attribute { name: scan.share(name), section, partial })
}

fn partial(scan: &mut Scan<'_>) -> Result<Option<(u64, u64)>, ParseError> {
    if !scan.eat(b'<') {
        return Ok(None);
    }
    let first = scan.number()?;
    let length = if scan.eat(b'.') { scan.number()? } else { u64::MAX };
    if !scan.eat(b'>') {
        return Err(scan.error("the end of a range"));
    }
    Ok(Some((first, length)))
}
