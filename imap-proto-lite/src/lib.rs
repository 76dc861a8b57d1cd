//! IMAP4rev1 and IMAP4rev2 as they stand on the wire, read by somebody who only listens.
//!
//! ```text
//! push(dir, at, bytes), gap, close -> Session -> poll_event -> Event { at, dir, span, kind }
//!                                       |
//!     mail-wire's framer -> pieces of lines, literals -> command::parse, response::parse
//! ```
//!
//! Two layers can be used. The [`Session`] takes the two byte streams of a connection, in chunks of any size, with
//! holes, compressed, from the middle, or one of them alone, and tells messages and parts of messages with the mailbox
//! and UID they belong to, logins with their verdicts, where TLS begins, and what is odd. The grammar ([`command`],
//! [`response`]) is stateless: one command or response in, literals and all, one typed value out.
//!
//! ```
//! use imap_proto_lite::{Config, Direction::*, EventKind, Session};
//!
//! let mut session = Session::new(Config::default());
//! let at = Default::default();
//! session.push(ToClient, at, "* OK ready\r\n".into());
//! session.push(ToServer, at, "a LOGIN {5+}\r\nalice {10+}\r\nwonderland\r\n".into());
//! session.push(ToClient, at, "a OK welcome\r\n".into());
//! for event in session.events() {
//!     if let EventKind::Credential(login) = event.kind {
//!         assert_eq!(login.username.unwrap(), "alice");
//!         assert_eq!(login.password.unwrap().expose(), "wonderland");
//!     }
//! }
//! ```
//!
//! # Contract
//!
//! 1. Inputs never fail: bad input becomes an [`Anomaly`], and parsing goes on.
//! 2. After each input, poll until `None`. Forgetting it costs memory, never correctness.
//! 3. Tagged responses are paired with commands by tag, not by time; a half whose bytes cannot be understood before
//!    the other half has answered is left unread, within [`Config::max_held`] and [`Config::max_wait`].
//! 4. For input with both halves and no gaps, below `max_held`, the events of each direction are the same for any
//!    chunking and any interleaving of the two, but for `at` and for where runs of content are cut.
//! 5. The spans of primary events tile each direction: every byte, and every gap, is in exactly one of them. Out of
//!    compressed data they are those of the compressed bytes, and neighbours may share some.
//! 6. Content of messages is handed on as shared slices of what was pushed, never collected, whatever its size.
//!    References to messages, credentials and names are copies that keep no packet alive.
//! 7. A session is a pure function of its input: no clock, no randomness.
//!
//! # Literals
//!
//! A line goes on in a literal only where tokens may stand, so neither a text for humans nor a quoted string announces
//! one. Content of messages (FETCH, APPEND, REPLACE, URLFETCH) is streamed as it comes; other literals are kept with
//! their line up to [`Config::max_inline`]. A hole in a literal is counted, and what stands behind it is found exactly;
//! a hole over an announcement is told, and what stands behind it is content of an incomplete message: of one without a
//! tag if the client says it, up to the next command in the manner of this client; of an unknown one if the server does, up
//! to the next response, or to the next section of the same one. Such a section is complete if what stands behind it proves
//! that it was one.
//!
//! # Limits
//!
//! All in [`Config`]: lines and inline literals 64 KiB, unread bytes 1 MiB for each half, waits 60 s of capture time,
//! 128 commands awaiting responses, 65,536 messages whose UID is remembered, inflated data by total and ratio.
//! [`Config::worst_case`] adds them up. A [`join::Joiner`] keeps 262,144 pieces.
//!
//! # Joining
//!
//! Clients fetch ranges, header and text apart, single parts, over several connections. What makes up a message is put
//! together by [`join`], which is fed with what sessions tell once they are over.
//!
//! # Not covered
//!
//! TLS is told and handed back untouched ([`Session::resume_plaintext`] takes over from a decryptor). SEARCH, SORT,
//! THREAD, ESEARCH, STATUS, QUOTA, ACL, METADATA and the like are passed over as text.
//!
//! # Sources
//!
//! RFC 9051 and 3501; 2971 (ID), 3502 (MULTIAPPEND), 3516 (BINARY), 4315 (UIDPLUS), 4467 (URLAUTH), 4469 (CATENATE), 5092 (URLs), 5524
//! (URLFETCH=BINARY), 4731 (ESEARCH), 4959 (SASL-IR), 4978 (COMPRESS), 5258 (LIST-EXTENDED), 6855 (UTF8), 7162 (CONDSTORE, QRESYNC), 7888
//! (LITERAL+), 8508 (REPLACE), 9586 (UIDONLY); Gmail's extensions.

mod anomaly;
pub mod command;
mod config;
mod error;
mod event;
pub mod join;
mod lexical;
mod mailbox;
pub mod response;
mod section;
mod session;

pub use anomaly::Anomaly;
pub use command::{Arguments, Command, Verb};
pub use config::Config;
pub use error::ParseError;
pub use event::{Event, EventKind, Mailbox, MessageRef, Operation, Tunnelled};
pub use lexical::Content;
pub use mail_wire::preface::Proxy;
pub use mail_wire::sasl::{Credential, Outcome as LoginOutcome};
pub use mail_wire::tunnel::Protocol as Tunnel;
pub use mail_wire::{Direction, Secret, Timestamp};
pub use mailbox::MailboxName;
pub use response::Response;
pub use section::{Section, Specifier};
pub use session::Session;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
