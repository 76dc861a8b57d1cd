//! What is odd about a session, by name.

use mail_wire::framer::LooseForm;
use mail_wire::tunnel::Protocol as Tunnel;

/// Something odd: bad syntax, a broken rule, a limit reached. Parsing went on.
///
#[doc = include_str!("../ANOMALIES.md")]
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Anomaly {
    /// RFC 5321 section 2.3.8 wants CRLF. Told once for each direction.
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
    /// A multi-line reply went past the limit; its further lines are not kept.
    #[error("a reply is longer than {limit} bytes")]
    ReplyTooLong {
        /// The limit that was reached.
        limit: usize,
    },
    /// The lines of one reply carry different codes.
    #[error("a reply changes its code from line to line")]
    ReplyCodeChanged,
    /// What some servers take for the end of the message (SMTP smuggling).
    #[error("the message holds a loose end of data, {}, at {offset}", .form.name())]
    LooseEnd {
        /// Where the dot stands in the message.
        offset: u64,
        /// What it looks like.
        form: LooseForm,
    },
    /// RFC 5321 section 4.5.2: the receiver removes the dot all the same.
    #[error("a line of the message begins with a dot that was not doubled")]
    DotUnstuffed,
    /// A command waited for its reply until a limit ended the wait.
    #[error("a reply that decides what follows was not seen")]
    VerdictMissing,
    /// No command was waiting for it.
    #[error("a reply answers no command")]
    ReplyUnmatched,
    /// Passed over by a later reply, or open at the end.
    #[error("{commands} commands have no reply")]
    ReplyMissing {
        /// How many.
        commands: u64,
    },
    /// Recipients beyond the limit are counted, not kept.
    #[error("a message has more recipients than are kept")]
    TooManyRecipients,
    /// RFC 5321 section 4.1.4 forbids it.
    #[error("MAIL inside of a mail transaction")]
    NestedMail,
    /// The client went on in plaintext.
    #[error("the server refused STARTTLS")]
    StarttlsRefused,
    /// Plaintext injection, or a capture that was decrypted before it was written.
    #[error("plaintext follows an accepted STARTTLS")]
    StarttlsPlaintext,
    /// A size that is no number, or a missing size.
    #[error("BDAT without a usable size")]
    BdatInvalid,
    /// The content of the chunk was sent all the same.
    #[error("the server refused a BDAT chunk")]
    BdatRejected,
    /// RFC 3030: the last chunk is marked.
    #[error("a BDAT message was given up before its last chunk")]
    BdatNoLast,
    /// RFC 3030 section 2 forbids it.
    #[error("DATA inside of a BDAT message")]
    BdatDataMix,
    /// No message was transferred.
    #[error("the server refused DATA")]
    DataRejected,
    /// The server read it as commands; the content is told as a rejected message.
    #[error("the client sent the message although DATA was refused")]
    DataUnsynced,
    /// A verdict may come all the same.
    #[error("the stream ends inside a message")]
    Truncated,
    /// Plaintext that a careless server takes for encrypted (CVE-2011-0411).
    #[error("commands stand between STARTTLS and the handshake")]
    StarttlsInjectedCommand,
    /// Plaintext that a careless client takes for encrypted.
    #[error("replies stand between the acceptance of STARTTLS and the handshake")]
    StarttlsInjectedResponse,
    /// A middlebox writes X over the keyword, so the connection stays in plaintext.
    #[error("the offer of STARTTLS was painted over on the way")]
    StarttlsStripped,
    /// The offer may have been removed on the way.
    #[error("STARTTLS without an offer")]
    StarttlsNotOffered,
    /// RFC 4954 section 4.
    #[error("a line of AUTH is longer than 12,288 bytes")]
    AuthLineLong,
    /// Servers take it all the same.
    #[error("an address does not stand in angle brackets")]
    AddressSyntax,
    /// RFC 1870.
    #[error("the message is larger, {actual} bytes, than its SIZE parameter says, {declared}")]
    SizeMismatch {
        /// What the client said.
        declared: u64,
        /// What it sent.
        actual: u64,
    },
    /// Told as `Opaque`.
    #[error("an Exchange server was sent a blob (XEXCH50)")]
    XExch50,
    /// The addresses that it claims are in the `Proxy` event.
    #[error("a proxy speaks first (PROXY protocol)")]
    Proxied,
    /// HTTP CONNECT or SOCKS; where to, is in the `Tunnel` event.
    #[error("the connection runs through a tunnel, {}", .protocol.name())]
    Tunnelled {
        /// The protocol of the tunnel.
        protocol: Tunnel,
    },
    /// RFC 821 section 3.8, RFC 2645.
    #[error("TURN or ATRN was accepted: client and server swap roles")]
    RoleSwap,
    /// RFC 4468; the bytes are not on this wire.
    #[error("BURL: content that the server fetches elsewhere")]
    Burl,
    /// Three lines without a verb at the beginning.
    #[error("the client seems to speak another protocol")]
    ProtocolMismatch,
    /// The replies prove it (SMTP smuggling).
    #[error("the server took one message for {verdicts}")]
    Smuggled {
        /// Final verdicts so far on what the client sent as one message.
        verdicts: u32,
    },
    /// RFC 4422 section 3.7: DIGEST-MD5 with `auth-int` or `auth-conf`, GSSAPI. What follows is told as `Opaque`.
    #[error("a security layer of SASL begins")]
    SecurityLayer,
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
            Self::ReplyTooLong { .. } => "reply-too-long",
            Self::ReplyCodeChanged => "reply-code-changed",
            Self::LooseEnd { .. } => "eod-loose",
            Self::DotUnstuffed => "dot-unstuffed",
            Self::VerdictMissing => "verdict-missing",
            Self::ReplyUnmatched => "reply-unmatched",
            Self::ReplyMissing { .. } => "reply-missing",
            Self::TooManyRecipients => "too-many-recipients",
            Self::NestedMail => "nested-mail",
            Self::StarttlsRefused => "starttls-refused",
            Self::StarttlsPlaintext => "starttls-plaintext",
            Self::BdatInvalid => "bdat-invalid",
            Self::BdatRejected => "bdat-rejected",
            Self::BdatNoLast => "bdat-no-last",
            Self::BdatDataMix => "bdat-data-mix",
            Self::DataRejected => "data-rejected",
            Self::DataUnsynced => "data-unsynced",
            Self::Truncated => "truncated",
            Self::StarttlsInjectedCommand => "starttls-injected-command",
            Self::StarttlsInjectedResponse => "starttls-injected-response",
            Self::StarttlsStripped => "starttls-stripped",
            Self::StarttlsNotOffered => "starttls-not-offered",
            Self::AuthLineLong => "auth-line-long",
            Self::AddressSyntax => "address-syntax",
            Self::SizeMismatch { .. } => "size-mismatch",
            Self::XExch50 => "xexch50",
            Self::Proxied => "proxied",
            Self::Tunnelled { .. } => "tunnelled",
            Self::RoleSwap => "role-swap",
            Self::Burl => "burl",
            Self::ProtocolMismatch => "protocol-mismatch",
            Self::Smuggled { .. } => "smuggled",
            Self::SecurityLayer => "security-layer",
            Self::AuthMalformed => "auth-malformed",
        }
    }

    /// What the code does not say.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::LooseEnd { form, .. } => Some(form.name().to_owned()),
            Self::Tunnelled { protocol } => Some(protocol.name().to_owned()),
            Self::LineTooLong { limit } | Self::ReplyTooLong { limit } => Some(limit.to_string()),
            Self::ReplyMissing { commands } => Some(commands.to_string()),
            Self::SizeMismatch { declared, actual } => Some(format!("{actual} bytes, declared {declared}")),
            Self::Smuggled { verdicts } => Some(format!("{verdicts} final verdicts")),
            _ => None,
        }
    }

    /// What its span shows, and the document that says how it should be. Where a reply is named and was not heard, the
    /// span is the place where the client's half stands.
    #[must_use]
    pub const fn evidence_and_source(&self) -> (&'static str, &'static str) {
        match self {
            Self::BareLf => ("the first such line of a direction", "RFC 5321 2.3.8"),
            Self::LineTooLong { .. } => ("the line up to the limit", "RFC 5321 4.5.3.1"),
            Self::BadCommand => ("the line", "RFC 5321 4.1.1"),
            Self::BadReply => ("the line", "RFC 5321 4.2"),
            Self::ReplyTooLong { .. } => ("the first line that is not kept", "RFC 5321 4.5.3.1"),
            Self::ReplyCodeChanged => ("each line with another code", "RFC 5321 4.2.1"),
            Self::LooseEnd { .. } => ("the dot", "RFC 5321 4.1.1.4; CVE-2023-51764"),
            Self::DotUnstuffed => ("the first such dot of a message", "RFC 5321 4.5.2"),
            Self::VerdictMissing => ("where the client's half stands", "RFC 5321 4.2"),
            Self::ReplyUnmatched => ("the reply", "RFC 5321 4.2"),
            Self::ReplyMissing { .. } => ("the reply that passes them over", "RFC 5321 4.2"),
            Self::TooManyRecipients => ("the reply to each that is not kept", "RFC 5321 4.5.3.1.8"),
            Self::NestedMail => ("the reply to MAIL", "RFC 5321 4.1.4"),
            Self::StarttlsRefused => ("the reply to STARTTLS", "RFC 3207 4"),
            Self::StarttlsPlaintext => ("where the plaintext begins", "RFC 3207 4.2"),
            Self::BdatInvalid => ("the command", "RFC 3030 2"),
            Self::BdatRejected => ("the reply", "RFC 3030 2"),
            Self::BdatNoLast => ("the command that gives it up, or the end", "RFC 3030 2"),
            Self::BdatDataMix => ("the command", "RFC 3030 2"),
            Self::DataRejected => ("the reply to DATA", "RFC 5321 4.1.1.4"),
            Self::DataUnsynced => ("where the message begins", "RFC 2920 3.1"),
            Self::Truncated => ("the end of the half", "RFC 5321 4.1.1.4"),
            Self::StarttlsInjectedCommand => ("where TLS begins", "RFC 3207 4.2; CVE-2011-0411"),
            Self::StarttlsInjectedResponse => ("where TLS begins", "RFC 3207 4.2; CVE-2011-0411"),
            Self::StarttlsStripped => ("the reply to EHLO", "RFC 3207 6"),
            Self::StarttlsNotOffered => ("the reply to STARTTLS", "RFC 3207 4"),
            Self::AuthLineLong => ("the line", "RFC 4954 4"),
            Self::AddressSyntax => ("the command", "RFC 5321 4.1.2"),
            Self::SizeMismatch { .. } => ("the end of the message", "RFC 1870 6"),
            Self::XExch50 => ("the reply that asks for it", "none: Exchange"),
            Self::Proxied => ("the header", "none: HAProxy"),
            Self::Tunnelled { .. } => ("the request", "RFC 9110 9.3.6, RFC 1928"),
            Self::RoleSwap => ("the reply to TURN or ATRN", "RFC 821 3.8, RFC 2645"),
            Self::Burl => ("the command", "RFC 4468"),
            Self::ProtocolMismatch => ("the third such line", "RFC 5321 4.1.1"),
            Self::Smuggled { .. } => ("the final reply", "RFC 5321 4.1.1.4; CVE-2023-51764"),
            Self::SecurityLayer => ("where it begins, in either half", "RFC 4422 3.7"),
            Self::AuthMalformed => ("the last line of the exchange", "RFC 4954 4"),
        }
    }

    /// One of each, for tables of all codes.
    pub const ALL: [Self; 38] = [
        Self::BareLf,
        Self::LineTooLong { limit: 0 },
        Self::BadCommand,
        Self::BadReply,
        Self::ReplyTooLong { limit: 0 },
        Self::ReplyCodeChanged,
        Self::LooseEnd { offset: 0, form: LooseForm::LfLf },
        Self::DotUnstuffed,
        Self::VerdictMissing,
        Self::ReplyUnmatched,
        Self::ReplyMissing { commands: 0 },
        Self::TooManyRecipients,
        Self::NestedMail,
        Self::StarttlsRefused,
        Self::StarttlsPlaintext,
        Self::BdatInvalid,
        Self::BdatRejected,
        Self::BdatNoLast,
        Self::BdatDataMix,
        Self::DataRejected,
        Self::DataUnsynced,
        Self::Truncated,
        Self::StarttlsInjectedCommand,
        Self::StarttlsInjectedResponse,
        Self::StarttlsStripped,
        Self::StarttlsNotOffered,
        Self::AuthLineLong,
        Self::AddressSyntax,
        Self::SizeMismatch { declared: 0, actual: 0 },
        Self::XExch50,
        Self::Proxied,
        Self::Tunnelled { protocol: Tunnel::Http },
        Self::RoleSwap,
        Self::Burl,
        Self::ProtocolMismatch,
        Self::Smuggled { verdicts: 2 },
        Self::SecurityLayer,
        Self::AuthMalformed,
    ];
}
