//! What an extractor tells.

use crate::{Anomaly, Decode, Headers};
use bytes::Bytes;
use core::ops::Range;

/// One thing that was found, and where.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it stands in the message, in bytes; gaps of known length count. What comes out of a message inside of a
    /// transfer encoding carries the range of the encoded run.
    pub range: Range<u64>,
    /// The part that it belongs to, counted from 0 in the order of [`EventKind::PartStart`].
    pub part: u32,
    /// What was found.
    pub kind: EventKind,
}

/// What was found.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The header of the message. Those of enclosed messages are in [`Part::headers`].
    Headers(Headers),
    /// A node of the tree begins.
    PartStart(Box<Part>),
    /// A name that shows inside of the content or behind it, and is better than those before.
    PartName(Name),
    /// Content of a leaf, or of an enclosed message as a whole, its transfer encoding undone.
    PartData(Bytes),
    /// Content that will never come; `None`: nobody knows how much.
    PartGap(Option<u64>),
    /// The node is over.
    PartEnd(PartEnd),
    /// Something that a careful reader of the record wants to know.
    Anomaly(Anomaly),
    /// The message is over.
    End,
}

/// One node of the tree: a leaf, a multipart or an enclosed message.
///
/// # Paths
///
/// The body of a message is `0`, whether it is divided or not. The parts of a divided body are `1`, `2`, .. and theirs
/// `1.1`, `1.2`, .., as IMAP counts them. What a message at `2` encloses is counted below it in the same way: its body
/// is `2.0`, the parts of that body `2.1`, `2.2`, .. (IMAP calls an undivided body `1`, here it is `0` on every level.)
/// Text outside of the parts of a multipart is `preamble` or `epilogue` below it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place in the tree.
    pub path: String,
    /// The part that it is in, by its number; `None` for the body of the message.
    pub parent: Option<u32>,
    /// What kind of node it is.
    pub kind: PartKind,
    /// `type/subtype` in lower case; `text/plain` where nothing is said, `message/rfc822` inside of `multipart/digest`.
    pub content_type: String,
    /// The charset that the part names.
    pub charset: Option<String>,
    /// What it was taken out of, if that is not MIME. Its path is that of the part that holds it, with a name behind.
    pub container: Option<Container>,
    /// How the content travels.
    pub encoding: Encoding,
    /// What Content-Transfer-Encoding says, as it stands there.
    pub encoding_raw: Option<String>,
    /// The disposition in lower case: `attachment`, `inline`, ..
    pub disposition: Option<String>,
    /// The best of the names: `filename*` before `filename` before `name*` before `name`. Never use it as a path.
    pub filename: Option<String>,
    /// All names, the best first.
    pub names: Vec<Name>,
    /// The Content-ID without its angle brackets.
    pub content_id: Option<String>,
    /// The parameters of the content type, names in lower case, values decoded. Of a piece of a yEnc file `number`,
    /// `total`, `size` (of the whole file), `begin` and `end` (its bytes in the file, from 1), as far as it says them.
    pub parameters: Vec<(String, String)>,
    /// The part's own header fields; of the body of a message those of the message.
    pub headers: Headers,
    /// Where its header begins in the message.
    pub start: u64,
}

/// The kind of a node.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum PartKind {
    /// Content.
    #[default]
    Leaf,
    /// Holds parts, has no data of its own.
    Multipart,
    /// Encloses a message: its data is that message, byte for byte; the parts of that message come inside.
    Message,
    /// Text before the first part, which mail programs hide; told only when there is any. Its data begins with the first
    /// line, empty lines included up to 4 KiB. If the multipart turns out to have no parts, it ends as a leaf
    /// ([`PartEnd::kind`]).
    Preamble,
    /// Text behind the last part, in the same way.
    Epilogue,
}

