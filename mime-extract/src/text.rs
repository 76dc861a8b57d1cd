//! The text that people see: bytes of a charset as Unicode, lines put together. A view only: hashes are of the bytes.
//!
//! ```
//! use mime_extract::text;
//!
//! assert_eq!(text::decoded(Some("utf-7"), b"+AKM-5").text, "£5");
//! assert_eq!(text::unflowed("> one \n> line\nof \ntext\n", false), "> one line\nof text\n");
//! ```

use crate::Part;
use crate::charset::{self, Text};
use std::borrow::Cow;

/// The text of a leaf: in the charset that it names, or in that of its byte order mark, or guessed; with the lines of
/// `format=flowed` put together (RFC 3676).
#[must_use]
pub fn of<'a>(part: &Part, content: &'a [u8]) -> Text<'a> {
    let parameter = |name: &str| part.parameters.iter().find(|(known, _)| known == name);
    let says = |name: &str, value: &str| {
        parameter(name).is_some_and(|(_, said)| said.trim().eq_ignore_ascii_case(value))
    };
    let text = decoded(part.charset.as_deref(), content);
    if part.content_type == "text/plain" && says("format", "flowed") {
        let flowed = unflowed(&text.text, says("delsp", "yes"));
        return Text { text: Cow::Owned(flowed), ..text };
    }
    text
}

/// Bytes as text. `charset`: what the sender says. A byte order mark outranks it; UTF-16 without one is told by its
/// zero bytes, where the sender says nothing or something else that it cannot be.
#[must_use]
pub fn decoded<'a>(charset: Option<&str>, content: &'a [u8]) -> Text<'a> {
    let label = charset.unwrap_or_default();
    let wide = label.trim().to_ascii_lowercase().starts_with("utf-16");
    // UTF-16 that does not say which, and UTF-16 that nobody speaks of.
    if let Some(order) = zeros(content)
        && (!wide || label.trim().eq_ignore_ascii_case("utf-16"))
    {
        return Text { exact: wide, ..charset::to_utf8(order, content) };
    }
    if label.is_empty() { charset::guess_with_mark(content) } else { charset::to_utf8(label, content) }
}

/// The order of UTF-16 without a mark: nearly every other byte of Latin text is zero. So much of it is looked at.
fn zeros(content: &[u8]) -> Option<&'static str> {
    let pairs = content.get(..content.len().min(512))?.as_chunks::<2>().0;
    if pairs.len() < 2 || matches!(pairs.first(), Some([0xff, 0xfe] | [0xfe, 0xff])) {
        return None;
    }
    let high = pairs.iter().filter(|[high, low]| *high == 0 && *low != 0).count();
    let low = pairs.iter().filter(|[high, low]| *high != 0 && *low == 0).count();
    let most = |count: usize| count * 10 >= pairs.len() * 8;
    if most(high) && low == 0 {
        Some("utf-16be")
    } else if most(low) && high == 0 {
        Some("utf-16le")
    } else {
        None
    }
}

/// RFC 3676 section 4: a line that ends in a blank goes on with the next one of the same depth of quotes; a blank at the
/// start was stuffed; `-- ` stands alone. `delsp`: the blank at the end is no part of the text.
#[must_use]
pub fn unflowed(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of the paragraph that is open.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix("\r\n") {
            Some(bare) => (bare, "\r\n"),
            None => line.strip_suffix('\n').map_or((line, ""), |bare| (bare, "\n")),
        };
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let rest = line.get(depth..).unwrap_or_default();
        let content = rest.strip_prefix(' ').unwrap_or(rest);
        let signature = content == "-- ";
        // A paragraph of another depth ends, though its line says otherwise.
        let joined = open == Some(depth) && !signature;
        if open.is_some() && !joined {
            out.push('\n');
        }
        if !joined {
            out.extend(core::iter::repeat_n('>', depth));
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
        }
        if content.ends_with(' ') && !signature && !end.is_empty() {
            let kept = if delsp { content.strip_suffix(' ') } else { Some(content) };
            out.push_str(kept.unwrap_or_default());
            open = Some(depth);
        } else {
            out.push_str(content);
            out.push_str(end);
            open = None;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines() {
        for (text, delsp, expected) in [
            ("", false, ""),
            ("a \nb\nc\n", false, "a b\nc\n"),
            ("a \r\nb\r\n", false, "a b\r\n"),
            ("a \r\nb\r\n", true, "ab\r\n"),
            ("> a \n> b\n>> c \nd\n", false, "> a b\n>> c \nd\n"),
            (" From x\n >y\n", false, "From x\n>y\n"),
            ("a \n-- \nb\n", false, "a \n-- \nb\n"),
            (">\n> \n", false, ">\n>\n"),
            ("no end ", false, "no end "),
            ("a \n", false, "a "),
        ] {
            assert_eq!(unflowed(text, delsp), expected, "{text:?}");
        }
    }

    #[test]
    fn charsets() {
        let le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let be = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        for (charset, bytes, text, used, exact) in [
            (Some("utf-8"), b"\xc3\xa9".to_vec(), "é", "UTF-8", true),
            (None, b"\xc3\xa9".to_vec(), "é", "UTF-8", true),
            (None, b"\xe9".to_vec(), "é", "windows-1252", false),
            (None, b"\xef\xbb\xbfa".to_vec(), "a", "UTF-8", true),
            (None, [b"\xff\xfe".to_vec(), le("a€")].concat(), "a€", "UTF-16LE", true),
            (Some("utf-16"), be("text"), "text", "UTF-16BE", true),
            (Some("utf-16"), le("text"), "text", "UTF-16LE", true),
            (Some("utf-16be"), be("text"), "text", "UTF-16BE", true),
            (Some("us-ascii"), le("text"), "text", "UTF-16LE", false),
            (None, be("text"), "text", "UTF-16BE", false),
            (Some("foo"), b"caf\xe9".to_vec(), "café", "windows-1252", false),
            (Some("utf-7"), b"Hi+AOk-".to_vec(), "Hié", "UTF-7", true),
        ] {
            let got = decoded(charset, &bytes);
            assert_eq!((&*got.text, got.charset, got.exact), (text, used, exact), "{charset:?} {bytes:?}");
        }
    }
}
