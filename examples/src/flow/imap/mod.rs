//! IMAP events to records.

mod actions;
mod sections;
mod session;

pub(crate) use sections::{Known, Piece, section_text};

use super::Told;
use super::account::side_heard;
use super::conversation::{Scene, at_packet};
use super::login;
use super::tls::Watch;
use crate::record::{self, Direction, Layer, Protocol, Text, TlsStart};
use crate::sink::SinkError;
use actions::Actions;
use bytes::Bytes;
use core::ops::Range;
use imap_proto_lite::response::{Code, Condition, Data, Status};
use imap_proto_lite::{
    Anomaly, Arguments, Command, Config, Credential, Event, EventKind, LoginOutcome, Response, Session, Verb,
};
use sections::Sections;
use session::Starttls;
use std::collections::BTreeMap;

/// An IMAP session and what is known of it so far.
#[derive(Debug)]
pub(in crate::flow) struct Imap {
    pub(in crate::flow) session: Session,
    greeting: Option<Text>,
    client_name: Option<Text>,
    capabilities: Vec<Text>,
    starttls: Starttls,
    tls_start: Option<TlsStart>,
    watch: Watch,
    /// The client has not spoken yet but for TLS.
    silent: bool,
    compressed: bool,
    commands: u64,
    logins: u64,
    anomalies: BTreeMap<record::Code, u64>,
    /// Who is logged in.
    user: Bytes,
    sections: Sections,
    actions: Actions,
}

impl Imap {
    pub(in crate::flow) fn new(mid_stream: bool) -> Self {
        Self {
            session: Session::new(Config::default().mid_stream(mid_stream)),
            greeting: None,
            client_name: None,
            capabilities: Vec::new(),
            starttls: Starttls::default(),
            tls_start: None,
            watch: Watch::default(),
            silent: true,
            compressed: false,
            commands: 0,
            logins: 0,
            anomalies: BTreeMap::new(),
            user: Bytes::new(),
            sections: Sections::default(),
            actions: Actions::default(),
        }
    }

    /// Counts an anomaly for the session's record.
    pub(in crate::flow) fn note(&mut self, anomaly: &record::Anomaly) {
        *self.anomalies.entry(anomaly.code.clone()).or_default() += 1;
    }

    pub(in crate::flow) fn event(
        &mut self,
        event: Event,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let side = side_heard(event.dir);
        let span = event.span;
        match event.kind {
            EventKind::Greeting(greeting) => {
                if let Response::Status(status) = &*greeting {
                    self.greeting = Some(Text::from(line_of(status).as_str()));
                }
                self.heard(&greeting, None, side, &span, scene, told)?;
            }
            EventKind::Command(command) => self.command(&command, side, &span, scene, told),
            EventKind::ClientResponse(secret) => {
                let mut record = new_command(side, &span, scene);
                record.arguments = scene.secret_elsewhere(secret.expose());
                told.push(Told::Command(Box::new(record)));
            }
            EventKind::Response { response, answers } => {
                self.heard(&response, answers, side, &span, scene, told)?;
            }
            EventKind::Credential(credential) => {
                self.logins += 1;
                if credential.outcome == LoginOutcome::Accepted {
                    self.user = credential.username.clone().unwrap_or_default();
                }
                told.push(self.login(&credential, side, &span, scene));
            }
            EventKind::Mailbox(_) => self.flush(scene, told)?,
            EventKind::MessageStart(of) => self.sections.start(*of, side, &span, scene),
            EventKind::MessageData(bytes) => self.sections.data(bytes, side, &span, scene)?,
            EventKind::MessageUrl(_) => self.sections.gap(None)?,
            EventKind::MessageGap(len) => self.sections.gap(len)?,
            EventKind::MessageEnd { complete } => self.sections.end(complete)?,
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
            EventKind::CompressionStarted => self.compressed = true,
            EventKind::Opaque(bytes) => self.watch.push(side, &bytes),
            EventKind::Gap(_) if self.tls_start.is_some() => self.watch.gap(side),
            EventKind::Anomaly(anomaly) => self.anomaly(anomaly, side, &span, scene, told),
            EventKind::RolesChanged => {
                let (at, packet) = scene.when(side, &span);
                let record = at_packet(Layer::Imap, "roles-changed", at, packet, scene.context);
                self.note(&record);
                told.push(Told::Anomaly(Box::new(record)));
            }
            _ => {}
        }
        Ok(())
    }

