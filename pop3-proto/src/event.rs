//! What a session tells.

use crate::{Anomaly, Command, ListItem, Reply, Verb};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::preface::Proxy;
use mail_wire::sasl::Credential;
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
    /// A command line of the client.
    Command(Box<Command>),
    /// A line of the client inside an AUTH exchange, in base64.
    Response(Secret),
    /// The line that answers a command; list or message follow it.
    Reply {
        /// The reply.
        reply: Box<Reply>,
        /// The command that it answers; AUTH for each step, XTND also for the verdict on the message.
        answers: Option<Verb>,
        /// The number of the message that the command named.
        number: Option<u64>,
    },
    /// A line of the list that follows a reply.
    ListItem(ListItem),
    /// The line that ends a list.
    ListEnd,
    /// A login attempt has ended. Derived.
    Credential(Box<Credential>),
    /// A message begins. Derived.
    MessageStart(Box<MessageRef>),
    /// Content of the message, dot-unstuffed. The last `len()` bytes of the span; what stands before them in the span
    /// was stuffing.
    MessageData(Bytes),
    /// Content of the message that will never come; `None`: nobody knows how much.
    MessageGap(Option<u64>),
    /// The message is over. Its span is the terminator.
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

/// Which message it is, as the command and its reply said.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MessageRef {
    /// How the message travels.
    pub operation: Operation,
    /// Its number in the mailbox; `None`: the command was not seen, or, where bytes are missing, it may be one of several.
    pub number: Option<u64>,
    /// TOP: how many lines of the body the client asked for.
    pub lines: Option<u64>,
    /// The size that the reply names. Servers count a line end as one byte or as two, and some are wrong altogether.
    pub octets: Option<u64>,
    /// Not a message of its own: what the server still sends of the one before, behind a line in it that ended it
    /// ([`Anomaly::EarlyDot`]). A careful client has ended there.
    pub resumes: bool,
}

/// How a message travels.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Operation {
    /// RETR (RFC 1939 section 5).
    Retr,
    /// TOP (RFC 1939 section 7): header and first lines.
    Top,
    /// XTND XMIT: from the client to the server.
    Xmit,
    /// The command was not seen, or it may be one of several: all of the message, or its beginning.
    #[default]
    Unknown,
}

/// How a message ended.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// Whether all bytes were seen, from the first to the line with the dot; that line itself need not be where nothing
    /// else can be missing. What TOP asks for, or what may have been asked for so, is part of a message all the same.
    pub complete: bool,
    /// Whether the line with the dot was seen. A message may lack bytes before it, or may end with the connection.
    pub terminated: bool,
    /// Bytes of content, gaps of known length not counted.
    pub size: u64,
    /// TOP: how many lines of the body came.
    pub lines: Option<u64>,
    /// XTND XMIT: what the server made of it; `None` if it was not heard.
    pub verdict: Option<Reply>,
}

const _: () = assert!(size_of::<Event>() <= 96, "events are moved often");
