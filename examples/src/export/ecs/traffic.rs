//! Sessions, logins, anomalies and findings as documents.

use super::fields::{Document, Related, recorded};
use crate::record::{Anomaly, Finding, Login, LoginOutcome, Session, Severity, Tls};

pub(super) fn session(session: &Session) -> Document {
    let mut document =
        Document::new("session", "event", "network", &["connection", "end"], Some(session.start));
    document.ends(session.protocol.word(), &session.client, &session.server);
    document.span(session.start, session.end);
    document.set("event.action", "mail-session");
    document.set("event.id", format!("session-{}", session.session));
    document.set("event.sequence", session.session);
    let bytes = session.bytes;
    for (name, count) in [
        ("source", bytes.client),
        ("client", bytes.client),
        ("destination", bytes.server),
        ("server", bytes.server),
    ] {
        document.set(&format!("{name}.bytes"), count);
    }
    document.set("network.bytes", bytes.client.saturating_add(bytes.server));
    let is_encrypted = matches!(session.tls, Tls::Starttls | Tls::Implicit | Tls::DecryptedUpstream);
    document.set("tls.established", is_encrypted);
    let (protocol, version) = tls_version(session);
    document.set("tls.version_protocol", protocol);
    document.set("tls.version", version);
    let name = session.tls_server_name.as_ref().map(|name| name.to_string());
    document.set("tls.client.server_name", name.clone());
    for name in name.iter().map(String::as_str).chain(session.client_name.iter().map(|name| name.as_str())) {
        document.relate(Related::Host, name);
    }
    let Ok(record) = serde_json::to_value(session) else { return document };
    for name in [
        "session",
        "packets",
        "missing_bytes",
        "one_sided",
        "proxied",
        "greeting",
        "client_name",
        "capabilities",
        "tls",
        "tls_handshake",
        "compressed",
        "commands",
        "messages",
        "logins",
        "ended",
    ] {
        document.set(&format!("mailtap.{name}"), record.get(name).cloned());
    }
    let anomalies: Vec<&str> = session.anomalies.keys().map(|code| &**code).collect();
    document.set("mailtap.anomalies", anomalies);
    document
}

/// `TLS 1.2` and the like as the schema has it.
fn tls_version(session: &Session) -> (Option<String>, Option<String>) {
    let Some(text) = session.tls_version.as_ref().map(|text| text.as_str()) else { return (None, None) };
    let at = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (name, number) = text.split_at_checked(at).unwrap_or((text, ""));
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).trim_end_matches(['v', 'V']);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    (some(&name.to_ascii_lowercase()), some(number))
}

pub(super) fn login(number: u64, login: &Login) -> Document {
    let mut document = Document::new("login", "event", "authentication", &["start"], Some(login.at));
    document.ends(login.protocol.word(), &login.client, &login.server);
    document.set("event.action", "mail-login");
    document.set("event.id", format!("login-{number}"));
    document.set("event.sequence", number);
    document.set(
        "event.outcome",
        match login.outcome {
            LoginOutcome::Accepted => "success",
            LoginOutcome::Rejected | LoginOutcome::Cancelled => "failure",
            LoginOutcome::Unknown => "unknown",
        },
    );
    let text = |text: &Option<crate::record::Text>| text.as_ref().map(ToString::to_string);
    document.set("event.reason", text(&login.error));
    document.set("user.name", text(&login.username));
    document.set("user.domain", text(&login.domain).or_else(|| text(&login.realm)));
    document.set("user.effective.name", text(&login.authorization_identity));
    for user in [&login.username, &login.authorization_identity].into_iter().flatten() {
        document.relate(Related::User, user.as_str());
    }
    if let Some(workstation) = &login.workstation {
        document.relate(Related::Host, workstation.as_str());
    }
    let Ok(record) = serde_json::to_value(login) else { return document };
    for name in [
        "session",
        "packet",
        "mechanism",
        "workstation",
        "service",
        "server_names",
        "claims",
        "outcome",
        "over_tls",
    ] {
        document.set(&format!("mailtap.{name}"), record.get(name).cloned());
    }
    document.set("mailtap.login", number);
    document.set("mailtap.password_sent", login.password.is_some());
    document
}

pub(super) fn anomaly(number: u64, anomaly: &Anomaly) -> Document {
    let mut document = Document::new("anomaly", "event", "network", &["protocol"], anomaly.at);
    document.set("event.action", "mail-anomaly");
    document.set("event.id", format!("anomaly-{number}"));
    document.set("event.sequence", number);
    document.set("event.code", &*anomaly.code);
    document.set("event.reason", anomaly.detail.as_ref().map(ToString::to_string));
    let Ok(record) = serde_json::to_value(anomaly) else { return document };
    for name in ["session", "layer", "direction", "offset", "packet", "message"] {
        document.set(&format!("mailtap.{name}"), record.get(name).cloned());
    }
    document
}

pub(super) fn finding(finding: &Finding) -> Document {
    let mut document = Document::new("finding", "alert", "intrusion_detection", &["info"], finding.at);
    if let (Some(client), Some(server)) = (&finding.client, &finding.server) {
        document.ends("", client, server);
    }
    if let (Some(at), Some(until)) = (finding.at, finding.until.or(finding.at)) {
        document.span(at, until);
    }
    document.set("event.action", "mail-finding");
    document.set("event.id", format!("finding-{}", finding.finding));
    document.set("event.sequence", finding.finding);
    // As Elastic's own rules weigh.
    let severity: u64 = match finding.severity {
        Severity::Info => 0,
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
    };
    document.set("event.severity", severity);
    document.set("message", finding.title.to_string());
    document.set("rule.id", &*finding.rule);
    document.set("rule.name", &*finding.rule);
    document.set("rule.ruleset", "mailtap");
    let Ok(record) = serde_json::to_value(finding) else { return document };
    for name in [
        "finding", "severity", "count", "packet", "packets", "client", "server", "sessions", "messages",
        "logins",
    ] {
        document.set(&format!("mailtap.{name}"), record.get(name).cloned());
    }
    // A name of evidence is a text here, a number there: an index has one type for each.
    let evidence: Vec<String> =
        finding.evidence.iter().map(|(name, fact)| format!("{name}={fact}")).collect();
    document.set("mailtap.evidence", recorded(&evidence));
    document
}
