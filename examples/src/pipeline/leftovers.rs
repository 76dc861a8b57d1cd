//! Files of parts that became one message with others: of no use any more, unless some record names them.

use crate::evidence::Lines;
use crate::record;
use crate::sink::{Folder, Records, SinkError};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Files, below the output folder, that may be of no use.
#[derive(Debug, Default)]
pub(super) struct Leftovers(BTreeSet<String>);

/// What a record of a message names.
#[derive(Deserialize)]
struct Names {
    file: String,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    file: Option<String>,
}

impl Leftovers {
    /// The files of a message that has no record of its own.
    pub(super) fn add(&mut self, message: &record::Message) {
        self.0.insert(message.file.clone());
        self.0.extend(message.parts.iter().filter_map(|part| part.file.clone()));
    }

    /// Removes them, but for those that a record names. All records are written.
    pub(super) fn remove(mut self, folder: &Folder) -> Result<(), SinkError> {
        if self.0.is_empty() {
            return Ok(());
        }
        // Files are named by content, so that any message may have the same one.
        let path = folder.path().join(Records::Messages.file_name());
        let unreadable = |why: String| SinkError::io("read", &path)(std::io::Error::other(why));
        let mut lines =
            Lines::open(folder.path(), Records::Messages).map_err(|error| unreadable(error.to_string()))?;
        while let Some(names) = lines.next::<Names>() {
            let names = names.map_err(|damaged| unreadable(damaged.to_string()))?;
            self.0.remove(&names.file);
            for file in names.parts.iter().filter_map(|part| part.file.as_ref()) {
                self.0.remove(file);
            }
        }
        for file in self.0 {
            let path = folder.path().join(file);
            std::fs::remove_file(&path).map_err(SinkError::io("remove", &path))?;
        }
        Ok(())
    }
}
