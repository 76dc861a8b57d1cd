//! Passive TCP reassembly without I/O: captured segments go in, the ordered bytes of both directions come out,
//! with everything that is missing or contradictory told.
//!
//! ```
//! use bytes::Bytes;
//! use tcp_reassembly::{Config, Direction, EventKind, Flags, GapReason, Reassembler, Segment};
//!
//! let (client, server) = ("192.0.2.1:40000".parse()?, "192.0.2.2:25".parse()?);
//! let mut reassembler = Reassembler::new(Config::default());
//! reassembler.push(Segment::new(client, server, 0).with_flags(Flags::SYN));
//! reassembler.push(Segment::new(server, client, 500).with_flags(Flags::SYN).with_ack(1));
//! reassembler.push(Segment::new(client, server, 1).with_ack(501).with_payload(Bytes::from_static(b"EHLO "), 54));
//! // Ten bytes were not captured, but the server has them.
//! reassembler.push(Segment::new(client, server, 16).with_ack(501).with_payload(Bytes::from_static(b"\r\n"), 54));
//! reassembler.push(Segment::new(server, client, 501).with_ack(18));
//!
//! let kinds: Vec<EventKind> = reassembler.events().map(|event| event.kind).collect();
//! assert!(matches!(kinds[0], EventKind::Opened(_)));
//! assert!(matches!(&kinds[1], EventKind::Data { dir: Direction::ToServer, offset: 0, bytes, .. } if bytes == "EHLO "));
//! assert_eq!(
//!     kinds[2],
//!     EventKind::Gap { dir: Direction::ToServer, offset: 5, len: 10, why: GapReason::Acked }
//! );
//! assert!(matches!(&kinds[3], EventKind::Data { offset: 15, bytes, .. } if bytes == "\r\n"));
//! # Ok::<(), core::net::AddrParseError>(())
//! ```
//!
//! # How it works
//!
//! [`Reassembler::push`] takes segments in the order of the capture and never fails; [`Reassembler::poll_event`] gives
//! what came of them. A passive reader cannot ask for anything again, so what does not fit is told as an
//! [`Anomaly`] and the stream goes on.
//!
//! - **In order** bytes go straight into [`EventKind::Data`], as a slice of the packet.
//! - **Out of order** bytes are copied (unless [`Segment::backing`] makes that needless) and held until the hole before
//!   them is filled or given up ([`EventKind::Gap`], with its [`GapReason`]).
//! - **Again** seen bytes are compared: with what is held, and with what was delivered, as far as the replay ring
//!   reaches. Differences are [`EventKind::Conflict`]. Delivered bytes are final; among held ones the [`Policy`] of
//!   the receiver decides, which is that the first copy counts unless somebody chooses another.
//! - **Doubtful** bytes, which the receiver may have dropped (wrong checksum, and what else [`Config`] rejects), are kept
//!   aside and used only where nothing better has come when their place is given up.
//! - **Causal delivery**: what one side acknowledges is told before what that side says next, so that a consumer
//!   sees a command before its answer, even where the capture has them the other way round.
//! - **FIN and RST** are doubted until they are confirmed or for [`Config::close_grace`]; forged ones lose no data.
//!
//! # Promises
//!
//! - P1: the bytes of a direction are told once, in order, at 64-bit offsets that only grow.
//! - P2: data and gaps (and urgent bytes taken out) cover a direction without hole or overlap.
//! - P3: every run of bytes names its packet, its capture time and its place in the packet.
//! - P4: bytes that come twice and differ give a conflict with both versions; floods of them are counted.
//! - P5: held memory stays within [`Config::worst_case`] after every call.
//! - P6: the next expected segment is always taken.
//! - P7: no panic and no unbounded work on any input.
//! - P8: the output is a function of the input alone.
//! - P9: what is not delivered is visible in an event or in [`Stats`].
//!
//! They hold for directions that somebody reads: see [`Reassembler::forget`].
//!
//! # Time
//!
//! [`Reassembler::expire`] ends waits and idle flows in capture time; without it nothing ends but by limits and by
//! [`Reassembler::finish`]. Time stamps may go backwards or be missing: no wait hangs on them alone, except those of
//! `expire`.
#![cfg_attr(
    feature = "packet",
    doc = "\n[`packet::decode`] makes segments of captured frames of the usual link types."
)]

mod anomaly;
mod config;
mod connection;
mod direction;
mod event;
mod flows;
mod half;
#[cfg(feature = "packet")]
pub mod packet;
mod policy;
mod reassembler;
mod segment;
mod seq;
mod stats;
mod validity;

pub use self::anomaly::Anomaly;
pub use self::config::Config;
pub use self::direction::{Direction, Timestamp};
pub use self::event::{Close, Conflict, End, Event, EventKind, FlowId, GapReason, Hint, Opened, Origin};
pub use self::policy::{Policies, Policy, Relation};
pub use self::reassembler::Reassembler;
pub use self::segment::{Flags, Segment};
pub use self::seq::Seq;
pub use self::stats::{Count, Stats};
pub use self::validity::{Check, Checksum, Checksums, Doubt, Urgent};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
