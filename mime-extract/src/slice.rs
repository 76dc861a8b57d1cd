//! Small tools on slices.

use bytes::Bytes;

/// SP or HTAB.
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A blank, or a control character that separates words where nobody means it to: CR, LF, VT, FF.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// `text` in two at `at`, which is clamped to the length.
pub(crate) fn split(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    text.split_at_checked(at).unwrap_or((text, &[]))
}

/// `bytes` in two at `at`, which is clamped to the length; both share them.
pub(crate) fn split_bytes(bytes: &Bytes, at: usize) -> (Bytes, Bytes) {
    let at = at.min(bytes.len());
    (bytes.slice(..at), bytes.slice(at..))
}

/// `text` from `from` to `to`, both clamped.
pub(crate) fn range(text: &[u8], from: usize, to: usize) -> &[u8] {
    split(split(text, to).0, from).1
}

/// `text` without the bytes at both ends that `is` names.
pub(crate) fn trim(text: &[u8], is: impl Fn(u8) -> bool) -> &[u8] {
    trim_end(trim_start(text, &is), is)
}

/// `text` without the bytes at its start that `is` names.
pub(crate) fn trim_start(text: &[u8], is: impl Fn(u8) -> bool) -> &[u8] {
    split(text, text.iter().take_while(|byte| is(**byte)).count()).1
}

/// `text` without the bytes at its end that `is` names.
pub(crate) fn trim_end(text: &[u8], is: impl Fn(u8) -> bool) -> &[u8] {
    let surplus = text.iter().rev().take_while(|byte| is(**byte)).count();
    split(text, text.len() - surplus).0
}

/// How many bytes at the end of `text` are its line end: CRLF, LF or a CR that may become one.
pub(crate) fn line_end(text: &[u8]) -> usize {
    match text {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n' | b'\r'] => 1,
        _ => 0,
    }
}

/// The value of a hexadecimal digit, of either case.
pub(crate) fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        for (text, trimmed, end) in [
            ("", "", 0),
            (" a \r\n", "a", 2),
            ("a\n", "a", 1),
            ("a\r", "a", 1),
            ("\n\r", "", 1),
            ("a b", "a b", 0),
        ] {
            assert_eq!(trim(text.as_bytes(), is_space), trimmed.as_bytes(), "{text:?}");
            assert_eq!(line_end(text.as_bytes()), end, "{text:?}");
        }
        assert_eq!(range(b"abc", 1, 9), b"bc");
        assert_eq!(range(b"abc", 5, 9), b"");
        assert_eq!([hex(b'a'), hex(b'F'), hex(b'0'), hex(b'g')], [Some(10), Some(15), Some(0), None]);
    }
}
