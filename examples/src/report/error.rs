//! Why there is no report.

use std::io;
use std::path::{Path, PathBuf};

use crate::evidence::EvidenceError;

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] EvidenceError),
    /// There is something that is no report.
    #[error("{}: is no report of mailtap, so it is not replaced", .0.display())]
    NotOurs(PathBuf),
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
    /// Something cannot be written as JSON.
    #[error("cannot write the report: {0}")]
    Json(#[from] serde_json::Error),
}

impl ReportError {
    /// Whether something else was to be named, rather than that something is wrong with it.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Folder(error) => error.is_usage(),
            Self::NotOurs(_) => true,
            Self::Io { .. } | Self::Json(_) => false,
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { action, path, error }
    }
}
