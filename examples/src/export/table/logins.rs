//! The table of logins.

use super::super::cells::{Column, Kind, Table, column, ip, list, port};
use super::place;
use crate::record::Login;

/// A login, with the number of its line in `logins.jsonl`, from 1.
#[derive(Debug)]
pub(crate) struct LoginRow {
    pub(crate) number: u64,
    pub(crate) login: Login,
}

pub(crate) const LOGINS: Table<LoginRow> = Table { name: "logins", columns: COLUMNS };

const COLUMNS: &[Column<LoginRow>] = &[
    column("login", Kind::Number, |row| row.number.into()),
    column("session", Kind::Number, |row| row.login.session.into()),
    column("protocol", Kind::Text, |row| row.login.protocol.word().into()),
    column("at", Kind::Time, |row| row.login.at.into()),
    column("packet", Kind::Text, |row| place(row.login.packet)),
    column("client_ip", Kind::Text, |row| ip(&row.login.client).into()),
    column("client_port", Kind::Number, |row| port(&row.login.client).into()),
    column("server_ip", Kind::Text, |row| ip(&row.login.server).into()),
    column("server_port", Kind::Number, |row| port(&row.login.server).into()),
    column("mechanism", Kind::Text, |row| (&row.login.mechanism).into()),
    column("username", Kind::Text, |row| row.login.username.as_ref().into()),
    column("password", Kind::Text, |row| row.login.password.as_ref().into()),
    column("authorization_identity", Kind::Text, |row| row.login.authorization_identity.as_ref().into()),
    column("domain", Kind::Text, |row| row.login.domain.as_ref().into()),
    column("workstation", Kind::Text, |row| row.login.workstation.as_ref().into()),
    column("realm", Kind::Text, |row| row.login.realm.as_ref().into()),
    column("service", Kind::Text, |row| row.login.service.as_ref().into()),
    column("etype", Kind::Signed, |row| row.login.etype.into()),
    column("server_names", Kind::List, |row| {
        list(row.login.server_names.iter().map(|(name, value)| format!("{name}={value}")))
    }),
    column("trace", Kind::Text, |row| row.login.trace.as_ref().into()),
    column("token", Kind::Text, |row| row.login.token.as_ref().into()),
    column("claims", Kind::List, |row| {
        let claims = row.login.claims.iter();
        list(claims.flat_map(|(name, values)| values.iter().map(move |value| format!("{name}={value}"))))
    }),
    column("error", Kind::Text, |row| row.login.error.as_ref().into()),
    column("hashcat_mode", Kind::Number, |row| {
        row.login.hash.as_ref().and_then(|hash| hash.hashcat_mode).into()
    }),
    column("john_format", Kind::Text, |row| {
        row.login.hash.as_ref().and_then(|hash| hash.john_format.as_ref()).into()
    }),
    column("hash_line", Kind::Text, |row| row.login.hash.as_ref().map(|hash| &hash.line).into()),
    column("outcome", Kind::Text, |row| row.login.outcome.word().into()),
    column("over_tls", Kind::Bool, |row| row.login.over_tls.into()),
];
