//! Paths as they are sent: the address behind `MAIL FROM:` and `RCPT TO:`.

use bytes::Bytes;

use crate::slice;

/// A reverse-path or forward-path.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path<T = Bytes> {
    /// The address without angle brackets and source route, quotes and escapes as sent; empty for the null sender.
    pub mailbox: T,
    /// The source route before the address, without its colon: `@a,@b`.
    pub route: Option<T>,
    /// The whole path as sent, with its brackets and whatever else belonged to it.
    pub raw: T,
}

impl<T> Path<T> {
    /// The same with `f` of each text.
    pub(super) fn map<U>(&self, f: impl Fn(&T) -> U) -> Path<U> {
        Path { mailbox: f(&self.mailbox), route: self.route.as_ref().map(&f), raw: f(&self.raw) }
    }
}

impl<T: AsRef<[u8]>> Path<T> {
    /// Whether this is the null path `<>`, the sender of delivery reports.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.mailbox.as_ref().is_empty()
    }

    /// What stands before the `@` that parts the two halves, quotes and escapes as sent; all of it without such a `@`.
    #[must_use]
    pub fn local_part(&self) -> &[u8] {
        self.halves().0
    }

    /// What stands behind that `@`, an address literal with its brackets; `None` without a `@`, as in `<Postmaster>`.
    #[must_use]
    pub fn domain(&self) -> Option<&[u8]> {
        self.halves().1
    }

    /// The `@` that counts is the last one outside quotes and outside an address literal.
    fn halves(&self) -> (&[u8], Option<&[u8]>) {
        let mailbox = self.mailbox.as_ref();
        let at = last_at(mailbox).or_else(|| mailbox.iter().rposition(|&byte| byte == b'@'));
        match at {
            Some(at) => {
                let (local, domain) = slice::split(mailbox, at);
                (local, Some(slice::split(domain, 1).1))
            }
            None => (mailbox, None),
        }
    }
}

fn last_at(mailbox: &[u8]) -> Option<usize> {
    let mut last = None;
    let mut literal = false;
    for (at, byte) in Unquoted::new(mailbox) {
        match byte {
            b'@' if !literal => last = Some(at),
            b'[' => literal |= last.is_some_and(|last| last + 1 == at),
            b']' => literal = false,
            _ => {}
        }
    }
    last
}

/// The bytes of a text outside quoted strings, with their places. An escaped byte is passed over wherever it stands,
/// as RFC 821 4.1.2 allowed the backslash in a dot-string too. Behind a quote that nobody closes nothing comes.
struct Unquoted<'a> {
    bytes: std::iter::Enumerate<std::slice::Iter<'a, u8>>,
    quoted: bool,
}

impl<'a> Unquoted<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { bytes: text.iter().enumerate(), quoted: false }
    }
}

impl Iterator for Unquoted<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (at, &byte) = self.bytes.next()?;
            match byte {
                b'\\' => drop(self.bytes.next()?),
                b'"' => self.quoted = !self.quoted,
                _ if self.quoted => {}
                _ => return Some((at, byte)),
            }
        }
    }
}

/// A path in any form that some server takes, and what follows it. `text` begins without blanks.
///
/// `None` where no address can be made out at all: nothing there, or an open bracket with nothing behind it.
pub(super) fn loose(text: &[u8]) -> Option<(&[u8], Path<&[u8]>)> {
    let (raw, address) = if text.starts_with(b"<") { bracketed(text)? } else { bare(text)? };
    let (route, mailbox) = source_route(address);
    Some((slice::split(text, raw.len()).1, Path { mailbox, route, raw }))
}

/// `<a@b>`, `< a@b >`, `<<a@b>>`, `<a@b>>`, `<a@b`: the path as sent, and the address in it.
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(end) = closing(text) else { return unclosed(text) };
    let (_, rest) = slice::split(text, end);
    let surplus = rest.iter().take_while(|&&byte| byte == b'>').count();
    let (raw, _) = slice::split(text, end + surplus);
    let (inner, _) = slice::split(text, end.saturating_sub(1));
    Some((raw, innermost(slice::trim(slice::split(inner, 1).1))))
}

