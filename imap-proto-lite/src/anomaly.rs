//! What is odd about a session, by name.

use mail_wire::tunnel::Protocol as Tunnel;

/// Something odd: bad syntax, a broken rule, a limit reached. Parsing went on.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Anomaly {
    /// RFC 9051 section 2.2 wants CRLF. Told once for each direction.
    #[error("lines end with LF alone")]
    BareLf,
    /// The rest of the line follows as `Truncated`.
    #[error("a line is longer than {limit} bytes")]
    LineTooLong {
        /// The limit that was reached.
        limit: usize,
    },
    /// The line is told as a command with raw arguments.
    #[error("a command does not follow the grammar")]
    BadCommand,
    /// The line is told as `Truncated`.
    #[error("a line of the server is no response")]
    BadResponse,
    /// A response was understood although it is not as the RFCs have it. Told once for a session.
    #[error("a response does not follow the grammar")]
    Quirk,
    /// A command waited for its response until a limit ended the wait.
    #[error("a response that decides what follows was not seen")]
    VerdictMissing,
    /// No command with its tag was waiting for it.
    #[error("a response answers no command")]
    ResponseUnmatched,
    /// RFC 9051 section 2.2.1 wants a new tag for each command. Two NOOP with one tag are not told, nor are two IDLE if DONE
    /// stands between them: which of them a response ends makes no difference.
    #[error("a command has the tag of one of the last commands")]
    TagReuse,
    /// The client never sent it.
    #[error("the server refused a literal of {size} bytes")]
    LiteralRefused {
        /// How many bytes it would have been.
        size: u64,
    },
    /// RFC 7888 section 5.
    #[error("a literal of {size} bytes does not wait, although the server takes no more than 4096 so")]
    LiteralMinusBig {
        /// How many bytes it has.
        size: u64,
    },
    /// Its content is not kept: it is told as `Truncated`.
    #[error("a literal of {size} bytes is no content of a message")]
    LiteralHuge {
        /// How many bytes it has.
        size: u64,
    },
    /// The client asked for a range of a section, the server sent all of it, or more than the range.
    #[error("more of a section was sent than the range that was asked for")]
    PartialIgnored,
    /// RFC822.SIZE is never taken for a length.
    #[error("a message has {actual} bytes, its size is said to be {declared}")]
    SizeMismatch {
        /// What RFC822.SIZE says.
        declared: u64,
        /// How long the literal is.
        actual: u64,
    },
    /// The numbers of the messages have moved, so nobody can be sure which one it is.
    #[error("a message whose UID is not known was fetched after others had gone")]
    SequenceUnmapped,
    /// The name is given as it stands.
    #[error("the name of a mailbox is neither modified UTF-7 nor UTF-8")]
    Mutf7Bad,
    /// What came between is told as `Truncated`, or as content of an incomplete message.
    #[error("lines were read again after {skipped} bytes that nobody can place")]
    Resync {
        /// How many bytes.
        skipped: u64,
    },
    /// A middleman who takes the greeting away keeps the client from asking for TLS.
    #[error("the session is logged in without a login")]
    Preauth,
    /// CATENATE names a section of another message, which was not seen: there the message has a gap.
    #[error("a message is put together from content that did not pass here")]
    CatenateUnresolved,
    /// Both are kept: the section that the server sent, and the whole message, in which something else stands there.
    #[error("a section is not what the whole message has at its place")]
    SectionMismatch,
    /// The addresses that it claims are in the `Proxy` event.
    #[error("a proxy speaks first (PROXY protocol)")]
    Proxied,
    /// HTTP CONNECT or SOCKS; where to, is in the `Tunnel` event.
    #[error("the connection runs through a tunnel, {}", .protocol.name())]
    Tunnelled {
        /// The protocol of the tunnel.
        protocol: Tunnel,
    },
    /// What follows in this direction cannot be read.
    #[error("compressed bytes are missing")]
    CompressGap,
    /// What follows in this direction cannot be read.
    #[error("compressed bytes are broken")]
    CompressBroken,
    /// What follows in this direction is not inflated.
    #[error("compressed bytes came to {inflated} bytes, more than the limits allow")]
    CompressBomb {
        /// How many bytes were inflated.
        inflated: u64,
    },
    /// RFC 4978 section 4, RFC 9051 section 6.2.1.
    #[error("COMPRESS or STARTTLS was asked for although compression is on")]
    CompressTwice,
    /// The session goes on in plaintext.
    #[error("the server refused STARTTLS")]
    StarttlsRefused,
    /// The capture was decrypted before it was written, or commands were slipped in before the handshake.
    #[error("plaintext follows an accepted STARTTLS")]
    StarttlsPlaintext,
    /// Whoever put it there wanted it taken for encrypted (CVE-2011-0411).
    #[error("the client sent plaintext between STARTTLS and the handshake")]
    StarttlsInjectedCommand,
    /// Whoever put it there wanted the client to take it for encrypted.
    #[error("the server sent data before encryption that belongs behind it")]
    StarttlsInjectedResponse,
    /// A middlebox writes X over the keyword, so the connection stays in plaintext.
    #[error("the offer of STARTTLS was painted over on the way")]
    StarttlsStripped,
    /// The server's list of capabilities does not have it.
    #[error("STARTTLS was not offered")]
    StarttlsNotOffered,
    /// The stream ended in it.
    #[error("the stream ends inside of a message")]
    Truncated,
    /// The first response is kept as [`Credential::unreadable`](crate::Credential::unreadable).
    #[error("a login does not follow its mechanism")]
    AuthMalformed,
    /// Ranges of one section do not make up the whole.
    #[error("a section is not whole: {missing} bytes are missing, or nobody knows how many")]
    PartialIncomplete {
        /// How many bytes are known to be missing.
        missing: u64,
    },
    /// Both versions are kept.
    #[error("pieces of one section differ at byte {at}")]
    PartialConflict {
        /// The first byte that differs.
        at: u64,
    },
    /// Its leaves are those that were fetched.
    #[error("a message was put together from parts, {missing} of them missing")]
    VirtualMessage {
        /// Leaves that were not fetched.
        missing: u64,
    },
}

