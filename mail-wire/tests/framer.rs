//! Properties of the framer: any chunking gives the same frames, spans tile, memory stays bounded.

use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, Framer, LineEnd, Mode};
use proptest::prelude::*;

const MAX_LINE: usize = 24;

/// What a stream is made of: bytes that matter to the framer, and gaps.
#[derive(Clone, Debug)]
enum Item {
    Bytes(Vec<u8>),
    Gap(u64),
}

fn stream() -> impl Strategy<Value = Vec<Item>> {
    let byte = prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), Just(0), Just(b'a')];
    let item = prop_oneof![
        8 => prop::collection::vec(byte, 1..40).prop_map(Item::Bytes),
        2 => Just(Item::Bytes(b"\r\n.\r\n".to_vec())),
        1 => (1..20u64).prop_map(Item::Gap),
    ];
    prop::collection::vec(item, 0..12)
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Line),
        any::<bool>().prop_map(|bare_lf| Mode::Body { bare_lf }),
        (1..60u64).prop_map(Mode::Counted),
        Just(Mode::Opaque),
    ]
}

/// Feeds the stream cut into chunks of the given sizes, in turn, and drains the framer after each.
fn frames(stream: &[Item], sizes: &[usize], mode: Mode, strict: bool) -> Vec<Frame> {
    let mut framer = Framer::new(MAX_LINE);
    let mut frames = Vec::new();
    let mut sizes = sizes.iter().copied().cycle();
    let drain = |framer: &mut Framer, frames: &mut Vec<Frame>| {
        while let Some(frame) = framer.next(mode) {
            frames.push(frame);
        }
        framer.settle();
        // Four bytes may wait for the next ones in a body, a line in line mode.
        let bound = Framer::worst_case(MAX_LINE, 4);
        assert!(framer.buffered() <= bound, "{} > {bound}", framer.buffered());
    };
    for item in stream {
        match item {
            Item::Gap(len) => framer.gap(Timestamp::ZERO, Some(*len)),
            Item::Bytes(bytes) => {
                let mut rest = Bytes::copy_from_slice(bytes);
                while !rest.is_empty() {
                    let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
                    framer.push(Timestamp::ZERO, rest.split_to(size));
                    if strict {
                        drain(&mut framer, &mut frames);
                    }
                }
            }
        }
        drain(&mut framer, &mut frames);
    }
    framer.close(Timestamp::ZERO);
    drain(&mut framer, &mut frames);
    assert!(framer.is_finished(), "{framer:?}");
    frames
}

/// Spans and what stands in them.
type Told = Vec<(Range<u64>, String)>;

/// Joins neighbouring runs, whose cuts depend on the chunks, and sets loose ends apart.
fn normal(frames: Vec<Frame>) -> (Told, Told) {
    let mut joined = Told::new();
    let mut loose = Vec::new();
    for frame in frames {
        let text = match &frame.kind {
            FrameKind::Data { bytes, .. } => format!("data {}", bytes.escape_ascii()),
            FrameKind::Truncated(bytes) => format!("truncated {}", bytes.escape_ascii()),
            FrameKind::LooseEnd { .. } => {
                loose.push((frame.span, format!("{:?}", frame.kind)));
                continue;
            }
            FrameKind::Gap(_) => "gap ".to_owned(),
            other => format!("{other:?}"),
        };
        match joined.last_mut() {
            Some((span, last))
                if span.end == frame.span.start
                    && ["data ", "truncated ", "gap "]
                        .iter()
                        .any(|kind| text.starts_with(kind) && last.starts_with(kind)) =>
            {
                span.end = frame.span.end;
                last.push_str(text.split_once(' ').map_or("", |(_, rest)| rest));
            }
            _ => joined.push((frame.span, text)),
        }
    }
    (joined, loose)
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_frames(
        stream in stream(), sizes in prop::collection::vec(1..30usize, 1..8), mode in modes(),
    ) {
        let whole = normal(frames(&stream, &[usize::MAX], mode, true));
        let split = normal(frames(&stream, &sizes, mode, true));
        prop_assert_eq!(&split, &whole);
        let queued = normal(frames(&stream, &sizes, mode, false));
        prop_assert_eq!(queued, whole);
    }

    #[test]
    fn spans_tile_the_stream(
        stream in stream(), sizes in prop::collection::vec(1..30usize, 1..8), mode in modes(),
    ) {
        let total: u64 = stream.iter().map(|item| match item { Item::Bytes(b) => b.len() as u64, Item::Gap(n) => *n }).sum();
        let mut end = 0;
        for frame in frames(&stream, &sizes, mode, true) {
            if !matches!(frame.kind, FrameKind::LooseEnd { .. }) {
                prop_assert_eq!(frame.span.start, end);
                end = frame.span.end;
            }
        }
        prop_assert_eq!(end, total);
    }

    /// The content of a body is what the rule of RFC 5321 section 4.5.2, applied line by line, gives.
    #[test]
    fn bodies_agree_with_the_rule(body in "[.\r\na]{0,60}", sizes in prop::collection::vec(1..9usize, 1..5)) {
        let wire = format!("{body}\r\n.\r\n");
        let mut expected = String::new();
        for line in wire.split_inclusive("\r\n") {
            if line == ".\r\n" {
                break;
            }
            expected.push_str(line.strip_prefix('.').unwrap_or(line));
        }
        let mut content = Vec::new();
        for frame in frames(&[Item::Bytes(wire.into_bytes())], &sizes, Mode::Body { bare_lf: false }, true) {
            match frame.kind {
                FrameKind::Data { bytes, .. } => content.extend_from_slice(&bytes),
                FrameKind::EndOfData => break,
                _ => {}
            }
        }
        prop_assert_eq!(String::from_utf8_lossy(&content), expected);
    }

    #[test]
    fn lines_agree_with_a_split(text in "[ab\r\n]{0,80}", sizes in prop::collection::vec(1..9usize, 1..5)) {
        prop_assume!(text.split('\n').all(|line| line.len() < MAX_LINE));
        let mut expected: Vec<String> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
        let rest = text.rsplit('\n').next().unwrap_or_default();
        expected.pop();
        let mut got = Vec::new();
        for frame in frames(&[Item::Bytes(text.clone().into_bytes())], &sizes, Mode::Line, true) {
            let FrameKind::Line(line) = frame.kind else { panic!("{frame:?}") };
            if line.end == LineEnd::Missing {
                prop_assert_eq!(line.text, rest);
            } else {
                got.push(String::from_utf8_lossy(&line.text).into_owned());
            }
        }
        prop_assert_eq!(got, expected);
    }
}
