//! Input that is made to cost: none of it may take more than its length, and each limit is told.

mod common;
#[path = "common/inputs.rs"]
mod inputs;

use bytes::Bytes;
use common::{Step, data, run};
use inputs::HOSTILE;
use mime_extract::{Config, Event, EventKind, Extractor, PartKind, candidates};

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

/// The most memory in use at a time while `work` is done.
fn peak(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).bytes_max
}

/// What a reader needs does not grow with what is made to cost: the limits bound it, however long the message is.
#[test]
fn memory_of_one_reading() {
    let config = Config::default();
    for (name, make) in HOSTILE {
        let mail = Bytes::from(make());
        let mut events = 0;
        let used = peak(|| {
            let mut extractor = Extractor::new(config.clone());
            for at in (0..mail.len()).step_by(1448) {
                extractor.push(mail.slice(at..mail.len().min(at + 1448)));
                events += extractor.events().count();
                assert!(extractor.buffered() <= config.worst_case(), "{name}");
            }
            extractor.finish();
            events += extractor.events().count();
        });
        let len = mail.len() as u64;
        assert!(used <= (4 * len).min(config.worst_case() as u64) + (256 << 10), "{name}: {used} for {len}");
        // A chunk lies in each open message, and may end some parts.
        let most = mail.len() / 4 + 110 * (mail.len() / 1448 + 1) + 50_000;
        assert!(events <= most, "{name}: {events} events of {} bytes", mail.len());
    }
}

/// All other readings together take no more than four times the message, and a little.
#[test]
fn memory_of_all_readings() {
    for (name, make) in HOSTILE {
        let mail = Bytes::from(make());
        let used = peak(|| assert!(candidates(mail.clone(), &[], &Config::default()).count() <= 100_000));
        let len = mail.len() as u64;
        assert!(used <= 4 * len + (8 << 20), "{name}: {used} for {len}");
    }
}
