//! The same packets through tcp-reassembly and through protolens, in processor time.
//!
//! A packet is a block of its own, as a live capture gives them. tcp-reassembly finds the flow, compares with what was
//! there before and tells every byte with its packet. protolens has no table of flows: it runs as it is, with the
//! flow known ("bare"), and behind a keyed hash table of addresses and ports ("table"). It gives its packets in order
//! ("packets": each whole, its payload for the caller to cut to what is new) or the payload itself ("payload": its
//! reader of raw data, the one it has for FTP). It never gives up a hole, drops what comes when it holds 128 packets,
//! and compares nothing.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "a bench may fail loudly"
)]

use std::cell::Cell;
use std::hash::BuildHasher;
use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use hashbrown::HashTable;
use protolens::{L7Proto, Prolens, Task, TransProto};
use tcp_reassembly::{Config, EventKind, Flags, Reassembler, Segment};

/// The time this thread had, so that other work on the machine counts less.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }
    fn end(&self, start: Duration) -> Duration {
        self.start() - start
    }
    fn add(&self, one: &Duration, two: &Duration) -> Duration {
        *one + *two
    }
    fn zero(&self) -> Duration {
        Duration::ZERO
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Packets of one round.
const PACKETS: u32 = 4096;

/// One packet, for either.
#[derive(Debug, Clone)]
struct Packet {
    src: SocketAddr,
    dst: SocketAddr,
    flow: u32,
    seq: u32,
    number: u32,
    syn: bool,
    payload: Bytes,
}

impl Packet {
    fn segment(self) -> Segment {
        let segment = Segment::new(self.src, self.dst, self.seq)
            .with_packet(self.number.into(), Duration::from_micros(self.number.into()))
            .with_backing(self.payload.len() as u32 + 54)
            .with_payload(self.payload, 54);
        if self.syn { segment.with_flags(Flags::SYN) } else { segment.with_ack(1) }
    }
}

impl protolens::Packet for Packet {
    fn trans_proto(&self) -> TransProto {
        TransProto::Tcp
    }
    fn sip(&self) -> IpAddr {
        self.src.ip()
    }
    fn dip(&self) -> IpAddr {
        self.dst.ip()
    }
    fn tu_sport(&self) -> u16 {
        self.src.port()
    }
    fn tu_dport(&self) -> u16 {
        self.dst.port()
    }
    fn seq(&self) -> u32 {
        self.seq
    }
    fn syn(&self) -> bool {
        self.syn
    }
    fn fin(&self) -> bool {
        false
    }
    fn payload_len(&self) -> usize {
        self.payload.len()
    }
    fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// What a round is made of.
#[derive(Clone, Copy)]
struct Load {
    name: &'static str,
    flows: u32,
    size: u32,
    /// Packets that have to wait at a time. protolens drops what comes when it holds 128, without a word.
    held: usize,
    order: fn(u32) -> u32,
}

const LOADS: [Load; 5] = [
    Load { name: "1 flow, 1460 bytes in order", flows: 1, size: 1460, held: 0, order: |n| n },
    Load { name: "1 flow, 64 bytes in order", flows: 1, size: 64, held: 2, order: |n| n },
    Load {
        name: "1 flow, 1 % reordered",
        flows: 1,
        size: 1460,
        held: 2,
        // Every hundredth packet changes places with the one after the next.
        order: |n| match n % 200 {
            100 => n + 2,
            102 => n - 2,
            _ => n,
        },
    },
    Load { name: "100,000 flows in turn", flows: 100_000, size: 1460, held: 0, order: |n| n },
    Load {
        name: "1,024 held at random",
        flows: 1,
        size: 1460,
        held: 1023,
        // The first comes last; 389 has no factor in common with 1024.
        order: |n| n / 1024 * 1024 + (n % 1024 + 1) % 1024 * 389 % 1024,
    },
];

fn ends(flow: u32) -> (SocketAddr, SocketAddr) {
    let [a, b, c, _] = (flow / 1000).to_le_bytes();
    let port = 10_000 + (flow % 1000) as u16;
    (([10, a, b, c], port).into(), ([192, 0, 2, 1], 25).into())
}

/// Flows take turns in an order that caches do not guess.
fn flow_of(n: u32, flows: u32) -> u32 {
    (n % flows).wrapping_mul(7919) % flows
}

fn syn(flow: u32) -> Packet {
    let (src, dst) = ends(flow);
    Packet { src, dst, flow, seq: 1, number: 0, syn: true, payload: Bytes::new() }
}

impl Load {
    /// The packets of a round, each in a block of its own behind 54 bytes of headers.
    fn round(&self, round: u32) -> Vec<Packet> {
        let first = round * PACKETS;
        (first..first + PACKETS)
            .map(|n| {
                let flow = flow_of(n, self.flows);
                let (src, dst) = ends(flow);
                let frame = Bytes::from(vec![b'x'; self.size as usize + 54]);
                let seq = 2 + (self.order)(n / self.flows) * self.size;
                Packet { src, dst, flow, seq, number: n, syn: false, payload: frame.slice(54..) }
            })
            .collect()
    }
}

fn ours(group: &mut BenchmarkGroup<'_, CpuTime>, load: &Load, name: &str, change: fn(&mut Config)) {
    let mut config = Config::default();
    config.seed = Some(1);
    config.max_held_bytes = 4 << 20;
    change(&mut config);
    group.bench_function(name, |b| {
        let mut reassembler = Reassembler::new(config.clone());
        for flow in 0..load.flows {
            let (client, server) = ends(flow);
            reassembler.push(syn(flow).segment());
            reassembler.push(Segment::new(server, client, 0).with_flags(Flags::SYN).with_ack(2));
            reassembler.events().for_each(drop);
        }
        let (mut round, mut told) = (0, 0_u64);
        b.iter_batched(
            || {
                round += 1;
                load.round(round - 1).into_iter().map(Packet::segment).collect::<Vec<_>>()
            },
            |segments| {
                for segment in segments {
                    reassembler.push(segment);
                    while let Some(event) = reassembler.poll_event() {
                        if let EventKind::Data { bytes, .. } = &event.kind {
                            told += bytes.len() as u64;
                        }
                        black_box(event);
                    }
                }
            },
            BatchSize::PerIteration,
        );
        assert_eq!(told, u64::from(round * PACKETS) * u64::from(load.size), "all of it");
    });
}

fn protolens(group: &mut BenchmarkGroup<'_, CpuTime>, load: &Load, what: L7Proto, with_table: bool) {
    let name = format!(
        "protolens, {}, {}",
        if what == L7Proto::OrdPacket { "packets" } else { "payload" },
        if with_table { "table" } else { "bare" },
    );
    group.bench_function(name, |b| {
        let mut lens = Prolens::<Packet>::default();
        let told = Rc::new(Cell::new(0_u64));
        let counter = Rc::clone(&told);
        lens.set_cb_ord_pkt(move |packet: Packet, _, _| {
            counter.set(counter.get() + packet.payload.len() as u64);
            black_box(packet);
        });
        let counter = Rc::clone(&told);
        lens.set_cb_ftp_body(move |bytes: &[u8], _, _, _| {
            counter.set(counter.get() + bytes.len() as u64);
            black_box(bytes);
        });
        let hasher = foldhash::fast::RandomState::default();
        let mut table = HashTable::<u32>::new();
        let hash = |packet: &Packet| hasher.hash_one((packet.src, packet.dst));
        let keys: Vec<Packet> = (0..load.flows).map(syn).collect();
        let mut tasks: Vec<Task<Packet>> = keys
            .iter()
            .map(|packet| {
                let mut task = lens.new_task(TransProto::Tcp);
                lens.set_task_parser(&mut task, what);
                lens.run_task(&mut task, packet.clone());
                table.insert_unique(hash(packet), packet.flow, |&at| hash(&keys[at as usize]));
                task
            })
            .collect();
        let mut round = 0;
        b.iter_batched(
            || {
                round += 1;
                load.round(round - 1)
            },
            |packets| {
                for packet in packets {
                    let at = if with_table {
                        let same = |&at: &u32| {
                            let key = &keys[at as usize];
                            (key.src, key.dst) == (packet.src, packet.dst)
                        };
                        *table.find(hash(&packet), same).unwrap()
                    } else {
                        packet.flow
                    };
                    lens.run_task(&mut tasks[at as usize], packet);
                }
            },
            BatchSize::PerIteration,
        );
        assert_eq!(told.get(), u64::from(round * PACKETS) * u64::from(load.size), "all of it");
    });
}

/// What either pays at least: each packet is looked up in a table of flows, and dropped.
fn found_and_dropped(group: &mut BenchmarkGroup<'_, CpuTime>, load: &Load) {
    group.bench_function("found and dropped", |b| {
        let hasher = foldhash::fast::RandomState::default();
        let hash = |src: SocketAddr, dst: SocketAddr| hasher.hash_one((src, dst));
        let keys: Vec<_> = (0..load.flows).map(ends).collect();
        let mut table = HashTable::<u32>::new();
        for (at, &(src, dst)) in (0..).zip(&keys) {
            table.insert_unique(hash(src, dst), at, |&at| {
                let (src, dst) = keys[at as usize];
                hash(src, dst)
            });
        }
        let mut round = 0;
        b.iter_batched(
            || {
                round += 1;
                load.round(round - 1).into_iter().map(Packet::segment).collect::<Vec<_>>()
            },
            |segments| {
                for segment in segments {
                    let ends = (segment.src, segment.dst);
                    black_box(table.find(hash(ends.0, ends.1), |&at| keys[at as usize] == ends));
                    black_box(segment);
                }
            },
            BatchSize::PerIteration,
        );
    });
}

fn bench(c: &mut Criterion<CpuTime>) {
    for load in &LOADS {
        let mut group = c.benchmark_group(load.name);
        group.throughput(Throughput::Elements(PACKETS.into()));
        group
            .sample_size(20)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        ours(&mut group, load, "tcp-reassembly", |_| {});
        ours(&mut group, load, "tcp-reassembly, nothing kept to compare with", |config| {
            config.max_replay = 0
        });
        found_and_dropped(&mut group, load);
        if load.held < 128 {
            for what in [L7Proto::OrdPacket, L7Proto::FtpData] {
                protolens(&mut group, load, what, true);
                protolens(&mut group, load, what, false);
            }
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = bench
}
criterion_main!(benches);
