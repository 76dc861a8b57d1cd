//! Fragments of two datagrams that share a number, and what their checksum says.

use std::time::Duration;

use bytes::Bytes;
use tcp_reassembly::packet::Config;
use tcp_reassembly::{Checksum, EventKind, Flags, Reassembler};

use super::fragments::play;
use super::make::{Family, Player, bytes, ones_complement, raw, tcp};

/// Fragments of two datagrams with one number: the checksum shows it.
#[test]
fn a_mixture_is_told() {
    for (family, ends) in
        [(Family::V4, [192, 0, 2, 1, 192, 0, 2, 2].to_vec()), (Family::V6, [[1; 16], [2; 16]].concat())]
    {
        let mut whole = tcp(&bytes(61));
        let pseudo = [&ends[..], &[0, 6], &(whole.len() as u16).to_be_bytes()].concat();
        let right = ones_complement(&[&pseudo[..], &whole].concat());
        for (name, sum, codes) in [
            ("right", right, vec![]),
            ("wrong", right ^ 0x100, vec!["2 fragment-checksum"]),
            ("offloaded", !ones_complement(&pseudo), vec![]),
            ("not filled in", 0, vec![]),
        ] {
            whole[16..18].copy_from_slice(&sum.to_be_bytes());
            let mut player = play(family, &[(0, true, &whole[..40]), (40, false, &whole[40..])]);
            assert_eq!(
                (player.segments.len(), player.codes()),
                (2, codes.into_iter().map(String::from).collect()),
                "{name}"
            );
            // Every piece says what the whole is.
            let checksum = match name {
                "right" => Checksum::Good,
                "offloaded" => Checksum::Offload,
                _ => Checksum::Bad,
            };
            assert!(player.segments.iter().all(|segment| segment.checksum == checksum), "{name}");
        }
        // What was cut cannot be summed up.
        whole[16..18].copy_from_slice(&[1, 2]);
        let mut player = Player::new(Config::default());
        let frame = family.fragment(6, 1, 0, true, &whole[..40]);
        player.push(raw(), &frame[..frame.len() - 1], frame.len()).unwrap();
        player.raw(&family.fragment(6, 1, 40, false, &whole[40..])).unwrap();
        assert_eq!((player.segments.len(), player.codes()), (2, vec![]));
        assert!(player.segments.iter().all(|segment| segment.checksum == Checksum::Unknown));
    }
}

/// A datagram with a wrong checksum is treated as any segment with one: a better copy counts.
#[test]
fn a_mixture_yields_to_a_better_copy() {
    let mut whole = tcp(&bytes(61));
    whole[16..18].copy_from_slice(&[1, 2]);
    let player = play(Family::V4, &[(0, true, &whole[..40]), (40, false, &whole[40..])]);
    let (client, server) = Family::V4.ends();
    let syn = tcp_reassembly::Segment::new(client, server, 999).with_flags(Flags::SYN);
    let copy = tcp_reassembly::Segment::new(client, server, 1000).with_ack(9);
    let copy = copy.with_payload(Bytes::from_static(&[b'!'; 61]), 0).with_packet(9, Duration::ZERO);
    for (better, stream, codes) in [
        (Some(copy), vec![b'!'; 61], &["bad-checksum", "bad-checksum"][..]),
        // Acknowledged as it is: checksums say nothing of what the receiver took.
        (None, bytes(61), &["bad-checksum", "bad-checksum", "doubtful"]),
    ] {
        let mut reassembler = Reassembler::new(tcp_reassembly::Config::default());
        reassembler.push(syn.clone().with_checksum(Checksum::Good));
        for segment in player.segments.iter().cloned().chain(better) {
            reassembler.push(segment);
        }
        reassembler.push(tcp_reassembly::Segment::new(server, client, 9).with_ack(1061));
        reassembler.finish();
        let (mut got, mut told) = (Vec::new(), Vec::new());
        for event in reassembler.events() {
            match event.kind {
                EventKind::Data { bytes, .. } => got.extend(bytes),
                EventKind::Anomaly { what, .. } => told.push(what.code()),
                _ => {}
            }
        }
        told.sort_unstable();
        assert_eq!((got, &told[..]), (stream, codes));
    }
}
