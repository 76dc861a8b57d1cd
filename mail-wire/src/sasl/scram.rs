//! SCRAM (RFC 5802, 7677), each hash with and without channel binding (`-PLUS`).

use super::Credential;
use super::crack::{Crack, field};
use crate::Secret;
use bytes::Bytes;

/// The messages of an exchange, as far as they have come.
#[derive(Clone, Debug)]
pub(super) struct Scram {
    algorithm: &'static str,
    /// `client-first-message-bare`
    client_first: Option<Vec<u8>>,
    server_first: Option<Vec<u8>>,
    client_final: Option<Secret>,
}

impl Scram {
    pub(super) const fn new(algorithm: &'static str) -> Self {
        Self { algorithm, client_first: None, server_first: None, client_final: None }
    }

    /// ```text
    /// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
    /// server-final-message = ("e=" server-error-value / "v=" base64) ["," extensions]
    /// ```
    pub(super) fn challenge(&mut self, credential: &mut Credential, message: Vec<u8>) {
        if let Some(error) = message.strip_prefix(b"e=") {
            let error = error.split(|byte| *byte == b',').next().unwrap_or_default();
            credential.error = Some(Bytes::copy_from_slice(error));
        } else if message.starts_with(b"v=") {
            if self.client_final.is_some()
                && let Some(signature) = attribute(&message, b'v')
            {
                credential.hash = self.record(credential, signature);
            }
        } else if self.client_final.is_none() && attribute(&message, b'r').is_some() {
            self.server_first = Some(message);
        }
    }

    pub(super) fn response(&mut self, credential: &mut Credential, message: &[u8]) -> bool {
        if message.is_empty() {
            // Asks for the first challenge, or acknowledges the last one.
            return true;
        }
        if message.starts_with(b"c=") {
            if attribute(message, b'p').is_none() {
                return false;
            }
            self.client_final = Some(Secret::new(Bytes::copy_from_slice(message)));
            credential.hash = self.record(credential, b"");
            return true;
        }
        self.first(credential, message)
    }

    /// ```text
    /// client-first-message = gs2-header client-first-message-bare
    /// gs2-header           = ("p=" cb-name / "n" / "y") "," ["a=" saslname] ","
    /// client-first-message-bare = [reserved-mext ","] "n=" saslname "," "r=" nonce ["," extensions]
    /// ```
    fn first(&mut self, credential: &mut Credential, message: &[u8]) -> bool {
        let Some((authzid, bare)) = gs2_header(message) else { return false };
        let Some(username) = attribute(bare, b'n') else { return false };
        credential.username = Some(saslname(username));
        credential.authorization_identity = authzid.map(saslname);
        self.client_first = Some(bare.to_vec());
        self.client_final = None;
        self.server_first = None;
        true
    }

    /// `scram:alg:user:salt:iter:authmessage:proof:serversig`, all that a guess at the password is tested with:
    ///
    /// ```text
    /// AuthMessage = client-first-message-bare "," server-first-message "," client-final-message-without-proof
    /// ```
    fn record(&self, credential: &Credential, signature: &[u8]) -> Option<Crack> {
        let (first, server) = (self.client_first.as_deref()?, self.server_first.as_deref()?);
        let last = self.client_final.as_ref()?.expose();
        let at = last.windows(3).rposition(|window| window == b",p=")?;
        let (without_proof, proof) = last.split_at_checked(at)?;
        // The nonces tie the messages together; others than these were not meant for each other.
        let nonce = attribute(server, b'r')?;
        if !nonce.starts_with(attribute(first, b'r')?) || attribute(last, b'r')? != nonce {
            return None;
        }
        let text = |value| field(value, ":");
        // The proof is the last attribute.
        let proof = proof.get(3..).filter(|proof| !proof.contains(&b','))?;
        let line = format!(
            "scram:{}:{}:{}:{}:{},{},{}:{}:{}",
            self.algorithm,
            text(credential.username.as_deref()?)?,
            text(attribute(server, b's')?)?,
            text(attribute(server, b'i')?)?,
            text(first)?,
            text(server)?,
            text(without_proof)?,
            text(proof)?,
            text(signature)?,
        );
        Some(Crack::new(None, None, line))
    }

    pub(super) fn memory(&self) -> usize {
        [&self.client_first, &self.server_first].into_iter().flatten().map(Vec::capacity).sum::<usize>()
            + self.client_final.as_ref().map_or(0, |message| message.expose().len())
    }
}

/// The value of `name=value` in a list separated by commas.
fn attribute(message: &[u8], name: u8) -> Option<&[u8]> {
    message.split(|byte| *byte == b',').find_map(|part| part.strip_prefix(&[name, b'=']))
}

/// RFC 5801 section 4: what stands before the first message; its authorization identity, and what follows it.
pub(super) fn gs2_header(message: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut parts = message.splitn(3, |byte| *byte == b',');
    let (flag, authzid, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let known = matches!(flag, b"n" | b"y") || flag.starts_with(b"p=");
    (known && (authzid.is_empty() || authzid.starts_with(b"a=")))
        .then_some((authzid.strip_prefix(b"a="), rest))
}

/// RFC 5802 section 5.1: in a name `=2C` stands for a comma and `=3D` for the equals sign.
pub(super) fn saslname(name: &[u8]) -> Bytes {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, next)) = rest.split_first() {
        let (byte, next) = match (byte, next) {
            (b'=', [b'2', b'C' | b'c', after @ ..]) => (b',', after),
            (b'=', [b'3', b'D' | b'd', after @ ..]) => (b'=', after),
            _ => (byte, next),
        };
        plain.push(byte);
        rest = next;
    }
    Bytes::from(plain)
}
