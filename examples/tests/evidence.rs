//! `verify` finds every folder of ours clean, and each change in one; `trace` leads back to the packets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod common;

use common::lines;
use mailtap::evidence::{Finding, Verdict, verify};
use mailtap::pipeline::{Options, extract};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut captures = Vec::new();
    for folder in [folder.clone(), folder.join("imap")] {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        captures.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "pcap")));
    }
    captures.sort();
    captures
}

/// A capture, what was extracted of it, and both may be changed.
struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    fn of(capture: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(capture, dir.path().join("a.pcap")).unwrap();
        let case = Self { dir };
        extract(&Options::new(vec![case.at("a.pcap")], case.out()), |_| {}).unwrap();
        case
    }

    fn s02() -> Self {
        Self::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/s02-swaks-auth.pcap"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.at("out")
    }

    fn message(&self, number: usize) -> Value {
        lines(&self.out(), "messages.jsonl")[number - 1].clone()
    }

    /// Changes a file byte by byte.
    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.at(name)).unwrap();
        change(&mut bytes);
        fs::write(self.at(name), bytes).unwrap();
    }

    /// Changes a line, from 1, of a file of records.
    fn line(&self, name: &str, number: usize, from: &str, to: &str) {
        self.change(&format!("out/{name}"), |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let mut changed = 0;
            let lines = text.split_inclusive('\n').zip(1..).map(|(line, at)| {
                if at != number {
                    return line.to_owned();
                }
                changed = line.matches(from).count();
                line.replacen(from, to, 1)
            });
            *bytes = lines.collect::<String>().into_bytes();
            assert!(changed > 0, "{from}");
        });
    }

    fn verify(&self) -> (Verdict, Vec<Finding>) {
        let mut findings = Vec::new();
        let verdict = verify(&self.out(), &[], |finding| findings.push(finding.clone())).unwrap();
        assert_eq!(verdict.findings, findings.len() as u64);
        (verdict, findings)
    }

    /// What differs, as (what, check).
    fn differs(&self) -> Vec<(String, &'static str)> {
        self.verify().1.iter().map(|finding| (finding.what.to_string(), finding.check)).collect()
    }

    fn mailtap(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_mailtap"))
            .args(arguments)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

fn told(what: &str, check: &'static str) -> (String, &'static str) {
    (what.to_owned(), check)
}

#[test]
fn what_was_extracted_is_verified() {
    let captures = captures();
    assert!(captures.len() >= 12, "{captures:?}");
    for capture in captures {
        let case = Case::of(&capture);
        let (verdict, findings) = case.verify();
        assert_eq!(findings, [], "{}", capture.display());
        // Every byte of every message, but for those that were inflated.
        let messages = lines(&case.out(), "messages.jsonl");
        let bytes: u64 = messages.iter().map(|message| message["size"].as_u64().unwrap()).sum();
        assert_eq!(verdict.checked.bytes + verdict.checked.made, bytes, "{}", capture.display());
        let inflates = capture.to_string_lossy().contains("compress");
        assert_eq!(verdict.checked.made > 0, inflates, "{}", capture.display());
        assert!(verdict.complete);
    }
}

#[test]
fn several_captures_are_verified_together() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let options = Options::new(captures(), out.clone());
    extract(&options, |_| {}).unwrap();
    let mut findings = Vec::new();
    let verdict = verify(&out, &[], |finding| findings.push(finding.clone())).unwrap();
    assert_eq!(findings, []);
    assert_eq!(verdict.checked.captures, captures().len() as u64);
    // They are found again where they are now, whatever the names.
    let moved = dir.path().join("moved");
    fs::create_dir(&moved).unwrap();
    for (number, capture) in captures().iter().enumerate() {
        fs::copy(capture, moved.join(format!("{}.cap", 100 - number))).unwrap();
    }
    let text = fs::read_to_string(out.join("summary.json")).unwrap();
    fs::write(out.join("summary.json"), text.replace("/captures/", "/elsewhere/")).unwrap();
    assert_eq!(verify(&out, &[moved], |_| {}).unwrap(), verdict);
    assert_eq!(verify(&out, &[], |_| {}).unwrap().findings, verdict.checked.captures);
}

