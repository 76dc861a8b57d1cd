//! Which flows there are, and which of them was silent longest.

mod key;
mod table;

pub(crate) use self::key::Key;
pub(crate) use self::table::{Class, Table};
