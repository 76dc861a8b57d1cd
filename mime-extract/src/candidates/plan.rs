//! Which readings are tried, and in which order.

use super::suggest::{Suggestion, Way};
use crate::Anomaly;
use crate::choices::Choices;
use std::collections::VecDeque;

/// A reading, by how it differs from the primary one.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) choices: Choices,
    pub(super) via: Vec<Anomaly>,
    ways: Vec<Way>,
}

impl Reading {
    /// This reading with one more choice; `None` if that was made already.
    fn with(&self, suggestion: &Suggestion) -> Option<Self> {
        if self.ways.iter().any(|way| way.slot() == suggestion.way.slot()) {
            return None;
        }
        let mut reading = self.clone();
        suggestion.way.choose(&mut reading.choices);
        reading.ways.push(suggestion.way.clone());
        for anomaly in &suggestion.via {
            if !reading.via.iter().any(|known| known.code() == anomaly.code()) {
                reading.via.push(*anomaly);
            }
        }
        Some(reading)
    }
}

/// The readings to come.
#[derive(Debug)]
pub(super) struct Plan {
    /// What the primary reading suggests.
    singles: Vec<Suggestion>,
    queue: VecDeque<Reading>,
    /// Combinations, once all else was tried.
    combined: bool,
    tried: Vec<Choices>,
    /// Of the singles: whether something new was found.
    fruitful: Vec<bool>,
    left: usize,
    capped: bool,
}

impl Plan {
    pub(super) fn new(singles: Vec<Suggestion>, max: usize) -> Self {
        let queue = singles.iter().filter_map(|one| Reading::default().with(one)).collect();
        let fruitful = vec![false; singles.len()];
        Self { singles, queue, combined: false, tried: Vec::new(), fruitful, left: max, capped: false }
    }

    /// Whether there was more than the limit allows.
    pub(super) const fn is_capped(&self) -> bool {
        self.capped
    }

    pub(super) fn next(&mut self) -> Option<Reading> {
        loop {
            if self.queue.is_empty() && !self.combined {
                self.combined = true;
                self.combine();
            }
            let reading = self.queue.pop_front()?;
            if self.tried.contains(&reading.choices) {
                continue;
            }
            if self.left == 0 {
                self.capped = true;
                return None;
            }
            self.left -= 1;
            self.tried.push(reading.choices.clone());
            return Some(reading);
        }
    }

    /// What a reading brought to light is tried on top of it, once the single choices are done. `found`: it had
    /// something new.
    pub(super) fn learn(&mut self, reading: &Reading, suggestions: Vec<Suggestion>, found: bool) {
        if let [way] = reading.ways.as_slice()
            && let Some(at) = self.singles.iter().position(|one| one.way == *way)
            && let Some(fruitful) = self.fruitful.get_mut(at)
        {
            *fruitful = found;
        }
        for suggestion in suggestions {
            if !self.singles.iter().any(|one| one.way == suggestion.way)
                && let Some(deeper) = reading.with(&suggestion)
            {
                self.queue.push_back(deeper);
            }
        }
    }

    /// All at once, then pairs, those first of which one was of use.
    fn combine(&mut self) {
        let all = self.singles.iter().fold(Reading::default(), |all, one| all.with(one).unwrap_or(all));
        if all.ways.len() > 1 {
            self.queue.push_back(all);
        }
        let useful = |at: usize| self.fruitful.get(at).copied().unwrap_or(false);
        let mut pairs = Vec::new();
        for (at, one) in self.singles.iter().enumerate() {
            for (other_at, other) in self.singles.iter().enumerate().skip(at + 1) {
                let pair = Reading::default().with(one).and_then(|reading| reading.with(other));
                let rank = u8::from(!useful(at)) + u8::from(!useful(other_at));
                pairs.extend(pair.map(|pair| (rank, pair)));
            }
        }
        pairs.sort_by_key(|(rank, _)| *rank);
        self.queue.extend(pairs.into_iter().map(|(_, pair)| pair));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::EncodingChoice;

    fn suggestion(way: Way) -> Suggestion {
        Suggestion { way, via: vec![Anomaly::CteDuplicate] }
    }

    #[test]
    fn single_choices_come_first() {
        let encoding = |index| Way::Encoding(EncodingChoice::Other(index));
        let singles = [Way::BareCr, encoding(0), encoding(1)].map(suggestion);
        let mut plan = Plan::new(singles.into(), 16);
        let mut told = Vec::new();
        while let Some(reading) = plan.next() {
            let brings = if reading.ways == [encoding(1)] { vec![suggestion(Way::Implied)] } else { vec![] };
            plan.learn(&reading, brings, reading.ways == [encoding(1)]);
            told.push(reading.ways);
        }
        assert_eq!(
            told,
            [
                vec![Way::BareCr],
                vec![encoding(0)],
                vec![encoding(1)],
                vec![encoding(1), Way::Implied],
                vec![Way::BareCr, encoding(0)],
                vec![Way::BareCr, encoding(1)],
            ]
        );
        assert!(!plan.is_capped());
    }

    #[test]
    fn the_limit_is_told() {
        let singles = [Way::BareCr, Way::Implied, Way::Prefix].map(suggestion);
        let mut plan = Plan::new(singles.into(), 2);
        assert_eq!(core::iter::from_fn(|| plan.next()).count(), 2);
        assert!(plan.is_capped());
    }
}
