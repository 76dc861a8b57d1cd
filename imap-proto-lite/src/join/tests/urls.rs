//! CATENATE and URLFETCH.

use super::*;

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
fn urls_may_be_relative_to_the_open_mailbox() {
    let open = |name, uid_validity| Mailbox {
        name: Some(MailboxName::new(name)),
        uid_validity,
        epoch: 3,
        ..Mailbox::default()
    };
    let appended = |spool: &mut Spool, session, account: Account, base: Option<Mailbox>| {
        let of = MessageRef { operation: Operation::Append, ..MessageRef::default() };
        let mut piece = Piece::new(1, session, account, of, 1);
        spool.bytes.push(b"-".to_vec());
        piece.urls =
            vec![(0, ";UID=9/;SECTION=HEADER".into()), (1, "/;UID=9/;SECTION=HEADER/;PARTIAL=2".into())];
        piece.base = base;
        assert!(spool.joiner.piece(piece));
    };
    for (base, resolved) in
        [(Some(open("INBOX", Some(7))), true), (Some(open("INBOX", Some(8))), false), (None, false)]
    {
        let mut spool = Spool::default();
        spool.section(section(&[], Specifier::Header), b"a: b");
        appended(&mut spool, 2, account(), base.clone());
        let (joined, text) = spool.finish().pop().unwrap();
        let expected = if resolved { "a: b- b" } else { "-" };
        assert_eq!((text.as_str(), joined.complete), (expected, resolved), "{base:?}");
    }
    // Of a user who was not heard to log in, in the same opening of the mailbox.
    for (session, epoch, resolved) in [(1, 3, true), (2, 3, false), (1, 4, false)] {
        let mut spool = Spool::default();
        let of = MessageRef { section: section(&[], Specifier::Header), epoch: 3, ..message(9) };
        spool.bytes.push(b"a: b".to_vec());
        assert!(spool.joiner.piece(Piece::new(0, 1, Account::default(), of, 4)));
        let base = Mailbox { epoch, ..open("INBOX", None) };
        appended(&mut spool, session, Account::default(), Some(base));
        assert_eq!(spool.finish().pop().unwrap().0.complete, resolved, "{session} {epoch}");
    }
    // URLFETCH, though no RFC has it relative.
    let mut spool = Spool::default();
    spool.section(section(&[], Specifier::Header), b"\r\n");
    let url = Some(";UID=9/;SECTION=TEXT".into());
    let of = MessageRef { operation: Operation::UrlFetch, url, ..MessageRef::default() };
    let mut piece = Piece::new(1, 1, account(), of, 1);
    piece.base = Some(open("inbox", Some(7)));
    spool.bytes.push(b"x".to_vec());
    assert!(spool.joiner.piece(piece.clone()));
    piece.base = None;
    assert!(!spool.joiner.piece(piece));
    assert_eq!(told(spool), [(How::HeaderAndText, true, "\r\nx".into(), vec![0, 1], 0, 0)]);
}

#[test]
fn contradictions_in_what_a_url_names_are_told() {
    for (partial, complete, conflicts) in [
        ("", false, vec![(1..7, 4)]),
        ("/;PARTIAL=2.4", false, vec![(1..5, 2)]),
        // It is not known whether they disagree there as well.
        ("/;PARTIAL=4.2", false, vec![]),
        ("/;PARTIAL=6.2", true, vec![]),
    ] {
        let mut spool = Spool::default();
        spool.section(section(&[1], Specifier::Whole), b"01234567");
        let of = MessageRef { section: section(&[1], Specifier::Whole), origin: Some(0), ..message(9) };
        spool.add(of, b"012x45", &[]);
        let url: &'static str = format!("/INBOX/;UID=9/;SECTION=1{partial}").leak();
        appended(&mut spool, b"-", &[(1, url)], &[]);
        let (joined, _) = spool.finish().pop().unwrap();
        let told: Vec<_> =
            joined.conflicts.iter().map(|conflict| (conflict.range.clone(), conflict.at)).collect();
        assert_eq!((joined.complete, told), (complete, conflicts), "{partial}");
    }
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
