//! Whole messages out of pieces: clients fetch header and text apart, ranges in any order, single parts, over several
//! connections.
//!
//! A [`Joiner`] is told of pieces, never of their bytes: who spooled them keeps them, and lends them by [`Contents`] when
//! bytes that overlap are compared. It is fed in order. Where two pieces differ, the one that begins first in the section
//! counts, of two that begin together the longer one, then the one with the smaller number.
//!
//! ```
//! use bytes::Bytes;
//! use imap_proto_lite::MessageRef;
//! use imap_proto_lite::join::{Account, Joiner, Piece, Run};
//!
//! let account = Account { server: "192.0.2.1:143".into(), user: "alice".into() };
//! let stored = ["Subject: hi\r\n", "\r\nhello\r\n"];
//! let mut joiner = Joiner::default();
//! let mut origin = 0;
//! for (id, text) in (0..).zip(stored) {
//!     let mut of = MessageRef::default();
//!     (of.uid, of.uid_validity, of.mailbox, of.origin) =
//!         (Some(9), Some(7), Some(imap_proto_lite::MailboxName::new("INBOX")), Some(origin));
//!     origin += text.len() as u64;
//!     joiner.piece(Piece::new(id, 1, account.clone(), of, text.len() as u64));
//! }
//! joiner.size(1, &account, &joiner_reference(), 22);
//! # fn joiner_reference() -> MessageRef {
//! #     let mut of = MessageRef::default();
//! #     (of.uid, of.uid_validity, of.mailbox) =
//! #         (Some(9), Some(7), Some(imap_proto_lite::MailboxName::new("INBOX")));
//! #     of
//! # }
//! let mut lend = |id: u64, range: std::ops::Range<u64>| -> Result<Bytes, ()> {
//!     Ok(Bytes::from(stored[id as usize]).slice(range.start as usize..range.end as usize))
//! };
//! let joined = joiner.finish(&mut lend).unwrap().messages;
//! assert_eq!((joined.len(), joined[0].size, joined[0].complete), (1, 22, true));
//! assert_eq!(joined[0].pieces, [0, 1]);
//! ```
//!
//! # What is joined with what
//!
//! Pieces of the message that UID, UIDVALIDITY and mailbox name, if the user who owns the mailbox is known; otherwise those
//! of one opening of a mailbox in one session. The same mail in several mailboxes is several messages here: who stores it by
//! the hash of its bytes has it once. A piece is the end of its section if it is shorter than what was asked for, or where
//! RFC822.SIZE or BODYSTRUCTURE say that it ends. A session that has fetched all of a message makes one of it, as each
//! whole copy is one; what is left in several sessions is put together. A server that sends more than was asked for has sent all of the section if
//! what it sent begins as the section does.

mod asked;
mod assemble;
mod catenate;
mod held;
mod key;
mod making;
mod ranges;
mod sections;
mod tree;
mod url;

pub use ranges::{Conflict, Hole, Run};

use crate::command::Command;
use crate::response::BodyStructure;
use crate::{Mailbox, MailboxName, MessageRef, Operation, Section, Specifier};
use asked::Asked;
use bytes::Bytes;
use core::ops::Range;
use held::Kept;
use key::Key;
use sections::Sections;
use std::collections::BTreeMap;
use url::Url;

/// Whose mailboxes they are. The caller knows the server from the connection and the user from the login.
#[expect(clippy::exhaustive_structs, reason = "built by whoever joins")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Account {
    /// The server, by whatever name the caller has for it.
    pub server: Bytes,
    /// The user.
    pub user: Bytes,
}

/// A section, or a range of one, that was fetched.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The caller's number for it.
    pub id: u64,
    /// The caller's number for its session.
    pub session: u64,
    /// Whose it is.
    pub account: Account,
    /// Of which message, and what of it.
    pub of: MessageRef,
    /// Its length, holes included.
    pub len: u64,
    /// What of it was not captured, in order, counted from its beginning.
    pub holes: Vec<Hole>,
    /// What stands elsewhere, in order: where in the piece, and the URL (CATENATE).
    pub urls: Vec<(u64, Bytes)>,
    /// The mailbox that was open, to which URLs may be relative.
    pub base: Option<Mailbox>,
    /// How many bytes the client had asked for.
    asked: Option<u64>,
}

