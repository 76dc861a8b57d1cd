//! What content is and says, and how it is shown: M83 to M87, M90 to M93, M98 to M100, M102, M104, M105.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

use crate::support::check;
use bytes::Bytes;
use mime_extract::{Config, EventKind, Extractor, Headers, Part, report, text};

#[test]
fn m83_content_that_is_not_what_it_says() {
    check(
        "Content-Type: text/plain; name=a.txt\nContent-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA//8AAA==\n",
        &[r#"0 text/plain base64 name="a.txt" "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00""#],
        &[],
    );
    check(
        "Content-Type: image/jpeg; name=a.jpg\nContent-Transfer-Encoding: base64\n\nUEsDBA==\n",
        &[r#"0 image/jpeg base64 name="a.jpg" "PK\x03\x04""#],
        &[],
    );
}

#[test]
fn m84_message_partial() {
    check(
        "From: a@b\nContent-Type: message/partial; id=\"x@y\"; number=2; total=2\n\nsecond half\n",
        &[r#"0 message/partial "second half\n" partial-piece"#],
        &[],
    );
}

#[test]
fn m85_external_body() {
    check(
        "Content-Type: message/external-body; access-type=URL;\n URL=\"http://example.org/a\n  /b.ps\"\n\nContent-Type: application/postscript\nContent-ID: <1@x>\n\nphantom\n",
        &[
            r#"0 message/external-body "Content-Type: application/postscript\nContent-ID: <1@x>\n\nphantom\n" external-body"#,
        ],
        &[],
    );
}

#[test]
fn m86_digest() {
    check(
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\nFrom: a@b\nSubject: one\n\ntext\n--b\nContent-Type: text/plain\n\nplain\n--b--\n",
        &[
            "0 multipart multipart/digest",
            r#"1 message message/rfc822 "From: a@b\nSubject: one\n\ntext""#,
            r#"1.0 text/plain "text""#,
            r#"2 text/plain "plain""#,
        ],
        &[],
    );
}

#[test]
fn m87_report() {
    check(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\n--b\nContent-Type: text/rfc822-headers\n\nFrom: a@b\nSubject: x\n--b--\n",
        &[
            "0 multipart multipart/report",
            r#"1 text/plain "It failed.""#,
            r#"2 message/delivery-status "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed""#,
            r#"3 text/rfc822-headers "From: a@b\nSubject: x""#,
        ],
        &[],
    );
    let status =
        report::delivery_status(b"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed");
    let fields: Vec<_> = status.recipients.iter().map(|one| format!("{:?}", one.fields)).collect();
    assert_eq!(format!("{:?}", status.fields), "[Reporting-MTA: dns; mx]");
    assert_eq!(fields, ["[Final-Recipient: rfc822; a@b, Action: failed]"]);
    let address = status.recipients[0].address.as_ref().map(|address| (&*address.kind, &*address.value));
    assert_eq!(address, Some(("rfc822", "a@b")));
}

#[test]
fn m90_format_flowed() {
    check(
        "Content-Type: text/plain; format=flowed; delsp=yes\n\nA line that goes \non.\n",
        &[r#"0 text/plain "A line that goes \non.\n""#],
        &[],
    );

    for (parameters, expected) in [
        ("; format=flowed; delsp=yes", "A line that goes on.\n"),
        ("; format=flowed", "A line that goes  on.\n"),
        ("", "A line that goes  \non.\n"),
    ] {
        let (part, content) =
            only(&format!("Content-Type: text/plain{parameters}\n\nA line that goes  \non.\n"));
        assert_eq!(
            (&*text::of(&part, &content).text, content.as_slice()),
            (expected, &b"A line that goes  \non.\n"[..])
        );
    }
}

#[test]
fn m91_raw_utf8_in_fields() {
    check("Subject: café\nFrom: Jörg <jörg@exämple.org>\n\nx\n", &[r#"0 text/plain "x\n""#], &[]);

    let told = headers("Subject: café\nFrom: Jörg <jörg@exämple.org>\n\n");
    let from = &told.addresses("from")[0];
    assert_eq!(told.text("subject").as_deref(), Some("café"));
    assert_eq!((from.name.as_deref(), from.address.as_str()), (Some("Jörg"), "jörg@exämple.org"));
    check(b"Subject: caf\xe9\n\nx\n".as_slice(), &[r#"0 text/plain "x\n" header-8bit"#], &[]);
}

#[test]
fn m92_disposition_notification_and_feedback() {
    check(
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: message/disposition-notification\n\nOriginal-Recipient: rfc822;a@b\nDisposition: manual-action/MDN-sent-manually; displayed\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n",
        &[
            "0 multipart multipart/report",
            r#"1 message/disposition-notification "Original-Recipient: rfc822;a@b\nDisposition: manual-action/MDN-sent-manually; displayed""#,
            r#"2 message/feedback-report "Feedback-Type: abuse""#,
        ],
        &[],
    );
}

#[test]
fn m93_charset_that_lies() {
    check("Content-Type: text/plain; charset=foo\n\ntext\n", &[r#"0 text/plain "text\n" charset-bad"#], &[]);
    check("Content-Type: text/plain; charset=utf-7\n\n+AKM-5\n", &[r#"0 text/plain "+AKM-5\n""#], &[]);
    check(
        b"Content-Type: text/plain; charset=utf-16le\n\na\x00b\x00".as_slice(),
        &[r#"0 text/plain "a\x00b\x00""#],
        &[],
    );

    for (charset, content, expected, used, exact) in [
        (Some("foo"), &b"caf\xe9"[..], "café", "windows-1252", false),
        (Some("utf-7"), b"+AKM-5", "£5", "UTF-7", true),
        (Some("utf-16le"), b"a\0b\0", "ab", "UTF-16LE", true),
        (None, b"\xef\xbb\xbfa\0b", "a\0b", "UTF-8", true),
    ] {
        let got = text::decoded(charset, content);
        assert_eq!((&*got.text, got.charset, got.exact), (expected, used, exact), "{charset:?}");
    }
}

#[test]
fn m98_repeated_fields() {
    check(
        "From: a@b\nSubject: one\nFrom: c@d\nSubject: two\nDate: 1 Jan 2001 00:00 GMT\nDate: 2 Jan 2001 00:00 GMT\n\nx\n",
        &[r#"0 text/plain "x\n" header-duplicate(date) header-duplicate(from) header-duplicate(subject)"#],
        &[],
    );

    let told = headers("From: a@b\nSubject: one\nFrom: c@d\nSubject: two\n\n");
    let fields: Vec<_> = told.iter().map(|field| (field.offset(), field.text())).collect();
    assert_eq!(fields, [(0, "a@b".into()), (10, "one".into()), (23, "c@d".into()), (33, "two".into())]);
}

#[test]
fn m99_obsolete_syntax() {
    check(
        "Date: (a (b)) Mon, 1 (c) Jan 01 00:00 EST (d)\nFrom: (x) Pete(r) <pete(his) . mail @ example . org>\n\nx\n",
        &[r#"0 text/plain "x\n""#],
        &[],
    );

    let told = headers(
        "Date: (a (b)) Mon, 1 (c) Jan 01 00:00 EST (d)\nFrom: (x) Pete(r) <pete(his) . mail @ example . org>\n\n",
    );
    let (date, from) = (told.first("date").unwrap(), &told.addresses("from")[0]);
    assert_eq!(date.raw(), b"(a (b)) Mon, 1 (c) Jan 01 00:00 EST (d)");
    assert_eq!(date.date().map(|date| (date.unix, date.offset)), Some((978_325_200, Some(-300))));
    assert_eq!((from.name.as_deref(), from.address.as_str()), (Some("Pete"), "pete.mail@example.org"));
}

#[test]
fn m100_the_last_line_end() {
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n\n--b\n\ntext\n--b--\n",
        &["0 multipart multipart/mixed", r#"1 text/plain "text\n""#, r#"2 text/plain "text""#],
        &[],
    );
}

#[test]
fn m102_the_same_part_twice() {
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n--b\nContent-Type: application/ics; name=invite.ics\n\nBEGIN:VCALENDAR\n--b--\n",
        &[
            "0 multipart multipart/mixed",
            r#"1 text/calendar "BEGIN:VCALENDAR""#,
            r#"2 application/ics name="invite.ics" "BEGIN:VCALENDAR""#,
        ],
        &[],
    );
}

#[test]
fn m104_content_ids_that_refer_to_each_other() {
    check(
        "Content-Type: multipart/related; boundary=b; start=\"<1@x>\"\n\n--b\nContent-Type: text/html\nContent-ID: <1@x>\n\n<img src=\"cid:2@x\">\n--b\nContent-Type: text/html\nContent-ID: <2@x>\n\n<img src=\"cid:1@x\">\n--b--\n",
        &[
            "0 multipart multipart/related",
            r#"1 text/html id=1@x "<img src=\"cid:2@x\">""#,
            r#"2 text/html id=2@x "<img src=\"cid:1@x\">""#,
        ],
        &[],
    );
}

#[test]
fn m105_content_length_and_lines() {
    check(
        "Content-Length: 3\nLines: 1\nSubject: x\n\nlonger than it says\nand two lines\n",
        &[r#"0 text/plain "longer than it says\nand two lines\n""#],
        &[],
    );
}

/// The only part of a mail and its content.
fn only(mail: &str) -> (Part, Vec<u8>) {
    let mut extractor = Extractor::new(Config::default());
    extractor.push(Bytes::copy_from_slice(mail.as_bytes()));
    extractor.finish();
    let (mut only, mut content) = (None, Vec::new());
    for event in extractor.events() {
        match event.kind {
            EventKind::PartStart(part) => only = Some(*part),
            EventKind::PartData(bytes) => content.extend_from_slice(&bytes),
            _ => {}
        }
    }
    (only.unwrap(), content)
}

fn headers(mail: &str) -> Headers {
    only(mail).0.headers
}
