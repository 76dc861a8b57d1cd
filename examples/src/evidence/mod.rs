//! From the folder that `extract` wrote back to the captures.
//!
//! [`Folder`] gives its records and files back, [`trace`] tells the packets that a message came from, [`verify`]
//! compares everything in the folder with everything it was made of. All read the folder as somebody else's: line by
//! line, nothing that a record names is used as a path before it has the form of a hash, links are not followed, and
//! what is damaged is told.

mod captures;
mod error;
mod folder;
mod lines;
mod name;
mod records;
mod trace;
mod verify;

pub use error::{Damaged, EvidenceError};
pub use folder::{Folder, RecordsOf};
pub use trace::{Capture, Head, Piece, Trace, Which, trace};
pub use verify::{Checked, Finding, Verdict, verify};
