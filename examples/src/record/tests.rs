use core::time::Duration;

use super::*;
use crate::capture::Inputs;

fn time(secs: u64) -> Time {
    Time::new(Duration::from_secs(secs), 0)
}

fn json(record: &impl serde::Serialize) -> String {
    serde_json::to_string(record).unwrap()
}

#[test]
fn a_bare_session() {
    let session = Session::new(1, Protocol::Smtp, "10.0.0.1:4000".into(), "[::1]:25".into(), time(0));
    assert_eq!(
        json(&session),
        concat!(
            r#"{"session":1,"protocol":"smtp","client":"10.0.0.1:4000","server":"[::1]:25","#,
            r#""start":"1970-01-01T00:00:00Z","end":"1970-01-01T00:00:00Z","packets":[],"#,
            r#""bytes":{"client":0,"server":0},"missing_bytes":{"client":0,"server":0},"tls":"none","#,
            r#""compressed":false,"commands":0,"logins":0,"ended":"capture-end"}"#,
        )
    );
}

#[test]
fn a_full_session_has_its_fields_in_order() {
    let mut session = Session::new(1, Protocol::Imap, "a".into(), "b".into(), time(0));
    session.packets.add(Place::new(1, 2));
    session.one_sided = Some(Direction::Server);
    session.greeting = Some("* OK".into());
    session.client_name = Some("c".into());
    session.capabilities = vec!["IDLE".into()];
    session.tls = Tls::DecryptedUpstream;
    session.tls_start = Some(TlsStart { client_offset: Some(7), ..TlsStart::new(Place::new(1, 3), time(1)) });
    session.tls_handshake = Some(TlsHandshake::Cut);
    session.tls_version = Some("1.3".into());
    session.tls_server_name = Some("n".into());
    session.messages = vec![4];
    session.actions = vec![Action::new(time(2), Place::new(1, 4), ActionKind::Expunge)];
    session.anomalies.insert("eod-loose".into(), 2);
    let line = json(&session);
    let fields = [
        "session",
        "protocol",
        "client",
        "server",
        "start",
        "end",
        "packets",
        "bytes",
        "missing_bytes",
        "one_sided",
        "greeting",
        "client_name",
        "capabilities",
        "tls",
        "tls_start",
        "tls_handshake",
        "tls_version",
        "tls_server_name",
        "compressed",
        "commands",
        "messages",
        "logins",
        "actions",
        "ended",
        "anomalies",
    ];
    assert_eq!(keys(&line), fields);
    assert!(line.contains(
        r#""tls_start":{"packet":{"input":1,"frame":3},"at":"1970-01-01T00:00:01Z","client_offset":7}"#
    ));
    assert!(line.ends_with(r#""anomalies":{"eod-loose":2}}"#));
}

/// Names of the fields of a record, in the order of the text.
fn keys(line: &str) -> Vec<String> {
    let mut depth = 0;
    let mut keys = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        rest = &rest[1..];
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            '"' => {
                let (word, behind) = rest.split_once('"').unwrap();
                rest = behind;
                if depth == 1 && rest.starts_with(':') {
                    keys.push(word.to_owned());
                }
            }
            _ => {}
        }
    }
    keys
}

#[test]
fn a_message() {
    let mut message = Message::new(3, Protocol::Lmtp, Operation::Data, "a".into(), "b".into(), time(0));
    message.session = Some(1);
    message.envelope = Some(Envelope {
        mail_from: Some("".into()),
        rcpt_to: vec![
            Recipient { accepted: Some(true), ..Recipient::new("x@example.org".into()) },
            Recipient::new("y@example.org".into()),
        ],
        parameters: [("SMTPUTF8".into(), "".into())].into(),
    });
    message.file = "messages/x.eml".to_owned();
    message.missing = vec![Missing::new(5, Some(3)), Missing::new(9, None)];
    message.header_fields = vec![HeaderField("Subject".into(), " hi".into(), 0)];
    message.received = vec![Received { recipient: Some("z".into()), ..Received::default() }];
    message.anomalies = vec![MessageAnomaly::new("bare-lf", None)];
    let line = json(&message);
    assert_eq!(
        keys(&line),
        [
            "message",
            "session",
            "reading",
            "protocol",
            "operation",
            "client",
            "server",
            "start",
            "end",
            "packets",
            "envelope",
            "outcome",
            "size",
            "sha256",
            "md5",
            "sha256_trimmed",
            "file",
            "complete",
            "missing",
            "header_fields",
            "received",
            "has_attachments",
            "anomalies",
        ]
    );
    for part in [
        r#""envelope":{"mail_from":"","rcpt_to":[{"address":"x@example.org","accepted":true},{"address":"y@example.org"}],"parameters":{"SMTPUTF8":""}}"#,
        r#""missing":[{"offset":5,"length":3},{"offset":9}]"#,
        r#""header_fields":[["Subject"," hi",0]],"received":[{"for":"z"}],"has_attachments":false,"anomalies":[{"code":"bare-lf"}]"#,
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[test]
fn a_login_a_command_and_where_a_message_came_from() {
    let place = Place::new(1, 9);
    let mut login = Login::new(1, Protocol::Pop3, time(0), place, "a".into(), "b".into(), "APOP".into());
    login.username = Some("alice".into());
    login.password = Some("wonderland".into());
    login.hash = Some(CrackableHash { hashcat_mode: Some(20), ..CrackableHash::new("0:1".into()) });
    assert_eq!(
        json(&login),
        concat!(
            r#"{"session":1,"protocol":"pop3","at":"1970-01-01T00:00:00Z","packet":{"input":1,"frame":9},"#,
            r#""client":"a","server":"b","mechanism":"APOP","username":"alice","password":"wonderland","#,
            r#""hash":{"hashcat_mode":20,"line":"0:1"},"outcome":"unknown","over_tls":false}"#,
        )
    );
    assert!(!format!("{login:?}").contains("wonderland"));
    let mut command = Command::new(1, time(0), place, Direction::Server);
    command.code = Some(250);
    command.answers = Some("DATA".into());
    assert_eq!(
        json(&command),
        concat!(
            r#"{"session":1,"at":"1970-01-01T00:00:00Z","packet":{"input":1,"frame":9},"direction":"server","#,
            r#""code":250,"answers":"DATA"}"#,
        )
    );
    let provenance = Provenance::new(2, vec![Run::new(1, 20, 300, place, 54)]);
    assert_eq!(json(&provenance), r#"{"message":2,"runs":[[1,20,300,1,9,54]]}"#);
}

#[test]
fn damage_as_an_anomaly_and_in_the_summary() {
    let mut inputs = Inputs::open(&["/nowhere/at/all".into()]);
    let Some(crate::capture::Item::Damage(damage)) = inputs.next() else { panic!("damage") };
    let line = json(&Anomaly::from(&damage));
    assert!(line.starts_with(
        r#"{"layer":"capture","code":"unreadable","offset":0,"packet":{"input":1,"frame":0},"detail":"cannot be read: "#
    ));
    let mut summary = Summary::new(serde_json::Map::new());
    summary.inputs = inputs.reports().iter().map(Input::from).collect();
    let line = json(&summary);
    assert_eq!(keys(&line), ["tool", "version", "complete", "inputs", "options", "counts"]);
    assert!(line.contains(
        r#""complete":false,"inputs":[{"input":1,"path":"/nowhere/at/all","frames":0,"damage":[{"code":"unreadable","#
    ));
}
