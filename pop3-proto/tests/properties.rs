//! What holds for every session, however its bytes come.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{Driven, Event, config, run, transcripts};
use mail_wire::drive::{cut, depends_on_bytes_alone, interleave, joined};
use mail_wire::transcript::{Step, Transcript};
use pop3_proto::{Config, Direction, EventKind, Timestamp};
use proptest::prelude::*;

/// The steps through a session; a broken promise fails the case.
fn told(steps: &[Step], config: &Config) -> Result<Vec<Event>, TestCaseError> {
    run(steps, config).map_err(TestCaseError::fail)
}

/// Transcripts whose events depend on nothing but the bytes of both halves.
fn plain_transcripts() -> Vec<Transcript> {
    let all = transcripts().into_iter().filter(|(path, _)| !path.to_string_lossy().contains("mid-stream"));
    all.map(|(_, transcript)| transcript)
        .filter(|transcript| depends_on_bytes_alone(&transcript.steps))
        .collect()
}

/// Lines that mean something to one side or the other, and noise.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known: &[&'static [u8]] = &[
        b"USER a\r\n",
        b"PASS b c\r\n",
        b"APOP a 00000000000000000000000000000000\r\n",
        b"AUTH\r\n",
        b"AUTH LOGIN\r\n",
        b"Ym9i\r\n",
        b"*\r\n",
        b"CAPA\r\n",
        b"STLS\r\n",
        b"STAT\r\n",
        b"LIST\r\n",
        b"LIST 1\r\n",
        b"UIDL\r\n",
        b"RETR 1\r\n",
        b"TOP 1 1\r\n",
        b"DELE 1\r\n",
        b"XTND XMIT\r\n",
        b"XHELP\r\n",
        b"QUIT\r\n",
        b"\x16\x03\x01",
        b"+OK\r\n",
        b"+OK <1@x>\r\n",
        b"+OK 30 octets\r\n",
        b"-ERR no\r\n",
        b"+ \r\n",
        b"+ Ym9i\r\n",
        b"1 120\r\n",
        b"Subject: a\r\n",
        b"text\r\n",
        b".\r\n",
        b"..\r\n",
        b"\n.\n",
        b"\r\n",
        b"\n",
    ];
    prop_oneof![
        8 => prop::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..50),
        1 => prop::collection::vec(Just(b'x'), 100..400),
    ]
}

