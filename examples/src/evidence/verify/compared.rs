//! A message whose runs are being compared, and its file.

use super::super::lines;
use super::super::name::from_hex;
use super::super::records::Message;
use super::Finding;
use crate::record::hex;
use core::net::SocketAddr;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use tcp_reassembly::{Flags, Segment};

/// So many files of messages are open at a time.
const OPEN: usize = 16;

/// A message and what was found of its runs.
#[derive(Debug)]
pub(super) struct Compared {
    number: u64,
    sha256: [u8; 32],
    /// Client and server; `None` where it was joined from several sessions.
    ends: Option<[SocketAddr; 2]>,
    /// Who sends, and the sequence number where its stream begins.
    stream: Option<(SocketAddr, u32)>,
    /// The first place that differs, with its offset.
    first: Option<Box<(u64, Finding)>>,
    /// How many more stretches do.
    more: u64,
}

impl Compared {
    /// `None`: the record names no file.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let ends = message.session.and_then(|_| {
            let [client, server] = [&message.client, &message.server].map(|end| end.parse().ok());
            client.zip(server)
        });
        Some(Self {
            number: message.message,
            sha256: from_hex(&message.sha256)?,
            ends: ends.map(|(client, server)| [client, server]),
            stream: None,
            first: None,
            more: 0,
        })
    }

    /// The same message, of which nothing was found yet.
    pub(super) fn going_on(&self) -> Self {
        Self { first: None, more: 0, ..*self }
    }

    /// A stretch of it differs; only the first one is told, and how many there are.
    pub(super) fn differs(&mut self, offset: u64, finding: impl FnOnce(u64) -> Finding) {
        self.more += u64::from(self.first.is_some());
        if self.first.as_ref().is_none_or(|first| offset < first.0) {
            self.first = Some(Box::new((offset, finding(self.number))));
        }
    }

    /// What there is to tell.
    pub(super) fn finding(self) -> Option<Finding> {
        let mut finding = self.first?.1;
        if self.more > 0 {
            finding.found = format!("{}; {} more stretches differ", finding.found, self.more).into();
        }
        Some(finding)
    }

    /// Compares whose segment it is, and where in the stream it says that a byte of it stands.
    pub(super) fn follow(&mut self, segment: &Segment, payload: u32, says: u32, at: u64) {
        // Where a message was joined from several sessions, nobody knows which run is of which.
        let Some([client, server]) = self.ends else { return };
        let (src, dst) = (segment.src, segment.dst);
        if [src, dst] != [client, server] && [dst, src] != [client, server] {
            self.differs(at, |number| {
                let expected = format!("packets between {client} and {server}");
                Finding::new(
                    format!("message {number}"),
                    "connection",
                    expected,
                    format!("one from {src} to {dst}"),
                )
            });
            return;
        }
        let syn = u32::from(segment.flags.contains(Flags::SYN));
        let sequence =
            segment.seq.wrapping_sub(segment.packet_offset).wrapping_add(syn).wrapping_add(payload);
        let begin = sequence.wrapping_sub(says);
        let (sender, first) = *self.stream.get_or_insert((src, begin));
        if sender != src {
            self.differs(at, |number| {
                Finding::new(
                    format!("message {number}"),
                    "connection",
                    format!("packets from {sender}"),
                    format!("one from {src}"),
                )
            });
        } else if first != begin {
            self.differs(at, |number| {
                // Streams may be longer than sequence numbers say.
                let expected = sequence.wrapping_sub(first);
                let what = format!("message {number} byte {at}");
                Finding::new(what, "stream offset", format!("{expected}, modulo 4294967296"), says)
            });
        }
    }
}

/// Files of messages that are being compared, the one used last in front.
#[derive(Debug, Default)]
pub(super) struct OpenFiles {
    open: VecDeque<(u32, File)>,
    room: Vec<u8>,
}

impl OpenFiles {
    pub(super) fn close(&mut self) {
        self.open.clear();
    }

    /// Reads as much as there is of a stretch of a message.
    pub(super) fn read(
        &mut self,
        dir: &Path,
        index: u32,
        message: &Compared,
        offset: u64,
        len: usize,
    ) -> Result<&[u8], ()> {
        match self.open.iter().position(|(open, _)| *open == index) {
            Some(0) => {}
            Some(place) => {
                if let Some(entry) = self.open.remove(place) {
                    self.open.push_front(entry);
                }
            }
            None => {
                let file =
                    lines::open(dir, &format!("messages/{}.eml", hex(&message.sha256))).map_err(|_| ())?;
                self.open.truncate(OPEN - 1);
                self.open.push_front((index, file));
            }
        }
        let (_, file) = self.open.front_mut().ok_or(())?;
        self.room.clear();
        file.seek(SeekFrom::Start(offset)).map_err(|_| ())?;
        file.take(len as u64).read_to_end(&mut self.room).map_err(|_| ())?;
        Ok(&self.room)
    }
}
