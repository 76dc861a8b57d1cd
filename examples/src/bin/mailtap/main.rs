//! The command line: arguments and printing, nothing else.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks")]

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use mailtap::capture::Progress;
use mailtap::detect::Kind;
use mailtap::pipeline::{self, Options, Outcome};
use mailtap::sink::SinkError;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Takes emails and logins out of packet captures.
#[derive(Debug, Parser)]
#[command(name = "mailtap", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Messages, logins and records into a folder.
    ///
    /// Exit status: 0 done, also when the captures hold no mail; 1 some input could not be read (what was read is
    /// kept and written) or the folder could not be written; 2 wrong usage.
    Extract(Extract),
}

#[derive(Debug, clap::Args)]
struct Extract {
    /// Capture files (pcap, pcapng; also gzip or zstd), folders of them, or - for standard input.
    #[arg(required = true, value_name = "CAPTURE")]
    captures: Vec<PathBuf>,

    /// The folder to write.
    #[arg(short, long, value_name = "DIR", default_value = "mailtap-out")]
    output: PathBuf,

    /// Replace a folder that an earlier run made.
    #[arg(long)]
    force: bool,

    /// Look for these protocols only.
    #[arg(long, value_name = "PROTOCOLS", value_delimiter = ',', value_parser = protocol)]
    only: Vec<Kind>,

    /// Take connections to this port for that protocol.
    #[arg(long, value_name = "PORT=PROTOCOL", value_parser = port_and_protocol)]
    decode_as: Vec<(u16, Kind)>,

    /// How passwords and tokens are written [default: show in logins.jsonl, hash elsewhere].
    #[arg(long, value_enum, value_name = "HOW")]
    secrets: Option<Secrets>,

    /// Threads that may be used; the output does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    workers: u16,

    /// TLS keys; not supported yet.
    #[arg(long, value_name = "FILE", hide = true)]
    keylog: Option<PathBuf>,

    /// Print the counts as JSON.
    #[arg(long)]
    json: bool,

    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Secrets {
    /// As they are.
    Show,
    /// Their SHA-256.
    Hash,
    /// Not at all.
    Omit,
}

/// A protocol by the name that the records give it.
fn protocol(text: &str) -> Result<Kind, String> {
    let known = || Kind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
    let kind = Kind::ALL.iter().find(|kind| kind.word() == text);
    kind.copied().ok_or_else(|| format!("{text:?} is none of: {}", known()))
}

fn port_and_protocol(text: &str) -> Result<(u16, Kind), String> {
    let (port, name) = text.split_once('=').ok_or("expected PORT=PROTOCOL, such as 2526=smtp")?;
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    Ok((port, protocol(name)?))
}

fn main() -> ExitCode {
    let Command::Extract(arguments) = Arguments::parse().command;
    if arguments.keylog.is_some() {
        let message = "--keylog: TLS decryption is not supported yet; decrypt the capture before";
        Arguments::command().error(ErrorKind::InvalidValue, message).exit();
    }
    extract(&arguments)
}

fn extract(arguments: &Extract) -> ExitCode {
    let mut options = Options::new(arguments.captures.clone(), arguments.output.clone());
    options.force = arguments.force;
    if !arguments.only.is_empty() {
        options.reading.only.clone_from(&arguments.only);
    }
    options.reading.decode_as = arguments.decode_as.iter().copied().collect();
    options.reading.secrets = arguments.secrets.map(|secrets| match secrets {
        Secrets::Show => pipeline::Secrets::Show,
        Secrets::Hash => pipeline::Secrets::Hash,
        Secrets::Omit => pipeline::Secrets::Omit,
    });
    let bar = Bar::new(!arguments.quiet && std::io::stderr().is_terminal());
    let result = pipeline::extract(&options, |progress| bar.show(progress));
    bar.clear();
    match result {
        Ok(outcome) => {
            for loss in &outcome.losses {
                eprintln!("mailtap: {}", printable(loss));
            }
            if !arguments.quiet {
                print(&outcome, arguments);
            }
            if outcome.losses.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => {
            eprintln!("mailtap: {}", printable(&error.to_string()));
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
fn print(outcome: &Outcome, arguments: &Extract) {
    let counts = &outcome.counts;
    let text = if arguments.json {
        serde_json::to_string(counts).unwrap_or_default()
    } else {
        format!(
            "{} packets, {} sessions, {} messages, {} attachments, {} logins, {} anomalies -> {}",
            counts.packets,
            counts.sessions,
            counts.messages,
            counts.attachments,
            counts.logins,
            counts.anomalies,
            arguments.output.display()
        )
    };
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Names out of the file system may hold anything; a terminal gets no control characters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Shows how far the reading is.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new(visible: bool) -> Self {
        Self(visible.then(|| {
            let bar = ProgressBar::no_length();
            let style =
                ProgressStyle::with_template("{bytes} of {total_bytes} {wide_bar} {bytes_per_sec} {eta}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar
        }))
    }

    fn show(&self, progress: &Progress) {
        if let Some(bar) = &self.0 {
            if let Some(total) = progress.total() {
                bar.set_length(total);
            }
            bar.set_position(progress.read());
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
