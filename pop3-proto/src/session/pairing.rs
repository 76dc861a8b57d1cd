//! Which reply answers which command.
//!
//! RFC 1939 section 3: one reply for each command, in order; RFC 2449 section 6.6 lets the client run ahead. So replies are
//! paired by a queue. What a reply says does not tell what it answers, but for the `+` of AUTH; where bytes are missing, it
//! and what stands behind it are all there is to go by.

use crate::command::message_number;
use crate::event::MessageRef;
use crate::reply::Status;
use crate::{Operation, Verb};
use mail_wire::{Fifo, Timestamp, slice};

/// A command that awaits its reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(super) expect: Expect,
    /// Its reply may have been in a gap.
    pub(super) doubtful: bool,
    /// Its reply begins in a gap: no line behind it is that reply.
    pub(super) begun: bool,
    /// When it was captured; of commands that are missing, nobody knows.
    pub(super) at: Option<Timestamp>,
}

impl Pending {
    pub(super) const fn new(expect: Expect, at: Timestamp) -> Self {
        Self { expect, doubtful: false, begun: false, at: Some(at) }
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
    /// No command, but a gap that hides some: one whose reply is still to come for sure, if `certain`, and up to `spare`
    /// others.
    Lost {
        certain: bool,
        spare: u64,
    },
}

/// What else the message that follows a reply may be than the one whose command was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rivals {
    None,
    /// Others that travel in the same way.
    Alike,
    /// What travels in another way, or is not known.
    Unlike,
}

/// What the server's next line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    Reply,
    /// A header field of a message.
    Header,
    /// A line of such a list, or the end of one.
    Item(Verb),
    Other,
}

/// The command that a reply answers, where bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// How many it passes over.
    pub(super) skipped: usize,
    pub(super) rivals: Rivals,
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
            Self::Lost { .. } => Verb::Unknown,
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

    /// What is left of the missing commands once one of them is answered.
    const fn without_one(self) -> Option<Self> {
        match self {
            Self::Lost { certain: true, spare: spare @ 1.. } => Some(Self::Lost { certain: false, spare }),
            Self::Lost { certain: false, spare: spare @ 2.. } => {
                Some(Self::Lost { certain: false, spare: spare - 1 })
            }
            _ => None,
        }
    }

    pub(super) const fn is_message(self) -> bool {
        matches!(self, Self::Message { .. })
    }

    /// Whether its answer has no end without the lines that follow it.
    pub(super) const fn must_bring_more(self) -> bool {
        matches!(self, Self::Message { .. } | Self::List { certain: true, .. })
    }

    /// Whether such a reply can answer it.
    fn may_be_answered_by(self, status: Status) -> bool {
        status != Status::Continue || self == Self::Sasl
    }

    /// Whether a reply with this text, and with such a line behind it, goes with the command.
    fn goes_with(self, status: Status, text: &[u8], behind: Option<Looks>) -> bool {
        if status != Status::Ok {
            return self.may_be_answered_by(status);
        }
        let says = match self {
            // RFC 1939 section 5: the "scan listing" of that message, section 7: its "unique-id listing".
            Self::Other { verb: Verb::List | Verb::Uidl, number: Some(asked) } => {
                first_number(text).is_some_and(|(_, number)| number == asked)
            }
            // RFC 1939 section 5: "drop listing", two numbers.
            Self::Other { verb: Verb::Stat, .. } => {
                first_number(text).is_some_and(|(rest, _)| first_number(rest).is_some())
            }
            _ => true,
        };
        says && match behind {
            None | Some(Looks::Other) => true,
            Some(Looks::Reply) => !self.must_bring_more(),
            Some(Looks::Header) => matches!(self, Self::Message { .. } | Self::List { certain: false, .. }),
            Some(Looks::Item(verb)) => {
                matches!(self, Self::List { .. }) || (self.is_message() && verb == Verb::Unknown)
            }
        }
    }
}

fn first_number(text: &[u8]) -> Option<(&[u8], u64)> {
    message_number(slice::trim_start(text))
}

/// The commands that await replies, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    waiting: Fifo<Pending>,
    /// Commands were missing: more of them may be, behind the last one.
    any_lost: bool,
}

