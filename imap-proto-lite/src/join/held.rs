//! How much memory is kept for what is collected.

use super::key::Key;
use super::url::Url;
use super::{Joiner, Known, Piece};
use crate::response::BodyStructure;
use crate::{MessageRef, Section, Specifier};
use bytes::Bytes;

/// Kinds of what is kept, each with a limit of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    Pieces,
    Structures,
    /// Sizes, names, whole messages.
    Facts,
    Asked,
}

impl Kept {
    pub(super) const ALL: usize = 4;
}

/// What counts as one, in bytes: a piece with its message, both in collections that are half empty, and short names.
const UNIT: usize = 2048;

/// What a vector keeps, without what its items keep.
pub(super) fn of_vec<T>(items: Option<&Vec<T>>) -> usize {
    items.map_or(0, |items| items.capacity() * size_of::<T>())
}

fn of_names(names: &Vec<Bytes>) -> usize {
    of_vec(Some(names)) + names.iter().map(Bytes::len).sum::<usize>()
}

fn of_pairs(pairs: &Vec<(Bytes, Bytes)>) -> usize {
    of_vec(Some(pairs)) + pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

pub(super) fn of_section(section: &Section) -> usize {
    let names = match &section.specifier {
        Specifier::HeaderFields(names) | Specifier::HeaderFieldsNot(names) => of_names(names),
        Specifier::Other(text) => text.len(),
        _ => 0,
    };
    of_vec(Some(&section.path)) + names
}

fn of_message(of: &MessageRef) -> usize {
    let texts =
        [of.mailbox.as_ref().map(|mailbox| mailbox.raw()), of.url.as_ref(), of.internal_date.as_ref()];
    of_section(&of.section)
        + of.tag.len()
        + of_names(&of.flags)
        + texts.into_iter().flatten().map(Bytes::len).sum::<usize>()
}

/// The entries that a message has where nothing else of it is known: its own, and that of its name before the UID was
/// known. A node of a map may be half empty.
pub(super) fn of_entry(key: &Key) -> usize {
    2 * (3 * size_of::<Key>() + size_of::<Known>()) + 2 * of_key(key)
}

/// What a piece costs; the vector that it is in may be half empty.
pub(super) fn cost(piece: &Piece, key: Option<&Key>) -> usize {
    let by_url = || 2 * size_of::<Url>() + piece.of.url.as_ref().map_or(0, Bytes::len);
    let name = key.map_or_else(by_url, of_entry);
    2 * size_of::<Piece>() + of_piece(piece) + name
}

fn of_key(key: &Key) -> usize {
    match key {
        Key::Uid { account, mailbox, .. } => account.server.len() + account.user.len() + mailbox.capacity(),
        Key::Loose { .. } | Key::Handle { .. } => 0,
    }
}

fn of_url(url: &Url) -> usize {
    url.mailbox.capacity() + of_section(&url.section)
}

/// Besides the piece itself.
fn of_piece(piece: &Piece) -> usize {
    let urls = of_vec(Some(&piece.urls)) + piece.urls.iter().map(|(_, url)| url.len()).sum::<usize>();
    let account = piece.account.server.len() + piece.account.user.len();
    let base = piece.base.as_ref().and_then(|base| base.name.as_ref()).map_or(0, |name| name.raw().len());
    account + base + of_message(&piece.of) + of_vec(Some(&piece.holes)) + urls
}

pub(super) fn of_structure(body: &BodyStructure) -> usize {
    let texts = [Some(&body.media_type), Some(&body.subtype), body.id.as_ref(), body.encoding.as_ref()];
    let disposition = body.disposition.as_ref().map_or(0, |(kind, values)| kind.len() + of_pairs(values));
    let envelope = body.envelope.as_deref().map_or(0, size_of_val);
    size_of::<BodyStructure>()
        + texts.into_iter().flatten().map(Bytes::len).sum::<usize>()
        + of_pairs(&body.parameters)
        + disposition
        + envelope
        + (body.parts.capacity() - body.parts.len()) * size_of::<BodyStructure>()
        + body.parts.iter().map(of_structure).sum::<usize>()
}

fn of_pieces(pieces: &Vec<Piece>) -> usize {
    of_vec(Some(pieces)) + pieces.iter().map(of_piece).sum::<usize>()
}

impl Known {
    fn buffered(&self) -> usize {
        let structure = self.structure.as_deref().map_or(0, of_structure);
        of_pieces(&self.pieces) + of_pieces(&self.wholes) + structure
    }
}

impl Joiner {
    /// The most that [`buffered`](Self::buffered) shows, in bytes; what mail comes to is a small part of it.
    #[must_use]
    pub const fn worst_case(max_pieces: usize) -> usize {
        Kept::ALL.saturating_mul(max_pieces).saturating_mul(UNIT)
    }

    /// Memory held now, in bytes, with the backing memory of names that pieces share counted for each of them. It looks at all
    /// that is held.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let messages = self
            .messages
            .iter()
            .map(|(key, known)| 2 * (size_of::<Key>() + size_of::<Known>()) + of_key(key) + known.buffered());
        let aliases = self.aliases.iter().map(|(from, to)| 4 * size_of::<Key>() + of_key(from) + of_key(to));
        let by_url = self.by_url.iter().map(|(url, piece)| of_url(url) + of_piece(piece));
        messages.chain(aliases).chain(by_url).sum::<usize>()
            + of_vec(Some(&self.by_url))
            + of_pieces(&self.catenated)
            + self.asked.buffered()
    }

    /// Whether something that keeps so many bytes may be kept; many facts leave room for pieces all the same.
    pub(super) fn has_room(&mut self, kind: Kept, bytes: usize) -> bool {
        let max = self.max_pieces;
        let Some(held) = self.held.get_mut(kind as usize) else { return false };
        *held = held.saturating_add(bytes.div_ceil(UNIT));
        *held <= max
    }
}

#[cfg(test)]
mod tests {
    use super::super::Account;
    use super::*;
    use crate::MailboxName;

    #[test]
    fn long_names_count_for_several() {
        let mut joiner = Joiner::new(64);
        let mut taken = 0;
        for uid in 0..1000 {
            let mut of = MessageRef {
                uid: Some(uid),
                uid_validity: Some(1),
                origin: Some(0),
                ..MessageRef::default()
            };
            of.mailbox = Some(MailboxName::new(vec![0xff; 10_000]));
            let account = Account { server: "s".into(), user: "alice".into() };
            taken += usize::from(joiner.piece(Piece::new(u64::from(uid), 1, account, of, 5)));
            assert!(joiner.buffered() <= Joiner::worst_case(64), "{}", joiner.buffered());
        }
        assert_eq!(taken, 1, "a name of 30 kB as text, three times, and once as it came");
    }
}
