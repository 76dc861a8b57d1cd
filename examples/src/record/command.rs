//! `commands.jsonl`.

use serde::{Deserialize, Serialize};

use super::{Direction, Place, Text, Time};

/// A command or a reply.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Command {
    /// Number of its session.
    pub session: u64,
    /// When it was complete.
    pub at: Time,
    /// The packet that completed it.
    pub packet: Place,
    /// `client`: a command; `server`: a reply.
    pub direction: Direction,
    /// The command's verb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<Text>,
    /// IMAP tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Text>,
    /// What follows the verb; secrets as the user asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Text>,
    /// SMTP reply code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// POP3 or IMAP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Text>,
    /// SMTP enhanced status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhanced: Option<Text>,
    /// Text of the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Verb of the command that the reply answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Text>,
}

impl Command {
    /// A command or reply without content.
    #[must_use]
    pub const fn new(session: u64, at: Time, packet: Place, direction: Direction) -> Self {
        Self {
            session,
            at,
            packet,
            direction,
            verb: None,
            tag: None,
            arguments: None,
            code: None,
            status: None,
            enhanced: None,
            text: None,
            answers: None,
        }
    }
}