impl Queue {
    pub(super) fn push(&mut self, pending: Pending) {
        self.waiting.push_back(pending);
    }

    /// What was taken for answered, but is not.
    pub(super) fn put_back(&mut self, expect: Expect, begun: bool) {
        self.waiting.push_front(Pending { expect, doubtful: true, begun, at: None });
    }

    pub(super) fn pop(&mut self) -> Option<Pending> {
        self.waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.waiting.len() * size_of::<Pending>()
    }

    /// What the client said last, if that is not answered.
    pub(super) fn last(&self) -> Option<Expect> {
        self.waiting.back().map(|pending| pending.expect)
    }

    /// The first command, and when it was captured.
    pub(super) fn next(&self) -> Option<(Expect, Option<Timestamp>)> {
        self.waiting.front().map(|pending| (pending.expect, pending.at))
    }

    /// Whether a command that waits was captured before that time.
    pub(super) fn any_before(&self, at: Timestamp) -> bool {
        self.waiting.iter().any(|pending| pending.at.is_some_and(|asked| asked < at))
    }

    /// How many commands stand before the last one that was captured before that time.
    pub(super) fn before_last_until(&self, at: Timestamp) -> usize {
        let earlier = |pending: &Pending| pending.at.is_some_and(|asked| asked < at);
        self.waiting
            .iter()
            .zip(0..)
            .filter(|(pending, _)| earlier(pending))
            .last()
            .map_or(0, |(_, place)| place)
    }

    /// Notes that replies are missing: what waits now may have been answered.
    pub(super) fn doubt(&mut self) {
        for pending in self.waiting.iter_mut() {
            pending.doubtful = true;
        }
    }

    /// Whether the reply to everything that waits may have been in a gap.
    pub(super) fn is_doubtful(&self) -> bool {
        !self.is_empty() && self.waiting.iter().all(|pending| pending.doubtful)
    }

    /// How many commands the reply passes over to find the one it answers; `None`: it answers none of them.
    pub(super) fn find(&self, status: Status) -> Option<usize> {
        let fits = |pending: &Pending| pending.expect.may_be_answered_by(status);
        // A client that sent more after the gap had, as a rule, heard the replies that the gap hides.
        let sure = self.waiting.iter().position(|pending| !pending.doubtful && fits(pending));
        sure.or_else(|| self.waiting.iter().position(fits))
    }

    /// How many commands may have been answered in a gap.
    pub(super) fn doubtful(&self) -> usize {
        self.waiting.iter().filter(|pending| pending.doubtful).count()
    }

    /// Takes back what [`doubt`](Self::doubt) said of those behind the first `doubtful`.
    pub(super) fn trust(&mut self, doubtful: usize) {
        for pending in self.waiting.iter_mut().skip(doubtful) {
            pending.doubtful = false;
        }
    }

    /// Notes that a gap hides at least the beginning of the next reply; false if nothing waits for one.
    pub(super) fn begin_in_gap(&mut self) -> bool {
        let Some(next) = self.waiting.iter_mut().find(|pending| !pending.begun) else { return false };
        next.doubtful = true;
        match next.expect.without_one() {
            Some(expect) => next.expect = expect,
            None => next.begun = true,
        }
        true
    }

    /// Whether all that wait have the beginnings of their replies in gaps.
    pub(super) fn is_begun(&self) -> bool {
        !self.is_empty() && self.waiting.iter().all(|pending| pending.begun)
    }

    /// Notes that commands are missing whose replies are not: so many, up to `spare` of them uncertain.
    pub(super) fn push_lost(&mut self, certain: bool, spare: u64) {
        self.any_lost = true;
        if certain || spare > 0 {
            let expect = Expect::Lost { certain, spare };
            self.push(Pending { expect, doubtful: false, begun: false, at: None });
        }
    }

    /// One more command may be in the gap behind which the client's next line stands.
    pub(super) fn add_lost(&mut self) {
        if let Some(Pending { expect: Expect::Lost { spare: spare @ 1.., .. }, .. }) = self.waiting.back_mut()
        {
            *spare = spare.saturating_add(1);
        }
    }

