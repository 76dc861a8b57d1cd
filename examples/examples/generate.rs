//! Writes a capture of any size to standard output: SMTP connections that take turns, for trying out speed and memory.
//!
//! ```sh
//! cargo run --release -p mailtap --example generate -- 4096 > large.pcap    # MiB
//! ```
//!
//! On standard error it says how many messages there are, and the sum of their sizes. The same size gives the same
//! capture.

#![allow(
    clippy::print_stderr,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for developers"
)]

use std::fmt::Write as _;
use std::io::{BufWriter, Write, stdout};

/// Connections at the same time.
const CONNECTIONS: u16 = 100;
/// Bytes of a segment.
const SEGMENT: usize = 1448;
/// Sizes of messages, in lines of 76 characters: notes, letters, and now and then a large attachment.
const LINES: [u32; 8] = [20, 30, 40, 600, 25, 35, 2000, 60_000];

/// One connection, which sends one message.
struct Connection {
    port: u16,
    /// Next sequence number of client and server.
    next: [u32; 2],
    /// Number of the message.
    number: u64,
    /// Lines that are still to come.
    lines: u32,
    /// Bytes that wait for a full segment.
    waiting: Vec<u8>,
}

struct Capture<W> {
    out: W,
    written: u64,
    clock: u64,
    messages: u64,
    bytes: u64,
}

fn main() {
    let size = std::env::args().nth(1).and_then(|size| size.parse::<u64>().ok()).expect("a size in MiB");
    let mut capture =
        Capture { out: BufWriter::new(stdout().lock()), written: 0, clock: 0, messages: 0, bytes: 0 };
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101] {
        capture.out.write_all(&word.to_le_bytes()).unwrap();
    }
    let mut connections: Vec<Connection> =
        (0..CONNECTIONS).map(|number| capture.open(20_000 + number, u64::from(number))).collect();
    let mut next = u64::from(CONNECTIONS);
    while !connections.is_empty() {
        let mut open = Vec::new();
        for mut connection in connections {
            if capture.go_on(&mut connection) {
                open.push(connection);
            } else if capture.written < size << 20 {
                open.push(capture.open(u16::try_from(20_000 + next % 40_000).unwrap(), next));
                next += 1;
            }
        }
        connections = open;
    }
    capture.out.flush().unwrap();
    eprintln!("{} messages, {} bytes", capture.messages, capture.bytes);
}

impl<W: Write> Capture<W> {
    /// A connection up to the message.
    fn open(&mut self, port: u16, number: u64) -> Connection {
        let lines = LINES[usize::try_from(number % 8).unwrap()];
        let mut connection = Connection { port, next: [1000, 5000], number, lines, waiting: Vec::new() };
        self.packet(&mut connection, 0, 0x02, b"");
        self.packet(&mut connection, 1, 0x12, b"");
        for (side, text) in [
            (1, "220 mx.example ESMTP\r\n"),
            (0, "EHLO client.example\r\n"),
            (1, "250 mx.example\r\n"),
            (0, "MAIL FROM:<a@example.org>\r\n"),
            (1, "250 ok\r\n"),
            (0, "RCPT TO:<b@example.org>\r\n"),
            (1, "250 ok\r\n"),
            (0, "DATA\r\n"),
            (1, "354 go on\r\n"),
        ] {
            self.packet(&mut connection, side, 0x18, text.as_bytes());
        }
        let head = format!(
            "From: <a@example.org>\r\nTo: <b@example.org>\r\nSubject: {number}\r\nMIME-Version: 1.0\r\n\
             Content-Type: application/octet-stream; name=\"{number}.bin\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n"
        );
        self.bytes += head.len() as u64;
        connection.waiting.extend_from_slice(head.as_bytes());
        connection
    }

    /// The next segment of the message; false: the connection is over.
    fn go_on(&mut self, connection: &mut Connection) -> bool {
        let mut line = String::new();
        while connection.waiting.len() < SEGMENT && connection.lines > 0 {
            connection.lines -= 1;
            line.clear();
            // 76 characters of base64 that differ from line to line.
            let _ = write!(line, "{:016}{:08}", connection.number, connection.lines);
            for step in 0..13_u64 {
                let value = (connection.number + 1).wrapping_mul(u64::from(connection.lines) + step + 1);
                let _ = write!(line, "{:04X}", value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48);
            }
            line.push_str("\r\n");
            self.bytes += line.len() as u64;
            connection.waiting.extend_from_slice(line.as_bytes());
        }
        if connection.waiting.len() >= SEGMENT {
            let segment: Vec<u8> = connection.waiting.drain(..SEGMENT).collect();
            self.packet(connection, 0, 0x18, &segment);
            if connection.lines.is_multiple_of(2) {
                self.packet(connection, 1, 0x10, b"");
            }
            return true;
        }
        let rest = core::mem::take(&mut connection.waiting);
        self.packet(connection, 0, 0x18, &[&rest[..], b".\r\n"].concat());
        self.packet(connection, 1, 0x18, b"250 taken\r\n");
        self.packet(connection, 0, 0x18, b"QUIT\r\n");
        self.packet(connection, 1, 0x18, b"221 bye\r\n");
        self.packet(connection, 1, 0x11, b"");
        self.packet(connection, 0, 0x11, b"");
        self.packet(connection, 1, 0x10, b"");
        self.messages += 1;
        false
    }

    /// A packet of raw IPv4.
    fn packet(&mut self, connection: &mut Connection, side: usize, flags: u8, payload: &[u8]) {
        let total = u16::try_from(40 + payload.len()).unwrap();
        let (from, to) = if side == 0 { (connection.port, 25) } else { (25, connection.port) };
        // The ports are used again from another address.
        let client = [10, 0, u8::try_from(connection.number / 40_000 % 256).unwrap(), 1];
        let server = [192, 0, 2, 25];
        let (source, destination) = if side == 0 { (client, server) } else { (server, client) };
        let mut bytes = vec![0x45, 0];
        bytes.extend_from_slice(&total.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend_from_slice(&source);
        bytes.extend_from_slice(&destination);
        bytes.extend_from_slice(&from.to_be_bytes());
        bytes.extend_from_slice(&to.to_be_bytes());
        bytes.extend_from_slice(&connection.next[side].to_be_bytes());
        let ack = if flags & 0x10 == 0 { 0 } else { connection.next[1 - side] };
        bytes.extend_from_slice(&ack.to_be_bytes());
        bytes.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend_from_slice(payload);
        let sequence = u32::try_from(payload.len()).unwrap() + u32::from(flags & 0x03 != 0);
        connection.next[side] = connection.next[side].wrapping_add(sequence);
        self.clock += 3;
        let len = u32::try_from(bytes.len()).unwrap();
        let (seconds, micros) = (1_700_000_000 + self.clock / 1_000_000, self.clock % 1_000_000);
        for word in [u32::try_from(seconds).unwrap(), u32::try_from(micros).unwrap(), len, len] {
            self.out.write_all(&word.to_le_bytes()).unwrap();
        }
        self.out.write_all(&bytes).unwrap();
        self.written += 16 + u64::from(len);
    }
}
