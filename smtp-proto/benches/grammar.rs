//! How fast single lines are read: the commands of a transaction, and the replies to them.

use std::hint::black_box;

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

fn grammar(c: &mut Criterion) {
    let mut group = c.benchmark_group("grammar");
    let total = |lines: &[&str]| Throughput::Bytes(lines.iter().map(|line| line.len() as u64).sum());

    group.throughput(total(COMMANDS));
    group.bench_function("commands", |b| {
        let read = |line: &&&str| black_box(command::parse(black_box(line.as_bytes()))).is_ok();
        b.iter(|| COMMANDS.iter().filter(read).count());
    });
    for (name, word) in [("mail with parameters", "MAIL"), ("rcpt loose", "RCPT TO: "), ("data", "DATA")] {
        let line = COMMANDS.iter().find(|line| line.starts_with(word)).copied().unwrap_or_default();
        group.throughput(total(&[line]));
        group.bench_function(name, |b| {
            b.iter(|| black_box(command::parse(black_box(line.as_bytes()))).is_ok())
        });
    }
    group.throughput(total(REPLIES));
    group.bench_function("replies", |b| {
        let read = |line: &&&str| black_box(reply::parse_line(black_box(line.as_bytes()))).is_ok();
        b.iter(|| REPLIES.iter().filter(read).count());
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = grammar
}
criterion_main!(benches);
