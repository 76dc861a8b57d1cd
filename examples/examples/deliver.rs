//! Writes a capture in which the mails of a folder are delivered once more, as their headers say: for measuring what the
//! rules of findings make of real mail.
//!
//! ```sh
//! cargo run --release -p mailtap --example deliver -- mails > mails.pcap
//! ```
//!
//! Each file is a message, also with the From_ line of mbox. The newest hop that came from elsewhere, by its Received field,
//! passes again: from that address, under that name, at that time, with what stands below the field. MAIL FROM is what
//! Return-Path says. Message n of the capture is the n-th file by name; standard error tells them all.

#![allow(
    clippy::print_stderr,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for developers"
)]

use core::net::{IpAddr, Ipv4Addr};
use mime_extract::{Config, EventKind, Extractor, Headers};
use std::io::{BufWriter, Write, stdout};

/// Bytes of a segment.
const SEGMENT: usize = 1448;
/// The server of all deliveries.
const SERVER: [u8; 4] = [198, 51, 100, 25];
/// Who delivers what no field tells of, and when.
const UNKNOWN: ([u8; 4], i64) = ([192, 0, 2, 1], 1_030_000_000);

/// One delivery.
struct Delivery {
    client: [u8; 4],
    name: String,
    at: i64,
    from: String,
    to: String,
    /// With line ends of CRLF, dots not doubled.
    content: Vec<u8>,
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder of mails");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut capture = Capture { out: BufWriter::new(stdout().lock()), next: [0; 2], port: 20_000, clock: 0 };
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101] {
        capture.out.write_all(&word.to_le_bytes()).unwrap();
    }
    for (number, file) in (1..).zip(files.iter().filter(|file| file.is_file())) {
        capture.deliver(&Delivery::of(&std::fs::read(file).unwrap()));
        eprintln!("{number}\t{}", file.display());
    }
    capture.out.flush().unwrap();
}

fn headers(message: &[u8]) -> Headers {
    let mut extractor = Extractor::new(Config::default());
    extractor.push(message.to_vec().into());
    extractor.finish();
    let headers = extractor.events().find_map(|event| match event.kind {
        EventKind::Headers(headers) => Some(headers),
        _ => None,
    });
    headers.expect("every message has a header section, if an empty one")
}

fn is_elsewhere(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(v4) if !(v4.is_loopback() || v4.is_private() || v4.is_unspecified()) => Some(v4),
        _ => None,
    }
}

/// The first address in a text, without angle brackets.
fn address(text: &str) -> String {
    let list = mime_extract::Address::parse_list(text.as_bytes());
    let address = list.first().map(|one| one.address.clone()).unwrap_or_default();
    let plain = address.contains('@') && !address.contains(|c: char| c.is_whitespace() || "<>".contains(c));
    if plain { address } else { String::new() }
}

impl Delivery {
    fn of(file: &[u8]) -> Self {
        let mut content = Vec::new();
        for (number, line) in file.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if number > 0 || !line.starts_with(b"From ") {
                content.extend_from_slice(line);
                content.extend_from_slice(b"\r\n");
            }
        }
        let headers = headers(&content);
        let text = |name: &str| headers.text(name).map(|value| address(&value)).unwrap_or_default();
        let mut delivery = Self {
            client: UNKNOWN.0,
            name: "client.example".to_owned(),
            at: headers.date("date").map_or(UNKNOWN.1, |date| date.unix.max(UNKNOWN.1)),
            from: text("return-path"),
            to: text("delivered-to"),
            content: Vec::new(),
        };
        if headers.first("return-path").is_none() {
            delivery.from = text("from");
        }
        // A message that never came from elsewhere is sent by who wrote its newest field.
        if let Some(field) = headers.all("received").next() {
            delivery.at = field.date().map_or(delivery.at, |date| date.unix);
            let by = field.received().by.and_then(|by| by.split_whitespace().next().map(str::to_owned));
            delivery.name = by.unwrap_or(delivery.name);
        }
        let mut start = 0;
        let mut fields = headers.iter().peekable();
        while let Some(field) = fields.next() {
            let own = ["return-path", "delivered-to"].iter().any(|name| field.is(name));
            let behind = fields.peek().map(mime_extract::Field::offset);
            if own && behind.is_some() && start == field.offset() {
                start = behind.unwrap_or(start);
            }
            if !field.is("received") {
                continue;
            }
            let hop = field.received();
            if let Some((client, at)) = hop.ip.and_then(is_elsewhere).zip(field.date()) {
                delivery.client = client.octets();
                let name = hop.helo.filter(|name| !name.contains(char::is_whitespace));
                delivery.name = name.unwrap_or_else(|| "client.example".to_owned());
                // Servers write the field when the message begins to come, or when it has.
                delivery.at = at.unix;
                if let Some(to) = hop.recipient.map(|to| address(&to)).filter(|to| !to.is_empty()) {
                    delivery.to = to;
                }
                start = behind.unwrap_or(start);
                break;
            }
        }
        if delivery.to.is_empty() {
            delivery.to = "recipient@example.net".to_owned();
        }
        delivery.content = content.split_off(usize::try_from(start).unwrap());
        delivery
    }
}

