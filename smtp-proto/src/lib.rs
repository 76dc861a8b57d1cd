//! SMTP, ESMTP and LMTP as they stand on the wire, read by somebody who only listens.
//!
//! The grammar layer is stateless: [`command::parse`] reads one line of a client, [`reply::parse_line`] one line of a
//! server, each without its line end. Both take the strict form of the RFCs and the loose ones that mail servers of
//! today accept, and share the bytes of the line instead of copying them.
//!
//! ```
//! use bytes::Bytes;
//! use smtp_proto::command::{self, Arguments};
//!
//! let line = Bytes::from_static(b"MAIL FROM:<bob@example.org> SIZE=1000");
//! let command = command::parse(&line)?;
//! let Arguments::Mail { sender, parameters } = command.arguments else { unreachable!() };
//! assert_eq!(sender.mailbox, "bob@example.org");
//! assert!(parameters[0].is("size"));
//! # Ok::<(), smtp_proto::ParseError>(())
//! ```

pub mod command;
mod error;
pub mod reply;
mod slice;

pub use error::ParseError;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
