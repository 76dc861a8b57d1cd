//! `mailtap trace` and `mailtap verify`: from a folder that `extract` wrote back to the captures.

use crate::{complain, printable};
use mailtap::evidence::{self, EvidenceError, Finding, Piece, Verdict, Which};
use mailtap::sink::json;
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The packets, times and byte ranges that a message came from.
///
/// Packets are numbered as in tshark and Wireshark; ranges are from..to, the end not included. A capture that is not
/// there any more or has changed is told, its times are left out, and the exit status is 1. Takes about 100 bytes of
/// memory for each packet of the message.
#[derive(Debug, clap::Args)]
pub(crate) struct Trace {
    /// A folder that extract wrote.
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// The number of a message, the first digits (four or more) of the SHA-256 of its file, or the file.
    #[arg(value_name = "MESSAGE")]
    message: Which,

    /// Captures, or folders of them, that are not where they were.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    captures: Vec<PathBuf>,

    /// Print JSON, one line for each stretch.
    #[arg(long)]
    json: bool,
}

/// Everything in a folder against its hashes, its records and the captures.
///
/// Tells each difference on a line of its own; the exit status is 1 where there is one, or where something cannot be
/// read. Takes about 150 bytes of memory for each file of the folder, and at most 128 MiB for comparing with packets.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// A folder that extract wrote.
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// Captures, or folders of them, that are not where they were.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    captures: Vec<PathBuf>,

    /// Print JSON, one line for each difference and one for the whole.
    #[arg(long)]
    json: bool,

    /// Print nothing but differences.
    #[arg(short, long)]
    quiet: bool,
}

impl Trace {
    pub(crate) fn run(&self) -> ExitCode {
        let trace = match evidence::trace(&self.dir, &self.message, &self.captures) {
            Ok(trace) => trace,
            Err(error) => return fail(&error),
        };
        let mut out = BufWriter::new(io::stdout().lock());
        // A closed pipe behind us is no reason to fail.
        let _ = if self.json { show_json(&trace, &mut out) } else { show(&trace, &mut out) };
        let _ = out.flush();
        for capture in &trace.captures {
            if let Some(problem) = &capture.problem {
                complain(&format!("input {} ({}): {problem}", capture.input, capture.path));
            }
        }
        ExitCode::from(u8::from(!trace.is_whole()))
    }
}

impl Verify {
    pub(crate) fn run(&self) -> ExitCode {
        let mut out = BufWriter::new(io::stdout().lock());
        let verdict = evidence::verify(&self.dir, &self.captures, |finding| {
            let _ = if self.json { line(finding, &mut out) } else { writeln!(out, "{}", told(finding)) };
        });
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(error) => return fail(&error),
        };
        if self.json {
            let _ = line(&verdict, &mut out);
        } else if !self.quiet {
            let _ = writeln!(out, "{}", summary(&verdict));
        }
        let _ = out.flush();
        ExitCode::from(u8::from(verdict.findings > 0))
    }
}

fn fail(error: &EvidenceError) -> ExitCode {
    complain(&error.to_string());
    ExitCode::from(if error.is_usage() { 2 } else { 1 })
}

fn line(record: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    json::push_line(&mut text, record)?;
    out.write_all(&text)
}

fn told(finding: &Finding) -> String {
    let Finding { what, check, expected, found, .. } = finding;
    printable(&format!("{what}: {check}: expected {expected}, found {found}"))
}

fn summary(verdict: &Verdict) -> String {
    let checked = &verdict.checked;
    let made = match checked.made {
        0 => String::new(),
        made => format!(" ({made} more were inflated or put together, and stand in no packet)"),
    };
    let partial = if verdict.complete { "" } else { "; the run did not come to its end" };
    let findings = match verdict.findings {
        0 => "no differences".to_owned(),
        1 => "1 difference".to_owned(),
        many => format!("{many} differences"),
    };
    format!(
        "{} captures, {} records, {} files, {} bytes of mail compared with their packets{made}: {findings}{partial}",
        checked.captures, checked.records, checked.files, checked.bytes
    )
}

fn show_json(trace: &evidence::Trace, out: &mut impl Write) -> io::Result<()> {
    line(trace, out)?;
    trace.pieces.iter().try_for_each(|piece| line(piece, out))
}

fn show(trace: &evidence::Trace, out: &mut impl Write) -> io::Result<()> {
    let head = &trace.head;
    let sessions = head.sessions.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let complete = if head.complete { "complete" } else { "incomplete" };
    let lines = [
        format!(
            "message {}: {} {}, session {sessions}, client {}, server {}",
            head.message, head.protocol, head.operation, head.client, head.server
        ),
        format!("file {}: {} bytes, {complete}, SHA-256 {}", head.file, head.size, head.sha256),
    ];
    for line in lines {
        writeln!(out, "{}", printable(&line))?;
    }
    for capture in &trace.captures {
        let state = if capture.problem.is_none() { "unchanged" } else { "times are not known" };
        writeln!(out, "{}", printable(&format!("input {}: {}, {state}", capture.input, capture.path)))?;
    }
    let row = |out: &mut dyn Write, cells: [&str; 6]| -> io::Result<()> {
        let [input, frame, at, message, stream, payload] = cells;
        let text = format!("{input:>5} {frame:>9}  {at:<30}  {message:<21}  {stream:<23}  {payload}");
        writeln!(out, "{}", text.trim_end())
    };
    let range = |from: u64, len: u64| format!("{from}..{}", from.saturating_add(len));
    writeln!(out)?;
    row(
        out,
        ["input", "frame", "captured", "bytes of the file", "bytes of the stream", "bytes of the payload"],
    )?;
    for piece in &trace.pieces {
        match piece {
            Piece::Bytes { run, at } => {
                let at = at.map_or_else(|| "-".to_owned(), |at| at.to_string());
                let payload = run.packet_offset.map(|offset| range(offset.into(), run.length));
                let stream = match run.packet_offset {
                    Some(_) => range(run.stream_offset, run.length),
                    None => format!("from {} on", run.stream_offset),
                };
                let cells = [run.packet.input.to_string(), run.packet.frame.to_string()];
                let message = range(run.message_offset, run.length);
                let payload = payload.unwrap_or_else(|| "inflated, or without quotes".to_owned());
                row(out, [&cells[0], &cells[1], &at, &message, &stream, &payload])?;
            }
            Piece::Missing { offset, length: Some(length) } => {
                writeln!(out, "      missing: {length} bytes, at {offset} of the whole message")?;
            }
            Piece::Missing { offset, length: None } => {
                writeln!(out, "      missing: nobody knows how much, at {offset} of the whole message")?;
            }
            Piece::MadeUp { offset, length } => {
                writeln!(out, "      {} made up, to put parts together", range(*offset, *length))?;
            }
            _ => {}
        }
    }
    Ok(())
}
