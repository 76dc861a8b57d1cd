//! CRAM-MD5 (RFC 2195) and its sisters CRAM-SHA1 and CRAM-SHA256.

use super::crack::{Crack, digest_of, field};
use super::{BASE64, Credential};
use base64::Engine as _;
use bytes::Bytes;

/// The hash under the HMAC.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
}

/// An exchange: one challenge, one response.
#[derive(Clone, Debug)]
pub(super) struct Cram {
    hash: Hash,
    challenge: Option<Vec<u8>>,
}

impl Cram {
    pub(super) const fn new(hash: Hash) -> Self {
        Self { hash, challenge: None }
    }

    pub(super) fn challenge(&mut self, message: Vec<u8>) {
        self.challenge = Some(message);
    }

    /// ```text
    /// response = username SP digest        ; digest: lower case hexadecimal digits
    /// ```
    ///
    /// A user name may hold blanks, the digest does not.
    pub(super) fn response(&mut self, credential: &mut Credential, message: &[u8]) -> bool {
        if message.is_empty() && self.challenge.is_none() {
            // An initial response that says nothing.
            return true;
        }
        let Some(blank) = message.iter().rposition(|byte| *byte == b' ') else { return false };
        let (username, digest) = message.split_at(blank);
        let digits = match self.hash {
            Hash::Md5 => 32,
            Hash::Sha1 => 40,
            Hash::Sha256 => 64,
        };
        let Some(digest) = digest_of(digest.trim_ascii_start(), digits) else { return false };
        credential.username = Some(Bytes::copy_from_slice(username));
        // A challenge answers nothing that was sent before it: it goes with this response alone.
        credential.hash = self.challenge.take().and_then(|challenge| self.line(&challenge, username, digest));
        true
    }

    pub(super) fn memory(&self) -> usize {
        self.challenge.as_ref().map_or(0, Vec::capacity)
    }

    fn line(&self, challenge: &[u8], username: &[u8], digest: &str) -> Option<Crack> {
        let mode = match self.hash {
            Hash::Md5 => {
                let response = [username, b" ", digest.as_bytes()].concat();
                let (challenge, response) = (BASE64.encode(challenge), BASE64.encode(response));
                let line = format!("$cram_md5${challenge}${response}");
                return Some(Crack::new(Some(10200), Some("HMAC-MD5"), line));
            }
            Hash::Sha1 => 150,
            Hash::Sha256 => 1450,
        };
        // The last field may hold the separator.
        let challenge = field(challenge, "")?;
        Some(Crack::new(Some(mode), None, format!("{digest}:{challenge}")))
    }
}
