//! What SMTP and LMTP look like.

use super::{Looks, Side, first_line, unfinished};
use smtp_proto::{Verb, command, reply};

pub(super) fn client_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    let Some(line) = first_line(side) else { return unfinished(side) };
    match Verb::of(line) {
        Verb::Ehlo | Verb::Lhlo | Verb::XClient | Verb::XForward | Verb::XExps => Looks::Surely,
        Verb::Mail | Verb::Rcpt => {
            if command::parse(line).is_ok() {
                Looks::Surely
            } else {
                Looks::Like
            }
        }
        // Said in other protocols as well: HELO by some game servers, the rest in FTP, POP3 and NNTP.
        Verb::Helo
        | Verb::StartTls
        | Verb::Auth
        | Verb::Noop
        | Verb::Quit
        | Verb::Rset
        | Verb::Help
        | Verb::Data => Looks::Like,
        Verb::Vrfy | Verb::Expn | Verb::Etrn | Verb::Bdat => Looks::Like,
        _ if mid_stream => Looks::Open,
        _ => Looks::Unlike,
    }
}

pub(super) fn server_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    let Some(line) = first_line(side) else { return unfinished(side) };
    let Ok(reply) = reply::parse_line(line) else {
        return if mid_stream { Looks::Open } else { Looks::Unlike };
    };
    let names_it = reply
        .text
        .windows(4)
        .any(|word| word.eq_ignore_ascii_case(b"SMTP") || word.eq_ignore_ascii_case(b"LMTP"));
    match reply.code {
        220 | 554 | 421 if names_it => Looks::Surely,
        250 | 354 if mid_stream && (reply.enhanced.is_some() || reply.code == 354) => Looks::Surely,
        220 | 421 | 554 => Looks::Like,
        _ if mid_stream => Looks::Like,
        _ => Looks::Unlike,
    }
}
