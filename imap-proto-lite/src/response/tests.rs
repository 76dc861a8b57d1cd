//! Lines of servers against what they mean.

use super::*;
use crate::MailboxName;
use crate::lexical::Content;
use crate::section::{Section, Specifier};

fn read(line: &'static str) -> Response {
    parse(&Bytes::from_static(line.as_bytes())).unwrap()
}

fn fetch(line: &'static str) -> Fetch {
    match read(line) {
        Response::Data(Data::Fetch(fetch)) => fetch,
        other => panic!("{other:?}"),
    }
}

fn list(words: &[&'static str]) -> Vec<Bytes> {
    words.iter().map(|word| Bytes::from(*word)).collect()
}

#[test]
fn statuses() {
    let status = |tag: Option<&'static str>, condition, code, text: &'static str| {
        Response::Status(Status { tag: tag.map(Bytes::from), condition, code, text: text.into() })
    };
    let other = |name: &'static str, arguments: &'static str| {
        Some(Code::Other { name: name.into(), arguments: arguments.into() })
    };
    let set = |text: &str| NumberSet::of(text.as_bytes()).unwrap();
    use Condition::*;
    for (line, expected) in [
        ("a1 OK done", status(Some("a1"), Ok, None, "done")),
        ("a1 ok", status(Some("a1"), Ok, None, "")),
        ("* BYE ", status(None, Bye, None, "")),
        ("* PREAUTH hi", status(None, Preauth, None, "hi")),
        ("a NO [TOOBIG] no {5}", status(Some("a"), No, other("TOOBIG", ""), "no {5}")),
        ("* OK [UIDVALIDITY 7] x", status(None, Ok, Some(Code::UidValidity(7)), "x")),
        ("* OK [UIDVALIDITY x] y", status(None, Ok, other("UIDVALIDITY", "x"), "y")),
        ("a OK [READ-ONLY] x", status(Some("a"), Ok, Some(Code::ReadOnly), "x")),
        (
            "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN ] hi",
            status(None, Ok, Some(Code::Capability(list(&["IMAP4rev1", "AUTH=PLAIN"]))), "hi"),
        ),
        (
            "a OK [APPENDUID 9 4:6] x",
            status(Some("a"), Ok, Some(Code::AppendUid { uid_validity: 9, uids: set("4:6") }), "x"),
        ),
        (
            "a OK [COPYUID 9 1,3 7:8] x",
            status(
                Some("a"),
                Ok,
                Some(Code::CopyUid { uid_validity: 9, source: set("1,3"), target: set("7:8") }),
                "x",
            ),
        ),
        ("* OK [BADCHARSET (\"]\")] x", status(None, Ok, other("BADCHARSET", "(\"]\")"), "x")),
        ("* OK [open", status(None, Ok, None, "[open")),
    ] {
        assert_eq!(read(line), expected, "{line}");
    }
    for (line, text) in [("+", ""), ("+ ", ""), ("+ go on", "go on"), ("+PDE4", "PDE4")] {
        assert_eq!(read(line), Response::Continuation(text.into()));
    }
}

#[test]
fn what_is_no_response() {
    for line in
        ["", "a", "a b", "*", "* ", "* 5", "* 5 FOO", "* 99999999999 EXISTS", "Subject: hi", "* 1 FETCH x"]
    {
        assert!(parse(&Bytes::from_static(line.as_bytes())).is_err(), "{line}");
    }
}

#[test]
fn data() {
    let raw =
        |keyword: &'static str, text: &'static str| Data::Raw { keyword: keyword.into(), text: text.into() };
    let boxes = |attributes: &[&'static str], delimiter: Option<&'static str>, name: &'static str| {
        Data::List(List {
            keyword: "LIST".into(),
            attributes: list(attributes),
            delimiter: delimiter.map(Bytes::from),
            name: MailboxName::new(name),
            extended: Bytes::new(),
        })
    };
    let set = |text: &str| NumberSet::of(text.as_bytes()).unwrap();
    for (line, expected) in [
        ("* 23 EXISTS", Data::Exists(23)),
        ("* 0 recent", Data::Recent(0)),
        ("* 3 EXPUNGE", Data::Expunge(3)),
        ("* 3 expunged", Data::Expunge(3)),
        ("* VANISHED 3:5", Data::Vanished { earlier: false, uids: set("3:5") }),
        ("* VANISHED (EARLIER) 1", Data::Vanished { earlier: true, uids: set("1") }),
        ("* CAPABILITY A B ", Data::Capability(list(&["A", "B"]))),
        ("* FLAGS (\\Seen \\*)", Data::Flags(list(&["\\Seen", "\\*"]))),
        ("* LIST (\\Sent) \"/\" \"a b\"", boxes(&["\\Sent"], Some("/"), "a b")),
        ("* LIST () NIL {3}\r\na\"b", boxes(&[], None, "a\"b")),
        ("* LIST (\\Noselect", raw("LIST", "(\\Noselect")),
        ("* SEARCH 1 2 ", raw("SEARCH", "1 2")),
        ("* ESEARCH (TAG \"a\") UID ALL 1:3", raw("ESEARCH", "(TAG \"a\") UID ALL 1:3")),
        ("* STATUS x (MESSAGES 1 )", raw("STATUS", "x (MESSAGES 1 )")),
        ("* ID (\"name\" \"x\")", Data::Id(vec![("name".into(), Some("x".into()))])),
        (
            "* URLFETCHED \"imap://h/x\" {9}\n",
            Data::UrlFetched(vec![("imap://h/x".into(), Content::Streamed(9))]),
        ),
    ] {
        assert_eq!(read(line), Response::Data(expected), "{line}");
    }
}

#[test]
fn fetched_items() {
    let section = |section, origin, content| Item::Section(Box::new(Fetched { section, origin, content }));
    let part = |path: &[u32], specifier| Section { path: path.to_vec(), specifier, ..Section::default() };
    let inline = |text: &'static str| Content::Inline(text.into());
    let fetched = fetch(
        "* 12 FETCH (FLAGS (\\Seen $x) UID 7 INTERNALDATE \"14-Nov-2023 22:13:21 +0000\" RFC822.SIZE 1788 \
         MODSEQ (65) X-GM-MSGID 99 X-GM-LABELS (\\Inbox \"a b\") X-FOO (a (b)) BODY[]<0> {5}\r\nhello \
         BODY[1.MIME] NIL BODY[TEXT] \"t\" BINARY[2] ~{9}\n RFC822.HEADER \"\" BINARY.SIZE[2] 7)",
    );
    let expected = Fetch {
        sequence: Some(12),
        uid: Some(7),
        items: vec![
            Item::Flags(list(&["\\Seen", "$x"])),
            Item::Uid(7),
            Item::InternalDate("14-Nov-2023 22:13:21 +0000".into()),
            Item::Size(1788),
            Item::ModSeq(65),
            Item::GmailMessageId(99),
            Item::GmailLabels(list(&["\\Inbox", "a b"])),
            Item::Other { name: "X-FOO".into(), value: "(a (b))".into() },
            section(Section::whole(), Some(0), inline("hello")),
            section(part(&[1], Specifier::Mime), None, Content::Nil),
            section(part(&[], Specifier::Text), None, inline("t")),
            section(Section { binary: true, ..part(&[2], Specifier::Whole) }, None, Content::Streamed(9)),
            section(part(&[], Specifier::Header), None, inline("")),
            Item::Other { name: "BINARY.SIZE".into(), value: "7".into() },
        ],
        complete: true,
    };
    assert_eq!(fetched, expected);
    assert_eq!(
        fetch("* 25 UIDFETCH (FLAGS ())"),
        Fetch { sequence: None, uid: Some(25), items: vec![Item::Flags(Vec::new())], complete: true }
    );
    // A size below zero is kept as it is; a list that nobody closes is told.
    assert_eq!(
        fetch("* 1 FETCH (RFC822.SIZE -1 UID 3"),
        Fetch {
            sequence: Some(1),
            uid: Some(3),
            items: vec![Item::Other { name: "RFC822.SIZE".into(), value: "-1".into() }, Item::Uid(3)],
            complete: false
        }
    );
}

#[test]
fn envelopes() {
    let fetched = fetch(
        "* 1 FETCH (ENVELOPE (\"date\" {4}\r\n\"hi\" ((\"A\" NIL \"a\" \"x\") (NIL NIL \"b\" \"y\")) NIL NIL \
         ((NIL NIL \"list\" NIL)(NIL NIL NIL NIL)) \"\" NIL NIL \"<id>\"))",
    );
    let address =
        |name: Option<&'static str>, mailbox: Option<&'static str>, host: Option<&'static str>| Address {
            name: name.map(Bytes::from),
            route: None,
            mailbox: mailbox.map(Bytes::from),
            host: host.map(Bytes::from),
        };
    let expected = Envelope {
        date: Some("date".into()),
        subject: Some("\"hi\"".into()),
        from: vec![address(Some("A"), Some("a"), Some("x")), address(None, Some("b"), Some("y"))],
        to: vec![address(None, Some("list"), None), address(None, None, None)],
        message_id: Some("<id>".into()),
        ..Envelope::default()
    };
    assert_eq!(fetched.items, [Item::Envelope(Box::new(expected))]);
}

