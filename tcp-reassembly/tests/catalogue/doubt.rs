//! Segments that the receiver may have dropped: checksum, time stamp, window, time to live. And urgent bytes.

use tcp_reassembly::{Check, Checksums, Policy, Urgent};

use crate::check;
use crate::common::Play;

#[test]
fn c12_and_g16_wrong_checksums() {
    let bad_first = r#"HS c1"EVIL"/bad c1"GOOD" c5"BBBB" E"#;
    for (mode, expected) in [
        (Checksums::Ignore, "open c:EVIL c:X0:EVIL/GOOD* c:BBBB end:CaptureEnd"),
        (
            Checksums::Report,
            "open c:!bad-checksum(4) c:EVIL c:X0:EVIL/GOOD*ChecksumBad c:BBBB end:CaptureEnd",
        ),
        (
            Checksums::Reject,
            "open c:!bad-checksum(4) c:GOOD c:X0:GOOD/EVIL*ChecksumBad c:BBBB end:CaptureEnd",
        ),
        (Checksums::Auto, "open c:GOOD c:X0:GOOD/EVIL*ChecksumBad c:BBBB end:CaptureEnd"),
    ] {
        check(&Play::new(|config| config.checksums = mode), &[("C12", bad_first, expected)]);
    }
    let start = r#"c0[S]/good s0[SA]/ack1/good c1[A]/ack1/good"#;
    let case = |rest: &str| format!("{start} {rest}");
    check(
        &Play::default(),
        &[
            (
                "C12 auto, decided",
                &case(r#"c1"EVIL"/bad c1"GOOD"/good c5"BBBB"/good E"#),
                "open c:!bad-checksum(4) c:GOOD c:X0:GOOD/EVIL*ChecksumBad c:BBBB end:CaptureEnd",
            ),
            (
                "G16",
                &case(r#"c1"GOOD"/good c1"EVIL"/bad c5"BBBB"/good E"#),
                "open c:GOOD c:!bad-checksum(4) c:X0:GOOD/EVIL*ChecksumBad c:BBBB end:CaptureEnd",
            ),
            (
                "better than nothing",
                &case(r#"c1"AAAA"/bad c5"BBBB"/good s1[A]/ack9/good E"#),
                "open c:!bad-checksum(4) c:!doubtful(0..4,checksum) c:AAAABBBB end:CaptureEnd",
            ),
            (
                "acknowledged by an answer",
                &case(r#"c1"AAAA"/bad s1"250"/ack5/good E"#),
                "open c:!bad-checksum(4) c:!doubtful(0..4,checksum) c:AAAA s:250 end:CaptureEnd",
            ),
            (
                "never acknowledged",
                &case(r#"c1"AAAA"/good c5"EVIL"/bad s1[A]/ack5/good E"#),
                "open c:AAAA c:!bad-checksum(4) c:!rejected(4:EVIL,checksum) end:CaptureEnd",
            ),
            (
                "partly better",
                &case(r#"c1"aBCDEf"/bad c2"BCD"/good s1[A]/ack7/good E"#),
                "open c:!bad-checksum(6) c:!doubtful(0..6,checksum) c:aBCDEf end:CaptureEnd",
            ),
            (
                "no longer believed once a wrong one was acknowledged",
                &case(r#"c1"AAAA"/bad s1[A]/ack5/good c5"BBBB"/bad c5"CCCC"/good E"#),
                "open c:!bad-checksum(4) c:!doubtful(0..4,checksum) c:AAAABBBB c:X4:BBBB/CCCC* end:CaptureEnd",
            ),
            (
                "RST, FIN and SYN",
                &case(r#"c1"AA"/good c3[R]/bad c3[F]/bad c3[S]/bad c3"BB"/good X15000 E"#),
                "open c:AA c:!bad-checksum(0) c:!bad-checksum(0) c:!bad-checksum(0) c:BB end:CaptureEnd",
            ),
            (
                "acknowledgement",
                &case(r#"c5"BB"/good s1[A]/ack7/bad c1"AAAA"/good E"#),
                "open s:!bad-checksum(0) c:AAAABB end:CaptureEnd",
            ),
        ],
    );
    check(
        &Play::new(|config| config.checksums = Checksums::Reject),
        &[
            ("nothing to open", r#"c0[S]/bad c1"AA"/bad E"#, ""),
            (
                "nothing to begin",
                r#"c0[S] s1"AA"/bad E"#,
                "open s:!bad-checksum(2) s:!rejected(0:AA,checksum) end:CaptureEnd",
            ),
        ],
    );
    check(
        &Play::new(|config| config.max_held_pieces = 1),
        &[(
            "too many",
            &case(r#"c3"AA"/bad c7"BB"/bad E"#),
            "open c:!bad-checksum(2) c:!bad-checksum(2) c:!rejected(6:BB,checksum) c:!rejected(2:AA,checksum) \
             end:CaptureEnd",
        )],
    );
}

#[test]
fn g17_and_g18_checksums_of_no_meaning() {
    let mut all_bad = String::from(r#"c0[S]/bad s0[SA]/ack1/bad c1[A]/ack1/bad"#);
    let (mut c, mut s) = (1, 1);
    for _ in 0..9 {
        all_bad += &format!(r#" s{s}"220"/ack{c}/bad"#);
        s += 3;
        all_bad += &format!(r#" c{c}"EHLO"/ack{s}/bad"#);
        c += 4;
    }
    let told = "s:220 c:EHLO ".repeat(9);
    check(
        &Play::default(),
        &[
            ("all wrong", &format!("{all_bad} E"), &format!("open {told}end:CaptureEnd")),
            (
                "G17",
                r#"c0[S]/off s0[SA]/ack1/good c1"AA"/ack1/off s1"B"/ack3/good c3"CC"/off E"#,
                "open c:AA s:B c:CC end:CaptureEnd",
            ),
            // A host that leaves its sums to the card computes some itself, say those of an RST.
            ("G17 mixed", r#"c0[S]/off c1"AA"/off c3"BB"/good c5"CC"/bad E"#, "open c:AABBCC end:CaptureEnd"),
            // An injected segment does not switch the check off once there was a good one.
            (
                "G17 injected",
                r#"c0[S]/good c1"EVIL"/off c1"GOOD"/good E"#,
                "open c:!bad-checksum(4) c:GOOD c:X0:GOOD/EVIL*ChecksumBad end:CaptureEnd",
            ),
            ("few", r#"c0[S]/bad c1"AA"/bad c3"BB"/bad E"#, "open c:AABB end:CaptureEnd"),
            ("few, reordered", r#"c0[S]/bad c3"BB"/bad c1"AA"/bad E"#, "open c:AABB end:CaptureEnd"),
            ("few, with end", r#"c0[S]/bad c1"AA"/bad c3[FA]/bad E"#, "open c:AA c:fin end:Fin"),
            ("mid-stream", r#"c100"AA"/bad c102"BB"/bad E"#, "open:mid c:AABB end:CaptureEnd"),
        ],
    );
}

#[test]
fn g12_to_g15_time_stamps() {
    let old = r#"c0[S]/ts95 c1"AAAA"/ts100 c5"BBBB"/ts90 c9"CC"/ts101 E"#;
    for (check_mode, expected) in [
        (Check::Ignore, "open c:AAAABBBBCC end:CaptureEnd"),
        (Check::Report, "open c:AAAA c:!old-timestamp(10) c:BBBBCC end:CaptureEnd"),
        // Nothing says that the receiver took it, and nothing else is there: it has to do.
        (
            Check::Reject,
            "open c:AAAA c:!old-timestamp(10) c:!doubtful(4..8,timestamp) c:BBBBCC end:CaptureEnd",
        ),
    ] {
        check(&Play::new(|config| config.paws = check_mode), &[("G12", old, expected)]);
    }
    check(
        &Play::new(|config| config.paws = Check::Reject),
        &[
            (
                "G12 better copy",
                r#"HS c1"AAAA"/ts100 c5"EVIL"/ts90 c5"GOOD"/ts101 E"#,
                "open c:AAAA c:!old-timestamp(10) c:GOOD c:X4:GOOD/EVIL*TimestampOld end:CaptureEnd",
            ),
            (
                "G12 ignored",
                r#"HS c1"AAAA"/ts100 c5"EVIL"/ts90 s1[A]/ack5 E"#,
                "open c:AAAA c:!old-timestamp(10) c:!rejected(4:EVIL,timestamp) end:CaptureEnd",
            ),
            (
                "an acknowledged wrong checksum says nothing of time stamps",
                r#"HS c1"AAAA"/ts20/good c9"EVIL"/ts10/good c5"BBBB"/bad s1[A]/ack9/good E"#,
                "open c:AAAA c:!old-timestamp(10) c:!bad-checksum(4) c:!doubtful(4..8,checksum) c:BBBB \
                 c:!rejected(8:EVIL,timestamp) end:CaptureEnd",
            ),
            ("G13", r#"HS c1"AAAA"/ts100 c5"BBBB"/ts99 E"#, "open c:AAAABBBB end:CaptureEnd"),
            (
                "G14",
                r#"HS c1"AAAA"/ts4294967290 c5"BBBB"/ts3 c9"CC"/ts5 E"#,
                "open c:AAAABBBBCC end:CaptureEnd",
            ),
            ("G15", r#"HS c1"AAAA"/ts100 c5"BBBB" c9"CC"/ts101 E"#, "open c:AAAABBBBCC end:CaptureEnd"),
            ("reordered", r#"HS c1"AA"/ts9 c5"CC"/ts30 c3"BB"/ts20 E"#, "open c:AABBCC end:CaptureEnd"),
            ("late copy", r#"HS c1"AA"/ts9 c3"BB"/ts30 c1"AA"/ts9 E"#, "open c:AABB end:CaptureEnd"),
            ("after 24 days", r#"HS c1"AA"/ts9000 c3"BB"/ts7/at2160000000 E"#, "open c:AABB end:CaptureEnd"),
        ],
    );
}

#[test]
fn a11_and_g25_windows() {
    let start = "c0[S]/win10/ws1 s0[SA]/ack1/win10/ws2 c1[A]/ack1/win10";
    let case = |rest: &str| format!("{start} {rest}");
    check(
        &Play::default(),
        &[
            ("A11", &case(r#"s1[A]/ack1/win2 c1"12345678" E"#), "open c:12345678 end:CaptureEnd"),
            (
                "G25 known window",
                &case(r#"s1[A]/ack1/win2 c1"1234567890" E"#),
                "open c:1234567890 end:CaptureEnd",
            ),
            (
                "window of the SYN-ACK",
                &case(r#"c1"1234567890X" E"#),
                "open c:!beyond-window(1) c:1234567890X end:CaptureEnd",
            ),
            (
                "to the client",
                &case(r#"s1"12345678901234567890XX" E"#),
                "open s:!beyond-window(2) s:12345678901234567890XX end:CaptureEnd",
            ),
            (
                "zero window probe",
                &case(r#"s1[A]/ack11/win0 c1"1234567890" c11"P" s1[A]/ack11/win9 c11"PQ" E"#),
                "open c:1234567890PQ end:CaptureEnd",
            ),
            (
                "one SYN",
                r#"c0[S]/win1 s1"AAAA"/ack1 c1[A]/ack5/win1 s5"BBBB" E"#,
                "open s:AAAABBBB end:CaptureEnd",
            ),
        ],
    );
    check(
        &Play::new(|config| config.windows = Check::Reject),
        &[(
            "rejected",
            &case(r#"c1"1234567890" c30"EVIL" c11"2345678901234567890GOOD" s1[A]/ack34 E"#),
            "open c:1234567890 c:!beyond-window(23) c:!beyond-window(23) c:X29:EVIL/GOODBeyondWindow \
             c:!doubtful(10..29,window) c:2345678901234567890 c:!doubtful(29..33,window) c:EVIL end:CaptureEnd",
        )],
    );
}

#[test]
fn g20_and_g24_time_to_live() {
    let start = "c0[S]/ttl64 s0[SA]/ack1/ttl60 c1[A]/ack1/ttl64";
    let case = |rest: &str| format!("{start} {rest}");
    check(
        &Play::default(),
        &[
            (
                "G24",
                &case(r#"c1"EVIL"/ttl1 c1"GOOD"/ttl64 c5"BB"/ttl64 E"#),
                "open c:!ttl-changed(64,1) c:EVIL c:X0:EVIL/GOOD*TtlDelta(63) c:BB end:CaptureEnd",
            ),
            ("another route", &case(r#"c1"AA"/ttl62 c3"BB"/ttl64 E"#), "open c:AABB end:CaptureEnd"),
            (
                "G20",
                &case(r#"c1"AA"/ttl64/id7 c1"AA"/ttl63/id7 c3"BB"/ttl64/id8 c3"BB"/ttl63/id8 E"#),
                "open c:AABB end:CaptureEnd",
            ),
            (
                "changed on its way",
                &case(r#"c1"GOOD"/ttl64/id7 c1"EVIL"/ttl64/id7 E"#),
                "open c:GOOD c:X0:GOOD/EVIL*SameIpId end:CaptureEnd",
            ),
        ],
    );
    check(
        &Play::new(|config| config.prefer_modal_ttl = true),
        &[
            (
                "G24 preferred",
                &case(r#"c1"EVIL"/ttl1 c1"GOOD"/ttl64 c5"BB"/ttl64 E"#),
                "open c:!ttl-changed(64,1) c:GOOD c:X0:GOOD/EVIL*TtlDelta(-63) c:BB end:CaptureEnd",
            ),
            (
                "no other copy",
                &case(r#"c1"ODD"/ttl1 c4"BB"/ttl64 s1[A]/ack6/ttl60 E"#),
                "open c:!ttl-changed(64,1) c:!doubtful(0..3,ttl) c:ODDBB end:CaptureEnd",
            ),
        ],
    );
}

#[test]
fn g7_to_g11_urgent_bytes() {
    check(&Play::default(), &[("G7", r#"HS c1"AAXB"/urg3 c5"CC" E"#, "open c:AAXBCC end:CaptureEnd")]);
    check(
        &Play::new(|config| config.urgent = Urgent::OutOfBand),
        &[
            ("G7", r#"HS c1"AAXB"/urg3 c5"CC" E"#, "open c:AA c:urgent2:X c:BCC end:CaptureEnd"),
            ("G7 first", r#"HS c1"XAAB"/urg1 E"#, "open c:urgent0:X c:AAB end:CaptureEnd"),
            ("G7 last", r#"HS c1"AABX"/urg4 E"#, "open c:AAB c:urgent3:X end:CaptureEnd"),
            ("G8", r#"HS c1"AAAA"/urg6 c5"BXC" E"#, "open c:AAAAB c:urgent5:X c:C end:CaptureEnd"),
            ("G9", r#"HS c1"AAAA"/urg0 c5"B" E"#, "open c:AAAAB end:CaptureEnd"),
            (
                "G10",
                r#"HS c1"AAXB"/urg3 c1"AAXB"/urg3 c3"XB"/urg1 c5"C" E"#,
                "open c:AA c:urgent2:X c:BC end:CaptureEnd",
            ),
            (
                "G10 held",
                r#"HS c5"YC"/urg1 c5"YC"/urg1 c1"AAXB"/urg3 E"#,
                "open c:AA c:urgent2:X c:B c:urgent4:Y c:C end:CaptureEnd",
            ),
            ("lost", r#"HS c1"AAAA"/urg6 c9"B" E"#, "open c:AAAA c:gap4+4:CaptureEnd c:B end:CaptureEnd"),
        ],
    );
    check(
        &Play::new(|config| (config.urgent, config.max_urgent) = (Urgent::OutOfBand, 2)),
        &[(
            "G11",
            r#"HS c1"X"/urg1 c2"Y"/urg1 c3"Z"/urg1 E"#,
            "open c:urgent0:X c:urgent1:Y c:Z end:CaptureEnd",
        )],
    );
}

/// A conflict says what decided, and how the segments lay.
#[test]
fn conflicts_say_how_they_came_about() {
    use tcp_reassembly::{Direction, EventKind, Hint, Relation};
    let mut play = Play::new(|config| config.policies = Policy::Linux.into());
    play.config.max_replay = 100;
    let events = play.events(r#"HS c6"oooo" c6"nnnnnn" c1"-----" c1"=" c2"+-" E"#);
    let conflicts: Vec<_> = events
        .iter()
        .filter_map(
            |event| if let EventKind::Conflict(conflict) = &event.kind { Some(conflict) } else { None },
        )
        .collect();
    let [held, told, last] = &conflicts[..] else { panic!("{conflicts:?}") };
    assert_eq!((held.relation, held.policy, held.hint), (Relation::ExtendsUp, Policy::Linux, Hint::Unknown));
    assert_eq!(
        (held.kept_packet, held.other_packet, held.delivered, held.dir),
        (5, 4, false, Direction::ToServer)
    );
    assert_eq!((&held.kept[..], &held.other[..], held.range.clone()), (&b"nnnn"[..], &b"oooo"[..], 5..9));
    assert_eq!((told.relation, told.policy, told.delivered), (Relation::Delivered, Policy::First, true));
    assert_eq!((told.kept_packet, told.other_packet, told.range.clone()), (6, 7, 0..1));
    assert_eq!((last.kept_packet, last.other_packet, last.range.clone()), (6, 8, 1..2));
}
