//! `mailtap report`: a folder that `extract` wrote as one page.

use crate::{complain, printable};
use clap::ValueEnum;
use mailtap::pipeline::Secrets;
use mailtap::report::{self, Options};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// One page to look at, with everything in it: report.html.
///
/// It loads nothing, sends nothing and runs nothing that was in a mail; a browser shows it from a file. It holds the text of
/// each message up to 8 KiB, small pictures of its images, and lists of up to 100,000 messages, 50,000 sessions and 20,000
/// logins and anomalies; what is beyond is told in it. It is as secret as the mail: the file is for its owner only.
#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// A folder that extract wrote.
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// The file to write, which may replace an earlier report and nothing else [default: report.html in the folder].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// How passwords, tokens and lines for password crackers are shown.
    #[arg(long, value_enum, value_name = "HOW", default_value = "hash")]
    secrets: Shown,

    /// The headline of the report.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shown {
    /// As they are.
    Show,
    /// Their SHA-256.
    Hash,
    /// Not at all.
    Omit,
}

impl Report {
    pub(crate) fn run(&self) -> ExitCode {
        let mut options = Options::new(self.dir.clone());
        options.output.clone_from(&self.output);
        options.secrets = match self.secrets {
            Shown::Show => Secrets::Show,
            Shown::Hash => Secrets::Hash,
            Shown::Omit => Secrets::Omit,
        };
        if let Some(title) = &self.title {
            options.title.clone_from(title);
        }
        let written = match report::write(&options) {
            Ok(written) => written,
            Err(error) => {
                complain(&error.to_string());
                return ExitCode::from(if error.is_usage() { 2 } else { 1 });
            }
        };
        if !self.quiet {
            let line = format!(
                "{} messages, {} bytes -> {}",
                written.messages,
                written.size,
                written.path.display()
            );
            // A closed pipe behind us is no reason to fail.
            let _ = writeln!(std::io::stdout(), "{}", printable(&line));
        }
        for text in &written.left_out {
            complain(&format!("left out: {text}"));
        }
        for damaged in &written.damaged {
            complain(&damaged.to_string());
        }
        ExitCode::from(u8::from(!written.damaged.is_empty()))
    }
}