#[test]
fn body_structures() {
    let fetched = fetch(
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 10 2 NIL NIL NIL NIL)\
         (\"message\" \"rfc822\" NIL \"<i>\" \"d\" \"7bit\" 300 (NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) \
         ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1)(\"a\" \"b\" NIL NIL NIL \"base64\" 5) \"mixed\") 12 NIL \
         (\"attachment\" (\"filename\" \"x.eml\")))\
         (\"image\" \"png\" NIL NIL NIL \"base64\" 40 NIL (\"inline\" NIL)) \"mixed\" (\"boundary\" \"b\") NIL NIL))",
    );
    let [Item::BodyStructure(body)] = fetched.items.as_slice() else { panic!("{fetched:?}") };
    assert_eq!((body.is_multipart(), body.subtype.as_ref()), (true, &b"mixed"[..]));
    assert_eq!(body.parameters, [("boundary".into(), "b".into())]);
    let shown: Vec<_> = body
        .leaves()
        .into_iter()
        .map(|(path, leaf)| (path, leaf.subtype.clone(), leaf.size, leaf.lines))
        .collect();
    assert_eq!(
        shown,
        [
            (vec![1], "plain".into(), Some(10), Some(2)),
            (vec![2], "rfc822".into(), Some(300), Some(12)),
            (vec![3], "png".into(), Some(40), None),
        ]
    );
    let enclosed = &body.parts[1];
    assert_eq!(enclosed.disposition, Some(("attachment".into(), vec![("filename".into(), "x.eml".into())])));
    assert_eq!(enclosed.envelope.as_ref().unwrap().subject, Some("s".into()));
    assert_eq!(enclosed.parts[0].leaves().len(), 2);

    let single = fetch("* 1 FETCH (BODY (\"text\" \"html\" NIL NIL NIL \"8bit\" 9 1))");
    let [Item::BodyStructure(body)] = single.items.as_slice() else { panic!("{single:?}") };
    assert_eq!(body.leaves(), [(vec![1], &**body)]);
}

