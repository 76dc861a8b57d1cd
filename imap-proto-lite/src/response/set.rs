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
