//! Targets of smtp-proto.

use std::fmt::Debug;

use bytes::Bytes;
use mail_wire::drive::Told;
use smtp_proto::command::{self, Arguments, Command};
use smtp_proto::reply::{self, Reply};
use smtp_proto::{Anomaly, Config, EventKind, Path, Verb};

use super::input::is_part_of;
use super::session::{Case, Promise};

mail_wire::machine! {
    /// The session under test.
    pub(crate) struct Driven(smtp_proto);
}

type Event = Told<EventKind>;

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
    let promise = |events: &[Event]| {
        // Behind a loose end capture times count, so each piece has to keep its own.
        let loose = |event: &Event| matches!(event.kind, EventKind::Anomaly(Anomaly::LooseEnd { .. }));
        is_in_step(events).then(|| Promise { across: !events.iter().any(loose), roles: true })
    };
    case.check(|| Driven::new(config.clone()), config.worst_case(), |driven| driven.0.roles(), promise);
}

/// Whether each reply found its command in its turn, and TLS began as agreed. Where commands or replies are missing
/// without a gap that says so, a session guesses from what has come so far.
fn is_in_step(events: &[Event]) -> bool {
    let agreed = |event: &Event| match &event.kind {
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
    let mut whole: Option<Reply<&[u8]>> = None;
    for line in data.split(|byte| *byte == b'\n') {
        check_command(line);
        match reply::parse_line(line) {
            Ok(read) => {
                assert!((100..600).contains(&read.code) && is_part_of(read.text, line), "{read:?}");
                assert!(is_part_of(read.text_without_enhanced(), read.text), "{read:?}");
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
            let fields = [capability.keyword, capability.parameters];
            let one_line = |line: &&[u8]| fields.iter().all(|field| is_part_of(field, line));
            assert!(reply.lines.iter().any(one_line), "{capability:?}");
        }
        assert!(reply.auth_mechanisms().all(|name| !name.is_empty()), "{reply:?}");
    }
}

fn check_command(line: &[u8]) {
    let raw = Command::unparsed(line);
    assert_eq!((raw.verb, raw.strict), (Verb::of(line), false), "{raw:?}");
    check_parts(&raw);
    match command::parse(line) {
        Ok(command) => {
            assert_eq!((command.verb, command.line), (raw.verb, line), "{command:?}");
            assert_ne!(command.verb, Verb::Unknown, "{command:?}");
            assert_eq!(command.word(), raw.word(), "{command:?}");
            check_parts(&command);
            check_secret(&command);
            let kept = Bytes::copy_from_slice(line);
            let shared = command.share(&kept);
            assert!(parts(&shared) == parts(&command), "{shared:?} {command:?}");
            check_parts(&shared);
        }
        Err(error) => assert!(error.at <= line.len(), "{error:?}"),
    }
}

/// Every text of a command.
fn parts<T: AsRef<[u8]>>(command: &Command<T>) -> Vec<&[u8]> {
    let mut parts = vec![command.line.as_ref()];
    match &command.arguments {
        Arguments::Mail { sender: path, parameters } | Arguments::Rcpt { recipient: path, parameters } => {
            parts.extend([&path.raw, &path.mailbox].into_iter().chain(&path.route).map(T::as_ref));
            parts.extend(parameters.iter().flat_map(|one| [one.keyword].into_iter().chain(one.value)));
        }
        Arguments::Auth { mechanism, initial_response } => {
            parts.extend([mechanism].into_iter().chain(initial_response).map(T::as_ref));
        }
        Arguments::Domain(text)
        | Arguments::Text(text)
        | Arguments::Raw(text)
        | Arguments::Burl { url: text, .. }
        | Arguments::Queue { name: text, .. } => parts.push(text.as_ref()),
        _ => {}
    }
    parts
}

fn check_parts<T: AsRef<[u8]> + Debug>(command: &Command<T>) {
    let line = command.line.as_ref();
    assert!(is_part_of(command.word(), line) && is_part_of(command.argument_text(), line), "{command:?}");
    assert!(parts(command).iter().all(|part| is_part_of(part, line)), "{command:?}");
    if let Arguments::Mail { sender: path, parameters } | Arguments::Rcpt { recipient: path, parameters } =
        &command.arguments
    {
        check_path(path);
        for parameter in parameters {
            assert!(parameter.decoded().len() <= parameter.value.map_or(0, <[u8]>::len), "{parameter:?}");
        }
    }
}

fn check_path<T: AsRef<[u8]> + Debug>(path: &Path<T>) {
    let inner = [&path.mailbox].into_iter().chain(&path.route);
    assert!(inner.map(T::as_ref).all(|part| is_part_of(part, path.raw.as_ref())), "{path:?}");
    let mailbox = path.mailbox.as_ref();
    assert!(is_part_of(path.local_part(), mailbox), "{path:?}");
    let halves = path.local_part().len() + path.domain().map_or(0, |domain| domain.len() + 1);
    assert_eq!(halves, mailbox.len(), "{path:?}");
}

/// What `Debug` prints of a login does not depend on its secret.
fn check_secret(command: &Command<&[u8]>) {
    let Arguments::Auth { mechanism, initial_response: Some(response) } = command.arguments else { return };
    let Some(at) = command.line.windows(response.len()).rposition(|text| text == response) else { return };
    let other =
        [&command.line[..at], &b"x".repeat(response.len()), &command.line[at + response.len()..]].concat();
    let Ok(mut other) = command::parse(&other) else { return };
    if matches!(other.arguments, Arguments::Auth { mechanism: same, .. } if same == mechanism) {
        other.strict = command.strict;
        assert_eq!(format!("{command:?}"), format!("{other:?}"));
    }
}
