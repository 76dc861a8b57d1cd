//! A file of records.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;

use super::nanoseconds;
use super::records::{Header, Type};
use crate::export::output::{NewFile, NewFolder};
use crate::export::source::Taken;
use crate::export::{ExportError, Written};
use crate::record::Time;

/// Records of one type behind their header.
pub(super) struct RecordFile {
    name: String,
    to: GzEncoder<NewFile>,
    bytes: Vec<u8>,
    items: u64,
}

impl RecordFile {
    pub(super) fn create(
        folder: &NewFolder,
        name: &str,
        kind: Type,
        created: Option<Time>,
        inputs: &str,
    ) -> Result<Self, ExportError> {
        let to = GzEncoder::new(folder.file(name)?, Compression::default());
        let mut file = Self { name: name.to_owned(), to, bytes: Vec::new(), items: 0 };
        file.push(&Header {
            created: created.map_or(0, nanoseconds),
            input_source: inputs.to_owned(),
            type_: kind as i32,
            version: concat!("mailtap ", env!("CARGO_PKG_VERSION")).to_owned(),
            contains_payloads: false,
        })?;
        Ok(file)
    }

    pub(super) fn write(&mut self, record: &impl Message) -> Taken {
        self.items += 1;
        self.push(record)
    }

    fn push(&mut self, record: &impl Message) -> Taken {
        self.bytes.clear();
        record
            .encode_length_delimited(&mut self.bytes)
            .map_err(std::io::Error::other)
            .and_then(|()| self.to.write_all(&self.bytes))
            .map_err(|error| self.to.get_ref().failed(error))
    }

    pub(super) fn finish(self) -> Result<Written, ExportError> {
        let file = self.to.finish().map_err(ExportError::io("write", self.name.as_ref()))?;
        file.finish()?;
        Ok(Written { name: self.name, items: self.items })
    }
}
