//! The other reading of a message with loose ends of data: several messages, with commands between them.
//!
//! The session streams the strict reading and tells where the loose ends are. Here the spooled message is cut at those
//! behind which commands follow. Where the server's replies prove that it read the message so, this reading is the
//! primary one.

use super::conversation::Scene;
use super::reread;
use super::smtp::mail_from;
use crate::message::Message;
use crate::record::{self, MessageAnomaly, Provenance, Reading, Run, Text};
use crate::sink::SinkError;
use core::ops::Range;
use core::time::Duration;
use smtp_proto::command::{self, Arguments};
use smtp_proto::{LooseForm, Verb};
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
    /// The verdicts on the further messages, if the server gave any.
    pub(super) verdicts: Vec<Text>,
}

/// One message of the other reading.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    content: Range<u64>,
    /// That of the commands before it; the first piece has that of the strict reading.
    envelope: Option<record::Envelope>,
}

/// A record and all that belongs to it.
pub(super) type Told = (Box<record::Message>, Vec<record::Anomaly>, Provenance);

impl Suspect {
    /// Both readings, the primary one first.
    pub(super) fn release(mut self, scene: &Scene<'_>) -> Result<Vec<Told>, SinkError> {
        let proven = !self.verdicts.is_empty();
        let pieces = match self.pieces() {
            // What cannot be read back is told in the strict reading alone.
            Ok(pieces) if pieces.len() > 1 && (proven || self.message.size <= MAX_CANDIDATE) => pieces,
            _ => Vec::new(),
        };
        let mut others = Vec::new();
        let mut verdicts = self.verdicts.iter().cloned();
        for piece in pieces {
            let mut other = self.piece(&piece, scene)?;
            let verdict = if piece.envelope.is_some() { verdicts.next() } else { self.message.reply.clone() };
            if proven {
                let accepted = |verdict: &Text| verdict.as_str().starts_with('2');
                other.0.outcome = match &verdict {
                    Some(verdict) if accepted(verdict) => record::Outcome::Accepted,
                    Some(_) => record::Outcome::Rejected,
                    None => record::Outcome::Unknown,
                };
                other.0.reply = verdict;
            }
            other.0.envelope = piece.envelope.or_else(|| self.message.envelope.clone());
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

    /// Where the message falls apart.
    fn pieces(&self) -> std::io::Result<Vec<Piece>> {
        let mut pieces = vec![Piece { content: 0..self.message.size, envelope: None }];
        // With holes in it, offsets of the message are not those of the file.
        if !self.message.missing.is_empty() {
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
            let Some((envelope, len)) = commands(text) else { continue };
            let behind = dot + (near.len() - text.len() + len) as u64;
            last.content.end = *dot;
            pieces.push(Piece { content: behind..self.message.size, envelope: Some(envelope) });
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
        let finished = message.finish(false)?;
        let mut record = self.message.as_ref().clone();
        if let Some((first, last)) = finished.times() {
            let packet = finished.run_at(0).map_or(scene.tally.start.1, |(run, _)| run.packet);
            record.start = scene.context.time(first, packet);
            record.end = scene.context.time(last, packet);
        }
        record.anomalies = vec![MessageAnomaly::new("eod-loose", None)];
        let provenance = finished.fill(&mut record);
        Ok((Box::new(record), Vec::new(), provenance))
    }
}

/// Commands that lead to a message: MAIL, RCPT and what may stand between them, up to DATA. Their envelope, and how
/// many bytes they take.
fn commands(text: &[u8]) -> Option<(record::Envelope, usize)> {
    let mut envelope = record::Envelope::default();
    let mut len = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        len += line.len();
        let line = line.strip_suffix(b"\n")?;
        let command = command::parse(line.strip_suffix(b"\r").unwrap_or(line)).ok()?;
        match (command.verb, command.arguments) {
            (Verb::Data, Arguments::None) if envelope.mail_from.is_some() => return Some((envelope, len)),
            (Verb::Mail, Arguments::Mail { sender, parameters }) => {
                envelope = mail_from(Some(&sender), &parameters);
            }
            (Verb::Rcpt, Arguments::Rcpt { recipient, .. }) => {
                envelope.rcpt_to.push(record::Recipient::new(Text::from(recipient.mailbox)));
            }
            (Verb::Helo | Verb::Ehlo | Verb::Lhlo | Verb::Rset | Verb::Noop, _) => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_lead_to_a_message() {
        let found = |text: &str| {
            commands(text.as_bytes()).map(|(envelope, len)| {
                let to: Vec<String> = envelope.rcpt_to.iter().map(|to| to.address.to_string()).collect();
                (envelope.mail_from.unwrap_or_default().to_string(), to.join(","), len)
            })
        };
        let some = |from: &str, to: &str, len| Some((from.to_owned(), to.to_owned(), len));
        assert_eq!(found("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nbody"), some("a@x", "b@y", 38));
        assert_eq!(
            found("rset\nmail from:a@x\nrcpt to:<b@y>\nRCPT TO:<c@y>\ndata\n"),
            some("a@x", "b@y,c@y", 52)
        );
        assert_eq!(found("Dear Bob,\r\nDATA\r\n"), None);
        assert_eq!(found("DATA\r\n"), None);
        assert_eq!(found("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"), None);
    }
}
