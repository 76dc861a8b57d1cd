//! Throughput of the framer in 1448-byte chunks, as TCP delivers them.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mail_wire::framer::{Framer, Mode};
use std::hint::black_box;

const SIZE: usize = 4 << 20;

fn chunks(line: &str) -> Vec<Bytes> {
    let stream = Bytes::from(line.repeat(SIZE / line.len()));
    (0..stream.len()).step_by(1448).map(|at| stream.slice(at..stream.len().min(at + 1448))).collect()
}

fn framer(c: &mut Criterion) {
    let base64 = chunks(&format!("{}\r\n", "QUJD".repeat(19)));
    let text =
        chunks("The quick brown fox jumps over the lazy dog. It does so at www.example.org, twice.\r\n");
    let stuffed = chunks("..\r\n");
    let mut group = c.benchmark_group("framer");
    group.throughput(Throughput::Bytes(SIZE as u64));
    let strict = Mode::Body { bare_lf: false };
    for (name, chunks, mode) in [
        ("lines/78", &base64, Mode::Line),
        ("body/base64", &base64, strict),
        ("body/text", &text, strict),
        ("body/stuffed", &stuffed, strict),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut framer = Framer::new(65536);
                for chunk in chunks {
                    framer.push(Default::default(), chunk.clone());
                    while let Some(frame) = framer.next(mode) {
                        black_box(frame);
                    }
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, framer);
criterion_main!(benches);
