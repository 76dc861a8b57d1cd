//! Which protocol a flow speaks, from both sides' first bytes.
//!
//! What the two sides say decides, on any port: the client's verbs, or a greeting that names its protocol. A port only
//! tips the scale where the bytes fit several protocols, as `220` fits SMTP and FTP. Nothing is guessed from a port
//! alone, but that encrypted bytes on a mail port are mail.

use mail_wire::tunnel::{self, Begins};

mod imap;
mod pop3;
mod smtp;

/// So many bytes of one side say what they can say.
const ENOUGH: usize = 1024;

/// What a flow speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// SMTP, ESMTP or LMTP.
    Smtp,
    /// POP3.
    Pop3,
    /// IMAP4rev1 or IMAP4rev2.
    Imap,
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Self] = &[Self::Smtp, Self::Pop3, Self::Imap];

    /// The word for it on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }

    /// The kind that servers on this port speak, by custom (RFC 5321, 6409, 8314, 1939, 9051; 24 is LMTP's, 2525
    /// nobody's).
    #[must_use]
    pub const fn of_port(port: u16) -> Option<Self> {
        match port {
            24 | 25 | 465 | 587 | 2525 => Some(Self::Smtp),
            110 | 995 => Some(Self::Pop3),
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
    /// As the protocol never does.
    Unlike,
    /// Nothing to go by yet.
    Open,
    /// As the protocol does, and others as well.
    Like,
    /// As nothing but the protocol does.
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
    let custom = Kind::of_port(port);
    if is_tls(client.bytes) || is_tls(server.bytes) {
        return custom.map_or(Verdict::IsNot, Verdict::Is);
    }
    let [client, server] = [behind_preface(client), behind_preface(server)];
    let sides = [behind_tunnel(client, tunnel::request), behind_tunnel(server, tunnel::answer)];
    let weigh =
        |kind: Kind| (kind.weigh(sides, custom == Some(kind), mid_stream), custom == Some(kind), kind);
    // Of two that are equally likely, the one that the port is for.
    let best =
        Kind::ALL.iter().map(|kind| weigh(*kind)).max_by_key(|(weight, by_custom, _)| (*weight, *by_custom));
    match best {
        None | Some((Weight::Not, ..)) => Verdict::IsNot,
        Some((Weight::Undecided, ..)) => Verdict::Undecided,
        Some((.., kind)) => Verdict::Is(kind),
    }
}

/// How much speaks for a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// What one side says is none of it.
    Not,
    Undecided,
    /// The port, and text.
    Port,
    /// The port, and what one side says.
    PortAndSide,
    /// What both sides say.
    Sides,
    Sure,
}

impl Kind {
    /// What one side looks like, were it the client's or the server's.
    fn looks(self, client: Side<'_>, server: Side<'_>, mid_stream: bool) -> [Looks; 2] {
        match self {
            Self::Smtp => [smtp::client_looks(client, mid_stream), smtp::server_looks(server, mid_stream)],
            Self::Pop3 => [pop3::client_looks(client, mid_stream), pop3::server_looks(server, mid_stream)],
            Self::Imap => [imap::client_looks(client, mid_stream), imap::server_looks(server, mid_stream)],
        }
    }

