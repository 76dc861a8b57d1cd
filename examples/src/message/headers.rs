//! The header section of a message (RFC 5322 section 2.2), as far as the record shows it.

use super::received;
use crate::record::{HeaderField, Headers, MessageAnomaly, Received, Text};
use mailparse::MailHeader;

/// The most that is kept of a header section, in bytes.
const MAX: usize = 1 << 20;

/// Collects the header section from the first bytes of a message.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    /// How far `bytes` has been searched for the empty line.
    searched: usize,
    over: bool,
    too_long: bool,
}

/// What the header section says.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) headers: Headers,
    pub(crate) fields: Vec<HeaderField>,
    pub(crate) received: Vec<Received>,
    pub(crate) authentication_results: Vec<Text>,
    pub(crate) anomalies: Vec<MessageAnomaly>,
}

impl Head {
    pub(super) fn push(&mut self, content: &[u8]) {
        if self.over {
            return;
        }
        let room = MAX - self.bytes.len();
        self.bytes.extend_from_slice(content.get(..room).unwrap_or(content));
        self.over = content.len() > room;
        self.too_long = self.over;
        // A message may begin with the empty line.
        if matches!(self.bytes.as_slice(), [b'\n', ..] | [b'\r', b'\n', ..]) {
            self.bytes.clear();
            self.over = true;
            self.too_long = false;
            return;
        }
        while let Some(lf) = self.bytes.get(self.searched..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let next = self.searched + lf + 1;
            match self.bytes.get(next..) {
                Some([b'\n', ..] | [b'\r', b'\n', ..]) => {
                    self.bytes.truncate(next);
                    self.over = true;
                    self.too_long = false;
                    return;
                }
                // The line that decides has not come.
                Some([] | [b'\r']) => return,
                _ => self.searched = next,
            }
        }
    }

    /// What comes behind a hole is no header any more.
    pub(super) const fn end(&mut self) {
        self.over = true;
    }

    pub(super) fn parse(self) -> Parsed {
        let mut parsed = Parsed::default();
        for field in fields(&self.bytes) {
            parsed.add(&field);
        }
        if self.too_long {
            parsed.anomalies.push(MessageAnomaly::new("header-too-long", Some(Text::from(MAX.to_string()))));
        }
        parsed
    }
}

/// A field with the lines that continue it.
struct Field<'a> {
    name: &'a [u8],
    /// Behind the colon, line ends inside included, the last one not.
    value: &'a [u8],
    raw: &'a [u8],
    offset: u64,
}

/// The fields in order. A line that is none ends nothing and is passed over, as mail programs do.
fn fields(bytes: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        loop {
            let offset = (bytes.len() - rest.len()) as u64;
            let mut end = line_end(rest, 0)?;
            while matches!(rest.get(end), Some(b' ' | b'\t'))
                && let Some(next) = line_end(rest, end)
            {
                end = next;
            }
            let (raw, behind) = rest.split_at_checked(end)?;
            rest = behind;
            // RFC 5322 section 3.6.8: printable characters but the colon; RFC 822 let blanks stand before it.
            if let Some(colon) = memchr::memchr(b':', raw)
                && let Some((name, value)) = raw.split_at_checked(colon)
                && let name = name.trim_ascii_end()
                && !name.is_empty()
                && name.iter().all(|byte| matches!(byte, b'!'..=b'~' | 0x80..))
            {
                let value = value.get(1..).unwrap_or_default();
                let value = value.strip_suffix(b"\n").unwrap_or(value);
                let value = value.strip_suffix(b"\r").unwrap_or(value);
                return Some(Field { name, value, raw, offset });
            }
        }
    })
}

/// Where the line that begins at `from` ends; `None` if none begins there.
fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let line = bytes.get(from..).filter(|line| !line.is_empty())?;
    Some(memchr::memchr(b'\n', line).map_or(bytes.len(), |lf| from + lf + 1))
}

/// Unfolded and with its encoded words read (RFC 2047).
fn decoded(field: &Field<'_>) -> Text {
    match mailparse::parse_header(field.raw) {
        Ok((header, _)) => Text::from(MailHeader::get_value(&header)),
        Err(_) => Text::from(field.value.trim_ascii()),
    }
}

