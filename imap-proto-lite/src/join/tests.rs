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
        let bytes = self.bytes;
        let at = |piece: u64, range: Range<u64>| -> Vec<u8> {
            let whole = &bytes[usize::try_from(piece).unwrap()];
            whole[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec()
        };
        let mut lend = |piece, range| Ok::<_, Infallible>(Bytes::from(at(piece, range)));
        let Ok(joined) = self.joiner.finish(&mut lend);
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
        joined.into_iter().map(|joined| (joined.clone(), read(&joined))).collect()
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
    let mut spool = Spool::default();
    spool.asked("a UID FETCH 9 BODY[]<4.4>");
    spool.range(0, b"0123");
    spool.range(4, b"");
    assert_eq!(told(spool), [(How::Ranges, true, "0123".into(), vec![0, 1], 0, 0)]);
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
