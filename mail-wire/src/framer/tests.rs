//! Tables: a stream in, the frames out.

use super::*;

const AT: Timestamp = Timestamp::ZERO;

fn framer(chunks: &[&'static str]) -> Framer {
    let mut framer = Framer::new(16);
    for chunk in chunks {
        framer.push(AT, Bytes::from_static(chunk.as_bytes()));
    }
    framer
}

/// The frames in one mode, in short form.
fn drain(framer: &mut Framer, mode: Mode) -> Vec<String> {
    core::iter::from_fn(|| framer.next(mode)).map(|frame| short(&frame)).collect()
}

fn short(frame: &Frame) -> String {
    let Range { start, end } = frame.span.clone();
    let text = |bytes: &Bytes| bytes.escape_ascii().to_string();
    match &frame.kind {
        FrameKind::Line(line) => {
            let gap = if line.after_gap { " after-gap" } else { "" };
            format!("{start}..{end} line {} {:?}{gap}", text(&line.text), line.end)
        }
        FrameKind::Data { bytes, unstuffed } => {
            format!("{start}..{end} data {}{}", text(bytes), if *unstuffed { " unstuffed" } else { "" })
        }
        FrameKind::EndOfData => format!("{start}..{end} end"),
        FrameKind::LooseEnd { offset, form } => format!("{start}..{end} loose {} {offset}", form.name()),
        FrameKind::Gap(len) => format!("{start}..{end} gap {len:?}"),
        FrameKind::Truncated(bytes) => format!("{start}..{end} truncated {}", text(bytes)),
    }
}

use core::ops::Range;

#[test]
fn lines() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["a\r\nb\nc"], &["0..3 line a CrLf", "3..5 line b Lf"]),
        (&["a", "b\r", "\nc\r\n"], &["0..4 line ab CrLf", "4..7 line c CrLf"]),
        (&["\r\n\n"], &["0..2 line  CrLf", "2..3 line  Lf"]),
        // The limit of 16 counts the line end.
        (&["0123456789abcd\r\n"], &["0..16 line 0123456789abcd CrLf"]),
        (
            &["0123456789abcde\r\nx\n"],
            &["0..16 line 0123456789abcde\\r Cut", "16..17 truncated \\n", "17..19 line x Lf"],
        ),
        (
            &["0123456789", "0123456789", "0123\nx\n"],
            &[
                "0..16 line 0123456789012345 Cut",
                "16..20 truncated 6789",
                "20..25 truncated 0123\\n",
                "25..27 line x Lf",
            ],
        ),
    ];
    for (chunks, expected) in cases {
        assert_eq!(drain(&mut framer(chunks), Mode::Line), expected, "{chunks:?}");
    }
}

#[test]
fn gaps_between_lines() {
    let mut framer = framer(&["ab"]);
    framer.gap(AT, Some(3));
    framer.push(AT, Bytes::from_static(b"c\r\nd\r\n"));
    framer.gap(AT, None);
    framer.gap(AT, Some(0));
    framer.push(AT, Bytes::from_static(b"e"));
    framer.close(AT);
    let expected = [
        "0..2 truncated ab",
        "2..5 gap Some(3)",
        "5..8 line c CrLf after-gap",
        "8..11 line d CrLf",
        "11..11 gap None",
        "11..12 line e Missing after-gap",
    ];
    assert_eq!(drain(&mut framer, Mode::Line), expected);
    assert!(framer.is_finished());
}

