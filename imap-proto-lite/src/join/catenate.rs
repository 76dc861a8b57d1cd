//! Messages that clients put together from what they send and what the server has (RFC 4469).

use super::key::Key;
use super::ranges::{Conflict, Hole, Run};
use super::sections::Sections;
use super::url::Url;
use super::{Contents, How, Joined, Known, Piece};
use crate::{MessageRef, Section};
use core::ops::Range;
use std::collections::BTreeMap;

/// What is known of all messages.
pub(super) type Messages = BTreeMap<Key, Known>;

/// The message that a URL in a piece names, if there is one that it can be.
pub(super) fn named<'a>(messages: &'a Messages, piece: &Piece, url: &Url) -> Option<(&'a Key, &'a Known)> {
    if url.in_open {
        return messages.get_key_value(&Key::of(piece.session, &piece.account, &in_open(piece, url)?)?);
    }
    let account = &piece.account;
    let (mailbox, uid, account) = (url.mailbox.clone(), url.uid, account.clone());
    let key = |uid_validity| {
        let (account, mailbox) = (account.clone(), mailbox.clone());
        Key::Uid { account, mailbox, uid, uid_validity }
    };
    let first = url.uid_validity.unwrap_or(0);
    let last = url.uid_validity.unwrap_or(u32::MAX);
    let mut found = messages.range(key(first)..=key(last));
    // Of several generations nobody knows which is meant.
    found.next().filter(|_| found.next().is_none())
}

/// The message that a URL names in the mailbox that was open.
pub(super) fn in_open(piece: &Piece, url: &Url) -> Option<MessageRef> {
    let base = piece.base.as_ref()?;
    Some(MessageRef {
        mailbox: base.name.clone(),
        uid_validity: url.uid_validity.or(base.uid_validity),
        epoch: base.epoch,
        uid: Some(url.uid),
        ..MessageRef::default()
    })
}

/// The message, as far as its URLs can be resolved.
pub(super) fn join<C: Contents>(
    piece: &Piece,
    messages: &Messages,
    asked: &super::asked::Asked,
    contents: &mut C,
) -> Result<Joined, C::Error> {
    let mut joined = Joined::begin(How::Catenated, Some(piece));
    joined.pieces.push(piece.id);
    let mut from = 0;
    let mut sure = true;
    for (at, url) in &piece.urls {
        own(&mut joined, piece, from..*at);
        from = *at;
        let url = Url::read(url, piece.base.as_ref());
        let found = url.and_then(|url| Some((named(messages, piece, &url)?.1, url)));
        let runs = match found {
            Some((known, url)) => resolved(known, &url, asked, contents)?,
            None => None,
        };
        let Some(Resolved { runs, pieces, conflicts, contradicted }) = runs else {
            joined.unresolved += 1;
            joined.holes.push(Hole { at: joined.size, len: None });
            continue;
        };
        let offset = joined.size;
        for run in runs.iter().filter_map(|run| run.clipped(&(0..u64::MAX), offset)) {
            joined.size = joined.size.max(run.range().end);
            joined.runs.push(run);
        }
        joined.conflicts.extend(conflicts.into_iter().map(|mut conflict| {
            conflict.range = offset + conflict.range.start..offset + conflict.range.end;
            conflict.at += offset;
            conflict
        }));
        sure &= !contradicted;
        joined.pieces.extend(pieces);
    }
    own(&mut joined, piece, from..piece.len);
    joined.complete = sure && joined.holes.is_empty();
    Ok(joined)
}

/// Adds what the client sent itself.
fn own(joined: &mut Joined, piece: &Piece, range: Range<u64>) {
    let base = joined.size;
    let mut from = range.start;
    let holes = piece.holes.iter().filter(|hole| range.contains(&hole.at));
    for (at, len) in holes.map(|hole| (hole.at, hole.len)).chain([(range.end, Some(0))]) {
        if from < at {
            joined.runs.push(Run::Piece {
                at: base + (from - range.start),
                piece: piece.id,
                from,
                len: at - from,
            });
        }
        if at < range.end || len.is_none() {
            joined.holes.push(Hole { at: base + (at - range.start), len });
        }
        from = at.saturating_add(len.unwrap_or(0));
    }
    joined.size = base.saturating_add(range.end.saturating_sub(range.start));
}

/// The content of a URL, counted from its beginning.
struct Resolved {
    runs: Vec<Run>,
    /// The pieces that they are of.
    pieces: Vec<u64>,
    /// Where these disagree, as far as that is known to be in the content.
    conflicts: Vec<Conflict>,
    /// They disagree there, or may.
    contradicted: bool,
}

/// The part of a conflict that stands in the range, counted from there.
fn clipped(conflict: &Conflict, range: &Range<u64>) -> Option<Conflict> {
    let (start, end) = (conflict.range.start.max(range.start), conflict.range.end.min(range.end));
    let into = start.checked_sub(conflict.range.start)?;
    let moved = |(piece, from): (u64, u64)| (piece, from + into);
    (start..end).contains(&conflict.at).then(|| Conflict {
        range: start - range.start..end - range.start,
        at: conflict.at - range.start,
        kept: moved(conflict.kept),
        other: moved(conflict.other),
    })
}

/// The content that a URL names.
fn resolved<C: Contents>(
    known: &Known,
    url: &Url,
    asked: &super::asked::Asked,
    contents: &mut C,
) -> Result<Option<Resolved>, C::Error> {
    let sections = Sections::of(known, known.pieces.iter(), asked, contents)?;
    let (runs, extent, pieces, conflicts) = match sections.get(&url.section) {
        Some((assembled, pieces)) if assembled.holes().is_empty() => {
            let pieces = pieces.iter().map(|piece| piece.id).collect();
            (assembled.runs.clone(), assembled.extent, pieces, assembled.conflicts.as_slice())
        }
        _ => {
            let Some(whole) = known.wholes.first() else { return Ok(None) };
            let place = match url.section == Section::whole() {
                true => Some(0..whole.len),
                false => contents.section(whole.id, &url.section),
            };
            let Some(Range { start: from, end }) = place else { return Ok(None) };
            let len = end - from;
            (vec![Run::Piece { at: 0, piece: whole.id, from, len }], len, vec![whole.id], &[][..])
        }
    };
    let range = match url.partial {
        Some((first, len)) => first..len.map_or(extent, |len| first.saturating_add(len).min(extent)),
        None => 0..extent,
    };
    let overlaps = |conflict: &Conflict| conflict.range.start < range.end && range.start < conflict.range.end;
    Ok(Some(Resolved {
        runs: runs.iter().filter_map(|run| run.clipped(&range, 0)).collect(),
        pieces,
        conflicts: conflicts.iter().filter_map(|conflict| clipped(conflict, &range)).collect(),
        contradicted: conflicts.iter().any(overlaps),
    }))
}