struct Capture<W> {
    out: W,
    /// Next sequence number of client and server.
    next: [u32; 2],
    port: u16,
    /// In microseconds.
    clock: i64,
}

impl<W: Write> Capture<W> {
    fn deliver(&mut self, delivery: &Delivery) {
        self.port = if self.port == u16::MAX { 20_000 } else { self.port + 1 };
        self.next = [1000, 5000];
        self.clock = delivery.at * 1_000_000;
        let client = delivery.client;
        self.packet(client, 0, 0x02, b"");
        self.packet(client, 1, 0x12, b"");
        for (side, text) in [
            (1, "220 mx.example.net ESMTP\r\n".to_owned()),
            (0, format!("EHLO {}\r\n", delivery.name)),
            (1, "250 mx.example.net\r\n".to_owned()),
            (0, format!("MAIL FROM:<{}>\r\n", delivery.from)),
            (1, "250 ok\r\n".to_owned()),
            (0, format!("RCPT TO:<{}>\r\n", delivery.to)),
            (1, "250 ok\r\n".to_owned()),
            (0, "DATA\r\n".to_owned()),
            (1, "354 go on\r\n".to_owned()),
        ] {
            self.packet(client, side, 0x18, text.as_bytes());
        }
        let mut stuffed = Vec::new();
        for line in delivery.content.split_inclusive(|byte| *byte == b'\n') {
            if line.starts_with(b".") {
                stuffed.push(b'.');
            }
            stuffed.extend_from_slice(line);
        }
        stuffed.extend_from_slice(b".\r\n");
        for segment in stuffed.chunks(SEGMENT) {
            self.packet(client, 0, 0x18, segment);
        }
        self.packet(client, 1, 0x18, b"250 taken\r\n");
        self.packet(client, 0, 0x18, b"QUIT\r\n");
        self.packet(client, 1, 0x18, b"221 bye\r\n");
        self.packet(client, 1, 0x11, b"");
        self.packet(client, 0, 0x11, b"");
        self.packet(client, 1, 0x10, b"");
    }

    /// A packet of raw IPv4.
    fn packet(&mut self, client: [u8; 4], side: usize, flags: u8, payload: &[u8]) {
        let total = u16::try_from(40 + payload.len()).unwrap();
        let ports = if side == 0 { [self.port, 25] } else { [25, self.port] };
        let hosts = if side == 0 { [client, SERVER] } else { [SERVER, client] };
        let mut bytes = vec![0x45, 0];
        bytes.extend_from_slice(&total.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend_from_slice(&hosts.concat());
        ports.iter().for_each(|port| bytes.extend_from_slice(&port.to_be_bytes()));
        bytes.extend_from_slice(&self.next[side].to_be_bytes());
        let ack = if flags & 0x10 == 0 { 0 } else { self.next[1 - side] };
        bytes.extend_from_slice(&ack.to_be_bytes());
        bytes.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend_from_slice(payload);
        let sequence = u32::try_from(payload.len()).unwrap() + u32::from(flags & 0x03 != 0);
        self.next[side] = self.next[side].wrapping_add(sequence);
        self.clock += 3;
        let len = u32::try_from(bytes.len()).unwrap();
        let [seconds, micros] = [self.clock / 1_000_000, self.clock % 1_000_000];
        for word in [u32::try_from(seconds).unwrap(), u32::try_from(micros).unwrap(), len, len] {
            self.out.write_all(&word.to_le_bytes()).unwrap();
        }
        self.out.write_all(&bytes).unwrap();
    }
}
