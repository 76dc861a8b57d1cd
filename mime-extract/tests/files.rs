//! Files in files that are made to cost: bounded, linear, and told.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use bytes::Bytes;
use common::{Step, data, run};
use mime_extract::{Config, Event, EventKind};
use std::io::Write;

fn whole(mail: impl Into<Bytes>, config: &Config) -> Vec<Event> {
    run(&[Step::Push(mail.into())], config)
}

fn parts(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.kind, EventKind::PartStart(_))).count()
}

fn count(events: &[Event], code: &str) -> usize {
    let is = |event: &&Event| matches!(&event.kind, EventKind::Anomaly(anomaly) if anomaly.code() == code);
    events.iter().filter(is).count()
}

fn zeros(len: usize) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(&vec![0; len]).unwrap();
    writer.finish().unwrap()
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

#[test]
fn messages_in_files_stop_at_the_limit() {
    let level = "From: a\nTo: b\nContent-Type: application/octet-stream\n\n";
    let events = whole(level.repeat(400), &Config::default());
    // The message, and twenty in files: a message and a leaf each; the last stays a file.
    assert_eq!(parts(&events), 1 + 2 * 20 + 1);
    assert_eq!((count(&events, "nested-container"), count(&events, "too-deep")), (21, 1));
    // No limit of the caller makes it deeper than is safe.
    let events = whole(level.repeat(400), &Config::default().max_encoded_depth(10_000).max_depth(10_000));
    assert_eq!(parts(&events), 1 + 2 * 64 + 1);
}

#[test]
fn what_is_compressed_stops_at_the_limit() {
    let mail = format!("Content-Transfer-Encoding: x-gzip64\n\n{}\n", base64(&zeros(20_000_000)));
    let events = whole(mail.clone(), &Config::default().max_expansion(1_000_000));
    let (_, content) = &data(&events)[&1];
    assert_eq!((content.len(), count(&events, "expansion-limit")), (1_000_000, 1));
    // Out of what was pushed comes as much as is asked for, and nothing waits but the compressed bytes.
    let mut extractor = mime_extract::Extractor::new(Config::default());
    let len = mail.len();
    extractor.push(mail.into());
    extractor.finish();
    let mut size = 0;
    while let Some(event) = extractor.poll_event() {
        if let (EventKind::PartData(bytes), 1) = (&event.kind, event.part) {
            size += bytes.len();
            assert!(bytes.len() <= 32 << 10 && extractor.buffered() < 2 * len + (256 << 10));
        }
    }
    assert_eq!(size, 20_000_000);
}

#[test]
fn addresses_and_forks_without_number() {
    let mail = format!("Content-Type: text/html\n\n{}", "<a href=data:a/b,x>\n".repeat(200_000));
    let events = whole(mail, &Config::default());
    assert_eq!((parts(&events), count(&events, "too-many-parts")), (10_000, 1));
    let mail = format!("Content-Type: text/html\n\n{}", "data:\nbegin 644 x\n".repeat(100_000));
    assert_eq!(parts(&whole(mail, &Config::default())), 1);
    let mut file = b"Content-Type: application/applefile\n\n\0\x05\x16\0\0\x02\0\0".to_vec();
    file.extend_from_slice(&[0; 16]);
    file.extend_from_slice(&[0xff; 800_000]);
    assert_eq!(parts(&whole(file, &Config::default())), 1);
}

#[test]
fn lengths_and_depths_of_cms() {
    let head = b"Content-Type: application/pkcs7-mime\n\n";
    let signed = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x01\x01\xa0\x80";
    for (content, told) in [
        // A string as long as can be said, strings in strings without end, a set without end.
        (b"\x04\x88\xff\xff\xff\xff\xff\xff\xff\xffFrom: a\n\nx".to_vec(), 0),
        (b"\x24\x80".repeat(100_000), 1),
        (b"\x24\x80".iter().copied().chain(b"\x04\x00".repeat(100_000)).collect(), 0),
        (b"\x30\x80".repeat(10), 1),
    ] {
        let events = whole([&head[..], signed, &content].concat(), &Config::default());
        assert_eq!(count(&events, "cms-damaged"), told);
        assert!(parts(&events) <= 3);
    }
}
