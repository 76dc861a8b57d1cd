//! Numbers for sessions and messages, and their records into the folder.

use super::joins::{Joins, Told as Joined};
use super::run::Audience;
use super::wholes::Wholes;
use crate::findings::{Config, Observer};
use crate::flow::{Context, Told};
use crate::record::{Anomaly, Code, Counts, Login, Message, Provenance, Session};
use crate::sink::{JsonLines, Records, SinkError};
use std::collections::BTreeMap;
use tcp_reassembly::FlowId;

/// How many anomalies of a kind a session has more, or fewer, than it counted itself.
#[derive(Debug, Default)]
struct Corrections(BTreeMap<u64, BTreeMap<Code, i64>>);

impl Corrections {
    fn add(&mut self, session: u64, code: Code, change: i64) {
        *self.0.entry(session).or_default().entry(code).or_default() += change;
    }

    fn apply(&mut self, record: &mut Session) {
        for (code, change) in self.0.remove(&record.session).unwrap_or_default() {
            let count = record.anomalies.remove(&code).unwrap_or(0).saturating_add_signed(change);
            if count > 0 {
                record.anomalies.insert(code, count);
            }
        }
    }
}

/// Writes what the shards tell, in the order in which they are asked.
#[derive(Debug)]
pub(super) struct Ledger {
    sessions: JsonLines,
    messages: JsonLines,
    logins: JsonLines,
    commands: JsonLines,
    anomalies: JsonLines,
    findings: JsonLines,
    provenance: JsonLines,
    /// Sees each record that is written.
    observer: Observer,
    counts: Counts,
    context: Context,
    corrections: Corrections,
    /// Parts of messages, which are joined when all is read.
    joins: Joins,
    /// Pieces of messages and files, which are joined behind them.
    wholes: Wholes,
    /// The records of sessions whose messages are not all told, because parts wait to be joined.
    waiting: Vec<Session>,
    /// The sessions that are not over, by shard and flow.
    open: BTreeMap<(usize, FlowId), Open>,
}

#[derive(Debug)]
struct Open {
    session: u64,
    messages: Vec<u64>,
    /// Some of its messages wait to be joined.
    parts: bool,
}

impl Ledger {
    /// The files of records, in the folder of the context.
    pub(super) fn create(context: Context, rules: Config) -> Result<Self, SinkError> {
        let folder = &context.folder;
        Ok(Self {
            sessions: folder.records(Records::Sessions)?,
            messages: folder.records(Records::Messages)?,
            logins: folder.records(Records::Logins)?,
            commands: folder.records(Records::Commands)?,
            anomalies: folder.records(Records::Anomalies)?,
            findings: folder.records(Records::Findings)?,
            provenance: folder.records(Records::Provenance)?,
            observer: Observer::new(rules),
            counts: Counts::default(),
            context,
            corrections: Corrections::default(),
            joins: Joins::default(),
            wholes: Wholes::default(),
            waiting: Vec::new(),
            open: BTreeMap::new(),
        })
    }

    /// Joins what is left, and writes it; how many records there were.
    pub(super) fn close(mut self) -> Result<Counts, SinkError> {
        let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        // What sessions counted of parts that are told in another way now, and what is told instead.
        let mut corrections = core::mem::take(&mut self.corrections);
        let joins = core::mem::take(&mut self.joins);
        joins.counted().for_each(|(session, code)| corrections.add(session, code, -1));
        for joined in joins.finish(&self.context)? {
            let owner = joined.only_session();
            let Joined { sessions, message, mut anomalies, provenance } = joined;
            for anomaly in &mut anomalies {
                anomaly.session = owner;
                if let Some(owner) = owner {
                    corrections.add(owner, anomaly.code.clone(), 1);
                }
            }
            let session = message.session;
            let number = self.message(message, anomalies, provenance, session)?;
            for session in sessions {
                numbers.entry(session).or_default().push(number);
            }
        }
        let (wholes, incomplete) = core::mem::take(&mut self.wholes).finish(&self.context)?;
        for Joined { sessions, message, anomalies, provenance } in wholes {
            let number = self.message(message, anomalies, provenance, None)?;
            for session in sessions {
                numbers.entry(session).or_default().push(number);
            }
        }
        for anomaly in incomplete {
            self.anomaly(anomaly)?;
        }
        for mut record in core::mem::take(&mut self.waiting) {
            record.messages.extend(numbers.remove(&record.session).unwrap_or_default());
            corrections.apply(&mut record);
            self.session(&record)?;
        }
        let observer = core::mem::replace(&mut self.observer, Observer::new(Config::default()));
        for finding in observer.finish() {
            self.counts.findings += 1;
            self.findings.write(&finding)?;
        }
        self.flush()?;
        Ok(self.counts)
    }
}

