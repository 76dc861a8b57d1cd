//! One stream: order, arithmetic, retransmission, overlap, gaps.

use crate::common::Play;
use crate::{NOVAK, check};

#[test]
fn a_basics() {
    check(
        &Play::default(),
        &[
            ("A1", r#"HS c1"AAAA" c5"BBBB" s1[A]/ack9 E"#, "open c:AAAABBBB end:CaptureEnd"),
            ("A2", r#"HS c5"BBBB" c1"AAAA" E"#, "open c:AAAABBBB end:CaptureEnd"),
            ("A3", r#"HS c9"C" c5"BBBB" c1"AAAA" E"#, "open c:AAAABBBBC end:CaptureEnd"),
            ("A4", r#"HS c3"C" c1"A" c5"E" c2"B" c4"D" E"#, "open c:ABCDE end:CaptureEnd"),
            (
                "A5",
                r#"HS s1"220" c1"EHLO"/ack4 s4"250"/ack5 c5"MAIL"/ack7 E"#,
                "open s:220 c:EHLO s:250 c:MAIL end:CaptureEnd",
            ),
            ("A6", "HS c1[FA] s1[FA]/ack2 c2[A]/ack2", "open c:fin s:fin end:Fin"),
            ("A7", "HS c1[A] s1[A] c1[A] E", "open end:CaptureEnd"),
            ("A8", r#"HS c1[PA] c1"AAAA" E"#, "open c:AAAA end:CaptureEnd"),
        ],
    );
}

#[test]
fn b_sequence_numbers() {
    for (name, isn) in
        [("B1", 0xffff_fffa), ("B4", u32::MAX), ("B5", 0), ("B3", 0xffff_fffd), ("mid", 0x7fff_fff9)]
    {
        let mut play = Play::default();
        play.isn = [isn, isn.wrapping_add(3)];
        check(
            &play,
            &[
                (name, r#"HS c1"AAAA" c5"BBBB" c9"CCCC" E"#, "open c:AAAABBBBCCCC end:CaptureEnd"),
                ("B2", r#"HS c5"BBBB" c9"CCCC" c1"AAAA" E"#, "open c:AAAABBBBCCCC end:CaptureEnd"),
                ("B7", r#"HS c1"AAAA" c5"BBBB" c1"AAAA" c9"C" E"#, "open c:AAAABBBBC end:CaptureEnd"),
                ("B11", r#"HS c1"AA" c9"CC" E"#, "open c:AA c:gap2+6:CaptureEnd c:CC end:CaptureEnd"),
                (
                    "B12",
                    r#"HS c1"AA" c9"CC" s1[A]/ack11 c11"DD" E"#,
                    "open c:AA c:gap2+6:Acked c:CCDD end:CaptureEnd",
                ),
            ],
        );
    }
    check(
        &Play::default(),
        &[
            (
                "B9",
                r#"HS c1"AAAA" c2147483653"XXXX" c5"BBBB" E"#,
                "open c:AAAA c:!out-of-window c:BBBB end:CaptureEnd",
            ),
            (
                "B10",
                r#"HS c1"AAAA" c2147483654"XXXX" c5"BBBB" E"#,
                "open c:AAAA c:!out-of-window c:BBBB end:CaptureEnd",
            ),
        ],
    );
}

#[test]
fn c_retransmission() {
    check(
        &Play::default(),
        &[
            ("C1", r#"HS c1"AAAA" c1"AAAA" E"#, "open c:AAAA end:CaptureEnd"),
            ("C2", r#"HS c1"AAAABB" c5"BBCC" E"#, "open c:AAAABBCC end:CaptureEnd"),
            ("C3", r#"HS c1"AAAA" c5"BBBB" c1"AAAABBBBCCCC" E"#, "open c:AAAABBBBCCCC end:CaptureEnd"),
            ("C4", r#"HS c1"AAAABBBB" c3"AABB" E"#, "open c:AAAABBBB end:CaptureEnd"),
            ("C5", r#"HS c1"GOOD" c1"EVIL" c5"BBBB" E"#, "open c:GOOD c:X0:GOOD/EVIL* c:BBBB end:CaptureEnd"),
            ("C6", r#"HS c1"GOOD" c1"EVILMORE" E"#, "open c:GOOD c:X0:GOOD/EVIL* c:MORE end:CaptureEnd"),
            ("C7", r#"HS c1"ABCDEFGH" c3"CDxxGH" E"#, "open c:ABCDEFGH c:X4:EF/xx* end:CaptureEnd"),
            ("C10", r#"HS c1"ABCDEF" c1"ABC" c4"DEF" c2"BC" c3"CDEF" E"#, "open c:ABCDEF end:CaptureEnd"),
            ("C11", r#"HS c1"AAAA" c1[FPA]"AAAA" s1[A]/ack6 E"#, "open c:AAAA c:fin end:CaptureEnd"),
        ],
    );
    check(
        &Play::new(|config| config.max_replay = 4),
        &[(
            "C8",
            r#"HS c1"GOOD" c5"BBBB" c1"EVIL" c5"bBBB" E"#,
            "open c:GOODBBBB c:!unchecked(0..4) c:X4:B/b* end:CaptureEnd",
        )],
    );
    check(
        &Play::new(|config| (config.max_conflicts, config.max_anomalies) = (1, 1)),
        &[
            (
                "C9",
                r#"HS c1"GOOD" c1"EVIL" c1"evil" c1"Evil" E"#,
                "open c:GOOD c:X0:GOOD/EVIL* c:!suppressed(conflict,2) end:CaptureEnd",
            ),
            (
                "anomalies",
                r#"HS c1"A" c30[R] c31[R] c32[R] E"#,
                "open c:A c:!suspicious-rst c:!suppressed(suspicious-rst,2) end:CaptureEnd",
            ),
        ],
    );
}

/// C9 with the limit as it is, and late data, which has bytes for a limit.
#[test]
fn floods_are_told_in_part() {
    let many = r#" c1"EVIL""#.repeat(1000);
    let told = "c:X0:GOOD/EVIL* ".repeat(64);
    check(
        &Play::default(),
        &[(
            "C9",
            &format!(r#"HS c1"GOOD"{many} E"#),
            &format!("open c:GOOD {told}c:!suppressed(conflict,936) end:CaptureEnd"),
        )],
    );
    // Forty pieces come for a gap that was declared.
    let late: String = (0..40).map(|n| format!(r#" c{}"ab""#, 2 + 2 * n)).collect();
    let script = format!(r#"HS c1"A" c82"Z" s1[A]/ack83{late} E"#);
    let told =
        |count: usize| -> String { (0..count).map(|n| format!("c:!late-data({}:ab) ", 1 + 2 * n)).collect() };
    let start = "open c:A c:gap1+80:Acked c:Z";
    check(&Play::default(), &[("E3 many", &script, &format!("{start} {}end:CaptureEnd", told(40)))]);
    check(
        &Play::new(|config| (config.max_anomalies, config.max_late_bytes) = (1, 3 * 66)),
        &[(
            "E3 too many",
            &script,
            &format!("{start} {}c:!suppressed(late-data,36) end:CaptureEnd", told(4)),
        )],
    );
    // What was declared missing is remembered when the bytes to compare with are given up.
    check(
        &Play::new(|config| config.max_replay_total = 100),
        &[(
            "E3 without replay ring",
            r#"HS c1"AAAA" c9"CC" s1[A]/ack11 c5"BBBB" c1"AAAA" E"#,
            "open c:AAAA c:gap4+4:Acked c:CC c:!late-data(4:BBBB) c:!unchecked(0..4) end:CaptureEnd",
        )],
    );
}

#[test]
fn d_overlaps_of_held_data() {
    // (case, new segment, filler, stream from the first byte, conflict)
    for (name, new, filler, stream, conflict) in [
        ("D1", r#"c4"nnnn""#, "---", "nnoooo", "5:oo/nn"),
        ("D2", r#"c4"nnnnnn""#, "---", "nnoooo", "5:oooo/nnnn"),
        ("D3", r#"c4"nnnnnnnn""#, "---", "nnoooonn", "5:oooo/nnnn"),
        ("D4", r#"c6"nn""#, "-----", "oooo", "5:oo/nn"),
        ("D5", r#"c6"nnnn""#, "-----", "oooo", "5:oooo/nnnn"),
        ("D6", r#"c6"nnnnnn""#, "-----", "oooonn", "5:oooo/nnnn"),
        ("D7", r#"c7"nn""#, "-----", "oooo", "6:oo/nn"),
        ("D8", r#"c8"nn""#, "-----", "oooo", "7:oo/nn"),
        ("D9", r#"c8"nnnn""#, "-----", "oooonn", "7:oo/nn"),
    ] {
        let script = format!(r#"HS c6"oooo" {new} c1"{filler}" E"#);
        let expected = format!("open c:X{conflict} c:{filler}{stream} end:CaptureEnd");
        check(&Play::default(), &[(name, &script, &expected)]);
        let script = script.replace('n', "o");
        let expected = format!("open c:{filler}{} end:CaptureEnd", stream.replace('n', "o"));
        check(&Play::default(), &[(&format!("{name}e"), &script, &expected)]);
    }
    check(
        &Play::default(),
        &[
            ("D18", r#"HS c5"oooo" c1"nnnnnn" E"#, "open c:X4:oo/nn c:nnnnoooo end:CaptureEnd"),
            ("D19", r#"HS c5"oooo" c1"nnnnnnnnnn" E"#, "open c:X4:oooo/nnnn c:nnnnoooonn end:CaptureEnd"),
            (
                "D20",
                r#"HS c3"aa" c6"bb" c9"cc" c2"nnnnnnnnnn" c1"-" E"#,
                "open c:X2:aa/nn c:X5:bb/nn c:X8:cc/nn c:-naanbbnccn end:CaptureEnd",
            ),
            ("D21", r#"HS c1"AA" c5"bb" c1"AAxxbb" E"#, "open c:AAxxbb end:CaptureEnd"),
        ],
    );
    // D10: the long sequence, first copy wins. Relative sequence numbers of the source begin at 1.
    let mut script = "HS".to_owned();
    for (at, text) in NOVAK {
        script += &format!(" c{at}\"{text}\"");
    }
    let found = Play::default().run(&script);
    let data: String =
        found.split(' ').filter(|word| word.starts_with("c:") && !word.starts_with("c:X")).collect();
    assert_eq!(data, "c:0AAAJBBCCCLDLMEEFFFGGHHIQ", "{found}");
}

#[test]
fn e_gaps() {
    check(
        &Play::default(),
        &[
            ("E1", r#"HS c1"AAAA" c9"CCCC" s1[A]/ack13 c13"DDDD""#, "open c:AAAA c:gap4+4:Acked c:CCCCDDDD"),
            ("E1 at the ack", r#"HS c1"AAAA" c9"CCCC" s1[A]/ack13"#, "open c:AAAA c:gap4+4:Acked c:CCCC"),
            (
                "E2",
                r#"HS c1"AAAA" c9"CCCC" s1[A]/ack5 E"#,
                "open c:AAAA c:gap4+4:CaptureEnd c:CCCC end:CaptureEnd",
            ),
            (
                "E3",
                r#"HS c1"AAAA" c9"CCCC" s1[A]/ack13 c13"DDDD" c5"BBBB""#,
                "open c:AAAA c:gap4+4:Acked c:CCCCDDDD c:!late-data(4:BBBB)",
            ),
            ("E4", r#"HS c1"AAAA" s1[A]/ack9 c5"BBBB" E"#, "open c:AAAABBBB end:CaptureEnd"),
            (
                "E4 reply first",
                r#"HS c1"AAAA" s1"250"/ack9 c5"BBBB" E"#,
                "open c:AAAA c:gap4+4:Acked s:250 c:!late-data(4:BBBB) end:CaptureEnd",
            ),
            (
                "E5",
                r#"HS c1"AAAA" s1[A]/ack9 c9[FA] s1[A]/ack10 s1[FA] c10[A]/ack2"#,
                "open c:AAAA c:gap4+4:Acked c:fin s:fin end:Fin",
            ),
            (
                "E5 without more",
                r#"HS c1"AAAA" s1[A]/ack9 E"#,
                "open c:AAAA c:gap4+4:CaptureEnd end:CaptureEnd",
            ),
            (
                "E6",
                r#"HS c1"AAAA" s1"x"/ack1073741900 c5"BBBB" E"#,
                "open c:AAAA s:!ack-unseen s:x c:BBBB end:CaptureEnd",
            ),
            (
                "E6 beyond FIN",
                r#"HS c1"AAAA" c5[FA] s1"x"/ack7 E"#,
                "open c:AAAA s:!ack-unseen s:x c:fin end:CaptureEnd",
            ),
            ("E7", r#"HS c1"A" c3"C" c5"E" s1[A]/ack6"#, "open c:A c:gap1+1:Acked c:C c:gap3+1:Acked c:E"),
            ("E8", r#"HS c5"BBBB" s1[A]/ack9"#, "open c:gap0+4:Acked c:BBBB"),
            ("ack in the hole", r#"HS c9"CC" s1[A]/ack5 c5"BBBB""#, "open c:gap0+4:Acked c:BBBBCC"),
            ("E15", r#"HS c1"AAAA" c9"CCCC" s1[A]/ack5 s1[A] s1[A] s1[A] c5"BBBB""#, "open c:AAAABBBBCCCC"),
            (
                "E17",
                r#"HS c1"AAAA" c9"CCCC" c13[FA] s1[A]/ack14 s1[FA] c14[A]/ack2"#,
                "open c:AAAA c:gap4+4:Acked c:CCCC c:fin s:fin end:Fin",
            ),
            (
                "causal",
                r#"HS s1"220" c5"MAIL"/ack4 s4"250"/ack9 c1"EHLO" E"#,
                "open s:220 c:gap0+4:Acked c:MAIL s:250 c:!late-data(0:EHLO) end:CaptureEnd",
            ),
            (
                "causal, held",
                r#"HS s4"250"/ack5 c1"EHLO" s1"220"/ack1 E"#,
                "open c:EHLO s:220250 end:CaptureEnd",
            ),
            (
                "reply lost",
                r#"HS c1"EHLO" c5"MAIL"/ack9 s9"250"/ack9 E"#,
                "open c:EHLO s:gap0+8:Acked c:MAIL s:250 end:CaptureEnd",
            ),
            ("FIN lost", r#"HS c1"QUIT" s1"221"/ack6 s4[FA] E"#, "open c:QUIT s:221 s:fin end:CaptureEnd"),
        ],
    );
    check(
        &Play::new(|config| config.ack_grace = 3),
        &[
            ("E3 grace", r#"HS c1"AAAA" c9"CCCC" s1[A]/ack13 c13"DDDD" c5"BBBB""#, "open c:AAAABBBBCCCCDDDD"),
            ("E4 grace", r#"HS c1"AAAA" s1"250"/ack9 c5"BBBB" E"#, "open c:AAAABBBB s:250 end:CaptureEnd"),
            (
                "E4 grace over",
                r#"HS c1"AAAA" s1"250"/ack9 s4"X" s5"X" s6"X" c5"BBBB" E"#,
                "open c:AAAA c:gap4+4:Acked s:250XXX c:!late-data(4:BBBB) end:CaptureEnd",
            ),
            ("E4 grace over in time", r#"HS c1"AAAA" s1"250"/ack9 X900"#, "open c:AAAA c:gap4+4:Acked s:250"),
        ],
    );
    check(
        &Play::new(|config| config.max_held_pieces = 2),
        &[
            (
                "E9",
                r#"HS c3"C" c5"E" c7"G" E"#,
                "open c:gap0+2:Limit c:C c:gap3+1:CaptureEnd c:E c:gap5+1:CaptureEnd c:G end:CaptureEnd",
            ),
            ("E13", r#"HS c3"C" c5"E" c1"A" c2"B" c4"D" E"#, "open c:ABCDE end:CaptureEnd"),
        ],
    );
    check(
        &Play::new(|config| config.max_held_bytes = 6),
        &[("E10", r#"HS c3"CCC" c8"EEEE" c6"DD" E"#, "open c:gap0+2:Limit c:CCCDDEEEE end:CaptureEnd")],
    );
    check(
        &Play::default(),
        &[
            (
                "E12",
                r#"HS c1"A" c3"C" c5"E" X29000 X40000"#,
                "open c:A c:gap1+1:Timeout c:C c:gap3+1:Timeout c:E",
            ),
            ("E12 fin", "HS c1\"A\" c3[FA] s1[A]/ack2 X40000", "open c:A c:gap1+1:Timeout"),
            (
                "F23 with E12",
                "HS c1\"A\" c3[FA] s1[FA]/ack2 c4[A]/ack2 X40000",
                "open c:A s:fin c:gap1+1:Closed c:fin end:Fin",
            ),
        ],
    );
}