#[test]
fn bodies() {
    let strict = Mode::Body { bare_lf: false };
    let cases: [(&[&str], &[&str]); 14] = [
        (&[".\r\n"], &["0..3 end"]),
        (&["a\r\n.\r\n"], &["0..3 data a\\r\\n", "3..6 end"]),
        (&["a\r\n..b\r\n.\r\n"], &["0..3 data a\\r\\n", "3..8 data .b\\r\\n", "8..11 end"]),
        (&[".b.c\r\n..\r\n.\r\n"], &["0..6 data b.c\\r\\n unstuffed", "6..10 data .\\r\\n", "10..13 end"]),
        (
            &["a\n.\nb\r\n.\r\n"],
            &["2..3 loose lf.lf 2", "0..2 data a\\n", "2..7 data .\\nb\\r\\n", "7..10 end"],
        ),
        (&["a\n.\r\n.\r\n"], &["2..3 loose lf.crlf 2", "0..2 data a\\n", "2..5 data .\\r\\n", "5..8 end"]),
        (
            &["a\r.\rb\r\n.\r\n"],
            &["0..2 data a\\r", "2..3 loose cr.cr 2", "2..7 data .\\rb\\r\\n", "7..10 end"],
        ),
        (
            &["a\r\n.\nb\r\n.\r\n"],
            &["0..3 data a\\r\\n", "3..4 loose crlf.lf 3", "3..8 data \\nb\\r\\n unstuffed", "8..11 end"],
        ),
        (
            &["a\r\n.\rb\r\n.\r\n"],
            &["0..3 data a\\r\\n", "3..4 loose crlf.cr 3", "3..8 data \\rb\\r\\n unstuffed", "8..11 end"],
        ),
        (
            &["\r\n.\r\r\n.\r\n"],
            &["0..2 data \\r\\n", "2..3 loose crcrlf 2", "2..6 data \\r\\r\\n unstuffed", "6..9 end"],
        ),
        (
            &["\r\n\0.\r\n.\r\n"],
            &["0..3 data \\r\\n\\x00", "3..4 loose nul-before 3", "3..6 data .\\r\\n", "6..9 end"],
        ),
        (
            &["\r\n.\0\r\n.\r\n"],
            &["0..2 data \\r\\n", "2..3 loose nul-after 2", "2..6 data \\x00\\r\\n unstuffed", "6..9 end"],
        ),
        // Split at every place that matters.
        (&["a\r", "\n", ".", "\r", "\n"], &["0..2 data a\\r", "2..3 data \\n", "3..6 end"]),
        (
            &["a\r\n.", "\r", "x"],
            &["0..3 data a\\r\\n", "3..4 loose crlf.cr 3", "3..5 data \\r unstuffed", "5..6 data x"],
        ),
    ];
    for (chunks, expected) in cases {
        let mut got = drain(&mut framer(chunks), strict);
        let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        // Where a loose end stands among the runs around it is not promised.
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "{chunks:?}");
    }
}

#[test]
fn bodies_of_bare_lf_sessions() {
    let bare = Mode::Body { bare_lf: true };
    for (chunks, expected) in [
        (["a\n.\n", "b\n"], ["0..2 data a\\n", "2..4 end", "4..6 line b Lf"]),
        (["a\n.\r\n", "b\n"], ["0..2 data a\\n", "2..5 end", "5..7 line b Lf"]),
    ] {
        let mut framer = framer(&chunks);
        let got: Vec<String> = [bare, bare, Mode::Line]
            .into_iter()
            .filter_map(|mode| framer.next(mode))
            .map(|f| short(&f))
            .collect();
        assert_eq!(got, expected);
    }
}

#[test]
fn gaps_in_bodies() {
    let strict = Mode::Body { bare_lf: false };
    let mut framer = framer(&["a\r\n."]);
    framer.gap(AT, Some(4));
    framer.push(AT, Bytes::from_static(b".x\r\n"));
    framer.gap(AT, Some(2));
    framer.push(AT, Bytes::from_static(b".\r\n"));
    let expected = [
        "0..3 data a\\r\\n",
        "3..4 data  unstuffed",
        "4..8 gap Some(4)",
        // What stood before this dot is lost, so it is no stuffing ...
        "8..12 data .x\\r\\n",
        "12..14 gap Some(2)",
        // ... but a whole terminator is believed.
        "14..17 end",
    ];
    assert_eq!(drain(&mut framer, strict), expected);
}

