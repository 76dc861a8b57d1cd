//! Captures: those of the repository, and those out of transcripts, where what a test says becomes packets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]
#![allow(dead_code, reason = "each test binary uses its part")]

use mail_wire::Direction;
use mail_wire::transcript::{Step, Transcript};
use mailtap::pipeline::{Options, extract};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A TCP connection as raw IPv4 packets (link type 101) in a pcap file: handshake, one packet for each step, FINs. The
/// packets of gaps are left out, as a capture that loses them would.
pub(crate) fn pcap(transcript: &str) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    let mut wire = Wire { file, clock: 0, next: [1000, 5000] };
    wire.packet(Direction::ToServer, 0x02, b"", true);
    wire.next[0] += 1;
    wire.packet(Direction::ToClient, 0x12, b"", true);
    wire.next[1] += 1;
    wire.packet(Direction::ToServer, 0x10, b"", true);
    for step in Transcript::parse(transcript.as_bytes()).steps {
        match step {
            Step::Push(dir, bytes) => wire.data(dir, &bytes, true),
            Step::Gap(dir, Some(len)) => wire.data(dir, &vec![b'?'; usize::try_from(len).unwrap()], false),
            other => panic!("no packets for {other:?}"),
        }
    }
    for dir in Direction::BOTH {
        wire.packet(dir, 0x11, b"", true);
        wire.next[dir as usize] += 1;
    }
    wire.packet(Direction::ToServer, 0x10, b"", true);
    wire.file
}

struct Wire {
    file: Vec<u8>,
    clock: u32,
    /// Next sequence number of client and server.
    next: [u32; 2],
}

impl Wire {
    fn data(&mut self, dir: Direction, bytes: &[u8], captured: bool) {
        for chunk in bytes.chunks(1000) {
            self.packet(dir, 0x18, chunk, captured);
            self.next[dir as usize] += u32::try_from(chunk.len()).unwrap();
        }
    }

    fn packet(&mut self, dir: Direction, flags: u8, payload: &[u8], captured: bool) {
        self.clock += 1;
        if !captured {
            return;
        }
        let [client, server] = [([192, 0, 2, 1], 40_000_u16), ([198, 51, 100, 7], 25)];
        let (from, to) = if dir == Direction::ToServer { (client, server) } else { (server, client) };
        let (seq, ack) = (self.next[dir as usize], self.next[dir.flip() as usize]);
        let total = u16::try_from(40 + payload.len()).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend_from_slice(&total.to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
        packet.extend_from_slice(&from.0);
        packet.extend_from_slice(&to.0);
        packet.extend_from_slice(&from.1.to_be_bytes());
        packet.extend_from_slice(&to.1.to_be_bytes());
        packet.extend_from_slice(&seq.to_be_bytes());
        packet.extend_from_slice(&(if flags & 0x10 == 0 { 0 } else { ack }).to_be_bytes());
        packet.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend_from_slice(payload);
        let len = u32::try_from(packet.len()).unwrap();
        for word in [1_600_000_000, self.clock * 1000, len, len] {
            self.file.extend_from_slice(&word.to_le_bytes());
        }
        self.file.extend_from_slice(&packet);
    }
}

/// What `extract` writes for a transcript.
pub(crate) struct Extracted {
    dir: tempfile::TempDir,
}

impl Extracted {
    pub(crate) fn of(transcript: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let capture = dir.path().join("capture.pcap");
        fs::write(&capture, pcap(transcript)).unwrap();
        let outcome = extract(&Options::new(vec![capture], dir.path().join("out")), |_| {}).unwrap();
        assert!(outcome.losses.is_empty(), "{:?}", outcome.losses);
        Self { dir }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        lines(&self.out(), name)
    }

    pub(crate) fn file(&self, message: &Value) -> String {
        let bytes = fs::read(self.out().join(message["file"].as_str().unwrap())).unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

/// The captures of the repository, in order.
pub(crate) fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut captures = Vec::new();
    for folder in [folder.clone(), folder.join("imap")] {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        captures.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "pcap")));
    }
    captures.sort();
    captures
}

pub(crate) fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
