//! Targets of pop3-proto.

use bytes::Bytes;
use mail_wire::drive::Told;
use pop3_proto::command::{self, Arguments, Command};
use pop3_proto::reply::{self, Status};
use pop3_proto::{Anomaly, Capability, Config, EventKind, ListItem, Verb};

use super::input::is_part_of;
use super::session::{Case, Promise};

mail_wire::machine! {
    /// The session under test.
    pub(crate) struct Driven(pop3_proto);
}

/// A [`Case`] through the session.
///
/// # Panics
///
/// Spans that do not tile a direction, more memory than promised, or events that depend on how the bytes came.
pub fn pop3_session(data: &[u8]) {
    let case = Case::new(data);
    let mut config = Config::default().mid_stream(case.mid_stream);
    if case.tiny {
        config = config.max_line(64).max_held(128).max_pending(2);
    }
    let promise =
        |events: &[Told<EventKind>]| is_in_step(events).then_some(Promise { across: true, roles: false });
    case.check(|| Driven::new(config.clone()), config.worst_case(), |driven| driven.0.roles(), promise);
}

/// Whether each reply found its command in its turn, and TLS began as agreed. Where commands or replies are missing
/// without a gap that says so, a session guesses from what has come so far.
fn is_in_step(events: &[Told<EventKind>]) -> bool {
    let agreed = |event: &Told<EventKind>| match &event.kind {
        EventKind::Reply { reply, answers, .. } => *answers == Some(Verb::Stls) && reply.is_positive(),
        _ => false,
    };
    events.iter().all(|event| match &event.kind {
        EventKind::Anomaly(anomaly) => !matches!(
            anomaly,
            Anomaly::ReplyMissing { .. } | Anomaly::ReplyUnmatched | Anomaly::VerdictMissing
        ),
        EventKind::Reply { answers: None, .. } => false,
        EventKind::TlsStarted => events.iter().any(agreed),
        _ => true,
    })
}

/// Each line of the data is read as a command, as a reply, and as an item of every list.
///
/// # Panics
///
/// A field that is no part of its line, readings that contradict each other, or a password in `Debug`.
pub fn pop3_grammar(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        let line = Bytes::copy_from_slice(line);
        check_command(&line);
        check_reply(&line);
        for verb in Verb::ALL.iter().chain(&[Verb::Unknown]) {
            match ListItem::parse(*verb, &line) {
                Ok(item) => assert!(parts(&item).iter().all(|part| is_part_of(part, &line)), "{item:?}"),
                Err(error) => assert!(error.at <= line.len(), "{error:?}"),
            }
        }
    }
}

fn check_reply(line: &Bytes) {
    match reply::parse(line) {
        Ok(read) => {
            let timestamp = read.timestamp().unwrap_or_default();
            let code = read.code.clone().unwrap_or_default();
            assert!(is_part_of(&read.text, line), "{read:?}");
            assert!(is_part_of(&timestamp, &read.text) && is_part_of(&code, &read.text), "{read:?}");
            assert!(code.is_empty() || read.status != Status::Continue, "{read:?}");
            assert!(timestamp.iter().filter(|byte| **byte == b'<').count() <= 1, "{read:?}");
            let octets = read.octets().map_or_else(String::new, |octets| octets.to_string());
            let text = String::from_utf8_lossy(&read.text);
            assert!(text.contains(&octets) || text.contains('0'), "{read:?}");
        }
        Err(error) => assert!(error.at <= line.len(), "{error:?}"),
    }
}

fn parts(item: &ListItem) -> Vec<&[u8]> {
    match item {
        ListItem::UniqueId { id, .. } => vec![id],
        ListItem::Capability(capability) => {
            let Capability { keyword, parameters, .. } = &**capability;
            assert!(!keyword.is_empty());
            vec![keyword, parameters]
        }
        ListItem::Mechanism(text) | ListItem::Language(text) | ListItem::Text(text) => vec![text],
        _ => Vec::new(),
    }
}

fn check_command(line: &Bytes) {
    let raw = Command::unparsed(line);
    assert_eq!((raw.verb, raw.strict), (Verb::of(line), false), "{raw:?}");
    check_parts(&raw);
    match command::parse(line) {
        Ok(command) => {
            assert_eq!((command.verb, &command.line), (raw.verb, line), "{command:?}");
            assert!(command.verb != Verb::Unknown, "{command:?}");
            check_parts(&command);
            check_secret(&command);
        }
        Err(error) => assert!(error.at <= line.len() && !error.expected.is_empty(), "{error:?}"),
    }
}

fn check_parts(command: &Command) {
    let line = &command.line;
    let mut parts: Vec<&[u8]> = vec![command.word(), command.argument_text()];
    match &command.arguments {
        Arguments::Name(text) | Arguments::Language(text) | Arguments::Text(text) | Arguments::Raw(text) => {
            parts.push(text);
        }
        Arguments::Password(password) => parts.push(password.expose()),
        Arguments::Apop { name, digest } => parts.extend([&name[..], digest.expose()]),
        Arguments::Auth { mechanism, initial_response } => {
            parts.push(mechanism);
            parts.extend(initial_response.as_ref().map(|response| &response.expose()[..]));
        }
        Arguments::Extension { name, rest } => parts.extend([&name[..], rest]),
        _ => {}
    }
    assert!(parts.iter().all(|part| is_part_of(part, line)), "{command:?}");
}

/// What `Debug` prints of a login does not depend on its secret.
fn check_secret(command: &Command) {
    let secret = match &command.arguments {
        Arguments::Password(secret) | Arguments::Auth { initial_response: Some(secret), .. } => {
            secret.expose()
        }
        Arguments::Apop { digest, .. } => digest.expose(),
        _ => return,
    };
    if secret.is_empty() {
        return;
    }
    // The same bytes may stand elsewhere in the line too.
    let at = secret.as_ptr() as usize - command.line.as_ptr() as usize;
    let other =
        [&command.line[..at], &b"x".repeat(secret.len()), &command.line[at + secret.len()..]].concat();
    let Ok(mut other) = command::parse(&other.into()) else { return };
    other.strict = command.strict;
    assert_eq!(format!("{command:?}"), format!("{other:?}"));
}
