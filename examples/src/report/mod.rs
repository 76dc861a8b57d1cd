//! An output folder as one page to look at and to print.
//!
//! [`write`](fn@write) reads the records once, in order, and writes the page as it goes: memory is taken by a short row of each
//! message, never by all of it. The page loads nothing and sends nothing: style and script stand in it and are allowed by
//! their hashes, everything else is forbidden to it by its content policy. Data stand in blocks of JSON that nothing
//! runs, and reach the page as text alone.
//!
//! The same folder gives the same page, byte for byte.

mod details;
mod envelope;
mod error;
mod escape;
mod file;
mod group;
mod limits;
mod markup;
mod page;
mod picture;
mod preview;
mod rows;
mod totals;
mod writer;

pub use error::ReportError;
pub(crate) use file::is_report;
pub use limits::Limits;
pub use writer::{Options, Written, write};

/// Name of the report in the folder that it is of.
pub const FILE_NAME: &str = "report.html";
