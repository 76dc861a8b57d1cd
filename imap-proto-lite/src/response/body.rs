//! BODY and BODYSTRUCTURE (RFC 9051 section 7.5.2): the MIME tree, as the server has parsed it.

use super::envelope::{Envelope, close, text};
use crate::ParseError;
use crate::lexical::{MAX_DEPTH, Scan};
use bytes::Bytes;

/// Names and values.
pub(super) type Parameters = Vec<(Bytes, Bytes)>;

/// One node of the MIME tree.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyStructure {
    /// `text`, `image` ...; `multipart` for a node that has parts.
    pub media_type: Bytes,
    /// `plain`, `png`, `mixed` ...
    pub subtype: Bytes,
    /// Of the Content-Type field.
    pub parameters: Vec<(Bytes, Bytes)>,
    /// Content-ID.
    pub id: Option<Bytes>,
    /// Content-Description.
    pub description: Option<Bytes>,
    /// Content-Transfer-Encoding.
    pub encoding: Option<Bytes>,
    /// Bytes of its body, encoded.
    pub size: Option<u64>,
    /// Lines of its body, for text and enclosed messages.
    pub lines: Option<u64>,
    /// Of an enclosed message.
    pub envelope: Option<Box<Envelope>>,
    /// Its parts; of an enclosed message the one that is its body.
    pub parts: Vec<Self>,
    /// Content-Disposition and its parameters.
    pub disposition: Option<(Bytes, Vec<(Bytes, Bytes)>)>,
}

impl BodyStructure {
    pub(super) fn read(scan: &mut Scan<'_>, depth: usize) -> Result<Self, ParseError> {
        if depth >= MAX_DEPTH {
            // Deeper than anybody nests: passed over.
            scan.value()?;
            return Ok(Self::default());
        }
        if !scan.eat(b'(') {
            return Err(scan.error("a body structure"));
        }
        scan.blanks();
        let body = if scan.peek() == Some(b'(') {
            Self::multipart(scan, depth)?
        } else {
            Self::single(scan, depth)?
        };
        close(scan)?;
        Ok(body)
    }

    fn multipart(scan: &mut Scan<'_>, depth: usize) -> Result<Self, ParseError> {
        let mut body = Self { media_type: Bytes::from_static(b"multipart"), ..Self::default() };
        while scan.peek() == Some(b'(') {
            body.parts.push(Self::read(scan, depth + 1)?);
            scan.blanks();
        }
        body.subtype = scan.astring_bytes()?;
        scan.blanks();
        if matches!(scan.peek(), Some(byte) if byte != b')') {
            body.parameters = parameters(scan)?;
            body.disposition = disposition(scan)?;
        }
        Ok(body)
    }

    fn single(scan: &mut Scan<'_>, depth: usize) -> Result<Self, ParseError> {
        let mut body = Self::default();
        for slot in [&mut body.media_type, &mut body.subtype] {
            let mut word = None;
            text(scan, &mut word)?;
            *slot = word.unwrap_or_default();
        }
        body.parameters = parameters(scan)?;
        for slot in [&mut body.id, &mut body.description, &mut body.encoding] {
            text(scan, slot)?;
        }
        body.size = number(scan)?;
        scan.blanks();
        let encloses = body.media_type.eq_ignore_ascii_case(b"message") && scan.peek() == Some(b'(');
        if encloses {
            body.envelope = Some(Envelope::read(scan)?);
            scan.blanks();
            body.parts.push(Self::read(scan, depth + 1)?);
            body.lines = number(scan)?;
        } else if scan.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == b'-') {
            body.lines = number(scan)?;
        }
        // Extension data: MD5, disposition, language, location.
        scan.blanks();
        if matches!(scan.peek(), Some(byte) if byte != b')') {
            scan.nstring()?;
            body.disposition = disposition(scan)?;
        }
        Ok(body)
    }

    /// Whether it encloses a message.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.envelope.is_some()
    }

    /// Whether it is a node with parts of its own.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.envelope.is_none() && !self.parts.is_empty()
    }

    /// The leaves with their numbers as FETCH names them (RFC 9051 section 6.4.5.1): an undivided message is part 1.
    #[must_use]
    pub fn leaves(&self) -> Vec<(Vec<u32>, &Self)> {
        let mut leaves = Vec::new();
        self.walk(&mut Vec::new(), &mut leaves);
        leaves
    }

    fn walk<'a>(&'a self, path: &mut Vec<u32>, leaves: &mut Vec<(Vec<u32>, &'a Self)>) {
        if self.is_multipart() {
            for (number, part) in (1..).zip(&self.parts) {
                path.push(number);
                part.walk(path, leaves);
                path.pop();
            }
            return;
        }
        if path.is_empty() {
            path.push(1);
            leaves.push((path.clone(), self));
            path.pop();
        } else {
            leaves.push((path.clone(), self));
        }
    }
}

/// A size; negative ones and NIL are told as none.
fn number(scan: &mut Scan<'_>) -> Result<Option<u64>, ParseError> {
    scan.blanks();
    let text = scan.astring_bytes()?;
    Ok(str::from_utf8(&text).ok().and_then(|text| text.parse().ok()))
}

fn parameters(scan: &mut Scan<'_>) -> Result<Parameters, ParseError> {
    scan.blanks();
    // `""` for NIL.
    if scan.rest().starts_with(b"\"\"") {
        scan.skip(2);
        return Ok(Vec::new());
    }
    let mut words = scan.list(Scan::astring_bytes)?.into_iter();
    let mut parameters = Vec::with_capacity(words.len() / 2);
    while let (Some(name), value) = (words.next(), words.next()) {
        parameters.push((name, value.unwrap_or_default()));
    }
    Ok(parameters)
}

/// NIL or `("attachment" ("filename" "a.pdf"))`.
fn disposition(scan: &mut Scan<'_>) -> Result<Option<(Bytes, Parameters)>, ParseError> {
    scan.blanks();
    match scan.peek() {
        None | Some(b')') => Ok(None),
        Some(b'(') => {
            scan.skip(1);
            scan.blanks();
            let kind = scan.astring_bytes()?;
            scan.blanks();
            let parameters = if scan.peek() == Some(b')') { Vec::new() } else { parameters(scan)? };
            close(scan)?;
            Ok(Some((kind, parameters)))
        }
        Some(_) => {
            scan.nstring()?;
            Ok(None)
        }
    }
}
