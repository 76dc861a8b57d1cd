//! Apache Parquet: messages, parts, sessions, logins and findings as tables for DuckDB, pandas, Spark and the like.
//!
//! The format is version 2 of <https://parquet.apache.org/docs/file-format/>, its columns compressed with Zstandard. The
//! tables and columns are those of [`csv`](super::csv), in types of their own:
//!
//! | in the record | in the column |
//! | --- | --- |
//! | a number | `INT64`, `INTEGER(64, false)` |
//! | a number with a sign | `INT64` |
//! | yes or no | `BOOLEAN` |
//! | a time | `INT64`, `TIMESTAMP(NANOS, true)`: since 1970, UTC |
//! | text | `BYTE_ARRAY`, `STRING` |
//! | a list | `LIST` of `STRING` |
//!
//! All columns are optional: no value is null, and so is an empty list. Text is as it was in the record: nothing is
//! defused, since nothing here is taken for a formula. Rows are collected until they take some 16 MiB, and written
//! as a row group; one record may take more.
//!
//! What cannot be told: times after 2262-04-11, which 64 bits of nanoseconds do not hold (null); how many digits a time has in
//! its capture; nested values but as text; header fields but the common ones.

mod columns;

use std::io::Write as _;
use std::sync::Arc;

use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{WriterProperties, WriterVersion};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use super::cells::{Column, Kind, Table};
use super::output::{NewFile, NewFolder};
use super::source::{Source, Taken};
use super::table::{FINDINGS, LOGINS, LoginRow, MESSAGES, PARTS, PartRow, SESSIONS};
use super::{ExportError, Written};
use columns::Values;

/// The tables in the order in which they are written.
const TABLES: [&str; 5] = [SESSIONS.name, MESSAGES.name, PARTS.name, LOGINS.name, FINDINGS.name];

/// Rows that take so many bytes are written together.
const GROUP: usize = 16 << 20;

pub(super) fn writes(name: &str) -> bool {
    name.strip_suffix(".parquet").is_some_and(|name| TABLES.contains(&name))
}

pub(super) fn write(source: &Source, folder: &NewFolder) -> Result<Vec<Written>, ExportError> {
    let mut sessions = TableFile::create(folder, &SESSIONS)?;
    source.sessions(|session| sessions.row(&session))?;
    let mut messages = TableFile::create(folder, &MESSAGES)?;
    let mut parts = TableFile::create(folder, &PARTS)?;
    source.messages(|message| {
        messages.row(&message)?;
        let number = message.message;
        message.parts.into_iter().try_for_each(|part| parts.row(&PartRow { message: number, part }))
    })?;
    let mut logins = TableFile::create(folder, &LOGINS)?;
    source.logins(|number, login| logins.row(&LoginRow { number, login }))?;
    let mut findings = TableFile::create(folder, &FINDINGS)?;
    source.findings(|finding| findings.row(&finding))?;
    Ok(vec![sessions.finish()?, messages.finish()?, parts.finish()?, logins.finish()?, findings.finish()?])
}

/// The schema of a table, as Parquet writes it.
fn schema<R>(table: &Table<R>) -> String {
    let column = |column: &Column<R>| {
        let name = column.name;
        match column.kind {
            Kind::Bool => format!("  OPTIONAL BOOLEAN {name};\n"),
            Kind::Number => format!("  OPTIONAL INT64 {name} (INTEGER(64,false));\n"),
            Kind::Signed => format!("  OPTIONAL INT64 {name};\n"),
            Kind::Time => format!("  OPTIONAL INT64 {name} (TIMESTAMP(NANOS,true));\n"),
            Kind::Text => format!("  OPTIONAL BYTE_ARRAY {name} (STRING);\n"),
            Kind::List => format!(
                "  OPTIONAL group {name} (LIST) {{ REPEATED group list {{ REQUIRED BYTE_ARRAY element (STRING); }} }}\n"
            ),
        }
    };
    let columns: String = table.columns.iter().map(column).collect();
    format!("message {} {{\n{columns}}}\n", table.name)
}

/// A file of rows, the last of which wait for more.
struct TableFile<R: 'static> {
    name: String,
    columns: &'static [Column<R>],
    values: Vec<Values>,
    waiting: usize,
    items: u64,
    writer: SerializedFileWriter<NewFile>,
}

impl<R> TableFile<R> {
    fn create(folder: &NewFolder, table: &Table<R>) -> Result<Self, ExportError> {
        let name = format!("{}.parquet", table.name);
        let file = folder.file(&name)?;
        let failed = |error| failed(&name, error);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_created_by(concat!("mailtap version ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let schema = parse_message_type(&schema(table)).map_err(failed)?;
        let writer =
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        let values = table.columns.iter().map(|column| Values::new(column.kind)).collect();
        Ok(Self { name, columns: table.columns, values, waiting: 0, items: 0, writer })
    }

    fn row(&mut self, row: &R) -> Taken {
        self.items += 1;
        for (column, values) in self.columns.iter().zip(&mut self.values) {
            self.waiting += values.push((column.get)(row));
        }
        if self.waiting >= GROUP { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Taken {
        if core::mem::take(&mut self.waiting) > 0 {
            write_group(&mut self.writer, &mut self.values).map_err(|error| failed(&self.name, error))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Written, ExportError> {
        self.flush()?;
        let mut file = self.writer.into_inner().map_err(|error| failed(&self.name, error))?;
        file.flush().map_err(|error| file.failed(error))?;
        file.finish()?;
        Ok(Written { name: self.name, items: self.items })
    }
}

fn write_group<W: std::io::Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    values: &mut [Values],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for values in values {
        if let Some(mut column) = group.next_column()? {
            values.write(&mut column)?;
            column.close()?;
        }
    }
    group.close().map(|_| ())
}

fn failed(name: &str, error: ParquetError) -> ExportError {
    ExportError::io("write", name.as_ref())(std::io::Error::other(error))
}

#[cfg(test)]
mod tests;
