//! `mailtap export`: the same facts for other tools.

use crate::complain;
use crate::reading::{Secrets, on_interrupt};
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use mailtap::export::{self, Exported, Format, Options};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// What extract found, in the formats of other tools.
///
/// The output is there in whole or not at all: it is written beside its place and renamed. Memory does not grow with
/// the folder. A record that is damaged is told and left out, and the exit status is 1.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A folder that extract wrote.
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// What to write.
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Known,

    /// The folder or file to write [default: mailtap- and the format, or mailtap. and the format for a single file].
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Replace what an earlier export wrote.
    #[arg(long)]
    force: bool,

    /// How passwords, tokens and lines for password crackers are written [default: as the folder has them].
    #[arg(long, value_enum, value_name = "HOW")]
    secrets: Option<Secrets>,

    /// Print JSON: the files and how much is in each.
    #[arg(long)]
    json: bool,

    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
}

/// A format by its name.
#[derive(Debug, Clone, Copy)]
struct Known(Format);

impl ValueEnum for Known {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: std::sync::LazyLock<Vec<Known>> =
            std::sync::LazyLock::new(|| Format::ALL.iter().copied().map(Known).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.about()))
    }
}

impl Export {
    pub(crate) fn run(&self) -> ExitCode {
        let mut options = Options::new(self.dir.clone(), self.format.0);
        if let Some(output) = &self.output {
            options.output.clone_from(output);
        }
        options.force = self.force;
        options.secrets = self.secrets.map(Secrets::wish);
        options.stop = on_interrupt();
        match export::export(&options) {
            Ok(exported) => {
                if !self.quiet {
                    self.print(&exported, &options);
                }
                for note in exported.notes.iter().filter(|_| !self.quiet) {
                    complain(note);
                }
                crate::status(&exported.losses, false)
            }
            Err(error) => {
                complain(&error.to_string());
                ExitCode::from(if error.is_usage() { 2 } else { 1 })
            }
        }
    }

    /// A closed pipe behind us is no reason to fail.
    fn print(&self, exported: &Exported, options: &Options) {
        let text = if self.json {
            serde_json::to_string(&exported.files).unwrap_or_default()
        } else {
            let files = exported.files.iter().map(|file| format!("{} {}", file.name, file.items));
            format!("{} -> {}", files.collect::<Vec<_>>().join(", "), options.output.display())
        };
        let _ = writeln!(std::io::stdout(), "{}", crate::printable(&text));
    }
}
