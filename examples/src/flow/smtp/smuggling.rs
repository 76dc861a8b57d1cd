//! The other reading of a message with loose ends of data: several messages, with commands between them.
//!
//! The session streams the strict reading and tells where the loose ends are. Here the spooled message is cut at those
//! behind which commands follow. Where the server's replies prove that it read the message so, this reading is the
//! primary one.

use super::super::reread;
use super::super::scene::Scene;
use super::prelude::{Answers, Behind, Prelude, behind, is_positive};
use crate::message::Message;
use crate::record::{self, MessageAnomaly, Provenance, Reading, Run};
use crate::sink::SinkError;
use core::ops::Range;
use core::time::Duration;
use smtp_proto::LooseForm;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

/// So many messages are made out of one.
const MAX_PIECES: usize = 16;
/// Commands stand within so many bytes behind a loose end.
const COMMANDS: u64 = 16 << 10;
/// A reading that nothing proves is made only of messages of this size.
const MAX_CANDIDATE: u64 = 32 << 20;

/// A message with loose ends, in the strict reading, until it is known how the server read it.
#[derive(Debug)]
pub(super) struct Suspect {
    pub(super) message: Box<record::Message>,
    pub(super) anomalies: Vec<record::Anomaly>,
    pub(super) runs: Vec<(Run, Duration)>,
    pub(super) path: PathBuf,
    /// Offset of the dot in the message, and what stands around it.
    pub(super) loose_ends: Vec<(u64, LooseForm)>,
    /// What the server said behind its verdict on the message.
    pub(super) answers: Answers,
}

/// One message of the other reading.
#[derive(Debug)]
struct Piece {
    content: Range<u64>,
    /// Whether a loose end ends it, not what ends the strict reading.
    ended: bool,
    /// What led to it; the first piece has the envelope of the strict reading.
    prelude: Option<Prelude>,
}

/// A record and all that belongs to it.
pub(super) type Told = (Box<record::Message>, Vec<record::Anomaly>, Provenance);

impl Suspect {
    /// Both readings, the primary one first.
    pub(super) fn release(mut self, scene: &Scene<'_>) -> Result<Vec<Told>, SinkError> {
        // What cannot be read back is told in the strict reading alone.
        let pieces = self.pieces().unwrap_or_default();
        let proven = self.answers.verdicts() > 0 || self.ended_before_it_ended(&pieces);
        let pieces = match pieces.len() {
            1 if proven => pieces,
            2.. if proven || self.message.size <= MAX_CANDIDATE => pieces,
            _ => Vec::new(),
        };
        let proven = proven && !pieces.is_empty();
        let mut others = Vec::new();
        for piece in pieces {
            let mut other = self.piece(&piece, scene)?;
            let (envelope, verdict) = match piece.prelude {
                Some(mut prelude) => {
                    let verdict = self.answers.take(&mut prelude);
                    let mut envelope = prelude.envelope;
                    // LMTP: of several recipients each has a verdict, and only the first of those is known.
                    if let (record::Protocol::Lmtp, [only]) =
                        (self.message.protocol, envelope.rcpt_to.as_mut_slice())
                    {
                        only.delivery.clone_from(&verdict);
                    }
                    (Some(envelope), verdict)
                }
                None => (self.message.envelope.clone(), self.message.reply.clone()),
            };
            if proven {
                other.0.outcome = match &verdict {
                    Some(verdict) if is_positive(verdict) => record::Outcome::Accepted,
                    Some(_) => record::Outcome::Rejected,
                    None => record::Outcome::Unknown,
                };
                other.0.reply = verdict;
            }
            other.0.envelope = envelope;
            others.push(other);
        }
        let runs = self.runs.iter().map(|(run, _)| *run).collect();
        let mut strict: Told = (self.message, core::mem::take(&mut self.anomalies), Provenance::new(0, runs));
        let candidates: &mut [Told] = if proven { core::slice::from_mut(&mut strict) } else { &mut others };
        for (message, ..) in candidates {
            message.reading = Reading::Candidate;
            message.via = vec!["eod-loose".into()];
        }
        if proven {
            others.push(strict);
        } else {
            others.insert(0, strict);
        }
        Ok(others)
    }

    /// Whether the strict reading lacks its end, and nothing else.
    fn lacks_end(&self) -> bool {
        let size = self.message.size;
        matches!(self.message.missing[..], [record::Missing { offset, length: None }] if offset == size)
    }

    /// Whether the server took a message that in the strict reading never ended, where a loose end ends it and all
    /// that follows are commands.
    fn ended_before_it_ended(&self, pieces: &[Piece]) -> bool {
        self.lacks_end()
            && pieces.last().is_some_and(|last| last.ended)
            && self.message.reply.as_ref().is_some_and(is_positive)
    }

    /// Where the message falls apart.
    fn pieces(&self) -> std::io::Result<Vec<Piece>> {
        let size = self.message.size;
        let mut pieces = vec![Piece { content: 0..size, ended: false, prelude: None }];
        // With holes in it, offsets of the message are not those of the file.
        if !self.message.missing.is_empty() && !self.lacks_end() {
            return Ok(pieces);
        }
        let mut file = File::open(&self.path)?;
        for (dot, form) in &self.loose_ends {
            let Some(last) = pieces.last_mut().filter(|last| last.content.start <= *dot) else { continue };
            file.seek(SeekFrom::Start(*dot))?;
            let mut near = Vec::new();
            file.by_ref().take(COMMANDS).read_to_end(&mut near)?;
            // A dot at the start of a line was taken for stuffing and is not in the message.
            let after = near.strip_prefix(b".").unwrap_or(&near);
            let end = match form {
                LooseForm::LfLf
                | LooseForm::CrLfLf
                | LooseForm::CrLf
                | LooseForm::LfCr
                | LooseForm::CrLfCr
                | LooseForm::CrCr => 1,
                LooseForm::LfCrLf | LooseForm::CrCrLf | LooseForm::NulBefore => 2,
                LooseForm::DoubledCr | LooseForm::NulAfter => 3,
                _ => continue,
            };
            let Some(text) = after.get(end..) else { continue };
            let all = dot + near.len() as u64 >= size;
            let (prelude, len) = match behind(text, all) {
                Some(Behind::Message(prelude, len)) => (prelude, len),
                Some(Behind::Nothing) if self.lacks_end() => {
                    (last.content.end, last.ended) = (*dot, true);
                    break;
                }
                _ => continue,
            };
            (last.content.end, last.ended) = (*dot, true);
            let start = dot + (near.len() - text.len() + len) as u64;
            pieces.push(Piece { content: start..size, ended: false, prelude: Some(prelude) });
            if pieces.len() == MAX_PIECES {
                break;
            }
        }
        Ok(pieces)
    }

    /// The record of one piece, as if it had come alone.
    fn piece(&self, piece: &Piece, scene: &Scene<'_>) -> Result<Told, SinkError> {
        let mut message = Message::new(&scene.context.folder);
        reread::copy(&mut message, &self.path, &self.runs, piece.content.clone())?;
        let cut = !piece.ended && self.lacks_end();
        let finished = message.finish(cut)?;
        let mut record = self.message.as_ref().clone();
        if let Some((first, last)) = finished.times() {
            let packet = finished.run_at(0).map_or(scene.tally.start.1, |(run, _)| run.packet);
            record.start = scene.context.time(first, packet);
            record.end = scene.context.time(last, packet);
        }
        record.anomalies = vec![MessageAnomaly::new("eod-loose", None)];
        record.complete |= piece.ended;
        let provenance = finished.fill(&mut record);
        Ok((Box::new(record), Vec::new(), provenance))
    }
}
