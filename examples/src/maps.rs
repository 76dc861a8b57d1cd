//! Maps: who mailed whom, and which host spoke to which server.
//!
//! Both are made of records, told in any order, and come out sorted: nodes by name, edges by the names of their ends.
//!
//! ```
//! use mailtap::maps::Correspondence;
//! use mailtap::record::{Envelope, Message, Operation, Protocol, Recipient, Time};
//!
//! let at = Time::new(core::time::Duration::ZERO, 0);
//! let (client, server) = ("10.0.0.1:4000".to_owned(), "10.0.0.2:25".to_owned());
//! let mut message = Message::new(1, Protocol::Smtp, Operation::Data, client, server, at);
//! let mut envelope = Envelope::default();
//! envelope.mail_from = Some("Ann@example.org".into());
//! envelope.rcpt_to = vec![Recipient::new("bob@example.net".into())];
//! message.envelope = Some(envelope);
//!
//! let mut map = Correspondence::new(100_000);
//! map.message(&message);
//! let map = map.finish();
//! let edge = &map.edges[0];
//! assert_eq!((edge.from.as_str(), edge.to.as_str(), edge.messages), ("Ann@example.org", "bob@example.net", 1));
//! ```

use crate::record::{Message, Outcome, Protocol, Reading, Session, Sides, Text, Time};
use mime_extract::Address;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Nodes and edges.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Map<Node, Edge> {
    /// Sorted by name.
    pub nodes: Vec<Node>,
    /// Sorted by the names of their ends.
    pub edges: Vec<Edge>,
    /// What found no room: so many times somebody mailed or spoke to somebody.
    pub left_out: u64,
}

/// Somebody who mailed or was mailed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Correspondent {
    /// The address, as it was written first; empty is the null sender.
    pub address: Text,
    /// Messages sent; one to several addresses counts for each.
    pub sent: u64,
    /// Messages received; one to several addresses counts for each.
    pub received: u64,
    /// Bytes of the messages sent, counted like them.
    pub bytes_sent: u64,
    /// Bytes of the messages received.
    pub bytes_received: u64,
}

/// Somebody mailed somebody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Mailed {
    /// The sender's address; empty is the null sender.
    pub from: Text,
    /// The recipient's address.
    pub to: Text,
    /// How many messages.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Time of the first transfer.
    pub first: Time,
    /// Time of the last transfer.
    pub last: Time,
}

/// Who mailed whom, as the envelopes say, or the header where there is none (mail that was fetched or appended).
///
/// A message that passes several times (hop by hop, and again when it is fetched) counts once for each pair: it is known by its
/// Message-ID, or by its content where it has none. Readings that are not the primary ones and messages that were refused do
/// not count.
#[derive(Debug, Clone)]
pub struct Correspondence {
    edges: BTreeMap<(String, String), Mailed>,
    /// What was counted: pair and message.
    counted: BTreeSet<(String, String, String)>,
    most: usize,
    left_out: u64,
}

/// Addresses are compared without their case: what is in front of the @ could have one, but nobody lets it.
fn key(address: &str) -> String {
    address.trim().to_lowercase()
}

fn listed(message: &Message, name: &str) -> Vec<String> {
    let fields = message.header_fields.iter().filter(|field| field.0.as_str().eq_ignore_ascii_case(name));
    let values = fields.map(|field| {
        field.1.as_str().split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect::<String>()
    });
    let all = values.flat_map(|value| Address::parse_list(value.as_bytes()));
    all.map(|one| one.address).filter(|address| address.contains('@')).collect()
}

