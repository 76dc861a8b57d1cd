//! Mail that passes in pieces, from packets to records.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::Extracted;
use serde_json::Value;
use std::fs;

/// A session that is logged in and has INBOX open; the tags of what follows are for the caller to choose.
const OPEN: &str = "S: * OK ready\nC: l LOGIN alice wonderland\nS: l OK hi\nC: s SELECT INBOX\n\
    S: * OK [UIDVALIDITY 7] ok\nS: s OK [READ-WRITE] done\n";

/// A literal in a transcript; what follows it in the line follows it on the wire.
fn literal(side: char, text: &str) -> String {
    format!(
        "{{{}}}\n{side}: {}",
        text.len(),
        text.escape_default().to_string().replace("\\\"", "\"").replace("\\'", "'")
    )
}

fn fetched(items: &[(&str, &str)]) -> String {
    let items: Vec<String> =
        items.iter().map(|(name, text)| format!("{name} {}", literal('S', text))).collect();
    format!("S: * 1 FETCH (UID 9 {})\n", items.join(" "))
}

fn extracted(exchange: &str) -> Extracted {
    Extracted::of(&format!("{OPEN}{exchange}"))
}

/// Those messages, the sections that they are, and what their files hold.
fn sections(extracted: &Extracted) -> Vec<(String, bool, String)> {
    let told = |message: &Value| {
        let section = message.get("section").map_or("", |section| section.as_str().unwrap()).to_owned();
        (section, message["complete"] == true, extracted.file(message))
    };
    extracted.lines("messages.jsonl").iter().map(told).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn codes(value: &Value) -> Vec<&str> {
    value["anomalies"]
        .as_array()
        .map_or_else(Vec::new, |all| all.iter().map(|one| text(&one["code"])).collect())
}

/// Every file is that of a record.
fn nothing_is_left_over(extracted: &Extracted) {
    let messages = extracted.lines("messages.jsonl");
    let named: Vec<&str> = messages
        .iter()
        .flat_map(|message| {
            let parts = message["parts"].as_array().map_or(&[][..], Vec::as_slice);
            parts.iter().map(|part| text(&part["file"])).chain([text(&message["file"])])
        })
        .collect();
    for folder in ["messages", "attachments"] {
        for file in fs::read_dir(extracted.out().join(folder)).unwrap() {
            let name = format!("{folder}/{}", file.unwrap().file_name().into_string().unwrap());
            assert!(named.contains(&name.as_str()), "{name} is of no record");
        }
    }
}

#[test]
fn ranges_are_joined_and_where_they_came_from_is_told() {
    let exchange = [
        "C: a UID FETCH 9 (BODY.PEEK[]<0.10>)\n",
        &fetched(&[("BODY[]<0>", "Subject: h")]),
        "S: a OK done\nC: b UID FETCH 9 (BODY.PEEK[]<10.10>)\n",
        &fetched(&[("BODY[]<10>", "i\r\n\r\nyo")]),
        "S: b OK done\n",
    ]
    .concat();
    let extracted = extracted(&exchange);
    let messages = extracted.lines("messages.jsonl");
    assert_eq!(sections(&extracted), [(String::new(), true, "Subject: hi\r\n\r\nyo".to_owned())]);
    let message = &messages[0];
    assert_eq!(
        (&message["uid"], &message["mailbox"], &message["headers"]["subject"]),
        (&9.into(), &"INBOX".into(), &"hi".into())
    );
    let ranges: Vec<(&str, Vec<u64>)> = message["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| {
            let range = source["range"].as_array().unwrap().iter().map(|end| end.as_u64().unwrap()).collect();
            (text(&source["section"]), range)
        })
        .collect();
    assert_eq!(ranges, [("<0>", vec![0, 10]), ("<10>", vec![10, 7])]);
    assert!(message.get("session").is_none());
    // The runs lead to the bytes.
    let runs = &extracted.lines("provenance.jsonl")[0]["runs"];
    let lengths: u64 = runs.as_array().unwrap().iter().map(|run| run[2].as_u64().unwrap()).sum();
    assert_eq!(lengths, 17);
    nothing_is_left_over(&extracted);
}

