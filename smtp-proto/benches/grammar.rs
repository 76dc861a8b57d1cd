//! How fast single lines are read: the commands of a transaction, and the replies to them.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtp_proto::{command, reply};

const COMMANDS: &[&str] = &[
    "EHLO mail-wr1-f51.google.example",
    "STARTTLS",
    "AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QgaG9yc2U=",
    "MAIL FROM:<bounces+12345-alice=example.org@mail.example.com> SIZE=48213 BODY=8BITMIME SMTPUTF8",
    "RCPT TO:<alice.smith@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;alice.smith@example.org",
    "RCPT TO:<bob@example.org>",
    "RCPT TO: carol@example.org",
    "DATA",
    "BDAT 86400 LAST",
    "RSET",
    "QUIT",
];

const REPLIES: &[&str] = &[
    "220 mx.example.org ESMTP ready",
    "250-mx.example.org at your service, [192.0.2.17]",
    "250-SIZE 35882577",
    "250-AUTH LOGIN PLAIN XOAUTH2",
    "250 SMTPUTF8",
    "250 2.1.0 OK 5b1f17b1804b1-4364dfd7e2bsi2374525e9.12 - gsmtp",
    "354 Go ahead",
    "550 5.1.1 The account that you tried to reach does not exist",
    "221 2.0.0 closing connection",
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
    for (name, word) in [("mail with parameters", "MAIL"), ("rcpt loose", "RCPT TO: "), ("data", "DATA")] {
        let line =
            commands.iter().find(|line| line.starts_with(word.as_bytes())).cloned().unwrap_or_default();
        group.throughput(total(std::slice::from_ref(&line)));
        group.bench_function(name, |b| b.iter(|| command::parse(black_box(&line))));
    }

    let replies = frames(REPLIES);
    group.throughput(total(&replies));
    group.bench_function("replies", |b| {
        b.iter(|| replies.iter().filter(|line| reply::parse_line(black_box(line)).is_ok()).count());
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = grammar
}
criterion_main!(benches);
