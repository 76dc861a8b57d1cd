//! Pieces against what they come to.

mod names;
mod ranges;
mod sections;
mod urls;

use super::*;
use crate::response::{self, Data, Item, Response};
use crate::{MailboxName, Specifier, command};
use core::convert::Infallible;

/// Pieces and their bytes.
#[derive(Default)]
struct Spool {
    joiner: Joiner,
    bytes: Vec<Vec<u8>>,
}

fn account() -> Account {
    Account { server: "s".into(), user: "alice".into() }
}

fn message(uid: u32) -> MessageRef {
    MessageRef {
        operation: Operation::Fetch,
        mailbox: Some(MailboxName::new("Inbox")),
        uid_validity: Some(7),
        uid: Some(uid),
        ..MessageRef::default()
    }
}

fn section(path: &[u32], specifier: Specifier) -> Section {
    Section { path: path.to_vec(), specifier, ..Section::default() }
}

impl Spool {
    /// Adds a piece of session 1.
    fn add(&mut self, of: MessageRef, bytes: &[u8], holes: &[Hole]) -> bool {
        let id = self.bytes.len() as u64;
        self.bytes.push(bytes.to_vec());
        let mut piece = Piece::new(id, 1, account(), of, bytes.len() as u64);
        piece.holes = holes.to_vec();
        self.joiner.piece(piece)
    }

    fn range(&mut self, origin: u64, bytes: &[u8]) -> bool {
        self.add(MessageRef { origin: Some(origin), ..message(9) }, bytes, &[])
    }

    fn section(&mut self, section: Section, bytes: &[u8]) -> bool {
        self.add(MessageRef { section, ..message(9) }, bytes, &[])
    }

    fn asked(&mut self, line: &'static str) {
        self.joiner.asked(1, &command::parse(&line.into()).unwrap());
    }

    /// What they come to, with the bytes; holes are filled with `?`.
    fn finish(self) -> Vec<(Joined, String)> {
        self.outcome(&[]).0
    }

    /// The same, and what contradicts whole messages whose sections stand there.
    fn outcome(self, tree: &[(Section, Range<u64>)]) -> (Vec<(Joined, String)>, Vec<Mismatch>) {
        let bytes = self.bytes;
        let at = |piece: u64, range: Range<u64>| -> Vec<u8> {
            let whole = &bytes[usize::try_from(piece).unwrap()];
            whole[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec()
        };
        let mut lend = Lend { at: &at, tree };
        let Ok(outcome) = self.joiner.finish(&mut lend);
        let read = |joined: &Joined| {
            let mut whole = vec![b'?'; usize::try_from(joined.size).unwrap()];
            for run in &joined.runs {
                let bytes = match run {
                    Run::Piece { piece, from, len, .. } => at(*piece, *from..from + len),
                    Run::Text { bytes, .. } => bytes.to_vec(),
                };
                let start = usize::try_from(run.range().start).unwrap();
                whole[start..start + bytes.len()].copy_from_slice(&bytes);
            }
            String::from_utf8(whole).unwrap()
        };
        let joined = outcome.messages.into_iter().map(|joined| (joined.clone(), read(&joined))).collect();
        (joined, outcome.mismatches)
    }
}

struct Lend<'a> {
    at: &'a dyn Fn(u64, Range<u64>) -> Vec<u8>,
    tree: &'a [(Section, Range<u64>)],
}

impl Contents for Lend<'_> {
    type Error = Infallible;

    fn lend(&mut self, piece: u64, range: Range<u64>) -> Result<Bytes, Infallible> {
        Ok(Bytes::from((self.at)(piece, range)))
    }

    fn section(&mut self, _: u64, section: &Section) -> Option<Range<u64>> {
        self.tree.iter().find(|(known, _)| known == section).map(|(_, range)| range.clone())
    }
}

/// How, complete, text, pieces, number of holes and conflicts.
fn told(spool: Spool) -> Vec<(How, bool, String, Vec<u64>, usize, usize)> {
    let told = |(joined, text): (Joined, String)| {
        (joined.how, joined.complete, text, joined.pieces, joined.holes.len(), joined.conflicts.len())
    };
    spool.finish().into_iter().map(told).collect()
}

fn structure(line: &'static str) -> Box<BodyStructure> {
    let Ok(Response::Data(Data::Fetch(fetch))) = response::parse(&line.into()) else { panic!() };
    let body = fetch.items.into_iter().find_map(|item| match item {
        Item::BodyStructure(body) => Some(body),
        _ => None,
    });
    body.unwrap()
}
