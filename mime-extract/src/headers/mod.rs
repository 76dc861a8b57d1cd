//! The fields of one header block (RFC 5322 section 2.2).

mod address;
mod authentication;
pub(crate) mod block;
mod date;
pub(crate) mod encoded_word;
pub(crate) mod line;
mod odd;
mod received;

pub use address::Address;
pub use authentication::{AuthenticationResult, AuthenticationResults};
pub use date::Date;
pub use received::Received;

use crate::slice;
use std::borrow::Cow;
use std::sync::Arc;

/// Where a field stands in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) name_end: u32,
    pub(crate) value: u32,
    pub(crate) end: u32,
    pub(crate) offset: u64,
}

impl Span {
    /// Takes from the value the bytes at its start that `before` names, and the blanks at its end.
    pub(crate) fn trim(&mut self, bytes: &[u8], before: impl Fn(u8) -> bool) {
        let byte = |at: u32| bytes.get(at as usize).copied();
        while self.end > self.value && byte(self.end - 1).is_some_and(slice::is_space) {
            self.end -= 1;
        }
        while self.value < self.end && byte(self.value).is_some_and(&before) {
            self.value += 1;
        }
    }
}

/// The fields of one header block, in order. A copy that keeps no packet alive; clones share it.
///
/// ```
/// # use mime_extract::{Config, EventKind, Extractor};
/// # let mut extractor = Extractor::new(Config::default());
/// # extractor.push("From: =?utf-8?q?Andr=C3=A9?= <a@example.org>\r\nDate: 1 Jan 2001 00:00 +0100\r\n\r\n".into());
/// # extractor.finish();
/// # for event in extractor.events() {
/// # if let EventKind::Headers(headers) = event.kind {
/// let from = headers.addresses("from");
/// assert_eq!((from[0].name.as_deref(), &*from[0].address), (Some("André"), "a@example.org"));
/// assert_eq!(headers.date("Date").unwrap().unix, 978_303_600);
/// # }}
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// `None` where there is nothing.
    kept: Option<Arc<Kept>>,
}

/// What is kept of a block.
#[derive(PartialEq, Eq)]
struct Kept {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    complete: bool,
}

/// One field of a header block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
    offset: u64,
}

impl Headers {
    pub(crate) fn new(bytes: Vec<u8>, spans: Vec<Span>, complete: bool) -> Self {
        let nothing = bytes.is_empty() && spans.is_empty() && !complete;
        Self { kept: (!nothing).then(|| Arc::new(Kept { bytes, spans, complete })) }
    }

    fn spans(&self) -> &[Span] {
        self.kept.as_ref().map_or(&[], |kept| &kept.spans)
    }

    /// The fields, in order. A line that is no field comes as one without a name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Field<'_>> + ExactSizeIterator {
        self.spans().iter().map(|span| self.field(span))
    }

    fn field(&self, span: &Span) -> Field<'_> {
        let bytes = self.kept.as_ref().map_or(&[][..], |kept| &kept.bytes);
        let part = |from: u32, to: u32| slice::range(bytes, from as usize, to as usize);
        Field {
            name: part(span.start, span.name_end),
            value: part(span.value, span.end),
            offset: span.offset,
        }
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans().is_empty()
    }

    /// Whether all bytes of the block were seen and kept, to the empty line that ends it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.complete)
    }

    /// The first field of that name, in any case.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<Field<'_>> {
        self.all(name).next()
    }

    /// All fields of that name, in any case, in order.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = Field<'a>> + use<'a, 'n> {
        // Most names differ in length already.
        let long = move |span: &&Span| (span.name_end - span.start) as usize == name.len();
        self.spans().iter().filter(long).map(|span| self.field(span)).filter(move |field| field.is(name))
    }

    /// The decoded text of the first field of that name; see [`Field::text`].
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name).map(|field| field.text())
    }

    /// The addresses of all fields of that name; see [`Field::addresses`].
    #[must_use]
    pub fn addresses(&self, name: &str) -> Vec<Address> {
        self.all(name).flat_map(|field| field.addresses()).collect()
    }

    /// The date in the first field of that name; see [`Field::date`].
    #[must_use]
    pub fn date(&self, name: &str) -> Option<Date> {
        self.first(name).and_then(|field| field.date())
    }

    /// The way that the message took, the newest first; see [`Field::received`].
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.all("received").map(|field| field.received()).collect()
    }

    /// What servers checked, the newest first; see [`Field::authentication_results`].
    #[must_use]
    pub fn authentication_results(&self) -> Vec<AuthenticationResults> {
        self.all("authentication-results").map(|field| field.authentication_results()).collect()
    }

    /// The message ids of all fields of that name; see [`Field::message_ids`].
    #[must_use]
    pub fn message_ids(&self, name: &str) -> Vec<String> {
        self.all(name).flat_map(|field| field.message_ids()).collect()
    }
}

