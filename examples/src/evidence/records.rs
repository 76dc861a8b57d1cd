//! The records as they are read again: of each what is needed to follow it to files and packets.

use super::{EvidenceError, lines};
use crate::record::{Run, Summary, TOOL};
use core::fmt;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fs;
use std::io::Read as _;
use std::path::Path;

const SUMMARY: &str = "summary.json";

/// No honest summary is larger.
const MAX_SUMMARY: u64 = 256 << 20;

/// The summary of a folder that `extract` wrote.
pub(super) fn summary(dir: &Path) -> Result<Summary, EvidenceError> {
    if !fs::metadata(dir).is_ok_and(|meta| meta.is_dir()) {
        return Err(EvidenceError::NotAFolder(dir.to_owned()));
    }
    let path = dir.join(SUMMARY);
    let not_ours = |why: String| EvidenceError::NotOurs { path: path.clone(), why };
    if fs::symlink_metadata(&path).is_err() {
        return Err(not_ours("there is no summary.json".to_owned()));
    }
    let mut text = Vec::new();
    let mut file = lines::open(dir, SUMMARY)?.take(MAX_SUMMARY + 1);
    file.read_to_end(&mut text).map_err(EvidenceError::io("read", &path))?;
    if text.len() as u64 > MAX_SUMMARY {
        return Err(not_ours("it is no summary".to_owned()));
    }
    let summary: Summary = serde_json::from_slice(&text).map_err(|error| not_ours(error.to_string()))?;
    if summary.tool != TOOL {
        return Err(not_ours("it does not name the tool".to_owned()));
    }
    // Everywhere else they are named by number.
    if (1..).zip(&summary.inputs).any(|(number, input)| input.input != number) {
        return Err(not_ours("its inputs are not numbered from 1".to_owned()));
    }
    Ok(summary)
}

/// A line of `messages.jsonl`.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) message: u64,
    pub(super) session: Option<u64>,
    #[serde(default)]
    pub(super) sources: Vec<Source>,
    #[serde(default)]
    pub(super) via: Vec<String>,
    pub(super) protocol: String,
    pub(super) operation: String,
    pub(super) client: String,
    pub(super) server: String,
    #[serde(default)]
    pub(super) packets: Vec<Stretch>,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) md5: String,
    pub(super) sha256_trimmed: String,
    pub(super) file: String,
    pub(super) complete: bool,
    #[serde(default)]
    pub(super) missing: Vec<Missing>,
    #[serde(default)]
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Source {
    pub(super) session: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Stretch {
    pub(super) input: u32,
    pub(super) first: u64,
    pub(super) last: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Missing {
    pub(super) offset: u64,
    pub(super) length: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Part {
    pub(super) path: String,
    pub(super) file: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) sha256: Option<String>,
    pub(super) md5: Option<String>,
}

/// A line of `sessions.jsonl`.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) session: u64,
    #[serde(default)]
    pub(super) messages: Vec<u64>,
    #[serde(default)]
    pub(super) packets: Vec<Stretch>,
}

/// What a login, a command or an anomaly refers to.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) session: Option<u64>,
    pub(super) message: Option<u64>,
    pub(super) packet: Option<Packet>,
}

/// What a finding refers to.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) packet: Option<Packet>,
    #[serde(default)]
    pub(super) packets: Vec<Stretch>,
    #[serde(default)]
    pub(super) sessions: Vec<u64>,
    #[serde(default)]
    pub(super) messages: Vec<u64>,
    #[serde(default)]
    pub(super) logins: Vec<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Packet {
    pub(super) input: u32,
}

/// Takes the runs of a line of `provenance.jsonl`, however many there are.
pub(super) trait TakeRuns {
    /// The runs of this message follow; whether they are wanted.
    fn message(&mut self, number: u64) -> bool;
    /// The next run.
    fn run(&mut self, run: Run);
}

/// Reads a line of `provenance.jsonl`, and returns the number of its message.
pub(super) struct ProvenanceLine<'a, T>(pub(super) &'a mut T);

impl<'de, T: TakeRuns> DeserializeSeed<'de> for ProvenanceLine<'_, T> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: TakeRuns> Visitor<'de> for ProvenanceLine<'_, T> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record of provenance")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let mut message = None;
        let mut wanted = false;
        let mut had_runs = false;
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Message if message.is_some() => return Err(A::Error::duplicate_field("message")),
                Key::Message => {
                    let number = map.next_value()?;
                    message = Some(number);
                    wanted = self.0.message(number);
                }
                Key::Runs if had_runs => return Err(A::Error::duplicate_field("runs")),
                // Whose runs they are has to be known before they come.
                Key::Runs if message.is_none() => return Err(A::Error::missing_field("message")),
                Key::Runs => {
                    had_runs = true;
                    if wanted {
                        map.next_value_seed(Runs(&mut *self.0))?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let message = message.ok_or_else(|| A::Error::missing_field("message"))?;
        if had_runs { Ok(message) } else { Err(A::Error::missing_field("runs")) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Message,
    Runs,
    #[serde(other)]
    Other,
}

struct Runs<'a, T>(&'a mut T);

impl<'de, T: TakeRuns> DeserializeSeed<'de> for Runs<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: TakeRuns> Visitor<'de> for Runs<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of runs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(run) = list.next_element()? {
            self.0.run(run);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Place;

    #[derive(Debug, Default, PartialEq)]
    struct Taken(Vec<u64>, Vec<Run>);

    impl TakeRuns for Taken {
        fn message(&mut self, number: u64) -> bool {
            self.0.push(number);
            number != 9
        }

        fn run(&mut self, run: Run) {
            self.1.push(run);
        }
    }

    fn read(text: &str) -> Result<Taken, String> {
        let mut taken = Taken::default();
        let mut text = serde_json::Deserializer::from_str(text);
        ProvenanceLine(&mut taken).deserialize(&mut text).map_err(|error| error.to_string())?;
        Ok(taken)
    }

    #[test]
    fn runs_are_read_as_they_are_written() {
        let runs = vec![
            Run::new(0, 117, 332, Place::new(1, 17), 4),
            Run::made(332, 449, 100, Place::new(2, u64::MAX)),
        ];
        let text = serde_json::to_string(&crate::record::Provenance::new(3, runs.clone())).unwrap();
        assert_eq!(read(&text), Ok(Taken(vec![3], runs)));
        assert_eq!(read(r#"{"message":9,"runs":["what"],"more":{}}"#), Ok(Taken(vec![9], Vec::new())));
        for (text, why) in [
            (r#"{"runs":[],"message":1}"#, "missing field `message`"),
            (r#"{"message":1}"#, "missing field `runs`"),
            (r#"{"message":1,"message":2,"runs":[]}"#, "duplicate field `message`"),
            (r#"{"message":1,"runs":[],"runs":[]}"#, "duplicate field `runs`"),
            (r#"{"message":1,"runs":[[1,2,3,4]]}"#, "invalid length 4"),
            (r#"{"message":1,"runs":[[1,2,3,4,5,6,7]]}"#, "invalid length 7"),
            (r#"{"message":1,"runs":[[1,2,3,4294967296,5,6]]}"#, "no such input"),
            (r#"{"message":1,"runs":[[1,2,3,4,5,-6]]}"#, "invalid value: integer `-6`"),
            (r#"{"message":1,"runs":[[18446744073709551615,2,3,4,5,6]]}"#, "a run that has no end"),
            (r#"[1]"#, "invalid type: sequence"),
        ] {
            let got = read(text).unwrap_err();
            assert!(got.starts_with(why), "{text}: {got}");
        }
    }
}
