//! Cases that need more than a line, and an index that finds a test for every name.

use bytes::Bytes;
use tcp_reassembly::{Config, EventKind, Flags, Reassembler, Segment, Stats};

use crate::check;
use crate::common::{Play, Step};

#[test]
fn b_at_the_wrap() {
    let mut play = Play::default();
    // The hole ends, and the first segment ends, exactly at 2^32.
    play.isn = [0xffff_fffb, 7];
    check(
        &play,
        &[
            ("B6", r#"HS c5"BBBB" c1"AAAA" c9"CC" E"#, "open c:AAAABBBBCC end:CaptureEnd"),
            ("B6 open", r#"HS c5"BBBB" E"#, "open c:gap0+4:CaptureEnd c:BBBB end:CaptureEnd"),
            ("B13", r#"HS c1"AAAA" c5"BBBB" E"#, "open c:AAAABBBB end:CaptureEnd"),
        ],
    );
}

#[test]
fn e_and_f_doubtful_beginnings_and_ends() {
    check(
        &Play::default(),
        &[
            // What a SACK block says is no acknowledgement (RFC 2018, section 8): only the number counts.
            (
                "E14",
                r#"HS c1"AAAA" c9"CCCC" s1[A]/ack5 s1[A]/ack5 c13"DDDD" c5"BBBB""#,
                "open c:AAAABBBBCCCCDDDD",
            ),
            (
                "F12",
                r#"c0[S] c70000[S] s0[SA]/ack70001 c70001"A"/ack1 E"#,
                "open end:Reused 1/open 1/c:A 1/end:CaptureEnd",
            ),
            (
                "F12 the older one",
                r#"c0[S] c70000[S] s0[SA]/ack1 c1"A"/ack1 E"#,
                "open c:!suspicious-syn c:A end:CaptureEnd",
            ),
            (
                "F12 neither",
                r#"c0[S] c70000[S]"XX" E"#,
                "open c:!suspicious-syn c:!syn-data-refused(XX) end:CaptureEnd",
            ),
            (
                "F12 without answers",
                r#"c0[S] c70000[S] c70001"A" E"#,
                "open end:Reused 1/open 1/c:A 1/end:CaptureEnd",
            ),
            (
                "F13",
                r#"c0[S] s0[SA]/ack1 s5000[SA]/ack1 c1[A]/ack5001 s5001"220"/ack1 c1"EHLO"/ack5004 E"#,
                "open end:Reused 1/open:synack 1/s:220 1/c:EHLO 1/end:CaptureEnd",
            ),
            (
                "F13 the first",
                r#"c0[S] s0[SA]/ack1 s5000[SA]/ack1 c1[A]/ack1 s1"220"/ack1 c1"EHLO"/ack4 E"#,
                "open s:!suspicious-syn s:220 c:EHLO end:CaptureEnd",
            ),
            (
                "F23 in time",
                r#"HS c1"AAAA" c9[FA] s1[FA]/ack5 X8000 X15000"#,
                "open c:AAAA c:gap4+4:Closed c:fin s:fin end:Fin",
            ),
            (
                "F23 still sending",
                r#"HS c1"AAAA" c9[FA] s1[FA]/ack5 c7"BB"/at6000 X11000 c5"bb"/at11001 X40000"#,
                "open c:AAAA s:fin c:bbBB c:fin end:Fin",
            ),
            (
                "G18",
                r#"c0[S]/off s0[SA]/ack1/off c1"AA"/ack1/off s1"B"/ack3/off E"#,
                "open c:AA s:B end:CaptureEnd",
            ),
        ],
    );
}

fn stats(play: &Play, script: &str) -> Stats {
    let mut reassembler = Reassembler::new(play.config.clone());
    for step in play.parse(script) {
        match step {
            Step::Push(segment) => reassembler.push(segment),
            Step::Finish => reassembler.finish(),
            Step::Expire(now) => reassembler.expire(now),
        }
    }
    reassembler.stats()
}

#[test]
fn g19_and_g20_packets_captured_twice_are_counted() {
    let script = r#"c0[S]/id1 c0[S]/id1 s0[SA]/ack1/id5 s0[SA]/id5 c1"AA"/ack1/id2 c1"AA"/id2 s1"B"/ack3/id6 s1"B"/id6
        c3[A]/ack2/id3 c3[A]/id3 E"#;
    let once = stats(&Play::default(), script);
    assert_eq!((once.duplicates, once.delivered.bytes, once.conflicts.count), (5, 3, 0), "{once}");
    // One time to live on the way in, another on the way out of a router.
    let routed = stats(&Play::default(), &script.replace(r#"c1"AA"/id2"#, r#"c1"AA"/id2/ttl63"#));
    assert_eq!(routed.duplicates, 5, "{routed}");
    // The same bytes sent twice are two packets.
    let sent = stats(&Play::default(), r#"HS c1"AA"/id2 c1"AA"/id3 E"#);
    assert_eq!((sent.duplicates, sent.repeated, sent.repeated_bytes), (0, 1, 2), "{sent}");
    let again = stats(&Play::default(), r#"HS c1"AAAA" c1"AAAA" E"#);
    assert_eq!((again.repeated, again.repeated_bytes, again.conflicts.count), (1, 4, 0), "C1: {again}");
    let probes = stats(&Play::default(), r#"HS c1"AAAA" c4"z" c4[A] E"#);
    assert_eq!((probes.probes, probes.delivered.bytes), (1, 4));
}

#[test]
fn an_acknowledgement_that_settles_a_doubt_is_still_an_empty_packet() {
    let settled = stats(&Play::default(), r#"HS c1"AA"/good c3"BB"/bad s1[A]/ack5 E"#);
    let opened = stats(&Play::default(), r#"HS c1"AA"/good E"#);
    assert_eq!((settled.aside, settled.empty), (1, opened.empty + 1), "{settled}");
    assert_eq!((settled.in_order, settled.delivered.bytes), (opened.in_order, 4), "{settled}");
}

/// G11: 70,000 urgent bytes, of which 65,536 are taken out.
#[test]
fn g11_urgent_bytes_have_a_budget() {
    let mut config = Config::default();
    config.urgent = tcp_reassembly::Urgent::OutOfBand;
    let mut reassembler = Reassembler::new(config);
    let (client, server) = (([10, 0, 0, 1], 4000).into(), ([10, 0, 0, 2], 25).into());
    reassembler.push(Segment::new(client, server, 0).with_flags(Flags::SYN));
    let byte = Bytes::from_static(b"x");
    let (mut urgent, mut inline) = (0, 0);
    for n in 0..70_000 {
        reassembler.push(Segment::new(client, server, 1 + n).with_payload(byte.clone(), 54).with_urgent(1));
        for event in reassembler.events() {
            match event.kind {
                EventKind::Urgent { .. } => urgent += 1,
                EventKind::Data { bytes, .. } => inline += bytes.len(),
                _ => {}
            }
        }
    }
    assert_eq!((urgent, inline), (65_536, 70_000 - 65_536));
}

/// Places of urgent bytes that are waited for count as held, and there are not many.
#[test]
fn g11_places_of_urgent_bytes_are_held_memory() {
    let play = Play::new(|config| {
        config.urgent = tcp_reassembly::Urgent::OutOfBand;
        (config.max_held_pieces, config.max_held_total, config.max_replay) = (64, 4096, 0);
    });
    let mut reassembler = Reassembler::new(play.config.clone());
    for step in play.parse("HS") {
        if let Step::Push(segment) = step {
            reassembler.push(segment);
        }
    }
    let mut most = 0;
    for pointer in 1000..6000 {
        // Nothing is held: the places lie far ahead.
        let probe = Segment::new(play.ends[0], play.ends[1], play.isn[0] + 1);
        reassembler.push(probe.with_payload(Bytes::from_static(b"a"), 54).with_urgent(pointer));
        most = most.max(reassembler.buffered());
        assert!(reassembler.buffered() <= play.config.worst_case());
    }
    assert!((8..=64 * 8 * 2).contains(&most), "{most}");
    reassembler.finish();
    assert_eq!(reassembler.buffered(), 0);
}

/// I7, I8: what is held is accounted for with all that it keeps alive, and nothing stays when all has ended.
#[test]
fn i7_and_i8_memory_is_what_is_kept_alive() {
    let mut config = Config::default();
    config.max_held_bytes = 10_000;
    let mut reassembler = Reassembler::new(config);
    let (client, server) = (([10, 0, 0, 1], 4000).into(), ([10, 0, 0, 2], 25).into());
    reassembler.push(Segment::new(client, server, 0).with_flags(Flags::SYN));
    let allocated = allocation_counter::measure(|| {
        for n in 0..2000_u32 {
            let block = Bytes::from(vec![1; 1 << 16]);
            let checksum =
                if n % 2 == 0 { tcp_reassembly::Checksum::Bad } else { tcp_reassembly::Checksum::Good };
            let one = Segment::new(client, server, 10 + 2 * n).with_payload(block.slice(5..6), 54);
            reassembler.push(one.with_checksum(checksum));
            reassembler.events().for_each(drop);
        }
    });
    let held = usize::try_from(allocated.bytes_current).unwrap();
    assert!(held < 1 << 20, "{held}");
    // The table, the queue of events and the counters of anomalies are not in it.
    assert!(held <= reassembler.buffered() + 20_000, "{held} {}", reassembler.buffered());
    reassembler.finish();
    reassembler.events().for_each(drop);
    assert_eq!((reassembler.buffered(), reassembler.flows()), (0, 0));
}

/// Cases that are not of this crate, with the reason.
const ELSEWHERE: [(&str, &str); 2] = [
    ("H27", "GTP-U is not looked through"),
    ("H33", "interfaces of a file are its reader's business: `interfaces` in the capture tests of mailtap"),
];

/// Every case of the catalogue has a test that names it, in a comment, a table or its own name.
///
/// E19 (data and gaps cover everything) is asserted of every script by `assert_sound`, I9 (provenance) of every
/// property by `run`; I4 and I5 are properties, D17 is `vectors` in `model.rs`. H18 (ERSPAN) is tested to be no TCP.
#[test]
fn every_case_has_a_test() {
    let sources = [
        include_str!("streams.rs"),
        include_str!("flows.rs"),
        include_str!("doubt.rs"),
        include_str!("policies.rs"),
        include_str!("rest.rs"),
        include_str!("../limits.rs"),
        include_str!("../attention.rs"),
        include_str!("../allocations.rs"),
        include_str!("../packet.rs"),
        include_str!("../packets/fragments.rs"),
        include_str!("../packets/tunnels.rs"),
        include_str!("../properties/promises.rs"),
    ];
    let words: std::collections::HashSet<String> = sources
        .iter()
        .flat_map(|source| source.split(|c: char| !c.is_ascii_alphanumeric()))
        .map(str::to_ascii_uppercase)
        .collect();
    let mut cases = 0;
    for (group, count) in
        [('A', 14), ('B', 13), ('C', 12), ('D', 23), ('E', 20), ('F', 35), ('G', 26), ('H', 35), ('I', 12)]
    {
        for number in 1..=count {
            let name = format!("{group}{number}");
            assert!(words.contains(&name), "{name}");
            cases += 1;
        }
    }
    assert_eq!((cases, ELSEWHERE.len()), (190, 2));
}
