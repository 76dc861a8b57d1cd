//! The nodes of the MIME tree: hashed as they stream, and written where they are attachments.

use super::ends::Ends;
use super::kind;
use super::urls::{Urls, Words};
use super::{archive, name};
use crate::record::{Hidden, Part, PartDecode, PartName, PieceOf, Text};
use crate::sink::{Folder, Hashes, SinkError, Spool, Store};
use mime_extract::join::{self, Piece};
use mime_extract::{Candidate, Container, Decode, PartEnd, PartKind};
use std::collections::{BTreeMap, BTreeSet};

/// The nodes of one message, in order.
#[derive(Debug)]
pub(super) struct Parts {
    folder: Folder,
    parts: Vec<Part>,
    /// Nodes that are not over, by number.
    open: BTreeMap<u32, Open>,
    has_attachments: bool,
    urls: Urls,
    pieces: Vec<PieceOf>,
    /// SHA-256 of content that is told elsewhere: no file is made of it.
    known: BTreeSet<String>,
}

/// A node that is not over.
#[derive(Debug)]
struct Open {
    /// Its place in `parts`.
    place: usize,
    sink: Sink,
    ends: Ends,
    /// A text whose addresses are collected.
    text: Option<Words>,
}

/// Where the decoded content of a node goes.
#[derive(Debug)]
enum Sink {
    /// Nowhere: the node only holds others.
    None,
    /// Into its hashes.
    Hashes(Box<Hashes>),
    /// Into a file as well.
    File(Box<Spool>),
}

