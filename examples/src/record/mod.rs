//! The records as plain data: one type for each line of the output folder's files, with the field names and their
//! order as users read them.
//!
//! Rules that hold in all of them: an absent value is left out, and so is an empty list; yes-or-no fields are always
//! written; text from the wire is [`Text`], lossy UTF-8; a time is a [`Time`] with the precision of its capture.

mod anomaly;
mod authentication;
mod command;
mod finding;
mod login;
mod message;
mod part;
mod place;
mod provenance;
mod session;
mod summary;
mod text;
mod time;
mod words;

pub use anomaly::Anomaly;
pub use authentication::{AuthenticationResult, AuthenticationResults};
pub use command::Command;
pub use finding::{Fact, Finding};
pub use login::{CrackableHash, Login};
pub use message::{
    Envelope, HeaderField, Headers, Message, MessageAnomaly, Missing, Received, Recipient, Source,
};
pub use part::{Part, PartName, PieceOf};
pub use place::{Packets, Place, Stretch};
pub use provenance::{Provenance, Run};
pub use session::{Action, Proxied, Session, Sides, TlsStart};
pub use summary::{Counts, Input, InputDamage, SkippedFile, Summary, TOOL};
pub(crate) use text::hex;
pub use text::{Secret, Text};
pub use time::{NotATime, Time};
pub use words::{
    ActionKind, Direction, Ended, Hidden, Layer, LoginOutcome, Operation, Outcome, PartDecode, Protocol,
    Reading, Severity, Tls, TlsHandshake,
};

/// A kebab-case identifier of an anomaly.
pub type Code = std::borrow::Cow<'static, str>;

#[cfg(test)]
mod tests;
