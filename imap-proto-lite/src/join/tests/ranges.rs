//! Ranges of one section.

use super::*;

#[test]
fn pipelined_commands_are_answered_by_the_pieces_that_they_asked_for() {
    // The second command asks for more than the first one got.
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY.PEEK[]<0.3>");
    spool.asked("b UID FETCH 9 BODY.PEEK[]<0.9>");
    spool.range(0, b"012");
    assert_eq!(told(spool), [] as [(How, bool, String, Vec<u64>, usize, usize); 0]);
    // The first was lost, and the end was reached.
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY.PEEK[]<0.3>");
    spool.asked("b UID FETCH 9 BODY.PEEK[]<0.9>");
    spool.range(0, b"01234");
    spool.range(0, b"012");
    assert_eq!(told(spool), [(How::Ranges, true, "01234".into(), vec![0, 1], 0, 0)]);
}

#[test]
fn what_is_longer_than_is_known_may_come_again() {
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY.PEEK[]<0.9>");
    spool.add(MessageRef { origin: Some(0), ..message(9) }, b"01", &[Hole { at: 2, len: None }]);
    spool.asked("b UID FETCH 9 BODY.PEEK[]<0.9>");
    spool.range(0, b"01234");
    assert_eq!(told(spool), [(How::Ranges, true, "01234".into(), vec![1, 0], 0, 0)]);
}

#[test]
fn what_broke_off_does_not_say_which_command_it_answers() {
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY.PEEK[]<0.5>");
    spool.asked("b UID FETCH 9 BODY.PEEK[]<0.9>");
    spool.add(MessageRef { origin: Some(0), ..message(9) }, b"01", &[Hole { at: 2, len: None }]);
    spool.range(0, b"01234");
    assert_eq!(told(spool), [(How::Ranges, false, "01234".into(), vec![1, 0], 1, 0)]);
}

#[test]
fn ranges_in_any_order_with_overlaps() {
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY.PEEK[]<6.9>");
    spool.range(6, b"67");
    spool.range(0, b"012");
    spool.range(2, b"2345");
    assert_eq!(told(spool), [(How::Ranges, true, "01234567".into(), vec![1, 2, 0], 0, 0)]);
}

#[test]
fn an_end_that_nobody_has_seen() {
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY[]<0.4>");
    spool.range(0, b"0123");
    assert_eq!(told(spool), []);
    // The server's size is believed where it fits.
    for (size, complete) in [(4, true), (5, false)] {
        let mut spool = Spool::default();
        spool.range(0, b"01");
        spool.range(2, b"23");
        spool.joiner.size(1, &account(), &message(9), size);
        let holes = usize::from(!complete);
        assert_eq!(told(spool), [(How::Ranges, complete, "0123".into(), vec![0, 1], holes, 0)]);
    }
    // An answer beyond the end says where the end is.
    for (origin, holes) in [(4, 0), (5, 1)] {
        let mut spool = Spool::default();
        spool.asked("a UID FETCH 9 (BODY[]<4.4> BODY[]<5.4>)");
        spool.range(0, b"0123");
        spool.range(origin, b"");
        assert_eq!(told(spool), [(How::Ranges, holes == 0, "0123".into(), vec![0, 1], holes, 0)]);
    }
}

#[test]
fn holes_and_conflicts_are_told() {
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY[]<6.9>");
    spool.range(0, b"0123");
    spool.range(2, b"2x");
    spool.range(6, b"67");
    let [(joined, text)] = <[_; 1]>::try_from(spool.finish()).unwrap();
    assert_eq!(text, "0123??67");
    assert_eq!(joined.holes, [Hole { at: 4, len: Some(2) }]);
    assert_eq!(joined.conflicts, [Conflict { range: 2..4, at: 3, kept: (0, 2), other: (1, 0) }]);
    assert!(!joined.complete);
}

#[test]
fn a_hole_in_one_piece_is_filled_by_another() {
    let mut spool = Spool::default();
    spool.add(MessageRef { origin: Some(0), ..message(9) }, b"01??4567", &[Hole { at: 2, len: Some(2) }]);
    spool.range(1, b"123");
    spool.joiner.size(1, &account(), &message(9), 8);
    assert_eq!(told(spool), [(How::Ranges, true, "01234567".into(), vec![0, 1], 0, 0)]);
}

#[test]
fn a_short_answer_ends_only_what_it_answers() {
    // Two messages, asked for in different lengths: what is all of the one is the beginning of the other.
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY[]<0.4>");
    spool.asked("a UID FETCH 8 BODY[]<0.9>");
    spool.range(0, b"0123");
    spool.add(MessageRef { origin: Some(0), ..message(8) }, b"abcd", &[]);
    assert_eq!(told(spool), [(How::Ranges, true, "abcd".into(), vec![1], 0, 0)]);
    // The last command before the piece counts, whatever was asked for later.
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 1:* BODY[]<0.4>");
    spool.range(0, b"0123");
    spool.asked("a UID FETCH 9 BODY[]<0.9>");
    assert_eq!(told(spool), []);
    // The command came late.
    let mut spool = Spool::default();
    spool.range(0, b"0123");
    spool.asked("a UID FETCH $ BODY[]<0.9>");
    assert_eq!(told(spool), [(How::Ranges, true, "0123".into(), vec![0], 0, 0)]);
    // What ends before another piece does not end the section.
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY[]<0.4>");
    spool.range(0, b"01");
    spool.range(1, b"123");
    assert_eq!(told(spool), [(How::Ranges, false, "0123".into(), vec![0, 1], 1, 0)]);
}

#[test]
fn a_server_that_sends_all_whatever_the_origin() {
    let header = || section(&[], Specifier::Header);
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY[HEADER]<0.4>");
    spool.add(MessageRef { section: header(), origin: Some(0), ..message(9) }, b"a: b", &[]);
    spool.asked("a UID FETCH 9 BODY[HEADER]<4.4>");
    spool.add(MessageRef { section: header(), origin: Some(4), ..message(9) }, b"a: b\r\n\r\n", &[]);
    spool.section(section(&[], Specifier::Text), b"x");
    assert_eq!(told(spool), [(How::HeaderAndText, true, "a: b\r\n\r\nx".into(), vec![1, 0, 2], 0, 0)]);
}

#[test]
fn of_two_from_one_origin_the_longer_counts() {
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY[]<0.9>");
    spool.range(0, b"0x");
    spool.range(0, b"0123");
    assert_eq!(told(spool), [(How::Ranges, false, "0123".into(), vec![1, 0], 0, 1)]);
}

#[test]
fn what_is_no_size_is_none() {
    let body = structure(
        "* 1 FETCH (BODYSTRUCTURE ((\"image\" \"png\" NIL NIL NIL \"base64\" 18446744073709551615)\
         (\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1) \"mixed\" (\"boundary\" \"b\")))",
    );
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[], Specifier::Header), b"\r\n");
    spool.section(section(&[2], Specifier::Whole), b"hi");
    let mut joiner = spool.joiner;
    joiner.size(1, &account(), &message(9), u64::MAX);
    let Ok(outcome) = joiner.finish(&mut |_, range: Range<u64>| {
        Ok::<_, Infallible>(Bytes::from(vec![b'x'; usize::try_from(range.end - range.start).unwrap()]))
    });
    assert_eq!(outcome.messages[0].missing_parts, [(vec![1], None)]);
}
