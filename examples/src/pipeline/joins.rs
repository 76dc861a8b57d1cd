//! Parts of messages, collected while captures are read and joined when all is read: clients fetch over several
//! connections, so that no shard sees all of a message.

use super::leftovers::Leftovers;
use crate::flow::Context;
use crate::flow::imap::{Known, Piece, section_text};
use crate::message::Message;
use crate::record::{self, Layer, MessageAnomaly, Provenance, Reading, Run, Source, Text};
use crate::sink::SinkError;
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use imap_proto_lite::Anomaly;
use imap_proto_lite::join::{self, How, Joined, Joiner};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// Files are read in pieces of this size.
const BLOCK: u64 = 64 << 10;

/// Parts that wait, and what is known of their messages.
#[derive(Debug, Default)]
pub(super) struct Joins {
    joiner: Joiner,
    /// By the number that the joiner knows them by, with their sessions.
    pieces: Vec<(Box<Piece>, u64)>,
}

/// A message, and the sessions that it came from.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) sessions: BTreeSet<u64>,
    pub(super) message: Box<record::Message>,
    pub(super) anomalies: Vec<record::Anomaly>,
    pub(super) provenance: Provenance,
}

impl Joins {
    /// Takes a part; hands it back as a message of its own if it cannot be joined with anything.
    pub(super) fn piece(&mut self, piece: Box<Piece>, session: u64) -> Option<Told> {
        if self.joiner.piece(piece.told(self.pieces.len() as u64, session)) {
            self.pieces.push((piece, session));
            return None;
        }
        Some(alone(*piece, session))
    }

    pub(super) fn known(&mut self, known: Known, session: u64) {
        match known {
            Known::Asked(command) => self.joiner.asked(session, &command),
            Known::Structure(account, of, body) => self.joiner.structure(session, &account, &of, &body),
            Known::Size(account, of, size) => self.joiner.size(session, &account, &of, size),
        }
    }

    /// All is read: joins what makes a whole; the rest stands alone. In the order of their first parts, and the files
    /// that only parts have.
    pub(super) fn finish(self, context: &Context) -> Result<(Vec<Told>, Leftovers), SinkError> {
        let pieces = self.pieces;
        let mut lend = |id: u64, range: Range<u64>| {
            let piece = usize::try_from(id).ok().and_then(|id| pieces.get(id));
            piece.map_or_else(|| Ok(Bytes::new()), |(piece, _)| piece.read(range))
        };
        let mut told = Vec::new();
        let mut used = BTreeSet::new();
        for joined in self.joiner.finish(&mut lend)? {
            // A message made up of parts stands beside them, since nobody sent these bytes.
            if joined.how != How::Parts {
                used.extend(joined.pieces.iter().copied());
            }
            let first = joined.pieces.iter().min().copied().unwrap_or(0);
            told.push(((first, 0), composed(&joined, &pieces, context)?));
        }
        let mut leftovers = Leftovers::default();
        for (id, (piece, session)) in (0..).zip(pieces) {
            if used.contains(&id) {
                leftovers.add(&piece.message);
            } else {
                told.push(((id, 1), alone(*piece, session)));
            }
        }
        told.sort_by_key(|(order, _)| *order);
        Ok((told.into_iter().map(|(_, told)| told).collect(), leftovers))
    }
}

/// A part as a message of its own.
fn alone(piece: Piece, session: u64) -> Told {
    let Piece { mut message, anomalies, runs, .. } = piece;
    message.session = Some(session);
    let provenance = Provenance::new(0, runs.into_iter().map(|(run, _)| run).collect());
    Told { sessions: BTreeSet::from([session]), message, anomalies, provenance }
}

impl Piece {
    /// Where a byte of the part, holes included, stands in its file.
    fn in_file(&self, offset: u64) -> u64 {
        let holes = self.message.missing.iter().filter(|hole| hole.offset < offset);
        offset.saturating_sub(holes.filter_map(|hole| hole.length).sum())
    }

