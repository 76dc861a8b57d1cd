//! The table of rules: what each means, what makes it false, and where it is from.

macro_rules! rules {
    ($($value:ident = $id:literal, $title:literal, $severity:literal {
        $meaning:literal,
        unless $unless:literal,
        by $source:literal
    })+) => {
        /// A rule that makes findings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $meaning] $value,)+
        }

        impl Rule {
            /// All rules, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// Stable kebab-case identifier.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$value => $id,)+ }
            }

            /// What its findings are called.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$value => $title,)+ }
            }

            /// Which severity its findings have, and when.
            #[must_use]
            pub const fn severity(self) -> &'static str {
                match self { $(Self::$value => $severity,)+ }
            }

            /// When it applies.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$value => $meaning,)+ }
            }

            /// What can make it false, or harmless.
            #[must_use]
            pub const fn unless(self) -> &'static str {
                match self { $(Self::$value => $unless,)+ }
            }

            /// The document that it follows, or what is known in the field.
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self { $(Self::$value => $source,)+ }
            }
        }
    };
}

rules! {
    CleartextPassword = "cleartext-password", "Password sent in clear", "high if the server took it, medium if nobody knows, low if it was refused" {
        "A password passed without TLS; one finding for each user, client and server.",
        unless "The link is protected below (VPN, loopback), or the capture was decrypted before.",
        by "RFC 8314 section 3, RFC 4954 section 9"
    }
    CleartextToken = "cleartext-token", "Bearer token sent in clear", "high if the server took it, otherwise medium" {
        "A bearer token of OAuth passed without TLS: who has read it can use it until it expires.",
        unless "The token has expired or is bound to a key; the link is protected below.",
        by "RFC 6750 section 5.3"
    }
    CrackableLogin = "crackable-login", "Login that can be cracked", "low" {
        "Challenge and response of a login passed without TLS: whoever has the capture can try passwords against them.",
        unless "The password is long and random.",
        by "RFC 2195 section 4, RFC 5802 section 9"
    }
    LoginFailures = "login-failures", "Logins failed", "low" {
        "Several logins of a client at a server failed, fewer than guessing takes.",
        unless "A person mistypes, or a program has an old password or tries one mechanism after the other.",
        by "field practice"
    }
    LoginGuessing = "login-guessing", "Passwords guessed", "medium, high if a login succeeded after them" {
        "Many logins of a client at a server failed.",
        unless "A program goes on with an old password; a gateway logs in for many people.",
        by "MITRE ATT&CK T1110.001"
    }
    PasswordSpraying = "password-spraying", "Few passwords tried on many users", "medium, high if a login succeeded after them" {
        "A client failed to log in as many users, with few tries for each.",
        unless "A gateway or webmail logs in for many people while the server refuses all.",
        by "MITRE ATT&CK T1110.003"
    }
    DistributedGuessing = "distributed-guessing", "Password of one user guessed from many clients", "medium, high if a login succeeded after them" {
        "Logins as one user at one server failed, from many clients and often.",
        unless "Many devices of one person, or one mailbox of many people, go on with an old password.",
        by "MITRE ATT&CK T1110.001, T1110.004"
    }
    LoginAfterFailures = "login-after-failures", "Login succeeded after failures", "medium, high after as many failures as guessing takes" {
        "A client that had failed several times in a row as a user logged in as this user.",
        unless "A person remembers the password at last.",
        by "MITRE ATT&CK T1110"
    }
    StarttlsRefused = "starttls-refused", "STARTTLS refused", "medium" {
        "The client asked for TLS and the server refused.",
        unless "The server has no certificate at the moment. What passed afterwards passed in clear all the same.",
        by "RFC 3207 section 4, RFC 2595"
    }
    StarttlsStripped = "starttls-stripped", "STARTTLS stripped on the way", "high" {
        "The offer of TLS was painted over (such as XXXXXXXA), or an offer was made and its command never reached the server.",
        unless "An old firewall does it for inspection. It is an active man in the middle in any case.",
        by "RFC 3207 section 6"
    }
    StarttlsInjected = "starttls-injected", "Plaintext slipped in before TLS", "high" {
        "Commands or replies stand between STARTTLS and the handshake: a vulnerable side takes them for encrypted ones.",
        unless "The client pipelines in breach of the standard, without ill intent.",
        by "RFC 3207 section 6, CVE-2011-0411, NO STARTTLS (USENIX Security 2021)"
    }
    StarttlsPlaintext = "starttls-plaintext", "Plaintext after an accepted STARTTLS", "low" {
        "STARTTLS was accepted, and the session goes on in plaintext.",
        unless "The capture was decrypted before it was written.",
        by "RFC 3207 section 4"
    }
    StarttlsUnused = "starttls-unused", "TLS offered and not used", "low if there was a login, otherwise info" {
        "The server offered TLS, and the client sent or read mail, or logged in, without it.",
        unless "The client cannot do better: opportunistic TLS between servers is not required.",
        by "RFC 8314 section 3"
    }
    OldTls = "old-tls", "Old version of TLS", "low" {
        "The version agreed upon is SSLv3, TLS 1.0 or TLS 1.1.",
        unless "Between servers that would otherwise send in clear, it is better than nothing.",
        by "RFC 8996"
    }
    SenderDiffers = "sender-differs", "Envelope and header name different senders", "low, medium if the header names the recipient's own domain" {
        "MAIL FROM and From belong to different organisations, and nothing in the message explains it. No finding: the null sender, a Sender or Resent field of the envelope's domain, fields of mailing lists, bounce addresses (VERP, SRS, BATV, owner-, -bounces), a DKIM signature of the From domain.",
        unless "A service sends in the name of its customers; a forwarder keeps the header and sets its own envelope.",
        by "RFC 5321 section 3.9, RFC 5322 section 3.6.2, RFC 7489 section 3.1"
    }
    DisplayNameAddress = "display-name-address", "Name of the sender shows another address", "low, medium if it shows the recipient's own domain" {
        "The display name in From is or holds an address of another organisation than the one that it stands beside.",
        unless "A list or a gateway writes the author's address into the name (\"ann@example.org via list\").",
        by "field practice in phishing"
    }
    TypeHidden = "type-hidden", "Type of an attachment hidden", "high if it runs, otherwise low" {
        "The content is of another type than name or declared type say, the name has two extensions of which the last one runs, or signs that turn the direction of writing hide the extension.",
        unless "A mail program declares a wrong type; low findings are often that.",
        by "MITRE ATT&CK T1036"
    }
    DangerousAttachment = "dangerous-attachment", "Dangerous attachment", "high if it runs when opened, medium for macros, links and disk images, low for web pages" {
        "An attachment is a program, a script, a shortcut, a document with macros or a disk image, by content or by the extension of its name; an archive that holds such, as far as its beginning tells; or a web page to be opened by a browser, which may put a file together.",
        unless "Administrators and developers mail scripts to each other.",
        by "MITRE ATT&CK T1566.001, T1204.002, T1027.006"
    }
    EncryptedAttachment = "encrypted-attachment", "Encrypted attachment", "medium" {
        "An archive or Office document needs a password: no scanner on the way could look inside.",
        unless "People protect what they send; the password came another way.",
        by "MITRE ATT&CK T1027.013"
    }
    HiddenPart = "hidden-part", "Content that only some programs see", "high if it runs, otherwise medium" {
        "A file that only another reading of the message finds (two boundaries, two encodings, behind the last part, in the other copies of contradicting TCP data), or before the first or behind the last part: scanner and recipient may see different files.",
        unless "A careless program wrote the message; text alone is no finding.",
        by "RFC 2046 section 5.1, field practice in evasion"
    }
    ManyRecipients = "many-recipients", "Many recipients", "low" {
        "The server took one message for many recipients.",
        unless "A newsletter or a list server sent it.",
        by "RFC 5321 section 4.5.3.1.8"
    }
    LargeOutbound = "large-outbound", "Much data sent by mail", "medium" {
        "A client sent much mail in the name of one sender, counted in bytes of messages that were not refused.",
        unless "Mail between servers, with the mail of many people; backups by mail.",
        by "MITRE ATT&CK T1048.003"
    }
    Smuggling = "smuggling", "Message smuggled behind an end of data", "high if the server took one message for several, medium if commands stand behind a loose end, otherwise low" {
        "What one side takes for the end of a message is not the end for the other: behind a line end that is not CRLF, or before the size that the server names.",
        unless "A program sends lines that end with LF alone, and a line with a single dot among them.",
        by "RFC 5321 section 4.1.1.4, CVE-2023-51764 to CVE-2023-51766"
    }
    TcpConflict = "tcp-conflict", "Copies of the same bytes differ", "medium, high if parts of a message differ" {
        "Two TCP segments, or two IP fragments, have different content for the same place of a stream: an attempt at evasion, or someone in the path rewrites what passes.",
        unless "A damaged packet with a checksum that nobody checked; a middlebox that splits and changes segments.",
        by "RFC 9293 section 3.10.7.4, Ptacek and Newsham 1998"
    }
    DirectDelivery = "direct-delivery", "Client delivers straight to mail servers", "medium if addresses inside speak to addresses outside, otherwise low" {
        "A host that receives no mail in the capture spoke SMTP on port 25 to several servers without a login: what bots do, and what mail servers do.",
        unless "It is an outgoing mail server, or a machine that sends its reports itself.",
        by "RFC 5068 section 3, RFC 6409 section 3"
    }
    UnauthenticatedSubmission = "unauthenticated-submission", "Mail taken without a login", "medium on the ports of submission, otherwise info" {
        "A server that should want a login took mail without one: on port 587, 465 or 2525, or (info) where others logged in.",
        unless "The server knows the client by its address or certificate; a server on port 25 takes mail for its own users from anybody.",
        by "RFC 6409 section 4.3"
    }
    ReceivedContradicts = "received-contradicts-wire", "Received field contradicts what was captured", "medium" {
        "The message passed twice, and the field that the first server added in between names another client address than the one that was captured.",
        unless "Address translation or a proxy stands between the capture and the server.",
        by "RFC 5321 section 4.4"
    }
    ReceivedUnrelated = "received-unrelated", "Newest hop is not the client", "low" {
        "The newest Received field was written by a host of another organisation than the one that the client names in HELO: it may be forged.",
        unless "Servers have one name inside and another outside; filters and hosting services add none of their own.",
        by "RFC 5321 section 4.4"
    }
    ReceivedOrder = "received-order", "Hops in reverse", "low" {
        "A Received field has a much earlier time than the one below it.",
        unless "A clock or its time zone is wrong.",
        by "RFC 5321 section 4.4"
    }
    ReceivedTime = "received-time", "Time of the newest hop does not fit", "low" {
        "The newest Received field is from long before or from after the transfer; of mail that is fetched only from after.",
        unless "A clock is wrong, here or there; a queue was stuck; the capture has no true times.",
        by "RFC 5321 sections 4.4 and 4.5.4.1"
    }
    HeaderOrder = "header-order", "Trace field below the author's fields", "low" {
        "A Received field stands below From, To, Subject or Date, although servers put theirs on top.",
        unless "Lists, gateways and some mail servers put their own fields on top or rewrite the header.",
        by "RFC 5321 section 4.4, RFC 5322 section 3.6.7"
    }
    DateOff = "date-off", "Date does not fit", "low" {
        "The Date of a message that was sent or delivered is long before or after the transfer; of mail that is fetched only after.",
        unless "A clock is wrong, here or there; old mail is sent again.",
        by "RFC 5322 section 3.6.1"
    }
    DataMissing = "data-missing", "Bytes of messages missing", "info" {
        "Messages have bytes that are not in the capture: what is said of them is said without these.",
        unless "It is a fact about the capture and not about who mailed.",
        by "the records"
    }
    CaptureDamaged = "capture-damaged", "Capture damaged", "info" {
        "An input could not be read, or not in full.",
        unless "It is a fact about the capture and not about who mailed.",
        by "the records"
    }
    LimitsReached = "limits-reached", "Not everything was looked at", "info" {
        "There was more than fits into the limits of memory: so often evidence of these rules was left out.",
        unless "",
        by "the records"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_whole() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            let id = rule.id();
            assert!(id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-')), "{id}");
            assert!(rule.meaning().ends_with('.'), "{id}");
            let severities = ["info", "low", "medium", "high"];
            assert!(severities.iter().any(|word| rule.severity().starts_with(word)), "{id}");
        }
    }
}
