//! Messages: dot-terminated after DATA (RFC 5321 section 4.1.1.4), counted in BDAT chunks (RFC 3030).

use super::client::{Client, Content};
use super::kept::Kept;
use super::pairing::{Expect, Pending};
use super::prdr::Responses;
use super::server::Heard;
use super::{Message, Session, Side};
use crate::command::{self, Verb};
use crate::event::{Envelope, EventKind, Operation};
use crate::{Anomaly, Config};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, Mode};

impl Session {
    /// The next bytes are the message, whose envelope is complete now.
    pub(super) fn begin_message(&mut self, operation: Operation) {
        let gapped = self.may_lack_chunks();
        let (envelope, mut taken) = self.transaction.take(operation);
        taken.known &= self.sync.whole;
        let verb = if operation == Operation::Bdat { Verb::Bdat } else { Verb::Data };
        // Where the capture begins behind MAIL, it may begin behind chunks as well; and a gap may hide some.
        let maybe_behind_others =
            operation == Operation::Bdat && (gapped || self.config.mid_stream && envelope.sender.is_none());
        self.message = Some(Message {
            verb,
            complete: operation != Operation::Unknown && !maybe_behind_others,
            terminated: false,
            gapped: operation == Operation::Unknown,
            at_line_start: true,
            tail: None,
            taken_as_content: false,
            unasked: false,
            unstuffed_told: false,
            loose_ends: false,
            declared: declared_size(&envelope),
            size: 0,
            // RFC 2033 section 4.2: one verdict for each recipient that was taken.
            verdicts_due: if envelope.lmtp { taken.all.max(1) } else { 1 },
            verdicts_kept: if envelope.lmtp { taken.kept.max(1) } else { 1 },
            verdicts: Kept::default(),
            lmtp: envelope.lmtp,
            responses: Responses::of(&envelope, taken, self.config.mid_stream || self.sync.torn),
            ended_in_gap: false,
            refused: Kept::default(),
            carved: None,
            end: None,
        });
        let (at, here) = self.here(Side::Client);
        self.emit(Side::Client, at, here.clone(), EventKind::MessageStart(Box::new(envelope)));
        if maybe_behind_others {
            self.emit(Side::Client, at, here, EventKind::MessageGap(None));
        }
    }

    /// Mid-stream: whether the first bytes are the inside of a message; `None` while that cannot be told.
    pub(super) fn begins_in_body(&self) -> Option<bool> {
        /// A line this long is no command.
        const LONG: usize = 1000;
        let framer = self.halves.of(Side::Client);
        if framer.at_gap() {
            return Some(false);
        }
        let ahead: Vec<u8> = framer.peek().take(LONG).collect();
        let Some(lf) = ahead.iter().position(|byte| *byte == b'\n') else {
            return match ahead.len() {
                LONG => Some(true),
                _ => framer.peek_is_all().then_some(false),
            };
        };
        let (line, rest) = ahead.split_at(lf);
        // One line of base64 alone is an answer to a SASL prompt.
        let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r');
        let answer = rest.len() == 1 && line.iter().all(base64);
        Some(!answer && Verb::of(line.trim_ascii_end()) == Verb::Unknown)
    }

    pub(super) fn begin_in_body(&mut self) {
        self.begin_message(Operation::Unknown);
        let (at, here) = self.here(Side::Client);
        // Nothing of the stream before this place was captured, so the gap takes no room in it.
        self.emit(Side::Client, at, here, EventKind::MessageGap(None));
        self.client = Client::Body { bare_lf: false };
    }

    pub(super) fn step_body(&mut self, bare_lf: bool) -> bool {
        if self.lost_its_verdict() {
            return true;
        }
        if self.awaits_verdict_in_gap() {
            return false;
        }
        let Some(Frame { at, span, kind, .. }) =
            self.halves.of_mut(Side::Client).next(Mode::Body { bare_lf })
        else {
            let ended = self.halves.of(Side::Client).is_finished();
            if ended {
                self.cut_message();
            }
            return ended;
        };
        match kind {
            FrameKind::Data { bytes, unstuffed } => {
                if unstuffed && self.message.as_mut().is_some_and(Message::tell_unstuffed) {
                    // The dot alone: how far the run behind it goes depends on the chunks.
                    let dot = span.start..span.start.saturating_add(1);
                    self.anomaly(Side::Client, at, &dot, Anomaly::DotUnstuffed);
                }
                self.content(at, span, bytes);
            }
            FrameKind::EndOfData => {
                self.end_of_tail(false);
                if let Some(message) = &mut self.message {
                    message.end = Some((at, span));
                    message.terminated = true;
                }
                self.await_verdict();
            }
            FrameKind::LooseEnd { offset, form } => {
                if let Some(message) = &mut self.message {
                    message.loose_ends = true;
                }
                self.anomaly(Side::Client, at, &span, Anomaly::LooseEnd { offset, form });
            }
            FrameKind::Gap(len) => self.message_gap(at, span, len),
            FrameKind::Line(_) | FrameKind::Truncated(_) => {}
            _ => {}
        }
        true
    }

