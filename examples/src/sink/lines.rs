//! Files of one record a line.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{SinkError, json, system};

/// Written when so much is collected.
const BUFFER: usize = 64 * 1024;

/// A process that is killed in the middle of a write may leave it cut at the end of such a page of the file.
const PAGE: u64 = 4096;

/// Writes records, one a line. Whole lines are collected and written together; a write that fails half-way is taken
/// back, so that the file always ends with a line. Dropping it writes what is collected, without telling errors.
///
/// No write goes over the end of a page of the file but for a line that does so by itself: only such a line can be cut
/// when the process is killed, and only while it is written.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// Size of the file.
    written: u64,
    lines: u64,
}

impl JsonLines {
    /// Creates the file, which must not be there yet.
    ///
    /// # Errors
    ///
    /// [`SinkError::Io`].
    pub fn create(path: &Path) -> Result<Self, SinkError> {
        let file = system::create_file(path).map_err(SinkError::io("create", path))?;
        Ok(Self { path: path.to_owned(), file, buffer: Vec::new(), written: 0, lines: 0 })
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// The record cannot be written as JSON: it is left out. Or the file cannot be written: what is collected is tried
    /// again with the next call.
    pub fn write(&mut self, record: &impl Serialize) -> Result<(), SinkError> {
        json::push_line(&mut self.buffer, record)
            .map_err(|error| SinkError::Record { path: self.path.clone(), error })?;
        self.lines += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Writes what is collected.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        let mut done = 0;
        let mut result = Ok(());
        while let Some(rest) = self.buffer.get(done..).filter(|rest| !rest.is_empty()) {
            let lines = page(rest, self.written);
            if let Err(error) = self.file.write_all(lines) {
                // Half a line is worse than none. Where even that fails, the first error is the one to tell.
                let _ = self.file.set_len(self.written);
                result = Err(SinkError::io("write", &self.path)(error));
                break;
            }
            self.written += lines.len() as u64;
            done += lines.len();
        }
        self.buffer.drain(..done);
        result
    }

    /// How many records were added.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }
}

/// The lines at the front that end in the page where the file, of this size, goes on; or one that is longer.
fn page(lines: &[u8], size: u64) -> &[u8] {
    let room = usize::try_from(PAGE - size % PAGE).unwrap_or(usize::MAX);
    let Some(page) = lines.get(..room) else { return lines };
    let end = memchr::memrchr(b'\n', page).or_else(|| memchr::memchr(b'\n', lines));
    end.and_then(|end| lines.get(..=end)).unwrap_or(lines)
}

impl Drop for JsonLines {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn whole_lines_when_asked_and_when_full() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines.jsonl");
        let mut lines = JsonLines::create(&path).unwrap();
        lines.write(&"one").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
        lines.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "\"one\"\n");
        let long = "x".repeat(BUFFER);
        lines.write(&long).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("\"one\"\n\"{long}\"\n"));
        lines.write(&3).unwrap();
        assert_eq!(lines.lines(), 3);
        drop(lines);
        assert!(fs::read_to_string(&path).unwrap().ends_with("\n3\n"));
        let error = JsonLines::create(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot create {}: ", path.display())), "{error}");
    }

    #[test]
    fn writes_end_with_a_line_and_in_a_page() {
        let line = |len: usize| [vec![b'x'; len - 1], vec![b'\n']].concat();
        for (size, lens, expected) in [
            (0, &[10, 20][..], 30),
            (0, &[4096, 10], 4096),
            (0, &[4000, 96, 10], 4096),
            (0, &[4000, 97, 10], 4000),
            (4000, &[97, 10], 97),
            (4000, &[96, 10], 96),
            (4095, &[1, 10], 1),
            (100, &[10_000, 10], 10_000),
        ] {
            let lines: Vec<u8> = lens.iter().flat_map(|len| line(*len)).collect();
            assert_eq!(page(&lines, size).len(), expected, "{size} {lens:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_with_the_path() {
        let file = fs::OpenOptions::new().append(true).open("/dev/full").unwrap();
        let mut lines =
            JsonLines { path: "out/x.jsonl".into(), file, buffer: Vec::new(), written: 0, lines: 0 };
        lines.write(&1).unwrap();
        let error = lines.flush().unwrap_err().to_string();
        assert!(error.starts_with("cannot write out/x.jsonl: No space left"), "{error}");
    }
}