#[test]
fn counted_and_opaque_runs() {
    let mut framer = framer(&["abc", "def"]);
    framer.gap(AT, Some(10));
    framer.push(AT, Bytes::from_static(b"ghi"));
    let got: Vec<String> = [4, 1, 12, 6, 2]
        .into_iter()
        .filter_map(|len| framer.next(Mode::Counted(len)))
        .map(|frame| short(&frame))
        .collect();
    let expected =
        ["0..3 data abc", "3..4 data d", "4..6 data ef", "6..12 gap Some(6)", "12..14 gap Some(2)"];
    assert_eq!(got, expected);
    framer.mark();
    framer.push(AT, Bytes::from_static(b"jkl\r\n"));
    assert_eq!(drain(&mut framer, Mode::Opaque), ["14..16 gap Some(2)", "16..19 data ghi"]);
    assert!(framer.take_mark());
    assert_eq!(drain(&mut framer, Mode::Line), ["19..24 line jkl CrLf"]);
}

#[test]
fn a_partial_line_is_not_lost_when_the_mode_changes() {
    let mut framer = framer(&["ab"]);
    assert_eq!(framer.next(Mode::Line), None);
    assert_eq!(framer.peek().collect::<Vec<_>>(), b"ab");
    assert_eq!(framer.position(), 0);
    assert_eq!(drain(&mut framer, Mode::Opaque), ["0..2 data ab"]);
}

#[test]
fn a_body_that_is_left_gives_back_its_dot() {
    let mut framer = framer(&["a\r\n."]);
    let strict = Mode::Body { bare_lf: false };
    assert_eq!(drain(&mut framer, strict), ["0..3 data a\\r\\n"]);
    framer.push(AT, Bytes::from_static(b"b"));
    // The dot is judged, and the run behind it taken, in one go.
    assert_eq!(drain(&mut framer, strict), ["3..5 data b unstuffed"]);
    framer.push(AT, Bytes::from_static(b"\r\n.x"));
    assert_eq!(framer.next(strict).map(|f| short(&f)).as_deref(), Some("5..7 data \\r\\n"));
    assert_eq!(drain(&mut framer, Mode::Line), Vec::<String>::new());
    framer.close(AT);
    assert_eq!(drain(&mut framer, Mode::Line), ["7..9 line .x Missing"]);
}

#[test]
fn a_gap_or_the_end_limits_what_can_be_seen() {
    let mut framer = Framer::new(64);
    framer.push(Timestamp::ZERO, Bytes::from_static(b"ab"));
    assert_eq!((framer.peek_is_all(), framer.at_gap()), (false, false));
    framer.gap(Timestamp::ZERO, Some(3));
    assert_eq!((framer.peek_is_all(), framer.at_gap()), (true, false));
    framer.push(Timestamp::ZERO, Bytes::from_static(b"c"));
    assert!(framer.next(Mode::Counted(2)).is_some());
    assert_eq!((framer.peek_is_all(), framer.at_gap()), (true, true));
    assert!(framer.next(Mode::Opaque).is_some());
    assert_eq!((framer.peek_is_all(), framer.at_gap()), (false, false));
    framer.close(Timestamp::ZERO);
    assert!(framer.peek_is_all());
}

#[test]
fn content_comes_in_pieces_as_small_as_asked() {
    let mut framer = framer(&["a\r\n..b\r\n", ".\r\nQUIT\r\n"]);
    let frames: Vec<String> =
        core::iter::from_fn(|| framer.next_of_body(false, 2)).take(5).map(|frame| short(&frame)).collect();
    assert_eq!(frames, ["0..2 data a\\r", "2..3 data \\n", "3..6 data .b", "6..8 data \\r\\n", "8..11 end"]);
    assert_eq!(framer.position(), 11);
}

