//! Mails and their parts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use super::file::RecordFile;
use super::records::{Mail, MailPart};
use super::{mail_id, nanoseconds};
use crate::export::cells::ip;
use crate::export::source::{Source, Taken};
use crate::record::{Headers, Message, Part, Protocol, Reading, Text};

/// So much of a part is in the record, and of all parts of a mail four times as much.
const CONTENT: u64 = 8 << 20;

pub(super) fn write(source: &Source, to: &mut RecordFile) -> Taken {
    source.messages(|message| {
        if message.reading != Reading::Primary {
            return Ok(());
        }
        let mut record = record(&message);
        match source.folder.message_file(&message) {
            Ok(Some(mut file)) => fill(source, &message, &mut record, &mut file),
            Ok(None) => source.lose(format!("message {}: it has no file", message.message)),
            Err(error) => source.lose(format!("message {}: {error}", message.message)),
        }
        to.write(&record)
    })
}

pub(super) fn record(message: &Message) -> Mail {
    let headers = message.headers.as_ref();
    let header = |which: fn(&Headers) -> &Option<Text>| {
        headers.and_then(|headers| which(headers).as_ref()).map(ToString::to_string).unwrap_or_default()
    };
    let from = message.envelope.as_ref().and_then(|envelope| envelope.mail_from.as_ref());
    let to: Vec<String> = message
        .envelope
        .iter()
        .flat_map(|envelope| &envelope.rcpt_to)
        .map(|one| one.address.to_string())
        .collect();
    Mail {
        timestamp: nanoseconds(message.start),
        return_path: header(|headers| &headers.return_path),
        from: from.map_or_else(|| header(|headers| &headers.from), ToString::to_string),
        to: if to.is_empty() { header(|headers| &headers.to) } else { to.join(", ") },
        cc: header(|headers| &headers.cc),
        subject: header(|headers| &headers.subject),
        date: header(|headers| &headers.date),
        message_id: header(|headers| &headers.message_id),
        references: header(|headers| &headers.references),
        in_reply_to: header(|headers| &headers.in_reply_to),
        content_language: header(|headers| &headers.content_language),
        has_attachments: message.has_attachments,
        x_originating_ip: header(|headers| &headers.x_originating_ip),
        content_type: header(|headers| &headers.content_type),
        envelope_to: header(|headers| &headers.envelope_to),
        body: message.parts.iter().map(part).collect(),
        client_ip: ip(&message.client).to_owned(),
        server_ip: ip(&message.server).to_owned(),
        id: mail_id(message.message),
        delivery_date: header(|headers| &headers.delivery_date),
        origin: match message.protocol {
            Protocol::Smtp => "SMTP",
            Protocol::Lmtp => "LMTP",
            Protocol::Pop3 => "POP3",
            Protocol::Imap => "IMAP",
        }
        .to_owned(),
    }
}

fn part(part: &Part) -> MailPart {
    let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
    let content_type = match &part.charset {
        Some(charset) => format!("{}; charset={charset}", part.content_type),
        None => part.content_type.to_string(),
    };
    let fields = [
        ("Content-Type", Some(content_type)),
        ("Content-Transfer-Encoding", text(&part.encoding)),
        ("Content-Disposition", text(&part.disposition)),
        ("Content-ID", text(&part.content_id).map(|id| format!("<{id}>"))),
    ];
    let header: BTreeMap<String, String> =
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    MailPart {
        id: part.path.clone(),
        header,
        content: String::new(),
        filename: text(&part.filename).unwrap_or_default(),
    }
}

/// The content of the leaves, as it stands in the message.
fn fill(source: &Source, message: &Message, record: &mut Mail, file: &mut File) {
    let mut left = CONTENT * 4;
    for (part, filled) in message.parts.iter().zip(&mut record.body) {
        let Some([start, len]) = place(message, part) else { continue };
        let taken = len.min(CONTENT).min(left);
        left -= taken;
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(taken).read_to_end(&mut bytes));
        if read.is_err() || bytes.len() as u64 != len {
            source.lose(format!("message {}: part {} is cut", message.message, part.path));
        }
        filled.content = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    }
}

