//! What holds for every session, however its bytes come.

#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{apply, config, joined, run, transcripts};
use mail_wire::transcript::{Step, Transcript};
use proptest::prelude::*;
use smtp_proto::{Config, Direction, Event, EventKind, Outcome, Session, Timestamp};
use std::collections::VecDeque;

/// The bytes of each direction, in pieces that were cut at the given sizes, in turn.
fn cut(steps: &[Step], sizes: &[usize]) -> [VecDeque<Step>; 2] {
    let mut halves = [VecDeque::new(), VecDeque::new()];
    let mut sizes = sizes.iter().copied().cycle();
    for (half, dir) in halves.iter_mut().zip(Direction::BOTH) {
        let mut rest: bytes::Bytes = steps
            .iter()
            .filter_map(|step| match step {
                Step::Push(to, bytes) if *to == dir => Some(bytes.to_vec()),
                _ => None,
            })
            .flatten()
            .collect::<Vec<u8>>()
            .into();
        while !rest.is_empty() {
            let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
            half.push_back(Step::Push(dir, rest.split_to(size)));
        }
        half.push_back(Step::Close(dir));
    }
    halves
}

/// The halves, interleaved by the given choices, in turn.
fn interleave(mut halves: [VecDeque<Step>; 2], choices: &[bool]) -> Vec<Step> {
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
fn check_tiling(steps: &[Step], config: &Config) -> Result<Vec<Event>, TestCaseError> {
    let mut session = Session::new(config.clone());
    let (mut now, mut ends, mut pushed) = (Timestamp::ZERO, [0, 0], [0, 0]);
    let mut events = Vec::new();
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
            if !event.kind.is_derived() {
                let end = &mut ends[event.dir as usize];
                prop_assert_eq!(event.span.start, *end, "{:?}", event);
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
    let all = transcripts().into_iter().filter(|(path, _)| !path.to_string_lossy().contains("mid-stream"));
    all.map(|(_, transcript)| transcript)
        .filter(|transcript| transcript.steps.iter().all(|step| plain(step) && short(step)))
        .collect()
}

/// Lines that mean something to one side or the other, and noise.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known: &[&'static [u8]] = &[
        b"EHLO c\r\n",
        b"LHLO c\r\n",
        b"MAIL FROM:<a@x>\r\n",
        b"RCPT TO:<b@y>\r\n",
        b"DATA\r\n",
        b".\r\n",
        b"text\r\n",
        b"..\r\n",
        b"\n.\n",
        b"BDAT 5\r\n",
        b"BDAT 3 LAST\r\n",
        b"RSET\r\n",
        b"AUTH LOGIN\r\n",
        b"*\r\n",
        b"Ym9i\r\n",
        b"STARTTLS\r\n",
        b"QUIT\r\n",
        b"\x16\x03\x01",
        b"220 mx\r\n",
        b"250 ok\r\n",
        b"250-ok\r\n",
        b"354 go\r\n",
        b"334 \r\n",
        b"235 ok\r\n",
        b"554 no\r\n",
        b"421 bye\r\n",
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

/// One message, said in turns: client lines and the replies that they get.
fn message(number: usize) -> Vec<(Direction, String)> {
    use Direction::{ToClient, ToServer};
    [
        (ToServer, format!("MAIL FROM:<a{number}@x>")),
        (ToClient, "250 2.1.0 ok".to_owned()),
        (ToServer, format!("RCPT TO:<b{number}@y>")),
        (ToClient, "250 2.1.5 ok".to_owned()),
        (ToServer, "DATA".to_owned()),
        (ToClient, "354 go".to_owned()),
        (ToServer, format!("Subject: {number}\r\n\r\nbody of {number}\r\n.")),
        (ToClient, format!("250 2.0.0 queued as {number}")),
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
        let small = Config::default().max_line(64).max_held(128).max_pending(2).max_recipients(2);
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
    fn a_gap_never_stops_the_session(at in 0..8usize, from in any::<prop::sample::Index>(), len in 1..60usize) {
        let mut steps = vec![Step::Push(Direction::ToClient, "220 mx\r\n".into())];
        for number in 0..3 {
            for (place, (dir, line)) in message(number).into_iter().enumerate() {
                let bytes = bytes::Bytes::from(line + "\r\n");
                if number == 0 && place == at {
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
        let mut third = events.into_iter().skip_while(|event| match &event.kind {
            EventKind::MessageStart(envelope) => {
                envelope.sender.as_ref().is_none_or(|sender| sender.mailbox != "a2@x")
            }
            _ => true,
        });
        let Some(EventKind::MessageStart(envelope)) = third.next().map(|event| event.kind) else {
            return Err(TestCaseError::fail("the third message is not told"));
        };
        prop_assert_eq!(envelope.recipients.len(), 1);
        prop_assert_eq!(&envelope.recipients[0].path.mailbox, "b2@y");
        prop_assert_eq!(envelope.recipients[0].accepted(), Some(true));
        let mut content = Vec::new();
        for event in third {
            match event.kind {
                EventKind::MessageData(bytes) => content.extend_from_slice(&bytes),
                EventKind::MessageEnd(end) => {
                    prop_assert_eq!((end.outcome, end.complete), (Outcome::Accepted, true));
                    prop_assert_eq!(end.verdicts.len(), 1);
                    prop_assert_eq!(end.verdicts[0].text(), b"2.0.0 queued as 2");
                }
                _ => {}
            }
        }
        prop_assert_eq!(String::from_utf8_lossy(&content), "Subject: 2\r\n\r\nbody of 2\r\n");
    }
}
