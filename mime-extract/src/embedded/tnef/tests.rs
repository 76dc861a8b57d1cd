//! Streams made here, in pieces of every size.

use super::*;
use crate::embedded::Kind;

fn word(word: usize) -> [u8; 4] {
    u32::try_from(word).unwrap().to_le_bytes()
}

fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    [&[level][..], &id.to_le_bytes(), &word(data.len()), data, &sum.to_le_bytes()].concat()
}

fn stream(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&b"\x78\x9f\x3e\x22\x01\x00"[..], &attributes.concat()].concat()
}

fn properties(properties: &[Vec<u8>]) -> Vec<u8> {
    [&word(properties.len())[..], &properties.concat()].concat()
}

/// A property with one value of a counted type.
fn counted(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes =
        [&kind.to_le_bytes()[..], &id.to_le_bytes(), &word(1), &word(value.len()), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn fixed(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &id.to_le_bytes(), value].concat()
}

fn unicode(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// What is found, as lines; data of a file joined where it ends. The same for pieces of any size.
fn told(bytes: &[u8]) -> Vec<String> {
    let told: Vec<_> = [1, 2, 3, 7, 16, 1000, usize::MAX].iter().map(|size| told_by(bytes, *size)).collect();
    for (other, size) in told.iter().zip([1, 2, 3, 7, 16, 1000]) {
        assert_eq!(other, &told[6], "by {size}");
    }
    told.into_iter().next_back().unwrap()
}

fn told_by(bytes: &[u8], size: usize) -> Vec<String> {
    let mut tnef = Tnef::new();
    let mut found = Vec::new();
    let mut at = 0;
    for piece in bytes.chunks(size.min(bytes.len().max(1))) {
        let end = at + piece.len() as u64;
        tnef.push(&Bytes::copy_from_slice(piece), Origin { start: at, end, exact: true }, &mut found);
        assert!(tnef.memory() < 64 << 10);
        at = end;
    }
    tnef.finish(at, &mut found);
    lines(found)
}

fn lines(found: Vec<Found>) -> Vec<String> {
    let (mut lines, mut open) = (Vec::new(), Vec::new());
    for Found { kind, .. } in found {
        match kind {
            Kind::Start(inner) => {
                let name = inner.name.unwrap_or_default();
                let charset = inner.charset.map(|charset| format!(" {charset}")).unwrap_or_default();
                lines.push(format!("start {:?} {}{charset} {name:?}", inner.kind, inner.content_type));
                open.push(Vec::new());
            }
            Kind::Name(name) => lines.push(format!("name {name:?}")),
            Kind::Data(bytes) => open.last_mut().unwrap().extend(bytes),
            Kind::Gap => lines.push("gap".to_owned()),
            Kind::End { whole, decode } => {
                let data = open.pop().unwrap();
                let state = if whole { "whole" } else { "cut" };
                lines.push(format!("end {state} {decode:?} \"{}\"", data.escape_ascii()));
            }
            Kind::Anomaly(anomaly) => lines.push(anomaly.code().to_owned()),
        }
    }
    assert!(open.is_empty());
    lines
}

const RTF: &[u8] = b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4KQA\x00\x04 WXYZ\x0d\x6e}\x01\x0e\xb0";

#[test]
fn attachments_with_their_names() {
    let bytes = stream(&[
        attribute(1, 0x0008_9006, &[0, 0, 1, 0]),
        attribute(1, 0x0006_9007, &[0xe3, 4, 0, 0, 0, 0, 0, 0]),
        attribute(1, 0x0001_8004, b"subject\0"),
        attribute(2, 0x0006_9002, &[1; 14]),
        attribute(2, 0x0001_8010, b"\xe4.txt\0"),
        attribute(2, 0x0006_800f, b"first"),
        attribute(
            2,
            0x0006_9005,
            &properties(&[
                fixed(3, 0x0e21, &[9, 0, 0, 0]),
                counted(0x1f, 0x3001, &unicode("display")),
                counted(0x1f, 0x3707, &unicode("a longer name.txt")),
                counted(0x102, 0x3701, b"not again"),
            ]),
        ),
        attribute(2, 0x0006_9002, &[1; 14]),
        attribute(2, 0x0006_800f, b""),
        attribute(2, 0x0001_8010, b"late.bin\0"),
        attribute(2, 0x0006_9002, &[1; 14]),
        attribute(2, 0x0001_8010, b"nothing.bin\0"),
    ]);
    assert_eq!(
        told(&bytes),
        [
            "tnef",
            "start Leaf application/octet-stream \"д.txt\"",
            "name \"a longer name.txt\"",
            "end whole Ok \"first\"",
            "start Leaf application/octet-stream \"\"",
            "name \"late.bin\"",
            "end whole Ok \"\"",
            "start Leaf application/octet-stream \"nothing.bin\"",
            "end cut Partial \"\"",
        ]
    );
}

#[test]
fn texts_of_the_message() {
    let bytes = stream(&[
        attribute(1, 0x0002_800c, b"plain\0"),
        attribute(
            1,
            0x0006_9003,
            &properties(&[
                fixed(0x0b, 0x8001, &[&[7; 16][..], &word(0), &word(5), &word(1)].concat()),
                fixed(
                    0x40,
                    0x8002,
                    &[&[7; 16][..], &word(1), &word(6), &unicode("na"), &[0; 2], &[9; 8]].concat(),
                ),
                fixed(0x1003, 0x1234, &[&word(3)[..], &[0; 12]].concat()),
                [&fixed(0x101e, 0x1235, &word(2))[..], &word(3), b"ab\0\0", &word(1), b"\0\0\0\0"].concat(),
                counted(0x1f, 0x1000, &unicode("hi")),
                counted(0x102, 0x1009, RTF),
                counted(0x102, 0x1013, b"<b>"),
                counted(0x1e, 0x1000, b""),
            ]),
        ),
    ]);
    assert_eq!(
        told(&bytes),
        [
            "tnef",
            "start Leaf text/plain \"\"",
            "end whole Ok \"plain\"",
            "start Leaf text/plain utf-16le \"\"",
            "end whole Ok \"h\\x00i\\x00\"",
            "start Leaf application/rtf \"\"",
            "end whole Ok \"{\\\\rtf1 WXYZWXYZWXYZWXYZWXYZ}\"",
            "start Leaf text/html \"\"",
            "end whole Ok \"<b>\"",
        ]
    );
}

/// An attachment that is a message, with an attachment of its own, so many deep.
fn nested(levels: usize) -> Vec<u8> {
    let message = b"\x07\x03\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";
    (0..levels).fold(
        stream(&[
            attribute(2, 0x0006_9002, &[1; 14]),
            attribute(2, 0x0001_8010, b"x\0"),
            attribute(2, 0x0006_800f, b"inner"),
        ]),
        |inner, _| {
            let object = [&message[..], &inner].concat();
            let properties = properties(&[
                counted(0x1e, 0x3001, b"fwd\0"),
                counted(0x0d, 0x3701, &object),
                fixed(3, 9, &[0; 4]),
            ]);
            stream(&[attribute(2, 0x0006_9002, &[1; 14]), attribute(2, 0x0006_9005, &properties)])
        },
    )
}

#[test]
fn messages_in_messages() {
    assert_eq!(
        told(&nested(1)),
        [
            "tnef",
            "start Multipart application/ms-tnef \"fwd\"",
            "tnef",
            "start Leaf application/octet-stream \"x\"",
            "end whole Ok \"inner\"",
            "end whole Ok \"\"",
        ]
    );
    let deep = told(&nested(40));
    assert_eq!(deep.iter().filter(|line| line.starts_with("start Multipart")).count(), MAX_DEPTH);
    assert_eq!(deep.iter().filter(|line| line.starts_with("end")).count(), MAX_DEPTH);
}

#[test]
fn objects_of_other_kinds_are_files() {
    let object = [&[3; 16][..], b"ole"].concat();
    let properties = properties(&[counted(0x1e, 0x3704, b"O.OLE\0"), counted(0x0d, 0x3701, &object)]);
    let bytes = stream(&[attribute(2, 0x0006_9002, &[1; 14]), attribute(2, 0x0006_9005, &properties)]);
    assert_eq!(
        told(&bytes),
        ["tnef", "start Leaf application/octet-stream \"O.OLE\"", "end whole Ok \"ole\""]
    );
}

#[test]
fn damage_is_told_and_what_stood_before_it_stays() {
    let whole = stream(&[
        attribute(2, 0x0006_9002, &[1; 14]),
        attribute(2, 0x0001_8010, b"a\0"),
        attribute(2, 0x0006_800f, b"content"),
    ]);
    let all = ["tnef", "start Leaf application/octet-stream \"a\"", "end whole Ok \"content\""];
    let mut wrong_sum = whole.clone();
    *wrong_sum.last_mut().unwrap() ^= 1;
    let cut = &whole[..whole.len() - 5];
    let garbage = [&whole[..], b"\x07 and more of it"].concat();
    let zeros = [&whole[..], &[0; 12]].concat();
    let short = stream(&[attribute(1, 0x0006_9003, &properties(&[counted(0x1e, 0x1000, b"text")])[..14])]);
    for (bytes, expected) in [
        (&whole[..], all.to_vec()),
        (&wrong_sum, vec![all[0], all[1], "tnef-checksum", all[2]]),
        (cut, vec![all[0], all[1], "tnef-damaged", "end cut Partial \"cont\""]),
        (&garbage, vec![all[0], all[1], "tnef-damaged", all[2]]),
        (&zeros, all.to_vec()),
        (&short, vec!["tnef", "tnef-damaged"]),
        (&whole[..4], vec![]),
        (b"PK\x03\x04 something else", vec![]),
        (b"", vec![]),
    ] {
        assert_eq!(told(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn nothing_is_taken_from_behind_a_gap() {
    let bytes = stream(&[
        attribute(2, 0x0006_9002, &[1; 14]),
        attribute(2, 0x0001_8010, b"a\0"),
        attribute(2, 0x0006_800f, b"content"),
    ]);
    let (before, behind) = bytes.split_at(bytes.len() - 6);
    let mut tnef = Tnef::new();
    let mut found = Vec::new();
    let origin = Origin { start: 0, end: 0, exact: false };
    tnef.push(&Bytes::copy_from_slice(before), origin, &mut found);
    tnef.gap(9, &mut found);
    tnef.push(&Bytes::copy_from_slice(behind), origin, &mut found);
    tnef.finish(9, &mut found);
    assert_eq!(
        lines(found),
        ["tnef", "start Leaf application/octet-stream \"a\"", "gap", "end cut Partial \"con\""]
    );
}
