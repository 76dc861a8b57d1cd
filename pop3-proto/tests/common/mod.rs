//! Transcripts through a session, and events in short form.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use mail_wire::drive::{self, Told, credential};
use mail_wire::transcript::{Step, Transcript};
use pop3_proto::{Config, Direction, EventKind, ListItem, MessageRef, Reply};
use std::path::{Path, PathBuf};

mail_wire::machine! {
    /// The session under test.
    pub(crate) struct Driven(pop3_proto);
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

/// A transcript whose name says so begins inside the connection.
pub(crate) fn config(path: &Path) -> Config {
    let name = path.file_stem().unwrap().to_string_lossy();
    Config::default().mid_stream(name.contains("mid-stream"))
}

/// Feeds the steps and checks what holds for any session.
pub(crate) fn run(steps: &[Step], config: &Config) -> Result<Vec<Event>, String> {
    drive::run(&mut Driven::new(config.clone()), steps, config.worst_case())
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn reply(reply: &Reply) -> String {
    let code = reply.code.as_ref().map_or_else(String::new, |code| format!(" [{}]", text(code)));
    format!("{}{code} {}", reply.status.as_str(), text(&reply.text))
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn item(item: &ListItem) -> String {
    match item {
        ListItem::Size { number, size } => format!("size {number} {size}"),
        ListItem::UniqueId { number, id } => format!("unique-id {number} {}", text(id)),
        ListItem::Capability(capability) => {
            format!("capability {} {}", text(&capability.keyword), text(&capability.parameters))
        }
        ListItem::Mechanism(name) => format!("mechanism {}", text(name)),
        ListItem::Language(language) => format!("language {}", text(language)),
        ListItem::Text(line) => format!("text {}", text(line)),
        other => format!("{other:?}"),
    }
}

fn message(message: &MessageRef) -> String {
    let MessageRef { operation, number: which, lines, octets, resumes, .. } = message;
    let resumes = if *resumes { " resumes" } else { "" };
    format!("{operation:?} {} lines {} octets {}{resumes}", number(*which), number(*lines), number(*octets))
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
        EventKind::Proxy(proxy) => format!("proxy {} {:?}", proxy.version, proxy.addresses),
        EventKind::Response(secret) => format!("response {}", text(secret.expose())),
        EventKind::Reply { reply: answer, answers, number: which } => {
            let which = which.map_or_else(String::new, |number| format!(" {number}"));
            format!("reply {} -> {}{which}", reply(answer), answers.map_or("nothing", |verb| verb.as_str()))
        }
        EventKind::ListItem(line) => item(line),
        EventKind::ListEnd => "list-end".to_owned(),
        EventKind::Credential(login) => format!("credential {}", credential(login)),
        EventKind::MessageStart(reference) => format!("message-start {}", message(reference)),
        EventKind::MessageData(bytes) => format!("data {}", text(bytes)),
        EventKind::MessageGap(len) => format!("message-gap {len:?}"),
        EventKind::MessageEnd(end) => format!(
            "message-end {}{} {} bytes lines {}{}",
            if end.complete { "complete" } else { "incomplete" },
            if end.terminated { "" } else { " open" },
            end.size,
            number(end.lines),
            end.verdict.as_ref().map_or_else(String::new, |verdict| format!(" {}", reply(verdict))),
        ),
        EventKind::TlsStarted => "tls-started".to_owned(),
        EventKind::Opaque(bytes) => format!("opaque {}", text(bytes)),
        EventKind::Gap(len) => format!("gap {len:?}"),
        EventKind::Truncated(bytes) => format!("truncated {}", text(bytes)),
        EventKind::RolesChanged => "roles-changed".to_owned(),
        EventKind::Anomaly(anomaly) => {
            let detail = anomaly.detail().map_or_else(String::new, |detail| format!(" {detail}"));
            format!("anomaly {}{detail}", anomaly.code())
        }
        other => format!("{other:?}"),
    };
    format!("{side} {what}").trim_end().to_owned()
}
