//! Limits of a session.

use core::time::Duration;
use mail_wire::framer::Framer;
use mail_wire::sasl::Exchange;

/// Limits and the place where the capture begins; every buffer of a session has a bound here.
///
/// ```
/// let config = smtp_proto::Config::default().max_line(8192).mid_stream(true);
/// assert!(config.worst_case() < 10 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) max_line: usize,
    pub(crate) max_held: usize,
    pub(crate) max_wait: Duration,
    pub(crate) max_pending: usize,
    pub(crate) max_recipients: usize,
    pub(crate) mid_stream: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_line: 64 << 10,
            max_held: 1 << 20,
            max_wait: Duration::from_secs(60),
            max_pending: 128,
            max_recipients: 10_000,
            mid_stream: false,
        }
    }
}

impl Config {
    /// The longest line, its end included, in bytes. Default 64 KiB; the RFC's 512 and 1,000 are for servers that
    /// may refuse. Of a longer line the beginning is parsed and the rest told as `Truncated`.
    #[must_use]
    pub const fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = if bytes < 16 { 16 } else { bytes };
        self
    }

    /// The most that one half keeps unread while it waits for the other, in bytes; also the bound for each of the
    /// envelope, the commands that await replies and an unfinished reply. Default 1 MiB.
    #[must_use]
    pub const fn max_held(mut self, bytes: usize) -> Self {
        self.max_held = bytes;
        self
    }

    /// The longest wait for the other half, in capture time, ended by [`Session::expire`](crate::Session::expire).
    /// Default 60 s.
    #[must_use]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Commands that may await their replies. Default 128; the half waits beyond it.
    #[must_use]
    pub const fn max_pending(mut self, commands: usize) -> Self {
        self.max_pending = if commands == 0 { 1 } else { commands };
        self
    }

    /// Recipients kept in an envelope. Default 10,000; further ones are counted.
    #[must_use]
    pub const fn max_recipients(mut self, recipients: usize) -> Self {
        self.max_recipients = recipients;
        self
    }

    /// Whether the capture begins in the middle of the connection: then the first reply need not be a greeting,
    /// and the first bytes of the client may be the inside of a message. Default no.
    #[must_use]
    pub const fn mid_stream(mut self, mid_stream: bool) -> Self {
        self.mid_stream = mid_stream;
        self
    }

    /// The most that [`Session::buffered`](crate::Session::buffered) shows once `poll_event` has returned `None`,
    /// in bytes.
    #[must_use]
    pub const fn worst_case(&self) -> usize {
        // Each half: its framer, which passes the limit by one line before the wait is ended. Besides: envelope,
        // pending commands and reply, each of which passes its limit by one line at most; and a login, whose mechanism
        // has a name of one line at most. The replies that wait for the end of a message keep so much of their lines,
        // and are no more than the recipients of an envelope.
        let half = Framer::worst_case(self.max_line, self.max_held + self.max_line);
        let held = 3 * (self.max_held + 4 * self.max_line) + 2 * self.max_held;
        2 * half + held + Exchange::WORST_CASE + self.max_line + 4096
    }
}
