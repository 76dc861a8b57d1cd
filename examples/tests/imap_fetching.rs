//! However a client fetches a message, and whatever the server says besides: it is told once, whole, byte by byte.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::Extracted;
use proptest::prelude::*;
use std::fmt::Write as _;

/// How the client asks.
#[derive(Debug, Clone)]
enum Plan {
    /// `BODY[]` or `RFC822`.
    Whole { old: bool },
    /// `HEADER` and `TEXT`, in either order, by one command or two, by their names of old.
    HeaderAndText { swapped: bool, together: bool, old: bool },
    /// Ranges of so many bytes, so many of which each overlaps the one before; in the order of these numbers.
    Ranges { len: usize, overlap: usize, order: Vec<usize>, beyond: bool },
    /// The header, and the only part of an undivided message.
    OnlyPart,
}

/// What the server does besides.
#[derive(Debug, Clone)]
struct Manners {
    /// Where it says the UID: before the content, behind it, in a response of its own, never.
    uid: u8,
    /// It tells of flags and of new messages in between.
    chatty: bool,
    /// All data first, the tagged responses then.
    pipelined: bool,
    lower_case: bool,
    /// It repeats the length that was asked for.
    repeats_length: bool,
    /// It was asked for the size.
    size: bool,
    /// A blank more here and there, and FLAGS between UID and content.
    loose: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        any::<bool>().prop_map(|old| Plan::Whole { old }),
        any::<(bool, bool, bool)>().prop_map(|(swapped, together, old)| Plan::HeaderAndText {
            swapped,
            together,
            old
        }),
        (1..200_usize, 0..40_usize, prop::collection::vec(any::<usize>(), 8), any::<bool>()).prop_map(
            |(len, overlap, order, beyond)| Plan::Ranges {
                len,
                overlap: overlap.min(len - 1),
                order,
                beyond
            }
        ),
        Just(Plan::OnlyPart),
    ]
}

fn manners() -> impl Strategy<Value = Manners> {
    (0..4_u8, any::<[bool; 6]>()).prop_map(
        |(uid, [chatty, pipelined, lower_case, repeats_length, size, loose])| Manners {
            uid,
            chatty,
            pipelined,
            lower_case,
            repeats_length,
            size,
            loose,
        },
    )
}

/// A message whose lines look like something else.
fn message() -> impl Strategy<Value = (String, String)> {
    let line = prop::sample::select(
        &[
            "",
            ")",
            "* 5 EXISTS",
            "* 1 FETCH (BODY[] {3}",
            "a9 OK done",
            "text {10}",
            "\"",
            ".",
            "+ go",
            "x y z",
            "NIL",
        ][..],
    );
    (prop::collection::vec(line, 0..20), 0..3_u8).prop_map(|(lines, end)| {
        let mut body = lines.join("\r\n");
        body += ["", "\r\n", "\r\n\r\n"][usize::from(end)];
        ("Subject: what was sent\r\nFrom: a@b\r\n\r\n".to_owned(), body)
    })
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\r', "\\r").replace('\n', "\\n")
}

