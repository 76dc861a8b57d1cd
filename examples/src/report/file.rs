//! The file of the report: all of it or nothing, and over nothing but an earlier report.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::ReportError;

/// What every report begins with.
pub(super) const MARK: &str = "<!doctype html>\n<!-- mailtap report -->\n";

/// Whether `path` is a report: a regular file that begins as one, and no link to it.
pub(crate) fn is_report(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
    let begins = || -> io::Result<bool> {
        let mut head = [0; MARK.len()];
        File::open(path)?.read_exact(&mut head)?;
        Ok(head == MARK.as_bytes())
    };
    is_file && begins().unwrap_or(false)
}

/// A report that is being written, under another name.
#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
    temporary: PathBuf,
    /// `None` once it has its name.
    out: Option<BufWriter<File>>,
    written: u64,
}

impl Target {
    pub(super) fn create(path: &Path) -> Result<Self, ReportError> {
        check(path)?;
        let name = path.file_name().ok_or_else(|| ReportError::NotOurs(path.to_owned()))?;
        let mut temporary = std::ffi::OsString::from(format!(".tmp-{}-", std::process::id()));
        temporary.push(name);
        let temporary = path.with_file_name(temporary);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&temporary).map_err(ReportError::io("create", &temporary))?;
        let out = Some(BufWriter::with_capacity(256 << 10, file));
        Ok(Self { path: path.to_owned(), temporary, out, written: 0 })
    }

    /// Bytes so far.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// An error of a write, with its file.
    pub(super) fn failed(&self, error: io::Error) -> ReportError {
        ReportError::io("write", &self.path)(error)
    }

    /// Gives it its name.
    pub(super) fn finish(mut self) -> Result<(), ReportError> {
        if let Some(out) = &mut self.out {
            let kept = out.flush().and_then(|()| out.get_ref().sync_all());
            kept.map_err(|error| self.failed(error))?;
        }
        // Something may have come there in the meantime.
        check(&self.path)?;
        fs::rename(&self.temporary, &self.path).map_err(ReportError::io("rename", &self.temporary))?;
        self.out = None;
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(out) = &mut self.out else { return Err(io::Error::other("it is closed")) };
        out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn check(path: &Path) -> Result<(), ReportError> {
    match fs::symlink_metadata(path) {
        Ok(_) if is_report(path) => Ok(()),
        Ok(_) => Err(ReportError::NotOurs(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ReportError::io("look at", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_but_an_earlier_report_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.html");
        for round in ["one", "two"] {
            let mut target = Target::create(&path).unwrap();
            target.write_all(MARK.as_bytes()).unwrap();
            target.write_all(round.as_bytes()).unwrap();
            assert_eq!(target.written(), MARK.len() as u64 + 3);
            target.finish().unwrap();
            assert!(fs::read_to_string(&path).unwrap().ends_with(round));
        }
        // One that is given up leaves the earlier one.
        drop(Target::create(&path).unwrap());
        assert!(fs::read_to_string(&path).unwrap().ends_with("two"));

        let mine = dir.path().join("mine.html");
        fs::write(&mine, "<!doctype html>\n").unwrap();
        assert!(matches!(Target::create(&mine), Err(ReportError::NotOurs(_))));
        assert!(matches!(Target::create(dir.path()), Err(ReportError::NotOurs(_))));
        // A file that came while the report was written.
        let late = dir.path().join("late.html");
        let target = Target::create(&late).unwrap();
        fs::write(&late, "mine").unwrap();
        assert!(matches!(target.finish(), Err(ReportError::NotOurs(_))));
        assert_eq!(names(dir.path()), ["late.html", "mine.html", "report.html"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.html");
        let target = Target::create(&path).unwrap();
        target.finish().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, MARK).unwrap();
        let link = dir.path().join("link.html");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(is_report(&path) && !is_report(&link));
        assert!(matches!(Target::create(&link), Err(ReportError::NotOurs(_))));
    }
}
