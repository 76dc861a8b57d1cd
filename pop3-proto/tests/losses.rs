//! What holds where packets are missing: nothing is told as whole that was not sent so, or under another's number.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use common::run;
use mail_wire::transcript::Step;
use pop3_proto::Direction::{ToClient, ToServer};
use pop3_proto::{Config, Direction, EventKind, Operation};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What the client does with a message of the mailbox, whose numbers go from 1.
#[derive(Clone, Copy, Debug)]
enum Deed {
    List,
    Uidl,
    Retr,
    Top,
    Dele,
    Noop,
    Stat,
    ListAll,
    Absent,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => Just(Deed::List),
        1 => Just(Deed::Uidl),
        6 => Just(Deed::Retr),
        2 => Just(Deed::Top),
        2 => Just(Deed::Dele),
        1 => Just(Deed::Noop),
        1 => Just(Deed::Stat),
        1 => Just(Deed::ListAll),
        1 => Just(Deed::Absent),
    ]
}

const MAILBOX: usize = 5;

fn header(number: usize) -> String {
    format!("Subject: number {number}\r\nTo: a@b.test\r\n\r\n")
}

fn content(number: usize) -> String {
    (0..number * 3).fold(header(number), |text, line| text + &format!("line {line} of {number}\r\n"))
}

/// A command, and what the server says to it.
fn turn(deed: Deed, number: usize, sizes: bool) -> (String, String) {
    let message = content(number);
    let size = message.len();
    let octets = if sizes { format!(" {size} octets") } else { String::new() };
    match deed {
        Deed::List => (format!("LIST {number}\r\n"), format!("+OK {number} {size}\r\n")),
        Deed::Uidl => (format!("UIDL {number}\r\n"), format!("+OK {number} id{number}\r\n")),
        Deed::Retr => (format!("RETR {number}\r\n"), format!("+OK{octets}\r\n{message}.\r\n")),
        Deed::Top => (format!("TOP {number} 0\r\n"), format!("+OK\r\n{}.\r\n", header(number))),
        Deed::Dele => (format!("DELE {number}\r\n"), "+OK marked\r\n".to_owned()),
        Deed::Noop => ("NOOP\r\n".to_owned(), "+OK\r\n".to_owned()),
        Deed::Stat => ("STAT\r\n".to_owned(), "+OK 5 1000\r\n".to_owned()),
        Deed::ListAll => {
            let items: String =
                (1..=MAILBOX).map(|number| format!("{number} {}\r\n", content(number).len())).collect();
            ("LIST\r\n".to_owned(), format!("+OK\r\n{items}.\r\n"))
        }
        Deed::Absent => (format!("RETR {}\r\n", 90 + number), "-ERR no such message\r\n".to_owned()),
    }
}

/// The packets of a session; with a window of one the client waits for each answer.
fn packets(deeds: &[(Deed, usize)], window: usize, sizes: bool, most: usize) -> Vec<(Direction, String)> {
    let mut packets = vec![(ToClient, "+OK <1@host> ready\r\n".to_owned())];
    let login = [("USER a\r\n", "+OK\r\n"), ("PASS b\r\n", "+OK logged in\r\n")];
    let mut turns: Vec<(String, String)> =
        login.iter().map(|(command, reply)| ((*command).to_owned(), (*reply).to_owned())).collect();
    turns.extend(deeds.iter().map(|(deed, number)| turn(*deed, *number, sizes)));
    turns.push(("QUIT\r\n".to_owned(), "+OK bye\r\n".to_owned()));
    let (login, rest) = turns.split_at(2);
    let rounds = login.chunks(1).chain(rest.chunks(window));
    for round in rounds {
        packets.push((ToServer, round.iter().map(|(command, _)| command.as_str()).collect()));
        let mut said: String = round.iter().map(|(_, reply)| reply.as_str()).collect();
        while !said.is_empty() {
            let rest = said.split_off(said.len().min(most));
            packets.push((ToClient, core::mem::replace(&mut said, rest)));
        }
    }
    packets
}

