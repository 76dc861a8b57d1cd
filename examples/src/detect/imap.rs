//! What the first bytes of an IMAP connection look like.

use super::{Kind, Looks, Side, Verdict, is_text};
use imap_proto_lite::response::Condition;
use imap_proto_lite::{Arguments, Verb, command};

/// So many bytes of a side that begins in the middle are looked at.
const ENOUGH: usize = 4096;

pub(super) fn judge(client: Side<'_>, server: Side<'_>, by_custom: bool, mid_stream: bool) -> Verdict {
    // The roles themselves may be guessed wrong, so each side is tried as either.
    let straight = [looks(client, mid_stream, client_line), looks(server, mid_stream, server_line)];
    let reversed = [looks(server, mid_stream, client_line), looks(client, mid_stream, server_line)];
    let [first, second] = if reversed.iter().max() > straight.iter().max() { reversed } else { straight };
    match (first.max(second), first.min(second)) {
        (Looks::Surely, _) | (Looks::Like, Looks::Like) => Verdict::Is(Kind::Imap),
        (Looks::Like, _) if by_custom => Verdict::Is(Kind::Imap),
        (_, Looks::Unlike)
            if by_custom && mid_stream && is_text(server.bytes) && server.bytes.len() >= ENOUGH =>
        {
            // The inside of a message, as it seems.
            Verdict::Is(Kind::Imap)
        }
        (_, Looks::Unlike) => Verdict::IsNot,
        (Looks::Like | Looks::Open, Looks::Open) if client.ended && server.ended => Verdict::IsNot,
        _ => Verdict::Undecided,
    }
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
    let Ok(command) = command::parse(&bytes::Bytes::copy_from_slice(line)) else { return Looks::Unlike };
    if command.tag.is_empty() || command.tag.len() > 20 || !command.tag.iter().all(u8::is_ascii_alphanumeric)
    {
        return Looks::Unlike;
    }
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
    let known: [&[u8]; 4] = [b"FETCH", b"EXISTS", b"RECENT", b"EXPUNGE"];
    let numbered = word.iter().all(u8::is_ascii_digit)
        && words.next().is_some_and(|word| known.iter().any(|known| word.eq_ignore_ascii_case(known)));
    if numbered { Looks::Surely } else { Looks::Unlike }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("a1 CAPABILITY\r\n", "", false, false, imap),
            ("a1 LOGIN alice x\r\n", "", false, false, imap),
            ("a1 NOOP\r\n", "", false, false, Undecided),
            ("a1 NOOP\r\n", "", true, false, imap),
            ("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", false, false, IsNot),
            ("EHLO x\r\n", "220 mx\r\n", false, false, IsNot),
            ("USER alice\r\n", "+OK\r\n", false, false, IsNot),
            ("", "Subject: hi\r\n\r\n)\r\n* 2 FETCH (FLAGS ())\r\n", false, true, imap),
            ("x\r\na9 UID FETCH 3 BODY[]\r\n", "", false, true, imap),
            // The roles are the wrong way round.
            ("* OK ready\r\n", "", false, false, imap),
        ] {
            assert_eq!(
                judge(open(client), open(server), by_custom, mid_stream),
                expected,
                "{client:?} {server:?}"
            );
        }
    }
}
