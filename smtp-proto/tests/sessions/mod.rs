//! Sessions as clients and servers have them, and as attackers do, for the properties.

use proptest::prelude::*;
use smtp_proto::{Direction, Outcome};

/// What is said, in turns, and the messages that the strict reading finds in it.
#[derive(Clone, Default)]
pub(crate) struct Scenario {
    pub(crate) turns: Vec<(Direction, Vec<u8>)>,
    pub(crate) messages: Vec<Expected>,
}

/// A message, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) content: Vec<u8>,
    pub(crate) outcome: Outcome,
    pub(crate) complete: bool,
    /// The codes of the replies for its recipients.
    pub(crate) deliveries: Vec<u16>,
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (dir, bytes) in &self.turns {
            let side = if *dir == Direction::ToServer { 'C' } else { 'S' };
            writeln!(f, "{side}: {}\\", bytes.escape_ascii())?;
        }
        Ok(())
    }
}

/// A part of a session.
type Part = Scenario;

impl Scenario {
    /// The client sends, the server answers.
    fn exchange(mut self, client: impl AsRef<[u8]>, server: impl AsRef<[u8]>) -> Self {
        for (dir, bytes) in [(Direction::ToServer, client.as_ref()), (Direction::ToClient, server.as_ref())] {
            if !bytes.is_empty() {
                self.turns.push((dir, bytes.to_vec()));
            }
        }
        self
    }

    fn message(mut self, content: Vec<u8>, outcome: Outcome, complete: bool) -> Self {
        self.messages.push(Expected { content, outcome, complete, deliveries: Vec::new() });
        self
    }

    fn delivered(mut self, codes: Vec<u16>) -> Self {
        if let Some(message) = self.messages.last_mut() {
            message.deliveries = codes;
        }
        self
    }

    fn then(mut self, part: Self) -> Self {
        self.turns.extend(part.turns);
        self.messages.extend(part.messages);
        self
    }
}

fn say(client: impl AsRef<[u8]>, server: impl AsRef<[u8]>) -> Part {
    Part::default().exchange(client, server)
}

/// The loose ends, and what an attacker puts behind one.
const LOOSE: &[&[u8]] = &[
    b"\n.\n",
    b"\n.\r\n",
    b"\n.\r",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r.\r",
    b"\r.\n",
    b"\r.\r\n",
    b"\r\n.\r\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
];
const EVIL: &[u8] = b"MAIL FROM:<evil@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n";

/// What the client sends between DATA and its end, dots and all, as it stands on the wire; it ends with CRLF.
fn wire() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&'static [u8]] = &[
        b"text\r\n",
        b"Subject: x\r\n\r\n",
        b"..\r\n",
        b"..two\r\n",
        b".one\r\n",
        b"a.b.c\r\n",
        b"no end",
        b"\0",
        b"\r",
        b"\n",
        EVIL,
        b"250 ok\r\n",
        b"QUIT\r\n",
    ];
    let piece = prop_oneof![
        12 => prop::sample::select(pieces).prop_map(<[u8]>::to_vec),
        4 => prop::sample::select(LOOSE).prop_map(<[u8]>::to_vec),
        2 => prop::sample::select(LOOSE).prop_map(|form| [form, EVIL].concat()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (200..600usize).prop_map(|len| vec![b'x'; len]),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| {
        let mut wire = pieces.concat();
        if !wire.is_empty() && !wire.ends_with(b"\r\n") {
            wire.extend_from_slice(b"\r\n");
        }
        // What ends it early is cut off.
        let (_, len) = strict(&wire);
        wire.truncate(len);
        wire
    })
}

/// RFC 5321 section 4.5.2 as simply as it can be said: the content, and how much of the wire belongs to it.
fn strict(wire: &[u8]) -> (Vec<u8>, usize) {
    let mut content = Vec::new();
    let mut at = 0;
    while let Some(byte) = wire.get(at) {
        let line_start = at == 0 || wire[..at].ends_with(b"\r\n");
        if line_start && wire[at..].starts_with(b".\r\n") {
            return (content, at);
        }
        if !(line_start && *byte == b'.') {
            content.push(*byte);
        }
        at += 1;
    }
    (content, at)
}