impl Piece {
    /// A piece without holes.
    #[must_use]
    pub const fn new(id: u64, session: u64, account: Account, of: MessageRef, len: u64) -> Self {
        Self { id, session, account, of, len, holes: Vec::new(), urls: Vec::new(), base: None, asked: None }
    }

    /// Up to where in it each byte has a place: there is none behind a hole of unknown length.
    fn placed(&self) -> u64 {
        let torn = self.holes.iter().find(|hole| hole.len.is_none());
        torn.map_or(self.len, |hole| hole.at.min(self.len))
    }

    /// Whether nobody knows how long it was.
    fn is_torn(&self) -> bool {
        self.holes.iter().any(|hole| hole.len.is_none())
    }

    /// How many of its first bytes are there.
    fn captured(&self) -> u64 {
        self.holes.first().map_or(self.len, |hole| hole.at.min(self.len))
    }
}

/// Lends the bytes of pieces.
pub trait Contents {
    /// What can go wrong.
    type Error;

    /// The bytes of a piece in that range, counted from its beginning, holes included; the range never touches a hole and
    /// is at most 64 KiB long.
    ///
    /// # Errors
    ///
    /// The bytes cannot be read.
    fn lend(&mut self, piece: u64, range: Range<u64>) -> Result<Bytes, Self::Error>;

    /// Where in a whole message a section stands, by its MIME tree; `None` if that is not known, or there is no such section.
    /// So sections that were fetched by themselves are compared with the message.
    fn section(&mut self, whole: u64, section: &Section) -> Option<Range<u64>> {
        let _ = (whole, section);
        None
    }
}

impl<E, F: FnMut(u64, Range<u64>) -> Result<Bytes, E>> Contents for F {
    type Error = E;

    fn lend(&mut self, piece: u64, range: Range<u64>) -> Result<Bytes, E> {
        self(piece, range)
    }
}

/// What a message was joined from.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// Ranges of the whole message.
    Ranges,
    /// Its header and its text.
    HeaderAndText,
    /// Its header and single parts, by the server's BODYSTRUCTURE: a virtual message, whose boundaries are those of the
    /// original, but whose bytes between the parts are not.
    Parts,
    /// What the client sent for CATENATE, and the content of other messages that it named.
    Catenated,
}

/// A message that was joined.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What it was joined from.
    pub how: How,
    /// Whose it is.
    pub account: Account,
    /// Which message, as the first of its pieces tells.
    pub of: MessageRef,
    /// The pieces, in the order of their first use.
    pub pieces: Vec<u64>,
    /// What it is made of, in order.
    pub runs: Vec<Run>,
    /// Its size, holes of known length included.
    pub size: u64,
    /// What is missing, in order.
    pub holes: Vec<Hole>,
    /// Where pieces disagree.
    pub conflicts: Vec<Conflict>,
    /// Leaves that were not fetched, and their sizes as BODYSTRUCTURE has them.
    pub missing_parts: Vec<(Vec<u32>, Option<u64>)>,
    /// URLs whose content was not seen.
    pub unresolved: usize,
    /// Whether it is the whole message, byte by byte.
    pub complete: bool,
}

/// Sections that are not what the whole message has at their place.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The pieces that the section was put together from.
    pub pieces: Vec<u64>,
    /// The whole message.
    pub whole: u64,
    /// The first byte of the section that differs, or where the shorter one ends.
    pub at: u64,
}

/// What all pieces come to.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The messages, in the order of their names. Pieces that are in none of them stand alone.
    pub messages: Vec<Joined>,
    /// What contradicts a whole message.
    pub mismatches: Vec<Mismatch>,
}

/// What is known of one message.
#[derive(Clone, Debug, Default)]
struct Known {
    pieces: Vec<Piece>,
    /// Copies that passed whole.
    wholes: Vec<Piece>,
    structure: Option<Box<BodyStructure>>,
    size: Option<u64>,
}

impl Known {
    /// How long the server says that a section is.
    fn extent_of(&self, section: &Section) -> Option<u64> {
        if section.is_whole() {
            return self.size;
        }
        let plain = section.specifier == Specifier::Whole && !section.binary;
        tree::part_of(self.structure.as_deref().filter(|_| plain)?, &section.path)?.size
    }
}

/// What is larger is no size of anything, and no place in it.
const LARGEST: u64 = 1 << 48;