#[test]
fn the_beginning_of_a_message_is_looked_into() {
    let exchange = [
        "C: a UID FETCH 9 (BODY.PEEK[]<0.20>)\n",
        &fetched(&[("BODY[]<0>", "Subject: hi\r\n\r\nbegun")]),
        "S: a OK done\n",
    ]
    .concat();
    let extracted = extracted(&exchange);
    let message = &extracted.lines("messages.jsonl")[0];
    assert_eq!((&message["section"], &message["complete"]), (&"<0>".into(), &false.into()));
    assert_eq!(message["headers"]["subject"], "hi");
    assert_eq!(extracted.file(message), "Subject: hi\r\n\r\nbegun");
    nothing_is_left_over(&extracted);
}

const STRUCTURE: &str = "BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 5 1)\
    (\"application\" \"pdf\" (\"name\" \"a.pdf\") NIL NIL \"base64\" 16)\
    (\"application\" \"zip\" (\"name\" \"b.zip\") NIL NIL \"base64\" 99) \"mixed\" (\"boundary\" \"b\"))";

#[test]
fn parts_on_demand_make_a_virtual_message() {
    let header = "Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    let exchange = [
        &format!("C: a UID FETCH 9 (BODYSTRUCTURE BODY.PEEK[HEADER])\nS: * 1 FETCH (UID 9 {STRUCTURE} BODY[HEADER] "),
        &literal('S', header),
        ")\nS: a OK done\nC: b UID FETCH 9 (BODY.PEEK[1] BINARY.PEEK[2])\n",
        &fetched(&[("BODY[1]", "hello"), ("BINARY[2]", "%PDF-1.4\n")]),
        "S: b OK done\n",
    ]
    .concat();
    let extracted = extracted(&exchange);
    let messages = extracted.lines("messages.jsonl");
    let (virtual_ones, pieces): (Vec<&Value>, Vec<&Value>) =
        messages.iter().partition(|message| message["reading"] == "candidate");
    let named: Vec<&str> = pieces.iter().map(|piece| text(&piece["section"])).collect();
    assert_eq!(named, ["HEADER", "1", "BINARY[2]"]);
    let [message] = virtual_ones.as_slice() else { unreachable!("one virtual message: {messages:?}") };
    assert_eq!((&message["complete"], &message["via"][0]), (&false.into(), &"virtual-message".into()));
    assert_eq!(message["headers"]["subject"], "parts");
    assert_eq!(codes(message)[0], "virtual-message");
    let parts: Vec<(&str, &str, u64, bool)> = message["parts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["path"] != "0")
        .map(|part| {
            let size = part["size"].as_u64().unwrap();
            (text(&part["path"]), text(&part["filename"]), size, part["complete"] == true)
        })
        .collect();
    // What the server had decoded is not decoded again, and what is missing is there with its place.
    assert_eq!(parts, [("1", "", 5, true), ("2", "a.pdf", 9, true), ("3", "b.zip", 0, false)]);
    let pdf = fs::read(extracted.out().join(text(&message["parts"][2]["file"]))).unwrap();
    assert_eq!(pdf, b"%PDF-1.4\n");
    assert_eq!(message["missing"][0]["length"], 99);
    assert_eq!(message["sources"].as_array().unwrap().len(), 3);
    nothing_is_left_over(&extracted);
}

#[test]
fn a_part_of_any_size_may_be_missing() {
    let structure = STRUCTURE.replace("\"base64\" 16)", "\"base64\" 18446744073709551615)");
    let header = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let exchange = [
        &format!("C: a UID FETCH 9 (BODYSTRUCTURE BODY.PEEK[HEADER])\nS: * 1 FETCH (UID 9 {structure} BODY[HEADER] "),
        &literal('S', header),
        ")\nS: a OK done\nC: b UID FETCH 9 (BODY.PEEK[1])\n",
        &fetched(&[("BODY[1]", "hello")]),
        "S: b OK done\n",
    ]
    .concat();
    let extracted = extracted(&exchange);
    let messages = extracted.lines("messages.jsonl");
    let message = messages.iter().find(|message| message["reading"] == "candidate").unwrap();
    let missing = message["missing"].as_array().unwrap();
    assert!(missing.iter().any(|hole| hole.get("length").is_none()), "{missing:?}");
    nothing_is_left_over(&extracted);
}

