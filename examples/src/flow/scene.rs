//! What a protocol needs to make records of events.

use super::places::Places;
use super::{Context, Secrets, Tally, index};
use crate::message::Contradiction;
use crate::record::{self, Layer, Place, Text};
use core::time::Duration;
use sha2::{Digest as _, Sha256};

/// The surroundings of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) context: &'a Context,
    pub(super) tally: &'a Tally,
    pub(super) places: &'a [Places; 2],
    pub(super) contradictions: &'a [Vec<Contradiction>; 2],
    pub(super) latest: Option<(Duration, Place)>,
}

impl Scene<'_> {
    pub(super) const fn places(&self, side: record::Direction) -> &Places {
        let [client, server] = self.places;
        match side {
            record::Direction::Client => client,
            record::Direction::Server => server,
        }
    }

    /// Other copies of the bytes of a direction.
    pub(super) fn contradictions(&self, side: record::Direction) -> &[Contradiction] {
        self.contradictions.get(index(side)).map_or(&[], Vec::as_slice)
    }

    /// The time and packet that completed a stretch of a direction.
    pub(super) fn when(&self, side: record::Direction, span: &core::ops::Range<u64>) -> (Duration, Place) {
        let carried = self.places(side).last_of(span).map(|carried| (carried.at, carried.packet));
        carried.or(self.latest).unwrap_or(self.tally.start)
    }

    /// A secret of a login, as the options have it.
    pub(super) fn secret(&self, secret: &[u8]) -> Option<Text> {
        shown(self.context.secrets_in_logins, secret)
    }

    /// A secret anywhere else.
    pub(super) fn secret_elsewhere(&self, secret: &[u8]) -> Option<Text> {
        shown(self.context.secrets, secret)
    }
}

fn shown(secrets: Secrets, secret: &[u8]) -> Option<Text> {
    match secrets {
        Secrets::Show => Some(Text::from(secret)),
        Secrets::Hash => Some(Text::from(format!("sha256:{}", record::hex(&Sha256::digest(secret))))),
        Secrets::Omit => None,
    }
}

/// An anomaly at a packet.
pub(super) fn at_packet(
    layer: Layer,
    code: impl Into<record::Code>,
    at: Duration,
    packet: Place,
    context: &Context,
) -> record::Anomaly {
    let mut anomaly = record::Anomaly::new(layer, code);
    anomaly.packet = Some(packet);
    anomaly.at = Some(context.time(at, packet));
    anomaly
}
