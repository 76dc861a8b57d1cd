//! Which pieces belong to one message.

use super::Account;
use crate::{MailboxName, MessageRef};

/// The name of a message (RFC 9051 section 2.3.1.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The same in all connections.
    Uid { account: Account, mailbox: MailboxName, uid_validity: u32, uid: u32 },
    /// Within one opening of the mailbox: generation or name are not known.
    Loose { session: u64, epoch: u32, uid: u32 },
    /// Within one opening of the mailbox: no UID is known.
    Handle { session: u64, epoch: u32, handle: u64 },
}

impl Key {
    pub(super) fn of(session: u64, account: &Account, of: &MessageRef) -> Option<Self> {
        let epoch = of.epoch;
        match (of.uid, of.uid_validity, &of.mailbox) {
            (Some(uid), Some(uid_validity), Some(mailbox)) => {
                let mailbox = if mailbox.is_inbox() { MailboxName::new("INBOX") } else { mailbox.clone() };
                Some(Self::Uid { account: account.clone(), mailbox, uid_validity, uid })
            }
            (Some(uid), ..) => Some(Self::Loose { session, epoch, uid }),
            (None, ..) => of.handle.map(|handle| Self::Handle { session, epoch, handle }),
        }
    }
}