/// Collects pieces and joins them.
#[derive(Clone, Debug)]
pub struct Joiner {
    max_pieces: usize,
    /// How many are kept of each kind.
    held: [usize; Kept::ALL],
    messages: BTreeMap<Key, Known>,
    /// Messages whose UID came after pieces of them.
    aliases: BTreeMap<Key, Key>,
    asked: Asked,
    /// Messages of CATENATE.
    catenated: Vec<Piece>,
    /// Contents of URLs that do not say of which generation they are.
    by_url: Vec<(Url, Piece)>,
}

impl Default for Joiner {
    fn default() -> Self {
        Self::new(Self::MAX_PIECES)
    }
}

impl Joiner {
    /// So many pieces are kept by default.
    pub const MAX_PIECES: usize = 1 << 18;

    /// A joiner that keeps no more than so many pieces, and as many structures, sizes and requests. Some hundred bytes
    /// each are usual; what keeps more than 2 KiB counts for several ([`worst_case`](Self::worst_case)).
    #[must_use]
    pub fn new(max_pieces: usize) -> Self {
        Self {
            max_pieces,
            held: [0; Kept::ALL],
            messages: BTreeMap::new(),
            aliases: BTreeMap::new(),
            asked: Asked::default(),
            catenated: Vec::new(),
            by_url: Vec::new(),
        }
    }

    /// Adds a piece. False if it cannot be part of anything larger: a whole message, a selection of header fields, content
    /// of APPEND that has no URLs in it, or without a message that is known; or if too many are kept.
    ///
    /// A whole message is noted all the same, if it has no holes: what was fetched of it besides is compared with it, and
    /// URLs may name it.
    pub fn piece(&mut self, mut piece: Piece) -> bool {
        // What begins behind any message is a range of none.
        if piece.of.section.is_header_subset() || piece.of.origin.is_some_and(|origin| origin > LARGEST) {
            return false;
        }
        let mut url = None;
        match piece.of.operation {
            Operation::Append | Operation::Replace => {
                let taken = !piece.urls.is_empty() && self.has_room(Kept::Pieces, held::cost(&piece, None));
                if taken {
                    self.catenated.push(piece);
                }
                return taken;
            }
            Operation::UrlFetch => {
                let base = piece.base.as_ref();
                let read = piece.of.url.as_deref().and_then(|url| Url::read(url, base));
                let Some(read) = read else { return false };
                piece.of.section = read.section.clone();
                piece.of.origin = read.partial.map(|(first, _)| first);
                piece.asked = read.partial.and_then(|(_, length)| length);
                piece.of.uid = Some(read.uid);
                if read.in_open {
                    let Some(of) = catenate::in_open(&piece, &read) else { return false };
                    (piece.of.mailbox, piece.of.uid_validity, piece.of.epoch) =
                        (of.mailbox, of.uid_validity, of.epoch);
                } else {
                    piece.of.mailbox = Some(MailboxName::new(read.mailbox.clone()));
                    piece.of.uid_validity = read.uid_validity;
                    url = Some(read);
                }
            }
            _ => {}
        }
        let whole = piece.of.section.is_whole() && piece.of.origin.is_none();
        if whole && !piece.holes.is_empty() {
            return false;
        }
        if let Some(url) = url.filter(|url| url.uid_validity.is_none()) {
            let taken = !whole && self.has_room(Kept::Pieces, held::cost(&piece, None));
            if taken {
                self.by_url.push((url, piece));
            }
            return taken;
        }
        let Some(key) = Key::of(piece.session, &piece.account, &piece.of) else { return false };
        let kind = if whole { Kept::Facts } else { Kept::Pieces };
        if !self.has_room(kind, held::cost(&piece, Some(&key))) {
            return false;
        }
        if piece.of.operation != Operation::UrlFetch {
            piece.asked = self.asked.answered_by(&piece);
        }
        self.alias(piece.session, &piece.account, &piece.of, &key);
        let known = self.messages.entry(key).or_default();
        if whole {
            // One is enough to compare with.
            if known.wholes.is_empty() {
                known.wholes.reserve_exact(1);
                known.wholes.push(piece);
            }
            return false;
        }
        if known.pieces.is_empty() {
            // Most have but one.
            known.pieces.reserve_exact(1);
        }
        known.pieces.push(piece);
        true
    }

    /// Notes which ranges a client asks for: a shorter answer is the end of the section.
    pub fn asked(&mut self, session: u64, command: &Command) {
        let mut asked = core::mem::take(&mut self.asked);
        asked.note(session, command, |bytes| self.has_room(Kept::Asked, bytes));
        self.asked = asked;
    }

