//! Bytes of messages beside the bytes of the packets that they came from.

use super::super::captures::Captures;
use super::super::records::Message;
use super::compared::{Compared, OpenFiles};
use super::{Finding, Teller};
use crate::capture::{Inputs, Item};
use crate::flow::{packet_number, place};
use crate::pipeline::SWEEP;
use crate::pipeline::packets::{counted, resolver};
use crate::record::Summary;
use crate::record::{Run, hex};
use core::time::Duration;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tcp_reassembly::Segment;
use tcp_reassembly::packet::LinkType;

/// So many runs are compared in one reading of the captures, 40 bytes each.
pub(super) const BATCH: usize = 2 << 20;

/// A message takes the place of so many runs.
const MESSAGE: usize = 4;

/// A run that waits for its packet.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    packet: u64,
    message_offset: u64,
    /// As far as sequence numbers count.
    stream_offset: u32,
    /// By its place among those of the batch.
    message: u32,
    packet_offset: u32,
    length: u32,
    seen: bool,
}

/// Compares runs with packets, many at a time.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    dir: &'a Path,
    summary: &'a Summary,
    captures: &'a Captures,
    batch: Vec<Waiting>,
    messages: Vec<Compared>,
    files: OpenFiles,
    /// Frames of all captures, once they were read; `None` where one is not there.
    packets: Option<u64>,
    /// What cannot be read is told once, and not for each packet of it.
    unreadable: BTreeSet<u32>,
    was_read: bool,
    /// So many runs make a batch.
    most: usize,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(dir: &'a Path, summary: &'a Summary, captures: &'a Captures, most: usize) -> Self {
        Self {
            dir,
            summary,
            captures,
            batch: Vec::new(),
            messages: Vec::new(),
            files: OpenFiles::default(),
            packets: None,
            unreadable: BTreeSet::new(),
            was_read: false,
            most,
        }
    }

    /// The runs that follow are of this message; whether there is a file to compare them with.
    pub(super) fn message(&mut self, message: &Message, teller: &mut Teller<'_>) -> bool {
        let Some(message) = Compared::of(message) else { return false };
        self.make_room(teller);
        self.messages.push(message);
        true
    }

    /// Takes a run of the latest message.
    pub(super) fn run(&mut self, run: &Run, teller: &mut Teller<'_>) {
        let Some(packet_offset) = run.packet_offset else {
            teller.checked.made += run.length;
            return;
        };
        // What is not there was told.
        if self.captures.get(run.packet.input).is_err() {
            return;
        }
        self.make_room(teller);
        let Some(last) = self.messages.len().checked_sub(1) else { return };
        let number = packet_number(run.packet.input, run.packet.frame);
        let (Ok(length), true) = (u32::try_from(run.length), place(number) == run.packet) else {
            if let Some(message) = self.messages.last_mut() {
                message.differs(run.message_offset, |number| {
                    not_there(number, run.packet, packet_offset, run.length)
                });
            }
            return;
        };
        self.batch.push(Waiting {
            packet: number,
            message_offset: run.message_offset,
            stream_offset: low(run.stream_offset),
            message: u32::try_from(last).unwrap_or(u32::MAX),
            packet_offset,
            length,
            seen: false,
        });
    }

    fn make_room(&mut self, teller: &mut Teller<'_>) {
        if self.batch.len() + MESSAGE * self.messages.len() >= self.most {
            self.read(teller);
        }
    }

    /// All runs were taken. Returns how many frames there are, where all captures are there.
    pub(super) fn finish(mut self, teller: &mut Teller<'_>) -> Option<u64> {
        if !self.was_read || !self.batch.is_empty() {
            self.read(teller);
        }
        self.tell(teller);
        self.packets
    }

    /// Reads the captures and compares what waits.
    fn read(&mut self, teller: &mut Teller<'_>) {
        self.batch.sort_unstable_by_key(|waiting| (waiting.packet, waiting.packet_offset));
        let (numbers, paths): (Vec<u32>, Vec<PathBuf>) =
            self.captures.found().map(|(number, path)| (number, path.to_owned())).unzip();
        let mut inputs = Inputs::open(&paths);
        let mut resolver = resolver();
        let mut swept = Duration::ZERO;
        for item in inputs.by_ref() {
            let Item::Frame(frame) = item else { continue };
            // They are counted from 1, without those that are not there.
            let input =
                usize::try_from(frame.input).ok().and_then(|input| numbers.get(input.checked_sub(1)?));
            let (Some(input), at) = (input, frame.at) else { continue };
            if let Some(link) = LinkType::from_pcap(frame.link) {
                let number = packet_number(*input, frame.number);
                let segments = resolver.push(link, number, at, &frame.data, frame.original_len);
                for segment in counted(segments.into_iter().flatten()) {
                    self.compare(&segment, teller);
                }
            }
            if at > swept + SWEEP || at + SWEEP < swept {
                swept = at;
                resolver.expire(at);
            }
            while resolver.poll_event().is_some() {}
        }
        if !self.was_read {
            self.was_read = true;
            self.inputs(&numbers, &inputs, teller);
        }
        self.tell(teller);
    }

    /// Compares the runs that say that they came out of this packet.
    fn compare(&mut self, segment: &Segment, teller: &mut Teller<'_>) {
        let from = self.batch.partition_point(|waiting| waiting.packet < segment.packet);
        for waiting in self.batch.get_mut(from..).unwrap_or_default() {
            if waiting.packet != segment.packet {
                break;
            }
            let bytes = waiting.packet_offset.checked_sub(segment.packet_offset).and_then(|start| {
                let start = usize::try_from(start).ok()?;
                segment.payload.get(start..start.checked_add(usize::try_from(waiting.length).ok()?)?)
            });
            let (Some(bytes), false) = (bytes, waiting.seen) else { continue };
            waiting.seen = true;
            let index = waiting.message;
            let Some(message) = usize::try_from(index).ok().and_then(|at| self.messages.get_mut(at)) else {
                continue;
            };
            // A file that cannot be read was told.
            let Ok(stored) = self.files.read(self.dir, index, message, waiting.message_offset, bytes.len())
            else {
                continue;
            };
            teller.checked.bytes += bytes.len() as u64;
            message.follow(segment, waiting.packet_offset, waiting.stream_offset, waiting.message_offset);
            if stored == bytes {
                continue;
            }
            let at = bytes.iter().zip(stored).take_while(|(one, two)| one == two).count();
            let found = stored
                .get(at)
                .map_or_else(|| "the end of the file".to_owned(), |byte| format!("0x{byte:02x}"));
            let expected = bytes.get(at).copied().unwrap_or(0);
            let packet = place(waiting.packet);
            let payload = u64::from(waiting.packet_offset) + at as u64;
            let offset = waiting.message_offset + at as u64;
            message.differs(offset, |number| {
                let expected = format!(
                    "0x{expected:02x}, as at {payload} in the payload of frame {} of input {}",
                    packet.frame, packet.input
                );
                Finding::new(format!("message {number} byte {offset}"), "bytes", expected, found)
            });
        }
    }

    /// Tells what was compared, in the order of messages.
    fn tell(&mut self, teller: &mut Teller<'_>) {
        let unreadable = &self.unreadable;
        let is_lost = |waiting: &Waiting| !waiting.seen && !unreadable.contains(&place(waiting.packet).input);
        for waiting in self.batch.drain(..).filter(is_lost) {
            let message = usize::try_from(waiting.message).ok().and_then(|at| self.messages.get_mut(at));
            if let Some(message) = message {
                let (offset, length) = (waiting.packet_offset, u64::from(waiting.length));
                message.differs(waiting.message_offset, |number| {
                    not_there(number, place(waiting.packet), offset, length)
                });
            }
        }
        self.files.close();
        // The last one may have more runs to come.
        let last = self.messages.last().map(Compared::going_on);
        for finding in self.messages.drain(..).filter_map(Compared::finding) {
            teller.tell(&finding);
        }
        self.messages.extend(last);
    }

    /// Compares what was read with what the run has read.
    fn inputs(&mut self, numbers: &[u32], inputs: &Inputs, teller: &mut Teller<'_>) {
        if self.summary.inputs.is_empty() {
            teller.tell(&Finding::new("summary.json", "inputs", "the captures of the run", "none"));
        }
        let mut packets = Some(0);
        for input in &self.summary.inputs {
            let what = format!("input {} ({})", input.input, input.path);
            if let Err(why) = self.captures.get(input.input) {
                // Where nothing could be read of it then, nothing is missing now.
                if input.sha256.is_some() || input.frames > 0 {
                    packets = None;
                    teller.tell(&Finding::new(what, "file", "the capture", why));
                }
                continue;
            }
            let place = numbers.iter().position(|number| *number == input.input);
            let Some(report) = place.and_then(|place| inputs.reports().get(place)) else { continue };
            teller.checked.captures += 1;
            packets = packets.map(|packets| packets + report.frames);
            let Some(digest) = report.digest else {
                packets = None;
                self.unreadable.insert(input.input);
                if input.sha256.is_some() {
                    let why = report.damage.last().map(|damage| damage.kind.to_string());
                    let found = why.unwrap_or_else(|| "it cannot be read to its end".to_owned());
                    teller.tell(&Finding::new(what, "file", "the capture", found));
                }
                continue;
            };
            // Of one that was not read to its end nothing is known.
            let (Some(size), Some(sha256)) = (input.size, &input.sha256) else { continue };
            if size != digest.size {
                teller.tell(&Finding::new(what.as_str(), "size", size, digest.size));
            }
            if *sha256 != hex(&digest.sha256) {
                teller.tell(&Finding::new(what, "sha256", sha256, hex(&digest.sha256)));
            } else if input.frames != report.frames {
                teller.tell(&Finding::new(what, "frames", input.frames, report.frames));
            }
        }
        self.packets = packets;
    }
}

/// As much of an offset as a sequence number holds.
#[expect(clippy::cast_possible_truncation, reason = "modulo 2^32, as sequence numbers are")]
const fn low(offset: u64) -> u32 {
    offset as u32
}

fn not_there(message: u64, packet: crate::record::Place, offset: u32, length: u64) -> Finding {
    let expected = format!(
        "{length} bytes at {offset} in the payload of frame {} of input {}",
        packet.frame, packet.input
    );
    Finding::new(format!("message {message}"), "packet", expected, "they are not there")
}
