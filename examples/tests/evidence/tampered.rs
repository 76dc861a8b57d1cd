//! Folders and captures that were changed: each change gives the findings that follow from it, and no other.

use super::{Case, told};
use mailtap::evidence::verify;
use serde_json::{Value, json};
use std::fs;

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
                told("findings.jsonl line 3", "message"),
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
        ("findings.jsonl", 2, "\"high\"", "\"info\"", &[told("findings.jsonl line 2", "finding")]),
        (
            "findings.jsonl",
            2,
            "\"sessions\":[1,7]",
            "\"sessions\":[1,8]",
            &[told("findings.jsonl line 2", "session")],
        ),
        (
            "findings.jsonl",
            2,
            "\"logins\":[1,7]",
            "\"logins\":[1,8]",
            &[told("findings.jsonl line 2", "login")],
        ),
        (
            "findings.jsonl",
            3,
            "\"messages\":[1",
            "\"messages\":[0",
            &[told("findings.jsonl line 3", "message")],
        ),
        ("findings.jsonl", 3, "\"input\":1", "\"input\":2", &[told("findings.jsonl line 3", "input")]),
        ("findings.jsonl", 1, "{", "", &[told("findings.jsonl line 1", "record")]),
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
        (
            "logins.jsonl",
            2,
            vec![told("findings.jsonl line 2", "login"), told("summary.json counts", "logins")],
        ),
        ("findings.jsonl", 6, vec![told("summary.json counts", "findings")]),
        ("commands.jsonl", 9, vec![told("summary.json counts", "commands")]),
        (
            "messages.jsonl",
            3,
            vec![
                told("messages.jsonl line 3", "message"),
                told("message 3", "record"),
                told("findings.jsonl line 3", "message"),
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
