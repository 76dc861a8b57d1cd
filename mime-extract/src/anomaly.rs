//! What is odd about a message, by name.

/// Declares the enum with its codes and `ALL`, so that none of the three can fall behind.
macro_rules! anomalies {
    ($($(#[doc = $doc:literal])+ $name:ident $({ $field:ident: $type:ty = $sample:expr })? => $code:literal, $text:literal;)+) => {
        /// Something odd: bad syntax, a broken rule, a limit reached. Parsing went on.
        ///
        /// Where it stands is the range of its event; in a decoded message the range of the encoded run.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum Anomaly {
            $(
                $(#[doc = $doc])+
                #[error($text)]
                $name $({
                    /// How many, or which.
                    $field: $type,
                })?,
            )+
        }

        impl Anomaly {
            /// A stable name in kebab-case.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $code,)+
                }
            }

            /// What the code does not say: a count, a limit or the name of a field.
            #[must_use]
            pub fn detail(&self) -> Option<String> {
                match self {
                    $($(Self::$name { $field } => Some($field.to_string()),)?)+
                    _ => None,
                }
            }

            /// One of each, for tables of all codes.
            pub const ALL: &'static [Self] = &[$(Self::$name $({ $field: $sample })?,)+];
        }
    };
}

anomalies! {
    /// The lines of a header block, or its line and that of a delimiter, end in different ways.
    EolMixed => "eol-mixed", "lines end with CRLF and with LF";
    /// The first line comes from an mbox file; it is passed over.
    MboxFrom => "mbox-from", "an mbox From_ line stands before the message";
    /// The first line is no field: all of the message is body.
    NoHeaders => "no-headers", "the message has no header fields";
    /// The message begins with an empty line, or a part with one and a content field: all that follows is body.
    HeaderStartBlank => "header-start-blank", "an empty line stands before the header";
    /// Body begins at lines that are no fields.
    HeaderEndMissing => "header-end-missing", "no empty line parts header and body";
    /// A line of blanks in a header block; it is read as a fold.
    HeaderEndAmbiguous => "header-end-ambiguous", "a line of blanks stands in the header";
    /// A line of a header block is no field; it is kept as a field without a name.
    HeaderJunkLine => "header-junk-line", "a line of the header is no field";
    /// Blanks before the colon; the field is taken. Or before the name of a content field, which then is a fold.
    HeaderSyntax => "header-syntax", "blanks stand before the name or the colon of a field";
    /// CR, VT, FF or another control character in a field.
    HeaderCtl => "header-ctl", "a field holds a control character";
    /// A CR without LF in a header block, or beside a delimiter, which then is none; it is read as a character.
    BareCr => "bare-cr", "a CR without LF stands in a field or beside a delimiter";
    /// A NUL in a header block.
    Nul => "nul", "a field holds a NUL";
    /// Bytes of a field that are neither ASCII nor UTF-8.
    Header8bit => "header-8bit", "a field holds bytes that are not UTF-8";
    /// A field that belongs once stands there twice.
    HeaderDuplicate { name: &'static str = "subject" } => "header-duplicate", "{name} stands there more than once";
    /// The rest of the header block was passed over.
    HeaderTooLong { limit: usize = 0 } => "header-too-long", "a header block is longer than {limit} bytes";
    /// Bytes of a header block will never come.
    HeaderGap => "header-gap", "a piece of the header is missing";
    /// The first one is used.
    CtDuplicate => "ct-duplicate", "a part has several Content-Type fields";
    /// There is no `type/subtype` in the field; text/plain is assumed.
    CtMalformed => "ct-malformed", "a Content-Type field names no type";
    /// The first one that says anything is used.
    CteDuplicate => "cte-duplicate", "a part has several Content-Transfer-Encoding fields";
    /// The first known one is used.
    CteList => "cte-list", "a Content-Transfer-Encoding lists several";
    /// Comments, quotes or more around the name.
    CteMalformed => "cte-malformed", "a Content-Transfer-Encoding is decorated";
    /// The bytes are handed on as they are.
    CteUnknown => "cte-unknown", "a Content-Transfer-Encoding is not known";
    /// Other readings only: the content looks like that encoding, which no field names.
    CteSniffed => "cte-sniffed", "content looks like a transfer encoding that is not named";
    /// It is not applied.
    CteOnComposite => "cte-on-composite", "a multipart claims a transfer encoding";
    /// It is applied.
    CteOnMessage => "cte-on-message", "a message/rfc822 claims a transfer encoding";
    /// Its first line is a header field, so nothing is decoded.
    CtePlain => "cte-plain", "a message claims base64 and is plain text";
    /// The first one is used.
    ParamDuplicate => "param-duplicate", "a parameter stands there more than once";
    /// Missing, repeated or disordered sections (RFC 2231); they are joined by number.
    Param2231 => "param-2231", "the sections of a parameter are not in order";
    /// A quoted value has no end.
    ParamQuote => "param-quote", "the closing quote of a parameter is missing";
    /// A comment among parameters; it is passed over.
    ParamComment => "param-comment", "a comment stands among the parameters";
    /// The value is taken to the semicolon.
    ParamUnquotedTspecials => "param-unquoted-tspecials", "a parameter should have been quoted";
    /// It is part of the value of another one.
    ParamHidden => "param-hidden", "a boundary stands inside of another parameter";
    /// Further parameters are passed over.
    ParamFlood { limit: usize = 0 } => "param-flood", "a field has more than {limit} parameters";
    /// The rest of the value is taken for the comment.
    CommentDepth => "comment-depth", "comments are nested too deep or never end";
    /// The body is one leaf.
    BoundaryMissing => "boundary-missing", "a multipart names no boundary";
    /// It is compared without them.
    BoundaryWsp => "boundary-wsp", "a boundary ends in blanks";
    /// Delimiters are matched by their whole line.
    BoundaryNestedPrefix => "boundary-nested-prefix", "a boundary begins with another open one";
    /// It is content.
    BoundaryPrefix => "boundary-prefix", "a line begins like a delimiter and goes on";
    /// Other readings only: the parts before and behind a delimiter are one.
    BoundaryInLeaf => "boundary-in-leaf", "a delimiter stands inside of a part";
    /// Other readings only: lines that look like delimiters are taken for them.
    BoundaryGuessed => "boundary-guessed", "a boundary is guessed";
    /// The part is a leaf.
    MultipartImplied => "multipart-implied", "a part has a boundary and is no multipart";
    /// The innermost multipart takes the delimiters.
    BoundaryReused => "boundary-reused", "two open multiparts share a boundary";
    /// The delimiter ends the header block.
    BoundaryInHeader => "boundary-in-header", "a delimiter stands in a header block";
    /// It ended with what holds it.
    CloseMissing => "close-missing", "a multipart has no close delimiter";
    /// Its body is the leaf that was announced as preamble.
    NoParts => "no-parts", "a multipart has no parts";
    /// More than the usual sentence for old readers.
    PreambleContent => "preamble-content", "text stands before the first part";
    /// Text behind the close delimiter.
    EpilogueContent => "epilogue-content", "text stands behind the last part";
    /// The rest of the message is one leaf.
    TooManyParts { limit: usize = 0 } => "too-many-parts", "a message has more than {limit} parts";
    /// What is below stays one leaf.
    TooDeep { limit: usize = 0 } => "too-deep", "parts are nested deeper than {limit}";
    /// There are more readings than were tried: `readings`, `bytes` (decoded), `size` (of the message), whichever
    /// limit was met.
    ReadingsCapped { what: &'static str = "readings" } => "readings-capped", "not every reading was tried: limit of {what}";
    /// Decoding went on behind it.
    B64InnerPadding { count: u64 = 0 } => "b64-inner-padding", "base64 goes on behind padding, {count} times";
    /// Too much or too little of it.
    B64Padding { count: u64 = 0 } => "b64-padding", "base64 padding is wrong, {count} times";
    /// They were passed over (RFC 2045 section 6.8).
    B64ForeignChar { count: u64 = 0 } => "b64-foreign-char", "base64 holds {count} foreign characters";
    /// Text behind the padding; it was passed over.
    B64Trailing { count: u64 = 0 } => "b64-trailing", "{count} bytes of text follow the base64";
    /// The last one is dropped.
    B64Length => "b64-length", "base64 ends with a single character";
    /// They were kept as they are.
    QpBadEscape { count: u64 = 0 } => "qp-bad-escape", "{count} escapes are no quoted-printable";
    /// Line ends stay as they came.
    QpOnBinary => "qp-on-binary", "content that is no text travels as quoted-printable";
    /// It is told as a part of its own, below the one that holds it.
    Uuencode => "uuencode", "a part holds a uuencoded file";
    /// The file ends there.
    UuLine => "uu-line", "a line in a uuencoded file is none of it";
    /// It is told as a part of its own, below the one that holds it.
    YEnc => "yenc", "a part holds a file in yEnc";
    /// Size or CRC-32 differ, or a line has no end.
    YEncChecksum => "yenc-checksum", "a file in yEnc is not what its last line says";
    /// A piece of a larger file.
    YEncPart { part: u64 = 0 } => "yenc-part", "a file in yEnc is piece {part} of several";
    /// Its attachments are told as parts of their own, below it.
    Tnef => "tnef", "a part is a TNEF container (winmail.dat)";
    /// The attribute is taken all the same.
    TnefChecksum => "tnef-checksum", "an attribute in TNEF has a wrong checksum";
    /// What is behind that place cannot be read.
    TnefDamaged => "tnef-damaged", "a TNEF container is damaged or cut";
    /// Bytes are bytes; only the text view suffers.
    CharsetBad => "charset-bad", "a charset is not known";
    /// All are told; the part is called by the best.
    NameConflict => "name-conflict", "a part has several names";
    /// Decoded all the same.
    Name2047 => "name-2047", "a name is an encoded word inside a parameter";
    /// Not UTF-8; read as windows-1252.
    NameCharset => "name-charset", "a name holds raw bytes";
    /// Paths, control characters, reversed text; never use it as it is.
    NameUnsafe => "name-unsafe", "a name is not fit for a file";
    /// A piece of a larger message; [`join`](crate::join) puts them together.
    PartialPiece => "partial-piece", "a message/partial is one piece of a message";
    /// Told by who joins them: pieces are missing, or contradict each other.
    PartialIncomplete => "partial-incomplete", "the pieces of a message or a file do not make a whole";
    /// The content is elsewhere.
    ExternalBody => "external-body", "a message/external-body only points to its content";
    /// A `begin-base64` line before the base64 of a part; it is passed over, its name is told.
    B64BeginLine => "b64-begin-line", "a begin-base64 line stands before base64";
    /// A file behind a `begin-base64` line in a text; a part of its own.
    BeginBase64 => "begin-base64", "a part holds a file behind a begin-base64 line";
    /// It is told, and not opened.
    BinHex => "binhex", "a part holds a file in BinHex";
    /// The decompressed content is a part of its own, below it.
    Gzip64 => "gzip64", "a part travels compressed (x-gzip64)";
    /// What is behind that place cannot be read.
    CompressionDamaged => "compression-damaged", "compressed content is damaged or cut";
    /// The rest of the content is passed over.
    ExpansionLimit { limit: u64 = 0 } => "expansion-limit", "compressed content comes to more than {limit} bytes";
    /// Resource fork and properties of the file that the next part holds.
    AppleDouble => "apple-double", "a part is the header file of AppleDouble";
    /// Its forks are parts of their own, below it.
    AppleSingle => "apple-single", "a part is an AppleSingle file";
    /// What is behind that place cannot be read.
    AppleDamaged => "apple-damaged", "an AppleSingle or AppleDouble file is damaged or cut";
    /// Its content is a part of its own, below it.
    OpaqueSigned => "opaque-signed", "a part is signed data that holds its content (CMS)";
    /// Its content is a part of its own, below it.
    CmsCompressed => "cms-compressed", "a part is compressed data (CMS)";
    /// What is behind that place cannot be read.
    CmsDamaged => "cms-damaged", "signed or compressed data (CMS) is damaged or cut";
    /// Nobody reads it without the key.
    Encrypted { scheme: &'static str = "cms" } => "encrypted", "a part is encrypted ({scheme})";
    /// Nothing of it is opened or checked.
    PgpInline { what: &'static str = "message" } => "pgp-inline", "a text holds a PGP {what}";
    /// A whole message in a file; one that can be read is a part of its own, below it.
    NestedContainer { format: &'static str = "eml" } => "nested-container", "a file is a message ({format})";
    /// It is a part of its own, below it.
    HtmlDataUri => "html-data-uri", "a text holds a file in a data: address";
    /// The last extension runs, the one before it looks harmless.
    NameDoubleExtension => "name-double-extension", "a name has two extensions, and the last one runs";
}

impl Anomaly {
    /// Whether the message can be read in another way because of it; see [`candidates`](crate::candidates()).
    #[must_use]
    pub const fn is_ambiguous(&self) -> bool {
        matches!(
            self,
            Self::NoHeaders
                | Self::HeaderStartBlank
                | Self::HeaderEndMissing
                | Self::HeaderEndAmbiguous
                | Self::HeaderJunkLine
                | Self::HeaderSyntax
                | Self::BareCr
                | Self::CtDuplicate
                | Self::CteDuplicate
                | Self::CteList
                | Self::CteMalformed
                | Self::CteUnknown
                | Self::CteOnComposite
                | Self::ParamDuplicate
                | Self::Param2231
                | Self::ParamQuote
                | Self::ParamComment
                | Self::ParamUnquotedTspecials
                | Self::ParamHidden
                | Self::BoundaryMissing
                | Self::BoundaryPrefix
                | Self::BoundaryReused
                | Self::BoundaryInHeader
                | Self::MultipartImplied
                | Self::NoParts
                | Self::PreambleContent
                | Self::EpilogueContent
                | Self::B64InnerPadding { .. }
                | Self::B64Padding { .. }
                | Self::B64ForeignChar { .. }
                | Self::B64Trailing { .. }
                | Self::B64Length
                | Self::QpBadEscape { .. }
                | Self::QpOnBinary
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut codes: Vec<_> = Anomaly::ALL.iter().map(Anomaly::code).collect();
        assert!(codes.iter().all(|code| {
            code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        }));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Anomaly::ALL.len());
    }

    #[test]
    fn details_are_counts_and_names() {
        assert_eq!(Anomaly::B64ForeignChar { count: 3 }.detail().as_deref(), Some("3"));
        assert_eq!(Anomaly::HeaderDuplicate { name: "date" }.detail().as_deref(), Some("date"));
        assert_eq!(Anomaly::NoParts.detail(), None);
        assert_eq!(Anomaly::B64ForeignChar { count: 3 }.to_string(), "base64 holds 3 foreign characters");
    }
}