    fn command(
        &mut self,
        command: &Command,
        side: Direction,
        span: &Range<u64>,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) {
        self.commands += 1;
        self.silent = false;
        let mut record = new_command(side, span, scene);
        let uid = if command.uid { "UID " } else { "" };
        let word = String::from_utf8_lossy(command.word()).to_ascii_uppercase();
        record.verb = Some(Text::from(format!("{uid}{word}")));
        record.tag = (!command.tag.is_empty()).then(|| Text::from(&command.tag));
        record.arguments = arguments(command, scene);
        told.push(Told::Command(Box::new(record)));
        if let Arguments::Id(fields) = &command.arguments {
            let name = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(b"name"));
            let name = name.and_then(|(_, value)| value.as_ref()).map(Text::from);
            self.client_name = name.or_else(|| self.client_name.take());
        }
        if matches!(&command.arguments, Arguments::Fetch { attributes, .. }
            if attributes.iter().any(|attribute| attribute.partial.is_some()))
        {
            told.push(Told::Known(Box::new(Known::asked(command))));
        }
        let (at, packet) = scene.when(side, span);
        self.actions.asked(command, scene.context.time(at, packet), packet);
    }

    /// A response: its record, and what follows from it.
    fn heard(
        &mut self,
        response: &Response,
        answers: Option<Verb>,
        side: Direction,
        span: &Range<u64>,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let mut record = new_command(side, span, scene);
        record.answers = answers.map(|verb| Text::from(verb.as_str()));
        match response {
            Response::Status(status) => {
                record.tag = status.tag.as_ref().map(Text::from);
                record.status = Some(Text::from(status.condition.as_str()));
                record.text = Some(Text::from(line_of(status).as_str()));
                self.status(status, answers);
            }
            Response::Continuation(text) => {
                record.status = Some(Text::from("+"));
                record.text = Some(Text::from(text));
            }
            Response::Data(data) => {
                record.text = Some(Text::from(shown(data)));
                if let Data::Capability(words) = data {
                    self.capabilities = words.iter().map(Text::from).collect();
                }
            }
            _ => {}
        }
        told.push(Told::Command(Box::new(record)));
        if let Response::Data(Data::Fetch(fetch)) = response {
            let of = match fetch.sequence {
                Some(sequence) => self.session.message(sequence),
                None => self.sections.by_uid(fetch.uid),
            };
            self.sections.fetched(fetch, of, scene, &self.user, told);
        }
        if let Response::Status(status @ Status { tag: Some(_), .. }) = response {
            self.sections.answered(status, answers);
        }
        self.flush(scene, told)
    }

    fn status(&mut self, status: &Status, answers: Option<Verb>) {
        if let Some(Code::Capability(words)) = &status.code {
            self.capabilities = words.iter().map(Text::from).collect();
        }
        let ok = status.condition == Condition::Ok;
        if answers == Some(Verb::StartTls) {
            self.starttls = if ok { Starttls::Accepted } else { Starttls::Refused };
        }
        if let Some(tag) = &status.tag {
            self.actions.answered(tag, ok);
        }
    }

    fn login(&self, credential: &Credential, side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> Told {
        let (at, packet) = scene.when(side, span);
        let tally = scene.tally;
        let mut record = record::Login::new(
            0,
            Protocol::Imap,
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
        if anomaly == Anomaly::StarttlsPlaintext {
            self.starttls = Starttls::DecryptedUpstream;
        }
        let (at, packet) = scene.when(side, span);
        let layer = if anomaly == Anomaly::AuthMalformed { Layer::Sasl } else { Layer::Imap };
        let mut record = at_packet(layer, anomaly.code(), at, packet, scene.context);
        record.direction = Some(side);
        record.offset = Some(span.start);
        record.detail = anomaly.detail().map(Text::from);
        self.note(&record);
        told.push(Told::Anomaly(Box::new(record)));
    }

    /// Tells the messages that nothing more will be said of.
    fn flush(&mut self, scene: &Scene<'_>, told: &mut Vec<Told>) -> Result<(), SinkError> {
        for mime in self.sections.flush(scene, &self.user, told) {
            self.note(&mime);
        }
        Ok(())
    }

    /// The session is over: what waits for an answer waits no longer.
    pub(in crate::flow) fn release(
        &mut self,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        self.sections.end(false)?;
        self.sections.unanswered();
        self.flush(scene, told)
    }
}

fn new_command(side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> record::Command {
    let (at, packet) = scene.when(side, span);
    record::Command::new(0, scene.context.time(at, packet), packet, side)
}

/// What follows the verb; secrets as the options have them.
fn arguments(command: &Command, scene: &Scene<'_>) -> Option<Text> {
    let with = |front: &Bytes, secret: Option<Text>| {
        let front = Text::from(front);
        Some(secret.map_or_else(|| front.clone(), |secret| Text::from(format!("{front} {secret}"))))
    };
    match (&command.verb, &command.arguments) {
        (_, Arguments::Login { username, password }) => {
            with(username, scene.secret_elsewhere(password.expose()))
        }
        (_, Arguments::Authenticate { mechanism, initial_response }) => {
            let response = initial_response.as_ref();
            with(mechanism, response.and_then(|response| scene.secret_elsewhere(response.expose())))
        }
        // What could not be parsed may hold the secret anywhere.
        (Verb::Login | Verb::Authenticate, _) => scene.secret_elsewhere(&command.argument_text()),
        _ => Some(command.argument_text()).filter(|text| !text.is_empty()).map(|text| Text::from(&text)),
    }
}

/// A status response as one line, without its tag.
fn line_of(status: &Status) -> String {
    format!("{} {}", status.condition.as_str(), String::from_utf8_lossy(&status.text)).trim_end().to_owned()
}

/// Data as one short line.
fn shown(data: &Data) -> String {
    match data {
        Data::Fetch(fetch) => match fetch.sequence {
            Some(number) => format!("{number} FETCH"),
            None => format!("{} UIDFETCH", fetch.uid.unwrap_or(0)),
        },
        Data::Exists(number) => format!("{number} EXISTS"),
        Data::Recent(number) => format!("{number} RECENT"),
        Data::Expunge(number) => format!("{number} EXPUNGE"),
        Data::Vanished { .. } => "VANISHED".to_owned(),
        Data::Capability(_) => "CAPABILITY".to_owned(),
        Data::Enabled(_) => "ENABLED".to_owned(),
        Data::Flags(_) => "FLAGS".to_owned(),
        Data::Id(_) => "ID".to_owned(),
        Data::UrlFetched(_) => "URLFETCHED".to_owned(),
        Data::List(list) => format!("{} {}", String::from_utf8_lossy(&list.keyword), list.name.lossy()),
        Data::Raw { keyword, text } => {
            format!("{} {}", String::from_utf8_lossy(keyword), String::from_utf8_lossy(text))
        }
        _ => String::new(),
    }
}
