//! The table of messages.

use super::super::cells::{Cell, Column, Kind, Table, column, ip, list, port};
use super::packets;
use crate::record::{Headers, Message, MessageAnomaly, Missing, Part, Received, Recipient, Text};

pub(crate) const MESSAGES: Table<Message> = Table { name: "messages", columns: COLUMNS };

const COLUMNS: &[Column<Message>] = &[
    column("message", Kind::Number, |row| row.message.into()),
    column("session", Kind::Number, |row| row.session.into()),
    column("source_sessions", Kind::List, |row| list(row.sources.iter().map(|source| source.session))),
    column("reading", Kind::Text, |row| row.reading.word().into()),
    column("via", Kind::List, |row| list(&row.via)),
    column("protocol", Kind::Text, |row| row.protocol.word().into()),
    column("operation", Kind::Text, |row| row.operation.word().into()),
    column("client_ip", Kind::Text, |row| ip(&row.client).into()),
    column("client_port", Kind::Number, |row| port(&row.client).into()),
    column("server_ip", Kind::Text, |row| ip(&row.server).into()),
    column("server_port", Kind::Number, |row| port(&row.server).into()),
    column("start", Kind::Time, |row| row.start.into()),
    column("end", Kind::Time, |row| row.end.into()),
    column("packets", Kind::List, |row| packets(&row.packets)),
    column("mail_from", Kind::Text, |row| {
        row.envelope.as_ref().and_then(|envelope| envelope.mail_from.as_ref()).into()
    }),
    column("rcpt_to", Kind::List, |row| list(recipients(row, |_| true))),
    column("rcpt_accepted", Kind::List, |row| list(recipients(row, |one| one.accepted == Some(true)))),
    column("rcpt_refused", Kind::List, |row| list(recipients(row, |one| one.accepted == Some(false)))),
    column("mail_parameters", Kind::List, |row| {
        let parameters = row.envelope.iter().flat_map(|envelope| &envelope.parameters);
        list(parameters.map(|(name, value)| match value.as_str() {
            "" => name.to_string(),
            value => format!("{name}={value}"),
        }))
    }),
    column("number", Kind::Number, |row| row.number.into()),
    column("unique_id", Kind::Text, |row| row.unique_id.as_ref().into()),
    column("mailbox", Kind::Text, |row| row.mailbox.as_ref().into()),
    column("uid", Kind::Number, |row| row.uid.into()),
    column("sequence", Kind::Number, |row| row.sequence.into()),
    column("flags", Kind::List, |row| list(&row.flags)),
    column("internal_date", Kind::Text, |row| row.internal_date.as_ref().into()),
    column("section", Kind::Text, |row| row.section.as_ref().into()),
    column("outcome", Kind::Text, |row| row.outcome.word().into()),
    column("reply", Kind::Text, |row| row.reply.as_ref().into()),
    column("size", Kind::Number, |row| row.size.into()),
    column("sha256", Kind::Text, |row| (&row.sha256).into()),
    column("md5", Kind::Text, |row| (&row.md5).into()),
    column("sha256_trimmed", Kind::Text, |row| (&row.sha256_trimmed).into()),
    column("file", Kind::Text, |row| Some(&row.file).filter(|file| !file.is_empty()).into()),
    column("complete", Kind::Bool, |row| row.complete.into()),
    column("missing", Kind::List, |row| list(row.missing.iter().map(missing))),
    column("from", Kind::Text, |row| header(row, |headers| &headers.from)),
    column("to", Kind::Text, |row| header(row, |headers| &headers.to)),
    column("cc", Kind::Text, |row| header(row, |headers| &headers.cc)),
    column("bcc", Kind::Text, |row| header(row, |headers| &headers.bcc)),
    column("reply_to", Kind::Text, |row| header(row, |headers| &headers.reply_to)),
    column("subject", Kind::Text, |row| header(row, |headers| &headers.subject)),
    column("date", Kind::Text, |row| header(row, |headers| &headers.date)),
    column("message_id", Kind::Text, |row| header(row, |headers| &headers.message_id)),
    column("in_reply_to", Kind::Text, |row| header(row, |headers| &headers.in_reply_to)),
    column("references", Kind::Text, |row| header(row, |headers| &headers.references)),
    column("return_path", Kind::Text, |row| header(row, |headers| &headers.return_path)),
    column("delivery_date", Kind::Text, |row| header(row, |headers| &headers.delivery_date)),
    column("envelope_to", Kind::Text, |row| header(row, |headers| &headers.envelope_to)),
    column("content_type", Kind::Text, |row| header(row, |headers| &headers.content_type)),
    column("content_language", Kind::Text, |row| header(row, |headers| &headers.content_language)),
    column("x_originating_ip", Kind::Text, |row| header(row, |headers| &headers.x_originating_ip)),
    column("user_agent", Kind::Text, |row| header(row, |headers| &headers.user_agent)),
    column("received", Kind::List, |row| list(row.received.iter().map(hop))),
    column("has_attachments", Kind::Bool, |row| row.has_attachments.into()),
    column("parts", Kind::Number, |row| u64::try_from(row.parts.len()).unwrap_or(u64::MAX).into()),
    column("attachments", Kind::List, |row| list(row.parts.iter().filter_map(attachment))),
    column("urls", Kind::List, |row| list(&row.urls)),
    column("anomalies", Kind::List, |row| list(row.anomalies.iter().map(anomaly))),
];

fn recipients(row: &Message, which: fn(&Recipient) -> bool) -> impl Iterator<Item = &Text> {
    let all = row.envelope.iter().flat_map(|envelope| &envelope.rcpt_to);
    all.filter(move |one| which(one)).map(|one| &one.address)
}

fn header(row: &Message, which: for<'a> fn(&'a Headers) -> &'a Option<Text>) -> Cell<'_> {
    row.headers.as_ref().and_then(|headers| which(headers).as_ref()).into()
}

/// `332+100`: 100 bytes, 332 bytes from the beginning; `332+`: nobody knows how many.
fn missing(missing: &Missing) -> String {
    let length = missing.length.map(|length| length.to_string()).unwrap_or_default();
    format!("{}+{length}", missing.offset)
}

/// What a server said of where it had the message from.
fn hop(received: &Received) -> String {
    let clauses = [
        ("from", &received.from),
        ("by", &received.by),
        ("via", &received.via),
        ("with", &received.with),
        ("id", &received.id),
        ("for", &received.recipient),
        ("date", &received.date),
    ];
    let said = clauses.iter().filter_map(|(name, text)| Some(format!("{name} {}", text.as_ref()?)));
    said.collect::<Vec<_>>().join(" ")
}

/// The name of a part that is kept as a file.
fn attachment(part: &Part) -> Option<String> {
    part.file.as_ref()?;
    Some(part.filename.as_ref().map_or_else(|| "(no name)".to_owned(), Text::to_string))
}

fn anomaly(anomaly: &MessageAnomaly) -> String {
    match &anomaly.detail {
        Some(detail) => format!("{}: {detail}", anomaly.code),
        None => anomaly.code.to_string(),
    }
}
