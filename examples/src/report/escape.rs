//! The one place where text from the wire is made harmless for the page.
//!
//! All data stands in `<script type="application/json">` blocks, which a browser does not run. What could end such a
//! block, or begin a comment in it, is written as `\u003c` and the like; so are the line separators that JavaScript
//! knows and JSON does not, control characters, and the marks that turn the direction of text around, which would
//! mislead whoever reads the source.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Writes `value` as JSON that is inert inside of a script block. Strings longer than `longest` bytes are cut, and end
/// with how long they are.
pub(super) fn json(
    out: &mut impl Write,
    value: &(impl Serialize + ?Sized),
    longest: usize,
) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Inert { longest, written: 0 }))
}

/// `text` as content of an element, or as the value of an attribute in quotes.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char if char.is_control() || turns(char) => out.push(char::REPLACEMENT_CHARACTER),
            char => out.push(char),
        }
    }
    out
}

/// Marks, embeddings, overrides and isolates of the bidirectional algorithm.
const fn turns(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const fn is_risky(char: char) -> bool {
    matches!(char, '<' | '>' | '&' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        || turns(char)
}

/// Compact JSON with nothing in its strings that HTML, JavaScript or an editor would take for more than text.
struct Inert {
    longest: usize,
    /// Bytes of the present string, those that were cut included.
    written: usize,
}

impl Inert {
    /// How much of `fragment` is still to be written.
    fn room<'a>(&mut self, fragment: &'a str) -> &'a str {
        let left = self.longest.saturating_sub(self.written);
        self.written = self.written.saturating_add(fragment.len());
        cut(fragment, left)
    }
}

/// At most `len` bytes of `text`, whole characters.
pub(super) fn cut(text: &str, len: usize) -> &str {
    text.get(..text.floor_char_boundary(len)).unwrap_or(text)
}

impl Formatter for Inert {
    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.written = 0;
        writer.write_all(b"\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.written > self.longest {
            write!(writer, " \u{2026} [cut: {} bytes in all]", self.written)?;
        }
        writer.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = self.room(fragment);
        while let Some((at, found)) = rest.char_indices().find(|(_, char)| is_risky(*char)) {
            let (clean, behind) = rest.split_at(at);
            writer.write_all(clean.as_bytes())?;
            write!(writer, "\\u{:04x}", u32::from(found))?;
            rest = behind.get(found.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: serde_json::ser::CharEscape,
    ) -> io::Result<()> {
        use serde_json::ser::CharEscape;
        if self.room(" ").is_empty() {
            return Ok(());
        }
        match escape {
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: &(impl Serialize + ?Sized), longest: usize) -> String {
        let mut out = Vec::new();
        json(&mut out, value, longest).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_ends_a_script_block() {
        for (text, expected) in [
            ("</script>", r#""\u003c/script\u003e""#),
            ("<!-- <SCRIPT", r#""\u003c!-- \u003cSCRIPT""#),
            ("]]>&amp;", r#""]]\u003e\u0026amp;""#),
            ("a\u{2028}b\u{2029}", r#""a\u2028b\u2029""#),
            ("\u{202e}fdp.exe", r#""\u202efdp.exe""#),
            ("\u{0}\u{7f}\u{9b}\t\"\\/", r#""\u0000\u007f\u009b\t\"\\/""#),
            ("na\u{ef}ve \u{1f600}", "\"na\u{ef}ve \u{1f600}\""),
        ] {
            assert_eq!(shown(text, 100), expected);
        }
        // Names of members are text from the wire as well.
        let map = std::collections::BTreeMap::from([("</script>", 1)]);
        assert_eq!(shown(&map, 100), r#"{"\u003c/script\u003e":1}"#);
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(shown("abcdef", 6), "\"abcdef\"");
        assert_eq!(shown("abcdefg", 6), "\"abcdef \u{2026} [cut: 7 bytes in all]\"");
        // Never inside of a character, and escapes count.
        assert_eq!(shown("a\u{e9}\u{e9}", 2), "\"a \u{2026} [cut: 5 bytes in all]\"");
        assert_eq!(shown("\n\n\n", 2), "\"\\n\\n \u{2026} [cut: 3 bytes in all]\"");
        // Each string has its own room.
        assert_eq!(shown(&["abc", "abc"], 3), r#"["abc","abc"]"#);
    }

    #[test]
    fn text_of_an_element() {
        assert_eq!(
            html("<b a='1' c=\"2\">&\u{202e}\u{7}"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{fffd}\u{fffd}"
        );
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "\\PC*|[<>&/!\\-a-z\u{2028}\u{202e}\u{80}\n\"\\\\]{0,40}") {
            let shown = shown(&text, usize::MAX);
            let harmful = ['<', '>', '&', '\u{2028}', '\u{2029}', '\u{202e}'];
            prop_assert!(!shown.contains(harmful));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
