//! Ours and Stalwart's smtp-proto 0.2 on the same bytes in the same chunks, in one run.
//!
//! Ours takes chunks for good, as a reassembler hands them out, so they are made before the clock runs.
//!
//! Asked of both: commands with the values of their parameters, whole replies with their enhanced codes, the content of
//! messages. `alone` is the parser on a slice that holds whole lines, line ends found included; without it, what takes
//! chunks as they come, cuts lines over their edges and keeps what is unfinished.
//!
//! Like for like is `alone`: both find the line ends and give slices. Stalwart's receivers are the same parsers, which
//! find the line ends as they go; only a line that is not whole goes through a buffer. Our framer is a layer of its own:
//! it hands out each line as a shared slice that may be kept (two atomic operations a line), with its place and time.
//!
//! What each does beyond that:
//!
//! - Stalwart's is the parser of a server and a client: it refuses what a server should refuse, makes one string of the
//!   lines of a reply, and copies a message into the buffer that it is given.
//! - Ours listens: it keeps each line raw beside its fields, reads what servers take although no RFC allows it, and
//!   checks every byte against the ABNF to say whether the line is strict. Its framer gives each line as a shared slice
//!   with its place and time, its body scanner tells loose ends of data, and hands on slices of what was pushed.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mail_wire::Timestamp;
use mail_wire::framer::{FrameKind, Framer, Mode};
use memchr::memchr;
use smtp_proto::command::{self, Arguments, Command};
use smtp_proto::reply::{self, Reply, ReplyLine};
use smtp_proto::{Config, Direction, Session};
use stalwart_smtp::Request;
use stalwart_smtp::request::receiver::{DataReceiver, RequestReceiver};
use stalwart_smtp::response::parser::ResponseReceiver;

/// The payload of a TCP segment on an Ethernet.
const CHUNK: usize = 1448;
const AT: Timestamp = Timestamp::ZERO;

/// Both crates take all of these.
const COMMANDS: &str = concat!(
    "EHLO mail-wr1-f51.google.example\r\n",
    "STARTTLS\r\n",
    "AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QgaG9yc2U=\r\n",
    "MAIL FROM:<bounces+12345-alice=example.org@mail.example.com> SIZE=48213 BODY=8BITMIME SMTPUTF8\r\n",
    "RCPT TO:<alice.smith@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;alice.smith@example.org\r\n",
    "RCPT TO:<bob@example.org>\r\n",
    "RCPT TO:<carol@example.org>\r\n",
    "DATA\r\n",
    "BDAT 86400 LAST\r\n",
    "RSET\r\n",
    "QUIT\r\n",
);

const REPLIES: &str = concat!(
    "220 mx.example.org ESMTP ready\r\n",
    "250-mx.example.org at your service, [192.0.2.17]\r\n",
    "250-SIZE 35882577\r\n",
    "250-AUTH LOGIN PLAIN XOAUTH2\r\n",
    "250 SMTPUTF8\r\n",
    "250 2.1.0 OK 5b1f17b1804b1-4364dfd7e2bsi2374525e9.12 - gsmtp\r\n",
    "354 Go ahead\r\n",
    "550 5.1.1 The account that you tried to reach does not exist\r\n",
    "221 2.0.0 closing connection\r\n",
);

/// The lines of a chunk, cut by a framer.
fn lines(framer: &mut Framer, chunk: &Bytes, mut take: impl FnMut(&mut Bytes)) {
    framer.push(AT, chunk.clone());
    while let Some(frame) = framer.next(Mode::Line) {
        if let FrameKind::Line(mut line) = frame.kind {
            take(&mut line.text);
        }
    }
}

/// The lines of a slice.
fn slices<'a>(mut rest: &'a [u8], mut take: impl FnMut(&'a [u8])) {
    while let Some((line, behind)) = memchr(b'\n', rest).and_then(|lf| rest.split_at_checked(lf + 1)) {
        take(&line[..line.len() - 2]);
        rest = behind;
    }
}

/// Reads a command, and what its parameters say, as Stalwart's parser does at once.
fn read(line: &[u8]) -> usize {
    let command = command::parse(line);
    if let Ok(Command {
        arguments: Arguments::Mail { parameters, .. } | Arguments::Rcpt { parameters, .. },
        ..
    }) = &command
    {
        for parameter in parameters {
            black_box(&parameter.meaning());
        }
    }
    usize::from(black_box(&command).is_ok())
}

fn commands(c: &mut Criterion) {
    let mut group = c.benchmark_group("commands");
    let chunk = Bytes::from(COMMANDS.to_owned());
    let count = COMMANDS.lines().count();
    group.throughput(Throughput::Bytes(COMMANDS.len() as u64));
    group.bench_function("mailtap", |b| {
        let mut framer = Framer::new(64 << 10);
        b.iter(|| {
            let mut parsed = 0;
            lines(&mut framer, black_box(&chunk), |line| parsed += read(line));
            assert_eq!(parsed, count);
        });
    });
    group.bench_function("stalwart", |b| {
        let mut receiver = RequestReceiver::default();
        b.iter(|| {
            let mut bytes = black_box(chunk.as_ref()).iter();
            let mut parsed = 0;
            while !bytes.as_slice().is_empty() {
                parsed += usize::from(black_box(&receiver.ingest(&mut bytes)).is_ok());
            }
            assert_eq!(parsed, count);
        });
    });
    group.bench_function("mailtap alone", |b| {
        b.iter(|| {
            let mut parsed = 0;
            slices(black_box(&chunk), |line| parsed += read(line));
            assert_eq!(parsed, count);
        });
    });
    group.bench_function("stalwart alone", |b| {
        b.iter(|| {
            let mut bytes = black_box(chunk.as_ref()).iter();
            let mut parsed = 0;
            while !bytes.as_slice().is_empty() {
                parsed += usize::from(black_box(&Request::parse(&mut bytes)).is_ok());
            }
            assert_eq!(parsed, count);
        });
    });
    group.finish();
}

