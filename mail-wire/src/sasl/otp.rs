//! OTP (RFC 2444) and its forerunner SKEY (RFC 2222 section 7.3).

use super::{Credential, OneTime};
use crate::Secret;
use bytes::Bytes;

/// The mechanism, and how far the exchange is.
#[derive(Clone, Debug)]
pub(super) struct Otp {
    named: bool,
    challenge: Option<OneTime>,
}

impl Otp {
    pub(super) const fn new() -> Self {
        Self { named: false, challenge: None }
    }

    /// RFC 2289 section 6: `otp-md5 487 dog2 ext`; SKEY has no algorithm: `99 ke1234`.
    pub(super) fn challenge(&mut self, message: &[u8]) {
        let words: Vec<&[u8]> =
            message.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(3).collect();
        let number = |word: &[u8]| str::from_utf8(word).ok()?.parse::<u32>().ok();
        let parts = match words.as_slice() {
            [sequence, seed, ..] if number(sequence).is_some() => Some((&b""[..], sequence, seed)),
            [algorithm, sequence, seed] if number(sequence).is_some() => Some((*algorithm, sequence, seed)),
            _ => None,
        };
        if let Some((algorithm, sequence, seed)) = parts {
            self.challenge = Some(OneTime {
                algorithm: Bytes::copy_from_slice(algorithm),
                sequence: number(sequence),
                seed: Bytes::copy_from_slice(seed),
                response: None,
            });
        }
    }

    /// First the identities, `authzid NUL authcid` (SKEY: one name alone), then the answer to the challenge.
    pub(super) fn response(&mut self, credential: &mut Credential, message: &[u8]) -> bool {
        if self.challenge.is_none() && !self.named {
            if message.is_empty() {
                return true;
            }
            let (authzid, authcid) = match message.iter().position(|byte| *byte == 0) {
                Some(nul) => (message.get(..nul), message.get(nul + 1..).unwrap_or_default()),
                None => (None, message),
            };
            credential.authorization_identity = authzid.map(Bytes::copy_from_slice);
            credential.username = Some(Bytes::copy_from_slice(authcid));
            self.named = true;
            return true;
        }
        let response = Some(Secret::new(Bytes::copy_from_slice(message)));
        credential.one_time =
            Some(Box::new(OneTime { response, ..self.challenge.take().unwrap_or_default() }));
        self.named = true;
        true
    }

    pub(super) fn memory(&self) -> usize {
        self.challenge.as_ref().map_or(0, |challenge| challenge.algorithm.len() + challenge.seed.len())
    }
}
