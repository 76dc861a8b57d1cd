//! Mails and the lines of password crackers.

use super::Case;
use mailtap::export::{ExportError, Format, export};
use mailtap::pipeline::Secrets;
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The mails of a mbox, as mboxrd says they are read.
fn mails(text: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut mails: Vec<(String, Vec<u8>)> = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let quoted = line.trim_ascii_start();
        let after = quoted.iter().position(|byte| *byte != b'>').map_or(&[][..], |at| &line[at..]);
        match mails.last_mut() {
            _ if line.starts_with(b"From ") => {
                mails.push((String::from_utf8(line.to_vec()).unwrap(), Vec::new()));
            }
            Some((_, mail)) if line.starts_with(b">") && after.starts_with(b"From ") => {
                mail.extend(&line[1..])
            }
            Some((_, mail)) => mail.extend(line),
            None => panic!("{line:?}"),
        }
    }
    mails
}

#[test]
fn mbox_gives_the_mails_back() {
    for case in [Case::lab(), Case::hostile()] {
        let (path, exported) = case.export(Format::Mbox);
        let records = super::common::lines(&case.at("out"), "messages.jsonl");
        let wanted: Vec<_> = records
            .iter()
            .filter(|record| record["reading"] == "primary")
            .filter(|record| record["section"].is_null() || record["section"] == "top")
            .collect();
        let read = mails(&fs::read(path).unwrap());
        assert_eq!((read.len(), exported.files[0].items), (wanted.len(), wanted.len() as u64));
        for (record, (line, mail)) in wanted.iter().zip(read) {
            let eml = fs::read(case.at("out").join(record["file"].as_str().unwrap())).unwrap();
            let eml = String::from_utf8_lossy(&eml).replace("\r\n", "\n");
            let end = if eml.ends_with('\n') { "\n" } else { "\n\n" };
            assert_eq!(String::from_utf8_lossy(&mail), format!("{eml}{end}"));
            assert!(line.ends_with(" 2026\n") || line.ends_with(" 2020\n"), "{line}");
        }
    }
}

#[test]
fn mbox_of_hostile_mail() {
    let case = Case::hostile();
    let (path, _) = case.export(Format::Mbox);
    let text = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&text);
    assert!(text.starts_with("From =1+1@x.test Sun Sep 13 12:26:40 2020\n"), "{text}");
    assert!(text.contains("\n--b\n\n>From here\n>>From there\n>>From\nFrom\n--b\n"), "{text}");
}

#[test]
fn maildir_holds_the_bytes() {
    for case in [Case::lab(), Case::hostile()] {
        let (folder, exported) = case.export(Format::Maildir);
        let mut found: Vec<Vec<u8>> = Vec::new();
        for below in ["cur", "new"] {
            found.extend(files(&folder.join(below)).iter().map(|path| fs::read(path).unwrap()));
        }
        assert_eq!(files(&folder.join("tmp")), [""; 0].map(PathBuf::from));
        let records = super::common::lines(&case.at("out"), "messages.jsonl");
        let mut wanted: Vec<Vec<u8>> = records
            .iter()
            .filter(|record| record["reading"] == "primary")
            .filter(|record| record["section"].is_null() || record["section"] == "top")
            .map(|record| fs::read(case.at("out").join(record["file"].as_str().unwrap())).unwrap())
            .collect();
        found.sort();
        wanted.sort();
        assert!(found == wanted && found.len() as u64 == exported.files[0].items);
        // An export of many names is known again.
        let mut options = case.options(Format::Maildir);
        options.force = true;
        export(&options).unwrap();
    }
}

#[test]
fn lines_for_crackers() {
    let case = Case::lab();
    let (folder, exported) = case.export(Format::Hashcat);
    let names: Vec<_> = exported.files.iter().map(|file| (file.name.as_str(), file.items)).collect();
    assert_eq!(names, [("10200.txt", 1), ("20.txt", 1)]);
    assert_eq!(
        fs::read_to_string(folder.join("20.txt")).unwrap(),
        "b400bc1acefb50d063e7ee9f45aa4c8c:<484a.11.6b020bcd.HGF/l7kdX70Cqvfh8fOkpA==@vm>\n"
    );
    let (folder, exported) = case.export(Format::John);
    let names: Vec<_> = exported.files.iter().map(|file| (file.name.as_str(), file.items)).collect();
    assert_eq!(names, [("HMAC-MD5.txt", 1), ("dmd5.txt", 1), ("dynamic_1017.txt", 1)]);
    let line = fs::read_to_string(folder.join("dynamic_1017.txt")).unwrap();
    assert!(
        line.starts_with("bob:$dynamic_1017$b400bc1acefb50d063e7ee9f45aa4c8c$HEX$3c343834612e"),
        "{line}"
    );
    let mut options = case.options(Format::John);
    options.secrets = Some(Secrets::Omit);
    assert!(matches!(export(&options), Err(ExportError::MadeOfSecrets("john"))));
}

/// What a record names as its file is never used as a path.
#[test]
fn a_message_whose_file_is_gone_is_told() {
    let case = Case::hostile();
    let path = case.at("out/messages.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let record: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let file = record["file"].as_str().unwrap();
    fs::write(case.at("secret.eml"), "not for you").unwrap();
    for (named, why) in
        [("../secret.eml", "it has no file"), ("/etc/passwd", "it has no file"), (file, "cannot look at")]
    {
        fs::write(&path, text.replace(file, named)).unwrap();
        if named == file {
            fs::remove_file(case.at("out").join(file)).unwrap();
        }
        let mut options = case.options(Format::Mbox);
        options.force = true;
        let exported = export(&options).unwrap();
        assert!(exported.losses[0].contains(why), "{:?}", exported.losses);
        assert_eq!(fs::read(options.output).unwrap(), b"");
    }
}
