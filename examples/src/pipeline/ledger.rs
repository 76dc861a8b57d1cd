//! Numbers for sessions and messages, and their records into the folder.

use super::shard::Shard;
use crate::flow::Told;
use crate::record::{Anomaly, Counts};
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
    /// The sessions that are not over, by shard and flow.
    open: BTreeMap<(usize, FlowId), Open>,
}

#[derive(Debug)]
struct Open {
    session: u64,
    messages: Vec<u64>,
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

    /// All records are written; how many there were.
    pub(super) fn close(mut self) -> Result<Counts, SinkError> {
        self.flush()?;
        Ok(self.counts)
    }

    fn record(&mut self, key: (usize, FlowId), told: Told) -> Result<(), SinkError> {
        if matches!(told, Told::Recognised) {
            self.counts.sessions += 1;
            self.open.insert(key, Open { session: self.counts.sessions, messages: Vec::new() });
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
            Told::Message { mut message, anomalies, mut provenance } => {
                self.counts.messages += 1;
                let number = self.counts.messages;
                open.messages.push(number);
                let files = message.parts.iter().filter(|part| part.file.is_some()).count();
                self.counts.attachments += files as u64;
                message.message = number;
                message.session = Some(session);
                provenance.message = number;
                self.messages.write(&message)?;
                self.provenance.write(&provenance)?;
                for mut anomaly in anomalies {
                    anomaly.session = Some(session);
                    anomaly.message = Some(number);
                    self.anomaly(anomaly)?;
                }
                Ok(())
            }
            Told::Session(mut record) => {
                record.session = session;
                if let Some(open) = self.open.remove(&key) {
                    record.messages = open.messages;
                }
                self.sessions.write(&record)
            }
        }
    }
}
