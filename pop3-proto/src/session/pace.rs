//! What the pace of the client tells, where bytes are missing.
//!
//! RFC 2449 section 6.6 lets it run ahead; many never do. Such a client's last command before a reply is the one that is
//! answered, whatever is missing before it.

use super::pairing::Expect;
use super::{Session, Side};
use crate::{Anomaly, Verb};
use mail_wire::Timestamp;

/// So often it has waited before it is believed to do so always.
const ENOUGH: u32 = 2;

/// Whether a client that runs ahead need not wait with it, or with the next one.
pub(super) const fn may_be_early(expect: Expect) -> bool {
    match expect {
        Expect::Message { .. } => true,
        Expect::List { verb, .. } | Expect::Other { verb, .. } => {
            matches!(verb, Verb::Stat | Verb::List | Verb::Uidl | Verb::Dele | Verb::Noop | Verb::Rset)
        }
        _ => false,
    }
}

impl Session {
    /// Whether times tell what a reply answers, although bytes are missing.
    fn is_paced(&self) -> bool {
        self.sync.lossy
            && self.sync.pace.waited() >= ENOUGH
            && Side::BOTH.iter().all(|side| self.halves.of(*side).has_exact_times())
    }

    /// Passes over the commands that were answered before the client said its last word before that time.
    pub(super) fn pass_answered(&mut self, at: Timestamp) {
        if !self.is_paced() {
            return;
        }
        let answered = self.queue.before_last_until(at);
        for _ in 0..answered {
            let Some(pending) = self.queue.pop() else { return };
            if !matches!(pending.expect, Expect::Lost { .. }) {
                self.anomaly_here(Side::Server, Anomaly::ReplyMissing { commands: 1 });
            }
            self.resolve(pending, None);
        }
    }

    /// Whether the gap that is next in a message hides its end, since the client has asked for more before the bytes
    /// behind it came; `None` while those are not there.
    pub(super) fn asked_before_end(&self) -> Option<bool> {
        if !self.is_paced() {
            return Some(false);
        }
        let framer = self.halves.of(Side::Server);
        match framer.next_data_at() {
            Some(behind) => Some(self.queue.any_before(behind)),
            None => framer.is_closed().then_some(false),
        }
    }
}
