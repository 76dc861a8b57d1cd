//! Why an export cannot be made.

use std::io;
use std::path::{Path, PathBuf};

use crate::evidence::EvidenceError;
use crate::sink::SinkError;

/// Why an export cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The folder to be exported cannot be used.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The output is in the way of something, or cannot be written.
    #[error(transparent)]
    Output(#[from] SinkError),
    /// There is a file where the output is to be.
    #[error("{}: is there already (--force replaces what an earlier export wrote)", .0.display())]
    Exists(PathBuf),
    /// The output would be inside of the folder that is exported.
    #[error("{}: is inside of the folder that is to be exported", .0.display())]
    Inside(PathBuf),
    /// The format consists of what is asked to be left out.
    #[error("{0} is made of secrets: it cannot be exported with --secrets hash or omit")]
    MadeOfSecrets(&'static str),
    /// The user stopped it; nothing is left of the output.
    #[error("interrupted: nothing was written")]
    Stopped,
}

impl ExportError {
    /// Whether something else was to be asked for, rather than that something is wrong with it.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Evidence(error) => error.is_usage(),
            Self::Output(error) => matches!(
                error,
                SinkError::NotEmpty(_)
                    | SinkError::NotOurs { .. }
                    | SinkError::Link(_)
                    | SinkError::NotAFolder(_)
            ),
            Self::Exists(_) | Self::Inside(_) | Self::MadeOfSecrets(_) => true,
            Self::Stopped => false,
        }
    }

    /// Names the file in an error of the system.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let error = SinkError::io(action, path);
        move |source| Self::Output(error(source))
    }
}
