//! What is told of a mail, one line for each part.

#![allow(dead_code, reason = "chapters take what they need")]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

use crate::common::{data, whole};
use bytes::Bytes;
use mime_extract::{Anomaly, Candidate, Config, Decode, Event, EventKind, Part, PartKind, candidates};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Asserts all that is told of a mail, and of its other readings.
///
/// A part is `path kind type encoding`, where kind `leaf` and encoding `7bit` are left out, then what there is of:
/// `name=".."` (each, the best first), `id=..`, `in=..` (the container), its data in quotes (a multipart has none),
/// `incomplete`, `partial` or `failed`, and its anomalies in order, `code` or `code(detail)`.
///
/// Of another reading only the leaves that the first one does not have are told: in the same way, with `via code,code`
/// and, where it applies, `hidden=preamble` or `hidden=epilogue` instead of anomalies.
#[track_caller]
pub(crate) fn check(mail: impl Into<Bytes>, parts: &[&str], candidates: &[&str]) {
    let mail = mail.into();
    assert_eq!(listed(&whole(&mail)), parts, "parts");
    assert_eq!(found(&mail), candidates, "candidates");
}

/// The anomalies of a mail, in order, each code once.
pub(crate) fn codes(mail: impl Into<Bytes>) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for event in whole(&mail.into()) {
        if let EventKind::Anomaly(anomaly) = event.kind
            && !codes.contains(&anomaly.code())
        {
            codes.push(anomaly.code());
        }
    }
    codes
}

/// One line for each part.
pub(crate) fn listed(events: &[Event]) -> Vec<String> {
    let data = data(events);
    let mut lines: BTreeMap<u32, (String, String, String)> = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::PartStart(part) => {
                lines.insert(event.part, (described(part), String::new(), String::new()));
            }
            EventKind::PartName(name) => {
                write!(lines.get_mut(&event.part).unwrap().0, " name={:?}", name.value).unwrap();
            }
            EventKind::PartEnd(end) => {
                let (_, ended, _) = lines.get_mut(&event.part).unwrap();
                if end.kind != PartKind::Multipart {
                    *ended = format!(" {}", quoted(&data[&event.part].1));
                }
                if !end.complete {
                    ended.push_str(" incomplete");
                }
                ended.push_str(decode(end.decode));
            }
            EventKind::Anomaly(anomaly) => {
                let (_, _, anomalies) = lines.get_mut(&event.part).unwrap();
                let detail = anomaly.detail().map(|detail| format!("({detail})")).unwrap_or_default();
                write!(anomalies, " {}{detail}", anomaly.code()).unwrap();
            }
            _ => {}
        }
    }
    lines.into_values().map(|(start, end, anomalies)| start + &end + &anomalies).collect()
}

/// One line for each leaf that only another reading finds.
pub(crate) fn found(mail: &Bytes) -> Vec<String> {
    let shown = |found: Candidate| {
        let mut line = format!("{} {}", described(&found.part), quoted(&found.content));
        if !found.end.complete {
            line.push_str(" incomplete");
        }
        line.push_str(decode(found.end.decode));
        let via: Vec<_> = found.via.iter().map(Anomaly::code).collect();
        write!(line, " via {}", via.join(",")).unwrap();
        if let Some(hidden) = found.hidden {
            write!(line, " hidden={}", format!("{hidden:?}").to_lowercase()).unwrap();
        }
        line
    };
    candidates(mail.clone(), &[], &Config::default()).map(shown).collect()
}

fn described(part: &Part) -> String {
    let mut text = part.path.clone();
    match part.kind {
        PartKind::Leaf => {}
        kind => write!(text, " {}", format!("{kind:?}").to_lowercase()).unwrap(),
    }
    write!(text, " {}", part.content_type).unwrap();
    match (part.encoding.name(), &part.encoding_raw) {
        ("7bit", _) => {}
        ("", raw) => write!(text, " {:?}", raw.as_deref().unwrap_or_default()).unwrap(),
        (name, _) => write!(text, " {name}").unwrap(),
    }
    for name in &part.names {
        write!(text, " name={:?}", name.value).unwrap();
    }
    if let Some(id) = &part.content_id {
        write!(text, " id={id}").unwrap();
    }
    if let Some(container) = part.container {
        write!(text, " in={}", container.name()).unwrap();
    }
    text
}

fn decode(decode: Decode) -> &'static str {
    match decode {
        Decode::Ok => "",
        Decode::Partial => " partial",
        _ => " failed",
    }
}

/// Data as it is written in Rust; long data by its start and length.
fn quoted(data: &[u8]) -> String {
    match data.split_at_checked(200) {
        Some((start, rest)) if !rest.is_empty() => {
            format!("\"{}\"..{}", start.escape_ascii(), data.len())
        }
        _ => format!("\"{}\"", data.escape_ascii()),
    }
}
