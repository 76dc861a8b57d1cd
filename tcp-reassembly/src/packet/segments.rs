//! From TCP in a frame or in a datagram put together to segments.

use bytes::Bytes;

use super::span::{Source, Span};
use super::tcp::{self, Tcp};
use super::walk::Place;
use super::{DecodeOptions, PacketError};
use crate::{Checksum, Flags, Segment, Timestamp};

/// The segments that a frame completes, as [`Resolver::push`](super::Resolver::push) gives them.
///
/// None for a fragment that does not complete its datagram, one for a frame that is no fragment. A segment that came
/// in fragments is cut where its fragments meet, so that each piece names the packet, the capture time and the place
/// in the packet of its own bytes. The pieces follow each other in sequence and together are the whole segment: all
/// acknowledge the same, FIN and PSH are on the last. All say what the checksum of the whole is. Each says how long it was on the wire, so what the capture cut
/// off is still a sized gap. Two exceptions:
///
/// - A SYN or RST with data stays in one piece, which names the packet of its first byte.
/// - A last fragment with a single byte of the stream brings the byte before it once more, for a segment of one byte
///   may be taken for a keep-alive probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments(Inner);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Inner {
    One(Option<Segment>),
    Many(std::collections::VecDeque<Segment>),
}

impl Segments {
    pub(super) const fn none() -> Self {
        Self(Inner::One(None))
    }

    pub(super) const fn one(segment: Segment) -> Self {
        Self(Inner::One(Some(segment)))
    }
}

impl Iterator for Segments {
    type Item = Segment;

    #[inline]
    fn next(&mut self) -> Option<Segment> {
        match &mut self.0 {
            Inner::One(segment) => segment.take(),
            Inner::Many(segments) => segments.pop_front(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = match &self.0 {
            Inner::One(segment) => usize::from(segment.is_some()),
            Inner::Many(segments) => segments.len(),
        };
        (len, Some(len))
    }
}

impl ExactSizeIterator for Segments {}

/// The segment in a frame.
#[inline]
pub(super) fn of_frame(
    frame: &Bytes,
    place: &Place,
    packet: u64,
    at: Timestamp,
    options: DecodeOptions,
) -> Result<Segment, PacketError> {
    let bytes = frame.get(place.at..).ok_or(PacketError::Truncated)?;
    let wire = place.end - place.at;
    let bytes = bytes.get(..wire).unwrap_or(bytes);
    let tcp = tcp::read(bytes, wire)?;
    let (from, to) = (place.at + tcp.header, place.at + bytes.len());
    // Field by field: a segment is large, and this is done for every packet.
    let mut segment = head(place, &tcp);
    segment.packet = packet;
    segment.at = at;
    segment.payload = frame.slice(from..to);
    segment.payload_len = length(place.end - from);
    segment.packet_offset = offset(from)?;
    segment.backing = if options.owned { length(frame.len()) } else { 0 };
    // A sum over a part of the segment says nothing.
    if options.checksum && bytes.len() == wire {
        segment.checksum = super::checksum(place.src, place.dst, bytes)?;
    }
    Ok(segment)
}

/// The segment in a datagram that `completed` (packet and time) made whole.
pub(super) fn of_datagram(
    span: &Span,
    place: &Place,
    checksum: Checksum,
    completed: (u64, Timestamp),
) -> Result<Segments, PacketError> {
    let known = span.known().min(place.end);
    let bytes = span.bytes.get(place.at..known).ok_or(PacketError::Truncated)?;
    let tcp = tcp::read(bytes, place.end - place.at)?;
    let mut head = head(place, &tcp);
    head.checksum = checksum;
    // The pieces share the datagram that was put together, and nothing else.
    head.backing = length(span.bytes.len());
    let from = place.at + tcp.header;
    if from >= place.end {
        return Ok(Segments::one(head.with_packet(completed.0, completed.1)));
    }
    if tcp.flags.intersects(Flags::SYN | Flags::RST) {
        let source = span
            .runs_in(from..place.end)
            .next()
            .map_or(Source { packet: completed.0, at: completed.1, offset: 0 }, |run| run.source);
        return Ok(Segments::one(
            head.with_packet(source.packet, source.at)
                .with_payload(span.bytes.slice(from..known), offset(source.offset)?)
                .with_payload_len(length(place.end - from)),
        ));
    }
    let mut stretches = stretches(span, from, place.end);
    join_probe(&mut stretches);
    let count = stretches.len();
    let segments = stretches.into_iter().enumerate().map(|(number, stretch)| {
        let mut segment = head
            .clone()
            .with_packet(stretch.source.packet, stretch.source.at)
            .with_payload(span.bytes.slice(stretch.start..stretch.cut), offset(stretch.source.offset)?)
            .with_payload_len(length(stretch.end - stretch.start));
        segment.seq = head.seq.wrapping_add(length(stretch.start - from));
        if number + 1 < count {
            segment.flags = without(segment.flags, Flags::FIN | Flags::PSH);
        }
        Ok(segment)
    });
    Ok(Segments(Inner::Many(segments.collect::<Result<_, PacketError>>()?)))
}

/// Bytes of one packet: there up to `cut`, on the wire up to `end`.
#[derive(Debug)]
struct Stretch {
    start: usize,
    cut: usize,
    end: usize,
    source: Source,
}

/// The payload, cut where one packet follows another.
fn stretches(span: &Span, from: usize, to: usize) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for run in span.runs_in(from..to) {
        let (start, end) = (run.range.start, run.range.end);
        let goes_on = |last: &Stretch| {
            // Bytes behind a cut are a stretch of their own, for only its end may be missing.
            last.source.skip(start - last.start) == run.source && (run.cut || last.cut == last.end)
        };
        let cut = if run.cut { start } else { end };
        match stretches.last_mut() {
            Some(last) if goes_on(last) => {
                last.cut = if last.cut == last.end { cut } else { last.cut };
                last.end = end;
            }
            _ => stretches.push(Stretch { start, cut, end, source: run.source }),
        }
    }
    stretches
}

/// Lets a last stretch of one byte begin one byte earlier.
fn join_probe(stretches: &mut [Stretch]) {
    if let [.., before, last] = stretches
        && last.end - last.start == 1
        && before.cut == before.end
        && before.end > before.start
        && last.source.offset > 0
    {
        last.start -= 1;
        last.source.offset -= 1;
    }
}

#[inline]
fn head(place: &Place, tcp: &Tcp) -> Segment {
    let mut segment = Segment::new((place.src, tcp.src).into(), (place.dst, tcp.dst).into(), tcp.seq);
    segment.flags = tcp.flags;
    segment.window = tcp.window;
    segment.ack = tcp.ack;
    segment.urgent = tcp.urgent;
    segment.window_scale = tcp.window_scale;
    segment.timestamps = tcp.timestamps;
    (segment.ttl, segment.ip_id) = (place.ttl, place.id);
    segment
}

fn without(flags: Flags, bits: Flags) -> Flags {
    Flags::from_bits(flags.bits() & !bits.bits())
}

fn offset(at: usize) -> Result<u32, PacketError> {
    u32::try_from(at).map_err(|_| PacketError::Malformed("frame of 4 GiB"))
}

fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
