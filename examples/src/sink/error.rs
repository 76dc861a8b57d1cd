//! What can go wrong with the output.

use std::io;
use std::path::{Path, PathBuf};

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// There is something in the folder.
    #[error("{}: the folder is not empty (--force replaces what an earlier run wrote)", .0.display())]
    NotEmpty(PathBuf),
    /// There is something in the folder that no run of this tool wrote, so it is not replaced.
    #[error("{}: not written by mailtap, so nothing is replaced: {why}", path.display())]
    NotOurs {
        /// What it is about.
        path: PathBuf,
        /// How one can tell.
        why: &'static str,
    },
    /// Something is a symbolic link.
    #[error("{}: is a symbolic link, which is not followed", .0.display())]
    Link(PathBuf),
    /// The output is to be a folder and is not.
    #[error("{}: is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The system says no: the disk is full, permission is denied...
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
    /// A record cannot be written as JSON.
    #[error("cannot write a record to {}: {error}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: serde_json::Error,
    },
    /// An earlier write to the same file failed.
    #[error("{}: not written, since an earlier write failed", .0.display())]
    Broken(PathBuf),
    /// A thread of the run ended without saying why.
    #[error("a part of the run has stopped")]
    Stopped,
}

impl SinkError {
    /// Names the file in an error of the system.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { action, path, error }
    }
}
