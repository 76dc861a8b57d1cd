//! What is told, as lines for a person or a program to read while the captures are read: nothing is kept.
//!
//! In text, fields are parted by tabs, and nothing from the wire can be taken for more than text: see [`line`]. As JSON,
//! each line is a record as `extract` writes it, with its kind in front where there are several.

mod follow;
mod line;

use super::Reading;
use super::run::{self, Audience};
use crate::capture::Progress;
use crate::flow::{Opening, Secrets, Told};
use crate::record::Anomaly;
use crate::sink::{Folder, SinkError, json};
use follow::Follow;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use tcp_reassembly::FlowId;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Form {
    /// Fields parted by tabs.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What a run came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Narrated {
    /// How many sessions there are.
    pub sessions: u64,
    /// How many lines were written.
    pub lines: u64,
    /// Inputs, or places in them, that could not be read; empty if all was read.
    pub losses: Vec<String>,
    /// It was asked to stop before all was read.
    pub stopped: bool,
}

/// Writes a line for each command, reply, login, message and anomaly. Secrets are hashed if nothing else is asked for.
///
/// # Errors
///
/// The lines cannot be written.
pub fn log(
    reading: &Reading,
    form: Form,
    to: impl Write + Send,
    watch: impl FnMut(&Progress),
) -> Result<Narrated, SinkError> {
    narrate(reading, form, Subject::Log, Secrets::Hash, to, watch)
}

/// Writes a line for each login. Secrets are shown if nothing else is asked for.
///
/// # Errors
///
/// The lines cannot be written.
pub fn logins(
    reading: &Reading,
    form: Form,
    to: impl Write + Send,
    watch: impl FnMut(&Progress),
) -> Result<Narrated, SinkError> {
    narrate(reading, form, Subject::Logins, Secrets::Show, to, watch)
}

/// Writes the two directions of a session as text, with what is missing or encrypted; secrets are in it. Reads no
/// further than the end of the session.
///
/// # Errors
///
/// The lines cannot be written.
pub fn follow(
    reading: &Reading,
    session: u64,
    form: Form,
    to: impl Write + Send,
    watch: impl FnMut(&Progress),
) -> Result<Narrated, SinkError> {
    let subject = Subject::Follow(session, Box::default());
    narrate(reading, form, subject, Secrets::Show, to, watch)
}

fn narrate(
    reading: &Reading,
    form: Form,
    subject: Subject,
    secrets: Secrets,
    to: impl Write + Send,
    watch: impl FnMut(&Progress),
) -> Result<Narrated, SinkError> {
    let mut context = reading.context(Folder::nowhere(), secrets);
    context.tapped = matches!(subject, Subject::Follow(..));
    let mut reading = reading.clone();
    // A followed session that is over ends the run, which nobody has asked to stop.
    let asked = core::mem::take(&mut reading.stop);
    let done = reading.stop.clone();
    let mut narrator = Narrator {
        out: Lines { to, form, buffer: Vec::new(), lines: 0 },
        subject,
        sessions: 0,
        open: BTreeMap::new(),
        done: done.clone(),
    };
    let mut watch = watch;
    let read = run::run(&reading, &context, &mut narrator, |progress| {
        if asked.is_asked() {
            done.ask();
        }
        watch(progress);
    })?;
    narrator.flush()?;
    let Narrator { out, sessions, .. } = narrator;
    Ok(Narrated { sessions, lines: out.lines, losses: read.losses, stopped: asked.is_asked() })
}

/// What is written of all that is told.
#[derive(Debug)]
enum Subject {
    Log,
    Logins,
    Follow(u64, Box<Follow>),
}

/// Lines on their way out.
#[derive(Debug)]
struct Lines<W> {
    to: W,
    form: Form,
    buffer: Vec<u8>,
    lines: u64,
}

/// Written when so much is collected.
const BUFFER: usize = 64 << 10;

impl<W: Write> Lines<W> {
    /// A line of these fields, without control characters.
    fn text(&mut self, fields: &[&str]) -> Result<(), SinkError> {
        self.buffer.extend_from_slice(fields.join("\t").as_bytes());
        self.buffer.push(b'\n');
        self.written()
    }

    fn json(&mut self, record: &impl Serialize) -> Result<(), SinkError> {
        json::push_line(&mut self.buffer, record)
            .map_err(|error| SinkError::Record { path: Path::new(OUTPUT).to_owned(), error })?;
        self.written()
    }

    fn written(&mut self) -> Result<(), SinkError> {
        self.lines += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let written = self.to.write_all(&self.buffer).and_then(|()| self.to.flush());
        self.buffer.clear();
        written.map_err(SinkError::io("write to", Path::new(OUTPUT)))
    }
}

/// What errors call the place to which lines go.
const OUTPUT: &str = "the output";

/// A record among records of other kinds.
#[derive(Serialize)]
struct Tagged<'a, T> {
    record: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

/// Gives the sessions their numbers, and writes what is asked for.
#[derive(Debug)]
struct Narrator<W> {
    out: Lines<W>,
    subject: Subject,
    sessions: u64,
    /// The sessions that are not over.
    open: BTreeMap<(usize, FlowId), (u64, Opening)>,
    /// Asked to stop when nothing more is wanted.
    done: super::Stop,
}

impl<W: Write + Send> Audience for Narrator<W> {
    fn told(&mut self, flow: (usize, FlowId), told: Told) -> Result<(), SinkError> {
        if let Told::Recognised(opening) = told {
            self.sessions += 1;
            self.open.insert(flow, (self.sessions, *opening));
            return Ok(());
        }
        let over = matches!(told, Told::Session(_));
        let Some((session, opening)) = self.open.get(&flow) else { return Ok(()) };
        match &mut self.subject {
            Subject::Log => self.out.log(*session, opening, told)?,
            Subject::Logins => {
                if let Told::Login(login) = told {
                    self.out.login(*session, opening, *login)?;
                }
            }
            Subject::Follow(wanted, follow) if wanted == session => {
                if let Told::Stretch(stretch) = told {
                    follow.stretch(&stretch, &mut self.out)?;
                }
                if over {
                    follow.end(&mut self.out)?;
                    self.done.ask();
                }
            }
            Subject::Follow(..) => {}
        }
        if over {
            self.open.remove(&flow);
        }
        Ok(())
    }

    fn anomaly(&mut self, anomaly: Anomaly) -> Result<(), SinkError> {
        if matches!(self.subject, Subject::Log) { self.out.anomaly(None, None, &anomaly) } else { Ok(()) }
    }

    fn precision(&mut self, _: u32, _: u8) {}

    fn flush(&mut self) -> Result<(), SinkError> {
        self.out.flush()
    }
}
