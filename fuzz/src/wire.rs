//! Targets of mail-wire.

use std::ops::Range;

use bytes::Bytes;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, Framer, Mode};
use mail_wire::sasl::{Exchange, Outcome};

use super::input::Input;

/// What a stream is made of.
enum Item<'a> {
    Bytes(&'a [u8]),
    Gap(Option<u64>),
}

/// A header chooses the longest line, the modes and the chunk sizes; then come gaps and bytes.
///
/// # Panics
///
/// Spans that do not tile, more memory than promised, or frames that depend on how the bytes came.
pub fn framer(data: &[u8]) {
    let mut input = Input::new(data);
    let max_line = usize::from(input.byte() % 64) + 1;
    let modes = [input.byte(), input.byte()].map(mode);
    let sizes = [input.byte(), input.byte()].map(|size| usize::from(size % 32) + 1);
    let mut items = Vec::new();
    while !input.is_empty() {
        match input.byte() {
            0xff => items.push(Item::Gap(None)),
            len @ 0xf0.. => items.push(Item::Gap(Some(u64::from(len & 0xf)))),
            len => items.push(Item::Bytes(input.take(usize::from(len) + 1))),
        }
    }
    let run = |modes: &[Mode], sizes: &[usize], drain| {
        let frames = frames(&items, max_line, modes, sizes, drain);
        check_tiling(&items, &frames);
        frames
    };
    let mode = &modes[..1];
    let whole = normal(run(mode, &[usize::MAX], true));
    assert_eq!(normal(run(mode, &sizes, true)), whole, "in pieces");
    assert_eq!(normal(run(mode, &sizes, false)), whole, "queued");
    // Where the mode changes with each frame, how long a frame is may depend on the chunks.
    run(&modes, &sizes, true);
}

fn mode(byte: u8) -> Mode {
    match byte {
        0..64 => Mode::Line,
        64..128 => Mode::Body { bare_lf: false },
        128..160 => Mode::Body { bare_lf: true },
        160..224 => Mode::Counted(u64::from(byte - 159)),
        _ => Mode::Opaque,
    }
}

