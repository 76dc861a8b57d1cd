//! What the first bytes of an IMAP connection look like.

use super::{Looks, Side, is_text};
use imap_proto_lite::response::Condition;
use imap_proto_lite::{Arguments, Verb, command};

/// So many bytes of a side that begins in the middle are looked at.
const ENOUGH: usize = 4096;

pub(super) fn client_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    looks(side, mid_stream, client_line)
}

pub(super) fn server_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    looks(side, mid_stream, server_line)
}

/// The first line that tells; in the middle of a stream the first ones may be content of a message.
fn looks(side: Side<'_>, mid_stream: bool, line_looks: fn(&[u8]) -> Looks) -> Looks {
    let bytes = side.bytes.get(..ENOUGH).unwrap_or(side.bytes);
    let full = side.ended || bytes.len() == ENOUGH;
    let mut best = if bytes.is_empty() || is_text(bytes) { Looks::Open } else { Looks::Unlike };
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if !line.ends_with(b"\n") && !full {
            break;
        }
        let found = line_looks(line.trim_ascii_end());
        if !mid_stream {
            return found;
        }
        if found > Looks::Open {
            best = best.max(found);
        }
    }
    if mid_stream && full && best == Looks::Open && !bytes.is_empty() { Looks::Unlike } else { best }
}

fn client_line(line: &[u8]) -> Looks {
    let tag = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    if tag.is_empty() || tag.len() > 20 || !tag.iter().all(u8::is_ascii_alphanumeric) {
        return Looks::Unlike;
    }
    if command::announces_literal(line) {
        // The first piece of a command: its arguments are not there yet.
        return match Verb::of(line) {
            Verb::Login | Verb::Append | Verb::Select | Verb::Examine => Looks::Surely,
            Verb::Unknown => Looks::Unlike,
            _ => Looks::Like,
        };
    }
    let Ok(command) = command::parse(&bytes::Bytes::copy_from_slice(line)) else { return Looks::Unlike };
    match (command.verb, &command.arguments) {
        // What no other protocol says in the second word of a line.
        (Verb::Capability | Verb::Authenticate, _)
        | (Verb::Login, Arguments::Login { .. })
        | (Verb::Fetch, Arguments::Fetch { .. })
        | (Verb::Select | Verb::Examine, Arguments::Mailbox { .. })
        | (Verb::Append, Arguments::Append(_)) => Looks::Surely,
        (Verb::Noop | Verb::StartTls | Verb::Logout | Verb::Id | Verb::Idle | Verb::Namespace, _) => {
            Looks::Like
        }
        _ if command.uid => Looks::Surely,
        _ => Looks::Like,
    }
}

fn server_line(line: &[u8]) -> Looks {
    let Some(rest) = line.strip_prefix(b"* ") else { return Looks::Unlike };
    let mut words = rest.split(|byte| *byte == b' ');
    let word = words.next().unwrap_or_default();
    if Condition::of(word).is_some() {
        return Looks::Surely;
    }
    // What stands behind a greeting that was not captured.
    if word.eq_ignore_ascii_case(b"CAPABILITY") {
        let names_itself = |word: &[u8]| word.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"IMAP"));
        return if words.any(names_itself) { Looks::Surely } else { Looks::Like };
    }
    let known: [&[u8]; 4] = [b"FETCH", b"EXISTS", b"RECENT", b"EXPUNGE"];
    let numbered = word.iter().all(u8::is_ascii_digit)
        && words.next().is_some_and(|word| known.iter().any(|known| word.eq_ignore_ascii_case(known)));
    if numbered { Looks::Surely } else { Looks::Unlike }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Kind, Verdict, judge};

    #[test]
    fn verdicts() {
        use Verdict::{Is, IsNot, Undecided};
        let imap = Is(Kind::Imap);
        let open = |text: &'static str| Side { bytes: text.as_bytes(), ended: false };
        for (client, server, by_custom, mid_stream, expected) in [
            ("", "", true, false, Undecided),
            ("", "* OK ready\r\n", false, false, imap),
            ("", "* BYE full\r\n", false, false, imap),
            ("", "* PREAUTH hi\r\n", false, false, imap),
            ("", "* CAPABILITY IMAP4rev1 IDLE\r\n", false, false, imap),
            ("", "* CAPABILITY X\r\n", false, false, Undecided),
            ("a1 CAPABILITY\r\n", "", false, false, imap),
            ("a1 LOGIN alice x\r\n", "", false, false, imap),
            ("a1 LOGIN {5}\r\n", "", false, false, imap),
            ("a1 LOGIN {5+}\r\nalice x\r\n", "", false, false, imap),
            ("a1 APPEND {5}\r\n", "", false, false, imap),
            ("a1 SEARCH SUBJECT {5}\r\n", "", true, false, imap),
            ("a1 FUNCTION {5}\r\n", "", false, false, IsNot),
            ("a1 LOGIN {x}\r\n", "", false, false, IsNot),
            ("log: LOGIN {5}\r\n", "", false, false, IsNot),
            (": LOGIN alice x\r\n", "", false, false, IsNot),
            ("a1 NOOP\r\n", "", false, false, Undecided),
            ("a1 NOOP\r\n", "", true, false, imap),
            ("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", false, false, IsNot),
            ("EHLO x\r\n", "220 mx\r\n", false, false, Is(Kind::Smtp)),
            ("USER alice\r\n", "+OK\r\n", false, false, Is(Kind::Pop3)),
            ("", "Subject: hi\r\n\r\n)\r\n* 2 FETCH (FLAGS ())\r\n", false, true, imap),
            ("x\r\na9 UID FETCH 3 BODY[]\r\n", "", false, true, imap),
            // The roles are the wrong way round.
            ("* OK ready\r\n", "", false, false, imap),
        ] {
            assert_eq!(
                judge(open(client), open(server), if by_custom { 143 } else { 4711 }, mid_stream),
                expected,
                "{client:?} {server:?}"
            );
        }
    }
}
