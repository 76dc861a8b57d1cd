//! Targets of smtp-proto.

use bytes::Bytes;
use mail_wire::drive::Told;
use smtp_proto::command::{self, Arguments, Command};
use smtp_proto::reply::{self, Reply};
use smtp_proto::{Anomaly, Config, EventKind, Parameter, Path, Verb};

use super::input::is_part_of;
use super::session::Case;

mail_wire::machine! {
    /// The session under test.
    pub(crate) struct Driven(smtp_proto);
}

/// A [`Case`] through the session.
///
/// # Panics
///
/// Spans that do not tile a direction, more memory than promised, or events that depend on how the bytes came.
pub fn smtp_session(data: &[u8]) {
    let case = Case::new(data);
    let mut config = Config::default().mid_stream(case.mid_stream);
    if case.tiny {
        config = config.max_line(64).max_held(128).max_pending(2).max_recipients(2);
    }
    case.check(|| Driven::new(config.clone()), config.worst_case(), |driven| driven.0.roles(), is_in_step);
}

/// Whether each reply found its command in its turn, and TLS began as agreed. Where commands or replies are missing
/// without a gap that says so, a session guesses from what has come so far.
fn is_in_step(events: &[Told<EventKind>]) -> bool {
    let agreed = |event: &Told<EventKind>| match &event.kind {
        EventKind::Reply { reply, answers } => *answers == Some(Verb::StartTls) && reply.is_positive(),
        _ => false,
    };
    events.iter().all(|event| match &event.kind {
        EventKind::Anomaly(anomaly) => !matches!(
            anomaly,
            Anomaly::ReplyMissing { .. } | Anomaly::ReplyUnmatched | Anomaly::VerdictMissing
        ),
        EventKind::TlsStarted => events.iter().any(agreed),
        _ => true,
    })
}

/// Each line of the data is read as a command and as a line of a reply.
///
/// # Panics
///
/// A field that is no part of its line, readings that contradict each other, or a password in `Debug`.
pub fn smtp_grammar(data: &[u8]) {
    let mut whole: Option<Reply> = None;
    for line in data.split(|byte| *byte == b'\n') {
        let line = Bytes::copy_from_slice(line);
        check_command(&line);
        match reply::parse_line(&line) {
            Ok(read) => {
                assert!((100..600).contains(&read.code) && is_part_of(&read.text, &line), "{read:?}");
                assert!(is_part_of(read.text_without_enhanced(), &read.text), "{read:?}");
                let class = read.enhanced.map(|enhanced| u16::from(enhanced.class));
                assert!(class.is_none_or(|class| class == read.code / 100), "{read:?}");
                match &mut whole {
                    Some(reply) => reply.push_line(read),
                    None => whole = Some(Reply::new(read)),
                }
            }
            Err(error) => assert!(error.at <= line.len(), "{error:?}"),
        }
    }
    if let Some(reply) = whole {
        for capability in reply.capabilities() {
            assert!(!capability.keyword.is_empty(), "{capability:?}");
            let fields = [&capability.keyword, &capability.parameters];
            let one_line = |line: &Bytes| fields.iter().all(|field| is_part_of(field, line));
            assert!(reply.lines.iter().any(one_line), "{capability:?}");
        }
        assert!(reply.auth_mechanisms().all(|name| !name.is_empty()), "{reply:?}");
    }
}

fn check_command(line: &Bytes) {
    let raw = Command::unparsed(line);
    assert_eq!((raw.verb, raw.strict), (Verb::of(line), false), "{raw:?}");
    check_parts(&raw);
    match command::parse(line) {
        Ok(command) => {
            assert_eq!((command.verb, &command.line), (raw.verb, line), "{command:?}");
            assert_ne!(command.verb, Verb::Unknown, "{command:?}");
            assert_eq!(command.word(), raw.word(), "{command:?}");
            check_parts(&command);
            check_secret(&command);
        }
        Err(error) => assert!(error.at <= line.len(), "{error:?}"),
    }
}

fn check_parts(command: &Command) {
    let line = &command.line;
    assert!(is_part_of(command.word(), line) && is_part_of(command.argument_text(), line), "{command:?}");
    let mut parts: Vec<&[u8]> = Vec::new();
    match &command.arguments {
        Arguments::Domain(text) | Arguments::Text(text) | Arguments::Raw(text) => parts.push(text),
        Arguments::Mail { sender: path, parameters } | Arguments::Rcpt { recipient: path, parameters } => {
            check_path(path);
            parts.push(&path.raw);
            for Parameter { keyword, value, .. } in parameters {
                parts.push(keyword);
                parts.extend(value.as_deref());
            }
            for parameter in parameters {
                let len = parameter.value.as_ref().map_or(0, Bytes::len);
                assert!(parameter.decoded().len() <= len, "{parameter:?}");
            }
        }
        Arguments::Auth { mechanism, initial_response } => {
            parts.push(mechanism);
            parts.extend(initial_response.as_deref());
        }
        Arguments::Burl { url, .. } => parts.push(url),
        _ => {}
    }
    assert!(parts.iter().all(|part| is_part_of(part, line)), "{command:?}");
}

fn check_path(path: &Path) {
    let inner = [&path.mailbox[..], path.route.as_deref().unwrap_or_default()];
    assert!(inner.iter().all(|part| is_part_of(part, &path.raw)), "{path:?}");
    assert!(is_part_of(path.local_part(), &path.mailbox), "{path:?}");
    let halves = path.local_part().len() + path.domain().map_or(0, |domain| domain.len() + 1);
    assert_eq!(halves, path.mailbox.len(), "{path:?}");
}

/// What `Debug` prints of a login does not depend on its secret.
fn check_secret(command: &Command) {
    let Arguments::Auth { mechanism, initial_response: Some(response) } = &command.arguments else { return };
    let Some(at) = command.line.windows(response.len()).rposition(|text| text == response) else { return };
    let other =
        [&command.line[..at], &b"x".repeat(response.len()), &command.line[at + response.len()..]].concat();
    let Ok(mut other) = command::parse(&other.into()) else { return };
    if matches!(&other.arguments, Arguments::Auth { mechanism: same, .. } if same == mechanism) {
        other.strict = command.strict;
        assert_eq!(format!("{command:?}"), format!("{other:?}"));
    }
}
