//! `sessions.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ActionKind, Code, Direction, Ended, Packets, Place, Protocol, Text, Time, Tls, TlsHandshake};

/// A TCP connection that speaks a mail protocol.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Its number, from 1.
    pub session: u64,
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// `ip:port`, `[v6]:port`.
    pub client: String,
    /// `ip:port`, `[v6]:port`.
    pub server: String,
    /// Time of the first packet.
    pub start: Time,
    /// Time of the last packet.
    pub end: Time,
    /// Its packets.
    pub packets: Packets,
    /// Bytes that were seen.
    pub bytes: Sides,
    /// Bytes that were not captured.
    pub missing_bytes: Sides,
    /// The only side in the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_sided: Option<Direction>,
    /// Whom the connection is between, as a proxy claims that hands it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxied: Option<Proxied>,
    /// The server's first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Text>,
    /// How the client calls itself: HELO, EHLO, LHLO, IMAP ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<Text>,
    /// What the server said it can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Text>,
    /// What it had to do with TLS.
    pub tls: Tls,
    /// Where TLS began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_start: Option<TlsStart>,
    /// How far the handshake came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_handshake: Option<TlsHandshake>,
    /// The version agreed upon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_version: Option<Text>,
    /// The server name the client asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_server_name: Option<Text>,
    /// Whether compression was switched on.
    pub compressed: bool,
    /// How many commands the client gave.
    pub commands: u64,
    /// Numbers of the messages it transferred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<u64>,
    /// How many login attempts there were.
    pub logins: u64,
    /// What the client did to stored messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// How it ended.
    pub ended: Ended,
    /// How often each anomaly was seen, by its code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub anomalies: BTreeMap<Code, u64>,
}

impl Session {
    /// A session without content, open at the end of the capture.
    #[must_use]
    pub const fn new(session: u64, protocol: Protocol, client: String, server: String, start: Time) -> Self {
        Self {
            session,
            protocol,
            client,
            server,
            start,
            end: start,
            packets: Packets::new(),
            bytes: Sides::new(0, 0),
            missing_bytes: Sides::new(0, 0),
            one_sided: None,
            proxied: None,
            greeting: None,
            client_name: None,
            capabilities: Vec::new(),
            tls: Tls::None,
            tls_start: None,
            tls_handshake: None,
            tls_version: None,
            tls_server_name: None,
            compressed: false,
            commands: 0,
            messages: Vec::new(),
            logins: 0,
            actions: Vec::new(),
            ended: Ended::CaptureEnd,
            anomalies: BTreeMap::new(),
        }
    }
}

/// A number of bytes for each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Sides {
    /// From the client.
    pub client: u64,
    /// From the server.
    pub server: u64,
}

impl Sides {
    /// Both numbers.
    #[must_use]
    pub const fn new(client: u64, server: u64) -> Self {
        Self { client, server }
    }
}

/// A proxy's claim about the connection that it hands on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Proxied {
    /// `ip:port`, `[v6]:port`.
    pub client: String,
    /// `ip:port`, `[v6]:port`.
    pub server: String,
}

impl Proxied {
    /// Both addresses.
    #[must_use]
    pub const fn new(client: String, server: String) -> Self {
        Self { client, server }
    }
}

/// Where TLS began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct TlsStart {
    /// The packet.
    pub packet: Place,
    /// Its time.
    pub at: Time,
    /// First encrypted byte of the client's stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_offset: Option<u64>,
    /// First encrypted byte of the server's stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_offset: Option<u64>,
}

impl TlsStart {
    /// TLS that began with this packet, at offsets not known yet.
    #[must_use]
    pub const fn new(packet: Place, at: Time) -> Self {
        Self { packet, at, client_offset: None, server_offset: None }
    }
}

/// Something the client did to stored messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Action {
    /// When.
    pub at: Time,
    /// The packet of the command.
    pub packet: Place,
    /// What.
    pub action: ActionKind,
    /// To which messages, and where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Text>,
}

impl Action {
    /// An action without a target.
    #[must_use]
    pub const fn new(at: Time, packet: Place, action: ActionKind) -> Self {
        Self { at, packet, action, target: None }
    }
}
