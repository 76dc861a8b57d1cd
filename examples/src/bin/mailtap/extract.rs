//! `mailtap extract`.

use crate::reading::Reading;
use crate::{complain, status};
use mailtap::findings::Threshold;
use mailtap::pipeline::{self, Options, Outcome};
use mailtap::sink::SinkError;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Messages, attachments, logins and records into a folder.
///
/// Memory: data of connections that waits for missing packets takes at most 256 MiB, data kept for comparing with
/// retransmissions 64 MiB, whatever the size of the captures. Added to it are some KiB for each connection that is open
/// at the same time and for each message under way, 64 bytes for each packet of a message until it is over, and some KiB
/// for each part that was fetched by IMAP and waits for the rest of its message, of which there are 262,144 at most. A
/// message that can be read in several ways is read again in memory, if it has no more than 32 MiB, one for each worker.
#[derive(Debug, clap::Args)]
pub(crate) struct Extract {
    #[command(flatten)]
    reading: Reading,

    /// The folder to write.
    #[arg(short, long, value_name = "DIR", default_value = "mailtap-out")]
    output: PathBuf,

    /// A number that a rule of findings compares with; may be given several times. The default of each is in [].
    #[arg(long = "threshold", value_name = "RULE.NAME=VALUE", value_parser = Threshold::assignment, help = thresholds())]
    thresholds: Vec<(Threshold, u64)>,

    /// Replace a folder that an earlier run made.
    #[arg(long)]
    force: bool,
}

/// What can be set, for --help.
fn thresholds() -> String {
    let mut text = "A number that a rule of findings compares with; may be given several times:".to_owned();
    for threshold in Threshold::ALL {
        let _ = write!(text, "\n  {} [{}]: {}", threshold.id(), threshold.default(), threshold.meaning());
    }
    text
}

impl Extract {
    pub(crate) fn run(&self) -> ExitCode {
        let mut options = Options::new(Vec::new(), self.output.clone());
        options.reading = self.reading.options();
        options.force = self.force;
        for (threshold, value) in &self.thresholds {
            options.rules.thresholds.set(*threshold, *value);
        }
        let bar = self.reading.bar();
        let result = pipeline::extract(&options, |progress| bar.show(progress));
        bar.clear();
        match result {
            Ok(outcome) => {
                if !self.reading.quiet {
                    self.print(&outcome);
                }
                status(&outcome.losses, outcome.stopped)
            }
            Err(error) => {
                complain(&error.to_string());
                let usage = matches!(
                    error,
                    SinkError::NotEmpty(_)
                        | SinkError::NotOurs { .. }
                        | SinkError::Link(_)
                        | SinkError::NotAFolder(_)
                );
                ExitCode::from(if usage { 2 } else { 1 })
            }
        }
    }

    /// A closed pipe behind us is no reason to fail.
    fn print(&self, outcome: &Outcome) {
        let counts = &outcome.counts;
        let text = if self.reading.json {
            serde_json::to_string(counts).unwrap_or_default()
        } else {
            format!(
                "{} packets, {} sessions, {} messages, {} attachments, {} logins, {} anomalies, {} findings -> {}",
                counts.packets,
                counts.sessions,
                counts.messages,
                counts.attachments,
                counts.logins,
                counts.anomalies,
                counts.findings,
                self.output.display()
            )
        };
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}
