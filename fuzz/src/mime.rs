//! Targets of mime-extract.

// The checks of the crate's own properties, so that both mean the same by them.
#[path = "../../mime-extract/tests/common/mod.rs"]
mod common;

use bytes::Bytes;
use common::checks::{check_gap, check_gap_told, check_prefix, check_raw, with_gap};
use common::{Step, chunks, data, listing, run};
use mime_extract::{Config, Event, EventKind, Headers, PartKind, candidates, charset};
use std::collections::BTreeSet;

use super::input::Input;

/// Seven bytes choose the limits, two chunk sizes, where a gap lies and how long it is, and how many cuts are tried; the
/// rest is a message.
///
/// # Panics
///
/// Events that depend on the chunks, a cut message that decodes to something else, a part that is not what stands in the
/// message, a gap that nobody tells of, more memory than promised.
pub fn mime_message(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let sizes = [input.byte(), input.byte()].map(|size| usize::from(size) + 1);
    let (gap_at, gap_len) = (usize::from(input.u16()), usize::from(input.byte()));
    let cuts = usize::from(input.byte() % 32);
    let mail = Bytes::copy_from_slice(input.rest());
    let config = if flags & 1 == 0 {
        Config::default()
    } else {
        Config::default().max_header(0).max_depth(3).max_encoded_depth(1).max_parts(4).max_parameters(2)
    };

    let whole = run(&[Step::Push(mail.clone())], &config);
    check_raw(&mail, &whole);
    for event in &whole {
        match &event.kind {
            EventKind::Headers(headers) => ask(headers),
            EventKind::PartStart(part) => ask(&part.headers),
            _ => {}
        }
    }

    let mixed = run(&chunks(&mail, &sizes), &config);
    check_raw(&mail, &mixed);
    assert_eq!(listing(&mixed), listing(&whole), "in pieces of {sizes:?}");

    for cut in 1..=cuts {
        let at = mail.len() * cut / (cuts + 1);
        let start = run(&[Step::Push(mail.slice(..at))], &config);
        check_prefix(&start, &whole, &format!("cut at {at}"));
    }

    let from = gap_at.min(mail.len());
    let to = (from + gap_len).min(mail.len());
    if from < to {
        let holed = run(&with_gap(&mail, from, to, flags & 2 == 0), &config);
        let what = format!("gap at {from}..{to}");
        check_gap(&holed, from as u64, &what);
        check_gap_told(&holed, &what);
    }
}

/// Four bytes choose the limits, and where a gap lies and how long it is; the rest is a message.
///
/// # Panics
///
/// Candidates of a message that is not ambiguous, that the primary reading or an earlier candidate has, without a reason,
/// outside of the message, or more of them than the limits allow; another outcome the second time.
pub fn mime_candidates(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let (gap_at, gap_len) = (usize::from(input.u16()), usize::from(input.byte()));
    let mail = Bytes::copy_from_slice(input.rest());
    let config = match flags & 3 {
        0 => Config::default(),
        1 => Config::default().max_readings(usize::from(flags >> 4)),
        2 => Config::default().max_header(0).max_depth(3).max_encoded_depth(1).max_parts(4).max_parameters(2),
        _ => Config::default().max_candidate(usize::from(flags)),
    };

    let from = gap_at.min(mail.len());
    let to = (from + gap_len).min(mail.len());
    let known = flags & 8 == 0;
    let (steps, gaps, stored) = if from < to && flags & 4 != 0 {
        let len = known.then_some((to - from) as u64);
        let stored = Bytes::from([&mail[..from], &mail[to..]].concat());
        (with_gap(&mail, from, to, known), vec![(from as u64, len)], stored)
    } else {
        (vec![Step::Push(mail.clone())], Vec::new(), mail.clone())
    };
    let primary = run(&steps, &config);
    let ambiguous =
        primary.iter().any(|event| matches!(&event.kind, EventKind::Anomaly(one) if one.is_ambiguous()));
    let mut seen: BTreeSet<Vec<u8>> = data_of_leaves(&primary);

    let mut readings = candidates(stored.clone(), &gaps, &config);
    let found: Vec<_> = readings.by_ref().collect();
    let again: Vec<_> = candidates(stored.clone(), &gaps, &config).collect();
    assert_eq!(found, again);
    assert!(ambiguous || found.is_empty(), "other readings of a clean message");
    if flags & 3 == 3 && stored.len() > usize::from(flags) || flags & 3 == 1 && flags >> 4 == 0 {
        assert!(found.is_empty(), "readings beyond the limit");
    }
    // Decoding stops at the first piece that is too much.
    let sum: usize = found.iter().map(|one| one.content.len()).sum();
    assert!(sum <= 4 * stored.len() + (1 << 20), "{sum} of {}", stored.len());
    for one in found {
        assert_eq!(one.content.len() as u64, one.end.size);
        assert!(!one.via.is_empty(), "no reason");
        assert!(one.end.raw.start <= one.end.raw.end && one.end.raw.end <= mail.len() as u64);
        ask(&one.part.headers);
        assert!(seen.insert(one.content.to_vec()), "{} is not new", one.content.escape_ascii());
    }
}

