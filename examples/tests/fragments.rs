//! A session whose segments came in IP fragments, through the tool.
#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]

use mailtap::pipeline::{Options, extract};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const BODY: &[u8] = b"Subject: cut\r\n\r\nIn three fragments, each of which is to be found again.\r\n";

/// A capture of raw IPv4 packets, one a second.
#[derive(Default)]
struct Capture {
    frames: Vec<Vec<u8>>,
    seq: [u32; 2],
}

impl Capture {
    /// An IPv4 fragment of side 0 (client) or 1 (server).
    fn fragment(&mut self, side: usize, id: u16, offset: usize, more: bool, bytes: &[u8]) {
        let place = (offset / 8) as u16 | u16::from(more) << 13;
        let ends = [[192, 0, 2, 1], [192, 0, 2, 2]];
        let mut ip = vec![0x45, 0];
        ip.extend((20 + bytes.len() as u16).to_be_bytes());
        ip.extend(id.to_be_bytes());
        ip.extend(place.to_be_bytes());
        ip.extend([64, 6, 0, 0]);
        ip.extend([ends[side], ends[1 - side]].concat());
        ip.extend(bytes);
        self.frames.push(ip);
    }

    fn tcp(&mut self, side: usize, flags: u8, payload: &[u8]) -> Vec<u8> {
        let ports = [40_000_u16, 25];
        let mut tcp = [ports[side].to_be_bytes(), ports[1 - side].to_be_bytes()].concat();
        tcp.extend(self.seq[side].to_be_bytes());
        tcp.extend(self.seq[1 - side].to_be_bytes());
        tcp.extend([0x50, flags, 4, 0, 0, 0, 0, 0]);
        tcp.extend(payload);
        // The checksum (RFC 9293, section 3.1), over the addresses, protocol and length as well.
        let words =
            [&[192, 0, 2, 1, 192, 0, 2, 2, 0, 6], &(tcp.len() as u16).to_be_bytes()[..], &tcp].concat();
        let sum: u32 = words
            .chunks(2)
            .map(|word| u32::from(u16::from_be_bytes([word[0], word.get(1).copied().unwrap_or(0)])))
            .sum();
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        self.seq[side] += payload.len() as u32 + u32::from(flags & 3 != 0);
        tcp
    }

    fn say(&mut self, side: usize, flags: u8, payload: &[u8]) {
        let tcp = self.tcp(side, flags, payload);
        self.fragment(side, 0, 0, false, &tcp);
    }

    fn write(&self, path: &Path) {
        let mut file = [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 65_535, 101].map(u32::to_be_bytes).concat();
        for (number, frame) in self.frames.iter().enumerate() {
            let len = frame.len() as u32;
            file.extend([number as u32, 0, len, len].map(u32::to_be_bytes).concat());
            file.extend(frame);
        }
        fs::write(path, file).unwrap();
    }
}

fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn fragments_keep_their_places() {
    let mut capture = Capture::default();
    capture.say(0, 0x02, b"");
    capture.say(1, 0x12, b"");
    for (side, text) in [
        (1, &b"220 a ESMTP\r\n"[..]),
        (0, b"EHLO b\r\n"),
        (1, b"250 a\r\n"),
        (0, b"MAIL FROM:<b@c.test>\r\n"),
        (1, b"250 ok\r\n"),
        (0, b"RCPT TO:<d@c.test>\r\n"),
        (1, b"250 ok\r\n"),
        (0, b"DATA\r\n"),
        (1, b"354 go\r\n"),
    ] {
        capture.say(side, 0x18, text);
    }
    // Frames 12 to 15: 24 bytes of TCP, another 40 that come first, a changed copy of them, and the rest.
    let data = capture.tcp(0, 0x18, &[BODY, b".\r\n"].concat());
    let mut changed = data[24..64].to_vec();
    changed[10] = b'!';
    capture.fragment(0, 7, 24, true, &data[24..64]);
    capture.fragment(0, 7, 0, true, &data[..24]);
    capture.fragment(0, 7, 24, true, &changed);
    capture.fragment(0, 7, 64, false, &data[64..]);
    capture.say(1, 0x18, b"250 queued\r\n");
    // Two datagrams that are never whole.
    capture.fragment(1, 8, 0, true, &data[..32]);
    capture.fragment(1, 9, 8, true, &data[..32]);
    capture.say(0, 0x11, b"");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pcap");
    capture.write(&path);
    let out = dir.path().join("out");
    extract(&Options::new(vec![path], out.clone()), |_| {}).unwrap();

    let messages = lines(&out, "messages.jsonl");
    assert_eq!(messages.len(), 1);
    assert_eq!((&messages[0]["size"], &messages[0]["complete"]), (&json!(BODY.len()), &json!(true)));
    let file = messages[0]["file"].as_str().unwrap();
    assert_eq!(fs::read(out.join(file)).unwrap(), BODY);
    // Message offset, stream offset, length, input, frame, offset in the payload of the whole segment.
    let start = 56;
    let rest = BODY.len() - 44;
    assert_eq!(
        lines(&out, "provenance.jsonl")[0]["runs"],
        json!([[0, start, 4, 1, 13, 0], [4, start + 4, 40, 1, 12, 4], [44, start + 44, rest, 1, 15, 44]])
    );
    let anomalies: Vec<Value> = lines(&out, "anomalies.jsonl")
        .into_iter()
        .filter(|anomaly| anomaly["layer"] == "packet")
        .map(|anomaly| json!([anomaly["code"], anomaly["packet"]["frame"], anomaly["detail"]]))
        .collect();
    assert_eq!(
        anomalies,
        [
            json!([
                "fragment-conflict",
                14,
                "datagram 7 from 192.0.2.1 to 192.0.2.2, 1 bytes at 34: kept \"\\r\" of frame 12, not \"!\""
            ]),
            json!([
                "fragment-incomplete",
                17,
                "2 datagrams, this the first: datagram 8 from 192.0.2.2 to 192.0.2.1, 1 fragments with 32 bytes"
            ]),
        ]
    );
}

/// What reassembly finds odd comes with its bytes, and with what may be behind it.
#[test]
fn conflicts_and_late_data_show_their_bytes() {
    let mut capture = Capture::default();
    capture.say(0, 0x02, b"");
    capture.say(1, 0x12, b"");
    capture.say(1, 0x18, b"220 a ESMTP\r\n");
    capture.say(0, 0x18, b"EHLO b\r\n");
    // Frame 5: another copy of frame 4, from further away.
    capture.seq[0] -= 8;
    capture.say(0, 0x18, b"EHLO x\r\n");
    capture.frames[4][8] = 30;
    capture.say(1, 0x18, b"250 a\r\n");
    // A command that is answered, and captured long after its answer, as frame 73.
    let late = capture.tcp(0, 0x18, b"NOOP\r\n");
    capture.say(1, 0x18, b"250 ok\r\n");
    capture.say(0, 0x18, b"QUIT\r\n");
    for _ in 0..64 {
        capture.say(1, 0x10, b"");
    }
    capture.fragment(0, 0, 0, false, &late);
    capture.say(1, 0x19, b"221 bye\r\n");
    capture.say(0, 0x11, b"");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pcap");
    capture.write(&path);
    for (secrets, conflict, late) in [
        (
            None,
            "1 bytes: kept \"b\" of frame 4, not \"x\" of frame 5; hint: ttl-delta -34",
            "6 bytes at 8: \"NOOP\\r\\n\"",
        ),
        (
            Some(mailtap::pipeline::Secrets::Omit),
            "1 bytes: kept that of frame 4, not that of frame 5; hint: ttl-delta -34",
            "6 bytes at 8",
        ),
    ] {
        let out = dir.path().join(format!("{secrets:?}"));
        let mut options = Options::new(vec![path.clone()], out.clone());
        options.reading.secrets = secrets;
        extract(&options, |_| {}).unwrap();
        let anomalies: Vec<Value> = lines(&out, "anomalies.jsonl")
            .into_iter()
            .filter(|anomaly| anomaly["code"] == "conflict" || anomaly["code"] == "late-data")
            .map(|anomaly| json!([anomaly["code"], anomaly["packet"]["frame"], anomaly["detail"]]))
            .collect();
        assert_eq!(anomalies, [json!(["conflict", 5, conflict]), json!(["late-data", 73, late])]);
    }
}
