//! The folder that `extract` wrote, in the formats of other tools.
//!
//! | format | what it writes |
//! | --- | --- |
//! | [`csv`] | a table for each kind of record |
//! | [`hashcat`, `john`](crack) | the lines that password crackers read |
//! | [`mbox`](mail::mbox), [`maildir`](mail::maildir) | the mails, for mail programs |
//! | [`parquet`] | the same tables with types |
//! | [`ecs`] | events for Elasticsearch and other SIEMs |
//! | [`netcap`] | audit records of Netcap |
//! | [`maltego`] | tables of linked entities |
//!
//! All exports read the records one by one, so that they take the same memory whatever the size of the folder. They write
//! beside their place and rename, and replace nothing but what an earlier export wrote, and that only when told to. No
//! text from the wire names a file. Looking through a Maildir that is to be replaced takes some 200 bytes for each mail in it.
//!
//! `--secrets` is about logins, commands and the bytes of streams that anomalies show. Without it they are handed on as the
//! folder has them; nothing that `extract` hashed or left out comes back. Mails are handed on as they are.

mod cells;
pub mod crack;
pub mod csv;
pub mod ecs;
mod error;
pub mod mail;
pub mod maltego;
pub mod netcap;
mod output;
pub mod parquet;
mod secrets;
mod source;
mod table;

pub use error::ExportError;
pub use output::Written;

use std::path::{Path, PathBuf};

use crate::pipeline::{Secrets, Stop};
use crate::record::TOOL;
use output::{Mark, NewFile, NewFolder};
use source::Source;

/// A format that other tools take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values: [`csv`].
    Csv,
    /// Lines for hashcat: [`crack`].
    Hashcat,
    /// Lines for John the Ripper: [`crack`].
    John,
    /// One file of mails: [`mail::mbox`].
    Mbox,
    /// A folder of mails: [`mail::maildir`].
    Maildir,
    /// Apache Parquet: [`parquet`].
    Parquet,
    /// Elastic Common Schema: [`ecs`].
    Ecs,
    /// Netcap's audit records: [`netcap`].
    Netcap,
    /// Tables for Maltego: [`maltego`].
    Maltego,
}

impl Format {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Csv,
        Self::Hashcat,
        Self::John,
        Self::Mbox,
        Self::Maildir,
        Self::Parquet,
        Self::Ecs,
        Self::Netcap,
        Self::Maltego,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.told().0
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn about(self) -> &'static str {
        self.told().1
    }

    /// Where it is written if the user does not say.
    #[must_use]
    pub const fn default_output(self) -> &'static str {
        self.told().2
    }

    const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Csv => ("csv", "A folder of tables (RFC 4180), one for each kind of record", "mailtap-csv"),
            Self::Hashcat => {
                ("hashcat", "A folder of lines for hashcat, a file for each mode", "mailtap-hashcat")
            }
            Self::John => {
                ("john", "A folder of lines for John the Ripper, a file for each format", "mailtap-john")
            }
            Self::Mbox => ("mbox", "A file of all mails (mboxrd)", "mailtap.mbox"),
            Self::Maildir => ("maildir", "A folder of mails, a file for each", "mailtap-maildir"),
            Self::Parquet => (
                "parquet",
                "A folder of tables (Apache Parquet) of sessions, messages, parts, logins and findings",
                "mailtap-parquet",
            ),
            Self::Ecs => (
                "ecs",
                "A file of events, JSON lines of the Elastic Common Schema 8.11",
                "mailtap.ecs.ndjson",
            ),
            Self::Netcap => (
                "netcap",
                "A folder of Netcap audit records (.ncap.gz): POP3, SMTP, Mail, Credentials",
                "mailtap-netcap",
            ),
            Self::Maltego => {
                ("maltego", "A folder of tables for Maltego's import of graphs", "mailtap-maltego")
            }
        }
    }

    /// What the file of a format begins with that is a single file.
    const fn begin(self) -> Option<&'static [u8]> {
        match self {
            Self::Mbox => Some(mail::mbox::BEGIN),
            Self::Ecs => Some(ecs::BEGIN),
            _ => None,
        }
    }

    /// Whether the folder of the export has a file of this name, or with a slash at its end a folder.
    fn writes(self, name: &str) -> bool {
        match self {
            Self::Csv => csv::writes(name),
            Self::Hashcat | Self::John => crack::writes(name),
            Self::Maildir => mail::maildir::writes(name),
            Self::Parquet => parquet::writes(name),
            Self::Netcap => netcap::writes(name),
            Self::Maltego => maltego::writes(name),
            Self::Mbox | Self::Ecs => false,
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
    /// What the format does not hold by its nature.
    pub notes: Vec<String>,
    /// What should be there and could not be read of the folder.
    pub losses: Vec<String>,
}

/// Writes the folder in another format.
///
/// # Errors
///
/// No run of `extract` wrote the folder, something is in the way, or the system says no. Nothing is left of the output
/// then. A record that is damaged is told among the [losses](Exported::losses) and left out.
pub fn export(options: &Options) -> Result<Exported, ExportError> {
    let Options { format, output, force, .. } = options;
    let is_made_of_secrets = matches!(format, Format::Hashcat | Format::John);
    if is_made_of_secrets && matches!(options.secrets, Some(Secrets::Hash | Secrets::Omit)) {
        return Err(ExportError::MadeOfSecrets(format.name()));
    }
    let source = Source::open(options)?;
    outside(&options.folder, output)?;
    if let Some(begin) = format.begin() {
        let file = NewFile::create(output, begin, *force)?;
        let files = match format {
            Format::Mbox => mail::mbox::write(&source, file)?,
            Format::Ecs => ecs::write(&source, file)?,
            _ => Vec::new(),
        };
        return Ok(source.exported(files));
    }
    let folder = NewFolder::create(output, *force)?;
    let files = match format {
        Format::Csv => csv::write(&source, &folder)?,
        Format::Hashcat => crack::write(&source, &folder, crack::hashcat)?,
        Format::John => crack::write(&source, &folder, crack::john)?,
        Format::Maildir => mail::maildir::write(&source, &folder)?,
        Format::Parquet => parquet::write(&source, &folder)?,
        Format::Netcap => netcap::write(&source, &folder)?,
        Format::Maltego => maltego::write(&source, &folder)?,
        Format::Mbox | Format::Ecs => Vec::new(),
    };
    let mark = Mark {
        tool: TOOL.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        export: format.name().to_owned(),
        secrets: source.withheld.word().to_owned(),
        inputs: source.folder.summary().inputs.iter().map(|input| input.sha256.clone()).collect(),
        losses: Vec::new(),
        files: Vec::new(),
    };
    let exported = source.exported(files);
    folder.finish(&Mark { losses: exported.losses.clone(), files: exported.files.clone(), ..mark })?;
    Ok(exported)
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
