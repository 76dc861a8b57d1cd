//! The two directions of a session, line by line.
//!
//! Fields: packet, `>` (client), `<` (server) or `=`, and the text of a line, or what there is instead of text.

use super::line::{packet, printable};
use super::{Form, Lines};
use crate::flow::{Content, Stretch};
use crate::record::{Direction, Place};
use crate::sink::SinkError;
use serde::Serialize;
use std::io::Write;

/// A line is broken where it is as long as this.
const LONGEST: usize = 4096;

/// Text that has not come to the end of its line, or stretches of TLS that belong together.
#[derive(Debug, Default)]
pub(super) struct Follow {
    /// What is pending, of which side, and the packet in which it begins.
    pending: Option<(Direction, Place, Pending)>,
}

#[derive(Debug)]
enum Pending {
    Line(Vec<u8>),
    Encrypted(u64),
}

/// A stretch as JSON.
#[derive(Serialize)]
struct Told<'a> {
    packet: Place,
    direction: Direction,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<u64>,
}

impl Follow {
    pub(super) fn stretch<W: Write>(
        &mut self,
        stretch: &Stretch,
        out: &mut Lines<W>,
    ) -> Result<(), SinkError> {
        let Stretch { side, offset, packet, what, .. } = stretch;
        if out.form == Form::Json {
            let (mut text, mut encrypted, mut missing) = (None, None, None);
            match what {
                Content::Text(bytes) => text = Some(String::from_utf8_lossy(bytes)),
                Content::Encrypted(len) => encrypted = Some(*len),
                Content::Missing(len) => missing = Some(*len),
            }
            let (packet, direction, offset) = (*packet, *side, *offset);
            return out.json(&Told { packet, direction, offset, text, encrypted, missing });
        }
        match what {
            Content::Text(bytes) => {
                for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                    self.text(*side, *packet, piece, out)?;
                }
                Ok(())
            }
            Content::Encrypted(len) => {
                if let Some((pending, _, Pending::Encrypted(before))) = &mut self.pending
                    && pending == side
                {
                    *before += len;
                    return Ok(());
                }
                self.end(out)?;
                self.pending = Some((*side, *packet, Pending::Encrypted(*len)));
                Ok(())
            }
            Content::Missing(len) => {
                self.end(out)?;
                mark(*packet, &format!("{len} bytes of the {side} are missing"), out)
            }
        }
    }

    /// A piece of text that has a line end only at its end.
    fn text<W: Write>(
        &mut self,
        side: Direction,
        packet: Place,
        piece: &[u8],
        out: &mut Lines<W>,
    ) -> Result<(), SinkError> {
        if !matches!(&self.pending, Some((pending, _, Pending::Line(_))) if *pending == side) {
            self.end(out)?;
        }
        let (_, _, pending) = self.pending.get_or_insert((side, packet, Pending::Line(Vec::new())));
        let Pending::Line(line) = pending else { return Ok(()) };
        line.extend_from_slice(piece);
        let over = line.ends_with(b"\n") || line.len() >= LONGEST;
        if over { self.end(out) } else { Ok(()) }
    }

    /// Writes what is pending.
    pub(super) fn end<W: Write>(&mut self, out: &mut Lines<W>) -> Result<(), SinkError> {
        match self.pending.take() {
            None => Ok(()),
            Some((side, place, Pending::Line(line))) => {
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                let mark = if side == Direction::Client { ">" } else { "<" };
                out.text(&[&packet(place), mark, &printable(&String::from_utf8_lossy(text))])
            }
            Some((side, place, Pending::Encrypted(len))) => {
                mark(place, &format!("{len} bytes of the {side} in TLS"), out)
            }
        }
    }
}

fn mark<W: Write>(place: Place, what: &str, out: &mut Lines<W>) -> Result<(), SinkError> {
    out.text(&[&packet(place), "=", what])
}