/// Feeds the items in chunks of the given sizes, in turn, and takes frames in the given modes, in turn; `drain`: after
/// each chunk, not only after each item.
fn frames(items: &[Item<'_>], max_line: usize, modes: &[Mode], sizes: &[usize], drain: bool) -> Vec<Frame> {
    let mut framer = Framer::new(max_line);
    let mut frames = Vec::new();
    let mut sizes = sizes.iter().cycle();
    let take = |framer: &mut Framer, frames: &mut Vec<Frame>| {
        let mut mode = modes[frames.len() % modes.len()];
        while let Some(frame) = framer.next(mode) {
            frames.push(frame);
            mode = modes[frames.len() % modes.len()];
        }
        framer.settle();
        // Four bytes may wait for the next ones in a body, a line in line mode.
        let bound = Framer::worst_case(max_line, 4);
        assert!(framer.buffered() <= bound, "{} > {bound}: {framer:?}", framer.buffered());
    };
    for item in items {
        match item {
            Item::Gap(len) => framer.gap(Timestamp::ZERO, *len),
            Item::Bytes(bytes) => {
                let mut rest = Bytes::copy_from_slice(bytes);
                while !rest.is_empty() {
                    let size = rest.len().min(*sizes.next().unwrap_or(&1));
                    framer.push(Timestamp::ZERO, rest.split_to(size));
                    if drain {
                        take(&mut framer, &mut frames);
                    }
                }
            }
        }
        take(&mut framer, &mut frames);
    }
    framer.close(Timestamp::ZERO);
    take(&mut framer, &mut frames);
    assert!(framer.is_finished(), "{framer:?}");
    frames
}

fn check_tiling(items: &[Item<'_>], frames: &[Frame]) {
    let len = |item: &Item<'_>| match item {
        Item::Bytes(bytes) => bytes.len() as u64,
        Item::Gap(len) => len.unwrap_or(0),
    };
    let mut end = 0;
    for frame in frames.iter().filter(|frame| !matches!(frame.kind, FrameKind::LooseEnd { .. })) {
        assert_eq!(frame.span.start, end, "spans tile: {frame:?}");
        end = frame.span.end;
    }
    assert_eq!(end, items.iter().map(len).sum::<u64>(), "every byte is told");
}

/// What came, runs joined as their cuts depend on the chunks, and loose ends apart from it.
type Told = (Vec<(Range<u64>, FrameKind)>, Vec<Frame>);

fn normal(frames: Vec<Frame>) -> Told {
    let mut told = Told::default();
    for frame in frames {
        let Frame { span, kind, .. } = &frame;
        if let FrameKind::LooseEnd { .. } = kind {
            told.1.push(frame);
            continue;
        }
        let last = told.0.last_mut().map(|(span, kind)| (&mut span.end, kind));
        match (last, kind) {
            (Some((end, FrameKind::Data { bytes, .. })), FrameKind::Data { bytes: more, .. })
            | (Some((end, FrameKind::Truncated(bytes))), FrameKind::Truncated(more)) => {
                *bytes = [&bytes[..], &more[..]].concat().into();
                *end = span.end;
            }
            (Some((end, FrameKind::Gap(Some(len)))), FrameKind::Gap(Some(more))) => {
                *len += more;
                *end = span.end;
            }
            (Some((_, FrameKind::Gap(None))), FrameKind::Gap(None)) => {}
            // Whether a run began with a careless dot depends on where it was cut.
            (_, FrameKind::Data { bytes, .. }) => {
                told.0.push((span.clone(), FrameKind::Data { bytes: bytes.clone(), unstuffed: false }));
            }
            (_, kind) => told.0.push((span.clone(), kind.clone())),
        }
    }
    told
}

/// What the `sasl` target can speak.
const MECHANISMS: [&[u8]; 20] = [
    b"PLAIN",
    b"LOGIN",
    b"CRAM-MD5",
    b"DIGEST-MD5",
    b"XOAUTH2",
    b"plain",
    b"CRAM-SHA1",
    b"CRAM-SHA256",
    b"NTLM",
    b"GSSAPI",
    b"GSS-SPNEGO",
    b"SCRAM-SHA-1",
    b"SCRAM-SHA-256-PLUS",
    b"OAUTHBEARER",
    b"OAUTH10A",
    b"EXTERNAL",
    b"ANONYMOUS",
    b"OTP",
    b"SKEY",
    b"X-OTHER",
];

/// Between the messages of the `sasl` target, which may hold any byte.
const BETWEEN: &[u8] = b"\n--\n";

/// A byte chooses the mechanism; the lines behind it are challenges and responses in turn. With bit 6 set they are
/// messages before base64, parted by a line of two dashes; with bit 7 set they are the user name and two passwords
/// instead, and the target speaks the mechanism itself.
///
/// # Panics
///
/// A field that is not what was sent, a cracker line that is none, more memory than promised, or `Debug` output that
/// depends on the password.
pub fn sasl(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let rest = input.rest();
    if choice & 0x80 != 0 {
        let lines: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
        if let [username, one, other, ..] = lines[..] {
            assert_eq!(login(username, one, choice), login(username, other, choice), "the password shows");
        }
        return;
    }
    let mechanism = MECHANISMS[usize::from(choice & 0x3f) % MECHANISMS.len()];
    let lines: Vec<Vec<u8>> = if choice & 0x40 == 0 {
        rest.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    } else {
        messages(rest).into_iter().map(base64).collect()
    };
    let mut exchange = Exchange::new(mechanism);
    for pair in lines.chunks(2) {
        exchange.challenge(&pair[0]);
        if let Some(response) = pair.get(1) {
            exchange.response(response);
        }
        assert!(exchange.memory() <= Exchange::WORST_CASE, "{exchange:?}");
    }
    let _ = format!("{exchange:?}");
    let (cancelled, layer) = (exchange.is_cancelled(), exchange.security_layer());
    let credential = exchange.finish(Outcome::Rejected);
    // Who cancels what the server has explained was refused.
    let expected =
        if cancelled && credential.error.is_none() { Outcome::Cancelled } else { Outcome::Rejected };
    assert_eq!((credential.outcome, credential.security_layer), (expected, layer), "{credential:?}");
    assert!(mechanism.eq_ignore_ascii_case(&credential.mechanism), "{credential:?}");
    if let Some(crack) = &credential.hash {
        let line = std::str::from_utf8(crack.line.expose()).unwrap();
        assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
        if crack.hashcat_mode.is_some() && mechanism != b"CRAM-SHA1" && mechanism != b"CRAM-SHA256" {
            // Fields never hold the separators of their line: so many, whatever was sent.
            let separators = line.bytes().filter(|byte| matches!(byte, b'$' | b':' | b'*')).count();
            assert!((2..=7).contains(&separators), "{line:?}");
        }
    }
}

/// The messages of an exchange.
fn messages(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        messages.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    messages.push(rest);
    messages
}

/// Logs in, and gives what `Debug` prints on the way and at the end.
fn login(username: &[u8], password: &[u8], choice: u8) -> [String; 2] {
    let plain = choice & 1 != 0;
    let mut exchange = Exchange::new(if plain { b"PLAIN" } else { b"LOGIN" });
    // A NUL ends the user name in PLAIN.
    let username =
        if plain { username.split(|byte| *byte == 0).next().unwrap_or_default() } else { username };
    if plain {
        exchange.response(&base64(&[b"\0", username, b"\0", password].concat()));
    } else {
        exchange.response(&base64(username));
        exchange.response(&base64(password));
    }
    let on_the_way = format!("{exchange:?}");
    let credential = exchange.finish(Outcome::Accepted);
    assert_eq!(credential.username.as_deref(), Some(username), "{credential:?}");
    assert_eq!(credential.password.as_ref().map(|secret| &secret.expose()[..]), Some(password));
    assert_eq!((&credential.unreadable, credential.outcome), (&None, Outcome::Accepted));
    [on_the_way, format!("{credential:?}")]
}

/// RFC 4648 section 4, as the shortest thing that is right: the crate under test has its own.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = Vec::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = (bits >> (18 - 6 * at)) & 63;
            text.push(if at <= three.len() { ALPHABET[digit as usize] } else { b'=' });
        }
    }
    text
}
