//! From the captures named on the command line to the records and files of the output folder.
//!
//! ```text
//! capture::Inputs -> frames -> Resolver -> Shard (one of a fixed number, by connection) -> Told -> Ledger -> sink
//! ```
//!
//! Fragments are put together before the shards: only the first one of a datagram has the ports.
//! The logical shards have reassemblers, flows and limits of their own, and know nothing of each other; only the
//! ledger gives numbers, in the order of the packets. So the output does not depend on who runs the shards.

mod joins;
mod ledger;
mod packets;
mod shard;
mod wholes;

use crate::capture::{Frame, Inputs, Item, Progress};
use crate::detect::Kind;
use crate::flow::Context;
use crate::record::{Anomaly, Counts, Summary};
use crate::sink::{Folder, SinkError};
use core::time::Duration;
use ledger::Ledger;
use packets::Packets;
use shard::Shard;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub use crate::flow::Secrets;

/// Connections are spread over so many shards, whatever the machine.
const SHARDS: usize = 16;

/// Waits and idle flows are looked after once in so much capture time.
const SWEEP: Duration = Duration::from_secs(10);

/// What to extract and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Captures: files, folders, `-`.
    pub captures: Vec<PathBuf>,
    /// The output folder.
    pub output: PathBuf,
    /// Whether a folder of an earlier run is replaced.
    pub force: bool,
    /// The protocols to look for.
    pub only: Vec<Kind>,
    /// Server ports whose protocol is known.
    pub decode_as: BTreeMap<u16, Kind>,
    /// How secrets are written; `None`: shown in `logins.jsonl`, hashed elsewhere.
    pub secrets: Option<Secrets>,
}

impl Options {
    /// All protocols of these captures into that folder.
    #[must_use]
    pub fn new(captures: Vec<PathBuf>, output: PathBuf) -> Self {
        let decode_as = BTreeMap::new();
        Self { captures, output, force: false, only: Kind::ALL.to_vec(), decode_as, secrets: None }
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
}

/// Runs `extract`. `watch` is called now and then with the progress of reading.
///
/// # Errors
///
/// The output folder cannot be used or written. Inputs that cannot be read are no error: they are told in the
/// [`Outcome`], in `anomalies.jsonl` and in `summary.json`, and what was read is kept.
pub fn extract(options: &Options, mut watch: impl FnMut(&Progress)) -> Result<Outcome, SinkError> {
    // How long it took is said of the run, never of what was found.
    let begun = std::time::Instant::now();
    let folder = Folder::create(&options.output, options.force)?;
    let mut ledger = Ledger::create(&folder)?;
    let mut context = Context {
        folder: folder.clone(),
        secrets_in_logins: options.secrets.unwrap_or(Secrets::Show),
        secrets: options.secrets.unwrap_or(Secrets::Hash),
        only: options.only.clone(),
        decode_as: options.decode_as.clone(),
        digits: Vec::new(),
    };
    let mut shards: Vec<Shard> = (0..SHARDS).map(|number| Shard::new(number, SHARDS)).collect();
    let mut resolved = Packets::default();
    let mut losses = Vec::new();
    let mut packets = 0_u64;
    let mut swept = Duration::ZERO;

    // Somebody may be watching while the capture is still being written.
    let live = options.captures.iter().any(|capture| capture.as_os_str() == "-");
    let mut inputs = Inputs::open(&options.captures);
    let progress = inputs.progress();
    while let Some(item) = inputs.next() {
        let frame = match item {
            Item::Frame(frame) => frame,
            Item::Damage(damage) => {
                ledger.anomaly(Anomaly::from(&damage))?;
                if damage.kind.is_loss() {
                    let path = inputs.reports().iter().find(|report| report.input == damage.input);
                    let path = path.map(|report| report.path.display().to_string()).unwrap_or_default();
                    losses.push(format!("{path}: {}", damage.kind));
                }
                continue;
            }
        };
        packets += 1;
        if packets.is_multiple_of(WATCHED) {
            watch(&progress);
        }
        note_precision(&mut context.digits, &frame);
        let at = frame.at;
        for segment in resolved.push(&frame, &context, &mut ledger)? {
            if let Some(shard) = shards.get_mut(shard::of(&segment, SHARDS)) {
                shard.push(segment, &context)?;
                ledger.write(shard)?;
                if live {
                    ledger.flush()?;
                }
            }
        }
        if at > swept + SWEEP || at + SWEEP < swept {
            swept = at;
            resolved.expire(at, &context, &mut ledger)?;
            for shard in &mut shards {
                shard.expire(at, &context)?;
                ledger.write(shard)?;
            }
        }
    }
    for shard in &mut shards {
        shard.finish(&context)?;
        ledger.write(shard)?;
    }
    resolved.finish(&context, &mut ledger)?;
    watch(&progress);

    let mut counts = ledger.close(&context)?;
    counts.packets = packets;
    let mut summary = Summary::new(shown(options));
    summary.inputs = inputs.reports().iter().map(Into::into).collect();
    summary.skipped = inputs.skipped().iter().map(Into::into).collect();
    summary.counts = counts;
    summary.complete = true;
    summary.time_taken = Some(begun.elapsed().as_secs_f64());
    folder.write_summary(&summary)?;
    Ok(Outcome { counts, losses })
}

/// So many packets pass between two looks at the progress.
const WATCHED: u64 = 4096;

fn note_precision(digits: &mut Vec<u8>, frame: &Frame) {
    let Ok(input) = usize::try_from(frame.input) else { return };
    if digits.len() <= input {
        digits.resize(input + 1, 6);
    }
    if let Some(digits) = digits.get_mut(input) {
        *digits = frame.precision.digits();
    }
}

/// The options as `summary.json` shows them.
fn shown(options: &Options) -> serde_json::Map<String, serde_json::Value> {
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
    map
}
