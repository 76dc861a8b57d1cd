//! Where an export goes: a folder or a file, there in whole or not at all.
//!
//! It is written beside its place, under a name that begins with `.tmp-`, and renamed when it is done. Folders are private
//! to the user (0700), files as well (0600), and nothing that was there is replaced unless the user says so and an
//! earlier export wrote it. Names of files are ours: nothing from the wire is in them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ExportError, Format};
use crate::record::TOOL;
use crate::sink::{SinkError, json, system};

/// Names the export in a folder of exported files, so that a later one may replace it.
const MARK: &str = "export.json";

/// No honest mark is larger.
const MAX_MARK: u64 = 64 << 20;

/// What a folder of exported files says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) tool: String,
    pub(super) version: String,
    pub(super) export: String,
    pub(super) secrets: String,
    /// SHA-256 of the captures, by their order in `summary.json` of the folder that was exported.
    pub(super) inputs: Vec<Option<String>>,
    /// What could not be read of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) losses: Vec<String>,
    pub(super) files: Vec<Written>,
}

/// A file that was written, and how much is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Written {
    /// Its name; `messages` for the files of a folder of mails.
    pub name: String,
    /// Records, lines or mails in it.
    pub items: u64,
}

impl Written {
    pub(super) fn new(name: &str, items: u64) -> Self {
        Self { name: name.to_owned(), items }
    }
}