#[test]
fn files_that_were_changed() {
    let case = Case::s02();
    let name = case.message(1)["file"].as_str().unwrap().to_owned();
    case.change(&format!("out/{name}"), |bytes| bytes[10] ^= 1);
    let (_, findings) = case.verify();
    let old = name[9..73].to_owned();
    assert_eq!(
        (findings[0].what.as_str(), findings[0].check, findings[0].expected.as_str()),
        (name.as_str(), "sha256", &*old)
    );
    let found: Value = serde_json::to_value(&findings[1]).unwrap();
    assert_eq!(
        found,
        json!({"what": "message 1 byte 10", "check": "bytes",
               "expected": "0x65, as at 10 in the payload of frame 17 of input 1", "found": "0x64"})
    );
    assert_eq!(findings.len(), 2);

    let case = Case::s02();
    case.change(&format!("out/{name}"), |bytes| bytes.truncate(20));
    assert_eq!(
        case.differs(),
        [told(&name, "sha256"), told("message 1", "size"), told("message 1 byte 20", "bytes")]
    );

    let case = Case::s02();
    fs::remove_file(case.out().join(&name)).unwrap();
    assert_eq!(case.differs(), [told("message 1", "file")]);

    let case = Case::s02();
    let message = case.message(2);
    let part = message["parts"].as_array().unwrap().iter().find(|part| part["file"].is_string()).unwrap();
    let attached = part["file"].as_str().unwrap();
    case.change(&format!("out/{attached}"), |bytes| bytes.push(b'x'));
    let path = part["path"].as_str().unwrap();
    assert_eq!(case.differs(), [told(attached, "sha256"), told(&format!("message 2 part {path}"), "size")]);
}

#[test]
fn files_that_were_added() {
    let case = Case::s02();
    fs::write(case.out().join("messages/readme.txt"), "hello").unwrap();
    fs::write(case.out().join("attachments/.tmp-1"), "hello").unwrap();
    fs::write(case.out().join("notes"), "hello").unwrap();
    let empty = "messages/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.eml";
    fs::write(case.out().join(empty), "").unwrap();
    assert_eq!(
        case.differs(),
        [
            told("notes", "file"),
            told("messages/readme.txt", "file"),
            told("attachments/.tmp-1", "file"),
            told(empty, "file"),
        ]
    );
}

/// In this line of this file, from this to that; what is told.
type Change<'a> = (&'a str, usize, &'a str, &'a str, &'a [(String, &'static str)]);

#[test]
fn records_that_were_changed() {
    let message = Case::s02().message(3);
    let [md5, sha256, size] = ["md5", "sha256", "size"].map(|field| message[field].to_string());
    let file = message["file"].as_str().unwrap();
    let other = "\"00000000000000000000000000000000\"";
    let cases: &[Change<'_>] = &[
        ("messages.jsonl", 3, &md5, other, &[told("message 3", "md5")]),
        (
            "messages.jsonl",
            3,
            &format!("\"size\":{size}"),
            "\"size\":488",
            &[told("message 3", "size"), told("message 3", "provenance")],
        ),
        (
            "messages.jsonl",
            3,
            &format!("\"sha256\":{sha256}"),
            "\"sha256\":\"\"",
            &[told("message 3", "sha256")],
        ),
        ("messages.jsonl", 3, "\"session\":3", "\"session\":8", &[told("message 3", "session")]),
        ("messages.jsonl", 3, file, "../../etc/passwd", &[told("message 3", "file"), told(file, "file")]),
        (
            "messages.jsonl",
            3,
            "\"message\":3",
            "\"message\":9",
            &[
                told("messages.jsonl line 3", "message"),
                told("messages.jsonl line 4", "message"),
                told("messages.jsonl line 5", "message"),
                told("messages.jsonl line 6", "message"),
                told("message 3", "record"),
                told("message 4", "record"),
                told("message 5", "record"),
                told("message 6", "record"),
                told("message 9", "provenance"),
                told("message 9", "number"),
                told("message 3", "number"),
            ],
        ),
        ("provenance.jsonl", 3, "1,69,0]", "1,69,1]", &[told("message 3 byte 0", "bytes")]),
        (
            "provenance.jsonl",
            3,
            "1,69,0]",
            "1,70,0]",
            &[told("message 3", "packets"), told("message 3", "packet")],
        ),
        ("provenance.jsonl", 5, "[282,403,", "[282,404,", &[told("message 5 byte 282", "stream offset")]),
        (
            "messages.jsonl",
            3,
            "\"client\":\"127.0.0.1",
            "\"client\":\"127.0.0.2",
            &[told("message 3", "connection")],
        ),
        ("provenance.jsonl", 3, "1,69,0]", "2,69,0]", &[told("message 3", "packets")]),
        (
            "provenance.jsonl",
            3,
            "[[0,",
            "[[1,",
            &[told("message 3", "provenance"), told("message 3 byte 1", "bytes")],
        ),
        (
            "provenance.jsonl",
            3,
            "\"message\":3",
            "\"message\":30",
            &[
                told("message 3", "provenance"),
                told("message 4", "provenance"),
                told("message 5", "provenance"),
                told("message 6", "provenance"),
                told("message 30", "record"),
                told("message 4", "record"),
                told("message 5", "record"),
                told("message 6", "record"),
            ],
        ),
        ("provenance.jsonl", 3, "[[", "[", &[told("provenance.jsonl line 3", "record")]),
        ("provenance.jsonl", 3, "{", "", &[told("provenance.jsonl line 3", "record")]),
        ("sessions.jsonl", 2, "\"messages\":[2]", "\"messages\":[]", &[told("message 2", "number")]),
        (
            "sessions.jsonl",
            2,
            "\"session\":2",
            "\"session\":1",
            &[told("session 1", "session"), told("session 2", "number")],
        ),
        ("logins.jsonl", 2, "\"session\":2", "\"session\":80", &[told("logins.jsonl line 2", "session")]),
        ("commands.jsonl", 1, "{\"input\":1,", "{\"input\":2,", &[told("commands.jsonl line 1", "input")]),
        ("anomalies.jsonl", 1, "{", "{]", &[told("anomalies.jsonl line 1", "record")]),
        ("summary.json", 1, "{", "{\"more\":1,", &[]),
    ];
    for (file, number, from, to, expected) in cases {
        let case = Case::s02();
        case.line(file, *number, from, to);
        let mut got = case.differs();
        let mut expected = expected.to_vec();
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "{file} {from} {to}");
    }
}

