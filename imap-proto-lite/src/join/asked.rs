//! Which ranges clients have asked for: a shorter answer is the end of its section.

use crate::command::{Arguments, Command};
use crate::response::NumberSet;
use crate::{MessageRef, Section};
use std::collections::BTreeMap;

/// A range that was asked for.
#[derive(Clone, Debug)]
struct Ask {
    /// The messages are named by their UIDs.
    uid: bool,
    /// The messages, in order; `None`: those of a set that only the server knows.
    set: Option<Vec<(u32, u32)>>,
    section: Section,
    first: u64,
    length: u64,
}

impl Ask {
    fn is_for(&self, of: &MessageRef) -> bool {
        self.section == of.section && Some(self.first) == of.origin && self.names(of)
    }

    fn names(&self, of: &MessageRef) -> bool {
        let (Some(set), Some(number)) = (&self.set, if self.uid { of.uid } else { of.sequence }) else {
            return true;
        };
        // `*`: whichever is the last one.
        if set.last() == Some(&(u32::MAX, u32::MAX)) {
            return true;
        }
        let behind = set.partition_point(|(first, _)| *first <= number);
        behind.checked_sub(1).and_then(|at| set.get(at)).is_some_and(|(_, last)| number <= *last)
    }
}

/// All ranges that were asked for, by session.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(BTreeMap<u64, Vec<Ask>>);

/// So far back the command is looked for that a piece answers.
const PIPELINED: usize = 256;
/// So many commands are looked at where the one that a piece answers came behind it.
const MOST: usize = 4096;

impl Asked {
    /// Takes note of a command; how much it is that is kept, in units of a piece.
    pub(super) fn note(&mut self, session: u64, command: &Command, mut has_room: impl FnMut(usize) -> bool) {
        let Arguments::Fetch { set, attributes } = &command.arguments else { return };
        let set = NumberSet::of(set).map(|mut set| {
            set.ranges.sort_unstable();
            set.ranges
        });
        for attribute in attributes {
            let Some((section, (first, length))) = attribute.section.as_ref().zip(attribute.partial) else {
                continue;
            };
            if !has_room(1 + set.as_ref().map_or(0, Vec::len) / 16) {
                return;
            }
            let (uid, set, section) = (command.uid, set.clone(), section.copied());
            self.0.entry(session).or_default().push(Ask { uid, set, section, first, length });
        }
    }

    /// How much of the section was asked for, by the last command before the piece.
    pub(super) fn before(&self, session: u64, of: &MessageRef) -> Option<u64> {
        let mut last = self.0.get(&session)?.iter().rev().take(PIPELINED);
        last.find(|ask| ask.is_for(of)).map(|ask| ask.length)
    }

    /// How much was asked for by any command; the least, of several.
    pub(super) fn ever(&self, session: u64, of: &MessageRef) -> Option<u64> {
        let all = self.0.get(&session)?.iter().take(MOST);
        all.filter(|ask| ask.is_for(of)).map(|ask| ask.length).min()
    }
}
