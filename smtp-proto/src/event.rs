//! What a session tells.

use crate::{Anomaly, Command, Parameters, Path, Reply, Verb};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::preface::Proxy;
use mail_wire::sasl::Credential;
use mail_wire::tunnel::Protocol as Tunnel;
use mail_wire::{Direction, Secret, Timestamp};

/// One thing that happened, with its evidence.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Capture time of the chunk that completed it.
    pub at: Timestamp,
    /// The direction that the caller named when it pushed the bytes, whatever the roles turned out to be.
    pub dir: Direction,
    /// Stream offsets in that direction; gaps of known length count. The spans of the primary events tile the
    /// stream; derived ones repeat the span they come from ([`EventKind::is_derived`]).
    pub span: Range<u64>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The server's first reply.
    Greeting(Box<Reply>),
    /// What a proxy put before the connection (HAProxy's PROXY protocol).
    Proxy(Box<Proxy>),
    /// What asks for, or opens, the tunnel that the connection runs through (HTTP CONNECT, SOCKS).
    Tunnel(Box<Tunnelled>),
    /// A command line of the client.
    Command(Box<Command>),
    /// A line of the client inside an AUTH exchange, in base64.
    Response(Secret),
    /// A whole reply.
    Reply {
        /// The reply.
        reply: Box<Reply>,
        /// The command that it answers; DATA and BDAT also for the verdict on the message, AUTH for each step.
        answers: Option<Verb>,
    },
    /// A login attempt has ended. Derived.
    Credential(Box<Credential>),
    /// A message begins. Derived.
    MessageStart(Box<Envelope>),
    /// Content of the message: dot-unstuffed in DATA, as it is in BDAT. The last `len()` bytes of the span; what
    /// stands before them in the span was stuffing.
    MessageData(Bytes),
    /// Content of the message that will never come; `None`: nobody knows how much.
    MessageGap(Option<u64>),
    /// The message is over. In DATA its span is the terminator.
    MessageEnd(Box<MessageEnd>),
    /// Encryption begins in this direction, at the start of the span. Derived.
    TlsStarted,
    /// Bytes that are not plaintext, untouched.
    Opaque(Bytes),
    /// Bytes outside of messages that will never come; `None`: nobody knows how many.
    Gap(Option<u64>),
    /// A stretch of a line that is not whole, or that no grammar covers.
    Truncated(Bytes),
    /// The roles are the other way round than the caller thought: the bytes of [`Direction::ToServer`] come from
    /// the server. Derived.
    RolesChanged,
    /// Something that a careful reader of the record wants to know. Derived.
    Anomaly(Anomaly),
}

impl EventKind {
    /// Whether the event repeats a span that a primary event accounts for.
    #[must_use]
    pub const fn is_derived(&self) -> bool {
        matches!(
            self,
            Self::Credential(_)
                | Self::MessageStart(_)
                | Self::TlsStarted
                | Self::RolesChanged
                | Self::Anomaly(_)
        )
    }
}

/// Who sends a message to whom, as the commands said it (RFC 5321 section 2.3.1).
///
/// Its fields are copies that keep no packet alive.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Envelope {
    /// How the content travels.
    pub operation: Operation,
    /// Whether the client said LHLO (RFC 2033).
    pub lmtp: bool,
    /// MAIL FROM; `None` if no MAIL command was seen.
    pub sender: Option<Path>,
    /// The parameters of MAIL.
    pub parameters: Parameters,
    /// RCPT TO, in order, refused ones included.
    pub recipients: Vec<Recipient>,
    /// Recipients beyond the limit, not kept.
    pub more_recipients: u64,
}

/// The beginning of a tunnel, one for each half.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnelled {
    /// The protocol of the tunnel.
    pub protocol: Tunnel,
    /// Host and port that the client asks for; `None` in the server's half.
    pub target: Option<Bytes>,
    /// The request or the answer as sent, with what a client says to log in to the tunnel.
    pub raw: Secret,
}

/// One RCPT command and its answer.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub path: Path,
    /// The parameters of RCPT.
    pub parameters: Parameters,
    /// The server's answer; `None` if it was not heard.
    pub reply: Option<Reply>,
}

impl Recipient {
    /// Whether the server took the recipient; `None` if it was not heard.
    #[must_use]
    pub fn accepted(&self) -> Option<bool> {
        self.reply.as_ref().map(Reply::is_positive)
    }

    pub(crate) fn memory(&self) -> usize {
        let reply = self.reply.iter().flat_map(|reply| &reply.lines).map(Bytes::len).sum::<usize>();
        size_of::<Self>() + self.path.raw.len() + reply
    }
}

/// How the content of a message travels.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Operation {
    /// DATA (RFC 5321 section 4.1.1.4).
    Data,
    /// BDAT (RFC 3030).
    Bdat,
    /// The capture begins inside the message.
    #[default]
    Unknown,
}

/// How a message ended.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// What the server made of it.
    pub outcome: Outcome,
    /// Whether all bytes were seen, from the first to the end that the client marked. That end itself may be missing,
    /// where nothing else fits into the gap and the server took the message.
    pub complete: bool,
    /// Whether the end was seen that the client marks: the dot line, the last chunk. A message may lack bytes before
    /// it, or may end with the connection.
    pub terminated: bool,
    /// The final replies: one in SMTP, one for each accepted recipient in LMTP, none if the server was not heard.
    /// Those that would pass the limit on what is held have their code alone; all were told as they came.
    pub verdicts: Vec<Reply>,
    /// The final replies for the accepted recipients of the envelope, in their order, so far as they were heard: in LMTP
    /// (RFC 2033), where they are the verdicts, and in SMTP with PRDR (draft-hall-prdr-00), where the verdict follows them.
    /// A recipient whose answer was not heard counts as accepted.
    pub deliveries: Vec<Reply>,
}

/// What the server made of a message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Taken.
    Accepted,
    /// Refused, for now or for good.
    Rejected,
    /// Taken for some recipients and refused for others (LMTP, PRDR).
    Mixed,
    /// The verdict was not seen.
    Unknown,
}

impl Outcome {
    /// The outcome that the final replies amount to.
    pub(crate) fn of(verdicts: &[Reply]) -> Self {
        let accepted = verdicts.iter().filter(|reply| reply.is_positive()).count();
        match (verdicts.len(), accepted) {
            (0, _) => Self::Unknown,
            (_, 0) => Self::Rejected,
            (all, accepted) if all == accepted => Self::Accepted,
            _ => Self::Mixed,
        }
    }
}

const _: () = assert!(size_of::<Event>() <= 96, "events are moved often");
