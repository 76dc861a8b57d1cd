//! Captures of one message each, with everything that may happen to packets on their way, and what each frame carries.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// splitmix64: the same capture for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `limit`.
    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit.max(1) as u64) as usize
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// What a frame carries of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    /// The payload of the whole segment, of which the frame may be a fragment.
    pub(crate) payload: Rc<[u8]>,
    /// What of it the frame itself holds.
    pub(crate) range: Range<usize>,
    /// Where in the stream the payload begins.
    pub(crate) stream: u64,
}

/// What may happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Odds {
    pub(crate) losses: bool,
    pub(crate) fragments: bool,
    pub(crate) tunnels: bool,
    pub(crate) inputs: usize,
}

/// Captures, and what is in them.
pub(crate) struct Captures {
    pub(crate) paths: Vec<PathBuf>,
    /// By input and frame.
    pub(crate) frames: BTreeMap<(u64, u64), Carried>,
    pub(crate) message: Vec<u8>,
    /// Nothing of the message is missing.
    pub(crate) whole: bool,
}

struct Wire {
    dice: Dice,
    odds: Odds,
    v6: bool,
    ports: [u16; 2],
    /// Bytes sent so far.
    sent: [u64; 2],
    clock: u32,
    id: u16,
    files: Vec<(Vec<u8>, u64)>,
    frames: BTreeMap<(u64, u64), Carried>,
}

const FIRST: [u32; 2] = [0xffff_fe00, 5000];

pub(crate) fn captures(dir: &Path, seed: u64, odds: Odds) -> Captures {
    let mut dice = Dice(seed);
    let protocol = dice.below(3);
    let v6 = dice.one_in(3);
    let message = message(&mut dice);
    let mut head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    head.shrink_to_fit();
    let ports = [40_000, [25, 110, 143][protocol]];
    let files = vec![(head, 0); odds.inputs];
    let mut wire =
        Wire { dice, odds, v6, ports, sent: [0; 2], clock: 0, id: 1, files, frames: BTreeMap::new() };
    wire.segment(0, 0, 0x02, &[]);
    wire.segment(1, 0, 0x12, &[]);
    wire.segment(0, 0, 0x10, &[]);
    let stuffed = stuffed(&message);
    let fetched = format!("* 1 FETCH (BODY[] {{{}}}\r\n", message.len());
    let (dialog, side, stream): (&[&str], usize, Vec<u8>) = match protocol {
        0 => (
            &[
                "1220 a ESMTP",
                "0EHLO b",
                "1250 a",
                "0MAIL FROM:<b@c.test>",
                "1250 ok",
                "0RCPT TO:<d@c.test>",
                "1250 ok",
                "0DATA",
                "1354 go",
            ],
            0,
            stuffed,
        ),
        1 => (
            &["1+OK a", "0USER b", "1+OK", "0PASS c", "1+OK", "0RETR 1"],
            1,
            [b"+OK here\r\n", &stuffed[..]].concat(),
        ),
        _ => (
            &[
                "1* OK a",
                "0a LOGIN b c",
                "1a OK",
                "0b SELECT INBOX",
                "1* 1 EXISTS\r\nb OK",
                "0c FETCH 1 BODY[]",
            ],
            1,
            [fetched.as_bytes(), &message[..], b")\r\nc OK\r\n"].concat(),
        ),
    };
    for line in dialog {
        let (side, text) = line.split_at(1);
        wire.say(usize::from(side == "1"), format!("{text}\r\n").as_bytes());
    }
    let whole = wire.stream(side, &stream);
    match protocol {
        0 => wire.say(1, b"250 queued\r\n"),
        1 => wire.say(0, b"QUIT\r\n"),
        _ => wire.say(0, b"d LOGOUT\r\n"),
    }
    for side in [side, 1 - side] {
        let at = wire.sent[side];
        wire.segment(side, at, 0x11, &[]);
    }
    let paths = (0..odds.inputs).map(|number| dir.join(format!("{number}.pcap"))).collect::<Vec<_>>();
    for (path, (bytes, _)) in paths.iter().zip(&wire.files) {
        fs::write(path, bytes).unwrap();
    }
    Captures { paths, frames: wire.frames, message, whole }
}

