//! What holds for the events of every message.

use super::{Step, data, inside_of_encoded};
use bytes::Bytes;
use mime_extract::{Encoding, Event, EventKind, PartKind};

/// The decode of a cut message is a prefix of the decode of the message, part by part.
pub(crate) fn check_prefix(cut: &[Event], all: &[Event], what: &str) {
    let all = data(all);
    for (index, (path, start)) in data(cut) {
        if start.is_empty() {
            continue;
        }
        let Some((whole_path, whole)) = all.get(&index) else {
            panic!("{what}: part {path} is not in the whole")
        };
        assert_eq!(&path, whole_path, "{what}");
        assert!(
            whole.starts_with(&start),
            "{what}: part {path}: \"{}\" does not begin with \"{}\"",
            whole.escape_ascii(),
            start.escape_ascii()
        );
    }
}

/// What no decoder touched is what stands in the message, at the place that is told.
pub(crate) fn check_raw(mail: &Bytes, events: &[Event]) {
    let inside = inside_of_encoded(events);
    let data = data(events);
    let mut raw = std::collections::BTreeSet::new();
    for event in events.iter().filter(|event| !inside.contains(&event.part)) {
        match &event.kind {
            EventKind::PartStart(part)
                if part.container.is_none()
                    && !matches!(
                        part.encoding,
                        Encoding::Base64 | Encoding::QuotedPrintable | Encoding::Gzip64
                    ) =>
            {
                raw.insert(event.part);
            }
            EventKind::PartEnd(end) if end.kind != PartKind::Multipart && raw.contains(&event.part) => {
                let [from, to] = [end.raw.start, end.raw.end].map(|at| usize::try_from(at).unwrap());
                let (path, data) = &data[&event.part];
                assert_eq!(
                    data.escape_ascii().to_string(),
                    mail[from..to].escape_ascii().to_string(),
                    "part {path} at {from}..{to}"
                );
            }
            EventKind::PartData(bytes) if raw.contains(&event.part) => {
                let [from, to] = [event.range.start, event.range.end].map(|at| usize::try_from(at).unwrap());
                assert_eq!(bytes, &mail[from..to], "part {} at {from}..{to}", event.part);
            }
            _ => {}
        }
    }
}

/// A mail with a piece replaced by a gap.
pub(crate) fn with_gap(mail: &Bytes, from: usize, to: usize, known: bool) -> Vec<Step> {
    let len = known.then_some((to - from) as u64);
    vec![Step::Push(mail.slice(..from)), Step::Gap(len), Step::Push(mail.slice(to..))]
}

/// What a gap must not leave: a part that says it is whole although bytes of its body are missing. Inside of decoded
/// messages nobody knows where a gap is.
pub(crate) fn check_gap(events: &[Event], at: u64, what: &str) {
    let inside = inside_of_encoded(events);
    for event in events.iter().filter(|event| !inside.contains(&event.part)) {
        if let EventKind::PartEnd(end) = &event.kind {
            let touched = event.range.start < at && at < end.raw.end;
            assert!(
                !(touched && end.complete),
                "{what}: part {} is whole in spite of a gap at {at}",
                event.part
            );
        }
    }
}

/// A gap leaves a trace: its own event, or that of the header that it tore.
pub(crate) fn check_gap_told(events: &[Event], what: &str) {
    let told = events.iter().any(|event| match &event.kind {
        EventKind::PartGap(_) => true,
        EventKind::Anomaly(anomaly) => anomaly.code() == "header-gap",
        _ => false,
    });
    assert!(told, "{what}: nothing told of a gap");
}
