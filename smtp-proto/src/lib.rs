//! SMTP, ESMTP and LMTP as they stand on the wire, read by somebody who only listens.
//!
//! ```text
//! push(dir, at, bytes), gap, close -> Session -> poll_event -> Event { at, dir, span, kind }
//!                                       |
//!         mail-wire's framer -> lines -> command::parse, reply::parse_line
//! ```
//!
//! Two layers can be used. The [`Session`] takes the two byte streams of a connection, in chunks of any size, with
//! holes, from the middle, or one of them alone, and tells messages with their envelopes and verdicts, logins with
//! theirs, where TLS begins, and what is odd. The grammar ([`command`], [`reply`]) is stateless: one line in, one
//! typed value out.
//!
//! ```
//! use smtp_proto::{Config, Direction::*, EventKind, Session};
//!
//! let mut session = Session::new(Config::default());
//! let at = Default::default();
//! session.push(ToClient, at, "220 mx.example ESMTP\r\n".into());
//! session.push(ToServer, at, "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n".into());
//! session.push(ToClient, at, "235 2.7.0 ok\r\n".into());
//! for event in session.events() {
//!     if let EventKind::Credential(login) = event.kind {
//!         assert_eq!(login.username.unwrap(), "alice");
//!     }
//! }
//! ```
//!
//! # Contract
//!
//! 1. Inputs never fail: bad input becomes an [`Anomaly`], and parsing goes on.
//! 2. After each input, poll until `None`. Forgetting it costs memory, never correctness.
//! 3. Replies are paired with commands by order, not by time; a half whose bytes cannot be understood before the
//!    other half has answered is left unread, within [`Config::max_held`] and [`Config::max_wait`].
//! 4. For input with both halves and no gaps, below `max_held`, the events of each direction are the same for any
//!    chunking and any interleaving of the two, but for `at` and for where runs of content are cut. One thing only is
//!    asked of the capture times: behind a message with loose ends of data, a reply that was captured before a command
//!    does not answer it.
//! 5. The spans of primary events tile each direction: every byte, and every gap, is in exactly one of them.
//! 6. Message content is handed on as shared slices of what was pushed, dot-unstuffed, never collected.
//!    Envelopes, credentials and verdicts are copies that keep no packet alive.
//! 7. A session is a pure function of its input: no clock, no randomness.
//!
//! # Limits
//!
//! All in [`Config`]: lines 64 KiB, unread bytes 1 MiB for each half, waits 60 s of capture time, 128 commands
//! awaiting replies, 10,000 recipients. [`Config::worst_case`] adds them up.
//!
//! # Not covered
//!
//! TLS is told and handed back untouched ([`Session::resume_plaintext`] takes over from a decryptor). Loose ends of data
//! (SMTP smuggling) are told, and whether the server took them for ends; the content follows the strict reading.
//!
//! # Sources
//!
//! RFC 5321, 2033 (LMTP), 2034 and 3463 (enhanced codes), 2920 (pipelining), 3030 (CHUNKING), 3207 (STARTTLS),
//! 4954 (AUTH), 6531 (SMTPUTF8); draft-hall-prdr-00 (PRDR: a final reply for each recipient).

mod anomaly;
pub mod command;
mod config;
mod error;
mod event;
pub mod reply;
mod session;

pub use anomaly::Anomaly;
pub use command::{Arguments, Command, Parameter, Parameters, Path, Verb};
pub use config::Config;
pub use error::ParseError;
pub use event::{Envelope, Event, EventKind, MessageEnd, Operation, Outcome, Recipient, Tunnelled};
pub use mail_wire::framer::LooseForm;
pub use mail_wire::preface::Proxy;
pub use mail_wire::sasl::{Credential, Outcome as LoginOutcome};
pub use mail_wire::tunnel::Protocol as Tunnel;
pub use mail_wire::{Direction, Secret, Timestamp};
pub use reply::{EnhancedCode, Reply};
pub use session::Session;

use mail_wire::slice;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
