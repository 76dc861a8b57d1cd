//! Overlap policies against a model that knows nothing but the published table and one owner per byte.
#![allow(
    clippy::expect_used,
    clippy::field_reassign_with_default,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use tcp_reassembly::{Config, EventKind, Flags, Policy, Reassembler, Segment};

/// Where a segment begins, and its bytes.
type Piece = (usize, Vec<u8>);

/// Who wins in the relations R1 to R9, by policy; `N` is the new segment.
fn row(policy: Policy) -> &'static str {
    match policy {
        Policy::First | Policy::Vista => "OOOOOOOOO",
        Policy::Last => "NNNNNNNNN",
        Policy::Bsd | Policy::Windows | Policy::MacOs => "NNNOOOOOO",
        Policy::Linux => "NNNOONOOO",
        Policy::OldLinux => "NNNONNOOO",
        Policy::Solaris | Policy::Hpux11 => "ONNONNOON",
        _ => panic!("{policy:?}"),
    }
}

/// The stream of held segments, byte by byte: each has an owner, and the table decides whether it gets a new one.
fn model(policy: Policy, pieces: &[Piece]) -> Vec<Option<u8>> {
    let mut stream: Vec<Option<(u8, (usize, usize))>> = vec![None; 64];
    for (start, bytes) in pieces {
        let new = (*start, start + bytes.len());
        for (at, &byte) in (*start..).zip(bytes) {
            let wins = stream[at].is_none_or(|(_, old)| {
                let relation = new.0.cmp(&old.0) as i8 * 3 + new.1.cmp(&old.1) as i8 + 4;
                row(policy).as_bytes()[relation as usize] == b'N'
            });
            if wins {
                stream[at] = Some((byte, new));
            }
        }
    }
    stream.into_iter().map(|cell| cell.map(|(byte, _)| byte)).collect()
}

/// The same by the crate: a hole of one byte before everything is open until the end.
fn reassembled(policy: Policy, pieces: &[Piece]) -> Vec<Option<u8>> {
    let mut config = Config::default();
    config.policies = policy.into();
    let mut reassembler = Reassembler::new(config);
    let (client, server) = (([10, 0, 0, 1], 4000).into(), ([10, 0, 0, 2], 25).into());
    reassembler.push(Segment::new(client, server, 0).with_flags(Flags::SYN));
    for (start, bytes) in pieces {
        let seq = u32::try_from(start + 2).unwrap();
        reassembler.push(Segment::new(client, server, seq).with_payload(Bytes::copy_from_slice(bytes), 54));
    }
    reassembler.finish();
    let mut stream = vec![None; 64];
    for event in reassembler.events() {
        if let EventKind::Data { offset, bytes, .. } = event.kind {
            for (at, &byte) in (usize::try_from(offset).unwrap() - 1..).zip(&bytes) {
                stream[at] = Some(byte);
            }
        }
    }
    stream
}

fn pieces(most: usize) -> impl Strategy<Value = Vec<Piece>> {
    let piece = (0_usize..24, 1_usize..12);
    prop::collection::vec(piece, 1..most).prop_map(|pieces| {
        // Every piece has bytes of its own.
        pieces.into_iter().zip(b'A'..).map(|((start, len), byte)| (start, vec![byte; len])).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn held_segments_are_resolved_as_the_model_does(pieces in pieces(12)) {
        for policy in Policy::ALL {
            // Single bytes at the acknowledged edge are probes; nothing is acknowledged here.
            prop_assert_eq!(model(policy, &pieces), reassembled(policy, &pieces), "{:?}", policy);
        }
    }
}

/// Published and derived pairs and triplets, where somebody has put them beside the repository.
#[test]
fn vectors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/overlap_vectors.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no overlap_vectors.json");
        return;
    };
    let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for case in vectors["cases"].as_array().unwrap() {
        let pieces: Vec<Piece> = case["segs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|piece| {
                let start = usize::try_from(piece[0].as_u64().unwrap()).unwrap();
                (start, piece[1].as_str().unwrap().as_bytes().to_vec())
            })
            .collect();
        for (name, expected) in case["expect"].as_object().unwrap() {
            let policy = match name.as_str() {
                "FIRST" => Policy::First,
                "LAST" => Policy::Last,
                // Two that the crate does not name decide as BSD.
                "BSD" | "IRIX" | "HPUX10" => Policy::Bsd,
                "WINDOWS" => Policy::Windows,
                "MACOS" => Policy::MacOs,
                "LINUX" => Policy::Linux,
                "OLD_LINUX" => Policy::OldLinux,
                "SOLARIS" => Policy::Solaris,
                "HPUX11" => Policy::Hpux11,
                "VISTA" => Policy::Vista,
                other => panic!("{other}"),
            };
            let expected = expected.as_str().unwrap();
            for found in [model(policy, &pieces), reassembled(policy, &pieces)] {
                let found: String =
                    found.iter().take(expected.len()).map(|cell| cell.map_or('.', char::from)).collect();
                assert_eq!(found, expected, "{name} {pieces:?}");
            }
            compared += 1;
        }
    }
    eprintln!("{compared} vectors compared");
}
