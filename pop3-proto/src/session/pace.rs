//! Whether the client waits for each reply before it says more.
//!
//! RFC 2449 section 6.6 lets it run ahead; many never do. Such a client's last command before a reply is the one that is
//! answered, whatever is missing before it.

use super::pairing::Expect;
use super::{Session, Side};
use crate::{Anomaly, Verb};
use mail_wire::Timestamp;

/// What was seen of it behind the login, where every client waits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// When the last such command was answered, if nothing else was waiting.
    answered: Option<Timestamp>,
    /// When the last command was captured.
    asked: Option<Timestamp>,
    waited: u32,
    ran_ahead: bool,
}

impl Pace {
    /// So often it has waited before it is believed to do so always.
    const ENOUGH: u32 = 2;

    /// Takes note of a command.
    pub(super) fn asked(&mut self, expect: Expect, at: Timestamp) {
        // Two in one packet.
        self.ran_ahead |= self.asked.replace(at) == Some(at);
        if let Some(answered) = self.answered.take() {
            self.compare(answered, expect, at);
        }
    }

    /// Takes note of the reply to a command, and of the one that waits behind it; `None`: nothing does.
    pub(super) fn answered(
        &mut self,
        at: Timestamp,
        expect: Expect,
        behind: Option<(Expect, Option<Timestamp>)>,
    ) {
        self.answered = None;
        if !may_be_early(expect) {
            return;
        }
        match behind {
            None => self.answered = Some(at),
            Some((behind, Some(asked))) => self.compare(at, behind, asked),
            Some((_, None)) => {}
        }
    }

    /// Bytes are missing: what comes next is not what followed.
    pub(super) fn interrupted(&mut self) {
        self.answered = None;
    }

    fn compare(&mut self, answered: Timestamp, expect: Expect, asked: Timestamp) {
        if may_be_early(expect) && asked > answered {
            self.waited = self.waited.saturating_add(1);
        }
        self.ran_ahead |= asked < answered;
    }

    /// Whether the client waits for each reply.
    pub(super) fn waits(self) -> bool {
        !self.ran_ahead && self.waited >= Self::ENOUGH
    }
}

/// Whether a client that runs ahead need not wait with it, or with the next one.
const fn may_be_early(expect: Expect) -> bool {
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
            && self.sync.pace.waits()
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
