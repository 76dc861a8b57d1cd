//! Lines of clients against what they mean.

use super::*;
use crate::MailboxName;
use crate::lexical::Content;
use crate::section::{Section, Specifier};
use mail_wire::Secret;

fn read(line: &'static str) -> Arguments {
    parse(&Bytes::from_static(line.as_bytes())).map(|command| command.arguments).unwrap()
}

#[test]
fn tags_and_verbs() {
    for (line, tag, verb, uid, word) in [
        ("a1 NOOP", "a1", Verb::Noop, false, "NOOP"),
        ("a1 noop\r", "a1", Verb::Noop, false, "noop"),
        ("a1  UID  fetch 1 FLAGS", "a1", Verb::Fetch, true, "fetch"),
        ("DONE", "", Verb::Done, false, "DONE"),
        ("* NOOP", "*", Verb::Noop, false, "NOOP"),
    ] {
        let command = parse(&Bytes::from_static(line.as_bytes())).unwrap();
        assert_eq!((command.tag.as_ref(), command.verb, command.uid), (tag.as_bytes(), verb, uid), "{line}");
        assert_eq!(command.word(), word.as_bytes(), "{line}");
    }
    for line in ["", "a1", "a1 FOO", "FOO", "a1 UID"] {
        assert!(parse(&Bytes::from_static(line.as_bytes())).is_err(), "{line}");
    }
}

#[test]
fn logins_in_every_quoting() {
    for (line, username, password) in [
        ("a LOGIN alice wonderland", "alice", "wonderland"),
        ("a LOGIN \"us\\\"er\" \"p\\\\w\"", "us\"er", "p\\w"),
        ("a LOGIN {4}\r\nuser {4+}\r\npa)s", "user", "pa)s"),
        ("a login alice \"\"", "alice", ""),
        ("a LOGIN alice c%r\"o\\l", "alice", "c%r\"o\\l"),
        ("a LOGIN alice two words", "alice", "two words"),
        ("a LOGIN alice p(w)", "alice", "p(w)"),
    ] {
        let expected = Arguments::Login { username: username.into(), password: Secret::new(password) };
        assert_eq!(read(line), expected, "{line}");
    }
    assert!(parse(&"a LOGIN alice".into()).is_err());
    let shown = format!("{:?}", parse(&"a LOGIN alice wonderland".into()).unwrap());
    assert!(!shown.contains("wonderland"), "{shown}");
    let unparsed = format!("{:?}", Command::unparsed(&"a LOGIN wonderland".into()));
    assert!(!unparsed.contains("wonderland"), "{unparsed}");
}

#[test]
fn authenticate_with_and_without_a_response() {
    for (line, mechanism, response) in [
        ("a AUTHENTICATE PLAIN", "PLAIN", None),
        ("a AUTHENTICATE PLAIN AGE=", "PLAIN", Some("AGE=")),
        ("a authenticate \"xoauth2\" =", "xoauth2", Some("=")),
    ] {
        let expected = Arguments::Authenticate {
            mechanism: mechanism.into(),
            initial_response: response.map(Secret::new),
        };
        assert_eq!(read(line), expected, "{line}");
    }
}

#[test]
fn mailboxes() {
    let mailbox = |name: &'static str, rest: &'static str| Arguments::Mailbox {
        name: MailboxName::new(name),
        rest: rest.into(),
    };
    assert_eq!(read("a SELECT inbox"), mailbox("inbox", ""));
    assert_eq!(read("a SELECT {5}\r\nA b c (CONDSTORE)"), mailbox("A b c", "(CONDSTORE)"));
    assert_eq!(read("a STATUS \"x y\" (MESSAGES)"), mailbox("x y", "(MESSAGES)"));
    let rename = Arguments::Rename { from: MailboxName::new("a"), to: MailboxName::new("b c") };
    assert_eq!(read("a RENAME a \"b c\""), rename);
    let transfer = Arguments::Transfer { set: "1:3,7".into(), mailbox: MailboxName::new("Trash") };
    assert_eq!(read("a UID MOVE 1:3,7 Trash"), transfer);
    assert_eq!(read("a EXPUNGE"), Arguments::None);
    assert_eq!(read("a UID EXPUNGE 3"), Arguments::Set { set: "3".into(), rest: Bytes::new() });
    assert_eq!(
        read("a STORE 2 +FLAGS.SILENT (\\Deleted)"),
        Arguments::Set { set: "2".into(), rest: "+FLAGS.SILENT (\\Deleted)".into() }
    );
}

