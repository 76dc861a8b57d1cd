//! The table of sessions.

use super::super::cells::{Column, Kind, Table, column, ip, list, port};
use super::packets;
use crate::record::{Action, Session};

pub(crate) const SESSIONS: Table<Session> = Table { name: "sessions", columns: COLUMNS };

const COLUMNS: &[Column<Session>] = &[
    column("session", Kind::Number, |row| row.session.into()),
    column("protocol", Kind::Text, |row| row.protocol.word().into()),
    column("client_ip", Kind::Text, |row| ip(&row.client).into()),
    column("client_port", Kind::Number, |row| port(&row.client).into()),
    column("server_ip", Kind::Text, |row| ip(&row.server).into()),
    column("server_port", Kind::Number, |row| port(&row.server).into()),
    column("start", Kind::Time, |row| row.start.into()),
    column("end", Kind::Time, |row| row.end.into()),
    column("packets", Kind::List, |row| packets(&row.packets)),
    column("client_bytes", Kind::Number, |row| row.bytes.client.into()),
    column("server_bytes", Kind::Number, |row| row.bytes.server.into()),
    column("client_missing_bytes", Kind::Number, |row| row.missing_bytes.client.into()),
    column("server_missing_bytes", Kind::Number, |row| row.missing_bytes.server.into()),
    column("one_sided", Kind::Text, |row| row.one_sided.map(|side| side.word()).into()),
    column("proxied_client", Kind::Text, |row| row.proxied.as_ref().map(|proxied| &proxied.client).into()),
    column("proxied_server", Kind::Text, |row| row.proxied.as_ref().map(|proxied| &proxied.server).into()),
    column("greeting", Kind::Text, |row| row.greeting.as_ref().into()),
    column("client_name", Kind::Text, |row| row.client_name.as_ref().into()),
    column("capabilities", Kind::List, |row| list(&row.capabilities)),
    column("tls", Kind::Text, |row| row.tls.word().into()),
    column("tls_start", Kind::Time, |row| row.tls_start.map(|start| start.at).into()),
    column("tls_handshake", Kind::Text, |row| row.tls_handshake.map(|how| how.word()).into()),
    column("tls_version", Kind::Text, |row| row.tls_version.as_ref().into()),
    column("tls_server_name", Kind::Text, |row| row.tls_server_name.as_ref().into()),
    column("compressed", Kind::Bool, |row| row.compressed.into()),
    column("commands", Kind::Number, |row| row.commands.into()),
    column("messages", Kind::List, |row| list(&row.messages)),
    column("logins", Kind::Number, |row| row.logins.into()),
    column("actions", Kind::List, |row| list(row.actions.iter().map(action))),
    column("ended", Kind::Text, |row| row.ended.word().into()),
    column("anomalies", Kind::List, |row| {
        list(row.anomalies.iter().map(|(code, count)| format!("{code}={count}")))
    }),
];

/// `move 1:12 UID 4 to Trash`
fn action(action: &Action) -> String {
    let target = action.target.as_ref().map(|target| format!(" {target}")).unwrap_or_default();
    format!("{} {}:{}{target}", action.action, action.packet.input, action.packet.frame)
}
