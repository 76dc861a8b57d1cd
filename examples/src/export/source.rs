//! The records that are handed on, one after the other.

use core::cell::{Cell, RefCell};
use std::io;

use serde::de::DeserializeOwned;

use super::secrets::Withheld;
use super::{ExportError, Exported, Options, Written};
use crate::evidence::{EvidenceError, Folder, RecordsOf};
use crate::pipeline::Stop;
use crate::record::{Anomaly, Command, Finding, Layer, Login, Message, Session};

/// So many losses are told one by one.
const TOLD: usize = 100;

/// The folder that is exported. What is damaged in it is told and left out.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) folder: Folder,
    pub(super) withheld: Withheld,
    stop: Stop,
    losses: RefCell<Losses>,
    notes: RefCell<Vec<String>>,
    /// What is read was read before, so that its damage is known.
    is_quiet: Cell<bool>,
}

/// What could not be handed on.
#[derive(Debug, Default)]
struct Losses {
    told: Vec<String>,
    more: u64,
}

impl Source {
    pub(super) fn open(options: &Options) -> Result<Self, ExportError> {
        let folder = Folder::open(&options.folder)?;
        let withheld = Withheld::new(options.secrets, folder.summary());
        Ok(Self {
            folder,
            withheld,
            stop: options.stop.clone(),
            losses: RefCell::default(),
            notes: RefCell::default(),
            is_quiet: Cell::new(false),
        })
    }

    pub(super) fn sessions(&self, mut take: impl FnMut(Session) -> Taken) -> Taken {
        self.each(self.folder.sessions(), |_, session| take(session))
    }

    pub(super) fn messages(&self, mut take: impl FnMut(Message) -> Taken) -> Taken {
        self.each(self.folder.messages(), |_, message| take(message))
    }

    /// The logins with the numbers of their lines, from 1; secrets as the user wishes.
    pub(super) fn logins(&self, mut take: impl FnMut(u64, Login) -> Taken) -> Taken {
        let withheld = self.withheld;
        self.each(self.folder.logins(), |line, mut login| {
            withheld.login(&mut login);
            take(line, login)
        })
    }

    /// The commands; secrets as the user wishes.
    pub(super) fn commands(&self, mut take: impl FnMut(Command) -> Taken) -> Taken {
        let withheld = self.withheld;
        self.each(self.folder.commands(), |_, mut command| {
            withheld.command(&mut command);
            take(command)
        })
    }

    /// The anomalies; bytes of streams as the user wishes for secrets, since they may hold some.
    pub(super) fn anomalies(&self, mut take: impl FnMut(Anomaly) -> Taken) -> Taken {
        let withheld = self.withheld;
        self.each(self.folder.anomalies(), |_, mut anomaly| {
            if anomaly.layer == Layer::Tcp && !withheld.shows_stream_bytes() {
                anomaly.detail = None;
            }
            take(anomaly)
        })
    }

    /// The findings. Runs of earlier versions told none.
    pub(super) fn findings(&self, mut take: impl FnMut(Finding) -> Taken) -> Taken {
        match self.folder.findings() {
            Err(EvidenceError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                self.note("there are no findings: an earlier version wrote the folder".to_owned());
                Ok(())
            }
            findings => self.each(findings, |_, finding| take(finding)),
        }
    }

    /// Tells something that is not in the export.
    pub(super) fn lose(&self, what: String) {
        let mut losses = self.losses.borrow_mut();
        if losses.told.len() < TOLD {
            losses.told.push(what);
        } else {
            losses.more += 1;
        }
    }

    /// Reads something again, without telling its damage again.
    pub(super) fn quietly(&self, quiet: bool, read: impl FnOnce() -> Taken) -> Taken {
        let before = self.is_quiet.replace(quiet);
        let taken = read();
        self.is_quiet.set(before);
        taken
    }

    /// Tells what the format does not hold by its nature.
    pub(super) fn note(&self, what: String) {
        self.notes.borrow_mut().push(what);
    }

    /// What became of it all.
    pub(super) fn exported(self, files: Vec<Written>) -> Exported {
        let Losses { told: mut losses, more } = self.losses.into_inner();
        if more > 0 {
            losses.push(format!("and {more} more like these"));
        }
        Exported { files, notes: self.notes.into_inner(), losses }
    }

    fn each<T: DeserializeOwned>(
        &self,
        records: Result<RecordsOf<T>, EvidenceError>,
        mut take: impl FnMut(u64, T) -> Taken,
    ) -> Taken {
        for (line, record) in (1..).zip(records?) {
            if self.stop.is_asked() {
                return Err(ExportError::Stopped);
            }
            match record {
                Ok(record) => take(line, record)?,
                Err(damaged) if !self.is_quiet.get() => self.lose(damaged.to_string()),
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// What became of a record, or of all.
pub(super) type Taken = Result<(), ExportError>;
