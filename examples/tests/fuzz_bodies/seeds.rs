//! Where fuzzing begins: the transcripts of the session crates, captures, and what is made here.

use std::io::Write;
use std::path::Path;

use super::mutator::Mutator;

fn folder(path: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut paths: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The mails of mime-extract behind different headers of the target.
fn mails() -> Vec<Vec<u8>> {
    let headers = [[0, 0, 2, 40, 0, 9, 7], [2, 16, 0, 0, 1, 80, 3], [1, 5, 30, 10, 2, 1, 11]];
    let mails = folder("../mime-extract/tests/corpus").into_iter().filter(|mail| mail.len() < 4096);
    mails.zip(headers.iter().cycle()).map(|(mail, header)| [&header[..], &mail].concat()).collect()
}

/// Mails that can be read in several ways, and the others, behind different headers of the target.
fn tricks() -> Vec<Vec<u8>> {
    let headers =
        [[0, 0, 0, 0], [0x31, 0, 0, 0], [4, 60, 0, 9], [2, 0, 0, 0], [12, 100, 0, 30], [3, 0, 0, 0]];
    let body = |boundary: &str| {
        format!(
            "\n\n--{boundary}\n\ntext\n--{boundary}\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\nZm9vYg==\nYmFy\n--{boundary}--\n"
        )
    };
    let mixed = |parameters: &str, boundary: &str| {
        format!("Content-Type: multipart/mixed{parameters}{}", body(boundary))
    };
    let own = [
        mixed("; boundary=a; boundary=b", "b"),
        mixed("; boundary=a\nContent-Type: multipart/mixed; boundary=b", "b"),
        mixed("; boundary=(x)\"a", "a"),
        mixed("; x=\"boundary=a\"", "a"),
        mixed("", "a"),
        mixed("; boundary=a", "b"),
        mixed("; boundary=a", "ab"),
        mixed("; boundary=a", "a").replace("\n--a", "\n\r--a"),
        mixed("; boundary=a", "a").replace('\n', "\r"),
        mixed("; boundary=a", "a").replace("base64\n\n", "quoted-printable, base64\n \n"),
        mixed("; boundary=a", "a").replace("\nContent-Tr", "\njunk\nmore junk\nContent-Tr"),
        mixed("; boundary=a", "a").replace("--a\nContent", "--a\n\nContent"),
        mixed("; boundary=a", "a") + "Content-Type: a/b\n\nbehind\n--a\n\nmore\n--a--\n",
        mixed("; boundary=a", "a").replace("Zm9vYg==", "Zm9v\n--a\nYmFy"),
        mixed("; boundary=a\nContent-Transfer-Encoding: base64", "a"),
        format!("X{}", mixed("; boundary=a", "a")),
        "Content-Transfer-Encoding: x\n\nZm9vYmFyZm9v\n".into(),
        "Content-Type: a/b\nContent-Transfer-Encoding: quoted-printable\n\n==41=0=42\r\n".into(),
        "Content-Transfer-Encoding: base64\n\nxy\n-m9vYm_y\nZm9v=Zg=\n".into(),
    ];
    let mails = folder("../mime-extract/tests/corpus").into_iter().filter(|mail| mail.len() < 4096);
    let mails = own.map(String::into_bytes).into_iter().chain(mails);
    mails.zip(headers.iter().cycle()).map(|(mail, header)| [&header[..], &mail].concat()).collect()
}

/// Bodies in base64 (0), in quoted-printable (1), and texts behind the name of their charset (2).
fn bodies() -> Vec<Vec<u8>> {
    let long = "QUJD".repeat(19);
    let bodies: [(u8, &str); 12] = [
        (0, "Zm9vYmFy\r\nZm9v\n"),
        (0, &format!("{long}\r\n{long}\r\nQQ==\r\n")),
        (0, &format!("{long}\n{long}#{long}\nZm9vY")),
        (0, "Zm9vYg==\nYmFy\n"),
        (0, "Zm9vYg==\n_____\nlist@x\n"),
        (0, "QQ=\nQQ=\nUEs=AwQ=FAA=x"),
        (1, "caf=C3=A9 and a soft=\r\nbreak  \r\n"),
        (1, "=\n=3D= \t\r\n==\n=\r=4=41=zz \r\r\n"),
        (1, "text that needs nothing\nand more\t\n\n"),
        (2, "windows-1252\n\u{20ac}"),
        (2, "iso-2022-jp\n\u{1b}$B%F%9%H\u{1b}(B"),
        (2, "utf-7\n+AGE-b"),
    ];
    bodies.iter().map(|(kind, text)| [&[*kind, 12, 60][..], text.as_bytes()].concat()).collect()
}

/// The transcripts of a crate without what is expected of them.
fn transcripts(crate_name: &str) -> Vec<Vec<u8>> {
    let steps = |text: Vec<u8>| -> Vec<u8> {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        lines.filter(|line| !line.starts_with(b"=>") && !line.starts_with(b"#")).flatten().copied().collect()
    };
    folder(&format!("../{crate_name}/tests/transcripts")).into_iter().map(steps).collect()
}

/// The transcripts of a crate as inputs of its session target.
fn sessions(crate_name: &str) -> Vec<Vec<u8>> {
    let headers = [[0, 5, 17, 0x55], [0, 1, 1, 0x0f], [1, 2, 39, 0x33], [2, 7, 3, 0xf0]];
    transcripts(crate_name)
        .iter()
        .zip(headers.iter().cycle())
        .flat_map(|(text, header)| [[&headers[0], &text[..]].concat(), [header, &text[..]].concat()])
        .collect()
}

/// The seeds of a target.
pub(crate) fn of(name: &str) -> Vec<Vec<u8>> {
    match name {
        "smtp_session" => sessions("smtp-proto"),
        "smtp_grammar" => transcripts("smtp-proto").iter().map(|text| lines(text)).collect(),
        "pop3_session" => sessions("pop3-proto"),
        "pop3_grammar" => transcripts("pop3-proto").iter().map(|text| lines(text)).collect(),
        "imap_session" => sessions("imap-proto-lite"),
        "imap_grammar" => transcripts("imap-proto-lite").iter().map(|text| lines(text)).collect(),
        "framer" => {
            let header = |line, mode, size| [line, mode, 200, size, 3];
            let texts = transcripts("smtp-proto");
            let texts = texts.iter().map(|text| framed(&lines(text)));
            texts
                .zip(
                    [
                        header(63, 0, 3),
                        header(9, 70, 1),
                        header(20, 130, 5),
                        header(5, 220, 2),
                        header(63, 70, 9),
                    ]
                    .iter()
                    .cycle(),
                )
                .map(|(text, header)| [&header[..], &text].concat())
                .collect()
        }
        "sasl" => sasl(),
        "mime_message" => mails(),
        "mime_candidates" => tricks(),
        "mime_decode" => bodies(),
        "reassembly" => reassembly(),
        "packet" => packets().into_iter().map(|packet| [&[0, 0], &packet[..]].concat()).collect(),
        "resolver" => resolver(),
        "capture" => captures(),
        _ => Vec::new(),
    }
}

/// Exchanges: as lines, and for each mechanism its messages before base64.
fn sasl() -> Vec<Vec<u8>> {
    let lines: [&[u8]; 7] = [
        b"\x00\nAGFsaWNlAHdvbmRlcmxhbmQ=",
        b"\x01VXNlcm5hbWU6\nYm9i\nUGFzc3dvcmQ6\nYjBiIHMzY3JldA==",
        b"\x02PDE4OTYuNjk3MTcwOTUyQHA+\ndGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
        b"\x03\nY2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hcInJpcyIscmVhbG09ImVsd29vZCIsbm9uY2U9Ik9BIg==\n\n",
        b"\x04\n*",
        b"\x80bob\nb0b s3cret\nanother",
        b"\x81alice\nwonderland\nsomething else",
    ];
    // The number of a mechanism as `sasl` in fuzz/src/wire.rs has it, then server and client in turn.
    let exchanges: [(u8, &[&[u8]]); 17] = [
        (0, &[b"", b"ann\0alice\0wonderland"]),
        (1, &[b"Username:", b"bob", b"Password:", b"b0b s3cret"]),
        (2, &[b"<1896.697170952@mx>", b"tim b913a602c7eda7a495b4e6e7334d3890"]),
        (3, &[b"", br#"username="chris",realm="e",nonce="n",nc=00000001,cnonce="c",digest-uri="smtp/e",response=d388dad90d4bbd760a152321f2143af7,qop=auth-conf"#, b"rspauth=ea40f60335c427b5527b84dbabcdfffd", b""]),
        (4, &[b"", b"user=a@b\x01auth=Bearer e30.eyJzdWIiOiI3In0.c2ln\x01\x01", br#"{"status":"401"}"#, b""]),
        (6, &[b"<1.2@mx>", b"tim d31c659ecd0fbdf3cec1bc10472a32f2597fad85"]),
        (7, &[b"<1:2@mx>", b"tim 669538c3c9d714349db739f788c44ea82005914d117df02a0b0f1ab4407d8b64"]),
        (8, &[b"", b"NTLMSSP\0\x01\0\0\0\x07\xb2\x08\xa2\x01\0\x01\0\x20\0\0\0\x01\0\x01\0\x21\0\0\0DW", NTLM_CHALLENGE, NTLM_RESPONSE]),
        (9, &[b"", KERBEROS, b"", b"\x05\x04\x04\xff\0\x0c\0\0\0\0\0\0\0\0\0\x01\x04\0\xff\xffbob\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07"]),
        (10, &[b"", b"\x60\x28\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x1e\x30\x1c\xa0\x0e\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a\xa2\x0a\x04\x08NTLMSSP\0"]),
        (11, &[b"", b"n,,n=user,r=fyko", b"r=fyko3rfc,s=QSXCR+Q6sek8bf92,i=4096", b"c=biws,r=fyko3rfc,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", b""]),
        (12, &[b"", b"p=tls-unique,a=bo=2Cb,n=a=2Cb=3Dc,r=x", b"e=invalid-proof", b"*"]),
        (13, &[b"", b"n,a=user@x,\x01host=h\x01port=587\x01auth=Bearer t\x01\x01", br#"{"status":"invalid_token"}"#, b"\x01"]),
        (15, &[b"", b"bob@x"]),
        (16, &[b"", b"sirhc"]),
        (17, &[b"", b"\0tim", b"otp-md5 123 ke1234 ext", b"hex:11d4c147e227c1f1"]),
        (18, &[b"", b"tim", b"99 ke1234", b"BOND FOGY DRAB NE RISE MART"]),
    ];
    let exchanges = exchanges
        .iter()
        .map(|(number, messages)| [&[0x40 | number][..], &messages.join(&b"\n--\n"[..])].concat());
    lines.into_iter().map(<[u8]>::to_vec).chain(exchanges).collect()
}

/// MS-NLMP sections 4.2.4.3 and 4.2.2.3.
const NTLM_CHALLENGE: &[u8] = b"NTLMSSP\0\x02\0\0\0\x0c\0\x0c\x008\0\0\x003\x82\x8a\xe2\x01#Eg\x89\xab\xcd\xef\0\0\0\0\0\0\0\0\x24\0\x24\0D\0\0\0\x06\0p\x17\0\0\0\x0fS\0e\0r\0v\0e\0r\0\x02\0\x0c\0D\0o\0m\0a\0i\0n\0\x01\0\x0c\0S\0e\0r\0v\0e\0r\0\0\0\0\0";
const NTLM_RESPONSE: &[u8] = b"NTLMSSP\0\x03\0\0\0\x18\0\x18\0\x6c\0\0\0\x18\0\x18\0\x84\0\0\0\x0c\0\x0c\0\x48\0\0\0\x08\0\x08\0\x54\0\0\0\x10\0\x10\0\x5c\0\0\0\0\0\0\0\x9c\0\0\0\x35\x82\x80\xe2\x05\x01\x28\x0a\0\0\0\x0fD\0o\0m\0a\0i\0n\0U\0s\0e\0r\0C\0O\0M\0P\0U\0T\0E\0R\0llllllllllllllllllllllllnnnnnnnnnnnnnnnnnnnnnnnn";
/// The beginning of a context: an AP-REQ for smtp/mx in the realm EX, etype 23.
const KERBEROS: &[u8] = b"\x60\x6f\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\0\x6e\x60\x30\x5e\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0e\xa3\x52\x61\x50\x30\x4e\xa0\x03\x02\x01\x05\xa1\x04\x1b\x02EX\xa2\x15\x30\x13\xa0\x03\x02\x01\x02\xa1\x0c\x30\x0a\x1b\x04smtp\x1b\x02mx\xa3\x2a\x30\x28\xa0\x03\x02\x01\x17\xa2\x21\x04\x1fcccccccccccccccccccccccccccccccc";

/// Inputs that once failed, and for which code was mended.
pub(crate) fn found() -> Vec<(&'static str, &'static [u8])> {
    vec![
        // The anomaly about a dot that was not doubled had the span of its chunk.
        ("smtp_session", b"\x00\x05\x11\x55S: 220 mx\nC: DATA\nS: 354 go\nC: .go\nC: two\nC: .\nS: 250 ok\n"),
        // Whether TLS had begun was judged by the first chunk.
        (
            "smtp_session",
            b"\x00\x01\x01\x55S: 220 mx\nC: STARTTLS\nS: 220 go\nC: ho\\x17\\x03\\x03\\x00\\x01x\\\n",
        ),
        // Whether a tunnel was answered was judged by what the answer began with.
        (
            "smtp_session",
            b"\x00\x05\x11\x55C: CONNECT mx:25 HTTP/1.1\\r\\n\nS: HTTP/1.1 2ection\\r\\n\nS: 220 mx\nC: EHLO c\nS: 250 mx\n",
        ),
        // A half stood still, and grew, behind a gap with a few bytes in front of it.
        (
            "smtp_session",
            b"\x05\x01\x01\x55S: 220 mx\nC: \\x16\\\nC! 5\nC: NOOP, and all the rest of a long line, again and again and again, \\\nC: and so on until there is more of it than may be held, again and again and again\nC: and so on until there is more of it than may be held, again and again and again\nC: and so on until there is more of it than may be held, again and again and again\n",
        ),
        // Data of a SYN that came behind the start of its stream was put at offset 0.
        (
            "reassembly",
            b"\x00\xa3xxx\x82\x81\x84\x81\x81\x81\x81\x19\x00\x00\x00\x00\x04xx~\x12xxxx\xf8\x1eAxx\xf8\x1eAx\xf8\x1eA",
        ),
        // A line that is nearly a delimiter was told before or behind what a message in base64 around it tells.
        (
            "mime_message",
            b"\x00\x00\x02(\x00\t\x07Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nSubject: inside\r\nContent-Type: text/plain; name=a.txt\r\n\r\nplain text\r\n--b-ain text\r\n--b--\r\n-\r\n",
        ),
        // Names of a second Content-Type were left out where it came in one chunk with the first.
        (
            "mime_message",
            b"\x00\x00\x02\x00\x00\x00\x00Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nQ29udGVudC1UeXBlOiBhL2I7IG5hbWU9YS56aXAKQ29udGVudC1UeXBlOiBhL2I7IG5hbWU9Yi56aXAKCngK\n",
        ),
    ]
}

/// The words of the dictionaries that serve a target.
pub(crate) fn dictionary(name: &str) -> Vec<Vec<u8>> {
    let files: &[&str] = match name {
        "smtp_session" => &["transcript", "smtp", "lines"],
        "smtp_grammar" => &["smtp", "lines"],
        "pop3_session" => &["transcript", "pop3", "lines"],
        "pop3_grammar" => &["pop3", "lines"],
        "imap_session" => &["transcript", "imap", "lines"],
        "imap_grammar" => &["imap", "lines"],
        "framer" => &["lines"],
        "sasl" => &["sasl"],
        "mime_message" | "mime_candidates" => &["mime", "lines"],
        "mime_decode" => &["mime"],
        "packet" | "resolver" => &["packet"],
        "capture" => &["capture", "packet"],
        _ => &[],
    };
    let path = |file| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fuzz/dicts/{file}.dict"));
    let text: String = files.iter().map(|file| std::fs::read_to_string(path(file)).unwrap()).collect();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(word).collect()
}

/// A line of a dictionary: the word in quotes, with `\\`, `\"` and `\xNN`.
fn word(line: &str) -> Vec<u8> {
    let mut bytes = line.strip_prefix('"').unwrap().strip_suffix('"').unwrap().bytes();
    let mut word = Vec::new();
    while let Some(byte) = bytes.next() {
        word.push(match byte {
            b'\\' => match bytes.next().unwrap() {
                b'x' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            },
            byte => byte,
        });
    }
    word
}

/// What the lines of a transcript say, one after the other.
fn lines(transcript: &[u8]) -> Vec<u8> {
    let steps = mail_wire::transcript::Transcript::parse(transcript).steps;
    let mut text = Vec::new();
    for step in steps {
        if let mail_wire::transcript::Step::Push(_, bytes) = step {
            text.extend_from_slice(&bytes);
        }
    }
    text
}

/// A text as items of the framer target, with a gap here and there.
fn framed(text: &[u8]) -> Vec<u8> {
    let mut items = Vec::new();
    for (piece, number) in text.chunks(90).zip(0_u8..200) {
        items.push(u8::try_from(piece.len() - 1).unwrap());
        items.extend(piece);
        if number % 4 == 3 {
            items.push(0xf0 | number);
        }
    }
    items
}

/// Handshake, data of both sides, FIN; then steps of every kind.
fn reassembly() -> Vec<Vec<u8>> {
    let mut random = Mutator::new(7);
    let side = |server: u8, kind: u8| kind << 1 | server;
    let mut seeds = Vec::new();
    for number in 0..24_u8 {
        let limits = if number % 3 == 0 { 0 } else { random.next().to_le_bytes()[0] };
        let mut seed = vec![limits];
        seed.extend(random.next().to_le_bytes());
        seed.extend([side(0, 9), side(1, 10), side(0, 13), 0x00, 0x80]);
        for _ in 0..random.below(40) {
            let kind = [0, 0, 1, 4, 5, 6, 7, 8, 13, 14, 15][random.below(11)];
            let [len, back, more, ..] = random.next().to_le_bytes();
            seed.extend([side(len & 1, kind) | more & 0xc0, back, len & 0x3f, more & 0x1f]);
        }
        seed.extend([side(0, 11), side(1, 11), side(0, 0), 0]);
        seeds.push(seed);
    }
    seeds
}

/// One segment over each link layer and both versions of IP.
/// Fragments of each datagram in and out of order, overlapping, twice, cut short, changed; and whole frames.
fn resolver() -> Vec<Vec<u8>> {
    // Kind of the step, datagram, number, first unit, units, what is around it.
    let part = |kind: u8, what: u8, unit: u8, units: u8, link: u8| vec![kind, what, 1, unit, units, link];
    let mut seeds = Vec::new();
    for what in 0..6 {
        for (kind, link) in [(0, 0), (0x10, 1), (0, 3)] {
            let parts =
                [part(kind, what, 0, 9, link), part(kind, what, 9, 20, link), part(kind, what, 29, 23, link)];
            let [a, b, c] = &parts;
            let overlap = part(kind, what, 5, 12, link);
            for order in [[a, b, c, a], [c, b, a, c], [a, c, &overlap, b]] {
                seeds.push([&[0][..], &order.into_iter().flatten().copied().collect::<Vec<_>>()].concat());
            }
            let changed = [&[kind | 0x20, what, 1, 5, 12, 40, 0xff, link][..], &[12, 40]].concat();
            seeds.push([&[3][..], a, &changed, b, c].concat());
            let short = [&part(kind | 0x40, what, 9, 20, link)[..], &[60]].concat();
            let twice = part(kind | 0x80, what, 29, 23, link);
            seeds.push([&[9][..], a, &short, &twice, b].concat());
        }
    }
    for packet in packets() {
        let len = u8::try_from(packet.len().min(255)).unwrap();
        seeds.push([&[0, 15, 0, len, 0][..], &packet].concat());
    }
    seeds
}

fn packets() -> Vec<Vec<u8>> {
    let tcp =
        [&[0x9c, 0x40, 0, 25, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0][..], b"EHLO c\r\n"]
            .concat();
    let options = [
        &[0x9c, 0x40, 0, 25, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x02, 0xff, 0xff, 0, 0, 0, 0][..],
        &[2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 0, 0],
    ]
    .concat();
    let v4 = |tcp: &[u8]| {
        let len = u16::try_from(20 + tcp.len()).unwrap().to_be_bytes();
        let head = [0x45, 0, len[0], len[1], 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        [&head[..], tcp].concat()
    };
    let v6 = |next: u8, extension: &[u8], tcp: &[u8]| {
        let len = u16::try_from(extension.len() + tcp.len()).unwrap().to_be_bytes();
        let head = [0x60, 0, 0, 0, len[0], len[1], next, 64];
        [&head[..], &[0x20; 16], &[0x21; 16], extension, tcp].concat()
    };
    let ip = [
        v4(&tcp),
        v4(&options),
        v6(6, &[], &tcp),
        v6(0, &[6, 0, 1, 4, 0, 0, 0, 0], &tcp),
        v6(44, &[6, 0, 0, 1, 0, 0, 0, 9], &tcp),
    ];
    let mut packets = Vec::new();
    for packet in &ip {
        let kind = if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
        let family = if packet[0] >> 4 == 4 { 2 } else { 30 };
        for link in [
            &[][..],
            &[&[2; 12], &kind[..]].concat(),
            &[&[2; 12][..], &[0x81, 0, 0, 5], &kind].concat(),
            &[&[2; 12][..], &[0, 60, 0xaa, 0xaa, 3, 0, 0, 0], &kind].concat(),
            &[family, 0, 0, 0],
            &[0, 0, 0, family],
            &[&[0; 14], &kind[..]].concat(),
            &[&kind[..], &[0; 18]].concat(),
        ] {
            packets.push([link, packet, &[0; 6][..]].concat());
        }
    }
    packets
}

/// The captures beside the tests, as far as they are small; and small ones of every format.
fn captures() -> Vec<Vec<u8>> {
    let mut captures = folder("captures");
    captures.retain(|capture| capture.len() <= 4096);
    let frames: Vec<_> = packets().into_iter().skip(1).step_by(8).collect();
    for big in [false, true] {
        for magic in [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34] {
            captures.push(pcap(big, magic, &frames));
        }
        captures.push(pcapng(big, &frames));
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&captures[0]).unwrap();
    let zstd = zstd::encode_all(&captures[0][..], 1).unwrap();
    captures.extend([gzip.finish().unwrap(), zstd]);
    captures
}

fn word_of(big: bool, word: usize) -> [u8; 4] {
    let word = u32::try_from(word).unwrap();
    if big { word.to_be_bytes() } else { word.to_le_bytes() }
}

fn pcap(big: bool, magic: usize, frames: &[Vec<u8>]) -> Vec<u8> {
    let version = if big { 0x0002_0004 } else { 0x0004_0002 };
    let mut file: Vec<u8> = [magic, version, 0, 0, 65_535, 1].map(|word| word_of(big, word)).concat();
    for (frame, number) in frames.iter().zip(0..) {
        let head = [1_600_000_000 + number, number, frame.len(), frame.len()];
        file.extend(head.map(|word| word_of(big, word)).concat());
        // Kuznetzov's format has two words more.
        file.extend(vec![0; if magic == 0xa1b2_cd34 { 8 } else { 0 }]);
        file.extend(frame);
    }
    file
}

fn pcapng(big: bool, frames: &[Vec<u8>]) -> Vec<u8> {
    let block = |kind: usize, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let total = word_of(big, padded + 12);
        let mut block = [word_of(big, kind), total].concat();
        block.extend(body);
        block.resize(8 + padded, 0);
        block.extend(total);
        block
    };
    let half = |number: u16| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut file =
        block(0x0a0d_0d0a, &[&word_of(big, 0x1a2b_3c4d)[..], &half(1), &half(0), &[0xff; 8]].concat());
    // Ethernet, time stamps in nanoseconds.
    let options = [&half(9)[..], &half(1), &[9, 0, 0, 0], &half(0), &half(0)].concat();
    file.extend(block(1, &[&half(1)[..], &half(0), &word_of(big, 65_535), &options].concat()));
    for (frame, number) in frames.iter().zip(0..) {
        let head = [0, 0x15_f000, number, frame.len(), frame.len()].map(|word| word_of(big, word)).concat();
        file.extend(block(6, &[&head[..], frame].concat()));
        file.extend(block(3, &[&word_of(big, frame.len())[..], frame].concat()));
    }
    file.extend(block(5, &[0; 12]));
    file
}
