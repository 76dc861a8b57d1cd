//! Rules about what the packets show: anomalies that stand for more than a mistake.

use super::gather::{Gather, Spot};
use super::{Rule, messages};
use crate::record::{Anomaly, Direction, Layer, Message, Reading, Severity};

pub(super) fn anomaly(gather: &mut Gather, anomaly: &Anomaly) {
    let found = match (anomaly.layer, &*anomaly.code) {
        (Layer::Smtp, "smuggled") => Some((Rule::Smuggling, Severity::High)),
        (Layer::Smtp, "eod-loose") => Some((Rule::Smuggling, Severity::Low)),
        (Layer::Pop3, "early-dot") => Some((Rule::Smuggling, Severity::Medium)),
        (
            Layer::Smtp | Layer::Pop3 | Layer::Imap,
            "starttls-injected-command" | "starttls-injected-response",
        ) => Some((Rule::StarttlsInjected, Severity::High)),
        (Layer::Smtp | Layer::Pop3 | Layer::Imap, "starttls-plaintext") => {
            Some((Rule::StarttlsPlaintext, Severity::Low))
        }
        (Layer::Tcp, "conflict") | (Layer::Packet, "fragment-conflict") => {
            Some((Rule::TcpConflict, Severity::Medium))
        }
        (Layer::Capture, _) => Some((Rule::CaptureDamaged, Severity::Info)),
        _ => None,
    };
    let Some((rule, severity)) = found else { return };
    let spot = Spot::anomaly(anomaly);
    let (key, name) = match (anomaly.session, anomaly.packet) {
        (Some(session), _) => (format!("session {session}"), format!("session {session}")),
        (None, Some(packet)) => (format!("input {}", packet.input), format!("input {}", packet.input)),
        (None, None) => (String::new(), String::new()),
    };
    if let Some(draft) = gather.note(rule, severity, &key, || name, &spot) {
        draft.list("anomalies", &anomaly.code);
        draft.list("details", anomaly.detail.as_ref().map_or("", |detail| detail.as_str()));
        match anomaly.direction {
            Some(Direction::Client) => draft.add("from_client", 1),
            Some(Direction::Server) => draft.add("from_server", 1),
            _ => {}
        }
    }
}

/// What a message shows of the same.
pub(super) fn message(gather: &mut Gather, message: &Message) {
    let (key, name) = match message.session {
        Some(session) => (format!("session {session}"), format!("session {session}")),
        None => (format!("message {}", message.message), format!("message {}", message.message)),
    };
    let spot = Spot::message(message);
    let other_end = messages::is_other_end(message);
    if message.reading == Reading::Candidate
        && other_end
        && let Some(draft) = gather.note(Rule::Smuggling, Severity::Medium, &key, || name.clone(), &spot)
    {
        let sender = message.envelope.as_ref().and_then(|envelope| envelope.mail_from.as_ref());
        draft.list("other_readings", &message.message.to_string());
        draft.list("senders", sender.map_or("", |from| from.as_str()));
    }
    let other: Vec<_> =
        message.parts.iter().filter(|part| part.via.iter().any(|via| via == "conflict")).collect();
    if !other.is_empty()
        && let Some(draft) = gather.note(Rule::TcpConflict, Severity::High, &key, || name, &spot)
    {
        for part in other {
            draft.list("other_parts", &format!("message {} part {}", message.message, part.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{anomaly, found, message};
    use super::*;
    use crate::record::Part;

    #[test]
    fn anomalies_that_are_findings() {
        for (layer, code, expected) in [
            (Layer::Smtp, "smuggled", "smuggling high"),
            (Layer::Smtp, "eod-loose", "smuggling low"),
            (Layer::Pop3, "early-dot", "smuggling medium"),
            (Layer::Pop3, "eod-loose", ""),
            (Layer::Imap, "starttls-injected-response", "starttls-injected high"),
            (Layer::Smtp, "starttls-injected-command", "starttls-injected high"),
            (Layer::Smtp, "starttls-plaintext", "starttls-plaintext low"),
            (Layer::Tcp, "conflict", "tcp-conflict medium"),
            (Layer::Packet, "fragment-conflict", "tcp-conflict medium"),
            (Layer::Tcp, "gap", ""),
            (Layer::Capture, "cut-short", "capture-damaged info"),
            (Layer::Smtp, "bare-lf", ""),
        ] {
            let anomaly = anomaly(layer, code);
            assert_eq!(found(|observer| observer.anomaly(&anomaly)), expected, "{code}");
        }
    }

    #[test]
    fn one_finding_for_a_session() {
        let got = found(|observer| {
            observer.anomaly(&anomaly(Layer::Smtp, "eod-loose"));
            observer.anomaly(&anomaly(Layer::Smtp, "smuggled"));
        });
        assert_eq!(got, "smuggling high");
    }

    #[test]
    fn other_readings() {
        let mut other = message(&[]);
        other.reading = Reading::Candidate;
        other.via = vec!["eod-loose".into()];
        assert_eq!(found(|observer| observer.message(&other)), "smuggling medium");
        other.via = vec!["partial-piece".into()];
        assert_eq!(found(|observer| observer.message(&other)), "");
        let mut part = Part::new("1".to_owned(), "text/plain".into());
        part.via = vec!["conflict".into()];
        let mut two = message(&[]);
        two.parts = vec![part];
        assert_eq!(found(|observer| observer.message(&two)), "tcp-conflict high");
    }
}
