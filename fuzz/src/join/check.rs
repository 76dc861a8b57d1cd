//! What has to hold of all that was joined.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use imap_proto_lite::join::{How, Joined, Joiner, Outcome, Run};
use imap_proto_lite::{Operation, Specifier};

use super::source::section;
use super::{Given, Lender, World, apply};

impl World {
    pub(super) fn check(self) {
        let joiner = self.joiner.clone();
        let mut lender = Lender { given: &self.given, sources: &self.sources };
        let Ok(outcome) = joiner.finish(&mut lender);
        let mut used = BTreeSet::new();
        for joined in &outcome.messages {
            self.check_runs(joined);
            if joined.how != How::Catenated {
                for piece in &joined.pieces {
                    assert!(used.insert(*piece), "twice: {piece} {joined:?}");
                }
            }
        }
        for mismatch in &outcome.mismatches {
            assert!(self.lies, "{mismatch:?}");
        }
        if self.lies {
            return;
        }
        for joined in &outcome.messages {
            self.check_truth(joined);
        }
        if self.max_pieces < 4096 {
            return;
        }
        self.check_nothing_is_lost(&outcome);
        if !self.asks {
            // Commands count by their order.
            let mut backwards = Joiner::new(self.max_pieces);
            for fact in self.backwards.iter().rev() {
                apply(&mut backwards, fact.clone());
            }
            let Ok(other) = backwards.finish(&mut lender);
            let fetched = |outcome: Outcome| -> Vec<Joined> {
                outcome.messages.into_iter().filter(|joined| joined.how != How::Catenated).collect()
            };
            assert_eq!(fetched(other), fetched(outcome), "in another order");
        }
    }

    fn given(&self, piece: u64) -> &Given {
        &self.given[usize::try_from(piece).unwrap()]
    }

    /// What holds whatever is told: runs and holes tile the message, and all of it is in the pieces.
    fn check_runs(&self, joined: &Joined) {
        let mut stretches: Vec<Range<u64>> = Vec::new();
        for run in &joined.runs {
            let range = run.range();
            assert!(stretches.last().is_none_or(|last| last.end <= range.start), "{joined:?}");
            if let Run::Piece { piece, from, len, .. } = run {
                assert!(joined.pieces.contains(piece) && *len > 0, "{joined:?}");
                assert!(self.given(*piece).has(&(*from..from + len)), "{run:?} of {joined:?}");
            }
            stretches.push(range);
        }
        for hole in &joined.holes {
            assert!(hole.at <= joined.size, "{joined:?}");
            stretches.extend(hole.len.map(|len| hole.at..hole.at + len));
        }
        stretches.sort_by_key(|range| (range.start, range.end));
        let end = stretches.iter().fold(0, |end, range| {
            assert_eq!(range.start, end, "{joined:?}");
            range.end
        });
        assert_eq!(end, joined.size, "{joined:?}");
        assert!(!joined.complete || joined.holes.is_empty() && joined.conflicts.is_empty(), "{joined:?}");
        for conflict in &joined.conflicts {
            let byte = |(piece, from): (u64, u64), at: u64| {
                self.given(piece).byte(&self.sources, from + (at - conflict.range.start))
            };
            assert!(conflict.range.contains(&conflict.at) && conflict.range.end <= joined.size, "{joined:?}");
            assert_ne!(byte(conflict.kept, conflict.at), byte(conflict.other, conflict.at), "{joined:?}");
            for at in conflict.range.start..conflict.at {
                assert_eq!(byte(conflict.kept, at), byte(conflict.other, at), "{joined:?}");
            }
            let kept = Run::Piece {
                at: conflict.range.start,
                piece: conflict.kept.0,
                from: conflict.kept.1,
                len: conflict.range.end - conflict.range.start,
            };
            let holds = |run: &Run| match (run, &kept) {
                (
                    Run::Piece { at, piece, from, .. },
                    Run::Piece { at: kept_at, piece: kept_piece, from: kept_from, .. },
                ) => {
                    piece == kept_piece
                        && at <= kept_at
                        && run.range().end >= kept.range().end
                        && kept_from - from == kept_at - at
                }
                _ => false,
            };
            assert!(joined.runs.iter().any(holds), "{conflict:?} of {joined:?}");
        }
    }

    /// Everybody tells the truth: what is joined is the message, and every byte of its pieces is there.
    fn check_truth(&self, joined: &Joined) {
        assert!(joined.conflicts.is_empty(), "{joined:?}");
        if joined.how == How::Catenated {
            return self.check_catenated(joined);
        }
        let message = self.given(joined.pieces[0]).message;
        let source = &self.sources[message].bytes;
        let mut there = BTreeSet::new();
        let mut last = 0;
        for run in &joined.runs {
            let Run::Piece { at, piece, from, len } = run else { continue };
            let given = self.given(*piece);
            assert_eq!(given.message, message, "{joined:?}");
            let place = given.at + usize::try_from(*from).unwrap();
            assert!(joined.how == How::Parts || place as u64 == *at, "{run:?} of {joined:?}");
            assert!(last <= place, "{run:?} of {joined:?}");
            last = place + usize::try_from(*len).unwrap();
            there.extend(place..last);
        }
        for known in joined.pieces.iter().flat_map(|piece| self.given(*piece).known()) {
            assert!(known.clone().all(|at| there.contains(&at)), "{known:?} of {joined:?}");
        }
        if joined.complete {
            assert_eq!((joined.size, there.len()), (source.len() as u64, source.len()), "{joined:?}");
        }
        for (path, size) in &joined.missing_parts {
            let place = self.sources[message].place(&section(path, Specifier::Whole)).unwrap();
            assert_eq!(*size, Some(place.len() as u64), "{joined:?}");
        }
    }

