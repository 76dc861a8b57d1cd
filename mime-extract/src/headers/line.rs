//! What one line of a header block is (RFC 5322 section 2.2).

use crate::slice::{self, is_blank};

/// Longest name of a field. What is longer is no field: a body that begins with one endless word is told early.
pub(crate) const MAX_NAME: usize = 998;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Blank,
    /// It begins with a blank.
    Fold,
    /// Its name ends and its value begins there.
    Field {
        name_end: usize,
        value: usize,
    },
    Junk,
    /// Only the rest of the line can tell.
    Unsure,
}

/// The line that separates the messages of an mbox file, also where a mail program quoted it.
pub(crate) fn is_from(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// Whether the beginning of a line may become a From_ line; a line so long is none.
pub(crate) fn is_from_prefix(line: &[u8]) -> bool {
    let may = |whole: &[u8]| whole.starts_with(line) || line.starts_with(whole);
    line.len() <= MAX_NAME && (may(b"From ") || may(b">From "))
}

/// RFC 5322 section 2.2: a name of printable characters, and a colon; blanks between them as RFC 822 allowed.
pub(crate) fn classify(line: &[u8], whole: bool) -> Line {
    let unsure = if whole { Line::Junk } else { Line::Unsure };
    let text = if whole { slice::trim_end(line, |byte| matches!(byte, b'\r' | b'\n')) } else { line };
    let Some(first) = text.first() else { return if whole { Line::Blank } else { Line::Unsure } };
    if is_blank(*first) {
        return Line::Fold;
    }
    let name =
        text.iter().take(MAX_NAME + 1).take_while(|byte| matches!(byte, b'!'..=b'9' | b';'..=b'~')).count();
    if name == 0 || name > MAX_NAME {
        return if name == 0 && *first == b'\r' && !whole { Line::Unsure } else { Line::Junk };
    }
    let behind = slice::split(text, name).1;
    let blanks = behind.iter().take(MAX_NAME).take_while(|byte| is_blank(**byte)).count();
    match behind.get(blanks) {
        Some(b':') => Line::Field { name_end: name, value: name + blanks + 1 },
        None => unsure,
        Some(b'\r') if !whole && behind.len() == blanks + 1 => Line::Unsure,
        Some(_) => Line::Junk,
    }
}

/// Whether a line is one of the fields that say what a body is, as far as its name goes.
pub(super) fn is_content_field(line: &[u8]) -> bool {
    let (start, rest) = slice::split(line, CONTENT.len());
    start.eq_ignore_ascii_case(CONTENT) && matches!(classify(rest, true), Line::Field { .. })
}

/// Whether a line is one of the fields that a message has, and what is no message hardly.
pub(super) fn is_message_field(line: &[u8]) -> bool {
    const KNOWN: [&str; 8] =
        ["from", "to", "subject", "date", "message-id", "received", "return-path", "mime-version"];
    let Line::Field { name_end, .. } = classify(line, true) else { return false };
    let name = slice::split(line, name_end).0;
    is_content_field(line) || KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// A content field beside whose name stands what does not belong there, or that lost its colon: where its name begins and
/// ends, and where its value begins.
pub(super) fn loose_field(line: &[u8]) -> Option<[usize; 3]> {
    let start = line.iter().take(MAX_STRAY).take_while(|byte| is_stray(**byte)).count();
    let text = slice::split(line, start).1;
    let name = text.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-').count();
    let (known, behind) = slice::split(text, name);
    let is = ["content-type", "content-transfer-encoding", "content-disposition"]
        .iter()
        .any(|name| known.eq_ignore_ascii_case(name.as_bytes()));
    let stray = behind.iter().take(MAX_STRAY).take_while(|byte| is_stray(**byte)).count();
    let colon = behind.get(stray).is_some_and(|byte| matches!(byte, b':' | b'=' | b';'));
    let value = start + name + stray + usize::from(colon);
    (is && (stray > 0 || colon)).then_some([start, start + name, value])
}

/// Whether the beginning of a line may become such a field.
pub(super) fn is_loose_prefix(line: &[u8]) -> bool {
    let stray = line.iter().take(MAX_STRAY).take_while(|byte| is_stray(**byte)).count();
    let line = slice::split(line, stray).1;
    slice::split(line, CONTENT.len()).0.eq_ignore_ascii_case(slice::split(CONTENT, line.len()).0)
}

/// Bytes around a name that are passed over.
const MAX_STRAY: usize = 8;

/// Blanks, controls, marks of byte order: what some programs do not see before or behind a name.
const fn is_stray(byte: u8) -> bool {
    !byte.is_ascii_graphic()
}

const CONTENT: &[u8] = b"content-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let field = |name_end, value| Line::Field { name_end, value };
        for (line, whole, cut) in [
            ("", Line::Blank, Line::Unsure),
            ("\r", Line::Blank, Line::Unsure),
            (" x", Line::Fold, Line::Fold),
            ("A:", field(1, 2), field(1, 2)),
            ("A: b", field(1, 2), field(1, 2)),
            ("A \t: b", field(1, 4), field(1, 4)),
            (":b", Line::Junk, Line::Junk),
            ("A", Line::Junk, Line::Unsure),
            ("A ", Line::Junk, Line::Unsure),
            ("A\r", Line::Junk, Line::Unsure),
            ("A b", Line::Junk, Line::Junk),
            ("A\u{e9}: b", Line::Junk, Line::Junk),
        ] {
            assert_eq!(
                (classify(line.as_bytes(), true), classify(line.as_bytes(), false)),
                (whole, cut),
                "{line:?}"
            );
        }
        assert_eq!(classify(&[b'x'; MAX_NAME + 1], false), Line::Junk);
        for (line, content, loose) in [
            ("Content-Type: x", true, Some([0, 12, 13])),
            ("CONTENT-X : x", true, None),
            ("Content-Type x", false, Some([0, 12, 13])),
            ("Content-Type=x", false, Some([0, 12, 13])),
            ("\u{feff}Content-Type\0: x", false, Some([3, 15, 17])),
            ("Content-Type\r\n", false, Some([0, 12, 14])),
            ("Content-Type-x", false, None),
            ("Content-Typ x", false, None),
            ("Contents: x", false, None),
        ] {
            assert_eq!((is_content_field(line.as_bytes()), loose_field(line.as_bytes())), (content, loose));
            assert!(is_loose_prefix(&line.as_bytes()[..4]));
        }
        for (line, is) in
            [("Subject: x", true), ("content-x: y", true), ("Hello: x", false), ("Subject", false)]
        {
            assert_eq!(is_message_field(line.as_bytes()), is, "{line:?}");
        }
        assert!(is_from(b">From x") && !is_from(b"From: x"));
        assert!(is_from_prefix(b">Fr") && is_from_prefix(b"") && !is_from_prefix(b"Fx"));
    }
}
