//! Passive TCP reassembly without I/O.

mod anomaly;
mod config;
mod connection;
mod direction;
mod event;
mod flows;
mod half;
mod reassembler;
mod segment;
mod seq;
mod stats;

pub use self::anomaly::Anomaly;
pub use self::config::Config;
pub use self::direction::{Direction, Timestamp};
pub use self::event::{Close, Conflict, End, Event, EventKind, FlowId, GapReason, Origin};
pub use self::reassembler::Reassembler;
pub use self::segment::{Flags, Segment};
pub use self::seq::Seq;
pub use self::stats::Stats;
