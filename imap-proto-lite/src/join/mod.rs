//! Whole messages out of pieces: clients fetch header and text apart, ranges in any order, single parts, over several
//! connections.
//!
//! A [`Joiner`] is told of pieces, never of their bytes: who spooled them keeps them, and lends them by [`Contents`] when
//! bytes that overlap are compared. It is fed in order after all sessions. Where two pieces differ, the one that begins
//! first in the section counts, and of two that begin together the one with the smaller number.
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
//! let joined = joiner.finish(&mut lend).unwrap();
//! assert_eq!((joined.len(), joined[0].size, joined[0].complete), (1, 22, true));
//! assert_eq!(joined[0].pieces, [0, 1]);
//! ```

mod assemble;
mod key;
mod ranges;
mod tree;

pub use ranges::{Conflict, Hole, Run};

use crate::command::{Arguments, Command};
use crate::response::BodyStructure;
use crate::{MessageRef, Operation, Section};
use bytes::Bytes;
use core::ops::Range;
use key::Key;
use std::collections::BTreeMap;

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
}

impl Piece {
    /// A piece without holes.
    #[must_use]
    pub const fn new(id: u64, session: u64, account: Account, of: MessageRef, len: u64) -> Self {
        Self { id, session, account, of, len, holes: Vec::new() }
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
    /// Whether it is the whole message, byte by byte.
    pub complete: bool,
}

/// What is known of one message.
#[derive(Clone, Debug, Default)]
struct Known {
    pieces: Vec<Piece>,
    structure: Option<Box<BodyStructure>>,
    size: Option<u64>,
}

/// Collects pieces and joins them.
#[derive(Clone, Debug)]
pub struct Joiner {
    max_pieces: usize,
    held: usize,
    messages: BTreeMap<Key, Known>,
    /// Messages whose UID came after pieces of them.
    aliases: BTreeMap<Key, Key>,
    /// Ranges that were asked for: session, section, first byte, length.
    asked: BTreeMap<(u64, Section, u64), u64>,
}

impl Default for Joiner {
    fn default() -> Self {
        Self::new(Self::MAX_PIECES)
    }
}

impl Joiner {
    /// So many pieces are kept by default.
    pub const MAX_PIECES: usize = 1 << 18;

    /// A joiner that keeps no more than so many pieces, and as many structures, sizes and requests; some hundred bytes
    /// each.
    #[must_use]
    pub const fn new(max_pieces: usize) -> Self {
        Self {
            max_pieces,
            held: 0,
            messages: BTreeMap::new(),
            aliases: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Adds a piece. False if it cannot be part of anything larger: a whole message, a selection of header fields, content
    /// of APPEND or without a message that is known; or if too many are kept.
    pub fn piece(&mut self, piece: Piece) -> bool {
        let of = &piece.of;
        let section = &of.section;
        let alone = of.operation == Operation::Append
            || of.operation == Operation::Replace
            || of.operation == Operation::UrlFetch
            || section.is_header_subset()
            || (section.is_whole() && of.origin.is_none());
        let Some(key) = Key::of(piece.session, &piece.account, of) else { return false };
        if alone || !self.has_room() {
            return false;
        }
        self.alias(piece.session, &piece.account, of, &key);
        self.messages.entry(key).or_default().pieces.push(piece);
        true
    }

    /// Notes which ranges a client asks for: a shorter answer is the end of the section.
    pub fn asked(&mut self, session: u64, command: &Command) {
        let Arguments::Fetch { attributes, .. } = &command.arguments else { return };
        for attribute in attributes {
            if let (Some(section), Some((first, length))) = (&attribute.section, attribute.partial)
                && self.has_room()
            {
                let longest = self.asked.entry((session, section.copied(), first)).or_default();
                *longest = (*longest).max(length);
            }
        }
    }

    /// Notes the structure of a message.
    pub fn structure(&mut self, session: u64, account: &Account, of: &MessageRef, body: &BodyStructure) {
        if let Some(key) = Key::of(session, account, of)
            && self.has_room()
        {
            self.alias(session, account, of, &key);
            // A copy that keeps no packet alive.
            self.messages
                .entry(key)
                .or_default()
                .structure
                .get_or_insert_with(|| Box::new(tree::copied(body)));
        }
    }

    /// Notes what the server says the size of a message is: it is believed where the pieces come to the same.
    pub fn size(&mut self, session: u64, account: &Account, of: &MessageRef, size: u64) {
        if let Some(key) = Key::of(session, account, of)
            && self.has_room()
        {
            self.alias(session, account, of, &key);
            self.messages.entry(key).or_default().size.get_or_insert(size);
        }
    }

    const fn has_room(&mut self) -> bool {
        self.held += 1;
        self.held <= self.max_pieces
    }

    /// Pieces that came before the UID are those of the message with the UID.
    fn alias(&mut self, session: u64, account: &Account, of: &MessageRef, key: &Key) {
        if of.uid.is_some()
            && let Some(other) = Key::of(session, account, &MessageRef { uid: None, ..of.clone() })
        {
            self.aliases.insert(other, key.clone());
        }
    }

    /// Joins what makes a whole, message by message in the order of their keys. Pieces that are in none of the results
    /// stand alone.
    ///
    /// # Errors
    ///
    /// The bytes of a piece cannot be read.
    pub fn finish<C: Contents>(mut self, contents: &mut C) -> Result<Vec<Joined>, C::Error> {
        for (from, to) in core::mem::take(&mut self.aliases) {
            if let Some(known) = self.messages.remove(&from) {
                let whole = self.messages.entry(to).or_default();
                whole.pieces.extend(known.pieces);
                whole.structure = whole.structure.take().or(known.structure);
                whole.size = whole.size.or(known.size);
            }
        }
        let mut joined = Vec::new();
        for mut known in core::mem::take(&mut self.messages).into_values() {
            known.pieces.sort_by_key(|piece| piece.id);
            joined.extend(assemble::join(&known, &self.asked, contents)?);
        }
        Ok(joined)
    }
}

#[cfg(test)]
mod tests;
