//! Pieces against what they come to.

use super::*;
use crate::response::{self, Data, Item, Response};
use crate::{MailboxName, Specifier, command};
use core::convert::Infallible;

/// Pieces and their bytes.
#[derive(Default)]
struct Spool {
    joiner: Joiner,
    bytes: Vec<Vec<u8>>,
}

fn account() -> Account {
    Account { server: "s".into(), user: "alice".into() }
}

fn message(uid: u32) -> MessageRef {
    MessageRef {
        operation: Operation::Fetch,
        mailbox: Some(MailboxName::new("Inbox")),
        uid_validity: Some(7),
        uid: Some(uid),
        ..MessageRef::default()
    }
}

fn section(path: &[u32], specifier: Specifier) -> Section {
    Section { path: path.to_vec(), specifier, ..Section::default() }
}

impl Spool {
    /// Adds a piece of session 1.
    fn add(&mut self, of: MessageRef, bytes: &[u8], holes: &[Hole]) -> bool {
        let id = self.bytes.len() as u64;
        self.bytes.push(bytes.to_vec());
        let mut piece = Piece::new(id, 1, account(), of, bytes.len() as u64);
        piece.holes = holes.to_vec();
        self.joiner.piece(piece)
    }

    fn range(&mut self, origin: u64, bytes: &[u8]) -> bool {
        self.add(MessageRef { origin: Some(origin), ..message(9) }, bytes, &[])
    }

    fn section(&mut self, section: Section, bytes: &[u8]) -> bool {
        self.add(MessageRef { section, ..message(9) }, bytes, &[])
    }

    fn asked(&mut self, line: &'static str) {
        self.joiner.asked(1, &command::parse(&line.into()).unwrap());
    }

    /// What they come to, with the bytes; holes are filled with `?`.
    fn finish(self) -> Vec<(Joined, String)> {
        self.outcome(&[]).0
    }

    /// The same, and what contradicts whole messages whose sections stand there.
    fn outcome(self, tree: &[(Section, Range<u64>)]) -> (Vec<(Joined, String)>, Vec<Mismatch>) {
        let bytes = self.bytes;
        let at = |piece: u64, range: Range<u64>| -> Vec<u8> {
            let whole = &bytes[usize::try_from(piece).unwrap()];
            whole[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec()
        };
        let mut lend = Lend { at: &at, tree };
        let Ok(outcome) = self.joiner.finish(&mut lend);
        let read = |joined: &Joined| {
            let mut whole = vec![b'?'; usize::try_from(joined.size).unwrap()];
            for run in &joined.runs {
                let bytes = match run {
                    Run::Piece { piece, from, len, .. } => at(*piece, *from..from + len),
                    Run::Text { bytes, .. } => bytes.to_vec(),
                };
                let start = usize::try_from(run.range().start).unwrap();
                whole[start..start + bytes.len()].copy_from_slice(&bytes);
            }
            String::from_utf8(whole).unwrap()
        };
        let joined = outcome.messages.into_iter().map(|joined| (joined.clone(), read(&joined))).collect();
        (joined, outcome.mismatches)
    }
}

struct Lend<'a> {
    at: &'a dyn Fn(u64, Range<u64>) -> Vec<u8>,
    tree: &'a [(Section, Range<u64>)],
}

impl Contents for Lend<'_> {
    type Error = Infallible;

    fn lend(&mut self, piece: u64, range: Range<u64>) -> Result<Bytes, Infallible> {
        Ok(Bytes::from((self.at)(piece, range)))
    }

    fn section(&mut self, _: u64, section: &Section) -> Option<Range<u64>> {
        self.tree.iter().find(|(known, _)| known == section).map(|(_, range)| range.clone())
    }
}

/// How, complete, text, pieces, number of holes and conflicts.
fn told(spool: Spool) -> Vec<(How, bool, String, Vec<u64>, usize, usize)> {
    let told = |(joined, text): (Joined, String)| {
        (joined.how, joined.complete, text, joined.pieces, joined.holes.len(), joined.conflicts.len())
    };
    spool.finish().into_iter().map(told).collect()
}

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
fn header_and_text() {
    let mut spool = Spool::default();
    spool.section(section(&[], Specifier::Text), b"body");
    spool.section(section(&[], Specifier::Header), b"a: b\r\n\r\n");
    assert_eq!(told(spool), [(How::HeaderAndText, true, "a: b\r\n\r\nbody".into(), vec![1, 0], 0, 0)]);
    // A header alone is none.
    let mut spool = Spool::default();
    spool.section(section(&[], Specifier::Header), b"a: b\r\n\r\n");
    assert_eq!(told(spool), []);
}

