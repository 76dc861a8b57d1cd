//! What the passive session parsers of the mailtap family share, written once.
//!
//! ```text
//! chunks, gaps -> Framer::next(Mode) -> Frame { at, span, kind } -> a session's grammar and state machine
//!                                                     AUTH lines -> sasl::Exchange -> Credential
//! ```
//!
//! - [`Direction`], [`Timestamp`], [`Secret`]: the words all sessions use; [`Fifo`]: what they queue in.
//! - [`halves`]: the two directions of a connection, who speaks in which, what waits; [`Pace`]: whether the client waits for
//!   each reply.
//! - [`upgrade`]: STARTTLS and its like; [`preface`]: what a proxy says first.
//! - [`framer`]: lines, dot-terminated bodies, counted and opaque bytes out of chunks, with gaps as input.
//! - [`sasl`]: what an authentication exchange gives away to somebody who only listens.
//! - [`tunnel`]: what HTTP CONNECT and SOCKS put before a session.
//! - [`slice`](mod@slice): words and blanks of one line.
//! - `transcript` (feature of that name): sessions as text, for tests and fuzz seeds; `drive` feeds them to a session and
//!   checks what every session promises.
//!
//! This crate knows no protocol, no TCP, no files, no clocks. It is bounded: a [`Framer`](framer::Framer) keeps one
//! partial line and what its session leaves unread; an [`Exchange`](sasl::Exchange) decodes at most
//! [`MAX_DATA`](sasl::Exchange::MAX_DATA) and keeps the fields it found.
//!
//! # Contract of a framer
//!
//! 1. Input never fails, and every byte and every gap comes out in exactly one frame: the spans tile the stream.
//! 2. The frames are the same for any chunking, but for where runs of data are cut.
//! 3. No byte is searched twice. Bytes are copied only for a line that crosses chunks, and for what is held while a
//!    session waits ([`Framer::settle`](framer::Framer::settle)).
//!
//! # Sources
//!
//! RFC 5321 section 4.5.2 and RFC 1939 section 3 (dot-stuffing), RFC 4422 (SASL, EXTERNAL), 4616 (PLAIN), 2195
//! (CRAM-MD5), 2831 (DIGEST-MD5), 5801, 5802 and 7677 (SCRAM), 7628 and 7519 (OAUTHBEARER, JWT), 4752, 4120, 4121, 3962
//! and 4757 (GSSAPI, Kerberos), 4178 (SPNEGO), 4505 (ANONYMOUS), 2444 and 2289 (OTP), 1939 section 7 (APOP); MS-NLMP
//! (NTLM); RFC 9110 section 9.3.6, 1928 and 1929 (tunnels).

mod direction;
#[cfg(feature = "transcript")]
pub mod drive;
mod fifo;
pub mod framer;
pub mod halves;
mod pace;
pub mod preface;
pub mod sasl;
mod secret;
pub mod slice;
#[cfg(feature = "transcript")]
pub mod transcript;
pub mod tunnel;
pub mod upgrade;

pub use direction::{Direction, Timestamp};
pub use fifo::Fifo;
pub use pace::Pace;
pub use secret::Secret;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
