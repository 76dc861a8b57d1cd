//! Sets of message numbers or UIDs (RFC 9051 section 9, sequence-set).

use crate::ParseError;
use crate::lexical::Scan;

/// `2,4:7,*`: ranges of numbers, in the order of the wire. `*`, the highest number in use, is [`u32::MAX`].
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NumberSet {
    /// First and last number of each range, the smaller one first.
    pub ranges: Vec<(u32, u32)>,
}

impl NumberSet {
    /// Reads a set as it stands in a command.
    ///
    /// ```
    /// let set = imap_proto_lite::response::NumberSet::of(b"9:7,2").unwrap();
    /// assert_eq!(set.ranges, [(7, 9), (2, 2)]);
    /// assert!(set.contains(8) && !set.contains(3));
    /// assert_eq!(set.iter().collect::<Vec<_>>(), [7, 8, 9, 2]);
    /// ```
    #[must_use]
    pub fn of(text: &[u8]) -> Option<Self> {
        let number = |text: &[u8]| match text {
            b"*" => Some(u32::MAX),
            text => str::from_utf8(text).ok()?.parse().ok(),
        };
        let range = |text: &[u8]| {
            let mut ends = text.splitn(2, |byte| *byte == b':');
            let first = number(ends.next()?)?;
            let last = ends.next().map_or(Some(first), number)?;
            Some((first.min(last), first.max(last)))
        };
        let ranges = text.split(|byte| *byte == b',').map(range).collect::<Option<_>>()?;
        Some(Self { ranges })
    }

    pub(super) fn read(scan: &mut Scan<'_>) -> Result<Self, ParseError> {
        let here = *scan;
        let text = scan.take_while(|byte| matches!(byte, b'0'..=b'9' | b':' | b',' | b'*'));
        Self::of(text).ok_or_else(|| here.error("a set of numbers"))
    }

    /// Whether the number is in one of the ranges.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// The numbers in order; a hostile set has billions.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.ranges.iter().flat_map(|(first, last)| *first..=*last)
    }
}

/// The messages that a command names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// They are named by their UIDs.
    uid: bool,
    /// In order; `None`: those of a set that only the server knows.
    set: Option<Vec<(u32, u32)>>,
}

impl Wanted {
    /// From the set as it stands in the command.
    pub(crate) fn new(uid: bool, set: &[u8]) -> Self {
        let set = NumberSet::of(set).map(|mut set| {
            set.ranges.sort_unstable();
            set.ranges
        });
        Self { uid, set }
    }

    /// Whether the message is one of them, or may be, as far as it is known.
    pub(crate) fn names(&self, sequence: Option<u32>, uid: Option<u32>) -> bool {
        let (Some(set), Some(number)) = (&self.set, if self.uid { uid } else { sequence }) else {
            return true;
        };
        // `*`: whichever is the last one.
        if set.last() == Some(&(u32::MAX, u32::MAX)) {
            return true;
        }
        let behind = set.partition_point(|(first, _)| *first <= number);
        behind.checked_sub(1).and_then(|at| set.get(at)).is_some_and(|(_, last)| number <= *last)
    }

    /// What it keeps, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.set.as_ref().map_or(0, |set| set.capacity() * size_of::<(u32, u32)>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_a_command_names() {
        for (uid, set, message, expected) in [
            (false, "2,5:7", (Some(6), Some(20)), true),
            (false, "5:7,2", (Some(4), Some(2)), false),
            (false, "5:7,2", (Some(8), None), false),
            (true, "20:29", (Some(1), Some(29)), true),
            (true, "20:29", (Some(21), Some(30)), false),
            (true, "20:*", (Some(1), Some(30)), true),
            // Nobody knows its UID, which one is the last, what is in the last search.
            (true, "20:29", (Some(1), None), true),
            (false, "*", (Some(4), None), true),
            (true, "$", (None, Some(4)), true),
        ] {
            let wanted = Wanted::new(uid, set.as_bytes());
            assert_eq!(wanted.names(message.0, message.1), expected, "{uid} {set} {message:?}");
        }
    }
}
