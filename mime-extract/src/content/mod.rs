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
use parameter::{Parameter, Parameters, Value};

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
///
/// Most blocks have one Content-Type and little else. What few have is read by functions that are not inlined, so that the
/// code which every part runs through stays small: for short parts, fetching it is most of the time.
#[inline(never)]
pub(crate) fn read(headers: &Headers, message: bool, digest: bool, at: u64, config: &Config) -> Content {
    let mut content = Content::default();
    let [types, encodings, dispositions, ids] = content.sort(headers, message);
    let (chosen, field) = if types.several { content.choose_type(headers, config) } else { (0, types.first) };
    let at = field.map_or(at, |field| field.offset());
    let value = content.read_type(field, digest, at, config);
    if encodings.first.is_some() {
        content.read_encoding(headers, config);
    }
    let named = || value.parameters.iter().any(|one| one.name.starts_with("name"));
    if dispositions.first.is_some() || types.several || named() {
        let further = types.several.then_some(chosen);
        content.read_disposition(headers, dispositions, value.parameters, further, at, config);
    }
    if let Some(id) = ids.first {
        let ids = if ids.several { headers.message_ids("content-id") } else { id.message_ids() };
        content.content_id = ids.into_iter().next();
    }
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

/// The first field of a name, and whether there are others.
#[derive(Clone, Copy, Default)]
struct Fields<'a> {
    first: Option<Field<'a>>,
    several: bool,
}

