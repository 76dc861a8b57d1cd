//! The output does not depend on the number of workers, nor on when the user looks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::lines;
use mailtap::pipeline::{Memory, Options, extract};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// All files of a folder; the summary without what is said of the run.
fn folder(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = folder(&entry.path()).into_iter();
            files.extend(below.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    if let Some(summary) = files.get_mut("summary.json") {
        let mut value: serde_json::Value = serde_json::from_slice(summary).unwrap();
        let fields = value.as_object_mut().unwrap();
        assert!(fields.remove("time_taken").is_some() && fields.remove("bytes_per_second").is_some());
        *summary = value.to_string().into_bytes();
    }
    files
}

fn captures(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(captures(&path));
        } else if path.extension().is_some_and(|extension| extension == "pcap") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn extracted(captures: &[PathBuf], workers: u16, memory: Memory) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let mut options = Options::new(captures.to_vec(), dir.path().join("out"));
    options.reading.workers = workers;
    options.reading.memory = memory;
    extract(&options, |_| {}).unwrap();
    folder(&dir.path().join("out"))
}

/// Many connections, of which each lacks a packet and holds what comes behind it.
fn holes(connections: u16, packets: u32) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    let mut clock = 0;
    let mut packet = |port: u16, flags: u8, seq: u32, payload: &[u8], to_server: bool| {
        let total = u16::try_from(40 + payload.len()).unwrap();
        let (from, to) = if to_server { (port, 25) } else { (25, port) };
        let (source, destination) = if to_server { (1, 2) } else { (2, 1) };
        let mut bytes =
            vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, source, 192, 0, 2, destination];
        bytes[2..4].copy_from_slice(&total.to_be_bytes());
        bytes.extend(from.to_be_bytes().iter().chain(&to.to_be_bytes()).chain(&seq.to_be_bytes()));
        bytes.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend_from_slice(payload);
        clock += 10;
        let len = u32::try_from(bytes.len()).unwrap();
        for word in [1_600_000_000, clock, len, len] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(&bytes);
    };
    for port in 1000..1000 + connections {
        packet(port, 2, 0, b"", true);
        packet(port, 0x12, 0, b"", false);
        packet(port, 0x18, 1, b"220 mx.example ESMTP\r\n", false);
        packet(
            port,
            0x18,
            1,
            b"EHLO client.example\r\nMAIL FROM:<a@example>\r\nRCPT TO:<b@example>\r\nDATA\r\n",
            true,
        );
        packet(port, 0x18, 23, b"250 mx\r\n250 ok\r\n250 ok\r\n354 go\r\n", false);
    }
    for number in 0..packets {
        for port in 1000..1000 + connections {
            // Number 0 was not captured.
            let seq = 76 + 100 + number * 100;
            packet(port, 0x18, seq, &[b'a' + u8::try_from(number % 26).unwrap(); 100], true);
        }
    }
    file
}

#[test]
fn any_number_of_workers_writes_the_same() {
    let captures = captures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"));
    assert!(captures.len() > 10);
    let one = extracted(&captures, 1, Memory::default());
    for workers in [2, 3, 16, 200] {
        assert_eq!(extracted(&captures, workers, Memory::default()), one, "{workers}");
    }
}

#[test]
fn limits_are_those_of_the_connections_and_not_of_the_workers() {
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("holes.pcap");
    fs::write(&capture, holes(60, 40)).unwrap();
    let mut memory = Memory::default();
    memory.held = 64 << 10;
    let captures = [capture];
    let one = extracted(&captures, 1, memory);
    let anomalies = String::from_utf8(one["anomalies.jsonl"].clone()).unwrap();
    assert!(anomalies.contains("given up at a limit"), "{anomalies}");
    assert_ne!(one, extracted(&captures, 1, Memory::default()));
    for workers in [2, 5, 16] {
        assert_eq!(extracted(&captures, workers, memory), one, "{workers}");
    }
}

#[test]
fn a_session_across_rotated_files_is_one() {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/s02-swaks-auth.pcap");
    let bytes = fs::read(&whole).unwrap();
    let dir = tempfile::tempdir().unwrap();
    // The first file ends in the middle of the second session; names are in another order than time.
    let mut at = 24;
    for _ in 0..40 {
        let len = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap());
        at += 16 + usize::try_from(len).unwrap();
    }
    let rotated = dir.path().join("rotated");
    fs::create_dir(&rotated).unwrap();
    fs::write(rotated.join("b.pcap"), &bytes[..at]).unwrap();
    fs::write(rotated.join("a.pcap"), [&bytes[..24], &bytes[at..]].concat()).unwrap();
    let out = dir.path().join("out");
    extract(&Options::new(vec![rotated], out.clone()), |_| {}).unwrap();
    let sessions = lines(&out, "sessions.jsonl");
    assert_eq!(sessions.len(), 7);
    let across: Vec<usize> =
        sessions.iter().map(|session| session["packets"].as_array().unwrap().len()).collect();
    assert_eq!(across, [1, 2, 1, 1, 1, 1, 1]);
    let hashes = |folder: &Path| -> Vec<String> {
        lines(folder, "messages.jsonl").iter().map(|message| message["sha256"].to_string()).collect()
    };
    let alone = dir.path().join("alone");
    extract(&Options::new(vec![whole], alone.clone()), |_| {}).unwrap();
    assert_eq!(hashes(&out), hashes(&alone));
}