#[test]
fn a_section_that_contradicts_the_whole_is_told() {
    let whole =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n";
    let exchange = [
        "C: a UID FETCH 9 (BODY.PEEK[] BODY.PEEK[1] BODY.PEEK[2])\n",
        &fetched(&[("BODY[]", whole), ("BODY[1]", "one"), ("BODY[2]", "one")]),
        "S: a OK done\n",
    ]
    .concat();
    let extracted = extracted(&exchange);
    let told: Vec<(String, Vec<String>)> = extracted
        .lines("messages.jsonl")
        .iter()
        .map(|message| {
            let codes = codes(message).into_iter().map(str::to_owned).collect();
            (text(message.get("section").unwrap_or(&Value::Null)).to_owned(), codes)
        })
        .collect();
    let expected = [("", vec![]), ("1", vec![]), ("2", vec!["section-mismatch".to_owned()])];
    assert_eq!(told, expected.map(|(section, codes)| (section.to_owned(), codes)));
    nothing_is_left_over(&extracted);
}

#[test]
fn flags_and_dates_that_come_apart_from_the_content() {
    let extracted = extracted(
        "C: a FETCH 1:2 (FLAGS INTERNALDATE)\n\
         S: * 1 FETCH (FLAGS (\\\\Seen Work) INTERNALDATE \"07-Jun-2024 12:01:00 +0000\")\nS: * 2 FETCH (FLAGS ())\n\
         S: a OK done\nC: b FETCH 1:2 BODY.PEEK[]\n\
         S: * 1 FETCH (BODY[] {6}\nS: a: b\\r\\n)\nS: * 2 FETCH (BODY[] {6}\nS: c: d\\r\\n)\nS: * 1 FETCH (UID 9)\nS: b OK done\n",
    );
    let messages = extracted.lines("messages.jsonl");
    let [second, first] = [&messages[0], &messages[1]].map(|message| message.clone());
    let (first, second) = if first["sequence"] == 1 { (first, second) } else { (second, first) };
    assert_eq!(first["flags"], serde_json::json!(["\\Seen", "Work"]));
    assert_eq!((&first["internal_date"], &first["uid"]), (&"07-Jun-2024 12:01:00 +0000".into(), &9.into()));
    assert!(second.get("flags").is_none() && second.get("uid").is_none(), "{second}");
}

#[test]
fn what_the_next_response_says_is_not_said_of_one_that_was_cut() {
    let extracted = extracted(
        "C: a FETCH 1:2 (BODY.PEEK[] UID FLAGS)\nS: * 1 FETCH (BODY[] {6}\nS: a: b\\r\\n\\\nS! 12\nS: )\nS: * 2 FETCH (UID 8 FLAGS (\\\\Seen) BODY[] {6}\n\
         S: c: d\\r\\n)\nS: a OK done\n",
    );
    let messages = extracted.lines("messages.jsonl");
    let first = messages.iter().find(|message| message["sequence"] == 1).unwrap();
    assert!(first.get("uid").is_none() && first.get("flags").is_none(), "{first}");
    assert_eq!(first["complete"], true);
}

#[test]
fn catenated_mail_gets_what_its_urls_name() {
    let exchange = |url: &str| {
        [
            "C: a UID FETCH 9 (BODY.PEEK[HEADER])\n",
            &fetched(&[("BODY[HEADER]", "Subject: forwarded\r\n\r\n")]),
            &format!("S: a OK done\nC: b APPEND Sent CATENATE (URL \"{url}/;SECTION=HEADER\" TEXT "),
            &literal('C', "the text").replacen('\n', "\nS: + go\n", 1),
            ")\nS: b OK [APPENDUID 8 3] done\n",
        ]
        .concat()
    };
    let appended = |extracted: &Extracted| {
        let messages = extracted.lines("messages.jsonl");
        messages.into_iter().find(|message| message["operation"] == "append").unwrap()
    };
    for url in ["/INBOX;UIDVALIDITY=7/;UID=9", ";UID=9", "/;UIDVALIDITY=7/;UID=9"] {
        let resolved = extracted(&exchange(url));
        let message = appended(&resolved);
        assert_eq!(resolved.file(&message), "Subject: forwarded\r\n\r\nthe text");
        assert_eq!(
            (&message["complete"], &message["outcome"], &message["mailbox"]),
            (&true.into(), &"accepted".into(), &"Sent".into())
        );
        assert_eq!((&message["headers"]["subject"], &message["uid"]), (&"forwarded".into(), &3.into()));
        assert_eq!(codes(&message), Vec::<&str>::new());
        nothing_is_left_over(&resolved);
    }

    let unresolved = extracted(&exchange("/INBOX;UIDVALIDITY=6/;UID=9"));
    let message = appended(&unresolved);
    assert_eq!(unresolved.file(&message), "the text");
    assert_eq!(message["complete"], false);
    assert!(codes(&message).contains(&"catenate-unresolved"), "{message}");
    assert_eq!(message["missing"], serde_json::json!([{"offset": 0}]));
    nothing_is_left_over(&unresolved);
}

