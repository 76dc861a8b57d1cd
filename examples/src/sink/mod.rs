//! Where records and files go: the folder that a run writes.
//!
//! Nothing from the wire names a path here: files are named by their hashes. Folders are created with mode 0700, files
//! with 0600 and never over something that exists.

mod error;
mod folder;
mod hashes;
pub mod json;
mod lines;
mod spool;
pub(crate) mod system;

pub use error::SinkError;
pub(crate) use hashes::Hashes;

pub use folder::{Folder, Records, Store};
pub use lines::JsonLines;
pub use spool::{Spool, Stored};
