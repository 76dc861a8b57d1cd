//! From the captures named on the command line to the records and files of the output folder.
//!
//! ```text
//! capture::Inputs -> frames -> Resolver -> Shard (one of a fixed number, by connection) -> Told -> Audience
//! ```
//!
//! Fragments are put together before the shards: only the first one of a datagram has the ports.
//! The logical shards have reassemblers, flows and limits of their own, and know nothing of each other; only the
//! audience gives numbers, in the order of the packets. So the output does not depend on how many threads run the
//! shards.

mod feed;
mod joins;
mod ledger;
mod narrator;
pub(crate) mod packets;
mod run;
mod shard;
mod wholes;
mod worker;

use crate::capture::Progress;
use crate::detect::Kind;
use crate::findings;
use crate::flow::Context;
use crate::record::{Counts, Summary};
use crate::sink::{Folder, SinkError};
use core::time::Duration;
use ledger::Ledger;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use crate::flow::Secrets;
pub use narrator::{Form, Narrated, follow, log, logins};

/// Connections are spread over so many shards, whatever the machine.
const SHARDS: usize = 16;

/// Waits and idle flows are looked after once in so much capture time.
pub(crate) const SWEEP: Duration = Duration::from_secs(10);

/// A wish to stop: what was read so far is written, and the run ends. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the run to stop; it does within some 100 ms.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What to read and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reading {
    /// Captures: files, folders, `-`.
    pub captures: Vec<PathBuf>,
    /// The protocols to look for.
    pub only: Vec<Kind>,
    /// Server ports whose protocol is known.
    pub decode_as: BTreeMap<u16, Kind>,
    /// How secrets are written; `None`: shown among logins, hashed elsewhere.
    pub secrets: Option<Secrets>,
    /// Threads among which the connections are divided, 1 to 16; the output does not depend on it.
    pub workers: u16,
    /// For stopping early.
    pub stop: Stop,
    /// How much memory TCP data may take.
    pub memory: Memory,
}

/// Bounds of the TCP data of all connections, in bytes. Each of 16 groups of connections has its share, so that the
/// output does not depend on the number of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// What waits for missing packets. Beyond it the missing ones are given up. 256 MiB if nothing else is said.
    pub held: usize,
    /// What was delivered and is kept to compare retransmissions with. Beyond it less is compared. 64 MiB if nothing
    /// else is said.
    pub compared: usize,
}

impl Default for Memory {
    fn default() -> Self {
        let tcp_reassembly::Config { max_held_total, max_replay_total, .. } =
            tcp_reassembly::Config::default();
        Self { held: max_held_total, compared: max_replay_total }
    }
}

impl Reading {
    /// All protocols of these captures, with one worker.
    #[must_use]
    pub fn new(captures: Vec<PathBuf>) -> Self {
        Self {
            captures,
            only: Kind::ALL.to_vec(),
            decode_as: BTreeMap::new(),
            secrets: None,
            workers: 1,
            stop: Stop::default(),
            memory: Memory::default(),
        }
    }

    fn context(&self, folder: Folder, secrets_in_logins: Secrets) -> Context {
        Context {
            folder,
            secrets_in_logins: self.secrets.unwrap_or(secrets_in_logins),
            secrets: self.secrets.unwrap_or(Secrets::Hash),
            only: self.only.clone(),
            decode_as: self.decode_as.clone(),
            tapped: false,
            digits: Vec::new(),
        }
    }
}

/// What to extract and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// What is read.
    pub reading: Reading,
    /// The output folder.
    pub output: PathBuf,
    /// Whether a folder of an earlier run is replaced.
    pub force: bool,
    /// What the rules of findings compare with.
    pub rules: findings::Config,
}

impl Options {
    /// All protocols of these captures into that folder.
    #[must_use]
    pub fn new(captures: Vec<PathBuf>, output: PathBuf) -> Self {
        Self { reading: Reading::new(captures), output, force: false, rules: findings::Config::default() }
    }
}

/// What a run came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// How many of each.
    pub counts: Counts,
    /// Inputs, or places in them, that could not be read; empty if all was read.
    pub losses: Vec<String>,
    /// It was asked to stop before all was read.
    pub stopped: bool,
}

/// Runs `extract`. `watch` is called now and then with the progress of reading.
///
/// # Errors
///
/// The output folder cannot be used or written. Inputs that cannot be read are no error: they are told in the
/// [`Outcome`], in `anomalies.jsonl` and in `summary.json`, and what was read is kept.
pub fn extract(options: &Options, watch: impl FnMut(&Progress)) -> Result<Outcome, SinkError> {
    // How long it took is said of the run, never of what was found.
    let begun = std::time::Instant::now();
    let folder = Folder::create(&options.output, options.force)?;
    let context = options.reading.context(folder.clone(), Secrets::Show);
    let mut ledger = Ledger::create(context.clone(), options.rules.clone())?;
    let read = run::run(&options.reading, &context, &mut ledger, watch)?;
    let mut counts = ledger.close()?;
    counts.packets = read.packets;
    let mut summary = Summary::new(shown(options));
    summary.inputs = read.reports.iter().map(Into::into).collect();
    summary.skipped = read.skipped.iter().map(Into::into).collect();
    summary.counts = counts;
    summary.complete = !read.stopped;
    summary.stopped = read.stopped;
    let seconds = begun.elapsed().as_secs_f64();
    // So many digits are read back as the same number.
    summary.time_taken = Some((seconds * 1000.0).round() / 1000.0);
    let bytes: u64 = summary.inputs.iter().filter_map(|input| input.size).sum();
    #[expect(clippy::cast_precision_loss, reason = "a speed needs no more digits than that")]
    let speed = bytes as f64 / seconds;
    summary.bytes_per_second = Some(speed.round()).filter(|speed| speed.is_finite());
    folder.write_summary(&summary)?;
    Ok(Outcome { counts, losses: read.losses, stopped: read.stopped })
}

/// The options as `summary.json` shows them: those that the output depends on.
fn shown(options: &Options) -> serde_json::Map<String, serde_json::Value> {
    let Options { reading: options, rules, .. } = options;
    let words =
        |kinds: &[Kind]| kinds.iter().map(|kind| kind.word().into()).collect::<Vec<serde_json::Value>>();
    let mut map = serde_json::Map::new();
    map.insert("only".to_owned(), words(&options.only).into());
    for (port, kind) in &options.decode_as {
        let ports = map.entry("decode_as").or_insert_with(|| serde_json::Map::new().into());
        if let Some(ports) = ports.as_object_mut() {
            ports.insert(port.to_string(), kind.word().into());
        }
    }
    if let Some(secrets) = options.secrets {
        let word = match secrets {
            Secrets::Show => "show",
            Secrets::Hash => "hash",
            Secrets::Omit => "omit",
        };
        map.insert("secrets".to_owned(), word.into());
    }
    // All of them: nobody has to know what they were by default in that version.
    map.insert("thresholds".to_owned(), rules.thresholds.to_options().into());
    map
}
