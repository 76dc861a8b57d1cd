//! What an exchange tells.

use super::Crack;
use crate::Secret;
use bytes::Bytes;

/// A login attempt: who, with what, and what came of it.
///
/// Its fields are copies that keep no packet alive. Text is in the bytes of the wire, but for NTLM, whose UTF-16 is
/// given as UTF-8.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The mechanism, in upper case: `PLAIN`, `LOGIN`, `CRAM-MD5` ...
    pub mechanism: Bytes,
    /// The identity whose password is used (authentication identity).
    pub username: Option<Bytes>,
    /// The password, where the mechanism sends it.
    pub password: Option<Secret>,
    /// The identity to act as, where the mechanism has one; empty: the same.
    pub authorization_identity: Option<Bytes>,
    /// The domain of the user (NTLM).
    pub domain: Option<Bytes>,
    /// The computer that the client says it is (NTLM).
    pub workstation: Option<Bytes>,
    /// What the server calls itself (NTLM): `target`, `netbios-computer`, `netbios-domain`, `dns-computer`,
    /// `dns-domain`, `dns-tree`. Each at most once.
    pub server_names: Vec<Fact>,
    /// The realm of the user name (DIGEST-MD5) or of the service (Kerberos).
    pub realm: Option<Bytes>,
    /// For which service the client logs in: `smtp/mail.example.org` (DIGEST-MD5's digest-uri, the principal of a
    /// Kerberos ticket without its realm, NTLM's target name).
    pub service: Option<Bytes>,
    /// How the Kerberos ticket is encrypted (RFC 3961): 17 and 18 are AES, 23 is RC4.
    pub etype: Option<i32>,
    /// The bearer token (XOAUTH2, OAUTHBEARER).
    pub token: Option<Secret>,
    /// What the token says of itself, if it is a JSON Web Token: `iss`, `sub`, `aud`, `exp`, `email`, `upn`, as they
    /// stand. Nobody has verified its signature.
    pub claims: Vec<Fact>,
    /// The host to which the client believes to speak (OAUTHBEARER).
    pub host: Option<Bytes>,
    /// The port to which the client believes to speak (OAUTHBEARER).
    pub port: Option<Bytes>,
    /// The server's reason for a refusal, where the mechanism has one: JSON (XOAUTH2, OAUTHBEARER), a word (SCRAM).
    pub error: Option<Bytes>,
    /// What an anonymous client says of itself (ANONYMOUS).
    pub trace: Option<Bytes>,
    /// A one-time password and what it answers (OTP, SKEY).
    pub one_time: Option<Box<OneTime>>,
    /// What a password cracker takes.
    pub hash: Option<Crack>,
    /// The client logs in as nobody (ANONYMOUS, NTLM without a response).
    pub anonymous: bool,
    /// An accepted login is followed by sealed or signed data in place of lines (DIGEST-MD5 with auth-int or
    /// auth-conf, GSSAPI with a security layer).
    pub security_layer: bool,
    /// The first response that is not what the mechanism calls for, as it stood on the wire; at most
    /// [`Exchange::MAX_DATA`](super::Exchange::MAX_DATA) of it.
    pub unreadable: Option<Secret>,
    /// The server's verdict.
    pub outcome: Outcome,
}

impl Credential {
    /// An attempt of which only the mechanism is known.
    #[must_use]
    pub const fn new(mechanism: Bytes) -> Self {
        Self {
            mechanism,
            username: None,
            password: None,
            authorization_identity: None,
            domain: None,
            workstation: None,
            server_names: Vec::new(),
            realm: None,
            service: None,
            etype: None,
            token: None,
            claims: Vec::new(),
            host: None,
            port: None,
            error: None,
            trace: None,
            one_time: None,
            hash: None,
            anonymous: false,
            security_layer: false,
            unreadable: None,
            outcome: Outcome::Unknown,
        }
    }

    /// The bytes that its fields keep alive.
    pub(super) fn memory(&self) -> usize {
        let texts = [
            &self.username,
            &self.authorization_identity,
            &self.domain,
            &self.workstation,
            &self.realm,
            &self.service,
            &self.host,
            &self.port,
            &self.error,
            &self.trace,
        ];
        let secrets = [&self.password, &self.token, &self.unreadable];
        let one_time = self.one_time.as_ref().map_or(0, |one_time| {
            size_of::<OneTime>()
                + one_time.algorithm.len()
                + one_time.seed.len()
                + one_time.response.as_ref().map_or(0, |response| response.expose().len())
        });
        let facts = self.server_names.iter().chain(&self.claims);
        self.mechanism.len()
            + texts.iter().filter_map(|text| text.as_ref()).map(Bytes::len).sum::<usize>()
            + secrets
                .iter()
                .filter_map(|secret| secret.as_ref())
                .map(|secret| secret.expose().len())
                .sum::<usize>()
            + facts.map(|fact| size_of::<Fact>() + fact.value.len()).sum::<usize>()
            + self.hash.as_ref().map_or(0, |hash| hash.line.expose().len())
            + one_time
    }
}

/// A named value that one side states.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Which value it is; the words stand at the field that holds it.
    pub name: &'static str,
    /// The value, in UTF-8 where the wire has another encoding.
    pub value: Bytes,
}

impl Fact {
    /// A value under its name.
    #[must_use]
    pub const fn new(name: &'static str, value: Bytes) -> Self {
        Self { name, value }
    }
}

/// A one-time password (RFC 2289, 2444) and the challenge that it answers.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OneTime {
    /// The algorithm as the challenge names it: `otp-md5`; empty where it names none (SKEY).
    pub algorithm: Bytes,
    /// How many times the seed and the pass phrase are hashed.
    pub sequence: Option<u32>,
    /// The seed.
    pub seed: Bytes,
    /// The client's answer with its prefix: `hex:` or `word:`, or six words; with `init-` it sets the next chain.
    pub response: Option<Secret>,
}

/// How a login attempt ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The server let the user in.
    Accepted,
    /// The server refused.
    Rejected,
    /// The client gave up (`*`).
    Cancelled,
    /// The verdict was not seen.
    Unknown,
}
