//! SMTP and LMTP events to records.

use super::Told;
use super::conversation::{Scene, at_packet, side_heard};
use super::login;
use super::smuggling::Suspect;
use super::tls::Watch;
use crate::message::Message;
use crate::record::{self, Direction, Layer, Protocol, Text, TlsStart};
use crate::sink::SinkError;
use core::ops::Range;
use smtp_proto::{
    Anomaly, Command, Config, Credential, Envelope, Event, EventKind, LooseForm, MessageEnd, Operation,
    Outcome, Parameter, Path, Reply, Session, Verb,
};
use std::collections::BTreeMap;

/// So many loose ends of one message are told.
const MAX_LOOSE_ENDS: usize = 1000;

/// An SMTP session and what is known of it so far.
#[derive(Debug)]
pub(super) struct Smtp {
    pub(super) session: Session,
    lmtp: bool,
    greeting: Option<Text>,
    client_name: Option<Text>,
    capabilities: Vec<Text>,
    starttls: Starttls,
    stripped: bool,
    /// What a proxy claims about the connection that it hands on.
    proxied: Option<record::Proxied>,
    tls_start: Option<TlsStart>,
    watch: Watch,
    /// The client has not spoken yet but for TLS.
    silent: bool,
    commands: u64,
    logins: u64,
    anomalies: BTreeMap<record::Code, u64>,
    message: Option<Open>,
    /// The last message, if it has loose ends and the next has not begun.
    suspect: Option<Suspect>,
    /// The next reply is the verdict on a message that only the server saw.
    smuggled: bool,
}

/// What became of STARTTLS.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Starttls {
    #[default]
    NotAsked,
    Refused,
    Accepted,
    DecryptedUpstream,
}

/// A message under way.
#[derive(Debug)]
struct Open {
    message: Message,
    envelope: Envelope,
    anomalies: Vec<record::Anomaly>,
    loose_ends: Vec<(u64, LooseForm)>,
    start: (core::time::Duration, record::Place),
}

impl Smtp {
    pub(super) fn new(mid_stream: bool) -> Self {
        Self {
            session: Session::new(Config::default().mid_stream(mid_stream)),
            lmtp: false,
            greeting: None,
            client_name: None,
            capabilities: Vec::new(),
            starttls: Starttls::default(),
            stripped: false,
            proxied: None,
            tls_start: None,
            watch: Watch::default(),
            silent: true,
            commands: 0,
            logins: 0,
            anomalies: BTreeMap::new(),
            message: None,
            suspect: None,
            smuggled: false,
        }
    }

    const fn protocol(&self) -> Protocol {
        if self.lmtp { Protocol::Lmtp } else { Protocol::Smtp }
    }

    /// Counts an anomaly for the session's record.
    pub(super) fn note(&mut self, anomaly: &record::Anomaly) {
        *self.anomalies.entry(anomaly.code.clone()).or_default() += 1;
    }

    pub(super) fn event(
        &mut self,
        event: Event,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let side = side_heard(event.dir);
        let span = event.span;
        match event.kind {
            EventKind::Greeting(reply) => {
                self.greeting = Some(Text::from(text_of(&reply).as_str()));
                told.push(self.reply(&reply, None, side, &span, scene));
            }
            EventKind::Proxy(proxy) => {
                self.proxied = proxy
                    .addresses
                    .map(|(client, server)| record::Proxied::new(client.to_string(), server.to_string()));
            }
            EventKind::Command(command) => told.push(self.command(&command, side, &span, scene)),
            EventKind::Response(secret) => {
                let mut record = new_command(side, &span, scene);
                record.arguments = scene.secret_elsewhere(secret.expose());
                told.push(Told::Command(Box::new(record)));
            }
            EventKind::Reply { reply, answers } => {
                self.heard(&reply, answers);
                if core::mem::take(&mut self.smuggled)
                    && let Some(suspect) = &mut self.suspect
                {
                    suspect.verdicts.push(Text::from(line_of(&reply)));
                }
                told.push(self.reply(&reply, answers, side, &span, scene));
            }
            EventKind::Credential(credential) => {
                self.logins += 1;
                told.push(self.login(&credential, side, &span, scene));
            }
            EventKind::MessageStart(envelope) => {
                self.release(scene, told)?;
                self.message = Some(Open {
                    message: Message::new(&scene.context.folder),
                    envelope: *envelope,
                    anomalies: Vec::new(),
                    loose_ends: Vec::new(),
                    start: scene.when(side, &span),
                });
            }
            EventKind::MessageData(bytes) => {
                if let Some(open) = &mut self.message {
                    open.message.push(bytes, &span, scene.places(side))?;
                }
            }
            EventKind::MessageGap(len) => {
                if let Some(open) = &mut self.message {
                    open.message.gap(len)?;
                }
            }
            EventKind::MessageEnd(end) => {
                if let Some(open) = self.message.take() {
                    self.finish(open, &end, scene, told)?;
                }
            }
            EventKind::TlsStarted => {
                if self.starttls == Starttls::DecryptedUpstream {
                    // Plaintext was slipped in before the handshake.
                    self.starttls = Starttls::Accepted;
                }
                let (at, packet) = scene.when(side, &(span.start..span.start + 1));
                let start = self
                    .tls_start
                    .get_or_insert_with(|| TlsStart::new(packet, scene.context.time(at, packet)));
                match side {
                    Direction::Client => start.client_offset = Some(span.start),
                    Direction::Server => start.server_offset = Some(span.start),
                }
            }
            EventKind::Opaque(bytes) => self.watch.push(side, &bytes),
            EventKind::Gap(_) if self.tls_start.is_some() => self.watch.gap(side),
            EventKind::Anomaly(anomaly) => self.anomaly(anomaly, side, &span, scene, told),
            EventKind::RolesChanged => {
                let (at, packet) = scene.when(side, &span);
                let record = at_packet(Layer::Smtp, "roles-changed", at, packet, scene.context);
                self.note(&record);
                told.push(Told::Anomaly(Box::new(record)));
            }
            _ => {}
        }
        Ok(())
    }

