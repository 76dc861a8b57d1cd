//! The verbs.

macro_rules! verbs {
    ($($(#[$doc:meta])+ $name:ident = $word:literal,)+) => {
        /// What a client asks for.
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Verb {
            $($(#[$doc])+ $name,)+
            /// None of these.
            Unknown,
        }

        impl Verb {
            /// All that are known.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word on the wire in upper case, without `UID`; empty for [`Verb::Unknown`].
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                    Self::Unknown => "",
                }
            }
        }
    };
}

verbs! {
    /// RFC 9051 6.1.1.
    Capability = "CAPABILITY",
    /// RFC 9051 6.1.2.
    Noop = "NOOP",
    /// RFC 9051 6.1.3.
    Logout = "LOGOUT",
    /// RFC 9051 6.2.1: TLS from here on.
    StartTls = "STARTTLS",
    /// RFC 9051 6.2.2: a SASL exchange.
    Authenticate = "AUTHENTICATE",
    /// RFC 9051 6.2.3: user name and password.
    Login = "LOGIN",
    /// RFC 9051 6.3.1: extensions are switched on.
    Enable = "ENABLE",
    /// RFC 9051 6.3.2: opens a mailbox.
    Select = "SELECT",
    /// RFC 9051 6.3.3: opens a mailbox to read.
    Examine = "EXAMINE",
    /// RFC 9051 6.3.4.
    Create = "CREATE",
    /// RFC 9051 6.3.5.
    Delete = "DELETE",
    /// RFC 9051 6.3.6.
    Rename = "RENAME",
    /// RFC 9051 6.3.7.
    Subscribe = "SUBSCRIBE",
    /// RFC 9051 6.3.8.
    Unsubscribe = "UNSUBSCRIBE",
    /// RFC 9051 6.3.9.
    List = "LIST",
    /// RFC 3501 6.3.9.
    Lsub = "LSUB",
    /// Gmail, before SPECIAL-USE.
    Xlist = "XLIST",
    /// RFC 9051 6.3.10.
    Namespace = "NAMESPACE",
    /// RFC 9051 6.3.11.
    Status = "STATUS",
    /// RFC 9051 6.3.12: stores messages.
    Append = "APPEND",
    /// RFC 9051 6.3.13: waits for news.
    Idle = "IDLE",
    /// RFC 9051 6.3.13: ends IDLE; the only line without a tag.
    Done = "DONE",
    /// RFC 9051 6.4.1.
    Close = "CLOSE",
    /// RFC 9051 6.4.2.
    Unselect = "UNSELECT",
    /// RFC 9051 6.4.3: removes messages.
    Expunge = "EXPUNGE",
    /// RFC 9051 6.4.4.
    Search = "SEARCH",
    /// RFC 9051 6.4.5: reads messages.
    Fetch = "FETCH",
    /// RFC 9051 6.4.6: sets flags.
    Store = "STORE",
    /// RFC 9051 6.4.7.
    Copy = "COPY",
    /// RFC 9051 6.4.8.
    Move = "MOVE",
    /// RFC 3501 6.4.1.
    Check = "CHECK",
    /// RFC 8508: stores a message in place of another.
    Replace = "REPLACE",
    /// RFC 2971: who the program is.
    Id = "ID",
    /// RFC 4978: DEFLATE from here on.
    Compress = "COMPRESS",
    /// RFC 4467: content by URL.
    UrlFetch = "URLFETCH",
    /// RFC 4467.
    GenUrlAuth = "GENURLAUTH",
    /// RFC 4467.
    ResetKey = "RESETKEY",
    /// RFC 5256.
    Sort = "SORT",
    /// RFC 5256.
    Thread = "THREAD",
    /// RFC 5465.
    Notify = "NOTIFY",
    /// RFC 5267.
    CancelUpdate = "CANCELUPDATE",
    /// RFC 7377.
    Esearch = "ESEARCH",
    /// RFC 2087.
    GetQuota = "GETQUOTA",
    /// RFC 2087.
    GetQuotaRoot = "GETQUOTAROOT",
    /// RFC 2087.
    SetQuota = "SETQUOTA",
    /// RFC 4314.
    GetAcl = "GETACL",
    /// RFC 4314.
    SetAcl = "SETACL",
    /// RFC 4314.
    DeleteAcl = "DELETEACL",
    /// RFC 4314.
    ListRights = "LISTRIGHTS",
    /// RFC 4314.
    MyRights = "MYRIGHTS",
    /// RFC 5464.
    GetMetadata = "GETMETADATA",
    /// RFC 5464.
    SetMetadata = "SETMETADATA",
    /// RFC 5255.
    Language = "LANGUAGE",
    /// RFC 8437.
    Unauthenticate = "UNAUTHENTICATE",
    /// RFC 5257.
    GetAnnotation = "GETANNOTATION",
    /// Apple: push notifications.
    XApplePushService = "XAPPLEPUSHSERVICE",
    /// RFC 2193.
    Rlist = "RLIST",
    /// RFC 2193.
    Rlsub = "RLSUB",
    /// RFC 5255.
    Comparator = "COMPARATOR",
    /// RFC 5259.
    Conversions = "CONVERSIONS",
    /// RFC 5259.
    Convert = "CONVERT",
    /// ANNOTATEMORE, before RFC 5464.
    SetAnnotation = "SETANNOTATION",
    /// RFC 9698.
    GetJmapAccess = "GETJMAPACCESS",
    /// UIDBATCHES: UIDs for parts of a mailbox of the same size.
    UidBatches = "UIDBATCHES",
    /// Netscape, later Sun and Oracle: an administrator goes on as a user.
    ProxyAuth = "PROXYAUTH",
    /// Netscape: pages for the user to open.
    Netscape = "NETSCAPE",
}

impl Verb {
    /// The verb that a word is, in any case.
    #[must_use]
    pub fn of_word(word: &[u8]) -> Self {
        let known =
            Self::ALL.iter().copied().find(|verb| word.eq_ignore_ascii_case(verb.as_str().as_bytes()));
        known.unwrap_or(Self::Unknown)
    }

    /// The verb of a command line, given with its tag.
    #[must_use]
    pub fn of(line: &[u8]) -> Self {
        let mut words =
            line.trim_ascii_end().split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let Some(first) = words.next() else { return Self::Unknown };
        match words.next() {
            None if first.eq_ignore_ascii_case(b"DONE") => Self::Done,
            None => Self::Unknown,
            Some(word) if word.eq_ignore_ascii_case(b"UID") => {
                words.next().map_or(Self::Unknown, Self::of_word)
            }
            Some(word) => Self::of_word(word),
        }
    }

    /// Whether a line, given with its tag, has an experimental command (RFC 3501 6.5.1), which may be anything.
    ///
    /// X alone, in whatever number, is what some firewalls paint over commands.
    pub(crate) fn is_experimental(line: &[u8]) -> bool {
        let mut words = line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        let word = words.nth(1).unwrap_or_default();
        word.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'X'))
            && !word.iter().all(|byte| byte.eq_ignore_ascii_case(&b'X'))
    }

    /// Whether the arguments may hold a password.
    pub(crate) const fn has_secret(self) -> bool {
        matches!(self, Self::Login | Self::Authenticate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_verb() {
        for verb in Verb::ALL {
            let word = verb.as_str();
            assert_eq!(Verb::of_word(word.to_ascii_lowercase().as_bytes()), *verb);
            assert_eq!(Verb::of(format!("a1  UID {word} x").as_bytes()), *verb);
        }
        for (line, verb) in [
            ("", Verb::Unknown),
            ("a", Verb::Unknown),
            ("done", Verb::Done),
            ("a LOGIN", Verb::Login),
            ("a LOGINX", Verb::Unknown),
            ("a UID", Verb::Unknown),
            ("LOGIN a", Verb::Unknown),
        ] {
            assert_eq!(Verb::of(line.as_bytes()), verb, "{line:?}");
        }
    }

    #[test]
    fn experimental_commands_begin_with_x() {
        for (line, experimental) in [
            ("a XSENDER TO 5", true),
            ("a x-netscape", true),
            ("a XXXXXXXX", false),
            ("a X", false),
            ("a NOOPX", false),
            ("XSENDER", false),
            ("", false),
        ] {
            assert_eq!(Verb::is_experimental(line.as_bytes()), experimental, "{line:?}");
        }
    }
}
