//! `verify` finds every folder of ours clean, and each change in one; `trace` leads back to the packets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

#[path = "../common/mod.rs"]
mod common;

mod commands;
mod tampered;

use common::{captures, lines};
use mailtap::evidence::{Finding, Verdict, verify};
use mailtap::pipeline::{Options, extract};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A capture, what was extracted of it, and both may be changed.
struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    fn of(capture: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(capture, dir.path().join("a.pcap")).unwrap();
        let case = Self { dir };
        extract(&Options::new(vec![case.at("a.pcap")], case.out()), |_| {}).unwrap();
        case
    }

    fn s02() -> Self {
        Self::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/s02-swaks-auth.pcap"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.at("out")
    }

    fn message(&self, number: usize) -> Value {
        lines(&self.out(), "messages.jsonl")[number - 1].clone()
    }

    /// Changes a file byte by byte.
    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.at(name)).unwrap();
        change(&mut bytes);
        fs::write(self.at(name), bytes).unwrap();
    }

    /// Changes a line, from 1, of a file of records.
    fn line(&self, name: &str, number: usize, from: &str, to: &str) {
        self.change(&format!("out/{name}"), |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let mut changed = 0;
            let lines = text.split_inclusive('\n').zip(1..).map(|(line, at)| {
                if at != number {
                    return line.to_owned();
                }
                changed = line.matches(from).count();
                line.replacen(from, to, 1)
            });
            *bytes = lines.collect::<String>().into_bytes();
            assert!(changed > 0, "{from}");
        });
    }

    fn verify(&self) -> (Verdict, Vec<Finding>) {
        let mut findings = Vec::new();
        let verdict = verify(&self.out(), &[], |finding| findings.push(finding.clone())).unwrap();
        assert_eq!(verdict.findings, findings.len() as u64);
        (verdict, findings)
    }

    /// What differs, as (what, check).
    fn differs(&self) -> Vec<(String, &'static str)> {
        self.verify().1.iter().map(|finding| (finding.what.to_string(), finding.check)).collect()
    }

    fn mailtap(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_mailtap"))
            .args(arguments)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

fn told(what: &str, check: &'static str) -> (String, &'static str) {
    (what.to_owned(), check)
}

#[test]
fn what_was_extracted_is_verified() {
    let captures = captures();
    assert!(captures.len() >= 12, "{captures:?}");
    for capture in captures {
        let case = Case::of(&capture);
        let (verdict, findings) = case.verify();
        assert_eq!(findings, [], "{}", capture.display());
        // Every byte of every message, but for those that were inflated.
        let messages = lines(&case.out(), "messages.jsonl");
        let bytes: u64 = messages.iter().map(|message| message["size"].as_u64().unwrap()).sum();
        assert_eq!(verdict.checked.bytes + verdict.checked.made, bytes, "{}", capture.display());
        let inflates = capture.to_string_lossy().contains("compress");
        assert_eq!(verdict.checked.made > 0, inflates, "{}", capture.display());
        assert!(verdict.complete);
    }
}

#[test]
fn several_captures_are_verified_together() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let options = Options::new(captures(), out.clone());
    extract(&options, |_| {}).unwrap();
    let mut findings = Vec::new();
    let verdict = verify(&out, &[], |finding| findings.push(finding.clone())).unwrap();
    assert_eq!(findings, []);
    assert_eq!(verdict.checked.captures, captures().len() as u64);
    // They are found again where they are now, whatever the names.
    let moved = dir.path().join("moved");
    fs::create_dir(&moved).unwrap();
    for (number, capture) in captures().iter().enumerate() {
        fs::copy(capture, moved.join(format!("{}.cap", 100 - number))).unwrap();
    }
    let text = fs::read_to_string(out.join("summary.json")).unwrap();
    fs::write(out.join("summary.json"), text.replace("/captures/", "/elsewhere/")).unwrap();
    assert_eq!(verify(&out, &[moved], |_| {}).unwrap(), verdict);
    assert_eq!(verify(&out, &[], |_| {}).unwrap().findings, verdict.checked.captures);
}

#[test]
fn a_run_that_died() {
    let case = Case::s02();
    case.line("summary.json", 4, "true", "false");
    case.change("out/provenance.jsonl", |bytes| {
        let end = bytes.iter().rposition(|byte| *byte == b'6').unwrap();
        let end = bytes[..end].iter().rposition(|byte| *byte == b'\n').unwrap();
        bytes.truncate(end + 1);
    });
    fs::write(case.out().join("messages/.tmp-7"), "half").unwrap();
    let (verdict, findings) = case.verify();
    assert_eq!((verdict.complete, findings), (false, Vec::new()));
    let (status, stdout, _) = case.mailtap(&["verify", "out"]);
    assert_eq!(status, 0);
    assert!(stdout.ends_with("no differences; the run did not come to its end\n"), "{stdout}");
}
