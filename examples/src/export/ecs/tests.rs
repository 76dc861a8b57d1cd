use super::*;
use crate::record::{
    Envelope, Finding, HeaderField, Headers, Login, LoginOutcome, Message, Operation, Outcome, Part, Place,
    Protocol, Recipient, Session, Severity, Sides, Time, Tls,
};
use core::time::Duration;
use serde_json::{Value, json};

fn at(secs: u64) -> Time {
    Time::new(Duration::from_secs(secs), 0)
}

const ENDS: [&str; 2] = ["10.0.0.1:4000", "10.0.0.2:25"];

fn sent() -> Message {
    let [client, server] = ENDS.map(str::to_owned);
    let mut message = Message::new(5, Protocol::Smtp, Operation::Data, client, server, at(10));
    message.end = at(12);
    message.session = Some(2);
    message.outcome = Outcome::Accepted;
    message.reply = Some("250 queued".into());
    message.sha256 = "aa".to_owned();
    message.md5 = "bb".to_owned();
    let mut envelope = Envelope { mail_from: Some("a@x".into()), ..Envelope::default() };
    envelope.rcpt_to = vec![Recipient::new("b@y".into()), Recipient::new("c@y".into())];
    envelope.rcpt_to[1].accepted = Some(false);
    message.envelope = Some(envelope);
    message.headers = Some(Headers {
        subject: Some("\u{5d0}\u{202e}\"\0".into()),
        message_id: Some("<1@x>".into()),
        date: Some("Tue, 1 Jul 2003 10:52:37 +0200".into()),
        content_type: Some("Multipart/Mixed; boundary=b".into()),
        ..Headers::default()
    });
    let fields =
        [("From", "Ann <A@x>"), ("to", "b@y,\r\n (who) c@y"), ("Sender", "s@x, t@x"), ("To", "nonsense")];
    message.header_fields =
        fields.iter().map(|(name, value)| HeaderField((*name).into(), (*value).into(), 0)).collect();
    let mut part = Part::new("2".to_owned(), "image/png".into());
    part.filename = Some("../\u{202e}x.EXE".into());
    part.size = Some(3);
    part.sha256 = Some("cc".to_owned());
    part.md5 = Some("dd".to_owned());
    part.file = Some("attachments/cc.exe".to_owned());
    message.parts = vec![Part::new("1".to_owned(), "text/plain".into()), part];
    message
}

#[test]
fn a_message_and_its_file() {
    let event = mail::message(&sent()).finish();
    assert_eq!(
        event["email"],
        json!({
            "from": {"address": ["A@x"]},
            "to": {"address": ["b@y", "c@y"]},
            "sender": {"address": "s@x"},
            "subject": "\u{5d0}\u{202e}\"\0",
            "message_id": "1@x",
            "content_type": "multipart/mixed",
            "origination_timestamp": "2003-07-01T08:52:37Z",
            "delivery_timestamp": "1970-01-01T00:00:12Z",
            "local_id": "5",
            "attachments": [{"file": {
                "name": "../\u{202e}x.EXE", "extension": "exe", "mime_type": "image/png", "size": 3,
                "hash": {"md5": "dd", "sha256": "cc"},
            }}],
        })
    );
    assert_eq!(
        event["event"],
        json!({
            "kind": "event", "category": ["email"], "type": ["info"], "module": "mailtap", "dataset": "mailtap.message",
            "action": "mail-sent", "id": "message-5", "sequence": 5, "outcome": "success", "reason": "250 queued",
            "start": "1970-01-01T00:00:10Z", "end": "1970-01-01T00:00:12Z", "duration": 2_000_000_000,
        })
    );
    assert_eq!(
        event["related"],
        json!({
            "ip": ["10.0.0.1", "10.0.0.2"],
            "hash": ["aa", "bb", "cc", "dd"],
            "user": ["A@x", "a@x", "b@y", "c@y", "s@x", "t@x"],
        })
    );
    assert_eq!(
        event["mailtap"]["envelope"],
        json!({"mail_from": "a@x", "rcpt_to": ["b@y", "c@y"], "rcpt_refused": ["c@y"]})
    );
    let files: Vec<Value> = mail::files(&sent()).map(Document::finish).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(
        files[0]["file"],
        json!({
            "name": "../\u{202e}x.EXE", "extension": "exe", "mime_type": "image/png", "size": 3, "type": "file",
            "path": "attachments/cc.exe", "hash": {"md5": "dd", "sha256": "cc"},
        })
    );
    assert_eq!(
        (&files[0]["email"], &files[0]["mailtap"]["part"]["path"]),
        (&json!({"message_id": "1@x"}), &json!("2"))
    );
}

#[test]
fn sessions_logins_and_findings() {
    let [client, server] = ENDS.map(str::to_owned);
    let mut one = Session::new(2, Protocol::Imap, client.clone(), server.clone(), at(1));
    one.bytes = Sides::new(3, u64::MAX);
    one.tls = Tls::Starttls;
    one.tls_version = Some("TLS 1.2".into());
    one.tls_server_name = Some("mx.test".into());
    let event = traffic::session(&one).finish();
    let tls = json!({
        "established": true, "version_protocol": "tls", "version": "1.2", "client": {"server_name": "mx.test"},
    });
    assert_eq!(
        (&event["tls"], &event["source"]["bytes"], &event["network"]["bytes"]),
        (&tls, &json!(3), &Value::Null)
    );

    let mut login = Login::new(2, Protocol::Imap, at(1), Place::new(1, 7), client, server, "PLAIN".into());
    login.username = Some("bob".into());
    login.password = Some("hunter2".into());
    login.token = Some("hunter3".into());
    for (outcome, expected) in [
        (LoginOutcome::Accepted, "success"),
        (LoginOutcome::Rejected, "failure"),
        (LoginOutcome::Cancelled, "failure"),
        (LoginOutcome::Unknown, "unknown"),
    ] {
        login.outcome = outcome;
        let event = traffic::login(9, &login).finish();
        assert_eq!((&event["event"]["outcome"], &event["user"]["name"]), (&json!(expected), &json!("bob")));
        assert!(!event.to_string().contains("hunter"));
    }

    let mut found = Finding::new(1, "login-guessing", Severity::High, "Passwords guessed".into());
    found.client = Some("10.0.0.1".to_owned());
    found.server = Some("10.0.0.2:143".to_owned());
    found.logins = vec![1, 2];
    let event = traffic::finding(&found).finish();
    assert_eq!(
        event["rule"],
        json!({"id": "login-guessing", "name": "login-guessing", "ruleset": "mailtap"})
    );
    assert_eq!((&event["event"]["severity"], &event["event"]["kind"]), (&json!(73), &json!("alert")));
    assert_eq!(
        (&event["source"], &event["network"]["protocol"]),
        (&json!({"address": "10.0.0.1", "ip": "10.0.0.1"}), &json!(null))
    );
}
