//! What all commands that read captures have in common.

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use mailtap::capture::Progress;
use mailtap::detect::Kind;
use mailtap::pipeline::{self, Stop};
use std::io::{IsTerminal as _, stderr};
use std::path::PathBuf;
use std::thread::available_parallelism;

#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Capture files (pcap, pcapng; also gzip or zstd), folders of them, or - for standard input.
    #[arg(required = true, value_name = "CAPTURE")]
    captures: Vec<PathBuf>,

    /// Look for these protocols only.
    #[arg(long, value_name = "PROTOCOLS", value_delimiter = ',', value_parser = protocol)]
    only: Vec<Kind>,

    /// Take connections to this port for that protocol.
    #[arg(long, value_name = "PORT=PROTOCOL", value_parser = port_and_protocol)]
    decode_as: Vec<(u16, Kind)>,

    /// How passwords and tokens are written [default: show among logins, hash elsewhere].
    #[arg(long, value_enum, value_name = "HOW")]
    secrets: Option<Secrets>,

    /// Threads among which the connections are divided, up to 16; the output does not depend on it [default: one for
    /// each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,

    /// TLS keys; not supported yet.
    #[arg(long, value_name = "FILE", hide = true)]
    keylog: Option<PathBuf>,

    /// Write JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// Print nothing but results and errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Secrets {
    /// As they are.
    Show,
    /// Their SHA-256.
    Hash,
    /// Not at all.
    Omit,
}

impl Secrets {
    /// What the library is told.
    pub(crate) const fn wish(self) -> pipeline::Secrets {
        match self {
            Self::Show => pipeline::Secrets::Show,
            Self::Hash => pipeline::Secrets::Hash,
            Self::Omit => pipeline::Secrets::Omit,
        }
    }
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

impl Reading {
    /// What the library is told, with a stop that Ctrl-C asks for. The second Ctrl-C ends the process at once.
    pub(crate) fn options(&self) -> pipeline::Reading {
        if self.keylog.is_some() {
            let message = "--keylog: TLS decryption is not supported yet; decrypt the capture before";
            crate::Arguments::command().error(ErrorKind::InvalidValue, message).exit();
        }
        let mut options = pipeline::Reading::new(self.captures.clone());
        if !self.only.is_empty() {
            options.only.clone_from(&self.only);
        }
        options.decode_as = self.decode_as.iter().copied().collect();
        options.secrets = self.secrets.map(Secrets::wish);
        let cores = || available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(1));
        options.workers = self.workers.unwrap_or_else(cores);
        options.stop = on_interrupt();
        options
    }

    /// A progress bar, on a terminal.
    pub(crate) fn bar(&self) -> Bar {
        Bar::new(!self.quiet && stderr().is_terminal())
    }
}

/// A stop that Ctrl-C asks for. The second Ctrl-C ends the process at once.
pub(crate) fn on_interrupt() -> Stop {
    let stop = Stop::default();
    let asked = stop.clone();
    let handler = move || {
        if asked.is_asked() {
            std::process::exit(130);
        }
        asked.ask();
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("mailtap: an interrupt will not be waited for: {error}");
    }
    stop
}

/// Shows how far the reading is.
pub(crate) struct Bar(Option<ProgressBar>);

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

    pub(crate) fn show(&self, progress: &Progress) {
        if let Some(bar) = &self.0 {
            if let Some(total) = progress.total() {
                bar.set_length(total);
            }
            bar.set_position(progress.read());
        }
    }

    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
