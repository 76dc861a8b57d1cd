//! The record of an IMAP session.

use super::{Imap, Scene};
use crate::record::{self, Protocol, Text};

/// What became of STARTTLS.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Starttls {
    #[default]
    NotAsked,
    Refused,
    Accepted,
    DecryptedUpstream,
}

impl Imap {
    /// The record of the session, once it is over.
    pub(in crate::flow) fn record(self, scene: &Scene<'_>) -> record::Session {
        let tally = scene.tally;
        let time = |(at, packet)| scene.context.time(at, packet);
        let mut record = record::Session::new(
            0,
            Protocol::Imap,
            tally.client.clone(),
            tally.server.clone(),
            time(tally.start),
        );
        record.end = time(tally.end);
        record.packets = tally.packets.clone();
        let [client, server] = tally.bytes;
        record.bytes = record::Sides::new(client, server);
        let [client, server] = tally.missing;
        record.missing_bytes = record::Sides::new(client, server);
        record.one_sided = tally.one_sided;
        record.tls = self.tls();
        record.tls_handshake = self.tls_start.is_some().then(|| self.watch.handshake());
        record.tls_start = self.tls_start;
        record.tls_version = self.watch.version.map(Text::from);
        record.tls_server_name = self.watch.server_name.map(Text::from);
        record.greeting = self.greeting;
        record.client_name = self.client_name;
        record.capabilities = self.capabilities;
        record.compressed = self.compressed;
        record.commands = self.commands;
        record.logins = self.logins;
        record.actions = self.actions.done;
        record.ended = tally.ended;
        record.anomalies = self.anomalies;
        record
    }

    fn tls(&self) -> record::Tls {
        let offered =
            self.capabilities.iter().any(|capability| capability.as_str().eq_ignore_ascii_case("STARTTLS"));
        match self.starttls {
            Starttls::DecryptedUpstream => record::Tls::DecryptedUpstream,
            Starttls::Accepted => record::Tls::Starttls,
            _ if self.tls_start.is_some() && self.silent => record::Tls::Implicit,
            // The answer was not captured, the handshake was.
            _ if self.tls_start.is_some() => record::Tls::Starttls,
            Starttls::Refused => record::Tls::Refused,
            Starttls::NotAsked if offered => record::Tls::Offered,
            Starttls::NotAsked => record::Tls::None,
        }
    }
}
