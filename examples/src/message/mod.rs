//! One message on its way: its bytes go to the spool and through the MIME extractor as they stream, and what the
//! record needs is kept.

mod archive;
mod candidates;
mod copies;
mod ends;
mod headers;
mod kind;
mod name;
mod parts;
mod urls;

use crate::flow::places::Places;
use crate::record::{self, Code, Missing, Packets, Provenance, Run, Text};
use crate::sink::{Folder, SinkError, Spool, Store, Stored};
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use mime_extract::{Anomaly, Config, EventKind, Extractor};
use parts::{Found, Parts};

pub(crate) use copies::Contradiction;
use copies::Kept;
use headers::Parsed;

/// What the files are called that wait for their message.
pub(crate) const PART: &str = "part";

/// So many anomalies of one message are told; a hostile message has no end of them.
const MAX_ANOMALIES: usize = 1000;

/// A message whose end has not come.
#[derive(Debug)]
pub(crate) struct Message {
    folder: Folder,
    spool: Spool,
    extractor: Extractor,
    parts: Parts,
    head: Parsed,
    anomalies: Vec<MimeAnomaly>,
    runs: Vec<(Run, Duration)>,
    packets: Packets,
    missing: Vec<Missing>,
    /// Bytes so far, holes included.
    position: u64,
    looked_at: LookedAt,
    /// Only its beginning was asked for.
    excerpt: bool,
    extension: &'static str,
    /// It can be read in other ways.
    ambiguous: bool,
    /// Other copies of its bytes.
    contradictions: Vec<Contradiction>,
}

/// How much of its content is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LookedAt {
    All,
    /// It is the header of a message, without a body.
    Header,
    /// It is no message but some part of one.
    Nothing,
}

/// Something odd about the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MimeAnomaly {
    pub(crate) code: Code,
    pub(crate) detail: Option<Text>,
    /// Where in the message, holes included.
    pub(crate) offset: u64,
}

impl MimeAnomaly {
    fn new(anomaly: &Anomaly, offset: u64) -> Self {
        Self { code: anomaly.code().into(), detail: anomaly.detail().map(Text::from), offset }
    }
}

/// A message that is over and stored.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) stored: Stored,
    pub(crate) head: Parsed,
    found: Found,
    pub(crate) anomalies: Vec<MimeAnomaly>,
    /// Where the bytes of the file came from, and when.
    pub(crate) runs: Vec<(Run, Duration)>,
    pub(crate) packets: Packets,
    pub(crate) missing: Vec<Missing>,
}

impl Message {
    pub(crate) fn new(folder: &Folder) -> Self {
        Self {
            folder: folder.clone(),
            spool: folder.spool(Store::Messages),
            extractor: Extractor::new(Config::default()),
            parts: Parts::new(folder.clone()),
            head: Parsed::default(),
            anomalies: Vec::new(),
            runs: Vec::new(),
            packets: Packets::new(),
            missing: Vec::new(),
            position: 0,
            looked_at: LookedAt::All,
            excerpt: false,
            extension: "eml",
            ambiguous: false,
            contradictions: Vec::new(),
        }
    }

    /// Content that is no message by itself: its bytes are stored and nothing more.
    pub(crate) fn plain(folder: &Folder) -> Self {
        Self { looked_at: LookedAt::Nothing, ..Self::new(folder) }
    }

    /// A header, or some fields of one: what its body may be is not asked.
    pub(crate) fn header(folder: &Folder) -> Self {
        Self { looked_at: LookedAt::Header, ..Self::new(folder) }
    }

    /// Says that only the beginning of the message was asked for, as by TOP of POP3: that its end is not there is nothing
    /// odd.
    pub(crate) const fn excerpt(&mut self) {
        self.excerpt = true;
    }

    /// Whether that is what a message without its body, or without its end, must look like.
    fn is_natural(&self, anomaly: &Anomaly) -> bool {
        let header = self.looked_at == LookedAt::Header;
        match anomaly {
            Anomaly::NoParts | Anomaly::CloseMissing => header || self.excerpt,
            // Fields were asked for, and there are none of them.
            Anomaly::HeaderStartBlank => header,
            _ => false,
        }
    }

    /// Content that may yet become part of a message: its file has a name of its own kind, [`PART`], until that is known.
    pub(crate) fn waiting(self) -> Self {
        Self { extension: PART, ..self }
    }

    /// Bytes so far, holes included.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    /// Bytes so far, without holes.
    pub(crate) const fn size(&self) -> u64 {
        self.spool.size()
    }

    /// Takes content that is the end of the stretch `span` of its direction; what stands before it in the span was
    /// removed in transit.
    pub(crate) fn push(
        &mut self,
        content: Bytes,
        span: &Range<u64>,
        places: &Places,
    ) -> Result<(), SinkError> {
        let start = span.end - (content.len() as u64).min(span.end - span.start);
        self.push_runs(content, places.runs(start..span.end, self.spool.size()))
    }

