//! Content that is made to cost: M67 to M73.

use crate::common::whole;
use crate::support::{check, codes, found, listed};
use bytes::Bytes;

/// The number of parts, the last of them, the anomalies of all, and how many candidates there are.
fn summary(mail: impl Into<Bytes>) -> (usize, String, Vec<&'static str>, usize) {
    let mail = mail.into();
    let listed = listed(&whole(&mail));
    (listed.len(), listed.last().cloned().unwrap_or_default(), codes(mail.clone()), found(&mail).len())
}

#[test]
fn m67_half_a_million_parts() {
    let mail = format!("Content-Type: multipart/mixed; boundary=f\n\n{}", "--f\n".repeat(500_000));
    let (parts, last, codes, candidates) = summary(mail);
    assert_eq!((parts, codes, candidates), (10_001, vec!["too-many-parts", "close-missing"], 0));
    assert!(
        last.starts_with("10000 text/plain \"--f")
            && last.ends_with("..1960000 incomplete too-many-parts(10000)"),
        "{last}"
    );
}

#[test]
fn m68_thousands_of_levels() {
    let levels: String = (0..8000)
        .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"))
        .collect();
    let (parts, last, codes, candidates) = summary(format!("{levels}\ntext"));
    assert_eq!(
        (parts, codes, candidates),
        (101, vec!["boundary-nested-prefix", "too-deep", "boundary-prefix", "close-missing"], 2),
        "{last}"
    );
}

#[test]
fn m69_many_boundaries_and_a_million_dashed_lines() {
    let levels: String = (0..90)
        .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"))
        .collect();
    let (parts, last, codes, candidates) = summary(format!("{levels}\n{}", "--b\n".repeat(1_000_000)));
    assert_eq!(
        (parts, codes, candidates),
        (91, vec!["boundary-nested-prefix", "close-missing"], 0),
        "{last}"
    );
}

#[test]
fn m70_a_flood_of_sections() {
    let flood: String = (0..50_000).map(|number| format!("; name*{number}=x")).collect();
    check(
        format!("Content-Type: text/plain{flood}\n\ntext\n"),
        &[
            r#"0 text/plain name="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" "text\n" param-flood(200)"#,
        ],
        &[],
    );
}

#[test]
fn m71_a_flood_of_comments() {
    check(
        format!("Content-Type: text/plain; {}\n\ntext\n", "(".repeat(200_000)),
        &[r#"0 text/plain "text\n" param-comment comment-depth"#],
        &[],
    );
}

#[test]
fn m72_groups_inside_of_groups_of_addresses() {
    for value in ["a:".repeat(100_000), "=?utf-8?q?x?= ".repeat(10_000)] {
        let events = whole(&format!("From: {value}\nTo: {value}\n\ntext\n").into());
        let Some(mime_extract::EventKind::Headers(headers)) = events.first().map(|event| &event.kind) else {
            unreachable!()
        };
        assert!(!headers.addresses("from").is_empty() && !headers.addresses("to").is_empty());
        assert_eq!(listed(&events), ["0 text/plain \"text\\n\""]);
    }
}

#[test]
fn m73_messages_inside_of_messages() {
    let (parts, last, codes, candidates) = summary("Content-Type: message/rfc822\n\n".repeat(400));
    assert_eq!((parts, codes, candidates), (101, vec!["too-deep"], 0), "{last}");
    let mut mail = "Subject: innermost\n\ntext\n".to_owned();
    for _ in 0..25 {
        let encoded = base64_simd::STANDARD.encode_to_string(mail);
        mail = format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{encoded}\n");
    }
    let (parts, last, codes, candidates) = summary(mail);
    assert_eq!((parts, codes, candidates), (21, vec!["cte-on-message", "too-deep"], 0), "{last}");
}
