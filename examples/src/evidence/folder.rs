//! The folder that `extract` wrote, read back: its records as they were, its files by their hashes.

use core::marker::PhantomData;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::lines::{self, Lines};
use super::{Damaged, EvidenceError, name::Name, records};
use crate::record::{Anomaly, Command, Finding, Login, Message, Part, Session, Summary};
use crate::sink::{Records, Store};

/// A folder that `extract` wrote.
///
/// ```no_run
/// use mailtap::evidence::Folder;
///
/// let folder = Folder::open("out".as_ref())?;
/// for message in folder.messages()? {
///     let message = message?;
///     println!("{} {}", message.message, message.size);
/// }
/// # Ok::<(), mailtap::evidence::EvidenceError>(())
/// ```
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    summary: Summary,
}

impl Folder {
    /// The folder `dir`.
    ///
    /// # Errors
    ///
    /// When `dir` is no folder, or no run of `extract` wrote it.
    pub fn open(dir: &Path) -> Result<Self, EvidenceError> {
        Ok(Self { dir: dir.to_owned(), summary: records::summary(dir)? })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// What the run says of itself.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The sessions, in their order.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened. A line that is no record is an item of its own.
    pub fn sessions(&self) -> Result<RecordsOf<Session>, EvidenceError> {
        self.records(Records::Sessions)
    }

    /// The messages, in their order.
    ///
    /// # Errors
    ///
    /// As of [`sessions`](Self::sessions).
    pub fn messages(&self) -> Result<RecordsOf<Message>, EvidenceError> {
        self.records(Records::Messages)
    }

    /// The findings, in their order.
    ///
    /// # Errors
    ///
    /// As of [`sessions`](Self::sessions).
    pub fn findings(&self) -> Result<RecordsOf<Finding>, EvidenceError> {
        self.records(Records::Findings)
    }

    /// The login attempts, in their order.
    ///
    /// # Errors
    ///
    /// As of [`sessions`](Self::sessions).
    pub fn logins(&self) -> Result<RecordsOf<Login>, EvidenceError> {
        self.records(Records::Logins)
    }

    /// The commands and replies, in their order.
    ///
    /// # Errors
    ///
    /// As of [`sessions`](Self::sessions).
    pub fn commands(&self) -> Result<RecordsOf<Command>, EvidenceError> {
        self.records(Records::Commands)
    }

    /// The anomalies, in their order.
    ///
    /// # Errors
    ///
    /// As of [`sessions`](Self::sessions).
    pub fn anomalies(&self) -> Result<RecordsOf<Anomaly>, EvidenceError> {
        self.records(Records::Anomalies)
    }

    /// Opens the file of a message; `None` when its record names none, or none that a run writes.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it is a link.
    pub fn message_file(&self, message: &Message) -> Result<Option<File>, EvidenceError> {
        self.file(Store::Messages, &message.file)
    }

    /// Opens the file of a part; `None` when its record names none, or none that a run writes.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it is a link.
    pub fn part_file(&self, part: &Part) -> Result<Option<File>, EvidenceError> {
        part.file.as_deref().map_or(Ok(None), |file| self.file(Store::Attachments, file))
    }

    /// Opens a file of records as it is.
    pub(crate) fn records_file(&self, records: Records) -> Result<File, EvidenceError> {
        lines::open(&self.dir, records.file_name())
    }

    fn file(&self, store: Store, named: &str) -> Result<Option<File>, EvidenceError> {
        // What a record says is used as a path in the form alone that the tool gives its files.
        let name = named.strip_prefix(store.folder_name()).and_then(|rest| rest.strip_prefix('/'));
        name.and_then(Name::parse).map(|name| lines::open(&self.dir, &name.shown(store))).transpose()
    }

    fn records<T: DeserializeOwned>(&self, records: Records) -> Result<RecordsOf<T>, EvidenceError> {
        Ok(RecordsOf { lines: Lines::open(&self.dir, records)?, of: PhantomData })
    }
}

/// The records of one file, line by line; a line that is no record is told and costs nothing else.
#[derive(Debug)]
pub struct RecordsOf<T> {
    lines: Lines,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Iterator for RecordsOf<T> {
    type Item = Result<T, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        self.lines.next()
    }
}