    fn command(&mut self, command: &Command, side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> Told {
        self.commands += 1;
        self.silent = false;
        let mut record = new_command(side, span, scene);
        record.verb = Some(Text::from(command.word().to_ascii_uppercase().as_slice()));
        let arguments = command.argument_text();
        record.arguments =
            match command.verb {
                Verb::Auth | Verb::XExps => {
                    // Mechanism, then a secret.
                    let words: Vec<&[u8]> = arguments.splitn(2, |byte| *byte == b' ').collect();
                    let secret = words.get(1).and_then(|secret| scene.secret_elsewhere(secret));
                    let mechanism = Text::from(words.first().copied().unwrap_or_default());
                    Some(secret.map_or_else(
                        || mechanism.clone(),
                        |secret| Text::from(format!("{mechanism} {secret}")),
                    ))
                }
                _ if arguments.is_empty() => None,
                _ => Some(Text::from(arguments)),
            };
        if matches!(command.verb, Verb::Helo | Verb::Ehlo | Verb::Lhlo) {
            self.lmtp |= command.verb == Verb::Lhlo;
            self.client_name = Some(Text::from(arguments));
        }
        Told::Command(Box::new(record))
    }

    fn reply(
        &self,
        reply: &Reply,
        answers: Option<Verb>,
        side: Direction,
        span: &Range<u64>,
        scene: &Scene<'_>,
    ) -> Told {
        let mut record = new_command(side, span, scene);
        record.code = Some(reply.code);
        record.enhanced = reply.enhanced.map(|enhanced| Text::from(enhanced.to_string()));
        record.text = Some(Text::from(text_of(reply).as_str()));
        record.answers = answers.map(|verb| Text::from(verb.as_str()));
        Told::Command(Box::new(record))
    }

    fn heard(&mut self, reply: &Reply, answers: Option<Verb>) {
        match answers {
            Some(Verb::Ehlo | Verb::Lhlo) if reply.is_positive() => {
                self.capabilities = reply.lines.iter().skip(1).map(Text::from).collect();
            }
            Some(Verb::StartTls) => {
                self.starttls = if reply.is_positive() { Starttls::Accepted } else { Starttls::Refused };
            }
            _ => {}
        }
    }

    fn login(&self, credential: &Credential, side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> Told {
        let (at, packet) = scene.when(side, span);
        let tally = scene.tally;
        let mut record = record::Login::new(
            0,
            self.protocol(),
            scene.context.time(at, packet),
            packet,
            tally.client.clone(),
            tally.server.clone(),
            Text::from(&credential.mechanism),
        );
        login::fill(&mut record, credential, scene);
        record.over_tls = self.tls_start.is_some() || self.starttls == Starttls::DecryptedUpstream;
        Told::Login(Box::new(record))
    }

    fn anomaly(
        &mut self,
        anomaly: Anomaly,
        side: Direction,
        span: &Range<u64>,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) {
        match anomaly {
            Anomaly::StarttlsPlaintext => self.starttls = Starttls::DecryptedUpstream,
            Anomaly::StarttlsStripped => self.stripped = true,
            Anomaly::Smuggled { .. } => self.smuggled = true,
            _ => {}
        }
        let (at, packet) = scene.when(side, span);
        let layer = if anomaly == Anomaly::AuthMalformed { Layer::Sasl } else { Layer::Smtp };
        let mut record = at_packet(layer, anomaly.code(), at, packet, scene.context);
        record.direction = Some(side);
        record.offset = Some(span.start);
        record.detail = anomaly.detail().map(Text::from);
        self.note(&record);
        match &mut self.message {
            // What is odd about a message is told with the message, whose number is known at its end.
            Some(open) if matches!(anomaly, Anomaly::LooseEnd { .. } | Anomaly::DotUnstuffed) => {
                if let Anomaly::LooseEnd { offset, form } = anomaly {
                    if open.loose_ends.len() >= MAX_LOOSE_ENDS {
                        return;
                    }
                    open.loose_ends.push((offset, form));
                }
                open.anomalies.push(record);
            }
            _ => told.push(Told::Anomaly(Box::new(record))),
        }
    }

    fn finish(
        &mut self,
        open: Open,
        end: &MessageEnd,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let Open { message, envelope, mut anomalies, loose_ends, start } = open;
        let finished = message.finish(!end.terminated)?;
        let tally = scene.tally;
        let operation = match envelope.operation {
            Operation::Data => record::Operation::Data,
            Operation::Bdat => record::Operation::Bdat,
            _ => record::Operation::Unknown,
        };
        let (first, last) = finished.times().unwrap_or((start.0, start.0));
        let time = |at| scene.context.time(at, start.1);
        let mut record = record::Message::new(
            0,
            self.protocol(),
            operation,
            tally.client.clone(),
            tally.server.clone(),
            time(first),
        );
        record.end = time(last);
        record.envelope = Some(envelope_record(&envelope, end));
        record.outcome = match end.outcome {
            Outcome::Accepted => record::Outcome::Accepted,
            Outcome::Rejected => record::Outcome::Rejected,
            Outcome::Mixed => record::Outcome::Mixed,
            _ => record::Outcome::Unknown,
        };
        record.reply = end.verdicts.last().map(|reply| Text::from(line_of(reply)));
        record.complete = end.complete;
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
        if loose_ends.is_empty() {
            let provenance = finished.fill(&mut record);
            told.push(Told::Message { message: Box::new(record), anomalies, provenance });
        } else {
            let runs = finished.runs.clone();
            let path = finished.stored.path.clone();
            finished.fill(&mut record);
            let message = Box::new(record);
            self.suspect = Some(Suspect { message, anomalies, runs, path, loose_ends, verdicts: Vec::new() });
        }
        Ok(())
    }

    /// What the server made of a message with loose ends is known, or will not be.
    pub(super) fn release(&mut self, scene: &Scene<'_>, told: &mut Vec<Told>) -> Result<(), SinkError> {
        if let Some(suspect) = self.suspect.take() {
            let readings = suspect.release(scene)?.into_iter();
            told.extend(readings.map(|(message, anomalies, provenance)| Told::Message {
                message,
                anomalies,
                provenance,
            }));
        }
        Ok(())
    }

    /// The record of the session, once it is over.
    pub(super) fn record(self, scene: &Scene<'_>) -> record::Session {
        let tally = scene.tally;
        let time = |(at, packet)| scene.context.time(at, packet);
        let mut record = record::Session::new(
            0,
            self.protocol(),
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
            // The reply was not captured, the handshake was.
            _ if self.tls_start.is_some() => record::Tls::Starttls,
            _ if self.stripped => record::Tls::Stripped,
            Starttls::Refused => record::Tls::Refused,
            Starttls::NotAsked if offered => record::Tls::Offered,
            Starttls::NotAsked => record::Tls::None,
        }
    }
}

fn new_command(side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> record::Command {
    let (at, packet) = scene.when(side, span);
    record::Command::new(0, scene.context.time(at, packet), packet, side)
}

/// The texts of all lines.
fn text_of(reply: &Reply) -> String {
    let lines: Vec<_> = reply.lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
    lines.join("\n")
}

/// A reply as one line: code and text.
fn line_of(reply: &Reply) -> String {
    format!("{} {}", reply.code, text_of(reply)).trim_end().to_owned()
}

/// The envelope that MAIL begins.
pub(super) fn mail_from(sender: Option<&Path>, parameters: &[Parameter]) -> record::Envelope {
    let mail_from = sender.map(|sender| Text::from(&sender.mailbox));
    let mut record = record::Envelope { mail_from, ..record::Envelope::default() };
    for parameter in parameters {
        let keyword = Text::from(parameter.keyword.to_ascii_uppercase().as_slice());
        record.parameters.insert(keyword, Text::from(&*parameter.decoded()));
    }
    record
}

fn envelope_record(envelope: &Envelope, end: &MessageEnd) -> record::Envelope {
    let mut record = mail_from(envelope.sender.as_ref(), &envelope.parameters);
    // LMTP: one verdict for each recipient that was taken, in order.
    let mut deliveries = end.verdicts.iter().filter(|_| envelope.lmtp);
    for recipient in &envelope.recipients {
        let mut told = record::Recipient::new(Text::from(&recipient.path.mailbox));
        told.reply = recipient.reply.as_ref().map(|reply| Text::from(line_of(reply)));
        told.accepted = recipient.accepted();
        if recipient.accepted() != Some(false) {
            told.delivery = deliveries.next().map(|reply| Text::from(line_of(reply)));
        }
        record.rcpt_to.push(told);
    }
    record
}