impl Content {
    /// The [`CONTENT`] fields, found in one pass; in a message that pass also tells of each field that should stand there
    /// once where its second one is.
    fn sort<'a>(&mut self, headers: &'a Headers, message: bool) -> [Fields<'a>; CONTENT.len()] {
        let mut found = [Fields::default(); CONTENT.len()];
        let (mut seen, mut repeated) = (0u16, false);
        for field in headers.iter() {
            if let Some(found) = content_field(field.name()).and_then(|place| found.get_mut(place)) {
                found.several = found.first.is_some();
                found.first.get_or_insert(field);
            } else if message && let Some(place) = once(field.name()) {
                repeated |= seen & 1 << place != 0;
                seen |= 1 << place;
            }
        }
        if repeated {
            self.tell_repeated(headers);
        }
        found
    }

    /// Tells of each field that should stand there once, where its second one is.
    #[cold]
    fn tell_repeated(&mut self, headers: &Headers) {
        for name in ONCE {
            let second = headers.all(name).nth(1);
            self.anomalies.extend(second.map(|field| (Anomaly::HeaderDuplicate { name }, field.offset())));
        }
    }

    /// Which of several Content-Type fields counts, and its place.
    #[cold]
    fn choose_type<'a>(&mut self, headers: &'a Headers, config: &Config) -> (usize, Option<Field<'a>>) {
        // By their places in the block: in a decoded message many fields have the same offset.
        let nth = |place| headers.all("content-type").nth(place);
        self.anomalies.extend(nth(1).map(|second| (Anomaly::CtDuplicate, second.offset())));
        let chosen = config.choices.content_type;
        match nth(chosen) {
            Some(field) => (chosen, Some(field)),
            None => (0, nth(0)),
        }
    }

    /// The type and its parameters; the field as it was read.
    fn read_type<'a>(
        &mut self,
        field: Option<Field<'a>>,
        digest: bool,
        at: u64,
        config: &Config,
    ) -> Value<'a> {
        let Some(field) = field else {
            self.content_type = if digest { "message/rfc822" } else { "text/plain" }.to_owned();
            return Value::default();
        };
        let mut value = parameter::parse(field.raw(), config.max_parameters);
        self.anomalies.extend(value.anomalies.drain(..).map(|anomaly| (anomaly, at)));
        let slash = memchr::memchr(b'/', value.value.as_bytes());
        self.content_type = match slash {
            Some(place @ 1..) if place + 1 < value.value.len() => core::mem::take(&mut value.value),
            _ => {
                self.anomalies.push((Anomaly::CtMalformed, at));
                "text/plain".to_owned()
            }
        };
        self.read_parameters(&value.parameters, at);
        if config.choices.boundary != BoundaryChoice::Told {
            self.choose_boundary(&config.choices.boundary, field.raw(), config.max_parameters);
        }
        value
    }

    /// The transfer encoding.
    #[inline(never)]
    fn read_encoding(&mut self, headers: &Headers, config: &Config) {
        let (encoding, raw, odd) = encoding::find(headers, config.choices.encoding);
        (self.encoding, self.encoding_raw) = (encoding, raw);
        self.anomalies.extend(odd);
    }

    /// The disposition, and the names, wherever they stand. `parameters`: those of the content type; `further`: there are
    /// several, of which that one counts.
    #[inline(never)]
    fn read_disposition<'a>(
        &mut self,
        headers: &'a Headers,
        Fields { first: field, several }: Fields<'_>,
        mut parameters: Parameters<'a>,
        further: Option<usize>,
        at: u64,
        config: &Config,
    ) {
        let max = config.max_parameters;
        let mut disposition = field.map(|field| parameter::parse(field.raw(), max)).unwrap_or_default();
        let disposition_at = field.map_or(at, |field| field.offset());
        self.anomalies.extend(disposition.anomalies.iter().map(|anomaly| (*anomaly, disposition_at)));
        self.disposition = Some(disposition.value).filter(|value| !value.is_empty());
        if several {
            for field in headers.all("content-disposition").take(MAX_FIELDS).skip(1) {
                disposition.parameters.extend(parameter::parse(field.raw(), max).parameters);
            }
        }
        if let Some(chosen) = further {
            let types = headers.all("content-type").take(MAX_FIELDS).enumerate();
            for (_, field) in types.filter(|(index, _)| *index != chosen) {
                let more = parameter::parse(field.raw(), max).parameters;
                parameters.extend(more.into_iter().filter(|one| one.name.starts_with("name")));
            }
        }
        let (names, odd) = name::find(&disposition.parameters, &parameters);
        self.names = names;
        let names_at = if disposition.parameters.is_empty() { at } else { disposition_at };
        self.anomalies.extend(odd.into_iter().map(|anomaly| (anomaly, names_at)));
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

    /// The parameters of the content type, each by its name without marks.
    fn read_parameters(&mut self, parameters: &[Parameter<'_>], at: u64) {
        self.parameters.reserve_exact(parameters.len());
        for (index, one) in parameters.iter().enumerate() {
            let name = base(&one.name);
            let same = |other: &Parameter<'_>| base(&other.name) == name;
            let (before, behind) = parameters.split_at_checked(index).unwrap_or_default();
            let earlier = before.iter().any(same);
            if name.len() == one.name.len() && !earlier && !behind.iter().skip(1).any(same) {
                self.read_parameter(name, extended::plain(&one.value), at);
            } else if !earlier {
                self.read_several(parameters, name, at);
            }
        }
        if self.boundary.is_some() && !self.content_type.starts_with("multipart/") {
            self.anomalies.push((Anomaly::MultipartImplied, at));
        }
    }

    /// A parameter in sections, or that stands there several times.
    #[inline(never)]
    fn read_several(&mut self, parameters: &[Parameter<'_>], base: &str, at: u64) {
        let (mut found, odd) = extended::find(parameters, base);
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
        if let Some(first) = first {
            self.read_parameter(base, first, at);
        }
    }

    /// What the first value of a parameter says.
    fn read_parameter(&mut self, name: &str, found: extended::Found<'_>, at: u64) {
        if boundary::is_hidden(&found.bytes) {
            self.anomalies.push((Anomaly::ParamHidden, at));
        }
        match name {
            "boundary" => {
                let trimmed = slice::trim_end(&found.bytes, is_blank);
                if trimmed.len() < found.bytes.len() {
                    self.anomalies.push((Anomaly::BoundaryWsp, at));
                }
                self.boundary = Some(trimmed.to_vec());
            }
            "charset" => {
                let label = found.text.trim();
                if !label.is_empty() {
                    if !charset::is_known(label) {
                        self.anomalies.push((Anomaly::CharsetBad, at));
                    }
                    self.charset = Some(label.to_owned());
                }
            }
            _ => {}
        }
        self.parameters.push((name.to_owned(), found.text));
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
