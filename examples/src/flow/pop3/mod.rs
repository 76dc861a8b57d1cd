//! POP3 events to records.

mod mailbox;

use super::Told;
use super::account::{Account, Closed, Open, Upgrade, line, side_heard};
use super::reread;
use super::scene::Scene;
use crate::record::{self, Direction, Layer, Protocol, Text};
use crate::sink::SinkError;
use core::ops::Range;
use core::time::Duration;
use mailbox::{Mailbox, Retrieved};
use pop3_proto::{
    Anomaly, Arguments, Command, Config, Event, EventKind, ListItem, MessageEnd, MessageRef, Operation,
    Reply, Session, Verb,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// So many commands that await their reply are remembered with their place.
const MAX_ASKED: usize = 10_000;
/// So many oddities of one message are told; a hostile message has no end of loose ends.
const MAX_ODDITIES: usize = 1000;
/// The other reading of a message that ended early is made only of messages of this size.
const MAX_CANDIDATE: u64 = 32 << 20;

/// A POP3 session and what is known of it so far.
#[derive(Debug)]
pub(in crate::flow) struct Pop3 {
    pub(in crate::flow) session: Session,
    pub(in crate::flow) account: Account,
    mailbox: Mailbox,
    message: Option<Transfer>,
    /// The last message, if its reply said that there is more.
    short: Option<Short>,
    /// Where messages were marked as deleted, by their number; and where the marks were taken back.
    asked: BTreeMap<Option<u64>, (Duration, record::Place)>,
}

/// A message under way.
#[derive(Debug)]
struct Transfer {
    open: Open,
    reference: MessageRef,
}

/// A message that ended before the size that its reply named.
#[derive(Debug)]
struct Short {
    message: record::Message,
    runs: Vec<(record::Run, Duration)>,
    path: PathBuf,
    /// Where the line stood that ended it.
    end: Range<u64>,
}

impl Pop3 {
    pub(in crate::flow) fn new(mid_stream: bool) -> Self {
        Self {
            session: Session::new(Config::default().mid_stream(mid_stream).max_wait(super::PATIENCE)),
            account: Account::new(Protocol::Pop3, Layer::Pop3, "STLS"),
            mailbox: Mailbox::default(),
            message: None,
            short: None,
            asked: BTreeMap::new(),
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
            EventKind::Greeting(reply) => {
                self.account.greeting = Some(Text::from(&reply.text));
                told.push(answer(&reply, None, side, &span, scene));
            }
            EventKind::Proxy(proxy) => self.account.proxied(proxy.addresses),
            EventKind::Command(command) => told.push(self.command(&command, side, &span, scene)),
            EventKind::Response(secret) => {
                let mut record = line(side, &span, scene);
                record.arguments = scene.secret_elsewhere(secret.expose());
                told.push(Told::Command(Box::new(record)));
            }
            EventKind::Reply { reply, answers, number } => {
                self.heard(&reply, answers, number, scene);
                told.push(answer(&reply, answers, side, &span, scene));
                self.mailbox.settle(false, told);
            }
            EventKind::ListItem(ListItem::Capability(capability)) => {
                let words = [&capability.keyword[..], &capability.parameters].join(&b' ');
                self.account.capabilities.push(Text::from(words.trim_ascii_end()));
            }
            EventKind::ListItem(item) => self.mailbox.list(&item),
            EventKind::ListEnd => self.mailbox.settle(false, told),
            EventKind::Credential(credential) => {
                told.push(self.account.login(&credential, side, &span, scene));
            }
            EventKind::MessageStart(reference) => {
                let mut open = Open::new(side, &span, scene);
                match self.short.take() {
                    Some(short) if reference.resumes => short.resume(&mut open, side, scene)?,
                    _ => {}
                }
                self.message = Some(Transfer { open, reference: *reference });
            }
            EventKind::MessageData(bytes) => {
                if let Some(transfer) = &mut self.message {
                    transfer.open.message.push(bytes, &span, scene.places(side))?;
                }
            }
            EventKind::MessageGap(len) => {
                if let Some(transfer) = &mut self.message {
                    transfer.open.message.gap(len)?;
                }
            }
            EventKind::MessageEnd(end) => {
                if let Some(transfer) = self.message.take() {
                    self.finish(transfer, &end, span, scene, told)?;
                }
            }
            EventKind::TlsStarted => self.account.tls_started(side, &span, scene),
            EventKind::Opaque(bytes) => self.account.opaque(side, &bytes),
            EventKind::Gap(_) => self.account.gap(side),
            EventKind::Anomaly(anomaly) => self.anomaly(anomaly, side, &span, scene, told),
            EventKind::RolesChanged => told.push(self.account.roles_changed(side, &span, scene)),
            _ => {}
        }
        Ok(())
    }

    fn command(&mut self, command: &Command, side: Direction, span: &Range<u64>, scene: &Scene<'_>) -> Told {
        let mut record = self.account.command(side, span, scene);
        record.verb = Some(Text::from(command.word().to_ascii_uppercase().as_slice()));
        let arguments = command.argument_text();
        let behind = |word: &[u8], secret: &[u8]| {
            let word = Text::from(word);
            let secret = scene.secret_elsewhere(secret);
            Some(secret.map_or_else(|| word.clone(), |secret| Text::from(format!("{word} {secret}"))))
        };
        record.arguments = match &command.arguments {
            Arguments::Password(password) => scene.secret_elsewhere(password.expose()),
            Arguments::Apop { name, digest } => behind(name, digest.expose()),
            Arguments::Auth { mechanism, initial_response: Some(response) } => {
                behind(mechanism, response.expose())
            }
            Arguments::Raw(_) if matches!(command.verb, Verb::Pass | Verb::Apop | Verb::Auth) => {
                scene.secret_elsewhere(arguments)
            }
            _ if arguments.is_empty() => None,
            _ => Some(Text::from(arguments)),
        };
        if matches!(command.verb, Verb::Dele | Verb::Rset) && self.asked.len() < MAX_ASKED {
            self.asked.insert(command.number(), scene.when(side, span));
        }
        Told::Command(Box::new(record))
    }

    fn heard(&mut self, reply: &Reply, answers: Option<Verb>, number: Option<u64>, scene: &Scene<'_>) {
        let accepted = reply.is_positive();
        match answers {
            Some(Verb::Capa) if accepted => self.account.capabilities.clear(),
            Some(Verb::Stls) => self.account.upgrade_answered(accepted),
            Some(verb @ (Verb::List | Verb::Uidl)) if accepted && number.is_some() => {
                if let Ok(item) = ListItem::parse(verb, &reply.text) {
                    self.mailbox.list(&item);
                }
            }
            Some(Verb::Dele | Verb::Rset) => {
                if let Some(place) = self.asked.remove(&number)
                    && accepted
                {
                    self.act(number, place, scene);
                }
            }
            _ => {}
        }
    }

    /// A mark for deletion, or with no number, that all of them were taken back.
    fn act(&mut self, number: Option<u64>, (at, packet): (Duration, record::Place), scene: &Scene<'_>) {
        let kind = if number.is_some() { record::ActionKind::Delete } else { record::ActionKind::Undelete };
        let mut action = record::Action::new(scene.context.time(at, packet), packet, kind);
        action.target = number.map(|number| Text::from(number.to_string()));
        self.account.actions.push(action);
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
        let layer = if anomaly == Anomaly::AuthMalformed { Layer::Sasl } else { Layer::Pop3 };
        let record = self.account.anomaly((layer, anomaly.code(), anomaly.detail()), side, span, scene);
        let of_message = matches!(
            anomaly,
            Anomaly::LooseEnd { .. } | Anomaly::DotUnstuffed | Anomaly::SizeMismatch { .. }
        );
        match &mut self.message {
            // What is odd about a message is told with the message, whose number is known at its end.
            Some(transfer) if of_message => {
                if transfer.open.anomalies.len() < MAX_ODDITIES {
                    transfer.open.anomalies.push(record);
                }
            }
            _ => told.push(Told::Anomaly(Box::new(record))),
        }
    }

    fn finish(
        &mut self,
        transfer: Transfer,
        end: &MessageEnd,
        span: Range<u64>,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let Transfer { mut open, reference } = transfer;
        // LIST, if it comes, comes too late for that.
        if !mailbox::is_whole(&reference, end.lines, end.size, None) {
            open.message.excerpt();
        }
        let operation = match reference.operation {
            Operation::Retr => record::Operation::Retr,
            Operation::Top => record::Operation::Top,
            Operation::Xmit => record::Operation::Data,
            _ => record::Operation::Unknown,
        };
        let Closed { mut record, anomalies, finished } =
            self.account.close(open, operation, !end.terminated && !end.complete, scene)?;
        record.number = reference.number;
        record.complete = end.complete;
        if let Some(verdict) = &end.verdict {
            record.outcome = match verdict.is_positive() {
                true => record::Outcome::Accepted,
                false => record::Outcome::Rejected,
            };
            record.reply = Some(Text::from(line_of(verdict)));
        }
        if reference.resumes {
            record.reading = record::Reading::Candidate;
            record.via = vec!["early-dot".into()];
        }
        let ended_early = end.complete && reference.octets.is_some_and(|octets| octets > end.size);
        let runs = if ended_early { finished.runs.clone() } else { Vec::new() };
        let path = finished.stored.path.clone();
        let provenance = finished.fill(&mut record);
        if ended_early && record.size <= MAX_CANDIDATE {
            self.short = Some(Short { message: record.clone(), runs, path, end: span });
        }
        let retrieved =
            Retrieved { message: Box::new(record), anomalies, provenance, reference, lines: end.lines };
        self.mailbox.wait(retrieved);
        self.mailbox.settle(false, told);
        Ok(())
    }

    /// The session is over: what waits for more to be known of it waits no longer.
    pub(in crate::flow) fn release(&mut self, scene: &Scene<'_>, told: &mut Vec<Told>) {
        if scene.tally.one_sided == Some(Direction::Client) {
            // Nobody heard what the server said to it.
            for (number, place) in core::mem::take(&mut self.asked) {
                self.act(number, place, scene);
            }
        }
        self.mailbox.settle(true, told);
    }
}

impl Short {
    /// Puts what came before, and the line that ended it, in front of what the server still sends.
    fn resume(self, open: &mut Open, side: Direction, scene: &Scene<'_>) -> Result<(), SinkError> {
        reread::copy(&mut open.message, &self.path, &self.runs, 0..self.message.size)?;
        let dot =
            bytes::Bytes::from_static(if self.end.end - self.end.start == 2 { b".\n" } else { b".\r\n" });
        open.message.push(dot, &self.end, scene.places(side))
    }
}

/// A reply as a line of `commands.jsonl`.
fn answer(
    reply: &Reply,
    answers: Option<Verb>,
    side: Direction,
    span: &Range<u64>,
    scene: &Scene<'_>,
) -> Told {
    let mut record = line(side, span, scene);
    record.status = Some(Text::from(reply.status.as_str()));
    record.text = Some(Text::from(&reply.text)).filter(|text| !text.as_str().is_empty());
    record.answers = answers.map(Verb::as_str).filter(|verb| !verb.is_empty()).map(Text::from);
    Told::Command(Box::new(record))
}

/// A reply as one line: status and text.
fn line_of(reply: &Reply) -> String {
    format!("{} {}", reply.status.as_str(), String::from_utf8_lossy(&reply.text)).trim_end().to_owned()
}
