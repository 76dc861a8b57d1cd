//! Sessions with lost packets, told late, as a reassembler tells them: what is called complete is what was sent.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use common::{Event, run};
use mail_wire::drive::{Timed, timed, with_holes};
use mail_wire::transcript::Transcript;
use smtp_proto::{Config, EventKind, Outcome};

/// A client that waits for each reply.
const LOCKSTEP: &str = r"
S: 220 mx ESMTP
C: EHLO c
S: 250-mx\r\n250 SIZE
C: MAIL FROM:<a@x> SIZE=40
S: 250 2.1.0 Ok
C: RCPT TO:<b@y>
S: 250 2.1.5 Ok
C: DATA
S: 354 go
C: From: a@x\r\nSubject: one\r\n\r\nfirst\
C: \r\nsecond
C: .
S: 250 2.0.0 Ok: queued
C: MAIL FROM:<c@x>
S: 250 2.1.0 Ok
C: RCPT TO:<no@y>
S: 550 5.1.1 unknown
C: RCPT TO:<d@y>
S: 250 2.1.5 Ok
C: DATA
S: 354 go
C: Subject: two\r\n\r\nhello\r\n.
S: 250 2.0.0 Ok: queued
C: RSET
S: 250 2.0.0 Ok
C: MAIL FROM:<e@x>
S: 250 2.1.0 Ok
C: RCPT TO:<f@y>
S: 250 2.1.5 Ok
C: DATA
S: 354 go
C: Subject: three\r\n\r\nbye\r\n.
S: 550 5.7.1 no
C: QUIT
S: 221 2.0.0 Bye
";

/// One that does not, where it need not.
const PIPELINED: &str = r"
S: 220 mx ESMTP
C: EHLO c
S: 250-mx\r\n250 PIPELINING
C: MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<no@y>\r\nDATA
S: 250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 unknown\r\n354 go
C: Subject: one\r\n\r\nfirst\r\n.\r\nNOOP\r\nRSET
S: 250 2.0.0 Ok: queued\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok
C: MAIL FROM:<c@x>\r\nRCPT TO:<d@y>\r\nDATA
S: 250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go
C: Subject: two\r\n\r\nhello\r\n.\r\nMAIL FROM:<e@x>\r\nRCPT TO:<f@y>\r\nDATA
S: 250 2.0.0 Ok: queued\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go
C: Subject: three\r\n\r\nbye\r\n.\r\nQUIT
S: 250 2.0.0 Ok: queued\r\n221 2.0.0 Bye
";

/// Chunks.
const CHUNKS: &str = r"
S: 220 mx ESMTP
C: EHLO c
S: 250-mx\r\n250 CHUNKING
C: MAIL FROM:<a@x>
S: 250 2.1.0 Ok
C: RCPT TO:<b@y>
S: 250 2.1.5 Ok
C: BDAT 24 LAST\r\nSubject: one\r\n\r\nfirst\r\n\r\n
S: 250 2.0.0 Ok: 24 bytes queued
C: MAIL FROM:<c@x>
S: 250 2.1.0 Ok
C: RCPT TO:<d@y>
S: 250 2.1.5 Ok
C: BDAT 16\r\nSubject: two\r\n\r\n\
S: 250 2.0.0 Ok: 16 bytes
C: BDAT 7\r\nhello\r\n\
S: 250 2.0.0 Ok: 7 bytes
C: BDAT 0 LAST
S: 250 2.0.0 Ok: 23 bytes queued
C: QUIT
S: 221 2.0.0 Bye
";

