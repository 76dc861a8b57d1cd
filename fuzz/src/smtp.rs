//! Targets of smtp-proto.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use mail_wire::transcript::{Step, Transcript};
use smtp_proto::command::{self, Arguments, Command};
use smtp_proto::reply::{self, Reply};
use smtp_proto::{Anomaly, Config, Direction, Event, EventKind, Parameter, Path, Session, Timestamp, Verb};

use super::input::{Input, is_part_of};

/// Four bytes choose the limits, where the capture begins, how the bytes are cut and how the two halves are mixed; the
/// rest is a transcript.
///
/// # Panics
///
/// Spans that do not tile a direction, more memory than promised, or events that depend on how the bytes came.
pub fn smtp_session(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let (tiny, mid_stream) = (flags & 1 != 0, flags & 2 != 0);
    let sizes = [input.byte(), input.byte()].map(|size| usize::from(size % 48) + 1);
    let choices = input.byte();
    let mut steps = Transcript::parse(input.rest()).steps;
    if flags & 4 != 0 {
        // Long lines many times over, to meet limits that a short input would never come near.
        for step in &mut steps {
            if let Step::Push(_, bytes) = step
                && bytes.len() > 32
            {
                *bytes = bytes.repeat(256).into();
            }
        }
    }
    let mut config = Config::default().mid_stream(mid_stream);
    if tiny {
        config = config.max_line(64).max_held(128).max_pending(2).max_recipients(2);
    }
    let (whole, roles) = run(&steps, &config);
    if !tiny && !mid_stream && depends_on_bytes_alone(&steps) && is_in_step(&whole) {
        let (mixed, mixed_roles) = run(&interleave(cut(&steps, sizes), choices), &config);
        // Where one half begins with nonsense, who is taken for the client is a guess from what came first.
        if mixed_roles == roles {
            for dir in Direction::BOTH {
                assert_eq!(joined(&mixed, dir), joined(&whole, dir), "{dir:?}");
            }
        }
    }
}

/// Whether the session promises the same events for any chunking and interleaving: nothing is missing, no time passes,
/// and nothing is said behind the end of its half.
pub(crate) fn depends_on_bytes_alone(steps: &[Step]) -> bool {
    let mut closed = [false; 2];
    let mut pushed = [false; 2];
    for step in steps {
        match step {
            Step::Push(dir, bytes) => {
                if closed[index(*dir)] {
                    return false;
                }
                pushed[index(*dir)] |= !bytes.is_empty();
            }
            Step::Close(dir) => closed[index(*dir)] = true,
            _ => return false,
        }
    }
    pushed == [true, true]
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

pub(crate) const fn index(dir: Direction) -> usize {
    match dir {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    }
}

/// The bytes of each direction in pieces of the two sizes in turn, then its end.
pub(crate) fn cut(steps: &[Step], sizes: [usize; 2]) -> [VecDeque<Step>; 2] {
    Direction::BOTH.map(|dir| {
        let mut rest: Bytes = steps
            .iter()
            .filter_map(|step| match step {
                Step::Push(to, bytes) if *to == dir => Some(bytes.as_ref()),
                _ => None,
            })
            .collect::<Vec<_>>()
            .concat()
            .into();
        let mut pieces = VecDeque::new();
        while !rest.is_empty() {
            let size = sizes[pieces.len() % 2].min(rest.len());
            pieces.push_back(Step::Push(dir, rest.split_to(size)));
        }
        pieces.push_back(Step::Close(dir));
        pieces
    })
}

/// The two halves mixed: each bit of `choices`, in turn, says whose piece is next.
pub(crate) fn interleave(mut halves: [VecDeque<Step>; 2], choices: u8) -> Vec<Step> {
    let mut steps = Vec::new();
    loop {
        let first = usize::from(choices.rotate_right(u32::try_from(steps.len() % 8).unwrap_or(0)) & 1);
        match halves[first].pop_front().or_else(|| halves[1 - first].pop_front()) {
            Some(step) => steps.push(step),
            None => return steps,
        }
    }
}

/// Feeds the steps and the end of both halves, drains the session after each, and checks what holds for any input. Gives
/// the events, and the direction in which the client speaks.
fn run(steps: &[Step], config: &Config) -> (Vec<Event>, Option<Direction>) {
    let mut session = Session::new(config.clone());
    let mut events = Vec::new();
    let (mut now, mut ends, mut pushed) = (Timestamp::ZERO, [0_u64; 2], [0_u64; 2]);
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
            if !event.kind.is_derived() {
                let end = &mut ends[index(event.dir)];
                assert_eq!(event.span.start, *end, "spans tile: {event:?}");
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
