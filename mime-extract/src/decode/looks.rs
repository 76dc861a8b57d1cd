//! What the text of a leaf looks like, whatever it is said to be.

use super::base64::is_alphabet;
use crate::slice::{hex, is_blank, trim_end};

/// Shortest line that begins a run.
const MIN_LINE: usize = 20;

/// A line that is nothing but base64, without the blanks around it; the first one is no short word.
pub(super) fn run_line(line: &[u8], begun: bool) -> Option<&[u8]> {
    let text = line.trim_ascii();
    let characters = trim_end(text, |byte| byte == b'=');
    let long = begun || text.len() >= MIN_LINE;
    let clean = !characters.is_empty() && characters.iter().all(|byte| is_alphabet(*byte));
    (long && clean && text.len() - characters.len() <= 2).then_some(text)
}

/// Whether more than an eighth of a text is blanks or no printable character of ASCII: words, or binary data.
pub(crate) fn is_hardly_base64(text: &[u8]) -> bool {
    let foreign = |byte: &&u8| !byte.is_ascii_graphic() && !matches!(**byte, b'\r' | b'\n');
    text.iter().filter(foreign).count() * 8 > text.len()
}

/// Whether text holds a run of lines of base64, and something else before or behind it.
pub(crate) fn is_run_among_others(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let (mut begun, mut other) = (false, false);
    lines.any(|line| {
        match run_line(line, begun) {
            Some(_) => begun = true,
            None => other = true,
        }
        begun && other
    })
}

/// So many characters do not belong to the base64 that follows: those by which its first line is longer than whole quads,
/// while the second is not.
pub(crate) fn surplus(text: &[u8]) -> Option<u8> {
    let mut lines = text.split(is_line_end).map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let characters = |line: &[u8]| {
        let text = line.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
        let text = crate::slice::split(line, text).0;
        text.iter().all(|byte| is_alphabet(*byte)).then_some(text.len())
    };
    let first = lines.next()?;
    // The second has none too many.
    let second = lines.next().map_or(Some(0), characters).filter(|len| len % 4 != 1);
    let surplus = u8::try_from(characters(first)? % 4).ok()?;
    // Padding makes up for one or two.
    let padded = first.ends_with(b"=") && first.len().is_multiple_of(4);
    (surplus > 0 && !padded && second.is_some()).then_some(surplus)
}

const fn is_line_end(byte: &u8) -> bool {
    matches!(*byte, b'\n' | b'\r')
}

/// Whether text is base64 beyond doubt: whole quads on lines without blanks, padded at the end if at all.
pub(crate) fn is_base64(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let mut characters = 0usize;
    let mut lines = text.split(is_line_end);
    let clean = lines.all(|line| {
        let line = line.trim_ascii();
        characters += line.len();
        line.iter().all(|byte| is_alphabet(*byte) || *byte == b'=')
    });
    let inner = memchr::memchr(b'=', text).is_some_and(|at| at + padding < text.len());
    clean && !inner && padding <= 2 && characters >= 8 && characters.is_multiple_of(4)
}

/// Whether text holds escapes of quoted-printable, and hardly an `=` that is none.
pub(crate) fn is_quoted_printable(text: &[u8]) -> bool {
    let (mut escapes, mut other) = (0usize, 0usize);
    for at in memchr::memchr_iter(b'=', text) {
        match crate::slice::split(text, at + 1).1 {
            [high, low, ..] if hex(*high).is_some() && hex(*low).is_some() => escapes += 1,
            [b'\n', ..] | [b'\r', b'\n', ..] => {}
            _ => other += 1,
        }
    }
    escapes > 0 && other * 8 <= escapes
}

/// Whether an escape is broken by another one inside of it: `==41`, `=0=41`, `= =41`. An `=` that is none is no sign of
/// anything.
pub(crate) fn is_broken_escape(text: &[u8]) -> bool {
    memchr::memchr_iter(b'=', text).any(|at| {
        let inner = match crate::slice::split(text, at + 1).1 {
            [b'=', high, low, ..] => Some((high, low)),
            [between, b'=', high, low, ..] if hex(*between).is_some() || is_blank(*between) => {
                Some((high, low))
            }
            _ => None,
        };
        inner.is_some_and(|(high, low)| hex(*high).is_some() && hex(*low).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_text_looks_like() {
        for (text, base64, printable, junk) in [
            ("Zm9vYmFy\r\nZm8=\r\n", true, false, None),
            ("Zm9vYmFyZ", false, false, Some(1)),
            ("xx\nZm9vYmFy\n", false, false, Some(2)),
            ("Hello there, you\n", false, false, None),
            ("Zm9v", false, false, None),
            ("Zm8=YmFy", false, false, None),
            ("xx\nZm9vYmE=\n", false, false, Some(2)),
            ("caf=C3=A9=\n", false, true, None),
            ("a = b", false, false, None),
        ] {
            let seen = (is_base64(text.as_bytes()), is_quoted_printable(text.as_bytes()));
            assert_eq!((seen, surplus(text.as_bytes())), ((base64, printable), junk), "{text:?}");
        }
        let run = "QUJDREVGR0hJSktMTU5P";
        for (text, among) in [
            (format!("{run}\r\n{run}\r\n\r\nUQ==\r\n"), false),
            (format!("{run}\r\n\r\nRegards, John\r\n"), true),
            (format!("a note\n{run}"), true),
            ("a note\n".to_owned(), false),
        ] {
            assert_eq!(is_run_among_others(text.as_bytes()), among, "{text:?}");
        }
        for (text, broken) in
            [("==41", true), ("=0=41", true), ("= =41", true), ("a=b =3D=41", false), ("=XX", false)]
        {
            assert_eq!(is_broken_escape(text.as_bytes()), broken, "{text:?}");
        }
    }
}
