//! A folder of mails, each in a file: Maildir.
//!
//! The form is the one of qmail (<https://cr.yp.to/proto/maildir.html>), with the flags and the size in the names as
//! Dovecot and Courier have them (Maildir++). A mail stands, byte for byte as its `.eml`, in
//!
//! ```text
//! new/<seconds>.M<message>.<16 digits of its SHA-256>.mailtap,S=<bytes>
//! cur/<the same>:2,<flags>
//! ```
//!
//! `cur` when flags are known: `D` draft, `F` flagged, `P` passed on (`$Forwarded`), `R` answered, `S` seen, `T` deleted.
//! The seconds are those of the last byte, the number that of the record.
//!
//! What cannot be told: keywords, the mailbox it was in, the envelope, missing bytes. Lines end as they did on the wire,
//! with CRLF: programs that expect LF show a `^M`; mbox has LF.

use super::super::output::NewFolder;
use super::super::source::Source;
use super::super::{ExportError, Written};
use super::{mails, pieces, written};
use crate::record::Message;
use std::io::Write as _;

/// Flags by the letters that stand for them, in their order.
const FLAGS: [(char, &str); 6] = [
    ('D', "\\draft"),
    ('F', "\\flagged"),
    ('P', "$forwarded"),
    ('R', "\\answered"),
    ('S', "\\seen"),
    ('T', "\\deleted"),
];

pub(in crate::export) fn write(source: &Source, folder: &NewFolder) -> Result<Vec<Written>, ExportError> {
    for name in ["cur", "new", "tmp"] {
        folder.folder(name)?;
    }
    let mut items = 0;
    mails(source, |message, mail| {
        items += 1;
        let mut file = folder.file(&name(&message))?;
        let result = pieces(source, &message, mail, |piece| file.write_all(piece));
        written(result, |error| file.failed(error))?;
        file.finish()
    })?;
    Ok(vec![Written::new("messages", items)])
}

pub(in crate::export) fn writes(name: &str) -> bool {
    fn is_name(name: &str) -> Option<bool> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        let (seconds, rest) = name.split_once(".M")?;
        let (number, rest) = rest.split_once('.')?;
        let (hash, rest) = rest.split_once('.')?;
        let size = rest.strip_prefix("mailtap,S=")?;
        let is_hash = hash.len() == 16 && hash.bytes().all(|c| c.is_ascii_hexdigit());
        Some(digits(seconds) && digits(number) && digits(size) && is_hash)
    }
    match name {
        "cur/" | "new/" | "tmp/" => true,
        _ => {
            let new = name.strip_prefix("new/");
            let cur = name.strip_prefix("cur/").and_then(|name| Some(name.split_once(":2,")?.0));
            new.or(cur).and_then(is_name).unwrap_or_default()
        }
    }
}

fn name(message: &Message) -> String {
    let flags = flags(message);
    let (folder, flags) =
        if flags.is_empty() { ("new", String::new()) } else { ("cur", format!(":2,{flags}")) };
    // A hash is what a record says it is.
    let hash: String = message.sha256.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    let seconds = message.end.at().as_secs();
    format!("{folder}/{seconds}.M{}.{hash:0<16}.mailtap,S={}{flags}", message.message, message.size)
}

fn flags(message: &Message) -> String {
    let has = |flag: &str| message.flags.iter().any(|one| one.as_str().eq_ignore_ascii_case(flag));
    FLAGS.iter().filter(|(_, flag)| has(flag)).map(|(letter, _)| *letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Operation, Protocol, Time};
    use core::time::Duration;

    #[test]
    fn names_say_number_hash_size_and_flags() {
        let at = Time::new(Duration::new(7, 5), 6);
        for (sha256, flags, expected) in [
            ("00ff00ff00ff00ff00ff", &[][..], "new/7.M12.00ff00ff00ff00ff.mailtap,S=3"),
            (
                "00ff00ff00ff00ff",
                &["\\Seen", "\\DRAFT", "$label"],
                "cur/7.M12.00ff00ff00ff00ff.mailtap,S=3:2,DS",
            ),
            ("../../x", &["\\recent"], "new/7.M12.0000000000000000.mailtap,S=3"),
        ] {
            let (client, server) = (String::new(), String::new());
            let mut message = Message::new(12, Protocol::Imap, Operation::Fetch, client, server, at);
            message.sha256 = sha256.to_owned();
            message.size = 3;
            message.flags = flags.iter().map(|flag| (*flag).into()).collect();
            assert_eq!(name(&message), expected);
            assert!(writes(&name(&message)));
        }
        for (name, expected) in [
            ("cur/", true),
            ("tmp/", true),
            ("notes/", false),
            ("new/notes", false),
            ("new/7.M12.00ff00ff00ff00ff.mailtap,S=", false),
            ("new/7.M.00ff00ff00ff00ff.mailtap,S=3", false),
            ("tmp/7.M12.00ff00ff00ff00ff.mailtap,S=3", false),
        ] {
            assert_eq!(writes(name), expected, "{name}");
        }
    }
}
