//! Maltego: tables for its import of graphs from tables ("Import 3rd party table").
//!
//! The importer takes CSV files, asks which column is an entity of which type, and how entities of a row are connected
//! (<https://docs.maltego.com/support/solutions/articles/15000010797>). Entities of one type and value become one. The tables are
//! made so that the choice "Sequential" is the right one: each entity is connected with the one in the column before it. The
//! head of a column names the type in brackets; columns without one are to be mapped to properties of the message or
//! file, or left out.
//!
//! | file | entities of a row, in order | one row for each |
//! | --- | --- | --- |
//! | `mails.csv` | sender, message, recipient | recipient of a message |
//! | `transfers.csv` | client, message, server | message |
//! | `files.csv` | message, file, SHA-256 | part that is kept as a file |
//! | `urls.csv` | message, address | address in the text of a message |
//! | `logins.csv` | client, user name, server | login |
//!
//! Senders and recipients are those of the envelope, or where there is none those of the header. A message has the value
//! `message 5: its subject`. Other readings of the same bytes (candidates) are left out. Cells are those of
//! [`csv`](super::csv): UTF-8, commas, and an apostrophe in front of what a spreadsheet would take for a formula.
//!
//! What cannot be told: everything without an entity; how often (each time is a row). Types are those of Maltego's standard
//! entities; the message is a `maltego.Phrase`, since the ones for mails come with paid editions.

use mime_extract::Address;

use super::cells::{Cell, ip};
use super::csv::Sheet;
use super::output::NewFolder;
use super::source::Source;
use super::{ExportError, Written};
use crate::record::{Message, Reading, Text};

/// The tables: names and columns. Columns with a type in brackets are entities, in the order in which they are connected.
const TABLES: [(&str, &[&str]); 5] = [
    (
        "mails.csv",
        &[
            "sender (maltego.EmailAddress)",
            "message (maltego.Phrase)",
            "recipient (maltego.EmailAddress)",
            "time",
            "message_id",
            "sha256",
            "outcome",
        ],
    ),
    (
        "transfers.csv",
        &[
            "client (maltego.IPv4Address)",
            "message (maltego.Phrase)",
            "server (maltego.IPv4Address)",
            "time",
            "protocol",
            "operation",
        ],
    ),
    (
        "files.csv",
        &[
            "message (maltego.Phrase)",
            "file (maltego.File)",
            "sha256 (maltego.Hash)",
            "md5",
            "size",
            "declared_type",
            "detected_type",
        ],
    ),
    ("urls.csv", &["message (maltego.Phrase)", "address (maltego.URL)"]),
    (
        "logins.csv",
        &[
            "client (maltego.IPv4Address)",
            "user (maltego.Alias)",
            "server (maltego.IPv4Address)",
            "time",
            "protocol",
            "mechanism",
            "outcome",
        ],
    ),
];

pub(super) fn writes(name: &str) -> bool {
    TABLES.iter().any(|(table, _)| *table == name)
}

