//! Transcripts through a session, and events in short form.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::or_fun_call,
    reason = "a test may fail loudly"
)]

use mail_wire::drive::{self, Timed, Told, cut_timed, interleave};
use mail_wire::transcript::Transcript;
use proptest::prelude::TestCaseError;
use smtp_proto::{Anomaly, Config, Credential, Direction, EventKind, Recipient, Reply};
use std::path::PathBuf;

mail_wire::machine! {
    /// The session under test.
    pub(crate) struct Driven(smtp_proto);
}

pub(crate) type Event = Told<EventKind>;

/// All transcripts by name.
pub(crate) fn transcripts() -> Vec<(PathBuf, Transcript)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), Transcript::parse(&std::fs::read(path).unwrap()))).collect()
}

/// A transcript whose name says so begins inside the connection, or meets limits.
pub(crate) fn config(path: &std::path::Path) -> Config {
    let name = path.file_stem().unwrap().to_string_lossy();
    let config = Config::default().mid_stream(name.contains("mid-stream"));
    if name.contains("small-limits") { config.max_line(64).max_recipients(2) } else { config }
}

/// Feeds the steps and checks what holds for any session; both halves are closed at the end.
pub(crate) fn run(steps: &[Timed], config: &Config) -> Result<Vec<Event>, String> {
    drive::run_timed(&mut Driven::new(config.clone()), steps, config.worst_case())
}

/// The same; a broken promise fails the case.
pub(crate) fn told(steps: &[Timed], config: &Config) -> Result<Vec<Event>, TestCaseError> {
    run(steps, config).map_err(TestCaseError::fail)
}

/// The same bytes in other pieces, mixed in another way. Where messages hold loose ends, what follows one is judged by when
/// it was captured, so no piece is of two steps.
pub(crate) fn mixed(steps: &[Timed], events: &[Event], sizes: &[usize], choices: &[bool]) -> Vec<Timed> {
    let loose = |event: &Event| matches!(event.kind, EventKind::Anomaly(Anomaly::LooseEnd { .. }));
    interleave(cut_timed(steps, sizes, !events.iter().any(loose)), choices)
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn reply(reply: &Reply) -> String {
    let lines: Vec<String> = reply.lines.iter().map(|line| text(line)).collect();
    format!("{} {}{}", reply.code, lines.join(" | "), if reply.complete { "" } else { " (cut)" })
}

fn recipient(recipient: &Recipient) -> String {
    let code = recipient.reply.as_ref().map_or("?".to_owned(), |reply| reply.code.to_string());
    format!("<{}> {code}", text(&recipient.path.mailbox))
}

/// Mechanism, user, password and outcome, then what else there is.
fn credential(login: &Credential) -> String {
    let show = |field: Option<&[u8]>| field.map_or("-".to_owned(), text);
    let mut told = format!(
        "credential {} {} {} {:?}",
        text(&login.mechanism),
        show(login.username.as_deref()),
        show(login.password.as_ref().map(|password| password.expose().as_ref())),
        login.outcome
    );
    let fields = [
        ("identity", login.authorization_identity.as_deref()),
        ("domain", login.domain.as_deref()),
        ("workstation", login.workstation.as_deref()),
        ("realm", login.realm.as_deref()),
        ("service", login.service.as_deref()),
        ("token", login.token.as_ref().map(|token| token.expose().as_ref())),
        ("host", login.host.as_deref()),
        ("port", login.port.as_deref()),
        ("trace", login.trace.as_deref()),
        ("error", login.error.as_deref()),
    ];
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            told += &format!(" {name}={}", text(value));
        }
    }
    for fact in login.server_names.iter().chain(&login.claims) {
        told += &format!(" {}={}", fact.name, text(&fact.value));
    }
    if let Some(once) = &login.one_time {
        let response = once.response.as_ref().map_or("-".to_owned(), |response| text(response.expose()));
        told +=
            &format!(" once={} {:?} {} {response}", text(&once.algorithm), once.sequence, text(&once.seed));
    }
    if let Some(hash) = &login.hash {
        told += &format!(" hash={:?} {:?} {}", hash.hashcat_mode, hash.john_format, text(hash.line.expose()));
    }
    told
}

/// One event as transcripts expect it.
pub(crate) fn short(dir: Direction, kind: &EventKind) -> String {
    let side = if dir == Direction::ToServer { "C" } else { "S" };
    let what = match kind {
        EventKind::Greeting(greeting) => format!("greeting {}", reply(greeting)),
        EventKind::Command(command) => {
            let how = if command.strict { "" } else { " (loose)" };
            format!("command {:?} {}{how}", command.verb, text(&command.line))
        }
        EventKind::Response(secret) => format!("response {}", text(secret.expose())),
        EventKind::Reply { reply: answer, answers } => {
            format!("reply {} -> {}", reply(answer), answers.map_or("nothing", |verb| verb.as_str()))
        }
        EventKind::Credential(login) => credential(login),
        EventKind::MessageStart(envelope) => format!(
            "message-start {:?}{} <{}> to {}",
            envelope.operation,
            if envelope.lmtp { " LMTP" } else { "" },
            envelope.sender.as_ref().map_or("?".to_owned(), |path| text(&path.mailbox)),
            envelope.recipients.iter().map(recipient).collect::<Vec<_>>().join(", "),
        ),
        EventKind::MessageData(bytes) => format!("data {}", text(bytes)),
        EventKind::MessageGap(len) => format!("message-gap {len:?}"),
        EventKind::MessageEnd(end) => {
            let list = |replies: &[Reply]| replies.iter().map(reply).collect::<Vec<_>>().join(", ");
            let told = format!(
                "message-end {:?} {} {}",
                end.outcome,
                if end.complete { "complete" } else { "incomplete" },
                list(&end.verdicts)
            );
            if end.deliveries.is_empty() {
                told
            } else {
                format!("{told} deliveries {}", list(&end.deliveries))
            }
        }
        EventKind::TlsStarted => "tls-started".to_owned(),
        EventKind::Opaque(bytes) => format!("opaque {}", text(bytes)),
        EventKind::Gap(len) => format!("gap {len:?}"),
        EventKind::Truncated(bytes) => format!("truncated {}", text(bytes)),
        EventKind::RolesChanged => "roles-changed".to_owned(),
        EventKind::Anomaly(anomaly) => {
            let detail = anomaly.detail().map_or(String::new(), |detail| format!(" {detail}"));
            format!("anomaly {}{detail}", anomaly.code())
        }
        other => format!("{other:?}"),
    };
    format!("{side} {what}").trim_end().to_owned()
}
