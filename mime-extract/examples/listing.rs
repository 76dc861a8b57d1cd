//! One line of JSON for each mail: its leaves with type, hashes and name, as this crate, mail-parser or mailparse
//! see them.
//!
//! ```text
//! cargo run --release -p mime-extract --example listing -- [--as mail-parser|mailparse] PATH...
//! ```

use mime_extract::{Config, EventKind, Extractor, PartKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One leaf, comparable over implementations.
fn leaf(content_type: &str, name: Option<&str>, bytes: &[u8]) -> Value {
    json!({
        "type": content_type,
        "name": name,
        "size": bytes.len(),
        "sha256": hash(bytes),
        "normalised": hash(&normalised(bytes)),
    })
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Line ends as LF, blanks before them and all blanks and line ends at the end gone.
fn normalised(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' | b'\n' => {
                rest.next_if(|next| byte == b'\r' && *next == b'\n');
                out.truncate(out.trim_ascii_end_blanks());
                out.push(b'\n');
            }
            _ => out.push(byte),
        }
    }
    while out.last().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n')) {
        out.pop();
    }
    out
}

trait Blanks {
    fn trim_ascii_end_blanks(&self) -> usize;
}

impl Blanks for Vec<u8> {
    fn trim_ascii_end_blanks(&self) -> usize {
        self.len() - self.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }
}

fn ours(mail: Vec<u8>) -> Value {
    let mut extractor = Extractor::new(Config::default());
    extractor.push(mail.into());
    extractor.finish();
    let (mut open, mut leaves, mut anomalies) = (BTreeMap::new(), Vec::new(), Vec::new());
    while let Some(event) = extractor.poll_event() {
        match event.kind {
            // The others open no files inside of a leaf.
            EventKind::PartStart(part) if part.container.is_none() => {
                open.insert(event.part, (part, Vec::new()));
            }
            EventKind::PartData(bytes) => {
                if let Some((_, data)) = open.get_mut(&event.part) {
                    data.extend_from_slice(&bytes);
                }
            }
            EventKind::PartEnd(end) => {
                if let Some((part, data)) = open.remove(&event.part)
                    && end.kind == PartKind::Leaf
                {
                    leaves.push((event.part, leaf(&part.content_type, part.filename.as_deref(), &data)));
                }
            }
            EventKind::Anomaly(anomaly) => anomalies.push(anomaly.code()),
            _ => {}
        }
    }
    leaves.sort_by_key(|(part, _)| *part);
    let leaves: Vec<_> = leaves.into_iter().map(|(_, leaf)| leaf).collect();
    json!({ "leaves": leaves, "anomalies": anomalies })
}

fn mail_parser(mail: &[u8]) -> Value {
    use mail_parser::{MessageParser, MimeHeaders, PartType};
    let Some(message) = MessageParser::default().parse(mail) else {
        return json!({ "error": "not parsed" });
    };
    let mut leaves = Vec::new();
    // Messages that are still to be listed, with the next part of each.
    let mut open = vec![(&message, 0)];
    while let Some((message, next)) = open.pop() {
        let Some(part) = message.parts.get(next) else { continue };
        open.push((message, next + 1));
        let content_type = part.content_type().map_or_else(
            || "text/plain".to_owned(),
            |value| format!("{}/{}", value.ctype(), value.subtype().unwrap_or("plain")).to_ascii_lowercase(),
        );
        let raw = mail_parser_bytes(message, part);
        match &part.body {
            PartType::Multipart(children) if !children.is_empty() => {}
            PartType::Message(inner) => open.push((inner, 0)),
            _ => leaves.push(leaf(&content_type, part.attachment_name(), &raw)),
        }
    }
    json!({ "leaves": leaves })
}

/// The decoded bytes of a part: mail-parser keeps texts converted, so they are decoded again from the raw range.
fn mail_parser_bytes(message: &mail_parser::Message<'_>, part: &mail_parser::MessagePart<'_>) -> Vec<u8> {
    use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};
    use mail_parser::{Encoding, PartType};
    if let PartType::Binary(bytes) | PartType::InlineBinary(bytes) = &part.body {
        return bytes.to_vec();
    }
    let range = part.offset_body as usize..part.offset_end as usize;
    let raw = message.raw_message.get(range).unwrap_or_default();
    match part.encoding {
        Encoding::Base64 => base64_decode(raw).unwrap_or_else(|| raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw).unwrap_or_else(|| raw.to_vec()),
        _ => raw.to_vec(),
    }
}

fn mailparse(mail: &[u8]) -> Value {
    let mut leaves = Vec::new();
    let mut encoded = Vec::new();
    let parsed = match mailparse::parse_mail(mail) {
        Ok(parsed) => parsed,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    for part in parsed.parts() {
        if part.ctype.mimetype == "message/rfc822" {
            encoded.extend(part.get_body_raw());
        } else if part.subparts.is_empty() {
            let name = part
                .get_content_disposition()
                .params
                .get("filename")
                .or_else(|| part.ctype.params.get("name"))
                .cloned();
            let bytes = part.get_body_raw().unwrap_or_default();
            leaves.push(leaf(&part.ctype.mimetype, name.as_deref(), &bytes));
        }
    }
    while let Some(mail) = encoded.pop() {
        if let Value::Object(mut inner) = mailparse(&mail)
            && let Some(Value::Array(inner)) = inner.remove("leaves")
        {
            leaves.extend(inner);
        }
    }
    json!({ "leaves": leaves })
}

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if let Ok(entries) = std::fs::read_dir(path) {
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| files(entry, found));
    } else {
        found.push(path.to_owned());
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments: Vec<_> = std::env::args().skip(1).collect();
    let mut reader = String::new();
    if arguments.first().is_some_and(|first| first == "--as") {
        reader = arguments.drain(..2.min(arguments.len())).nth(1).unwrap_or_default();
    }
    let mut found = Vec::new();
    arguments.iter().for_each(|path| files(Path::new(path), &mut found));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for file in found {
        let mail = std::fs::read(&file)?;
        let mut listing = match reader.as_str() {
            "mail-parser" => mail_parser(&mail),
            "mailparse" => mailparse(&mail),
            _ => ours(mail),
        };
        if let Value::Object(map) = &mut listing {
            map.insert("file".to_owned(), file.to_string_lossy().into());
        }
        writeln!(out, "{listing}")?;
    }
    out.flush()
}
