//! Targets of imap-proto-lite.

use std::ops::Range;

use bytes::Bytes;
use imap_proto_lite::command::{self, Arguments, Command};
use imap_proto_lite::response::{self, Data, Item};
use imap_proto_lite::{
    Anomaly, Config, Content, Direction, Event, EventKind, Response, Session, Timestamp, Verb,
};
use mail_wire::drive::{cut, depends_on_bytes_alone, interleave};
use mail_wire::transcript::{Step, Transcript};

use super::input::{Input, is_part_of};

/// Four bytes choose the limits, where the capture begins, how the bytes are cut and how the two halves are mixed; the
/// rest is a transcript.
///
/// # Panics
///
/// Spans that do not tile a direction, more memory than promised, or events that depend on how the bytes came.
pub fn imap_session(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let (tiny, mid_stream) = (flags & 1 != 0, flags & 2 != 0);
    let sizes = [input.byte(), input.byte()].map(|size| usize::from(size % 48) + 1);
    let choices = input.byte();
    let choices: [bool; 8] = core::array::from_fn(|bit| choices >> bit & 1 != 0);
    let steps = Transcript::parse(input.rest()).steps;
    let mut config = Config::default().mid_stream(mid_stream);
    if tiny {
        config = config.max_line(64).max_held(128).max_pending(2).max_inline(8).max_messages(2);
    }
    let (whole, roles) = run(&steps, &config);
    if !tiny && !mid_stream && depends_on_bytes_alone(&steps) && is_in_step(&whole) {
        let (mixed, mixed_roles) = run(&interleave(cut(&steps, &sizes), &choices), &config);
        // Where one half begins with nonsense, who is taken for the client is a guess from what came first.
        if mixed_roles == roles {
            for dir in Direction::BOTH {
                assert_eq!(joined(&mixed, dir), joined(&whole, dir), "{dir:?}");
            }
        }
    }
}

/// Whether each response found its command, and TLS and compression began as agreed. Where commands or responses are
/// missing without a gap that says so, a session guesses from what has come so far.
fn is_in_step(events: &[Event]) -> bool {
    let agreed =
        |event: &Event| matches!(&event.kind, EventKind::Response { answers: Some(Verb::StartTls), .. });
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

const fn index(dir: Direction) -> usize {
    match dir {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    }
}

/// Feeds the steps and the end of both halves, drains the session after each, and checks what holds for any input. Gives
/// the events, and the direction in which the client speaks.
fn run(steps: &[Step], config: &Config) -> (Vec<Event>, Option<Direction>) {
    let mut session = Session::new(config.clone());
    let mut events = Vec::new();
    let (mut now, mut ends, mut pushed) = (Timestamp::ZERO, [0_u64; 2], [0_u64; 2]);
    let mut compressed = false;
    let end = Direction::BOTH.map(Step::Close);
    for step in steps.iter().chain(&end) {
        now += Timestamp::from_millis(1);
        match step {
            Step::Push(dir, bytes) => {
                pushed[index(*dir)] += bytes.len() as u64;
                session.push(*dir, now, bytes.clone());
            }
            Step::Gap(dir, len) => {
                pushed[index(*dir)] += len.unwrap_or(0);
                session.gap(*dir, now, *len);
            }
            Step::Close(dir) => session.close(*dir, now),
            Step::Resume(dir) => session.resume_plaintext(*dir),
            Step::Wait(time) => {
                now += *time;
                session.expire(now);
            }
            _ => {}
        }
        while let Some(event) = session.poll_event() {
            assert!(event.span.start <= event.span.end, "{event:?}");
            compressed |= event.kind == EventKind::CompressionStarted;
            if !event.kind.is_derived() {
                let end = &mut ends[index(event.dir)];
                // Several events may come out of the same compressed bytes.
                let start = if compressed { event.span.start.max(*end) } else { event.span.start };
                assert_eq!(start, *end, "spans tile: {event:?}");
                assert!(event.span.end >= *end, "{event:?}");
                *end = event.span.end;
            }
            assert!(event.at <= now, "{event:?} from the future");
            events.push(event);
        }
        assert!(session.buffered() <= config.worst_case(), "{} held", session.buffered());
    }
    assert_eq!(ends, pushed, "every byte is told");
    (events, session.roles())
}

/// The events of one direction without their times, neighbouring runs of content joined.
fn joined(events: &[Event], dir: Direction) -> Vec<(Range<u64>, EventKind)> {
    let mut joined: Vec<(Range<u64>, EventKind)> = Vec::new();
    for event in events.iter().filter(|event| event.dir == dir) {
        if let Some((span, last)) = joined.last_mut()
            && span.end == event.span.start
            && let (EventKind::MessageData(bytes), EventKind::MessageData(more))
            | (EventKind::Opaque(bytes), EventKind::Opaque(more))
            | (EventKind::Truncated(bytes), EventKind::Truncated(more)) = (last, &event.kind)
        {
            *bytes = [&bytes[..], &more[..]].concat().into();
            span.end = event.span.end;
        } else {
            joined.push((event.span.clone(), event.kind.clone()));
        }
    }
    joined
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
