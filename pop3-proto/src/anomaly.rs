//! What is odd about a session, by name.

use mail_wire::framer::LooseForm;

/// Something odd: bad syntax, a broken rule, a limit reached. Parsing went on.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Anomaly {
    /// RFC 1939 section 3 wants CRLF. Told once for each direction.
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
    #[error("a line of the server is no reply")]
    BadReply,
    /// A message number or a size that is no number below 2^64.
    #[error("a number does not follow the grammar")]
    BadNumber,
    /// The lines are told as a list.
    #[error("lines follow the reply to an unknown command")]
    UnknownMultiline,
    /// The line with the dot is missing.
    #[error("a reply stands inside of a list")]
    ListUnterminated,
    /// A line of the message is a dot that was not doubled: a careful client has ended there.
    #[error("the server goes on with a message that has ended, {actual} bytes of {declared}")]
    EarlyDot {
        /// The size that the reply named.
        declared: u64,
        /// What came before the dot.
        actual: u64,
    },
    /// The count of the server, which is never used as a length.
    #[error("the message has another size, {actual} bytes, than the reply says, {declared}")]
    SizeMismatch {
        /// What the reply said.
        declared: u64,
        /// What came.
        actual: u64,
    },
    /// What some clients take for the end of the message.
    #[error("the message holds a loose end of data, {}, at {offset}", .form.name())]
    LooseEnd {
        /// Where the dot stands in the message.
        offset: u64,
        /// What it looks like.
        form: LooseForm,
    },
    /// RFC 1939 section 3: the receiver removes the dot all the same.
    #[error("a line of the message begins with a dot that was not doubled")]
    DotUnstuffed,
    /// A command waited for its reply until a limit ended the wait.
    #[error("a reply that decides what follows was not seen")]
    VerdictMissing,
    /// No command was waiting for it.
    #[error("a reply answers no command")]
    ReplyUnmatched,
    /// Passed over by a later reply.
    #[error("{commands} commands have no reply")]
    ReplyMissing {
        /// How many.
        commands: u64,
    },
    /// The client went on in plaintext.
    #[error("the server refused STLS")]
    StarttlsRefused,
    /// Plaintext injection, or a capture that was decrypted before it was written.
    #[error("plaintext follows an accepted STLS")]
    StarttlsPlaintext,
    /// Plaintext that a careless server takes for encrypted.
    #[error("commands stand between STLS and the handshake")]
    StarttlsInjectedCommand,
    /// Plaintext that a careless client takes for encrypted.
    #[error("replies stand between the acceptance of STLS and the handshake")]
    StarttlsInjectedResponse,
    /// A middlebox writes X over the keyword, so the connection stays in plaintext.
    #[error("the offer of STLS was painted over on the way")]
    StarttlsStripped,
    /// The offer may have been removed on the way.
    #[error("STLS without an offer")]
    StarttlsNotOffered,
    /// The message goes from the client to the server.
    #[error("the client sends a message (XTND XMIT)")]
    XtndXmit,
    /// The addresses that it claims are in the `Proxy` event.
    #[error("a proxy speaks first (PROXY protocol)")]
    Proxied,
    /// What follows is not known.
    #[error("the stream ends inside a message")]
    Truncated,
    /// Three lines without a verb at the beginning.
    #[error("the client seems to speak another protocol")]
    ProtocolMismatch,
    /// The raw text is in the credential.
    #[error("an AUTH response is not what the mechanism calls for")]
    AuthMalformed,
}

impl Anomaly {
    /// A stable name in kebab-case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BareLf => "bare-lf",
            Self::LineTooLong { .. } => "line-too-long",
            Self::BadCommand => "bad-command",
            Self::BadReply => "bad-reply",
            Self::BadNumber => "bad-number",
            Self::UnknownMultiline => "unknown-multiline",
            Self::ListUnterminated => "list-unterminated",
            Self::EarlyDot { .. } => "early-dot",
            Self::SizeMismatch { .. } => "size-mismatch",
            Self::LooseEnd { .. } => "eod-loose",
            Self::DotUnstuffed => "dot-unstuffed",
            Self::VerdictMissing => "verdict-missing",
            Self::ReplyUnmatched => "reply-unmatched",
            Self::ReplyMissing { .. } => "reply-missing",
            Self::StarttlsRefused => "starttls-refused",
            Self::StarttlsPlaintext => "starttls-plaintext",
            Self::StarttlsInjectedCommand => "starttls-injected-command",
            Self::StarttlsInjectedResponse => "starttls-injected-response",
            Self::StarttlsStripped => "starttls-stripped",
            Self::StarttlsNotOffered => "starttls-not-offered",
            Self::XtndXmit => "xtnd-xmit",
            Self::Proxied => "proxied",
            Self::Truncated => "truncated",
            Self::ProtocolMismatch => "protocol-mismatch",
            Self::AuthMalformed => "auth-malformed",
        }
    }

    /// What the code does not say.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::LooseEnd { form, .. } => Some(form.name().to_owned()),
            Self::LineTooLong { limit } => Some(limit.to_string()),
            Self::ReplyMissing { commands } => Some(commands.to_string()),
            Self::SizeMismatch { declared, actual } | Self::EarlyDot { declared, actual } => {
                Some(format!("{actual} bytes, declared {declared}"))
            }
            _ => None,
        }
    }

    /// One of each, for tables of all codes.
    pub const ALL: [Self; 25] = [
        Self::BareLf,
        Self::LineTooLong { limit: 0 },
        Self::BadCommand,
        Self::BadReply,
        Self::BadNumber,
        Self::UnknownMultiline,
        Self::ListUnterminated,
        Self::EarlyDot { declared: 0, actual: 0 },
        Self::SizeMismatch { declared: 0, actual: 0 },
        Self::LooseEnd { offset: 0, form: LooseForm::LfLf },
        Self::DotUnstuffed,
        Self::VerdictMissing,
        Self::ReplyUnmatched,
        Self::ReplyMissing { commands: 0 },
        Self::StarttlsRefused,
        Self::StarttlsPlaintext,
        Self::StarttlsInjectedCommand,
        Self::StarttlsInjectedResponse,
        Self::StarttlsStripped,
        Self::StarttlsNotOffered,
        Self::XtndXmit,
        Self::Proxied,
        Self::Truncated,
        Self::ProtocolMismatch,
        Self::AuthMalformed,
    ];
}