/// A message with dots at the beginning of lines, bare ones too.
fn message(dice: &mut Dice) -> Vec<u8> {
    let mut message = b"Subject: packets\r\n\r\n".to_vec();
    for _ in 0..dice.below(60) {
        let dots = if dice.one_in(3) { dice.below(4) } else { 0 };
        message.extend(vec![b'.'; dots]);
        let len = dice.below(90);
        message.extend((0..len).map(|_| b'a' + dice.below(26) as u8));
        message.extend_from_slice(b"\r\n");
    }
    message
}

fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::new();
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        stuffed.extend_from_slice(if line.starts_with(b".") { b"." } else { b"" });
        stuffed.extend_from_slice(line);
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

impl Wire {
    /// A line that arrives as it is, and is acknowledged by whatever follows.
    fn say(&mut self, side: usize, text: &[u8]) {
        self.segment(side, self.sent[side], 0x18, text);
        self.sent[side] += text.len() as u64;
    }

    /// A stream in segments, of which some are lost, sent again in other pieces, or out of order; the other side
    /// acknowledges all. Whether nothing of it is missing.
    fn stream(&mut self, side: usize, bytes: &[u8]) -> bool {
        let start = self.sent[side];
        let mut pieces = Vec::new();
        let mut there = vec![false; bytes.len()];
        let mut at = 0;
        while at < bytes.len() {
            let len = 1 + if self.dice.one_in(3) { self.dice.below(12) } else { self.dice.below(700) };
            let end = (at + len).min(bytes.len());
            if !(self.odds.losses && self.dice.one_in(10)) {
                pieces.push(at..end);
            }
            if self.dice.one_in(6) {
                // Once more, cut elsewhere: it may fill a hole, repeat, or go ahead.
                let from = end.saturating_sub(self.dice.below(900));
                pieces.push(from..(from + 1 + self.dice.below(900)).min(bytes.len()));
            }
            at = end;
        }
        for place in 1..pieces.len() {
            if self.dice.one_in(5) {
                pieces.swap(place - 1, place);
            }
        }
        for piece in pieces {
            there[piece.clone()].fill(true);
            self.segment(side, start + piece.start as u64, 0x18, &bytes[piece]);
        }
        self.sent[side] += bytes.len() as u64;
        self.segment(1 - side, self.sent[1 - side], 0x10, &[]);
        there.into_iter().all(|there| there)
    }

    /// A TCP segment, in one frame or in fragments.
    fn segment(&mut self, side: usize, at: u64, flags: u8, payload: &[u8]) {
        let own = |side: usize, at: u64, first: u8| {
            FIRST[side].wrapping_add(u32::from(flags & first == 0)).wrapping_add(at as u32)
        };
        let seq = own(side, at, 0x02);
        let ack = FIRST[1 - side].wrapping_add(1).wrapping_add(self.sent[1 - side] as u32);
        let mut tcp = [self.ports[side].to_be_bytes(), self.ports[1 - side].to_be_bytes()].concat();
        tcp.extend(seq.to_be_bytes());
        tcp.extend(if flags & 0x10 == 0 { 0 } else { ack }.to_be_bytes());
        tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend_from_slice(payload);
        let [src, dst] = [self.address(side), self.address(1 - side)];
        let pseudo = [&src[..], &dst, &(tcp.len() as u32).to_be_bytes(), &[0, 0, 0, 6], &tcp].concat();
        let sum = checksum(&pseudo);
        tcp[16..18].copy_from_slice(&sum.to_be_bytes());

        let mut cuts = vec![0];
        if self.odds.fragments && payload.len() > 8 && self.dice.one_in(3) {
            cuts.extend((1..tcp.len().div_ceil(8)).filter(|_| self.dice.one_in(12)).map(|cut| cut * 8));
        }
        cuts.push(tcp.len());
        let mut parts: Vec<Range<usize>> = cuts.windows(2).map(|cut| cut[0]..cut[1]).collect();
        if self.dice.one_in(2) {
            parts.reverse();
        }
        self.id += 1;
        let whole: Rc<[u8]> = payload.into();
        let tunnel = if self.odds.tunnels { self.dice.below(7) } else { 0 };
        for part in parts {
            let packet = if part.len() == tcp.len() {
                self.ip(side, None, 6, &tcp)
            } else {
                self.ip(side, Some((part.start, part.end < tcp.len())), 6, &tcp[part.clone()])
            };
            let frame = self.around(tunnel, packet);
            let range = part.start.max(20) - 20..part.end.max(20) - 20;
            self.frame(&frame, Carried { payload: Rc::clone(&whole), range, stream: at });
        }
    }

