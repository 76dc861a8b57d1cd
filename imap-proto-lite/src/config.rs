//! Limits of a session.

use core::time::Duration;

/// Limits and the place where the capture begins; every buffer of a session has a bound here.
///
/// ```
/// let config = imap_proto_lite::Config::default().max_line(8192).mid_stream(true);
/// assert!(config.worst_case() < 16 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) max_line: usize,
    pub(crate) max_inline: usize,
    pub(crate) max_held: usize,
    pub(crate) max_wait: Duration,
    pub(crate) max_pending: usize,
    pub(crate) max_messages: usize,
    pub(crate) max_inflated: u64,
    pub(crate) max_ratio: u64,
    pub(crate) mid_stream: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_line: 64 << 10,
            max_inline: 64 << 10,
            max_held: 1 << 20,
            max_wait: Duration::from_secs(60),
            max_pending: 128,
            max_messages: 65_536,
            max_inflated: 16 << 30,
            max_ratio: 500,
            mid_stream: false,
        }
    }
}

impl Config {
    /// The longest line, its end included, in bytes. Default 64 KiB. Of a longer line the beginning is parsed and the
    /// rest told as `Truncated`; a literal at its end is found all the same.
    #[must_use]
    pub const fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = if bytes < 16 { 16 } else { bytes };
        self
    }

    /// The largest literal that is kept to be parsed with its line, in bytes: names, passwords, subjects. Default
    /// 64 KiB. Content of messages is never kept, and of a larger literal that is none nothing is known but its size.
    #[must_use]
    pub const fn max_inline(mut self, bytes: usize) -> Self {
        self.max_inline = bytes;
        self
    }

    /// The most that one half keeps unread while it waits for the other, in bytes; also the bound for a command or
    /// response with its inline literals, and for the commands that await responses. Default 1 MiB.
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

    /// Commands that may await their responses. Default 128; the half waits beyond it.
    #[must_use]
    pub const fn max_pending(mut self, commands: usize) -> Self {
        self.max_pending = if commands == 0 { 1 } else { commands };
        self
    }

    /// Messages of the selected mailbox whose UID is remembered by their number. Default 65,536; of those with a higher
    /// number only that is known which stands in the same response.
    #[must_use]
    pub const fn max_messages(mut self, messages: usize) -> Self {
        self.max_messages = messages;
        self
    }

    /// The most that is inflated in one direction (RFC 4978), in bytes. Default 16 GiB; what is compressed beyond it is
    /// handed on as it is.
    #[must_use]
    pub const fn max_inflated(mut self, bytes: u64) -> Self {
        self.max_inflated = bytes;
        self
    }

    /// How many bytes may come out of one compressed byte on the average, once the first MiB is out. Default 500;
    /// mail comes to 20 at most, DEFLATE can do 1,032.
    #[must_use]
    pub const fn max_ratio(mut self, ratio: u64) -> Self {
        self.max_ratio = ratio;
        self
    }

    /// Whether the capture begins in the middle of the connection: then the first response need not be a greeting,
    /// and the first bytes of each side may be the inside of a message. Default no.
    #[must_use]
    pub const fn mid_stream(mut self, mid_stream: bool) -> Self {
        self.mid_stream = mid_stream;
        self
    }
}

/// What an inflater keeps: its window and tables, and the compressed bytes of one chunk.
pub(crate) const INFLATER: usize = 192 << 10;