    fn read(&self, range: Range<u64>) -> Result<Bytes, SinkError> {
        let read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.in_file(range.start)))?;
            let mut bytes = Vec::new();
            file.take(range.end - range.start).read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        };
        read().map_err(SinkError::io("read", &self.path))
    }

    /// The runs of a stretch of the part, as those of a message where it stands at `at`.
    fn runs_of(&self, range: Range<u64>, at: u64) -> impl Iterator<Item = (Run, Duration)> + '_ {
        let from = self.in_file(range.start);
        let stretch = from..from + (range.end - range.start);
        self.runs.iter().filter_map(move |(run, time)| Some((run.within(&stretch, at)?, *time)))
    }
}

/// The message that parts make up, read once more from their files.
fn composed(joined: &Joined, pieces: &[(Box<Piece>, u64)], context: &Context) -> Result<Told, SinkError> {
    let get = |id: u64| usize::try_from(id).ok().and_then(|id| pieces.get(id));
    let mut message = Message::new(&context.folder);
    let mut sources = Vec::new();
    let mut position = 0;
    for run in &joined.runs {
        let range = run.range();
        if position < range.start {
            message.gap(Some(range.start - position))?;
        }
        position = range.end;
        match run {
            join::Run::Text { bytes, .. } => message.push_runs(bytes.clone(), core::iter::empty())?,
            join::Run::Piece { at, piece, from, len } => {
                let Some((piece, session)) = get(*piece) else { continue };
                let mut source = Source::new(*session);
                source.section = section_text(&piece.of.section, piece.of.origin);
                source.range = Some([*at, *len]);
                sources.push(source);
                let mut from = *from;
                let end = from + len;
                while from < end {
                    let to = end.min(from + BLOCK);
                    let offset = message.size();
                    message.push_runs(piece.read(from..to)?, piece.runs_of(from..to, offset))?;
                    from = to;
                }
            }
            _ => {}
        }
    }
    if position < joined.size {
        message.gap(Some(joined.size - position))?;
    }
    let open = joined.holes.iter().any(|hole| hole.len.is_none());
    let finished = message.finish(open)?;
    let sessions = joined.pieces.iter().filter_map(|id| get(*id)).map(|(_, session)| *session).collect();
    let Some((first, _)) = joined.pieces.first().and_then(|id| get(*id)) else {
        let message = Box::new(record::Message::new(
            0,
            record::Protocol::Imap,
            record::Operation::Fetch,
            String::new(),
            String::new(),
            record::Time::new(Duration::ZERO, 6),
        ));
        return Ok(Told {
            sessions,
            message,
            anomalies: Vec::new(),
            provenance: Provenance::new(0, Vec::new()),
        });
    };
    let mut record = first.message.clone();
    if let Some((start, end)) = finished.times() {
        let packet = finished.run_at(0).map(|(run, _)| run.packet);
        if let Some(packet) = packet {
            record.start = context.time(start, packet);
            record.end = context.time(end, packet);
        }
    }
    record.section = None;
    record.sources = sources;
    record.complete = joined.complete;
    record.anomalies.clear();
    if joined.how == How::Parts {
        record.reading = Reading::Candidate;
        record.via = vec!["virtual-message".into()];
    }
    let mut anomalies = Vec::new();
    let mut note = |layer, code: record::Code, detail: Option<Text>| {
        record.anomalies.push(MessageAnomaly::new(code.clone(), detail.clone()));
        let mut anomaly = record::Anomaly::new(layer, code);
        anomaly.detail = detail;
        anomalies.push(anomaly);
    };
    for odd in oddities(joined) {
        note(Layer::Imap, odd.code().into(), odd.detail().map(Text::from));
    }
    for mime in &finished.anomalies {
        note(Layer::Mime, mime.code.clone(), mime.detail.clone());
    }
    let provenance = finished.fill(&mut record);
    Ok(Told { sessions, message: record, anomalies, provenance })
}

/// What is odd about a joined message.
fn oddities(joined: &Joined) -> Vec<Anomaly> {
    let mut odd: Vec<Anomaly> =
        joined.conflicts.iter().map(|conflict| Anomaly::PartialConflict { at: conflict.at }).collect();
    if joined.how == How::Parts {
        odd.push(Anomaly::VirtualMessage { missing: joined.missing_parts.len() as u64 });
    } else if !joined.holes.is_empty() {
        let missing = joined.holes.iter().filter_map(|hole| hole.len).sum();
        odd.push(Anomaly::PartialIncomplete { missing });
    }
    odd
}
