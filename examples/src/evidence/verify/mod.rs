//! Everything in a folder compared with everything it was made of.
//!
//! ```text
//! files  <- their own names and hashes      files.rs
//! records <- each other, files, counts      messages.rs, references.rs, numbers.rs
//! findings <- the records they are made of   findings.rs
//! bytes of messages <- bytes of packets     runs.rs, compared.rs
//! ```

mod compared;
mod files;
mod findings;
mod messages;
mod numbers;
mod references;
mod runs;

use super::captures::Captures;
use super::records;
use super::{Damaged, EvidenceError};
use crate::record::Text;
use crate::sink::Records;
use files::Files;
use messages::Messages;
use references::References;
use runs::{BATCH, Comparison};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about: a file of the folder, a message, an input.
    pub what: Text,
    /// What was compared.
    pub check: &'static str,
    /// What there should be.
    pub expected: Text,
    /// What there is.
    pub found: Text,
}

impl Finding {
    fn new(
        what: impl Into<Text>,
        check: &'static str,
        expected: impl ToString,
        found: impl ToString,
    ) -> Self {
        let (expected, found) = (Text::from(expected.to_string()), Text::from(found.to_string()));
        Self { what: what.into(), check, expected, found }
    }
}

/// How much was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Checked {
    /// Captures read again.
    pub captures: u64,
    /// Records read.
    pub records: u64,
    /// Files hashed.
    pub files: u64,
    /// Bytes of messages compared with those of packets.
    pub bytes: u64,
    /// Bytes of messages that stand in no packet as they are, and were not compared.
    pub made: u64,
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// How many findings there are.
    pub findings: u64,
    /// Whether the run that wrote the folder came to its end. If not, what it had not written yet is no finding.
    pub complete: bool,
    /// How much was compared.
    pub checked: Checked,
}

/// Where findings go, and how many there were.
struct Teller<'a> {
    tell: &'a mut dyn FnMut(&Finding),
    findings: u64,
    checked: Checked,
}

impl Teller<'_> {
    fn tell(&mut self, finding: &Finding) {
        self.findings += 1;
        (self.tell)(finding);
    }

    fn damaged(&mut self, damaged: &Damaged) {
        let what = format!("{} line {}", damaged.file, damaged.line);
        self.tell(&Finding::new(what, "record", "a record", &damaged.why));
    }

    fn unreadable(&mut self, what: impl Into<Text>, error: &EvidenceError) {
        self.tell(&Finding::new(what, "file", "a file that can be read", error));
    }
}

/// Hashes everything in a folder and compares it with its records and with the captures, which are looked for in
/// `captures`, files and folders, or where they were; tells each difference.
///
/// What is not looked at: whether fields that were read out of a message, such as its subject, are those of its bytes, and
/// where in its stream a message begins; another `extract` shows it. Takes about 150 bytes of memory for each file of the
/// folder, and at most 128 MiB for comparing with packets; captures are read once for each 2 million packets of mail.
///
/// # Errors
///
/// The folder is none that `extract` wrote.
pub fn verify(
    dir: &Path,
    captures: &[PathBuf],
    tell: impl FnMut(&Finding),
) -> Result<Verdict, EvidenceError> {
    in_batches(dir, captures, BATCH, tell)
}

/// Compares so many runs in one reading of the captures.
fn in_batches(
    dir: &Path,
    captures: &[PathBuf],
    batch: usize,
    mut tell: impl FnMut(&Finding),
) -> Result<Verdict, EvidenceError> {
    let summary = records::summary(dir)?;
    let captures = Captures::find(&summary.inputs, captures);
    let mut teller = Teller { tell: &mut tell, findings: 0, checked: Checked::default() };
    let mut references = References::new(dir, &summary);
    references.sessions(dir, &mut teller);
    let mut files = Files::hash(dir, summary.complete, &mut teller);
    let mut comparison = Comparison::new(dir, &summary, &captures, batch);
    Messages::new(summary.complete, &mut files, &mut references, &mut comparison, &mut teller).read(dir);
    let packets = comparison.finish(&mut teller);
    for records in [Records::Logins, Records::Commands, Records::Anomalies] {
        references.others(dir, records, &mut teller);
    }
    references.findings(dir, &mut teller);
    files.finish(&mut teller);
    references.finish(files.attached(), packets, &mut teller);
    // Other records make other findings: they are compared where all else is as it should be.
    if teller.findings == 0 && (summary.complete || summary.stopped) {
        findings::compare(dir, &mut teller)?;
    }
    let Teller { findings, checked, .. } = teller;
    Ok(Verdict { findings, complete: summary.complete, checked })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Options, extract};
    use std::fs;

    /// However few runs are compared at a time, the same is found.
    #[test]
    fn in_any_number_of_readings() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
        let captures = ["s02-swaks-auth.pcap", "p02-apop.pcap"].map(|name| captures.join(name)).to_vec();
        extract(&Options::new(captures, out.clone()), |_| {}).unwrap();
        let check = |batch| {
            let mut findings = Vec::new();
            let verdict = in_batches(&out, &[], batch, |finding| findings.push(finding.clone())).unwrap();
            (verdict, findings)
        };
        let whole = check(BATCH);
        assert_eq!((whole.0.findings, whole.0.checked.bytes > 20_000), (0, true));
        for batch in [1, 2, 7, 30] {
            assert_eq!(check(batch), whole, "{batch}");
        }
        // A byte of each file is changed: each message is told once.
        for file in fs::read_dir(out.join("messages")).unwrap().map(Result::unwrap) {
            let mut bytes = fs::read(file.path()).unwrap();
            bytes[5] ^= 0x20;
            fs::write(file.path(), bytes).unwrap();
        }
        let whole = check(BATCH);
        let told = whole.1.iter().filter(|finding| finding.check == "bytes").count();
        let messages = fs::read_to_string(out.join("messages.jsonl")).unwrap();
        assert_eq!(told, messages.lines().count());
        for batch in [1, 7] {
            assert_eq!(check(batch), whole, "{batch}");
        }
    }
}
