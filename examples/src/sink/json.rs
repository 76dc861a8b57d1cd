//! JSON in which no control character stands raw, so that a record never drives the terminal it is shown on.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Appends `record` and a line feed to `out`; on an error `out` is as it was.
///
/// # Errors
///
/// The record cannot be written as JSON.
pub fn push_line(out: &mut Vec<u8>, record: &impl Serialize) -> serde_json::Result<()> {
    let before = out.len();
    let written = record.serialize(&mut Serializer::with_formatter(&mut *out, Escaping(CompactFormatter)));
    match written {
        Ok(()) => out.push(b'\n'),
        Err(_) => out.truncate(before),
    }
    written
}

/// `record` over several lines, for people, with a line feed at the end.
///
/// # Errors
///
/// The record cannot be written as JSON.
pub fn pretty(record: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    record.serialize(&mut Serializer::with_formatter(&mut out, Escaping(PrettyFormatter::new())))?;
    out.push(b'\n');
    Ok(out)
}

/// Escapes U+007F and U+0080 to U+009F as well, which JSON allows to stand raw.
struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        // In UTF-8 they are the byte 0x7f, and 0xc2 with a byte below 0xa0 behind it.
        while let Some(at) = memchr::memchr2(0x7f, 0xc2, rest.as_bytes()) {
            let Some((clean, found)) = rest.split_at_checked(at) else { break };
            let mut behind = found.chars();
            let Some(found) = behind.next() else { break };
            writer.write_all(clean.as_bytes())?;
            if found.is_control() {
                write!(writer, "\\u{:04x}", u32::from(found))?;
            } else {
                write!(writer, "{found}")?;
            }
            rest = behind.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn line(record: &impl Serialize) -> String {
        let mut out = Vec::new();
        push_line(&mut out, record).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn control_characters() {
        for (text, expected) in [
            ("plain", r#""plain""#),
            ("\u{1b}[2J\r\n\t\0", r#""\u001b[2J\r\n\t\u0000""#),
            ("\u{7f}", r#""\u007f""#),
            ("a\u{80}\u{9b}31m\u{9f}z", r#""a\u0080\u009b31m\u009fz""#),
            ("\u{a0}\u{bf}£é\u{2028}", "\"\u{a0}\u{bf}£é\u{2028}\""),
            ("\\\u{7f}\"\u{c2}", r#""\\\u007f\"Â""#),
        ] {
            assert_eq!(line(&text), format!("{expected}\n"));
            assert_eq!(serde_json::from_str::<String>(expected).unwrap(), text);
        }
        assert_eq!(line(&BTreeMap::from([("\u{85}", 1)])), "{\"\\u0085\":1}\n");
    }

    #[test]
    fn for_people() {
        let text = String::from_utf8(pretty(&BTreeMap::from([("a", vec!["\u{9d}"])])).unwrap()).unwrap();
        assert_eq!(text, "{\n  \"a\": [\n    \"\\u009d\"\n  ]\n}\n");
    }

    #[test]
    fn a_record_that_fails_leaves_nothing() {
        let mut out = b"before\n".to_vec();
        assert!(push_line(&mut out, &BTreeMap::from([((1, 2), 3)])).is_err());
        assert_eq!(out, b"before\n");
    }

    proptest! {
        #[test]
        fn any_text_survives_without_controls(text in any::<String>()) {
            let line = line(&text);
            prop_assert!(!line.trim_end_matches('\n').chars().any(char::is_control));
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
