//! Captures to compare: dialogues, disturbed in ways of which each has a name and a seed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use etherparse::PacketBuilder;

/// How a dialogue is disturbed.
const WAYS: [&str; 10] = [
    "plain",
    "wrap",
    "reorder",
    "double",
    "overlap",
    "keep-alive",
    "lossy",
    "conflict",
    "snap",
    "mid-stream",
];

const SEEDS: u64 = 6;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
}

struct Packet {
    frame: Vec<u8>,
    wire: usize,
}

fn packet(side: usize, seq: u32, ack: Option<u32>, flags: &str, payload: &[u8]) -> Packet {
    let hosts = [[10, 0, 0, 1], [10, 0, 0, 2]];
    let ports = [40_000, 25];
    let mut tcp = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(hosts[side], hosts[1 - side], 64).tcp(
        ports[side],
        ports[1 - side],
        seq,
        60_000,
    );
    for flag in flags.chars() {
        tcp = match flag {
            'S' => tcp.syn(),
            'F' => tcp.fin(),
            _ => tcp.psh(),
        };
    }
    if let Some(ack) = ack {
        tcp = tcp.ack(ack);
    }
    let mut frame = Vec::new();
    tcp.write(&mut frame, payload).unwrap();
    let wire = frame.len();
    Packet { frame, wire }
}

fn dialogue(way: &str, random: &mut Random) -> Vec<Packet> {
    let isn = match way {
        "wrap" => [u32::MAX - 300, u32::MAX - 50],
        _ => [random.below(1 << 32) as u32, random.below(1 << 32) as u32],
    };
    let mut next = [isn[0].wrapping_add(1), isn[1].wrapping_add(1)];
    let mut packets = Vec::new();
    if way != "mid-stream" {
        packets.push(packet(0, isn[0], None, "S", b""));
        packets.push(packet(1, isn[1], Some(next[0]), "S", b""));
        packets.push(packet(0, next[0], Some(next[1]), "", b""));
    }
    for turn in 0..12 {
        let side = turn % 2;
        // One turn of one side: several segments, then the acknowledgement of the other.
        let mut run = Vec::new();
        let start = next[side];
        for _ in 0..=random.below(6) {
            let len = random.below(600) + 2;
            let payload: Vec<u8> = (0..len).map(|_| b'a' + random.below(26) as u8).collect();
            let (seq, ack) = (next[side], Some(next[1 - side]));
            run.push(packet(side, seq, ack, "P", &payload));
            next[side] = seq.wrapping_add(len as u32);
            match way {
                "double" if random.below(3) == 0 => run.push(packet(side, seq, ack, "P", &payload)),
                "overlap" if random.below(2) == 0 => {
                    let from = random.below(len) as usize;
                    run.push(packet(side, seq.wrapping_add(from as u32), ack, "P", &payload[from..]));
                }
                "conflict" if random.below(3) == 0 => {
                    run.push(packet(side, seq, ack, "P", &payload.to_ascii_uppercase()));
                }
                "keep-alive" if random.below(3) == 0 => {
                    run.push(packet(side, next[side].wrapping_sub(1), ack, "", &[0]));
                }
                "lossy" if turn > 1 && random.below(5) == 0 => drop(run.pop()),
                _ => {}
            }
        }
        if way == "reorder" && start != next[side] {
            for at in 0..run.len() {
                let other = (at + random.below(4) as usize).min(run.len() - 1);
                run.swap(at, other);
            }
        }
        packets.extend(run);
        packets.push(packet(1 - side, next[1 - side], Some(next[side]), "", b""));
    }
    packets.push(packet(0, next[0], Some(next[1]), "F", b""));
    packets.push(packet(1, next[1], Some(next[0].wrapping_add(1)), "F", b""));
    packets.push(packet(0, next[0].wrapping_add(1), Some(next[1].wrapping_add(1)), "", b""));
    if way == "snap" {
        for packet in &mut packets {
            packet.frame.truncate(300);
        }
    }
    packets
}

pub(crate) fn captures(folder: &Path) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let mut files = Vec::new();
    for way in WAYS {
        for seed in 0..SEEDS {
            let path = folder.join(format!("{way}-{seed}.pcap"));
            let mut out = std::fs::File::create(&path).unwrap();
            let mut bytes = Vec::new();
            for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 1 << 18, 1] {
                bytes.extend(word.to_le_bytes());
            }
            for (number, packet) in (0_u32..).zip(dialogue(way, &mut Random(seed * 77 + 5))) {
                let len = packet.frame.len() as u32;
                for word in [1_700_000_000, number * 100, len, packet.wire as u32] {
                    bytes.extend(word.to_le_bytes());
                }
                bytes.extend(&packet.frame);
            }
            out.write_all(&bytes).unwrap();
            files.push(path);
        }
    }
    files
}
