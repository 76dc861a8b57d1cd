//! What a session holds at most.

use super::assembly::Fetching;
use super::came;
use super::numbers::Numbers;
use crate::Config;
use crate::config::INFLATER;
use mail_wire::framer::Framer;
use mail_wire::sasl::Exchange;

impl Config {
    /// The most that [`Session::buffered`](crate::Session::buffered) shows once `poll_event` has returned `None`,
    /// in bytes.
    #[must_use]
    pub const fn worst_case(&self) -> usize {
        // Each half: its framer, which passes the limit by one line before the wait is ended, once more for inflated
        // data with the window; the command or response under way, whose buffer may have doubled.
        let framer = Framer::worst_case(self.max_line, self.max_held + self.max_line);
        let inflated = if cfg!(feature = "deflate") { framer + INFLATER } else { 0 };
        let line = 2 * (self.max_held + self.max_line + self.max_inline) + 1024;
        let half = framer + inflated + line + self.max_line;
        // The numbers of the messages, a response under way in each half, and what came for commands.
        let messages = Numbers::worst_case(self.max_messages) + 2 * Fetching::MEMORY + came::MEMORY;
        // Besides: pending commands, the messages of the mailbox, a login whose mechanism has a name of one line at
        // most.
        2 * half
            + self.max_held
            + 4 * self.max_line
            + self.max_inline
            + messages
            + Exchange::WORST_CASE
            + self.max_line
            + 4096
    }
}
