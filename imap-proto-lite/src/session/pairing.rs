//! Which response ends which command: the one with its tag (RFC 9051 section 2.2.2).

use crate::Section;
use crate::command::{Arguments, Command, Verb};
use crate::mailbox::MailboxName;
use crate::response::Wanted;
use bytes::Bytes;
use std::collections::VecDeque;

/// A command that awaits its response.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) tag: Bytes,
    pub(super) verb: Verb,
    pub(super) expect: Expect,
    /// All of it was read.
    pub(super) whole: bool,
    /// The largest literal that did not wait to be taken.
    pub(super) unasked: u64,
    /// IDLE: the server was heard to go on.
    pub(super) continued: bool,
    /// The server's half had a gap since: the answer may have been there.
    lost: bool,
    /// It was there, for all that is known.
    passed: bool,
    /// No message goes while the server answers it.
    keeps: bool,
}

/// What the response decides.
#[derive(Clone, Debug)]
pub(super) enum Expect {
    /// SELECT, EXAMINE: which mailbox is open.
    Open { mailbox: MailboxName, read_only: bool },
    /// CLOSE, UNSELECT, UNAUTHENTICATE: that none is.
    Close,
    /// FETCH: the messages, and the sections of them.
    Sections(Wanted, Vec<Asked>),
    /// LOGIN, AUTHENTICATE: what came of it.
    Login,
    /// Nothing that the session needs to know.
    Nothing,
}

/// A section that was asked for; of a range the first byte and the length.
pub(super) type Asked = (Section, Option<(u64, u64)>);

/// So many sections of one command are remembered.
const MAX_SECTIONS: usize = 16;

impl Expect {
    pub(super) fn of(command: &Command) -> Self {
        match (&command.verb, &command.arguments) {
            (verb @ (Verb::Select | Verb::Examine), Arguments::Mailbox { name, .. }) => {
                Self::Open { mailbox: name.copied(), read_only: *verb == Verb::Examine }
            }
            (_, Arguments::Login { .. } | Arguments::Authenticate { .. }) => Self::Login,
            (Verb::Close | Verb::Unselect | Verb::Unauthenticate, _) => Self::Close,
            (Verb::Fetch, Arguments::Fetch { set, attributes }) => {
                let sections = attributes.iter().filter_map(|attribute| {
                    let section = attribute.section.as_ref().filter(|section| !section.is_header_subset())?;
                    Some((section.copied(), attribute.partial))
                });
                let sections: Vec<_> = sections.take(MAX_SECTIONS).collect();
                if sections.is_empty() {
                    return Self::Nothing;
                }
                Self::Sections(Wanted::new(command.uid, set), sections)
            }
            _ => Self::Nothing,
        }
    }

    fn memory(&self) -> usize {
        match self {
            Self::Open { mailbox, .. } => mailbox.raw().len(),
            Self::Sections(wanted, sections) => {
                wanted.memory() + sections.iter().map(|(section, _)| memory_of(section) + 24).sum::<usize>()
            }
            Self::Close | Self::Login | Self::Nothing => 0,
        }
    }
}

/// What a section keeps.
pub(super) fn memory_of(section: &Section) -> usize {
    size_of::<Section>() + section.path.capacity() * size_of::<u32>()
}

impl Pending {
    pub(super) fn new(tag: &[u8], verb: Verb) -> Self {
        let tag = Bytes::copy_from_slice(tag);
        Self {
            tag,
            verb,
            expect: Expect::Nothing,
            whole: false,
            unasked: 0,
            continued: false,
            lost: false,
            passed: false,
            keeps: false,
        }
    }

    /// All of the command was read.
    pub(super) fn read(&mut self, command: &Command) {
        self.whole = true;
        self.expect = Expect::of(command);
        // RFC 9051 section 7.5.1: EXPUNGE comes in no answer to these, unless they are commands with UIDs.
        self.keeps = !command.uid && matches!(command.verb, Verb::Fetch | Verb::Store | Verb::Search);
    }