    /// Takes the first command, or the first of those that are missing.
    pub(super) fn pop_one(&mut self) -> Option<Pending> {
        let first = self.pop()?;
        if let Some(expect) = first.expect.without_one() {
            self.waiting.push_front(Pending { expect, ..first });
        }
        Some(first)
    }

    /// Whether commands that are missing await the next reply.
    pub(super) fn is_lost(&self) -> bool {
        self.waiting.front().is_some_and(|pending| matches!(pending.expect, Expect::Lost { .. }))
    }

    /// As [`find`](Self::find), where bytes are missing. `behind`: what the line behind the reply looks like, if it is there.
    pub(super) fn choose(&self, status: Status, text: &[u8], behind: Option<Looks>) -> Option<Choice> {
        let begun = self.waiting.iter().take_while(|pending| pending.begun).count();
        let open = |from: usize| self.waiting.iter().enumerate().skip(from);
        let goes = |(_, pending): &(usize, &Pending)| match pending.expect {
            Expect::Lost { certain, .. } => certain && status != Status::Continue,
            expect => expect.goes_with(status, text, behind),
        };
        let lost = |(_, pending): &(usize, &Pending)| matches!(pending.expect, Expect::Lost { .. });
        let may = |(_, pending): &(usize, &Pending)| pending.expect.may_be_answered_by(status);
        // As in `find`.
        let sure = open(begun).find(|(_, pending)| !pending.doubtful).map(|(place, _)| place);
        let (skipped, chosen) = sure
            .and_then(|from| open(from).find(goes))
            .or_else(|| open(begun).find(goes))
            .or_else(|| open(begun).find(|pending| lost(pending) && may(pending)))
            .or_else(|| open(sure.unwrap_or(begun)).find(may))
            .or_else(|| open(begun).find(may))?;
        Some(Choice { skipped, rivals: self.rivals(chosen, skipped, open(begun)) })
    }

    /// The first command that waits for such an answer, of those alone whose replies may be in a gap if `doubtful`.
    pub(super) fn find_waiting(&self, doubtful: bool, fits: impl Fn(Expect) -> bool) -> Option<Choice> {
        let fits = |pending: &Pending| (pending.doubtful || !doubtful) && fits(pending.expect);
        let skipped = self.waiting.iter().position(fits)?;
        let open = |from: usize| self.waiting.iter().enumerate().skip(from);
        let (_, chosen) = open(skipped).next()?;
        Some(Choice { skipped, rivals: self.rivals(chosen, skipped, open(0)) })
    }

    /// What else the message may be that the command at that place asked for.
    fn rivals<'a>(
        &self,
        chosen: &Pending,
        place: usize,
        all: impl Iterator<Item = (usize, &'a Pending)>,
    ) -> Rivals {
        let Expect::Message { operation: way, .. } = chosen.expect else { return Rivals::None };
        let rival = |(at, other): (usize, &Pending)| match other.expect {
            _ if at == place => Rivals::None,
            Expect::Message { operation, .. } if other.doubtful && operation == way => Rivals::Alike,
            Expect::Message { .. } if other.doubtful => Rivals::Unlike,
            Expect::Lost { .. } if at < place || chosen.doubtful => Rivals::Unlike,
            _ => Rivals::None,
        };
        let unseen = if chosen.doubtful && self.any_lost { Rivals::Unlike } else { Rivals::None };
        all.map(rival).fold(unseen, |all, one| match (all, one) {
            (Rivals::Unlike, _) | (_, Rivals::Unlike) => Rivals::Unlike,
            (Rivals::Alike, _) | (_, Rivals::Alike) => Rivals::Alike,
            _ => Rivals::None,
        })
    }
}

/// Which message it is, as far as command and reply are known.
pub(super) fn reference(expect: Option<Expect>, octets: Option<u64>, rivals: Rivals) -> MessageRef {
    let unknown = MessageRef { octets, ..MessageRef::default() };
    match (expect, rivals) {
        (Some(Expect::Message { operation, number, lines }), Rivals::None) => {
            MessageRef { operation, number, lines, ..unknown }
        }
        (Some(Expect::Message { operation: Operation::Retr, .. }), Rivals::Alike) => {
            MessageRef { operation: Operation::Retr, ..unknown }
        }
        _ => unknown,
    }
}
