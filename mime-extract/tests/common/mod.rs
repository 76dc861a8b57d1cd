//! Mails, and what an extractor tells of them, as text.

#![allow(dead_code, reason = "each test file takes what it needs")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test may fail loudly")]

pub(crate) mod checks;

use bytes::Bytes;
use mime_extract::{Config, Encoding, Event, EventKind, Extractor, Part, PartKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What goes into an extractor.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Push(Bytes),
    Gap(Option<u64>),
}

/// The `.eml` files of this crate.
pub(crate) fn corpus() -> Vec<(PathBuf, Bytes)> {
    mails(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), "eml")
}

/// Python's own test messages, where Python and its tests are.
pub(crate) fn python_corpus() -> Vec<(PathBuf, Bytes)> {
    let script = "import os, test.test_email as t; print(os.path.join(os.path.dirname(t.__file__), 'data'))";
    let found = std::process::Command::new("python3").args(["-c", script]).output();
    match found {
        Ok(found) if found.status.success() => {
            mails(Path::new(String::from_utf8_lossy(&found.stdout).trim()), "txt")
        }
        _ => Vec::new(),
    }
}

fn mails(folder: &Path, extension: &str) -> Vec<(PathBuf, Bytes)> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|is| is == extension))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap().into())).collect()
}

/// All events; after each step the memory bound is checked.
pub(crate) fn run(steps: &[Step], config: &Config) -> Vec<Event> {
    let mut extractor = Extractor::new(config.clone());
    let mut events = Vec::new();
    for step in steps {
        match step {
            Step::Push(bytes) => extractor.push(bytes.clone()),
            Step::Gap(len) => extractor.gap(*len),
        }
        events.extend(extractor.events());
        let buffered = extractor.buffered();
        assert!(buffered <= config.worst_case(), "{buffered} of {} bytes held", config.worst_case());
    }
    extractor.finish();
    events.extend(extractor.events());
    assert_eq!(extractor.buffered(), 0);
    assert!(extractor.poll_event().is_none());
    events
}

pub(crate) fn whole(mail: &Bytes) -> Vec<Event> {
    run(&[Step::Push(mail.clone())], &Config::default())
}

/// The mail in pieces of the given sizes, in turn.
pub(crate) fn chunks(mail: &Bytes, sizes: &[usize]) -> Vec<Step> {
    let mut rest = mail.clone();
    let mut sizes = sizes.iter().copied().cycle();
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
        steps.push(Step::Push(rest.split_to(size)));
    }
    steps
}

/// The data of each part, by its number, with its path.
pub(crate) fn data(events: &[Event]) -> BTreeMap<u32, (String, Vec<u8>)> {
    let mut parts = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::PartStart(part) => {
                assert!(parts.insert(event.part, (part.path.clone(), Vec::new())).is_none());
            }
            EventKind::PartData(bytes) => {
                assert!(!bytes.is_empty());
                parts.get_mut(&event.part).unwrap().1.extend_from_slice(bytes);
            }
            _ => {}
        }
    }
    parts
}

/// The events as lines, data joined and told where its part ends. Places inside of decoded messages are left out:
/// they depend on how the message was cut.
pub(crate) fn listing(events: &[Event]) -> Vec<String> {
    let mut data = data(events);
    let inside = inside_of_encoded(events);
    let mut lines = Vec::new();
    for Event { range, part, kind, .. } in events {
        let place = |range: &std::ops::Range<u64>| {
            if inside.contains(part) { String::new() } else { format!(" @{}..{}", range.start, range.end) }
        };
        let line = match kind {
            EventKind::Headers(headers) => format!("headers {}{}", headers.len(), place(range)),
            EventKind::PartStart(start) => format!("start {part} {}{}", describe(start), place(range)),
            EventKind::PartData(_) => continue,
            EventKind::PartName(name) => {
                format!("name {part} {}={}", name.source.name(), name.value.escape_debug())
            }
            EventKind::PartGap(len) => format!("gap {part} {len:?}"),
            EventKind::PartEnd(end) => {
                let (_, data) = data.remove(part).unwrap();
                assert_eq!(data.len() as u64, end.size);
                let state = if end.complete { "complete" } else { "incomplete" };
                format!(
                    "end {part} {:?} {} {state} {:?}{} {}",
                    end.kind,
                    end.size,
                    end.decode,
                    place(&end.raw),
                    shown(&data)
                )
            }
            EventKind::Anomaly(anomaly) => {
                let detail = anomaly.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
                format!("anomaly {part} {}{detail}{}", anomaly.code(), place(range))
            }
            EventKind::End => "end".to_owned(),
            other => format!("{other:?}"),
        };
        lines.push(line);
    }
    assert!(data.is_empty(), "parts without an end");
    lines
}

/// The parts inside of messages and files that were in a transfer encoding.
pub(crate) fn inside_of_encoded(events: &[Event]) -> BTreeSet<u32> {
    let (mut encoded, mut inside) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        if let EventKind::PartStart(part) = &event.kind {
            if part.parent.is_some_and(|parent| encoded.contains(&parent) || inside.contains(&parent)) {
                inside.insert(event.part);
            }
            // A message in a file is read as that is taken out.
            let in_file = part.kind == PartKind::Message && part.container.is_some();
            if part.kind != PartKind::Multipart
                && (matches!(part.encoding, Encoding::Base64 | Encoding::QuotedPrintable | Encoding::Gzip64)
                    || in_file)
            {
                encoded.insert(event.part);
            }
        }
    }
    inside
}

fn describe(part: &Part) -> String {
    let mut text = format!("{} {:?} {} {}", part.path, part.kind, part.content_type, part.encoding.name());
    let optional = [
        ("charset", &part.charset),
        ("disposition", &part.disposition),
        ("filename", &part.filename),
        ("id", &part.content_id),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            text += &format!(" {name}={}", value.escape_debug());
        }
    }
    if let Some(container) = part.container {
        text += &format!(" in={}", container.name());
    }
    if part.names.len() > 1 {
        for name in &part.names {
            text += &format!(" {}={}", name.source.name(), name.value.escape_debug());
        }
    }
    text += &format!(" fields={}", part.headers.len());
    text
}

fn shown(data: &[u8]) -> String {
    match data.split_at_checked(120) {
        Some((start, rest)) => {
            // What is not shown still counts.
            let sum = rest.iter().fold(0u32, |sum, byte| sum.rotate_left(5) ^ u32::from(*byte));
            format!("\"{}\"..{sum:08x}", start.escape_ascii())
        }
        None => format!("\"{}\"", data.escape_ascii()),
    }
}