/// Formats that hold files inside of the content of a part.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// uuencode, declared as transfer encoding or among lines of text. Paths: `1.uu1`, `1.uu2`, ..
    Uuencode,
    /// yEnc among lines of text. Paths: `1.yenc1`, ..
    YEnc,
    /// TNEF, as in `winmail.dat`: attachments, the text as RTF or HTML, enclosed messages. Paths: `2.tnef1`, ..
    Tnef,
    /// Base64 behind a `begin-base64` line among lines of text. Paths: `1.b64-1`, ..
    Base64,
    /// Signed, or only compressed, data of CMS (S/MIME): what it holds. Path: `1.cms1`.
    Cms,
    /// The content of a part in `x-gzip64`. Path: `1.gzip1`.
    Gzip,
    /// The forks of AppleSingle and AppleDouble. Paths: `1.fork1`, ..
    Apple,
    /// A `data:` address in a text of HTML; mail programs do not show it as an attachment. Paths: `1.data1`, ..
    DataUri,
    /// A message in a file of another type. Path: `2.eml1`, the parts of that message below.
    Message,
}

impl Container {
    /// The name in lower case: `uuencode`, `yenc`, `tnef`, `base64`, `cms`, `gzip`, `apple`, `data-uri`, `message`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uuencode => "uuencode",
            Self::YEnc => "yenc",
            Self::Tnef => "tnef",
            Self::Base64 => "base64",
            Self::Cms => "cms",
            Self::Gzip => "gzip",
            Self::Apple => "apple",
            Self::DataUri => "data-uri",
            Self::Message => "message",
        }
    }

    /// What paths call it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Uuencode => "uu",
            Self::YEnc => "yenc",
            Self::Tnef => "tnef",
            Self::Base64 => "b64-",
            Self::Cms => "cms",
            Self::Gzip => "gzip",
            Self::Apple => "fork",
            Self::DataUri => "data",
            Self::Message => "eml",
        }
    }
}

/// How content travels (RFC 2045 section 6).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// `7bit`, and what is not said.
    #[default]
    SevenBit,
    /// `8bit`.
    EightBit,
    /// `binary`.
    Binary,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `x-uuencode` and the like: the bytes are handed on as they are, the file in them is a part of its own.
    Uuencode,
    /// `x-gzip64`: base64, undone; what it holds decompressed is a part of its own.
    Gzip64,
    /// Anything else; the bytes are handed on as they are.
    Unknown,
}

impl Encoding {
    /// The name in lower case; empty for an unknown one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
            Self::Uuencode => "x-uuencode",
            Self::Gzip64 => "x-gzip64",
            Self::Unknown => "",
        }
    }
}

/// A name that the sender gave a part.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// Where it stands.
    pub source: NameSource,
    /// The name, decoded, otherwise as the sender wrote it.
    pub value: String,
}

/// Where a name stands.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSource {
    /// `filename*` of Content-Disposition (RFC 2231), also in sections.
    ExtendedFilename,
    /// `filename` of Content-Disposition (RFC 2183).
    Filename,
    /// `name*` of Content-Type.
    ExtendedName,
    /// `name` of Content-Type.
    Name,
    /// The format that the file was in: uuencode, yEnc, ..
    Container,
}

impl NameSource {
    /// The parameter: `filename*`, `filename`, `name*`, `name`; or `container`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExtendedFilename => "filename*",
            Self::Filename => "filename",
            Self::ExtendedName => "name*",
            Self::Name => "name",
            Self::Container => "container",
        }
    }
}

/// How a node ended.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartEnd {
    /// Bytes of data, gaps apart.
    pub size: u64,
    /// Whether all of it was seen, header included, to the delimiter that ends it.
    pub complete: bool,
    /// How well the transfer encoding could be undone.
    pub decode: Decode,
    /// Where the body stands in the message, without the line end that belongs to the delimiter.
    pub raw: Range<u64>,
    /// The kind, as it turned out.
    pub kind: PartKind,
}

const _: () = assert!(size_of::<Event>() <= 96, "events are moved often");