/// Adds a line to the reply that it belongs to; how many replies that makes whole.
fn collect<T>(partial: &mut Option<Reply<T>>, line: ReplyLine<T>) -> usize {
    let last = line.last;
    match partial {
        None => *partial = Some(Reply::new(line)),
        Some(reply) => reply.push_line(line),
    }
    usize::from(last && black_box(&partial.take()).is_some())
}

fn replies(c: &mut Criterion) {
    let mut group = c.benchmark_group("replies");
    let chunk = Bytes::from(REPLIES.to_owned());
    let count = REPLIES.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).count();
    group.throughput(Throughput::Bytes(REPLIES.len() as u64));
    group.bench_function("mailtap", |b| {
        let mut framer = Framer::new(64 << 10);
        b.iter(|| {
            let (mut parsed, mut partial) = (0, None);
            lines(&mut framer, black_box(&chunk), |line| {
                let Ok(read) = ReplyLine::take(line) else { return };
                parsed += collect(&mut partial, read);
            });
            assert_eq!(parsed, count);
        });
    });
    group.bench_function("stalwart", |b| {
        let mut receiver = ResponseReceiver::default();
        b.iter(|| {
            let mut bytes = black_box(chunk.as_ref()).iter();
            let mut parsed = 0;
            while !bytes.as_slice().is_empty() {
                parsed += usize::from(black_box(&receiver.parse(&mut bytes)).is_ok());
                receiver.reset();
            }
            assert_eq!(parsed, count);
        });
    });
    group.bench_function("mailtap alone", |b| {
        b.iter(|| {
            let (mut parsed, mut partial) = (0, None);
            slices(black_box(&chunk), |line| {
                let Ok(read) = reply::parse_line(line) else { return };
                parsed += collect(&mut partial, read);
            });
            assert_eq!(parsed, count);
        });
    });
    group.finish();
}

fn bodies(c: &mut Criterion) {
    let mut group = c.benchmark_group("body");
    let base64 = format!("{}\r\n", "QUJD".repeat(19));
    let text = "The quick brown fox jumps over the lazy dog. It does so at www.example.org, twice.\r\n";
    // Every fifth line begins with a stuffed dot, as few messages do.
    let stuffed = format!("{}..\r\n", text.repeat(4));
    for (name, line, size) in [
        ("base64/4MiB", base64.as_str(), 4 << 20),
        ("base64/16KiB", &base64, 16 << 10),
        ("text/4MiB", text, 4 << 20),
        ("text/16KiB", text, 16 << 10),
        ("stuffed/16KiB", &stuffed, 16 << 10),
    ] {
        let whole = Bytes::from(format!("{}.\r\n", line.repeat(size / line.len())));
        let content = whole.len() - 3 - if name.starts_with("stuffed") { size / line.len() } else { 0 };
        let chunks: Vec<Bytes> =
            (0..whole.len()).step_by(CHUNK).map(|at| whole.slice(at..whole.len().min(at + CHUNK))).collect();
        group.throughput(Throughput::Bytes(whole.len() as u64));
        group.bench_function(format!("{name}/mailtap framer"), |b| {
            let receive = |chunks: Vec<Bytes>| {
                let mut framer = Framer::new(64 << 10);
                let mut told = 0;
                for chunk in chunks {
                    framer.push(AT, chunk);
                    while let Some(frame) = framer.next(Mode::Body { bare_lf: false }) {
                        if let FrameKind::Data { bytes, .. } = &black_box(&frame).kind {
                            told += bytes.len();
                        }
                    }
                }
                assert_eq!(told, content);
            };
            b.iter_batched(|| chunks.clone(), receive, BatchSize::SmallInput);
        });
        group.bench_function(format!("{name}/mailtap session"), |b| {
            let begin = || {
                let mut session = Session::new(Config::default());
                session.push(Direction::ToClient, AT, "220 mx\r\n250 ok\r\n250 ok\r\n354 go\r\n".into());
                let envelope = "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n";
                session.push(Direction::ToServer, AT, envelope.into());
                assert_eq!(session.events().count(), 8);
                (session, chunks.clone())
            };
            b.iter_batched_ref(
                begin,
                |(session, chunks)| {
                    for chunk in chunks.drain(..) {
                        session.push(Direction::ToServer, AT, chunk);
                        while let Some(event) = session.poll_event() {
                            black_box(&event);
                        }
                    }
                },
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("{name}/stalwart"), |b| {
            let mut buffer = Vec::with_capacity(whole.len());
            b.iter(|| {
                let mut receiver = DataReceiver::new();
                buffer.clear();
                let mut ended = false;
                for chunk in &chunks {
                    ended |= receiver.ingest(&mut chunk.iter(), &mut buffer);
                }
                assert!(ended);
                black_box(&buffer);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = commands, replies, bodies
}
criterion_main!(benches);
