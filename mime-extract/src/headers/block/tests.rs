use super::*;
use crate::decode::Origin;

/// The fields of a block, how it ended and its anomalies.
type Told = (Vec<String>, String, Vec<&'static str>);

/// What is told of a block, for any chunking; `|` marks a gap.
fn read(text: &str, chunk: usize) -> Told {
    read_as(text, chunk, HeaderChoices::default(), false).0
}

/// The same in another reading, with whether all was seen and kept, and where it stands; `plain`: plain lines are taken many
/// at a time.
fn read_as(text: &str, chunk: usize, choices: HeaderChoices, plain: bool) -> (Told, [bool; 2], Range<u64>) {
    let mut boundaries = Boundaries::default();
    boundaries.push(0, b"b".to_vec());
    let mut config = Config::default().max_header(4096);
    config.choices.header = choices;
    let mut block = Block::new(&config, true, 0);
    let (mut at, mut how, mut ended) = (0, "cut".to_owned(), false);
    'all: for piece in text.split_inclusive('|') {
        let (piece, gap) = piece.strip_suffix('|').map_or((piece, false), |piece| (piece, true));
        for chunk in piece.as_bytes().chunks(chunk) {
            let mut rest = chunk;
            while !rest.is_empty() {
                if plain {
                    let end = at + rest.len() as u64;
                    let (taken, over) = block.append_plain(rest, Origin { start: at, end, exact: true });
                    at += taken as u64;
                    rest = &rest[taken..];
                    if over {
                        (how, ended) = ("end".to_owned(), true);
                        break 'all;
                    }
                }
                let Some(part) = rest.split_inclusive(|byte| *byte == b'\n').next() else { break };
                rest = &rest[part.len()..];
                let verdict = block.append(part, part.ends_with(b"\n"), at, &boundaries);
                at += part.len() as u64;
                how = match verdict {
                    Verdict::More => continue,
                    Verdict::End => {
                        ended = true;
                        "end".to_owned()
                    }
                    Verdict::Delimiter(hit, _) => format!("delimiter {}", hit.close),
                    Verdict::Reread(_, at) => format!("body at {at}"),
                };
                break 'all;
            }
        }
        if gap {
            block.gap();
        }
    }
    let Finished { headers, anomalies, seen, range, .. } = block.finish(ended);
    let fields = headers.iter().map(|field| format!("{field:?}@{}", field.offset())).collect();
    let told = (fields, how, anomalies.iter().map(|(anomaly, _)| anomaly.code()).collect());
    (told, [seen, headers.is_complete()], range)
}

#[test]
fn blocks() {
    let table: &[(&str, &[&str], &str, &[&str])] = &[
        ("A: b\r\nC:d \r\n\r\nx", &["A: b@0", "C: d@6"], "end", &[]),
        ("A:\n b\n\tc\n\n", &["A: b\\n\\tc@0"], "end", &[]),
        ("A:\r\n \r\n b\r\n\r\n", &["A: b@0"], "end", &["header-end-ambiguous"]),
        ("A : b\n\n", &["A: b@0"], "end", &["header-syntax"]),
        ("A: b\r\n\n", &["A: b@0"], "end", &["eol-mixed"]),
        ("\r\nA: b\r\n", &[], "end", &["header-start-blank"]),
        ("From x\nA: b\n\n", &[": From x@0", "A: b@7"], "end", &["mbox-from"]),
        ("From x\nhello you\n", &[": From x@0"], "body at 7", &["mbox-from", "no-headers"]),
        ("hello you\nA: b\n\n", &[], "body at 0", &["no-headers"]),
        ("A: b\njunk line\nC: d\n\n", &["A: b@0", ": junk line@5", "C: d@15"], "end", &["header-junk-line"]),
        ("A: b\njunk\n\n", &["A: b@0", ": junk@5"], "end", &["header-junk-line"]),
        ("A: b\njunk\nmore junk\n", &["A: b@0"], "body at 5", &["header-end-missing"]),
        (" A: b\nC: d\n\n", &[": A: b@0", "C: d@6"], "end", &["header-junk-line"]),
        ("  indented\ntext text\n", &[], "body at 0", &["header-end-missing"]),
        ("A: b\n--b\nx", &["A: b@0"], "delimiter false", &[]),
        ("A: b\n--b-- \r\nx", &["A: b@0"], "delimiter true", &["eol-mixed"]),
        ("A: b\n--c: d\n\n", &["A: b@0", "--c: d@5"], "end", &[]),
        // The first part of the block itself, behind a line of blanks and behind none.
        (
            "Content-Type: multipart/mixed; boundary=x:y\nA: c\n \n--x:y\nD: e\n",
            &["Content-Type: multipart/mixed; boundary=x:y@0", "A: c@44"],
            "body at 51",
            &["header-end-ambiguous", "header-end-missing"],
        ),
        (
            "content-type: a/b;\n boundary=\"x y\"\n--x y \n",
            &["content-type: a/b;\\n boundary=\\\"x y\\\"@0"],
            "body at 35",
            &["header-end-missing"],
        ),
        (
            "Content-Type: a/b; boundary=x\n--x-y\nD: e\n\n",
            &["Content-Type: a/b; boundary=x@0", ": --x-y@30", "D: e@36"],
            "end",
            &["header-junk-line"],
        ),
        ("A: b\nC", &["A: b@0", ": C@5"], "cut", &[]),
        ("A: b\nC: d", &["A: b@0", "C: d@5"], "cut", &[]),
        ("A: b\rC: d\n\n", &["A: b\\rC: d@0"], "end", &["bare-cr"]),
        // A gap tears a line in two; what follows it is no field.
        ("A: b|c\nD: e\n\n", &["A: b@0", ": c@4", "D: e@6"], "end", &["header-gap", "header-junk-line"]),
        ("A: b|\r\nD: e\r\n\r\n", &["A: b@0", ": @4", "D: e@6"], "end", &["header-gap", "header-junk-line"]),
        ("A: b|c\nD: e", &["A: b@0", ": c@4", "D: e@6"], "cut", &["header-gap", "header-junk-line"]),
        ("A: b|of the body\nmore body\n", &["A: b@0"], "body at 4", &["header-gap", "header-end-missing"]),
    ];
    for (text, fields, how, anomalies) in table {
        for chunk in [1, 2, 3, 5, 100] {
            let expected = (
                fields.iter().map(|&field| field.to_owned()).collect(),
                (*how).to_owned(),
                anomalies.to_vec(),
            );
            assert_eq!(read(text, chunk), expected, "{text:?} by {chunk}");
        }
    }
}

