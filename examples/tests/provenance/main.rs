//! The promise of `provenance.jsonl`: the runs of a message tile its file, and the bytes of each are in that packet at
//! that place, whatever happened to the packets.
#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]

mod generate;
mod tshark;

use generate::{Captures, Odds};
use mailtap::evidence::verify;
use mailtap::pipeline::{Options, extract};
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What is extracted of captures.
struct Extracted {
    dir: tempfile::TempDir,
}

impl Extracted {
    fn of(captures: &[PathBuf]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        extract(&Options::new(captures.to_vec(), dir.path().join("out")), |_| {}).unwrap();
        Self { dir }
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.out().join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn file(&self, message: &Value) -> Vec<u8> {
        fs::read(self.out().join(message["file"].as_str().unwrap())).unwrap()
    }
}

/// The six numbers of a run.
fn numbers(run: &Value) -> [u64; 6] {
    [0, 1, 2, 3, 4, 5].map(|at| run[at].as_u64().unwrap())
}

/// One capture through the tool, and back.
fn check(seed: u64, odds: Odds) {
    let dir = tempfile::tempdir().unwrap();
    let Captures { paths, frames, message, whole } = generate::captures(dir.path(), seed, odds);
    let extracted = Extracted::of(&paths);
    let messages = extracted.lines("messages.jsonl");
    let provenance = extracted.lines("provenance.jsonl");
    assert_eq!(messages.len(), provenance.len());
    for (record, provenance) in messages.iter().zip(&provenance) {
        let file = extracted.file(record);
        let mut at = 0;
        for run in provenance["runs"].as_array().unwrap() {
            let [offset, stream, length, input, frame, payload] = numbers(run);
            assert_eq!(offset, at, "runs follow each other");
            let carried =
                frames.get(&(input, frame)).unwrap_or_else(|| panic!("no frame {frame} of {input}"));
            let range = payload as usize..(payload + length) as usize;
            assert!(
                carried.range.start <= range.start && range.end <= carried.range.end,
                "frame {frame} holds {:?}, not {range:?}",
                carried.range
            );
            assert_eq!(carried.stream + payload, stream, "the place in the stream");
            assert_eq!(carried.payload[range], file[at as usize..(at + length) as usize], "the bytes");
            at += length;
        }
        assert_eq!(at, file.len() as u64, "runs make up the file");
    }
    if whole {
        assert_eq!((messages.len(), &messages[0]["complete"]), (1, &Value::Bool(true)));
        assert_eq!(extracted.file(&messages[0]), message);
    }
    let mut findings = Vec::new();
    verify(&extracted.out(), &[], |finding| findings.push(finding.clone())).unwrap();
    assert_eq!(findings, []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn runs_lead_to_the_packets(
        seed in any::<u64>(),
        (losses, fragments, tunnels, inputs) in (any::<bool>(), any::<bool>(), any::<bool>(), 1_usize..3),
    ) {
        check(seed, Odds { losses, fragments, tunnels, inputs });
    }
}

fn captures_of_the_repository() -> Vec<PathBuf> {
    let mut found = Vec::new();
    captures_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"), &mut found);
    assert!(found.len() >= 12, "{found:?}");
    found
}

fn captures_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() {
            captures_below(&entry, found);
        } else if [".pcap", ".pcapng", ".cap"].iter().any(|end| name.ends_with(end)) {
            found.push(entry);
        }
    }
}