impl Correspondence {
    /// A map of at most so many pairs.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { edges: BTreeMap::new(), counted: BTreeSet::new(), most, left_out: 0 }
    }

    /// Takes a message in.
    pub fn message(&mut self, message: &Message) {
        if message.reading != Reading::Primary || message.outcome == Outcome::Rejected {
            return;
        }
        let (from, to) = match &message.envelope {
            Some(envelope) => {
                let from = envelope.mail_from.as_ref().map_or("", |from| from.as_str()).to_owned();
                let taken = envelope.rcpt_to.iter().filter(|to| to.accepted != Some(false));
                (from, taken.map(|to| to.address.to_string()).collect())
            }
            // A piece of a message has no header of its own, or no more than that.
            None => {
                let Some(from) = listed(message, "from").into_iter().next() else { return };
                (from, [listed(message, "to"), listed(message, "cc"), listed(message, "bcc")].concat())
            }
        };
        let id = message.headers.as_ref().and_then(|headers| headers.message_id.as_ref());
        let id = id.map_or(message.sha256_trimmed.as_str(), |id| id.as_str().trim());
        let mut recipients: BTreeMap<String, &String> = BTreeMap::new();
        for to in &to {
            recipients.entry(key(to)).or_insert(to);
        }
        for (to_key, to) in recipients {
            self.count((key(&from), to_key), (&from, to), id, message);
        }
    }

    fn count(&mut self, pair: (String, String), names: (&str, &str), id: &str, message: &Message) {
        let counted = (pair.0.clone(), pair.1.clone(), id.to_owned());
        if !id.is_empty() && self.counted.contains(&counted) {
            // It passed again: only when is new.
            if let Some(edge) = self.edges.get_mut(&pair) {
                edge.first = edge.first.min(message.start);
                edge.last = edge.last.max(message.start);
            }
            return;
        }
        if self.edges.len() >= self.most && !self.edges.contains_key(&pair) {
            self.left_out += 1;
            return;
        }
        // Beyond this many a message may count twice rather than take more room.
        if self.counted.len() < self.most.saturating_mul(4) {
            self.counted.insert(counted);
        }
        let edge = self.edges.entry(pair).or_insert_with(|| Mailed {
            from: Text::from(names.0),
            to: Text::from(names.1),
            messages: 0,
            bytes: 0,
            first: message.start,
            last: message.start,
        });
        edge.messages += 1;
        edge.bytes = edge.bytes.saturating_add(message.size);
        edge.first = edge.first.min(message.start);
        edge.last = edge.last.max(message.start);
    }

    /// The map.
    #[must_use]
    pub fn finish(self) -> Map<Correspondent, Mailed> {
        let mut nodes: BTreeMap<String, Correspondent> = BTreeMap::new();
        for ((from, to), edge) in &self.edges {
            let node = |address: &Text| Correspondent {
                address: address.clone(),
                sent: 0,
                received: 0,
                bytes_sent: 0,
                bytes_received: 0,
            };
            let sender = nodes.entry(from.clone()).or_insert_with(|| node(&edge.from));
            sender.sent += edge.messages;
            sender.bytes_sent = sender.bytes_sent.saturating_add(edge.bytes);
            let recipient = nodes.entry(to.clone()).or_insert_with(|| node(&edge.to));
            recipient.received += edge.messages;
            recipient.bytes_received = recipient.bytes_received.saturating_add(edge.bytes);
        }
        Map {
            nodes: nodes.into_values().collect(),
            edges: self.edges.into_values().collect(),
            left_out: self.left_out,
        }
    }
}

/// A host that spoke mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Host {
    /// Its IP address.
    pub address: String,
    /// What it calls itself as a client, the first ten names in the order of the alphabet.
    pub names: Vec<Text>,
    /// Sessions in which it was the client.
    pub as_client: u64,
    /// Sessions in which it was the server.
    pub as_server: u64,
}

/// A host spoke to a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Spoke {
    /// The client's IP address.
    pub client: String,
    /// The server, `ip:port` or `[v6]:port`.
    pub server: String,
    /// The protocol.
    pub protocol: Protocol,
    /// How many sessions.
    pub sessions: u64,
    /// How many messages passed, in all readings.
    pub messages: u64,
    /// How many login attempts there were.
    pub logins: u64,
    /// Bytes of both directions.
    pub bytes: Sides,
    /// Beginning of the first session.
    pub first: Time,
    /// End of the last session.
    pub last: Time,
}

/// Which host spoke to which server.
#[derive(Debug, Clone)]
pub struct Traffic {
    edges: BTreeMap<(String, String, Protocol), Spoke>,
    names: BTreeMap<String, BTreeSet<Text>>,
    most: usize,
    left_out: u64,
}

