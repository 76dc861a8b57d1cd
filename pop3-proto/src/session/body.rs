//! Messages, dot-terminated (RFC 1939 section 3): what the server sends after RETR and TOP, and what the client sends after
//! XTND XMIT.

use super::server::Server;
use super::{Session, Side};
use crate::Anomaly;
use crate::event::{Event, EventKind, MessageEnd, MessageRef, Operation};
use crate::reply::{Reply, Status};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, Mode};

/// A message under way.
#[derive(Clone, Debug)]
pub(super) struct Message {
    reference: MessageRef,
    size: u64,
    /// Not a byte is missing so far.
    complete: bool,
    /// A gap may hide its end, so a reply may stand in it; and whether what comes next may begin a line.
    gapped: Option<bool>,
    /// Bytes that are missing; `None`: nobody knows how many.
    missing: Option<u64>,
    /// How many of the commands that waited at its first gap were in doubt before.
    doubtful: Option<usize>,
    unstuffed_told: bool,
    /// TOP: the lines of the body.
    lines: Option<Lines>,
    /// A gap took nothing but the terminator.
    terminator_missing: bool,
    /// Where the terminator stood, once it was there.
    end: Option<(Timestamp, Range<u64>)>,
    /// XTND XMIT: what the server made of it.
    verdict: Option<Box<Reply>>,
}

/// A message that ended before the size that its reply named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Early {
    reference: MessageRef,
    declared: u64,
    actual: u64,
    bare_lf: bool,
}

/// The dot and the CRLF that ended a message early, which are content of it.
const EARLY_DOT: u64 = 3;

impl Session {
    fn message(&mut self, side: Side) -> &mut Option<Message> {
        match side {
            Side::Client => &mut self.upload,
            Side::Server => &mut self.download,
        }
    }

    /// The next bytes of that side are a message.
    pub(super) fn begin_message(&mut self, side: Side, reference: MessageRef) {
        let lines = (reference.operation == Operation::Top).then(Lines::default);
        *self.message(side) = Some(Message {
            reference,
            size: 0,
            complete: true,
            gapped: None,
            missing: Some(0),
            doubtful: None,
            unstuffed_told: false,
            lines,
            terminator_missing: false,
            end: None,
            verdict: None,
        });
        let (at, here) = self.here(side);
        self.emit(side, at, here, EventKind::MessageStart(Box::new(reference)));
    }

    /// The next bytes of the server are the inside of a message whose beginning is missing.
    pub(super) fn begin_inside_message(&mut self, reference: MessageRef, bare_lf: bool) {
        self.begin_message(Side::Server, reference);
        if let Some(message) = &mut self.download {
            message.complete = false;
            message.gapped = Some(false);
            message.missing = None;
        }
        // The gap itself is told, or lies before the capture: here it takes no room.
        let (at, here) = self.here(Side::Server);
        self.emit(Side::Server, at, here, EventKind::MessageGap(None));
        self.server = Server::Body { bare_lf };
    }

    /// The server's next run of a message without gaps, when the client has nothing to say: most of what is sent. It need
    /// not go through the outbox.
    pub(super) fn next_run(&mut self) -> Option<Event> {
        let Server::Body { bare_lf } = self.server else { return None };
        let gapped = self.download.as_ref().is_none_or(|message| message.gapped.is_some());
        if gapped
            || self.halves.of(Side::Server).at_gap()
            || !self.halves.has_more(Side::Server)
            || self.halves.has_more(Side::Client)
            || self.is_opaque(Side::Client)
        {
            return None;
        }
        let frame = self.halves.of_mut(Side::Server).next(Mode::Body { bare_lf });
        let run = self.body_frame(Side::Server, bare_lf, frame)?;
        if self.outbox.is_empty() {
            return Some(run);
        }
        self.outbox.push_back(run);
        None
    }

    pub(super) fn step_body(&mut self, side: Side, bare_lf: bool) -> bool {
        // Whether the gap that is next hides the end: the bytes behind it are not of this message.
        let mut hides_end = false;
        if side == Side::Server && self.halves.of(side).at_gap() {
            match self.gap_is_terminator(bare_lf) {
                None => return false,
                Some(true) => return self.terminated_unseen(bare_lf),
                Some(false) => {}
            }
            match self.asked_before_end() {
                None => return false,
                Some(hides) => hides_end = hides,
            }
        }
        let gapped = self.message(side).as_ref().and_then(|message| message.gapped);
        let frame = match gapped {
            Some(line_start) if side == Side::Server && !hides_end => match self.until_reply(line_start) {
                None => return false,
                Some(0) => {
                    self.end_message(side);
                    self.server = Server::Replies;
                    return true;
                }
                Some(most) => self.halves.of_mut(side).next_of_body(bare_lf, most),
            },
            _ => self.halves.of_mut(side).next(Mode::Body { bare_lf }),
        };
        if frame.is_none() {
            let ended = self.halves.of(side).is_finished();
            if ended {
                self.cut_message(side);
            }
            return ended;
        }
        let run = self.body_frame(side, bare_lf, frame);
        self.outbox.extend(run);
        if hides_end {
            self.end_message(Side::Server);
            self.server = Server::Landed { list: None, bare_lf };
        }
        true
    }

