//! The folder that `extract` wrote, in the formats of other tools.
//!
//! | format | what it writes |
//! | --- | --- |
//! | [`csv`](Format::Csv) | a table for each kind of record |
//!
//! All exports read the records one by one, so that they take the same memory whatever the size of the folder. They write
//! beside their place and rename, and replace nothing but what an earlier export wrote, and that only when told to. No
//! text from the wire names a file.

mod cells;
pub mod csv;
mod error;
mod output;
mod secrets;
mod source;
mod table;

pub use error::ExportError;
pub use output::Written;

use std::path::{Path, PathBuf};

use crate::pipeline::{Secrets, Stop};
use crate::record::TOOL;
use output::{Mark, NewFolder};
use source::Source;

/// A format that other tools take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values: [`csv`].
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Csv];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Csv => "A folder of tables (RFC 4180), one for each kind of record",
        }
    }

    /// Where it is written if the user does not say.
    #[must_use]
    pub const fn default_output(self) -> &'static str {
        match self {
            Self::Csv => "mailtap-csv",
        }
    }

    /// Whether the export has a file of this name, or with a slash at its end a folder.
    fn writes(self, name: &str) -> bool {
        match self {
            Self::Csv => csv::writes(name),
        }
    }
}

/// What to export and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// A folder that `extract` wrote.
    pub folder: PathBuf,
    /// The format.
    pub format: Format,
    /// The folder or file to write.
    pub output: PathBuf,
    /// Replace what an earlier export wrote.
    pub force: bool,
    /// How passwords, tokens and lines for password crackers are written; `None`: as the folder has them.
    pub secrets: Option<Secrets>,
    /// For stopping early. Nothing is left of the output then.
    pub stop: Stop,
}

impl Options {
    /// All of `folder`, in `format`, to its usual place.
    #[must_use]
    pub fn new(folder: PathBuf, format: Format) -> Self {
        let output = PathBuf::from(format.default_output());
        Self { folder, format, output, force: false, secrets: None, stop: Stop::default() }
    }
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// The files, in the order in which they were written.
    pub files: Vec<Written>,
    /// What could not be read of the folder, or has no place in the format.
    pub losses: Vec<String>,
}

/// Writes the folder in another format.
///
/// # Errors
///
/// No run of `extract` wrote the folder, something is in the way, or the system says no. Nothing is left of the output
/// then. A record that is damaged is told among the [losses](Exported::losses) and left out.
pub fn export(options: &Options) -> Result<Exported, ExportError> {
    let source = Source::open(options)?;
    outside(&options.folder, &options.output)?;
    let folder = NewFolder::create(&options.output, options.force)?;
    let files = match options.format {
        Format::Csv => csv::write(&source, &folder)?,
    };
    let mut mark = Mark {
        tool: TOOL.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        export: options.format.name().to_owned(),
        secrets: source.withheld.word().to_owned(),
        inputs: source.folder.summary().inputs.iter().map(|input| input.sha256.clone()).collect(),
        losses: Vec::new(),
        files,
    };
    let losses = source.losses();
    mark.losses.clone_from(&losses);
    folder.finish(&mark)?;
    Ok(Exported { files: mark.files, losses })
}

/// A folder of evidence takes nothing in: what stands in it would be no folder of ours any more.
fn outside(folder: &Path, output: &Path) -> Result<(), ExportError> {
    let absolute = |path: &Path| {
        // The output is not there yet, or nothing but a name.
        path.ancestors().find_map(|above| std::fs::canonicalize(above).ok()).unwrap_or_default()
    };
    let output_above = if output.is_relative() { Path::new(".").join(output) } else { output.to_owned() };
    if absolute(&output_above).starts_with(absolute(folder)) {
        return Err(ExportError::Inside(output.to_owned()));
    }
    Ok(())
}