    fn address(&self, side: usize) -> Vec<u8> {
        let last = side as u8 + 1;
        if self.v6 {
            [&[0x20, 0x01, 0x0d, 0xb8][..], &[0; 11], &[last]].concat()
        } else {
            vec![192, 0, 2, last]
        }
    }

    /// An IP packet; `part`: a fragment, its offset and whether more follow.
    fn ip(&self, side: usize, part: Option<(usize, bool)>, protocol: u8, bytes: &[u8]) -> Vec<u8> {
        let [src, dst] = [self.address(side), self.address(1 - side)];
        let place = part.map_or(0, |(offset, more)| (offset / 8) as u16 | u16::from(more) << 13);
        if !self.v6 {
            return ip4([src, dst].concat().try_into().unwrap(), self.id, place, protocol, bytes);
        }
        let mut rest = Vec::new();
        if let Some((offset, more)) = part {
            rest.extend([protocol, 0]);
            rest.extend((offset as u16 | u16::from(more)).to_be_bytes());
            rest.extend(u32::from(self.id).to_be_bytes());
        }
        rest.extend_from_slice(bytes);
        let mut ip = vec![0x60, 0, 0, 0];
        ip.extend((rest.len() as u16).to_be_bytes());
        ip.extend([if part.is_some() { 44 } else { protocol }, 64]);
        ip.extend([src, dst, rest].concat());
        ip
    }

    /// The frame around an IP packet: plain, tagged, or in a tunnel.
    fn around(&self, tunnel: usize, packet: Vec<u8>) -> Vec<u8> {
        let kind: u16 = if self.v6 { 0x86dd } else { 0x0800 };
        let outer = |protocol, bytes: &[u8]| ip4([203, 0, 113, 1, 203, 0, 113, 2], 9, 0, protocol, bytes);
        let mac = [0x02_u8; 12];
        let ethernet = |kind: u16, packet: &[u8]| [&mac[..], &kind.to_be_bytes(), packet].concat();
        match tunnel {
            1 => [&mac[..], &[0x81, 0, 0, 7], &kind.to_be_bytes(), &packet].concat(),
            2 => [&mac[..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8], &kind.to_be_bytes(), &packet].concat(),
            3 => ethernet(0x0800, &outer(47, &[&[0, 0][..], &kind.to_be_bytes(), &packet].concat())),
            4 => ethernet(0x0800, &outer(if self.v6 { 41 } else { 4 }, &packet)),
            5 => {
                let inner = [&[8, 0, 0, 0, 0, 0, 42, 0][..], &ethernet(kind, &packet)].concat();
                let len = (inner.len() as u16 + 8).to_be_bytes();
                let udp = [&[0xc0, 0, 0x12, 0xb5, len[0], len[1], 0, 0][..], &inner].concat();
                ethernet(0x0800, &outer(17, &udp))
            }
            // Short frames are padded.
            _ => {
                let mut frame = ethernet(kind, &packet);
                frame.resize(frame.len().max(60), 0);
                frame
            }
        }
    }

    fn frame(&mut self, frame: &[u8], carried: Carried) {
        self.clock += 1 + self.dice.below(900) as u32;
        let input = self.dice.below(self.files.len());
        let (file, number) = &mut self.files[input];
        let len = frame.len() as u32;
        for word in [1_600_000_000 + self.clock / 1_000_000, self.clock % 1_000_000, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.extend_from_slice(frame);
        *number += 1;
        self.frames.insert((input as u64 + 1, *number), carried);
    }
}

fn ip4(ends: [u8; 8], id: u16, place: u16, protocol: u8, bytes: &[u8]) -> Vec<u8> {
    let mut ip = vec![0x45, 0];
    ip.extend((20 + bytes.len() as u16).to_be_bytes());
    ip.extend(id.to_be_bytes());
    ip.extend(place.to_be_bytes());
    ip.extend([64, protocol, 0, 0]);
    ip.extend(ends);
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    ip.extend_from_slice(bytes);
    ip
}

/// That of RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let words =
        bytes.chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], *word.get(1).unwrap_or(&0)])));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
