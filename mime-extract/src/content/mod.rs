//! What a header block says about the body below it (RFC 2045, RFC 2046).

pub(crate) mod boundary;
mod encoding;
mod extended;
mod name;
pub(crate) mod parameter;

pub(crate) use encoding::{named, others};
pub(crate) use name::is_unsafe;

use crate::charset;
use crate::choices::BoundaryChoice;
use crate::headers::Field;
use crate::slice::{self, is_blank};
use crate::{Anomaly, Config, Encoding, Headers, Name};
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

/// Fields that say what the body is.
const CONTENT: [&str; 4] = ["content-type", "content-transfer-encoding", "content-disposition", "content-id"];

/// Fields of one name that are looked at.
const MAX_FIELDS: usize = 16;

/// The content fields of one header block.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) content_type: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) boundary: Option<Vec<u8>>,
    /// Boundaries beside that one, in another reading.
    pub(crate) further: Vec<Vec<u8>>,
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
/// `at`: where it begins.
pub(crate) fn read(headers: &Headers, message: bool, digest: bool, at: u64, config: &Config) -> Content {
    let (max, choices) = (config.max_parameters, &config.choices);
    let mut content = Content::default();
    let [[first, second], encodings, dispositions, ids] = content.sort(headers, message);
    let types = || headers.all("content-type").take(MAX_FIELDS);
    let several = second.is_some();
    content.anomalies.extend(second.map(|second| (Anomaly::CtDuplicate, second.offset())));
    // By their places in the block: in a decoded message many fields have the same offset.
    let nth = || headers.all("content-type").nth(choices.content_type);
    let chosen = if several && nth().is_some() { choices.content_type } else { 0 };
    let field = if several && chosen > 0 { nth() } else { first };
    let at = field.map_or(at, |field| field.offset());
    let mut value = field.map(|field| parameter::parse(field.raw(), max)).unwrap_or_default();
    content.anomalies.extend(value.anomalies.drain(..).map(|anomaly| (anomaly, at)));
    let slash = memchr::memchr(b'/', value.value.as_bytes());
    content.content_type = match slash {
        Some(at @ 1..) if at + 1 < value.value.len() => core::mem::take(&mut value.value),
        _ => {
            if field.is_some() {
                content.anomalies.push((Anomaly::CtMalformed, at));
            }
            let default = if digest && field.is_none() { "message/rfc822" } else { "text/plain" };
            default.to_owned()
        }
    };
    content.read_parameters(&value, at);
    if let Some(field) = field {
        content.choose_boundary(&choices.boundary, field.raw(), max);
    }

    let (encoding, raw, odd) = encoding::find(headers, encodings, choices.encoding);
    (content.encoding, content.encoding_raw) = (encoding, raw);
    content.anomalies.extend(odd);

    let [field, more] = dispositions;
    let mut disposition = field.map(|field| parameter::parse(field.raw(), max)).unwrap_or_default();
    let disposition_at = field.map_or(at, |field| field.offset());
    content.anomalies.extend(disposition.anomalies.iter().map(|anomaly| (*anomaly, disposition_at)));
    content.disposition = Some(disposition.value).filter(|value| !value.is_empty());
    // Names are told wherever they stand.
    for field in more.into_iter().flat_map(|_| headers.all("content-disposition").take(MAX_FIELDS).skip(1)) {
        disposition.parameters.extend(parameter::parse(field.raw(), max).parameters);
    }
    for (_, field) in
        second.into_iter().flat_map(|_| types().enumerate()).filter(|(index, _)| *index != chosen)
    {
        let more = parameter::parse(field.raw(), max).parameters;
        value.parameters.extend(more.into_iter().filter(|one| one.name.starts_with("name")));
    }

    let (names, odd) = name::find(&disposition.parameters, &value.parameters);
    content.names = names;
    let names_at = if disposition.parameters.is_empty() { at } else { disposition_at };
    content.anomalies.extend(odd.into_iter().map(|anomaly| (anomaly, names_at)));
    content.content_id = match ids {
        [Some(id), None] => id.message_ids().into_iter().next(),
        [None, _] => None,
        _ => headers.message_ids("content-id").into_iter().next(),
    };
    content
}

/// The name of a parameter without the marks of RFC 2231.
fn base(name: &str) -> &str {
    name.bytes().position(|byte| byte == b'*').and_then(|star| name.get(..star)).unwrap_or(name)
}

/// The boundary that a Content-Type names, of whose parameters `max` are read.
pub(crate) fn boundary_of(raw: &[u8], max: usize) -> Option<Vec<u8>> {
    let value = parameter::parse(raw, max);
    let (mut found, _) = extended::find(&value.parameters, "boundary");
    found.next().map(|first| slice::trim_end(&first.bytes, is_blank).to_vec())
}

/// Whether the name of a field, which holds printable characters only, is `known`, in lower case. No such character but
/// its capital becomes one of `a` to `z`, or `-`, with that bit set.
fn is_called(name: &[u8], known: &str) -> bool {
    const LOWER: u8 = 0x20;
    name.len() == known.len() && name.iter().zip(known.as_bytes()).all(|(byte, known)| byte | LOWER == *known)
}

