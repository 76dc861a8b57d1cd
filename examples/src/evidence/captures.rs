//! The captures that a run has read, found again.

use crate::record::Input;
use crate::record::hex;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Where the captures of `summary.json` are now, by their order there; or why one is not to be had.
#[derive(Debug)]
pub(super) struct Captures(Vec<Result<PathBuf, String>>);

impl Captures {
    /// Looks for each input: below `given`, files and folders, by size and SHA-256; where nothing is given, where it
    /// was when it was read.
    pub(super) fn find(inputs: &[Input], given: &[PathBuf]) -> Self {
        let mut files = Vec::new();
        for path in given {
            list(path, &mut files);
        }
        files.sort();
        let find = |input| if given.is_empty() { in_place(input) } else { among(&files, input) };
        Self(inputs.iter().map(find).collect())
    }

    /// The input of this number, from 1.
    pub(super) fn get(&self, input: u32) -> Result<&Path, &str> {
        let found = usize::try_from(input).ok().and_then(|input| self.0.get(input.checked_sub(1)?));
        match found {
            Some(Ok(path)) => Ok(path),
            Some(Err(why)) => Err(why),
            None => Err("the run had no such input"),
        }
    }

    /// Those that are there, with their numbers.
    pub(super) fn found(&self) -> impl Iterator<Item = (u32, &Path)> {
        (1..).zip(&self.0).filter_map(|(number, found)| Some((number, found.as_deref().ok()?)))
    }
}

/// Where the summary says. It may say anything: nothing but a regular file is opened.
fn in_place(input: &Input) -> Result<PathBuf, String> {
    if input.path.as_str() == "-" {
        return Err("it was read from standard input".to_owned());
    }
    let path = PathBuf::from(input.path.as_str());
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() => Ok(path),
        Ok(_) => Err("it is no regular file any more".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The one with its size and SHA-256; where its hash is not known, the one with its name.
fn among(files: &[PathBuf], input: &Input) -> Result<PathBuf, String> {
    let name = Path::new(input.path.as_str()).file_name();
    let named = |path: &&PathBuf| path.file_name() == name;
    let same_size = |path: &&PathBuf| fs::metadata(path).is_ok_and(|meta| Some(meta.len()) == input.size);
    let mut same: Vec<&PathBuf> = files.iter().filter(same_size).collect();
    // What has the name is most likely the one.
    same.sort_by_key(|path| !named(path));
    let is_it = |path: &&&PathBuf| input.sha256.is_some() && sha256(path).ok() == input.sha256;
    let found = same.iter().find(is_it).copied();
    let none = || "it is not among the captures that were named".to_owned();
    found.or_else(|| files.iter().find(named)).cloned().ok_or_else(none)
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut room = vec![0; 256 << 10];
    loop {
        match file.read(&mut room)? {
            0 => return Ok(hex(&hash.finalize())),
            len => hash.update(room.get(..len).unwrap_or_default()),
        }
    }
}

/// The regular files at a path and below. Links to folders are not followed, since they may lead in a circle.
fn list(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(meta) = fs::metadata(path) else { return };
    if meta.is_file() {
        files.push(path.to_owned());
    }
    if meta.is_dir()
        && let Ok(entries) = fs::read_dir(path)
    {
        for entry in entries.flatten() {
            let is_link_to_folder =
                entry.file_type().is_ok_and(|kind| kind.is_symlink()) && entry.path().is_dir();
            if !is_link_to_folder {
                list(&entry.path(), files);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Text;

    fn input(number: u32, path: &str, bytes: &[u8]) -> Input {
        let size = Some(bytes.len() as u64);
        Input {
            input: number,
            path: Text::from(path),
            size,
            sha256: Some(hex(&Sha256::digest(bytes))),
            format: None,
            compression: None,
            frames: 0,
            damage: Vec::new(),
        }
    }

    #[test]
    fn captures_that_moved_are_found_by_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("below")).unwrap();
        fs::write(at("a.pcap"), "three").unwrap();
        fs::write(at("below/b.pcap"), "seven").unwrap();
        fs::write(at("below/c.pcap"), "a longer one").unwrap();
        let inputs = [
            input(1, "/old/a.pcap", b"seven"),
            input(2, "/old/b.pcap", b"three"),
            input(3, "/old/c.pcap", b"changed since"),
            input(4, "/old/d.pcap", b"gone"),
        ];
        let captures = Captures::find(&inputs, &[dir.path().to_owned()]);
        assert_eq!(captures.get(1), Ok(at("below/b.pcap").as_path()));
        assert_eq!(captures.get(2), Ok(at("a.pcap").as_path()));
        assert_eq!(captures.get(3), Ok(at("below/c.pcap").as_path()));
        assert_eq!(captures.get(4), Err("it is not among the captures that were named"));
        assert_eq!(captures.get(5), Err("the run had no such input"));
        assert_eq!(captures.get(0), Err("the run had no such input"));
        assert_eq!(captures.found().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2, 3]);

        let captures = Captures::find(&inputs, &[]);
        assert!(captures.get(1).unwrap_err().starts_with("No such file"));
        let captures = Captures::find(&[input(1, "-", b""), input(2, "/dev/zero", b"")], &[]);
        assert_eq!(captures.get(1), Err("it was read from standard input"));
        assert_eq!(captures.get(2), Err("it is no regular file any more"));
    }
}
