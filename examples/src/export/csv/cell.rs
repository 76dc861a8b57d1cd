//! A value as the text of a cell.

use super::super::cells::Cell;
use std::borrow::Cow;

/// What spreadsheets take for the beginning of a formula, or leave out in front of one.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Put in front of what would be taken for a formula, and of itself.
const DEFUSED: char = '\'';

/// The text of a cell that is no formula.
pub(super) fn shown<'a>(cell: &Cell<'a>) -> Cow<'a, str> {
    let text: Cow<'a, str> = match cell {
        Cell::None => "".into(),
        Cell::Bool(value) => if *value { "true" } else { "false" }.into(),
        Cell::Number(number) => number.to_string().into(),
        Cell::Signed(number) => number.to_string().into(),
        Cell::Time(time) => time.to_string().into(),
        Cell::Text(text) => (*text).into(),
        Cell::Owned(text) => text.clone().into(),
        Cell::List(texts) => listed(texts).into(),
    };
    defused(text)
}

fn listed(texts: &[String]) -> String {
    let escaped = texts.iter().map(|text| text.replace('\\', "\\\\").replace(';', "\\;"));
    escaped.collect::<Vec<_>>().join("; ")
}

fn defused(mut text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') {
        text = text.replace('\0', "\u{2400}").into();
    }
    if text.starts_with(FORMULA) || text.starts_with(DEFUSED) {
        text = format!("{DEFUSED}{text}").into();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Time;
    use core::time::Duration;

    /// As the documentation says.
    fn restored(text: &str) -> &str {
        text.strip_prefix('\'').unwrap_or(text)
    }

    #[test]
    fn values() {
        let list = |texts: &[&str]| Cell::List(texts.iter().map(ToString::to_string).collect());
        for (cell, expected) in [
            (Cell::None, ""),
            (Cell::Bool(true), "true"),
            (Cell::Bool(false), "false"),
            (Cell::Number(u64::MAX), "18446744073709551615"),
            (Cell::Signed(i64::MIN), "'-9223372036854775808"),
            (Cell::Time(Time::new(Duration::ZERO, 3)), "1970-01-01T00:00:00.000Z"),
            (Cell::Text("=1+1"), "'=1+1"),
            (Cell::Text("+49"), "'+49"),
            (Cell::Text("-1"), "'-1"),
            (Cell::Text("@SUM(A1)"), "'@SUM(A1)"),
            (Cell::Text("\t=1"), "'\t=1"),
            (Cell::Text("\r=1"), "'\r=1"),
            (Cell::Text("\n=1"), "'\n=1"),
            (Cell::Text("＝1"), "'＝1"),
            (Cell::Text("'quoted'"), "''quoted'"),
            (Cell::Text("a=1"), "a=1"),
            (Cell::Text("a\0b"), "a\u{2400}b"),
            (Cell::Text("\u{202e}gpj.exe"), "\u{202e}gpj.exe"),
            (Cell::Text("na\u{fffd}"), "na\u{fffd}"),
            (Cell::Owned("=x".to_owned()), "'=x"),
            (list(&["a;b", "c\\d", "e"]), "a\\;b; c\\\\d; e"),
            (list(&["=cmd|'/c calc'!A1", "b"]), "'=cmd|'/c calc'!A1; b"),
        ] {
            assert_eq!(shown(&cell), expected, "{cell:?}");
        }
        for text in ["=1", "'", "''", "'=1", "plain", "", "\r\n"] {
            assert_eq!(restored(&shown(&Cell::Text(text))), text);
        }
    }
}
