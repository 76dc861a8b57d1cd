//! `provenance.jsonl`.

use core::fmt;
use core::ops::Range;

use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Place;

/// Where the bytes of a message came from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Provenance {
    /// Number of the message.
    pub message: u64,
    /// Its bytes in order, each run out of one packet.
    pub runs: Vec<Run>,
}

impl Provenance {
    /// The runs of message `message`.
    #[must_use]
    pub const fn new(message: u64, runs: Vec<Run>) -> Self {
        Self { message, runs }
    }
}

/// Bytes of a message that came out of one packet. In the record a list of six numbers, in this order; where the bytes
/// do not stand in the packet as they are, the last one is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// Where in the message's file.
    pub message_offset: u64,
    /// Where in the stream of its direction; of bytes that were made out of others, where these begin.
    pub stream_offset: u64,
    /// How many bytes of the message.
    pub length: u64,
    /// The packet; of bytes that were made out of others, the one that completed these.
    pub packet: Place,
    /// Where in the packet's payload; of a segment that came in IP fragments, where in the payload of the whole.
    /// `None`: the bytes were made out of others, by inflating or by undoing quotes, and stand in no packet.
    pub packet_offset: Option<u32>,
}

impl Run {
    /// A run of `length` bytes that stand in the packet.
    #[must_use]
    pub const fn new(
        message_offset: u64,
        stream_offset: u64,
        length: u64,
        packet: Place,
        packet_offset: u32,
    ) -> Self {
        Self { message_offset, stream_offset, length, packet, packet_offset: Some(packet_offset) }
    }

    /// A run of `length` bytes that were made out of those at `stream_offset`.
    #[must_use]
    pub const fn made(message_offset: u64, stream_offset: u64, length: u64, packet: Place) -> Self {
        Self { message_offset, stream_offset, length, packet, packet_offset: None }
    }

    /// What of the run lies in a stretch of the file, as a run of a file in which that stretch begins at `at`.
    pub(crate) fn within(&self, stretch: &Range<u64>, at: u64) -> Option<Self> {
        let start = self.message_offset.max(stretch.start);
        let end = self.message_offset.saturating_add(self.length).min(stretch.end);
        let into = start.checked_sub(self.message_offset).filter(|_| start < end)?;
        let message_offset = at + (start - stretch.start);
        Some(match self.packet_offset {
            Some(offset) => {
                let offset = offset.saturating_add(u32::try_from(into).unwrap_or(u32::MAX));
                Self::new(message_offset, self.stream_offset + into, end - start, self.packet, offset)
            }
            None => Self::made(message_offset, self.stream_offset, end - start, self.packet),
        })
    }
}

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { message_offset, stream_offset, length, packet, packet_offset } = self;
        let place = (message_offset, stream_offset, length, packet.input, packet.frame);
        match packet_offset {
            Some(offset) => (place.0, place.1, place.2, place.3, place.4, offset).serialize(serializer),
            None => place.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Run;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a run of five or six numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Run, A::Error> {
                let mut number = |at| -> Result<u64, A::Error> {
                    list.next_element()?.ok_or_else(|| A::Error::invalid_length(at, &self))
                };
                let (message_offset, stream_offset, length) = (number(0)?, number(1)?, number(2)?);
                let input = u32::try_from(number(3)?).map_err(|_| A::Error::custom("no such input"))?;
                let packet = Place::new(input, number(4)?);
                let packet_offset = list.next_element()?;
                if list.next_element::<IgnoredAny>()?.is_some() {
                    return Err(A::Error::invalid_length(7, &self));
                }
                if message_offset.checked_add(length).is_none() || stream_offset.checked_add(length).is_none()
                {
                    return Err(A::Error::custom("a run that has no end"));
                }
                Ok(Run { message_offset, stream_offset, length, packet, packet_offset })
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_runs() {
        let run = Run::new(10, 110, 10, Place::new(1, 2), 5);
        assert_eq!(run.within(&(7..13), 100), Some(Run::new(103, 110, 3, Place::new(1, 2), 5)));
        assert_eq!(run.within(&(12..99), 0), Some(Run::new(0, 112, 8, Place::new(1, 2), 7)));
        assert_eq!(run.within(&(0..10), 0), None);
        assert_eq!(run.within(&(20..30), 0), None);
        let made = Run::made(10, 110, 10, Place::new(1, 2));
        assert_eq!(made.within(&(12..99), 0), Some(Run::made(0, 110, 8, Place::new(1, 2))));
    }
}
