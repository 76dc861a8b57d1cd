//! Parts of messages, collected while captures are read and joined when all is read: clients fetch over several
//! connections, so that no shard sees all of a message.

mod compose;
mod whole;

use crate::flow::Context;
use crate::flow::imap::{Known, Piece};
use crate::message::Finished;
use crate::record::{self, Layer, MessageAnomaly, Provenance, Run, Text};
use crate::sink::SinkError;
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use imap_proto_lite::join::{Contents, How, Joiner};
use imap_proto_lite::{Anomaly, Section};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use whole::Tree;

/// Files are read in pieces of this size.
const BLOCK: u64 = 64 << 10;

/// Parts that wait, and what is known of their messages.
#[derive(Debug, Default)]
pub(super) struct Joins {
    joiner: Joiner,
    /// By the number that the joiner knows them by.
    held: Vec<Held>,
    /// Files of parts that were told alone, and have another file now; perhaps that of a part that waits as well.
    left: BTreeSet<PathBuf>,
}

/// What the joiner knows by a number.
#[derive(Debug)]
enum Held {
    /// A part and its session.
    Part(Box<Piece>, u64),
    /// A message that was told already.
    Whole(PathBuf),
}

/// A message, and the sessions that it came from.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) sessions: BTreeSet<u64>,
    pub(super) message: Box<record::Message>,
    pub(super) anomalies: Vec<record::Anomaly>,
    pub(super) provenance: Provenance,
}

impl Told {
    /// The session that all of it came from, if it is one.
    pub(super) fn only_session(&self) -> Option<u64> {
        match self.sessions.iter().collect::<Vec<_>>()[..] {
            [only] => Some(*only),
            _ => None,
        }
    }
}

impl Joins {
    /// Takes a part; hands it back as a message of its own if it cannot be joined with anything.
    pub(super) fn piece(
        &mut self,
        piece: Box<Piece>,
        session: u64,
        context: &Context,
    ) -> Result<Option<Told>, SinkError> {
        if self.joiner.piece(piece.told(self.held.len() as u64, session)) {
            self.held.push(Held::Part(piece, session));
            return Ok(None);
        }
        if piece.message.complete && piece.message.section.is_none() {
            // What is fetched of it besides may be compared with it.
            self.held.push(Held::Whole(piece.path.clone()));
        }
        let path = piece.path.clone();
        let told = compose::alone(*piece, session, &[], context)?;
        if compose::is_waiting(&path) && path.exists() {
            self.left.insert(path);
        }
        Ok(Some(told))
    }

    pub(super) fn known(&mut self, known: Known, session: u64) {
        match known {
            Known::Asked(command) => self.joiner.asked(session, &command),
            Known::Named(account, of) => self.joiner.named(session, &account, &of),
            Known::Structure(account, of, body) => self.joiner.structure(session, &account, &of, &body),
            Known::Size(account, of, size) => self.joiner.size(session, &account, &of, size),
        }
    }

    /// What is odd about the parts that wait, by session: each session has counted it.
    pub(super) fn counted(&self) -> impl Iterator<Item = (u64, record::Code)> + '_ {
        self.held.iter().flat_map(|held| {
            let (piece, session) = match held {
                Held::Part(piece, session) => (Some(piece), *session),
                Held::Whole(_) => (None, 0),
            };
            let anomalies = piece.into_iter().flat_map(|piece| &piece.anomalies);
            anomalies.map(move |anomaly| (session, anomaly.code.clone()))
        })
    }

    /// All is read: joins what makes a whole; the rest stands alone. In the order of their first parts.
    pub(super) fn finish(self, context: &Context) -> Result<Vec<Told>, SinkError> {
        let held = self.held;
        let mut lender = Lender { held: &held, trees: BTreeMap::new() };
        let outcome = self.joiner.finish(&mut lender)?;
        let mut odd: BTreeMap<u64, Vec<Anomaly>> = BTreeMap::new();
        for piece in outcome.mismatches.iter().flat_map(|mismatch| &mismatch.pieces) {
            odd.entry(*piece).or_default().push(Anomaly::SectionMismatch);
        }
        let mut told = Vec::new();
        let mut used = BTreeSet::new();
        for joined in &outcome.messages {
            let first = joined.pieces.iter().min().copied().unwrap_or(0);
            match joined.how {
                // A message made up of parts stands beside them, since nobody sent these bytes.
                How::Parts => {}
                // What its URLs name is content of other messages as well.
                How::Catenated => {
                    let own = joined.pieces.first().copied().unwrap_or(0);
                    let all = vec![Anomaly::CatenateUnresolved; joined.unresolved.min(MAX_ODDITIES)];
                    if joined.pieces.len() < 2 {
                        odd.entry(own).or_default().extend(all);
                        continue;
                    }
                    used.insert(own);
                }
                _ => used.extend(joined.pieces.iter().copied()),
            }
            told.push(((first, 0), compose::composed(joined, &held, &odd, context)?));
        }
        let mut waiting = self.left;
        for (id, held) in (0..).zip(held) {
            let Held::Part(piece, session) = held else { continue };
            waiting.insert(piece.path.clone());
            if !used.contains(&id) {
                let odd = odd.get(&id).map(Vec::as_slice).unwrap_or_default();
                told.push(((id, 1), compose::alone(*piece, session, odd, context)?));
            }
        }
        for path in waiting.iter().filter(|path| compose::is_waiting(path) && path.exists()) {
            std::fs::remove_file(path).map_err(SinkError::io("remove", path))?;
        }
        told.sort_by_key(|(order, _)| *order);
        Ok(told.into_iter().map(|(_, told)| told).collect())
    }
}

