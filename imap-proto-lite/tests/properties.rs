//! What holds for every session, however its bytes come.

#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{apply, config, joined, run, transcripts};
use imap_proto_lite::{Config, Direction, Event, EventKind, Operation, Session, Timestamp};
use mail_wire::drive::{cut, interleave};
use mail_wire::transcript::{Step, Transcript};
use proptest::prelude::*;
use std::collections::VecDeque;

/// Each direction's spans tile it, in order; what waits is within the bound.
fn check_tiling(steps: &[Step], config: &Config) -> Result<Vec<Event>, TestCaseError> {
    let mut session = Session::new(config.clone());
    let (mut now, mut ends, mut pushed) = (Timestamp::ZERO, [0, 0], [0, 0]);
    let mut events = Vec::new();
    let mut compressed = false;
    let end = [Step::Close(Direction::ToServer), Step::Close(Direction::ToClient)];
    for step in steps.iter().chain(&end) {
        let (dir, len) = match step {
            Step::Push(dir, bytes) => (*dir, bytes.len() as u64),
            Step::Gap(dir, len) => (*dir, len.unwrap_or(0)),
            _ => (Direction::ToServer, 0),
        };
        pushed[dir as usize] += len;
        apply(&mut session, step, &mut now);
        while let Some(event) = session.poll_event() {
            compressed |= event.kind == EventKind::CompressionStarted;
            if !event.kind.is_derived() {
                let end = &mut ends[event.dir as usize];
                // Several events may come out of the same compressed bytes.
                let start = if compressed { event.span.start.max(*end) } else { event.span.start };
                prop_assert_eq!(start, *end, "{:?}", event);
                prop_assert!(event.span.end >= *end, "{:?}", event);
                *end = event.span.end;
            }
            prop_assert!(event.span.start <= event.span.end, "{:?}", event);
            events.push(event);
        }
        prop_assert!(session.buffered() <= config.worst_case(), "{} held", session.buffered());
    }
    prop_assert_eq!(ends, pushed);
    Ok(events)
}

/// Transcripts whose events depend on nothing but the bytes of both halves.
fn plain_transcripts() -> Vec<Transcript> {
    let plain = |step: &Step| matches!(step, Step::Push(..) | Step::Close(_));
    // Long lines say nothing that short ones do not, byte by byte for a long time.
    let short = |step: &Step| !matches!(step, Step::Push(_, bytes) if bytes.len() > 4096);
    // Spans of compressed data are those of the chunks.
    let other = |name: &str| name.contains("mid-stream") || name.contains("i27-");
    let all = transcripts().into_iter().filter(|(path, _)| !other(&path.to_string_lossy()));
    all.map(|(_, transcript)| transcript)
        .filter(|transcript| transcript.steps.iter().all(|step| plain(step) && short(step)))
        .collect()
}

/// Lines that mean something to one side or the other, and noise.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known: &[&'static [u8]] = &[
        b"a LOGIN {3}\r\n",
        b"a LOGIN x y\r\n",
        b"b AUTHENTICATE PLAIN\r\n",
        b"AGEAYg==\r\n",
        b"*\r\n",
        b"c SELECT INBOX\r\n",
        b"d FETCH 1 BODY[]<0.5>\r\n",
        b"e APPEND x {4}\r\n",
        b"e APPEND x (\\Seen) {4+}\r\n",
        b"e APPEND x CATENATE (URL u TEXT {4+}\r\n",
        b"abcd\r\n",
        b"abcd {2}\r\n",
        b"abcd URL v)\r\n",
        b"f IDLE\r\nDONE\r\n",
        b"g STARTTLS\r\n",
        b"h COMPRESS DEFLATE\r\n",
        b"\x16\x03\x01",
        b"* OK hi\r\n",
        b"* BYE\r\n",
        b"+ go\r\n",
        b"a OK x\r\n",
        b"b NO x\r\n",
        b"c OK [READ-ONLY] x\r\n",
        b"e OK x\r\n",
        b"e BAD x\r\n",
        b"g OK x\r\n",
        b"* 1 FETCH (UID 4 BODY[] {6}\r\n",
        b"* 2 FETCH (ENVELOPE (NIL {6}\r\n",
        b"abcdef)\r\n",
        b"abcdef BODY[1]<3> {2}\r\n",
        b"* 1 FETCH (BODY[TEXT] \"q\")\r\n",
        b"* 1 EXPUNGE\r\n",
        b"Subject: x\r\n",
        b"text BODY[TEXT] {9}\r\n",
        b" BODY[] {0}\r\n",
        b"] {14}\r\n",
        b" UID 4)\r\n",
        b"* LIST () NIL {90}\r\n",
        b"* 1 FETCH (BODY[] {18446744073709551615}\r\n",
        b"\r\n",
        b"\n",
    ];
    prop_oneof![
        6 => prop::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..50),
        1 => prop::collection::vec(Just(b'x'), 100..400),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let dir = || prop::sample::select(&Direction::BOTH[..]);
    let step = prop_oneof![
        20 => (dir(), line()).prop_map(|(dir, line)| Step::Push(dir, line.into())),
        2 => (dir(), prop::option::of(1..100u64)).prop_map(|(dir, len)| Step::Gap(dir, len)),
        1 => dir().prop_map(Step::Resume),
        1 => dir().prop_map(Step::Close),
        1 => (0..100u64).prop_map(|seconds| Step::Wait(Timestamp::from_secs(seconds))),
    ];
    prop::collection::vec(step, 0..60)
}

