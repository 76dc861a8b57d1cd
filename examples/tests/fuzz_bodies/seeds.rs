//! Where fuzzing begins: the transcripts of the session crates, captures, and what is made here.

#[path = "seeds/capture.rs"]
mod capture;
#[path = "seeds/found.rs"]
mod found;
#[path = "seeds/join.rs"]
mod join;
#[path = "seeds/mime.rs"]
mod mime;
#[path = "seeds/tcp.rs"]
mod tcp;
#[path = "seeds/wire.rs"]
mod wire;

pub(crate) use found::found;

use std::path::Path;

fn folder(path: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut paths: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
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
        "imap_join" => join::steps(),
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
        "sasl" => wire::sasl(),
        "mime_message" => mime::mails(),
        "mime_candidates" => mime::tricks(),
        "mime_decode" => mime::bodies(),
        "reassembly" => tcp::reassembly(),
        "packet" => tcp::packets().into_iter().map(|packet| [&[0, 0], &packet[..]].concat()).collect(),
        "resolver" => tcp::resolver(),
        "capture" => capture::captures(),
        _ => Vec::new(),
    }
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
