//! What is stored of a message, once more: as part of another reading of it.

use crate::message::Message;
use crate::record::Run;
use crate::sink::SinkError;
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// The file is read in pieces of this size.
const BLOCK: u64 = 64 << 10;

/// Pushes a stretch of the file, which came from these runs, as the content of a message that has none yet.
pub(super) fn copy(
    message: &mut Message,
    path: &Path,
    runs: &[(Run, Duration)],
    stretch: Range<u64>,
) -> Result<(), SinkError> {
    let read = |from: u64, len: u64| -> std::io::Result<Bytes> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(len).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    };
    let Range { start, end } = stretch;
    let mut from = start;
    while from < end {
        let content = read(from, BLOCK.min(end - from)).map_err(SinkError::io("read", path))?;
        if content.is_empty() {
            break;
        }
        let to = from + content.len() as u64;
        message.push_runs(content, clipped(runs, from..to, start))?;
        from = to;
    }
    Ok(())
}

/// The runs of a stretch of the file, counted from `start`.
fn clipped(
    runs: &[(Run, Duration)],
    stretch: Range<u64>,
    start: u64,
) -> impl Iterator<Item = (Run, Duration)> + '_ {
    let at = stretch.start - start;
    runs.iter().filter_map(move |(run, time)| Some((run.within(&stretch, at)?, *time)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Place;

    #[test]
    fn runs_are_clipped_and_counted_anew() {
        let place = |frame| Place::new(1, frame);
        let runs = [
            (Run::new(0, 100, 10, place(1), 5), Duration::ZERO),
            (Run::new(10, 110, 10, place(2), 0), Duration::ZERO),
        ];
        let got: Vec<Run> = clipped(&runs, 7..13, 5).map(|(run, _)| run).collect();
        assert_eq!(got, [Run::new(2, 107, 3, place(1), 12), Run::new(5, 110, 3, place(2), 0)]);
    }
}
