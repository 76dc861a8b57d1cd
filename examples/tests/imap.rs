//! IMAP captures with ground truth: mail fetched whole, in pieces, compressed, and mail appended.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{Extracted, lines};
use mailtap::pipeline::{Options, extract};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a capture gives, and what was sent.
fn run(name: &str) -> (tempfile::TempDir, PathBuf, Value) {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/imap").join(name);
    let truth =
        serde_json::from_str(&fs::read_to_string(capture.with_extension("truth.json")).unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let outcome = extract(&Options::new(vec![capture], out.clone()), |_| {}).unwrap();
    assert!(outcome.losses.is_empty(), "{:?}", outcome.losses);
    (dir, out, truth)
}

/// The hashes of messages.
fn hashes<'a>(messages: impl Iterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    messages.map(|message| message["sha256"].as_str().unwrap()).collect()
}

fn whole(message: &Value) -> bool {
    message["complete"] == true && message.get("section").is_none()
}

#[test]
fn every_message_is_told_and_nothing_else() {
    for name in ["i01-imaplib.pcap", "i02-append.pcap", "i07-imapflow-compress.pcap"] {
        let (_dir, out, truth) = run(name);
        let messages = lines(&out, "messages.jsonl");
        assert_eq!(
            hashes(messages.iter().filter(|message| whole(message))),
            hashes(truth["messages"].as_array().unwrap().iter()),
            "{name}"
        );
        for message in &messages {
            let file = fs::read(out.join(message["file"].as_str().unwrap())).unwrap();
            assert_eq!(file.len() as u64, message["size"].as_u64().unwrap(), "{name}");
        }
        // Nothing is left of pieces that were joined.
        let files: BTreeSet<_> = messages.iter().map(|message| message["file"].as_str()).collect();
        assert_eq!(fs::read_dir(out.join("messages")).unwrap().count(), files.len(), "{name}");
        let session = &lines(&out, "sessions.jsonl")[0];
        assert_eq!(session["protocol"], "imap");
        assert_eq!(session["compressed"], name.contains("compress"));
        assert_eq!(session["messages"].as_array().unwrap().len(), messages.len(), "{name}");
    }
}

