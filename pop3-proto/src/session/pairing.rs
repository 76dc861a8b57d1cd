//! Which reply answers which command.
//!
//! RFC 1939 section 3: one reply for each command, in order; RFC 2449 section 6.6 lets the client run ahead. So replies are
//! paired by a queue. What a reply says does not tell what it answers, but for the `+` of AUTH.

use crate::reply::Status;
use crate::{Operation, Verb};
use mail_wire::Fifo;

/// A command that awaits its reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(super) expect: Expect,
    /// Its reply may have been in a gap.
    pub(super) doubtful: bool,
}

impl Pending {
    pub(super) const fn new(expect: Expect) -> Self {
        Self { expect, doubtful: false }
    }
}

/// What the reply will decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    User,
    /// PASS, APOP or RPOP: the verdict on a login.
    Login(Verb),
    /// AUTH, or a line of its exchange.
    Sasl,
    Stls,
    /// RETR or TOP: a message follows.
    Message {
        operation: Operation,
        number: Option<u64>,
        lines: Option<u64>,
    },
    /// A list follows; `certain`: or else the server is wrong.
    List {
        verb: Verb,
        certain: bool,
    },
    /// XTND XMIT: the client sends a message.
    Xmit,
    /// The verdict on the message that the client sent.
    Verdict,
    /// One line and no more.
    Other {
        verb: Verb,
        number: Option<u64>,
    },
}

impl Expect {
    pub(super) const fn verb(self) -> Verb {
        match self {
            Self::User => Verb::User,
            Self::Sasl => Verb::Auth,
            Self::Stls => Verb::Stls,
            Self::Message { operation: Operation::Top, .. } => Verb::Top,
            Self::Message { .. } => Verb::Retr,
            Self::Xmit | Self::Verdict => Verb::Xtnd,
            Self::Login(verb) | Self::List { verb, .. } | Self::Other { verb, .. } => verb,
        }
    }

    pub(super) const fn number(self) -> Option<u64> {
        match self {
            Self::Message { number, .. } | Self::Other { number, .. } => number,
            _ => None,
        }
    }

    /// Whether what follows its answer may be a message, or anything.
    pub(super) const fn may_bring_message(self) -> bool {
        matches!(self, Self::Message { .. } | Self::List { certain: false, .. })
    }

    /// Whether such a reply can answer it.
    fn may_be_answered_by(self, status: Status) -> bool {
        status != Status::Continue || self == Self::Sasl
    }
}

/// The commands that await replies, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue(Fifo<Pending>);

impl Queue {
    pub(super) fn push(&mut self, pending: Pending) {
        self.0.push_back(pending);
    }

    pub(super) fn pop(&mut self) -> Option<Pending> {
        self.0.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.0.len() * size_of::<Pending>()
    }

    /// What the client said last, if that is not answered.
    pub(super) fn last(&self) -> Option<Expect> {
        self.0.back().map(|pending| pending.expect)
    }

    /// Notes that replies are missing: what waits now may have been answered.
    pub(super) fn doubt(&mut self) {
        for pending in self.0.iter_mut() {
            pending.doubtful = true;
        }
    }

    /// Whether the reply to everything that waits may have been in a gap.
    pub(super) fn is_doubtful(&self) -> bool {
        !self.is_empty() && self.0.iter().all(|pending| pending.doubtful)
    }

    /// How many commands the reply passes over to find the one it answers; `None`: it answers none of them.
    pub(super) fn find(&self, status: Status) -> Option<usize> {
        let fits = |pending: &Pending| pending.expect.may_be_answered_by(status);
        // A client that sent more after the gap had, as a rule, heard the replies that the gap hides.
        let sure = self.0.iter().position(|pending| !pending.doubtful && fits(pending));
        sure.or_else(|| self.0.iter().position(fits))
    }

    /// How many commands are passed over by the inside of an answer whose beginning is missing.
    pub(super) fn find_inside(&self, fits: impl Fn(Expect) -> bool) -> Option<usize> {
        self.0.iter().position(|pending| pending.doubtful && fits(pending.expect))
    }
}
