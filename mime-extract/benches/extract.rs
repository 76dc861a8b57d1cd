//! Throughput on made-up mail, and on the mails of a folder that `MAIL` names, next to mail-parser and mailparse in the
//! same run. The others take a message as a whole and hold it; mail-parser also converts texts to UTF-8, and mailparse is
//! asked for the decoded bytes of each part.
#![allow(clippy::expect_used, reason = "a bench may fail loudly")]

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mime_extract::{Config, EventKind, Extractor};
use std::hint::black_box;

/// As TCP delivers it.
const CHUNK: usize = 1448;

const HEADER: &str = "Received: from mail.example.org (mail.example.org [192.0.2.1])\r\n\tby mx.example.net with ESMTPS id 4711\r\n\tfor <bob@example.net>; Mon, 1 Jan 2001 00:00:00 +0000\r\nFrom: =?utf-8?q?Andr=C3=A9?= <andre@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: =?utf-8?b?UXVhcnRlcmx5IHJlcG9ydA==?=\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\nMessage-ID: <4711@example.org>\r\nMIME-Version: 1.0\r\n";

fn multipart(boundary: &str, parts: &[String]) -> String {
    let mut text = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n");
    for part in parts {
        text += &format!("--{boundary}\r\n{part}\r\n");
    }
    text + &format!("--{boundary}--\r\n")
}

fn base64(len: usize) -> String {
    let line = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n";
    format!(
        "Content-Type: application/pdf; name=\"report.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"report.pdf\"\r\n\r\n{}",
        line.repeat(len / line.len())
    )
}

fn quoted_printable(len: usize) -> String {
    let line = "Die Mitglieder f=C3=BChren den Beschlu=C3=9F aus, sobald es die Zeit erlau=\r\nbt.\r\n";
    format!(
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
        line.repeat(len / line.len())
    )
}

fn text(len: usize) -> String {
    let line = "The quick brown fox jumps over the lazy dog, as it does every day of the week.\r\n";
    format!("Content-Type: text/plain; charset=us-ascii\r\n\r\n{}", line.repeat(len / line.len()))
}

fn ours(chunks: &[Bytes]) {
    let mut extractor = Extractor::new(Config::default());
    let read = |extractor: &mut Extractor| {
        while let Some(event) = extractor.poll_event() {
            if let EventKind::PartData(bytes) = event.kind {
                black_box(bytes);
            }
        }
    };
    for chunk in chunks {
        extractor.push(chunk.clone());
        read(&mut extractor);
    }
    extractor.finish();
    read(&mut extractor);
}

/// All of `mails` through ours, in the segments of a stream and whole, and through the others.
fn compare(c: &mut Criterion, name: &str, mails: &[Vec<u8>]) {
    let whole: Vec<Bytes> = mails.iter().cloned().map(Bytes::from).collect();
    let cut = |mail: &Bytes| -> Vec<Bytes> {
        (0..mail.len()).step_by(CHUNK).map(|at| mail.slice(at..mail.len().min(at + CHUNK))).collect()
    };
    let chunks: Vec<Vec<Bytes>> = whole.iter().map(cut).collect();
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(mails.iter().map(|mail| mail.len() as u64).sum()));
    group.bench_function("mime-extract/chunks", |b| b.iter(|| chunks.iter().for_each(|mail| ours(mail))));
    group.bench_function("mime-extract/whole", |b| {
        b.iter(|| whole.iter().for_each(|mail| ours(core::slice::from_ref(mail))));
    });
    group.bench_function("mail-parser", |b| {
        b.iter(|| {
            for mail in mails {
                black_box(mail_parser::MessageParser::default().parse(mail));
            }
        });
    });
    group.bench_function("mailparse", |b| {
        b.iter(|| {
            for mail in mails {
                let Ok(mail) = mailparse::parse_mail(mail) else { continue };
                for part in mail.parts() {
                    let _ = black_box(part.get_body_raw());
                }
            }
        });
    });
    group.finish();
}

/// The mails of a folder, if `MAIL` names one: `MAIL=folder cargo bench -p mime-extract -- real`.
fn real(c: &mut Criterion) {
    let Some(folder) = std::env::var_os("MAIL") else { return };
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("MAIL names a folder")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    let mails: Vec<Vec<u8>> = paths.iter().filter_map(|path| std::fs::read(path).ok()).collect();
    compare(c, "real", &mails);
}

fn extract(c: &mut Criterion) {
    let small = |n: usize| format!("Content-Type: text/plain\r\n\r\nPart {n} is short.");
    let nested =
        (0..20).fold(text(2000), |inner, level| multipart(&format!("level-{level}"), &[text(2000), inner]));
    let mails = [
        ("base64/5MiB", multipart("=_b", &[text(2000), base64(5 << 20)])),
        ("quoted-printable/1MiB", multipart("=_b", &[quoted_printable(1 << 20)])),
        ("text/1MiB", text(1 << 20)),
        ("text/2KiB", text(2 << 10)),
        ("mixed/200KiB", multipart("=_b", &[text(3000), quoted_printable(20_000), base64(180_000)])),
        ("short/8KiB", multipart("=_b", &[text(2000), quoted_printable(5000)])),
        ("nested/20", nested),
        ("parts/1000", multipart("=_b", &(0..1000).map(small).collect::<Vec<_>>())),
    ];
    for (name, body) in mails {
        compare(c, name, &[format!("{HEADER}{body}").into_bytes()]);
    }
}

criterion_group!(benches, extract, real);
criterion_main!(benches);