    /// Whether the answer was in a gap, and is accounted for.
    pub(super) const fn is_passed(&self) -> bool {
        self.passed
    }

    /// Whether it opens a mailbox whose name was not read.
    pub(super) const fn opens_unnamed(&self) -> bool {
        matches!((self.verb, &self.expect), (Verb::Select | Verb::Examine, Expect::Nothing))
    }

    /// Whether content or flags of a message may be part of the answer, as far as it is known.
    fn may_bring(&self, section: Option<&Section>, sequence: Option<u32>, uid: Option<u32>) -> bool {
        match &self.expect {
            _ if self.passed => false,
            Expect::Sections(wanted, asked) => {
                let is_asked = |section: &Section| {
                    section.is_header_subset()
                        || asked.len() >= MAX_SECTIONS
                        || asked.iter().any(|(one, _)| one == section)
                };
                wanted.names(sequence, uid) && section.is_none_or(is_asked)
            }
            _ => matches!(self.verb, Verb::Fetch | Verb::Store),
        }
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.tag.len() + self.expect.memory()
    }
}

/// The commands that await responses, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    pending: VecDeque<Pending>,
    /// The last tags, answered or not: what is a fresh tag does not depend on when the answers come.
    tags: VecDeque<Used>,
    /// The client does not wait for an answer before it sends the next command.
    pipelined: bool,
    /// The server's half has had a gap: commands that wait may have been answered there.
    torn: bool,
}

/// A tag, and the last command that had it.
#[derive(Clone, Debug)]
struct Used {
    tag: Bytes,
    verb: Verb,
    /// IDLE: the client was heard to end it.
    done: bool,
}

impl Used {
    /// Whether the tag may be used again for this command: which of the two a response ends makes no difference.
    fn is_free_for(&self, verb: Verb) -> bool {
        match (self.verb, verb) {
            (Verb::Idle, Verb::Idle) => self.done,
            (Verb::Noop, Verb::Noop) => true,
            _ => false,
        }
    }
}

/// So many tags are remembered, if they are no longer than a client's.
const MAX_TAGS: usize = 16;
const MAX_TAG: usize = 64;

impl Queue {
    /// Adds a command; false if its tag was used just before, and a response could be taken for that of the other.
    pub(super) fn push(&mut self, pending: Pending) -> bool {
        let verb = pending.verb;
        let mut free = true;
        if let Some(used) = self.tags.iter_mut().find(|used| used.tag == pending.tag) {
            free = used.is_free_for(verb);
            (used.verb, used.done) = (verb, false);
        } else if pending.tag.len() <= MAX_TAG {
            if self.tags.len() >= MAX_TAGS {
                self.tags.pop_front();
            }
            self.tags.push_back(Used { tag: pending.tag.clone(), verb, done: false });
        }
        self.pipelined |= self.pending.iter().any(|pending| !pending.lost);
        self.pending.push_back(pending);
        free
    }

    /// The server's half has a gap. Whether a message may have gone in it.
    pub(super) fn gap(&mut self) -> bool {
        self.torn = true;
        let mut keep = !self.pending.is_empty();
        for pending in self.pending.iter_mut().filter(|pending| !pending.passed) {
            keep &= pending.keeps;
            pending.lost = true;
        }
        !keep
    }

    /// The commands before this one were answered in a gap, for all that is known: what has been open since then, if one of
    /// them has opened or closed a mailbox.
    pub(super) fn pass(&mut self, before: usize) -> Option<Expect> {
        let mut open = None;
        for pending in self.pending.iter_mut().take(before).filter(|pending| pending.lost && !pending.passed)
        {
            pending.passed = true;
            match &pending.expect {
                Expect::Open { .. } | Expect::Close => open = Some(pending.expect.clone()),
                _ if pending.opens_unnamed() => open = Some(Expect::Close),
                _ => {}
            }
        }
        open
    }