/// So many oddities of one message are told.
const MAX_ODDITIES: usize = 1000;

/// Lends what is stored to the joiner.
struct Lender<'a> {
    held: &'a [Held],
    /// The MIME trees of whole messages that were asked for.
    trees: BTreeMap<u64, Option<Tree>>,
}

impl Contents for Lender<'_> {
    type Error = SinkError;

    fn lend(&mut self, piece: u64, range: Range<u64>) -> Result<Bytes, SinkError> {
        held(self.held, piece).map_or_else(|| Ok(Bytes::new()), |held| held.read(range))
    }

    fn section(&mut self, whole: u64, section: &Section) -> Option<Range<u64>> {
        let Some(Held::Whole(path)) = held(self.held, whole) else { return None };
        // A message that cannot be read has no tree; that it cannot, reading its bytes tells.
        self.trees
            .entry(whole)
            .or_insert_with(|| Tree::of(path).ok())
            .as_ref()?
            .place(section)
            .filter(|place| place.start <= place.end)
    }
}

fn held(held: &[Held], id: u64) -> Option<&Held> {
    usize::try_from(id).ok().and_then(|id| held.get(id))
}

fn read(path: &Path, range: Range<u64>) -> Result<Bytes, SinkError> {
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        file.take(range.end - range.start).read_to_end(&mut bytes)?;
        Ok(Bytes::from(bytes))
    };
    read().map_err(SinkError::io("read", path))
}

impl Held {
    fn read(&self, range: Range<u64>) -> Result<Bytes, SinkError> {
        match self {
            Self::Part(piece, _) => piece.read(range),
            Self::Whole(path) => read(path, range),
        }
    }
}

impl Piece {
    /// Where a byte of the part, holes included, stands in its file.
    fn in_file(&self, offset: u64) -> u64 {
        let holes = self.message.missing.iter().filter(|hole| hole.offset < offset);
        offset.saturating_sub(holes.filter_map(|hole| hole.length).sum())
    }

    fn read(&self, range: Range<u64>) -> Result<Bytes, SinkError> {
        let from = self.in_file(range.start);
        read(&self.path, from..from + (range.end - range.start))
    }

    /// The runs of a stretch of the part, as those of a message where it stands at `at`.
    fn runs_of(&self, range: Range<u64>, at: u64) -> impl Iterator<Item = (Run, Duration)> + '_ {
        let from = self.in_file(range.start);
        let stretch = from..from + (range.end - range.start);
        self.runs.iter().filter_map(move |(run, time)| Some((run.within(&stretch, at)?, *time)))
    }
}

/// Adds what is odd about the content of a message to its record, and to what is told of it, with its packet where that is
/// known.
fn note_content(
    record: &mut record::Message,
    anomalies: &mut Vec<record::Anomaly>,
    finished: &Finished,
    context: &Context,
) {
    for mime in &finished.anomalies {
        note(record, anomalies, Layer::Mime, mime.code.clone(), mime.detail.clone());
        if let (Some(anomaly), Some((run, at))) = (anomalies.last_mut(), finished.run_at(mime.offset)) {
            anomaly.packet = Some(run.packet);
            anomaly.at = Some(context.time(*at, run.packet));
        }
    }
}

/// Adds what is odd about a message to its record, and to what is told of it.
fn note(
    record: &mut record::Message,
    anomalies: &mut Vec<record::Anomaly>,
    layer: Layer,
    code: record::Code,
    detail: Option<Text>,
) {
    record.anomalies.push(MessageAnomaly::new(code.clone(), detail.clone()));
    let mut anomaly = record::Anomaly::new(layer, code);
    anomaly.detail = detail;
    anomalies.push(anomaly);
}
