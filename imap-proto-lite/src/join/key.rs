//! Which pieces belong to one message.

use super::Account;
use crate::{MailboxName, MessageRef};

/// The name of a message (RFC 9051 section 2.3.1.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The same in all connections.
    Uid { account: Account, mailbox: String, uid: u32, uid_validity: u32 },
    /// Within one opening of the mailbox: user, generation or name are not known.
    Loose { session: u64, epoch: u32, uid: u32 },
    /// Within one opening of the mailbox: no UID is known.
    Handle { session: u64, epoch: u32, handle: u64 },
}

impl Key {
    pub(super) fn of(session: u64, account: &Account, of: &MessageRef) -> Option<Self> {
        let epoch = of.epoch;
        match (of.uid, of.uid_validity, &of.mailbox) {
            // Nobody knows whose INBOX it is of a user who was not heard to log in.
            (Some(uid), Some(uid_validity), Some(mailbox)) if !account.user.is_empty() => {
                Some(Self::Uid { account: account.clone(), mailbox: text(mailbox), uid, uid_validity })
            }
            (Some(uid), ..) => Some(Self::Loose { session, epoch, uid }),
            (None, ..) => of.handle.map(|handle| Self::Handle { session, epoch, handle }),
        }
    }
}

/// A mailbox by what its name means: modified UTF-7 here may be UTF-8 there, and a URL has it in UTF-8 always.
pub(super) fn text(mailbox: &MailboxName) -> String {
    if mailbox.is_inbox() { "INBOX".to_owned() } else { mailbox.lossy() }
}
