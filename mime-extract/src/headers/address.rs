//! Addresses (RFC 5322 section 3.4).

use super::encoded_word;
use crate::slice;
use mailparse::MailAddr;

/// One mailbox.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Address {
    /// The name beside the address, decoded.
    pub name: Option<String>,
    /// The address without angle brackets; text that is no address as it stands there.
    pub address: String,
    /// The group that it belongs to (`friends: a@b, c@d;`).
    pub group: Option<String>,
}

impl Address {
    /// Reads a list of addresses (RFC 5322 section 3.4) out of an unfolded value. What is no address comes as one with
    /// all its text.
    ///
    /// ```
    /// let list = mime_extract::Address::parse_list(b"Ann <ann@example.org>, bob@example.org");
    /// assert_eq!((list[0].name.as_deref(), &*list[1].address), (Some("Ann"), "bob@example.org"));
    /// ```
    #[must_use]
    pub fn parse_list(value: &[u8]) -> Vec<Self> {
        parse(value)
    }
}

/// The addresses of an unfolded value. mailparse reads them where it can; it refuses a list as a whole for one
/// fault, takes the comma behind a group or the end of a comment inside of a comment for a part of an address, and decodes encoded words one by one, so that
/// characters cut between two of them are lost: such lists are read here, plainly.
pub(super) fn parse(value: &[u8]) -> Vec<Address> {
    let words = memchr::memmem::find_iter(value, b"=?").take(2).count();
    let line = [b"X: ", value].concat();
    if words < 2
        && memchr::memchr3(b':', b';', b'(', value).is_none()
        && let Ok((header, _)) = mailparse::parse_header(&line)
        && let Ok(list) = mailparse::addrparse_header(&header)
    {
        return list
            .into_inner()
            .into_iter()
            .flat_map(|one| match one {
                MailAddr::Single(one) => vec![one],
                MailAddr::Group(group) => group.addrs,
            })
            .map(|one| Address {
                name: one.display_name.filter(|name| !name.is_empty()),
                address: one.addr,
                group: None,
            })
            .collect();
    }
    plainly(value)
}

/// One mailbox for each piece between commas; quotes, comments and angle brackets protect theirs. A counter for
/// comments, no recursion.
fn plainly(value: &[u8]) -> Vec<Address> {
    let mut found = Vec::new();
    let mut group: Option<String> = None;
    let mut piece = Piece::default();
    let (mut quoted, mut escaped, mut bracketed, mut depth) = (false, false, false, 0usize);
    for &byte in value {
        if escaped {
            escaped = false;
            piece.push(byte, depth, bracketed);
            continue;
        }
        match byte {
            b'\\' if quoted || depth > 0 => escaped = true,
            b'"' if depth == 0 && !bracketed => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted && depth > 0 => depth -= 1,
            b'<' if !quoted && depth == 0 => {
                bracketed = true;
                piece.bracketed = true;
            }
            b'>' if !quoted && depth == 0 => bracketed = false,
            b':' if !quoted && depth == 0 && !bracketed && group.is_none() => {
                group = Some(core::mem::take(&mut piece).text());
            }
            b',' | b';' if !quoted && depth == 0 && !bracketed => {
                found.extend(core::mem::take(&mut piece).address(group.as_ref()));
                if byte == b';' {
                    group = None;
                }
            }
            _ => piece.push(byte, depth, bracketed),
        }
    }
    found.extend(piece.address(group.as_ref()));
    found
}

/// What was read of one mailbox.
#[derive(Default)]
struct Piece {
    name: Vec<u8>,
    address: Vec<u8>,
    comment: Vec<u8>,
    bracketed: bool,
}

impl Piece {
    fn push(&mut self, byte: u8, depth: usize, bracketed: bool) {
        if depth > 0 {
            self.comment.push(byte);
        } else if bracketed {
            self.address.push(byte);
        } else {
            self.name.push(byte);
        }
    }

    fn text(self) -> String {
        encoded_word::decode(slice::trim(&self.name, slice::is_space))
    }