#[test]
fn fetch_attributes() {
    let attribute = |name: &'static str, section: Option<Section>, partial| Attribute {
        name: name.into(),
        section,
        partial,
    };
    let fetch = |set: &'static str, attributes| Arguments::Fetch { set: set.into(), attributes };
    assert_eq!(read("a FETCH 1 ALL"), fetch("1", vec![attribute("ALL", None, None)]));
    assert_eq!(
        read("a UID FETCH 1:* (FLAGS BODY.PEEK[]<0.65536> BINARY.PEEK[2] RFC822.HEADER) (CHANGEDSINCE 9)"),
        fetch(
            "1:*",
            vec![
                attribute("FLAGS", None, None),
                attribute("BODY.PEEK", Some(Section::whole()), Some((0, 65536))),
                attribute(
                    "BINARY.PEEK",
                    Some(Section { binary: true, path: vec![2], specifier: Specifier::Whole }),
                    None
                ),
                attribute("RFC822.HEADER", Some(Section::of_message(Specifier::Header)), None),
                attribute("CHANGEDSINCE", None, None),
                attribute("9", None, None),
            ]
        )
    );
    assert!(parse(&"a FETCH 1 BODY[<".into()).is_err());
}

#[test]
fn appends() {
    let text = |text: &'static str| Piece::Text(Content::Inline(text.into()));
    let message = |pieces| Appended { pieces, ..Appended::default() };
    let append = |messages| {
        Arguments::Append(Box::new(Append { mailbox: MailboxName::new("Sent"), replaces: None, messages }))
    };
    let dated = Appended {
        flags: vec!["\\Seen".into(), "$x".into()],
        internal_date: Some(" 1-Jan-2024 00:00:00 +0000".into()),
        ..message(vec![Piece::Text(Content::Streamed(310))])
    };
    assert_eq!(read("a APPEND Sent (\\Seen $x) \" 1-Jan-2024 00:00:00 +0000\" {310}\n"), append(vec![dated]));
    assert_eq!(
        read("a APPEND {4}\r\nSent {1}\r\nx (\\Flagged) {1+}\r\ny"),
        append(vec![
            message(vec![text("x")]),
            Appended { flags: vec!["\\Flagged".into()], ..message(vec![text("y")]) }
        ])
    );
    assert_eq!(
        read("a APPEND Sent CATENATE (URL \"/x;uid=1\" TEXT {1}\r\nx URL y) UTF8 (~{2}\r\nab)"),
        append(vec![
            message(vec![Piece::Url("/x;uid=1".into()), text("x"), Piece::Url("y".into())]),
            message(vec![text("ab")]),
        ])
    );
    let Arguments::Append(replace) = read("a UID REPLACE 7 Drafts {2}\n") else { unreachable!() };
    assert_eq!((replace.replaces, replace.messages.len()), (Some("7".into()), 1));
}

#[test]
fn the_rest() {
    let field = |key: &'static str, value: Option<&'static str>| (Bytes::from(key), value.map(Bytes::from));
    assert_eq!(
        read("a ID (\"name\" \"curl\" \"os\" NIL)"),
        Arguments::Id(vec![field("name", Some("curl")), field("os", None)])
    );
    assert_eq!(read("a ID NIL"), Arguments::Id(Vec::new()));
    assert_eq!(read("a COMPRESS DEFLATE"), Arguments::Compress("DEFLATE".into()));
    assert_eq!(read("a LIST \"\" *"), Arguments::Raw("\"\" *".into()));
    assert_eq!(parse(&"a LIST \"\" *".into()).unwrap().argument_text(), "\"\" *");
}
