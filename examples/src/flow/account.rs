//! What is known of a session, whatever its protocol, and the records that are made of it.

use super::Told;
use super::login;
use super::scene::{Scene, at_packet};
use super::tls::Watch;
use crate::message::{Finished, Message};
use crate::record::{self, Direction, Layer, Protocol, Text, TlsStart};
use crate::sink::SinkError;
use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;
use mail_wire::sasl::Credential;
use std::collections::BTreeMap;

/// What became of STARTTLS or STLS.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upgrade {
    #[default]
    NotAsked,
    Refused,
    Accepted,
    DecryptedUpstream,
}

/// A session so far.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) protocol: Protocol,
    pub(super) layer: Layer,
    /// The capability that offers TLS.
    offer: &'static str,
    pub(super) greeting: Option<Text>,
    pub(super) client_name: Option<Text>,
    pub(super) capabilities: Vec<Text>,
    pub(super) upgrade: Upgrade,
    pub(super) stripped: bool,
    proxied: Option<record::Proxied>,
    pub(super) actions: Vec<record::Action>,
    pub(super) tls_start: Option<TlsStart>,
    watch: Watch,
    commands: u64,
    logins: u64,
    anomalies: BTreeMap<record::Code, u64>,
}

/// A message under way.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) message: Message,
    pub(super) anomalies: Vec<record::Anomaly>,
    side: Direction,
    start: (Duration, record::Place),
}

/// A message that is over: its record without what only its protocol knows, and what is stored of it.
pub(super) struct Closed {
    pub(super) record: record::Message,
    pub(super) anomalies: Vec<record::Anomaly>,
    pub(super) finished: Finished,
}

impl Account {
    pub(super) fn new(protocol: Protocol, layer: Layer, offer: &'static str) -> Self {
        Self {
            protocol,
            layer,
            offer,
            greeting: None,
            client_name: None,
            capabilities: Vec::new(),
            upgrade: Upgrade::NotAsked,
            stripped: false,
            proxied: None,
            actions: Vec::new(),
            tls_start: None,
            watch: Watch::default(),
            commands: 0,
            logins: 0,
            anomalies: BTreeMap::new(),
        }
    }

    /// Counts an anomaly for the session's record.
    pub(super) fn note(&mut self, anomaly: &record::Anomaly) {
        *self.anomalies.entry(anomaly.code.clone()).or_default() += 1;
    }

    /// What a proxy claims about the connection that it hands on.
    pub(super) fn proxied(&mut self, addresses: Option<(SocketAddr, SocketAddr)>) {
        self.proxied =
            addresses.map(|(client, server)| record::Proxied::new(client.to_string(), server.to_string()));
    }

    /// A command, to be filled in, and counted.
    pub(super) fn command(
        &mut self,
        side: Direction,
        span: &Range<u64>,
        scene: &Scene<'_>,
    ) -> record::Command {
        self.commands += 1;
        line(side, span, scene)
    }

    /// The server's answer to STARTTLS or STLS.
    pub(super) const fn upgrade_answered(&mut self, accepted: bool) {
        self.upgrade = if accepted { Upgrade::Accepted } else { Upgrade::Refused };
    }

    pub(super) fn tls_started(&mut self, side: Direction, span: &Range<u64>, scene: &Scene<'_>) {
        if self.upgrade == Upgrade::DecryptedUpstream {
            // Plaintext was slipped in before the handshake.
            self.upgrade = Upgrade::Accepted;
        }
        let (at, packet) = scene.when(side, &(span.start..span.start + 1));
        let start =
            self.tls_start.get_or_insert_with(|| TlsStart::new(packet, scene.context.time(at, packet)));
        match side {
            Direction::Client => start.client_offset = Some(span.start),
            Direction::Server => start.server_offset = Some(span.start),
        }
    }

    /// Bytes that are no plaintext.
    pub(super) fn opaque(&mut self, side: Direction, bytes: &[u8]) {
        self.watch.push(side, bytes);
    }

    /// A hole outside of messages.
    pub(super) fn gap(&mut self, side: Direction) {
        if self.tls_start.is_some() {
            self.watch.gap(side);
        }
    }

    pub(super) fn login(
        &mut self,
        credential: &Credential,
        side: Direction,
        span: &Range<u64>,
        scene: &Scene<'_>,
    ) -> Told {
        self.logins += 1;
        let (at, packet) = scene.when(side, span);
        let tally = scene.tally;
        let mut record = record::Login::new(
            0,
            self.protocol,
            scene.context.time(at, packet),
            packet,
            tally.client.clone(),
            tally.server.clone(),
            Text::from(&credential.mechanism),
        );
        login::fill(&mut record, credential, scene);
        record.over_tls = self.tls_start.is_some() || self.upgrade == Upgrade::DecryptedUpstream;
        Told::Login(Box::new(record))
    }