/// What one half says in pieces of these sizes, its gaps where they were.
fn cut_between_gaps(steps: &[Step], dir: Direction, sizes: &[usize]) -> VecDeque<Step> {
    let mut pieces = VecDeque::new();
    for run in steps.chunk_by(|_, step| !matches!(step, Step::Gap(..))) {
        let gap = run.first().filter(|step| matches!(step, Step::Gap(of, _) if *of == dir));
        pieces.extend(gap.cloned());
        let [to_server, to_client] = cut(run, sizes);
        pieces.extend(if dir == Direction::ToServer { to_server } else { to_client });
    }
    pieces
}

/// Lines of messages, of logins, of commands.
const STRAYS: [&str; 11] = [
    "Subject: hi\r\n",
    "\r\n",
    "text\r\n",
    "more text",
    "I check this\r\n",
    "a2 NOOP\r\n",
    "a3 SEARCH ALL\r\n",
    "b4 NOOP\r\n",
    "YWxpY2U=\r\n",
    "a5 APPEND x {2+}\r\nhi\r\n",
    "DONE\r\n",
];

/// One message fetched and one appended, said in turns.
fn message(number: usize) -> Vec<(Direction, String)> {
    use Direction::{ToClient, ToServer};
    let body = format!("Subject: {number}\r\n\r\nbody of {number}\r\n* 9 EXISTS\r\n");
    let sent = format!("Subject: sent {number}\r\n\r\n* x\r\n");
    [
        (ToServer, format!("f{number} UID FETCH {number} (FLAGS BODY[])\r\n")),
        (
            ToClient,
            format!(
                "* {number} FETCH (UID {number} FLAGS (\\Seen) BODY[] {{{}}}\r\n{body})\r\nf{number} OK done\r\n",
                body.len()
            ),
        ),
        (ToServer, format!("p{number} APPEND Sent (\\Seen) {{{}}}\r\n", sent.len())),
        (ToClient, "+ go on\r\n".to_owned()),
        (ToServer, format!("{sent}\r\n")),
        (ToClient, format!("p{number} OK done\r\n")),
    ]
    .to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_chunking_and_interleaving_gives_the_same_events(
        sizes in prop::collection::vec(1..40usize, 1..6),
        choices in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        for transcript in plain_transcripts() {
            let expected = run(&transcript.steps, Config::default());
            let steps = interleave(cut(&transcript.steps, &sizes), &choices);
            let got = run(&steps, Config::default());
            for dir in Direction::BOTH {
                prop_assert_eq!(joined(got.clone(), dir), joined(expected.clone(), dir), "{:?}", transcript.expected);
            }
        }
    }

    #[test]
    fn any_steps_give_spans_that_tile_within_the_bound(steps in steps(), mid_stream in any::<bool>()) {
        check_tiling(&steps, &Config::default().mid_stream(mid_stream))?;
        // Limits so small that each of them is met.
        let small = Config::default().max_line(64).max_held(128).max_pending(2).max_inline(8).max_messages(2);
        check_tiling(&steps, &small.mid_stream(mid_stream))?;
    }

    #[test]
    fn transcripts_tile_with_a_gap_anywhere(
        sizes in prop::collection::vec(1..40usize, 1..6),
        choices in prop::collection::vec(any::<bool>(), 1..20),
        at in any::<prop::sample::Index>(),
    ) {
        for (path, transcript) in transcripts() {
            let mut steps = interleave(cut(&transcript.steps, &sizes), &choices);
            let at = at.index(steps.len());
            if let Step::Push(dir, bytes) = &steps[at] {
                steps[at] = Step::Gap(*dir, Some(bytes.len() as u64));
            }
            check_tiling(&steps, &config(&path))?;
        }
    }

    /// After a gap anywhere in the first of three messages the third is told as if nothing had happened.
    #[test]
    fn a_gap_never_stops_the_session(at in 0..6usize, from in any::<prop::sample::Index>(), len in 1..200usize) {
        let mut steps = vec![Step::Push(Direction::ToClient, "* OK hi\r\n".into())];
        for number in 1..4 {
            for (place, (dir, text)) in message(number).into_iter().enumerate() {
                let bytes = bytes::Bytes::from(text);
                if number == 1 && place == at {
                    let from = from.index(bytes.len());
                    let to = bytes.len().min(from + len);
                    steps.push(Step::Push(dir, bytes.slice(..from)));
                    steps.push(Step::Gap(dir, Some((to - from) as u64)));
                    steps.push(Step::Push(dir, bytes.slice(to..)));
                } else {
                    steps.push(Step::Push(dir, bytes));
                }
            }
        }
        let events = check_tiling(&steps, &Config::default())?;
        for (operation, content) in [
            (Operation::Fetch, "Subject: 3\r\n\r\nbody of 3\r\n* 9 EXISTS\r\n"),
            (Operation::Append, "Subject: sent 3\r\n\r\n* x\r\n"),
        ] {
            let mut third = events.iter().skip_while(|event| match &event.kind {
                EventKind::MessageStart(of) => {
                    let fetched = operation == Operation::Fetch && of.uid == Some(3);
                    let appended = operation == Operation::Append && of.tag == "p3";
                    of.operation != operation || !(fetched || appended)
                }
                _ => true,
            }).skip(1);
            let mut got = Vec::new();
            let complete = loop {
                match third.next().map(|event| &event.kind) {
                    Some(EventKind::MessageData(bytes)) => got.extend_from_slice(bytes),
                    Some(EventKind::MessageEnd { complete }) => break *complete,
                    Some(_) => {}
                    None => return Err(TestCaseError::fail(format!("the third {operation:?} is not told"))),
                }
            };
            prop_assert!(complete);
            prop_assert_eq!(String::from_utf8_lossy(&got), content);
        }
    }

    /// What a client says behind a gap means the same however it comes, and whatever the server has said by then.
    #[test]
    fn content_behind_a_gap_depends_on_its_half_alone(
        lines in prop::collection::vec(prop::sample::select(&STRAYS[..]), 0..12),
        gap in 0..12usize,
        sizes in prop::collection::vec(1..40usize, 1..6),
        choices in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let said = |lines: &[&str]| Step::Push(Direction::ToServer, lines.concat().into());
        let gap_of = || Step::Gap(Direction::ToServer, Some(34));
        let (before, behind) = lines.split_at(gap.min(lines.len()));
        let steps = [said(&["a1 NOOP\r\n"]), gap_of(), said(before), gap_of(), said(behind), said(&["a9 NOOP\r\n"])];
        let client = cut_between_gaps(&steps, Direction::ToServer, &sizes);
        let server = "* OK hi\r\na1 OK done\r\n+ go on\r\na2 OK [APPENDUID 7 2] done\r\n* 3 EXISTS\r\na9 OK done\r\n";
        let [_, server] = cut(&[Step::Push(Direction::ToClient, server.into())], &sizes);
        let in_turn: Vec<Step> = client.iter().chain(&server).cloned().collect();
        let expected = check_tiling(&in_turn, &Config::default())?;
        let got = check_tiling(&interleave([client, server], &choices), &Config::default())?;
        prop_assert_eq!(joined(got, Direction::ToServer), joined(expected, Direction::ToServer));
    }

    /// What comes behind a gap means the same in pieces of any size.
    #[test]
    fn what_is_lost_depends_on_no_chunks(sizes in prop::collection::vec(1..40usize, 1..6)) {
        for (path, transcript) in transcripts() {
            if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lost-")) {
                continue;
            }
            let ordered = |sizes: &[usize]| -> Vec<Step> {
                let halves = Direction::BOTH.map(|dir| cut_between_gaps(&transcript.steps, dir, sizes));
                halves.into_iter().flatten().collect()
            };
            let expected = check_tiling(&ordered(&[usize::MAX]), &config(&path))?;
            let got = check_tiling(&ordered(&sizes), &config(&path))?;
            for dir in Direction::BOTH {
                prop_assert_eq!(joined(got.clone(), dir), joined(expected.clone(), dir), "{:?}", path);
            }
        }
    }

    /// A gap of known length inside of a literal costs these bytes and no more.
    #[test]
    fn a_gap_in_a_literal_is_exact(from in 0..100usize, len in 1..100usize, sizes in prop::collection::vec(1..40usize, 1..6)) {
        let content: Vec<u8> = (0..100u8).collect();
        let (from, to) = (from.min(99), (from + len).min(100));
        let mut steps = vec![Step::Push(Direction::ToClient, "* OK hi\r\n* 1 FETCH (BODY[] {100}\r\n".into())];
        steps.push(Step::Push(Direction::ToClient, content[..from].to_vec().into()));
        steps.push(Step::Gap(Direction::ToClient, Some((to - from) as u64)));
        let rest = [&content[to..], b" UID 7)\r\n* 4 EXISTS\r\n"].concat();
        let mut rest = bytes::Bytes::from(rest);
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let size = rest.len().min(*sizes.next().unwrap_or(&1));
            steps.push(Step::Push(Direction::ToClient, rest.split_to(size)));
        }
        let events = check_tiling(&steps, &Config::default())?;
        let mut got = vec![0xff; 100];
        let mut position = 0;
        for event in &events {
            match &event.kind {
                EventKind::MessageData(bytes) => {
                    got[position..position + bytes.len()].copy_from_slice(bytes);
                    position += bytes.len();
                }
                EventKind::MessageGap(Some(len)) => position += usize::try_from(*len).unwrap_or_default(),
                _ => {}
            }
        }
        let mut expected = content;
        expected[from..to].fill(0xff);
        prop_assert_eq!((position, got), (100, expected));
        let told = format!("{:?}", events.last().map(|event| &event.kind));
        prop_assert!(told.contains("Exists(4)"), "{}", told);
    }
}