fn data_of_leaves(events: &[Event]) -> BTreeSet<Vec<u8>> {
    let mut all = data(events);
    for event in events {
        if let EventKind::PartStart(part) = &event.kind
            && matches!(part.kind, PartKind::Message | PartKind::Multipart)
        {
            all.remove(&event.part);
        }
    }
    all.into_values().map(|(_, data)| data).collect()
}

/// Asks all that can be asked of fields; values that hold nothing to decode are what stands there.
fn ask(headers: &Headers) {
    for field in headers.iter() {
        let unfolded = field.unfolded();
        let text = field.text();
        if unfolded.is_ascii() && !unfolded.windows(2).any(|two| two == b"=?") {
            assert_eq!(text.as_bytes(), &*unfolded);
        }
        assert_eq!(text, field.text());
        let _ = (field.addresses(), field.date(), field.message_ids());
        let _ = (field.received(), field.authentication_results());
    }
}

/// One byte chooses the transfer encoding, two the chunk sizes; the rest is a body, or the name of a charset, a
/// line end and text in it.
///
/// # Panics
///
/// Anything but what the shortest reading of RFC 2045 gives for that body, in any chunks.
pub fn mime_decode(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.byte();
    let sizes = [input.byte(), input.byte()].map(|size| usize::from(size) + 1);
    let body = input.rest();
    match kind % 3 {
        0 => {
            let decoded = decoded("base64", body, &sizes);
            // What stands behind padding is a matter of judgement.
            if !body.contains(&b'=') {
                let body = behind_begin(body);
                assert_eq!(decoded.escape_ascii().to_string(), base64(body).escape_ascii().to_string());
            }
        }
        1 => {
            let decoded = decoded("quoted-printable", body, &sizes);
            // Of a line without its end nobody knows whether the blanks at its end count.
            let lines = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let (whole, open) = (quoted_printable(&body[..lines]), escapes(&body[lines..]));
            let (start, rest) = decoded.split_at(whole.len());
            assert_eq!(start.escape_ascii().to_string(), whole.escape_ascii().to_string());
            assert!(open.starts_with(rest), "{} of {}", rest.escape_ascii(), open.escape_ascii());
        }
        _ => {
            let mut lines = body.splitn(2, |byte| *byte == b'\n');
            let mut line = || lines.next().unwrap_or_default();
            let (label, bytes) = (line(), line());
            let text = charset::to_utf8(&String::from_utf8_lossy(label), bytes);
            if text.exact && text.charset == "UTF-8" && !bytes.starts_with(b"\xef\xbb\xbf") {
                assert_eq!(text.text.as_bytes(), bytes);
            }
        }
    }
}

/// The body of a message in that transfer encoding, which has to be the same in pieces of any size.
fn decoded(encoding: &str, body: &[u8], sizes: &[usize]) -> Vec<u8> {
    let head = format!("Content-Transfer-Encoding: {encoding}\r\n\r\n");
    let mail = Bytes::from([head.as_bytes(), body].concat());
    let read = |steps: &[Step]| -> (Vec<Event>, Vec<u8>) {
        let events = run(steps, &Config::default());
        let body = data(&events).remove(&0).unwrap_or_default().1;
        (events, body)
    };
    let (events, whole) = read(&[Step::Push(mail.clone())]);
    let (mixed, pieces) = read(&chunks(&mail, sizes));
    assert_eq!(pieces.escape_ascii().to_string(), whole.escape_ascii().to_string(), "in pieces of {sizes:?}");
    assert_eq!(listing(&mixed), listing(&events));
    whole
}

/// What stands behind a `begin-base64` line; nothing where that may still become one.
fn behind_begin(body: &[u8]) -> &[u8] {
    const BEGIN: &[u8] = b"begin-base64 ";
    let line = body.iter().take(1024).position(|byte| *byte == b'\n');
    match line {
        _ if body.is_empty() || !(body.starts_with(BEGIN) || BEGIN.starts_with(body)) => body,
        Some(end) if body.starts_with(BEGIN) => &body[end + 1..],
        None if body.len() < 1024 => b"",
        _ => body,
    }
}

/// RFC 2045 section 6.8 for text without padding: what is outside of the alphabet is passed over.
fn base64(body: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = body.iter().filter_map(value).collect();
    let mut bytes = Vec::new();
    for quad in digits.chunks(4) {
        let bits = quad.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - quad.len()));
        bytes.extend(&bits.to_be_bytes()[1..quad.len()]);
    }
    bytes
}

/// RFC 2045 section 6.7 for whole lines.
fn quoted_printable(lines: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let end = &line[text.len()..];
        let kept = text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
        match text[..kept].strip_suffix(b"=") {
            Some(soft) => bytes.extend(escapes(soft)),
            None => bytes.extend([&escapes(&text[..kept]), end].concat()),
        }
    }
    bytes
}

/// The escapes of a line; what is none stays as it is.
fn escapes(mut text: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::new();
    while let Some((byte, rest)) = text.split_first() {
        text = match rest {
            [high, low, behind @ ..] if *byte == b'=' => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    behind
                }
                _ => {
                    bytes.push(b'=');
                    rest
                }
            },
            _ => {
                bytes.push(*byte);
                rest
            }
        };
    }
    bytes
}
