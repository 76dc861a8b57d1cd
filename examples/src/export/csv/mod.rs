//! Comma-separated values, as RFC 4180 has them: one file for each kind of record, and the maps.
//!
//! UTF-8 without a mark, commas, lines that end with CRLF, a first line of column names. A cell that holds a comma, a
//! quotation mark or a line end stands in quotation marks. The columns have the names of the fields of the records;
//! addresses are divided into `_ip` and `_port`, what is nested stands in the cell as text.
//!
//! | in the record | in the cell |
//! | --- | --- |
//! | no value | nothing |
//! | yes or no | `true`, `false` |
//! | a time | as in the record: RFC 3339, UTC |
//! | a list | its elements with `; ` between; a `;` or `\` in an element has a `\` in front of it |
//! | a packet, packets | `input:frame`, `input:first-last` |
//!
//! **Formulas.** Spreadsheets take a cell for a formula that begins with `=`, `+`, `-`, `@`, a tab or a line end, also
//! in their full-width forms, and what comes from the wire may be meant as one. Such a cell begins with an apostrophe
//! here. To have the text as it was, take one apostrophe away from each cell that begins with one: cells that
//! begin with an apostrophe of their own have got another. This holds where commas divide cells: do not open
//! the files with another divider. NUL, which many readers do not take, is written as ␀ (U+2400).
//!
//! **Maps.** `nodes.csv` and `edges.csv` say who mailed whom (`address`, `mailed`) and which host spoke to which server
//! (`host`, `spoke`), as [`maps`](crate::maps) counts them: a message that passes several times counts once for each pair. They
//! hold 100,000 pairs each; what found no room is told.
//!
//! What cannot be told: nested values but as text; the difference between an empty text and none (`mail_from` is empty for
//! the null sender and where it was not seen: the record tells), header fields but the common ones, and which bytes came
//! from which packet (`provenance.jsonl`).

mod cell;
mod maps;

use std::io::{self, Write};

use super::cells::{Cell, Column, Table};
use super::output::{NewFile, NewFolder};
use super::source::{Source, Taken};
use super::table::{ANOMALIES, COMMANDS, FINDINGS, LOGINS, LoginRow, MESSAGES, PARTS, PartRow, SESSIONS};
use super::{ExportError, Written};
use crate::maps::{Correspondence, Traffic};

/// The tables in the order in which they are written.
const TABLES: [&str; 9] = [
    SESSIONS.name,
    MESSAGES.name,
    PARTS.name,
    LOGINS.name,
    COMMANDS.name,
    ANOMALIES.name,
    FINDINGS.name,
    maps::NODES,
    maps::EDGES,
];

pub(super) fn writes(name: &str) -> bool {
    name.strip_suffix(".csv").is_some_and(|name| TABLES.contains(&name))
}

pub(super) fn write(source: &Source, folder: &NewFolder) -> Result<Vec<Written>, ExportError> {
    let mut sessions = TableFile::create(folder, &SESSIONS)?;
    let mut traffic = Traffic::new(maps::PAIRS);
    source.sessions(|session| {
        traffic.session(&session);
        sessions.row(&session)
    })?;
    let mut messages = TableFile::create(folder, &MESSAGES)?;
    let mut parts = TableFile::create(folder, &PARTS)?;
    let mut correspondence = Correspondence::new(maps::PAIRS);
    source.messages(|message| {
        correspondence.message(&message);
        messages.row(&message)?;
        let number = message.message;
        message.parts.into_iter().try_for_each(|part| parts.row(&PartRow { message: number, part }))
    })?;
    let mut logins = TableFile::create(folder, &LOGINS)?;
    source.logins(|number, login| logins.row(&LoginRow { number, login }))?;
    let mut commands = TableFile::create(folder, &COMMANDS)?;
    source.commands(|command| commands.row(&command))?;
    let mut anomalies = TableFile::create(folder, &ANOMALIES)?;
    source.anomalies(|anomaly| anomalies.row(&anomaly))?;
    let mut findings = TableFile::create(folder, &FINDINGS)?;
    source.findings(|finding| findings.row(&finding))?;
    let [nodes, edges] = maps::write(source, folder, correspondence, traffic)?;
    Ok(vec![
        sessions.finish()?,
        messages.finish()?,
        parts.finish()?,
        logins.finish()?,
        commands.finish()?,
        anomalies.finish()?,
        findings.finish()?,
        nodes,
        edges,
    ])
}

/// A file of the rows of a table.
struct TableFile<R: 'static> {
    columns: &'static [Column<R>],
    sheet: Sheet,
}

impl<R> TableFile<R> {
    fn create(folder: &NewFolder, table: &Table<R>) -> Result<Self, ExportError> {
        let names = table.columns.iter().map(|column| column.name);
        let sheet = Sheet::create(folder, &format!("{}.csv", table.name), names)?;
        Ok(Self { columns: table.columns, sheet })
    }

    fn row(&mut self, row: &R) -> Taken {
        let cells: Vec<Cell<'_>> = self.columns.iter().map(|column| (column.get)(row)).collect();
        self.sheet.row(&cells)
    }

    fn finish(self) -> Result<Written, ExportError> {
        self.sheet.finish()
    }
}

/// A file of rows of cells.
pub(super) struct Sheet {
    name: String,
    lines: Lines<NewFile>,
}

impl Sheet {
    /// A file of this name with these columns.
    pub(super) fn create(
        folder: &NewFolder,
        name: &str,
        columns: impl Iterator<Item = &'static str>,
    ) -> Result<Self, ExportError> {
        let mut sheet = Self { name: name.to_owned(), lines: Lines::new(folder.file(name)?) };
        sheet.lines.write(columns).map_err(|error| sheet.failed(error))?;
        Ok(sheet)
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Taken {
        self.lines.write(cells.iter().map(cell::shown)).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> ExportError {
        ExportError::io("write", self.name.as_ref())(error)
    }

    pub(super) fn finish(self) -> Result<Written, ExportError> {
        let items = self.lines.written.saturating_sub(1);
        self.lines.finish()?.finish()?;
        Ok(Written { name: self.name, items })
    }
}

/// Lines of cells.
struct Lines<W: Write> {
    writer: ::csv::Writer<W>,
    written: u64,
}

impl<W: Write> Lines<W> {
    fn new(to: W) -> Self {
        let writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(to);
        Self { writer, written: 0 }
    }

    fn write(&mut self, cells: impl Iterator<Item = impl AsRef<str>>) -> io::Result<()> {
        self.written += 1;
        for cell in cells {
            self.writer.write_field(cell.as_ref())?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(Into::into)
    }

    fn finish(self) -> Result<W, ExportError> {
        let failed = |error| ExportError::io("write", "the table".as_ref())(error);
        self.writer.into_inner().map_err(|error| failed(error.into_error()))
    }
}

#[cfg(test)]
mod tests;
