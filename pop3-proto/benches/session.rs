//! Throughput of a session in 1448-byte chunks, as TCP delivers them. `compare/` has others beside it.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pop3_proto::{Config, Direction, Session};
use std::hint::black_box;

const CHUNK: usize = 1448;

/// What each side says in the retrieval of one message of that content.
fn turns(content: &str) -> Vec<(Direction, Bytes)> {
    use Direction::{ToClient, ToServer};
    let message = format!("Subject: bench\r\n\r\n{content}");
    [
        (ToClient, "+OK ready\r\n".to_owned()),
        (ToServer, "USER alice\r\n".to_owned()),
        (ToClient, "+OK\r\n".to_owned()),
        (ToServer, "PASS wonderland\r\n".to_owned()),
        (ToClient, "+OK Logged in.\r\n".to_owned()),
        (ToServer, "RETR 1\r\n".to_owned()),
        (ToClient, format!("+OK {} octets\r\n{message}.\r\n", message.len())),
        (ToServer, "QUIT\r\n".to_owned()),
        (ToClient, "+OK Logging out.\r\n".to_owned()),
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

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = session
}
criterion_main!(benches);