impl core::fmt::Debug for Headers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> Field<'a> {
    /// The name, as it stands there; empty for a line that is no field.
    #[must_use]
    pub const fn name(&self) -> &'a [u8] {
        self.name
    }

    /// The value with its folds, without the blanks around it.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.value
    }

    /// Where the field begins in the message, in bytes; in a decoded message where its encoded run begins.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether that is the name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value on one line (RFC 5322 section 2.2.3): line ends before blanks are taken out, all else is kept.
    #[must_use]
    pub fn unfolded(&self) -> Cow<'a, [u8]> {
        if memchr::memchr(b'\n', self.value).is_none() {
            return Cow::Borrowed(self.value);
        }
        let lines = self.value.split(|byte| *byte == b'\n');
        Cow::Owned(lines.flat_map(|line| line.strip_suffix(b"\r").unwrap_or(line)).copied().collect())
    }

    /// The value as text: unfolded, encoded words decoded (RFC 2047). Raw bytes are read as UTF-8 or, where they are
    /// not, as windows-1252.
    #[must_use]
    pub fn text(&self) -> String {
        encoded_word::decode(&self.unfolded())
    }

    /// The value as a list of addresses (RFC 5322 section 3.4). What is no address comes as one with all its text.
    #[must_use]
    pub fn addresses(&self) -> Vec<Address> {
        address::parse(&self.unfolded())
    }

    /// The value as a date (RFC 5322 section 3.3); in a `Received` field what stands behind the last semicolon.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        let value = self.unfolded();
        let date = match memchr::memrchr(b';', &value) {
            Some(at) if self.is("received") => slice::split(&value, at + 1).1,
            _ => &value,
        };
        date::parse(date)
    }

    /// The value as that of a `Received` field (RFC 5321 section 4.4).
    ///
    /// ```
    /// # use mime_extract::{Config, EventKind, Extractor};
    /// # let mut extractor = Extractor::new(Config::default());
    /// # extractor.push("Received: from c.example (host.example [192.0.2.1])\r\n by mx.example with ESMTPS id 7; 1 Jan 2001 00:00:00 GMT\r\n\r\n".into());
    /// # extractor.finish();
    /// # for event in extractor.events() {
    /// # if let EventKind::Headers(headers) = event.kind {
    /// let hop = &headers.received()[0];
    /// assert_eq!((hop.helo.as_deref(), hop.host.as_deref()), (Some("c.example"), Some("host.example")));
    /// assert_eq!(hop.time.unwrap().unix, 978_307_200);
    /// # }}
    /// ```
    #[must_use]
    pub fn received(&self) -> Received {
        received::parse(&self.text())
    }

    /// The value as that of an `Authentication-Results` or `ARC-Authentication-Results` field (RFC 8601).
    #[must_use]
    pub fn authentication_results(&self) -> AuthenticationResults {
        authentication::parse(&self.text())
    }

    /// The value as message ids (RFC 5322 section 3.6.4), without their angle brackets. Where there are no brackets,
    /// each word is one.
    #[must_use]
    pub fn message_ids(&self) -> Vec<String> {
        let value = self.unfolded();
        let text = |id: &[u8]| String::from_utf8_lossy(slice::trim(id, slice::is_space)).into_owned();
        let bracketed: Vec<_> = value
            .split(|byte| *byte == b'>')
            .filter_map(|piece| memchr::memrchr(b'<', piece).map(|at| text(slice::split(piece, at + 1).1)))
            .collect();
        if !bracketed.is_empty() {
            return bracketed;
        }
        value.split(|byte| slice::is_space(*byte)).filter(|word| !word.is_empty()).map(text).collect()
    }
}

impl core::fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.name.escape_ascii(), self.value.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(value: &'static str) -> Field<'static> {
        Field { name: b"X", value: value.as_bytes(), offset: 0 }
    }

    #[test]
    fn folds_go_and_blanks_stay() {
        for (value, unfolded) in
            [("a", "a"), ("a\r\n b", "a b"), ("a\n\t b\r\n c", "a\t b c"), ("a\rb\r\n \r\n c", "a\rb  c")]
        {
            assert_eq!(&*field(value).unfolded(), unfolded.as_bytes(), "{value:?}");
        }
    }

    #[test]
    fn message_ids() {
        for (value, ids) in [
            ("<a@b>", &["a@b"][..]),
            ("<a@b> (x) <c@d>\r\n <e>", &["a@b", "c@d", "e"]),
            ("<a@b", &["a@b"]),
            ("a@b c@d", &["a@b", "c@d"]),
            ("junk <<a@b> >", &["a@b"]),
            ("", &[]),
        ] {
            assert_eq!(field(value).message_ids(), ids, "{value:?}");
        }
    }

    #[test]
    fn the_date_of_a_received_field_stands_behind_the_last_semicolon() {
        let value = b"from a by b for <x;y@z>; Mon, 1 Jan 2001 00:00:00 +0000";
        let field = Field { name: b"Received", value, offset: 0 };
        assert_eq!(field.date().map(|date| date.unix), Some(978_307_200));
    }
}