    /// Whether content of messages may be part of an answer that is to come.
    pub(super) fn awaits_content(&self) -> bool {
        let brings = |verb| matches!(verb, Verb::Fetch | Verb::UrlFetch | Verb::Unknown);
        self.pending.iter().any(|pending| !pending.passed && brings(pending.verb))
    }

    /// So many commands a client that waits for answers has heard them of, when it sends the last one.
    pub(super) fn before_last(&self) -> usize {
        if !self.torn || self.pipelined { 0 } else { self.pending.len().saturating_sub(1) }
    }

    /// So many commands stand before the one with this tag.
    pub(super) fn before(&self, tag: &[u8]) -> usize {
        self.place(|pending| pending.tag == tag)
    }

    /// So many commands stand before the first that may bring something, or this section, of this message.
    pub(super) fn before_fetch(
        &self,
        section: Option<&Section>,
        sequence: Option<u32>,
        uid: Option<u32>,
    ) -> usize {
        self.place(|pending| pending.may_bring(section, sequence, uid))
    }

    /// So many commands stand before the first of that kind. Without a gap none of them was answered unheard, and none is
    /// looked at.
    fn place(&self, is: impl FnMut(&Pending) -> bool) -> usize {
        if !self.torn {
            return 0;
        }
        self.pending.iter().position(is).unwrap_or(0)
    }

    /// DONE: the client has ended the IDLE that is under way.
    pub(super) fn done(&mut self) {
        for used in self.tags.iter_mut().filter(|used| used.verb == Verb::Idle) {
            used.done = true;
        }
    }

    /// The command that came last, which may still be coming.
    pub(super) fn last_mut(&mut self) -> Option<&mut Pending> {
        self.pending.back_mut()
    }

    pub(super) fn last(&self) -> Option<&Pending> {
        self.pending.back()
    }

    /// The last tags, answered or not.
    pub(super) fn tags(&self) -> impl Iterator<Item = &Bytes> {
        self.tags.iter().map(|used| &used.tag)
    }

    /// The oldest command with this tag.
    pub(super) fn find(&self, tag: &[u8]) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.tag == tag)
    }

    /// Takes out the oldest command with this tag.
    pub(super) fn take(&mut self, tag: &[u8]) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.tag == tag)?;
        self.pending.remove(at)
    }

    /// An IDLE that the server has not answered yet.
    pub(super) fn idle(&mut self) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.verb == Verb::Idle && !pending.continued)
    }

    pub(super) fn pop(&mut self) -> Option<Pending> {
        self.pending.pop_front()
    }

    pub(super) fn clear(&mut self) {
        self.pending.clear();
        self.tags.clear();
    }

    /// Whether so many commands wait, or such long ones, that no more are read.
    pub(super) fn is_full(&self, max_pending: usize, max_held: usize) -> bool {
        !self.pending.is_empty() && (self.pending.len() >= max_pending || self.waiting() > max_held)
    }

    fn waiting(&self) -> usize {
        self.pending.iter().map(Pending::memory).sum()
    }

    pub(super) fn memory(&self) -> usize {
        self.waiting() + self.tags().map(Bytes::len).sum::<usize>()
    }
}

/// Whether a word looks like a tag of the client that used the other one last.
pub(super) fn alike(tag: &[u8], last: &[u8]) -> bool {
    let letters = |tag: &[u8]| {
        let digits = tag.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        tag.len().saturating_sub(digits)
    };
    let prefix = letters(tag);
    let same = prefix == letters(last) && tag.get(..prefix) == last.get(..prefix) && prefix < tag.len();
    (same || tag.len() == last.len()) && !tag.contains(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_one_client_are_alike() {
        for (tag, last, expected) in [
            ("A004", "A003", true),
            ("A10", "A9", true),
            ("12", "9", true),
            ("x7Qa", "q3ga", true),
            ("Subject:", "A0000003", false),
            ("To", "A3", true),
            ("Dear", "A3", false),
            ("A", "A3", false),
            ("", "A3", false),
        ] {
            assert_eq!(alike(tag.as_bytes(), last.as_bytes()), expected, "{tag} {last}");
        }
    }
}
