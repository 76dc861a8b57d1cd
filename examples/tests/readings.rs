//! What a capture can be read as: smuggled messages, and holes at their exact places.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::Extracted;
use mailtap::pipeline::{Options, extract};
use serde_json::{Value, json};
use std::fs;

const BEGIN: &str = r"
S: 220 mx
C: EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA
S: 250 mx\r\n250 ok\r\n250 ok\r\n354 go
";

/// Two messages in one for a server that takes LF . LF for the end.
const SMUGGLED: &str = r"C: Subject: one\r\n\r\nfirst\n.\nMAIL FROM:<evil@x>\r\nRCPT TO:<c@y>\r\nDATA\r\nSubject: two\r\n\r\nsecond\r\n.";

fn readings(extracted: &Extracted) -> Vec<Value> {
    let short = |message: &Value| {
        json!({
            "reading": message["reading"], "via": message["via"], "outcome": message["outcome"], "reply": message["reply"],
            "from": message["envelope"]["mail_from"], "to": message["envelope"]["rcpt_to"][0]["address"],
            "subject": message["headers"]["subject"], "content": extracted.file(message), "complete": message["complete"],
        })
    };
    extracted.lines("messages.jsonl").iter().map(short).collect()
}

const STRICT: &str = "Subject: one\r\n\r\nfirst\n.\nMAIL FROM:<evil@x>\r\nRCPT TO:<c@y>\r\nDATA\r\nSubject: two\r\n\r\nsecond\r\n";

#[test]
fn what_the_server_proves_is_the_primary_reading() {
    let replies =
        "S: 250 queued 1\\r\\n250 ok\\r\\n250 ok\\r\\n354 go\\r\\n250 queued 2\nC: QUIT\nS: 221 bye\n";
    let extracted = Extracted::of(&format!("{BEGIN}{SMUGGLED}\n{replies}"));
    let expected = [
        json!({"reading": "primary", "via": null, "outcome": "accepted", "reply": "250 queued 1", "from": "a@x", "to": "b@y",
               "subject": "one", "content": "Subject: one\r\n\r\nfirst\n", "complete": true}),
        json!({"reading": "primary", "via": null, "outcome": "accepted", "reply": "250 queued 2", "from": "evil@x", "to": "c@y",
               "subject": "two", "content": "Subject: two\r\n\r\nsecond\r\n", "complete": true}),
        json!({"reading": "candidate", "via": ["eod-loose"], "outcome": "accepted", "reply": "250 queued 1", "from": "a@x", "to": "b@y",
               "subject": "one", "content": STRICT, "complete": true}),
    ];
    assert_eq!(readings(&extracted), expected);
    // The second message is traced to its bytes, as the first is.
    let runs = &extracted.lines("provenance.jsonl")[1]["runs"];
    assert_eq!(runs, &json!([[0, 46 + 65, 24, 1, 7, 65]]));
}

/// Mails of a client that ends each with LF . LF and waits for the verdict, so that the strict reading never ends.
#[test]
fn what_the_server_took_before_it_ended_is_the_primary_reading() {
    let mail = r"C: Subject: one\n\nfirst\n.\n\
S: 250 queued 1
";
    let further = r"C: MAIL FROM:<d@x>\r\nRCPT TO:<e@y>\r\nRCPT TO:<f@y>
S: 250 ok\r\n250 one\r\n550 two
C: DATA
S: 354 go
C: Subject: two\n\nsecond\n.\n\
S: 550 no
";
    let first = json!({"reading": "primary", "via": null, "outcome": "accepted", "reply": "250 queued 1", "from": "a@x", "to": "b@y",
               "subject": "one", "content": "Subject: one\n\nfirst\n", "complete": true});
    let second = json!({"reading": "primary", "via": null, "outcome": "rejected", "reply": "550 no", "from": "d@x", "to": "e@y",
               "subject": "two", "content": "Subject: two\n\nsecond\n", "complete": true});
    for end in ["C: QUIT\nS: 221 bye\n", "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n", ""] {
        let extracted = Extracted::of(&format!("{BEGIN}{mail}{end}"));
        let told = readings(&extracted);
        assert_eq!(told.len(), 2, "{end:?}");
        assert_eq!(told[0], first, "{end:?}");
        assert_eq!(
            (&told[1]["reading"], &told[1]["complete"]),
            (&json!("candidate"), &json!(false)),
            "{end:?}"
        );

        let extracted = Extracted::of(&format!("{BEGIN}{mail}{further}{end}"));
        let told = readings(&extracted);
        assert_eq!(told[..2], [first.clone(), second.clone()], "{end:?}");
        assert_eq!(told.len(), 3, "{end:?}");
        let messages = extracted.lines("messages.jsonl");
        assert_eq!(
            messages[1]["envelope"]["rcpt_to"],
            json!([{"address": "e@y", "reply": "250 one", "accepted": true},
                   {"address": "f@y", "reply": "550 two", "accepted": false}])
        );
    }
}

