//! Transcripts through a session, and events in short form.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::or_fun_call,
    reason = "a test may fail loudly"
)]

use bytes::BytesMut;
use mail_wire::transcript::{Step, Transcript};
use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq};
use smtp_proto::{
    Anomaly, Config, Credential, Direction, Event, EventKind, Recipient, Reply, Session, Timestamp,
};
use std::collections::VecDeque;
use std::path::PathBuf;

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

/// A step and when it happens.
pub(crate) type Timed = (Timestamp, Step);

/// A millisecond from step to step.
pub(crate) fn timed(steps: &[Step]) -> Vec<Timed> {
    let mut now = Timestamp::ZERO;
    let at = |step: &Step| {
        now += Timestamp::from_millis(1);
        if let Step::Wait(time) = step {
            now += *time;
        }
        (now, step.clone())
    };
    steps.iter().map(at).collect()
}

/// The end of both halves.
fn ends(steps: &[Timed]) -> [Timed; 2] {
    let last = steps.iter().map(|(at, _)| *at).max().unwrap_or_default();
    Direction::BOTH.map(|dir| (last, Step::Close(dir)))
}

fn apply(session: &mut Session, (at, step): &Timed) {
    match step {
        Step::Push(dir, bytes) => session.push(*dir, *at, bytes.clone()),
        Step::Gap(dir, len) => session.gap(*dir, *at, *len),
        Step::Close(dir) => session.close(*dir, *at),
        Step::Resume(dir) => session.resume_plaintext(*dir),
        Step::Wait(_) => session.expire(*at),
        other => panic!("unknown step {other:?}"),
    }
}

/// Drains after each step; both halves are closed at the end.
pub(crate) fn run(steps: &[Timed], config: Config) -> Vec<Event> {
    let mut session = Session::new(config);
    let mut events = Vec::new();
    for step in steps.iter().chain(&ends(steps)) {
        apply(&mut session, step);
        events.extend(session.events());
    }
    events
}

/// The bytes of each direction, in pieces that were cut at the given sizes, in turn; `across` the steps, or never a
/// piece of two. A piece was captured when its last byte was.
pub(crate) fn cut(steps: &[Timed], sizes: &[usize], across: bool) -> [VecDeque<Timed>; 2] {
    let mut sizes = sizes.iter().copied().cycle();
    Direction::BOTH.map(|dir| {
        let mut runs: Vec<(BytesMut, VecDeque<(usize, Timestamp)>)> = Vec::new();
        for (at, step) in steps {
            if let Step::Push(to, bytes) = step
                && *to == dir
            {
                if runs.is_empty() || !across {
                    runs.push(Default::default());
                }
                if let Some((run, times)) = runs.last_mut() {
                    run.extend_from_slice(bytes);
                    times.push_back((run.len(), *at));
                }
            }
        }
        let mut half = VecDeque::new();
        for (run, mut times) in runs {
            let (mut rest, mut end) = (run.freeze(), 0);
            while !rest.is_empty() {
                // So few bytes at a time that they are merged again would lose their times.
                let size = sizes.next().unwrap_or(1).max(if across { 1 } else { 16 }).min(rest.len());
                end += size;
                while times.front().is_some_and(|(until, _)| *until < end) {
                    times.pop_front();
                }
                half.push_back((times[0].1, Step::Push(dir, rest.split_to(size))));
            }
        }
        half.push_back((ends(steps)[0].0, Step::Close(dir)));
        half
    })
}

/// Whether messages hold loose ends: what follows one is judged by when it was captured, and a piece of two steps has
/// but one time.
pub(crate) fn has_loose_ends(events: &[Event]) -> bool {
    let loose = |event: &Event| matches!(event.kind, EventKind::Anomaly(Anomaly::LooseEnd { .. }));
    events.iter().any(loose)
}

/// The halves, interleaved by the given choices, in turn.
pub(crate) fn interleave(mut halves: [VecDeque<Timed>; 2], choices: &[bool]) -> Vec<Timed> {
    let mut steps = Vec::new();
    let mut choices = choices.iter().copied().cycle();
    loop {
        let first = usize::from(choices.next().unwrap_or(true));
        match halves[first].pop_front().or_else(|| halves[1 - first].pop_front()) {
            Some(step) => steps.push(step),
            None => return steps,
        }
    }
}

/// Each direction's spans tile it, in order; what waits is within the bound.
pub(crate) fn check_tiling(steps: &[Timed], config: &Config) -> Result<Vec<Event>, TestCaseError> {
    let mut session = Session::new(config.clone());
    let (mut edges, mut pushed) = ([0, 0], [0, 0]);
    let mut events = Vec::new();
    for step in steps.iter().chain(&ends(steps)) {
        let (dir, len) = match &step.1 {
            Step::Push(dir, bytes) => (*dir, bytes.len() as u64),
            Step::Gap(dir, len) => (*dir, len.unwrap_or(0)),
            _ => (Direction::ToServer, 0),
        };
        pushed[dir as usize] += len;
        apply(&mut session, step);
        while let Some(event) = session.poll_event() {
            if !event.kind.is_derived() {
                let edge = &mut edges[event.dir as usize];
                prop_assert_eq!(event.span.start, *edge, "{:?}", event);
                *edge = event.span.end;
            }
            prop_assert!(event.span.start <= event.span.end, "{:?}", event);
            events.push(event);
        }
        prop_assert!(session.buffered() <= config.worst_case(), "{} held", session.buffered());
    }
    prop_assert_eq!(edges, pushed);
    Ok(events)
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
        EventKind::MessageEnd(end) => format!(
            "message-end {:?} {} {}",
            end.outcome,
            if end.complete { "complete" } else { "incomplete" },
            end.verdicts.iter().map(reply).collect::<Vec<_>>().join(", ")
        ),
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
