//! Throughput of the server's half in 1460-byte segments, as TCP delivers them, against two IMAP parsers that are fed the same
//! way: what does not parse yet is kept and tried again, once as many bytes are there as the parser says.
//!
//! All are asked for every response with its items. Theirs are parsers: imap-proto gives slices of a buffer into which each
//! byte was copied, imap-codec copies into values of its own, and both have a literal only once all of it is there. Ours tells
//! content as it comes, in slices of the segments, and makes owned events with spans, UIDs and handles of messages; it
//! copies announcements alone, so that large literals measure what a segment costs, and small ones what a response does.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench may fail loudly")]

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use imap_codec::ResponseCodec;
use imap_codec::decode::{Decoder, ResponseDecodeError};
use imap_proto_lite::{Config, Direction, Session};
use std::hint::black_box;

const SEGMENT: usize = 1460;

fn literals(size: usize, total: usize) -> Vec<u8> {
    let line = "The quick brown fox jumps over the lazy dog. It does so at www.example.org, twice.\r\n";
    let body = &line.repeat(size / line.len() + 1)[..size];
    let responses = (1..=(total / size).max(1)).map(|number| {
        format!("* {number} FETCH (UID {number} FLAGS (\\Seen) BODY[] {{{size}}}\r\n{body})\r\n")
    });
    responses.collect::<String>().into_bytes()
}

fn flags() -> Vec<u8> {
    (1..=10_000)
        .map(|n| format!("* {n} FETCH (UID {n} FLAGS (\\Seen \\Answered))\r\n"))
        .collect::<String>()
        .into_bytes()
}

fn envelopes() -> Vec<u8> {
    let one = |n| {
        format!(
            "* {n} FETCH (UID {n} ENVELOPE (\"Fri, 07 Jun 2024 12:01:00 +0000\" \"Subject of {n}\" \
             ((\"Alice Example\" NIL \"alice\" \"lab.test\")) ((\"Alice Example\" NIL \"alice\" \"lab.test\")) \
             ((\"Alice Example\" NIL \"alice\" \"lab.test\")) ((\"Bob\" NIL \"bob\" \"lab.test\")) NIL NIL NIL \
             \"<lab-{n}@corpus.lab.test>\"))\r\n"
        )
    };
    (1..=10_000).map(one).collect::<String>().into_bytes()
}

/// The session, from its greeting. It takes segments for good, so they are made before the clock runs.
fn ours(segments: Vec<Bytes>) -> usize {
    let mut session = Session::new(Config::default());
    session.push(Direction::ToClient, Default::default(), Bytes::from_static(b"* OK ready\r\n"));
    let mut events = 0;
    for segment in segments {
        session.push(Direction::ToClient, Default::default(), segment);
        while let Some(event) = session.poll_event() {
            black_box(&event);
            events += 1;
        }
    }
    events
}

/// What imap-proto's own codec does: it waits for as many bytes as are said to be needed.
fn imap_proto(segments: &[Bytes]) -> usize {
    let mut buffer = Vec::new();
    let (mut start, mut needed, mut responses) = (0, 0, 0);
    for segment in segments {
        buffer.extend_from_slice(segment);
        while buffer.len() - start >= needed && start < buffer.len() {
            match imap_proto::Response::parse(&buffer[start..]) {
                Ok((rest, response)) => {
                    black_box(&response);
                    start = buffer.len() - rest.len();
                    needed = 0;
                    responses += 1;
                }
                Err(nom::Err::Incomplete(nom::Needed::Size(more))) => {
                    needed = buffer.len() - start + more.get();
                }
                Err(nom::Err::Incomplete(_)) => needed = buffer.len() - start + 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        buffer.drain(..start);
        start = 0;
    }
    responses
}

fn imap_codec(segments: &[Bytes]) -> usize {
    let codec = ResponseCodec::default();
    let mut buffer = Vec::new();
    let (mut start, mut needed, mut responses) = (0, 0, 0);
    for segment in segments {
        buffer.extend_from_slice(segment);
        while buffer.len() - start >= needed && start < buffer.len() {
            match codec.decode(&buffer[start..]) {
                Ok((rest, response)) => {
                    black_box(&response);
                    start = buffer.len() - rest.len();
                    needed = 0;
                    responses += 1;
                }
                Err(ResponseDecodeError::LiteralFound { length }) => {
                    let more = usize::try_from(length).unwrap();
                    let there = buffer[start..].windows(2).position(|end| end == b"\r\n").unwrap() + 2;
                    needed = (there + more + 1).max(buffer.len() - start + 1);
                }
                Err(ResponseDecodeError::Incomplete) => needed = buffer.len() - start + 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        buffer.drain(..start);
        start = 0;
    }
    responses
}

fn session(c: &mut Criterion) {
    for (name, stream) in [
        ("literals/2KB", literals(2 << 10, 4 << 20)),
        ("literals/100KB", literals(100 << 10, 8 << 20)),
        ("literals/5MB", literals(5 << 20, 10 << 20)),
        ("listing/flags", flags()),
        ("listing/envelopes", envelopes()),
    ] {
        let stream = Bytes::from(stream);
        let segments: Vec<Bytes> = (0..stream.len())
            .step_by(SEGMENT)
            .map(|at| stream.slice(at..stream.len().min(at + SEGMENT)))
            .collect();
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(stream.len() as u64));
        group.bench_function("imap-proto-lite", |b| {
            b.iter_batched(|| segments.clone(), ours, BatchSize::LargeInput);
        });
        group.bench_function("imap-proto", |b| b.iter(|| imap_proto(&segments)));
        group.bench_function("imap-codec", |b| b.iter(|| imap_codec(&segments)));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = session
}
criterion_main!(benches);
