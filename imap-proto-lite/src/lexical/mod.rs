//! Tokens, and a place in a line from which they are taken.

mod literal;
mod token;

pub(crate) use literal::{Announced, announced};
pub(crate) use token::is_atom;

use crate::ParseError;
use bytes::Bytes;
use nom::Parser;
use nom::error::Error;
use std::borrow::Cow;
use token::Str;

/// A string of the wire, which may be absent (`NIL`) or too large to stand in its line.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Content {
    /// `NIL`: there is none.
    Nil,
    /// The bytes, without quotes and escapes.
    Inline(Bytes),
    /// A literal of so many bytes, whose content is not in the line.
    Streamed(u64),
}

impl Content {
    /// The bytes, if they stand in the line.
    #[must_use]
    pub const fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Inline(bytes) => Some(bytes),
            Self::Nil | Self::Streamed(_) => None,
        }
    }
}

/// The deepest nesting that is read as what it means.
pub(crate) const MAX_DEPTH: usize = 100;

/// A place in a line. Every step takes at least one byte or leaves the place as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan<'a> {
    line: &'a Bytes,
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub(crate) fn new(line: &'a Bytes) -> Self {
        Self { line, rest: line }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn error(&self, expected: &'static str) -> ParseError {
        ParseError::new(self.line, self.rest, expected)
    }

    /// The part of the line that `part`, a slice of it, shows. An empty part keeps nothing of the line alive.
    pub(crate) fn share(&self, part: &[u8]) -> Bytes {
        if part.is_empty() { Bytes::new() } else { self.line.slice_ref(part) }
    }

    pub(crate) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.skip(1);
        }
        found
    }

    /// Passes over blanks; whether there was one.
    pub(crate) fn blanks(&mut self) -> bool {
        let blanks = self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.skip(blanks);
        blanks > 0
    }

    /// Up to the next blank or the end: a tag, a verb.
    pub(crate) fn word(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// What satisfies the condition, perhaps nothing.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !wanted(*byte)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// Up to the first byte that satisfies the condition, which sees each byte once and in order.
    pub(crate) fn take_until(&mut self, mut unwanted: impl FnMut(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| unwanted(*byte)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// All that is left, without the blanks at its end.
    pub(crate) fn remainder(&mut self) -> Bytes {
        let text = self.rest.trim_ascii_end();
        self.rest = &[];
        self.share(text)
    }

    /// Runs a token parser.
    fn token<T, P>(&mut self, mut parser: P, expected: &'static str) -> Result<T, ParseError>
    where
        P: Parser<&'a [u8], Output = T, Error = Error<&'a [u8]>>,
    {
        match parser.parse(self.rest) {
            Ok((rest, value)) => {
                self.rest = rest;
                Ok(value)
            }
            Err(_) => Err(self.error(expected)),
        }
    }

    fn owned(&self, text: Cow<'a, [u8]>) -> Bytes {
        match text {
            Cow::Borrowed(text) => self.share(text),
            Cow::Owned(text) => Bytes::from(text),
        }
    }

    fn content(&self, text: Str<'a>) -> Content {
        match text {
            Str::Whole(text) => Content::Inline(self.owned(text)),
            Str::Elsewhere(size) => Content::Streamed(size),
        }
    }

    pub(crate) fn atom(&mut self) -> Result<Bytes, ParseError> {
        let atom = self.token(token::atom, "an atom")?;
        Ok(self.share(atom))
    }

    pub(crate) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, ParseError> {
        let here = *self;
        let number = self.token(nom::character::complete::u64, "a number")?;
        T::try_from(number).map_err(|_| here.error("a smaller number"))
    }

    /// An atom, a quoted string or a literal.
    pub(crate) fn astring(&mut self) -> Result<Content, ParseError> {
        let text = self.token(token::astring, "a string")?;
        Ok(self.content(text))
    }

    /// The same where the value must be in the line; a literal that is elsewhere counts as empty.
    pub(crate) fn astring_bytes(&mut self) -> Result<Bytes, ParseError> {
        Ok(match self.astring()? {
            Content::Inline(bytes) => bytes,
            Content::Nil | Content::Streamed(_) => Bytes::new(),
        })
    }

    /// A string or `NIL`; other atoms are taken for strings, as servers write them.
    pub(crate) fn nstring(&mut self) -> Result<Content, ParseError> {
        match self.rest {
            // What nearly all of them are.
            [b'"', ..] => {
                let Ok((rest, text)) = token::quoted(self.rest) else {
                    return Err(self.error("the end of a quoted string"));
                };
                self.rest = rest;
                return Ok(Content::Inline(self.owned(text)));
            }
            [b'N', b'I', b'L', rest @ ..] if rest.first().is_none_or(|byte| !is_atom(*byte)) => {
                self.rest = rest;
                return Ok(Content::Nil);
            }
            _ => {}
        }
        let text = self.token(token::astring, "a string or NIL")?;
        Ok(match text {
            Str::Whole(Cow::Borrowed(text)) if self.is_nil(text) => Content::Nil,
            text => self.content(text),
        })
    }

    /// The same into its place; a literal that is elsewhere counts as absent. Most strings are short and in quotes, and
    /// there are many of them.
    #[inline]
    pub(crate) fn nstring_into(&mut self, slot: &mut Option<Bytes>) -> Result<(), ParseError> {
        if let [b'"', text @ ..] = self.rest
            && let Some(end) = text.iter().position(|byte| matches!(byte, b'"' | b'\\'))
            && let Some((text, [b'"', rest @ ..])) = text.split_at_checked(end)
        {
            self.rest = rest;
            *slot = Some(self.share(text));
            return Ok(());
        }
        *slot = match self.nstring()? {
            Content::Inline(bytes) => Some(bytes),
            Content::Nil | Content::Streamed(_) => None,
        };
        Ok(())
    }

    /// A string or `NIL`, and nothing else.
    pub(crate) fn strict_nstring(&mut self) -> Result<Content, ParseError> {
        match self.peek() {
            Some(b'"' | b'{' | b'~') => {
                let text = self.token(token::string, "a string")?;
                Ok(self.content(text))
            }
            _ => {
                let here = *self;
                match self.nstring()? {
                    Content::Nil => Ok(Content::Nil),
                    _ => Err(here.error("a string or NIL")),
                }
            }
        }
    }

    /// Whether `text`, a slice of the line, is the atom NIL and not a string of these letters.
    fn is_nil(&self, text: &[u8]) -> bool {
        use nom::Offset as _;
        let quoted = self
            .line
            .as_ref()
            .offset(text)
            .checked_sub(1)
            .is_some_and(|before| matches!(self.line.get(before), Some(b'"' | b'\n')));
        text.eq_ignore_ascii_case(b"NIL") && !quoted
    }

    /// Items in parentheses, separated by blanks or nothing. `NIL` is the empty list.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        let mut items = Vec::new();
        self.each(|scan| {
            items.push(item(scan)?);
            Ok(())
        })?;
        Ok(items)
    }

    /// The same, one by one.
    pub(crate) fn each(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        if !self.eat(b'(') {
            if self.rest.get(..3).is_some_and(|nil| nil.eq_ignore_ascii_case(b"NIL")) {
                self.skip(3);
                return Ok(());
            }
            return Err(self.error("a list"));
        }
        loop {
            self.blanks();
            if self.eat(b')') {
                return Ok(());
            }
            item(self)?;
        }
    }

    /// Passes over one value, whatever it is: an atom, a string, a parenthesised list of any depth. Returns it as it
    /// stands in the line.
    pub(crate) fn value(&mut self) -> Result<Bytes, ParseError> {
        let start = self.rest;
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                None => return Err(self.error("a value")),
                Some(b'(') => {
                    depth += 1;
                    self.skip(1);
                }
                Some(b')') if depth == 0 => return Err(self.error("a value")),
                Some(b')') => {
                    depth -= 1;
                    self.skip(1);
                }
                Some(b' ' | b'\t') if depth > 0 => self.skip(1),
                Some(b'"') => drop(self.token(token::quoted, "the end of a quoted string")?),
                Some(_) => drop(self.token(token::astring, "a value")?),
            }
            if depth == 0 {
                let len = start.len() - self.rest.len();
                return Ok(self.share(start.get(..len).unwrap_or(start)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_shape_are_passed_over() {
        let deep = format!("{}x{} rest", "(".repeat(20_000), ")".repeat(20_000));
        for (line, value) in [
            ("atom rest", Some("atom")),
            ("\"a )(\" rest", Some("\"a )(\"")),
            ("(a (b \"c)\") {3}\r\n))) d) rest", Some("(a (b \"c)\") {3}\r\n))) d)")),
            ("() rest", Some("()")),
            (deep.as_str(), deep.strip_suffix(" rest")),
            ("(a", None),
            (") rest", None),
            ("", None),
        ] {
            let line = Bytes::copy_from_slice(line.as_bytes());
            let mut scan = Scan::new(&line);
            let read = scan.value().ok();
            assert_eq!(read.as_deref(), value.map(str::as_bytes));
            if read.is_some() {
                assert_eq!(scan.rest(), b" rest");
            }
        }
    }

    #[test]
    fn nil_is_an_atom_and_no_string() {
        for (line, expected) in [
            ("NIL", Content::Nil),
            ("nil", Content::Nil),
            ("\"NIL\"", Content::Inline("NIL".into())),
            ("{3}\r\nNIL", Content::Inline("NIL".into())),
            ("\"\"", Content::Inline("".into())),
            ("{7}\n", Content::Streamed(7)),
        ] {
            let line = Bytes::copy_from_slice(line.as_bytes());
            assert_eq!(Scan::new(&line).nstring(), Ok(expected), "{line:?}");
        }
    }
}
