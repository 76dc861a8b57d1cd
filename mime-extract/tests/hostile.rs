//! Input that is made to cost: none of it may take more than its length, and each limit is told.

mod common;

use bytes::Bytes;
use common::{Step, data, run};
use mime_extract::{Config, Event, EventKind, PartKind};

fn whole(mail: impl Into<Bytes>) -> Vec<Event> {
    run(&[Step::Push(mail.into())], &Config::default())
}

fn codes(events: &[Event]) -> Vec<&'static str> {
    let mut codes: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Anomaly(anomaly) => Some(anomaly.code()),
            _ => None,
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn parts(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.kind, EventKind::PartStart(_))).count()
}

fn nest(levels: usize) -> String {
    (0..levels)
        .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"))
        .collect()
}

#[test]
fn nesting_stops_at_the_limit_and_the_rest_is_a_leaf() {
    for levels in [2_000, 8_000] {
        let mail = format!("{}\ntext", nest(levels));
        let events = whole(mail);
        assert_eq!(parts(&events), 101);
        assert!(codes(&events).contains(&"too-deep"));
    }
}

/// The work for a line must not grow with the number of open multiparts.
#[test]
fn a_million_dashed_lines_below_many_boundaries() {
    let mail = format!("{}\n{}", nest(90), "--b\n--bb--\n".repeat(500_000));
    assert_eq!(parts(&whole(mail)), 91);
}

#[test]
fn parts_stop_at_the_limit_and_the_rest_is_a_leaf() {
    let mail = format!("Content-Type: multipart/mixed; boundary=f\n\n{}", "--f\n".repeat(500_000));
    let events = whole(mail);
    assert_eq!(parts(&events), 10_001);
    assert!(codes(&events).contains(&"too-many-parts"));
    let last = data(&events).into_values().next_back().map(|(_, data)| data.len());
    assert_eq!(last, Some(490_000 * 4));
}

#[test]
fn header_floods() {
    for mail in [
        "A: b\n".repeat(500_000),
        format!("A: {}\n\nbody", "x\n ".repeat(2_000_000)),
        format!("Content-Type: text/plain; {}\n\nbody", "name*0=x; ".repeat(50_000)),
        format!("Subject: {}\n\nbody", "=?utf-8?q?x?= ".repeat(70_000)),
        format!("Content-Type: text/plain; {}\n\nbody", "(".repeat(200_000)),
        format!("{}\nbody", "Content-Type: text/plain\n".repeat(40_000)),
        format!("{}\nbody", "Content-Transfer-Encoding: x\n".repeat(40_000)),
    ] {
        let events = whole(mail);
        assert_eq!(parts(&events), 1);
        let Some(EventKind::Headers(headers)) = events.first().map(|event| &event.kind) else {
            unreachable!("headers come first")
        };
        assert!(headers.len() <= (1 << 20) / 64);
        assert!(headers.text("subject").is_none_or(|text| text.trim_end().len() == 70_000));
    }
}

#[test]
fn messages_in_messages() {
    let events = whole("Content-Type: message/rfc822\n\n".repeat(400));
    assert_eq!(parts(&events), 101);
    assert!(codes(&events).contains(&"too-deep"));

    // In base64 each time: no more than twenty layers.
    let mut mail = "Subject: innermost\r\n\r\ntext\r\n".to_owned();
    for _ in 0..25 {
        let encoded = base64_simd::STANDARD.encode_to_string(mail);
        mail =
            format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n");
    }
    let events = whole(mail);
    assert_eq!(parts(&events), 21);
    assert!(codes(&events).contains(&"too-deep"));
    let ends = events.iter().filter(
        |event| matches!(&event.kind, EventKind::PartEnd(end) if end.kind == PartKind::Leaf && end.size > 0),
    );
    assert_eq!(ends.count(), 1);
}

#[test]
fn one_endless_line() {
    for (head, len) in [("", 10_000_000), ("Subject: x\n\n", 10_000_000)] {
        let events = whole(format!("{head}{}", "x".repeat(10_000_000)));
        assert_eq!(data(&events).get(&0).map(|(_, data)| data.len()), Some(len));
    }
    let soft = format!("Content-Transfer-Encoding: quoted-printable\n\n{}", "=\n".repeat(5_000_000));
    assert_eq!(data(&whole(soft)).get(&0).map(|(_, data)| data.len()), Some(0));
}
