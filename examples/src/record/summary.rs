//! `summary.json`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Code, Text};
use crate::capture::{Compression, Damage, Report, Skipped};

/// What `summary.json` says wrote the folder.
pub const TOOL: &str = "mailtap";

/// What was read, how, and how much came of it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Always [`TOOL`]: a folder whose summary says so may be replaced.
    pub tool: Code,
    /// Version of the tool.
    pub version: String,
    /// False while a run goes on, and for good when it died or was stopped.
    pub complete: bool,
    /// The user stopped the run; what had been read until then is there.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub stopped: bool,
    /// The captures by number.
    pub inputs: Vec<Input>,
    /// Files of folders that are no captures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedFile>,
    /// The options of the run.
    pub options: Map<String, Value>,
    /// How much there is of everything.
    pub counts: Counts,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_taken: Option<f64>,
    /// Bytes of the captures, as stored, in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<f64>,
}

impl Summary {
    /// The summary of a run that has just begun.
    #[must_use]
    pub fn new(options: Map<String, Value>) -> Self {
        Self {
            tool: Code::Borrowed(TOOL),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            complete: false,
            stopped: false,
            inputs: Vec::new(),
            skipped: Vec::new(),
            options,
            counts: Counts::default(),
            time_taken: None,
            bytes_per_second: None,
        }
    }
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Lines of `sessions.jsonl`.
    pub sessions: u64,
    /// Lines of `messages.jsonl`.
    pub messages: u64,
    /// Lines of `logins.jsonl`.
    pub logins: u64,
    /// Lines of `commands.jsonl`.
    pub commands: u64,
    /// Lines of `anomalies.jsonl`.
    pub anomalies: u64,
    /// Lines of `findings.jsonl`.
    #[serde(default)]
    pub findings: u64,
    /// Parts written to `attachments`.
    pub attachments: u64,
    /// Frames read, of whatever content.
    pub packets: u64,
}

/// A capture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Input {
    /// Its number, from 1.
    pub input: u32,
    /// The path as it was given; `-` is standard input.
    pub path: Text,
    /// Bytes as stored; absent when it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 of these bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// `pcap`, `pcap-nano` or `pcapng`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Code>,
    /// `gzip` or `zstd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Code>,
    /// How many frames it gave.
    pub frames: u64,
    /// What could not be read of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<InputDamage>,
}

impl From<&Report> for Input {
    fn from(report: &Report) -> Self {
        Self {
            input: report.input,
            path: Text::from(report.path.to_string_lossy().into_owned()),
            size: report.digest.map(|digest| digest.size),
            sha256: report.digest.map(|digest| super::hex(&digest.sha256)),
            format: report.format.map(|format| format.word().into()),
            compression: match report.compression {
                Some(Compression::Gzip) => Some("gzip".into()),
                Some(Compression::Zstd) => Some("zstd".into()),
                Some(Compression::None) | None => None,
            },
            frames: report.frames,
            damage: report.damage.iter().map(InputDamage::from).collect(),
        }
    }
}

/// A place of a capture that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct InputDamage {
    /// Stable kebab-case identifier, as in `anomalies.jsonl`.
    pub code: Code,
    /// Where in the uncompressed file.
    pub offset: u64,
    /// How many bytes were left out.
    pub skipped: u64,
    /// Number of the last frame in front of it, 0 when there is none.
    pub frame: u64,
    /// What exactly.
    pub detail: Text,
}

impl From<&Damage> for InputDamage {
    fn from(damage: &Damage) -> Self {
        Self {
            code: damage.kind.code().into(),
            offset: damage.offset,
            skipped: damage.skipped,
            frame: damage.frame,
            detail: Text::from(damage.kind.to_string()),
        }
    }
}

/// A file of a folder that is no capture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct SkippedFile {
    /// The file.
    pub path: Text,
    /// Why it was left out.
    pub why: Text,
}

impl From<&Skipped> for SkippedFile {
    fn from(skipped: &Skipped) -> Self {
        Self {
            path: Text::from(skipped.path.to_string_lossy().into_owned()),
            why: Text::from(skipped.why.clone()),
        }
    }
}