#[test]
fn records_that_were_removed() {
    for (file, number, expected) in [
        ("logins.jsonl", 2, vec![told("summary.json counts", "logins")]),
        ("commands.jsonl", 9, vec![told("summary.json counts", "commands")]),
        (
            "messages.jsonl",
            3,
            vec![
                told("messages.jsonl line 3", "message"),
                told("message 3", "record"),
                told("FILE", "file"),
                told("message 3", "number"),
                told("summary.json counts", "messages"),
            ],
        ),
        ("provenance.jsonl", 3, vec![told("message 3", "provenance")]),
        ("provenance.jsonl", 6, vec![told("message 6", "provenance")]),
    ] {
        let case = Case::s02();
        let name = case.message(number.min(6))["file"].as_str().unwrap().to_owned();
        case.change(&format!("out/{file}"), |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let kept = text.split_inclusive('\n').zip(1..).filter(|(_, at)| *at != number);
            *bytes = kept.map(|(line, _)| line).collect::<String>().into_bytes();
        });
        let got: Vec<_> =
            case.differs().into_iter().map(|(what, check)| (what.replace(&name, "FILE"), check)).collect();
        assert_eq!(got, expected, "{file}");
    }
}

#[test]
fn captures_that_were_changed() {
    let input = |case: &Case| format!("input 1 ({})", case.at("a.pcap").display());
    // A byte of the mail.
    let case = Case::s02();
    let mail = fs::read(case.out().join(case.message(1)["file"].as_str().unwrap())).unwrap();
    let whole = fs::read(case.at("a.pcap")).unwrap();
    let at = whole.windows(mail.len()).position(|window| window == mail).unwrap();
    case.change("a.pcap", |bytes| bytes[at + 10] ^= 1);
    assert_eq!(case.differs(), [told(&input(&case), "sha256"), told("message 1 byte 10", "bytes")]);

    // A byte of a packet header, which has no part in anything.
    let case = Case::s02();
    case.change("a.pcap", |bytes| bytes[24 + 16] ^= 1);
    assert_eq!(case.differs(), [told(&input(&case), "sha256")]);

    // The end is missing: the sixth message and what follows.
    let case = Case::s02();
    case.change("a.pcap", |bytes| bytes.truncate(bytes.len() * 5 / 6));
    assert_eq!(
        case.differs(),
        [
            told(&input(&case), "size"),
            told(&input(&case), "sha256"),
            told("message 6", "packet"),
            told("summary.json counts", "packets"),
        ]
    );

    let case = Case::s02();
    fs::remove_file(case.at("a.pcap")).unwrap();
    assert_eq!(case.differs(), [told(&input(&case), "file")]);
    fs::write(case.at("a.pcap"), "no capture").unwrap();
    assert_eq!(case.differs(), [told(&input(&case), "file")]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let case = Case::s02();
    let name = case.message(1)["file"].as_str().unwrap().to_owned();
    fs::rename(case.out().join(&name), case.at("elsewhere")).unwrap();
    symlink(case.at("elsewhere"), case.out().join(&name)).unwrap();
    assert_eq!(case.differs(), [told(&name, "file"), told("message 1", "file")]);

    let case = Case::s02();
    fs::rename(case.out().join("messages.jsonl"), case.at("elsewhere")).unwrap();
    symlink(case.at("elsewhere"), case.out().join("messages.jsonl")).unwrap();
    assert!(case.differs().contains(&told("messages.jsonl", "file")));
    let (status, _, stderr) = case.mailtap(&["trace", "out", "1"]);
    assert_eq!((status, stderr.contains("is a symbolic link")), (1, true), "{stderr}");
}

#[test]
fn a_run_that_died() {
    let case = Case::s02();
    case.line("summary.json", 4, "true", "false");
    case.change("out/provenance.jsonl", |bytes| {
        let end = bytes.iter().rposition(|byte| *byte == b'6').unwrap();
        let end = bytes[..end].iter().rposition(|byte| *byte == b'\n').unwrap();
        bytes.truncate(end + 1);
    });
    fs::write(case.out().join("messages/.tmp-7"), "half").unwrap();
    let (verdict, findings) = case.verify();
    assert_eq!((verdict.complete, findings), (false, Vec::new()));
    let (status, stdout, _) = case.mailtap(&["verify", "out"]);
    assert_eq!(status, 0);
    assert!(stdout.ends_with("no differences; the run did not come to its end\n"), "{stdout}");
}

/// Whatever stands in a folder, it is read to its end, and no change of a message or of where it came from goes unseen.
#[test]
fn folders_of_others() {
    let case = Case::s02();
    // splitmix64, so that the same bytes are changed each time.
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    };
    let mut names: Vec<String> = ["messages", "sessions", "provenance", "logins", "anomalies", "commands"]
        .map(|name| format!("out/{name}.jsonl"))
        .to_vec();
    names.push("out/summary.json".to_owned());
    names.extend((1..=6).map(|number| format!("out/{}", case.message(number)["file"].as_str().unwrap())));
    for round in 0..150 {
        let name = &names[round % names.len()];
        let before = fs::read(case.at(name)).unwrap();
        let mut after = before.clone();
        let at = below(after.len());
        match below(4) {
            0 => after.truncate(at),
            1 => after.splice(at..at, [b"\n\"{[,}]"[below(7)]]).for_each(drop),
            2 => after[at] = u8::try_from(below(256)).unwrap(),
            _ => after[at] = b"0123456789"[below(10)],
        }
        fs::write(case.at(name), &after).unwrap();
        let mut findings = 0;
        let verdict = verify(&case.out(), &[], |_| findings += 1);
        let unseen = verdict.is_ok_and(|verdict| verdict.findings == 0);
        assert!(!unseen || before == after || !name.contains(".eml"), "round {round}: {name} at {at}");
        if unseen && name.contains("provenance") {
            // Where in its stream a message begins, no packet says; and a number may be written otherwise.
            let [before, after] = [&before, &after].map(|text| {
                let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                let mut lines: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
                lines.iter_mut().for_each(|line| line["runs"][0][1] = Value::Null);
                lines
            });
            assert_eq!(before, after, "round {round}");
        }
        for which in 1..=6 {
            let which = mailtap::evidence::Which::Number(which);
            let _ = mailtap::evidence::trace(&case.out(), &which, &[]);
        }
        fs::write(case.at(name), before).unwrap();
    }
    assert_eq!(case.verify().1, []);
}

#[test]
fn verify_on_the_command_line() {
    let case = Case::s02();
    let line =
        "1 captures, 132 records, 7 files, 3695 bytes of mail compared with their packets: no differences\n";
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
