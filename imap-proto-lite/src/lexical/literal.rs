//! Where a line goes on in a literal: found by looking back from the line end, in what is tokenised only.

/// What stands at the end of a line that a literal continues (RFC 9051 section 4.3, RFC 7888).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced {
    /// How many bytes come.
    pub(crate) size: u64,
    /// `{n+}`: the client does not wait for the server's `+`.
    pub(crate) non_sync: bool,
    /// Where the announcement begins, `~` included.
    pub(crate) start: usize,
}

/// The literal that a line without its end announces. `None` also where the announcement is inside a quoted string,
/// or a part of a word.
pub(crate) fn announced(line: &[u8]) -> Option<Announced> {
    let inside = line.strip_suffix(b"}")?;
    let (digits, non_sync) = match inside.split_last()? {
        (b'+', digits) => (digits, true),
        (b'-', digits) => (digits, true),
        _ => (inside, false),
    };
    let count = digits.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, digits) = digits.split_at_checked(digits.len().checked_sub(count)?)?;
    let size = number(digits)?;
    let before = before.strip_suffix(b"{")?;
    let before = before.strip_suffix(b"~").unwrap_or(before);
    // A literal is a token of its own.
    let begins = matches!(before.last(), None | Some(b' ' | b'\t' | b'(' | b'[' | b')' | b'"'));
    (begins && !ends_in_quotes(before)).then_some(Announced { size, non_sync, start: before.len() })
}

/// A number of at most 20 digits; what does not fit 64 bits is as good as endless.
fn number(digits: &[u8]) -> Option<u64> {
    /// 2^64 has so many digits; more are no number that anybody means.
    const LONGEST: usize = 32;
    if digits.is_empty() || digits.len() > LONGEST {
        return None;
    }
    Some(digits.iter().fold(0_u64, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0')))
    }))
}

/// Whether the text ends inside a quoted string. A quote begins one only where a token may begin: passwords as atoms
/// and broken names have quotes inside.
fn ends_in_quotes(text: &[u8]) -> bool {
    if memchr::memchr(b'"', text).is_none() {
        return false;
    }
    let mut bytes = text.iter().copied();
    let mut before = b' ';
    while let Some(byte) = bytes.next() {
        if byte != b'"' || !matches!(before, b' ' | b'\t' | b'(' | b'[' | b'"' | b')') {
            before = byte;
            continue;
        }
        loop {
            match bytes.next() {
                None => return true,
                Some(b'"') => break,
                Some(b'\\') => {
                    if bytes.next().is_none() {
                        return true;
                    }
                }
                Some(_) => {}
            }
        }
        before = b'"';
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements() {
        let sync = |size, start| Some(Announced { size, non_sync: false, start });
        for (line, expected) in [
            ("a APPEND x {310}", sync(310, 11)),
            ("a APPEND x {310+}", Some(Announced { size: 310, non_sync: true, start: 11 })),
            ("* 1 FETCH (BINARY[1] ~{5}", sync(5, 21)),
            ("{0}", sync(0, 0)),
            (" {7}", sync(7, 1)),
            // Inside of a quoted string, or behind one.
            ("a LOGIN x \"abc {5}", None),
            ("a LOGIN x \"abc {5}\"", None),
            ("a LOGIN \"x y\" {5}", sync(5, 14)),
            ("a LOGIN \"x\\\" {5}", None),
            ("a LOGIN \"x\\\\\" {5}", sync(5, 14)),
            // A quote inside of a word begins nothing.
            ("a LOGIN us\"er {5}", sync(5, 14)),
            // No token.
            ("a LOGIN x{5}", None),
            ("a X {5", None),
            ("a X {}", None),
            ("a X {5 }", None),
            ("a X {-5}", None),
            ("", None),
            ("}", None),
            ("a X {18446744073709551615}", sync(u64::MAX, 4)),
            ("a X {99999999999999999999999}", sync(u64::MAX, 4)),
        ] {
            assert_eq!(announced(line.as_bytes()), expected, "{line:?}");
        }
    }
}