impl Audience for Ledger {
    fn told(&mut self, key: (usize, FlowId), told: Told) -> Result<(), SinkError> {
        if matches!(told, Told::Recognised(_)) {
            self.counts.sessions += 1;
            let session = self.counts.sessions;
            self.open.insert(key, Open { session, messages: Vec::new(), parts: false });
            return Ok(());
        }
        let Some(open) = self.open.get_mut(&key) else { return Ok(()) };
        let session = open.session;
        match told {
            Told::Recognised(_) | Told::Stretch(_) => Ok(()),
            Told::Command(mut command) => {
                self.counts.commands += 1;
                command.session = session;
                self.commands.write(&command)
            }
            Told::Login(mut login) => {
                login.session = session;
                self.login(&login)
            }
            Told::Anomaly(mut anomaly) => {
                anomaly.session = Some(session);
                self.anomaly(*anomaly)
            }
            Told::Message { message, anomalies, provenance } => {
                let number = self.message(message, anomalies, provenance, Some(session))?;
                self.told_in(key, number);
                Ok(())
            }
            Told::Piece(piece) => {
                let counted = piece.anomalies.len();
                let Some(alone) = self.joins.piece(piece, session, &self.context)? else {
                    open.parts = true;
                    return Ok(());
                };
                let Joined { message, anomalies, provenance, .. } = alone;
                for anomaly in anomalies.iter().skip(counted) {
                    self.corrections.add(session, anomaly.code.clone(), 1);
                }
                let number = self.message(message, anomalies, provenance, Some(session))?;
                self.told_in(key, number);
                Ok(())
            }
            Told::Known(known) => {
                self.joins.known(*known, session);
                Ok(())
            }
            Told::Session(mut record) => {
                record.session = session;
                if let Some(open) = self.open.remove(&key) {
                    record.messages = open.messages;
                    if open.parts {
                        self.waiting.push(*record);
                        return Ok(());
                    }
                }
                self.corrections.apply(&mut record);
                self.session(&record)
            }
        }
    }

    /// An anomaly of no session, or of one that is filled in.
    fn anomaly(&mut self, anomaly: Anomaly) -> Result<(), SinkError> {
        self.counts.anomalies += 1;
        self.observer.anomaly(&anomaly);
        self.anomalies.write(&anomaly)
    }

    fn precision(&mut self, input: u32, digits: u8) {
        self.context.note_precision(input, digits);
    }

    /// Lets readers of the files see what is written so far.
    fn flush(&mut self) -> Result<(), SinkError> {
        for lines in [
            &mut self.sessions,
            &mut self.messages,
            &mut self.logins,
            &mut self.commands,
            &mut self.anomalies,
            &mut self.findings,
            &mut self.provenance,
        ] {
            lines.flush()?;
        }
        Ok(())
    }
}

impl Ledger {
    fn told_in(&mut self, key: (usize, FlowId), number: u64) {
        if let Some(open) = self.open.get_mut(&key) {
            open.messages.push(number);
        }
    }

    fn login(&mut self, login: &Login) -> Result<(), SinkError> {
        self.counts.logins += 1;
        self.observer.login(login);
        self.logins.write(login)
    }

    fn session(&mut self, session: &Session) -> Result<(), SinkError> {
        self.observer.session(session);
        self.sessions.write(session)
    }

    /// Gives a message its number, and writes it and all that belongs to it.
    fn message(
        &mut self,
        mut message: Box<Message>,
        anomalies: Vec<Anomaly>,
        mut provenance: Provenance,
        session: Option<u64>,
    ) -> Result<u64, SinkError> {
        self.counts.messages += 1;
        let number = self.counts.messages;
        let files = message.parts.iter().filter(|part| part.file.is_some()).count();
        self.counts.attachments += files as u64;
        message.message = number;
        message.session = session;
        provenance.message = number;
        self.wholes.take(&mut message);
        self.observer.message(&message);
        self.messages.write(&message)?;
        self.provenance.write(&provenance)?;
        for mut anomaly in anomalies {
            anomaly.session = session.or(anomaly.session);
            anomaly.message = Some(number);
            self.anomaly(anomaly)?;
        }
        Ok(number)
    }
}
