use super::*;
use crate::export::cells::{Cell, column, list};
use crate::record::Time;
use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::Field;
use core::time::Duration;
use std::fs::File;

struct Row {
    number: Option<u64>,
    text: Option<&'static str>,
    list: &'static [&'static str],
    time: Time,
}

const TABLE: Table<Row> = Table {
    name: "logins",
    columns: &[
        column("number", Kind::Number, |row| row.number.into()),
        column("sign", Kind::Signed, |row| {
            row.number.map_or(Cell::None, |number| Cell::Signed(number.cast_signed()))
        }),
        column("text", Kind::Text, |row| row.text.into()),
        column("list", Kind::List, |row| list(row.list)),
        column("time", Kind::Time, |row| row.time.into()),
        column("is", Kind::Bool, |row| row.number.is_some().into()),
    ],
};

const ROWS: [Row; 4] = [
    Row {
        number: Some(u64::MAX),
        text: Some("=1\r\n\"\0\u{202e}\u{fffd}"),
        list: &["a", "", "=b;"],
        time: Time::new(Duration::new(1, 5), 9),
    },
    Row { number: None, text: None, list: &[], time: Time::new(Duration::new(u64::MAX, 0), 0) },
    Row { number: Some(0), text: Some(""), list: &["c"], time: Time::new(Duration::ZERO, 0) },
    Row {
        number: Some(1 << 63),
        text: Some("x"),
        list: &[],
        time: Time::new(Duration::new(9_223_372_036, 854_775_807), 9),
    },
];

#[test]
fn rows_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let folder = NewFolder::create(&dir.path().join("out"), false).unwrap();
    let mut file = TableFile::create(&folder, &TABLE).unwrap();
    for (place, row) in ROWS.iter().enumerate() {
        file.row(row).unwrap();
        // Row groups in the middle change nothing.
        if place == 1 {
            file.flush().unwrap();
            file.flush().unwrap();
        }
    }
    let written = file.finish().unwrap();
    assert_eq!(written, Written::new("logins.parquet", 4));
    let file = File::open(dir.path().join(".tmp-out/logins.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    assert_eq!(reader.num_row_groups(), 2);
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        rows.push(row.get_column_iter().map(|(_, field)| field.clone()).collect::<Vec<_>>());
    }
    let texts = |texts: &[&str]| {
        let fields: Vec<Field> = texts.iter().map(|text| Field::Str((*text).to_owned())).collect();
        format!("{:?}", fields)
    };
    let shown = |field: &Field| match field {
        Field::ListInternal(list) => format!("{:?}", list.elements()),
        field => format!("{field:?}"),
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    assert_eq!(rows[0][0], "ULong(18446744073709551615)");
    assert_eq!(rows[0][1], "Long(-1)");
    assert_eq!(rows[0][2], format!("{:?}", Field::Str("=1\r\n\"\0\u{202e}\u{fffd}".to_owned())));
    assert_eq!(rows[0][3], texts(&["a", "", "=b;"]));
    assert!(rows[0][4].contains("1000000005"), "{}", rows[0][4]);
    assert_eq!(rows[1], ["Null", "Null", "Null", "Null", "Null", "Bool(false)"]);
    assert_eq!((rows[2][2].as_str(), rows[2][3].clone()), ("Str(\"\")", texts(&["c"])));
    assert_eq!(rows[3][0], format!("ULong({})", 1_u64 << 63));
    assert!(rows[3][4].contains("9223372036854775807"), "{}", rows[3][4]);
}

#[test]
fn the_schemas_are_read_as_they_are_written() {
    for text in [schema(&SESSIONS), schema(&MESSAGES), schema(&PARTS), schema(&LOGINS), schema(&FINDINGS)] {
        parse_message_type(&text).unwrap();
    }
    assert!(schema(&LOGINS).starts_with("message logins {\n  OPTIONAL INT64 login (INTEGER(64,false));\n"));
}

#[test]
fn an_empty_table_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let folder = NewFolder::create(&dir.path().join("out"), false).unwrap();
    TableFile::create(&folder, &PARTS).unwrap().finish().unwrap();
    let file = File::open(dir.path().join(".tmp-out/parts.parquet")).unwrap();
    assert_eq!(SerializedFileReader::new(file).unwrap().metadata().file_metadata().num_rows(), 0);
}