/// Any lines in any direction, with gaps, ends and waits.
fn any_steps() -> impl Strategy<Value = Vec<Step>> {
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

/// A command and what the server says to it: valid, or hostile as the catalogue has it.
fn turn() -> impl Strategy<Value = (String, String)> {
    let content = prop::sample::select(
        &[
            "",
            "a\r\n",
            "Subject: a\r\n\r\n..b\r\n",
            "Subject: a\r\n\r\n.b\r\nc\n.\nd\r\n",
            "Subject: a\r\n\r\n+OK quoted\r\n-ERR quoted\r\n",
            "Subject: a\r\n\r\n\0\r\r\n.\r.\r\n",
        ][..],
    );
    let status = prop::sample::select(&["+OK", "+OK 30 octets", "+OK 3 octets", "+OK x <1@y>"][..]);
    let single = [
        "USER a",
        "PASS b c",
        "PASS ",
        "STAT",
        "NOOP",
        "RSET",
        "DELE 1",
        "LIST 1",
        "UIDL 1",
        "UTF8",
        "LANG de",
        "LAST",
        "LIST x",
        "XQUIT",
        "AUTH PLAIN AGEAYg==",
        "PASS \u{fc}",
    ];
    let lists = ["LIST", "UIDL", "CAPA", "AUTH", "LANG", "XHELP", "XTND XLST"];
    let items =
        ["", "1 120\r\n2 200\r\n", "1 abc\r\n", "STLS\r\nTOP\r\n", "99999999999999999999 1\r\n", "..\r\n"];
    let messages = ["RETR 1", "RETR 2", "RETR 99999999999999999999", "TOP 1 0", "TOP 2 10", "retr 3"];
    let all: Vec<&str> = single.iter().chain(&lists).chain(&messages).copied().collect();
    prop_oneof![
        3 => (prop::sample::select(messages.to_vec()), status.clone(), content)
            .prop_map(|(command, status, content)| (command.to_owned(), format!("{status}\r\n{content}.\r\n"))),
        2 => (prop::sample::select(lists.to_vec()), prop::sample::select(items.to_vec()))
            .prop_map(|(command, items)| (command.to_owned(), format!("+OK\r\n{items}.\r\n"))),
        3 => (prop::sample::select(single.to_vec()), status)
            .prop_map(|(command, status)| (command.to_owned(), format!("{status}\r\n"))),
        1 => prop::sample::select(all).prop_map(|command| (command.to_owned(), "-ERR [AUTH] no\r\n".to_owned())),
        1 => Just(("AUTH LOGIN\r\nYm9i\r\nc2VjcmV0".to_owned(), "+ VXNlcg==\r\n+\r\n+OK\r\n".to_owned())),
        1 => Just(("XTND XMIT\r\nTo: a\r\n\r\n..\r\n.".to_owned(), "+OK\r\n+OK sent\r\n".to_owned())),
    ]
}

/// A session whose commands all have their replies.
fn session() -> impl Strategy<Value = Vec<Step>> {
    let greeting = prop::sample::select(&["+OK ready\r\n", "+OK <1@x>\r\n", "-ERR busy\r\n", "+OK\n"][..]);
    let end = prop::sample::select(&["", "\x16\x03\x01\x00\x01x", "half of a line", "\n"][..]);
    (greeting, prop::collection::vec(turn(), 0..12), end).prop_map(|(greeting, turns, end)| {
        let mut steps = vec![Step::Push(Direction::ToClient, greeting.into())];
        for (command, reply) in turns {
            steps.push(Step::Push(Direction::ToServer, (command + "\r\n").into()));
            steps.push(Step::Push(Direction::ToClient, reply.into()));
        }
        steps.push(Step::Push(Direction::ToServer, end.into()));
        steps
    })
}

/// One message, said in turns.
fn retrieval(number: usize) -> Vec<(Direction, String)> {
    use Direction::{ToClient, ToServer};
    let content = format!("Subject: {number}\r\n\r\nbody of {number}\r\n");
    [
        (ToServer, format!("LIST {number}\r\n")),
        (ToClient, format!("+OK {number} {}\r\n", content.len())),
        (ToServer, format!("RETR {number}\r\n")),
        (ToClient, format!("+OK {} octets\r\n", content.len())),
        (ToClient, format!("{content}.\r\n")),
        (ToServer, format!("DELE {number}\r\n")),
        (ToClient, "+OK deleted\r\n".to_owned()),
    ]
    .to_vec()
}

fn same_however_it_comes(steps: &[Step], sizes: &[usize], choices: &[bool]) -> Result<(), TestCaseError> {
    let expected = told(steps, &Config::default())?;
    let got = told(&interleave(cut(steps, sizes), choices), &Config::default())?;
    for dir in Direction::BOTH {
        prop_assert_eq!(joined::<Driven>(&got, dir), joined::<Driven>(&expected, dir), "{:?}", steps);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn transcripts_are_the_same_for_any_chunking_and_interleaving(
        sizes in prop::collection::vec(1..40usize, 1..6),
        choices in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        for transcript in plain_transcripts() {
            same_however_it_comes(&transcript.steps, &sizes, &choices)?;
        }
    }

    #[test]
    fn sessions_are_the_same_for_any_chunking_and_interleaving(
        steps in session(),
        sizes in prop::collection::vec(1..40usize, 1..6),
        choices in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        same_however_it_comes(&steps, &sizes, &choices)?;
    }

    #[test]
    fn any_steps_give_spans_that_tile_within_the_bound(steps in any_steps(), mid_stream in any::<bool>()) {
        told(&steps, &Config::default().mid_stream(mid_stream))?;
        // Limits so small that each of them is met.
        told(&steps, &Config::default().max_line(64).max_held(128).max_pending(2).mid_stream(mid_stream))?;
    }

    #[test]
    fn sessions_tile_with_a_gap_anywhere(
        session in session(),
        sizes in prop::collection::vec(1..40usize, 1..6),
        choices in prop::collection::vec(any::<bool>(), 1..20),
        at in any::<prop::sample::Index>(),
    ) {
        let with_gap = |steps: &[Step]| {
            let mut steps = interleave(cut(steps, &sizes), &choices);
            let at = at.index(steps.len());
            if let Step::Push(dir, bytes) = &steps[at] {
                steps[at] = Step::Gap(*dir, Some(bytes.len() as u64));
            }
            steps
        };
        told(&with_gap(&session), &Config::default())?;
        for (path, transcript) in transcripts() {
            told(&with_gap(&transcript.steps), &config(&path))?;
        }
    }

    /// After a gap anywhere in the first of three retrievals the third is told as if nothing had happened.
    #[test]
    fn a_gap_never_stops_the_session(at in 0..7usize, from in any::<prop::sample::Index>(), len in 1..60usize) {
        let mut steps = vec![Step::Push(Direction::ToClient, "+OK ready\r\n".into())];
        for number in 1..=3 {
            for (place, (dir, line)) in retrieval(number).into_iter().enumerate() {
                let bytes = bytes::Bytes::from(line);
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
        let events = told(&steps, &Config::default())?;
        let mut third = events.into_iter().map(|event| event.kind).skip_while(
            |kind| !matches!(kind, EventKind::MessageStart(message) if message.number == Some(3)),
        );
        let Some(EventKind::MessageStart(message)) = third.next() else {
            return Err(TestCaseError::fail("the third message is not told"));
        };
        let content: Vec<u8> = "Subject: 3\r\n\r\nbody of 3\r\n".into();
        prop_assert_eq!(message.octets, Some(content.len() as u64));
        let mut got = Vec::new();
        let mut ended = false;
        for kind in third {
            match kind {
                EventKind::MessageData(bytes) => got.extend_from_slice(&bytes),
                EventKind::MessageEnd(end) => {
                    prop_assert!(end.complete && end.terminated, "{:?}", end);
                    ended = true;
                }
                _ => {}
            }
        }
        prop_assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&content));
        prop_assert!(ended);
    }

    /// A server heard alone gives the same messages, but for what only the commands say.
    #[test]
    fn the_server_alone_gives_its_messages(contents in prop::collection::vec("[a-z.\r\n]{0,30}", 1..6)) {
        let mut steps = vec![Step::Close(Direction::ToServer)];
        let mut said = "+OK ready\r\n+OK\r\n1 120\r\n.\r\n".to_owned();
        let mut expected = Vec::new();
        for content in &contents {
            let lines: Vec<String> = content.split("\r\n").map(|line| format!("{line}\r\n")).collect();
            let stuffed: String = lines
                .iter()
                .map(|line| if line.starts_with('.') { format!(".{line}") } else { line.clone() })
                .collect();
            said += &format!("+OK\r\nSubject: a\r\n\r\n{stuffed}.\r\n");
            expected.push(format!("Subject: a\r\n\r\n{}", lines.concat()));
        }
        steps.push(Step::Push(Direction::ToClient, said.into()));
        let mut got: Vec<String> = Vec::new();
        for event in told(&steps, &Config::default())? {
            match event.kind {
                EventKind::MessageStart(_) => got.push(String::new()),
                EventKind::MessageData(bytes) => {
                    if let Some(last) = got.last_mut() {
                        last.push_str(&String::from_utf8_lossy(&bytes));
                    }
                }
                _ => {}
            }
        }
        prop_assert_eq!(got, expected);
    }
}
