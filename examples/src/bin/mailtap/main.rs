//! The command line: arguments and printing, nothing else.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks")]

mod evidence;
mod export;
mod extract;
mod narrate;
mod reading;
mod report;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Takes emails and logins out of packet captures.
///
/// Exit status: 0 done, also when the captures hold no mail; 1 some input could not be read (what was read is kept and
/// written), the output could not be written, or the run was interrupted; 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "mailtap", version, about, long_about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Extract(extract::Extract),
    Log(narrate::Log),
    Logins(narrate::Logins),
    Follow(narrate::Follow),
    Trace(evidence::Trace),
    Verify(evidence::Verify),
    Export(export::Export),
    Report(report::Report),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Extract(arguments) => arguments.run(),
        Command::Log(arguments) => arguments.run(),
        Command::Logins(arguments) => arguments.run(),
        Command::Follow(arguments) => arguments.run(),
        Command::Trace(arguments) => arguments.run(),
        Command::Verify(arguments) => arguments.run(),
        Command::Export(arguments) => arguments.run(),
        Command::Report(arguments) => arguments.run(),
    }
}

/// Says what went wrong. Names out of the file system may hold anything; a terminal gets no control characters.
fn complain(text: &str) {
    eprintln!("mailtap: {}", printable(text));
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Says what could not be read; the status of a run that was done otherwise.
fn status(losses: &[String], stopped: bool) -> ExitCode {
    for loss in losses {
        complain(loss);
    }
    if stopped {
        complain("interrupted: what was read until then is written");
    }
    if losses.is_empty() && !stopped { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