/// A session that fetches one message so.
fn session(header: &str, body: &str, plan: &Plan, manners: &Manners) -> String {
    let whole = format!("{header}{body}");
    let mut requests: Vec<Vec<(String, String, &str)>> = Vec::new();
    let item = |asked: &str, told: &str, content| (asked.to_owned(), told.to_owned(), content);
    match plan {
        Plan::Whole { old: true } => requests.push(vec![item("RFC822", "RFC822", whole.as_str())]),
        Plan::Whole { old: false } => requests.push(vec![item("BODY.PEEK[]", "BODY[]", &whole)]),
        Plan::HeaderAndText { swapped, together, old } => {
            let mut both = if *old {
                [item("RFC822.HEADER", "RFC822.HEADER", header), item("RFC822.TEXT", "RFC822.TEXT", body)]
            } else {
                [
                    item("BODY.PEEK[HEADER]", "BODY[HEADER]", header),
                    item("BODY.PEEK[TEXT]", "BODY[TEXT]", body),
                ]
            };
            if *swapped {
                both.swap(0, 1);
            }
            if *together {
                requests.push(both.to_vec());
            } else {
                requests.extend(both.map(|one| vec![one]));
            }
        }
        Plan::Ranges { len, overlap, order, beyond } => {
            let mut at = 0;
            while at < whole.len() || (*beyond && at < whole.len() + len) {
                let (asked, told) = (format!("BODY.PEEK[]<{at}.{len}>"), format!("BODY[]<{at}>"));
                let told = if manners.repeats_length { told.replace('>', &format!(".{len}>")) } else { told };
                let content = whole.get(at.min(whole.len())..whole.len().min(at + len)).unwrap();
                requests.push(vec![(asked, told, content)]);
                at += len - overlap;
            }
            // The end has to show itself: by a shorter answer, or by the size.
            for (from, to) in order.iter().enumerate() {
                let count = requests.len();
                requests.swap(from % count, to % count);
            }
        }
        Plan::OnlyPart => {
            let structure =
                format!("BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" {} 9)", body.len());
            requests.push(vec![(
                "BODYSTRUCTURE BODY.PEEK[HEADER]".to_owned(),
                format!("{structure} BODY[HEADER]"),
                header,
            )]);
            requests.push(vec![item("BODY.PEEK[1]", "BODY[1]", body)]);
        }
    }
    let mut said =
        "S: * OK ready\nC: l LOGIN alice wonderland\nS: l OK hi\nC: s SELECT INBOX\nS: * 3 EXISTS\n\
        S: * OK [UIDVALIDITY 7] ok\nS: s OK [READ-WRITE] done\n"
            .to_owned();
    if manners.size {
        let uid = if manners.uid < 3 { "UID 9 " } else { "" };
        writeln!(
            said,
            "C: z FETCH 2 ({uid}RFC822.SIZE)\nS: * 2 FETCH ({uid}RFC822.SIZE {})\nS: z OK done",
            whole.len()
        )
        .unwrap();
    }
    let verb = if manners.uid == 3 { "FETCH 2" } else { "UID FETCH 9" };
    let (mut asked, mut data, mut ends) = (String::new(), String::new(), String::new());
    for (number, items) in requests.iter().enumerate() {
        let attributes: Vec<&str> = items.iter().map(|(asked, ..)| asked.as_str()).collect();
        writeln!(asked, "C: a{number} {verb} ({})", attributes.join(" ")).unwrap();
        if manners.chatty {
            data += "S: * 1 FETCH (FLAGS (\\\\Seen))\nS: * 4 EXISTS\n";
        }
        let mut told: Vec<String> = items
            .iter()
            .map(|(_, told, content)| format!("{told} {{{}}}\nS: {}", content.len(), escaped(content)))
            .collect();
        match manners.uid {
            0 => told.insert(0, "UID 9".to_owned()),
            1 => told.push("UID 9".to_owned()),
            _ => {}
        }
        if manners.loose {
            told.insert(told.len() / 2, "FLAGS (\\\\Seen \\\\Recent)".to_owned());
        }
        let blank = if manners.loose { "  " } else { " " };
        let fetch = if manners.lower_case { "fetch" } else { "FETCH" };
        writeln!(data, "S: * 2 {fetch} ({})", told.join(blank)).unwrap();
        if manners.uid == 2 {
            data += "S: * 2 FETCH (UID 9)\n";
        }
        if manners.chatty {
            data += "S: * 3 FETCH (UID 10 FLAGS ())\n";
        }
        writeln!(ends, "S: a{number} OK done").unwrap();
        if !manners.pipelined {
            for part in [&mut asked, &mut data, &mut ends] {
                said += &core::mem::take(part);
            }
        }
    }
    said + &asked + &data + &ends
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_message_is_told_once_and_whole(
        (header, body) in message(),
        plan in plan(),
        manners in manners(),
    ) {
        let whole = format!("{header}{body}");
        // Ranges that end exactly with the message leave its end unknown, unless the size was said.
        if let Plan::Ranges { len, overlap, beyond, .. } = &plan {
            prop_assume!(manners.size || *beyond || !(whole.len() - overlap).is_multiple_of(len - overlap));
        }
        let said = session(&header, &body, &plan, &manners);
        let extracted = Extracted::of(&said);
        let messages = extracted.lines("messages.jsonl");
        let told: Vec<(bool, Option<&str>, String)> = messages
            .iter()
            .map(|message| {
                let section = message.get("section").and_then(|section| section.as_str());
                (message["complete"] == true, section, extracted.file(message))
            })
            .collect();
        prop_assert_eq!(told, [(true, None, whole)], "{}", said);
        if manners.uid < 3 {
            prop_assert_eq!(&messages[0]["uid"], 9, "{}", said);
        }
    }
}
