//! The list of messages: a short row of each, in which the page searches.

use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};

use super::group::Groups;
use crate::record::{Message, Operation, Outcome, Protocol, Reading, Severity};

/// What a row says by a bit. The page has the same numbers.
pub(super) mod flag {
    pub(in super::super) const ATTACHMENT: u32 = 1;
    pub(in super::super) const INCOMPLETE: u32 = 2;
    pub(in super::super) const ANOMALY: u32 = 4;
    pub(in super::super) const CANDIDATE: u32 = 8;
    pub(in super::super) const JOINED: u32 = 16;
    pub(in super::super) const NO_DETAILS: u32 = 32;
}

/// A row; in the page a list of its fields in this order.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) message: u64,
    /// Which block has its details, and where in it.
    pub(super) block: usize,
    pub(super) place: usize,
    pub(super) session: u64,
    pub(super) protocol: Protocol,
    pub(super) operation: Operation,
    pub(super) outcome: Outcome,
    pub(super) flags: u32,
    /// Milliseconds since the epoch.
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) subject: String,
    /// Its group, by its first message.
    pub(super) group: usize,
    /// Where else words may be found: Message-ID, recipients, names of files.
    pub(super) words: String,
    pub(super) sha256: String,
    pub(super) findings: u32,
    pub(super) severity: Option<Severity>,
}

/// Bytes of a subject or a sender in the list, and of the further words.
const SHORT: usize = 160;
const WORDS: usize = 600;

impl Row {
    pub(super) fn new(message: &Message) -> Self {
        let headers = message.headers.as_ref();
        let short = |text: Option<&crate::record::Text>| {
            super::escape::cut(text.map_or("", |text| text.as_str()), SHORT).to_owned()
        };
        let envelope = message.envelope.as_ref();
        let sender = headers.and_then(|headers| headers.from.as_ref());
        let recipients = envelope.map(|envelope| envelope.rcpt_to.as_slice()).unwrap_or_default();
        let mut flags = 0;
        for (is, flag) in [
            (message.has_attachments, flag::ATTACHMENT),
            (!message.complete, flag::INCOMPLETE),
            (!message.anomalies.is_empty(), flag::ANOMALY),
            (message.reading == Reading::Candidate, flag::CANDIDATE),
            (!message.sources.is_empty(), flag::JOINED),
        ] {
            flags |= if is { flag } else { 0 };
        }
        let to = match headers.and_then(|headers| headers.to.as_ref()) {
            Some(to) => short(Some(to)),
            None => short(recipients.first().map(|to| &to.address)),
        };
        Self {
            message: message.message,
            block: 0,
            place: 0,
            session: message
                .session
                .or_else(|| message.sources.first().map(|source| source.session))
                .unwrap_or(0),
            protocol: message.protocol,
            operation: message.operation,
            outcome: message.outcome,
            flags,
            start: u64::try_from(message.start.at().as_millis()).unwrap_or(u64::MAX),
            size: message.size,
            from: short(sender.or_else(|| envelope.and_then(|envelope| envelope.mail_from.as_ref()))),
            to,
            subject: short(headers.and_then(|headers| headers.subject.as_ref())),
            group: 0,
            words: words(message),
            sha256: message.sha256.clone(),
            findings: 0,
            severity: None,
        }
    }
}

/// What else is searched, as far as there is room.
fn words(message: &Message) -> String {
    let envelope = message.envelope.as_ref();
    let id = message.headers.as_ref().and_then(|headers| headers.message_id.as_ref());
    let from = envelope.and_then(|envelope| envelope.mail_from.as_ref());
    let to = envelope.map(|envelope| envelope.rcpt_to.as_slice()).unwrap_or_default();
    let names = message.parts.iter().filter_map(|part| part.filename.as_ref());
    let texts = id.into_iter().chain(from).chain(names).chain(to.iter().map(|to| &to.address));
    let mut out = String::new();
    for text in texts {
        if out.len() + text.as_str().len() > WORDS {
            continue;
        }
        out.push_str(text.as_str());
        out.push(' ');
    }
    out.truncate(out.trim_end().len());
    out
}

/// What other transfers of the same message have in common with this one.
pub(super) fn keys(message: &Message) -> Vec<String> {
    let id = message.headers.as_ref().and_then(|headers| headers.message_id.as_ref());
    let id = id.map(|id| id.as_str().trim()).filter(|id| id.len() > 2).map(|id| format!("id:{id}"));
    // That of no bytes says nothing.
    let content = (message.size > 2).then(|| format!("sha256:{}", message.sha256_trimmed));
    id.into_iter().chain(content).collect()
}

/// Tells each row the first of its group.
pub(super) fn group(rows: &mut [Row], groups: &mut Groups) {
    for (number, row) in rows.iter_mut().enumerate() {
        row.group = groups.lead(number);
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&self.message)?;
        list.serialize_element(&self.block)?;
        list.serialize_element(&self.place)?;
        list.serialize_element(&self.session)?;
        list.serialize_element(&self.protocol)?;
        list.serialize_element(&self.operation)?;
        list.serialize_element(&self.outcome)?;
        list.serialize_element(&self.flags)?;
        list.serialize_element(&self.start)?;
        list.serialize_element(&self.size)?;
        list.serialize_element(&self.from)?;
        list.serialize_element(&self.to)?;
        list.serialize_element(&self.subject)?;
        list.serialize_element(&self.group)?;
        list.serialize_element(&self.words)?;
        list.serialize_element(&self.sha256)?;
        list.serialize_element(&self.findings)?;
        list.serialize_element(&self.severity)?;
        list.end()
    }
}