/// A final reply for each recipient (draft-hall-prdr-00), and messages without between them.
const RECIPIENTS: &str = r"
S: 220 mx ESMTP
C: EHLO c
S: 250-mx\r\n250 PRDR
C: MAIL FROM:<a@x> PRDR
S: 250 2.1.0 Ok
C: RCPT TO:<b@y>
S: 250 2.1.5 Ok
C: RCPT TO:<no@y>
S: 550 5.1.1 unknown
C: RCPT TO:<c@y>
S: 250 2.1.5 Ok
C: RCPT TO:<d@y>
S: 250 2.1.5 Ok
C: DATA
S: 354 go
C: Subject: one\r\n\r\nfirst\
C: \r\nsecond
C: .
S: 353 go\r\n\
S: 250 for b\r\n\
S: 550 for c\r\n\
S: 250 for d\r\n\
S: 550 bad content
C: MAIL FROM:<e@x> PRDR\r\nRCPT TO:<f@y>\r\nRCPT TO:<g@y>\r\nDATA
S: 250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 go
C: Subject: two\r\n\r\nhello\r\n.
S: 353 go\r\n250 for f
S: 450 for g\r\n250 accepted for some
C: MAIL FROM:<h@x>\r\nRCPT TO:<i@y>\r\nDATA
S: 250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go
C: Subject: three\r\n\r\nbye\r\n.
S: 250 2.0.0 Ok: queued
C: QUIT
S: 221 2.0.0 Bye
";

fn steps(script: &str) -> Vec<Timed> {
    timed(&Transcript::parse(script.as_bytes()).steps)
}

fn told(steps: &[Timed]) -> Vec<Event> {
    run(steps, &Config::default()).unwrap()
}

/// The content of the messages, and whether they are complete.
fn messages(events: &[Event]) -> Vec<(String, bool)> {
    let mut messages = Vec::new();
    let mut content = String::new();
    for event in events {
        match &event.kind {
            EventKind::MessageStart(_) => content.clear(),
            EventKind::MessageData(bytes) => content += &bytes.escape_ascii().to_string(),
            EventKind::MessageEnd(end) => messages.push((core::mem::take(&mut content), end.complete)),
            _ => {}
        }
    }
    messages
}

/// Each packet lost, and each two of them.
#[test]
fn what_is_called_complete_was_sent_so() {
    for script in [LOCKSTEP, PIPELINED, CHUNKS, RECIPIENTS] {
        let steps = steps(script);
        let whole = messages(&told(&steps));
        assert!(whole.iter().all(|(_, complete)| *complete), "{script}");
        for first in 0..steps.len() {
            for second in first..steps.len() {
                let torn = messages(&told(&with_holes(&steps, |number| number == first || number == second)));
                assert!(torn.len() <= whole.len(), "without {first} and {second}: {torn:?}");
                for (content, complete) in torn {
                    let sent = !complete || whole.contains(&(content.clone(), true));
                    assert!(sent, "without {first} and {second}: {content:?}");
                }
            }
        }
    }
}

