//! `log`, `logins` and `follow`: lines while captures are read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::pcap;
use mailtap::pipeline::{self, Form, Narrated, Reading, Secrets};
use serde_json::Value;
use std::fs;

const SESSION: &str = r"
S: 220 mx.example ESMTP
C: EHLO \x1b]0;x\x07client
S: 250-mx.example
S: 250 AUTH PLAIN
C: AUTH PLAIN AGFsaWNlAD1zZWNyZXQ=
S: 235 2.7.0 yes
C: MAIL FROM:<a@example>
S: 250 ok
C: RCPT TO:<b@example>
S: 250 ok
C: DATA
S: 354 go on
C: Subject: =?utf-8?q?=E2=80=AEexe?=\r\n\r\nHello\r\n.
S: 250 taken
C: QUIT
S: 221 bye
";

fn run(session: &str, what: impl FnOnce(&Reading, &mut Vec<u8>) -> Narrated) -> (Narrated, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("capture.pcap");
    fs::write(&capture, pcap(session)).unwrap();
    let mut out = Vec::new();
    let told = what(&Reading::new(vec![capture]), &mut out);
    (told, String::from_utf8(out).unwrap().lines().map(str::to_owned).collect())
}

/// Without packet, time and addresses.
fn short(lines: &[String]) -> Vec<String> {
    let picked = |line: &String| {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!((fields.len(), fields[2], fields[6]), (9, "1", "smtp"), "{line}");
        assert_eq!((fields[3], fields[5]), ("192.0.2.1:40000", "198.51.100.7:25"));
        [fields[4], fields[7], fields[8]].join(" ")
    };
    lines.iter().map(picked).collect()
}

#[test]
fn a_log_reads_like_the_session() {
    let (told, lines) = run(SESSION, |reading, out| pipeline::log(reading, Form::Text, out, |_| {}).unwrap());
    assert_eq!((told.sessions, told.lines, told.stopped), (1, lines.len() as u64, false));
    assert_eq!(
        short(&lines),
        [
            "< 220 mx.example ESMTP",
            r"> EHLO \u{1b}]0;x\u{7}client",
            "< 250 mx.example | AUTH PLAIN",
            "> AUTH PLAIN sha256:837a1319cb3236f3b44cc6994a9d81fe30a7d059c52a339db7a57eafb40d34ee",
            "< 235 2.7.0 yes",
            "> login PLAIN user=alice password=sha256:3eb96dd24a0c5e4f89e3e1a247d2da215bb33d9ef7cc2a1d6d8e375e648a16b0 accepted",
            "> MAIL FROM:<a@example>",
            "< 250 ok",
            "> RCPT TO:<b@example>",
            "< 250 ok",
            "> DATA ",
            "< 354 go on",
            "< 250 taken",
            concat!(
                r"! message data accepted 44 bytes subject=\u{202e}exe sha256=",
                "dc9dac0e20be1d848a4f3adae90e444576334495d34281a53838ab0820c95bfb"
            ),
            "> QUIT ",
            "< 221 bye",
            "! end fin, 155 bytes of the client, 116 of the server, 6 commands, 1 logins, tls none",
        ]
    );
    assert!(lines[0].starts_with("4\t2020-09-13T12:26:40.004000Z\t1\t"), "{}", lines[0]);
}

#[test]
fn a_log_as_json_has_the_records() {
    let (_, lines) = run(SESSION, |reading, out| {
        let mut reading = reading.clone();
        reading.secrets = Some(Secrets::Show);
        pipeline::log(&reading, Form::Json, out, |_| {}).unwrap()
    });
    let records: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = records.iter().map(|record| record["record"].as_str().unwrap()).collect();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!(["command", "login", "message", "session"].map(count), [14, 1, 1, 1]);
    let message = records.iter().find(|record| record["record"] == "message").unwrap();
    assert_eq!((message["size"].as_u64(), message.get("file")), (Some(44), None));
    let login = records.iter().find(|record| record["record"] == "login").unwrap();
    assert_eq!((&login["password"], &login["session"]), (&"=secret".into(), &1.into()));
}

#[test]
fn logins_are_shown() {
    let (_, lines) = run(SESSION, |reading, out| pipeline::logins(reading, Form::Text, out, |_| {}).unwrap());
    assert_eq!(short(&lines), ["> login PLAIN user=alice password==secret accepted"]);
    let (_, lines) = run(SESSION, |reading, out| pipeline::logins(reading, Form::Json, out, |_| {}).unwrap());
    let login: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((lines.len(), &login["username"], login.get("record")), (1, &"alice".into(), None));
}

#[test]
fn a_followed_session_has_its_gaps_and_its_tls() {
    let session = r"
S: 220 mx
C: EHLO a
S: 250-mx\r\n250 STAR\
S: TTLS
C: NOOP =1\t\x1b
S! 8
C: STARTTLS
S: 220 go
C: \x16\x03\x01\x00\x02ab\
C: \x16\x03\x01\x00\x01c\
S: \x16\x03\x03\x00\x01d\
";
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("capture.pcap");
    fs::write(&capture, pcap(session)).unwrap();
    let reading = Reading::new(vec![capture]);
    let mut out = Vec::new();
    let told = pipeline::follow(&reading, 1, Form::Text, &mut out, |_| {}).unwrap();
    assert_eq!((told.sessions, told.stopped), (1, false));
    let expected = concat!(
        "4\t<\t220 mx\n",
        "5\t>\tEHLO a\n",
        "6\t<\t250-mx\n",
        "6\t<\t250 STARTTLS\n",
        "8\t>\tNOOP =1\\t\\u{1b}\n",
        "16\t=\t8 bytes of the server are missing\n",
        "9\t>\tSTARTTLS\n",
        "10\t<\t220 go\n",
        "11\t=\t13 bytes of the client in TLS\n",
        "13\t=\t6 bytes of the server in TLS\n",
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let mut out = Vec::new();
    pipeline::follow(&reading, 1, Form::Json, &mut out, |_| {}).unwrap();
    let text = String::from_utf8(out).unwrap();
    let stretches: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let encrypted: u64 = stretches.iter().filter_map(|stretch| stretch["encrypted"].as_u64()).sum();
    assert_eq!((encrypted, stretches.len()), (19, 11));
    assert_eq!(pipeline::follow(&reading, 2, Form::Text, Vec::new(), |_| {}).unwrap().lines, 0);
}
