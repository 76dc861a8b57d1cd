//! How fast frames come out of a capture, with its bytes hashed on the way.

#![expect(clippy::expect_used, reason = "a bench may fail loudly")]

use std::hint::black_box;
use std::io::Cursor;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mailtap::capture::{Item, Reader};

/// A pcap file of `count` frames of up to 1500 bytes.
fn pcap(count: u32) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    file.extend([0; 8]);
    file.extend([0, 0, 4, 0, 1, 0, 0, 0]);
    for n in 0..count {
        let len = 60 + n * 7919 % 1440;
        for word in [1_600_000_000 + n / 1000, n % 1000 * 1000, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.resize(file.len() + len as usize, 0x5a);
    }
    file
}

fn read(file: &[u8]) -> u64 {
    let reader = Reader::new(1, Cursor::new(file.to_vec())).expect("a capture");
    reader.map(|item| if let Item::Frame(frame) = item { frame.data.len() as u64 } else { 0 }).sum()
}

fn capture(c: &mut Criterion) {
    let plain = pcap(20_000);
    let mut group = c.benchmark_group("capture");
    group.sample_size(20).throughput(Throughput::Bytes(plain.len() as u64));
    // The copy that the reader owns is the caller's, not its own work: it is made outside of the measured time.
    group.bench_function("pcap", |b| {
        b.iter_batched(
            || Reader::new(1, Cursor::new(plain.clone())).expect("a capture"),
            |reader| reader.for_each(|item| drop(black_box(item))),
            BatchSize::LargeInput,
        );
    });
    let zstd = zstd::encode_all(&plain[..], 1).expect("compressed");
    group.bench_function("zstd", |b| b.iter(|| black_box(read(&zstd))));
    group.finish();
}

criterion_group!(benches, capture);
criterion_main!(benches);
