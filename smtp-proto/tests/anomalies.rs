//! `ANOMALIES.md` is what the enum says, and each anomaly is shown by a transcript.
//!
//! `BLESS=1 cargo test -p smtp-proto --test anomalies` writes it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod common;

use common::transcripts;
use smtp_proto::Anomaly;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The message without the numbers that stand in for a case.
fn meaning(anomaly: Anomaly) -> String {
    let text = anomaly.to_string();
    [
        (" 0 bytes", " the limit"),
        (", lf.lf, at 0", ""),
        ("0 commands", "commands"),
        (", the limit, than", " than"),
        (", the limit,", ""),
        (" says, 0", " says"),
        (" for 2", " for several"),
        (", http", ""),
    ]
    .iter()
    .fold(text, |text, (from, to)| text.replace(from, to))
}

#[test]
fn the_table_is_what_the_enum_says() {
    let mut table =
        "| code | meaning | evidence: the span of | source |\n| --- | --- | --- | --- |\n".to_owned();
    let mut codes = BTreeSet::new();
    for anomaly in Anomaly::ALL {
        let code = anomaly.code();
        assert!(codes.insert(code), "{code} twice");
        assert!(code.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{code}");
        let (evidence, source) = anomaly.evidence_and_source();
        writeln!(table, "| `{code}` | {} | {evidence} | {source} |", meaning(anomaly)).unwrap();
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ANOMALIES.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), table, "BLESS=1 writes it anew");
}

#[test]
fn each_is_shown_by_a_transcript() {
    let told: BTreeSet<String> = transcripts()
        .iter()
        .flat_map(|(_, transcript)| &transcript.expected)
        .filter_map(|line| line.split_once(" anomaly ")?.1.split(' ').next().map(str::to_owned))
        .collect();
    let missing: Vec<_> =
        Anomaly::ALL.iter().map(Anomaly::code).filter(|code| !told.contains(*code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