    /// Takes a frame of a message: a run of content is the last that it brings to tell, and is left to the caller.
    fn body_frame(&mut self, side: Side, bare_lf: bool, frame: Option<Frame>) -> Option<Event> {
        let Frame { at, span, kind, .. } = frame?;
        match kind {
            FrameKind::Data { bytes, unstuffed } => {
                if unstuffed && self.message(side).as_mut().is_some_and(Message::tell_unstuffed) {
                    // The dot alone: how far the run behind it goes depends on the chunks.
                    let dot = span.start..span.start.saturating_add(1);
                    self.anomaly(side, at, &dot, Anomaly::DotUnstuffed);
                }
                if let Some(message) = self.message(side) {
                    message.take(&bytes);
                }
                let dir = self.halves.dir(side);
                return Some(Event { at, dir, span, kind: EventKind::MessageData(bytes) });
            }
            FrameKind::EndOfData => self.terminated(side, at, span, bare_lf),
            FrameKind::LooseEnd { offset, form } => {
                self.anomaly(side, at, &span, Anomaly::LooseEnd { offset, form });
            }
            FrameKind::Gap(len) => {
                let doubtful = self.queue.doubtful();
                if let Some(message) = self.message(side) {
                    message.complete = false;
                    message.gapped = Some(true);
                    message.missing = message.missing.zip(len).map(|(sum, len)| sum.saturating_add(len));
                    message.doubtful.get_or_insert(doubtful);
                }
                if side == Side::Server {
                    self.sync.lossy = true;
                    self.queue.doubt();
                }
                self.emit(side, at, span, EventKind::MessageGap(len));
            }
            _ => {}
        }
        None
    }

    /// Whether the gap that is next is as long as the terminator, and stands where only that one can: between the end of a
    /// line and the next reply. `None` while too little is there to tell.
    fn gap_is_terminator(&self, bare_lf: bool) -> Option<bool> {
        let Some(Message { complete: true, size: size @ 1.., reference, .. }) = self.download else {
            return Some(false);
        };
        let terminator = if bare_lf { b".\n".as_slice() } else { b".\r\n" };
        let framer = self.halves.of(Side::Server);
        let fits = framer.gap_ahead() == Some(terminator.len() as u64)
            && framer.is_at_line_start()
            // By its size more of it is to come, if only three bytes.
            && reference.octets.is_none_or(|octets| octets <= size)
            && (!self.queue.is_empty() || self.is_alone());
        if !fits {
            return Some(false);
        }
        let mut room = [0; Status::AHEAD];
        let (behind, whole) = framer.peek_behind_gap(&mut room);
        Status::ahead(behind, whole)
    }

    /// Ends a message of which nothing but the terminator is missing.
    fn terminated_unseen(&mut self, bare_lf: bool) -> bool {
        self.sync.lossy = true;
        if let Some(message) = &mut self.download {
            message.terminator_missing = true;
        }
        self.end_message(Side::Server);
        self.server = Server::Replies;
        let frame = self.halves.of_mut(Side::Server).next(Mode::Body { bare_lf });
        self.leftover(Side::Server, frame);
        true
    }