pub(super) fn write(source: &Source, folder: &NewFolder) -> Result<Vec<Written>, ExportError> {
    let sheet = |(name, columns): (&str, &'static [&'static str])| {
        Sheet::create(folder, name, columns.iter().copied())
    };
    let [mails, transfers, files, urls, logins] = TABLES;
    let (mut mails, mut transfers, mut files) = (sheet(mails)?, sheet(transfers)?, sheet(files)?);
    let (mut urls, mut logins) = (sheet(urls)?, sheet(logins)?);
    source.messages(|message| {
        if message.reading != Reading::Primary {
            return Ok(());
        }
        let name = name(&message);
        let id = message.headers.as_ref().and_then(|headers| headers.message_id.as_ref());
        let (sender, recipients) = ends(&message);
        for recipient in &recipients {
            mails.row(&[
                (&sender).into(),
                (&name).into(),
                recipient.into(),
                message.start.into(),
                id.into(),
                (&message.sha256).into(),
                message.outcome.word().into(),
            ])?;
        }
        transfers.row(&[
            ip(&message.client).into(),
            (&name).into(),
            ip(&message.server).into(),
            message.start.into(),
            message.protocol.word().into(),
            message.operation.word().into(),
        ])?;
        for part in message.parts.iter().filter(|part| part.file.is_some()) {
            let unnamed = part.filename.is_none();
            files.row(&[
                (&name).into(),
                if unnamed {
                    Cell::Owned(format!("part {}", part.path))
                } else {
                    part.filename.as_ref().into()
                },
                part.sha256.as_ref().into(),
                part.md5.as_ref().into(),
                part.size.into(),
                (&part.content_type).into(),
                part.detected_type.as_deref().into(),
            ])?;
        }
        message.urls.iter().try_for_each(|url| urls.row(&[(&name).into(), url.into()]))
    })?;
    source.logins(|_, login| {
        logins.row(&[
            ip(&login.client).into(),
            login.username.as_ref().into(),
            ip(&login.server).into(),
            login.at.into(),
            login.protocol.word().into(),
            (&login.mechanism).into(),
            login.outcome.word().into(),
        ])
    })?;
    Ok(vec![mails.finish()?, transfers.finish()?, files.finish()?, urls.finish()?, logins.finish()?])
}

/// What no other message is called.
fn name(message: &Message) -> String {
    let subject = message.headers.as_ref().and_then(|headers| headers.subject.as_ref());
    let subject = subject.map(Text::as_str).unwrap_or_default().trim();
    if subject.is_empty() {
        format!("message {}", message.message)
    } else {
        format!("message {}: {subject}", message.message)
    }
}

/// Sender and recipients: of the envelope, or where there is none of the header.
fn ends(message: &Message) -> (String, Vec<String>) {
    let Some(envelope) = &message.envelope else {
        let sender = addresses(message, "from").into_iter().next().unwrap_or_default();
        return (sender, ["to", "cc", "bcc"].map(|field| addresses(message, field)).concat());
    };
    let sender = envelope.mail_from.as_ref().map(ToString::to_string).unwrap_or_default();
    (sender, envelope.rcpt_to.iter().map(|one| one.address.to_string()).collect())
}

fn addresses(message: &Message, field: &str) -> Vec<String> {
    let fields = message.header_fields.iter().filter(|one| one.0.as_str().eq_ignore_ascii_case(field));
    let values = fields.map(|one| one.1.as_str().replace(['\r', '\n'], ""));
    let all = values.flat_map(|value| Address::parse_list(value.as_bytes()));
    all.map(|one| one.address).filter(|address| address.contains('@')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Envelope, HeaderField, Headers, Operation, Protocol, Recipient, Time};
    use core::time::Duration;

    #[test]
    fn names_and_ends() {
        let at = Time::new(Duration::ZERO, 0);
        let mut message = Message::new(7, Protocol::Imap, Operation::Fetch, String::new(), String::new(), at);
        assert_eq!((name(&message), ends(&message)), ("message 7".to_owned(), (String::new(), Vec::new())));
        message.headers = Some(Headers { subject: Some(" =1 ".into()), ..Headers::default() });
        let fields =
            [("FROM", "Ann <a@x>, z@x"), ("To", "b@y,\r\n c@y"), ("Cc", "\"d, e\" <d@y>"), ("To", "nobody")];
        message.header_fields =
            fields.iter().map(|(name, value)| HeaderField((*name).into(), (*value).into(), 0)).collect();
        let list = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(name(&message), "message 7: =1");
        assert_eq!(ends(&message), ("a@x".to_owned(), list(&["b@y", "c@y", "d@y"])));
        let mut envelope = Envelope { mail_from: Some("".into()), ..Envelope::default() };
        envelope.rcpt_to = vec![Recipient::new("e@y".into())];
        message.envelope = Some(envelope);
        assert_eq!(ends(&message), (String::new(), list(&["e@y"])));
    }
}
