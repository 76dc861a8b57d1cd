//! What a packet costs: in order, out of order, among many flows, and to decode.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "a bench may fail loudly"
)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tcp_reassembly::packet::{LinkType, decode};
use tcp_reassembly::{Config, Flags, Reassembler, Segment};

const SIZE: u32 = 1460;
const PACKETS: u32 = 4096;

fn config() -> Config {
    let mut config = Config::default();
    config.seed = Some(1);
    config
}

fn ends(flow: u32) -> (SocketAddr, SocketAddr) {
    let [a, b, c, _] = (flow / 1000).to_le_bytes();
    let port = 10_000 + (flow % 1000) as u16;
    ((([10, a, b, c]), port).into(), ([192, 0, 2, 1], 25).into())
}

fn opened(flow: u32) -> [Segment; 3] {
    let (client, server) = ends(flow);
    [
        Segment::new(client, server, 0).with_flags(Flags::SYN),
        Segment::new(server, client, 0).with_flags(Flags::SYN).with_ack(1),
        Segment::new(client, server, 1).with_ack(1),
    ]
}

fn data(flow: u32, number: u32, block: &Bytes) -> Segment {
    let (client, server) = ends(flow);
    let from = (number as usize * SIZE as usize) % (block.len() - SIZE as usize);
    let payload = block.slice(from..from + SIZE as usize);
    Segment::new(client, server, 1 + number * SIZE)
        .with_packet(u64::from(number), Duration::from_micros(u64::from(number)))
        .with_ack(1)
        .with_payload(payload, 54)
}

fn play(reassembler: &mut Reassembler, segments: Vec<Segment>) {
    for segment in segments {
        reassembler.push(segment);
        while let Some(event) = reassembler.poll_event() {
            black_box(event);
        }
    }
}

fn run(c: &mut Criterion, name: &str, config: &Config, flows: u32, order: impl Fn(u32) -> u32) {
    let block = Bytes::from(vec![b'x'; 1 << 20]);
    let mut group = c.benchmark_group("reassembly");
    group.throughput(Throughput::Bytes(u64::from(SIZE * PACKETS)));
    group.sample_size(20);
    group.bench_function(name, |b| {
        let mut reassembler = Reassembler::new(config.clone());
        for flow in 0..flows {
            play(&mut reassembler, opened(flow).to_vec());
        }
        let mut round = 0;
        b.iter_batched(
            || {
                let first = round * PACKETS;
                round += 1;
                (first..first + PACKETS)
                    .map(|n| data(order_flow(n, flows), order(n / flows), &block))
                    .collect::<Vec<_>>()
            },
            |segments| play(&mut reassembler, segments),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Flows take turns in an order that caches do not guess.
fn order_flow(n: u32, flows: u32) -> u32 {
    (n % flows).wrapping_mul(7919) % flows
}

fn bench(c: &mut Criterion) {
    run(c, "in order, 1460 bytes", &config(), 1, |n| n);
    let mut bare = config();
    bare.max_replay = 0;
    run(c, "in order, 1460 bytes, no replay ring", &bare, 1, |n| n);
    // Every hundredth segment changes places with the one after the next.
    run(c, "1 % reordered", &config(), 1, |n| match n % 200 {
        100 => n + 2,
        102 => n - 2,
        _ => n,
    });
    run(c, "1,000 flows in turn", &config(), 1_000, |n| n);
    run(c, "1,000 flows in turn, no replay ring", &bare, 1_000, |n| n);
    run(c, "100,000 flows in turn", &config(), 100_000, |n| n);
    run(c, "100,000 flows in turn, no replay ring", &bare, 100_000, |n| n);

    let mut frame = vec![0; 12];
    frame.extend([8, 0]);
    let ip = etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(40_000, 25, 1, 1000);
    ip.write(&mut frame, &[b'x'; SIZE as usize]).unwrap();
    let frame = Bytes::from(frame);
    let mut group = c.benchmark_group("packet");
    group.throughput(Throughput::Bytes(frame.len() as u64));
    group.bench_function("decode Ethernet, IPv4, TCP", |b| {
        b.iter(|| decode(LinkType::Ethernet, 1, Duration::ZERO, black_box(&frame), frame.len() as u32));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
