//! Small tools on the slices of one line, for the grammars.

use bytes::Bytes;

/// SP or HTAB. The RFCs part words by one SP; servers of today take any run of blanks.
#[must_use]
pub const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `text` without the blanks at its start.
#[must_use]
pub fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| is_blank(byte)).count();
    split(text, blanks).1
}

/// `text` without the blanks at its end.
#[must_use]
pub fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|&&byte| is_blank(byte)).count();
    split(text, text.len().saturating_sub(blanks)).0
}

/// `text` without the blanks at both ends.
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

/// `line` without the CRs at its end. A client that ends its lines with CR CR LF leaves one there; servers pass over it.
#[must_use]
pub fn trim_cr(line: &[u8]) -> &[u8] {
    let surplus = line.iter().rev().take_while(|&&byte| byte == b'\r').count();
    split(line, line.len().saturating_sub(surplus)).0
}

/// `text` up to its first blank, and the rest from that blank on.
#[must_use]
pub fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    split(text, text.iter().position(|&byte| is_blank(byte)).unwrap_or(text.len()))
}

/// `text` in two at `at`, which is clamped to the length.
#[must_use]
pub fn split(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    text.split_at_checked(at).unwrap_or((text, &[]))
}

/// The part of `line` that `part`, a slice of it, shows. An empty part keeps nothing of the line alive.
#[must_use]
pub fn share(line: &Bytes, part: &[u8]) -> Bytes {
    share_as(line, line, part)
}

/// The part of `line` that stands where `part`, a slice of `text`, stands in it: for a `line` that has the same text,
/// perhaps at another place in memory. Where it is shorter than the part asks for, nothing is there to share. An empty
/// part keeps nothing of the line alive.
#[must_use]
pub fn share_as(line: &Bytes, text: &[u8], part: &[u8]) -> Bytes {
    if part.is_empty() {
        return Bytes::new();
    }
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    match start.checked_add(part.len()) {
        Some(end) if end <= line.len() => line.slice(start..end),
        _ => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_go_from_the_ends_only() {
        for (text, start, end, both) in [
            ("", "", "", ""),
            (" \t ", "", "", ""),
            ("a b", "a b", "a b", "a b"),
            ("\t a b \t", "a b \t", "\t a b", "a b"),
        ] {
            assert_eq!(trim_start(text.as_bytes()), start.as_bytes(), "{text:?}");
            assert_eq!(trim_end(text.as_bytes()), end.as_bytes(), "{text:?}");
            assert_eq!(trim(text.as_bytes()), both.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn parts_are_shared() {
        let line = Bytes::from_static(b"MAIL FROM:<a@b>");
        let copy = Bytes::copy_from_slice(&line);
        let (_, part) = split(&line, 10);
        let shared = share(&line, part);
        assert_eq!((shared.as_ptr(), shared.as_ref()), (part.as_ptr(), &b"<a@b>"[..]));
        let moved = share_as(&copy, &line, part);
        assert_eq!((moved.as_ptr(), moved.as_ref()), (split(&copy, 10).1.as_ptr(), &b"<a@b>"[..]));
        // Nothing to share: an empty part, a line too short, a part of something else.
        assert_eq!(share(&line, &[]), "");
        assert_eq!(share_as(&copy.slice(..12), &line, part), "");
        assert_eq!(share_as(&copy.slice(..12), &line, &copy), "");
    }

    #[test]
    fn crs_go_from_the_end_only() {
        for (line, trimmed) in
            [("", ""), ("\r\r", ""), ("\ra\rb\r", "\ra\rb"), ("a \r", "a "), ("a\r ", "a\r ")]
        {
            assert_eq!(trim_cr(line.as_bytes()), trimmed.as_bytes(), "{line:?}");
        }
    }

    #[test]
    fn a_word_ends_at_the_first_blank() {
        for (text, word, rest) in
            [("", "", ""), ("a", "a", ""), ("a b", "a", " b"), ("a\tb c", "a", "\tb c"), (" a", "", " a")]
        {
            assert_eq!(split_word(text.as_bytes()), (word.as_bytes(), rest.as_bytes()), "{text:?}");
        }
    }
}