    /// How many bytes of a message with a gap are no reply for sure: zero if a reply is next, so that the message has
    /// ended in the gap; `None` while that cannot be told.
    fn until_reply(&self, line_start: bool) -> Option<usize> {
        /// So many bytes are looked at before they are taken.
        const WINDOW: usize = 4096;
        let framer = self.halves.of(Side::Server);
        // A reply answers something; without the client, anything may be one.
        if self.queue.is_empty() && !self.is_alone() {
            return Some(WINDOW);
        }
        let ahead: Vec<u8> = framer.peek().take(WINDOW).collect();
        let whole = framer.peek_is_all() && ahead.len() < WINDOW;
        let begins = |at: usize| {
            let line = ahead.get(at..).unwrap_or_default();
            Status::ahead(line.get(..Status::AHEAD).unwrap_or(line), whole)
        };
        let starts = ahead.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, at)| at);
        let starts = line_start.then_some(0).into_iter().chain(starts);
        match starts.map(|at| (at, begins(at))).find(|(_, reply)| *reply != Some(false)) {
            Some((0, Some(_))) => Some(0),
            Some((0, None)) if !ahead.is_empty() => None,
            Some((at, _)) if at > 0 => Some(at),
            _ => Some(ahead.len().max(1)),
        }
    }

    /// The line with the dot.
    fn terminated(&mut self, side: Side, at: Timestamp, span: Range<u64>, bare_lf: bool) {
        let Some(message) = self.message(side) else { return };
        message.end = Some((at, span.clone()));
        if side == Side::Client {
            return self.await_verdict();
        }
        let Message { reference, size: actual, complete, missing, doubtful, .. } = *message;
        self.server = Server::Replies;
        if let (Some(doubtful), Some(missing)) = (doubtful, missing)
            && reference.octets == Some(actual.saturating_add(missing))
        {
            // Its gaps hide nothing but content.
            self.queue.trust(doubtful);
        }
        let whole = complete && reference.operation != Operation::Top;
        if let Some(declared) = reference.octets.filter(|declared| whole && *declared != actual) {
            if !reference.resumes {
                self.anomaly(side, at, &span, Anomaly::SizeMismatch { declared, actual });
            }
            if declared > actual {
                self.early = Some(Early { reference, declared, actual, bare_lf });
            }
        }
        self.end_message(side);
    }

    /// The stream ends inside the message.
    fn cut_message(&mut self, side: Side) {
        self.anomaly_here(side, Anomaly::Truncated);
        match side {
            Side::Client => self.await_verdict(),
            Side::Server => {
                self.server = Server::Replies;
                self.end_message(side);
            }
        }
    }

    /// Tells the end of the message under way.
    pub(super) fn end_message(&mut self, side: Side) {
        let Some(message) = self.message(side).take() else { return };
        let terminated = message.end.is_some();
        let end = MessageEnd {
            complete: message.complete && (terminated || message.terminator_missing),
            terminated,
            size: message.size,
            lines: message.lines.map(|lines| lines.count),
            verdict: message.verdict.map(|verdict| *verdict),
        };
        let (at, span) = message.end.unwrap_or_else(|| self.here(side));
        self.emit(side, at, span, EventKind::MessageEnd(Box::new(end)));
    }

    /// Behind a message that ended before the size that its reply named: what is no reply belongs to it. False while too
    /// little is there to tell.
    pub(super) fn step_early(&mut self, early: Early) -> bool {
        let framer = self.halves.of(Side::Server);
        let mut room = [0; Status::AHEAD];
        let ahead = framer.peek_into(&mut room);
        let goes_on = match Status::ahead(ahead, framer.peek_is_all()) {
            None => return false,
            Some(reply) => !reply && !ahead.is_empty() && ahead.first() != Some(&b'+'),
        };
        self.early = None;
        if goes_on {
            let Early { reference, declared, actual, bare_lf } = early;
            self.anomaly_here(Side::Server, Anomaly::EarlyDot { declared, actual });
            let octets = declared.checked_sub(actual + EARLY_DOT);
            self.begin_message(Side::Server, MessageRef { octets, resumes: true, ..reference });
            self.server = Server::Body { bare_lf };
        }
        true
    }
}

impl Message {
    /// Whether this is the first dot of the message that was not doubled.
    const fn tell_unstuffed(&mut self) -> bool {
        !core::mem::replace(&mut self.unstuffed_told, true)
    }

    /// Takes note of the server's verdict.
    pub(super) fn judged(&mut self, verdict: &Reply) {
        self.verdict = Some(Box::new(verdict.compact()));
    }

    fn take(&mut self, content: &Bytes) {
        self.size = self.size.saturating_add(content.len() as u64);
        if let (Some(line_start), Some(last)) = (&mut self.gapped, content.last()) {
            *line_start = *last == b'\n';
        }
        if let Some(lines) = &mut self.lines {
            lines.take(content);
        }
    }
}

/// Counts the lines of a body, which begins behind the first empty line.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    in_body: bool,
    /// Bytes of the line so far, its CR apart: zero at a line start.
    line: usize,
    count: u64,
}

impl Lines {
    fn take(&mut self, content: &[u8]) {
        let mut rest = content;
        while !self.in_body {
            let Some((first, behind)) = rest.split_first() else { return };
            rest = behind;
            match first {
                b'\n' if self.line == 0 => self.in_body = true,
                b'\n' => self.line = 0,
                b'\r' => {}
                _ => self.line = 1,
            }
        }
        self.count += rest.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_body_are_counted_whatever_the_chunks() {
        for (content, expected) in [
            ("", 0),
            ("A: b\r\nC: d\r\n", 0),
            ("A: b\r\n\r\n", 0),
            ("A: b\r\n\r\none\r\n\r\nthree\r\n", 3),
            ("A: b\n\none\n", 1),
            ("\r\none\r\n", 1),
        ] {
            for size in [1, 3, 100] {
                let mut lines = Lines::default();
                content.as_bytes().chunks(size).for_each(|chunk| lines.take(chunk));
                assert_eq!(lines.count, expected, "{content:?}");
            }
        }
    }
}