/// What a reader gets of them that notices a loss only when the other side has answered what was said behind it.
fn captured(packets: &[(Direction, String)], lost: impl Fn(usize) -> bool) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut held: [Vec<Step>; 2] = Default::default();
    let index = |dir: Direction| usize::from(dir == ToClient);
    for (place, (dir, text)) in packets.iter().enumerate() {
        if lost(place) {
            held[index(*dir)].push(Step::Gap(*dir, Some(text.len() as u64)));
            continue;
        }
        let answered = &mut held[index(dir.flip())];
        if let Some(last) = answered.iter().rposition(|step| matches!(step, Step::Push(..))) {
            steps.extend(answered.drain(..=last));
        }
        let push = Step::Push(*dir, text.clone().into());
        if held[index(*dir)].is_empty() {
            steps.push(push);
        } else {
            held[index(*dir)].push(push);
        }
    }
    let [mut client, mut server] = held;
    steps.append(&mut client);
    steps.append(&mut server);
    steps.extend(Direction::BOTH.map(Step::Close));
    steps
}

/// A message as it is told to be whole.
#[derive(Debug)]
struct Whole {
    operation: Operation,
    number: Option<u64>,
    content: String,
}

fn wholes(steps: &[Step]) -> Result<Vec<Whole>, TestCaseError> {
    let mut told: Vec<Whole> = Vec::new();
    for event in run(steps, &Config::default()).map_err(TestCaseError::fail)? {
        match event.kind {
            EventKind::MessageStart(message) => told.push(Whole {
                operation: message.operation,
                number: message.number,
                content: String::new(),
            }),
            EventKind::MessageData(bytes) => {
                told.last_mut().unwrap().content += &String::from_utf8_lossy(&bytes);
            }
            EventKind::MessageEnd(end) if !end.complete => {
                told.pop();
            }
            _ => {}
        }
    }
    Ok(told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_told_as_whole_was_sent_so(
        deeds in prop::collection::vec((deed(), 1..=MAILBOX), 1..14),
        window in prop_oneof![3 => Just(1usize), 1 => 2..20usize],
        sizes in any::<bool>(),
        most in 10..200usize,
        losses in prop::collection::vec(any::<u8>(), 200),
        percent in prop::sample::select(&[1u8, 5, 10, 20, 40][..]),
        only in prop::option::of(prop::sample::select(&Direction::BOTH[..])),
    ) {
        let packets = packets(&deeds, window, sizes, most);
        let lost = |place: usize| {
            losses[place % losses.len()] % 100 < percent && only.is_none_or(|only| packets[place].0 == only)
        };
        let steps = captured(&packets, lost);
        let sent: BTreeSet<String> =
            (1..=MAILBOX).flat_map(|number| [content(number), header(number)]).collect();
        for whole in wholes(&steps)? {
            prop_assert!(sent.contains(&whole.content), "never sent: {:?}\n{:#?}", whole, steps);
            // Where packets of both halves are missing, what is missing of one may be taken for what is of the other; and
            // where many answers were awaited at once, nothing tells for sure how many of them are.
            let (Some(number), Some(_), 1) = (whole.number, only, window) else { continue };
            let number = usize::try_from(number).unwrap();
            let expected = match whole.operation {
                Operation::Retr => content(number),
                _ => header(number),
            };
            prop_assert_eq!(&whole.content, &expected, "{:?}\n{:#?}", whole, steps);
        }
    }

    /// One packet of a client that waits for each answer: messages that have lost none are whole, but for what is
    /// unknown beside the loss.
    #[test]
    fn one_loss_takes_no_message_but_its_own(
        deeds in prop::collection::vec((deed(), 1..=MAILBOX), 1..14),
        sizes in any::<bool>(),
        most in 10..200usize,
        at in any::<prop::sample::Index>(),
    ) {
        let packets = packets(&deeds, 1, sizes, most);
        let at = at.index(packets.len());
        let expected = wholes(&captured(&packets, |_| false))?;
        let got = wholes(&captured(&packets, |place| place == at))?;
        let mut left = got.iter();
        let missing: Vec<&Whole> =
            expected.iter().filter(|whole| !left.clone().any(|got| {
                let same = got.content == whole.content;
                if same { left.next(); }
                same
            })).collect();
        let touched = usize::from(packets[at].0 == ToClient);
        prop_assert!(missing.len() <= touched, "{:#?} without {:?}", missing, packets[at]);
        // All but the one whose command was lost are known by it.
        let unknown = got.iter().filter(|whole| whole.number.is_none()).count();
        prop_assert!(unknown <= 1 - touched, "{:#?} without {:?}", got, packets[at]);
    }
}
