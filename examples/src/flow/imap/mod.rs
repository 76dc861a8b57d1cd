//! IMAP events to records.

mod actions;
mod sections;

pub(crate) use sections::{Known, Piece, section_text};

use super::Told;
use super::account::{Account, Upgrade, line, side_heard};
use super::scene::Scene;
use crate::record::{self, Direction, Layer, Protocol, Text};
use crate::sink::SinkError;
use actions::Actions;
use bytes::Bytes;
use core::ops::Range;
use imap_proto_lite::response::{Code, Condition, Data, Status};
use imap_proto_lite::{
    Anomaly, Arguments, Command, Config, Event, EventKind, LoginOutcome, Response, Session, Verb,
};
use sections::Sections;

/// An IMAP session and what is known of it so far.
#[derive(Debug)]
pub(in crate::flow) struct Imap {
    pub(in crate::flow) session: Session,
    pub(in crate::flow) account: Account,
    compressed: bool,
    /// Who is logged in.
    user: Bytes,
    sections: Sections,
    actions: Actions,
    /// The mailbox is open for reading alone.
    read_only: bool,
}

impl Imap {
    pub(in crate::flow) fn new(mid_stream: bool) -> Self {
        Self {
            session: Session::new(Config::default().mid_stream(mid_stream).max_wait(super::PATIENCE)),
            account: Account::new(Protocol::Imap, Layer::Imap, "STARTTLS"),
            compressed: false,
            user: Bytes::new(),
            sections: Sections::default(),
            actions: Actions::default(),
            read_only: false,
        }
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
            EventKind::Proxy(proxy) => self.account.proxied(proxy.addresses),
            EventKind::Greeting(greeting) => {
                if let Response::Status(status) = &*greeting {
                    self.account.greeting = Some(Text::from(line_of(status).as_str()));
                }
                self.heard(&greeting, None, side, &span, scene, told);
            }
            EventKind::Command(command) => self.command(&command, side, &span, scene, told),
            EventKind::ClientResponse(secret) => {
                let mut record = line(side, &span, scene);
                record.arguments = scene.secret_elsewhere(secret.expose());
                told.push(Told::Command(Box::new(record)));
            }
            EventKind::Response { response, answers } => {
                self.heard(&response, answers, side, &span, scene, told);
            }
            EventKind::Credential(credential) => {
                if credential.outcome == LoginOutcome::Accepted {
                    self.user = credential.username.clone().unwrap_or_default();
                }
                told.push(self.account.login(&credential, side, &span, scene));
            }
            EventKind::Mailbox(open) => self.sections.another_mailbox(*open, told),
            EventKind::MessageStart(of) => self.sections.start(*of, side, &span, scene),
            EventKind::MessageData(bytes) => {
                self.sections.data(bytes, side, &span, self.compressed, scene)?;
            }
            EventKind::MessageUrl(url) => self.sections.url(url, side)?,
            EventKind::MessageGap(len) => self.sections.gap(len, side)?,
            EventKind::MessageEnd { complete } => {
                self.sections.end(complete, side, &mut self.account, &self.user, scene)?;
                self.sections.flush(told);
            }
            EventKind::TlsStarted => self.account.tls_started(side, &span, scene),
            EventKind::CompressionStarted => self.compressed = true,
            EventKind::Opaque(bytes) => self.account.opaque(side, &bytes),
            EventKind::Gap(_) => self.account.gap(side),
            EventKind::Anomaly(anomaly) => self.anomaly(anomaly, side, &span, scene, told),
            EventKind::RolesChanged => told.push(self.account.roles_changed(side, &span, scene)),
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
        let mut record = self.account.command(side, span, scene);
        let uid = if command.uid { "UID " } else { "" };
        let word = String::from_utf8_lossy(command.word()).to_ascii_uppercase();
        record.verb = Some(Text::from(format!("{uid}{word}")));
        record.tag = (!command.tag.is_empty()).then(|| Text::from(&command.tag));
        record.arguments = arguments(command, scene);
        told.push(Told::Command(Box::new(record)));
        if let Arguments::Id(fields) = &command.arguments {
            let name = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(b"name"));
            let name = name.and_then(|(_, value)| value.as_ref()).map(Text::from);
            self.account.client_name = name.or_else(|| self.account.client_name.take());
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
    ) {
        let mut record = line(side, span, scene);
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
                    self.account.capabilities = words.iter().map(Text::from).collect();
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
        self.sections.flush(told);
    }

    fn status(&mut self, status: &Status, answers: Option<Verb>) {
        match &status.code {
            Some(Code::Capability(words)) => {
                self.account.capabilities = words.iter().map(Text::from).collect();
            }
            Some(Code::CopyUid { source, target, .. }) => {
                self.actions.copied(status.tag.as_deref(), source, target)
            }
            Some(Code::AppendUid { uids, .. }) if status.tag.is_none() => self.sections.replaced(uids),
            _ => {}
        }
        let ok = status.condition == Condition::Ok;
        match (&status.code, answers) {
            (Some(Code::ReadOnly), _) => self.read_only = true,
            (Some(Code::ReadWrite), _) => self.read_only = false,
            (_, Some(Verb::Select | Verb::Examine)) => self.read_only = answers == Some(Verb::Examine),
            _ => {}
        }
        if answers == Some(Verb::StartTls) {
            self.account.upgrade_answered(ok);
        }
        if let Some(tag) = &status.tag {
            // RFC 9051 section 6.4.1: then CLOSE removes nothing.
            let idle = answers == Some(Verb::Close) && self.read_only;
            self.account.actions.extend(self.actions.answered(tag, ok && !idle));
        }
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
            Anomaly::StarttlsPlaintext => self.account.upgrade = Upgrade::DecryptedUpstream,
            Anomaly::StarttlsStripped => self.account.stripped = true,
            _ => {}
        }
        let layer = if anomaly == Anomaly::AuthMalformed { Layer::Sasl } else { Layer::Imap };
        let record = self.account.anomaly((layer, anomaly.code(), anomaly.detail()), side, span, scene);
        told.push(Told::Anomaly(Box::new(record)));
    }

    /// The session is over: what waits for an answer waits no longer.
    pub(in crate::flow) fn release(
        &mut self,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        for side in [Direction::Client, Direction::Server] {
            self.sections.end(false, side, &mut self.account, &self.user, scene)?;
        }
        self.sections.unanswered();
        self.sections.flush(told);
        if scene.tally.one_sided == Some(Direction::Client) {
            // Nobody heard what the server said to it.
            self.account.actions.extend(self.actions.unanswered());
        }
        Ok(())
    }

    /// The record of the session, once it is over.
    pub(in crate::flow) fn record(self, scene: &Scene<'_>) -> record::Session {
        let mut record = self.account.record(scene);
        record.compressed = self.compressed;
        record
    }
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
