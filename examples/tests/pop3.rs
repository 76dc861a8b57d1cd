//! POP3 sessions to records.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::Extracted;
use serde_json::{Value, json};

/// What POP3 adds to the record of a message, and its content.
fn messages(extracted: &Extracted) -> Vec<Value> {
    let short = |message: &Value| {
        let fields = ["number", "unique_id", "section", "via"].map(|name| (name, message[name].clone()));
        let mut told: serde_json::Map<String, Value> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        told.insert("complete".to_owned(), message["complete"].clone());
        told.insert("operation".to_owned(), message["operation"].clone());
        told.insert("content".to_owned(), extracted.file(message).into());
        Value::Object(told)
    };
    extracted.lines("messages.jsonl").iter().map(short).collect()
}

const MAIL: &str = r"Subject: a\r\n\r\none\r\ntwo\r\n.";
const CONTENT: &str = "Subject: a\r\n\r\none\r\ntwo\r\n";

#[test]
fn a_session_becomes_records() {
    let transcript = format!(
        r"
S: +OK ready <1896.697170952@dbc.mtview.ca.us>
C: CAPA
S: +OK\r\nTOP\r\nSTLS\r\nSASL PLAIN\r\n.
C: USER alice
S: +OK
C: PASS wonder land
S: +OK Logged in.
C: UIDL
S: +OK\r\n1 first\r\n2 second\r\n.
C: RETR 1
S: +OK 24 octets\r\n{MAIL}
C: DELE 1
S: +OK
C: DELE 2
S: -ERR
C: RSET
S: +OK
C: QUIT
S: +OK bye
"
    );
    let extracted = Extracted::of(&transcript);
    let expected =
        json!({"number": 1, "unique_id": "first", "operation": "retr", "complete": true, "content": CONTENT});
    assert_eq!(messages(&extracted), [expected]);

    let session = &extracted.lines("sessions.jsonl")[0];
    let told = ["protocol", "greeting", "tls", "capabilities", "commands", "logins", "messages"];
    let told: Vec<Value> = told.iter().map(|name| session[*name].clone()).collect();
    let expected = json!([
        "pop3",
        "ready <1896.697170952@dbc.mtview.ca.us>",
        "offered",
        ["TOP", "STLS", "SASL PLAIN"],
        9,
        1,
        [1]
    ]);
    assert_eq!(Value::Array(told), expected);
    let actions: Vec<(&Value, &Value, &Value)> = session["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| (&action["action"], &action["target"], &action["packet"]["frame"]))
        .collect();
    let null = Value::Null;
    assert_eq!(
        actions,
        [(&json!("delete"), &json!("1"), &json!(15)), (&json!("undelete"), &null, &json!(19))]
    );

    let login = &extracted.lines("logins.jsonl")[0];
    let told = ["protocol", "mechanism", "username", "password", "outcome", "over_tls"];
    let told: Vec<Value> = told.iter().map(|name| login[*name].clone()).collect();
    assert_eq!(Value::Array(told), json!(["pop3", "USER-PASS", "alice", "wonder land", "accepted", false]));

    let commands = extracted.lines("commands.jsonl");
    let pass = commands.iter().find(|line| line["verb"] == "PASS").unwrap();
    let hashed = pass["arguments"].as_str().unwrap();
    assert!(hashed.starts_with("sha256:") && hashed.len() == 7 + 64, "{pass}");
    let answer = commands.iter().find(|line| line["answers"] == "PASS").unwrap();
    assert_eq!((&answer["status"], &answer["text"]), (&json!("+OK"), &json!("Logged in.")));
}

#[test]
fn an_identifier_may_come_behind_its_message() {
    let transcript = format!(
        r"
S: +OK ready
C: RETR 2
S: +OK\r\n{MAIL}
C: RETR 1
S: +OK\r\n{MAIL}
C: UIDL 2
S: +OK 2 second
C: UIDL
S: +OK\r\n1 first\r\n2 second\r\n.
C: RETR 3
S: +OK\r\n{MAIL}
C: QUIT
S: +OK bye
"
    );
    let message = |number, id: Value| json!({"number": number, "unique_id": id, "operation": "retr", "complete": true, "content": CONTENT});
    let mut third = message(3, Value::Null);
    third.as_object_mut().unwrap().remove("unique_id");
    let expected = [message(2, json!("second")), message(1, json!("first")), third];
    assert_eq!(messages(&Extracted::of(&transcript)), expected);
}

#[test]
fn top_is_whole_if_it_asked_for_more_or_has_the_size() {
    let top = |asked: &str| format!("C: {asked}\nS: +OK\\r\\n{MAIL}\n");
    let transcript = format!(
        "S: +OK ready\n{}{}{}C: LIST\nS: +OK\\r\\n3 24\\r\\n4 25\\r\\n.\n{}C: QUIT\nS: +OK bye\n",
        top("TOP 1 2"),
        top("TOP 2 99999999"),
        top("TOP 3 2"),
        top("TOP 4 2"),
    );
    let message = |number: u64, whole: bool| {
        let mut message =
            json!({"number": number, "operation": "top", "complete": whole, "content": CONTENT});
        if !whole {
            message["section"] = json!("top");
        }
        message
    };
    let expected = [message(1, false), message(2, true), message(3, true), message(4, false)];
    assert_eq!(messages(&Extracted::of(&transcript)), expected);
}

#[test]
fn a_message_that_ended_early_has_another_reading() {
    let transcript = r"
S: +OK ready
C: RETR 1
S: +OK 29 octets\r\nSubject: a\r\n\r\none\r\n.\r\n..two\r\n.
C: UIDL 1
S: +OK 1 first
C: QUIT
S: +OK bye
";
    let extracted = Extracted::of(transcript);
    let message = |content: &str| json!({"number": 1, "unique_id": "first", "operation": "retr", "complete": true, "content": content});
    let mut candidate = message("Subject: a\r\n\r\none\r\n.\r\n.two\r\n");
    candidate["via"] = json!(["early-dot"]);
    assert_eq!(messages(&extracted), [message("Subject: a\r\n\r\none\r\n"), candidate]);
    // Each byte of the other reading is traced to its packet: one packet, and a stuffed dot that is left out.
    let runs = &extracted.lines("provenance.jsonl")[1]["runs"];
    assert_eq!(runs, &json!([[0, 26, 19, 1, 6, 15], [19, 45, 3, 1, 6, 34], [22, 49, 6, 1, 6, 38]]));
}

#[test]
fn a_message_that_the_client_sends() {
    let transcript = r"
S: +OK ready
C: XTND XMIT
S: +OK go on
C: To: a@example.org\r\n\r\nhi\r\n.
S: +OK sent
C: QUIT
S: +OK bye
";
    let extracted = Extracted::of(transcript);
    let expected =
        json!({"operation": "data", "complete": true, "content": "To: a@example.org\r\n\r\nhi\r\n"});
    assert_eq!(messages(&extracted), [expected]);
    let message = &extracted.lines("messages.jsonl")[0];
    assert_eq!((&message["outcome"], &message["reply"]), (&json!("accepted"), &json!("+OK sent")));
}

/// That the parts are not there is odd only where they were asked for.
#[test]
fn the_beginning_of_a_message_is_not_odd_for_being_one() {
    let header = r"Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let part = r"--b\r\n\r\nfirst\r\n";
    for (asked, content, codes) in [
        ("TOP 1 0", header.to_owned(), json!([])),
        ("TOP 1 3", format!("{header}{part}"), json!([])),
        ("RETR 1", header.to_owned(), json!(["no-parts"])),
        ("RETR 1", format!("{header}{part}"), json!(["close-missing"])),
    ] {
        let extracted =
            Extracted::of(&format!("S: +OK ready\nC: {asked}\nS: +OK\\r\\n{content}.\nC: QUIT\nS: +OK\n"));
        let codes_of = |lines: Vec<Value>| lines.iter().map(|one| one["code"].clone()).collect::<Value>();
        assert_eq!(codes_of(extracted.lines("anomalies.jsonl")), codes, "{asked} {content}");
    }
}
