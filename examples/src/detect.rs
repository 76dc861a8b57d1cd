//! Which protocol a flow speaks, from both sides' first bytes.
//!
//! What the two sides say decides, on any port: the client's verbs, or a greeting that names its protocol. A port only
//! tips the scale where the bytes fit several protocols, as `220` fits SMTP and FTP. Nothing is guessed from a port
//! alone, but that encrypted bytes on a mail port are mail.

mod imap;

use smtp_proto::Verb;
use smtp_proto::reply;

/// So many bytes of one side say what they can say.
const ENOUGH: usize = 1024;

/// What a flow speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// SMTP, ESMTP or LMTP.
    Smtp,
    /// IMAP4rev1 or IMAP4rev2.
    Imap,
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Self] = &[Self::Smtp, Self::Imap];

    /// The word for it on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
        }
    }

    /// The kind that servers on this port speak, by custom (RFC 5321, 6409, 8314, 9051; 24 is LMTP's, 2525 nobody's).
    #[must_use]
    pub const fn of_port(port: u16) -> Option<Self> {
        match port {
            24 | 25 | 465 | 587 | 2525 => Some(Self::Smtp),
            143 | 993 => Some(Self::Imap),
            _ => None,
        }
    }
}

/// What the first bytes of a flow tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It speaks this.
    Is(Kind),
    /// It speaks none of the protocols known here.
    IsNot,
    /// More bytes are needed.
    Undecided,
}

/// The first bytes of one side.
#[expect(clippy::exhaustive_structs, reason = "built by whoever asks")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Side<'a> {
    /// Its first bytes in the capture, without a hole.
    pub bytes: &'a [u8],
    /// Nothing will follow them.
    pub ended: bool,
}

/// What one side's bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Looks {
    /// Like no SMTP.
    Unlike,
    /// Nothing to go by yet.
    Open,
    /// As SMTP does, and other protocols as well.
    Like,
    /// As nothing but SMTP does.
    Surely,
}

/// Judges a flow by its first bytes. `port` is the server's; `mid_stream`: the beginning was not captured.
///
/// ```
/// use mailtap::detect::{Kind, Side, Verdict, judge};
///
/// let client = Side { bytes: b"EHLO client.example\r\n", ended: false };
/// let server = Side { bytes: b"220 mx.example\r\n", ended: false };
/// assert_eq!(judge(client, server, 4711, false), Verdict::Is(Kind::Smtp));
/// assert_eq!(judge(Side { bytes: b"USER anonymous\r\n", ended: false }, server, 21, false), Verdict::IsNot);
/// ```
#[must_use]
pub fn judge(client: Side<'_>, server: Side<'_>, port: u16, mid_stream: bool) -> Verdict {
    if is_tls(client.bytes) || is_tls(server.bytes) {
        return Kind::of_port(port).map_or(Verdict::IsNot, Verdict::Is);
    }
    let by_custom = Kind::of_port(port) == Some(Kind::Imap);
    match (judge_smtp(client, server, port, mid_stream), imap::judge(client, server, by_custom, mid_stream)) {
        (smtp @ Verdict::Is(_), Verdict::Is(_)) if !by_custom => smtp,
        (_, imap @ Verdict::Is(_)) => imap,
        (smtp @ Verdict::Is(_), _) => smtp,
        (Verdict::IsNot, Verdict::IsNot) => Verdict::IsNot,
        _ => Verdict::Undecided,
    }
}

fn judge_smtp(client: Side<'_>, server: Side<'_>, port: u16, mid_stream: bool) -> Verdict {
    let by_custom = Kind::of_port(port) == Some(Kind::Smtp);
    let [client, server] = [behind_preface(client), behind_preface(server)];
    // The roles themselves may be guessed wrong, so each side is tried as either.
    let straight = [client_looks(client, mid_stream), server_looks(server, mid_stream)];
    let reversed = [client_looks(server, mid_stream), server_looks(client, mid_stream)];
    let [first, second] = if reversed.iter().max() > straight.iter().max() { reversed } else { straight };
    match (first.max(second), first.min(second)) {
        (Looks::Surely, _) | (Looks::Like, Looks::Like) => Verdict::Is(Kind::Smtp),
        (Looks::Like, _) if by_custom => Verdict::Is(Kind::Smtp),
        (_, Looks::Unlike) if by_custom && mid_stream && is_text(client.bytes) => {
            // The inside of a message, as it seems.
            Verdict::Is(Kind::Smtp)
        }
        (_, Looks::Unlike) => Verdict::IsNot,
        (Looks::Like | Looks::Open, Looks::Open) if client.ended && server.ended => Verdict::IsNot,
        _ => Verdict::Undecided,
    }
}

