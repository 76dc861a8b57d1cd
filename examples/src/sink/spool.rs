//! Files named by their hash, written as their bytes come.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::hashes::Hashes;
use super::{SinkError, system};

/// So much is collected in memory before anything is written; most messages are smaller.
const MEMORY: usize = 64 * 1024;

/// A message or attachment on its way into the folder.
///
/// Its bytes are hashed as they come and written in pieces of 64 KiB to a temporary file, which gets its name when it
/// is finished. A file is open only while a piece is written, so that any number of spools can wait at the same time.
/// A spool that is dropped unfinished leaves nothing behind.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    /// Path of the folder as records name it; `None`: nothing is kept but the hashes.
    shown: Option<&'static str>,
    temporary: PathBuf,
    /// Whether the temporary file is there.
    begun: bool,
    /// Set when a write failed: the file is of no use any more.
    broken: bool,
    buffer: Vec<u8>,
    hashes: Hashes,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// MD5 in hexadecimal.
    pub md5: String,
    /// SHA-256 without one final line end, CRLF or LF.
    pub sha256_trimmed: String,
    /// Where it is; empty where nothing is kept.
    pub path: PathBuf,
    /// Where it is, below the output folder: as records name it. Empty where nothing is kept.
    pub file: String,
}

impl Spool {
    /// A spool for a file in `folder`, which records call `shown`, written as `temporary` until it is finished.
    pub(super) fn new(folder: PathBuf, shown: Option<&'static str>, temporary: &str) -> Self {
        Self {
            temporary: folder.join(temporary),
            folder,
            shown,
            begun: false,
            broken: false,
            buffer: Vec::new(),
            hashes: Hashes::default(),
        }
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// The file cannot be written. It is given up: all further calls fail.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        if self.broken {
            return Err(SinkError::Broken(self.temporary.clone()));
        }
        self.hashes.update(bytes);
        if self.shown.is_none() {
            return Ok(());
        }
        if self.buffer.len() + bytes.len() <= MEMORY {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.spill()?;
        if bytes.len() <= MEMORY {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.append(bytes)
    }

    /// How many bytes were added.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.hashes.size()
    }

    /// Gives the file its name: its SHA-256 and `extension`. A file that has this name already has this content, and
    /// stays. An extension that is not made of one to sixteen lower-case letters and digits becomes `bin`.
    ///
    /// # Errors
    ///
    /// The file cannot be written or renamed; nothing is left of it.
    pub fn finish(self, extension: &str) -> Result<Stored, SinkError> {
        self.finish_unless(extension, |_| false)
    }

    /// As [`finish`](Self::finish), but content whose SHA-256 is known is not kept.
    pub(crate) fn finish_unless(
        mut self,
        extension: &str,
        is_known: impl FnOnce(&str) -> bool,
    ) -> Result<Stored, SinkError> {
        if self.broken {
            return Err(SinkError::Broken(self.temporary.clone()));
        }
        let size = self.hashes.size();
        let [sha256, md5, sha256_trimmed] = core::mem::take(&mut self.hashes).finish();
        let Some(shown) = self.shown.filter(|_| !is_known(&sha256)) else {
            return Ok(Stored {
                size,
                sha256,
                md5,
                sha256_trimmed,
                file: String::new(),
                path: PathBuf::new(),
            });
        };
        let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_fit = (1..=16).contains(&extension.len()) && extension.bytes().all(is_plain);
        let name = format!("{sha256}.{}", if is_fit { extension } else { "bin" });
        let path = self.folder.join(&name);
        if !is_there(&path, size) {
            if !self.begun || !self.buffer.is_empty() {
                self.spill()?;
            }
            fs::rename(&self.temporary, &path).map_err(SinkError::io("rename to", &path))?;
            self.begun = false;
        }
        Ok(Stored { size, sha256, md5, sha256_trimmed, file: format!("{shown}/{name}"), path })
    }

