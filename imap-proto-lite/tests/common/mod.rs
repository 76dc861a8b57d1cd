//! Transcripts through a session, and events in short form.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::or_fun_call, reason = "a test may fail loudly")]

use imap_proto_lite::response::{Code, Condition, Data, Item, Status};
use imap_proto_lite::{
    Config, Content, Credential, Direction, Event, EventKind, MessageRef, Response, Session, Timestamp,
};
use mail_wire::transcript::{Step, Transcript};
use std::path::PathBuf;

/// All transcripts by name.
pub(crate) fn transcripts() -> Vec<(PathBuf, Transcript)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), Transcript::parse(&std::fs::read(path).unwrap()))).collect()
}

/// A transcript whose name says so begins inside the connection.
pub(crate) fn config(path: &std::path::Path) -> Config {
    let name = path.file_stem().unwrap().to_string_lossy();
    Config::default().mid_stream(name.contains("mid-stream"))
}

/// Applies one step at the given time.
pub(crate) fn apply(session: &mut Session, step: &Step, now: &mut Timestamp) {
    *now += Timestamp::from_millis(1);
    match step {
        Step::Push(dir, bytes) => session.push(*dir, *now, bytes.clone()),
        Step::Gap(dir, len) => session.gap(*dir, *now, *len),
        Step::Close(dir) => session.close(*dir, *now),
        Step::Resume(dir) => session.resume_plaintext(*dir),
        Step::Wait(time) => {
            *now += *time;
            session.expire(*now);
        }
        other => panic!("unknown step {other:?}"),
    }
}

/// Drains after each step; both halves are closed at the end.
pub(crate) fn run(steps: &[Step], config: Config) -> Vec<Event> {
    let mut session = Session::new(config);
    let mut events = Vec::new();
    let mut now = Timestamp::ZERO;
    let end = [Step::Close(Direction::ToServer), Step::Close(Direction::ToClient)];
    for step in steps.iter().chain(&end) {
        apply(&mut session, step, &mut now);
        events.extend(session.events());
    }
    events
}

/// The same stream events whatever the chunks: neighbouring runs of one kind are joined, times are dropped.
pub(crate) fn joined(events: Vec<Event>, dir: Direction) -> Vec<(std::ops::Range<u64>, EventKind)> {
    let mut joined: Vec<(std::ops::Range<u64>, EventKind)> = Vec::new();
    for event in events.into_iter().filter(|event| event.dir == dir) {
        if let Some((span, last)) = joined.last_mut()
            && span.end == event.span.start
        {
            let both = match (&mut *last, &event.kind) {
                (EventKind::MessageData(a), EventKind::MessageData(b))
                | (EventKind::Opaque(a), EventKind::Opaque(b))
                | (EventKind::Truncated(a), EventKind::Truncated(b)) => Some((a, b)),
                _ => None,
            };
            if let Some((a, b)) = both {
                *a = [&a[..], &b[..]].concat().into();
                span.end = event.span.end;
                continue;
            }
        }
        joined.push((event.span, event.kind));
    }
    joined
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
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

/// What of which message.
fn message(of: &MessageRef) -> String {
    let mut told = format!("{:?} [{}]", of.operation, of.section);
    if of.section.binary {
        told += " binary";
    }
    if let Some(origin) = of.origin {
        told += &format!("<{origin}>");
    }
    if let Some(size) = of.size {
        told += &format!(" {size} bytes");
    }
    let mailbox = of.mailbox.as_ref().map(|mailbox| mailbox.lossy());
    let numbers = [
        ("validity", of.uid_validity.map(u64::from)),
        ("epoch", (of.epoch > 0).then_some(of.epoch.into())),
        ("seq", of.sequence.map(u64::from)),
        ("uid", of.uid.map(u64::from)),
        ("handle", of.handle),
        ("index", (of.index > 0).then_some(of.index.into())),
    ];
    if let Some(mailbox) = mailbox {
        told += &format!(" in {mailbox}");
    }
    for (name, number) in numbers {
        if let Some(number) = number {
            told += &format!(" {name}={number}");
        }
    }
    for (name, bytes) in
        [("tag", Some(&of.tag)), ("url", of.url.as_ref()), ("date", of.internal_date.as_ref())]
    {
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            told += &format!(" {name}={}", text(bytes));
        }
    }
    for flag in &of.flags {
        told += &format!(" {}", text(flag));
    }
    told
}

