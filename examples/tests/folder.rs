//! The records of an output folder, read back: what is read is what was written, to the letter.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod common;

use common::captures;
use mailtap::evidence::{Folder, RecordsOf};
use mailtap::findings::{Config, Observer};
use mailtap::pipeline::{Options, extract};
use mailtap::sink::Records;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::Read as _;

fn written<T: Serialize + DeserializeOwned>(records: RecordsOf<T>) -> String {
    records.map(|record| serde_json::to_string(&record.unwrap()).unwrap() + "\n").collect()
}

#[test]
fn records_are_read_as_they_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    extract(&Options::new(captures(), out.clone()), |_| {}).unwrap();
    let folder = Folder::open(&out).unwrap();
    let text = |records: Records| fs::read_to_string(out.join(records.file_name())).unwrap();
    assert_eq!(written(folder.sessions().unwrap()), text(Records::Sessions));
    assert_eq!(written(folder.messages().unwrap()), text(Records::Messages));
    assert_eq!(written(folder.logins().unwrap()), text(Records::Logins));
    assert_eq!(written(folder.commands().unwrap()), text(Records::Commands));
    assert_eq!(written(folder.anomalies().unwrap()), text(Records::Anomalies));
    assert_eq!(written(folder.findings().unwrap()), text(Records::Findings));
    let summary = serde_json::to_string_pretty(folder.summary()).unwrap();
    assert_eq!(summary.trim_end(), fs::read_to_string(out.join("summary.json")).unwrap().trim_end());
}

/// Whoever has the folder finds what the run found, though records of different kinds come in another order.
#[test]
fn findings_can_be_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    extract(&Options::new(captures(), out.clone()), |_| {}).unwrap();
    let folder = Folder::open(&out).unwrap();
    let mut observer = Observer::new(Config::default());
    folder.logins().unwrap().for_each(|login| observer.login(&login.unwrap()));
    folder.messages().unwrap().for_each(|message| observer.message(&message.unwrap()));
    folder.anomalies().unwrap().for_each(|anomaly| observer.anomaly(&anomaly.unwrap()));
    folder.sessions().unwrap().for_each(|session| observer.session(&session.unwrap()));
    let findings = observer.finish();
    assert!(findings.len() > 10, "{}", findings.len());
    let text: String =
        findings.iter().map(|finding| serde_json::to_string(finding).unwrap() + "\n").collect();
    assert_eq!(text, fs::read_to_string(out.join("findings.jsonl")).unwrap());
}

#[test]
fn files_are_opened_by_their_hashes_alone() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    extract(&Options::new(captures(), out.clone()), |_| {}).unwrap();
    let folder = Folder::open(&out).unwrap();
    let size = |file: Option<fs::File>| {
        let mut bytes = Vec::new();
        file.unwrap().read_to_end(&mut bytes).unwrap();
        bytes.len() as u64
    };
    let (mut messages, mut parts) = (0, 0);
    for message in folder.messages().unwrap().map(Result::unwrap) {
        assert_eq!(size(folder.message_file(&message).unwrap()), message.size);
        messages += 1;
        for part in message.parts.iter().filter(|part| part.file.is_some()) {
            assert_eq!(Some(size(folder.part_file(part).unwrap())), part.size);
            parts += 1;
        }
    }
    let counts = folder.summary().counts;
    assert_eq!(messages, counts.messages);
    assert!(parts >= counts.attachments && parts > 0, "{parts}");

    let mut message = folder.messages().unwrap().next().unwrap().unwrap();
    for file in ["", "summary.json", "messages/../summary.json", "/etc/passwd", "attachments/x.txt"] {
        file.clone_into(&mut message.file);
        assert!(folder.message_file(&message).unwrap().is_none(), "{file}");
    }
    message.file = format!("messages/{}.eml", "0".repeat(64));
    assert!(folder.message_file(&message).unwrap_err().to_string().contains("cannot look at"));
}
