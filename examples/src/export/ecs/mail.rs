//! Messages and their files as documents.

use mime_extract::{Address, Date};
use serde_json::{Map, Value, json};

use super::fields::{Document, Related, recorded};
use crate::record::{Message, Operation, Outcome, Part, Text, Time};

pub(super) fn message(message: &Message) -> Document {
    let mut document = common("message", "email", message);
    document.set("event.action", action(message));
    document.set("event.id", format!("message-{}", message.message));
    document.set("event.sequence", message.message);
    document.span(message.start, message.end);
    document.set(
        "event.outcome",
        match message.outcome {
            Outcome::Accepted => "success",
            Outcome::Rejected => "failure",
            Outcome::Mixed | Outcome::Unknown => "unknown",
        },
    );
    document.set("event.reason", text(message.reply.as_ref()));
    for (field, name) in [
        ("from", "from"),
        ("to", "to"),
        ("cc", "cc"),
        ("bcc", "bcc"),
        ("reply-to", "reply_to"),
        ("sender", "sender"),
    ] {
        let addresses = addresses(message, field);
        for address in &addresses {
            document.relate(Related::User, address);
        }
        // The schema has one sender, and lists of the others.
        let value = if name == "sender" {
            addresses.first().map_or(Value::Null, |one| json!(one))
        } else {
            json!(addresses)
        };
        document.set(&format!("email.{name}.address"), value);
    }
    if let Some(headers) = &message.headers {
        document.set("email.subject", text(headers.subject.as_ref()));
        document
            .set("email.content_type", headers.content_type.as_ref().map(|text| media_type(text.as_str())));
        document.set("email.x_mailer", text(headers.user_agent.as_ref()));
        document.set(
            "email.origination_timestamp",
            headers.date.as_ref().and_then(|date| timestamp(date.as_str())),
        );
    }
    document.set("email.delivery_timestamp", message.end.to_string());
    document.set("email.local_id", message.message.to_string());
    let attachments: Vec<Value> = kept(message).map(|part| json!({"file": file(part)})).collect();
    document.set("email.attachments", attachments);
    for part in kept(message) {
        relate_hashes(&mut document, part.sha256.as_deref(), part.md5.as_deref());
    }
    relate_hashes(&mut document, Some(&message.sha256), Some(&message.md5));
    if let Some(envelope) = &message.envelope {
        let addresses = envelope.mail_from.iter().chain(envelope.rcpt_to.iter().map(|one| &one.address));
        addresses.for_each(|address| document.relate(Related::User, address.as_str()));
        document.set("mailtap.envelope.mail_from", text(envelope.mail_from.as_ref()));
        let of = |accepted: Option<bool>| -> Vec<String> {
            let some = envelope.rcpt_to.iter().filter(|one| accepted.is_none() || one.accepted == accepted);
            some.map(|one| one.address.to_string()).collect()
        };
        document.set("mailtap.envelope.rcpt_to", of(None));
        document.set("mailtap.envelope.rcpt_refused", of(Some(false)));
    }
    let Ok(record) = serde_json::to_value(message) else { return document };
    for name in [
        "reading",
        "via",
        "operation",
        "packets",
        "number",
        "unique_id",
        "mailbox",
        "uid",
        "sequence",
        "flags",
        "section",
        "outcome",
        "size",
        "sha256",
        "md5",
        "sha256_trimmed",
        "file",
        "complete",
        "missing",
        "received",
        "has_attachments",
        "urls",
    ] {
        document.set(&format!("mailtap.{name}"), record.get(name).cloned());
    }
    let anomalies: Vec<&str> = message.anomalies.iter().map(|anomaly| &*anomaly.code).collect();
    document.set("mailtap.anomalies", recorded(&anomalies));
    document
}

