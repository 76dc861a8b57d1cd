//! Captures whose packets come out of order, as those of several queues or taps do: what is told is the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod common;

use common::{captures, lines};
use mailtap::pipeline::{Options, extract};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A capture of the repository: the header of the file, and its packets, each with its own header.
struct Capture {
    head: Vec<u8>,
    packets: Vec<Vec<u8>>,
}

const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;
/// Seconds and microseconds, in front of the lengths.
const TIME: usize = 8;

impl Capture {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        assert_eq!(bytes[..4], 0xa1b2_c3d4_u32.to_le_bytes(), "{}", path.display());
        let (head, mut rest) = bytes.split_at(FILE_HEADER);
        let mut packets = Vec::new();
        while !rest.is_empty() {
            let len = u32::from_le_bytes(rest[TIME..TIME + 4].try_into().unwrap());
            let (packet, behind) = rest.split_at(PACKET_HEADER + usize::try_from(len).unwrap());
            packets.push(packet.to_vec());
            rest = behind;
        }
        Self { head: head.to_vec(), packets }
    }

    /// The same packets in another order, each within a window, at the times of those whose places they take.
    fn shuffled(&self, window: usize, mut seed: u64) -> Vec<u8> {
        let mut random = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed % u64::try_from(below).unwrap()).unwrap()
        };
        let mut places: Vec<usize> = (0..self.packets.len()).collect();
        for part in places.chunks_mut(window) {
            for last in (1..part.len()).rev() {
                part.swap(last, random(last + 1));
            }
        }
        let mut bytes = self.head.clone();
        for (slot, place) in self.packets.iter().zip(places) {
            bytes.extend_from_slice(&slot[..TIME]);
            bytes.extend_from_slice(&self.packets[place][TIME..]);
        }
        bytes
    }
}

/// What was told of messages and logins, without what depends on packets, times and numbers.
fn told(capture: &[u8]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("x.pcap"), dir.path().join("out"));
    fs::write(&file, capture).unwrap();
    extract(&Options::new(vec![file], out.clone()), |_| {}).unwrap();
    let pick = |record: &Value, fields: &[&str]| -> String {
        fields.iter().map(|field| format!("{field}={} ", record[*field])).collect()
    };
    let messages = lines(&out, "messages.jsonl");
    let messages = messages.iter().map(|message| {
        let fields = [
            "reading",
            "protocol",
            "operation",
            "section",
            "sha256",
            "complete",
            "outcome",
            "envelope",
            "mailbox",
            "uid",
        ];
        pick(message, &fields)
    });
    let logins = lines(&out, "logins.jsonl");
    let fields = ["protocol", "mechanism", "username", "password", "outcome"];
    let mut told: Vec<String> = messages.chain(logins.iter().map(|login| pick(login, &fields))).collect();
    told.sort();
    told
}

#[test]
fn packets_may_come_out_of_order() {
    for path in captures() {
        let capture = Capture::read(&path);
        let expected = told(&capture.shuffled(1, 1));
        for (window, seed) in [(4, 1), (8, 2), (8, 3), (16, 4)] {
            assert_eq!(told(&capture.shuffled(window, seed)), expected, "{} {window} {seed}", path.display());
        }
    }
}