/// The place in [`CONTENT`] that a field of that name has; they differ in length.
fn content_field(name: &[u8]) -> Option<usize> {
    let place = match name.len() {
        12 => 0,
        25 => 1,
        19 => 2,
        10 => 3,
        _ => return None,
    };
    CONTENT.get(place).filter(|known| is_called(name, known)).map(|_| place)
}

/// The place in [`ONCE`] that a field of that name has, judged by what tells the names apart.
fn once(name: &[u8]) -> Option<usize> {
    let place = match (name.len(), name.first()?.to_ascii_lowercase()) {
        (4, b'd') => 0,
        (4, b'f') => 1,
        (6, b's') => 2,
        (8, b'r') => 3,
        (2, b't') => 4,
        (2, b'c') => 5,
        (3, b'b') => 6,
        (10, b'm') => 7,
        (11, b'i') => 8,
        (10, b'r') => 9,
        (7, b's') => 10,
        _ => return None,
    };
    ONCE.get(place).filter(|known| is_called(name, known)).map(|_| place)
}

impl Content {
    /// The first two of each of the [`CONTENT`] fields, found in one pass; in a message that pass also tells of each field
    /// that should stand there once where its second one is.
    #[inline]
    fn sort<'a>(&mut self, headers: &'a Headers, message: bool) -> [[Option<Field<'a>>; 2]; CONTENT.len()] {
        let mut found = [[None; 2]; CONTENT.len()];
        let mut seen = [(0u8, 0); ONCE.len()];
        for field in headers.iter() {
            if let Some([first, second]) = content_field(field.name()).and_then(|place| found.get_mut(place))
            {
                let place = if first.is_none() { first } else { second };
                place.get_or_insert(field);
            } else if message
                && let Some((count @ 0..2, at)) = once(field.name()).and_then(|place| seen.get_mut(place))
            {
                *count += 1;
                *at = field.offset();
            }
        }
        for (name, (count, at)) in ONCE.into_iter().zip(seen) {
            if count == 2 {
                self.anomalies.push((Anomaly::HeaderDuplicate { name }, at));
            }
        }
        found
    }

    /// A parameter of the content type, in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_ascii_lowercase())
    }

    /// What delimits the parts, in another reading of the field.
    fn choose_boundary(&mut self, choice: &BoundaryChoice, raw: &[u8], max: usize) {
        match choice {
            BoundaryChoice::Told => {}
            BoundaryChoice::Other(other) => {
                if boundary::readings(raw, max).contains(other) {
                    self.boundary = Some(other.clone());
                }
            }
            BoundaryChoice::All => {
                self.further = boundary::readings(raw, max);
                self.further.retain(|one| self.boundary.as_ref() != Some(one));
                if self.boundary.is_none() && !self.further.is_empty() {
                    self.boundary = Some(self.further.remove(0));
                }
            }
            BoundaryChoice::Guessed { guessed, absent } => {
                let open = match &self.boundary {
                    None => self.content_type.starts_with("multipart/"),
                    Some(boundary) => absent.contains(boundary),
                };
                if let Some((first, further)) = guessed.split_first().filter(|_| open) {
                    (self.boundary, self.further) = (Some(first.clone()), further.to_vec());
                }
            }
        }
    }

    fn read_parameters(&mut self, value: &Value<'_>, at: u64) {
        let bases = || value.parameters.iter().map(|one| base(&one.name));
        self.parameters.reserve_exact(value.parameters.len());
        for (index, base) in bases().enumerate() {
            if bases().take(index).any(|earlier| earlier == base) {
                continue;
            }
            let (mut found, odd) = extended::find(&value.parameters, base);
            let first = found.next();
            // Names have their own words for both.
            if base != "name" {
                if odd {
                    self.anomalies.push((Anomaly::Param2231, at));
                }
                if found.next().is_some() {
                    self.anomalies.push((Anomaly::ParamDuplicate, at));
                }
            }
            let Some(first) = first else { continue };
            if boundary::is_hidden(&first.bytes) {
                self.anomalies.push((Anomaly::ParamHidden, at));
            }
            match base {
                "boundary" => {
                    let trimmed = slice::trim_end(&first.bytes, is_blank);
                    if trimmed.len() < first.bytes.len() {
                        self.anomalies.push((Anomaly::BoundaryWsp, at));
                    }
                    self.boundary = Some(trimmed.to_vec());
                }
                "charset" => {
                    let label = first.text.trim();
                    if !label.is_empty() {
                        if !charset::is_known(label) {
                            self.anomalies.push((Anomaly::CharsetBad, at));
                        }
                        self.charset = Some(label.to_owned());
                    }
                }
                _ => {}
            }
            self.parameters.push((base.to_owned(), first.text));
        }
        if self.boundary.is_some() && !self.content_type.starts_with("multipart/") {
            self.anomalies.push((Anomaly::MultipartImplied, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_that_stands_once_is_known() {
        for (place, name) in ONCE.into_iter().enumerate() {
            assert_eq!(once(name.to_ascii_uppercase().as_bytes()), Some(place), "{name}");
        }
        for (place, name) in CONTENT.into_iter().enumerate() {
            assert_eq!(content_field(name.to_ascii_uppercase().as_bytes()), Some(place), "{name}");
        }
        for name in ["", "dote", "received", "x", "x-original-a"] {
            assert_eq!((once(name.as_bytes()), content_field(name.as_bytes())), (None, None), "{name}");
        }
    }
}
