//! Throughput of a session in 1448-byte chunks, as TCP delivers them. `compare/` has others beside it.

mod turns;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pop3_proto::{Config, Session};
use std::hint::black_box;

fn session(c: &mut Criterion) {
    let mut group = c.benchmark_group("session");
    for (name, content) in turns::contents() {
        let chunks = turns::chunks(&turns::turns(&content));
        group.throughput(Throughput::Bytes(chunks.iter().map(|(_, bytes)| bytes.len() as u64).sum()));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut session = Session::new(Config::default());
                for (dir, bytes) in &chunks {
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