#[test]
fn pieces_make_one_record_with_its_sources() {
    let (_dir, out, truth) = run("i01-imaplib.pcap");
    let messages = lines(&out, "messages.jsonl");
    let of = |via: &str, joined: bool| {
        let wanted =
            truth["messages"].as_array().unwrap().iter().find(|message| message["via"] == via).unwrap();
        let fits = |message: &&Value| {
            message["sha256"] == wanted["sha256"] && message.get("sources").is_some() == joined
        };
        messages.iter().find(fits).unwrap()
    };
    let sections = |message: &Value| -> Vec<String> {
        let sources = message["sources"].as_array().unwrap();
        sources.iter().map(|source| source["section"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(sections(of("HEADER+TEXT", true)), ["HEADER", "TEXT"]);
    let ranges = of("partials", true);
    assert!(sections(ranges).len() > 1, "{ranges}");
    assert_eq!(sections(ranges)[0], "<0>");
    assert_eq!(ranges["headers"]["from"], "Alice Example <alice@lab.test>");
    let whole = of("BODY[]", false);
    assert!(whole.get("sources").is_none());
    assert_eq!((&whole["mailbox"], &whole["uid"]), (&"INBOX".into(), &1.into()));
}

#[test]
fn what_is_appended_has_its_verdict() {
    let (_dir, out, _) = run("i02-append.pcap");
    let messages = lines(&out, "messages.jsonl");
    let appended: Vec<&Value> = messages.iter().filter(|message| message["operation"] == "append").collect();
    assert!(!appended.is_empty());
    for message in appended {
        assert_eq!(message["outcome"], "accepted", "{message}");
        assert!(message["reply"].as_str().unwrap().starts_with("OK"), "{message}");
    }
}

#[test]
fn logins_and_actions() {
    let extracted = Extracted::of(
        "S: * OK ready\nC: a LOGIN alice {10}\nS: + go\nC: wonderland\nS: a OK hi\nC: b SELECT INBOX\nS: b OK done\n\
         C: c STORE 1 +FLAGS (\\\\Deleted)\nS: c OK done\nC: d UID MOVE 4 Trash\nS: d OK done\nC: e COPY 1 x\nS: e NO no\n\
         C: f EXPUNGE\nS: f OK done\n",
    );
    let login = &extracted.lines("logins.jsonl")[0];
    assert_eq!(
        (&login["mechanism"], &login["username"], &login["password"], &login["outcome"]),
        (&"IMAP-LOGIN".into(), &"alice".into(), &"wonderland".into(), &"accepted".into())
    );
    let expected = [("delete", "1 +FLAGS (\\Deleted)"), ("move", "uid 4 to Trash"), ("expunge", "")];
    assert_eq!(actions(&extracted), expected.map(|(action, target)| (action.to_owned(), target.to_owned())));
}

/// What was done to stored messages, and to which.
fn actions(extracted: &Extracted) -> Vec<(String, String)> {
    let told = |action: &Value| {
        let text = |field: &str| action.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("action"), text("target"))
    };
    let session = &extracted.lines("sessions.jsonl")[0];
    session["actions"].as_array().into_iter().flatten().map(told).collect()
}

/// RFC 9051 section 6.4.1: CLOSE removes nothing where the mailbox is open for reading alone.
#[test]
fn close_of_a_mailbox_open_for_reading_removes_nothing() {
    for (open, answer, removes) in [
        ("SELECT", "OK [READ-WRITE] done", true),
        ("SELECT", "OK done", true),
        ("SELECT", "OK [READ-ONLY] done", false),
        ("EXAMINE", "OK [READ-ONLY] done", false),
        ("EXAMINE", "OK done", false),
        ("SELECT", "OK done\nS: * OK [READ-ONLY] from now on", false),
    ] {
        let extracted = Extracted::of(&format!(
            "S: * OK ready\nC: a LOGIN a b\nS: a OK hi\nC: b {open} INBOX\nS: b {answer}\nC: c CLOSE\nS: c OK\n\
             C: d LOGOUT\nS: * BYE\nS: d OK\n"
        ));
        let expected: &[_] = if removes { &[("expunge".to_owned(), String::new())] } else { &[] };
        assert_eq!(actions(&extracted), expected, "{open} {answer}");
    }
}

/// RFC 8508 section 3.3: APPENDUID comes before the old message goes, without a tag.
#[test]
fn what_replaces_a_message_has_its_uid() {
    let extracted = Extracted::of(
        "S: * OK [CAPABILITY IMAP4rev1 LITERAL+ REPLACE] ready\nC: a LOGIN a b\nS: a OK hi\nC: b SELECT Drafts\n\
         S: b OK done\nC: c UID REPLACE 5 Drafts {4+}\nC: one\nS: * OK [APPENDUID 1 50] stored\nS: * 1 EXPUNGE\n\
         S: c OK done\nC: d UID REPLACE 50 Drafts {4+}\nC: two\nS: d NO no\nC: e UID REPLACE 50 Drafts {4+}\n\
         C: six\nS: e OK [APPENDUID 1 51] done\n",
    );
    let uids: Vec<Option<u64>> =
        extracted.lines("messages.jsonl").iter().map(|message| message["uid"].as_u64()).collect();
    assert_eq!(uids, [Some(50), None, Some(51)]);
    let expected = [("expunge", "uid 5"), ("expunge", "uid 50")];
    assert_eq!(actions(&extracted), expected.map(|(action, target)| (action.to_owned(), target.to_owned())));
}

/// What was told of each message: how it came, whether it is complete, and its bytes.
fn told(extracted: &Extracted) -> Vec<(String, bool, String)> {
    let told = |message: &Value| {
        let operation = message["operation"].as_str().unwrap().to_owned();
        (operation, message["complete"] == true, extracted.file(message))
    };
    extracted.lines("messages.jsonl").iter().map(told).collect()
}

#[test]
fn a_lost_greeting_and_a_lost_command_cost_no_mail() {
    let extracted = Extracted::of(
        "S! 198\nC! 17\nS: * CAPABILITY IMAP4rev1 IDLE\nS: A1 OK done\nC: A2 FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {4}\n\
         S: mail)\nS: A2 OK done\nC: A3 LOGOUT\nS: * BYE\nS: A3 OK bye\n",
    );
    assert_eq!(told(&extracted), [("fetch".to_owned(), true, "mail".to_owned())]);
    assert!(extracted.lines("sessions.jsonl")[0].get("greeting").is_none());
}

#[test]
fn a_lost_announcement_costs_no_mail() {
    let extracted = Extracted::of(
        "S: * OK ready\nC: A1 SELECT x\nS: A1 OK done\nC! 34\nS: + OK\nC: Subject: b\\r\\n\\r\\ntext\\r\\n\nS: A2 OK [APPENDUID 7 2] done\n\
         C: A3 NOOP\nS: A3 OK done\n",
    );
    assert_eq!(told(&extracted), [("append".to_owned(), false, "Subject: b\r\n\r\ntext\r\n".to_owned())]);
    let message = &extracted.lines("messages.jsonl")[0];
    assert_eq!(message["outcome"], "unknown");
    assert!(message.get("reply").is_none());
}

#[test]
fn what_both_sides_send_at_once_is_kept_apart() {
    let extracted = Extracted::of(
        "S: * OK ready\nC: A1 SELECT x\nS: A1 OK done\nC! 34\nC: Subject: b\nC: \nS: * 1 FETCH (BODY[] {10}\nS: fetch\\\nC: more\n\
         S: ched.)\nC: A3 NOOP\nS: A3 OK done\n",
    );
    let mut told = told(&extracted);
    told.sort();
    let expected = [("append", false, "Subject: b\r\n\r\nmore"), ("fetch", true, "fetchched.")];
    assert_eq!(
        told,
        expected.map(|(operation, complete, text)| (operation.to_owned(), complete, text.to_owned()))
    );
}

#[test]
fn the_header_of_a_message_is_not_odd_for_being_one() {
    let header = r"Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let session = format!(
        r"
S: * OK ready
C: a FETCH 1 (BODY[HEADER] BODY[HEADER.FIELDS (X)])
S: * 1 FETCH (BODY[HEADER] {{45}}\r\n{header} BODY[HEADER.FIELDS (X)] {{2}}\r\n\r\n)\r\na OK
"
    );
    let extracted = Extracted::of(&session);
    assert_eq!(extracted.lines("messages.jsonl").len(), 2);
    assert_eq!(extracted.lines("anomalies.jsonl"), Vec::<Value>::new());
}
