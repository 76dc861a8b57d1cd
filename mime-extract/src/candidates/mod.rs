//! The other readings of a message that can be read in several ways.
//!
//! ```text
//! primary reading -> what is odd -> suggestions -> readings -> leaves that are new
//!                                        ^             |
//!                                        +-------------+ what is odd in there
//! ```
//!
//! A reading is the primary one with a few other choices, read by the same extractor: single choices first, then those
//! which a reading brought to light, then several at once.

mod guess;
mod message;
mod plan;
mod reading;
mod suggest;

use crate::choices::{Choices, Known};
use crate::{Anomaly, Config, Part, PartEnd, PartKind};
use bytes::Bytes;
use message::Message;
use plan::{Plan, Reading};
use reading::Outcome;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Decoded bytes of all readings of a message, as a multiple of its length.
const MAX_EXPANSION: u64 = 4;

/// A leaf whose content the primary reading does not have.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it is, as the other reading has it; its path is that of the other tree.
    pub part: Box<Part>,
    /// How it ended, and where it stands in the message.
    pub end: PartEnd,
    /// Its content, decoded.
    pub content: Bytes,
    /// What led to it: the anomalies in whose light the message was read in another way.
    pub via: Vec<Anomaly>,
    /// [`PartKind::Preamble`] or [`PartKind::Epilogue`] if it stands outside of the parts of a multipart.
    pub hidden: Option<PartKind>,
}

/// The leaves that only other readings of a message find: content which no leaf and no attached message of the primary
/// reading has.
///
/// `gaps` are the bytes that are missing in `message`: where in the whole message, holes included, and how many (`None`:
/// nobody knows, as at the end of a cut message), in order.
///
/// Asked for a message without an [ambiguous](Anomaly::is_ambiguous) anomaly it finds nothing, at the price of one more
/// reading: ask only when the extractor told one. Of each message at most [`Config::max_readings`] are tried, and four
/// times its length is decoded; [`Candidates::capped`] says when there was more to try.
///
/// ```
/// use mime_extract::{Config, candidates};
///
/// let mail = "Content-Transfer-Encoding: quoted-printable\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n";
/// let found: Vec<_> = candidates(mail.into(), &[], &Config::default()).collect();
/// assert_eq!(found[0].content, b"Hello".as_slice());
/// assert_eq!(found[0].via[0].code(), "cte-duplicate");
/// ```
#[must_use]
pub fn candidates(message: Bytes, gaps: &[(u64, Option<u64>)], config: &Config) -> Candidates {
    let config = Config { choices: Choices::default(), ..config.clone() };
    let capped = (message.len() > config.max_candidate).then_some("size");
    let state = if capped.is_some() { State::Done } else { State::Unread };
    let budget = MAX_EXPANSION.saturating_mul(message.len() as u64);
    Candidates {
        message: Message::new(message, gaps),
        config,
        state,
        known: Known::default(),
        seen: BTreeSet::new(),
        ready: VecDeque::new(),
        undivided: false,
        budget,
        capped,
    }
}

/// Iterates over the candidates of one message; made by [`candidates`]. Holds what one reading found at a time.
#[derive(Debug)]
pub struct Candidates {
    message: Message,
    config: Config,
    state: State,
    /// The leaves of the primary reading.
    known: Known,
    /// The SHA-256 of all leaves told or had before, and of the messages of the primary reading.
    seen: BTreeSet<[u8; 32]>,
    ready: VecDeque<Candidate>,
    /// Whether a multipart of the primary reading has no parts: another reading of it may be a file.
    undivided: bool,
    /// Bytes that may still be decoded.
    budget: u64,
    capped: Option<&'static str>,
}

#[derive(Debug)]
enum State {
    /// Not even the primary reading is done.
    Unread,
    Reading(Plan),
    Done,
}

impl Candidates {
    /// Whether there is more than the limits allow: [`Anomaly::ReadingsCapped`]. Known at the end.
    #[must_use]
    pub fn capped(&self) -> Option<Anomaly> {
        self.capped.map(|what| Anomaly::ReadingsCapped { what })
    }

    /// One reading; `None` at the end.
    fn step(&mut self) -> Option<()> {
        match &mut self.state {
            State::Unread => {
                let outcome = reading::primary(&self.message, &self.config);
                self.seen = outcome.digests;
                self.known = Some(Arc::new(outcome.known));
                let facts = outcome.facts.iter().flat_map(|fact| &fact.anomalies);
                self.undivided = facts.into_iter().any(|(anomaly, _)| *anomaly == Anomaly::NoParts);
                let suggestions = suggest::all(&outcome.facts, &self.message, &self.config);
                self.state = State::Reading(Plan::new(suggestions, self.config.max_readings));
                Some(())
            }
            State::Reading(plan) => {
                let Some(reading) = plan.next() else {
                    self.capped = self.capped.or_else(|| plan.is_capped().then_some("readings"));
                    self.state = State::Done;
                    return None;
                };
                self.read(reading);
                Some(())
            }
            State::Done => None,
        }
    }

    fn read(&mut self, reading: Reading) {
        let choices = |known| Choices { known, ..reading.choices.clone() };
        let run = |known: Known, budget: u64| {
            let config = Config { choices: choices(known), ..self.config.clone() };
            reading::other(&self.message, &config, &self.seen, budget)
        };
        // Leaves that begin like known ones are passed over; where one ends elsewhere all is read once more.
        let mut outcome = run(self.known.clone(), self.budget);
        if outcome.misled {
            outcome = run(Known::default(), self.budget);
        }
        let Outcome { leaves, undivided, facts, spent, .. } = outcome;
        self.budget = self.budget.saturating_sub(spent);
        let mut found = false;
        let undivided = undivided.into_iter().filter(|_| self.undivided);
        for leaf in leaves.into_iter().chain(undivided) {
            if self.seen.insert(leaf.digest) {
                found = true;
                self.ready.push_back(Candidate { via: reading.via.clone(), ..leaf.candidate });
            }
        }
        if let State::Reading(plan) = &mut self.state {
            let config = Config { choices: choices(Known::default()), ..self.config.clone() };
            let suggestions = suggest::all(&facts, &self.message, &config);
            plan.learn(&reading, suggestions, found);
        }
        if self.budget == 0 {
            self.capped = Some("bytes");
            self.state = State::Done;
        }
    }
}

impl Iterator for Candidates {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        loop {
            if let Some(candidate) = self.ready.pop_front() {
                return Some(candidate);
            }
            self.step()?;
        }
    }
}
