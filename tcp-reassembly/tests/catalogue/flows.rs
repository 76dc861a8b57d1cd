//! Whole flows: start, end, probes, times.

use crate::check;
use crate::common::Play;

#[test]
fn f_start() {
    check(
        &Play::default(),
        &[
            ("F1", r#"c101"AAAA" E"#, "open:mid c:AAAA end:CaptureEnd"),
            ("F1 release", r#"c101"AAAA" c105"B" c106"C" c107"D" c108"E""#, "open:mid c:AAAABCDE"),
            ("F2", r#"c105"BBBB" c101"AAAA" E"#, "open:mid c:AAAABBBB end:CaptureEnd"),
            (
                "F2 late",
                r#"c105"B" c106"C" c107"D" c108"E" c101"AAAA" E"#,
                "open:mid c:BCDE c:!before-start(AAAA) end:CaptureEnd",
            ),
            ("F2 time", r#"c105"B" c106"C"/at1500"#, "open:mid c:BC"),
            ("F2 expire", r#"c105"B" X1500"#, "open:mid c:B"),
            ("F3", r#"s0[SA]/ack1 c1"AAAA"/ack1 s1"BB"/ack5 E"#, "open:synack c:AAAA s:BB end:CaptureEnd"),
            (
                "F4",
                r#"s0[SA]/ack1 s1"220"/ack1 s4"250"/ack9 s7"251"/ack12 s10"252" s13"253" s16[FA] X15000"#,
                "open:synack s:220 c:gap0+8:Acked s:250 c:gap8+3:Acked s:251252253 s:fin",
            ),
            (
                "F4 mid",
                r#"s1"220"/ack1 s4"250"/ack9 s7"251"/ack12 s10"252"/ack15 s13"253"/ack20 s16[FA] X15000"#,
                "open:mid s:220250251252 missing:c s:253 s:fin end:Fin",
            ),
            (
                "F5",
                r#"c0[S] c1[A]/ack1 c1"AA" c3"BB"/ack9 c5"CC"/ack20 c7"DD"/ack30 c9"EE"/ack40 c13"GG" E"#,
                "open c:AABBCCDD missing:s c:EE c:gap10+2:CaptureEnd c:GG end:CaptureEnd",
            ),
            (
                "F7",
                r#"c5"BBBB" c1"AAAA" c0[S] s0[SA]/ack1 c9"CC"/ack1 E"#,
                "open:mid beginning c:AAAABBBBCC end:CaptureEnd",
            ),
            (
                "F7 the server first",
                r#"s1"220"/ack1 c1[A]/ack4 c0[S] s0[SA]/ack1 c1"QUIT"/ack4 s4"221"/ack5 E"#,
                "open:mid beginning s:220 c:QUIT s:221 end:CaptureEnd",
            ),
            (
                "F7 after release",
                r#"c1"A" c2"B" c3"C" c4"D" c0[S] s0[SA]/ack1 s1"220"/ack5 c5"E"/ack4 E"#,
                "open:mid c:ABCD beginning s:220 c:E end:CaptureEnd",
            ),
            (
                "F7 missed",
                r#"c3"A" c4"B" c5"C" c6"D" c0[S] c7"E" E"#,
                "open:mid c:ABCD c:!start-missed(2) c:E end:CaptureEnd",
            ),
            (
                "F7 missed, with data",
                r#"c44"A" c45"B" c46"C" c47"D" c0[S]"12345678" E"#,
                "open:mid c:ABCD c:!start-missed(43) c:!before-start(12345678) end:CaptureEnd",
            ),
            (
                "F7 missed, with data that reaches the stream",
                r#"c3"A" c4"B" c5"C" c6"D" c0[S]"xxABxD?" s0[SA]/ack8 E"#,
                "open:mid c:ABCD c:!start-missed(2) c:!before-start(xx) c:X2:C/x*SynDataRefused c:? end:CaptureEnd",
            ),
            ("F8", r#"c0[S]"AAAA" s0[SA]/ack5 c5"BBBB"/ack1 E"#, "open c:AAAABBBB end:CaptureEnd"),
            (
                "F9",
                r#"c0[S]"AAAA" s0[SA]/ack1 c1"XXXX"/ack1 c5"BBBB" E"#,
                "open c:!syn-data-refused(AAAA) c:XXXXBBBB end:CaptureEnd",
            ),
            ("F10", r#"c0[S]"AAAA" c5"BBBB" E"#, "open c:AAAABBBB end:CaptureEnd"),
            ("F10 alone", r#"c0[S]"AAAA" E"#, "open c:AAAA end:CaptureEnd"),
            ("F11", r#"c0[S] c0[S] s0[SA]/ack1 c0[S] c1"A"/ack1 s0[SA] E"#, "open c:A end:CaptureEnd"),
            (
                "F14",
                r#"c0[S] s0[S] c0[SA]/ack1 s0[SA]/ack1 c1"A"/ack1 s1"B"/ack2 E"#,
                "open c:A s:B end:CaptureEnd",
            ),
            (
                "F15",
                r#"HS c50[SF] c50[SR] c1"A" E"#,
                "open c:!malformed-flags c:!malformed-flags c:A end:CaptureEnd",
            ),
            ("F15 alone", r#"c0[SF] c0[SR] c9[A] c9[R] c9[F] E"#, ""),
            (
                "SYN-ACK lost",
                r#"c0[S] c1[A]/ack1 s1"220"/ack1 c1"QUIT"/ack4 E"#,
                "open s:220 c:QUIT end:CaptureEnd",
            ),
            (
                "SYN-ACK and greeting lost",
                r#"c0[S] c1[A]/ack1 c1"EHLO"/ack9 s9"250"/ack5 c5"QUIT"/ack12 E"#,
                "open c:EHLO s:gap0+8:Acked s:250 c:QUIT end:CaptureEnd",
            ),
        ],
    );
    let mut play = Play::default();
    play.ends = ["192.0.2.1:40000".parse().unwrap(), "192.0.2.2:50000".parse().unwrap()];
    check(
        &play,
        &[(
            "F6",
            r#"s1"220"/ack1 s0[SA]/ack1 c1"QUIT"/ack4 s4"221"/ack5 E"#,
            "open:mid! roles beginning c:220 s:QUIT c:221 end:CaptureEnd",
        )],
    );
}

#[test]
fn f_end() {
    check(
        &Play::default(),
        &[
            ("F16", r#"HS c1[PAF]"AAAA" s1[FA]/ack6 c6[A]/ack2"#, "open c:AAAA c:fin s:fin end:Fin"),
            ("F17", r#"HS c5[FA] c1"AAAA" s1[FA]/ack6 c6[A]/ack2"#, "open c:AAAA c:fin s:fin end:Fin"),
            (
                "F18",
                r#"HS c1"AAAA" c5[FA] s1[A]/ack6 c5"ZZZZ" E"#,
                "open c:AAAA c:fin c:!data-after-fin(4:ZZZZ) end:CaptureEnd",
            ),
            (
                "F18 not acknowledged",
                r#"HS c1"AAAA" c5[FA] c5"ZZZZ" E"#,
                "open c:AAAA c:!fin-misplaced c:ZZZZ end:CaptureEnd",
            ),
            (
                "FIN too early",
                r#"HS c1"AAAA" c7[FA] c5"BBBB" c9"CC" c11[FA] s1[FA]/ack12 c12[A]/ack2"#,
                "open c:AAAA c:!fin-misplaced c:BBBBCC c:fin s:fin end:Fin",
            ),
            (
                "FIN below",
                r#"HS c1"AAAA" c3[FA] c5"BB" E"#,
                "open c:AAAA c:!fin-misplaced c:BB end:CaptureEnd",
            ),
            ("F19", r#"HS c1[FA] c1[FA] s1[A]/ack2 c1[FA] E"#, "open c:fin end:CaptureEnd"),
            (
                "F20",
                r#"HS c1"AA" c3[FA] c9[FA] s1[FA]/ack4 c4[A]/ack2"#,
                "open c:AA c:!fin-moved(2,8) c:fin s:fin end:Fin",
            ),
            (
                "F20 closed",
                r#"HS c1"AA" c3[FA] c9[FA] s1[A]/ack4 s1[A]/ack10 E"#,
                "open c:AA c:!fin-moved(2,8) c:fin s:!ack-unseen end:CaptureEnd",
            ),
            ("F21", r#"HS c1[FA] s1[FA] E"#, "open c:fin s:fin end:Fin"),
            ("F21 grace", r#"HS c1[FA] s1[FA] X15000"#, "open c:fin s:fin end:Fin"),
            (
                "F22",
                r#"HS c1[FA] s1"AAAA"/ack2 s5"BBBB" c2[A]/ack9 s9[FA] c2[A]/ack10"#,
                "open c:fin s:AAAABBBB s:fin end:Fin",
            ),
            ("F23", r#"HS c1"AAAA" c9[FA] s1[FA] E"#, "open c:AAAA c:gap4+4:CaptureEnd c:fin s:fin end:Fin"),
            (
                "F24",
                r#"HS c1"AAAA" c5[R] X15000 c5"BBBB" E"#,
                "open c:AAAA c:rst end:Rst 1/open:mid 1/c:!data-after-end 1/c:BBBB 1/end:CaptureEnd",
            ),
            ("F24 alone", r#"HS c1"AAAA" c5[R] s1[A] E"#, "open c:AAAA c:rst end:Rst"),
            (
                "F25",
                r#"HS c1"AAAA" c50[R] c5"BBBB" E"#,
                "open c:AAAA c:!suspicious-rst c:BBBB end:CaptureEnd",
            ),
            (
                "F26",
                r#"HS c1"AAAA" c900000050[R] c5"BBBB" E"#,
                "open c:AAAA c:!rst-outside c:BBBB end:CaptureEnd",
            ),
            ("F27", "c0[S] s-9000[RA]/ack1", "open s:rst end:Rst"),
            (
                "F28",
                r#"HS c1"AAAA" c5[R] c5"BBBB" s1"250"/ack9 E"#,
                "open c:AAAA c:!data-after-rst c:BBBB s:250 end:CaptureEnd",
            ),
            ("F29", r#"HS c1"AAAA" c5[R]"bye!" E"#, "open c:AAAA c:!rst-payload(bye!) c:rst end:Rst"),
            ("F30", r#"HS c1"AA" c5"CC" c7[R] s1[A] X19000"#, "open c:AA c:gap2+2:Closed c:CC c:rst end:Rst"),
            ("RST first", r#"HS c5[R] c1"QUIT" E"#, "open c:!suspicious-rst c:QUIT c:rst end:Rst"),
            (
                "RST first, forged",
                r#"HS c5[R] c1"QUIT" c5"MORE" E"#,
                "open c:!suspicious-rst c:QUIT c:!data-after-rst c:MORE end:CaptureEnd",
            ),
            ("in flight", r#"HS c1"QUIT" c5[R] s1"221" E"#, "open c:QUIT s:221 c:rst end:Rst"),
            (
                "F31",
                r#"HS c1[FA] s1[FA]/ack2 c2[A]/ack2 s1[FA] c2[A] c70000[S] s90000[SA]/ack70001 c70001"A"/ack90001 E"#,
                "open c:fin s:fin end:Fin 1/open 1/c:A 1/end:CaptureEnd",
            ),
            (
                "F32",
                r#"HS c1"AA" c70000[S] s90000[SA]/ack70001 c70001"BB"/ack90001 E"#,
                "open c:AA end:Reused 1/open 1/c:BB 1/end:CaptureEnd",
            ),
            (
                "F32 held",
                r#"HS c1"AA" c5"CC" c70000[S] s90000[SA]/ack70001 c70001"BB"/ack90001 E"#,
                "open c:AA c:gap2+2:Closed c:CC end:Reused 1/open 1/c:BB 1/end:CaptureEnd",
            ),
            (
                "F33",
                r#"HS c1"AA" c70000[S] c3"BB" s1"250"/ack5 E"#,
                "open c:AA c:!suspicious-syn c:BB s:250 end:CaptureEnd",
            ),
            ("SYN again", r#"c0[S] c70000[S] s0[SA]/ack70001 E"#, "open end:Reused 1/open 1/end:CaptureEnd"),
            (
                "F34",
                r#"HS c1[FA] s1[FA]/ack2 c2[A]/ack2 c-50000[S] E"#,
                "open c:fin s:fin end:Fin 1/open 1/end:CaptureEnd",
            ),
            (
                "F35",
                r#"HS c1[FA] s1[FA]/ack2 c2[A]/ack2 c90000000[S] s90000000[SA]/ack90000001 c1"OLD" c90000001"A"/ack90000001"#,
                "open c:fin s:fin end:Fin 1/open 1/c:!out-of-window 1/c:A",
            ),
            (
                "replaced without SYN",
                r#"HS c1"AA" c90000001"B" c90000002"C" c90000003"D" c90000004"E" E"#,
                "open c:AA c:!out-of-window c:!out-of-window c:!out-of-window end:Reused \
                 1/open:mid 1/c:!data-after-end 1/c:E 1/end:CaptureEnd",
            ),
            (
                "stragglers",
                r#"HS c1"AAAA" c5[FA] s1[FA]/ack6 c6[A]/ack2 c1"AAAA" c5[FA] s1[FA] c6[R] E"#,
                "open c:AAAA c:fin s:fin end:Fin",
            ),
        ],
    );
}

#[test]
fn g_probes_and_times() {
    check(
        &Play::default(),
        &[
            ("G1", r#"HS c1"AAAA" c4[A] s1[A]/ack5 c5"B" E"#, "open c:AAAAB end:CaptureEnd"),
            ("G2", r#"HS c1"AAAA" c4"z" s1[A]/ack5 c5"B" E"#, "open c:AAAAB end:CaptureEnd"),
            ("G2 first", r#"HS c0"z" c1"AAAA" E"#, "open c:AAAA end:CaptureEnd"),
            (
                "G3",
                r#"HS c1"AA" s1[A]/ack9 c8"z"/at75000 c3"BBBBBB" E"#,
                "open c:AA c:!probe-byte c:BBBBBB end:CaptureEnd",
            ),
            (
                "G4",
                r#"HS c1"AAAA" s1[A]/ack5/win0 c5"B" s1[A]/ack5/win0 s1[A]/ack5/win9 c5"BBBB" E"#,
                "open c:AAAABBBB end:CaptureEnd",
            ),
            (
                "G5",
                r#"HS c1"AAAA" s1[A]/ack5/win0 c5"B" s1[A]/ack6 c6"BBB" E"#,
                "open c:AAAABBBB end:CaptureEnd",
            ),
            (
                "G6",
                r#"HS c5"AAAAAAA" c7"BBB" c9"C" c1"----" E"#,
                "open c:X6:AAA/BBB c:X8:A/C c:----AAAAAAA end:CaptureEnd",
            ),
            ("G7", r#"HS c1[UA]"AAXB" E"#, "open c:AAXB end:CaptureEnd"),
            (
                "G19",
                r#"c0[S] c0[S] s0[SA]/ack1 s0[SA] c1"AA"/ack1 c1"AA" s1"B"/ack3 s1"B" c3[FA]/ack2 c3[FA] s2[FA]/ack4 s2[FA] c4[A]/ack3 c4[A]"#,
                "open c:AA s:B c:fin s:fin end:Fin",
            ),
            ("G21", r#"c1"AA"/at90000 c5"CC"/at3 c3"BB"/at0 X90100 E"#, "open:mid c:AABBCC end:CaptureEnd"),
            (
                "G22",
                r#"HS c1"AA"/at1 c3"BB"/at315360000000 c5"CC"/at5 X60 E"#,
                "open c:AABBCC end:CaptureEnd",
            ),
            ("G22 far", r#"HS c1"AA"/at1 X315360000000"#, "open c:AA end:Timeout"),
            ("G23", r#"HS c1"AA"/at0 c5"CC"/at0 X0 c3"BB"/at0 E"#, "open c:AABBCC end:CaptureEnd"),
            (
                "G25",
                r#"HS c1"AAAA" c70000001"X" c5"BBBB" E"#,
                "open c:AAAA c:!out-of-window c:BBBB end:CaptureEnd",
            ),
            (
                "G26",
                r#"HS c1"AAAA" c1073741829"X" c5"BBBB" E"#,
                "open c:AAAA c:!out-of-window c:BBBB end:CaptureEnd",
            ),
            ("H31", r#"HS c1"AAAA"/len8 c9"BBBB" E"#, "open c:AAAA c:gap4+4:Truncated c:BBBB end:CaptureEnd"),
            (
                "H31 repaired",
                r#"HS c5"BB"/len4 c9"CC" c5"BBBB" c1"AAAA" E"#,
                "open c:AAAABBBBCC end:CaptureEnd",
            ),
            (
                "H31 late",
                r#"HS c1"AA"/len4 c1"AAAA" E"#,
                "open c:AA c:gap2+2:Truncated c:!late-data(2:AA) end:CaptureEnd",
            ),
        ],
    );
}

/// A byte alone that its acknowledgement overtook is no keep-alive.
#[test]
fn g_single_bytes_out_of_order() {
    check(
        &Play::new(|config| config.ack_grace = 8),
        &[
            ("G3 overtaken", r#"HS c1"AA" s1[A]/ack5 c4"C" c3"B" c5"D" E"#, "open c:AABCD end:CaptureEnd"),
            (
                "G3 by a later one",
                r#"HS c1"AA" s1[A]/ack4 s1[A]/ack5 s1[A]/ack6 c5"D" c4"C" c3"B" E"#,
                "open c:AABCD end:CaptureEnd",
            ),
        ],
    );
}

#[test]
fn i_timeouts() {
    check(
        &Play::default(),
        &[
            ("I3", r#"c0[S] X59000 X61000"#, "open end:Timeout"),
            ("I3 established", r#"HS c1"A" X2600000 X2800000"#, "open c:A end:Timeout"),
            ("I3 held", r#"c0[S] c5"A" X2800000"#, "open c:gap0+4:Timeout c:A end:Timeout"),
        ],
    );
    check(
        &Play::new(|config| config.one_sided = Some(tcp_reassembly::Direction::ToClient)),
        &[("told", r#"c0[S] c1"AA"/ack9 c3"BB"/ack12 E"#, "open-s c:AABB end:CaptureEnd")],
    );
}

/// Doubtful data behind a FIN that was believed.
#[test]
fn c_doubtful_data_behind_the_end() {
    check(
        &Play::new(|config| config.checksums = tcp_reassembly::Checksums::Auto),
        &[
            (
                "after it",
                r#"HS c1[FA]"A" X11000 c2"zz"/bad c4[A]/off E"#,
                "open c:A c:fin c:!rejected(1:zz,checksum) end:CaptureEnd",
            ),
            (
                "before it",
                r#"HS c1"A" c3"zz"/bad c2[FA] X11000 c5[A]/off E"#,
                "open c:A c:!rejected(2:zz,checksum) c:fin end:CaptureEnd",
            ),
        ],
    );
}
