//! Sections that came, until the command is answered that asked for them: whether the server kept to the ranges.

use super::pairing::{Asked, memory_of};
use crate::lexical::MAX_DEPTH;
use crate::response::Wanted;
use crate::{MessageRef, Section, Specifier};

/// Sections that came and that no answered command has asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Came(Vec<One>);

/// A section of a message.
#[derive(Clone, Debug)]
struct One {
    section: Section,
    /// `None`: it came whole.
    origin: Option<u64>,
    size: u64,
    sequence: Option<u32>,
    uid: Option<u32>,
    /// As often it came.
    times: u32,
    /// FETCH commands that were answered since.
    age: u8,
}

/// So many are remembered.
const MOST: usize = 32;
/// All of them, with paths as long as they may be.
pub(super) const MEMORY: usize = MOST * (size_of::<One>() + MAX_DEPTH * size_of::<u32>());
/// What none of so many commands has asked for, nobody has.
const OLDEST: u8 = 8;

impl Came {
    /// Adds one.
    pub(super) fn note(&mut self, of: &MessageRef, size: u64) {
        if of.section.is_header_subset() || matches!(of.section.specifier, Specifier::Other(_)) {
            return;
        }
        // What comes once more comes at once, if at all; two that are alike count as well.
        if let Some(last) = self.0.last_mut()
            && (last.sequence, last.uid, last.origin, last.size) == (of.sequence, of.uid, of.origin, size)
            && last.section == of.section
        {
            last.times = last.times.saturating_add(1);
            last.age = 0;
        } else if self.0.len() < MOST {
            let (section, origin) = (of.section.clone(), of.origin);
            self.0.push(One { section, origin, size, sequence: of.sequence, uid: of.uid, times: 1, age: 0 });
        }
    }

    /// The UID of a message came behind a section of it.
    pub(super) fn named(&mut self, sequence: u32, uid: u32) {
        for one in self.0.iter_mut().filter(|one| one.sequence == Some(sequence)) {
            one.uid.get_or_insert(uid);
        }
    }

    /// A FETCH was answered: takes out what it has asked for. Whether more came of a message than a range of it, and the
    /// range did not: that came for another command then.
    pub(super) fn answered(&mut self, wanted: &Wanted, asked: &[Asked]) -> bool {
        let mut ignored = false;
        for (section, range) in asked {
            let is_asked = |one: &One| one.section == *section && wanted.names(one.sequence, one.uid);
            let kept = |one: &One| match *range {
                None => one.origin.is_none(),
                Some((first, length)) => one.origin == Some(first) && one.size <= length,
            };
            let came = || self.0.iter().filter(|one| is_asked(one));
            if let Some((first, _)) = range {
                let whole = asked.contains(&(section.clone(), None));
                ignored |= came().any(|one| {
                    let exceeds = match one.origin {
                        None => !whole,
                        Some(origin) => origin == *first && !kept(one),
                    };
                    let same = |other: &One| (other.sequence, other.uid) == (one.sequence, one.uid);
                    exceeds && !came().any(|other| same(other) && kept(other))
                });
            }
            // Of each message one: what was asked for, or what came instead.
            let mut done: Vec<(Option<u32>, Option<u32>)> = Vec::new();
            for exact in [true, false] {
                for one in self.0.iter_mut().filter(|one| is_asked(one) && (kept(one) || !exact)) {
                    let message = (one.sequence, one.uid);
                    if !done.contains(&message) {
                        one.times -= 1;
                        done.push(message);
                    }
                }
            }
            self.0.retain(|one| one.times > 0);
        }
        ignored
    }

    /// A FETCH was answered: what nobody asks for is forgotten.
    pub(super) fn grow_older(&mut self) {
        for one in &mut self.0 {
            one.age = one.age.saturating_add(1);
        }
        self.0.retain(|one| one.age < OLDEST);
    }

    /// Memory held, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.0.iter().map(|one| size_of::<One>() + memory_of(&one.section)).sum()
    }
}
