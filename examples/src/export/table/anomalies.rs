//! The table of anomalies.

use super::super::cells::{Cell, Column, Kind, Table, column};
use super::place;
use crate::record::Anomaly;

pub(crate) const ANOMALIES: Table<Anomaly> = Table { name: "anomalies", columns: COLUMNS };

const COLUMNS: &[Column<Anomaly>] = &[
    column("session", Kind::Number, |row| row.session.into()),
    column("layer", Kind::Text, |row| row.layer.word().into()),
    column("code", Kind::Text, |row| (&*row.code).into()),
    column("direction", Kind::Text, |row| row.direction.map(|side| side.word()).into()),
    column("offset", Kind::Number, |row| row.offset.into()),
    column("packet", Kind::Text, |row| row.packet.map_or(Cell::None, place)),
    column("at", Kind::Time, |row| row.at.into()),
    column("message", Kind::Number, |row| row.message.into()),
    column("detail", Kind::Text, |row| row.detail.as_ref().into()),
];
