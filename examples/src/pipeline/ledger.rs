//! Numbers for sessions and messages, and their records into the folder.

use super::joins::{Joins, Told as Joined};
use super::shard::Shard;
use super::wholes::Wholes;
use crate::flow::{Context, Told};
use crate::record::{Anomaly, Counts, Message, Provenance, Session};
use crate::sink::{Folder, JsonLines, Records, SinkError};
use std::collections::BTreeMap;
use tcp_reassembly::FlowId;

/// Writes what the shards tell, in the order in which they are asked.
#[derive(Debug)]
pub(super) struct Ledger {
    sessions: JsonLines,
    messages: JsonLines,
    logins: JsonLines,
    commands: JsonLines,
    anomalies: JsonLines,
    provenance: JsonLines,
    counts: Counts,
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
    pub(super) fn create(folder: &Folder) -> Result<Self, SinkError> {
        Ok(Self {
            sessions: folder.records(Records::Sessions)?,
            messages: folder.records(Records::Messages)?,
            logins: folder.records(Records::Logins)?,
            commands: folder.records(Records::Commands)?,
            anomalies: folder.records(Records::Anomalies)?,
            provenance: folder.records(Records::Provenance)?,
            counts: Counts::default(),
            joins: Joins::default(),
            wholes: Wholes::default(),
            waiting: Vec::new(),
            open: BTreeMap::new(),
        })
    }

    /// Takes down what a shard has told.
    pub(super) fn write(&mut self, shard: &mut Shard) -> Result<(), SinkError> {
        let number = shard.number();
        for (flow, told) in shard.told() {
            self.record((number, flow), told)?;
        }
        Ok(())
    }

    /// An anomaly of no session.
    pub(super) fn anomaly(&mut self, anomaly: Anomaly) -> Result<(), SinkError> {
        self.counts.anomalies += 1;
        self.anomalies.write(&anomaly)
    }

    /// Lets readers of the files see what is written so far.
    pub(super) fn flush(&mut self) -> Result<(), SinkError> {
        for lines in [
            &mut self.sessions,
            &mut self.messages,
            &mut self.logins,
            &mut self.commands,
            &mut self.anomalies,
            &mut self.provenance,
        ] {
            lines.flush()?;
        }
        Ok(())
    }

    /// Joins what is left, and writes it; how many records there were.
    pub(super) fn close(mut self, context: &Context) -> Result<Counts, SinkError> {
        let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for Joined { sessions, message, anomalies, provenance } in
            core::mem::take(&mut self.joins).finish(context)?
        {
            let session = message.session;
            let number = self.message(message, anomalies, provenance, session)?;
            for session in sessions {
                numbers.entry(session).or_default().push(number);
            }
        }
        let (wholes, incomplete) = core::mem::take(&mut self.wholes).finish(context)?;
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
            self.sessions.write(&record)?;
        }
        self.flush()?;
        Ok(self.counts)
    }

    fn record(&mut self, key: (usize, FlowId), told: Told) -> Result<(), SinkError> {
        if matches!(told, Told::Recognised) {
            self.counts.sessions += 1;
            let session = self.counts.sessions;
            self.open.insert(key, Open { session, messages: Vec::new(), parts: false });
            return Ok(());
        }
        let Some(open) = self.open.get_mut(&key) else { return Ok(()) };
        let session = open.session;
        match told {
            Told::Recognised => Ok(()),
            Told::Command(mut command) => {
                self.counts.commands += 1;
                command.session = session;
                self.commands.write(&command)
            }
            Told::Login(mut login) => {
                self.counts.logins += 1;
                login.session = session;
                self.logins.write(&login)
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
            Told::Piece(piece) => match self.joins.piece(piece, session) {
                None => {
                    open.parts = true;
                    Ok(())
                }
                Some(alone) => {
                    let Joined { message, anomalies, provenance, .. } = alone;
                    let number = self.message(message, anomalies, provenance, Some(session))?;
                    self.told_in(key, number);
                    Ok(())
                }
            },
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
                self.sessions.write(&record)
            }
        }
    }

    fn told_in(&mut self, key: (usize, FlowId), number: u64) {
        if let Some(open) = self.open.get_mut(&key) {
            open.messages.push(number);
        }
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
        self.messages.write(&message)?;
        self.provenance.write(&provenance)?;
        for mut anomaly in anomalies {
            anomaly.session = session;
            anomaly.message = Some(number);
            self.anomaly(anomaly)?;
        }
        Ok(number)
    }
}
