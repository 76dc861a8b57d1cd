//! SASL exchanges as a passive observer sees them (RFC 4422; RFC 4954 for SMTP, 5034 for POP3, 3501 for IMAP).
//!
//! The protocol parser feeds the base64 texts of both sides to an [`Exchange`] and says how it ended; what comes
//! out is a [`Credential`]. Each family of mechanisms is one file with one machine:
//!
//! | mechanism | what it gives away |
//! | --- | --- |
//! | PLAIN, LOGIN | user, password, authorization identity (PLAIN) |
//! | CRAM-MD5, -SHA1, -SHA256 | user, line |
//! | DIGEST-MD5 | user, realm, service, authorization identity, security layer, line |
//! | NTLM, also as MSN or in GSS-SPNEGO | user, domain, workstation, server names, service, line |
//! | GSSAPI, GSS-SPNEGO (Kerberos) | realm, service, etype, security layer, line of the service's key |
//! | SCRAM-SHA-1, -224, -256, -384, -512, SHA3-512, `-PLUS` | user, authorization identity, record to test guesses |
//! | XOAUTH2, OAUTHBEARER, OAUTH10A | user, token and its claims (not of OAUTH10A), host, port, error |
//! | EXTERNAL, ANONYMOUS | authorization identity; trace |
//! | OTP, SKEY | user, challenge and one-time password |
//! | any other | its name and the verdict |
//!
//! The lines are those of [`Crack`].

mod crack;
mod cram;
mod credential;
mod der;
mod digest_md5;
mod external;
mod gssapi;
mod jwt;
mod login;
mod ntlm;
mod oauth;
mod otp;
mod plain;
mod scram;
#[cfg(test)]
mod tests;

pub use crack::{Crack, apop};
pub use credential::{Credential, Fact, OneTime, Outcome};

use crate::Secret;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use core::fmt;

/// Clients forget padding and leave trailing bits; neither makes a password unreadable.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One authentication exchange, from the client's `AUTH` to the server's verdict.
///
/// ```
/// use mail_wire::sasl::{Exchange, Outcome};
///
/// let mut exchange = Exchange::new(b"PLAIN");
/// exchange.challenge(b"");
/// exchange.response(b"AGFsaWNlAHdvbmRlcmxhbmQ=");
/// let credential = exchange.finish(Outcome::Accepted);
/// assert_eq!(credential.username.unwrap(), "alice");
/// assert_eq!(credential.password.unwrap().expose(), "wonderland");
/// ```
#[derive(Clone)]
pub struct Exchange {
    steps: Steps,
    credential: Credential,
    cancelled: bool,
    /// What may still be decoded.
    left: usize,
}

/// The mechanisms whose messages are understood.
#[derive(Clone)]
enum Steps {
    Plain,
    Login(login::Step),
    Cram(cram::Cram),
    DigestMd5,
    Gssapi(gssapi::Gssapi),
    Scram(Box<scram::Scram>),
    OAuth,
    External,
    Anonymous,
    Otp(otp::Otp),
    /// Any other: its name and its verdict are told, its messages are not read.
    Other,
}

impl Steps {
    fn of(mechanism: &[u8]) -> Self {
        match mechanism {
            b"PLAIN" => Self::Plain,
            b"LOGIN" => Self::Login(login::Step::Username),
            b"CRAM-MD5" => Self::Cram(cram::Cram::new(cram::Hash::Md5)),
            b"CRAM-SHA1" | b"CRAM-SHA-1" => Self::Cram(cram::Cram::new(cram::Hash::Sha1)),
            b"CRAM-SHA256" | b"CRAM-SHA-256" => Self::Cram(cram::Cram::new(cram::Hash::Sha256)),
            b"DIGEST-MD5" => Self::DigestMd5,
            b"NTLM" | b"MSN" | b"GSSAPI" | b"GSS-SPNEGO" => Self::Gssapi(gssapi::Gssapi::default()),
            b"XOAUTH2" | b"OAUTHBEARER" | b"OAUTH10A" => Self::OAuth,
            b"EXTERNAL" => Self::External,
            b"ANONYMOUS" => Self::Anonymous,
            b"OTP" | b"SKEY" => Self::Otp(otp::Otp::new()),
            _ => {
                let algorithm = match mechanism.strip_suffix(b"-PLUS").unwrap_or(mechanism) {
                    b"SCRAM-SHA-1" => "sha1",
                    b"SCRAM-SHA-224" => "sha224",
                    b"SCRAM-SHA-256" => "sha256",
                    b"SCRAM-SHA-384" => "sha384",
                    b"SCRAM-SHA-512" => "sha512",
                    b"SCRAM-SHA3-512" => "sha3-512",
                    _ => return Self::Other,
                };
                Self::Scram(Box::new(scram::Scram::new(algorithm)))
            }
        }
    }
}

impl Exchange {
    /// How much of an exchange is decoded, both sides together, in bytes: 64 KiB. A response beyond it is
    /// [unreadable](Credential::unreadable), a challenge is passed over.
    pub const MAX_DATA: usize = 64 * 1024;

    /// The most that [`memory`](Self::memory) shows, in bytes, for a mechanism's name of no more than
    /// [`MAX_DATA`](Self::MAX_DATA).
    pub const WORST_CASE: usize = 16 * Self::MAX_DATA;

