use super::*;
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn mark() -> Mark {
    Mark {
        tool: TOOL.to_owned(),
        version: "1".to_owned(),
        export: "csv".to_owned(),
        secrets: "show".to_owned(),
        inputs: vec![Some("00".to_owned()), None],
        losses: Vec::new(),
        files: vec![Written::new("sessions.csv", 1)],
    }
}

/// An export of one file.
fn run(target: &Path, force: bool, text: &str) -> Result<(), ExportError> {
    let folder = NewFolder::create(target, force)?;
    let mut file = folder.file("sessions.csv")?;
    file.write_all(text.as_bytes()).unwrap();
    file.finish()?;
    folder.finish(&mark())
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn in_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("above/out");
    run(&target, false, "one").unwrap();
    assert_eq!(names(&target), ["export.json", "sessions.csv"]);
    assert_eq!(names(target.parent().unwrap()), ["out"]);
    let read: Mark = serde_json::from_slice(&fs::read(target.join(MARK)).unwrap()).unwrap();
    assert_eq!(read, mark());
    // Given up: what was there stays, and nothing else.
    let folder = NewFolder::create(&target, true).unwrap();
    folder.file("sessions.csv").unwrap().write_all(b"half").unwrap();
    drop(folder);
    assert_eq!(fs::read_to_string(target.join("sessions.csv")).unwrap(), "one");
    assert_eq!(names(target.parent().unwrap()), ["out"]);
    run(&target, true, "two").unwrap();
    assert_eq!(fs::read_to_string(target.join("sessions.csv")).unwrap(), "two");
    // An empty one is as good as none.
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    run(&empty, false, "three").unwrap();
    assert_eq!(names(&empty), ["export.json", "sessions.csv"]);
}

#[test]
#[cfg(unix)]
fn modes_and_links() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("out");
    run(&target, false, "one").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(
        (mode(&target), mode(&target.join("sessions.csv")), mode(&target.join(MARK))),
        (0o700, 0o600, 0o600)
    );
    let link = dir.path().join("link");
    symlink(&target, &link).unwrap();
    for path in [link.clone(), link.join("")] {
        assert!(matches!(run(&path, true, ""), Err(ExportError::Output(SinkError::Link(_)))));
    }
    fs::remove_file(target.join("sessions.csv")).unwrap();
    symlink(&link, target.join("sessions.csv")).unwrap();
    assert!(matches!(run(&target, true, ""), Err(ExportError::Output(SinkError::Link(_)))));
    let file = dir.path().join("file");
    symlink(dir.path().join("nowhere"), &file).unwrap();
    assert!(matches!(NewFile::create(&file, b"", true), Err(ExportError::Output(SinkError::Link(_)))));
    assert!(!dir.path().join("nowhere").exists());
}

#[test]
fn nothing_of_somebody_else_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("out");
    run(&target, false, "one").unwrap();
    assert!(matches!(run(&target, false, ""), Err(ExportError::Output(SinkError::NotEmpty(_)))));
    for name in ["notes.csv", "notes.txt", ".hidden"] {
        fs::write(target.join(name), "mine").unwrap();
        let error = run(&target, true, "").unwrap_err();
        assert!(error.is_usage() && error.to_string().contains(name), "{error}");
        assert_eq!(names(&target).len(), 3);
        fs::remove_file(target.join(name)).unwrap();
    }
    fs::create_dir(target.join("below")).unwrap();
    assert!(run(&target, true, "").is_err());
    for text in ["", "{}", "[]", r#"{"tool":"mailtap"}"#] {
        let other = dir.path().join("other");
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join(MARK), text).unwrap();
        let error = run(&other, true, "").unwrap_err().to_string();
        assert!(error.contains("nothing is replaced"), "{error}");
        assert_eq!(fs::read_to_string(other.join(MARK)).unwrap(), text);
    }
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(run(&file, true, ""), Err(ExportError::Output(SinkError::NotAFolder(_)))));
    assert!(run(Path::new("/"), true, "").is_err());
    assert!(run(Path::new(".."), true, "").is_err());
}

#[test]
fn files_with_a_place_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("above/mail.mbox");
    let write = |force: bool, text: &str| -> Result<(), ExportError> {
        let mut file = NewFile::create(&target, b"From ", force)?;
        assert!(file.path.ends_with(".tmp-mail.mbox"));
        file.write_all(text.as_bytes()).map_err(|error| file.failed(error))?;
        file.finish()
    };
    write(false, "From one").unwrap();
    assert!(matches!(write(false, ""), Err(ExportError::Exists(_))));
    write(true, "From two").unwrap();
    drop(NewFile::create(&target, b"From ", true).unwrap());
    assert_eq!(fs::read_to_string(&target).unwrap(), "From two");
    assert_eq!(names(target.parent().unwrap()), ["mail.mbox"]);
    fs::write(&target, "a diary").unwrap();
    let error = write(true, "From three").unwrap_err();
    assert!(error.is_usage(), "{error}");
    assert_eq!(fs::read_to_string(&target).unwrap(), "a diary");
    fs::remove_file(&target).unwrap();
    fs::create_dir(&target).unwrap();
    assert!(write(true, "").is_err());
}
