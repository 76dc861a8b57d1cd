//! Targets of imap-proto-lite.

use bytes::Bytes;
use imap_proto_lite::command::{self, Arguments, Command};
use imap_proto_lite::response::{self, Data, Item};
use imap_proto_lite::{Anomaly, Config, Content, EventKind, Response, Verb};
use mail_wire::drive::{Machine, Told};
use mail_wire::transcript::Step;
use mail_wire::{Direction, Timestamp};

use super::input::is_part_of;
use super::session::{Case, Promise};

mail_wire::machine! {
    /// The session under test.
    pub(crate) struct Driven(imap_proto_lite);
}

/// The session, with the bytes that several events come out of shared out among them: those of compressed data.
struct Inflating {
    driven: Driven,
    compressed: bool,
    /// Where the last primary event of each direction ends.
    ends: [u64; 2],
}

impl Machine for Inflating {
    type Kind = EventKind;

    fn apply(&mut self, step: &Step, now: Timestamp) {
        self.driven.apply(step, now);
    }

    fn poll(&mut self) -> Option<Told<EventKind>> {
        let mut told = self.driven.poll()?;
        self.compressed |= told.kind == EventKind::CompressionStarted;
        if !told.kind.is_derived() {
            let end = &mut self.ends[usize::from(told.dir == Direction::ToClient)];
            assert!(told.span.start <= told.span.end, "{told:?}");
            if self.compressed {
                told.span.start = told.span.start.max(*end);
            }
            *end = told.span.end;
        }
        Some(told)
    }

    fn buffered(&self) -> usize {
        self.driven.buffered()
    }

    fn is_derived(kind: &EventKind) -> bool {
        kind.is_derived()
    }

    fn join(first: &mut EventKind, second: &EventKind) -> bool {
        Driven::join(first, second)
    }
}

/// A [`Case`] through the session.
///
/// # Panics
///
/// Spans that do not tile a direction, more memory than promised, or events that depend on how the bytes came.
pub fn imap_session(data: &[u8]) {
    let case = Case::new(data);
    let mut config = Config::default().mid_stream(case.mid_stream);
    if case.tiny {
        config = config.max_line(64).max_held(128).max_pending(2).max_inline(8).max_messages(2);
    }
    let new = || Inflating { driven: Driven::new(config.clone()), compressed: false, ends: [0; 2] };
    let promise =
        |events: &[Told<EventKind>]| is_in_step(events).then_some(Promise { across: true, roles: false });
    case.check(new, config.worst_case(), |inflating| inflating.driven.0.roles(), promise);
}

/// Whether each response found its command, and TLS and compression began as agreed. Where commands or responses are
/// missing without a gap that says so, a session guesses from what has come so far.
fn is_in_step(events: &[Told<EventKind>]) -> bool {
    let agreed = |event: &Told<EventKind>| {
        matches!(&event.kind, EventKind::Response { answers: Some(Verb::StartTls), .. })
    };
    events.iter().all(|event| match &event.kind {
        EventKind::Anomaly(anomaly) => !matches!(
            anomaly,
            Anomaly::ResponseUnmatched
                | Anomaly::VerdictMissing
                | Anomaly::TagReuse
                | Anomaly::LiteralRefused { .. }
                | Anomaly::AuthMalformed
                | Anomaly::BadCommand
                | Anomaly::BadResponse
        ),
        EventKind::CompressionStarted => false,
        EventKind::Credential(login) => login.outcome != imap_proto_lite::LoginOutcome::Unknown,
        EventKind::TlsStarted => events.iter().any(agreed),
        _ => true,
    })
}

/// The data is read as a command and as a response, as a whole and line by line.
///
/// # Panics
///
/// A field that is no part of its line, readings that contradict each other, or a password in `Debug`.
pub fn imap_grammar(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').chain([data]);
    for line in lines.map(Bytes::copy_from_slice) {
        check_command(&line);
        match response::parse(&line) {
            Ok(read) => check_response(&read, &line),
            Err(error) => assert!(error.at <= line.len(), "{error:?}"),
        }
    }
}

fn check_command(line: &Bytes) {
    let raw = Command::unparsed(line);
    match command::parse(line) {
        Ok(command) => {
            assert_eq!(
                (command.verb, command.uid, &command.tag),
                (raw.verb, raw.uid, &raw.tag),
                "{command:?}"
            );
            assert_ne!(command.verb, Verb::Unknown, "{command:?}");
            assert!(is_part_of(&command.tag, line) && is_part_of(command.word(), line), "{command:?}");
            assert!(is_part_of(&command.argument_text(), line), "{command:?}");
            if let Arguments::Login { password, .. } = &command.arguments
                && password.expose().len() > 8
            {
                let secret = password.expose().escape_ascii().to_string();
                let shown = format!("{:?}", command.arguments);
                let user = shown.split("password").next().unwrap_or_default().contains(&secret);
                assert!(user || !shown.contains(&secret), "{shown}");
            }
        }
        Err(error) => assert!(error.at <= line.len(), "{error:?}"),
    }
}

fn check_response(read: &Response, line: &Bytes) {
    match read {
        Response::Status(status) => {
            let tag = status.tag.clone().unwrap_or_default();
            assert!(is_part_of(&tag, line) && is_part_of(&status.text, line), "{read:?}");
        }
        Response::Continuation(text) => assert!(is_part_of(text, line), "{read:?}"),
        Response::Data(Data::Fetch(fetch)) => {
            for item in &fetch.items {
                match item {
                    Item::Section(fetched) => {
                        if let Content::Inline(bytes) = &fetched.content {
                            assert!(bytes.len() <= line.len(), "{read:?}");
                        }
                        assert!(fetched.section.path.len() <= 100, "{read:?}");
                    }
                    Item::BodyStructure(body) => {
                        assert!(body.leaves().iter().all(|(path, _)| path.len() <= 101), "{read:?}");
                    }
                    Item::Other { name, value } => {
                        assert!(is_part_of(name, line) && is_part_of(value, line), "{read:?}");
                    }
                    _ => {}
                }
            }
        }
        Response::Data(Data::List(list)) => drop(list.name.lossy()),
        _ => {}
    }
}
