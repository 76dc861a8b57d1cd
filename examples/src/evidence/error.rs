//! Why a folder cannot be used as evidence at all.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder, or a file in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// There is no such folder.
    #[error("{}: is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// No run of `extract` wrote the folder.
    #[error("{}: not written by mailtap: {why}", path.display())]
    NotOurs {
        /// What it is about.
        path: PathBuf,
        /// How one can tell.
        why: String,
    },
    /// Something below the folder is a symbolic link.
    #[error("{}: is a symbolic link, which is not followed", .0.display())]
    Link(PathBuf),
    /// Something below the folder is no regular file.
    #[error("{}: is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The system says no.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// A line that is no record.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// There is no such message.
    #[error("there is no message {0}")]
    NoSuchMessage(String),
    /// Several messages have this file.
    #[error("several messages have it: {}", numbers(.0))]
    SeveralMessages(Vec<u64>),
}

impl EvidenceError {
    /// Whether something else was to be named, rather than that something is wrong with it.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::NotAFolder(_)
            | Self::NotOurs { .. }
            | Self::NoSuchMessage(_)
            | Self::SeveralMessages(_) => true,
            Self::Link(_) | Self::NotAFile(_) | Self::Io { .. } | Self::Damaged(_) => false,
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { action, path, error }
    }
}

fn numbers(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// A line of a file of records that is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct Damaged {
    /// Name of the file.
    pub file: &'static str,
    /// Number of the line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}", self.file, self.line, self.why)
    }
}
