//! URLs of IMAP (RFC 5092), as CATENATE and URLFETCH name content by them.

use super::key;
use crate::Section;
use crate::event::Mailbox;
use crate::lexical::Scan;
use bytes::Bytes;

/// What a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// The mailbox as text.
    pub(super) mailbox: String,
    /// It is the one that is open, and not named.
    pub(super) in_open: bool,
    pub(super) uid_validity: Option<u32>,
    pub(super) uid: u32,
    pub(super) section: Section,
    /// `;PARTIAL=0.1024`: first byte, and how many.
    pub(super) partial: Option<(u64, Option<u64>)>,
}

impl Url {
    /// Reads a URL; `None` where no message is named. Who may use it is not asked. One without a mailbox, or whose path
    /// does not begin at its root, is relative to the mailbox that is open (section 7.2).
    pub(super) fn read(url: &[u8], base: Option<&Mailbox>) -> Option<Self> {
        let path = match url.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case(b"imap://") => {
                let behind = url.get(7..)?;
                behind.get(behind.iter().position(|byte| *byte == b'/')?..)?
            }
            _ => url,
        };
        let parameters = path.iter().position(|byte| *byte == b';')?;
        let (named, parameters) = path.split_at_checked(parameters)?;
        let open = || base.and_then(|base| base.name.as_ref());
        let (mailbox, in_open) = match named {
            b"" | b"/" | b"." | b"./" => (key::text(open()?), true),
            [b'/', named @ ..] => (text(named)?, false),
            _ => (beside(&key::text(open()?), named)?, false),
        };
        let mailbox = if mailbox.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { mailbox };
        let (mut uid, mut uid_validity, mut section, mut partial) = (None, None, Section::whole(), None);
        for parameter in parameters.split(|byte| *byte == b';') {
            let parameter = parameter.strip_suffix(b"/").unwrap_or(parameter);
            let Some(equals) = parameter.iter().position(|byte| *byte == b'=') else { continue };
            let (name, value) = parameter.split_at_checked(equals)?;
            let value = decoded(value.get(1..)?);
            match name.to_ascii_uppercase().as_slice() {
                b"UID" => uid = Some(number(&value)?),
                b"UIDVALIDITY" => uid_validity = Some(number(&value)?),
                b"SECTION" => {
                    let text = Bytes::from([&value[..], b"]"].concat());
                    let mut scan = Scan::new(&text);
                    section = Section::read(&mut scan, false).ok().filter(|_| scan.is_empty())?;
                }
                b"PARTIAL" => {
                    let mut ends = value.splitn(2, |byte| *byte == b'.');
                    let first = number(ends.next()?)?;
                    let length = match ends.next() {
                        Some(length) => Some(number(length)?),
                        None => None,
                    };
                    partial = Some((first, length));
                }
                // URLAUTH, EXPIRE: nothing behind them names anything.
                _ => break,
            }
        }
        Some(Self { mailbox, in_open, uid_validity, uid: uid?, section, partial })
    }
}

/// The name of a mailbox, in a path without the slash in front of it.
fn text(named: &[u8]) -> Option<String> {
    String::from_utf8(decoded(named.strip_suffix(b"/").unwrap_or(named))).ok()
}

/// A path that begins at the open mailbox (RFC 3986 section 5.2.3): in place of the last part of its name.
fn beside(open: &str, named: &[u8]) -> Option<String> {
    let mut parts: Vec<&str> = open.split('/').collect();
    parts.pop();
    let named = text(named)?;
    for part in named.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn number<T: core::str::FromStr>(text: &[u8]) -> Option<T> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// RFC 3986 section 2.1.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *byte == b'%');
        plain.push(escaped.unwrap_or(*byte));
        rest = behind.get(if escaped.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Specifier;

    #[test]
    fn urls() {
        let part = |path: &[u32], specifier| Section { path: path.to_vec(), specifier, binary: false };
        for (url, expected) in [
            ("/INBOX;UIDVALIDITY=7/;UID=20", Some(("INBOX", Some(7), 20, Section::whole(), None))),
            (
                "imap://joe@h.example/inbox/;uid=20/;section=1.2;urlauth=submit+fred:internal:91",
                Some(("INBOX", None, 20, part(&[1, 2], Specifier::Whole), None)),
            ),
            (
                "imap://h:143/Entw%c3%bcrfe;UIDVALIDITY=9/;UID=1/;SECTION=2.MIME/;PARTIAL=10.5",
                Some(("Entwürfe", Some(9), 1, part(&[2], Specifier::Mime), Some((10, Some(5))))),
            ),
            ("/a%2Fb/;UID=1/;SECTION=HEADER/;PARTIAL=3", {
                Some(("a/b", None, 1, part(&[], Specifier::Header), Some((3, None))))
            }),
            // No message, no mailbox, no number, no section.
            ("/INBOX", None),
            (";UID=20", None),
            ("/;UID=20", None),
            ("other;UID=20", None),
            ("imap://h;UID=20", None),
            ("/INBOX/;UID=x", None),
            ("/INBOX/;UID=1/;SECTION=a]b", None),
            ("/%ff/;UID=1", None),
            ("", None),
        ] {
            let expected = expected.map(|(mailbox, uid_validity, uid, section, partial)| Url {
                mailbox: mailbox.to_owned(),
                in_open: false,
                uid_validity,
                uid,
                section,
                partial,
            });
            assert_eq!(Url::read(url.as_bytes(), None), expected, "{url}");
        }
        assert_eq!(decoded(b"%4%41%+1%4"), b"%4A%+1%4");
    }

    #[test]
    fn urls_are_relative_to_the_open_mailbox() {
        let named = |open: &'static str, url: &str| {
            let name = Some(crate::MailboxName::new(open));
            let base = Mailbox { name, uid_validity: Some(9), ..Mailbox::default() };
            let url = Url::read(url.as_bytes(), Some(&base))?;
            Some((url.mailbox, url.in_open, url.uid_validity, url.uid))
        };
        for (open, url, mailbox, in_open, uid_validity) in [
            ("inbox", ";UID=3", "INBOX", true, None),
            ("Entw&APw-rfe", "/;UID=3/;SECTION=1.2", "Entwürfe", true, None),
            ("a/b", "./;UIDVALIDITY=8/;UID=3", "a/b", true, Some(8)),
            ("a/b", "c%20d;UIDVALIDITY=8/;UID=3", "a/c d", false, Some(8)),
            ("a/b/c", "../d/e/;UID=3", "a/d/e", false, None),
            ("a", "../../inbox/;UID=3", "INBOX", false, None),
            ("a/b", "/c/;UID=3", "c", false, None),
            ("a/b", "imap://h/c/;UID=3", "c", false, None),
        ] {
            assert_eq!(
                named(open, url),
                Some((mailbox.to_owned(), in_open, uid_validity, 3)),
                "{open} {url}"
            );
        }
        assert_eq!(named("a", "b/;UID=x"), None);
    }
}
