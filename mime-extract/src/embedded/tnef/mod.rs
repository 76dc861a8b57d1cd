//! TNEF (MS-OXTNEF): the `winmail.dat` of Outlook and Exchange, with attachments, the text as RTF or HTML, and messages
//! inside of messages.
//!
//! ```text
//! stream     = signature key *attribute
//! attribute  = level id length data checksum          ; attachments: RendData, Title, Data, Attachment
//! data       = bytes / properties                     ; of MAPI: MsgProps, Attachment
//! properties = count *(type id [name] value)          ; a value may be a stream
//! ```

mod properties;
mod rtf;
mod stream;
mod value;

use super::Found;
use crate::decode::Origin;
use crate::slice;
use bytes::Bytes;
use stream::{Stream, Want};

/// Streams inside of one another; what is deeper is passed over.
const MAX_DEPTH: usize = 8;

/// The machine; see [`Opener`](super::Opener).
#[derive(Debug)]
pub(crate) struct Tnef {
    /// Streams inside of one another, the innermost last; none: there is nothing to be had.
    streams: Vec<Stream>,
    /// Bytes of a fixed structure that is not whole.
    held: Vec<u8>,
    /// Bytes of the leaf so far.
    at: u64,
    /// Where the last of them stands in the message.
    place: u64,
}

impl Tnef {
    pub(super) fn new() -> Self {
        Self { streams: vec![Stream::new(u64::MAX)], held: Vec::new(), at: 0, place: 0 }
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Self>()
            + self.held.capacity()
            + self.streams.capacity() * size_of::<Stream>()
            + self.streams.iter().map(Stream::memory).sum::<usize>()
    }

    pub(super) fn push(&mut self, bytes: &Bytes, origin: Origin, found: &mut Vec<Found>) {
        let mut taken = 0;
        loop {
            let depth = self.streams.len();
            self.place = origin.at(taken);
            let Some(stream) = self.streams.last_mut() else { return };
            let rest = slice::split(bytes, taken).1;
            match stream.want(self.at, self.held.len(), self.place, found) {
                Want::Fixed(len) => {
                    let (more, _) = slice::split(rest, len.saturating_sub(self.held.len()));
                    self.held.extend_from_slice(more);
                    taken += more.len();
                    self.at += more.len() as u64;
                    if self.held.len() < len {
                        return;
                    }
                    let held = core::mem::take(&mut self.held);
                    self.place = origin.at(taken);
                    stream.fixed(&held, self.at, self.place, found);
                }
                Want::Payload(end) => {
                    // What was held of a structure that has no room turns out to be a part of this.
                    self.held.clear();
                    let room = usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX);
                    let len = rest.len().min(room);
                    if len == 0 && room > 0 {
                        return;
                    }
                    let piece = bytes.slice(taken..taken + len);
                    taken += len;
                    self.at += len as u64;
                    stream.payload(piece, self.place, found);
                }
                Want::Stream(end) => {
                    if depth == MAX_DEPTH {
                        stream.pass(end);
                    } else {
                        self.streams.push(Stream::new(end));
                    }
                }
                Want::Nothing => {
                    let whole = stream.is_between();
                    stream.finish(whole, self.place, found);
                    self.streams.pop();
                    self.held.clear();
                }
            }
        }
    }

    /// What follows a gap has no place in any structure.
    pub(super) fn gap(&mut self, at: u64, found: &mut Vec<Found>) {
        while let Some(mut stream) = self.streams.pop() {
            stream.tear(at, found);
        }
        self.held.clear();
    }

    pub(super) fn finish(&mut self, at: u64, found: &mut Vec<Found>) {
        // The end of the bytes is the end of the stream, if an attribute may begin there.
        let between = self.held.is_empty() && self.streams.len() == 1;
        while let Some(mut stream) = self.streams.pop() {
            stream.finish(between && stream.is_between(), at, found);
        }
        self.held.clear();
    }
}

#[cfg(test)]
mod tests;