/// However large a literal is said to be, and whatever it is part of, what is kept is what came; and the rest of the
/// session goes on once it is known to be missing.
#[test]
fn a_literal_without_end_costs_nothing() {
    for (announced, told) in [
        ("* 1 FETCH (BODY[] {18446744073709551615}\r\n", true),
        ("* 1 FETCH (ENVELOPE (NIL {18446744073709551615}\r\n", false),
        ("* LIST () NIL {18446744073709551614}\r\n", false),
        ("* 1 FETCH (BODY[] {99999999999999999999999}\r\n", true),
    ] {
        let mut session = Session::new(Config::default());
        let mut events = Vec::new();
        let mut push = |bytes: bytes::Bytes, session: &mut Session| {
            session.push(Direction::ToClient, Timestamp::ZERO, bytes);
            events.extend(session.events());
            assert!(session.buffered() < 200 << 10, "{} held", session.buffered());
        };
        push("* OK hi\r\n".into(), &mut session);
        push(announced.into(), &mut session);
        for _ in 0..100 {
            push(vec![b'x'; 100_000].into(), &mut session);
        }
        let content: usize = events
            .iter()
            .map(|event| match &event.kind {
                EventKind::MessageData(bytes) => bytes.len(),
                _ => 0,
            })
            .sum();
        assert_eq!(content, if told { 10_000_000 } else { 0 }, "{announced}");
    }
}
