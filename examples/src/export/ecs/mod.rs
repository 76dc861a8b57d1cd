//! Elastic Common Schema: a JSON object a line (ndjson), for Elasticsearch and other SIEMs.
//!
//! The fields are those of ECS 8.11.0 (<https://www.elastic.co/guide/en/ecs/8.11/>; `ecs.version` in each line); later versions
//! have them as well. What ECS has no field for stands below `mailtap`, with the names of the records. One line for each
//!
//! | record | `event.dataset` | `event.category` | fields beside `event`, `network`, `source`, `destination`, `related`, `observer` |
//! | --- | --- | --- | --- |
//! | session | `mailtap.session` | network | `tls` |
//! | message | `mailtap.message` | email | `email` with `attachments` |
//! | part that is kept as a file | `mailtap.file` | file | `file`, `email.message_id` |
//! | login | `mailtap.login` | authentication | `user` |
//! | anomaly | `mailtap.anomaly` | network | |
//! | finding | `mailtap.finding` | `intrusion_detection`, `event.kind` alert | `rule` |
//!
//! `source` is the client, `destination` the server, whichever way the mail went; `client` and `server` are the same.
//! `@timestamp` is the time of the record (of a session and a message: its beginning), as precise as the capture.
//! `event.outcome` says whether the server took it; `event.reason` is its reply. `event.id` and `event.sequence` name the
//! record. `email.from` and so on are the header's, as ECS says; the envelope's are `mailtap.envelope`. Passwords and tokens are not in it,
//! whatever `--secrets` says: ECS has no field for them.
//!
//! What cannot be told: `email.direction`, since nobody knows which domains are one's own; commands and replies; the bytes
//! of mails (`file.path` names the file below the folder that was exported). Numbers above 2^63-1, which Elasticsearch does
//! not take, are left out. `cancelled` logins have the outcome `failure`, `mixed` messages `unknown`.

mod fields;
mod mail;
mod traffic;

use super::output::NewFile;
use super::source::{Source, Taken};
use super::{ExportError, Written};
use crate::sink::json;
use fields::Document;
use std::io::Write as _;

/// What the file begins with.
pub(super) const BEGIN: &[u8] = b"{\"@timestamp\":";

/// The version of the schema.
const VERSION: &str = "8.11.0";

pub(super) fn write(source: &Source, file: NewFile) -> Result<Vec<Written>, ExportError> {
    let mut lines = Lines { file, text: Vec::new(), items: 0 };
    source.sessions(|session| lines.write(traffic::session(&session)))?;
    source.messages(|message| {
        lines.write(mail::message(&message))?;
        mail::files(&message).try_for_each(|file| lines.write(file))
    })?;
    source.logins(|number, login| lines.write(traffic::login(number, &login)))?;
    let mut number = 0;
    source.anomalies(|anomaly| {
        number += 1;
        lines.write(traffic::anomaly(number, &anomaly))
    })?;
    source.findings(|finding| lines.write(traffic::finding(&finding)))?;
    let items = lines.items;
    lines.file.finish()?;
    Ok(vec![Written::new("events", items)])
}

struct Lines {
    file: NewFile,
    text: Vec<u8>,
    items: u64,
}

impl Lines {
    fn write(&mut self, document: Document) -> Taken {
        self.items += 1;
        self.text.clear();
        json::push_line(&mut self.text, &document.finish())
            .map_err(Into::into)
            .and_then(|()| self.file.write_all(&self.text))
            .map_err(|error| self.file.failed(error))
    }
}

#[cfg(test)]
mod tests;