#[test]
fn what_comes_is_seen_over_chunk_edges_and_up_to_a_gap() {
    let mut framer = framer(&["ab", "c\r\n"]);
    let seen = |framer: &Framer, most: usize| {
        let mut room = [0; 8];
        let ahead = framer.peek_into(&mut room[..most]).to_vec();
        assert_eq!(ahead, framer.peek().take(most).collect::<Vec<_>>());
        assert_eq!(framer.peek_first(), framer.peek().next());
        ahead.escape_ascii().to_string()
    };
    assert_eq!([0, 1, 2, 3, 8].map(|most| seen(&framer, most)), ["", "a", "ab", "abc", "abc\\r\\n"]);
    assert!(framer.next(Mode::Line).is_some());
    assert_eq!(seen(&framer, 8), "");
    // The beginning of a line that is not whole counts too; a gap ends it.
    framer.push(AT, Bytes::from_static(b"de"));
    assert_eq!(framer.next(Mode::Line), None);
    framer.push(AT, Bytes::from_static(b"f"));
    framer.gap(AT, Some(1));
    framer.push(AT, Bytes::from_static(b"g"));
    assert_eq!([2, 3, 8].map(|most| seen(&framer, most)), ["de", "def", "def"]);
}

#[test]
fn what_is_known_before_it_comes_passes_the_queue() {
    let mut framer = framer(&["a {3}\r\n"]);
    assert_eq!(framer.pass(3), None, "the line is unread");
    assert!(framer.next(Mode::Line).is_some());
    assert_eq!((framer.pass(2), framer.pass(1), framer.position()), (Some(7..9), Some(9..10), 10));
    framer.push(AT, Bytes::from_static(b"b"));
    assert_eq!(framer.next(Mode::Line), None);
    assert_eq!(framer.pass(1), None, "a line has begun");
    framer.push(AT, Bytes::from_static(b"\n"));
    assert_eq!(framer.next(Mode::Line).map(|frame| frame.span), Some(10..12));
}

#[test]
fn tells_when_bytes_were_captured() {
    let at = Timestamp::from_secs;
    let mut framer = Framer::new(100);
    assert_eq!((framer.next_at(), framer.latest()), (None, None));
    framer.push(at(3), "a\r\nb".into());
    framer.push(at(4), "c\r\n".into());
    framer.gap(at(90), Some(2));
    assert_eq!((framer.next_at(), framer.latest()), (Some(at(3)), Some(at(4))));
    assert_eq!(framer.next_data_at(), Some(at(3)));
    assert!(framer.next(Mode::Line).is_some());
    assert_eq!(framer.next_at(), Some(at(3)));
    assert!(framer.next(Mode::Line).is_some());
    assert!(framer.at_gap());
    assert_eq!((framer.next_at(), framer.latest(), framer.next_data_at()), (None, Some(at(4)), None));
    framer.push(at(5), "d".into());
    assert_eq!((framer.next_at(), framer.next_data_at()), (None, Some(at(5))));
    assert!(framer.next(Mode::Line).is_some());
    // The beginning of a line has the time of what it ends with so far.
    assert!(framer.next(Mode::Line).is_none());
    assert_eq!((framer.next_at(), framer.latest()), (Some(at(5)), Some(at(5))));
}

#[test]
fn what_stands_behind_a_gap_is_seen_before_it_is_taken() {
    let mode = Mode::Body { bare_lf: false };
    let mut framer = framer(&["a\r", "\n"]);
    assert!(framer.is_at_line_start(), "a body that has not begun");
    assert_eq!(drain(&mut framer, mode).len(), 2);
    framer.gap(AT, Some(3));
    let seen = |framer: &Framer| {
        let mut room = [0; 4];
        let (behind, whole) = framer.peek_behind_gap(&mut room);
        (behind.escape_ascii().to_string(), whole)
    };
    assert_eq!((framer.is_at_line_start(), framer.gap_ahead()), (true, Some(3)));
    assert_eq!(seen(&framer), (String::new(), false));
    framer.push(AT, Bytes::from_static(b"+O"));
    framer.push(AT, Bytes::from_static(b"K x"));
    assert_eq!(seen(&framer), ("+OK ".to_owned(), false));
    framer.gap(AT, None);
    framer.push(AT, Bytes::from_static(b"y"));
    assert_eq!(seen(&framer), ("+OK ".to_owned(), true));
    assert_eq!(drain(&mut framer, mode).len(), 5);
    assert_eq!((framer.is_at_line_start(), framer.gap_ahead()), (false, None));
}
