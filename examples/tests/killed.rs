//! A run that is killed in the middle: what it wrote is whole as far as it goes, and the folder says that it is not all.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod common;

use mailtap::sink::Records;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;

const SESSION: &str = "\
S: 220 mx.example ESMTP
C: EHLO client.example
S: 250 mx.example
C: MAIL FROM:<a@example.org>
S: 250 ok
C: RCPT TO:<b@example.org>
S: 250 ok
C: DATA
S: 354 go on
C: From: a@example.org
C: Subject: killed
C:
C: text
C: .
S: 250 taken
C: QUIT
S: 221 bye
";

/// The packets of one connection, from a client of its own.
fn connection(packets: &[u8], number: u32) -> Vec<u8> {
    let mut packets = packets.to_vec();
    let mut rest = &mut packets[..];
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (packet, behind) = rest.split_at_mut(PACKET_HEADER + len);
        for address in packet[PACKET_HEADER + 12..PACKET_HEADER + 20].chunks_mut(4) {
            if address == [192, 0, 2, 1] {
                address.copy_from_slice(&(0x0a00_0000 + number).to_be_bytes());
            }
        }
        rest = behind;
    }
    packets
}

/// Gives `mailtap` connection after connection, and kills it once `messages.jsonl` has so many bytes.
fn killed_at(size: u64, dir: &Path) {
    let capture = common::pcap(SESSION);
    let mut child = Command::new(env!("CARGO_BIN_EXE_mailtap"))
        .args(["extract", "-", "-o", "out", "--quiet", "--workers", "2"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let (header, packets) = capture.split_at(FILE_HEADER);
    let packets = packets.to_vec();
    pipe.write_all(header).unwrap();
    let feeder = std::thread::spawn(move || {
        let mut numbers = 1..;
        // Until the pipe breaks.
        while pipe.write_all(&connection(&packets, numbers.next().unwrap())).is_ok() {}
    });
    let messages = dir.join("out/messages.jsonl");
    let begun = Instant::now();
    while fs::metadata(&messages).map_or(0, |meta| meta.len()) < size {
        assert!(begun.elapsed().as_secs() < 120, "nothing was written");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
    feeder.join().unwrap();
}

fn lines(out: &Path, records: Records) -> Vec<Value> {
    let mut text = fs::read_to_string(out.join(records.file_name())).unwrap();
    // The system breaks off the write of a line between two pages, if the signal comes just then; nobody can help that.
    let end = text.rfind('\n').map_or(0, |end| end + 1);
    let cut = text.split_off(end).len();
    assert!(cut == 0 || (end + cut).is_multiple_of(4096), "{} ends in mid-line", records.file_name());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn leaves_whole_lines_and_whole_files() {
    for size in [1, 100_000, 300_000, 1_000_000] {
        let dir = tempfile::tempdir().unwrap();
        killed_at(size, dir.path());
        let out = dir.path().join("out");
        for records in Records::ALL {
            lines(&out, records);
        }
        let summary: Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
        assert_eq!((&summary["tool"], &summary["complete"]), (&"mailtap".into(), &false.into()));
        // A record is written behind the file that it names.
        for message in lines(&out, Records::Messages) {
            let file = fs::metadata(out.join(message["file"].as_str().unwrap())).unwrap();
            assert_eq!(Some(file.len()), message["size"].as_u64());
        }
        // The next run may take its place, when it is told to.
        let again = |arguments: &[&str]| {
            let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/s02-swaks-auth.pcap");
            let mut command = Command::new(env!("CARGO_BIN_EXE_mailtap"));
            command.args(["extract", capture, "-o", "out", "--quiet"]).args(arguments);
            command.current_dir(dir.path()).stderr(Stdio::null()).status().unwrap().success()
        };
        assert_eq!((again(&[]), again(&["--force"])), (false, true));
        assert_eq!(lines(&out, Records::Messages).len(), 6);
    }
}