    fn content(&mut self, at: Timestamp, span: Range<u64>, bytes: Bytes) {
        self.end_of_tail(false);
        if let Some(message) = &mut self.message {
            message.at_line_start = bytes.last() == Some(&b'\n');
            message.taken_as_content = false;
            message.size = message.size.saturating_add(bytes.len() as u64);
            if let Some(lines) = &mut message.carved {
                *lines = lines.saturating_add(bytes.iter().filter(|byte| **byte == b'\n').count());
            }
        }
        self.emit(Side::Client, at, span, EventKind::MessageData(bytes));
    }

    /// The stream ends inside the message. A verdict may come all the same: of a terminator that was not captured.
    fn cut_message(&mut self) {
        if let Some(message) = self.message.as_mut().filter(|message| message.tail.is_none()) {
            message.complete = false;
            self.anomaly_here(Side::Client, Anomaly::Truncated);
        }
        self.await_verdict();
    }

    fn await_verdict(&mut self) {
        if let Some(lines) = self.message.as_ref().and_then(|message| message.carved) {
            // DATA was refused long ago. The server took each line for a command, the dot too, and answers it so.
            for _ in 0..=lines.min(self.config.max_pending) {
                self.queue.push(Pending::new(Expect::Other(Verb::Unknown)));
            }
            self.sync.shaky |= lines > self.config.max_pending;
            self.client = Client::Commands;
            return self.end_message();
        }
        if self.sync.shaky
            && self.sync.torn
            && let Some(message) = &mut self.message
        {
            message.responses.doubt();
        }
        let verb = self.message.as_ref().map_or(Verb::Data, |message| message.verb);
        let at = self
            .message
            .as_ref()
            .and_then(|message| message.end.as_ref())
            .map_or(Timestamp::ZERO, |end| end.0);
        self.queue.push(Pending { at, ..Pending::new(Expect::Verdict(verb)) });
        self.client = Client::AwaitVerdict;
    }

    pub(super) fn begin_content(&mut self, content: Content) {
        if self.message.is_none() && content != Content::Unasked {
            self.begin_message(Operation::Bdat);
        }
        self.client = match content {
            Content::Unasked => return self.begin_unasked(Operation::Unknown),
            Content::Chunk { size, last } => Client::Chunk { left: size, last },
            Content::Elsewhere { last } => {
                let (at, here) = self.here(Side::Client);
                self.message_gap(at, here, None);
                Client::Chunk { left: 0, last }
            }
        };
    }

    pub(super) fn step_chunk(&mut self, left: u64, last: bool) -> bool {
        if left == 0 {
            if last {
                if let Some(message) = &mut self.message {
                    message.terminated = true;
                }
                self.await_verdict();
            } else {
                self.queue.push(Pending::new(Expect::Chunk));
                self.client = Client::Commands;
            }
            return true;
        }
        let Some(Frame { at, span, kind, .. }) = self.halves.of_mut(Side::Client).next(Mode::Counted(left))
        else {
            let ended = self.halves.of(Side::Client).is_finished();
            if ended {
                self.cut_message();
            }
            return ended;
        };
        let rest = left - (span.end - span.start).min(left);
        self.client = Client::Chunk { left: rest, last };
        match kind {
            FrameKind::Data { bytes, .. } => self.content(at, span, bytes),
            FrameKind::Gap(len) => {
                if len.is_none() {
                    // How much of the chunk is left is anybody's guess; the next line that parses goes on.
                    self.client = Client::Chunk { left: 0, last };
                    self.sync.shaky = true;
                }
                self.message_gap(at, span, len);
            }
            _ => {}
        }
        true
    }

