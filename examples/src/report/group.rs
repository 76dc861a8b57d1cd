//! Which transfers are of the same message: they have the Message-ID or the content in common.

use std::collections::HashMap;

/// Puts things with equal keys together.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// For each thing one that it belongs with, an earlier one or itself.
    leads: Vec<usize>,
    first: HashMap<String, usize>,
}

impl Groups {
    /// One more thing.
    pub(super) fn add(&mut self, keys: impl IntoIterator<Item = String>) {
        let number = self.leads.len();
        self.leads.push(number);
        for key in keys {
            let first = *self.first.entry(key).or_insert(number);
            let (one, other) = (self.lead(first), self.lead(number));
            let (early, late) = (one.min(other), one.max(other));
            if let Some(lead) = self.leads.get_mut(late) {
                *lead = early;
            }
        }
    }

    /// The first of those that belong with it.
    pub(super) fn lead(&mut self, of: usize) -> usize {
        let mut at = of;
        while let Some(lead) = self.leads.get(at).copied().filter(|lead| *lead != at) {
            // Half of the way is saved for the next who asks.
            let further = self.leads.get(lead).copied().unwrap_or(lead);
            if let Some(lead) = self.leads.get_mut(at) {
                *lead = further;
            }
            at = further;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_key_in_common_belongs_together() {
        let mut groups = Groups::default();
        for keys in [&["a", "x"][..], &["b", "y"], &[], &["c", "x"], &["b", "z"], &["z", "c"], &["d"], &["d"]]
        {
            groups.add(keys.iter().map(ToString::to_string));
        }
        let leads: Vec<_> = (0..8).map(|number| groups.lead(number)).collect();
        assert_eq!(leads, [0, 0, 2, 0, 0, 0, 6, 6]);
        assert_eq!(groups.lead(99), 99);
    }
}
