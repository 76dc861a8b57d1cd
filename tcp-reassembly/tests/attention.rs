//! Flows that nobody reads, what flows cost, what floods cost, and what is counted.
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::field_reassign_with_default,
    clippy::indexing_slicing,
    clippy::or_fun_call,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    reason = "a test may fail loudly"
)]

mod common;

use bytes::Bytes;
use common::{Play, Step, assert_sound, show};
use tcp_reassembly::{Direction, Event, EventKind, Flags, FlowId, GapReason, Reassembler, Segment};

/// Plays `before`, does something, and plays `after`.
fn interrupted(play: &Play, before: &str, act: impl FnOnce(&mut Reassembler, FlowId), after: &str) -> String {
    let mut reassembler = Reassembler::new(play.config.clone());
    let mut events: Vec<Event> = Vec::new();
    let whole = format!("{before} {after}");
    let count = play.parse(before).len();
    let mut act = Some(act);
    for (number, step) in play.parse(&whole).into_iter().enumerate() {
        if number == count
            && let Some(act) = act.take()
        {
            act(&mut reassembler, events[0].flow);
            events.extend(reassembler.events());
        }
        match step {
            Step::Push(segment) => reassembler.push(segment),
            Step::Finish => reassembler.finish(),
            Step::Expire(now) => reassembler.expire(now),
        }
        events.extend(reassembler.events());
    }
    show(&events, play.ends[0])
}

