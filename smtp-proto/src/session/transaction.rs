//! The mail transaction (RFC 5321 section 3.3): sender, recipients, then the message.

use super::kept::compact;
use super::pairing::Address;
use crate::event::{Envelope, Operation, Recipient};
use crate::{Config, Reply};

/// The envelope as the server has taken it so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Transaction {
    envelope: Envelope,
    lmtp: bool,
    memory: usize,
    taken: usize,
    /// The answer to some recipient was not heard.
    unheard: bool,
}

/// The recipients that get the message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// Those in the envelope, which are the first.
    pub(super) kept: usize,
    /// Those beyond the limit as well.
    pub(super) all: usize,
    /// The answer to each was heard.
    pub(super) known: bool,
}

impl Transaction {
    /// Whether MAIL or RCPT has been taken.
    pub(super) fn is_open(&self) -> bool {
        self.envelope.sender.is_some()
    }

    /// Whether its MAIL asked for a reply for each recipient.
    pub(super) fn asks_for_responses(&self) -> bool {
        self.envelope.parameters.ask_for_responses()
    }

    pub(super) const fn memory(&self) -> usize {
        self.memory
    }

    /// An accepted HELO, EHLO or LHLO ends the transaction and settles the protocol.
    pub(super) fn hello(&mut self, lmtp: bool) {
        *self = Self { lmtp, ..Self::default() };
    }

    pub(super) fn reset(&mut self) {
        self.hello(self.lmtp);
    }

    pub(super) fn mail(&mut self, address: Address) {
        self.reset();
        self.memory = address.memory;
        self.envelope.sender = Some(address.path);
        self.envelope.parameters = address.parameters;
    }

    /// Adds a recipient and its answer; false if it is only counted.
    pub(super) fn rcpt(&mut self, address: Address, reply: Option<&Reply>, config: &Config) -> bool {
        let recipient =
            Recipient { path: address.path, parameters: address.parameters, reply: reply.map(compact) };
        let memory = address.memory + recipient.memory();
        self.taken += usize::from(recipient.accepted() != Some(false));
        self.unheard |= recipient.reply.is_none();
        // Those that are kept are the first, so that final replies find theirs.
        let full = self.envelope.more_recipients > 0;
        if full
            || self.envelope.recipients.len() >= config.max_recipients
            || self.memory + memory > config.max_held
        {
            self.envelope.more_recipients += 1;
            return false;
        }
        self.memory += memory;
        self.envelope.recipients.push(recipient);
        true
    }

    /// The message begins: hands out the envelope and how many recipients were taken, those unheard included.
    pub(super) fn take(&mut self, operation: Operation) -> (Envelope, Taken) {
        let (all, known) = (self.taken, !self.unheard);
        let envelope = Envelope { operation, lmtp: self.lmtp, ..core::mem::take(&mut self.envelope) };
        self.reset();
        let kept = envelope.recipients.iter().filter(|recipient| recipient.accepted() != Some(false)).count();
        (envelope, Taken { kept, all, known })
    }
}