/// The parts of a message that are kept as files, each as an event of its own.
pub(super) fn files(message: &Message) -> impl Iterator<Item = Document> {
    kept(message).map(move |part| {
        let mut document = common("file", "file", message);
        document.set("event.action", "mail-attachment");
        document.set("event.id", format!("message-{}-part-{}", message.message, part.path));
        document.set("file", file(part));
        document.set("file.type", "file");
        document.set("file.path", part.file.as_deref());
        relate_hashes(&mut document, part.sha256.as_deref(), part.md5.as_deref());
        let Ok(record) = serde_json::to_value(part) else { return document };
        for name in [
            "path",
            "content_type",
            "charset",
            "encoding",
            "disposition",
            "content_id",
            "detected_type",
            "type_mismatch",
            "decode",
            "complete",
            "via",
            "hidden",
        ] {
            document.set(&format!("mailtap.part.{name}"), record.get(name).cloned());
        }
        document
    })
}

fn common(dataset: &str, category: &str, message: &Message) -> Document {
    let mut document = Document::new(dataset, "event", category, &["info"], Some(message.start));
    document.ends(message.protocol.word(), &message.client, &message.server);
    let id = message.headers.as_ref().and_then(|headers| headers.message_id.as_ref());
    document.set("email.message_id", id.map(|id| id.as_str().trim().trim_matches(['<', '>']).to_owned()));
    document.set("mailtap.message", message.message);
    document.set("mailtap.session", message.session);
    document
}

const fn action(message: &Message) -> &'static str {
    match message.operation {
        Operation::Data | Operation::Bdat => "mail-sent",
        Operation::Append => "mail-stored",
        Operation::Retr | Operation::Top | Operation::Fetch => "mail-fetched",
        Operation::Unknown => "mail-transferred",
    }
}

fn kept(message: &Message) -> impl Iterator<Item = &Part> {
    message.parts.iter().filter(|part| part.file.is_some())
}

fn file(part: &Part) -> Value {
    let mut file = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            file.insert(name.to_owned(), value);
        }
    };
    let name = part.filename.as_ref().map(Text::as_str);
    set("name", json!(name));
    set("extension", json!(name.and_then(extension)));
    set("mime_type", json!(part.content_type.as_str()));
    set("size", json!(part.size.filter(|size| i64::try_from(*size).is_ok())));
    let hashes = [("md5", &part.md5), ("sha256", &part.sha256)];
    let hashes: Map<String, Value> =
        hashes.iter().filter_map(|(name, hash)| Some(((*name).to_owned(), json!(hash.as_ref()?)))).collect();
    set("hash", Value::Object(hashes));
    Value::Object(file)
}

/// The letters behind the last dot of a name.
fn extension(name: &str) -> Option<String> {
    let (_, extension) = name.rsplit_once('.')?;
    let is_one = (1..=16).contains(&extension.len()) && extension.bytes().all(|c| c.is_ascii_alphanumeric());
    is_one.then(|| extension.to_ascii_lowercase())
}

fn relate_hashes(document: &mut Document, sha256: Option<&str>, md5: Option<&str>) {
    for hash in [sha256, md5].into_iter().flatten() {
        document.relate(Related::Hash, hash);
    }
}

/// The addresses in all fields of a name, in lower case.
fn addresses(message: &Message, field: &str) -> Vec<String> {
    let fields = message.header_fields.iter().filter(|one| one.0.as_str().eq_ignore_ascii_case(field));
    // A value as it stands in the header: unfolded first.
    let values = fields.map(|one| one.1.as_str().replace(['\r', '\n'], ""));
    let all = values.flat_map(|value| Address::parse_list(value.as_bytes()));
    all.map(|one| one.address).filter(|address| address.contains('@')).collect()
}

fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A Date field as the schema writes times; none that is before 1970.
fn timestamp(date: &str) -> Option<String> {
    let at = u64::try_from(Date::parse(date.as_bytes())?.unix).ok()?;
    Some(Time::new(core::time::Duration::from_secs(at), 0).to_string()).filter(|text| !text.starts_with('+'))
}

fn text(text: Option<&Text>) -> Option<String> {
    text.map(ToString::to_string)
}