/// A folder of exported files under way. One that is dropped unfinished leaves nothing behind.
#[derive(Debug)]
pub(super) struct NewFolder {
    /// Where it is while it is written.
    path: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl NewFolder {
    /// A folder for `target`, which has to be empty or not there; with `force` one that an earlier export wrote will be
    /// replaced.
    pub(super) fn create(target: &Path, force: bool) -> Result<Self, ExportError> {
        let (target, path) = places(target)?;
        match fs::symlink_metadata(&target) {
            Ok(meta) if meta.is_symlink() => return Err(SinkError::Link(target).into()),
            Ok(meta) if !meta.is_dir() => return Err(SinkError::NotAFolder(target).into()),
            Ok(_) => {
                let is_empty = entries(&target)?.is_empty();
                if !is_empty && !force {
                    return Err(SinkError::NotEmpty(target).into());
                }
                if !is_empty {
                    ours(&target)?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_above(&target)?,
            Err(error) => return Err(ExportError::io("look at", &target)(error)),
        }
        system::create_folder(&path).map_err(ExportError::io("create", &path))?;
        Ok(Self { path, target, finished: false })
    }

    /// A file in it, which is not there yet.
    pub(super) fn file(&self, name: &str) -> Result<NewFile, ExportError> {
        let path = self.path.join(name);
        let file = system::create_file(&path).map_err(ExportError::io("create", &path))?;
        Ok(NewFile { path, target: None, file: BufWriter::with_capacity(64 << 10, file), finished: true })
    }

    /// A folder in it.
    pub(super) fn folder(&self, name: &str) -> Result<(), ExportError> {
        let path = self.path.join(name);
        system::create_folder(&path).map_err(ExportError::io("create", &path))
    }

    /// Gives it its name, in place of an earlier export.
    pub(super) fn finish(mut self, mark: &Mark) -> Result<(), ExportError> {
        let path = self.path.join(MARK);
        let text = json::pretty(mark).map_err(|error| SinkError::Record { path: path.clone(), error })?;
        system::create_file(&path)
            .and_then(|mut file| file.write_all(&text))
            .map_err(ExportError::io("write", &path))?;
        match fs::symlink_metadata(&self.target) {
            // What stands there now may be something else than what stood there before.
            Ok(meta) if meta.is_symlink() => return Err(SinkError::Link(self.target.clone()).into()),
            Ok(_) => {
                if !entries(&self.target)?.is_empty() {
                    remove(&ours(&self.target)?)?;
                }
                fs::remove_dir(&self.target).map_err(ExportError::io("replace", &self.target))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ExportError::io("look at", &self.target)(error)),
        }
        fs::rename(&self.path, &self.target).map_err(ExportError::io("rename to", &self.target))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.finished {
            // It was created here, and nobody else writes into it.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// A file under way. One with a place of its own that is dropped unfinished leaves nothing behind.
#[derive(Debug)]
pub(super) struct NewFile {
    path: PathBuf,
    /// The place, when it is not in a folder under way.
    target: Option<PathBuf>,
    file: BufWriter<File>,
    finished: bool,
}

impl NewFile {
    /// A file for `target`, which must not be there; with `force` a regular file is replaced that is empty or begins
    /// with `begin`, as all files of its format do.
    pub(super) fn create(target: &Path, begin: &[u8], force: bool) -> Result<Self, ExportError> {
        let (target, path) = places(target)?;
        replaceable(&target, begin, force)?;
        if fs::symlink_metadata(&target).is_err() {
            create_above(&target)?;
        }
        let file = system::create_file(&path).map_err(ExportError::io("create", &path))?;
        let file = BufWriter::with_capacity(64 << 10, file);
        Ok(Self { path, target: Some(target), file, finished: false })
    }

    /// Names the file in an error of the system.
    pub(super) fn failed(&self, error: io::Error) -> ExportError {
        ExportError::io("write", &self.path)(error)
    }

    /// Writes what is collected, and gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        self.file.flush().map_err(ExportError::io("write", &self.path))?;
        if let Some(target) = &self.target {
            fs::rename(&self.path, target).map_err(ExportError::io("rename to", target))?;
        }
        self.finished = true;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A path without a slash at its end, which would have the system follow a link; and the one beside it to write to.
fn places(target: &Path) -> Result<(PathBuf, PathBuf), ExportError> {
    let target: PathBuf = target.components().collect();
    let Some(name) = target.file_name() else {
        let why = io::Error::new(io::ErrorKind::InvalidInput, "the path does not end with a name");
        return Err(ExportError::io("create", &target)(why));
    };
    let mut temporary = std::ffi::OsString::from(".tmp-");
    temporary.push(name);
    let beside = target.with_file_name(temporary);
    Ok((target, beside))
}

fn create_above(target: &Path) -> Result<(), ExportError> {
    match target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => fs::create_dir_all(parent).map_err(ExportError::io("create", parent)),
        None => Ok(()),
    }
}

fn entries(path: &Path) -> Result<Vec<fs::DirEntry>, ExportError> {
    fs::read_dir(path).and_then(Iterator::collect).map_err(ExportError::io("read the folder", path))
}

fn not_ours(path: PathBuf, why: &'static str) -> ExportError {
    SinkError::NotOurs { path, why }.into()
}

/// Whether a file may be written in the place of what is there.
fn replaceable(target: &Path, begin: &[u8], force: bool) -> Result<(), ExportError> {
    let meta = match fs::symlink_metadata(target) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ExportError::io("look at", target)(error)),
    };
    if meta.is_symlink() {
        return Err(SinkError::Link(target.to_owned()).into());
    }
    if !meta.is_file() {
        return Err(not_ours(target.to_owned(), "it is not a regular file"));
    }
    if !force {
        return Err(ExportError::Exists(target.to_owned()));
    }
    let mut found = Vec::new();
    File::open(target)
        .and_then(|file| file.take(begin.len() as u64).read_to_end(&mut found))
        .map_err(ExportError::io("read", target))?;
    if found.is_empty() || found == begin {
        Ok(())
    } else {
        Err(not_ours(target.to_owned(), "it does not begin as this format does"))
    }
}

/// The files and folders of an earlier export, folders last; an error when there is anything else.
fn ours(target: &Path) -> Result<Vec<(PathBuf, bool)>, ExportError> {
    let path = target.join(MARK);
    let no_mark = |why| not_ours(path.clone(), why);
    let meta = fs::symlink_metadata(&path).map_err(|_| no_mark("there is no export.json"))?;
    if meta.is_symlink() {
        return Err(SinkError::Link(path).into());
    }
    if !meta.is_file() || meta.len() > MAX_MARK {
        return Err(no_mark("it names no export"));
    }
    let text = fs::read(&path).map_err(ExportError::io("read", &path))?;
    let mark: Mark = serde_json::from_slice(&text).map_err(|_| no_mark("it names no export"))?;
    let format = Format::ALL.iter().find(|format| format.name() == mark.export);
    let Some(format) = format.filter(|_| mark.tool == TOOL) else {
        return Err(no_mark("it names no export"));
    };
    let (mut files, mut folders) = (vec![(path, false)], Vec::new());
    let mut look = |folder: &Path, front: &str, below: &mut Vec<(PathBuf, String)>| {
        for entry in entries(folder)? {
            let (path, name) = (entry.path(), entry.file_name());
            let kind = entry.file_type().map_err(ExportError::io("look at", &path))?;
            if kind.is_symlink() {
                return Err(SinkError::Link(path).into());
            }
            let name = format!("{front}{}", name.to_string_lossy());
            if kind.is_dir() && front.is_empty() && format.writes(&format!("{name}/")) {
                below.push((path, format!("{name}/")));
            } else if kind.is_file() && format.writes(&name) {
                files.push((path, false));
            } else if name != MARK {
                return Err(not_ours(path, "no export writes a file of this name"));
            }
        }
        Ok(())
    };
    let mut below = Vec::new();
    look(target, "", &mut below)?;
    for (path, front) in below {
        look(&path, &front, &mut Vec::new())?;
        folders.push((path, true));
    }
    files.append(&mut folders);
    Ok(files)
}

fn remove(paths: &[(PathBuf, bool)]) -> Result<(), ExportError> {
    // The mark goes after the other files: what is left when this fails half-way can still be replaced.
    for (path, is_folder) in paths.iter().skip(1) {
        let removed = if *is_folder { fs::remove_dir(path) } else { fs::remove_file(path) };
        removed.map_err(ExportError::io("remove", path))?;
    }
    match paths.first() {
        Some((mark, _)) => fs::remove_file(mark).map_err(ExportError::io("remove", mark)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
