//! `messages.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    AuthenticationResults, Code, Operation, Outcome, Packets, Part, PieceOf, Protocol, Reading, Text, Time,
};

/// A message that was transferred, also an incomplete or refused one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// Its number, from 1.
    pub message: u64,
    /// Number of its session; absent on one that was joined from `sources`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// What it was joined from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Which reading of the bytes it is.
    pub reading: Reading,
    /// On a candidate: the anomalies that make it possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Code>,
    /// The protocol.
    pub protocol: Protocol,
    /// How it was transferred.
    pub operation: Operation,
    /// `ip:port`, `[v6]:port`.
    pub client: String,
    /// `ip:port`, `[v6]:port`.
    pub server: String,
    /// Time of its first byte.
    pub start: Time,
    /// Time of its last byte.
    pub end: Time,
    /// Its packets.
    pub packets: Packets,
    /// SMTP and LMTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Envelope>,
    /// POP3 message number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// POP3 UIDL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<Text>,
    /// IMAP mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<Text>,
    /// IMAP UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u64>,
    /// IMAP sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// IMAP flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Text>,
    /// IMAP INTERNALDATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_date: Option<Text>,
    /// Which part of the message this is: an IMAP section, or `top`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<Text>,
    /// What became of it.
    pub outcome: Outcome,
    /// The reply that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Text>,
    /// Size of the file in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// MD5 of the file.
    pub md5: String,
    /// SHA-256 of the file without one final line end.
    pub sha256_trimmed: String,
    /// The file, below the output folder; empty where nothing is kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Whether the file holds all bytes of the message.
    pub complete: bool,
    /// What the file does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// Header fields that are often asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
    /// All header fields as they stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub header_fields: Vec<HeaderField>,
    /// The way it took, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<Received>,
    /// Authentication-Results fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication_results: Vec<AuthenticationResults>,
    /// Whether it carries attachments.
    pub has_attachments: bool,
    /// Every node of its MIME tree, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The addresses in its text parts, each once, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<Text>,
    /// What was odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<MessageAnomaly>,
    /// Pieces of larger messages and files among its parts; not in the record.
    #[serde(skip)]
    pub pieces: Vec<PieceOf>,
}

impl Message {
    /// A message without bytes, of which nothing is known but how it began.
    #[must_use]
    pub const fn new(
        message: u64,
        protocol: Protocol,
        operation: Operation,
        client: String,
        server: String,
        start: Time,
    ) -> Self {
        Self {
            message,
            session: None,
            sources: Vec::new(),
            reading: Reading::Primary,
            via: Vec::new(),
            protocol,
            operation,
            client,
            server,
            start,
            end: start,
            packets: Packets::new(),
            envelope: None,
            number: None,
            unique_id: None,
            mailbox: None,
            uid: None,
            sequence: None,
            flags: Vec::new(),
            internal_date: None,
            section: None,
            outcome: Outcome::Unknown,
            reply: None,
            size: 0,
            sha256: String::new(),
            md5: String::new(),
            sha256_trimmed: String::new(),
            file: String::new(),
            complete: false,
            missing: Vec::new(),
            headers: None,
            header_fields: Vec::new(),
            received: Vec::new(),
            authentication_results: Vec::new(),
            has_attachments: false,
            parts: Vec::new(),
            urls: Vec::new(),
            anomalies: Vec::new(),
            pieces: Vec::new(),
        }
    }
}

/// Where a piece of a joined message came from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Source {
    /// Number of the session.
    pub session: u64,
    /// The section that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<Text>,
    /// Offset and length in the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<[u64; 2]>,
    /// Number of the message that held the piece in one of its parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<u64>,
    /// The path of that part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl Source {
    /// A piece out of session `session`.
    #[must_use]
    pub const fn new(session: u64) -> Self {
        Self { session, section: None, range: None, message: None, part: None }
    }
}

/// From whom and to whom, as the client said to the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Envelope {
    /// Without angle brackets; empty is the null sender. Absent when MAIL was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<Text>,
    /// In the order of the commands.
    pub rcpt_to: Vec<Recipient>,
    /// Of MAIL, by their upper-case names; one without a value is empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<Text, Text>,
}

/// A recipient.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Recipient {
    /// Without angle brackets.
    pub address: Text,
    /// The reply to RCPT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Text>,
    /// Whether the server took the recipient; absent where it was not heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// LMTP's final reply for this recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Text>,
}

impl Recipient {
    /// A recipient that was not answered.
    #[must_use]
    pub const fn new(address: Text) -> Self {
        Self { address, reply: None, accepted: None, delivery: None }
    }
}

/// Bytes of a message that are not in the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// Where in the whole message, holes before it included.
    pub offset: u64,
    /// How many bytes; absent: cut there, and nobody knows how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

impl Missing {
    /// A hole.
    #[must_use]
    pub const fn new(offset: u64, length: Option<u64>) -> Self {
        Self { offset, length }
    }
}

/// Decoded text of the first field of each name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the header field of its name")]
pub struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cc: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bcc: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub references: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_path: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_date: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_to: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_originating_ip: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Text>,
}

/// A header field: name, raw value, offset in the message. In the record a list of these three.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a list of three in the record, for good")]
pub struct HeaderField(pub Text, pub Text, pub u64);

/// A Received field: its clauses, and out of `from` the name and address of the client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Received {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helo: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Text>,
}

/// Something odd about a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct MessageAnomaly {
    /// Stable kebab-case identifier.
    pub code: Code,
    /// What exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Text>,
}

impl MessageAnomaly {
    /// An anomaly.
    #[must_use]
    pub fn new(code: impl Into<Code>, detail: Option<Text>) -> Self {
        Self { code: code.into(), detail }
    }
}
