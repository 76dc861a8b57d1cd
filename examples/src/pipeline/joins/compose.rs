//! The records of messages that were joined, and of parts that stand alone.

use super::{BLOCK, Held, Told, held, note, note_content};
use crate::flow::Context;
use crate::flow::imap::{Piece, section_text};
use crate::message::{Finished, Message, PART};
use crate::record::{self, Layer, Place, Provenance, Reading, Run, Source, Text, Time};
use crate::sink::SinkError;
use core::time::Duration;
use imap_proto_lite::join::{self, How, Joined};
use imap_proto_lite::{Anomaly, Operation};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Whether a file has the name of one that waits for its message.
pub(super) fn is_waiting(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == PART)
}

/// A part as a message of its own.
pub(super) fn alone(
    mut piece: Piece,
    session: u64,
    odd: &[Anomaly],
    context: &Context,
) -> Result<Told, SinkError> {
    let begins = piece.of.section.is_whole() && piece.of.origin == Some(0) && !piece.of.section.binary;
    // CATENATE: what the client sends is a message, also where it names no other.
    let appended = matches!(piece.of.operation, Operation::Append | Operation::Replace);
    if is_waiting(&piece.path) {
        if begins || appended || !piece.urls.is_empty() {
            // The beginning of a message, or most of one: it is looked into after all.
            look_into(&mut piece, context)?;
        } else {
            settle(&mut piece)?;
        }
    }
    let Piece { mut message, mut anomalies, runs, .. } = piece;
    for odd in odd {
        note(&mut message, &mut anomalies, Layer::Imap, odd.code().into(), odd.detail().map(Text::from));
    }
    message.session = Some(session);
    let provenance = Provenance::new(0, runs.into_iter().map(|(run, _)| run).collect());
    Ok(Told { sessions: BTreeSet::from([session]), message, anomalies, provenance })
}

/// Gives the file of a part its name.
fn settle(piece: &mut Piece) -> Result<(), SinkError> {
    let path = piece.path.with_extension("eml");
    if !path.exists() {
        fs::rename(&piece.path, &path).map_err(SinkError::io("rename to", &path))?;
    }
    piece.path = path;
    if let Some(name) = piece.message.file.strip_suffix(PART) {
        piece.message.file = format!("{name}eml");
    }
    Ok(())
}

/// Reads the content of a part once more, as that of a message.
fn look_into(piece: &mut Piece, context: &Context) -> Result<(), SinkError> {
    let mut message = Message::new(&context.folder);
    let mut from = 0;
    let holes = piece.message.missing.clone();
    for (at, length) in holes.iter().map(|hole| (hole.offset, hole.length)).chain([(piece.len, Some(0))]) {
        copy(&mut message, piece, from..at.min(piece.len))?;
        if at < piece.len || length.is_none() {
            message.gap(length)?;
        }
        from = at.saturating_add(length.unwrap_or(0));
    }
    let finished = message.finish(false)?;
    let record = &mut piece.message;
    note_content(record, &mut piece.anomalies, &finished, context);
    piece.path.clone_from(&finished.stored.path);
    finished.fill(record);
    Ok(())
}

/// Adds a stretch of a part to a message.
fn copy(message: &mut Message, piece: &Piece, range: core::ops::Range<u64>) -> Result<(), SinkError> {
    let mut from = range.start;
    while from < range.end {
        let to = range.end.min(from + BLOCK);
        let offset = message.size();
        message.push_runs(piece.read(from..to)?, piece.runs_of(from..to, offset))?;
        from = to;
    }
    Ok(())
}