/// The place behind the bracket that closes the first one. Where quotes or brackets do not pair up, the first `>`
/// counts, unless a parameter such as `AUTH=<>` owns it.
fn closing(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in Unquoted::new(text) {
        match byte {
            b'<' => depth += 1,
            b'>' if depth <= 1 => return Some(at + 1),
            b'>' => depth -= 1,
            _ => {}
        }
    }
    let end = text.iter().position(|&byte| byte == b'>')?;
    let (inner, _) = slice::split(text, end);
    if inner.windows(2).any(|pair| pair == b"=<") { None } else { Some(end + 1) }
}

/// `<a@b SIZE=3`: without a closing bracket the path ends at the first blank behind the address.
fn unclosed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = slice::trim_start(slice::split(text, 1).1);
    let word = word(inner);
    let (raw, _) = slice::split(text, text.len() - inner.len() + word.len());
    if word.is_empty() { None } else { Some((raw, word)) }
}

/// `<a@b>` out of `<<a@b>>` and `<Bob <a@b>>`; the text itself where nothing stands in the inner brackets.
fn innermost(inner: &[u8]) -> &[u8] {
    let Some((open, _)) = Unquoted::new(inner).filter(|&(_, byte)| byte == b'<').last() else { return inner };
    let (before, rest) = slice::split(inner, open);
    let (_, rest) = slice::split(rest, 1);
    let end = Unquoted::new(rest).find(|&(_, byte)| byte == b'>').map_or(rest.len(), |(at, _)| at);
    let nested = slice::trim(slice::split(rest, end).0);
    if nested.is_empty() && before.iter().any(|&byte| byte != b'<' && !slice::is_blank(byte)) {
        inner
    } else {
        nested
    }
}

/// `a@b`, `a@b>`, `Bob <a@b>`: the path as sent, and the address in it.
fn bare(text: &[u8]) -> Option<(&[u8], &[u8])> {
    // A name before the brackets, as in a header field. With a `@` or `=` before it the bracket belongs to a parameter.
    if let Some((open, b'<')) = Unquoted::new(text).find(|&(_, byte)| matches!(byte, b'<' | b'@' | b'=')) {
        let (path, address) = bracketed(slice::split(text, open).1)?;
        return Some((slice::split(text, open + path.len()).0, address));
    }
    let raw = word(text);
    let surplus = raw.iter().rev().take_while(|&&byte| byte == b'>').count();
    let (address, _) = slice::split(raw, raw.len() - surplus);
    if address.is_empty() { None } else { Some((raw, address)) }
}

/// `text` up to its first blank outside quotes, or to its first blank where the quotes do not pair up.
fn word(text: &[u8]) -> &[u8] {
    let mut unquoted = Unquoted::new(text);
    match unquoted.find(|&(_, byte)| slice::is_blank(byte)) {
        Some((at, _)) => slice::split(text, at).0,
        None if unquoted.quoted => slice::split_word(text).0,
        None => text,
    }
}

