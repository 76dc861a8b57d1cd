//! The files of messages and attachments: each has the hash that is its name, and a record that names it.

use super::super::name::{Name, from_hex};
use super::super::records::{Message, Part};
use super::super::{EvidenceError, lines};
use super::{Finding, Teller};
use crate::record::hex;
use crate::report;
use crate::sink::{Hashes, Records, Store};
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// What is in a file.
#[derive(Debug, Clone, Copy)]
struct Content {
    name: Name,
    size: u64,
    md5: [u8; 16],
    trimmed: [u8; 32],
    /// Its hash is its name.
    sound: bool,
    /// A record names it.
    named: bool,
}

/// The files of a folder.
#[derive(Debug)]
pub(super) struct Files {
    /// By name.
    messages: Vec<Content>,
    attachments: Vec<Content>,
    /// A run that died leaves files that no record names yet.
    complete: bool,
    /// How many parts name a file.
    attached: u64,
}

impl Files {
    /// Lists and hashes all that is there.
    pub(super) fn hash(dir: &Path, complete: bool, teller: &mut Teller<'_>) -> Self {
        top(dir, teller);
        let [messages, attachments] = Store::ALL.map(|store| {
            let names = match names(dir, store, complete, teller) {
                Ok(names) => names,
                Err(error) => {
                    teller.unreadable(store.folder_name(), &error);
                    Vec::new()
                }
            };
            let mut contents = Vec::with_capacity(names.len());
            for name in names {
                match content(dir, store, name, teller) {
                    Ok(content) => contents.push(content),
                    Err(error) => teller.unreadable(name.shown(store), &error),
                }
            }
            contents
        });
        Self { messages, attachments, complete, attached: 0 }
    }

    /// How many parts name a file.
    pub(super) const fn attached(&self) -> u64 {
        self.attached
    }

    fn find(&mut self, store: Store, name: &Name) -> Option<&mut Content> {
        let contents = match store {
            Store::Messages => &mut self.messages,
            Store::Attachments => &mut self.attachments,
        };
        let at = contents.binary_search_by_key(name, |content| content.name).ok()?;
        contents.get_mut(at)
    }

    /// Compares what a record says of its files.
    pub(super) fn message(&mut self, message: &Message, teller: &mut Teller<'_>) {
        let what = format!("message {}", message.message);
        let says = Says {
            file: &message.file,
            sha256: &message.sha256,
            size: Some(message.size),
            md5: Some(&message.md5),
            trimmed: Some(&message.sha256_trimmed),
        };
        self.compare(Store::Messages, &what, &says, teller);
        for part in &message.parts {
            let Part { path, file: Some(file), size, sha256, md5 } = part else { continue };
            self.attached += 1;
            let says = Says {
                file,
                sha256: sha256.as_deref().unwrap_or_default(),
                size: *size,
                md5: md5.as_deref(),
                trimmed: None,
            };
            self.compare(Store::Attachments, &format!("{what} part {path}"), &says, teller);
        }
    }

    fn compare(&mut self, store: Store, what: &str, says: &Says<'_>, teller: &mut Teller<'_>) {
        let mut differs = |check, expected: &dyn ToString, found: &dyn ToString| {
            teller.tell(&Finding::new(what, check, expected.to_string(), found.to_string()));
        };
        let file = says.file.split_once('/').filter(|(folder, _)| *folder == store.folder_name());
        let Some(name) = file.and_then(|(_, name)| Name::parse(name)) else {
            return differs("file", &format!("a name in {} made of a hash", store.folder_name()), &says.file);
        };
        if says.sha256 != hex(&name.sha256) {
            differs("sha256", &hex(&name.sha256), &says.sha256);
        }
        let Some(content) = self.find(store, &name) else {
            return differs("file", &says.file, &"no such file");
        };
        content.named = true;
        if let Some(size) = says.size.filter(|size| *size != content.size) {
            differs("size", &size, &content.size);
        }
        // Of another content than its name says, which was told, all sums are wrong.
        if !content.sound {
            return;
        }
        if let Some(md5) = says.md5.filter(|md5| **md5 != hex(&content.md5)) {
            differs("md5", &md5, &hex(&content.md5));
        }
        if let Some(trimmed) = says.trimmed.filter(|trimmed| **trimmed != hex(&content.trimmed)) {
            differs("sha256_trimmed", &trimmed, &hex(&content.trimmed));
        }
    }

