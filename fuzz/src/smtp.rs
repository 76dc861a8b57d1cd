//! Targets of smtp-proto.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::ops::Range;

use bytes::Bytes;
use mail_wire::transcript::{Step, Transcript};
use smtp_proto::command::{self, Arguments, Command};
use smtp_proto::reply::{self, Reply};
use smtp_proto::{Anomaly, Config, Direction, Event, EventKind, Path, Session, Timestamp, Verb};

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
    let steps = timed(&steps);
    let (whole, roles) = run(&steps, &config);
    if !tiny && !mid_stream && depends_on_bytes_alone(&steps) && is_in_step(&whole) {
        // Behind a loose end capture times count, so each piece has to keep its own.
        let loose = |event: &Event| matches!(event.kind, EventKind::Anomaly(Anomaly::LooseEnd { .. }));
        let (across, sizes) = match whole.iter().any(loose) {
            true => (false, sizes.map(|size| size.max(16))),
            false => (true, sizes),
        };
        let pieces = cut(&steps, sizes, across);
        if !across && pieces.iter().any(|half| half.len() > 500) {
            return;
        }
        let (mixed, mixed_roles) = run(&interleave(pieces, choices), &config);
        assert_eq!(mixed_roles, roles);
        for dir in Direction::BOTH {
            assert_eq!(joined(&mixed, dir), joined(&whole, dir), "{dir:?}");
        }
    }
}

/// A step and when it happens.
type Timed = (Timestamp, Step);

/// A millisecond from step to step.
fn timed(steps: &[Step]) -> Vec<Timed> {
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

/// Whether the session promises the same events for any chunking and interleaving: nothing is missing, no time passes,
/// and nothing is said behind the end of its half.
fn depends_on_bytes_alone(steps: &[Timed]) -> bool {
    let mut closed = [false; 2];
    let mut pushed = [false; 2];
    for (_, step) in steps {
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

const fn index(dir: Direction) -> usize {
    match dir {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    }
}

/// The bytes of each direction in pieces of the two sizes in turn, `across` the steps or never a piece of two, then its
/// end.
fn cut(steps: &[Timed], sizes: [usize; 2], across: bool) -> [VecDeque<Timed>; 2] {
    let last = steps.last().map_or(Timestamp::ZERO, |(at, _)| *at);
    Direction::BOTH.map(|dir| {
        let pushed = steps.iter().filter_map(|(at, step)| match step {
            Step::Push(to, bytes) if *to == dir => Some((*at, bytes.clone())),
            _ => None,
        });
        let runs: Vec<(Timestamp, Bytes)> = if across {
            vec![(last, pushed.map(|(_, bytes)| bytes).collect::<Vec<_>>().concat().into())]
        } else {
            pushed.collect()
        };
        let mut pieces = VecDeque::new();
        for (at, mut rest) in runs {
            while !rest.is_empty() {
                let size = sizes[pieces.len() % 2].min(rest.len());
                pieces.push_back((at, Step::Push(dir, rest.split_to(size))));
            }
        }
        pieces.push_back((last, Step::Close(dir)));
        pieces
    })
}

/// The two halves mixed: each bit of `choices`, in turn, says whose piece is next.
fn interleave(mut halves: [VecDeque<Timed>; 2], choices: u8) -> Vec<Timed> {
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
fn run(steps: &[Timed], config: &Config) -> (Vec<Event>, Option<Direction>) {
    let mut session = Session::new(config.clone());
    let mut events = Vec::new();
    let (mut now, mut ends, mut pushed) = (Timestamp::ZERO, [0_u64; 2], [0_u64; 2]);
    let last = steps.iter().map(|(at, _)| *at).max().unwrap_or_default();
    let end = Direction::BOTH.map(|dir| (last, Step::Close(dir)));
    for (at, step) in steps.iter().chain(&end) {
        now = now.max(*at);
        match step {
            Step::Push(dir, bytes) => {
                pushed[index(*dir)] += bytes.len() as u64;
                session.push(*dir, *at, bytes.clone());
            }
            Step::Gap(dir, len) => {
                pushed[index(*dir)] += len.unwrap_or(0);
                session.gap(*dir, *at, *len);
            }
            Step::Close(dir) => session.close(*dir, *at),
            Step::Resume(dir) => session.resume_plaintext(*dir),
            Step::Wait(_) => session.expire(*at),
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
