//! All formats: what holds for each; and events, audit records, linked entities and Parquet.

use super::Case;
use mailtap::export::{Format, export};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// The files of an export by their names.
fn content(path: &Path) -> BTreeMap<String, Vec<u8>> {
    if path.is_file() {
        return BTreeMap::from([(String::new(), fs::read(path).unwrap())]);
    }
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        for (below, bytes) in content(&path) {
            files.insert(format!("{name}/{below}"), bytes);
        }
    }
    files
}

#[test]
fn an_export_is_replaced_when_told_to_and_is_the_same_again() {
    for case in [Case::lab(), Case::hostile()] {
        for format in Format::ALL {
            let (path, _) = case.export(*format);
            let first = content(&path);
            let mut options = case.options(*format);
            assert!(export(&options).unwrap_err().is_usage(), "{format:?}");
            options.force = true;
            export(&options).unwrap();
            assert!(content(&path) == first, "{format:?}");
            options.output = case.at("elsewhere").join(format.name());
            export(&options).unwrap();
            assert!(content(&options.output) == first, "{format:?}");
        }
    }
}

#[test]
fn events_are_objects_without_secrets() {
    for case in [Case::lab(), Case::hostile()] {
        let (path, exported) = case.export(Format::Ecs);
        let text = fs::read_to_string(path).unwrap();
        assert!(!text.contains("wonderland") && !text.contains("+pw"));
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len() as u64, exported.files[0].items);
        for (name, kind) in
            [("sessions", "session"), ("messages", "message"), ("logins", "login"), ("findings", "finding")]
        {
            let records = super::common::lines(&case.at("out"), &format!("{name}.jsonl"));
            let dataset = format!("mailtap.{kind}");
            let found = events.iter().filter(|event| event["event"]["dataset"] == dataset.as_str()).count();
            assert_eq!(found, records.len(), "{name}");
        }
    }
}

/// The numbers and texts of a row.
fn shown(row: &parquet::record::Row) -> Value {
    let field = |field: &Field| match field {
        Field::ULong(number) => Value::from(*number),
        Field::Str(text) => Value::from(text.as_str()),
        _ => Value::Null,
    };
    row.get_column_iter()
        .map(|(name, value)| (name.clone(), field(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn parquet_has_the_rows_of_the_records() {
    let case = Case::lab();
    let (folder, _) = case.export(Format::Parquet);
    for name in ["sessions", "messages", "logins", "findings"] {
        let reader =
            SerializedFileReader::new(File::open(folder.join(format!("{name}.parquet"))).unwrap()).unwrap();
        let records = super::common::lines(&case.at("out"), &format!("{name}.jsonl"));
        let rows: Vec<Value> = reader.get_row_iter(None).unwrap().map(|row| shown(&row.unwrap())).collect();
        assert_eq!(rows.len(), records.len(), "{name}");
        for (row, record) in rows.iter().zip(&records) {
            for field in
                ["session", "message", "sha256", "size", "username", "password", "greeting", "rule", "title"]
            {
                if record[field].is_null() || row.get(field).is_none() {
                    continue;
                }
                assert_eq!(row[field], record[field], "{name}.{field}");
            }
        }
    }
}

#[test]
fn audit_records_are_framed_and_mails_have_their_content() {
    for case in [Case::lab(), Case::hostile()] {
        let (folder, exported) = case.export(Format::Netcap);
        let names: Vec<_> = exported.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["POP3.ncap.gz", "SMTP.ncap.gz", "Mail.ncap.gz", "Credentials.ncap.gz"]);
        for file in &exported.files {
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(File::open(folder.join(&file.name)).unwrap())
                .read_to_end(&mut bytes)
                .unwrap();
            let (mut rest, mut records) = (&bytes[..], 0);
            while !rest.is_empty() {
                let len = prost::decode_length_delimiter(&mut rest).unwrap();
                rest = &rest[len..];
                records += 1;
            }
            assert_eq!(records, file.items + 1, "{}", file.name);
        }
    }
    let case = Case::hostile();
    let (folder, _) = case.export(Format::Netcap);
    let mut bytes = Vec::new();
    let file = File::open(folder.join("Mail.ncap.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for expected in
        ["From here\n>From there\n>>From\nFrom", "TVqQAA==", "x\u{202e}gpj.exe", "=1+1@x.test", "message-1"]
    {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn entities_are_linked() {
    let case = Case::hostile();
    let (folder, _) = case.export(Format::Maltego);
    let rows = |name: &str| {
        let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
        reader
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let mails = rows("mails.csv");
    let name = "message 1: +1,\"2\" \u{ff} a\r\nb";
    let ends: Vec<_> = mails.iter().map(|row| [&*row[0], &row[1], &row[2]]).collect();
    assert_eq!(ends, [["'=1+1@x.test", name, "\"a;b\"@y.test"], ["'=1+1@x.test", name, "'-c@y.test"]]);
    let files = rows("files.csv");
    assert_eq!((files.len(), &*files[0][0], &*files[0][1]), (1, name, "'=x\u{202e}gpj.exe"));
    assert_eq!(rows("logins.csv")[0][1], "'=alice");
    assert_eq!(rows("transfers.csv").len(), 1);
}
