//! `anomalies.jsonl`.

use serde::{Deserialize, Serialize};

use super::{Code, Direction, Layer, Place, Text, Time};
use crate::capture::Damage;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Anomaly {
    /// Number of its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// Where in the stack it was seen.
    pub layer: Layer,
    /// Stable kebab-case identifier within the layer.
    pub code: Code,
    /// On which side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Where in that side's stream; in layer `capture`, where in the uncompressed file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The packet; in layer `capture`, the last one in front of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<Place>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Number of the message it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<u64>,
    /// What exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Text>,
}

impl Anomaly {
    /// An anomaly of which only the kind is known.
    #[must_use]
    pub fn new(layer: Layer, code: impl Into<Code>) -> Self {
        Self {
            session: None,
            layer,
            code: code.into(),
            direction: None,
            offset: None,
            packet: None,
            at: None,
            message: None,
            detail: None,
        }
    }
}

impl From<&Damage> for Anomaly {
    fn from(damage: &Damage) -> Self {
        Self {
            offset: Some(damage.offset),
            packet: Some(Place::new(damage.input, damage.frame)),
            detail: Some(Text::from(match damage.skipped {
                0 => damage.kind.to_string(),
                skipped => format!("{}; {skipped} bytes left out", damage.kind),
            })),
            ..Self::new(Layer::Capture, damage.kind.code())
        }
    }
}