    /// All records were read.
    pub(super) fn finish(&self, teller: &mut Teller<'_>) {
        if !self.complete {
            return;
        }
        for (store, contents) in [(Store::Messages, &self.messages), (Store::Attachments, &self.attachments)]
        {
            for content in contents.iter().filter(|content| !content.named) {
                let by = match store {
                    Store::Messages => Records::Messages.file_name(),
                    Store::Attachments => "a part of a message",
                };
                teller.tell(&Finding::new(
                    content.name.shown(store),
                    "file",
                    format!("named by {by}"),
                    "it is not",
                ));
            }
        }
    }
}

/// What a record says of a file.
struct Says<'a> {
    file: &'a str,
    sha256: &'a str,
    size: Option<u64>,
    md5: Option<&'a str>,
    trimmed: Option<&'a str>,
}

/// Whether the folder itself holds nothing but what a run writes.
fn top(dir: &Path, teller: &mut Teller<'_>) {
    let entries = fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut names: Vec<_> = match entries {
        Ok(entries) => entries.iter().map(fs::DirEntry::file_name).collect(),
        Err(error) => {
            return teller.unreadable("the folder", &EvidenceError::io("read the folder", dir)(error));
        }
    };
    names.sort();
    for name in names {
        let known = name == "summary.json"
            || Records::ALL.iter().any(|records| name == records.file_name())
            || Store::ALL.iter().any(|store| name == store.folder_name())
            || (name == report::FILE_NAME && report::is_report(&dir.join(&name)));
        if !known {
            teller.tell(&Finding::new(
                name.to_string_lossy().into_owned(),
                "file",
                "nothing",
                "a file that no run writes",
            ));
        }
    }
}

/// The names in a store, in order.
fn names(
    dir: &Path,
    store: Store,
    complete: bool,
    teller: &mut Teller<'_>,
) -> Result<Vec<Name>, EvidenceError> {
    let path = dir.join(store.folder_name());
    let meta = fs::symlink_metadata(&path).map_err(EvidenceError::io("look at", &path))?;
    if meta.is_symlink() {
        return Err(EvidenceError::Link(path));
    }
    let (mut names, mut strange) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(&path).map_err(EvidenceError::io("read the folder", &path))? {
        let entry = entry.map_err(EvidenceError::io("read the folder", &path))?.file_name();
        let text = entry.to_str().unwrap_or_default();
        match Name::parse(text) {
            Some(name) => names.push(name),
            // What a run was about to write when it died.
            None if !complete && text.starts_with(".tmp-") => {}
            None => strange.push(entry),
        }
    }
    strange.sort();
    for name in strange {
        let what = format!("{}/{}", store.folder_name(), name.to_string_lossy());
        teller.tell(&Finding::new(what, "file", "nothing", "a file that no run writes"));
    }
    names.sort_unstable();
    Ok(names)
}

fn content(dir: &Path, store: Store, name: Name, teller: &mut Teller<'_>) -> Result<Content, EvidenceError> {
    let shown = name.shown(store);
    let path = dir.join(&shown);
    let mut file = lines::open(dir, &shown)?;
    let mut hashes = Hashes::default();
    let mut room = vec![0; 256 << 10];
    loop {
        match file.read(&mut room).map_err(EvidenceError::io("read", &path))? {
            0 => break,
            len => hashes.update(room.get(..len).unwrap_or_default()),
        }
    }
    teller.checked.files += 1;
    let size = hashes.size();
    let [sha256, md5, trimmed] = hashes.finish();
    let sound = from_hex(&sha256) == Some(name.sha256);
    if !sound {
        teller.tell(&Finding::new(shown, "sha256", hex(&name.sha256), sha256));
    }
    let (md5, trimmed) = (from_hex(&md5).unwrap_or_default(), from_hex(&trimmed).unwrap_or_default());
    Ok(Content { name, size, md5, trimmed, sound, named: false })
}