/// So many names of a host are kept.
const NAMES: usize = 10;

/// An address without its port.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl Traffic {
    /// A map of at most so many pairs.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { edges: BTreeMap::new(), names: BTreeMap::new(), most, left_out: 0 }
    }

    /// Takes a session in.
    pub fn session(&mut self, session: &Session) {
        let client = host(&session.client).to_owned();
        let key = (client.clone(), session.server.clone(), session.protocol);
        if self.edges.len() >= self.most && !self.edges.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        if let Some(name) = session.client_name.as_ref() {
            let names = self.names.entry(client.clone()).or_default();
            names.insert(name.clone());
            // The first ones, in whatever order they come.
            if names.len() > NAMES {
                names.pop_last();
            }
        }
        let edge = self.edges.entry(key).or_insert_with(|| Spoke {
            client,
            server: session.server.clone(),
            protocol: session.protocol,
            sessions: 0,
            messages: 0,
            logins: 0,
            bytes: Sides::new(0, 0),
            first: session.start,
            last: session.end,
        });
        edge.sessions += 1;
        edge.messages += session.messages.len() as u64;
        edge.logins += session.logins;
        edge.bytes = Sides::new(
            edge.bytes.client.saturating_add(session.bytes.client),
            edge.bytes.server.saturating_add(session.bytes.server),
        );
        edge.first = edge.first.min(session.start);
        edge.last = edge.last.max(session.end);
    }

    /// The map.
    #[must_use]
    pub fn finish(mut self) -> Map<Host, Spoke> {
        let mut nodes: BTreeMap<String, Host> = BTreeMap::new();
        for edge in self.edges.values() {
            let mut node = |address: &str| {
                let names = self.names.remove(address).unwrap_or_default().into_iter().collect();
                Host { address: address.to_owned(), names, as_client: 0, as_server: 0 }
            };
            nodes.entry(edge.client.clone()).or_insert_with(|| node(&edge.client)).as_client += edge.sessions;
            let server = host(&edge.server);
            nodes.entry(server.to_owned()).or_insert_with(|| node(server)).as_server += edge.sessions;
        }
        Map {
            nodes: nodes.into_values().collect(),
            edges: self.edges.into_values().collect(),
            left_out: self.left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Envelope, HeaderField, Headers, Operation, Recipient};
    use core::time::Duration;
    use serde_json::json;

    fn time(secs: u64) -> Time {
        Time::new(Duration::from_secs(secs), 0)
    }

    fn sent(secs: u64, from: &str, to: &[&str], id: &str) -> Message {
        let (client, server) = ("10.0.0.1:4000".to_owned(), "10.0.0.2:25".to_owned());
        let mut message = Message::new(1, Protocol::Smtp, Operation::Data, client, server, time(secs));
        let mut envelope = Envelope { mail_from: Some(from.into()), ..Envelope::default() };
        envelope.rcpt_to = to.iter().map(|to| Recipient::new((*to).into())).collect();
        message.envelope = Some(envelope);
        message.headers = Some(Headers { message_id: Some(id.into()), ..Headers::default() });
        message.size = 100;
        message
    }

    fn fetched(secs: u64, fields: &[(&str, &str)], id: &str) -> Message {
        let mut message = sent(secs, "", &[], id);
        message.protocol = Protocol::Imap;
        message.envelope = None;
        let fields = fields.iter().map(|(name, value)| HeaderField((*name).into(), (*value).into(), 0));
        message.header_fields = fields.collect();
        message
    }

    #[test]
    fn who_mailed_whom() {
        let mut refused = sent(9, "ann@x", &["eve@z"], "<9>");
        refused.outcome = Outcome::Rejected;
        let mut other = sent(9, "ann@x", &["eve@z"], "<9>");
        other.reading = Reading::Candidate;
        let mut no_such_user = sent(1, "Ann@x", &["bob@y", "eve@z"], "<1>");
        no_such_user.envelope.as_mut().unwrap().rcpt_to[1].accepted = Some(false);
        let all = [
            no_such_user,
            // The same message, fetched.
            fetched(5, &[("From", "Ann <ann@X>"), ("To", "Bob <bob@y>,\r\n carl@y")], "<1>"),
            sent(3, "bob@y", &["ann@x", "ANN@x"], "<2>"),
            sent(2, "", &["ann@x"], "<3>"),
            fetched(5, &[("To", "nobody@y")], "<4>"),
            refused,
            other,
        ];
        let expected = json!({
            "nodes": [
                {"address": "", "sent": 1, "received": 0, "bytes_sent": 100, "bytes_received": 0},
                {"address": "ann@x", "sent": 2, "received": 2, "bytes_sent": 200, "bytes_received": 200},
                {"address": "bob@y", "sent": 1, "received": 1, "bytes_sent": 100, "bytes_received": 100},
                {"address": "carl@y", "sent": 0, "received": 1, "bytes_sent": 0, "bytes_received": 100},
            ],
            "edges": [
                {"from": "", "to": "ann@x", "messages": 1, "bytes": 100,
                 "first": "1970-01-01T00:00:02Z", "last": "1970-01-01T00:00:02Z"},
                {"from": "Ann@x", "to": "bob@y", "messages": 1, "bytes": 100,
                 "first": "1970-01-01T00:00:01Z", "last": "1970-01-01T00:00:05Z"},
                {"from": "ann@X", "to": "carl@y", "messages": 1, "bytes": 100,
                 "first": "1970-01-01T00:00:05Z", "last": "1970-01-01T00:00:05Z"},
                {"from": "bob@y", "to": "ann@x", "messages": 1, "bytes": 100,
                 "first": "1970-01-01T00:00:03Z", "last": "1970-01-01T00:00:03Z"},
            ],
            "left_out": 0,
        });
        let map = |most: usize| {
            let mut map = Correspondence::new(most);
            all.iter().for_each(|message| map.message(message));
            map.finish()
        };
        assert_eq!(serde_json::to_value(map(100)).unwrap(), expected);
        let small = map(2);
        assert_eq!((small.edges.len(), small.left_out), (2, 2));
    }

    #[test]
    fn who_spoke_to_whom() {
        let session = |client: &str, server: &str, name: &str, secs| {
            let mut session = Session::new(1, Protocol::Smtp, client.into(), server.into(), time(secs));
            session.end = time(secs + 1);
            session.bytes = Sides::new(10, 20);
            session.messages = vec![1, 2];
            session.logins = 1;
            session.client_name = (!name.is_empty()).then(|| name.into());
            session
        };
        let mut map = Traffic::new(2);
        map.session(&session("10.0.0.1:4001", "10.0.0.2:25", "pc", 5));
        map.session(&session("10.0.0.1:4000", "10.0.0.2:25", "laptop", 3));
        map.session(&session("10.0.0.2:4000", "[2001:db8::1]:25", "", 4));
        map.session(&session("10.0.0.3:4000", "10.0.0.2:25", "", 4));
        assert_eq!(
            serde_json::to_value(map.finish()).unwrap(),
            json!({
                "nodes": [
                    {"address": "10.0.0.1", "names": ["laptop", "pc"], "as_client": 2, "as_server": 0},
                    {"address": "10.0.0.2", "names": [], "as_client": 1, "as_server": 2},
                    {"address": "2001:db8::1", "names": [], "as_client": 0, "as_server": 1},
                ],
                "edges": [
                    {"client": "10.0.0.1", "server": "10.0.0.2:25", "protocol": "smtp", "sessions": 2, "messages": 4, "logins": 2,
                     "bytes": {"client": 20, "server": 40}, "first": "1970-01-01T00:00:03Z", "last": "1970-01-01T00:00:06Z"},
                    {"client": "10.0.0.2", "server": "[2001:db8::1]:25", "protocol": "smtp", "sessions": 1, "messages": 2,
                     "logins": 1, "bytes": {"client": 10, "server": 20},
                     "first": "1970-01-01T00:00:04Z", "last": "1970-01-01T00:00:05Z"},
                ],
                "left_out": 1,
            })
        );
    }
}
