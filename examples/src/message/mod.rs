//! One message on its way: its bytes go to the spool as they stream, and what the record needs is kept.

mod headers;
mod received;

use crate::flow::places::Places;
use crate::record::{Missing, Packets, Provenance, Run};
use crate::sink::{SinkError, Spool, Stored};
use core::ops::Range;
use core::time::Duration;
use headers::Head;

pub(crate) use headers::Parsed;

/// A message whose end has not come.
#[derive(Debug)]
pub(crate) struct Message {
    spool: Spool,
    head: Head,
    runs: Vec<Run>,
    packets: Packets,
    missing: Vec<Missing>,
    /// Bytes so far, holes included.
    position: u64,
    times: Option<(Duration, Duration)>,
}

/// A message that is over and stored.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) stored: Stored,
    pub(crate) head: Parsed,
    pub(crate) provenance: Provenance,
    pub(crate) packets: Packets,
    pub(crate) missing: Vec<Missing>,
    /// Of its first and its last byte.
    pub(crate) times: Option<(Duration, Duration)>,
}

impl Message {
    pub(crate) fn new(spool: Spool) -> Self {
        Self {
            spool,
            head: Head::default(),
            runs: Vec::new(),
            packets: Packets::new(),
            missing: Vec::new(),
            position: 0,
            times: None,
        }
    }

    /// Takes content that is the end of the stretch `span` of its direction; what stands before it in the span was
    /// removed in transit.
    pub(crate) fn push(
        &mut self,
        content: &[u8],
        span: &Range<u64>,
        places: &Places,
    ) -> Result<(), SinkError> {
        let start = span.end - (content.len() as u64).min(span.end - span.start);
        for (run, at) in places.runs(start..span.end, self.spool.size()) {
            self.packets.add(run.packet);
            let (first, last) = self.times.get_or_insert((at, at));
            *first = (*first).min(at);
            *last = (*last).max(at);
            self.runs.push(run);
        }
        self.position += content.len() as u64;
        self.head.push(content);
        self.spool.write(content)
    }

    /// Notes bytes that will never come; `None`: nobody knows how many.
    pub(crate) fn gap(&mut self, len: Option<u64>) {
        self.missing.push(Missing::new(self.position, len));
        self.position = self.position.saturating_add(len.unwrap_or(0));
        self.head.end();
    }

    /// Stores the message. `cut`: the end that its sender marks did not come.
    pub(crate) fn finish(mut self, cut: bool) -> Result<Finished, SinkError> {
        let open_end =
            self.missing.last().is_some_and(|last| last.length.is_none() && last.offset == self.position);
        if cut && !open_end {
            self.missing.push(Missing::new(self.position, None));
        }
        Ok(Finished {
            stored: self.spool.finish("eml")?,
            head: self.head.parse(),
            provenance: Provenance::new(0, self.runs),
            packets: self.packets,
            missing: self.missing,
            times: self.times,
        })
    }
}
