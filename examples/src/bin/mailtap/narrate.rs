//! `mailtap log`, `mailtap logins` and `mailtap follow`: lines on standard output.

use crate::reading::Reading;
use crate::{complain, status};
use mailtap::pipeline::{self, Form, Narrated};
use mailtap::sink::SinkError;
use std::io::{ErrorKind, stdout};
use std::process::ExitCode;

/// One line for each command, reply, login, message and anomaly.
///
/// Fields, parted by tabs: packet, time, session, client, direction (> client, < server, ! neither), server, protocol,
/// the command or code or what else it is, and the rest. Text from the wire is escaped.
#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    #[command(flatten)]
    reading: Reading,
}

/// One line for each login.
///
/// With --json the same records as in logins.jsonl.
#[derive(Debug, clap::Args)]
pub(crate) struct Logins {
    #[command(flatten)]
    reading: Reading,
}

/// The two directions of a session as text, with what is missing or encrypted.
///
/// Fields, parted by tabs: packet, direction (> client, < server, = neither), text. Passwords are in it.
#[derive(Debug, clap::Args)]
pub(crate) struct Follow {
    /// Number of the session, as log and extract give it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    session: u64,

    #[command(flatten)]
    reading: Reading,
}

impl Log {
    pub(crate) fn run(&self) -> ExitCode {
        let Self { reading } = self;
        let bar = reading.bar();
        let result =
            pipeline::log(&reading.options(), form(reading), stdout(), |progress| bar.show(progress));
        bar.clear();
        ended(result)
    }
}

impl Logins {
    pub(crate) fn run(&self) -> ExitCode {
        let Self { reading } = self;
        let bar = reading.bar();
        let result =
            pipeline::logins(&reading.options(), form(reading), stdout(), |progress| bar.show(progress));
        bar.clear();
        ended(result)
    }
}

impl Follow {
    pub(crate) fn run(&self) -> ExitCode {
        let Self { session, reading } = self;
        let bar = reading.bar();
        let form = form(reading);
        let result =
            pipeline::follow(&reading.options(), *session, form, stdout(), |progress| bar.show(progress));
        bar.clear();
        if let Ok(told) = &result
            && told.sessions < *session
        {
            complain(&format!("there is no session {session}: {} were found", told.sessions));
            let _ = ended(result);
            return ExitCode::from(1);
        }
        ended(result)
    }
}

const fn form(reading: &Reading) -> Form {
    if reading.json { Form::Json } else { Form::Text }
}

/// Who reads the lines may have had enough of them.
fn ended(result: Result<Narrated, SinkError>) -> ExitCode {
    match result {
        Ok(told) => status(&told.losses, told.stopped),
        Err(SinkError::Io { error, .. }) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(1)
        }
    }
}