/// It is a message like any other, and looked into.
#[test]
fn catenated_texts_alone_are_a_message() {
    let exchange = [
        "C: b APPEND Sent CATENATE (TEXT ",
        &literal('C', "Subject: cat\r\nX\r\n\r\n").replacen('\n', "\nS: + go\n", 1),
        " TEXT ",
        &literal('C', "the text").replacen('\n', "\nS: + go\n", 1),
        ")\nS: b OK done\n",
    ]
    .concat();
    let told = extracted(&exchange);
    let messages = told.lines("messages.jsonl");
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(told.file(message), "Subject: cat\r\nX\r\n\r\nthe text");
    assert_eq!((&message["complete"], &message["headers"]["subject"]), (&true.into(), &"cat".into()));
    assert_eq!(message["parts"][0]["size"], 8);
    assert_eq!(codes(message), ["header-junk-line"]);
    // What is odd about it is counted.
    assert_eq!(told.lines("sessions.jsonl")[0]["anomalies"]["header-junk-line"], 1);
    nothing_is_left_over(&told);
}

#[test]
fn mail_of_users_who_were_not_heard_is_not_mixed() {
    // Two sessions of which the login was not captured: the same UIDs of the same INBOX, perhaps of two users.
    let capture = |piece: &str| {
        common::pcap(&format!(
            "S: * PREAUTH ready\nC: s SELECT INBOX\nS: * OK [UIDVALIDITY 7] ok\nS: s OK done\nC: a UID FETCH 9 {piece}\n{}S: a OK done\n",
            fetched(&[(piece, "x\r\n\r\n")])
        ))
    };
    let folder = tempfile::tempdir().unwrap();
    let captures = ["BODY[HEADER]", "BODY[TEXT]"].map(|piece| {
        let path = folder.path().join(format!("{}.pcap", piece.len()));
        let mut capture = capture(piece);
        if piece == "BODY[TEXT]" {
            // From another port.
            for at in 0..capture.len() - 1 {
                if capture[at..at + 2] == 40_000_u16.to_be_bytes() {
                    capture[at + 1] += 1;
                }
            }
        }
        fs::write(&path, capture).unwrap();
        path
    });
    let out = folder.path().join("out");
    mailtap::pipeline::extract(&mailtap::pipeline::Options::new(captures.to_vec(), out.clone()), |_| {})
        .unwrap();
    let messages = common::lines(&out, "messages.jsonl");
    let named: Vec<&str> = messages.iter().map(|message| text(&message["section"])).collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named.contains(&"HEADER") && named.contains(&"TEXT"));
}

#[test]
fn copies_are_told_with_their_uids() {
    let extracted = extracted(
        "C: a UID COPY 4:5 Archive\nS: a OK [COPYUID 8 4:5 17:18] done\nC: b MOVE 1 Trash\nS: * OK [COPYUID 9 4 3] moved\n\
         S: * 1 EXPUNGE\nS: b OK done\n",
    );
    let session = &extracted.lines("sessions.jsonl")[0];
    let told: Vec<(&str, &str)> = session["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| (text(&action["action"]), text(&action["target"])))
        .collect();
    assert_eq!(
        told,
        [("copy", "uid 4:5 to Archive, uid 4:5 as uid 17:18"), ("move", "1 to Trash, uid 4 as uid 3")]
    );
}

#[test]
fn a_proxy_and_an_offer_that_was_painted_over() {
    let extracted = Extracted::of(
        "C: PROXY TCP4 192.0.2.1 198.51.100.7 56324 143\nS: * OK [CAPABILITY IMAP4rev1 XXXXXXXX] ready\n\
         C: a LOGIN alice wonderland\nS: a OK hi\n",
    );
    let session = &extracted.lines("sessions.jsonl")[0];
    assert_eq!((&session["protocol"], &session["tls"]), (&"imap".into(), &"stripped".into()));
    assert_eq!(session["proxied"]["client"], "192.0.2.1:56324");
    assert_eq!(session["anomalies"]["starttls-stripped"], 1);
}
