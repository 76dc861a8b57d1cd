//! The attributes of one tag of HTML (HTML Standard section 13.2.5), for the name of the file in its address.

use crate::slice;

/// Longest tag, the content of addresses apart.
pub(super) const MAX_TAG: usize = 1024;

/// So many places before an address are tried for the `<` of its tag, since values may hold one as well.
const TRIES: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a name, or between attributes.
    Name,
    /// Behind a name and blanks.
    Named,
    /// Behind `=`.
    Equals,
    /// In a value: what ends it, or a blank does.
    Value(Option<u8>),
    Over,
}

/// A tag that is read as it comes.
#[derive(Debug)]
pub(super) struct Tag {
    place: Place,
    /// The name of the attribute, in lower case.
    attribute: Vec<u8>,
    value: Vec<u8>,
    /// The value of the first `download`, once it is whole.
    download: Option<Vec<u8>>,
    /// A quote stood in a name, where browsers do not expect one either.
    odd: bool,
    /// Bytes that it may go on for.
    left: usize,
}

impl Tag {
    /// The tag that is open at the end of `text`.
    pub(super) fn open_at_end(text: &[u8]) -> Option<Self> {
        let text = slice::split(text, text.len().saturating_sub(MAX_TAG)).1;
        let mut end = text.len();
        for _ in 0..TRIES {
            end = memchr::memrchr(b'<', slice::split(text, end).0)?;
            let inner = slice::split(text, end + 1).1;
            if !inner.first().is_some_and(u8::is_ascii_alphabetic) {
                continue;
            }
            let mut tag = Self {
                place: Place::Name,
                attribute: Vec::new(),
                value: Vec::new(),
                download: None,
                odd: false,
                left: MAX_TAG,
            };
            tag.push(inner);
            if !tag.is_over() && !tag.odd {
                return Some(tag);
            }
        }
        None
    }

    pub(super) const fn memory(&self) -> usize {
        let download = match &self.download {
            Some(value) => value.capacity(),
            None => 0,
        };
        self.attribute.capacity() + self.value.capacity() + download
    }

    /// Whether nothing more of it comes, or is looked at.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.place, Place::Over)
    }

    /// Whether what was read last is the scheme of the address that the tag leads to; the prefix of a name space may stand
    /// before the attribute.
    pub(super) fn is_link(&self) -> bool {
        matches!(self.place, Place::Value(_))
            && self.local() == b"href"
            && slice::trim_start(&self.value, slice::is_space).eq_ignore_ascii_case(b"data:")
    }

    /// The value of `download`, with its character references.
    pub(super) fn download(&self) -> Option<&[u8]> {
        self.download.as_deref()
    }

    /// Reads on.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.is_over() {
                return;
            }
            self.place = match self.left.checked_sub(1) {
                Some(left) => {
                    self.left = left;
                    self.next(*byte)
                }
                None => Place::Over,
            };
        }
    }

    fn next(&mut self, byte: u8) -> Place {
        let blank = slice::is_space(byte);
        match self.place {
            Place::Over => Place::Over,
            Place::Name | Place::Named => match byte {
                b'>' => Place::Over,
                b'/' => {
                    self.attribute.clear();
                    Place::Name
                }
                b'=' if !self.attribute.is_empty() => Place::Equals,
                _ if blank && self.attribute.is_empty() => Place::Name,
                _ if blank => Place::Named,
                _ => {
                    if self.place == Place::Named {
                        self.attribute.clear();
                    }
                    self.odd |= matches!(byte, b'"' | b'\'');
                    self.attribute.push(byte.to_ascii_lowercase());
                    Place::Name
                }
            },
            Place::Equals => {
                self.value.clear();
                match byte {
                    _ if blank => Place::Equals,
                    b'>' => Place::Over,
                    b'"' | b'\'' => Place::Value(Some(byte)),
                    _ => {
                        self.value.push(byte);
                        Place::Value(None)
                    }
                }
            }
            Place::Value(quote) => {
                let ends = match quote {
                    Some(quote) => byte == quote,
                    None => blank || byte == b'>',
                };
                if !ends {
                    self.value.push(byte);
                    return self.place;
                }
                self.end_value();
                if quote.is_none() && byte == b'>' { Place::Over } else { Place::Name }
            }
        }
    }

    fn end_value(&mut self) {
        // Of attributes that stand there twice browsers take the first.
        if self.local() == b"download" && self.download.is_none() {
            self.download = Some(core::mem::take(&mut self.value));
        }
        self.attribute.clear();
    }

    /// The name of the attribute without the prefix of a name space.
    fn local(&self) -> &[u8] {
        self.attribute.rsplit(|byte| *byte == b':').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_at_the_end() {
        let long = format!("<a download=x title=\"{}\" href=data:", "y".repeat(MAX_TAG));
        for (text, expected) in [
            ("<a href=\"data:", Some((true, None))),
            ("<p>x</p> <A\nDOWNLOAD='x.zip' HREF = \" Data:", Some((true, Some("x.zip")))),
            ("<a download=x.zip href=data:", Some((true, Some("x.zip")))),
            ("<a download href=data:", Some((true, None))),
            ("<a download= href=data:", Some((false, None))),
            ("<a/download=x/href=data:", Some((false, None))),
            ("<a/download='x'/href=data:", Some((true, Some("x")))),
            ("<svg:a download=x xlink:href='data:", Some((true, Some("x")))),
            ("<a download=\"\" href='data:", Some((true, Some("")))),
            ("<a download=x download=y href='data:", Some((true, Some("x")))),
            ("<a data-download=x href='data:", Some((true, None))),
            // Signs that mean nothing in quotes.
            ("<a download=\"a<b>'c.zip\" href=\"data:", Some((true, Some("a<b>'c.zip")))),
            ("<a title='<a' download='<b' class='<i' href='data:", Some((true, Some("<b")))),
            // Other addresses.
            ("<img download=x src='data:", Some((false, Some("x")))),
            ("<a download=x style='b:url(data:", Some((false, Some("x")))),
            ("<a download=x href='x data:", Some((false, Some("x")))),
            // No tag.
            ("<a download=x>data:", None),
            ("</a href=\"data:", None),
            ("href=\"data:", None),
            ("1 < 2 data:", None),
            (&long, None),
        ] {
            let tag = Tag::open_at_end(text.as_bytes());
            let told = tag.as_ref().map(|tag| (tag.is_link(), tag.download().map(String::from_utf8_lossy)));
            let told = told.as_ref().map(|(link, name)| (*link, name.as_deref()));
            assert_eq!(told, expected, "{text:?}");
        }
    }

    #[test]
    fn what_stands_behind() {
        let endless = format!("\" title='{}' download=x>", "y".repeat(MAX_TAG));
        for (text, expected) in [
            ("\" download='x.zip'>", (Some("x.zip"), true)),
            ("\" download=x.zip>", (Some("x.zip"), true)),
            ("\" download=x", (None, false)),
            ("\"\" class=a\tdownload = x ", (Some("x"), false)),
            ("\"download=\"a>b\"", (Some("a>b"), false)),
            ("\"><a download=x>", (None, true)),
            ("\" download/>", (None, true)),
            ("\" download=>", (None, true)),
            (&endless, (None, true)),
        ] {
            let mut tag = Tag::open_at_end(b"<a href=\"data:").unwrap();
            tag.push(text.as_bytes());
            let name = tag.download().map(String::from_utf8_lossy);
            assert_eq!((name.as_deref(), tag.is_over()), expected, "{text:?}");
        }
    }
}