#[test]
fn e20_forgotten_flows_cost_nothing_and_still_end() {
    let play = Play::default();
    let forget: fn(&mut Reassembler, FlowId) = |reassembler, flow| {
        reassembler.forget(flow);
        assert_eq!(reassembler.buffered(), 0);
        // Twice, or a flow that never was: nothing happens.
        reassembler.forget(flow);
    };
    let stop: fn(&mut Reassembler, FlowId) = |reassembler, flow| reassembler.stop(flow, Direction::ToServer);
    for (name, before, act, after, expected) in [
        (
            "E20",
            r#"HS c1"AAAA" c9"CC""#,
            forget,
            r#"c5"BBBB" c11"DD" s1"250"/ack13 c13[FA] s4[FA]/ack14 c14[A]/ack5 c70000[S] s90000[SA]/ack70001
               c70001"A"/ack90001 E"#,
            "open c:AAAA c:fin s:fin end:Fin 1/open 1/c:A 1/end:CaptureEnd",
        ),
        (
            "E20 one side",
            r#"HS c1"AAAA" c9"CC""#,
            stop,
            r#"s1"250"/ack20 c11"DD" s4"x"/ack2000 E"#,
            "open c:AAAA s:250x end:CaptureEnd",
        ),
        (
            "E20 other side waits for it",
            r#"HS c1"AAAA" s1"250"/ack30"#,
            stop,
            r#"s4"x"/ack40 E"#,
            "open c:AAAA c:gap4+25:Acked s:250x end:CaptureEnd",
        ),
        ("mid-stream", r#"c100"AA""#, forget, r#"c102"BB" c104[R] X15000"#, "open:mid c:rst end:Rst"),
        (
            "conflicts and anomalies",
            r#"HS c1"GOOD""#,
            forget,
            r#"c1"EVIL" c90[R] c5"EVIL" c5"GOOD" c5[R] c9"A" E"#,
            "open c:GOOD end:CaptureEnd",
        ),
        ("SYN data", r#"c0[S]"AAAA""#, forget, r#"s0[SA]/ack5 c5"BB" s1"CC"/ack7 E"#, "open end:CaptureEnd"),
    ] {
        assert_eq!(interrupted(&play, before, act, after), expected, "{name}");
    }
}

#[test]
fn e18_flush_and_go_on() {
    let play = Play::default();
    for (name, before, after, expected) in [
        (
            "E18",
            r#"HS c1"AAAA" c9"CC" s4"250""#,
            r#"c5"BBBB" c11"DD" s7"X" E"#,
            "open c:AAAA c:gap4+4:Flushed c:CC s:gap0+3:Flushed s:250 c:!late-data(4:BBBB) c:DD s:X end:CaptureEnd",
        ),
        ("nothing held", r#"HS c1"AAAA" s1[A]/ack9"#, r#"c5"BBBB" E"#, "open c:AAAABBBB end:CaptureEnd"),
        (
            "at the start",
            r#"c100"AA""#,
            r#"c98"00" c102"BB" E"#,
            "open:mid c:AA c:!before-start(00) c:BB end:CaptureEnd",
        ),
        ("FIN", r#"HS c1"AA" c9[FA]"#, r#"c3"BBBBBB" E"#, "open c:AABBBBBB c:fin end:CaptureEnd"),
    ] {
        let flush: fn(&mut Reassembler, FlowId) = |reassembler, _| {
            reassembler.flush();
            assert!(reassembler.buffered() < 10_000);
        };
        assert_eq!(interrupted(&play, before, flush, after), expected, "{name}");
    }
}

#[test]
fn a_forgotten_transfer_holds_nothing() {
    let play = Play::default();
    let mut reassembler = Reassembler::new(play.config.clone());
    for step in play.parse("HS") {
        if let Step::Push(segment) = step {
            reassembler.push(segment);
        }
    }
    let flow = reassembler.poll_event().unwrap().flow;
    reassembler.forget(flow);
    let block = Bytes::from(vec![1; 1000]);
    for n in 0..1000_u32 {
        // Every second one is late by one.
        let seq = play.isn[0] + 1 + (n ^ 1) * 1000;
        let segment = Segment::new(play.ends[0], play.ends[1], seq).with_payload(block.clone(), 54);
        reassembler.push(segment);
        assert_eq!((reassembler.buffered(), reassembler.events().count()), (0, 0));
    }
    let stats = reassembler.stats();
    assert_eq!((stats.unread, stats.unread_bytes, stats.delivered.bytes), (1000, 1_000_000, 0));
}

/// What the documentation of the limits says.
#[test]
fn an_idle_flow_is_small() {
    const { assert!(Reassembler::FLOW_SIZE <= 1200) };
    let mut reassembler = Reassembler::new(Play::default().config);
    let info = allocation_counter::measure(|| {
        for n in 0..10_000_u32 {
            let port = 1000 + (n % 60_000) as u16;
            let client = ([10, 0, (n >> 8) as u8, n as u8], port).into();
            reassembler.push(Segment::new(client, ([10, 9, 9, 9], 25).into(), n).with_flags(Flags::SYN));
            reassembler.events().for_each(drop);
        }
    });
    assert_eq!((reassembler.flows(), reassembler.buffered()), (10_000, 0));
    let each = info.bytes_current as usize / 10_000;
    assert!(each <= Reassembler::FLOW_SIZE + 64, "{each} bytes each");
}

/// D23: what overlaps without end is not looked at without end.
#[test]
fn d23_a_flood_of_overlaps_is_bounded() {
    let mut play = Play::new(|config| config.max_overlap_work = 100_000);
    play.config.max_held_bytes = 50_000;
    let mut reassembler = Reassembler::new(play.config.clone());
    let mut events = Vec::new();
    for step in play.parse("HS") {
        if let Step::Push(segment) = step {
            reassembler.push(segment);
        }
    }
    let mut random = 1_u64;
    for _ in 0..10_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let at = (random >> 33) as u32 % 40_000;
        let len = (random >> 50) as usize % 1460 + 1;
        let payload = Bytes::from(vec![(random >> 20) as u8; len]);
        let seq = play.isn[0] + 2 + at;
        reassembler.push(Segment::new(play.ends[0], play.ends[1], seq).with_payload(payload, 54));
        events.extend(reassembler.events());
        assert!(reassembler.buffered() <= 50_000 + 1024 * 300, "{}", reassembler.buffered());
    }
    reassembler.finish();
    events.extend(reassembler.events());
    assert_sound(&events);
    let unchecked = events
        .iter()
        .any(|event| matches!(&event.kind, EventKind::Anomaly { what, .. } if what.code() == "unchecked"));
    let conflicts = events.iter().filter(|event| matches!(event.kind, EventKind::Conflict(_))).count();
    assert!(unchecked && conflicts <= 64);
    assert_eq!(reassembler.buffered(), 0);
}

#[test]
fn every_segment_has_one_fate() {
    let play = Play::default();
    let mut reassembler = Reassembler::new(play.config.clone());
    let script = r#"HS c1"AAAA" c9"CC" c1"AAAA" c5"BBBB" c10"z" c10"C"/id5 c10"C"/id5 s1[A]/ack11 c90000000"X" c15"EE"
        s1"250"/ack17 c17"F"/len4 c17"GGGG" c21[FA] s4[FA]/ack22 c22[A]/ack5 c22[A] c22[A] s3"0" E"#;
    let mut pushed = 0;
    for step in play.parse(script) {
        match step {
            Step::Push(segment) => {
                pushed += 1;
                reassembler.push(segment);
            }
            _ => reassembler.finish(),
        }
    }
    // A stray acknowledgement.
    reassembler.push(Segment::new(play.ends[1], play.ends[0], 5).with_ack(1));
    let stats = reassembler.stats();
    let fates = [
        stats.in_order,
        stats.empty,
        stats.held,
        stats.repeated,
        stats.aside,
        stats.probes,
        stats.strays,
        stats.ignored,
        stats.after_end,
        stats.unread,
    ];
    assert_eq!((stats.segments, fates.iter().sum::<u64>()), (pushed + 1, pushed + 1), "{stats}");
    let (delivered, missing) =
        reassembler.events().fold((0, 0), |(delivered, missing), event| match event.kind {
            EventKind::Data { bytes, .. } => (delivered + bytes.len() as u64, missing),
            EventKind::Gap { len, .. } => (delivered, missing + len),
            _ => (delivered, missing),
        });
    let gaps = stats.gaps(GapReason::Acked).bytes + stats.gaps(GapReason::Truncated).bytes;
    assert_eq!((stats.delivered.bytes, gaps), (delivered, missing));
    assert_eq!((stats.opened, stats.ended, stats.duplicates), (1, 1, 1));
    assert!(stats.most_buffered > 0 && stats.to_string().contains("bytes delivered"));
}
