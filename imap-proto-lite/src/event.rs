//! What a session tells.

use crate::command::Verb;
use crate::{Anomaly, Command, MailboxName, Response, Section};
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
    /// stream; derived ones repeat the span they come from ([`EventKind::is_derived`]). In inflated data it is the span of
    /// the compressed bytes, and neighbours may overlap.
    pub span: Range<u64>,
    /// What happened.
    pub kind: EventKind,
}

/// What could not be inflated, still to be told: when, where, what.
pub(crate) type Rest = (Timestamp, Range<u64>, EventKind);

/// What happened.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// What a proxy put before the connection (HAProxy's PROXY protocol).
    Proxy(Box<Proxy>),
    /// What asks for, or opens, the tunnel that the connection runs through (HTTP CONNECT, SOCKS).
    Tunnel(Box<Tunnelled>),
    /// The server's first response.
    Greeting(Box<Response>),
    /// A command of the client. Where a literal of it was streamed, the span is that of its last piece.
    Command(Box<Command>),
    /// A line of the client inside an AUTHENTICATE exchange, in base64.
    ClientResponse(Secret),
    /// A response of the server. Where a literal of it was streamed, the span is that of its last piece.
    Response {
        /// The response.
        response: Box<Response>,
        /// The command that it ends, or, for a request to go on, that goes on.
        answers: Option<Verb>,
    },
    /// A piece of a command or response before its last one; the `Command` or `Response` holds its text. Also compressed
    /// bytes out of which nothing comes.
    Fragment,
    /// A login attempt has ended. Derived.
    Credential(Box<Credential>),
    /// A mailbox was opened or closed. Derived.
    Mailbox(Box<Mailbox>),
    /// A message, or a part of one, begins. Derived.
    MessageStart(Box<MessageRef>),
    /// Content of the message; the last `len()` bytes of the span. Of content in a quoted string the span is empty,
    /// since its response accounts for it.
    MessageData(Bytes),
    /// CATENATE (RFC 4469): here stands what the URL names, which does not pass by. The span is empty; the `Command`
    /// accounts for the URL.
    MessageUrl(Bytes),
    /// Content of the message that will never come; `None`: nobody knows how much.
    MessageGap(Option<u64>),
    /// The content of the message is over; what else the server says of it is in the `Response` that follows.
    MessageEnd {
        /// Whether all bytes were seen that were announced, and none of its content stands elsewhere.
        complete: bool,
    },
    /// Encryption begins in this direction, at the start of the span. Derived.
    TlsStarted,
    /// Compression begins in this direction, at the start of the span (RFC 4978). Derived.
    CompressionStarted,
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
                | Self::Mailbox(_)
                | Self::MessageStart(_)
                | Self::TlsStarted
                | Self::CompressionStarted
                | Self::RolesChanged
                | Self::Anomaly(_)
        )
    }
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

/// The mailbox that is open from here on.
///
/// Its fields are copies that keep no packet alive.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Mailbox {
    /// Its name; `None`: no mailbox is open, or nobody heard its name.
    pub name: Option<MailboxName>,
    /// Whether it was opened to read only.
    pub read_only: bool,
    /// The generation of its UIDs; `None` if the server was not heard to say it.
    pub uid_validity: Option<u32>,
    /// How many mailboxes were opened before it in this connection, or closed.
    pub epoch: u32,
}

/// Which message the content that follows belongs to, and what of it.
///
/// Its fields are copies that keep no packet alive.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MessageRef {
    /// How the content travels.
    pub operation: Operation,
    /// The mailbox: the open one, or that to which the client appends.
    pub mailbox: Option<MailboxName>,
    /// The generation of the UIDs in the open mailbox.
    pub uid_validity: Option<u32>,
    /// How many mailboxes were opened before the open one in this connection, or closed.
    pub epoch: u32,
    /// The number of the message at this moment. The next EXPUNGE may change it.
    pub sequence: Option<u32>,
    /// Its UID, as far as the server has said it before this place.
    pub uid: Option<u32>,
    /// A number of the session's own that stays with the message as long as the mailbox is open, so that its pieces
    /// can be told from those of others although no UID is known and the sequence numbers move.
    pub handle: Option<u64>,
    /// What of the message it is.
    pub section: Section,
    /// Where in the section the content begins; `None`: at its beginning, up to its end.
    pub origin: Option<u64>,
    /// How many bytes are announced.
    pub size: Option<u64>,
    /// The tag of the command, in APPEND and REPLACE: the response with this tag is the verdict. Empty: the command was
    /// not captured, but a message that the client sends is nothing else.
    pub tag: Bytes,
    /// The number of the message in its command, from 0; beyond 0 only with MULTIAPPEND.
    pub index: u32,
    /// The URL, in URLFETCH.
    pub url: Option<Bytes>,
    /// The flags, in APPEND.
    pub flags: Vec<Bytes>,
    /// The internal date as sent, in APPEND.
    pub internal_date: Option<Bytes>,
}

/// How content travels.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Operation {
    /// From the server, for FETCH.
    Fetch,
    /// From the client: APPEND.
    Append,
    /// From the client: REPLACE (RFC 8508).
    Replace,
    /// From the server, for URLFETCH (RFC 4467).
    UrlFetch,
    /// What announced it was not captured.
    #[default]
    Unknown,
}

const _: () = assert!(size_of::<Event>() <= 96, "events are moved often");
