//! Messages that can be read in several ways: what other readings find stands in the record, and in files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::Extracted;
use serde_json::{Value, json};

const BEGIN: &str = r"
S: 220 mx
C: EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA
S: 250 mx\r\n250 ok\r\n250 ok\r\n354 go
";

const END: &str = "S: 250 queued\nC: QUIT\nS: 221 bye\n";

/// The parts of the only message, as far as they are of interest here, and the bytes of their files.
fn parts(extracted: &Extracted) -> Vec<Value> {
    let messages = extracted.lines("messages.jsonl");
    assert_eq!(messages.len(), 1);
    let short = |part: &Value| {
        let content = part.get("file").map(|_| extracted.file(part));
        json!([
            part["path"],
            part["content_type"],
            part["size"],
            part["raw"],
            part["via"],
            part["hidden"],
            content
        ])
    };
    messages[0]["parts"].as_array().unwrap().iter().map(short).collect()
}

#[test]
fn another_boundary_and_another_encoding() {
    let mail = r"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Transfer-Encoding: base64\r\n\r\naGlkZGVu\r\n--b--\r\n.";
    let extracted = Extracted::of(&format!("{BEGIN}C: {mail}\n{END}"));
    let told = parts(&extracted);
    assert_eq!(told.len(), 4, "{told:#?}");
    assert_eq!(told[0][0], json!("0"));
    assert_eq!([&told[1][0], &told[1][5]], [&json!("preamble"), &json!(null)]);
    assert_eq!(told[2], json!(["1", "application/zip", 8, [175, 8], ["param-duplicate"], null, "aGlkZGVu"]));
    assert_eq!(
        told[3],
        json!(["1", "application/zip", 6, [175, 8], ["param-duplicate", "cte-duplicate"], null, "hidden"])
    );
    assert_eq!(extracted.lines("messages.jsonl")[0]["has_attachments"], json!(true));
}

#[test]
fn an_attachment_behind_the_last_part() {
    let mail = r"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\nContent-Type: application/zip\r\n\r\nhidden\r\n.";
    let extracted = Extracted::of(&format!("{BEGIN}C: {mail}\n{END}"));
    let told = parts(&extracted);
    let last =
        json!(["epilogue2", "application/zip", 6, [98, 6], ["epilogue-content"], "epilogue", "hidden"]);
    assert_eq!(told.last(), Some(&last), "{told:#?}");
}

#[test]
fn a_cut_message_is_read_to_its_end() {
    let mail = r"Content-Transfer-Encoding: quoted-printable\r\nContent-Transfer-Encoding: base64\r\n\r\naGlkZGVu\r\n";
    let extracted = Extracted::of(&format!("{BEGIN}C: {mail}\n"));
    let message = &extracted.lines("messages.jsonl")[0];
    let part = &message["parts"][1];
    assert_eq!(
        [&part["via"], &part["size"], &part["complete"]],
        [&json!(["cte-duplicate"]), &json!(6), &json!(false)]
    );
}

#[test]
fn a_clean_message_has_one_reading() {
    let extracted = Extracted::of(&format!("{BEGIN}C: Subject: x\\r\\n\\r\\ntext\\r\\n.\n{END}"));
    assert_eq!(parts(&extracted), [json!(["0", "text/plain", 6, [14, 6], null, null, null])]);
}