    fn spill(&mut self) -> Result<(), SinkError> {
        let mut buffer = core::mem::take(&mut self.buffer);
        self.append(&buffer)?;
        buffer.clear();
        self.buffer = buffer;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        let opened = if self.begun {
            OpenOptions::new().append(true).open(&self.temporary)
        } else {
            system::create_file(&self.temporary)
        };
        self.begun |= opened.is_ok();
        opened.and_then(|mut file| file.write_all(bytes)).map_err(|error| {
            self.broken = true;
            SinkError::io("write", &self.temporary)(error)
        })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.begun {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Whether a finished file stands there already.
fn is_there(path: &Path, size: u64) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn spool(dir: &Path, number: u32) -> Spool {
        Spool::new(dir.to_owned(), Some("messages"), &format!(".tmp-{number}"))
    }

    #[test]
    fn small_and_large_files() {
        let dir = tempfile::tempdir().unwrap();
        for (size, chunk, while_open) in [
            (0, 1, 0),
            (1, 1, 0),
            (MEMORY, 1000, 0),
            (MEMORY + 1, 1000, 1),
            (3 * MEMORY + 5, 1460, 1),
            (3 * MEMORY + 5, 2 * MEMORY, 1),
        ] {
            let bytes: Vec<u8> = (0..size).map(|i| u8::try_from((i * 7 + size) % 256).unwrap()).collect();
            let mut spool = spool(dir.path(), 1);
            for chunk in bytes.chunks(chunk) {
                spool.write(chunk).unwrap();
            }
            let before = names(dir.path()).iter().filter(|name| name.starts_with('.')).count();
            assert_eq!((before, spool.size()), (while_open, size as u64), "{size} {chunk}");
            let stored = spool.finish("eml").unwrap();
            assert_eq!(stored.file, format!("messages/{}.eml", stored.sha256));
            assert_eq!(fs::read(&stored.path).unwrap(), bytes);
            assert!(names(dir.path()).contains(&format!("{}.eml", stored.sha256)));
            assert!(!names(dir.path()).iter().any(|name| name.starts_with('.')));
        }
    }

    #[test]
    fn the_same_content_is_stored_once() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..2 {
            let mut spool = spool(dir.path(), number);
            spool.write(&[b'x'; MEMORY * 2]).unwrap();
            spool.finish("eml").unwrap();
            assert_eq!(names(dir.path()).len(), 1);
        }
    }

    #[test]
    fn what_is_dropped_or_fails_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut dropped = spool(dir.path(), 1);
        dropped.write(&[0; MEMORY * 2]).unwrap();
        assert_eq!(names(dir.path()), [".tmp-1"]);
        drop(dropped);
        assert_eq!(names(dir.path()), [""; 0]);
        let mut lost = spool(&dir.path().join("gone"), 2);
        let error = lost.write(&[0; MEMORY * 2]).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains("gone/.tmp-2: "), "{error}");
        assert!(matches!(lost.write(b"x"), Err(SinkError::Broken(_))));
        assert!(matches!(lost.finish("eml"), Err(SinkError::Broken(_))));
    }

    #[test]
    fn nothing_in_the_way_is_followed_or_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".tmp-1"), "somebody else's").unwrap();
        let error = spool(dir.path(), 1).finish("eml").unwrap_err();
        assert!(matches!(error, SinkError::Io { .. }));
        assert_eq!(fs::read_to_string(dir.path().join(".tmp-1")).unwrap(), "somebody else's");
    }

    #[test]
    fn extensions_are_plain() {
        let dir = tempfile::tempdir().unwrap();
        for (extension, expected) in
            [("pdf", "pdf"), ("7z", "7z"), ("", "bin"), ("../x", "bin"), ("EXE", "bin"), ("a.b", "bin")]
        {
            let stored = spool(dir.path(), 1).finish(extension).unwrap();
            assert_eq!(stored.path.extension().unwrap(), expected);
        }
    }
}
