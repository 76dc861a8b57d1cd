//! Where in the captures something is.

use serde::{Deserialize, Serialize};

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// Number of the input, from 1, as in `summary.json`.
    pub input: u32,
    /// Number of the frame in that file, from 1, as tshark counts. 0: in front of the first.
    pub frame: u64,
}

impl Place {
    /// Frame `frame` of input `input`.
    #[must_use]
    pub const fn new(input: u32, frame: u64) -> Self {
        Self { input, frame }
    }
}

/// The packets of one file, from the first to the last that has a part in something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Stretch {
    /// Number of the input.
    pub input: u32,
    /// Number of the first frame.
    pub first: u64,
    /// Number of the last frame.
    pub last: u64,
}

/// A stretch for each input, in the order of inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Packets(Vec<Stretch>);

impl Packets {
    /// No packets.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes a packet in.
    pub fn add(&mut self, place: Place) {
        match self.0.binary_search_by_key(&place.input, |stretch| stretch.input) {
            Ok(at) => {
                if let Some(stretch) = self.0.get_mut(at) {
                    stretch.first = stretch.first.min(place.frame);
                    stretch.last = stretch.last.max(place.frame);
                }
            }
            Err(at) => {
                self.0.insert(at, Stretch { input: place.input, first: place.frame, last: place.frame });
            }
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The stretches.
    #[must_use]
    pub fn stretches(&self) -> &[Stretch] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stretch_for_each_input() {
        let mut packets = Packets::new();
        for (input, frame) in [(2, 7), (1, 9), (2, 5), (2, 6), (1, 12)] {
            packets.add(Place::new(input, frame));
        }
        assert_eq!(
            serde_json::to_string(&packets).unwrap(),
            r#"[{"input":1,"first":9,"last":12},{"input":2,"first":5,"last":7}]"#
        );
    }
}
