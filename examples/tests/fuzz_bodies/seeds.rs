//! Where fuzzing begins: the transcripts of the protocol crates, captures, and what is made here.

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

/// The transcripts without what is expected of them.
fn transcripts() -> Vec<Vec<u8>> {
    transcripts_of("smtp-proto")
}

/// The transcripts of a crate without what is expected of them.
fn transcripts_of(name: &str) -> Vec<Vec<u8>> {
    let steps = |text: Vec<u8>| -> Vec<u8> {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        lines.filter(|line| !line.starts_with(b"=>") && !line.starts_with(b"#")).flatten().copied().collect()
    };
    // A seed that is longer than anybody mutates is of no use.
    let texts = folder(&format!("../{name}/tests/transcripts")).into_iter().map(steps);
    texts.filter(|text| name == "smtp-proto" || text.len() < 8192).collect()
}

/// The seeds of a target.
pub(crate) fn of(name: &str) -> Vec<Vec<u8>> {
    match name {
        "smtp_session" => {
            let headers = [[0, 5, 17, 0x55], [0, 1, 1, 0x0f], [1, 2, 39, 0x33], [2, 7, 3, 0xf0]];
            transcripts()
                .iter()
                .zip(headers.iter().cycle())
                .flat_map(|(text, header)| [[&headers[0], &text[..]].concat(), [header, &text[..]].concat()])
                .collect()
        }
        "imap_session" => {
            let headers = [[0, 5, 17, 0x55], [0, 1, 1, 0x0f], [1, 2, 39, 0x33], [2, 7, 3, 0xf0]];
            transcripts_of("imap-proto-lite")
                .iter()
                .zip(headers.iter().cycle())
                .flat_map(|(text, header)| [[&headers[0], &text[..]].concat(), [header, &text[..]].concat()])
                .collect()
        }
        "imap_grammar" => transcripts_of("imap-proto-lite").iter().map(|text| lines(text)).collect(),
        "smtp_grammar" => transcripts().iter().map(|text| lines(text)).collect(),
        "framer" => {
            let header = |line, mode, size| [line, mode, 200, size, 3];
            let texts = transcripts();
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
        "sasl" => [
            &b"\x00\nAGFsaWNlAHdvbmRlcmxhbmQ="[..],
            b"\x01VXNlcm5hbWU6\nYm9i\nUGFzc3dvcmQ6\nYjBiIHMzY3JldA==",
            b"\x02PDE4OTYuNjk3MTcwOTUyQHA+\ndGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
            b"\x03\nY2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hcInJpcyIscmVhbG09ImVsd29vZCIsbm9uY2U9Ik9BIg==\n\n",
            b"\x04\n*",
            b"\x80bob\nb0b s3cret\nanother",
            b"\x81alice\nwonderland\nsomething else",
        ]
        .map(<[u8]>::to_vec)
        .to_vec(),
        "reassembly" => reassembly(),
        "packet" => packets().into_iter().map(|packet| [&[0, 0], &packet[..]].concat()).collect(),
        "capture" => captures(),
        _ => Vec::new(),
    }
}

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
        // A half stood still, and grew, behind a gap with a few bytes in front of it.
        (
            "smtp_session",
            b"\x05\x01\x01\x55S: 220 mx\nC: \\x16\\\nC! 5\nC: NOOP, and all the rest of a long line, again and again and again, \\\nC: and so on until there is more of it than may be held, again and again and again\nC: and so on until there is more of it than may be held, again and again and again\nC: and so on until there is more of it than may be held, again and again and again\n",
        ),
    ]
}

/// The words of the dictionaries that serve a target.
pub(crate) fn dictionary(name: &str) -> Vec<Vec<u8>> {
    let files: &[&str] = match name {
        "smtp_session" => &["transcript", "smtp", "lines"],
        "smtp_grammar" => &["smtp", "lines"],
        "imap_session" => &["transcript", "imap", "lines"],
        "imap_grammar" => &["imap", "lines"],
        "framer" => &["lines"],
        "packet" => &["packet"],
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
