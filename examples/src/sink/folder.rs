//! The folder that a run writes.

use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{JsonLines, SinkError, Spool, json, system};
use crate::record::{Summary, TOOL};
use crate::report;

const SUMMARY: &str = "summary.json";
const NEW_SUMMARY: &str = ".tmp-summary.json";
/// Files that are being written begin like this.
const TEMPORARY: &str = ".tmp-";

/// A summary is read to see who wrote the folder. No honest one is larger.
const MAX_SUMMARY: u64 = 256 * 1024 * 1024;

/// A file of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Records {
    /// `sessions.jsonl`
    Sessions,
    /// `messages.jsonl`
    Messages,
    /// `logins.jsonl`
    Logins,
    /// `commands.jsonl`
    Commands,
    /// `anomalies.jsonl`
    Anomalies,
    /// `findings.jsonl`
    Findings,
    /// `provenance.jsonl`
    Provenance,
}

impl Records {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Sessions,
        Self::Messages,
        Self::Logins,
        Self::Commands,
        Self::Anomalies,
        Self::Findings,
        Self::Provenance,
    ];

    /// Name of the file.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions.jsonl",
            Self::Messages => "messages.jsonl",
            Self::Logins => "logins.jsonl",
            Self::Commands => "commands.jsonl",
            Self::Anomalies => "anomalies.jsonl",
            Self::Findings => "findings.jsonl",
            Self::Provenance => "provenance.jsonl",
        }
    }
}

/// A folder of files named by their hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Store {
    /// `messages`
    Messages,
    /// `attachments`
    Attachments,
}

impl Store {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Messages, Self::Attachments];

    /// Name of the folder.
    #[must_use]
    pub const fn folder_name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Attachments => "attachments",
        }
    }
}

/// The output folder. Clones write into the same one and may be used from several threads.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    /// Whether files are kept, or only hashed.
    kept: bool,
    /// Number of the next temporary file.
    next: Arc<AtomicU64>,
}

impl Folder {
    /// Creates the folder, and those above it where they are missing. One that is there has to be empty; with `force`
    /// one that an earlier run wrote, finished or not, is replaced: its `summary.json` says so, and nothing stands in
    /// it that such a run does not write.
    ///
    /// # Errors
    ///
    /// There is something else, or a link, or the system says no. When it is refused, nothing was removed.
    pub fn create(path: &Path, force: bool) -> Result<Self, SinkError> {
        // A slash at the end would have the system follow a link.
        let path: PathBuf = path.components().collect();
        let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path };
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => return Err(SinkError::Link(path)),
            Ok(meta) if !meta.is_dir() => return Err(SinkError::NotAFolder(path)),
            Ok(_) => {
                let entries = entries(&path)?;
                // A run that died in its first moment leaves this and nothing else.
                let is_empty = entries.iter().all(|entry| entry.file_name() == NEW_SUMMARY && is_file(entry));
                if !is_empty && !force {
                    return Err(SinkError::NotEmpty(path));
                }
                clear(&path, &entries, is_empty)?;
                system::make_private(&path).map_err(SinkError::io("change the mode of", &path))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                    fs::create_dir_all(parent).map_err(SinkError::io("create", parent))?;
                }
                system::create_folder(&path).map_err(SinkError::io("create", &path))?;
            }
            Err(error) => return Err(SinkError::io("look at", &path)(error)),
        }
        let folder = Self { path, kept: true, next: Arc::default() };
        // From here on the folder tells who made it, also when the run dies.
        folder.write_summary(&Summary::new(serde_json::Map::new()))?;
        for store in Store::ALL {
            let path = folder.path.join(store.folder_name());
            system::create_folder(&path).map_err(SinkError::io("create", &path))?;
        }
        Ok(folder)
    }

    /// No folder: files are hashed and not kept, and there are no records.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { path: PathBuf::new(), kept: false, next: Arc::default() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a file of records; each once.
    ///
    /// # Errors
    ///
    /// It is there already, or the system says no.
    pub fn records(&self, records: Records) -> Result<JsonLines, SinkError> {
        JsonLines::create(&self.path.join(records.file_name()))
    }

    /// A file to be named by its hash. Nothing is written before there are bytes.
    #[must_use]
    pub fn spool(&self, store: Store) -> Spool {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = self.path.join(store.folder_name());
        Spool::new(folder, self.kept.then(|| store.folder_name()), &format!("{TEMPORARY}{number}"))
    }

    /// Writes `summary.json`, in place of the one before.
    ///
    /// # Errors
    ///
    /// It cannot be written; the one before stays.
    pub fn write_summary(&self, summary: &Summary) -> Result<(), SinkError> {
        let path = self.path.join(SUMMARY);
        let text = json::pretty(summary).map_err(|error| SinkError::Record { path: path.clone(), error })?;
        system::replace_file(&path, &self.path.join(NEW_SUMMARY), &text)
            .map_err(SinkError::io("write", &path))
    }
}

