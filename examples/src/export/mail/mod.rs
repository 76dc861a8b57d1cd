//! Mails for mail programs: which of the messages they are.
//!
//! Exported is every message whose bytes are in the folder and begin with its header: refused and incomplete ones as well,
//! and what came by POP3's TOP. Left out are candidates, which are other readings of the same bytes, and single parts
//! and ranges that were fetched by IMAP and did not make a whole. How many were left out is told.

pub mod maildir;
pub mod mbox;

use std::fs::File;
use std::io::{self, Read as _};

use super::ExportError;
use super::source::{Source, Taken};
use crate::record::{Message, Reading};

/// The mails with their files. A file that is not there is told.
fn mails(source: &Source, mut take: impl FnMut(Message, File) -> Taken) -> Taken {
    let mut left_out: u64 = 0;
    source.messages(|message| {
        if !is_mail(&message) {
            left_out += 1;
            return Ok(());
        }
        match source.folder.message_file(&message) {
            Ok(Some(file)) => take(message, file),
            Ok(None) => {
                source.lose(format!("message {}: it has no file", message.message));
                Ok(())
            }
            Err(error) => {
                source.lose(format!("message {}: {error}", message.message));
                Ok(())
            }
        }
    })?;
    if left_out > 0 {
        source.note(format!("{left_out} messages are left out: other readings, or pieces without a header"));
    }
    Ok(())
}

fn is_mail(message: &Message) -> bool {
    let section = message.section.as_ref().map(|section| section.as_str());
    message.reading == Reading::Primary && matches!(section, None | Some("top"))
}

/// Hands a file on in pieces.
fn pieces(
    source: &Source,
    message: &Message,
    mut file: File,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut room = vec![0; 64 << 10];
    loop {
        let len = match file.read(&mut room) {
            Ok(0) => return Ok(()),
            Ok(len) => len,
            Err(error) => {
                source.lose(format!("message {}: cut short: {error}", message.message));
                return Ok(());
            }
        };
        take(room.get(..len).unwrap_or_default())?;
    }
}

/// Names the output in an error of the system.
fn written(result: io::Result<()>, failed: impl FnOnce(io::Error) -> ExportError) -> Taken {
    result.map_err(failed)
}