#[test]
fn nesting_beyond_the_limit_is_passed_over() {
    let deep = format!("* 1 FETCH (BODYSTRUCTURE {}\"x\"{} UID 3)", "(".repeat(5000), ")".repeat(5000));
    let Ok(Response::Data(Data::Fetch(fetched))) = parse(&Bytes::from(deep)) else { panic!() };
    assert_eq!((fetched.uid, fetched.complete), (Some(3), true));
}

#[test]
fn sections_that_are_cut() {
    let bytes = |line: &'static str| Bytes::from_static(line.as_bytes());
    for (line, expected) in [
        ("* 1 FETCH (UID 3 BODY[] {9}\n", true),
        ("* 1 FETCH (BODY[TEXT]<0> {0}\n", true),
        ("* 1 FETCH (RFC822 ~{9}\n", true),
        ("* 7 UIDFETCH (BODY[] {9}\n", true),
        ("* URLFETCHED \"u\" {9}\n", true),
        ("* 1 FETCH (ENVELOPE (\"d\" {9}\n", false),
        ("* 1 FETCH (X-FOO {9}\n", false),
        ("* LIST () \"/\" {9}\n", false),
        ("* 1 FETCH (BODY[] {9}\n UID 3", false),
    ] {
        assert_eq!(cut(&bytes(line)).is_some(), expected, "{line}");
    }
    assert_eq!(cut_again(&bytes(" UID 3 BODY[2] {9}\n")).map(|items| items.len()), Some(2));
    assert_eq!(cut_again(&bytes(" X {9}\n")), None);
    for (line, expected) in [
        ("* OK x {5}", false),
        ("* 1 FETCH (", true),
        ("* LIST () ", true),
        ("a OK {5}", false),
        ("+ {5}", false),
    ] {
        assert_eq!(may_hold_literals(line.as_bytes()), expected, "{line}");
    }
}
