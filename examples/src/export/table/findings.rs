//! The table of findings.

use super::super::cells::{Cell, Column, Kind, Table, column, list};
use super::{packets, place};
use crate::record::Finding;

pub(crate) const FINDINGS: Table<Finding> = Table { name: "findings", columns: COLUMNS };

const COLUMNS: &[Column<Finding>] = &[
    column("finding", Kind::Number, |row| row.finding.into()),
    column("rule", Kind::Text, |row| (&*row.rule).into()),
    column("severity", Kind::Text, |row| row.severity.word().into()),
    column("title", Kind::Text, |row| (&row.title).into()),
    column("count", Kind::Number, |row| row.count.into()),
    column("at", Kind::Time, |row| row.at.into()),
    column("until", Kind::Time, |row| row.until.into()),
    column("packet", Kind::Text, |row| row.packet.map_or(Cell::None, place)),
    column("packets", Kind::List, |row| packets(&row.packets)),
    column("client", Kind::Text, |row| row.client.as_ref().into()),
    column("server", Kind::Text, |row| row.server.as_ref().into()),
    column("sessions", Kind::List, |row| list(&row.sessions)),
    column("messages", Kind::List, |row| list(&row.messages)),
    column("logins", Kind::List, |row| list(&row.logins)),
    column("evidence", Kind::List, |row| {
        list(row.evidence.iter().map(|(name, fact)| format!("{name}={fact}")))
    }),
];
