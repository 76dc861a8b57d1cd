//! What a header block says about the body below it (RFC 2045, RFC 2046).

mod encoding;
mod extended;
mod name;
pub(crate) mod parameter;

pub(crate) use name::is_unsafe;

use crate::charset;
use crate::slice::{self, is_blank};
use crate::{Anomaly, Encoding, Headers, Name};
use parameter::Value;

/// Fields of a message that stand there once (RFC 5322 section 3.6).
const ONCE: [&str; 11] = [
    "date",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "message-id",
    "in-reply-to",
    "references",
    "subject",
];

/// The content fields of one header block.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) content_type: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) boundary: Option<Vec<u8>>,
    pub(crate) charset: Option<String>,
    pub(crate) encoding: Encoding,
    pub(crate) encoding_raw: Option<String>,
    pub(crate) disposition: Option<String>,
    pub(crate) names: Vec<Name>,
    pub(crate) content_id: Option<String>,
    /// With the offset of the field.
    pub(crate) anomalies: Vec<(Anomaly, u64)>,
}

/// Reads the content fields. `message`: the block is that of a message; `digest`: of a part of a multipart/digest;
/// `at`: where it begins; `max`: parameters of one field.
pub(crate) fn read(headers: &Headers, message: bool, digest: bool, at: u64, max: usize) -> Content {
    let mut content = Content::default();
    if message {
        for name in ONCE {
            if let Some(second) = headers.all(name).nth(1) {
                content.anomalies.push((Anomaly::HeaderDuplicate { name }, second.offset()));
            }
        }
    }
    let mut fields = headers.all("content-type");
    let field = fields.next();
    if let Some(second) = fields.next() {
        content.anomalies.push((Anomaly::CtDuplicate, second.offset()));
    }
    let at = field.map_or(at, |field| field.offset());
    let mut value = field.map(|field| parameter::parse(field.raw(), max)).unwrap_or_default();
    content.anomalies.extend(value.anomalies.drain(..).map(|anomaly| (anomaly, at)));
    content.content_type = match value.value.split_once('/') {
        Some((kind, subtype)) if !kind.is_empty() && !subtype.is_empty() => core::mem::take(&mut value.value),
        _ => {
            if field.is_some() {
                content.anomalies.push((Anomaly::CtMalformed, at));
            }
            let default = if digest && field.is_none() { "message/rfc822" } else { "text/plain" };
            default.to_owned()
        }
    };
    content.read_parameters(&value, at);

    let (encoding, raw, odd) = encoding::find(headers);
    (content.encoding, content.encoding_raw) = (encoding, raw);
    content.anomalies.extend(odd);

    let field = headers.first("content-disposition");
    let disposition = field.map(|field| parameter::parse(field.raw(), max)).unwrap_or_default();
    let disposition_at = field.map_or(at, |field| field.offset());
    content.anomalies.extend(disposition.anomalies.iter().map(|anomaly| (*anomaly, disposition_at)));
    content.disposition = Some(disposition.value).filter(|value| !value.is_empty());

    let (names, odd) = name::find(&disposition.parameters, &value.parameters);
    content.names = names;
    let names_at = if disposition.parameters.is_empty() { at } else { disposition_at };
    content.anomalies.extend(odd.into_iter().map(|anomaly| (anomaly, names_at)));
    content.content_id = headers.message_ids("content-id").into_iter().next();
    content
}

impl Content {
    /// A parameter of the content type, in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_ascii_lowercase())
    }

    fn read_parameters(&mut self, value: &Value, at: u64) {
        let mut seen: Vec<&str> = Vec::new();
        for parameter in &value.parameters {
            let base = parameter.name.split('*').next().unwrap_or_default();
            if seen.contains(&base) {
                continue;
            }
            seen.push(base);
            let (found, odd) = extended::find(&value.parameters, base);
            // Names have their own words for both.
            if base != "name" {
                if odd {
                    self.anomalies.push((Anomaly::Param2231, at));
                }
                if found.len() > 1 {
                    self.anomalies.push((Anomaly::ParamDuplicate, at));
                }
            }
            let Some(first) = found.into_iter().next() else { continue };
            match base {
                "boundary" => {
                    let trimmed = slice::trim_end(&first.bytes, is_blank);
                    if trimmed.len() < first.bytes.len() {
                        self.anomalies.push((Anomaly::BoundaryWsp, at));
                    }
                    self.boundary = Some(trimmed.to_vec());
                }
                "charset" if !first.text.trim().is_empty() => {
                    if !charset::is_known(&first.text) {
                        self.anomalies.push((Anomaly::CharsetBad, at));
                    }
                    self.charset = Some(first.text.trim().to_owned());
                }
                _ => {}
            }
            self.parameters.push((base.to_owned(), first.text));
        }
    }
}
