//! Who mailed whom and which host spoke to which server: nodes and edges.

use super::Sheet;
use crate::export::cells::{Cell, list};
use crate::export::output::NewFolder;
use crate::export::source::Source;
use crate::export::{ExportError, Written};
use crate::maps::{Correspondence, Traffic};

/// So many pairs are kept apart of each map.
pub(super) const PAIRS: usize = 100_000;

pub(super) const NODES: &str = "nodes";
pub(super) const EDGES: &str = "edges";

const NODE_COLUMNS: [&str; 9] = [
    "kind",
    "node",
    "messages_sent",
    "messages_received",
    "bytes_sent",
    "bytes_received",
    "names",
    "sessions_as_client",
    "sessions_as_server",
];

const EDGE_COLUMNS: [&str; 12] = [
    "kind",
    "from",
    "to",
    "protocol",
    "messages",
    "bytes",
    "sessions",
    "logins",
    "client_bytes",
    "server_bytes",
    "first",
    "last",
];

/// Writes the maps, which were filled while the records were read.
pub(super) fn write(
    source: &Source,
    folder: &NewFolder,
    correspondence: Correspondence,
    traffic: Traffic,
) -> Result<[Written; 2], ExportError> {
    let (mailed, spoke) = (correspondence.finish(), traffic.finish());
    let left_out = mailed.left_out.saturating_add(spoke.left_out);
    if left_out > 0 {
        source.note(format!("nodes.csv and edges.csv: {left_out} times somebody mailed or spoke to somebody are left out: there are more than {PAIRS} pairs"));
    }
    let mut nodes = Sheet::create(folder, &format!("{NODES}.csv"), NODE_COLUMNS.into_iter())?;
    for node in &mailed.nodes {
        nodes.row(&[
            "address".into(),
            (&node.address).into(),
            node.sent.into(),
            node.received.into(),
            node.bytes_sent.into(),
            node.bytes_received.into(),
            Cell::None,
            Cell::None,
            Cell::None,
        ])?;
    }
    for node in &spoke.nodes {
        nodes.row(&[
            "host".into(),
            (&node.address).into(),
            Cell::None,
            Cell::None,
            Cell::None,
            Cell::None,
            list(&node.names),
            node.as_client.into(),
            node.as_server.into(),
        ])?;
    }
    let mut edges = Sheet::create(folder, &format!("{EDGES}.csv"), EDGE_COLUMNS.into_iter())?;
    for edge in &mailed.edges {
        edges.row(&[
            "mailed".into(),
            (&edge.from).into(),
            (&edge.to).into(),
            Cell::None,
            edge.messages.into(),
            edge.bytes.into(),
            Cell::None,
            Cell::None,
            Cell::None,
            Cell::None,
            edge.first.into(),
            edge.last.into(),
        ])?;
    }
    for edge in &spoke.edges {
        edges.row(&[
            "spoke".into(),
            (&edge.client).into(),
            (&edge.server).into(),
            edge.protocol.word().into(),
            edge.messages.into(),
            Cell::None,
            edge.sessions.into(),
            edge.logins.into(),
            edge.bytes.client.into(),
            edge.bytes.server.into(),
            edge.first.into(),
            edge.last.into(),
        ])?;
    }
    Ok([nodes.finish()?, edges.finish()?])
}
