//! Netcap's audit records: `POP3`, `SMTP`, `Mail` with its `MailPart`s, and `Credentials`.
//!
//! Netcap (<https://docs.netcap.io>) writes a file for each type, `Mail.ncap.gz` and so on: gzip, within it a `Header` and
//! records in protocol buffers, each behind its length as a varint. Names and numbers of the fields are those of
//! Netcap's `netcap.proto` (its state with 64-bit times); the part that is used stands in the folder as `netcap.proto`.
//!
//! | record | one for each | filled |
//! | --- | --- | --- |
//! | `POP3` | POP3 session | addresses, `User`, `Pass` and `AuthToken` (APOP's digest, or a token) of the login that was accepted, else of the last; `MailIDs`; the verbs of all commands |
//! | `SMTP` | SMTP and LMTP session | addresses and ports, `IsEncrypted`, `MailIDs`, the verbs of all commands |
//! | `Mail` | message, candidates apart | `From` and `To` of the envelope, else of the header; the header fields of their names, decoded; addresses; `Origin` SMTP, LMTP, POP3 or IMAP; `ID` `message-` and its number |
//! | `MailPart` | node of the MIME tree | `ID` its path, `Header` what the record has of it, `Filename` decoded, `Content` as it was sent, still encoded, with LF, lossy UTF-8 |
//! | `Credentials` | login | `Service` as Netcap calls it, `Flow` `ip:port->ip:port`, `User`, `Password` (or token), in `Notes` mechanism, outcome and the line for a password cracker |
//!
//! Times are those of the first packet of a session or message, and of the packet that completed a login. `Header.Created`
//! is the time of the first session: when the export was made is no matter of it. Contents above 8 MiB are cut, which is
//! told. Sessions are joined with their commands, logins and messages some ten thousands at a time: more of them are more
//! passes over the folder, not more memory.
//!
//! What cannot be told: IMAP sessions (there is no record for them; their mails and logins are there), ports of POP3, hashes,
//! sizes, missing bytes, packets, anomalies, findings. `IsResponse` is always false, as a session is both.

mod file;
mod mail;
mod records;
mod sessions;

use super::output::NewFolder;
use super::source::Source;
use super::{ExportError, Written};
use crate::record::Time;
use file::RecordFile;
use records::Type;
use std::io::Write as _;

/// What the files hold, for `protoc`.
const PROTO: &str = include_str!("netcap.proto");

pub(super) fn writes(name: &str) -> bool {
    ["netcap.proto", "POP3.ncap.gz", "SMTP.ncap.gz", "Mail.ncap.gz", "Credentials.ncap.gz"].contains(&name)
}

pub(super) fn write(source: &Source, folder: &NewFolder) -> Result<Vec<Written>, ExportError> {
    let mut proto = folder.file("netcap.proto")?;
    proto.write_all(PROTO.as_bytes()).map_err(|error| proto.failed(error))?;
    proto.finish()?;
    let mut created = None;
    if let Some(first) = source.folder.sessions()?.find_map(Result::ok) {
        created = Some(first.start);
    }
    let inputs = source.folder.summary().inputs.iter().map(|input| input.path.to_string());
    let inputs = inputs.collect::<Vec<_>>().join(", ");
    let file = |name: &str, kind: Type| RecordFile::create(folder, name, kind, created, &inputs);

    let (mut pop3, mut smtp) = (file("POP3.ncap.gz", Type::Pop3)?, file("SMTP.ncap.gz", Type::Smtp)?);
    sessions::write(source, &mut pop3, &mut smtp)?;
    let mut mails = file("Mail.ncap.gz", Type::Mail)?;
    mail::write(source, &mut mails)?;
    let mut credentials = file("Credentials.ncap.gz", Type::Credentials)?;
    source.logins(|_, login| credentials.write(&sessions::credentials(&login)))?;
    Ok(vec![pop3.finish()?, smtp.finish()?, mails.finish()?, credentials.finish()?])
}

/// Since 1970; 0 beyond the year 2262, which 64 bits do not hold.
fn nanoseconds(time: Time) -> i64 {
    i64::try_from(time.at().as_nanos()).unwrap_or_default()
}

/// The ID of a message.
fn mail_id(message: u64) -> String {
    format!("message-{message}")
}

#[cfg(test)]
mod tests;
