//! SMTP and LMTP events to records.

mod prelude;
mod smuggling;

use super::Told;
use super::account::{Account, Closed, Open, Upgrade, line, side_heard};
use super::scene::Scene;
use crate::record::{self, Direction, Layer, Protocol, Text};
use crate::sink::SinkError;
use core::ops::Range;
use prelude::{Answers, mail_from};
use smtp_proto::{
    Anomaly, Command, Config, Envelope, Event, EventKind, LooseForm, MessageEnd, Operation, Outcome, Reply,
    Session, Verb,
};
use smuggling::Suspect;

/// So many loose ends of one message are told.
const MAX_LOOSE_ENDS: usize = 1000;

/// An SMTP session and what is known of it so far.
#[derive(Debug)]
pub(super) struct Smtp {
    pub(super) session: Session,
    pub(super) account: Account,
    message: Option<Transfer>,
    /// The last message, if it has loose ends and the next has not begun.
    suspect: Option<Suspect>,
    /// The next reply is the verdict on a message that only the server saw.
    smuggled: bool,
}

/// A message under way.
#[derive(Debug)]
struct Transfer {
    open: Open,
    envelope: Envelope,
    loose_ends: Vec<(u64, LooseForm)>,
}

impl Smtp {
    pub(super) fn new(mid_stream: bool) -> Self {
        Self {
            session: Session::new(Config::default().mid_stream(mid_stream).max_wait(super::PATIENCE)),
            account: Account::new(Protocol::Smtp, Layer::Smtp, "STARTTLS"),
            message: None,
            suspect: None,
            smuggled: false,
        }
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
                self.account.greeting = Some(Text::from(text_of(&reply).as_str()));
                told.push(answer(&reply, None, side, &span, scene));
            }
            EventKind::Proxy(proxy) => self.account.proxied(proxy.addresses),
            EventKind::Command(command) => told.push(self.command(&command, side, &span, scene)),
            EventKind::Response(secret) => {
                let mut record = line(side, &span, scene);
                record.arguments = scene.secret_elsewhere(secret.expose());
                told.push(Told::Command(Box::new(record)));
            }
            EventKind::Reply { reply, answers } => {
                self.heard(&reply, answers);
                let verdict = core::mem::take(&mut self.smuggled);
                if let Some(suspect) = &mut self.suspect {
                    suspect.answers.push(&reply, Text::from(line_of(&reply)), verdict);
                }
                told.push(answer(&reply, answers, side, &span, scene));
            }
            EventKind::Credential(credential) => {
                told.push(self.account.login(&credential, side, &span, scene));
            }
            EventKind::MessageStart(envelope) => {
                self.release(scene, told)?;
                self.message = Some(Transfer {
                    open: Open::new(side, &span, scene),
                    envelope: *envelope,
                    loose_ends: Vec::new(),
                });
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
                    self.finish(transfer, &end, scene, told)?;
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
            if command.verb == Verb::Lhlo {
                self.account.protocol = Protocol::Lmtp;
            }
            self.account.client_name = Some(Text::from(arguments));
        }
        Told::Command(Box::new(record))
    }

    fn heard(&mut self, reply: &Reply, answers: Option<Verb>) {
        match answers {
            Some(Verb::Ehlo | Verb::Lhlo) if reply.is_positive() => {
                self.account.capabilities = reply.lines.iter().skip(1).map(Text::from).collect();
            }
            Some(Verb::StartTls) => self.account.upgrade_answered(reply.is_positive()),
            _ => {}
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
            Anomaly::Smuggled { .. } => self.smuggled = true,
            _ => {}
        }
        let layer = if anomaly == Anomaly::AuthMalformed { Layer::Sasl } else { Layer::Smtp };
        let record = self.account.anomaly((layer, anomaly.code(), anomaly.detail()), side, span, scene);
        match &mut self.message {
            // What is odd about a message is told with the message, whose number is known at its end.
            Some(transfer) if matches!(anomaly, Anomaly::LooseEnd { .. } | Anomaly::DotUnstuffed) => {
                if let Anomaly::LooseEnd { offset, form } = anomaly {
                    if transfer.loose_ends.len() >= MAX_LOOSE_ENDS {
                        return;
                    }
                    transfer.loose_ends.push((offset, form));
                }
                transfer.open.anomalies.push(record);
            }
            _ => told.push(Told::Anomaly(Box::new(record))),
        }
    }

    fn finish(
        &mut self,
        transfer: Transfer,
        end: &MessageEnd,
        scene: &Scene<'_>,
        told: &mut Vec<Told>,
    ) -> Result<(), SinkError> {
        let Transfer { open, envelope, loose_ends } = transfer;
        let operation = match envelope.operation {
            Operation::Data => record::Operation::Data,
            Operation::Bdat => record::Operation::Bdat,
            _ => record::Operation::Unknown,
        };
        let closed = self.account.close(open, operation, !end.terminated && !end.complete, scene)?;
        let Closed { mut record, anomalies, finished } = closed;
        record.envelope = Some(envelope_record(&envelope, end));
        record.outcome = match end.outcome {
            Outcome::Accepted => record::Outcome::Accepted,
            Outcome::Rejected => record::Outcome::Rejected,
            Outcome::Mixed => record::Outcome::Mixed,
            _ => record::Outcome::Unknown,
        };
        record.reply = end.verdicts.last().map(|reply| Text::from(line_of(reply)));
        record.complete = end.complete;
        if loose_ends.is_empty() {
            let provenance = finished.fill(&mut record);
            told.push(Told::Message { message: Box::new(record), anomalies, provenance });
        } else {
            let runs = finished.runs.clone();
            let path = finished.stored.path.clone();
            finished.fill(&mut record);
            let message = Box::new(record);
            self.suspect =
                Some(Suspect { message, anomalies, runs, path, loose_ends, answers: Answers::default() });
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
    record.code = Some(reply.code);
    record.enhanced = reply.enhanced.map(|enhanced| Text::from(enhanced.to_string()));
    record.text = Some(Text::from(text_of(reply).as_str()));
    record.answers = answers.map(|verb| Text::from(verb.as_str()));
    Told::Command(Box::new(record))
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

fn envelope_record(envelope: &Envelope, end: &MessageEnd) -> record::Envelope {
    let mut record = mail_from(envelope.sender.as_ref(), &envelope.parameters);
    // LMTP and PRDR: one reply for each recipient that was taken, in order.
    let mut deliveries = end.deliveries.iter();
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
