//! What a packet costs: in order, out of order, among many flows, and to decode.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench may fail loudly"
)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tcp_reassembly::packet::{self, DecodeOptions, LinkType, Resolver, decode, decode_with};
use tcp_reassembly::{Config, Flags, Policy, Reassembler, Segment};

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

/// 1,024 pieces held in an order without order, then the hole before them is filled; per segment.
fn held(c: &mut Criterion) {
    let block = Bytes::from(vec![b'x'; 1 << 20]);
    let mut group = c.benchmark_group("reassembly");
    group.throughput(Throughput::Elements(1024));
    group.sample_size(20);
    for (name, policy) in
        [("1,024 held at random", Policy::First), ("1,024 held at random, Linux", Policy::Linux)]
    {
        let mut config = config();
        config.policies = policy.into();
        config.max_held_bytes = 4 << 20;
        group.bench_function(name, |b| {
            let mut reassembler = Reassembler::new(config.clone());
            play(&mut reassembler, opened(0).to_vec());
            let mut round = 0;
            b.iter_batched(
                || {
                    let first = round * 1024;
                    round += 1;
                    // 0 comes last; 389 has no factor in common with 1024.
                    let order = (1..1024_u32).map(|n| n * 389 % 1024).chain([0]);
                    order.map(|n| data(0, first + n, &block)).collect::<Vec<_>>()
                },
                |segments| play(&mut reassembler, segments),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Segments of 64 bytes in order, with options as on a network; per segment.
fn small(c: &mut Criterion) {
    let block = Bytes::from(vec![b'x'; 1 << 20]);
    let mut group = c.benchmark_group("reassembly");
    group.throughput(Throughput::Elements(u64::from(PACKETS)));
    group.sample_size(20);
    group.bench_function("64 bytes in order", |b| {
        let mut reassembler = Reassembler::new(config());
        play(&mut reassembler, opened(0).to_vec());
        let (client, server) = ends(0);
        let mut round = 0;
        b.iter_batched(
            || {
                let first = round * PACKETS;
                round += 1;
                (first..first + PACKETS)
                    .map(|n| {
                        let from = (n as usize * 64) % (1 << 19);
                        Segment::new(client, server, 1_u32.wrapping_add(n.wrapping_mul(64)))
                            .with_ack(1)
                            .with_timestamps(n, n)
                            .with_ip(64, Some(n as u16))
                            .with_payload(block.slice(from..from + 64), 66)
                    })
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
    held(c);
    small(c);
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
    group.bench_function("decode, with checksum", |b| {
        let (len, options) = (frame.len() as u32, DecodeOptions::default().with_checksum());
        b.iter(|| decode_with(LinkType::Ethernet, 1, Duration::ZERO, black_box(&frame), len, options));
    });
    group.bench_function("resolve Ethernet, IPv4, TCP", |b| {
        let mut resolver = Resolver::new(packet::Config::default());
        b.iter(|| {
            resolver.push(LinkType::Ethernet, 1, Duration::ZERO, black_box(&frame), frame.len() as u32)
        });
    });
    let inner = frame.slice(..);
    let header = [8, 0, 0, 0, 0, 0, 5, 0];
    let mut frame = vec![0; 12];
    frame.extend([8, 0]);
    let ip = etherparse::PacketBuilder::ipv4([10, 1, 0, 1], [10, 1, 0, 2], 64).udp(50_000, 4789);
    ip.write(&mut frame, &[&header[..], &inner].concat()).unwrap();
    let frame = Bytes::from(frame);
    group.bench_function("resolve VXLAN", |b| {
        let mut resolver = Resolver::new(packet::Config::default());
        b.iter(|| {
            resolver.push(LinkType::Ethernet, 1, Duration::ZERO, black_box(&frame), frame.len() as u32)
        });
    });
    // The same segment in three fragments.
    let payload = inner.slice(34..);
    let frames: Vec<Bytes> = payload
        .chunks(504)
        .enumerate()
        .map(|(place, part)| {
            let mut ip = inner[14..34].to_vec();
            let more = if (place + 1) * 504 < payload.len() { 0x2000 } else { 0 };
            ip[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
            ip[6..8].copy_from_slice(&((place as u16 * 63) | more).to_be_bytes());
            Bytes::from([&ip, part].concat())
        })
        .collect();
    group.bench_function("resolve three fragments", |b| {
        let mut resolver = Resolver::new(packet::Config::default());
        b.iter(|| {
            for frame in &frames {
                let segments =
                    resolver.push(LinkType::Raw, 1, Duration::ZERO, black_box(frame), frame.len() as u32);
                segments.unwrap().for_each(|segment| {
                    black_box(segment);
                });
            }
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
