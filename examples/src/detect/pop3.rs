//! What POP3 looks like.

use super::{ENOUGH, Looks, Side, first_line, unfinished};
use bytes::Bytes;
use pop3_proto::{Arguments, Status, Verb, command, reply};

pub(super) fn client_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    let Some(line) = first_line(side) else { return unfinished(side) };
    let parsed = command::parse(&Bytes::copy_from_slice(line)).ok();
    match parsed.map(|command| (command.verb, command.arguments)) {
        Some((Verb::Apop | Verb::Stls | Verb::Uidl | Verb::Capa | Verb::Top, _)) => Looks::Surely,
        // Said in other protocols as well: FTP has most of the words, Redis and SMTP have AUTH.
        Some((_, Arguments::Text(_) | Arguments::Raw(_))) | None if !mid_stream => Looks::Unlike,
        Some((_, Arguments::Text(_) | Arguments::Raw(_))) | None => Looks::Open,
        Some(_) => Looks::Like,
    }
}

pub(super) fn server_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    let Some(line) = first_line(side) else { return unfinished(side) };
    match reply::parse(&Bytes::copy_from_slice(line)) {
        Ok(reply) if reply.status == Status::Continue => Looks::Unlike,
        Ok(reply) => {
            let named = reply.text.windows(3).any(|word| word.eq_ignore_ascii_case(b"POP"));
            if named || reply.timestamp().is_some() { Looks::Surely } else { Looks::Like }
        }
        Err(_) if mid_stream => {
            // The inside of a message or a list; a reply may follow it.
            let near = side.bytes.get(..ENOUGH).unwrap_or(side.bytes);
            let reply = |line: &[u8]| line.starts_with(b"+OK") || line.starts_with(b"-ERR");
            if near.split(|byte| *byte == b'\n').any(reply) { Looks::Like } else { Looks::Open }
        }
        Err(_) => Looks::Unlike,
    }
}
