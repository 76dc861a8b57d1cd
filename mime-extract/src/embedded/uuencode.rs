//! uuencode, as the POSIX utility of that name writes it: `begin 644 name`, lines of up to 45 bytes, `end`.

use crate::slice;

/// What a line between `begin` and `end` is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Data(Vec<u8>),
    /// No bytes: the last line before `end`.
    Last,
    /// Nothing at all; its blank was lost on the way, perhaps.
    Blank,
    End,
}

/// The name in a `begin` line; empty where there is none. `None`: it is another line.
pub(super) fn begin(line: &[u8]) -> Option<&[u8]> {
    mode_and_name(line.strip_prefix(b"begin ")?)
}

/// The same for a file in base64.
pub(super) fn begin_base64(line: &[u8]) -> Option<&[u8]> {
    mode_and_name(line.strip_prefix(b"begin-base64 ")?)
}

fn mode_and_name(rest: &[u8]) -> Option<&[u8]> {
    let rest = slice::trim_start(rest, slice::is_blank);
    let digits = rest.iter().take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let (_, name) = slice::split(rest, digits);
    let name_follows = name.first().is_none_or(|byte| slice::is_blank(*byte));
    // Permissions, and before them perhaps what kind of file it is.
    ((3..=6).contains(&digits) && name_follows).then(|| slice::trim(name, slice::is_space))
}

/// Reads a line without its line end. `None`: it is no such line.
pub(super) fn line(line: &[u8]) -> Option<Line> {
    if slice::trim_end(line, slice::is_blank) == b"end" {
        return Some(Line::End);
    }
    let Some((&first, body)) = line.split_first() else { return Some(Line::Blank) };
    let len = usize::from(value(first)?);
    if len == 0 {
        return body.iter().all(|byte| matches!(byte, b' ' | b'`')).then_some(Line::Last);
    }
    let want = len.div_ceil(3) * 4;
    // A check character may follow, or two; blanks at the end may have been lost.
    if body.len() > want + 2 || body.iter().any(|byte| value(*byte).is_none()) {
        return None;
    }
    let digit = |at: usize| body.get(at).and_then(|byte| value(*byte)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(want / 4 * 3);
    for at in (0..want).step_by(4) {
        let bits = (0..4).fold(0u32, |bits, next| bits << 6 | u32::from(digit(at + next)));
        let [_, a, b, c] = bits.to_be_bytes();
        bytes.extend([a, b, c]);
    }
    bytes.truncate(len);
    Some(Line::Data(bytes))
}

/// Whether a line can be the first behind `begin`: such as prose would hardly be.
pub(super) fn is_first(text: &[u8]) -> bool {
    match line(text) {
        Some(Line::Data(bytes)) => text.len() + 3 > bytes.len().div_ceil(3) * 4,
        Some(Line::Last | Line::End) => true,
        Some(Line::Blank) | None => false,
    }
}

const fn value(byte: u8) -> Option<u8> {
    match byte {
        b' '..=b'`' => Some((byte - b' ') & 63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begin_lines() {
        for (line, name) in [
            ("begin 644 a.txt", Some("a.txt")),
            ("begin  0755 two words.bin\r", Some("two words.bin")),
            ("begin 644", Some("")),
            ("begin 888 x", None),
            ("begin 64 x", None),
            ("begin 100644 x", Some("x")),
            ("begin 6444444 x", None),
            ("begin 644x", None),
            ("begin the day", None),
            (" begin 644 x", None),
        ] {
            assert_eq!(begin(line.as_bytes()), name.map(str::as_bytes), "{line:?}");
        }
        assert_eq!(begin_base64(b"begin-base64 644 a b\r"), Some(&b"a b"[..]));
        assert_eq!(begin_base64(b"begin 644 a"), None);
    }

    #[test]
    fn lines() {
        let data = |bytes: &[u8]| Some(Line::Data(bytes.to_vec()));
        let table: &[(&str, Option<Line>, bool)] = &[
            ("#0V%T", data(b"Cat"), true),
            // One and two bytes of the last group; a check character behind it.
            ("!80``", data(b"a"), true),
            ("\"86(`", data(b"ab"), true),
            ("#0V%TX", data(b"Cat"), true),
            // Blanks for zeros, and such that were lost at the end.
            ("#    ", data(b"\0\0\0"), true),
            ("&0V%T", data(b"Cat\0\0\0"), false),
            ("`", Some(Line::Last), true),
            (" ", Some(Line::Last), true),
            ("end", Some(Line::End), true),
            ("end ", Some(Line::End), true),
            ("", Some(Line::Blank), false),
            ("Hello world", None, false),
            ("#0V%TXXXX", None, false),
        ];
        for (text, expected, first) in table {
            assert_eq!(&line(text.as_bytes()), expected, "{text:?}");
            assert_eq!(is_first(text.as_bytes()), *first, "{text:?}");
        }
        // Nothing but capitals could be data; that much of it is missing speaks against it.
        assert!(matches!(line(b"HELLO WORLD"), Some(Line::Data(bytes)) if bytes.len() == 40));
        assert!(!is_first(b"HELLO WORLD"));
    }
}