/// MAIL and RCPT, pipelined or not, ended by the given command and its answer.
fn envelope(pipelined: bool, recipients: usize, last: &[u8], answer: &[u8]) -> Part {
    let mut lines: Vec<(Vec<u8>, Vec<u8>)> =
        vec![(b"MAIL FROM:<a@x> SIZE=4\r\n".to_vec(), b"250 2.1.0 ok\r\n".to_vec())];
    for number in 0..recipients {
        lines.push((format!("RCPT TO:<b{number}@y>\r\n").into_bytes(), b"250 2.1.5 ok\r\n".to_vec()));
    }
    lines.push((last.to_vec(), answer.to_vec()));
    if pipelined {
        let (client, server): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
        say(client.concat(), server.concat())
    } else {
        lines.into_iter().fold(Part::default(), |part, (client, server)| part.exchange(client, server))
    }
}

/// A message by DATA: taken, refused, or taken for two by a server that believes in loose ends.
fn data(lmtp: bool) -> impl Strategy<Value = Part> {
    (wire(), any::<bool>(), 1..3usize, any::<bool>(), any::<bool>()).prop_map(
        move |(wire, pipelined, recipients, taken, lenient)| {
            let (content, _) = strict(&wire);
            let mut verdicts = Vec::new();
            for number in 0..if lmtp { recipients } else { 1 } {
                let code = if taken { 250 } else { 554 };
                verdicts
                    .extend(format!("{code} 2.0.0 verdict {number}\r\n").replace("554 2", "554 5").bytes());
            }
            let smuggled = LOOSE.iter().map(|form| [form, EVIL].concat());
            let smuggled = smuggled.filter(|start| wire.windows(start.len()).any(|window| window == start));
            let smuggled = smuggled.count() == 1;
            if lenient && taken && !lmtp && smuggled {
                verdicts.extend(b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n250 2.0.0 second\r\n");
            }
            let outcome = if taken { Outcome::Accepted } else { Outcome::Rejected };
            let codes = if lmtp { vec![if taken { 250 } else { 554 }; recipients] } else { Vec::new() };
            envelope(pipelined, recipients, b"DATA\r\n", b"354 go\r\n")
                .exchange([&wire[..], b".\r\n"].concat(), verdicts)
                .message(content, outcome, true)
                .delivered(codes)
        },
    )
}

/// A message with a reply for each recipient (draft-hall-prdr-00), by DATA or in a chunk, and what is pipelined behind it.
fn prdr() -> impl Strategy<Value = Part> {
    let codes = prop::collection::vec(prop::sample::select(vec![250_u16, 353, 450, 550]), 2..5);
    (codes, prop::sample::select(vec![250_u16, 550]), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(codes, last, chunked, begins, followed)| {
            let mut client = b"MAIL FROM:<a@x> PRDR\r\n".to_vec();
            let mut server = b"250 2.1.0 ok\r\n".to_vec();
            for number in 0..codes.len() {
                client.extend(format!("RCPT TO:<b{number}@y>\r\nRCPT TO:<no@y>\r\n").bytes());
                server.extend(b"250 2.1.5 ok\r\n550 5.1.1 no\r\n");
            }
            let mut part = Part::default();
            let content = b"text\r\n".to_vec();
            if chunked {
                client.extend(b"BDAT 2\r\nteBDAT 4 LAST\r\nxt\r\n");
                server.extend(b"250 2 octets\r\n");
            } else {
                client.extend(b"DATA\r\n");
                server.extend(b"354 go\r\n");
                part = part.exchange(core::mem::take(&mut client), core::mem::take(&mut server));
                client.extend(b"text\r\n.\r\n");
            }
            if begins {
                server.extend(b"353 go\r\n");
                codes.iter().for_each(|code| server.extend(format!("{code} for it\r\n").bytes()));
            }
            server.extend(format!("{last} in all\r\n").bytes());
            if followed {
                client.extend(b"MAIL FROM:<a@x> PRDR\r\nRSET\r\n");
                server.extend(b"250 ok\r\n250 ok\r\n");
            }
            let refused = codes.iter().filter(|code| **code >= 400).count();
            let outcome = match (last, refused) {
                (550, _) => Outcome::Rejected,
                (_, refused) if begins && refused == codes.len() => Outcome::Rejected,
                (_, 1..) if begins => Outcome::Mixed,
                _ => Outcome::Accepted,
            };
            let codes = if begins { codes } else { Vec::new() };
            part.exchange(client, server).message(content, outcome, true).delivered(codes)
        },
    )
}

/// A message in chunks: whole, refused at some chunk, given up, or followed by DATA.
fn bdat(lmtp: bool) -> impl Strategy<Value = Part> {
    let chunks = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 1..5);
    (chunks, any::<bool>(), prop::option::of(0..5usize), 0..4u8).prop_map(
        move |(chunks, pipelined, refused, end)| {
            let mut part = envelope(pipelined, 1, b"", b"");
            let (mut client, mut server) = (Vec::new(), Vec::new());
            let mut ok = true;
            for (number, chunk) in chunks.iter().enumerate() {
                ok &= refused != Some(number);
                let last = if end < 3 && number + 1 == chunks.len() { " LAST" } else { "" };
                let command = [format!("BDAT {}{last}\r\n", chunk.len()).as_bytes(), chunk].concat();
                let reply = if ok { "250 2.0.0 octets\r\n" } else { "503 5.5.1 no\r\n" };
                if pipelined {
                    client.extend(command);
                    server.extend(reply.bytes());
                } else {
                    part = part.exchange(command, reply);
                }
            }
            part = part.exchange(client, server);
            let content = chunks.concat();
            let codes = if lmtp { vec![if ok { 250 } else { 503 }] } else { Vec::new() };
            match end {
                0..3 if ok => part.message(content, Outcome::Accepted, true).delivered(codes),
                0..3 => part.message(content, Outcome::Rejected, true).delivered(codes),
                _ => {
                    let outcome = if ok { Outcome::Unknown } else { Outcome::Rejected };
                    let part = part.message(content, outcome, false);
                    if pipelined {
                        part.exchange("DATA\r\n", "503 5.5.1 not now\r\n")
                            .exchange("RSET\r\n", "250 2.0.0 ok\r\n")
                    } else {
                        part.exchange("RSET\r\n", "250 2.0.0 ok\r\n")
                    }
                }
            }
        },
    )
}

