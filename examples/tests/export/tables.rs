//! Tables: CSV.

use super::Case;
use mailtap::export::{Format, export};
use mailtap::pipeline::Secrets;
use std::collections::BTreeMap;
use std::path::Path;

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        names.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn cells<'a>(row: &'a Row, names: &[&str]) -> Vec<&'a str> {
    names.iter().map(|name| row[*name].as_str()).collect()
}

#[test]
fn csv_of_the_lab() {
    let case = Case::lab();
    let (folder, exported) = case.export(Format::Csv);
    let counts: Vec<(&str, u64)> =
        exported.files.iter().map(|file| (file.name.as_str(), file.items)).collect();
    for (name, count) in &counts {
        assert_eq!(rows(&folder.join(name)).len() as u64, *count, "{name}");
        let records = match name.strip_suffix(".csv").unwrap() {
            "parts" | "nodes" | "edges" => continue,
            name => super::common::lines(&case.at("out"), &format!("{name}.jsonl")),
        };
        assert_eq!(records.len() as u64, *count, "{name}");
    }
    let login = &rows(&folder.join("logins.csv"))[0];
    assert_eq!(
        cells(login, &["login", "session", "protocol", "client_ip", "server_port", "mechanism", "username"]),
        ["1", "1", "smtp", "127.0.0.1", "587", "PLAIN", "alice"]
    );
    assert_eq!(
        cells(login, &["password", "hash_line", "outcome", "over_tls"]),
        ["wonderland", "", "accepted", "false"]
    );
    let edges = rows(&folder.join("edges.csv"));
    assert!(edges.iter().any(|edge| {
        cells(edge, &["kind", "from", "to"]) == ["mailed", "alice@lab.test", "bob@lab.test"]
    }));
    assert!(edges.iter().any(|edge| {
        cells(edge, &["kind", "from", "to", "protocol"]) == ["spoke", "127.0.0.1", "127.0.0.1:587", "smtp"]
    }));
    let message = &rows(&folder.join("messages.csv"))[0];
    assert_eq!(
        cells(message, &["message", "mail_from", "rcpt_to", "rcpt_accepted", "rcpt_refused", "outcome"]),
        ["1", "alice@lab.test", "bob@lab.test", "bob@lab.test", "", "accepted"]
    );
}

#[test]
fn csv_of_hostile_mail() {
    let case = Case::hostile();
    let (folder, _) = case.export(Format::Csv);
    let session = &rows(&folder.join("sessions.csv"))[0];
    assert_eq!(
        cells(session, &["greeting", "client_name"]),
        ["'=HYPERLINK(\"http://evil.test\",\"mx\")", "'@SUM(A1)"]
    );
    let message = &rows(&folder.join("messages.csv"))[0];
    assert_eq!(
        cells(
            message,
            &["mail_from", "rcpt_to", "rcpt_refused", "from", "subject", "message_id", "attachments"]
        ),
        [
            "'=1+1@x.test",
            "\"a\\;b\"@y.test; -c@y.test",
            "'-c@y.test",
            "'=cmd|'/c calc'!A1 <a@x.test>",
            "'+1,\"2\" \u{ff} a\r\nb",
            "<\t../../x@y>",
            "'=x\u{202e}gpj.exe",
        ]
    );
    let login = &rows(&folder.join("logins.csv"))[0];
    assert_eq!(cells(login, &["username", "password"]), ["'=alice", "'+pw,\""]);
    // No cell of no file would be taken for a formula.
    for name in
        ["sessions", "messages", "parts", "logins", "commands", "anomalies", "findings", "nodes", "edges"]
    {
        for row in rows(&folder.join(format!("{name}.csv"))) {
            for (column, cell) in row {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
                    "{name} {column} {cell:?}"
                );
            }
        }
    }
}

#[test]
fn csv_without_secrets() {
    let case = Case::lab();
    for (secrets, password) in [
        (Secrets::Hash, "sha256:7fa9f2e06d1dcf2021fdb7f0a8d6d2d2aa6eabed42e1a5d9ce6bec3a84ae1d9e"),
        (Secrets::Omit, ""),
    ] {
        let mut options = case.options(Format::Csv);
        options.output = case.at(&format!("csv-{secrets:?}"));
        options.secrets = Some(secrets);
        export(&options).unwrap();
        let login = &rows(&options.output.join("logins.csv"))[0];
        assert_eq!(login["password"].len(), password.len());
        for name in ["logins", "commands", "sessions", "anomalies"] {
            let text = std::fs::read_to_string(options.output.join(format!("{name}.csv"))).unwrap();
            assert!(!text.contains("wonderland"), "{name}");
        }
    }
}
