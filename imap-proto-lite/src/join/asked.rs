//! Which ranges clients have asked for: a shorter answer is the end of its section.

use super::{Piece, held};
use crate::command::{Arguments, Command};
use crate::response::Wanted;
use crate::{MessageRef, Section};
use core::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A range that was asked for.
#[derive(Clone, Debug)]
struct Ask {
    wanted: Wanted,
    section: Section,
    first: u64,
    length: u64,
    /// The messages of which a piece has answered it.
    answered: BTreeSet<u64>,
}

impl Ask {
    fn is_for(&self, of: &MessageRef) -> bool {
        self.section == of.section && Some(self.first) == of.origin && self.wanted.names(of.sequence, of.uid)
    }

    fn weight(&self) -> usize {
        2 * size_of::<Self>() + held::of_section(&self.section) + self.wanted.memory()
    }
}

/// What tells the messages of a session apart.
fn identity(of: &MessageRef) -> u64 {
    of.handle.unwrap_or_else(|| of.uid.or(of.sequence).unwrap_or(0).into())
}

/// All ranges that were asked for, by session.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    sessions: BTreeMap<u64, Vec<Ask>>,
    /// There were more than may be kept: of no piece it is known any more what it answers.
    overflowed: bool,
}

/// So far back the command is looked for that a piece answers.
const PIPELINED: usize = 256;
/// So many commands are looked at where the one that a piece answers came behind it.
const MOST: usize = 4096;

impl Asked {
    /// Takes note of a command, where there is room for so many bytes.
    pub(super) fn note(&mut self, session: u64, command: &Command, mut has_room: impl FnMut(usize) -> bool) {
        let Arguments::Fetch { set, attributes } = &command.arguments else { return };
        let wanted = Wanted::new(command.uid, set);
        for attribute in attributes {
            let Some((section, (first, length))) = attribute.section.as_ref().zip(attribute.partial) else {
                continue;
            };
            let (wanted, section) = (wanted.clone(), section.copied());
            let ask = Ask { wanted, section, first, length, answered: BTreeSet::new() };
            if !has_room(ask.weight()) {
                self.overflowed = true;
                return;
            }
            self.sessions.entry(session).or_default().push(ask);
        }
    }

    /// How much of the section was asked for by the command before the piece that the piece answers, and marks it as
    /// answered. Of several that no piece of the message has answered that is the one that asked for as much as came, or else
    /// the first that asked for more: what is shorter than one command wants is the end, and then the commands that want less
    /// are answered in full. A piece that broke off may have answered any that wanted more: it marks none.
    pub(super) fn answered_by(&mut self, piece: &Piece) -> Option<u64> {
        if self.overflowed {
            return None;
        }
        let (of, len) = (&piece.of, piece.len);
        let asks = self.sessions.get_mut(&piece.session)?;
        let identity = identity(of);
        let old = asks.len().saturating_sub(PIPELINED);
        let rank = |ask: &Ask| match ask.length.cmp(&len) {
            Ordering::Equal => 0,
            Ordering::Greater => 1,
            Ordering::Less => 2,
        };
        let open = asks.get_mut(old..)?.iter_mut();
        let open = open.filter(|ask| ask.is_for(of) && !ask.answered.contains(&identity));
        let ask = open.min_by_key(|ask| rank(ask))?;
        if !piece.is_torn() {
            ask.answered.insert(identity);
        }
        Some(ask.length)
    }

    /// How much was asked for by any command; the least, of several.
    pub(super) fn ever(&self, session: u64, of: &MessageRef) -> Option<u64> {
        if self.overflowed {
            return None;
        }
        let all = self.sessions.get(&session)?.iter().take(MOST);
        all.filter(|ask| ask.is_for(of)).map(|ask| ask.length).min()
    }

    /// Memory held, in bytes.
    pub(super) fn buffered(&self) -> usize {
        let asks = |asks: &Vec<Ask>| {
            let all = asks.iter().map(|ask| ask.weight() + ask.answered.len() * 2 * size_of::<u64>());
            all.sum::<usize>()
        };
        self.sessions.values().map(asks).sum()
    }
}
