//! SASL exchanges as a passive observer sees them (RFC 4422; RFC 4954 for SMTP, 5034 for POP3, 3501 for IMAP).
//!
//! The protocol parser feeds the base64 texts of both sides to an [`Exchange`] and says how it ended; what comes
//! out is a [`Credential`]. Each mechanism is one file with one [`steps`](Exchange) machine.

mod cram_md5;
mod credential;
mod digest_md5;
mod login;
mod plain;

pub use credential::{Credential, Outcome};

use crate::Secret;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

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
#[derive(Clone, Debug)]
pub struct Exchange {
    steps: Steps,
    credential: Credential,
    cancelled: bool,
}

/// The mechanisms whose messages are understood.
#[derive(Clone, Debug)]
enum Steps {
    Plain,
    Login(login::Step),
    CramMd5,
    DigestMd5,
    /// Any other: its name and its verdict are told, its messages are not read.
    Other,
}

impl Exchange {
    /// An exchange in the mechanism of that name; case does not matter.
    #[must_use]
    pub fn new(mechanism: &[u8]) -> Self {
        let name = mechanism.to_ascii_uppercase();
        let steps = match name.as_slice() {
            b"PLAIN" => Steps::Plain,
            b"LOGIN" => Steps::Login(login::Step::Username),
            b"CRAM-MD5" => Steps::CramMd5,
            b"DIGEST-MD5" => Steps::DigestMd5,
            _ => Steps::Other,
        };
        Self { steps, credential: Credential::new(Bytes::from(name)), cancelled: false }
    }

    /// The server's challenge, in base64 as it stands on the wire.
    ///
    /// Prompts such as `VXNlcm5hbWU6` are free text and decide nothing; none of the mechanisms read so far
    /// needs the challenge itself.
    pub fn challenge(&mut self, _text: &[u8]) {}

    /// The client's response, in base64 as it stands on the wire; the initial response too. `=` is an empty
    /// response, `*` cancels the exchange.
    pub fn response(&mut self, text: &[u8]) {
        let text = text.trim_ascii();
        if text == b"*" {
            self.cancelled = true;
            return;
        }
        let Some(decoded) = decode(text) else { return self.unreadable(text) };
        let understood = match &mut self.steps {
            Steps::Plain => plain::response(&mut self.credential, &decoded),
            Steps::Login(step) => step.response(&mut self.credential, &decoded),
            Steps::CramMd5 => cram_md5::response(&mut self.credential, &decoded),
            Steps::DigestMd5 => digest_md5::response(&mut self.credential, &decoded),
            Steps::Other => true,
        };
        if !understood {
            self.unreadable(text);
        }
    }

    fn unreadable(&mut self, text: &[u8]) {
        self.credential.unreadable.get_or_insert_with(|| Secret::new(Bytes::copy_from_slice(text)));
    }

    /// Whether the client has cancelled: the server's refusal that follows is no verdict on a password.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Ends the exchange with the server's verdict.
    #[must_use]
    pub fn finish(self, outcome: Outcome) -> Credential {
        let outcome = match outcome {
            Outcome::Rejected | Outcome::Unknown if self.cancelled => Outcome::Cancelled,
            outcome => outcome,
        };
        Credential { outcome, ..self.credential }
    }
}

/// RFC 4954 section 4: `=` stands for an empty response, which no base64 text can say.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text == b"=" { Some(Vec::new()) } else { BASE64.decode(text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(mechanism: &str, responses: &[&str], outcome: Outcome) -> Credential {
        let mut exchange = Exchange::new(mechanism.as_bytes());
        for response in responses {
            exchange.challenge(b"");
            exchange.response(response.as_bytes());
        }
        exchange.finish(outcome)
    }

    fn expect(mechanism: &'static str, fields: [Option<&'static str>; 3], outcome: Outcome) -> Credential {
        let [authorization_identity, username, password] = fields.map(|field| field.map(Bytes::from));
        Credential {
            authorization_identity,
            username,
            password: password.map(Secret::new),
            outcome,
            ..Credential::new(Bytes::from_static(mechanism.as_bytes()))
        }
    }

    #[test]
    fn plain_and_login() {
        use Outcome::{Accepted, Cancelled, Rejected};
        let alice = [Some(""), Some("alice"), Some("wonderland")];
        let bob = [None, Some("bob"), Some("b0b s3cret")];
        let cases: [(&str, &[&str], Outcome, Credential); 8] = [
            ("PLAIN", &["AGFsaWNlAHdvbmRlcmxhbmQ="], Accepted, expect("PLAIN", alice, Accepted)),
            // No padding, lower case name.
            ("plain", &["AGFsaWNlAHdvbmRlcmxhbmQ"], Rejected, expect("PLAIN", alice, Rejected)),
            // The authorization identity left out with its NUL.
            (
                "PLAIN",
                &["YWxpY2UAd29uZGVybGFuZA=="],
                Accepted,
                expect("PLAIN", [None, Some("alice"), Some("wonderland")], Accepted),
            ),
            (
                "PLAIN",
                &["YWRtaW4AYWxpY2UAd29uZGVybGFuZA=="],
                Accepted,
                expect("PLAIN", [Some("admin"), Some("alice"), Some("wonderland")], Accepted),
            ),
            ("LOGIN", &["Ym9i", "YjBiIHMzY3JldA=="], Accepted, expect("LOGIN", bob, Accepted)),
            ("LOGIN", &["Ym9i", "="], Rejected, expect("LOGIN", [None, Some("bob"), Some("")], Rejected)),
            ("LOGIN", &["Ym9i", "*"], Rejected, expect("LOGIN", [None, Some("bob"), None], Cancelled)),
            ("PLAIN", &["*"], Rejected, expect("PLAIN", [None, None, None], Cancelled)),
        ];
        for (mechanism, responses, outcome, expected) in cases {
            assert_eq!(run(mechanism, responses, outcome), expected, "{mechanism} {responses:?}");
        }
    }

    #[test]
    fn a_response_that_cannot_be_read_is_kept_raw() {
        for (mechanism, response) in [("PLAIN", "!!!"), ("PLAIN", "YWxpY2U="), ("CRAM-MD5", "YWxpY2U=")] {
            let credential = run(mechanism, &[response], Outcome::Rejected);
            assert_eq!(credential.unreadable, Some(Secret::new(response)), "{mechanism} {response}");
            assert_eq!(credential.username, None);
        }
    }

    #[test]
    fn challenge_response_mechanisms_tell_the_user() {
        // RFC 2195 section 2 and RFC 2831 section 4.
        let cram = run("CRAM-MD5", &["dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"], Outcome::Accepted);
        assert_eq!(cram, expect("CRAM-MD5", [None, Some("tim"), None], Outcome::Accepted));
        let text = r#"charset=utf-8,username="ch\"ris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001"#;
        let digest = run("DIGEST-MD5", &[&BASE64.encode(text), ""], Outcome::Accepted);
        let expected = Credential {
            realm: Some(Bytes::from_static(b"elwood.innosoft.com")),
            ..expect("DIGEST-MD5", [None, Some("ch\"ris"), None], Outcome::Accepted)
        };
        assert_eq!(digest, expected);
    }

    #[test]
    fn an_unknown_mechanism_is_told_by_name() {
        let credential = run("X-CUSTOM", &["AAAA"], Outcome::Rejected);
        assert_eq!(credential, expect("X-CUSTOM", [None, None, None], Outcome::Rejected));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let credential = run("PLAIN", &["AGFsaWNlAHdvbmRlcmxhbmQ="], Outcome::Accepted);
        assert!(!format!("{credential:?}").contains("wonderland"));
    }
}
