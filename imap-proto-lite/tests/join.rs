//! What holds for every set of ranges.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

use bytes::Bytes;
use core::convert::Infallible;
use core::ops::Range;
use imap_proto_lite::join::{Account, Hole, Joined, Joiner, Piece, Run};
use imap_proto_lite::{MailboxName, MessageRef};
use proptest::prelude::*;

/// A message whose bytes tell where they stand.
fn source() -> Vec<u8> {
    (0..2000_u32).map(|at| (at * 7 + at / 251).to_le_bytes()[0]).collect()
}

fn of(origin: Option<u64>) -> MessageRef {
    let mut of = MessageRef::default();
    of.mailbox = Some(MailboxName::new("INBOX"));
    (of.uid_validity, of.uid, of.origin) = (Some(1), Some(2), origin);
    of
}

fn account() -> Account {
    Account { server: "s".into(), user: "alice".into() }
}

/// Joins ranges of the source, each with a hole or none.
fn join(ranges: &[(Range<usize>, Option<Range<usize>>)], size: bool) -> Option<Joined> {
    let source = source();
    let mut joiner = Joiner::default();
    for (id, (range, hole)) in (0..).zip(ranges) {
        let mut piece = Piece::new(id, id % 3, account(), of(Some(range.start as u64)), range.len() as u64);
        piece.holes =
            hole.iter().map(|hole| Hole { at: hole.start as u64, len: Some(hole.len() as u64) }).collect();
        assert!(joiner.piece(piece));
    }
    if size {
        joiner.size(0, &account(), &of(None), source.len() as u64);
    }
    let mut lend = |piece: u64, range: Range<u64>| -> Result<Bytes, Infallible> {
        let start = ranges[usize::try_from(piece).unwrap()].0.start;
        let [from, to] = [range.start, range.end].map(|at| start + usize::try_from(at).unwrap());
        Ok(Bytes::copy_from_slice(&source[from..to]))
    };
    let Ok(mut joined) = joiner.finish(&mut lend);
    // A session that has all of it makes one of its own.
    if joined.messages.len() > 1 { None } else { joined.messages.pop() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Every byte that is known stands where it stands in the source, every other is in a hole.
    #[test]
    fn shuffled_overlapping_holed_ranges_equal_the_source(
        picks in prop::collection::vec((0..2000usize, 1..700usize, prop::option::of((0..700usize, 1..300usize))), 2..30),
    ) {
        let source = source();
        let ranges: Vec<_> = picks
            .iter()
            .map(|(start, len, hole)| {
                let range = *start..(start + len).min(source.len());
                let hole = hole.and_then(|(at, len)| {
                    let hole = at.min(range.len())..(at + len).min(range.len());
                    (!hole.is_empty()).then_some(hole)
                });
                (range, hole)
            })
            .collect();
        let mut known = vec![false; source.len()];
        for (range, hole) in &ranges {
            for at in range.clone() {
                known[at] |= !hole.as_ref().is_some_and(|hole| hole.contains(&(at - range.start)));
            }
        }
        let joined = join(&ranges, true);
        prop_assume!(joined.is_some());
        let joined = joined.unwrap();
        prop_assert!(joined.conflicts.is_empty());
        let mut told = vec![false; source.len()];
        let mut end = 0;
        for run in &joined.runs {
            let Run::Piece { at, piece, from, len } = run else { unreachable!() };
            prop_assert!(*at >= end);
            end = at + len;
            let start = ranges[usize::try_from(*piece).unwrap()].0.start as u64;
            prop_assert_eq!(start + from, *at);
            for at in *at..end {
                told[usize::try_from(at).unwrap()] = true;
            }
        }
        prop_assert_eq!(&told, &known);
        let missing: u64 = joined.holes.iter().filter_map(|hole| hole.len).sum();
        prop_assert_eq!(missing + known.iter().filter(|known| **known).count() as u64, joined.size);
        prop_assert_eq!(joined.complete, known.iter().all(|known| *known));
    }
}