/// A message whose packets were captured is told, whatever else is lost: no byte of it is taken for commands.
#[test]
fn content_is_told_whatever_is_lost_around_it() {
    let mut failures = Vec::new();
    for (script, contents) in [
        (LOCKSTEP, [(9..12), (21..22), (31..32)].as_slice()),
        (PIPELINED, &[(5..6), (9..10), (11..12)]),
        (RECIPIENTS, &[(15..18), (25..26), (30..31)]),
    ] {
        let steps = steps(script);
        let whole = messages(&told(&steps));
        for first in 0..steps.len() {
            for second in first..steps.len() {
                let torn = messages(&told(&with_holes(&steps, |number| number == first || number == second)));
                for ((content, _), packets) in whole.iter().zip(contents) {
                    let lost = packets.contains(&first) || packets.contains(&second);
                    if !lost && torn.iter().all(|(told, _)| told != content) {
                        failures.push(format!("without {first} and {second}: {content:?} {torn:?}"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} times:\n{}", failures.len(), failures.join("\n"));
}

/// The outcome, if one is told, is that of the message, and what is told of recipients was said of them.
#[test]
fn what_is_told_of_recipients_was_said_of_them() {
    let told_of = |events: &[Event]| {
        let mut messages = Vec::new();
        let mut senders = Vec::new();
        for event in events {
            match &event.kind {
                EventKind::MessageStart(start) => {
                    senders.push(start.sender.as_ref().map(|sender| sender.mailbox.clone()));
                }
                EventKind::MessageEnd(end) => {
                    messages.push((senders.pop().flatten(), end.outcome, end.deliveries.clone()));
                }
                _ => {}
            }
        }
        messages
    };
    let steps = steps(RECIPIENTS);
    let whole = told_of(&told(&steps));
    let outcomes: Vec<_> = whole.iter().map(|(_, outcome, _)| *outcome).collect();
    assert_eq!(outcomes, [Outcome::Rejected, Outcome::Mixed, Outcome::Accepted]);
    let mut failures = Vec::new();
    // A command and a reply lost in one envelope shift the pairing up to its 354, with this extension or without.
    let is_envelope = |number: usize| number < 14;
    for first in 0..steps.len() {
        for second in (first..steps.len()).filter(|second| *second == first || !is_envelope(*second)) {
            let torn = told_of(&told(&with_holes(&steps, |number| number == first || number == second)));
            for (sender, outcome, deliveries) in torn {
                let Some((_, right, all)) = whole.iter().find(|(other, ..)| *other == sender) else {
                    continue;
                };
                if !(outcome == Outcome::Unknown || outcome == *right) || !all.starts_with(&deliveries) {
                    failures
                        .push(format!("without {first} and {second}: {sender:?} {outcome:?} {deliveries:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} times:\n{}", failures.len(), failures.join("\n"));
}

/// What a reply is said to answer is what it answered, and the greeting is one: of a client that waits for each reply. A reply
/// and the next command that are lost together leave one of each that may belong together.
#[test]
fn a_reply_answers_what_it_answered() {
    let mut failures = Vec::new();
    for script in [LOCKSTEP] {
        let steps = steps(script);
        let whole = told(&steps);
        for first in 0..steps.len() {
            for second in (first..steps.len()).filter(|second| *second != first + 1) {
                for event in told(&with_holes(&steps, |number| number == first || number == second)) {
                    let of_whole = whole.iter().find(|other| {
                        (other.dir, other.span.end) == (event.dir, event.span.end) && !other.kind.is_derived()
                    });
                    let (EventKind::Reply { answers, .. }, Some(of_whole)) = (&event.kind, of_whole) else {
                        if let EventKind::Greeting(reply) = &event.kind
                            && reply.code != 220
                        {
                            failures.push(format!("without {first} and {second}: greeting {reply:?}"));
                        }
                        continue;
                    };
                    if let EventKind::Reply { answers: right, .. } = &of_whole.kind
                        && (answers.is_some() && answers != right)
                    {
                        failures.push(format!(
                            "without {first} and {second}: {:?} {:?}",
                            event.kind, of_whole.kind
                        ));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} times:\n{}", failures.len(), failures.join("\n"));
}

/// The verdict is lost, and so is all up to the refusal of a recipient of the next message: that is no verdict.
#[test]
fn a_refused_recipient_is_no_verdict() {
    let steps = steps(LOCKSTEP);
    let events = told(&with_holes(&steps, |number| (12..16).contains(&number)));
    let outcome = events.iter().find_map(|event| match &event.kind {
        EventKind::MessageEnd(end) => Some((end.outcome, end.complete)),
        _ => None,
    });
    assert_eq!(outcome, Some((Outcome::Unknown, true)));
}

/// A server that takes a loose end for the end answers before the client is done: its verdict is heard also where a loss was.
#[test]
fn a_verdict_on_a_loose_end_is_heard_behind_a_loss() {
    let script = r"
S: 220 mx ESMTP
C: EHLO c
S: 250 mx
C: MAIL FROM:<a@x>
S: 250 OK
C: RCPT TO:<b@y>
S: 250 Accepted
C: DATA
S: 354 go
C: Subject: one\n\nfirst\n.\n\
S: 250 OK id=1
C: MAIL FROM:<c@x>\r\n\
S: 250 OK
C: RCPT TO:<d@y>\r\n\
S: 250 Accepted
C: DATA\r\n\
S: 354 go
C: Subject: two\r\n\r\nhello\r\n.
S: 250 OK id=2
C: QUIT
S: 221 Bye
";
    let verdicts = |lost: usize| {
        let events = told(&with_holes(&steps(script), |number| number == lost));
        events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Anomaly(smtp_proto::Anomaly::Smuggled { .. })))
            .count()
    };
    assert_eq!((verdicts(usize::MAX), verdicts(0)), (1, 1));
}
