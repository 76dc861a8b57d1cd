//! What records say of content that hides in content: one test for each kind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::Extracted;
use serde_json::{Value, json};

const BEGIN: &str = r"
S: 220 mx
C: EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>
S: 250 mx\r\n250 ok\r\n250 ok
";

/// What `extract` writes for messages that are sent one behind the other.
fn sent(messages: &[&str]) -> Extracted {
    let mut transcript = BEGIN.to_owned();
    for message in messages {
        transcript += &format!("C: DATA\nS: 354 go\nC: {message}\\r\\n.\nS: 250 queued\n");
    }
    Extracted::of(&(transcript + "C: QUIT\nS: 221 bye\n"))
}

/// Of each part of a message what was asked for.
fn parts(message: &Value, fields: &[&str]) -> Vec<Value> {
    let part = |part: &Value| fields.iter().map(|field| part[field].clone()).collect::<Value>();
    message["parts"].as_array().unwrap().iter().map(part).collect()
}

fn codes(message: &Value) -> Vec<&str> {
    let codes = message["anomalies"].as_array().into_iter().flatten();
    codes.map(|anomaly| anomaly["code"].as_str().unwrap()).collect()
}

/// The content of the file of a part.
fn content(extracted: &Extracted, part: &Value) -> Vec<u8> {
    std::fs::read(extracted.out().join(part["file"].as_str().unwrap())).unwrap()
}

#[test]
fn signed_data_is_opened() {
    let extracted = sent(&[
        r#"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCAMIACAQExADCABgkqhkiG9w0BBwGggCSABBNDb250ZW50LVR5cGU6IG11\r\nbHRpBF9wYXJ0L21peGVkOyBib3VuZGFyeT1pCgotLWkKCm9uZQotLWkKQ29udGVudC1EaXNwb3Np\r\ndGlvbjogYXR0YWNobWVudDsgZmlsZW5hbWU9ei56aXAKClBLCi0taS0tCgAAAAAAADEAAAAAAAAA"#,
    ]);
    let message = &extracted.lines("messages.jsonl")[0];
    assert_eq!(
        parts(message, &["path", "content_type", "encoding", "filename", "complete"]),
        [
            json!(["0", "application/pkcs7-mime", "base64", "smime.p7m", true]),
            json!(["cms1", "message/rfc822", "cms", null, true]),
            json!(["cms1.0", "multipart/mixed", null, null, true]),
            json!(["cms1.1", "text/plain", null, null, true]),
            json!(["cms1.2", "text/plain", null, "z.zip", true]),
        ]
    );
    assert_eq!(content(&extracted, &message["parts"][4]), b"PK");
    assert_eq!(codes(message), ["opaque-signed"]);
}

#[test]
fn what_is_encrypted_is_told() {
    let extracted = sent(&[
        r#"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMBIGCSqGSIb3DQEHA6AFMAMCAQA="#,
        r#"Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--"#,
        r#"Subject: x\r\n\r\nHello\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----"#,
        r#"Subject: x\r\n\r\nSee\r\n(This file must be converted with BinHex 4.0)\r\n:x:"#,
    ]);
    let told: Vec<Value> =
        extracted.lines("messages.jsonl").iter().map(|message| message["anomalies"].clone()).collect();
    let expected = [
        json!([{"code": "encrypted", "detail": "cms"}]),
        json!([{"code": "encrypted", "detail": "pgp"}]),
        json!([{"code": "pgp-inline", "detail": "message"}]),
        json!([{"code": "binhex"}]),
    ];
    assert_eq!(told, expected);
}

#[test]
fn data_addresses_are_hidden_parts() {
    let extracted = sent(&[
        r#"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<a download=3D"x" href=3D"data:application/zip;base64,UEs=\r\nDBA=3D=3D">x</a>\r\n<img src=3D"data:image/gif;base64,R0lGODlh">"#,
    ]);
    let message = &extracted.lines("messages.jsonl")[0];
    assert_eq!(
        parts(message, &["path", "content_type", "hidden", "detected_type", "size"])[1..],
        [
            json!(["data1", "application/zip", "data-uri", "application/zip", 4]),
            json!(["data2", "image/gif", "data-uri", "image/gif", 6])
        ]
    );
    assert_eq!(content(&extracted, &message["parts"][1]), b"PK\x03\x04");
    assert_eq!((codes(message), &message["has_attachments"]), (vec!["html-data-uri"], &json!(true)));
}