#[test]
fn limits() {
    for chunk in [1, 7, 1024] {
        // Bytes: the rest is passed over, the end is found all the same.
        let (fields, how, anomalies) = read(&format!("A: {}\nB: c\n d\n\nbody", "x".repeat(8000)), chunk);
        assert_eq!((fields.len(), &*how, anomalies), (1, "end", vec!["header-too-long"]));
        assert_eq!(fields[0].len(), 4096 + "@0".len());
        // Fields: one for 64 bytes.
        let (fields, how, anomalies) = read(&format!("{}\nbody", "A:\n".repeat(100)), chunk);
        assert_eq!((fields.len(), &*how, anomalies), (64, "end", vec!["header-too-long"]));
        // An endless word is a body.
        assert_eq!(read(&"x".repeat(2000), chunk).1, "body at 0");
    }
}

#[test]
fn plain_lines_are_read_as_any() {
    const LINES: [&str; 14] = [
        "A: b\n",
        "Content-X:c\r\n",
        "d : e\n",
        "\tf\n",
        " cc\r\n",
        " \n",
        "\n",
        "\r\n",
        "junk\n",
        "--b\n",
        "--c: d\n",
        "From x\n",
        ":\n",
        "g:\r",
    ];
    let other = HeaderChoices {
        blank_ends: true,
        skips_empty: true,
        junk: JunkChoice::Passed,
        loose: true,
        over_delimiters: true,
    };
    let choices = [
        HeaderChoices::default(),
        HeaderChoices { loose: false, ..other },
        HeaderChoices { junk: JunkChoice::Ends, ..HeaderChoices::default() },
        other,
    ];
    for number in 0..LINES.len().pow(4) {
        let text: String = (0..4).map(|at| LINES[number / LINES.len().pow(at) % LINES.len()]).collect();
        for choices in choices {
            let [any, plain] = [false, true].map(|plain| read_as(&text, 1000, choices, plain));
            assert_eq!(plain, any, "{text:?} {choices:?}");
        }
    }
    for text in [
        format!("{}: x\n\n", "x".repeat(MAX_NAME)),
        format!("{}: x\n\n", "x".repeat(MAX_NAME + 1)),
        format!("A: {}\nB: c\n d\n\nbody", "x".repeat(8000)),
        format!("A: {}\n {}\nB: c\n\n", "x".repeat(4000), "y".repeat(95)),
        format!("{}\nbody", "A:\n".repeat(100)),
        format!("{} b\n\n", "A:\n".repeat(64)),
        "A: b\n|c\nD: e\n\n".to_owned(),
        "A: b|\nD: e\n\n".to_owned(),
    ] {
        for chunk in [7, 100, 10_000] {
            let [any, plain] =
                [false, true].map(|plain| read_as(&text, chunk, HeaderChoices::default(), plain));
            assert_eq!(plain, any, "{text:?} by {chunk}");
        }
    }
}
