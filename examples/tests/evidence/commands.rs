//! `mailtap verify` and `mailtap trace` as a script sees them.

use super::Case;
use super::common::{self, lines};
use mailtap::evidence::verify;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

#[test]
fn verify_on_the_command_line() {
    let case = Case::s02();
    let line =
        "1 captures, 138 records, 7 files, 3695 bytes of mail compared with their packets: no differences\n";
    assert_eq!(case.mailtap(&["verify", "out"]), (0, line.to_owned(), String::new()));
    assert_eq!(case.mailtap(&["verify", "--quiet", "out"]), (0, String::new(), String::new()));
    fs::rename(case.at("a.pcap"), case.at("b\u{1b}[31m.pcap")).unwrap();
    assert_eq!(case.mailtap(&["verify", "out", "--captures", "."]), (0, line.to_owned(), String::new()));

    // What the summary says of paths does not reach the terminal raw.
    let path = serde_json::to_string(case.at("a.pcap").to_str().unwrap()).unwrap();
    case.change("out/summary.json", |bytes| {
        *bytes =
            String::from_utf8(bytes.clone()).unwrap().replace(&path, r#""\u001b[31m\u009b31m""#).into_bytes();
    });
    let (status, stdout, _) = case.mailtap(&["verify", "out"]);
    assert_eq!(status, 1);
    assert!(
        stdout
            .starts_with("input 1 (\u{fffd}[31m\u{fffd}31m): file: expected the capture, found No such file"),
        "{stdout}"
    );
    let (status, stdout, _) = case.mailtap(&["verify", "out", "--json"]);
    assert_eq!(status, 1);
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["check"], &lines[1]["findings"], lines.len()), (&json!("file"), &json!(1), 2));
    assert!(stdout.contains(r"\u001b[31m\u009b31m"), "{stdout}");

    for (arguments, why) in [
        (&["verify"][..], "DIR"),
        (&["verify", "nowhere"], "nowhere: is not a folder"),
        (&["verify", "."], "there is no summary.json"),
        (&["trace", "out"], "MESSAGE"),
        (&["trace", "out", "first"], "four or more digits"),
        (&["trace", "out", "7"], "there is no message 7"),
        (&["trace", "out", "sha256:00000000"], "there is no message whose SHA-256 begins with 00000000"),
    ] {
        let (status, _, stderr) = case.mailtap(arguments);
        assert_eq!((status, stderr.contains(why)), (2, true), "{arguments:?}: {stderr}");
    }
}

#[test]
fn trace_on_the_command_line() {
    let case = Case::s02();
    let (status, stdout, _) = case.mailtap(&["trace", "out", "5"]);
    assert_eq!(status, 0);
    let rows: Vec<Vec<&str>> = stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows[0].join(" "),
        "message 5: smtp data, session 5, client 127.0.0.1:53278, server 127.0.0.1:587"
    );
    assert_eq!(rows[5], ["1", "119", "2026-11-21T21:21:47.876771Z", "0..282", "120..402", "0..282"]);
    // The dot that was stuffed is in the packet and not in the message.
    assert_eq!(rows[6], ["1", "119", "2026-11-21T21:21:47.876771Z", "282..285", "403..406", "283..286"]);
    assert_eq!(rows.len(), 5 + 9);

    let sha256 = case.message(5)["sha256"].as_str().unwrap().to_owned();
    let (status, by_hash, _) = case.mailtap(&["trace", "out", &format!("sha256:{}", &sha256[..12])]);
    assert_eq!((status, by_hash), (0, stdout));

    let (status, stdout, _) = case.mailtap(&["trace", "out", "5", "--json"]);
    assert_eq!(status, 0);
    let json: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&json[0]["message"], &json[0]["sha256"]), (&json!(5), &json!(sha256)));
    let runs = lines(&case.out(), "provenance.jsonl")[4]["runs"].clone();
    let shown: Vec<Value> = json[1..]
        .iter()
        .map(|line| {
            let [message, payload] = ["in_message", "in_payload"].map(|field| &line[field]);
            assert_eq!(message[1], payload[1]);
            json!([message[0], line["in_stream"], message[1], line["input"], line["frame"], payload[0]])
        })
        .collect();
    assert_eq!(json!(shown), runs);

    // Without the capture, and with another one in its place.
    for (change, why) in [
        ("gone", "the capture is not there: No such file"),
        ("changed", "it has changed: 4 bytes, not 21944"),
    ] {
        match change {
            "gone" => fs::rename(case.at("a.pcap"), case.at("b.pcap")).unwrap(),
            _ => fs::write(case.at("a.pcap"), [0xd4, 0xc3, 0xb2, 0xa1].repeat(6)).unwrap(),
        }
        let why = why.replace("4 bytes", "24 bytes");
        let (status, stdout, stderr) = case.mailtap(&["trace", "out", "5"]);
        assert_eq!((status, stderr.contains(&why)), (1, true), "{stderr}");
        assert!(stdout.contains("\n    1       119  -  "), "{stdout}");
        let (status, stdout, stderr) = case.mailtap(&["trace", "out", "5", "--captures", "b.pcap"]);
        assert_eq!((status, stdout.contains(".876771Z"), stderr.as_str()), (0, true, ""));
    }
}

#[test]
fn holes_and_damage_in_a_trace() {
    let session = r"
S: 220 a ESMTP
C: EHLO b
S: 250 a
C: MAIL FROM:<b@c.test>
S: 250 ok
C: RCPT TO:<d@c.test>
S: 250 ok
C: DATA
S: 354 go
C: Subject: x\r\n\r\nOne line.
C! 20
C: Another.\r\n.
S: 250 ok
";
    let extracted = common::Extracted::of(session);
    let case_out = extracted.out();
    let output = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_mailtap")).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = output(&["trace", case_out.to_str().unwrap(), "1"]);
    let rows: Vec<&str> = text.lines().skip(5).map(str::trim).collect();
    assert!(rows[0].ends_with("0..25                  56..81                   0..25"), "{text}");
    assert_eq!(rows[1], "missing: 20 bytes, at 25 of the whole message");
    assert!(rows[2].ends_with("25..35                 101..111                 0..10"), "{text}");
    assert_eq!(rows.len(), 3);
    let mut findings = Vec::new();
    verify(&case_out, &[], |finding| findings.push(finding.clone())).unwrap();
    assert_eq!(findings, []);
}
