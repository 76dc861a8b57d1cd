//! Overlaps of held data under every policy: the cases D1 to D22.

use tcp_reassembly::{Policies, Policy};

use crate::common::Play;
use crate::{NOVAK, check};

/// The columns of the tables below.
const COLUMNS: [&[Policy]; 6] = [
    &[Policy::First, Policy::Vista],
    &[Policy::Last],
    &[Policy::Bsd, Policy::Windows, Policy::MacOs],
    &[Policy::Linux],
    &[Policy::OldLinux],
    &[Policy::Solaris, Policy::Hpux11],
];

fn play(policy: Policy) -> Play {
    Play::new(|config| config.policies = policy.into())
}

/// The delivered bytes of the client, and how many conflicts were told.
fn stream(policy: Policy, script: &str) -> (String, usize) {
    let words = play(policy).run(script);
    let conflicts = words.split(' ').filter(|word| word.starts_with("c:X")).count();
    let data = words.split(' ').filter(|word| word.starts_with("c:") && !word.starts_with("c:X"));
    (data.map(|word| &word[2..]).collect(), conflicts)
}

#[test]
fn d1_to_d9_pairs() {
    // An old segment 6..10, and a new one, with a hole before both.
    for (name, start, len, rows) in [
        ("D1 R1", 4, 4, ["nnoooo", "nnnnoo", "nnnnoo", "nnnnoo", "nnnnoo", "nnoooo"]),
        ("D2 R2", 4, 6, ["nnoooo", "nnnnnn", "nnnnnn", "nnnnnn", "nnnnnn", "nnnnnn"]),
        ("D3 R3", 4, 8, ["nnoooonn", "nnnnnnnn", "nnnnnnnn", "nnnnnnnn", "nnnnnnnn", "nnnnnnnn"]),
        ("D4 R4", 6, 2, ["oooo", "nnoo", "oooo", "oooo", "oooo", "oooo"]),
        ("D5 R5", 6, 4, ["oooo", "nnnn", "oooo", "oooo", "nnnn", "nnnn"]),
        ("D6 R6", 6, 6, ["oooonn", "nnnnnn", "oooonn", "nnnnnn", "nnnnnn", "nnnnnn"]),
        ("D7 R7", 7, 2, ["oooo", "onno", "oooo", "oooo", "oooo", "oooo"]),
        ("D8 R8", 8, 2, ["oooo", "oonn", "oooo", "oooo", "oooo", "oooo"]),
        ("D9 R9", 8, 4, ["oooonn", "oonnnn", "oooonn", "oooonn", "oooonn", "oonnnn"]),
    ] {
        let new = "n".repeat(len);
        let filler = "-".repeat(start.min(6) - 1);
        let script = format!(r#"HS c6"oooo" c{start}"{new}" c1"{filler}" E"#);
        for (policies, expected) in COLUMNS.into_iter().zip(rows) {
            for &policy in policies {
                assert_eq!(stream(policy, &script), (format!("{filler}{expected}"), 1), "{name} {policy:?}");
                // With equal bytes there is nothing to tell.
                let equal = stream(policy, &script.replace('n', "o"));
                assert_eq!(equal, (format!("{filler}{expected}").replace('n', "o"), 0), "{name}e {policy:?}");
            }
        }
    }
}

#[test]
fn d10_to_d16_longer_rows() {
    let t = |segments: &[(usize, &'static str)]| -> Vec<(usize, &'static str)> {
        segments.iter().map(|&(at, text)| (at + 2, text)).chain([(1, "-")]).collect()
    };
    for (name, segments, rows) in [
        (
            "D10",
            NOVAK.to_vec(),
            [
                "0AAAJBBCCCLDLMEEFFFGGHHIQ",
                "0AJJJJBKKKLLLMMMFNFGOPHQQ",
                "0AAAJJBCCCLLLMMMFFFGGHHIQ",
                "0AAAJJBCCCLLLMMMFFFGGHHQQ",
                "0AAAJJBKKKLLLMMMFFFGGHHQQ",
                "0AJJJBBKKKLLLMMMFFFGGHHQQ",
            ],
        ),
        ("D11", t(&[(0, "AA"), (1, "BB"), (0, "CCC")]), ["-AAB", "-CCC", "-AAC", "-CCC", "-CCC", "-CCC"]),
        (
            "D12",
            t(&[(0, "AA"), (2, "BB"), (0, "CCCCCC")]),
            ["-AABBCC", "-CCCCCC", "-AACCCC", "-CCCCCC", "-CCCCCC", "-CCCCCC"],
        ),
        (
            "D13",
            t(&[(1, "AA"), (5, "BB"), (0, "CCCCCCC")]),
            ["-CAACCBB", "-CCCCCCC", "-CCCCCCC", "-CCCCCCC", "-CCCCCCC", "-CCCCCCC"],
        ),
        (
            "D14",
            t(&[(0, "AAAA"), (2, "BBBB"), (1, "CCC")]),
            ["-AAAABB", "-ACCCBB", "-AAAABB", "-AAAABB", "-AAAABB", "-AABBBB"],
        ),
        (
            "D15",
            t(&[(0, "AAA"), (2, "BBB"), (4, "CCC")]),
            ["-AAABBCC", "-AABBCCC", "-AAABBCC", "-AAABBCC", "-AAABBCC", "-AABBCCC"],
        ),
        (
            "D16",
            t(&[(4, "AA"), (2, "BBB"), (0, "CCC")]),
            ["-CCBBAA", "-CCCBBA", "-CCCBBA", "-CCCBBA", "-CCCBBA", "-CCBBAA"],
        ),
    ] {
        let script: String = segments.iter().map(|(at, text)| format!(" c{at}\"{text}\"")).collect();
        for (policies, expected) in COLUMNS.into_iter().zip(rows) {
            for &policy in policies {
                let found = stream(policy, &format!("HS{script}"));
                assert_eq!(found.0, expected, "{name} {policy:?}");
            }
        }
    }
}

#[test]
fn d18_to_d22_at_the_edge() {
    for (name, script, rows) in [
        (
            "D18",
            r#"HS c5"oooo" c1"nnnnnn""#,
            ["nnnnoooo", "nnnnnnoo", "nnnnnnoo", "nnnnnnoo", "nnnnnnoo", "nnnnoooo"],
        ),
        (
            "D19",
            r#"HS c5"oooo" c1"nnnnnnnnnn""#,
            ["nnnnoooonn", "nnnnnnnnnn", "nnnnnnnnnn", "nnnnnnnnnn", "nnnnnnnnnn", "nnnnnnnnnn"],
        ),
        (
            "D20",
            r#"HS c3"aa" c6"bb" c9"cc" c2"nnnnnnnnnn" c1"-""#,
            ["-naanbbnccn", "-nnnnnnnnnn", "-nnnnnnnnnn", "-nnnnnnnnnn", "-nnnnnnnnnn", "-nnnnnnnnnn"],
        ),
        (
            "D21",
            r#"HS c1"AAAA" c7"BBBB" c1"AAAAxxBBBB""#,
            ["AAAAxxBBBB", "AAAAxxBBBB", "AAAAxxBBBB", "AAAAxxBBBB", "AAAAxxBBBB", "AAAAxxBBBB"],
        ),
        // A real Linux joins the neighbours 2..6 and 6..10 in its queue, and keeps the old bytes, as the new segment
        // then begins within. We compare with segments as they arrived, on purpose: what a queue has joined depends
        // on more than a capture shows.
        (
            "D22",
            r#"HS c2"----" c6"oooo" c6"nnnnnn" c1"=""#,
            ["=----oooonn", "=----nnnnnn", "=----oooonn", "=----nnnnnn", "=----nnnnnn", "=----nnnnnn"],
        ),
        // In-order bytes are final under every policy.
        (
            "C5",
            r#"HS c1"GOOD" c1"EVIL" c5"BBBB""#,
            ["GOODBBBB", "GOODBBBB", "GOODBBBB", "GOODBBBB", "GOODBBBB", "GOODBBBB"],
        ),
        ("C6", r#"HS c1"GOOD" c1"EVILMORE""#, ["GOODMORE"; 6]),
        // G6: a true segment of one byte within held data, no probe.
        (
            "G6",
            r#"HS c5"AAAAAAA" c7"BBB" c9"C" c1"----""#,
            ["----AAAAAAA", "----AABBCAA", "----AAAAAAA", "----AAAAAAA", "----AAAAAAA", "----AAAAAAA"],
        ),
    ] {
        for (policies, expected) in COLUMNS.into_iter().zip(rows) {
            for &policy in policies {
                assert_eq!(stream(policy, script).0, expected, "{name} {policy:?}");
            }
        }
    }
}

/// Each receiver has its own policy.
#[test]
fn policies_go_by_receiver() {
    let choose = Policies::by(|to| if to.port() == 25 { Policy::Last } else { Policy::First });
    check(
        &Play::new(|config| config.policies = choose),
        &[(
            "by receiver",
            r#"HS c2"aa" c2"bb" s2"cc" s2"dd" c1"-" s1"=" E"#,
            "open c:X1:bb/aa s:X1:cc/dd c:-bb s:=cc end:CaptureEnd",
        )],
    );
}
