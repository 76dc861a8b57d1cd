//! A login, whatever the protocol, to its record.

use super::scene::Scene;
use crate::record::{self, Text};
use mail_wire::Secret;
use mail_wire::sasl::{Credential, Outcome};

/// What the exchange told. Password, token and the cracker's line are secrets: as the options have them; without the
/// line nothing is said of its kind.
pub(super) fn fill(record: &mut record::Login, credential: &Credential, scene: &Scene<'_>) {
    let text = |text: &Option<_>| text.as_ref().map(Text::from);
    let secret = |secret: Option<&Secret>| {
        secret.and_then(|secret| scene.secret(secret.expose())).map(record::Secret::from)
    };
    record.username = text(&credential.username);
    record.password = secret(credential.password.as_ref());
    record.authorization_identity =
        text(&credential.authorization_identity).filter(|identity| !identity.as_str().is_empty());
    record.domain = text(&credential.domain);
    record.workstation = text(&credential.workstation);
    record.realm = text(&credential.realm);
    record.service = text(&credential.service);
    record.etype = credential.etype;
    record.server_names =
        credential.server_names.iter().map(|fact| (fact.name.into(), Text::from(&fact.value))).collect();
    record.trace = text(&credential.trace);
    record.token = secret(credential.token.as_ref());
    for claim in &credential.claims {
        record.claims.entry(claim.name.into()).or_default().push(Text::from(&claim.value));
    }
    record.error = text(&credential.error);
    record.hash = credential.hash.as_ref().and_then(|crack| {
        let mut hash = record::CrackableHash::new(secret(Some(&crack.line))?);
        hash.hashcat_mode = crack.hashcat_mode;
        hash.john_format = crack.john_format.map(str::to_owned);
        Some(hash)
    });
    record.outcome = match credential.outcome {
        Outcome::Accepted => record::LoginOutcome::Accepted,
        Outcome::Rejected => record::LoginOutcome::Rejected,
        Outcome::Cancelled => record::LoginOutcome::Cancelled,
        _ => record::LoginOutcome::Unknown,
    };
}
