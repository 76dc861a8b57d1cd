//! Frame numbers, times and payloads as tshark has them (not part of a normal run: needs tshark).
//!
//! ```sh
//! CAPTURES=folder cargo test -p mailtap --test provenance -- --ignored --nocapture
//! ```
//!
//! The captures of this repository, generated ones, and those of `CAPTURES` where it is set.

use super::generate::{self, Odds};
use super::{Extracted, captures_below, captures_of_the_repository, numbers};
use mailtap::evidence::{Piece, Which, trace};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A frame as tshark shows it.
struct Shown {
    /// Simple packet blocks of pcapng have no time.
    at: Option<Duration>,
    payload: Vec<u8>,
}

/// The frames that have a TCP payload, by number; those in fragments by each fragment of theirs.
fn frames(capture: &Path) -> BTreeMap<u64, Shown> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(capture).args(["-T", "fields", "-E", "occurrence=a"]);
    for field in ["frame.number", "frame.time_epoch", "tcp.payload", "ip.fragment", "ipv6.fragment"] {
        command.args(["-e", field]);
    }
    // A time zone and a protocol that somebody prefers have no say.
    let output = command.env("TZ", "UTC").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut times = BTreeMap::new();
    let mut payloads = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let number: u64 = fields[0].parse().unwrap();
        times.insert(number, time(fields[1]));
        // Of tunnels the innermost.
        let payload = fields[2].split(',').next_back().unwrap();
        if payload.is_empty() {
            continue;
        }
        let payload: Vec<u8> = (0..payload.len() / 2)
            .map(|at| u8::from_str_radix(&payload[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let fragments = fields[3].split(',').chain(fields[4].split(','));
        for fragment in fragments.filter_map(|number| number.parse().ok()) {
            payloads.insert(fragment, payload.clone());
        }
        payloads.insert(number, payload);
    }
    payloads.into_iter().map(|(number, payload)| (number, Shown { at: times[&number], payload })).collect()
}

fn time(text: &str) -> Option<Duration> {
    let (seconds, fraction) = text.split_once('.')?;
    Some(Duration::new(seconds.parse().unwrap(), format!("{fraction:0<9}").parse().unwrap()))
}

/// How many runs of a capture were compared.
fn compare(name: &str, captures: &[PathBuf]) -> u64 {
    let extracted = Extracted::of(captures);
    if extracted.lines("provenance.jsonl").is_empty() {
        return 0;
    }
    let frames: Vec<_> = captures.iter().map(|capture| frames(capture)).collect();
    let mut compared = 0;
    for (record, provenance) in
        extracted.lines("messages.jsonl").iter().zip(extracted.lines("provenance.jsonl"))
    {
        let file = extracted.file(record);
        let number = record["message"].as_u64().unwrap();
        let trace = trace(&extracted.out(), &Which::Number(number), &[]).unwrap();
        let mut pieces = trace.pieces.iter().filter_map(|piece| match piece {
            Piece::Bytes { run, at } => Some((run, at.unwrap())),
            _ => None,
        });
        for run in provenance["runs"].as_array().unwrap() {
            let (traced, at) = pieces.next().unwrap();
            let (input, frame) = (traced.packet.input, traced.packet.frame);
            let what = format!("{name} message {number} frame {frame} of input {input}");
            let shown = frames[input as usize - 1].get(&frame);
            let shown = shown.unwrap_or_else(|| panic!("{what}: tshark sees no payload"));
            if let Some(theirs) = shown.at {
                assert_eq!(at.at(), theirs, "{what}");
            }
            compared += 1;
            // What was inflated stands in no packet.
            if run.as_array().unwrap().len() < 6 {
                continue;
            }
            let [offset, _, length, _, _, payload] = numbers(run).map(|number| number as usize);
            assert_eq!(
                shown.payload.get(payload..payload + length),
                Some(&file[offset..offset + length]),
                "{what}"
            );
        }
        assert!(pieces.next().is_none());
    }
    compared
}

#[test]
#[ignore = "needs tshark"]
fn frames_are_numbered_as_tshark_does() {
    let version = Command::new("tshark").arg("--version").output();
    let version =
        version.unwrap_or_else(|error| panic!("tshark is not installed, so nothing was compared: {error}"));
    println!("{}", String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or_default());
    let mut captures = captures_of_the_repository();
    if let Some(folder) = std::env::var_os("CAPTURES") {
        captures_below(Path::new(&folder), &mut captures);
    }
    let mut compared = 0;
    for capture in &captures {
        let name = capture.display().to_string();
        compared += compare(&name, std::slice::from_ref(capture));
    }
    println!("{} captures: {compared} runs have frame, time and bytes as in tshark", captures.len());
    let mut compared = 0;
    for seed in 0..24 {
        let dir = tempfile::tempdir().unwrap();
        let odds = Odds { losses: true, fragments: seed % 2 == 1, tunnels: seed % 3 > 0, inputs: 1 };
        let captures = generate::captures(dir.path(), seed, odds);
        compared += compare(&format!("seed {seed}"), &captures.paths);
    }
    println!("24 generated captures: {compared} runs have frame, time and bytes as in tshark");
}
