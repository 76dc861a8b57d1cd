//! What the pace of the client tells, where bytes are missing.
//!
//! RFC 2920 lets it run ahead within an envelope; many never do. Such a client's last command before a reply is the one that
//! is answered, whatever is missing before it.

use super::client::Client;
use super::{Session, Side};
use crate::Anomaly;
use core::ops::Range;
use mail_wire::Timestamp;

impl Session {
    /// Whether bytes are missing, and times tell more than the order of the replies.
    fn is_timed(&self) -> bool {
        self.sync.torn && self.has_exact_times() && !self.suspicion.loose_ends && !self.is_uncounted()
    }

    /// Whether times tell what a reply answers, although bytes are missing.
    fn is_paced(&self) -> bool {
        self.sync.pace.waited() > 0 && self.is_timed()
    }

    /// Whether what the client waits for is missing: it said more before the next reply came. For 354 all clients wait.
    pub(super) fn has_gone_on(&self) -> bool {
        let [client, server] = Side::BOTH.map(|side| self.halves.of(side));
        let earlier =
            || client.next_data_at().zip(server.next_at()).is_some_and(|(client, server)| client < server);
        let waits = match self.client {
            Client::AwaitData { .. } => self.is_timed(),
            Client::Body { .. } => false,
            _ => self.is_paced() && self.client_waits(),
        };
        waits && earlier()
    }

    /// Passes over the commands that were answered before the client said its last word before that time.
    pub(super) fn pass_answered(&mut self, at: Timestamp, span: &Range<u64>) {
        if !self.is_paced() {
            return;
        }
        let answered = self.queue.before_last_until(at);
        if answered > 0 {
            self.anomaly(Side::Server, at, span, Anomaly::ReplyMissing { commands: answered as u64 });
        }
        for _ in 0..answered {
            if let Some(pending) = self.queue.pop() {
                self.resolve(pending, None);
            }
        }
    }
}
