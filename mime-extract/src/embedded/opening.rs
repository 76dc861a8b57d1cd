//! Lines that begin a file among lines of text, and how they are found.

use crate::slice;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// What the first lines of files begin with.
const OPENINGS: [&[u8]; 5] = [b"begin ", b"begin-base64 ", b"=ybegin ", b"-----BEGIN PGP ", BINHEX];

pub(super) const BINHEX: &[u8] = b"(This file must be converted with BinHex";

/// What all of them hold, with how far the line begins before it.
static NEEDLES: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| {
    [Finder::new(b"begin"), Finder::new(b"-BEGIN PGP "), Finder::new(b"(This file must be conv")]
});

/// Whether a line that begins so may begin a file.
pub(super) fn may_open(line: &[u8]) -> bool {
    OPENINGS.iter().any(|opening| line.starts_with(opening) || opening.starts_with(line))
}

/// Whether content begins with a line that begins a file; `None`: more of it would say.
pub(super) fn opens(head: &[u8]) -> Option<bool> {
    const FILES: [&[u8]; 3] = [b"begin ", b"begin-base64 ", b"=ybegin "];
    if FILES.iter().any(|opening| head.starts_with(opening)) {
        return Some(true);
    }
    if FILES.iter().any(|opening| opening.starts_with(head)) { None } else { Some(false) }
}

/// How far it is to the next line that begins a file, or to the last line of `rest` if that may become one; the first
/// line apart.
pub(super) fn seek_line(rest: &[u8]) -> Option<usize> {
    // A short text and a piece of a long line have no other line.
    memchr::memchr(b'\n', rest)?;
    let mut first: Option<usize> = None;
    for needle in NEEDLES.iter() {
        let within = slice::split(rest, first.unwrap_or(rest.len())).0;
        let mut from = 0;
        while let Some(at) = needle.find(slice::split(within, from).1).map(|at| from + at) {
            from = at + 1;
            // The line begins a few bytes before, at most.
            let near = at.saturating_sub(5);
            let start = memchr::memrchr(b'\n', slice::range(rest, near, at)).map(|end| near + end + 1);
            if let Some(start) = start
                && OPENINGS.iter().any(|opening| slice::split(rest, start).1.starts_with(opening))
            {
                first = Some(start);
                break;
            }
        }
    }
    if first.is_some() {
        return first;
    }
    let tail = memchr::memrchr(b'\n', rest)? + 1;
    let last = slice::split(rest, tail).1;
    (!last.is_empty() && may_open(last)).then_some(tail)
}

/// A line of nothing but the alphabet and padding.
pub(super) fn is_base64(line: &[u8]) -> bool {
    let line = slice::trim_end(line, slice::is_space);
    let digits = slice::trim_end(line, |byte| byte == b'=');
    !digits.is_empty()
        && line.len() - digits.len() <= 2
        && line.len().is_multiple_of(4)
        && digits.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// What a line of PGP begins (RFC 9580 section 6.2).
pub(super) fn pgp(line: &[u8]) -> Option<&'static str> {
    let rest = line.strip_prefix(b"-----BEGIN PGP ")?;
    let known = ["message", "signed message", "public key block", "private key block", "signature"];
    known.into_iter().find(|what| {
        rest.get(..what.len()).is_some_and(|start| start.eq_ignore_ascii_case(what.as_bytes()))
            && matches!(rest.get(what.len()), Some(b'-' | b','))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("x\nbegin 644 a\n", Some(2)),
            ("x\n=ybegin line=1", Some(2)),
            ("begin\nbegin 644\n", Some(6)),
            ("beginning\nto begin \n-----BEGIN PGP MESSAGE-----\n", Some(20)),
            ("a\n----BEGIN PGP \n", None),
            ("a\n(This file must be converted with BinHex 4.0)\nbegin 644 x", Some(2)),
            ("a\nbeg", Some(2)),
            ("a\nbet", None),
            ("a\n", None),
            ("", None),
        ] {
            assert_eq!(seek_line(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_of_pgp_and_of_base64() {
        assert_eq!(pgp(b"-----BEGIN PGP MESSAGE, PART 1/2-----"), Some("message"));
        assert_eq!(pgp(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"), Some("public key block"));
        assert_eq!(pgp(b"-----BEGIN PGP MESSAGES-----"), None);
        for (line, is) in [
            ("QUJD", true),
            ("QQ==", true),
            ("QUJD\r", true),
            ("QUJ", false),
            ("Q===", false),
            ("Q Q=", false),
            ("", false),
        ] {
            assert_eq!(is_base64(line.as_bytes()), is, "{line:?}");
        }
    }
}
