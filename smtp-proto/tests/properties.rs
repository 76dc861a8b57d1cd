//! What holds for every session, however its bytes come.

#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{Driven, config, mixed, told, transcripts};
use mail_wire::drive::{cut_timed, interleave, joined, timed};
use mail_wire::transcript::{Step, Transcript};
use proptest::prelude::*;
use smtp_proto::{Config, Direction, EventKind, Outcome, Timestamp};

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
            let steps = timed(&transcript.steps);
            let expected = told(&steps, &Config::default())?;
            let got = told(&mixed(&steps, &expected, &sizes, &choices), &Config::default())?;
            for dir in Direction::BOTH {
                let [got, expected] = [&got, &expected].map(|events| joined::<Driven>(events, dir));
                prop_assert_eq!(got, expected, "{:?}", transcript.expected);
            }
        }
    }

    #[test]
    fn any_steps_give_spans_that_tile_within_the_bound(steps in steps(), mid_stream in any::<bool>()) {
        let steps = timed(&steps);
        told(&steps, &Config::default().mid_stream(mid_stream))?;
        // Limits so small that each of them is met.
        let small = Config::default().max_line(64).max_held(128).max_pending(2).max_recipients(2);
        told(&steps, &small.mid_stream(mid_stream))?;
    }

    #[test]
    fn transcripts_tile_with_a_gap_anywhere(
        sizes in prop::collection::vec(1..40usize, 1..6),
        choices in prop::collection::vec(any::<bool>(), 1..20),
        at in any::<prop::sample::Index>(),
    ) {
        for (path, transcript) in transcripts() {
            let mut steps = interleave(cut_timed(&timed(&transcript.steps), &sizes, true), &choices);
            let at = at.index(steps.len());
            if let (time, Step::Push(dir, bytes)) = &steps[at] {
                steps[at] = (*time, Step::Gap(*dir, Some(bytes.len() as u64)));
            }
            told(&steps, &config(&path))?;
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
        let events = told(&timed(&steps), &Config::default())?;
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

/// A server may say much to each recipient. Its words are told as they come; what waits for the end of the message is
/// bounded, and the codes are all there.
#[test]
fn replies_that_wait_are_bounded() {
    let config = Config::default().max_line(1024).max_held(16 << 10);
    let long = format!("{}550 5.1.1 no\r\n", format!("550-{}\r\n", "x".repeat(200)).repeat(4));
    let greeting =
        "220 mx\r\n250-mx\r\n250 PRDR\r\n250 ok\r\n".to_owned() + &"250 ok\r\n".repeat(50) + "354 go\r\n";
    for (hello, first, last) in [("LHLO", "", ""), ("EHLO", "353 each\r\n", "250 ok\r\n")] {
        let client =
            format!("{hello} c\r\nMAIL FROM:<a@x> PRDR\r\n{}DATA\r\n", "RCPT TO:<b@y>\r\n".repeat(50));
        let steps = [
            (Direction::ToServer, client.as_str()),
            (Direction::ToClient, &greeting),
            (Direction::ToServer, "a\r\n.\r\n"),
            (Direction::ToClient, &(first.to_owned() + &long.repeat(50) + last)),
        ];
        let mut session = smtp_proto::Session::new(config.clone());
        let (mut end, mut most) = (None, 0);
        for (dir, text) in steps {
            // In pieces, as a network brings them.
            for piece in text.as_bytes().chunks(1000) {
                session.push(dir, Timestamp::default(), bytes::Bytes::copy_from_slice(piece));
                while let Some(event) = session.poll_event() {
                    if let EventKind::MessageEnd(told) = event.kind {
                        end = Some(told);
                    }
                }
                most = most.max(session.buffered());
            }
        }
        assert!(most > 12 << 10 && most <= config.worst_case(), "{most}");
        let deliveries = end.map(|end| end.deliveries).unwrap_or_default();
        let kept = deliveries.iter().take_while(|reply| reply.lines.len() == 5).count();
        assert_eq!(deliveries.iter().filter(|reply| reply.code == 550).count(), 50, "{hello}");
        assert!(kept > 1 && deliveries[kept..].iter().all(|reply| reply.lines.is_empty()), "{hello} {kept}");
    }
}
