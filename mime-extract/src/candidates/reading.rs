//! One reading of the whole message by the extractor.

use super::Candidate;
use super::message::{Message, Step};
use crate::choices::KnownLeaf;
use crate::headers::Headers;
use crate::{Anomaly, Config, Encoding, Event, EventKind, Extractor, Part, PartKind};
use bytes::Bytes;
use core::ops::Range;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Anomalies of one part that are looked at.
pub(super) const MAX_ANOMALIES: usize = 64;

/// What the primary reading leaves behind.
#[derive(Debug, Default)]
pub(super) struct Primary {
    pub(super) digests: BTreeSet<[u8; 32]>,
    pub(super) known: BTreeMap<u64, KnownLeaf>,
    pub(super) facts: Vec<Fact>,
}

/// What another reading found.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) leaves: Vec<Leaf>,
    /// What is in decoded multiparts that have no parts.
    pub(super) undivided: Vec<Leaf>,
    pub(super) facts: Vec<Fact>,
    /// Bytes decoded.
    pub(super) spent: u64,
    /// A leaf was passed over that is another one than it was taken for.
    pub(super) misled: bool,
}

/// A leaf that may be new.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) digest: [u8; 32],
    pub(super) candidate: Candidate,
}

/// What there is to know of a part for whoever suggests other readings.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) kind: PartKind,
    pub(super) encoding: Encoding,
    pub(super) headers: Headers,
    /// Where its header begins, and where its body stands.
    pub(super) start: u64,
    pub(super) raw: Range<u64>,
    pub(super) whole: bool,
    /// Whether these places are exact: not inside of a transfer encoding.
    pub(super) exact: bool,
    pub(super) anomalies: Vec<(Anomaly, u64)>,
}

/// A part that is open.
#[derive(Debug)]
struct Open {
    part: Box<Part>,
    hash: Sha256,
    content: Vec<Bytes>,
    anomalies: Vec<(Anomaly, u64)>,
    exact: bool,
    decoded: bool,
}

impl Open {
    /// Whether it is what stands before the first part of a multipart that travelled in base64 or quoted-printable.
    fn is_decoded_preamble(&self) -> bool {
        self.part.kind == PartKind::Preamble && !self.exact
    }
}

