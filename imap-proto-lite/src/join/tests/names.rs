//! Which pieces are of one message.

use super::*;

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