    fn address(self, group: Option<&String>) -> Option<Address> {
        let text = |bytes: &[u8]| encoded_word::decode(slice::trim(bytes, slice::is_space));
        let (name, address) = if self.bracketed {
            let name =
                if slice::trim(&self.name, slice::is_space).is_empty() { &self.comment } else { &self.name };
            let address = tight(without_route(slice::trim(&self.address, slice::is_space)));
            (text(name), String::from_utf8_lossy(&address).into_owned())
        } else {
            // `a@b (Name)`, the way of RFC 822.
            let name = slice::trim(&self.name, slice::is_space);
            let tight = if name.contains(&b'@') { tight(name) } else { name.to_vec() };
            (text(&self.comment), text(&tight))
        };
        (self.bracketed || !address.is_empty()).then(|| Address {
            name: Some(name).filter(|name| !name.is_empty()),
            address,
            group: group.cloned(),
        })
    }
}

/// RFC 5322 section 4.4: `@a,@b:c@d` says by which hosts to go.
fn without_route(address: &[u8]) -> &[u8] {
    match memchr::memchr(b':', address) {
        Some(at) if address.starts_with(b"@") => slice::split(address, at + 1).1,
        _ => address,
    }
}

/// RFC 5322 section 4.4: blanks may stand around the dots and the at sign of an address, outside of quotes.
fn tight(address: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(address.len());
    let mut quoted = false;
    let mut rest = address.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'.' | b'@' if !quoted => {
                while out.last().is_some_and(|last| slice::is_space(*last)) {
                    out.pop();
                }
                out.push(byte);
                while rest.next_if(|next| slice::is_space(*next)).is_some() {}
                continue;
            }
            _ => {}
        }
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(value: &str) -> Vec<String> {
        parse(value.as_bytes())
            .into_iter()
            .map(|one| {
                format!("{}|{}|{}", one.name.unwrap_or_default(), one.address, one.group.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn forms() {
        for (value, expected) in [
            ("a@b", &["|a@b|"][..]),
            ("A B <a@b>, \"C, D\" <c@d>", &["A B|a@b|", "C, D|c@d|"]),
            ("=?utf-8?q?A=2C_B?= <a@b>", &["A, B|a@b|"]),
            ("=?utf-8?b?4oI=?= =?utf-8?b?rA==?= <a@b>, c@d", &["€|a@b|", "|c@d|"]),
            ("friends: a@b, C <c@d>;, e@f", &["|a@b|friends", "C|c@d|friends", "|e@f|"]),
            ("undisclosed-recipients:;", &[]),
            ("(x) Pete(r) <pete(his) . mail @ example . org>", &["Pete|pete.mail@example.org|"]),
            ("a . b @ c (C)", &["C|a.b@c|"]),
            ("(r) <@x,@y:a@b>", &["r|a@b|"]),
            ("(q) <\"a . b\" @ c>", &["q|\"a . b\"@c|"]),
            // What mailparse refuses.
            ("root, a@b", &["|root|", "|a@b|"]),
            ("Bob <>", &["Bob||"]),
            ("a@b (B (x))", &["B x|a@b|"]),
            ("\"no end <a@b>", &["|no end <a@b>|"]),
            ("", &[]),
        ] {
            assert_eq!(listed(value), expected, "{value:?}");
        }
    }

    #[test]
    fn both_readers_agree_on_sound_lists() {
        for value in [
            "a@b",
            "A B <a@b>, \"C, \\\"D\\\"\" <c@d>",
            "<a@b>,c@d",
            "=?utf-8?q?A=2C_B?= <a@b> (x)",
            "\"\" <a@b>",
        ] {
            assert_eq!(parse(value.as_bytes()), plainly(value.as_bytes()), "{value:?}");
        }
    }

    #[test]
    fn floods_stay_flat() {
        assert!(parse(&b"a:".repeat(100_000)).len() <= 1);
        assert!(parse(&b"(".repeat(100_000)).is_empty());
        assert_eq!(parse(&b"a@b,".repeat(10_000)).len(), 10_000);
    }
}