/// Where the content of a leaf stands in the file: offset and length. `None` for what holds other parts, and for
/// what stands in the content of another part.
fn place(message: &Message, part: &Part) -> Option<[u64; 2]> {
    let is_of_message = part.path.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let below = format!("{}.", part.path);
    // An undivided body is part 0 and holds nothing.
    let is_leaf = !message.parts.iter().any(|other| other.path.starts_with(&below));
    if !is_of_message || !is_leaf || part.content_type.as_str().starts_with("multipart/") {
        return None;
    }
    // Offsets count what is missing; the file does not have it.
    let in_file = |offset: u64| {
        let missing = message
            .missing
            .iter()
            .map(|missing| missing.length.unwrap_or_default().min(offset.saturating_sub(missing.offset)));
        offset.saturating_sub(missing.fold(0, u64::saturating_add))
    };
    let [start, len] = part.raw;
    let (start, end) = (in_file(start), in_file(start.checked_add(len)?));
    Some([start, end.checked_sub(start)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Envelope, Missing, Operation, Recipient, Time};
    use core::time::Duration;

    fn message() -> Message {
        let at = Time::new(Duration::new(1, 5), 9);
        let (client, server) = ("[2001:db8::1]:4000".to_owned(), "10.0.0.2:25".to_owned());
        Message::new(5, Protocol::Smtp, Operation::Data, client, server, at)
    }

    #[test]
    fn all_fields() {
        let mut message = message();
        let text = |name: &str| Some(Text::from(name));
        message.headers = Some(Headers {
            from: text("from"),
            to: text("to"),
            cc: text("cc"),
            subject: text("subject"),
            date: text("date"),
            message_id: text("<id>"),
            in_reply_to: text("<reply>"),
            references: text("<refs>"),
            return_path: text("<path>"),
            delivery_date: text("delivered"),
            envelope_to: text("envelope"),
            content_type: text("text/plain"),
            content_language: text("en"),
            x_originating_ip: text("[10.0.0.9]"),
            ..Headers::default()
        });
        message.has_attachments = true;
        let mut one = Part::new("2".to_owned(), "image/png".into());
        one.charset = text("x");
        one.encoding = text("base64");
        one.disposition = text("attachment");
        one.content_id = text("cid");
        one.filename = text("a.png");
        message.parts = vec![one];
        let mut expected = Mail {
            timestamp: 1_000_000_005,
            return_path: "<path>".into(),
            from: "from".into(),
            to: "to".into(),
            cc: "cc".into(),
            subject: "subject".into(),
            date: "date".into(),
            message_id: "<id>".into(),
            references: "<refs>".into(),
            in_reply_to: "<reply>".into(),
            content_language: "en".into(),
            has_attachments: true,
            x_originating_ip: "[10.0.0.9]".into(),
            content_type: "text/plain".into(),
            envelope_to: "envelope".into(),
            body: vec![MailPart {
                id: "2".into(),
                header: [
                    ("Content-Type", "image/png; charset=x"),
                    ("Content-Transfer-Encoding", "base64"),
                    ("Content-Disposition", "attachment"),
                    ("Content-ID", "<cid>"),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
                content: String::new(),
                filename: "a.png".into(),
            }],
            client_ip: "2001:db8::1".into(),
            server_ip: "10.0.0.2".into(),
            id: "message-5".into(),
            delivery_date: "delivered".into(),
            origin: "SMTP".into(),
        };
        assert_eq!(record(&message), expected);
        let mut envelope = Envelope { mail_from: text(""), ..Envelope::default() };
        envelope.rcpt_to = vec![Recipient::new("b@y".into()), Recipient::new("c@y".into())];
        message.envelope = Some(envelope);
        (expected.from, expected.to) = (String::new(), "b@y, c@y".to_owned());
        assert_eq!(record(&message), expected);
    }

    #[test]
    fn places_of_contents() {
        let mut message = message();
        let part = |path: &str, raw| Part { raw, ..Part::new(path.to_owned(), "text/plain".into()) };
        message.parts =
            vec![part("1", [100, 50]), part("1.1", [110, 10]), part("2", [200, 30]), part("cms2.1", [0, 5])];
        let mut multipart = part("3", [1, 2]);
        multipart.content_type = "multipart/mixed".into();
        message.parts.push(multipart);
        let places =
            |message: &Message| message.parts.iter().map(|part| place(message, part)).collect::<Vec<_>>();
        assert_eq!(places(&message), [None, Some([110, 10]), Some([200, 30]), None, None]);
        message.missing = vec![
            Missing::new(50, Some(20)),
            Missing::new(115, Some(10)),
            Missing::new(210, Some(5)),
            Missing::new(400, None),
        ];
        assert_eq!(places(&message), [None, Some([90, 5]), Some([170, 25]), None, None]);
        message.parts = vec![part("0", [u64::MAX, 1])];
        assert_eq!(places(&message), [None]);
    }
}
