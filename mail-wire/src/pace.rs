//! Whether the client waits for each reply before it says more.

use crate::Timestamp;

/// What was seen of it. The last command of a client that waits is the one that the next reply answers, whatever is missing
/// before either.
///
/// Many commands are waited for by all clients, and say nothing: a session tells only of those that need not be.
///
/// ```
/// use mail_wire::{Pace, Timestamp};
///
/// let mut pace = Pace::default();
/// for second in [0, 2, 4] {
///     pace.asked(Timestamp::from_secs(second), true);
///     pace.answered(Timestamp::from_secs(second + 1), true, None);
/// }
/// assert_eq!(pace.waited(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// When the last command that tells was answered, if nothing else was waiting.
    answered: Option<Timestamp>,
    /// When the last command was captured.
    asked: Option<Timestamp>,
    waited: u32,
    ran_ahead: bool,
}

impl Pace {
    /// Takes note of a command; `tells`: no client need wait with it.
    pub fn asked(&mut self, at: Timestamp, tells: bool) {
        // Two in one packet.
        self.ran_ahead |= self.asked.replace(at) == Some(at);
        if let Some(answered) = self.answered.take() {
            self.compare(answered, at, tells);
        }
    }

    /// Takes note of the reply to a command; `tells`: no client need wait for it; `behind`: the command that waits behind
    /// that one, when it was captured and whether it tells.
    pub fn answered(&mut self, at: Timestamp, tells: bool, behind: Option<(Timestamp, bool)>) {
        self.answered = None;
        match behind {
            _ if !tells => {}
            None => self.answered = Some(at),
            Some((asked, tells)) => self.compare(at, asked, tells),
        }
    }

    /// Bytes are missing, or it is not known what was answered: what comes next is not what followed.
    pub const fn interrupted(&mut self) {
        self.answered = None;
    }

    fn compare(&mut self, answered: Timestamp, asked: Timestamp, tells: bool) {
        self.waited = self.waited.saturating_add(u32::from(tells && asked > answered));
        self.ran_ahead |= asked < answered;
    }

    /// How often the client has waited where it need not; zero if it ever did not.
    #[must_use]
    pub const fn waited(self) -> u32 {
        if self.ran_ahead { 0 } else { self.waited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(at: u64) -> Timestamp {
        Timestamp::from_secs(at)
    }

    #[test]
    fn who_waits_and_who_does_not() {
        let waited = |say: &dyn Fn(&mut Pace)| {
            let mut pace = Pace::default();
            pace.asked(second(1), true);
            pace.answered(second(2), true, None);
            say(&mut pace);
            pace.waited()
        };
        assert_eq!(waited(&|_| {}), 0);
        assert_eq!(waited(&|pace| pace.asked(second(3), true)), 1);
        // One that all clients send so late.
        assert_eq!(waited(&|pace| pace.asked(second(3), false)), 0);
        // At the very time of the reply: nobody knows.
        assert_eq!(waited(&|pace| pace.asked(second(2), true)), 0);
        let interrupted = |pace: &mut Pace| {
            pace.interrupted();
            pace.asked(second(3), true);
        };
        assert_eq!(waited(&interrupted), 0);
        let untold = |pace: &mut Pace| {
            pace.answered(second(2), false, None);
            pace.asked(second(3), true);
        };
        assert_eq!(waited(&untold), 0);
        // Two in one packet, for good.
        let twice = |pace: &mut Pace| {
            pace.asked(second(3), true);
            pace.asked(second(3), true);
            pace.answered(second(4), true, None);
            pace.asked(second(5), true);
        };
        assert_eq!(waited(&twice), 0);
        // The next command was there before the reply, or came behind it.
        assert_eq!(waited(&|pace| pace.answered(second(9), true, Some((second(8), true)))), 0);
        assert_eq!(waited(&|pace| pace.answered(second(7), true, Some((second(8), true)))), 1);
        assert_eq!(waited(&|pace| pace.answered(second(7), true, Some((second(8), false)))), 0);
    }
}