#[test]
fn compressed_parts_forks_and_base64_lines_are_opened() {
    let extracted = sent(&[
        r#"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-gzip64\r\n\r\nH4sICAAAAAAC/2luLnR4dADzSM3JyddRSK/KLAAAnRQt2gsAAAA="#,
        r#"Content-Type: multipart/appledouble; boundary=b\r\n\r\n--b\r\nContent-Type: application/applefile\r\nContent-Transfer-Encoding: base64\r\n\r\nAAUWBwACAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAADAAAAMgAAAAcAAAACAAAAOQAAAARwaWMuanBn\r\ncnNyYw==\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment\r\n\r\nJFIF\r\n--b--"#,
        r#"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nbegin-base64 644 f.pdf\r\nJVBERi0xLjQK\r\n===="#,
        r#"Subject: x\r\n\r\nSee:\r\nbegin-base64 644 f.pdf\r\nJVBERi0xLjQK\r\n====\r\nEnd."#,
    ]);
    let messages = extracted.lines("messages.jsonl");
    let told = |message: usize, part: usize| {
        let part = &messages[message]["parts"][part];
        let text = String::from_utf8(content(&extracted, part)).unwrap();
        json!([part["path"], part["encoding"], part["filename"], text])
    };
    assert_eq!(told(0, 1), json!(["gzip1", "gzip", "in.txt", "Hello, gzip"]));
    assert_eq!(told(1, 2), json!(["1.fork1", "apple", null, "rsrc"]));
    assert_eq!(told(1, 3), json!(["2", null, "pic.jpg", "JFIF"]));
    assert_eq!(told(2, 0), json!(["0", "base64", "f.pdf", "%PDF-1.4\n"]));
    assert_eq!(told(3, 1), json!(["b64-1", "base64", "f.pdf", "%PDF-1.4\n"]));
    let all: Vec<_> = messages.iter().map(codes).collect();
    assert_eq!(all, [vec!["gzip64"], vec!["apple-double"], vec!["b64-begin-line"], vec!["begin-base64"]]);
}

#[test]
fn messages_in_files_are_opened_or_told() {
    let extracted = sent(&[
        r#"Content-Type: application/octet-stream; name=fwd.eml\r\nContent-Transfer-Encoding: base64\r\n\r\nUmVjZWl2ZWQ6IGZyb20geCBieSB5OyAxIEphbiAyMDAxIDAwOjAwOjAwIEdNVApGcm9tOiBhQGIK\r\nU3ViamVjdDogaW5uZXIKQ29udGVudC1EaXNwb3NpdGlvbjogYXR0YWNobWVudDsgZmlsZW5hbWU9\r\naW4udHh0CgpkZWVwCg=="#,
        r#"Content-Type: application/octet-stream; name=mail.msg\r\nContent-Transfer-Encoding: base64\r\n\r\n0M8R4KGxGuEAAAAAAAAAAAA="#,
    ]);
    let messages = extracted.lines("messages.jsonl");
    assert_eq!(
        parts(&messages[0], &["path", "encoding", "filename"]),
        [
            json!(["0", "base64", "fwd.eml"]),
            json!(["eml1", "message", null]),
            json!(["eml1.0", null, "in.txt"])
        ]
    );
    let told: Vec<_> = messages.iter().map(|message| message["anomalies"][0]["detail"].clone()).collect();
    assert_eq!(told, ["eml", "msg"]);
}

