//! Messages and files that came in pieces, several messages each, joined when all is read. Nobody sent their bytes as
//! they are written then, so each is a candidate that names its sources.

use super::joins::Told;
use crate::flow::Context;
use crate::message::Message;
use crate::record::{self, Anomaly, Layer, MessageAnomaly, Operation, Protocol, Reading, Source, Text, Time};
use crate::sink::SinkError;
use bytes::Bytes;
use core::fmt::Write as _;
use mime_extract::Anomaly as Mime;
use mime_extract::join::{self, Joined, Joiner, Whole};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Files are read in pieces of this size; a header that is longer is cut there.
const BLOCK: usize = 1 << 20;

/// Pieces that wait.
#[derive(Debug, Default)]
pub(super) struct Wholes {
    joiner: Joiner,
    /// By the number that the joiner knows them by.
    pieces: Vec<Piece>,
}

/// A piece, and what is known of the message that it came in.
#[derive(Debug)]
struct Piece {
    session: Option<u64>,
    message: u64,
    part: String,
    complete: bool,
    /// Below the output folder.
    file: String,
    copied: Vec<u8>,
    protocol: Protocol,
    operation: Operation,
    client: String,
    server: String,
    times: [Time; 2],
}

impl Wholes {
    /// Takes the pieces in a message that has its number.
    pub(super) fn take(&mut self, message: &mut record::Message) {
        for record::PieceOf { part, piece, copied } in core::mem::take(&mut message.pieces) {
            let Some(part) = message.parts.get(part) else { continue };
            let Some(file) = part.file.clone() else { continue };
            if self.joiner.push(self.pieces.len() as u64, piece) {
                self.pieces.push(Piece {
                    session: message.session,
                    message: message.message,
                    part: part.path.clone(),
                    // A file in yEnc is not whole where it is a piece.
                    complete: message.complete,
                    file,
                    copied,
                    protocol: message.protocol,
                    operation: message.operation,
                    client: message.client.clone(),
                    server: message.server.clone(),
                    times: [message.start, message.end],
                });
            }
        }
    }

    /// All is read: what makes a whole, and what does not.
    pub(super) fn finish(self, context: &Context) -> Result<(Vec<Told>, Vec<Anomaly>), SinkError> {
        let (mut told, mut incomplete) = (Vec::new(), Vec::new());
        for joined in self.joiner.finish() {
            let pieces: Vec<&Piece> = joined
                .pieces
                .iter()
                .filter_map(|id| usize::try_from(*id).ok().and_then(|id| self.pieces.get(id)))
                .collect();
            let Some(first) = pieces.first() else { continue };
            if joined.complete {
                told.push(composed(&joined, first, &pieces, context)?);
            } else {
                let mut anomaly = Anomaly::new(Layer::Mime, Mime::PartialIncomplete.code());
                anomaly.session = first.session;
                anomaly.message = Some(first.message);
                anomaly.detail = Some(Text::from(described(&joined)));
                incomplete.push(anomaly);
            }
        }
        Ok((told, incomplete))
    }
}

/// `3 of 5 pieces of the message x`.
fn described(joined: &Joined) -> String {
    let have = joined.pieces.len();
    let of = joined.total.map_or_else(|| "an unknown number of".to_owned(), |total| total.to_string());
    let odd = if joined.contradiction { ", which contradict each other" } else { "" };
    match &joined.whole {
        Whole::Message { id } => format!("{have} of {of} pieces of the message {id}{odd}"),
        Whole::File { name, .. } => format!("{have} of {of} pieces of the file {name}{odd}"),
        _ => format!("{have} of {of} pieces{odd}"),
    }
}

/// The whole as a message of its own.
fn composed(joined: &Joined, first: &Piece, pieces: &[&Piece], context: &Context) -> Result<Told, SinkError> {
    let mut message = Message::new(&context.folder);
    let mut sources = Vec::new();
    let whole = matches!(joined.whole, Whole::Message { .. });
    for (index, piece) in pieces.iter().enumerate() {
        let path = context.folder.path().join(&piece.file);
        let mut push = |bytes: Vec<u8>| message.push_runs(Bytes::from(bytes), core::iter::empty());
        let mut at = 0;
        if index == 0 {
            let head = if whole {
                let start = read(&path, 0)?;
                let (head, body) = join::head(&piece.copied, &start);
                at = body as u64;
                head
            } else {
                head_of_file(joined)
            };
            push(head)?;
        }
        loop {
            let block = read(&path, at)?;
            if block.is_empty() {
                break;
            }
            at += block.len() as u64;
            push(block)?;
        }
        let mut source = Source::new(piece.session.unwrap_or_default());
        source.message = Some(piece.message);
        source.part = Some(piece.part.clone());
        sources.push(source);
    }
    let finished = message.finish(false)?;
    let mut record = Box::new(record::Message::new(
        0,
        first.protocol,
        first.operation,
        first.client.clone(),
        first.server.clone(),
        pieces.iter().map(|piece| piece.times[0]).min().unwrap_or(first.times[0]),
    ));
    record.end = pieces.iter().map(|piece| piece.times[1]).max().unwrap_or(first.times[1]);
    record.reading = Reading::Candidate;
    let via = if whole { Mime::PartialPiece } else { Mime::YEncPart { part: 0 } };
    record.via = vec![via.code().into()];
    record.sources = sources;
    record.complete = pieces.iter().all(|piece| piece.complete);
    let mut anomalies = Vec::new();
    for mime in &finished.anomalies {
        record.anomalies.push(MessageAnomaly::new(mime.code.clone(), mime.detail.clone()));
        let mut anomaly = Anomaly::new(Layer::Mime, mime.code.clone());
        anomaly.detail = mime.detail.clone();
        anomalies.push(anomaly);
    }
    let provenance = finished.fill(&mut record);
    // What it holds was joined already.
    record.pieces.clear();
    let sessions: BTreeSet<u64> = pieces.iter().filter_map(|piece| piece.session).collect();
    Ok(Told { sessions, message: record, anomalies, provenance })
}

/// The header of a message that holds a file and nothing else.
fn head_of_file(joined: &Joined) -> Vec<u8> {
    let mut head = "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
        .to_owned();
    if let Whole::File { name, .. } = &joined.whole {
        head.push_str("Content-Disposition: attachment; filename*=utf-8''");
        for byte in name.bytes() {
            // RFC 8187 section 3.2.1, as far as everybody agrees.
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                head.push(char::from(byte));
            } else {
                let _ = write!(head, "%{byte:02X}");
            }
        }
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn read(path: &Path, at: u64) -> Result<Vec<u8>, SinkError> {
    use std::io::{Seek as _, SeekFrom};
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.take(BLOCK as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(SinkError::io("read", path))
}