#[test]
fn what_stands_alone_is_not_taken() {
    let mut spool = Spool::default();
    assert!(!spool.section(Section::whole(), b"a: b\r\n\r\n"));
    assert!(!spool.section(section(&[], Specifier::HeaderFields(vec!["To".into()])), b"\r\n"));
    assert!(!spool.add(MessageRef { operation: Operation::Append, ..message(9) }, b"x", &[]));
    assert!(!spool.add(MessageRef::default(), b"x", &[]));
    assert!(!spool.range(u64::MAX - 2, b"xyz"));
    spool.joiner = Joiner::new(1);
    assert!(spool.range(0, b"x"));
    assert!(!spool.range(1, b"y"));
}

#[test]
fn messages_are_told_apart() {
    let text = section(&[], Specifier::Text);
    let header = section(&[], Specifier::Header);
    let other = |of: MessageRef| {
        let mut spool = Spool::default();
        spool.section(header.clone(), b"\r\n");
        spool.add(MessageRef { section: text.clone(), ..of }, b"x", &[]);
        told(spool).len()
    };
    assert_eq!(other(message(9)), 1);
    assert_eq!(other(MessageRef { mailbox: Some(MailboxName::new("INBOX")), ..message(9) }), 1);
    assert_eq!(other(message(8)), 0);
    assert_eq!(other(MessageRef { uid_validity: Some(8), ..message(9) }), 0);
    assert_eq!(other(MessageRef { mailbox: Some(MailboxName::new("x")), ..message(9) }), 0);
}

#[test]
fn a_uid_that_comes_late_joins_what_came_before() {
    let mut spool = Spool::default();
    let early = MessageRef { uid: None, handle: Some(3), ..message(9) };
    spool.add(MessageRef { section: section(&[], Specifier::Header), ..early }, b"\r\n", &[]);
    let late = MessageRef { handle: Some(3), ..message(9) };
    spool.add(MessageRef { section: section(&[], Specifier::Text), ..late }, b"x", &[]);
    assert_eq!(told(spool), [(How::HeaderAndText, true, "\r\nx".into(), vec![0, 1], 0, 0)]);
}

fn structure(line: &'static str) -> Box<BodyStructure> {
    let Ok(Response::Data(Data::Fetch(fetch))) = response::parse(&line.into()) else { panic!() };
    let body = fetch.items.into_iter().find_map(|item| match item {
        Item::BodyStructure(body) => Some(body),
        _ => None,
    });
    body.unwrap()
}

#[test]
fn parts_on_demand_make_a_virtual_message() {
    let body = structure(
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 2 1)\
         (\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 9) \"mixed\" (\"boundary\" \"b\")))",
    );
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[], Specifier::Header), b"Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    spool.section(section(&[1], Specifier::Whole), b"hi");
    spool.section(section(&[1], Specifier::Mime), b"Content-Type: text/plain\r\n\r\n");
    let [(joined, text)] = <[_; 1]>::try_from(spool.finish()).unwrap();
    assert_eq!(
        text,
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\
         \r\n--b\r\nContent-Type: image/png; name=\"a.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n?????????\
         \r\n--b--\r\n"
    );
    assert_eq!((joined.how, joined.complete), (How::Parts, false));
    assert_eq!(joined.missing_parts, [(vec![2], Some(9))]);
    assert_eq!(joined.holes.len(), 1);
}

#[test]
fn the_only_part_of_an_undivided_message_is_its_text() {
    let body = structure("* 1 FETCH (BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1))");
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[1], Specifier::Whole), b"hi");
    spool.section(section(&[], Specifier::Header), b"a: b\r\n\r\n");
    assert_eq!(told(spool), [(How::HeaderAndText, true, "a: b\r\n\r\nhi".into(), vec![1, 0], 0, 0)]);
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
fn the_blank_line_that_a_server_leaves_out() {
    for (header, size, complete) in [(&b"a: b\r\n"[..], 9, true), (b"a: b", 9, true), (b"a: b\r\n", 7, false)]
    {
        let mut spool = Spool::default();
        spool.section(section(&[], Specifier::Header), header);
        spool.section(section(&[], Specifier::Text), b"x");
        spool.joiner.size(1, &account(), &message(9), size);
        assert_eq!(told(spool), [(How::HeaderAndText, complete, "a: b\r\n\r\nx".into(), vec![0, 1], 0, 0)]);
    }
}

