//! `logins.jsonl`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Code, LoginOutcome, Place, Protocol, Secret, Text, Time};

/// A login attempt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Login {
    /// Number of its session.
    pub session: u64,
    /// The protocol.
    pub protocol: Protocol,
    /// When it was complete.
    pub at: Time,
    /// The packet that completed it.
    pub packet: Place,
    /// `ip:port`, `[v6]:port`.
    pub client: String,
    /// `ip:port`, `[v6]:port`.
    pub server: String,
    /// The mechanism: a SASL name, `APOP`, `USER-PASS`, `IMAP-LOGIN`.
    pub mechanism: Text,
    /// Who logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Text>,
    /// The password, where the mechanism sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// As whom to act, where that is another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_identity: Option<Text>,
    /// NTLM domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Text>,
    /// NTLM workstation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workstation: Option<Text>,
    /// Realm of DIGEST-MD5 or GSSAPI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<Text>,
    /// For which service: DIGEST-MD5's digest-uri, the name in a Kerberos ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Text>,
    /// How a Kerberos ticket is encrypted (RFC 3961).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etype: Option<i32>,
    /// What the server calls itself (NTLM): `netbios-computer`, `dns-domain` ...
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub server_names: BTreeMap<Code, Text>,
    /// The trace of an anonymous login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Text>,
    /// Bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// What the token says of itself, unverified: `iss`, `sub`, `aud`, `exp`, `email`, `upn`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<Code, Vec<Text>>,
    /// The server's reason for refusing a token or a proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
    /// What a password cracker takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<CrackableHash>,
    /// What became of it.
    pub outcome: LoginOutcome,
    /// Whether it went through TLS.
    pub over_tls: bool,
}

impl Login {
    /// A login of which only the frame is known: its content and outcome are to be filled in.
    #[must_use]
    pub const fn new(
        session: u64,
        protocol: Protocol,
        at: Time,
        packet: Place,
        client: String,
        server: String,
        mechanism: Text,
    ) -> Self {
        Self {
            session,
            protocol,
            at,
            packet,
            client,
            server,
            mechanism,
            username: None,
            password: None,
            authorization_identity: None,
            domain: None,
            workstation: None,
            realm: None,
            service: None,
            etype: None,
            server_names: BTreeMap::new(),
            trace: None,
            token: None,
            claims: BTreeMap::new(),
            error: None,
            hash: None,
            outcome: LoginOutcome::Unknown,
            over_tls: false,
        }
    }
}

/// A challenge and its response in the form that password crackers take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct CrackableHash {
    /// hashcat's number of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashcat_mode: Option<u32>,
    /// John the Ripper's name of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub john_format: Option<String>,
    /// The line.
    pub line: Secret,
}

impl CrackableHash {
    /// A line of a kind not named yet.
    #[must_use]
    pub const fn new(line: Secret) -> Self {
        Self { hashcat_mode: None, john_format: None, line }
    }
}
