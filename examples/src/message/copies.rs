//! The parts of a message as the other copy of contradicting TCP data has it: who was deceived by which copy, only the
//! receiver knows.

use super::Message;
use super::parts::{Found, Parts};
use crate::record::{Missing, Run};
use crate::sink::{Folder, SinkError, Stored};
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use mime_extract::Config;
use std::collections::BTreeSet;
use std::fs;

/// Bytes of a stream that came in two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradiction {
    pub(crate) stream: Range<u64>,
    /// The version that does not count.
    pub(crate) other: Bytes,
}

/// What is known of the message.
pub(super) struct Kept<'a> {
    pub(super) stored: &'a Stored,
    pub(super) runs: &'a [(Run, Duration)],
    pub(super) missing: &'a [Missing],
}

/// Adds the leaves that are others in the other copies. A message over the limit of candidates is not read again.
pub(super) fn add(
    found: &mut Found,
    folder: &Folder,
    kept: &Kept<'_>,
    contradictions: &[Contradiction],
) -> Result<(), SinkError> {
    let Stored { path, size, .. } = kept.stored;
    // Where nothing is kept, nothing can be read again.
    if path.as_os_str().is_empty() || *size > Config::default().candidate_limit() as u64 {
        return Ok(());
    }
    let patches = patches(kept.runs, contradictions);
    if patches.is_empty() {
        return Ok(());
    }
    let mut bytes = fs::read(path).map_err(SinkError::io("read", path))?;
    for (at, other) in patches {
        let place = usize::try_from(at).ok().and_then(|at| bytes.get_mut(at..at.checked_add(other.len())?));
        if let Some(place) = place {
            place.copy_from_slice(&other);
        }
    }
    let seen: BTreeSet<String> = found.parts.iter().filter_map(|part| part.sha256.clone()).collect();
    let other = read(bytes.into(), Parts::beside(folder.clone(), seen.clone()), kept.missing)?;
    for mut part in other.parts {
        if part.sha256.as_ref().is_some_and(|sha256| !seen.contains(sha256)) {
            part.via = vec!["conflict".into()];
            found.has_attachments |= part.file.is_some();
            found.parts.push(part);
        }
    }
    Ok(())
}

/// What to put where in the file. Bytes that were made out of others have no place in the stream.
fn patches(runs: &[(Run, Duration)], contradictions: &[Contradiction]) -> Vec<(u64, Bytes)> {
    let mut patches = Vec::new();
    for Contradiction { stream, other } in contradictions {
        // A stream only goes forward, and so do the runs of a message in it: most of many are passed over at once.
        let first = runs.partition_point(|(run, _)| run.stream_offset + run.length <= stream.start);
        let near = runs.iter().skip(first).take_while(|(run, _)| run.stream_offset < stream.end);
        for (run, _) in near.filter(|(run, _)| run.packet_offset.is_some()) {
            let start = run.stream_offset.max(stream.start);
            let end = (run.stream_offset + run.length).min(stream.end);
            if start < end {
                let into = |offset: u64| usize::try_from(offset - stream.start).unwrap_or(usize::MAX);
                let (from, to) = (into(start), into(end));
                if to <= other.len() {
                    patches.push((run.message_offset + (start - run.stream_offset), other.slice(from..to)));
                }
            }
        }
    }
    patches
}

/// Reads a version of the message of which only the parts are kept.
fn read(bytes: Bytes, parts: Parts, missing: &[Missing]) -> Result<Found, SinkError> {
    let mut message = Message { parts, ..Message::new(&Folder::nowhere()) };
    let mut rest = bytes;
    for hole in missing {
        let before = usize::try_from(hole.offset.saturating_sub(message.position())).unwrap_or(usize::MAX);
        message.push_runs(rest.split_to(before.min(rest.len())), core::iter::empty())?;
        message.gap(hole.length)?;
    }
    message.push_runs(rest, core::iter::empty())?;
    Ok(message.finish(false)?.found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Place;

    #[test]
    fn contradictions_are_put_where_the_runs_say() {
        let run =
            |message, stream, len| (Run::new(message, stream, len, Place::new(1, 1), 0), Duration::ZERO);
        // A dot was taken out at stream offset 110.
        let runs = [run(0, 100, 10), run(10, 111, 10)];
        let contradiction = |stream: Range<u64>, other: &'static str| Contradiction {
            stream,
            other: Bytes::from_static(other.as_bytes()),
        };
        let got = patches(&runs, &[contradiction(108..113, "abcde"), contradiction(300..301, "x")]);
        assert_eq!(got, [(8, Bytes::from("ab")), (10, Bytes::from("de"))]);
        let made = [(Run::made(0, 100, 10, Place::new(1, 1)), Duration::ZERO)];
        assert_eq!(patches(&made, &[contradiction(100..105, "abcde")]), []);
    }
}
