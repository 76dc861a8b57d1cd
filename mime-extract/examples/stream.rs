//! Reads a message of that many GiB (2 without an argument), which is made as it is read, and shows how much memory
//! was held at most.
#![allow(clippy::print_stdout, reason = "that is what it is for")]

use bytes::Bytes;
use mime_extract::{Config, EventKind, Extractor};
use std::time::Instant;

fn main() {
    let gib: u64 = std::env::args().nth(1).and_then(|gib| gib.parse().ok()).unwrap_or(2);
    let line = [&b"QUJD".repeat(19)[..], b"\r\n"].concat();
    let lines = Bytes::from(line.repeat(840));
    let (mut extractor, start) = (Extractor::new(Config::default()), Instant::now());
    let (mut pushed, mut decoded, mut most) = (0u64, 0u64, 0);
    let mut push = |bytes: Bytes| {
        pushed += bytes.len() as u64;
        extractor.push(bytes);
        for event in extractor.events() {
            if let EventKind::PartData(bytes) = event.kind {
                decoded += bytes.len() as u64;
            }
        }
        most = most.max(extractor.buffered());
        pushed
    };
    push("Content-Type: multipart/mixed; boundary=b\r\n\r\n".into());
    while push("--b\r\nContent-Transfer-Encoding: base64\r\n\r\n".into()) < gib << 30 {
        // Parts of 256 MiB.
        for _ in 0..(256 << 20) / lines.len() {
            push(lines.clone());
        }
    }
    push("--b--\r\n".into());
    let seconds = start.elapsed().as_secs_f64();
    let resident = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = resident.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    println!(
        "{pushed} bytes read, {decoded} decoded in {seconds:.2} s; at most {most} bytes held, process {peak}"
    );
}