fn entries(path: &Path) -> Result<Vec<DirEntry>, SinkError> {
    fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(SinkError::io("read the folder", path))
}

fn kind(entry: &DirEntry) -> Result<FileType, SinkError> {
    entry.file_type().map_err(|error| SinkError::io("look at", &entry.path())(error))
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_file())
}

/// Removes what an earlier run wrote, once all of it is known to be that. The summary goes last, so that what is left
/// when this fails half-way can still be replaced.
fn clear(path: &Path, entries: &[DirEntry], is_empty: bool) -> Result<(), SinkError> {
    if !is_empty {
        check_summary(&path.join(SUMMARY))?;
    }
    let mut files = Vec::new();
    let mut folders = Vec::new();
    let mut summary = None;
    for entry in entries {
        let name = entry.file_name();
        let kind = kind(entry)?;
        let path = entry.path();
        if kind.is_symlink() {
            return Err(SinkError::Link(path));
        }
        if kind.is_dir() && Store::ALL.iter().any(|store| name == store.folder_name()) {
            for entry in self::entries(&path)? {
                files.push(stored_file(&entry)?);
            }
            folders.push(path);
        } else if kind.is_file() && name == SUMMARY {
            summary = Some(path);
        } else if kind.is_file()
            && (name == NEW_SUMMARY
                || Records::ALL.iter().any(|records| name == records.file_name())
                || (name == report::FILE_NAME && report::is_report(&path)))
        {
            files.push(path);
        } else {
            return Err(SinkError::NotOurs { path, why: "no run writes a file of this name" });
        }
    }
    for path in files {
        fs::remove_file(&path).map_err(SinkError::io("remove", &path))?;
    }
    for path in folders {
        fs::remove_dir(&path).map_err(SinkError::io("remove", &path))?;
    }
    if let Some(path) = summary {
        fs::remove_file(&path).map_err(SinkError::io("remove", &path))?;
    }
    Ok(())
}

/// Whether the summary says that this tool wrote it.
fn check_summary(path: &Path) -> Result<(), SinkError> {
    let not_ours = |why| SinkError::NotOurs { path: path.to_owned(), why };
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(not_ours("there is no summary.json"));
        }
        Err(error) => return Err(SinkError::io("look at", path)(error)),
    };
    if meta.is_symlink() {
        return Err(SinkError::Link(path.to_owned()));
    }
    if !meta.is_file() || meta.len() > MAX_SUMMARY {
        return Err(not_ours("it is no summary"));
    }
    let text = fs::read(path).map_err(SinkError::io("read", path))?;
    let summary: serde_json::Value = serde_json::from_slice(&text).map_err(|_| not_ours("it is not JSON"))?;
    let tool = summary.get("tool").and_then(serde_json::Value::as_str);
    if tool == Some(TOOL) { Ok(()) } else { Err(not_ours("it does not name the tool")) }
}

/// The path of a file in a store, when it has a name that a run gives.
fn stored_file(entry: &DirEntry) -> Result<PathBuf, SinkError> {
    let path = entry.path();
    let kind = kind(entry)?;
    if kind.is_symlink() {
        return Err(SinkError::Link(path));
    }
    let name = entry.file_name();
    let name = name.to_str().unwrap_or_default();
    let is_hash =
        |stem: &str| stem.len() == 64 && stem.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'a'..=b'f'));
    let is_ours = match name.split_once('.') {
        Some(("", _)) => name
            .strip_prefix(TEMPORARY)
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit())),
        Some((stem, extension)) => is_hash(stem) && extension.bytes().all(|c| c.is_ascii_alphanumeric()),
        None => false,
    };
    if kind.is_file() && is_ours {
        Ok(path)
    } else {
        Err(SinkError::NotOurs { path, why: "no run writes a file of this name" })
    }
}

#[cfg(test)]
mod tests;
