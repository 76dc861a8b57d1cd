//! The tables: which columns show which kind of record. All formats that consist of tables have these.
//!
//! A column has the name of the field in the record; addresses are divided into host and port. What is deeper in a record
//! than a table can show is brought into a list of texts.

mod anomalies;
mod commands;
mod findings;
mod logins;
mod messages;
mod parts;
mod sessions;

pub(super) use anomalies::ANOMALIES;
pub(super) use commands::COMMANDS;
pub(super) use findings::FINDINGS;
pub(super) use logins::{LOGINS, LoginRow};
pub(super) use messages::MESSAGES;
pub(super) use parts::{PARTS, PartRow};
pub(super) use sessions::SESSIONS;

use super::cells::{Cell, list};
use crate::record::{Packets, Place};

/// `1:12`: frame 12 of input 1.
fn place(place: Place) -> Cell<'static> {
    Cell::Owned(format!("{}:{}", place.input, place.frame))
}

/// `1:12-17`: frames 12 to 17 of input 1.
fn packets(packets: &Packets) -> Cell<'static> {
    let shown =
        |stretch: &crate::record::Stretch| format!("{}:{}-{}", stretch.input, stretch.first, stretch.last);
    list(packets.stretches().iter().map(shown))
}
