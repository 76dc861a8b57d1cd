//! APPEND and REPLACE: the messages that the client sends, piece by piece of the command.

use super::assembly::{About, Appending};
use super::message::Taken;
use super::{Session, Side};
use crate::Section;
use crate::command::{Appended, Piece, Stage, Verb, read_first_piece, read_piece};
use crate::event::{EventKind, MessageRef, Operation};
use bytes::Bytes;
use mail_wire::Timestamp;

/// So many bytes are read in vain for the literals of one command, before the rest is not looked at: each of them is read
/// with all that stands before it.
const MAX_LOOKED: usize = 64 << 10;

impl Session {
    /// What of an APPEND the literal is.
    pub(super) fn content_of_append(&mut self, size: u64) -> Taken {
        let appends = self.queue.last().is_some_and(|last| matches!(last.verb, Verb::Append | Verb::Replace));
        let line = &mut self.halves.of_mut(Side::Client).line;
        if !appends || line.looked > MAX_LOOKED {
            return Taken::Inline;
        }
        let piece = line.piece(size);
        let looked = line.looked.saturating_add(piece.len());
        match core::mem::take(&mut line.about) {
            About::Append(mut appending) => match read_piece(&piece, &mut appending.stage) {
                Some(messages) => Taken::Appended(messages, appending),
                None => {
                    // Whatever it is, its bytes are no command.
                    line.about = About::Append(appending);
                    line.looked = looked;
                    Taken::Inline
                }
            },
            _ => match read_first_piece(&piece) {
                Some((mailbox, stage, messages)) if !messages.is_empty() => {
                    Taken::Appended(messages, Box::new(Appending { stage, ..Appending::new(mailbox) }))
                }
                // The name of the mailbox.
                _ => {
                    line.looked = looked;
                    Taken::Inline
                }
            },
        }
    }

    /// What a piece of APPEND says before a literal, or at the end of the command (no size).
    pub(super) fn append_goes_on(
        &mut self,
        messages: Vec<Appended>,
        mut appending: Box<Appending>,
        size: Option<u64>,
        at: Timestamp,
        here: u64,
    ) {
        let last = messages.len().saturating_sub(1);
        for (number, message) in messages.into_iter().enumerate() {
            if !appending.begun {
                let start = self.appended(&message, &appending, size.filter(|_| message.pieces.len() == 1));
                self.emit(Side::Client, at, here..here, EventKind::MessageStart(Box::new(start)));
                appending.begun = true;
            }
            for piece in &message.pieces {
                if let Piece::Url(url) = piece {
                    appending.complete = false;
                    let url = Bytes::copy_from_slice(url);
                    self.emit(Side::Client, at, here..here, EventKind::MessageUrl(url));
                }
            }
            if number < last || (size.is_none() && appending.stage == Stage::Options) {
                self.end_message(Side::Client, at, here, appending.complete);
                appending.next();
            }
        }
        self.halves.of_mut(Side::Client).line.about = About::Append(appending);
    }

    fn appended(&self, message: &Appended, appending: &Appending, size: Option<u64>) -> MessageRef {
        let pending = self.queue.last();
        let copy = |bytes: &Bytes| Bytes::copy_from_slice(bytes);
        let replaces = pending.is_some_and(|pending| pending.verb == Verb::Replace);
        MessageRef {
            operation: if replaces { Operation::Replace } else { Operation::Append },
            mailbox: Some(appending.mailbox.clone()),
            section: Section::whole(),
            size: size.filter(|_| appending.stage == Stage::Options),
            tag: pending.map(|pending| pending.tag.clone()).unwrap_or_default(),
            index: appending.index,
            flags: message.flags.iter().map(copy).collect(),
            internal_date: message.internal_date.as_ref().map(copy),
            ..MessageRef::default()
        }
    }

    /// An APPEND is over; `piece` is the last of it.
    pub(super) fn append_ended(
        &mut self,
        mut appending: Box<Appending>,
        piece: &Bytes,
        at: Timestamp,
        here: u64,
    ) {
        let messages = read_piece(piece, &mut appending.stage).unwrap_or_default();
        self.append_goes_on(messages, appending, None, at, here);
        if let About::Append(appending) = core::mem::take(&mut self.halves.of_mut(Side::Client).line.about)
            && appending.begun
        {
            self.end_message(Side::Client, at, here, false);
        }
    }
}

impl Appending {
    /// The message is over; another one may follow.
    pub(super) const fn next(&mut self) {
        self.index = self.index.saturating_add(1);
        self.begun = false;
        self.complete = true;
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Direction, EventKind, Session, Timestamp};
    use bytes::Bytes;

    /// Each literal that is no content is read with what stands before it: with so many of them that would take minutes.
    #[test]
    fn floods_of_literals_are_not_read_again_and_again() {
        let flood = "Sent \"07-Jun-2024 12:01:00 +0000\" {6+}\r\n".repeat(20_000);
        for head in ["a APPEND {4+}\r\n", "a APPEND Sent CATENATE (URL {1+}\r\nx"] {
            let mut session = Session::new(Config::default());
            let mut spans = 0;
            let chunks = flood.as_bytes().chunks(1448).map(|chunk| Some((Direction::ToServer, chunk)));
            let first =
                [(Direction::ToClient, &b"* OK ready\r\n"[..]), (Direction::ToServer, head.as_bytes())];
            for piece in first.into_iter().map(Some).chain(chunks).chain([None]) {
                match piece {
                    Some((dir, bytes)) => {
                        session.push(dir, Timestamp::default(), Bytes::copy_from_slice(bytes));
                    }
                    None => session.close(Direction::ToServer, Timestamp::default()),
                }
                for event in session.events() {
                    if event.dir == Direction::ToServer && !matches!(event.kind, EventKind::Anomaly(_)) {
                        spans += event.span.end - event.span.start;
                    }
                }
                assert!(session.buffered() <= Config::default().worst_case());
            }
            assert_eq!(spans, (head.len() + flood.len()) as u64);
        }
    }
}
