//! Throughput of a session in 1448-byte chunks, as TCP delivers them.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtp_proto::{Config, Direction, Session};
use std::hint::black_box;

const CHUNK: usize = 1448;

/// What each side says in one message of that content.
fn turns(content: &str) -> Vec<(Direction, Bytes)> {
    use Direction::{ToClient, ToServer};
    [
        (ToClient, "220 mx.example ESMTP\r\n".to_owned()),
        (ToServer, "EHLO client.example\r\n".to_owned()),
        (ToClient, "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n".to_owned()),
        (
            ToServer,
            "MAIL FROM:<alice@client.example> SIZE=12345\r\nRCPT TO:<bob@mx.example>\r\nDATA\r\n".to_owned(),
        ),
        (ToClient, "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n".to_owned()),
        (ToServer, format!("Subject: bench\r\n\r\n{content}.\r\n")),
        (ToClient, "250 2.0.0 Ok: queued as 4711\r\n".to_owned()),
        (ToServer, "QUIT\r\n".to_owned()),
        (ToClient, "221 2.0.0 Bye\r\n".to_owned()),
    ]
    .into_iter()
    .flat_map(|(dir, text)| {
        let bytes = Bytes::from(text);
        (0..bytes.len())
            .step_by(CHUNK)
            .map(move |at| (dir, bytes.slice(at..bytes.len().min(at + CHUNK))))
            .collect::<Vec<_>>()
    })
    .collect()
}

fn session(c: &mut Criterion) {
    let mut group = c.benchmark_group("session");
    let base64 = format!("{}\r\n", "QUJD".repeat(19));
    let text = "The quick brown fox jumps over the lazy dog. It does so at www.example.org, twice.\r\n";
    for (name, content) in [
        ("commands", String::new()),
        ("body/base64/4MiB", base64.repeat((4 << 20) / base64.len())),
        ("body/text/4MiB", text.repeat((4 << 20) / text.len())),
        ("body/base64/16KiB", base64.repeat((16 << 10) / base64.len())),
    ] {
        let turns = turns(&content);
        group.throughput(Throughput::Bytes(turns.iter().map(|(_, bytes)| bytes.len() as u64).sum()));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut session = Session::new(Config::default());
                for (dir, bytes) in &turns {
                    session.push(*dir, Default::default(), bytes.clone());
                    while let Some(event) = session.poll_event() {
                        black_box(event);
                    }
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, session);
criterion_main!(benches);
