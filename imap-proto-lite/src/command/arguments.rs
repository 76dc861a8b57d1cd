//! What follows the verb.

use super::append::{self, Append};
use super::fetch::{self, Attribute};
use super::verb::Verb;
use crate::lexical::{Content, Scan};
use crate::{MailboxName, ParseError};
use bytes::Bytes;
use mail_wire::Secret;

/// The arguments of a command, typed where mail, names or logins are in them.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// None.
    None,
    /// LOGIN.
    Login {
        /// The user.
        username: Bytes,
        /// The password.
        password: Secret,
    },
    /// AUTHENTICATE.
    Authenticate {
        /// The SASL mechanism, as sent.
        mechanism: Bytes,
        /// RFC 4959: the first response, in base64.
        initial_response: Option<Secret>,
    },
    /// SELECT, EXAMINE, CREATE, DELETE, SUBSCRIBE, UNSUBSCRIBE, STATUS: one mailbox.
    Mailbox {
        /// Its name.
        name: MailboxName,
        /// What follows it: `(CONDSTORE)`, `(MESSAGES UNSEEN)`.
        rest: Bytes,
    },
    /// RENAME.
    Rename {
        /// Its name so far.
        from: MailboxName,
        /// Its name from now on.
        to: MailboxName,
    },
    /// APPEND and REPLACE.
    Append(Box<Append>),
    /// FETCH.
    Fetch {
        /// Of which messages.
        set: Bytes,
        /// What of them.
        attributes: Vec<Attribute>,
    },
    /// STORE, EXPUNGE with UID.
    Set {
        /// Which messages.
        set: Bytes,
        /// What follows: `+FLAGS (\Deleted)`.
        rest: Bytes,
    },
    /// COPY and MOVE.
    Transfer {
        /// Which messages.
        set: Bytes,
        /// Where to.
        mailbox: MailboxName,
    },
    /// ID: fields and their values.
    Id(Vec<(Bytes, Option<Bytes>)>),
    /// COMPRESS: the algorithm.
    Compress(Bytes),
    /// Anything else, as sent.
    Raw(Bytes),
}

/// Reads what follows the verb.
pub(super) fn parse(verb: Verb, scan: &mut Scan<'_>) -> Result<Arguments, ParseError> {
    scan.blanks();
    let arguments = match verb {
        Verb::Login => login(scan)?,
        Verb::Authenticate => authenticate(scan)?,
        Verb::Select
        | Verb::Examine
        | Verb::Create
        | Verb::Delete
        | Verb::Subscribe
        | Verb::Unsubscribe
        | Verb::Status => Arguments::Mailbox { name: append::mailbox(scan)?, rest: rest(scan) },
        Verb::Rename => Arguments::Rename { from: append::mailbox(scan)?, to: append::mailbox(scan)? },
        Verb::Append => Arguments::Append(Box::new(append::read(scan, None)?)),
        Verb::Replace => {
            let replaced = scan.atom()?;
            Arguments::Append(Box::new(append::read(scan, Some(replaced))?))
        }
        Verb::Fetch => {
            let set = scan.atom()?;
            Arguments::Fetch { set, attributes: fetch::attributes(scan)? }
        }
        Verb::Store => Arguments::Set { set: scan.atom()?, rest: rest(scan) },
        Verb::Expunge if !scan.is_empty() => Arguments::Set { set: scan.atom()?, rest: rest(scan) },
        Verb::Copy | Verb::Move => Arguments::Transfer { set: scan.atom()?, mailbox: append::mailbox(scan)? },
        Verb::Id => Arguments::Id(id(scan)?),
        Verb::Compress => Arguments::Compress(scan.atom()?),
        _ if scan.is_empty() => Arguments::None,
        _ => Arguments::Raw(scan.remainder()),
    };
    Ok(arguments)
}

fn rest(scan: &mut Scan<'_>) -> Bytes {
    scan.blanks();
    scan.remainder()
}

/// RFC 9051 section 6.2.3. A password that is no atom and not quoted reaches to the end of the line: so clients write
/// it that know no quoting, and servers that split at blanks read it.
fn login(scan: &mut Scan<'_>) -> Result<Arguments, ParseError> {
    let username = scan.astring_bytes()?;
    scan.blanks();
    let here = *scan;
    let whole = scan.astring().ok().filter(|_| scan.rest().iter().all(|byte| matches!(byte, b' ' | b'\t')));
    let password = match whole {
        Some(Content::Inline(password)) => password,
        Some(_) => Bytes::new(),
        None => {
            *scan = here;
            scan.remainder()
        }
    };
    if password.is_empty() && here.is_empty() {
        return Err(here.error("a password"));
    }
    Ok(Arguments::Login { username, password: Secret::new(password) })
}

/// Whether the user name and the password of a LOGIN are there: a literal that lost bytes, or was too large, is not.
pub(crate) fn login_is_there(command: &Bytes) -> [bool; 2] {
    let mut scan = Scan::new(command);
    let _ = super::Head::read(&mut scan);
    [(); 2].map(|()| {
        scan.blanks();
        !matches!(scan.astring(), Ok(Content::Streamed(_)))
    })
}

fn authenticate(scan: &mut Scan<'_>) -> Result<Arguments, ParseError> {
    let mechanism = scan.astring_bytes()?;
    scan.blanks();
    let response = scan.remainder();
    let initial_response = (!response.is_empty()).then(|| Secret::new(response));
    Ok(Arguments::Authenticate { mechanism, initial_response })
}

/// RFC 2971: `NIL` or a list of fields and values.
pub(crate) fn id(scan: &mut Scan<'_>) -> Result<Vec<(Bytes, Option<Bytes>)>, ParseError> {
    let mut key = None;
    let mut fields = Vec::new();
    let words = scan.list(Scan::nstring)?;
    for word in words {
        let word = word.bytes().cloned();
        match key.take() {
            None => key = Some(word.unwrap_or_default()),
            Some(key) => fields.push((key, word)),
        }
    }
    Ok(fields)
}