fn status(status: &Status) -> String {
    let tag = status.tag.as_deref().map_or("*".to_owned(), text);
    let code = match &status.code {
        None => String::new(),
        Some(Code::Other { name, arguments }) => format!(" [{} {}]", text(name), text(arguments)),
        Some(code) => format!(" [{code:?}]"),
    };
    let condition: Condition = status.condition;
    format!("{tag} {}{code} {}", condition.as_str(), text(&status.text))
}

fn item(item: &Item) -> String {
    let words = |words: &[bytes::Bytes]| words.iter().map(|word| text(word)).collect::<Vec<_>>().join(" ");
    match item {
        Item::Uid(uid) => format!("uid={uid}"),
        Item::Flags(flags) => format!("flags=({})", words(flags)),
        Item::InternalDate(date) => format!("date={}", text(date)),
        Item::Size(size) => format!("size={size}"),
        Item::ModSeq(number) => format!("modseq={number}"),
        Item::GmailMessageId(number) => format!("gmail={number}"),
        Item::GmailThreadId(number) => format!("gmail-thread={number}"),
        Item::GmailLabels(labels) => format!("labels=({})", words(labels)),
        Item::Envelope(envelope) => {
            format!("envelope={}", envelope.subject.as_deref().map_or("-".to_owned(), text))
        }
        Item::BodyStructure(body) => format!("structure={} leaves", body.leaves().len()),
        Item::Section(fetched) => {
            let content = match &fetched.content {
                Content::Nil => "NIL".to_owned(),
                Content::Inline(bytes) => format!("\"{}\"", text(bytes)),
                Content::Streamed(size) => format!("{size} streamed"),
                other => format!("{other:?}"),
            };
            format!("[{}]={content}", fetched.section)
        }
        Item::Other { name, value } => format!("{}={}", text(name), text(value)),
        other => format!("{other:?}"),
    }
}

fn response(response: &Response) -> String {
    match response {
        Response::Status(told) => status(told),
        Response::Continuation(told) => format!("+ {}", text(told)),
        Response::Data(Data::Fetch(fetch)) => {
            let number = fetch.sequence.map_or("?".to_owned(), |number| number.to_string());
            let items: Vec<String> = fetch.items.iter().map(item).collect();
            let cut = if fetch.complete { "" } else { " (cut)" };
            format!("fetch {number} {}{cut}", items.join(" "))
        }
        Response::Data(Data::Raw { keyword, text: rest }) => format!("{} {}", text(keyword), text(rest)),
        Response::Data(Data::List(list)) => {
            format!("{} {} {:?}", text(&list.keyword), list.name.lossy(), list.attributes)
        }
        Response::Data(data) => format!("{data:?}"),
        other => format!("{other:?}"),
    }
}

/// One event as transcripts expect it.
pub(crate) fn short(dir: Direction, kind: &EventKind) -> String {
    let side = if dir == Direction::ToServer { "C" } else { "S" };
    let what = match kind {
        EventKind::Greeting(greeting) => format!("greeting {}", response(greeting)),
        EventKind::Command(command) => format!("command {:?} {}", command.verb, text(&command.line)),
        EventKind::ClientResponse(secret) => format!("response {}", text(secret.expose())),
        EventKind::Response { response: told, answers } => {
            let answers = answers.map_or(String::new(), |verb| format!(" -> {}", verb.as_str()));
            format!("{}{answers}", response(told).trim_end())
        }
        EventKind::Fragment => "fragment".to_owned(),
        EventKind::Credential(login) => credential(login),
        EventKind::Mailbox(mailbox) => format!(
            "mailbox {} validity={} epoch={}{}",
            mailbox.name.as_ref().map_or("-".to_owned(), |name| name.lossy()),
            mailbox.uid_validity.map_or("?".to_owned(), |validity| validity.to_string()),
            mailbox.epoch,
            if mailbox.read_only { " read-only" } else { "" },
        ),
        EventKind::MessageStart(of) => format!("message-start {}", message(of)),
        EventKind::MessageData(bytes) => format!("data {}", text(bytes)),
        EventKind::MessageUrl(url) => format!("message-url {}", text(url)),
        EventKind::Proxy(proxy) => format!("proxy {} {:?}", proxy.version, proxy.addresses),
        EventKind::Tunnel(tunnel) => {
            let target = tunnel.target.as_deref().map_or("-".to_owned(), text);
            format!("tunnel {} {target} {}", tunnel.protocol.name(), text(tunnel.raw.expose()))
        }
        EventKind::MessageGap(len) => format!("message-gap {len:?}"),
        EventKind::MessageEnd { complete } => {
            format!("message-end {}", if *complete { "complete" } else { "incomplete" })
        }
        EventKind::TlsStarted => "tls-started".to_owned(),
        EventKind::CompressionStarted => "compression-started".to_owned(),
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
