//! The parts that only other readings of a stored message find.

use super::parts::Parts;
use super::{MAX_ANOMALIES, MimeAnomaly};
use crate::record::Missing;
use crate::sink::{SinkError, Stored};
use mime_extract::{Anomaly, Config, candidates};
use std::fs;

/// Reads the stored message in every other way and adds what is new to its parts. A message over the limit is not read.
pub(super) fn add(
    parts: &mut Parts,
    stored: &Stored,
    missing: &[Missing],
    anomalies: &mut Vec<MimeAnomaly>,
) -> Result<(), SinkError> {
    // Where nothing is kept, nothing can be read again.
    if stored.path.as_os_str().is_empty() {
        return Ok(());
    }
    let config = Config::default();
    let gaps: Vec<_> = missing.iter().map(|hole| (hole.offset, hole.length)).collect();
    let capped = if stored.size > config.candidate_limit() as u64 {
        Some(Anomaly::ReadingsCapped { what: "size" })
    } else {
        let bytes = fs::read(&stored.path).map_err(SinkError::io("read", &stored.path))?;
        let mut found = candidates(bytes.into(), &gaps, &config);
        for candidate in found.by_ref() {
            parts.candidate(&candidate)?;
        }
        found.capped()
    };
    if let Some(anomaly) = capped.filter(|_| anomalies.len() < MAX_ANOMALIES) {
        anomalies.push(MimeAnomaly::new(&anomaly, 0));
    }
    Ok(())
}
