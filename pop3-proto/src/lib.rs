//! POP3 as it stands on the wire, read by somebody who only listens.
//!
//! ```text
//! push(dir, at, bytes), gap, close -> Session -> poll_event -> Event { at, dir, span, kind }
//!                                       |
//!         mail-wire's framer -> lines -> command::parse, reply::parse, ListItem::parse
//! ```
//!
//! Two layers can be used. The [`Session`] takes the two byte streams of a connection, in chunks of any size, with
//! holes, from the middle, or one of them alone, and tells messages with their numbers and sizes, lists, logins with
//! their verdicts, where TLS begins, and what is odd. The grammar ([`command`], [`reply`]) is stateless: one line in, one
//! typed value out.
//!
//! ```
//! use pop3_proto::{Config, Direction::*, EventKind, Session};
//!
//! let mut session = Session::new(Config::default());
//! let at = Default::default();
//! session.push(ToClient, at, "+OK ready\r\n".into());
//! session.push(ToServer, at, "USER alice\r\nPASS wonder land\r\n".into());
//! session.push(ToClient, at, "+OK\r\n+OK 2 messages\r\n".into());
//! for event in session.events() {
//!     if let EventKind::Credential(login) = event.kind {
//!         assert_eq!(login.username.unwrap(), "alice");
//!         assert_eq!(login.password.unwrap().expose(), "wonder land");
//!     }
//! }
//! ```
//!
//! # Contract
//!
//! 1. Inputs never fail: bad input becomes an [`Anomaly`], and parsing goes on.
//! 2. After each input, poll until `None`. Forgetting it costs memory, never correctness.
//! 3. Replies are paired with commands by order, not by time, and the command decides whether lines follow. A half whose
//!    bytes cannot be understood before the other half has answered is left unread, within [`Config::max_held`] and
//!    [`Config::max_wait`].
//! 4. For input with both halves and no gaps, below `max_held`, the events of each direction are the same for any
//!    chunking and any interleaving of the two, but for `at` and for where runs of content are cut.
//! 5. The spans of primary events tile each direction: every byte, and every gap, is in exactly one of them.
//! 6. Message content is handed on as shared slices of what was pushed, dot-unstuffed, with the CRLF that ends its last
//!    line, never collected. Credentials and verdicts are copies that keep no packet alive.
//! 7. A session is a pure function of its input: no clock, no randomness.
//!
//! # Limits
//!
//! All in [`Config`]: lines 64 KiB, unread bytes 1 MiB for each half, waits 60 s of capture time, 128 commands
//! awaiting replies. [`Config::worst_case`] adds them up. Numbers and sizes that peers name are told and never used as
//! lengths.
//!
//! # One side alone
//!
//! Of a server that is heard alone, what follows a `+OK` is told by its first line: a header field begins a message, a
//! number and a word, or a capability, a list. Of a client that is heard alone, commands and logins without verdicts are
//! told.
//!
//! # Missing bytes
//!
//! A gap is told where it is. Where a reply is due it hides the beginning of one at least, where a command is due one
//! command; how many more there are, the replies behind it say, and what stands behind them: `+OK 2 120` answers `LIST 2`,
//! a header field stands behind the reply to RETR or TOP. A message that may be one of several is told without
//! [`number`](MessageRef::number), and with [`Operation::Unknown`] if it may have been asked for in several ways. A message
//! of which nothing but the line with the dot is missing is complete.
//!
//! # Not covered
//!
//! TLS is told and handed back untouched ([`Session::resume_plaintext`] takes over from a decryptor).
//!
//! # Sources
//!
//! RFC 1939, 2449 (CAPA, response codes, pipelining), 2595 (STLS), 3206 (response codes), 5034 (AUTH), 6856 (UTF8, LANG), 1082,
//! 1460 (LAST, RPOP, XTND); XTND XMIT of the Berkeley server.

mod anomaly;
pub mod command;
mod config;
mod error;
mod event;
pub mod reply;
mod session;

pub use anomaly::Anomaly;
pub use command::{Arguments, Command, Verb};
pub use config::Config;
pub use error::ParseError;
pub use event::{Event, EventKind, MessageEnd, MessageRef, Operation};
pub use mail_wire::framer::LooseForm;
pub use mail_wire::preface::Proxy;
pub use mail_wire::sasl::{Credential, Outcome as LoginOutcome};
pub use mail_wire::{Direction, Secret, Timestamp};
pub use reply::{Capability, ListItem, Reply, Status};
pub use session::Session;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
