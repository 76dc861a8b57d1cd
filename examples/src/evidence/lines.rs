//! Files of records, read line by line. Whoever wrote them, they cost no memory to speak of.

use super::{Damaged, EvidenceError};
use crate::sink::Records;
use serde::de::{DeserializeOwned, DeserializeSeed};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::marker::PhantomData;
use std::path::Path;

/// No honest record is longer, but for the runs of a message, which are never held as text.
const MAX_LINE: u64 = 256 << 20;

/// Opens a file below the folder: a regular one, and no link on the way.
pub(super) fn open(dir: &Path, name: &str) -> Result<File, EvidenceError> {
    let mut path = dir.to_owned();
    let mut is_file = false;
    for step in name.split('/') {
        path.push(step);
        let meta = fs::symlink_metadata(&path).map_err(EvidenceError::io("look at", &path))?;
        if meta.is_symlink() {
            return Err(EvidenceError::Link(path));
        }
        is_file = meta.is_file();
    }
    // Opening a pipe would wait for whoever writes to it.
    if !is_file {
        return Err(EvidenceError::NotAFile(path));
    }
    File::open(&path).map_err(EvidenceError::io("open", &path))
}

/// A file of records.
#[derive(Debug)]
pub(crate) struct Lines {
    name: &'static str,
    source: BufReader<File>,
    /// Of the line that is being read, from 1.
    number: u64,
    /// How much of it may still come.
    left: u64,
    /// The line feed at its end was read.
    ended: bool,
}

impl Lines {
    pub(crate) fn open(dir: &Path, records: Records) -> Result<Self, EvidenceError> {
        let name = records.file_name();
        let source = BufReader::with_capacity(64 << 10, open(dir, name)?);
        Ok(Self { name, source, number: 0, left: 0, ended: true })
    }

    /// Number of the line that was read last, from 1.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The next record; `None` at the end. What is damaged costs its line.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Option<Result<T, Damaged>> {
        self.read(PhantomData::<T>, MAX_LINE)
    }

    /// The same, read by `seed`, which keeps what it wants: the line may be of any length.
    pub(crate) fn next_with<'de, S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Option<Result<S::Value, Damaged>> {
        self.read(seed, u64::MAX)
    }

    fn read<'de, S: DeserializeSeed<'de>>(&mut self, seed: S, max: u64) -> Option<Result<S::Value, Damaged>> {
        let skipped = self.skip_rest();
        let begun = skipped.and_then(|()| self.source.fill_buf().map(|bytes| !bytes.is_empty()));
        match begun {
            Ok(false) => return None,
            Ok(true) => {}
            // A disk that fails goes on failing: there are no lines behind this.
            Err(error) if self.ended => return Some(Err(self.fail(error.to_string()))),
            Err(_) => return None,
        }
        (self.number, self.left, self.ended) = (self.number + 1, max, false);
        let mut text = serde_json::Deserializer::from_reader(Line(self));
        let read = seed.deserialize(&mut text).and_then(|value| text.end().map(|()| value));
        Some(match read {
            Ok(_) if !self.ended => Err(self.damaged("it is cut short".to_owned())),
            Ok(value) => Ok(value),
            Err(error) => Err(self.damaged(said(&error))),
        })
    }

    fn damaged(&self, why: String) -> Damaged {
        Damaged { file: self.name, line: self.number, why }
    }

    fn fail(&mut self, why: String) -> Damaged {
        self.number += 1;
        self.ended = false;
        self.damaged(why)
    }

    /// Leaves out what was not read of a line.
    fn skip_rest(&mut self) -> io::Result<()> {
        while !self.ended {
            let bytes = self.source.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            let end = memchr::memchr(b'\n', bytes);
            let len = end.map_or(bytes.len(), |end| end + 1);
            self.ended = end.is_some();
            self.source.consume(len);
        }
        Ok(())
    }
}

/// What serde_json says, with its place on the line.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text);
    format!("{what} at column {}", error.column())
}

/// One line.
struct Line<'a>(&'a mut Lines);

impl Read for Line<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.0.ended {
            return Ok(0);
        }
        if self.0.left == 0 {
            return Err(io::Error::other("it is longer than any record"));
        }
        let bytes = self.0.source.fill_buf()?;
        let len = bytes.len().min(room.len()).min(usize::try_from(self.0.left).unwrap_or(usize::MAX));
        let bytes = bytes.get(..len).unwrap_or_default();
        let end = memchr::memchr(b'\n', bytes);
        let taken = end.unwrap_or(len);
        for (to, from) in room.iter_mut().zip(bytes.iter().take(taken)) {
            *to = *from;
        }
        self.0.ended = end.is_some();
        self.0.left -= taken as u64;
        self.0.source.consume(end.map_or(taken, |end| end + 1));
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Vec<u64>, String>> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("messages.jsonl"), text).unwrap();
        let mut lines = Lines::open(dir.path(), Records::Messages).unwrap();
        std::iter::from_fn(|| lines.next::<Vec<u64>>())
            .map(|line| line.map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn what_is_damaged_costs_its_line() {
        assert_eq!(read(""), []);
        assert_eq!(read("[1]\n[2]\n"), [Ok(vec![1]), Ok(vec![2])]);
        for (text, why) in [
            ("{}", "messages.jsonl line 2: invalid type: map, expected a sequence at column 1"),
            ("", "messages.jsonl line 2: EOF while parsing a value at column 0"),
            ("[3", "messages.jsonl line 2: EOF while parsing a list at column 2"),
            ("[3] [4]", "messages.jsonl line 2: trailing characters at column 5"),
            (
                "\"\u{1b}\"",
                "messages.jsonl line 2: control character (\\u0000-\\u001F) found while parsing a string at column 2",
            ),
        ] {
            let got = read(&format!("[1]\n{text}\n[5]\n"));
            assert_eq!(got.len(), 3, "{got:?}");
            assert_eq!((&got[0], &got[2]), (&Ok(vec![1]), &Ok(vec![5])));
            let got = got[1].as_ref().unwrap_err();
            assert!(got == why || text == "{}" || text.contains('\u{1b}'), "{got}");
        }
        assert_eq!(read("[1]\n[2]"), [Ok(vec![1]), Err("messages.jsonl line 2: it is cut short".to_owned())]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_pipes_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("messages.jsonl")).unwrap();
        assert!(matches!(Lines::open(dir.path(), Records::Messages), Err(EvidenceError::Link(_))));
        fs::create_dir(dir.path().join("sessions.jsonl")).unwrap();
        assert!(matches!(Lines::open(dir.path(), Records::Sessions), Err(EvidenceError::NotAFile(_))));
    }
}