    /// An anomaly of the session, counted.
    pub(super) fn anomaly(
        &mut self,
        (layer, code, detail): (Layer, &'static str, Option<String>),
        side: Direction,
        span: &Range<u64>,
        scene: &Scene<'_>,
    ) -> record::Anomaly {
        let (at, packet) = scene.when(side, span);
        let mut record = at_packet(layer, code, at, packet, scene.context);
        record.direction = Some(side);
        record.offset = Some(span.start);
        record.detail = detail.map(Text::from);
        self.note(&record);
        record
    }

    /// The side taken for the client is the server.
    pub(super) fn roles_changed(&mut self, side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> Told {
        let (at, packet) = scene.when(side, span);
        let record = at_packet(self.layer, "roles-changed", at, packet, scene.context);
        self.note(&record);
        Told::Anomaly(Box::new(record))
    }

    /// Stores a message that is over; `cut`: the end that its sender marks did not come.
    pub(super) fn close(
        &mut self,
        open: Open,
        operation: record::Operation,
        cut: bool,
        scene: &Scene<'_>,
    ) -> Result<Closed, SinkError> {
        let Open { mut message, mut anomalies, side, start } = open;
        message.contradict(scene.contradictions(side));
        let finished = message.finish(cut)?;
        let tally = scene.tally;
        let (first, last) = finished.times().unwrap_or((start.0, start.0));
        let time = |at| scene.context.time(at, start.1);
        let mut record = record::Message::new(
            0,
            self.protocol,
            operation,
            tally.client.clone(),
            tally.server.clone(),
            time(first),
        );
        record.end = time(last);
        for mime in &finished.anomalies {
            let (at, packet) = finished.run_at(mime.offset).map_or(start, |(run, at)| (*at, run.packet));
            let mut anomaly = at_packet(Layer::Mime, mime.code.clone(), at, packet, scene.context);
            anomaly.detail = mime.detail.clone();
            self.note(&anomaly);
            anomalies.push(anomaly);
        }
        let short = |anomaly: &record::Anomaly| {
            record::MessageAnomaly::new(anomaly.code.clone(), anomaly.detail.clone())
        };
        record.anomalies = anomalies.iter().map(short).collect();
        Ok(Closed { record, anomalies, finished })
    }

    /// The record of the session, once it is over.
    pub(super) fn record(self, scene: &Scene<'_>) -> record::Session {
        let tally = scene.tally;
        let time = |(at, packet)| scene.context.time(at, packet);
        let mut record = record::Session::new(
            0,
            self.protocol,
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
        record.proxied = self.proxied;
        record.greeting = self.greeting;
        record.client_name = self.client_name;
        record.capabilities = self.capabilities;
        record.commands = self.commands;
        record.logins = self.logins;
        record.actions = self.actions;
        record.ended = tally.ended;
        record.anomalies = self.anomalies;
        record
    }

    fn tls(&self) -> record::Tls {
        let offered =
            self.capabilities.iter().any(|capability| capability.as_str().eq_ignore_ascii_case(self.offer));
        match self.upgrade {
            Upgrade::DecryptedUpstream => record::Tls::DecryptedUpstream,
            Upgrade::Accepted => record::Tls::Starttls,
            // The client has not spoken but for TLS.
            _ if self.tls_start.is_some() && self.commands == 0 => record::Tls::Implicit,
            // The reply was not captured, the handshake was.
            _ if self.tls_start.is_some() => record::Tls::Starttls,
            _ if self.stripped => record::Tls::Stripped,
            Upgrade::Refused => record::Tls::Refused,
            Upgrade::NotAsked if offered => record::Tls::Offered,
            Upgrade::NotAsked => record::Tls::None,
        }
    }
}

impl Open {
    pub(super) fn new(side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> Self {
        Self::of(Message::new(&scene.context.folder), side, span, scene)
    }

    pub(super) fn of(message: Message, side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> Self {
        Self { message, anomalies: Vec::new(), side, start: scene.when(side, span) }
    }
}

/// A command or a reply, to be filled in.
pub(super) fn line(side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> record::Command {
    let (at, packet) = scene.when(side, span);
    record::Command::new(0, scene.context.time(at, packet), packet, side)
}

/// The side whose stream, as the reassembler names it, the direction is.
pub(super) const fn side_heard(dir: mail_wire::Direction) -> Direction {
    match dir {
        mail_wire::Direction::ToServer => Direction::Client,
        mail_wire::Direction::ToClient => Direction::Server,
    }
}