/// The source route and the address behind its colon. A colon in an address literal is none of it.
fn source_route(address: &[u8]) -> (Option<&[u8]>, &[u8]) {
    if !address.starts_with(b"@") {
        return (None, address);
    }
    let mut literal = false;
    let colon = Unquoted::new(address).find(|&(_, byte)| {
        literal = byte == b'[' || literal && byte != b']';
        byte == b':' && !literal
    });
    let Some((colon, _)) = colon else { return (None, address) };
    let (route, rest) = slice::split(address, colon);
    let mailbox = slice::trim_start(slice::split(rest, 1).1);
    // A route to nowhere is kept as the address: it must not pass for the null sender.
    if mailbox.is_empty() { (None, address) } else { (Some(slice::trim_end(route)), mailbox) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loose_paths() {
        // text, raw, route, mailbox; the rest is what raw leaves of the text
        let table: &[(&str, &str, Option<&str>, &str)] = &[
            ("<a@b>", "<a@b>", None, "a@b"),
            ("<a@b> SIZE=3", "<a@b>", None, "a@b"),
            ("<a@b>SIZE=3", "<a@b>", None, "a@b"),
            ("<>", "<>", None, ""),
            ("< >", "< >", None, ""),
            ("< a@b > X", "< a@b >", None, "a@b"),
            ("<Postmaster>", "<Postmaster>", None, "Postmaster"),
            ("<a b@c> X", "<a b@c>", None, "a b@c"),
            // Quotes.
            (r#"<"a b>c"@d> X"#, r#"<"a b>c"@d>"#, None, r#""a b>c"@d"#),
            (r#"<"a\">b"@d> X"#, r#"<"a\">b"@d>"#, None, r#""a\">b"@d"#),
            (r#"<"a@d> X"#, r#"<"a@d>"#, None, r#""a@d"#),
            (r#"<o"b@d> ENVID=x"#, r#"<o"b@d>"#, None, r#"o"b@d"#),
            (r"<a\>b@d> X", r"<a\>b@d>", None, r"a\>b@d"),
            (r"<a\> X", r"<a\>", None, r"a\"),
            (r#""a b"@c X"#, r#""a b"@c"#, None, r#""a b"@c"#),
            (r#""a b@c X"#, r#""a"#, None, r#""a"#),
            // Brackets.
            ("<<a@b>> X", "<<a@b>>", None, "a@b"),
            ("< < a@b > > X", "< < a@b > >", None, "a@b"),
            ("<a@b>> X", "<a@b>>", None, "a@b"),
            ("<<a@b> X", "<<a@b>", None, "a@b"),
            ("<Bob <a@b>> X", "<Bob <a@b>>", None, "a@b"),
            ("<<>>", "<<>>", None, ""),
            ("<a@b<>>", "<a@b<>>", None, "a@b<>"),
            ("<a@b SIZE=3", "<a@b", None, "a@b"),
            ("< a@b", "< a@b", None, "a@b"),
            ("<a@b SIZE=3 AUTH=<>", "<a@b", None, "a@b"),
            ("a@b> X", "a@b>", None, "a@b"),
            ("a@b SIZE=3", "a@b", None, "a@b"),
            ("a@b AUTH=<>", "a@b", None, "a@b"),
            ("a AUTH=<>", "a", None, "a"),
            ("Bob Smith <a@b> X", "Bob Smith <a@b>", None, "a@b"),
            (r#""Smith, B. <x>" <a@b> X"#, r#""Smith, B. <x>" <a@b>"#, None, "a@b"),
            // Source routes.
            ("<@r1,@r2:a@b>", "<@r1,@r2:a@b>", Some("@r1,@r2"), "a@b"),
            ("<@r1, @r2 : a@b>", "<@r1, @r2 : a@b>", Some("@r1, @r2"), "a@b"),
            ("@r1:a@b X", "@r1:a@b", Some("@r1"), "a@b"),
            ("<@[IPv6:::1]:a@b>", "<@[IPv6:::1]:a@b>", Some("@[IPv6:::1]"), "a@b"),
            ("<@[IPv6:::1]>", "<@[IPv6:::1]>", None, "@[IPv6:::1]"),
            ("<@r1:>", "<@r1:>", None, "@r1:"),
            ("<a:b@c>", "<a:b@c>", None, "a:b@c"),
            // Several addresses where one should be: the first, and the rest stays.
            ("<a@b>,<c@d>", "<a@b>", None, "a@b"),
        ];
        for (text, raw, route, mailbox) in table {
            let path =
                Path { raw: raw.as_bytes(), route: route.map(str::as_bytes), mailbox: mailbox.as_bytes() };
            let rest = text.strip_prefix(raw).unwrap();
            assert_eq!(loose(text.as_bytes()), Some((rest.as_bytes(), path)), "{text:?}");
        }
        for text in ["", "<", "< ", ">", ">>"] {
            assert_eq!(loose(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_mailbox_falls_into_halves() {
        for (mailbox, local, domain) in [
            ("", "", None),
            ("Postmaster", "Postmaster", None),
            ("a@b", "a", Some("b")),
            ("a@", "a", Some("")),
            ("@b", "", Some("b")),
            ("a@b@c", "a@b", Some("c")),
            (r#""a@b"@c"#, r#""a@b""#, Some("c")),
            (r#""a\"@b"@c"#, r#""a\"@b""#, Some("c")),
            (r#""a@b"#, r#""a"#, Some("b")),
            ("a@[IPv6:::1]", "a", Some("[IPv6:::1]")),
            ("a@[x:y@z]", "a", Some("[x:y@z]")),
            ("a[@b", "a[", Some("b")),
            (r"a\@b@c", r"a\@b", Some("c")),
        ] {
            let mailbox = mailbox.as_bytes();
            let path = Path { mailbox, route: None, raw: mailbox };
            assert_eq!((path.local_part(), path.domain()), (local.as_bytes(), domain.map(str::as_bytes)));
        }
    }
}