/// Everything between the messages.
fn between(lmtp: bool) -> impl Strategy<Value = Part> {
    let parts: &[&[(&'static str, &'static str)]] = &[
        &[("NOOP\r\nVRFY a\r\n", "250 ok\r\n252 maybe\r\n")],
        // Which of them a session says last decides how many verdicts it gets.
        &[(HELLO, "250-mx\r\n250-STARTTLS\r\n250 SIZE 1000\r\n")],
        &[("FOO bar\r\n\r\n", "500 what?\r\n500 what?\r\n")],
        &[("MAIL FROM:<a@x>\r\nMAIL FROM:<b@x>\r\nRSET\r\n", "250 ok\r\n503 nested\r\n250 ok\r\n")],
        &[
            ("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n", "250 ok\r\n550 no\r\n554 no recipients\r\n"),
            ("RSET\r\n", "250 ok\r\n"),
        ],
        &[("BDAT -1\r\nBDAT 99999999999999999999 LAST\r\n", "501 size?\r\n501 size?\r\n")],
        &[("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n", "535 5.7.8 no\r\n")],
        &[
            ("AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"),
            ("Ym9i\r\n", "334 UGFzc3dvcmQ6\r\n"),
            ("YjBi\r\n", "235 ok\r\n"),
        ],
        &[("AUTH CRAM-MD5\r\n", "334 PDEyQG14Pg==\r\n"), ("*\r\n", "501 cancelled\r\n")],
        &[("STARTTLS\r\n", "454 4.7.0 not now\r\n")],
        &[("XCLIENT NAME=x ADDR=192.0.2.1\r\n", "220 mx\r\n")],
        &[("XEXCH50 6 2\r\n", "354 send\r\n"), ("QUIT\r\n", "250 ok\r\n")],
        &[("NOOP\n", "250 ok\n")],
    ];
    prop::sample::select(parts).prop_map(move |turns| {
        let hello = hello(lmtp);
        turns.iter().fold(Part::default(), |part, (client, server)| {
            part.exchange(if *client == HELLO { hello } else { client }, server)
        })
    })
}

