//! The parts of a message.

use serde::{Deserialize, Serialize};

use super::{Code, Hidden, PartDecode, Text};

/// One node of a message's MIME tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// Its place in the tree: `1`, `1.2`; `0` for an undivided body.
    pub path: String,
    /// `type/subtype` as the message says, in lower case.
    pub content_type: Text,
    /// The charset that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<Text>,
    /// Its transfer encoding, as it stands there; of a file inside of another part what that was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Text>,
    /// `attachment`, `inline`, ..
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Text>,
    /// The best of its names, decoded, otherwise as the sender wrote it. Never use it as a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<Text>,
    /// All names, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<PartName>,
    /// The file name in a form that is safe to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe_name: Option<String>,
    /// The Content-ID without angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_id: Option<Text>,
    /// Size of the decoded content in bytes; leaves and enclosed messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 of the decoded content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// MD5 of the decoded content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// The type that the content itself shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected_type: Option<Code>,
    /// What keeps the content from being looked into: `zip`, `rar`, `7z` or `office`, where it needs a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Code>,
    /// Names of the first files in a ZIP archive that is nothing more special, as they stand there. Never use them as paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Text>,
    /// Whether it is a document with macros: a VBA project or a macro sheet.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub macros: bool,
    /// Whether the content is something else than the message says.
    pub type_mismatch: bool,
    /// How well the transfer encoding could be undone.
    pub decode: PartDecode,
    /// Whether all of it was seen.
    pub complete: bool,
    /// Where its body stands in the message: offset and length.
    pub raw: [u64; 2],
    /// The file with the decoded content, below the output folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// On parts that only a candidate reading finds: the anomalies that make it possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Code>,
    /// Where it hides from mail programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Hidden>,
}

impl Part {
    /// A part without content, of which only place and type are known.
    #[must_use]
    pub const fn new(path: String, content_type: Text) -> Self {
        Self {
            path,
            content_type,
            charset: None,
            encoding: None,
            disposition: None,
            filename: None,
            names: Vec::new(),
            safe_name: None,
            content_id: None,
            size: None,
            sha256: None,
            md5: None,
            detected_type: None,
            encryption: None,
            entries: Vec::new(),
            macros: false,
            type_mismatch: false,
            decode: PartDecode::Ok,
            complete: false,
            raw: [0; 2],
            file: None,
            via: Vec::new(),
            hidden: None,
        }
    }
}

/// One of the names of a part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct PartName {
    /// The parameter that holds it: `filename*`, `filename`, `name*`, `name`; or `container`.
    pub source: Code,
    /// The name, decoded.
    pub value: Text,
}

impl PartName {
    /// A name.
    #[must_use]
    pub const fn new(source: &'static str, value: Text) -> Self {
        Self { source: Code::Borrowed(source), value }
    }
}

/// A part that holds a piece of a larger message or file. No record shows it: it is for who joins them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PieceOf {
    /// The place of the part among the parts of its message.
    pub part: usize,
    /// What it says of the whole.
    pub piece: mime_extract::join::Piece,
    /// The header fields that the whole message has from around it.
    pub copied: Vec<u8>,
}

impl PieceOf {
    /// A piece.
    #[must_use]
    pub const fn new(part: usize, piece: mime_extract::join::Piece, copied: Vec<u8>) -> Self {
        Self { part, piece, copied }
    }
}