    /// An exchange in the mechanism of that name; case does not matter.
    #[must_use]
    pub fn new(mechanism: &[u8]) -> Self {
        let name = mechanism.to_ascii_uppercase();
        Self {
            steps: Steps::of(&name),
            credential: Credential::new(Bytes::from(name)),
            cancelled: false,
            left: Self::MAX_DATA,
        }
    }

    /// The server's challenge, in base64 as it stands on the wire; also the text that comes with its verdict, which
    /// may be the last challenge.
    ///
    /// What is no challenge of the mechanism decides nothing: prompts such as `VXNlcm5hbWU6` are free text, and some
    /// servers do not even encode them.
    pub fn challenge(&mut self, text: &[u8]) {
        let Some(message) = self.decode(text.trim_ascii()) else { return };
        let credential = &mut self.credential;
        match &mut self.steps {
            Steps::Cram(cram) => cram.challenge(message),
            Steps::Gssapi(gssapi) => gssapi.challenge(credential, &message),
            Steps::Scram(scram) => scram.challenge(credential, message),
            Steps::OAuth => oauth::challenge(credential, message),
            Steps::Otp(otp) => otp.challenge(&message),
            // RFC 2831 section 2.1.2: the response repeats what counts of the challenge.
            Steps::DigestMd5 => {}
            Steps::Plain | Steps::Login(_) | Steps::External | Steps::Anonymous | Steps::Other => {}
        }
    }

    /// The client's response, in base64 as it stands on the wire; the initial response too. `=` is an empty
    /// response, `*` cancels the exchange.
    pub fn response(&mut self, text: &[u8]) {
        let text = text.trim_ascii();
        if text == b"*" {
            self.cancelled = true;
            return;
        }
        if matches!(self.steps, Steps::Other) {
            // Nobody says that it is base64.
            return;
        }
        let Some(message) = self.decode(text) else { return self.unreadable(text) };
        let credential = &mut self.credential;
        let understood = match &mut self.steps {
            Steps::Plain => plain::response(credential, &message),
            Steps::Login(step) => step.response(credential, &message),
            Steps::Cram(cram) => cram.response(credential, &message),
            Steps::DigestMd5 => digest_md5::response(credential, &message),
            Steps::Gssapi(gssapi) => gssapi.response(credential, &message),
            Steps::Scram(scram) => scram.response(credential, &message),
            Steps::OAuth => oauth::response(credential, &message),
            Steps::External => external::external(credential, &message),
            Steps::Anonymous => external::anonymous(credential, &message),
            Steps::Otp(otp) => otp.response(credential, &message),
            Steps::Other => true,
        };
        if !understood {
            self.unreadable(text);
        }
    }

    /// A response of which only the front is known: it is kept as it stands, and not decoded.
    pub fn cut_response(&mut self, text: &[u8]) {
        self.unreadable(text);
        self.missed_response();
    }

    /// A response that was sent but not captured: what comes next is not taken for it.
    pub const fn missed_response(&mut self) {
        if let Steps::Login(step) = &mut self.steps {
            step.miss();
        }
    }

    /// RFC 4954 section 4: `=` stands for an empty response, which no base64 text can say.
    fn decode(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        if text == b"=" {
            return Some(Vec::new());
        }
        if text.len() / 4 * 3 > self.left {
            return None;
        }
        let message = BASE64.decode(text).ok()?;
        self.left = self.left.saturating_sub(message.len());
        Some(message)
    }

    fn unreadable(&mut self, text: &[u8]) {
        let kept = text.get(..Self::MAX_DATA).unwrap_or(text);
        self.credential.unreadable.get_or_insert_with(|| Secret::new(Bytes::copy_from_slice(kept)));
    }

    /// Whether the client has cancelled: the server's refusal that follows is no verdict on a password.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Whether a security layer was agreed upon: once the exchange succeeds, all that follows is protected by it
    /// (RFC 4422 section 3.7).
    #[must_use]
    pub const fn security_layer(&self) -> bool {
        self.credential.security_layer
    }

    /// Memory held, in bytes: the fields told so far and what the mechanism needs for the next ones.
    #[must_use]
    pub fn memory(&self) -> usize {
        let steps = match &self.steps {
            Steps::Cram(cram) => cram.memory(),
            Steps::Scram(scram) => size_of_val(&**scram) + scram.memory(),
            Steps::Otp(otp) => otp.memory(),
            _ => 0,
        };
        size_of::<Self>() + self.credential.memory() + steps
    }

    /// Ends the exchange with the server's verdict.
    ///
    /// A client that cancels because the server has told it an [error](Credential::error) was refused.
    #[must_use]
    pub fn finish(self, outcome: Outcome) -> Credential {
        let cancelled = self.cancelled && self.credential.error.is_none();
        let outcome = match outcome {
            Outcome::Rejected | Outcome::Unknown if cancelled => Outcome::Cancelled,
            outcome => outcome,
        };
        Credential {
            outcome,
            anonymous: self.credential.anonymous || matches!(self.steps, Steps::Anonymous),
            ..self.credential
        }
    }
}

/// What the mechanisms hold may be secrets.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("credential", &self.credential)
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}