impl Parts {
    pub(super) fn new(folder: Folder) -> Self {
        Self {
            folder,
            parts: Vec::new(),
            open: BTreeMap::new(),
            has_attachments: false,
            urls: Urls::default(),
            pieces: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    /// Nodes beside others whose content is known.
    pub(super) fn beside(folder: Folder, known: BTreeSet<String>) -> Self {
        Self { known, ..Self::new(folder) }
    }

    pub(super) fn start(&mut self, number: u32, part: &mime_extract::Part) {
        let mut record = Part::new(part.path.clone(), Text::from(part.content_type.as_str()));
        let text = |value: &Option<String>| value.as_deref().map(Text::from);
        record.charset = text(&part.charset);
        record.encoding = match part.container {
            Some(container) => Some(Text::from(container.name())),
            None => text(&part.encoding_raw),
        };
        record.disposition = text(&part.disposition);
        record.filename = text(&part.filename);
        record.content_id = text(&part.content_id);
        record.safe_name = part.filename.as_deref().map(name::safe);
        if part.names.len() > 1 {
            record.names = part
                .names
                .iter()
                .map(|name| PartName::new(name.source.name(), Text::from(name.value.as_str())))
                .collect();
        }
        record.hidden = hidden(part.kind);
        if part.container == Some(Container::DataUri) {
            record.hidden = Some(Hidden::DataUri);
        }
        let holds_content = !matches!(part.kind, PartKind::Multipart);
        let attached = part.filename.is_some() || part.disposition.as_deref() == Some("attachment");
        // A leaf that no mail program can show as text is an attachment, whatever it is called.
        let opaque = part.kind == PartKind::Leaf && !part.content_type.starts_with("text/");
        let written = holds_content && (attached || opaque);
        self.has_attachments |= written;
        let markup =
            matches!(part.content_type.as_str(), "text/html" | "application/xhtml+xml" | "image/svg+xml");
        let shown = markup || part.content_type.starts_with("text/");
        if let Some(url) = elsewhere(part) {
            self.urls.add(&url);
        }
        if let Some(piece) = Piece::of(part) {
            // Only the first piece brings header fields along.
            let copied = if piece.number == 1 { join::copied(&part.headers) } else { Vec::new() };
            self.pieces.push(PieceOf::new(self.parts.len(), piece, copied));
        }
        let open = Open {
            place: self.parts.len(),
            sink: match (holds_content, written) {
                (false, _) => Sink::None,
                (true, false) => Sink::Hashes(Box::default()),
                (true, true) => Sink::File(Box::new(self.folder.spool(Store::Attachments))),
            },
            ends: Ends::default(),
            text: (holds_content && shown)
                .then(|| Words { charset: part.charset.clone().unwrap_or_default(), markup }),
        };
        self.open.insert(number, open);
        self.parts.push(record);
    }

    /// A node has a better name than it was called by.
    pub(super) fn name(&mut self, number: u32, name: &mime_extract::Name) {
        let Some(open) = self.open.get(&number) else { return };
        let Some(record) = self.parts.get_mut(open.place) else { return };
        let named = |value: Text| PartName::new(name.source.name(), value);
        let value = Text::from(name.value.as_str());
        if let Some(before) = record.filename.replace(value.clone()) {
            if record.names.is_empty() {
                record.names.push(named(before));
            }
            record.names.insert(0, named(value));
        }
        record.safe_name = Some(name::safe(&name.value));
    }

    pub(super) fn data(&mut self, number: u32, bytes: &[u8]) -> Result<(), SinkError> {
        let Some(open) = self.open.get_mut(&number) else { return Ok(()) };
        open.ends.push(bytes);
        if let Some(words) = &open.text {
            self.urls.push(words, bytes);
        }
        match &mut open.sink {
            Sink::None => Ok(()),
            Sink::Hashes(hashes) => {
                hashes.update(bytes);
                Ok(())
            }
            Sink::File(spool) => spool.write(bytes),
        }
    }

    pub(super) fn end(&mut self, number: u32, end: &PartEnd) -> Result<(), SinkError> {
        let Some(open) = self.open.remove(&number) else { return Ok(()) };
        let Some(record) = self.parts.get_mut(open.place) else { return Ok(()) };
        if let Some(words) = &open.text {
            self.urls.end(words);
        }
        record.complete = end.complete;
        record.raw = [end.raw.start, end.raw.end.saturating_sub(end.raw.start)];
        record.decode = match end.decode {
            Decode::Ok => PartDecode::Ok,
            Decode::Partial => PartDecode::Partial,
            _ => PartDecode::Failed,
        };
        // A preamble in front of no parts is the body.
        if end.kind == PartKind::Leaf && record.hidden == Some(Hidden::Preamble) {
            record.hidden = None;
        }
        let declared = record.content_type.as_str();
        let detected = kind::detect(open.ends.head(), declared);
        match open.sink {
            Sink::None => return Ok(()),
            Sink::Hashes(hashes) => {
                record.size = Some(hashes.size());
                let [sha256, md5, _] = hashes.finish();
                (record.sha256, record.md5) = (Some(sha256), Some(md5));
            }
            Sink::File(spool) => {
                let extension = detected.map_or("bin", |kind| kind.extension);
                let stored = spool.finish_unless(extension, |sha256| self.known.contains(sha256))?;
                record.size = Some(stored.size);
                (record.sha256, record.md5) = (Some(stored.sha256), Some(stored.md5));
                record.file = Some(stored.file);
            }
        }
        record.detected_type = detected.map(|kind| kind.content_type.into());
        let shown = archive::look(&open.ends);
        record.encryption = shown.encryption.map(Into::into);
        record.macros = shown.macros;
        if record.detected_type.as_deref() == Some("application/zip") {
            record.entries = shown.entries;
        }
        let name = record.filename.as_ref().map(Text::as_str);
        record.type_mismatch = detected.is_some_and(|kind| kind.contradicts(declared, name));
        Ok(())
    }

    /// A leaf that only another reading of the message finds; all others are over.
    pub(super) fn candidate(&mut self, candidate: &Candidate) -> Result<(), SinkError> {
        let number = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        self.start(number, &candidate.part);
        self.data(number, &candidate.content)?;
        self.end(number, &candidate.end)?;
        if let Some(record) = self.parts.last_mut() {
            record.via = candidate.via.iter().map(|anomaly| anomaly.code().into()).collect();
            record.hidden = candidate.hidden.and_then(hidden).or(record.hidden);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Found {
        let Self { parts, has_attachments, urls, pieces, .. } = self;
        Found { parts, has_attachments, urls: urls.finish(), pieces }
    }
}

/// What was found in a message.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) parts: Vec<Part>,
    pub(super) has_attachments: bool,
    pub(super) urls: Vec<Text>,
    /// Pieces of larger messages and files.
    pub(super) pieces: Vec<PieceOf>,
}

/// Where the content of a message/external-body is (RFC 2046 section 5.2.3, RFC 2017), if a URL says so.
fn elsewhere(part: &mime_extract::Part) -> Option<String> {
    let parameter =
        |name: &str| part.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
    if part.content_type != "message/external-body" {
        return None;
    }
    if let Some(url) = parameter("url") {
        // Long ones are folded with blanks, which no URL has.
        return Some(url.split_ascii_whitespace().collect());
    }
    let scheme = match parameter("access-type")?.to_ascii_lowercase().as_str() {
        "ftp" | "anon-ftp" => "ftp",
        "tftp" => "tftp",
        _ => return None,
    };
    let directory = parameter("directory").map(|directory| format!("{}/", directory.trim_matches('/')));
    Some(format!("{scheme}://{}/{}{}", parameter("site")?, directory.unwrap_or_default(), parameter("name")?))
}

fn hidden(kind: PartKind) -> Option<Hidden> {
    match kind {
        PartKind::Preamble => Some(Hidden::Preamble),
        PartKind::Epilogue => Some(Hidden::Epilogue),
        _ => None,
    }
}