#[test]
fn each_session_that_fetched_all_has_a_copy() {
    let mut spool = Spool::default();
    let mut add = |session, specifier, bytes: &[u8]| {
        let of = MessageRef { section: section(&[], specifier), ..message(9) };
        let id = spool.bytes.len() as u64;
        spool.bytes.push(bytes.to_vec());
        assert!(spool.joiner.piece(Piece::new(id, session, account(), of, bytes.len() as u64)));
    };
    add(1, Specifier::Header, b"\r\n");
    add(1, Specifier::Text, b"x");
    add(2, Specifier::Header, b"\r\n");
    add(3, Specifier::Text, b"x");
    add(4, Specifier::Text, b"x");
    add(4, Specifier::Header, b"\r\n");
    let whole = |pieces| (How::HeaderAndText, true, "\r\nx".into(), pieces, 0, 0);
    assert_eq!(told(spool), [whole(vec![0, 1]), whole(vec![5, 4]), whole(vec![2, 3])]);
}

#[test]
fn nobody_knows_whose_inbox_it_is_of_a_user_who_was_not_heard() {
    for (user, joined) in [("alice", 1), ("", 0)] {
        let mut spool = Spool::default();
        for (session, specifier) in [(1, Specifier::Header), (2, Specifier::Text)] {
            let account = Account { server: "s".into(), user: user.into() };
            let of = MessageRef { section: section(&[], specifier), ..message(9) };
            spool.bytes.push(b"\r\n".to_vec());
            assert!(spool.joiner.piece(Piece::new(session - 1, session, account, of, 2)));
        }
        assert_eq!(told(spool).len(), joined);
    }
}

#[test]
fn an_enclosed_message_is_made_of_what_is_inside() {
    let body = structure(
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)\
         ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1)(\"text\" \"html\" NIL NIL NIL \"7bit\" 5 1) \
         \"alternative\" (\"boundary\" \"i\")) 9)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 50 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)\
         (\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1) 3) \"mixed\" (\"boundary\" \"b\")))",
    );
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[], Specifier::Header), b"h: o\r\n\r\n");
    spool.section(section(&[2], Specifier::Header), b"h: i\r\n\r\n");
    spool.section(section(&[2, 1], Specifier::Whole), b"hi");
    spool.section(section(&[3, 1], Specifier::Whole), b"yo");
    let [(joined, text)] = <[_; 1]>::try_from(spool.finish()).unwrap();
    assert_eq!(
        text,
        "h: o\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\n?\
         \r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nh: i\r\n\r\n\
         --i\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhi\
         \r\n--i\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 7bit\r\n\r\n?????\r\n--i--\r\n\
         \r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
         Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nyo\r\n--b--\r\n"
    );
    assert_eq!(joined.missing_parts, [(vec![1], Some(1)), (vec![2, 2], Some(5))]);
    // The same numbers lead to the same parts.
    for (path, size) in [(&[1][..], 1), (&[2], 99), (&[2, 1], 2), (&[2, 2], 5), (&[3], 50), (&[3, 1], 2)] {
        assert_eq!(tree::part_of(&body, path).unwrap().size, Some(size), "{path:?}");
    }
    for path in [&[0][..], &[4], &[1, 1, 1], &[3, 2], &[2, 3]] {
        assert!(tree::part_of(&body, path).is_none(), "{path:?}");
    }
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

#[test]
fn what_the_server_has_decoded_is_not_decoded_again() {
    let body = structure(
        "* 1 FETCH (BODYSTRUCTURE ((\"image\" \"png\" NIL NIL NIL \"base64\" 9) \"mixed\" (\"boundary\" \"b\")))",
    );
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[], Specifier::Header), b"\r\n");
    spool.section(section(&[1], Specifier::Mime), b"Content-Transfer-Encoding: base64\r\n\r\n");
    spool.section(Section { binary: true, ..section(&[1], Specifier::Whole) }, b"PNG");
    let [(joined, text)] = <[_; 1]>::try_from(spool.finish()).unwrap();
    let part = "Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\nPNG";
    assert_eq!(text, format!("\r\n--b\r\n{part}\r\n--b--\r\n"));
    assert_eq!(joined.missing_parts, []);
}