/// The same without a word of the server, or with words behind the dot that are no commands: nothing is proven.
#[test]
fn a_message_that_lacks_its_end_is_cut_only_where_the_server_did() {
    for (text, size) in [
        (r"C: Subject: one\n\nfirst\n.\nQUIT\r\n\", 28),
        (
            r"C: Subject: one\n\nfirst\n.\nno command\r\n\
S: 250 queued",
            34,
        ),
    ] {
        let extracted = Extracted::of(&format!("{BEGIN}{text}\n"));
        let messages = extracted.lines("messages.jsonl");
        let told: Vec<_> =
            messages.iter().map(|one| (&one["reading"], &one["complete"], &one["size"])).collect();
        assert_eq!(told, [(&json!("primary"), &json!(false), &json!(size))], "{text}");
    }
}

#[test]
fn what_nothing_proves_is_a_candidate() {
    let extracted = Extracted::of(&format!("{BEGIN}{SMUGGLED}\nS: 250 queued\nC: QUIT\nS: 221 bye\n"));
    let told: Vec<(Value, Value)> = readings(&extracted)
        .into_iter()
        .map(|message| (message["reading"].clone(), message["content"].clone()))
        .collect();
    let expected = [
        (json!("primary"), json!(STRICT)),
        (json!("candidate"), json!("Subject: one\r\n\r\nfirst\n")),
        (json!("candidate"), json!("Subject: two\r\n\r\nsecond\r\n")),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_dot_among_lines_is_no_second_message() {
    let extracted = Extracted::of(&format!("{BEGIN}C: a list:\\r\\n\\n.\\nand more\\r\\n.\nS: 250 queued\n"));
    assert_eq!(readings(&extracted).len(), 1);
    let codes: Vec<Value> =
        extracted.lines("anomalies.jsonl").iter().map(|anomaly| anomaly["code"].clone()).collect();
    assert!(codes.contains(&json!("eod-loose")), "{codes:?}");
}

#[test]
fn holes_are_told_at_their_exact_place() {
    let text = r"
C: Subject: holes\r\n\r\n0123456789\
C! 100
C: abc\
C! 7
C: def\r\n.
S: 250 queued
C: QUIT
S: 221 bye
";
    let extracted = Extracted::of(&format!("{BEGIN}{text}"));
    let messages = extracted.lines("messages.jsonl");
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(extracted.file(message), "Subject: holes\r\n\r\n0123456789abcdef\r\n");
    assert_eq!(message["missing"], json!([{"offset": 28, "length": 100}, {"offset": 131, "length": 7}]));
    assert_eq!((&message["complete"], &message["outcome"]), (&json!(false), &json!("accepted")));
    assert_eq!(message["parts"][0]["complete"], json!(false));
    let session = &extracted.lines("sessions.jsonl")[0];
    assert_eq!(session["missing_bytes"], json!({"client": 107, "server": 0}));
    // The message begins at byte 46 of the client's stream.
    let gaps: Vec<(Value, String)> = extracted
        .lines("anomalies.jsonl")
        .into_iter()
        .filter(|anomaly| anomaly["code"] == "gap" && anomaly["direction"] == "client")
        .map(|anomaly| {
            let len = anomaly["detail"].as_str().unwrap().split(',').next().unwrap().to_owned();
            (anomaly["offset"].clone(), len)
        })
        .collect();
    assert_eq!(gaps, [(json!(46 + 28), "100 bytes".to_owned()), (json!(46 + 131), "7 bytes".to_owned())]);
}

/// What is extracted of a mail with these lines, in front of one of which a copy with other bytes was slipped in.
fn extract_with_copy(mail: [&str; 4], line: &str, copy: &str) -> (tempfile::TempDir, Vec<Value>) {
    let session = format!(
        "S: 220 mx\nC: EHLO a\nS: 250 mx\nC: MAIL FROM:<a@example>\nS: 250 ok\nC: RCPT TO:<b@example>\nS: 250 ok\n\
         C: DATA\nS: 354 go\nC: {}\nC: .\nS: 250 taken\n",
        mail.join("\nC: ")
    );
    let file = common::pcap(&session);
    let [line, copy] = [line, copy].map(|text| format!("{text}\r\n").into_bytes());
    let (mut with, mut at) = (file[..24].to_vec(), 24);
    while at < file.len() {
        let len = usize::try_from(u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap())).unwrap();
        let record = &file[at..at + 16 + len];
        if let Some(headers) = record.strip_suffix(line.as_slice()) {
            with.extend([headers, copy.as_slice()].concat());
        }
        with.extend(record);
        at += record.len();
    }
    assert_eq!(with.len(), file.len() + 16 + 40 + line.len());
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("capture.pcap");
    fs::write(&capture, with).unwrap();
    let out = dir.path().join("out");
    extract(&Options::new(vec![capture], out.clone()), |_| {}).unwrap();
    let messages = common::lines(&out, "messages.jsonl");
    assert_eq!((messages.len(), messages[0]["reading"].as_str()), (1, Some("primary")));
    let parts = messages[0]["parts"].as_array().unwrap().clone();
    (dir, parts)
}

/// Somebody slipped other bytes in before the real ones: the first copy counts, and the attachment that the second has
/// is told as well.
#[test]
fn an_attachment_of_the_other_copy() {
    let mail =
        ["Content-Type: application/x-real; name=a.bin", "Content-Transfer-Encoding: base64", "", "cmVhbA=="];
    let (dir, parts) = extract_with_copy(mail, "cmVhbA==", "ZmFrZQ==");
    let told = parts.iter().map(|part| {
        let path = dir.path().join("out").join(part["file"].as_str().unwrap());
        json!([part["path"], part["filename"], fs::read_to_string(path).unwrap(), part["via"]])
    });
    let expected = [json!(["0", "a.bin", "fake", null]), json!(["0", "a.bin", "real", ["conflict"]])];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

/// The copies differ in what they call the same content: it is told once, and no file is left that no record names.
#[test]
fn the_same_content_in_the_other_copy() {
    let mail = ["Subject: x", "Content-Type: application/x-real", "", "text"];
    let (dir, parts) =
        extract_with_copy(mail, "Content-Type: application/x-real", "Content-Type: text/plain; format");
    let told: Vec<Value> =
        parts.iter().map(|part| json!([part["content_type"], part["file"], part["via"]])).collect();
    let files = fs::read_dir(dir.path().join("out/attachments")).unwrap().count();
    assert_eq!((told, files), (vec![json!(["text/plain", null, null])], 0));
}
