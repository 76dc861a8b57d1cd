//! How fast single lines are read: commands, replies, the items of lists.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pop3_proto::{ListItem, Verb, command, reply};
use std::hint::black_box;

const COMMANDS: &[&str] = &[
    "CAPA",
    "USER alice@example.org",
    "PASS correct horse battery staple",
    "APOP mrose c4c9334bac560ecc979e58001b3e22fb",
    "AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QgaG9yc2U=",
    "STAT",
    "UIDL",
    "TOP 1 99999999",
    "RETR 4711",
    "DELE 4711",
    "QUIT",
];

const REPLIES: &[&str] = &[
    "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>",
    "+OK",
    "-ERR [AUTH] Authentication failed.",
    "+OK Logged in.",
    "+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
    "+OK 4711 octets",
];

/// The lines as a session cuts them: slices of one chunk that is shared.
fn frames(lines: &[&str]) -> Vec<Bytes> {
    let chunk = Bytes::from(lines.join("\r\n"));
    lines
        .iter()
        .scan(0, |start, line| {
            let frame = chunk.slice(*start..*start + line.len());
            *start += line.len() + 2;
            Some(frame)
        })
        .collect()
}

fn grammar(c: &mut Criterion) {
    let mut group = c.benchmark_group("grammar");
    let total = |frames: &[Bytes]| Throughput::Bytes(frames.iter().map(|frame| frame.len() as u64).sum());

    let commands = frames(COMMANDS);
    group.throughput(total(&commands));
    group.bench_function("commands", |b| {
        b.iter(|| commands.iter().filter(|line| command::parse(black_box(line)).is_ok()).count());
    });
    let replies = frames(REPLIES);
    group.throughput(total(&replies));
    group.bench_function("replies", |b| {
        b.iter(|| replies.iter().filter(|line| reply::parse(black_box(line)).is_ok()).count());
    });
    for (name, verb, line) in
        [("sizes", Verb::List, "4711 123456"), ("unique identifiers", Verb::Uidl, "4711 QhdPYR:00WBw1Ph7x7")]
    {
        let items = frames(&[line; 100]);
        group.throughput(total(&items));
        group.bench_function(name, |b| {
            b.iter(|| items.iter().filter(|line| ListItem::parse(verb, black_box(line)).is_ok()).count());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = grammar
}
criterion_main!(benches);