impl Anomaly {
    /// A stable identifier in kebab case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BareLf => "bare-lf",
            Self::LineTooLong { .. } => "line-too-long",
            Self::BadCommand => "bad-command",
            Self::BadResponse => "bad-response",
            Self::Quirk => "quirk",
            Self::VerdictMissing => "verdict-missing",
            Self::ResponseUnmatched => "response-unmatched",
            Self::TagReuse => "tag-reuse",
            Self::LiteralRefused { .. } => "literal-refused",
            Self::LiteralMinusBig { .. } => "literal-minus-big",
            Self::LiteralHuge { .. } => "literal-huge",
            Self::PartialIgnored => "partial-ignored",
            Self::SizeMismatch { .. } => "size-mismatch",
            Self::SequenceUnmapped => "seq-unmapped",
            Self::Mutf7Bad => "mutf7-bad",
            Self::Resync { .. } => "resync",
            Self::Preauth => "preauth",
            Self::CatenateUnresolved => "catenate-unresolved",
            Self::SectionMismatch => "section-mismatch",
            Self::Proxied => "proxied",
            Self::Tunnelled { .. } => "tunnelled",
            Self::CompressGap => "compress-gap",
            Self::CompressBroken => "compress-broken",
            Self::CompressBomb { .. } => "compress-bomb",
            Self::CompressTwice => "compress-twice",
            Self::StarttlsRefused => "starttls-refused",
            Self::StarttlsPlaintext => "starttls-plaintext",
            Self::StarttlsInjectedCommand => "starttls-injected-command",
            Self::StarttlsInjectedResponse => "starttls-injected-response",
            Self::StarttlsStripped => "starttls-stripped",
            Self::StarttlsNotOffered => "starttls-not-offered",
            Self::Truncated => "truncated",
            Self::AuthMalformed => "auth-malformed",
            Self::PartialIncomplete { .. } => "partial-incomplete",
            Self::PartialConflict { .. } => "partial-conflict",
            Self::VirtualMessage { .. } => "virtual-message",
        }
    }

    /// What the code does not say.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::LineTooLong { limit } => Some(limit.to_string()),
            Self::LiteralRefused { size } | Self::LiteralMinusBig { size } | Self::LiteralHuge { size } => {
                Some(format!("{size} bytes"))
            }
            Self::SizeMismatch { declared, actual } => Some(format!("{actual} bytes, declared {declared}")),
            Self::Resync { skipped } => Some(format!("{skipped} bytes")),
            Self::CompressBomb { inflated } => Some(format!("{inflated} bytes")),
            Self::PartialIncomplete { missing } => Some(format!("{missing} bytes")),
            Self::PartialConflict { at } => Some(format!("at {at}")),
            Self::Tunnelled { protocol } => Some(protocol.name().to_owned()),
            Self::VirtualMessage { missing } => Some(format!("{missing} parts missing")),
            _ => None,
        }
    }

    /// One of each, for tables of all codes.
    pub const ALL: [Self; 36] = [
        Self::BareLf,
        Self::LineTooLong { limit: 0 },
        Self::BadCommand,
        Self::BadResponse,
        Self::Quirk,
        Self::VerdictMissing,
        Self::ResponseUnmatched,
        Self::TagReuse,
        Self::LiteralRefused { size: 0 },
        Self::LiteralMinusBig { size: 0 },
        Self::LiteralHuge { size: 0 },
        Self::PartialIgnored,
        Self::SizeMismatch { declared: 0, actual: 0 },
        Self::SequenceUnmapped,
        Self::Mutf7Bad,
        Self::Resync { skipped: 0 },
        Self::Preauth,
        Self::CatenateUnresolved,
        Self::SectionMismatch,
        Self::Proxied,
        Self::Tunnelled { protocol: Tunnel::Http },
        Self::CompressGap,
        Self::CompressBroken,
        Self::CompressBomb { inflated: 0 },
        Self::CompressTwice,
        Self::StarttlsRefused,
        Self::StarttlsPlaintext,
        Self::StarttlsInjectedCommand,
        Self::StarttlsInjectedResponse,
        Self::StarttlsStripped,
        Self::StarttlsNotOffered,
        Self::Truncated,
        Self::AuthMalformed,
        Self::PartialIncomplete { missing: 0 },
        Self::PartialConflict { at: 0 },
        Self::VirtualMessage { missing: 0 },
    ];
}
