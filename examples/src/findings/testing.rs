//! Records for the tests of rules.

use super::{Config, Observer};
use crate::record::{
    Anomaly, Envelope, HeaderField, Headers, Layer, Login, LoginOutcome, Message, Operation, Outcome, Place,
    Protocol, Received, Recipient, Session, Text, Time,
};
use core::time::Duration;

/// 2020-09-13T12:26:40Z
pub(super) const NOW: u64 = 1_600_000_000;

pub(super) fn time() -> Time {
    Time::new(Duration::from_secs(NOW), 0)
}

/// What an observer that was told this finds, sorted: `rule severity, ..`.
pub(super) fn found(tell: impl FnOnce(&mut Observer)) -> String {
    let mut observer = Observer::new(Config::default());
    tell(&mut observer);
    let findings = observer.finish();
    let mut words: Vec<_> =
        findings.iter().map(|finding| format!("{} {}", finding.rule, finding.severity)).collect();
    words.sort();
    words.join(", ")
}

pub(super) fn login(user: &str, outcome: LoginOutcome) -> Login {
    let mut login = Login::new(
        1,
        Protocol::Imap,
        time(),
        Place::new(1, 9),
        "10.0.0.1:40000".into(),
        "10.0.0.2:143".into(),
        "PLAIN".into(),
    );
    login.username = Some(user.into());
    login.outcome = outcome;
    login
}

/// A message from `ann@example.org` to `bob@example.net`, with these fields behind its From.
pub(super) fn message(fields: &[(&str, &str)]) -> Message {
    let (client, server) = ("192.0.2.1:40000".to_owned(), "192.0.2.2:25".to_owned());
    let mut message = Message::new(1, Protocol::Smtp, Operation::Data, client, server, time());
    message.session = Some(1);
    message.packets.add(Place::new(1, 12));
    message.outcome = Outcome::Accepted;
    message.complete = true;
    message.size = 1000;
    message.sha256_trimmed = "00".to_owned();
    let mut bob = Recipient::new("bob@example.net".into());
    bob.accepted = Some(true);
    message.envelope = Some(Envelope {
        mail_from: Some("ann@example.org".into()),
        rcpt_to: vec![bob],
        ..Envelope::default()
    });
    let mut headers = Headers::default();
    for (name, value) in [("From", "Ann <ann@example.org>")].iter().chain(fields) {
        message.header_fields.push(HeaderField(Text::from(*name), Text::from(*value), 0));
        match *name {
            "Date" => headers.date = Some(Text::from(*value)),
            "Message-ID" => headers.message_id = Some(Text::from(*value)),
            _ => {}
        }
    }
    message.headers = Some(headers);
    message
}

/// A Received field by that host, from that address, at that time.
pub(super) fn hop(by: &str, ip: &str, date: &str) -> Received {
    let some = |text: &str| (!text.is_empty()).then(|| Text::from(text));
    Received {
        by: some(by),
        ip: (!ip.is_empty()).then(|| ip.to_owned()),
        date: some(date),
        ..Received::default()
    }
}

/// The session of that message.
pub(super) fn session() -> Session {
    let mut session =
        Session::new(1, Protocol::Smtp, "192.0.2.1:40000".into(), "192.0.2.2:25".into(), time());
    session.packets.add(Place::new(1, 3));
    session.packets.add(Place::new(1, 20));
    session.greeting = Some("mx.example.net ESMTP".into());
    session.commands = 5;
    session.client_name = Some("mx.example.org".into());
    session.messages = vec![1];
    session
}

pub(super) fn anomaly(layer: Layer, code: &'static str) -> Anomaly {
    let mut anomaly = Anomaly::new(layer, code);
    anomaly.session = Some(1);
    anomaly.packet = Some(Place::new(1, 7));
    anomaly.at = Some(time());
    anomaly
}
