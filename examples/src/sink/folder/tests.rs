#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn summary(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path.join(SUMMARY)).unwrap()).unwrap()
}

/// A folder in which a run wrote one of everything.
fn run(path: &Path, force: bool) -> Result<(), SinkError> {
    let folder = Folder::create(path, force)?;
    for records in Records::ALL {
        folder.records(records)?.write(&1)?;
    }
    folder.spool(Store::Messages).finish("eml")?;
    folder.spool(Store::Attachments).finish("pdf")?;
    let mut summary = Summary::new(serde_json::Map::new());
    summary.complete = true;
    folder.write_summary(&summary)
}

#[test]
#[cfg(unix)]
fn modes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("above/out");
    run(&path, false).unwrap();
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(""), mode("messages"), mode("attachments")), (0o700, 0o700, 0o700));
    assert_eq!((mode("summary.json"), mode("logins.jsonl")), (0o600, 0o600));
    let eml = fs::read_dir(path.join("messages")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(eml).unwrap().permissions().mode() & 0o7777, 0o600);
    // One that was there and empty is made private.
    let open = dir.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    Folder::create(&open, false).unwrap();
    assert_eq!(fs::metadata(&open).unwrap().permissions().mode() & 0o7777, 0o700);
}

#[test]
fn the_summary_tells_whether_the_run_came_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let folder = Folder::create(&path, false).unwrap();
    assert_eq!(summary(&path)["complete"], false);
    assert_eq!(summary(&path)["tool"], "mailtap");
    let mut last = Summary::new(serde_json::Map::new());
    last.complete = true;
    last.counts.messages = 7;
    folder.write_summary(&last).unwrap();
    assert_eq!(summary(&path)["counts"]["messages"], 7);
    assert!(!path.join(NEW_SUMMARY).exists());
}

#[test]
fn only_what_a_run_wrote_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    run(&path, false).unwrap();
    assert!(matches!(run(&path, false), Err(SinkError::NotEmpty(_))));
    run(&path, true).unwrap();
    // A run that died: temporary files, a summary that is not complete.
    let folder = Folder::create(&path, true).unwrap();
    fs::write(path.join("messages/.tmp-3"), "half").unwrap();
    fs::write(path.join(NEW_SUMMARY), "{").unwrap();
    drop(folder);
    run(&path, true).unwrap();
    assert!(!path.join("messages/.tmp-3").exists());
    // In its first moment.
    let early = dir.path().join("early");
    fs::create_dir(&early).unwrap();
    fs::write(early.join(NEW_SUMMARY), "{").unwrap();
    run(&early, false).unwrap();
}

#[test]
fn anything_else_is_refused_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["notes.txt", "messages/notes.eml", "messages/.tmp-x", "attachments/a.pdf", ".hidden"] {
        let path = dir.path().join("out");
        run(&path, true).unwrap();
        fs::write(path.join(name), "mine").unwrap();
        let error = run(&path, true).unwrap_err();
        assert!(matches!(&error, SinkError::NotOurs { path: p, .. } if *p == path.join(name)), "{error}");
        assert_eq!(fs::read_to_string(path.join(name)).unwrap(), "mine");
        assert_eq!(
            fs::read_dir(path.join("messages")).unwrap().count(),
            1 + usize::from(name.starts_with("mes"))
        );
        fs::remove_file(path.join(name)).unwrap();
    }
    for text in ["", "{}", "[1]", r#"{"tool":"other"}"#, r#""mailtap""#] {
        let path = dir.path().join("other");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join(SUMMARY), text).unwrap();
        assert!(matches!(run(&path, true), Err(SinkError::NotOurs { .. })), "{text}");
        assert_eq!(fs::read_to_string(path.join(SUMMARY)).unwrap(), text);
    }
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(run(&file, true), Err(SinkError::NotAFolder(_))));
    assert!(matches!(run(&file.join("below"), true), Err(SinkError::Io { .. })));
}

#[test]
#[cfg(unix)]
fn links_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    run(&real, false).unwrap();
    let link = dir.path().join("link");
    symlink(&real, &link).unwrap();
    for path in [link.clone(), link.join("")] {
        assert!(matches!(run(&path, true), Err(SinkError::Link(_))));
    }
    let other = dir.path().join("other");
    fs::create_dir(&other).unwrap();
    for name in ["sessions.jsonl", "messages", "summary.json"] {
        let path = dir.path().join("out");
        run(&path, true).unwrap();
        let place = path.join(name);
        if place.is_dir() {
            fs::remove_dir_all(&place).unwrap();
        } else {
            fs::remove_file(&place).unwrap();
        }
        symlink(real.join(name), &place).unwrap();
        let error = run(&path, true).unwrap_err();
        assert!(matches!(&error, SinkError::Link(link) if *link == place), "{error}");
        assert!(real.join(name).exists());
        fs::remove_dir_all(&path).unwrap();
    }
}
