use super::*;
use crate::export::cells::{Kind, column};

struct Row(&'static str, Option<u64>);

const COLUMNS: &[Column<Row>] = &[
    column("text", Kind::Text, |row| row.0.into()),
    column("number", Kind::Number, |row| row.1.map_or(Cell::None, Cell::Number)),
];

#[test]
fn hostile_cells_come_back_from_another_reader() {
    let rows = [
        Row("=HYPERLINK(\"http://x\",\"y\")", Some(u64::MAX)),
        Row("two\r\nlines", None),
        Row("\"quoted\", with comma", Some(0)),
        Row("", None),
        Row("\u{202e}txt.exe \u{5d0}", Some(1)),
        Row("a\0b\u{fffd}", Some(2)),
    ];
    let mut lines = Lines::new(Vec::new());
    lines.write(COLUMNS.iter().map(|column| column.name)).unwrap();
    for row in &rows {
        let cells: Vec<Cell<'_>> = COLUMNS.iter().map(|column| (column.get)(row)).collect();
        lines.write(cells.iter().map(cell::shown)).unwrap();
    }
    let bytes = lines.finish().unwrap();
    assert!(
        bytes.starts_with(
            b"text,number\r\n\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",18446744073709551615\r\n"
        )
    );
    let mut reader = ::csv::Reader::from_reader(&*bytes);
    let read: Vec<Vec<String>> =
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(
        read,
        [
            ["'=HYPERLINK(\"http://x\",\"y\")", "18446744073709551615"],
            ["two\r\nlines", ""],
            ["\"quoted\", with comma", "0"],
            ["", ""],
            ["\u{202e}txt.exe \u{5d0}", "1"],
            ["a\u{2400}b\u{fffd}", "2"],
        ]
    );
}

#[test]
fn names_of_files() {
    for (name, expected) in
        [("sessions.csv", true), ("parts.csv", true), ("notes.csv", false), ("sessions.csv/", false)]
    {
        assert_eq!(writes(name), expected, "{name}");
    }
}
