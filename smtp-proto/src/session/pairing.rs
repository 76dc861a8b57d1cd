//! Which reply answers which command.
//!
//! RFC 5321 section 4.2: one reply for each command, in order; RFC 2920 lets the client run ahead. So replies are
//! paired by a queue. Only where bytes are missing is a reply matched by what it says.

use crate::{Parameters, Path, Reply, Verb};
use mail_wire::{Fifo, Timestamp};

/// A command that awaits its reply.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) expect: Expect,
    /// Its reply may have been in a gap.
    pub(super) doubtful: bool,
    /// When it was captured.
    pub(super) at: Timestamp,
}

impl Pending {
    pub(super) const fn new(expect: Expect) -> Self {
        Self { expect, doubtful: false, at: Timestamp::ZERO }
    }
}

/// What the reply will decide.
#[derive(Clone, Debug)]
pub(super) enum Expect {
    /// HELO, EHLO or LHLO.
    Hello(Verb),
    Mail(Box<Address>),
    Rcpt(Box<Address>),
    Data,
    /// A BDAT chunk that is not the last.
    Chunk,
    /// The final verdict on a message, of which LMTP has several.
    Verdict(Verb),
    Rset,
    StartTls,
    /// AUTH, or a line of its exchange.
    Sasl,
    /// TURN or ATRN, which swap the roles.
    Turn(Verb),
    /// XEXCH50 and the blob that follows it.
    XExch50 {
        size: u64,
    },
    /// Nothing that the session needs to know.
    Other(Verb),
}

/// The path and the parameters of MAIL or RCPT, slices of one private copy of the line.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) path: Path,
    pub(super) parameters: Parameters,
    pub(super) memory: usize,
}

impl Expect {
    pub(super) const fn verb(&self) -> Verb {
        match self {
            Self::Mail(_) => Verb::Mail,
            Self::Rcpt(_) => Verb::Rcpt,
            Self::Data => Verb::Data,
            Self::Chunk => Verb::Bdat,
            Self::Rset => Verb::Rset,
            Self::StartTls => Verb::StartTls,
            Self::Sasl => Verb::Auth,
            Self::XExch50 { .. } => Verb::XExch50,
            Self::Hello(verb) | Self::Verdict(verb) | Self::Turn(verb) | Self::Other(verb) => *verb,
        }
    }

    const fn memory(&self) -> usize {
        size_of::<Pending>()
            + match self {
                Self::Mail(address) | Self::Rcpt(address) => address.memory,
                _ => 0,
            }
    }

    /// Whether such a reply can answer it (RFC 5321 section 4.3.2, RFC 4954, RFC 3207).
    fn may_be_answered_by(&self, code: u16, subject: Option<(u16, u16)>) -> bool {
        match code {
            // RFC 3463: X.1.X is about addresses. Other refusals fit everything.
            400.. => match self {
                Self::Verdict(_) | Self::Chunk => subject.is_none_or(|(subject, _)| subject != 1),
                _ => true,
            },
            354 => matches!(self, Self::Data | Self::XExch50 { .. }),
            334 => matches!(self, Self::Sasl),
            235 => matches!(self, Self::Sasl),
            220 => matches!(self, Self::StartTls),
            221 => matches!(self, Self::Other(Verb::Quit)),
            // draft-hall-prdr-00 section 4.5.
            353 => matches!(self, Self::Verdict(_)),
            // RFC 3463: X.1.0 and X.1.5 are about senders and recipients, as most servers use them.
            250..=252 => match self {
                Self::Data | Self::Sasl | Self::StartTls | Self::Other(Verb::Quit) => false,
                Self::Mail(_) => subject.is_none_or(|subject| subject != (1, 5)),
                Self::Rcpt(_) => subject.is_none_or(|subject| subject != (1, 0)),
                // RFC 2034 section 3: neither greeting nor HELO are answered with such codes.
                Self::Hello(_) => subject.is_none(),
                Self::Verdict(_) | Self::Chunk | Self::Rset => {
                    subject.is_none_or(|(subject, _)| subject != 1)
                }
                _ => true,
            },
            _ => true,
        }
    }
}

/// The commands that await replies, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    pending: Fifo<Pending>,
    memory: usize,
}

impl Queue {
    pub(super) fn push(&mut self, pending: Pending) {
        self.memory += pending.expect.memory();
        self.pending.push_back(pending);
    }

