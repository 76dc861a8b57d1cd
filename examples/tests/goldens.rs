//! The whole folder that `extract` writes for each capture, to the letter.
//!
//! ```sh
//! BLESS=1 cargo test -p mailtap --test goldens    # writes captures/**/*.expected; read the difference
//! ```
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod common;

use common::captures;
use mailtap::pipeline::{Options, extract};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// The records as they are written, without how long the run took and where its captures were; and instead of the
/// files of messages and attachments, which are named by what is in them, `files.txt` with their sizes and names.
fn folder(captures: &[PathBuf], workers: u16) -> BTreeMap<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut options = Options::new(captures.to_vec(), out.clone());
    options.reading.workers = workers;
    extract(&options, |_| {}).unwrap();
    let mut found = BTreeMap::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(&out).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            for file in fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
                let bytes = fs::read(file.path()).unwrap();
                let file = file.file_name().into_string().unwrap();
                let mut hash = String::new();
                Sha256::digest(&bytes).iter().for_each(|byte| write!(hash, "{byte:02x}").unwrap());
                assert_eq!(file.split('.').next(), Some(&*hash));
                files.push(format!("{name}/{file} {}\n", bytes.len()));
            }
            continue;
        }
        let mut text = fs::read_to_string(entry.path()).unwrap();
        if name == "summary.json" {
            for capture in captures {
                text = text.replace(&format!("{}/", capture.parent().unwrap().display()), "");
            }
            let is_of_the_run =
                |line: &&str| line.contains("\"time_taken\":") || line.contains("\"bytes_per_second\":");
            text = text.split_inclusive('\n').filter(|line| !is_of_the_run(line)).collect();
            text = text.replace(",\n}\n", "\n}\n");
        }
        found.insert(name, text);
    }
    files.sort();
    found.insert("files.txt".to_owned(), files.concat());
    found
}

/// Where two texts begin to differ.
fn difference(expected: &str, got: &str) -> String {
    let same = expected.bytes().zip(got.bytes()).take_while(|(one, two)| one == two).count();
    let line = expected.as_bytes()[..same].iter().filter(|byte| **byte == b'\n').count() + 1;
    let near = |text: &str| {
        let bytes = &text.as_bytes()[same.saturating_sub(60)..(same + 120).min(text.len())];
        String::from_utf8_lossy(bytes).into_owned()
    };
    format!("line {line}\nexpected {:?}\ngot      {:?}", near(expected), near(got))
}

#[test]
fn folders_are_as_committed() {
    let captures = captures();
    assert!(captures.len() >= 12, "{captures:?}");
    for capture in captures {
        let expected = capture.with_extension("expected");
        let got = folder(std::slice::from_ref(&capture), 1);
        if std::env::var_os("BLESS").is_some() {
            let _ = fs::remove_dir_all(&expected);
            fs::create_dir(&expected).unwrap();
            for (name, text) in &got {
                fs::write(expected.join(name), text).unwrap();
            }
            continue;
        }
        let mut names: Vec<String> = fs::read_dir(&expected)
            .unwrap_or_else(|_| panic!("{}: bless it", expected.display()))
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            got.keys().collect::<Vec<_>>(),
            names.iter().collect::<Vec<_>>(),
            "{}",
            expected.display()
        );
        for (name, got) in got {
            let path = expected.join(name);
            let expected = fs::read_to_string(&path).unwrap();
            assert!(expected == got, "{} {}", path.display(), difference(&expected, &got));
        }
    }
}

/// What a session counts is what is told of it, also where parts of it became a message.
#[test]
fn sessions_count_their_anomalies() {
    let count = |lines: &str, add: fn(&Value, &mut BTreeMap<(u64, String), u64>)| {
        let mut counts = BTreeMap::new();
        lines.lines().for_each(|line| add(&serde_json::from_str(line).unwrap(), &mut counts));
        counts
    };
    for capture in captures() {
        let folder = folder(std::slice::from_ref(&capture), 1);
        let told = count(&folder["anomalies.jsonl"], |anomaly, counts| {
            if let Some(session) = anomaly["session"].as_u64() {
                *counts.entry((session, anomaly["code"].as_str().unwrap().to_owned())).or_default() += 1;
            }
        });
        let counted = count(&folder["sessions.jsonl"], |session, counts| {
            for (code, count) in session["anomalies"].as_object().into_iter().flatten() {
                counts.insert((session["session"].as_u64().unwrap(), code.clone()), count.as_u64().unwrap());
            }
        });
        assert_eq!(told, counted, "{}", capture.display());
    }
}

/// All captures in one run, twice, with another number of threads.
#[test]
fn two_runs_write_the_same() {
    let captures = captures();
    let [first, second] = [1, 3].map(|workers| folder(&captures, workers));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, first) in first {
        assert!(first == second[&name], "{name} {}", difference(&first, &second[&name]));
    }
}