#[test]
fn types_that_lie_are_told() {
    let extracted = sent(&[
        r#"Content-Type: text/plain; name=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA//8AAA=="#,
        r#"Content-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsDBA=="#,
        r#"Content-Type: application/octet-stream; name="invoice.pdf.exe"\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA//8AAA=="#,
    ]);
    let messages = extracted.lines("messages.jsonl");
    let told: Vec<Value> = messages
        .iter()
        .map(|message| {
            json!([
                message["parts"][0]["detected_type"],
                message["parts"][0]["type_mismatch"],
                message["parts"][0]["safe_name"],
                codes(message)
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["application/vnd.microsoft.portable-executable", true, "a.txt", []]),
            json!(["application/zip", true, "a.jpg", []]),
            json!([
                "application/vnd.microsoft.portable-executable",
                false,
                "invoice.pdf.exe",
                ["name-double-extension"]
            ]),
        ]
    );
}

#[test]
fn content_elsewhere_is_an_address() {
    let extracted = sent(&[
        r#"Content-Type: message/external-body; access-type=URL;\r\n URL="http://example.org/a\r\n  /b.ps"\r\n\r\nContent-Type: application/postscript\r\nContent-ID: <1@x>\r\n\r\nphantom"#,
    ]);
    let message = &extracted.lines("messages.jsonl")[0];
    assert_eq!(
        (&message["urls"], codes(message)),
        (&json!(["http://example.org/a/b.ps"]), vec!["external-body"])
    );
}

const FIRST: &str = r"From: a@b\r\nSubject: piece 1\r\nContent-Type: message/partial; id=x; number=1; total=2\r\n\r\nSubject: whole\r\nContent-Type: text/plain; name=a.txt\r\n\r\none ";
const SECOND: &str =
    r"From: a@b\r\nSubject: piece 2\r\nContent-Type: message/partial; id=x; number=2; total=2\r\n\r\ntwo";

#[test]
fn pieces_of_a_message_are_joined() {
    let extracted = sent(&[SECOND, FIRST]);
    let messages = extracted.lines("messages.jsonl");
    assert_eq!(messages.len(), 3);
    let whole = &messages[2];
    assert_eq!(
        extracted.file(whole),
        "From: a@b\r\nSubject: whole\r\nContent-Type: text/plain; name=a.txt\r\n\r\none \r\ntwo\r\n"
    );
    assert_eq!(
        json!([
            whole["reading"],
            whole["via"],
            whole["complete"],
            whole["sources"],
            whole["headers"]["subject"]
        ]),
        json!(["candidate", ["partial-piece"], true,
               [{"session": 1, "message": 2, "part": "0"}, {"session": 1, "message": 1, "part": "0"}], "whole"])
    );
    assert_eq!(content(&extracted, &whole["parts"][0]), b"one \r\ntwo\r\n");
}

#[test]
fn pieces_that_make_no_message_are_told() {
    let extracted = sent(&[SECOND]);
    assert_eq!(extracted.lines("messages.jsonl").len(), 1);
    let told = extracted.lines("anomalies.jsonl");
    let told = told.iter().find(|anomaly| anomaly["code"] == "partial-incomplete").unwrap();
    assert_eq!(
        told,
        &json!({"session": 1, "layer": "mime", "code": "partial-incomplete", "message": 1, "detail": "1 of 2 pieces of the message x"})
    );
}

#[test]
fn pieces_of_a_yenc_file_are_joined() {
    let extracted = sent(&[
        r"Subject: x\r\n\r\n=ybegin part=2 total=2 line=128 size=10 name=abc.bin\r\n=ypart begin=6 end=10\r\npqrst\r\n=yend size=5 part=2 pcrc32=de69baca",
        r"Subject: x\r\n\r\n=ybegin part=1 total=2 line=128 size=10 name=abc.bin\r\n=ypart begin=1 end=5\r\nklmno\r\n=yend size=5 part=1 pcrc32=72d31ad5",
    ]);
    let messages = extracted.lines("messages.jsonl");
    assert_eq!(messages.len(), 3);
    let whole = &messages[2];
    assert_eq!(
        json!([whole["reading"], whole["via"], whole["sources"], whole["parts"][0]["filename"]]),
        json!(["candidate", ["yenc-part"],
               [{"session": 1, "message": 2, "part": "yenc1"}, {"session": 1, "message": 1, "part": "yenc1"}], "abc.bin"])
    );
    assert_eq!(content(&extracted, &whole["parts"][0]), b"ABCDEFGHIJ");
}