    /// Puts back what has more than one reply.
    pub(super) fn push_front(&mut self, pending: Pending) {
        self.memory += pending.expect.memory();
        self.pending.push_front(pending);
    }

    pub(super) fn pop(&mut self) -> Option<Pending> {
        let pending = self.pending.pop_front()?;
        self.memory -= pending.expect.memory();
        Some(pending)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) const fn memory(&self) -> usize {
        self.memory
    }

    /// Notes that replies are missing in front of one of this time: what was asked before it may have been answered.
    pub(super) fn doubt(&mut self, next: Option<Timestamp>) {
        for pending in self.pending.iter_mut() {
            pending.doubtful |= next.is_none_or(|next| pending.at <= next);
        }
    }

    /// Whether the reply to everything that waits may have been in a gap.
    pub(super) fn is_doubtful(&self) -> bool {
        !self.is_empty() && self.pending.iter().all(|pending| pending.doubtful)
    }

    /// Whether a command waits that alone this reply can answer: 354, 334, or 220.
    pub(super) fn asks_for(&self, code: u16) -> bool {
        self.pending.iter().any(|pending| match code {
            354 => matches!(pending.expect, Expect::Data | Expect::XExch50 { .. }),
            220 => matches!(pending.expect, Expect::StartTls),
            _ => matches!(pending.expect, Expect::Sasl),
        })
    }

    /// Whether a MAIL waits that asks for a reply for each recipient.
    pub(super) fn asks_for_responses(&self) -> bool {
        let asks = |pending: &Pending| matches!(&pending.expect, Expect::Mail(address) if address.parameters.ask_for_responses());
        self.pending.iter().any(asks)
    }

    /// Whether a reply of this code can answer anything that waits.
    pub(super) fn fits(&self, code: u16) -> bool {
        self.pending.iter().any(|pending| pending.expect.may_be_answered_by(code, None))
    }

    /// Whether what waits was captured after this time.
    pub(super) fn is_later_than(&self, at: Timestamp) -> bool {
        self.pending.front().is_some_and(|pending| pending.at > at)
    }

    /// When the next command was captured.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.pending.front().map(|pending| pending.at)
    }

    /// How many commands stand before the last one that was captured before that time.
    pub(super) fn before_last_until(&self, at: Timestamp) -> usize {
        let earlier = |pending: &Pending| pending.at != Timestamp::ZERO && pending.at < at;
        self.pending
            .iter()
            .zip(0..)
            .filter(|(pending, _)| earlier(pending))
            .last()
            .map_or(0, |(_, place)| place)
    }

    /// How many commands the reply passes over to find the one it answers; `None`: it answers none of them. `at`: when it
    /// was captured, if that is known.
    pub(super) fn find(&self, reply: &Reply, in_sync: bool, at: Option<Timestamp>) -> Option<usize> {
        let subject = reply.enhanced.map(|enhanced| (enhanced.subject, enhanced.detail));
        // 354 and 334 have but one meaning each.
        if in_sync && !matches!(reply.code, 354 | 334) {
            let front = self.pending.front()?;
            // The one reply whose code no other command shares: what comes before it is not meant for QUIT.
            let leaving = matches!(front.expect, Expect::Other(Verb::Quit));
            let fits = front.expect.may_be_answered_by(reply.code, subject);
            let ended = match front.expect {
                // What is no reply to it may be the verdict on a message that is missing with its 354.
                Expect::Data => subject.is_none_or(|(subject, _)| subject != 1),
                // What LMTP says of a recipient.
                Expect::Verdict(_) => subject.is_some_and(|subject| subject.0 == 1 && subject != (1, 0)),
                _ => false,
            };
            if at.is_none() || fits || ended {
                return (!leaving || fits).then_some(0);
            }
        }
        let fits = |pending: &Pending| {
            let asked = at.is_none_or(|at| pending.at <= at);
            asked && pending.expect.may_be_answered_by(reply.code, subject)
        };
        // A client that sent more after the gap had, as a rule, heard the replies that the gap hides.
        let sure = self.pending.iter().position(|pending| !pending.doubtful && fits(pending));
        // The first of them at least began in the gap.
        let next = || self.pending.iter().skip(1).position(fits).map(|behind| behind + 1);
        sure.or_else(next).or_else(|| self.pending.front().is_some_and(fits).then_some(0))
    }
}
