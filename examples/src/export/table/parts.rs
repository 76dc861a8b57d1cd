//! The table of parts.

use super::super::cells::{Column, Kind, Table, column, list};
use crate::record::{Part, PartName};

/// A part, with the number of its message.
#[derive(Debug)]
pub(crate) struct PartRow {
    pub(crate) message: u64,
    pub(crate) part: Part,
}

pub(crate) const PARTS: Table<PartRow> = Table { name: "parts", columns: COLUMNS };

const COLUMNS: &[Column<PartRow>] = &[
    column("message", Kind::Number, |row| row.message.into()),
    column("path", Kind::Text, |row| (&row.part.path).into()),
    column("content_type", Kind::Text, |row| (&row.part.content_type).into()),
    column("charset", Kind::Text, |row| row.part.charset.as_ref().into()),
    column("encoding", Kind::Text, |row| row.part.encoding.as_ref().into()),
    column("disposition", Kind::Text, |row| row.part.disposition.as_ref().into()),
    column("filename", Kind::Text, |row| row.part.filename.as_ref().into()),
    column("names", Kind::List, |row| list(row.part.names.iter().map(name))),
    column("safe_name", Kind::Text, |row| row.part.safe_name.as_ref().into()),
    column("content_id", Kind::Text, |row| row.part.content_id.as_ref().into()),
    column("size", Kind::Number, |row| row.part.size.into()),
    column("sha256", Kind::Text, |row| row.part.sha256.as_ref().into()),
    column("md5", Kind::Text, |row| row.part.md5.as_ref().into()),
    column("detected_type", Kind::Text, |row| row.part.detected_type.as_deref().into()),
    column("type_mismatch", Kind::Bool, |row| row.part.type_mismatch.into()),
    column("decode", Kind::Text, |row| row.part.decode.word().into()),
    column("complete", Kind::Bool, |row| row.part.complete.into()),
    column("raw_offset", Kind::Number, |row| row.part.raw[0].into()),
    column("raw_length", Kind::Number, |row| row.part.raw[1].into()),
    column("file", Kind::Text, |row| row.part.file.as_ref().into()),
    column("via", Kind::List, |row| list(&row.part.via)),
    column("hidden", Kind::Text, |row| row.part.hidden.map(|hidden| hidden.word()).into()),
];

fn name(name: &PartName) -> String {
    format!("{}={}", name.source, name.value)
}