/// The message that parts make up, read once more from their files.
pub(super) fn composed(
    joined: &Joined,
    all: &[Held],
    odd: &BTreeMap<u64, Vec<Anomaly>>,
    context: &Context,
) -> Result<Told, SinkError> {
    let mut sources = Vec::new();
    let finished = content(joined, all, &mut sources, context)?;
    let parts = || {
        joined.pieces.iter().filter_map(|id| match held(all, *id) {
            Some(Held::Part(piece, session)) => Some((piece, *session)),
            _ => None,
        })
    };
    let sessions = parts().map(|(_, session)| session).collect();
    let mut record = match parts().next() {
        Some((first, _)) => first.message.clone(),
        // A joined message has parts.
        None => Box::new(record::Message::new(
            0,
            record::Protocol::Imap,
            record::Operation::Fetch,
            String::new(),
            String::new(),
            Time::new(Duration::ZERO, 6),
        )),
    };
    if let Some((start, end)) = finished.times() {
        let packet = finished.run_at(0).map_or(Place::new(0, 0), |(run, _)| run.packet);
        record.start = context.time(start, packet);
        record.end = context.time(end, packet);
    }
    if joined.how != How::Catenated {
        // What one of them does not say another may.
        for (piece, _) in parts() {
            let other = &piece.message;
            record.uid = record.uid.or(other.uid);
            record.sequence = record.sequence.or(other.sequence);
            record.mailbox = record.mailbox.take().or_else(|| other.mailbox.clone());
            record.internal_date = record.internal_date.take().or_else(|| other.internal_date.clone());
            if record.flags.is_empty() {
                record.flags.clone_from(&other.flags);
            }
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
    let contradicted: BTreeSet<&str> =
        joined.pieces.iter().filter_map(|id| odd.get(id)).flatten().map(Anomaly::code).collect();
    for code in contradicted {
        note(&mut record, &mut anomalies, Layer::Imap, code.into(), None);
    }
    for odd in oddities(joined) {
        note(&mut record, &mut anomalies, Layer::Imap, odd.code().into(), odd.detail().map(Text::from));
    }
    note_content(&mut record, &mut anomalies, &finished, context);
    let provenance = finished.fill(&mut record);
    Ok(Told { sessions, message: record, anomalies, provenance })
}

/// What a joined message is made of, stored as a message.
fn content(
    joined: &Joined,
    all: &[Held],
    sources: &mut Vec<Source>,
    context: &Context,
) -> Result<Finished, SinkError> {
    let mut message = Message::new(&context.folder);
    let mut holes = joined.holes.iter().peekable();
    for run in &joined.runs {
        let range = run.range();
        // Of holes of unknown length only their place is known.
        while let Some(hole) = holes.next_if(|hole| hole.at <= range.start) {
            message.gap(hole.len)?;
        }
        match run {
            join::Run::Text { bytes, .. } => message.push_runs(bytes.clone(), core::iter::empty())?,
            join::Run::Piece { at, piece, from, len } => match held(all, *piece) {
                Some(Held::Part(piece, session)) => {
                    let mut source = Source::new(*session);
                    source.section = section_text(&piece.of.section, piece.of.origin);
                    source.range = Some([*at, *len]);
                    sources.push(source);
                    copy(&mut message, piece, *from..from + len)?;
                }
                Some(whole @ Held::Whole(_)) => {
                    let mut at = *from;
                    while at < from + len {
                        let to = (from + len).min(at + BLOCK);
                        message.push_runs(whole.read(at..to)?, core::iter::empty::<(Run, Duration)>())?;
                        at = to;
                    }
                }
                None => {}
            },
            _ => {}
        }
    }
    let mut open = false;
    for hole in holes {
        match hole.len {
            Some(len) => message.gap(Some(len))?,
            None => open = true,
        }
    }
    message.finish(open)
}

/// What is odd about a joined message.
fn oddities(joined: &Joined) -> Vec<Anomaly> {
    let mut odd: Vec<Anomaly> =
        joined.conflicts.iter().map(|conflict| Anomaly::PartialConflict { at: conflict.at }).collect();
    match joined.how {
        How::Parts => odd.push(Anomaly::VirtualMessage { missing: joined.missing_parts.len() as u64 }),
        How::Catenated => odd.extend((0..joined.unresolved).map(|_| Anomaly::CatenateUnresolved)),
        _ if joined.holes.is_empty() => {}
        _ => {
            let missing = joined.holes.iter().filter_map(|hole| hole.len).sum();
            odd.push(Anomaly::PartialIncomplete { missing });
        }
    }
    odd.truncate(super::MAX_ODDITIES);
    odd
}
