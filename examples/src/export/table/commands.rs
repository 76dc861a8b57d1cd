//! The table of commands and replies.

use super::super::cells::{Column, Kind, Table, column};
use super::place;
use crate::record::Command;

pub(crate) const COMMANDS: Table<Command> = Table { name: "commands", columns: COLUMNS };

const COLUMNS: &[Column<Command>] = &[
    column("session", Kind::Number, |row| row.session.into()),
    column("at", Kind::Time, |row| row.at.into()),
    column("packet", Kind::Text, |row| place(row.packet)),
    column("direction", Kind::Text, |row| row.direction.word().into()),
    column("verb", Kind::Text, |row| row.verb.as_ref().into()),
    column("tag", Kind::Text, |row| row.tag.as_ref().into()),
    column("arguments", Kind::Text, |row| row.arguments.as_ref().into()),
    column("code", Kind::Number, |row| row.code.into()),
    column("status", Kind::Text, |row| row.status.as_ref().into()),
    column("enhanced", Kind::Text, |row| row.enhanced.as_ref().into()),
    column("text", Kind::Text, |row| row.text.as_ref().into()),
    column("answers", Kind::Text, |row| row.answers.as_ref().into()),
];