    fn weigh(self, [client, server]: [Side<'_>; 2], by_custom: bool, mid_stream: bool) -> Weight {
        // The roles themselves may be guessed wrong, so each side is tried as either.
        let straight = self.looks(client, server, mid_stream);
        let reversed = self.looks(server, client, mid_stream);
        let [first, second] = if reversed.iter().max() > straight.iter().max() { reversed } else { straight };
        // Which side sends the messages: what begins inside of one looks like nothing.
        let sender = match self {
            Self::Smtp => client,
            // APPEND sends one too, and the server is silent for as long.
            Self::Imap if server.bytes.is_empty() => client,
            Self::Pop3 | Self::Imap => server,
        };
        let enough = sender.bytes.len() >= ENOUGH || (client.ended && server.ended);
        match (first.max(second), first.min(second)) {
            (Looks::Surely, _) => Weight::Sure,
            (Looks::Like, Looks::Like) => Weight::Sides,
            (Looks::Like, _) if by_custom => Weight::PortAndSide,
            (_, Looks::Unlike) if by_custom && mid_stream && is_text(sender.bytes) => Weight::Port,
            (_, Looks::Open) if by_custom && mid_stream && enough && is_text(sender.bytes) => Weight::Port,
            (_, Looks::Unlike) => Weight::Not,
            (Looks::Like | Looks::Open, Looks::Open) if client.ended && server.ended => Weight::Not,
            _ => Weight::Undecided,
        }
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

/// The bytes behind what asks for a tunnel, or opens it.
fn behind_tunnel(side: Side<'_>, read: fn(&[u8]) -> Begins) -> Side<'_> {
    match read(side.bytes) {
        Begins::With(tunnel) => Side { bytes: side.bytes.get(tunnel.len..).unwrap_or_default(), ..side },
        Begins::Short if !side.ended => Side { bytes: &[], ..side },
        _ => side,
    }
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
        let text = "A line of a message.\r\n".repeat(ENOUGH / 16);
        let long_text = "A line of a message.\r\n".repeat(ENOUGH / 4);
        let long = format!("220 mx ESMTP {}", "A".repeat(ENOUGH));
        // client, server, port, mid-stream
        let pop3 = Is(Kind::Pop3);
        let cases = [
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
            ("", "+OK ready\r\n", 110, false, pop3),
            ("", "+OK ready\r\n", 4711, false, Undecided),
            ("", "+OK POP3 ready\r\n", 4711, false, pop3),
            ("", "+OK <1896.697170952@dbc.mtview.ca.us>\r\n", 25, false, pop3),
            ("USER a\r\n", "+OK ready\r\n", 4711, false, pop3),
            ("USER a\r\n", "+OK ready\r\n", 25, false, pop3),
            ("QUIT\r\n", "+OK ready\r\n", 4711, false, pop3),
            ("APOP a c4c9334bac560ecc979e58001b3e22fb\r\n", "", 4711, false, pop3),
            ("", "-ERR busy\r\n", 110, false, pop3),
            ("+OK ready\r\n", "USER a\r\n", 40000, false, pop3),
            ("PING\r\n", "+PONG\r\n", 110, false, IsNot),
            ("*1\r\n$4\r\nPING\r\n", "", 110, false, IsNot),
            ("PING\r\n", "+OK\r\n", 4711, false, IsNot),
            ("RETR 7\r\n", "the rest of a line\r\n", 4711, true, Undecided),
            ("RETR 7\r\n", "the rest of a line\r\n.\r\n+OK 7 octets\r\n", 4711, true, pop3),
            ("", "the rest of a line\r\n", 110, true, Undecided),
            ("\x16\x03\x01\x02", "", 995, false, pop3),
            ("\x16\x03\x01\x02", "", 465, false, smtp),
            ("\x16\x03\x01\x02", "", 443, false, IsNot),
            ("the rest of a line\r\n", "", 25, true, Undecided),
            (&text, "", 25, true, smtp),
            ("", &text, 110, true, pop3),
            ("", &text, 143, true, Is(Kind::Imap)),
            // The inside of an APPEND.
            (&long_text, "", 143, true, Is(Kind::Imap)),
            (&long_text, "", 4711, true, Undecided),
            ("", &text, 4711, true, Undecided),
            ("the rest of a line\r\n", "250 2.0.0 queued\r\n", 25, true, smtp),
            ("", &long, 4711, false, smtp),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nEHLO c\r\n", "", 4711, false, smtp),
            ("CONNECT mx:25 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ok\r\n\r\n220 mx ESMTP\r\n", 3128, false, smtp),
            ("CONNECT mx:25 HTTP/1.1\r\n\r\nEHLO c\r\n", "", 3128, false, smtp),
            ("CONNECT mx:25 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 no\r\n\r\n", 3128, false, IsNot),
            ("CONNECT mx:25 HTTP/1.1\r\n", "", 3128, false, Undecided),
            (
                "\x05\x01\0\x05\x01\0\x03\x02mx\0\x19",
                "\x05\0\x05\0\0\x03\x02mx\0\x19220 mx ESMTP\r\n",
                1080,
                false,
                smtp,
            ),
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
