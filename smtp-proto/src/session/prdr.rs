//! What the server says for each recipient once it has the message: PRDR (draft-hall-prdr-00), as Exim speaks it.
//!
//! The client asks for it with MAIL (section 4.2). The server may then answer the end of the message with 353, one reply
//! for each recipient that it had taken, in their order, and one for the message as a whole (section 4.5); or with one
//! reply, as ever: Exim does that where one recipient is left.
//!
//! How many replies there are follows from the recipients alone. Where it is not certain who they were, or a reply is
//! missing, none of what follows is taken for anybody's: the message stays without a verdict, and the time at which the
//! client goes on tells where its replies end.

use super::kept::Kept;
use super::pairing::{Expect, Pending};
use super::server::Heard;
use super::transaction::Taken;
use super::{Client, Message, Session};
use crate::event::{Envelope, Outcome};
use crate::{Reply, Verb};

/// Section 4.5: the replies for the recipients follow.
const BEGINS: u16 = 353;

/// RFC 5321 section 3.8: the server ends the connection.
const SHUTS_DOWN: u16 = 421;

/// The replies for the recipients of a message.
#[derive(Clone, Debug)]
pub(super) struct Responses {
    state: State,
    taken: Taken,
    /// A reply may be missing in front of the next one; it may have been 353.
    doubtful: bool,
    deliveries: Kept,
    /// Whether some recipient was told so.
    accepted: bool,
    refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// 353 means nothing.
    Unasked,
    /// MAIL was not heard.
    Unknown,
    /// MAIL asked for them.
    Asked,
    /// 353 came: so many are due, and then the verdict.
    Due(usize),
    /// They have, or may have, begun, and nobody knows which of them is the last.
    Uncounted,
}

impl Responses {
    /// `torn`: MAIL may have been missed.
    pub(super) fn of(envelope: &Envelope, taken: Taken, torn: bool) -> Self {
        let state = match envelope.sender {
            // LMTP has such replies anyway.
            _ if envelope.lmtp => State::Unasked,
            None if torn => State::Unknown,
            Some(_) if envelope.parameters.ask_for_responses() => State::Asked,
            _ => State::Unasked,
        };
        Self { state, taken, doubtful: false, deliveries: Kept::default(), accepted: false, refused: false }
    }

    /// Memory held.
    pub(super) fn memory(&self) -> usize {
        self.deliveries.memory()
    }

    /// Bytes of the lines of the replies alone.
    pub(super) const fn lines(&self) -> usize {
        self.deliveries.lines()
    }

    /// Whether 353 is their beginning.
    pub(super) fn may_begin(&self) -> bool {
        matches!(self.state, State::Asked | State::Unknown)
    }

    /// Whether the server has said that it has the whole message.
    pub(super) fn have_begun(&self) -> bool {
        matches!(self.state, State::Due(_)) || !self.deliveries.is_empty()
    }

    /// Notes that a reply to the end of the message may be missing.
    pub(super) const fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// Takes the next reply to the end of the message; false if it is the verdict. `torn`: a reply is missing before it.
    fn take(&mut self, reply: &Reply, torn: bool, room: usize) -> bool {
        let begins = reply.code == BEGINS;
        self.state = match self.state {
            State::Asked | State::Unknown if begins && self.taken.known => State::Due(self.taken.all),
            State::Asked | State::Unknown if begins => State::Uncounted,
            State::Asked if torn || self.doubtful => State::Uncounted,
            State::Unasked | State::Asked | State::Unknown => return false,
            State::Due(0) if !torn => return false,
            State::Due(due) if !torn => {
                self.keep(reply, room);
                State::Due(due.saturating_sub(1))
            }
            State::Due(_) | State::Uncounted => State::Uncounted,
        };
        true
    }

    fn keep(&mut self, reply: &Reply, room: usize) {
        self.accepted |= reply.is_positive();
        self.refused |= !reply.is_positive();
        // Those of recipients beyond the limit are counted, as the recipients are.
        if self.deliveries.len() < self.taken.kept {
            self.deliveries.push(reply, room);
        }
    }

    /// What the server made of the message, and the replies for its recipients.
    ///
    /// A message that is refused as a whole is refused for each recipient (section 4.5). One that is taken is so for
    /// those only that were not refused: Exim says 250 also where it put off all of them.
    pub(super) fn end(self, verdicts: &mut Vec<Reply>) -> (Outcome, Vec<Reply>) {
        let mut deliveries = self.deliveries.into_replies();
        let all_heard = self.state == State::Due(0);
        // What ended the connection was said of no recipient.
        if matches!(self.state, State::Due(_)) && self.taken.kept == self.taken.all && verdicts.is_empty() {
            verdicts.extend(deliveries.pop_if(|last| last.code == SHUTS_DOWN));
        }
        let all_refused = all_heard && self.refused && !self.accepted;
        let outcome = match Outcome::of(verdicts) {
            Outcome::Accepted if self.refused && self.accepted => Outcome::Mixed,
            Outcome::Accepted | Outcome::Unknown if all_refused => Outcome::Rejected,
            outcome => outcome,
        };
        (outcome, deliveries)
    }
}

impl Session {
    /// Takes a reply to the end of a message that is not the verdict; false if it is. `doubtful`: a reply may be missing
    /// before it.
    pub(super) fn is_for_recipient(&mut self, reply: &Reply, doubtful: bool) -> bool {
        let Some(message) = &mut self.message else { return false };
        let room = message.room(&self.config);
        message.responses.take(reply, doubtful, room)
    }

    /// What the end of the message got is not the last reply to it.
    pub(super) fn await_more(&mut self, mut pending: Pending) {
        pending.doubtful = self.is_uncounted();
        if pending.doubtful {
            // The client has heard the last of them when it goes on.
            (self.sync.shaky, self.sync.torn) = (true, true);
        }
        self.queue.push_front(pending);
    }

    /// Whether content is next, and 353: so the message was asked for in a gap.
    pub(super) fn lost_its_go_ahead(&self) -> bool {
        matches!(self.client, Client::AwaitData { .. })
            && self.code_ahead() == Some(BEGINS)
            && self.verb_ahead() == Some(false)
            && (self.queue.asks_for_responses() || self.transaction.asks_for_responses())
    }

    /// Whether the time at which the client goes on tells where the replies to the end of the message end.
    pub(super) fn is_uncounted(&self) -> bool {
        let uncounted = |message: &Message| message.responses.state == State::Uncounted;
        matches!(self.client, Client::AwaitVerdict) && self.message.as_ref().is_some_and(uncounted)
    }

    /// How many replies to the end of the message are still to come, the verdict among them, if that is known.
    pub(super) fn responses_due(&self) -> usize {
        match self.message.as_ref().map(|message| message.responses.state) {
            Some(State::Due(due)) => due.saturating_add(1),
            _ => 0,
        }
    }

    /// Whether the reply says that the replies for the recipients begin.
    pub(super) fn begins_responses(&self, reply: &Reply) -> bool {
        reply.code == BEGINS && self.message.as_ref().is_some_and(|message| message.responses.may_begin())
    }

    /// The end of the message was in a gap, and this reply came: to the end.
    pub(super) fn answered_in_gap(&mut self, heard: Heard<'_>) {
        if let Some(message) = &mut self.message {
            message.ended_in_gap = true;
            message.verdicts_due = 1;
        }
        self.client = Client::AwaitVerdict;
        self.resolve(Pending::new(Expect::Verdict(Verb::Data)), Some(heard));
    }
}