    /// A BDAT message ends without its last chunk.
    pub(super) fn give_up_chunks(&mut self, at: Timestamp, span: &Range<u64>) {
        let Some(message) = &mut self.message else { return };
        message.complete = false;
        message.end = Some((at, span.start..span.start));
        if message.refused.is_empty() {
            self.anomaly(Side::Client, at, span, Anomaly::BdatNoLast);
        }
        self.end_message();
    }

    /// The server's answer to DATA; without one the client's next line tells whether it went on.
    pub(super) fn data_answered(&mut self, heard: Option<Heard<'_>>) {
        let Client::AwaitData { bare_lf } = self.client else { return };
        let taken = match heard {
            Some(heard) => matches!(heard.reply.code, 300..=399),
            None => self.verb_ahead() == Some(false) && !self.halves.of(Side::Client).is_finished(),
        };
        self.client = Client::Commands;
        if taken {
            self.begin_message(Operation::Data);
            self.client = Client::Body { bare_lf };
        } else if let Some(heard) = heard {
            self.told_by(Some(heard), Anomaly::DataRejected);
            self.client = Client::Refused(Box::new((Kept::one(heard.reply, self.config.max_held), bare_lf)));
        }
    }

    /// After a refused DATA: a client that did not wait for the answer has sent the message all the same. Its first
    /// line is a header field; anything else is a command.
    pub(super) fn step_refused(&mut self) -> bool {
        /// The name of a header field and its colon.
        const ENOUGH: usize = 78;
        let framer = self.halves.of(Side::Client);
        let ahead: Vec<u8> =
            framer.peek().take(ENOUGH).take_while(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        let whole = framer.peek().take(ENOUGH).count() > ahead.len() || ahead.len() == ENOUGH;
        let colon = ahead.iter().position(|byte| *byte == b':');
        if !whole && colon.is_none() && !framer.peek_is_all() {
            return false;
        }
        let name = colon.and_then(|colon| ahead.get(..colon)).unwrap_or_default();
        let field = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let Client::Refused(refused) = core::mem::replace(&mut self.client, Client::Commands) else {
            return true;
        };
        if field && Verb::of(&ahead) == Verb::Unknown {
            let (reply, bare_lf) = *refused;
            self.anomaly_here(Side::Client, Anomaly::DataUnsynced);
            self.begin_message(Operation::Data);
            if let Some(message) = &mut self.message {
                message.carved = Some(0);
                message.refused = reply;
            }
            self.client = Client::Body { bare_lf };
        }
        true
    }

    /// The blob that XEXCH50 announced.
    pub(super) fn step_blob(&mut self, left: u64) -> bool {
        if left == 0 {
            self.queue.push(Pending::new(Expect::Other(Verb::XExch50)));
            self.client = Client::Commands;
            return true;
        }
        let Some(Frame { at, span, kind, .. }) = self.halves.of_mut(Side::Client).next(Mode::Counted(left))
        else {
            let ended = self.halves.of(Side::Client).is_finished();
            if ended {
                self.client = Client::Commands;
            }
            return ended;
        };
        let unknown = matches!(kind, FrameKind::Gap(None));
        self.client =
            Client::Blob { left: if unknown { 0 } else { left - (span.end - span.start).min(left) } };
        match kind {
            FrameKind::Data { bytes, .. } => self.emit(Side::Client, at, span, EventKind::Opaque(bytes)),
            FrameKind::Gap(len) => self.emit(Side::Client, at, span, EventKind::Gap(len)),
            _ => {}
        }
        true
    }
}

/// RFC 1870 section 5.
fn declared_size(envelope: &Envelope) -> Option<u64> {
    let size = envelope.parameters.get("SIZE")?;
    // Zero is what clients say that do not know.
    command::number(size.value?).filter(|size| *size > 0)
}

impl Message {
    /// How many bytes of replies it may still keep.
    pub(super) const fn room(&self, config: &Config) -> usize {
        let lines = self.verdicts.lines() + self.responses.lines() + self.refused.lines();
        config.max_held.saturating_sub(lines)
    }

    /// Memory held.
    pub(super) fn memory(&self) -> usize {
        self.verdicts.memory() + self.responses.memory() + self.refused.memory()
    }

    /// Whether this is the first dot of the message that was not doubled.
    const fn tell_unstuffed(&mut self) -> bool {
        !core::mem::replace(&mut self.unstuffed_told, true)
    }
}