    /// Notes which message a UID is of, where pieces of it came before the UID.
    pub fn named(&mut self, session: u64, account: &Account, of: &MessageRef) {
        if let Some(key) = Key::of(session, account, of)
            && self.has_room(Kept::Facts, held::of_entry(&key))
        {
            self.alias(session, account, of, &key);
        }
    }

    /// Notes the structure of a message.
    pub fn structure(&mut self, session: u64, account: &Account, of: &MessageRef, body: &BodyStructure) {
        if let Some(key) = Key::of(session, account, of)
            && self.has_room(Kept::Structures, held::of_entry(&key) + held::of_structure(body))
        {
            self.alias(session, account, of, &key);
            // A copy that keeps no packet alive. BODY has less in it than BODYSTRUCTURE: no boundary, to begin with.
            let known = self.messages.entry(key).or_default();
            let better = |known: &BodyStructure| known.parameters.is_empty() && !body.parameters.is_empty();
            if known.structure.as_deref().is_none_or(better) {
                known.structure = Some(Box::new(tree::copied(body)));
            }
        }
    }

    /// Notes what the server says the size of a message is: it is believed where the pieces come to the same.
    pub fn size(&mut self, session: u64, account: &Account, of: &MessageRef, size: u64) {
        if let Some(key) = Key::of(session, account, of)
            && self.has_room(Kept::Facts, held::of_entry(&key))
        {
            self.alias(session, account, of, &key);
            self.messages.entry(key).or_default().size.get_or_insert(size);
        }
    }

    /// Pieces that came before the UID are those of the message with the UID.
    fn alias(&mut self, session: u64, account: &Account, of: &MessageRef, key: &Key) {
        if of.uid.is_some()
            && let Some(other) = Key::of(session, account, &MessageRef { uid: None, ..of.clone() })
        {
            self.aliases.insert(other, key.clone());
        }
    }

    /// Joins what makes a whole, message by message in the order of their names.
    ///
    /// # Errors
    ///
    /// The bytes of a piece cannot be read.
    pub fn finish<C: Contents>(mut self, contents: &mut C) -> Result<Outcome, C::Error> {
        for (from, to) in core::mem::take(&mut self.aliases) {
            if let Some(known) = self.messages.remove(&from) {
                let whole = self.messages.entry(to).or_default();
                whole.pieces.extend(known.pieces);
                whole.wholes.extend(known.wholes);
                whole.structure = whole.structure.take().or(known.structure);
                whole.size = whole.size.or(known.size);
            }
        }
        for (url, piece) in core::mem::take(&mut self.by_url) {
            let key = catenate::named(&self.messages, &piece, &url).map(|(key, _)| key.clone());
            if let Some(known) = key.and_then(|key| self.messages.get_mut(&key)) {
                known.pieces.push(piece);
            }
        }
        for known in self.messages.values_mut() {
            known.pieces.sort_by_key(|piece| piece.id);
        }
        let mut outcome = Outcome::default();
        for known in self.messages.values().filter(|known| !known.pieces.is_empty()) {
            let sections = Sections::of(known, known.pieces.iter(), &self.asked, contents)?;
            outcome.mismatches.extend(assemble::mismatches(known, &sections, contents)?);
            let mut sessions: BTreeMap<u64, Vec<&Piece>> = BTreeMap::new();
            for piece in &known.pieces {
                sessions.entry(piece.session).or_default().push(piece);
            }
            if sessions.len() == 1 {
                outcome.messages.extend(assemble::join(known, &sections, contents)?);
                continue;
            }
            // A session that has fetched all of it has fetched it once more.
            let mut rest = Vec::new();
            for pieces in sessions.into_values() {
                let sections = Sections::of(known, pieces.iter().copied(), &self.asked, contents)?;
                let joined = assemble::join(known, &sections, contents)?;
                match joined.filter(|joined| joined.complete) {
                    Some(joined) => outcome.messages.push(joined),
                    None => rest.extend(pieces),
                }
            }
            let sections = Sections::of(known, rest.into_iter(), &self.asked, contents)?;
            outcome.messages.extend(assemble::join(known, &sections, contents)?);
        }
        for piece in &self.catenated {
            outcome.messages.push(catenate::join(piece, &self.messages, &self.asked, contents)?);
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests;