    /// Takes content and the runs that make it up.
    pub(crate) fn push_runs(
        &mut self,
        content: Bytes,
        runs: impl Iterator<Item = (Run, Duration)>,
    ) -> Result<(), SinkError> {
        for (run, at) in runs {
            self.packets.add(run.packet);
            self.runs.push((run, at));
        }
        self.position = self.position.saturating_add(content.len() as u64);
        self.spool.write(&content)?;
        if self.looked_at == LookedAt::Nothing {
            return Ok(());
        }
        self.extractor.push(content);
        self.drain()
    }

    /// Notes bytes that will never come; `None`: nobody knows how many.
    pub(crate) fn gap(&mut self, len: Option<u64>) -> Result<(), SinkError> {
        self.missing.push(Missing::new(self.position, len));
        self.position = self.position.saturating_add(len.unwrap_or(0));
        self.extractor.gap(len);
        self.drain()
    }

    /// Takes those of the contradictions of its direction that are about it.
    pub(crate) fn contradict(&mut self, all: &[Contradiction]) {
        let (Some((first, _)), Some((last, _))) = (self.runs.first(), self.runs.last()) else { return };
        let stream = first.stream_offset..last.stream_offset + last.length;
        let is_about = |one: &&Contradiction| one.stream.start < stream.end && stream.start < one.stream.end;
        self.contradictions.extend(all.iter().filter(is_about).cloned());
    }

    /// Stores the message. `cut`: the end that its sender marks did not come.
    pub(crate) fn finish(mut self, cut: bool) -> Result<Finished, SinkError> {
        let open_end =
            self.missing.last().is_some_and(|last| last.length.is_none() && last.offset == self.position);
        if cut {
            if !open_end {
                self.missing.push(Missing::new(self.position, None));
            }
            // What its last part lacks, nobody knows.
            self.extractor.gap(None);
        }
        self.extractor.finish();
        self.drain()?;
        let stored = self.spool.finish(self.extension)?;
        if self.ambiguous && self.looked_at == LookedAt::All {
            candidates::add(&mut self.parts, &stored, &self.missing, &mut self.anomalies)?;
        }
        let mut found = self.parts.finish();
        if self.looked_at == LookedAt::All {
            let kept = Kept { stored: &stored, runs: &self.runs, missing: &self.missing };
            copies::add(&mut found, &self.folder, &kept, &self.contradictions)?;
        }
        Ok(Finished {
            stored,
            head: self.head,
            found,
            anomalies: self.anomalies,
            runs: self.runs,
            packets: self.packets,
            missing: self.missing,
        })
    }

    fn drain(&mut self) -> Result<(), SinkError> {
        while let Some(event) = self.extractor.poll_event() {
            if let EventKind::Anomaly(anomaly) = &event.kind {
                if self.is_natural(anomaly) {
                    continue;
                }
                self.ambiguous |= anomaly.is_ambiguous();
            }
            match event.kind {
                EventKind::Headers(headers) => self.head = Parsed::of(&headers),
                EventKind::Anomaly(_) if self.anomalies.len() >= MAX_ANOMALIES => {}
                EventKind::Anomaly(anomaly) => {
                    self.anomalies.push(MimeAnomaly::new(&anomaly, event.range.start));
                }
                _ if self.looked_at != LookedAt::All => {}
                EventKind::PartStart(part) => self.parts.start(event.part, &part),
                EventKind::PartName(name) => self.parts.name(event.part, &name),
                EventKind::PartData(bytes) => self.parts.data(event.part, &bytes)?,
                EventKind::PartEnd(end) => self.parts.end(event.part, &end)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Finished {
    /// Puts all that is known of the content into its record, and returns where it came from.
    pub(crate) fn fill(self, record: &mut record::Message) -> Provenance {
        let Stored { size, sha256, md5, sha256_trimmed, file, .. } = self.stored;
        record.size = size;
        record.sha256 = sha256;
        record.md5 = md5;
        record.sha256_trimmed = sha256_trimmed;
        record.file = file;
        record.packets = self.packets;
        record.missing = self.missing;
        record.headers = Some(self.head.headers);
        record.header_fields = self.head.fields;
        record.received = self.head.received;
        record.authentication_results = self.head.authentication_results;
        record.parts = self.found.parts;
        record.has_attachments = self.found.has_attachments;
        record.urls = self.found.urls;
        record.pieces = self.found.pieces;
        Provenance::new(0, self.runs.into_iter().map(|(run, _)| run).collect())
    }

    /// When the first and the last byte were captured.
    pub(crate) fn times(&self) -> Option<(Duration, Duration)> {
        let times = || self.runs.iter().map(|(_, at)| *at);
        times().min().zip(times().max())
    }

    /// The run that holds an offset of the message, holes included.
    pub(crate) fn run_at(&self, offset: u64) -> Option<&(Run, Duration)> {
        let holes = self.missing.iter().filter(|hole| hole.offset < offset);
        let in_file = offset.saturating_sub(holes.filter_map(|hole| hole.length).sum());
        let behind = self.runs.partition_point(|(run, _)| run.message_offset <= in_file);
        self.runs.get(behind.saturating_sub(1))
    }
}