impl Parsed {
    fn add(&mut self, field: &Field<'_>) {
        self.fields.push(HeaderField(Text::from(field.name), Text::from(field.value), field.offset));
        let name = field.name.to_ascii_lowercase();
        match name.as_slice() {
            b"received" => return self.received.push(received::parse(decoded(field).as_str())),
            b"authentication-results" => return self.authentication_results.push(decoded(field)),
            _ => {}
        }
        let Some(slot) = self.slot(&name) else { return };
        if slot.is_none() {
            *slot = Some(decoded(field));
        } else {
            let name = Text::from(&name[..]);
            self.anomalies.push(MessageAnomaly::new("header-duplicate", Some(name)));
        }
    }

    /// Where the field of that name is shown.
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Text>> {
        let headers = &mut self.headers;
        Some(match name {
            b"from" => &mut headers.from,
            b"to" => &mut headers.to,
            b"cc" => &mut headers.cc,
            b"bcc" => &mut headers.bcc,
            b"reply-to" => &mut headers.reply_to,
            b"subject" => &mut headers.subject,
            b"date" => &mut headers.date,
            b"message-id" => &mut headers.message_id,
            b"in-reply-to" => &mut headers.in_reply_to,
            b"references" => &mut headers.references,
            b"return-path" => &mut headers.return_path,
            b"delivery-date" => &mut headers.delivery_date,
            b"envelope-to" => &mut headers.envelope_to,
            b"content-type" => &mut headers.content_type,
            b"content-language" => &mut headers.content_language,
            b"x-originating-ip" => &mut headers.x_originating_ip,
            b"user-agent" => &mut headers.user_agent,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(message: &[u8], chunk: usize) -> Parsed {
        let mut head = Head::default();
        for chunk in message.chunks(chunk) {
            head.push(chunk);
        }
        head.parse()
    }

    #[test]
    fn fields_are_read_whatever_the_chunks() {
        let message = b"From: =?utf-8?q?J=C3=B6rg?= <j@x>\r\nSubject: one\r\n two\r\nno field\r\nX-Y : z\r\n\r\nTo: body\r\n";
        for chunk in [1, 2, 7, 100] {
            let parsed = parse(message, chunk);
            let fields: Vec<_> =
                parsed.fields.iter().map(|field| (field.0.as_str(), field.1.as_str(), field.2)).collect();
            let expected = [
                ("From", " =?utf-8?q?J=C3=B6rg?= <j@x>", 0),
                ("Subject", " one\r\n two", 35),
                ("X-Y", " z", 65),
            ];
            assert_eq!(fields, expected, "{chunk}");
            assert_eq!(parsed.headers.from, Some(Text::from("J\u{f6}rg <j@x>")));
            assert_eq!(parsed.headers.subject, Some(Text::from("one two")));
            assert_eq!(parsed.headers.to, None);
        }
    }

    #[test]
    fn header_sections_of_every_shape() {
        for (message, count) in [
            (&b""[..], 0),
            (b"\r\nSubject: body\r\n", 0),
            (b"\nSubject: body\n", 0),
            (b"A: 1\nB: 2\n\nC: 3\n", 2),
            (b"A: 1\r\nB: 2", 2),
            (b" folded first\r\nA: 1\r\n\r\n", 1),
            (b": no name\r\nA: 1\r\n\r\n", 1),
        ] {
            for chunk in [1, 3, 1000] {
                assert_eq!(parse(message, chunk).fields.len(), count, "{:?} {chunk}", message.escape_ascii());
            }
        }
    }

    #[test]
    fn the_first_of_two_counts_and_the_second_is_told() {
        let parsed = parse(b"Subject: one\r\nSubject: two\r\n\r\n", 1000);
        assert_eq!(parsed.headers.subject, Some(Text::from("one")));
        let told = [MessageAnomaly::new("header-duplicate", Some(Text::from("subject")))];
        assert_eq!(parsed.anomalies, told);
    }

    #[test]
    fn a_header_without_end_is_bounded() {
        let parsed = parse(&b"X: y\r\n".repeat(MAX / 3), 4096);
        assert!(parsed.fields.len() <= MAX / 6 + 1);
        assert_eq!(parsed.anomalies.len(), 1);
    }
}