/// Stands for EHLO or LHLO.
const HELLO: &str = "HELLO";

const fn hello(lmtp: bool) -> &'static str {
    if lmtp { "LHLO c\r\n" } else { "EHLO c\r\n" }
}

fn beginning() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => Just(Part::default()),
        1 => Just(say("PROXY TCP4 192.0.2.1 198.51.100.7 56324 25\r\n", "")),
        1 => Just(say(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x07\xdc\x04\0\x19", "")),
        1 => Just(say("CONNECT mx:25 HTTP/1.1\r\nHost: mx:25\r\n\r\n", "HTTP/1.1 200 ok\r\n\r\n")),
        1 => Just(say(b"\x05\x01\0", b"\x05\0").exchange(b"\x05\x01\0\x03\x02mx\0\x19", b"\x05\0\0\x03\x02mx\0\x19")),
        1 => Just(say(b"\x04\x01\0\x19\0\0\0\x01\0mx\0", b"\0\x5a\0\0\0\0\0\0")),
    ]
}

/// How it ends: as it should, in the middle, or encrypted, with and without what an attacker slips in.
fn end() -> impl Strategy<Value = Part> {
    let hello = || say(b"\x16\x03\x01\0\x02hi", b"\x16\x03\x03\0\x02ho").exchange(b"\x17\x03\x03\0\x01x", "");
    let digest = "dXNlcm5hbWU9ImEiLHJlYWxtPSJoIixub25jZT0ibiIscW9wPWF1dGgtY29uZg==\r\n";
    prop_oneof![
        3 => Just(say("QUIT\r\n", "221 bye\r\n")),
        1 => Just(Part::default()),
        1 => Just(say("STARTTLS\r\n", "220 go\r\n").then(hello())),
        1 => Just(say("STARTTLS\r\nNOOP\r\n", "220 go\r\n").then(hello())),
        1 => Just(say("STARTTLS\r\n", "220 go\r\n").exchange("EHLO c\r\nQUIT\r\n", "250 mx\r\n221 bye\r\n")),
        1 => Just(say("AUTH DIGEST-MD5\r\n", "334 cmVhbG09Img=\r\n").exchange(digest, "235 ok\r\n").exchange(b"\0\0\0\x02so", b"\0\0\0\x02si")),
    ]
}

/// A session.
pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    any::<bool>().prop_flat_map(|lmtp| {
        // LMTP has such replies anyway.
        let prdr = if lmtp { bdat(lmtp).boxed() } else { prdr().boxed() };
        let part =
            prop_oneof![3 => data(lmtp).boxed(), 2 => bdat(lmtp).boxed(), 2 => prdr, 3 => between(lmtp).boxed()];
        let hello = hello(lmtp);
        (beginning(), prop::collection::vec(part, 0..6), end()).prop_map(move |(beginning, parts, end)| {
            let greeted =
                beginning.exchange("", "220 mx\r\n").exchange(hello, "250-mx\r\n250 PIPELINING\r\n");
            parts.into_iter().fold(greeted, Scenario::then).then(end)
        })
    })
}