    /// What the client sent, and what its URLs name, in turns.
    fn check_catenated(&self, joined: &Joined) {
        let given = self.given(joined.pieces[0]);
        let mut expected = Vec::new();
        let mut own = 0;
        for (at, url) in &given.piece.urls {
            expected.extend((own..*at).map(|offset| given.byte(&self.sources, offset)));
            own = *at;
            expected.extend(self.named_by(url));
        }
        expected.extend((own..given.piece.len).map(|offset| given.byte(&self.sources, offset)));
        let there: Vec<u8> = joined
            .runs
            .iter()
            .flat_map(|run| match run {
                Run::Piece { piece, from, len, .. } => {
                    let given = self.given(*piece);
                    (*from..from + len).map(|offset| given.byte(&self.sources, offset)).collect()
                }
                Run::Text { bytes, .. } => bytes.to_vec(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(joined.complete, joined.unresolved == 0, "{joined:?}");
        if joined.complete {
            assert_eq!(there.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{joined:?}");
        }
    }

    /// The bytes that a URL names.
    fn named_by(&self, url: &[u8]) -> &[u8] {
        let url = str::from_utf8(url).unwrap();
        let field = |name: &str| Some(url.split_once(name)?.1.split('/').next().unwrap());
        let message = &self.sources[field(";UID=").unwrap().parse::<usize>().unwrap() - 21];
        let wanted = field(";SECTION=").unwrap_or_default();
        let place =
            message.places.iter().find(|(section, _)| section.to_string() == wanted).unwrap().1.clone();
        let Some((first, length)) = field(";PARTIAL=").and_then(|partial| partial.split_once('.')) else {
            return &message.bytes[place];
        };
        let [first, length]: [usize; 2] = [first, length].map(|number| number.parse().unwrap());
        &message.bytes[place.start + first..(place.start + first + length).min(place.end)]
    }

    /// The messages that a piece can be joined with: those of one name.
    fn name(&self, given: &Given) -> (Option<u64>, usize, bool) {
        let (session, message) = (given.piece.session, given.message);
        let uid = given.piece.of.uid.is_some() || self.named.contains(&(session, message));
        // Without user, generation or UID a session stands for itself.
        (Some(session).filter(|session| *session > 1 || !uid), message, uid)
    }

    /// Of what was fetched as a whole, there is a message that is whole.
    fn check_nothing_is_lost(&self, outcome: &Outcome) {
        let mut names: BTreeMap<_, Vec<&Given>> = BTreeMap::new();
        let fetched =
            self.given.iter().filter(|given| given.taken && given.piece.of.operation == Operation::Fetch);
        for given in fetched {
            names.entry(self.name(given)).or_default().push(given);
        }
        for ((_, message, _), pieces) in names {
            let covered = |specifier: &Specifier, within: Range<usize>| {
                let known =
                    pieces.iter().filter(|given| given.is_of(specifier)).flat_map(|given| given.known());
                let known: BTreeSet<usize> = known.flatten().collect();
                within.into_iter().all(|at| known.contains(&at))
            };
            let to_its_end = |specifier: &Specifier| {
                pieces.iter().any(|given| {
                    given.is_of(specifier)
                        && given.piece.of.origin.is_none()
                        && given.piece.holes.iter().all(|hole| hole.len.is_some())
                })
            };
            let source = &self.sources[message];
            let sized = pieces.iter().any(|given| given.piece.of.uid.is_some() && self.sized_as(given));
            let place = |specifier| source.place(&section(&[], specifier)).unwrap();
            let by_range = sized && covered(&Specifier::Whole, 0..source.bytes.len());
            let by_halves = [Specifier::Header, Specifier::Text]
                .iter()
                .all(|specifier| to_its_end(specifier) && covered(specifier, place(specifier.clone())));
            let found = |joined: &Joined| {
                joined.complete
                    && joined.pieces.iter().any(|id| pieces.iter().any(|given| given.piece.id == *id))
            };
            assert!(
                !(by_range || by_halves) || outcome.messages.iter().any(found),
                "message {message} was fetched, and is not in {outcome:?}"
            );
        }
    }

    /// Whether somebody has told the size of a message with the same UID.
    fn sized_as(&self, given: &Given) -> bool {
        let same = |session: u64| session == given.piece.session || session < 2 && given.piece.session < 2;
        self.sized.iter().any(|(session, message)| {
            *message == given.message && same(*session) && self.named.contains(&(*session, *message))
        })
    }
}