/// The bytes behind what a proxy puts first (PROXY protocol, versions 1 and 2).
fn behind_preface(side: Side<'_>) -> Side<'_> {
    let len = if side.bytes.starts_with(b"PROXY ") {
        side.bytes.iter().position(|byte| *byte == b'\n').map_or(side.bytes.len(), |end| end + 1)
    } else if side.bytes.starts_with(b"\r\n\r\n\0\r\nQUIT\n") {
        let length = side.bytes.get(14..16).and_then(|length| <[u8; 2]>::try_from(length).ok());
        16 + usize::from(u16::from_be_bytes(length.unwrap_or_default()))
    } else {
        0
    };
    Side { bytes: side.bytes.get(len..).unwrap_or_default(), ..side }
}

/// A TLS record: handshake or alert, major version 3 (RFC 8446 section 5.1).
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x15 | 0x16, 3, 0..=4, ..])
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().take(64).all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~' | 0x80..))
}

/// The first line without its end; `None` while it is not whole.
fn first_line(side: Side<'_>) -> Option<&[u8]> {
    match side.bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => side.bytes.get(..end).map(|line| line.strip_suffix(b"\r").unwrap_or(line)),
        None if side.ended && !side.bytes.is_empty() => Some(side.bytes),
        // The beginning of an endless line says what the line would.
        None if side.bytes.len() >= ENOUGH => side.bytes.get(..ENOUGH),
        None => None,
    }
}

fn unfinished(side: Side<'_>) -> Looks {
    if side.bytes.is_empty() || is_text(side.bytes) { Looks::Open } else { Looks::Unlike }
}

fn client_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    let Some(line) = first_line(side) else { return unfinished(side) };
    match Verb::of(line) {
        Verb::Ehlo | Verb::Lhlo | Verb::XClient | Verb::XForward | Verb::XExps => Looks::Surely,
        Verb::Mail | Verb::Rcpt => {
            if smtp_proto::command::parse(&bytes::Bytes::copy_from_slice(line)).is_ok() {
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

fn server_looks(side: Side<'_>, mid_stream: bool) -> Looks {
    let Some(line) = first_line(side) else { return unfinished(side) };
    let Ok(reply) = reply::parse_line(&bytes::Bytes::copy_from_slice(line)) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn open(text: &str) -> Side<'_> {
        Side { bytes: text.as_bytes(), ended: false }
    }

    #[test]
    fn verdicts() {
        use Verdict::{Is, IsNot, Undecided};
        let smtp = Is(Kind::Smtp);
        let long = format!("220 mx ESMTP {}", "A".repeat(ENOUGH));
        // client, server, port, mid-stream
        let cases: [(&str, &str, u16, bool, Verdict); 24] = [
            ("", "", 25, false, Undecided),
            ("", "220 mx", 25, false, Undecided),
            ("", "220 mx\r\n", 25, false, smtp),
            ("", "220 mx\r\n", 4711, false, Undecided),
            ("", "220 mx ESMTP Postfix\r\n", 4711, false, smtp),
            ("EHLO c\r\n", "", 4711, false, smtp),
            ("EHLO c\r\n", "220 mx\r\n", 4711, false, smtp),
            ("HELO c\r\n", "", 4711, false, Undecided),
            ("HELO c\r\n", "220 mx\r\n", 4711, false, smtp),
            ("HELO c\r\n", "", 25, false, smtp),
            ("MAIL FROM:<a@b>\r\n", "", 4711, true, smtp),
            ("USER anonymous\r\n", "220 ftp ready\r\n", 21, false, IsNot),
            ("QUIT\r\n", "220 ftp ready\r\n", 21, false, smtp),
            ("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", 80, false, IsNot),
            ("GET / HTTP/1.1\r\n", "", 25, false, IsNot),
            ("", "+OK ready\r\n", 110, false, IsNot),
            ("\x16\x03\x01\x02", "", 465, false, smtp),
            ("\x16\x03\x01\x02", "", 443, false, IsNot),
            ("the rest of a line\r\n", "", 25, true, Undecided),
            ("the rest of a line\r\n", "250 2.0.0 queued\r\n", 25, true, smtp),
            ("", &long, 4711, false, smtp),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nEHLO c\r\n", "", 4711, false, smtp),
            // The roles are the wrong way round.
            ("220 mx ESMTP\r\n", "EHLO c\r\n", 40000, false, smtp),
            ("\x00\x01\x02\n", "", 25, false, IsNot),
        ];
        for (client, server, port, mid_stream, expected) in cases {
            let (client_side, server_side) = (open(client), open(server));
            assert_eq!(
                judge(client_side, server_side, port, mid_stream),
                expected,
                "{client:?} {server:?} {port}"
            );
        }
    }

    #[test]
    fn what_is_over_is_decided() {
        let ended = Side { bytes: b"", ended: true };
        assert_eq!(judge(ended, ended, 25, false), Verdict::IsNot);
        let greeting = Side { bytes: b"220 mx\r\n", ended: true };
        assert_eq!(judge(ended, greeting, 25, false), Verdict::Is(Kind::Smtp));
        assert_eq!(judge(ended, greeting, 4711, false), Verdict::IsNot);
    }
}
