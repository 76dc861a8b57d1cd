//! The findings, made again out of the records.

use super::super::{EvidenceError, Folder};
use super::{Finding, Teller};
use crate::findings::{Config, Observer, Thresholds};
use crate::record;
use crate::sink::Records;
use std::path::Path;

/// So many findings that differ are told one by one.
const TOLD: u64 = 10;

/// Compares what the rules of this version find in the records with what the run found; one by another version may have had
/// other rules.
pub(super) fn compare(dir: &Path, teller: &mut Teller<'_>) -> Result<(), EvidenceError> {
    let folder = Folder::open(dir)?;
    let summary = folder.summary();
    if summary.version != env!("CARGO_PKG_VERSION") {
        return Ok(());
    }
    let mut config = Config::default();
    if let Some(options) = summary.options.get("thresholds").and_then(serde_json::Value::as_object) {
        config.thresholds = Thresholds::from_options(options);
    }
    let mut observer = Observer::new(config);
    // A line that is no record was told before.
    folder.logins()?.flatten().for_each(|login| observer.login(&login));
    folder.messages()?.flatten().for_each(|message| observer.message(&message));
    folder.anomalies()?.flatten().for_each(|anomaly| observer.anomaly(&anomaly));
    folder.sessions()?.flatten().for_each(|session| observer.session(&session));
    let mut expected = observer.finish().into_iter();
    let mut found = folder.findings()?.flatten();
    let (mut line, mut told) = (0_u64, 0);
    loop {
        line += 1;
        let (expected, found) = (expected.next(), found.next());
        if expected.is_none() && found.is_none() {
            return Ok(());
        }
        if expected != found && told < TOLD {
            told += 1;
            let what = format!("{} line {line}", Records::Findings.file_name());
            teller.tell(&Finding::new(what, "finding", named(expected.as_ref()), named(found.as_ref())));
        }
    }
}

/// The record, as it is written.
fn named(finding: Option<&record::Finding>) -> String {
    let written = finding.and_then(|finding| serde_json::to_string(finding).ok());
    written.unwrap_or_else(|| "none".to_owned())
}
