//! Boundaries that no field names.

use crate::slice::{self, is_blank};

/// So many are guessed.
const MAX_GUESSES: usize = 8;

/// Lines that begin with `--` and are looked at.
const MAX_LINES: usize = 10_000;

/// Longest boundary that is guessed.
const MAX_LEN: usize = 256;

/// What stands behind `--` on a line that a header field or an empty line follows and that comes with `--` behind it as
/// well, or that a content field follows; in the order of the first such line.
pub(super) fn boundaries(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut opened: Vec<&[u8]> = Vec::new();
    for (line, next) in dashed(text).take(MAX_LINES) {
        let known = |list: &[Vec<u8>], text: &[u8]| list.iter().any(|one| one == text);
        if let Some(closed) = line.strip_suffix(b"--")
            && opened.contains(&closed)
            && !known(&found, closed)
        {
            found.push(closed.to_vec());
        }
        if starts_content(next) && !known(&found, line) {
            found.push(line.to_vec());
        } else if opened.len() < MAX_GUESSES && !opened.contains(&line) {
            opened.push(line);
        }
        if found.len() >= MAX_GUESSES {
            break;
        }
    }
    found
}

/// Whether a line that delimits parts by that boundary occurs, or one that begins so.
pub(super) fn occurs(text: &[u8], boundary: &[u8]) -> bool {
    let delimiter = [b"--", boundary].concat();
    let mut places = memchr::memmem::find_iter(text, &delimiter);
    places.any(|at| at == 0 || matches!(text.get(at - 1), Some(b'\n' | b'\r')))
}

/// Whether the name of a content field stands somewhere in the text, in any case.
pub(super) fn mentions_content(text: &[u8]) -> bool {
    const WORD: &[u8] = b"ontent-";
    memchr::memchr2_iter(b'c', b'C', text).any(|at| {
        let rest = slice::split(text, at + 1).1;
        slice::split(rest, WORD.len()).0.eq_ignore_ascii_case(WORD)
    })
}

fn starts_content(line: &[u8]) -> bool {
    line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
}

/// What stands behind `--` on each line that begins so, and what follows that line.
fn dashed(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let first = text.starts_with(b"--").then_some(0);
    let places = memchr::memmem::find_iter(text, b"\n--").map(|at| at + 1);
    first.into_iter().chain(places).filter_map(|at| {
        let rest = slice::split(text, at + 2).1;
        let look = slice::split(rest, MAX_LEN).0;
        let end = memchr::memchr(b'\n', look)?;
        let line = slice::trim_end(slice::split(rest, end).0, |byte| is_blank(byte) || byte == b'\r');
        (!line.is_empty()).then(|| (line, slice::split(rest, end + 1).1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_delimit() {
        for (text, expected) in [
            ("--b\nContent-Type: x\n\ny\n--b--\n", &["b"][..]),
            ("a\r\n--b \r\n\r\ny\r\n--b--\r\n", &["b"]),
            ("--a\nCONTENT-ID: <x>\n\n--c\ncontent-type: y\n\n", &["a", "c"]),
            ("-- \nSignature\n--\n", &[]),
            ("--b\nplain\n", &[]),
            ("a --b\nContent-Type: x\n", &[]),
        ] {
            let found = boundaries(text.as_bytes());
            assert_eq!(found, expected.iter().map(|one| one.as_bytes()).collect::<Vec<_>>(), "{text:?}");
        }
        assert!(occurs(b"--b\n", b"b") && occurs(b"x\r--bc", b"b") && !occurs(b"x--b", b"b"));
        assert!(mentions_content(b"x cOntent-Type") && !mentions_content(b"contents, c"));
    }
}