/// Whether a header says anything about its body.
fn has_content_field(headers: &Headers) -> bool {
    headers
        .iter()
        .any(|field| field.name().get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-")))
}

/// Runs an extractor over the message.
fn run(message: &Message, config: &Config, mut tell: impl FnMut(Event) -> bool) {
    let mut extractor = Extractor::new(config.clone());
    for step in message.steps(config.choices.bare_cr) {
        match step {
            Step::Push(bytes) => extractor.push(bytes),
            Step::Gap(len) => extractor.gap(len),
        }
        while let Some(event) = extractor.poll_event() {
            if !tell(event) {
                return;
            }
        }
    }
    extractor.finish();
    while let Some(event) = extractor.poll_event() {
        if !tell(event) {
            return;
        }
    }
}

/// The open parts of a reading, and what is known of those that are over.
#[derive(Debug, Default)]
struct Parts {
    open: BTreeMap<u32, Open>,
    /// Of each part: whether what is in it stands in the message byte for byte.
    exact_inside: Vec<bool>,
    facts: Vec<Fact>,
}

impl Parts {
    fn start(&mut self, number: u32, part: Box<Part>) {
        let above = part.parent.and_then(|parent| self.exact_inside.get(parent as usize).copied());
        let exact = above.unwrap_or(true) && part.container.is_none();
        let decoded =
            matches!(part.encoding, Encoding::Base64 | Encoding::QuotedPrintable | Encoding::Gzip64);
        self.exact_inside.push(exact && (part.kind == PartKind::Multipart || !decoded));
        let (hash, content, anomalies) = (Sha256::new(), Vec::new(), Vec::new());
        self.open.insert(number, Open { part, hash, content, anomalies, exact, decoded });
    }

    fn anomaly(&mut self, number: u32, anomaly: Anomaly, at: u64) {
        if let Some(open) = self.open.get_mut(&number)
            && (anomaly.is_ambiguous() && open.anomalies.len() < MAX_ANOMALIES)
        {
            open.anomalies.push((anomaly, at));
        }
    }

    fn end(&mut self, number: u32, end: &crate::PartEnd) -> Option<Open> {
        let mut open = self.open.remove(&number)?;
        self.facts.push(Fact {
            kind: end.kind,
            encoding: open.part.encoding,
            headers: open.part.headers.clone(),
            start: open.part.start,
            raw: end.raw.clone(),
            whole: end.decode == crate::Decode::Ok,
            exact: open.exact,
            anomalies: core::mem::take(&mut open.anomalies),
        });
        Some(open)
    }

    /// All parts, in the order of the message.
    fn finish(mut self) -> Vec<Fact> {
        self.facts.sort_by_key(|fact| fact.start);
        self.facts
    }
}

/// The primary reading: what is there already, and what is odd.
pub(super) fn primary(message: &Message, config: &Config) -> Primary {
    let mut parts = Parts::default();
    let (mut digests, mut known) = (BTreeSet::new(), BTreeMap::new());
    run(message, config, |Event { part: number, kind, range }| {
        match kind {
            EventKind::PartStart(part) => parts.start(number, part),
            EventKind::PartData(bytes) => {
                if let Some(open) = parts.open.get_mut(&number) {
                    open.hash.update(&bytes);
                }
            }
            EventKind::Anomaly(anomaly) => parts.anomaly(number, anomaly, range.start),
            EventKind::PartEnd(end) => {
                if let Some(open) = parts.end(number, &end)
                    && open.part.kind != PartKind::Multipart
                {
                    digests.insert(open.hash.finalize().into());
                    if open.exact && end.kind == PartKind::Leaf && open.part.kind == PartKind::Leaf {
                        let (content_type, encoding) = (open.part.content_type, open.part.encoding);
                        known.insert(end.raw.start, KnownLeaf { content_type, encoding, end: end.raw.end });
                    }
                }
            }
            _ => {}
        }
        true
    });
    Primary { digests, known, facts: parts.finish() }
}

/// Another reading: leaves whose digest is not among `seen`, as long as no more than `budget` bytes are decoded.
pub(super) fn other(message: &Message, config: &Config, seen: &BTreeSet<[u8; 32]>, budget: u64) -> Outcome {
    let mut parts = Parts::default();
    let mut outcome = Outcome::default();
    // What stands in a decoded multipart before its first part, by the multipart: its content, if it has no parts.
    let mut undivided: BTreeMap<u32, Leaf> = BTreeMap::new();
    let known = config.choices.known.as_deref();
    run(message, config, |Event { part: number, kind, range }| {
        match kind {
            EventKind::PartStart(part) => parts.start(number, part),
            EventKind::PartName(name) => {
                if let Some(open) = parts.open.get_mut(&number) {
                    open.part.filename = Some(name.value.clone());
                    open.part.names.insert(0, name);
                }
            }
            EventKind::PartData(mut bytes) => {
                if let Some(open) = parts.open.get_mut(&number)
                    && (open.part.kind == PartKind::Leaf || open.is_decoded_preamble())
                {
                    // What is not decoded is kept as it stands in the message, whatever its line ends were read as.
                    if config.choices.bare_cr && open.exact && !open.decoded {
                        bytes = message.share(&range).unwrap_or(bytes);
                    }
                    outcome.spent = outcome.spent.saturating_add(bytes.len() as u64);
                    open.hash.update(&bytes);
                    open.content.push(bytes);
                }
            }
            EventKind::Anomaly(anomaly) => {
                if anomaly == Anomaly::NoParts {
                    outcome.undivided.extend(undivided.remove(&number));
                }
                parts.anomaly(number, anomaly, range.start);
            }
            EventKind::PartEnd(end) => {
                if let Some(open) = parts.end(number, &end) {
                    let leaf = known.and_then(|known| known.get(&end.raw.start));
                    if let Some(leaf) = leaf.filter(|_| open.exact && end.size == 0) {
                        outcome.misled |= leaf.end != end.raw.end;
                    }
                    let above = open.part.parent.filter(|_| open.is_decoded_preamble());
                    let digest = open.hash.finalize().into();
                    if let Some(above) = above.filter(|_| !seen.contains(&digest)) {
                        let (content, mut part, mut end) = (joined(open.content), open.part, end);
                        (part.kind, end.kind) = (PartKind::Leaf, PartKind::Leaf);
                        "application/octet-stream".clone_into(&mut part.content_type);
                        part.path = part.path.trim_end_matches("preamble").trim_end_matches('.').to_owned();
                        let candidate = Candidate { part, end, content, via: Vec::new(), hidden: None };
                        undivided.insert(above, Leaf { digest, candidate });
                        return outcome.spent <= budget;
                    }
                    let hidden = hidden(&open.part);
                    let wanted = end.kind == PartKind::Leaf
                        && open.part.kind == PartKind::Leaf
                        && end.size > 0
                        && !seen.contains(&digest)
                        && (hidden.is_none() || has_content_field(&open.part.headers));
                    if wanted {
                        let content = joined(open.content);
                        let candidate = Candidate { part: open.part, end, content, via: Vec::new(), hidden };
                        outcome.leaves.push(Leaf { digest, candidate });
                    }
                }
            }
            _ => {}
        }
        outcome.spent <= budget
    });
    outcome.facts = parts.finish();
    outcome
}

fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.pop() {
        Some(only) if pieces.is_empty() => only,
        Some(last) => {
            pieces.push(last);
            pieces.concat().into()
        }
        None => Bytes::new(),
    }
}

/// Whether a part, or one around it, was found outside of the parts of a multipart.
fn hidden(part: &Part) -> Option<PartKind> {
    part.path.split('.').find_map(|name| {
        if name.starts_with("preamble") {
            Some(PartKind::Preamble)
        } else if name.starts_with("epilogue") {
            Some(PartKind::Epilogue)
        } else {
            None
        }
    })
}
