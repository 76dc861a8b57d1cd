//! The fixed words of the records.

/// An enum whose values are words, written once.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal,)+ })+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $value,)+
        }

        impl $name {
            /// All values, in the order in which they are documented.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// The word in the records.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.word())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                let known = Self::ALL.iter().copied().find(|value| value.word() == text);
                known.ok_or_else(|| serde::de::Error::unknown_variant(&text, &[$($word),+]))
            }
        }
    )+};
}

words! {
    /// The protocol of a session or message.
    Protocol {
        /// SMTP and ESMTP.
        Smtp = "smtp",
        /// LMTP.
        Lmtp = "lmtp",
        /// POP3.
        Pop3 = "pop3",
        /// IMAP.
        Imap = "imap",
    }

    /// How a message was transferred.
    Operation {
        /// SMTP DATA, and POP3 XTND XMIT, by which a client sends.
        Data = "data",
        /// SMTP BDAT.
        Bdat = "bdat",
        /// POP3 RETR.
        Retr = "retr",
        /// POP3 TOP.
        Top = "top",
        /// IMAP FETCH.
        Fetch = "fetch",
        /// IMAP APPEND.
        Append = "append",
        /// The command was not seen.
        Unknown = "unknown",
    }

    /// What became of a message.
    Outcome {
        /// The receiver took it.
        Accepted = "accepted",
        /// The receiver refused it.
        Rejected = "rejected",
        /// Some recipients' copies were taken, others refused.
        Mixed = "mixed",
        /// The answer was not seen.
        Unknown = "unknown",
    }

    /// What became of a login attempt.
    LoginOutcome {
        /// Logged in.
        Accepted = "accepted",
        /// Refused.
        Rejected = "rejected",
        /// The client gave up.
        Cancelled = "cancelled",
        /// The answer was not seen.
        Unknown = "unknown",
    }

    /// Which reading of the bytes a message is.
    Reading {
        /// What the receiver took it for, as far as the capture shows.
        Primary = "primary",
        /// What another receiver would have made of the same bytes.
        Candidate = "candidate",
    }

    /// How well the transfer encoding of a part could be undone.
    PartDecode {
        /// Every byte.
        Ok = "ok",
        /// In part.
        Partial = "partial",
        /// Not at all.
        Failed = "failed",
    }

    /// Where a part hides from mail programs.
    Hidden {
        /// Before the first part of a multipart.
        Preamble = "preamble",
        /// Behind the last part of a multipart.
        Epilogue = "epilogue",
        /// In a `data:` address.
        DataUri = "data-uri",
    }

    /// A side of a connection.
    Direction {
        /// From the client.
        Client = "client",
        /// From the server.
        Server = "server",
    }

    /// What a session had to do with TLS.
    Tls {
        /// Not even offered.
        None = "none",
        /// Offered and not used.
        Offered = "offered",
        /// The client asked, the server refused.
        Refused = "refused",
        /// The offer was removed on the way.
        Stripped = "stripped",
        /// Begun by a command.
        Starttls = "starttls",
        /// From the first byte.
        Implicit = "implicit",
        /// Begun by a command, and readable in the capture all the same.
        DecryptedUpstream = "decrypted-upstream",
    }

    /// How far a TLS handshake came.
    TlsHandshake {
        /// To its end.
        Completed = "completed",
        /// It ended with an alert.
        Failed = "failed",
        /// The connection ended in the middle.
        Cut = "cut",
        /// It is not in the capture.
        Unseen = "unseen",
    }

    /// How a session ended.
    Ended {
        /// Closed in order.
        Fin = "fin",
        /// Reset.
        Rst = "rst",
        /// Silent for too long.
        Timeout = "timeout",
        /// It was open when the capture ended.
        CaptureEnd = "capture-end",
        /// Another connection took the same addresses and ports.
        Reused = "reused",
    }

    /// Where in the stack an anomaly was seen.
    Layer {
        /// The capture file.
        Capture = "capture",
        /// One packet.
        Packet = "packet",
        /// TCP.
        Tcp = "tcp",
        /// SMTP or LMTP.
        Smtp = "smtp",
        /// POP3.
        Pop3 = "pop3",
        /// IMAP.
        Imap = "imap",
        /// A login exchange.
        Sasl = "sasl",
        /// A message.
        Mime = "mime",
    }

    /// How much a finding weighs.
    Severity {
        /// Worth knowing when the rest is read.
        Info = "info",
        /// Often harmless.
        Low = "low",
        /// Should be looked at.
        Medium = "medium",
        /// Should be looked at first.
        High = "high",
    }

    /// What a client did to stored messages.
    ActionKind {
        /// Marked to be deleted.
        Delete = "delete",
        /// Unmarked.
        Undelete = "undelete",
        /// Moved to another mailbox.
        Move = "move",
        /// Copied to another mailbox.
        Copy = "copy",
        /// Changed flags.
        Flag = "flag",
        /// Removed what was marked.
        Expunge = "expunge",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_contract() {
        fn words<T: Copy + core::fmt::Display>(all: &[T]) -> String {
            all.iter().map(T::to_string).collect::<Vec<_>>().join("|")
        }
        assert_eq!(words(Protocol::ALL), "smtp|lmtp|pop3|imap");
        assert_eq!(words(Operation::ALL), "data|bdat|retr|top|fetch|append|unknown");
        assert_eq!(words(Outcome::ALL), "accepted|rejected|mixed|unknown");
        assert_eq!(words(LoginOutcome::ALL), "accepted|rejected|cancelled|unknown");
        assert_eq!(words(Reading::ALL), "primary|candidate");
        assert_eq!(words(PartDecode::ALL), "ok|partial|failed");
        assert_eq!(words(Hidden::ALL), "preamble|epilogue|data-uri");
        assert_eq!(words(Direction::ALL), "client|server");
        assert_eq!(words(Tls::ALL), "none|offered|refused|stripped|starttls|implicit|decrypted-upstream");
        assert_eq!(words(TlsHandshake::ALL), "completed|failed|cut|unseen");
        assert_eq!(words(Ended::ALL), "fin|rst|timeout|capture-end|reused");
        assert_eq!(words(Layer::ALL), "capture|packet|tcp|smtp|pop3|imap|sasl|mime");
        assert_eq!(words(ActionKind::ALL), "delete|undelete|move|copy|flag|expunge");
        assert_eq!(words(Severity::ALL), "info|low|medium|high");
        assert_eq!(serde_json::to_string(&Ended::CaptureEnd).unwrap(), r#""capture-end""#);
    }
}
