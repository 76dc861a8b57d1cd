//! `provenance.jsonl`.

use serde::{Serialize, Serializer};

use super::Place;

/// Where the bytes of a message came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// Bytes of a message that came out of one packet. In the record a list of six numbers, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// Where in the message's file.
    pub message_offset: u64,
    /// Where in the stream of its direction.
    pub stream_offset: u64,
    /// How many bytes.
    pub length: u64,
    /// The packet.
    pub packet: Place,
    /// Where in the packet's payload.
    pub packet_offset: u32,
}

impl Run {
    /// A run of `length` bytes.
    #[must_use]
    pub const fn new(
        message_offset: u64,
        stream_offset: u64,
        length: u64,
        packet: Place,
        packet_offset: u32,
    ) -> Self {
        Self { message_offset, stream_offset, length, packet, packet_offset }
    }
}

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { message_offset, stream_offset, length, packet, packet_offset } = self;
        (message_offset, stream_offset, length, packet.input, packet.frame, packet_offset)
            .serialize(serializer)
    }
}
