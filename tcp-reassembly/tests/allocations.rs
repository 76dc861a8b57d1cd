//! I10: a packet in order costs no allocation.
#![allow(clippy::field_reassign_with_default, clippy::unwrap_used, reason = "a test may fail loudly")]

use bytes::Bytes;
use tcp_reassembly::{Config, EventKind, Flags, Reassembler, Segment};

/// Both sides of a long transfer, with options, checksums and acknowledgements as they are on a network.
fn transfer(reassembler: &mut Reassembler, rounds: std::ops::Range<u32>, block: &Bytes, backing: u32) -> u64 {
    let (client, server) = (([10, 0, 0, 1], 4000).into(), ([10, 0, 0, 2], 25).into());
    let mut delivered = 0;
    for round in rounds {
        let (sent, answered) = (1 + round * 1460, 1 + round * 4);
        let id = u16::try_from(round % 60_000).unwrap();
        for segment in [
            Segment::new(client, server, sent)
                .with_ack(answered)
                .with_payload(block.slice(..1460), 66)
                .with_backing(backing)
                .with_timestamps(round, round)
                .with_ip(64, Some(id)),
            Segment::new(server, client, answered)
                .with_ack(sent + 1460)
                .with_payload(block.slice(..4), 66)
                .with_timestamps(round, round)
                .with_ip(60, Some(id)),
            Segment::new(client, server, sent + 1460).with_ack(answered + 4).with_ip(64, Some(id)),
        ] {
            reassembler.push(segment);
            while let Some(event) = reassembler.poll_event() {
                if let EventKind::Data { bytes, .. } = event.kind {
                    delivered += bytes.len() as u64;
                }
            }
        }
    }
    delivered
}

#[test]
fn packets_in_order_allocate_nothing() {
    // Copied to compare with, and kept as they are.
    for backing in [0, 2000] {
        allocates_nothing(backing);
    }
}

fn allocates_nothing(backing: u32) {
    let (client, server) = (([10, 0, 0, 1], 4000).into(), ([10, 0, 0, 2], 25).into());
    let mut config = Config::default();
    config.seed = Some(1);
    let mut reassembler = Reassembler::new(config);
    for segment in [
        Segment::new(client, server, 0).with_flags(Flags::SYN),
        Segment::new(server, client, 0).with_flags(Flags::SYN).with_ack(1),
        Segment::new(client, server, 1).with_ack(1),
    ] {
        reassembler.push(segment);
    }
    let block = Bytes::from(vec![7; 2000]);
    // The replay rings grow to their limits first.
    transfer(&mut reassembler, 0..5_000, &block, backing);
    let mut delivered = 0;
    let info = allocation_counter::measure(|| {
        delivered = transfer(&mut reassembler, 5_000..15_000, &block, backing);
    });
    // The counter does count.
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(vec![0_u8; 100]))).count_total, 1);
    assert_eq!((info.count_total, delivered), (0, 10_000 * 1464), "{info:?}");
}