#[test]
fn what_contradicts_a_whole_message_is_told() {
    let whole = b"h: v\r\n\r\nab";
    let tree = [
        (section(&[], Specifier::Header), 0..8),
        (section(&[1], Specifier::Whole), 8..9),
        (section(&[2], Specifier::Whole), 9..10),
        (section(&[3], Specifier::Whole), 8..10),
    ];
    let mut spool = Spool::default();
    assert!(!spool.section(Section::whole(), whole));
    for (path, content) in [(1, &b"a"[..]), (2, b"x"), (3, b"a"), (4, b"?")] {
        spool.section(section(&[path], Specifier::Whole), content);
    }
    spool.section(section(&[], Specifier::Header), b"h: v\r\n\r\n");
    let (joined, mismatches) = spool.outcome(&tree);
    assert_eq!(joined, []);
    let told: Vec<_> =
        mismatches.iter().map(|mismatch| (mismatch.pieces.clone(), mismatch.whole, mismatch.at)).collect();
    assert_eq!(told, [(vec![2], 0, 0), (vec![3], 0, 1)]);
}

fn appended(spool: &mut Spool, text: &[u8], urls: &[(u64, &'static str)], holes: &[Hole]) {
    let id = spool.bytes.len() as u64;
    spool.bytes.push(text.to_vec());
    let of = MessageRef {
        operation: Operation::Append,
        mailbox: Some(MailboxName::new("Sent")),
        ..MessageRef::default()
    };
    let mut piece = Piece::new(id, 2, account(), of, text.len() as u64);
    piece.urls = urls.iter().map(|(at, url)| (*at, Bytes::from(*url))).collect();
    piece.holes = holes.to_vec();
    assert!(spool.joiner.piece(piece));
}

#[test]
fn catenated_messages_get_what_their_urls_name() {
    let mut spool = Spool::default();
    spool.section(section(&[], Specifier::Header), b"a: b\r\n\r\n");
    spool.section(section(&[1], Specifier::Whole), b"0123456789");
    appended(
        &mut spool,
        b"x--y--",
        &[
            (1, "/inbox;UIDVALIDITY=7/;UID=9/;SECTION=HEADER"),
            (4, "imap://h/INBOX/;UID=9/;SECTION=1/;PARTIAL=2.3"),
            (6, "/INBOX;UIDVALIDITY=8/;UID=9/;SECTION=1"),
        ],
        &[Hole { at: 2, len: Some(1) }],
    );
    let (joined, text) = spool.finish().pop().unwrap();
    assert_eq!(text, "xa: b\r\n\r\n-?y234--");
    assert_eq!((joined.how, joined.complete, joined.unresolved), (How::Catenated, false, 1));
    assert_eq!(joined.holes, [Hole { at: 10, len: Some(1) }, Hole { at: 17, len: None }]);
    assert_eq!(joined.pieces, [2, 0, 1]);

    // All of a message, and what its tree has of it.
    let mut spool = Spool::default();
    spool.section(Section::whole(), b"a: b\r\n\r\nwhole");
    appended(&mut spool, b"", &[(0, "/INBOX/;UID=9"), (0, "/INBOX/;UID=9/;SECTION=1.2")], &[]);
    let (joined, _) = spool.outcome(&[(section(&[1, 2], Specifier::Whole), 8..10)]);
    assert_eq!((joined[0].0.complete, joined[0].1.as_str()), (true, "a: b\r\n\r\nwholewh"));
}

#[test]
fn contents_of_urls_are_pieces_like_others() {
    for url in [
        "imap://alice@h/INBOX/;uid=9/;section=TEXT;urlauth=anonymous:internal:9",
        "/INBOX;UIDVALIDITY=7/;UID=9/;SECTION=TEXT",
    ] {
        let mut spool = Spool::default();
        spool.section(section(&[], Specifier::Header), b"\r\n");
        let of =
            MessageRef { operation: Operation::UrlFetch, url: Some(url.into()), ..MessageRef::default() };
        assert!(spool.add(of, b"x", &[]));
        assert_eq!(told(spool), [(How::HeaderAndText, true, "\r\nx".into(), vec![0, 1], 0, 0)]);
    }
}
