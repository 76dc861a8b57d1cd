//! Mails that are made to cost: where parsers are known to be slow, to recurse or to give up.

use std::fmt::Write as _;

/// A name, and what makes the mail.
type Input = (&'static str, fn() -> String);

/// Each by its name.
pub(crate) const HOSTILE: &[Input] = &[
    ("2,000 levels", || nest(2_000, true)),
    ("2,000 levels, none closed", || nest(2_000, false)),
    ("8,000 levels, none closed", || nest(8_000, false)),
    ("500,000 empty parts", || multipart("f", &"--f\n".repeat(500_000))),
    ("500,000 parts with a header", || multipart("f", &"--f\nA: b\n\n".repeat(500_000))),
    ("500,000 fields", || format!("{}\nbody", "A: b\n".repeat(500_000))),
    ("a folded field of 5 MB", || format!("A: {}\n\nbody", "x\n ".repeat(1_700_000))),
    ("50,000 sections of a name", || sections("name")),
    ("50,000 sections of a boundary", || sections("boundary")),
    ("200,000 encoded words", || format!("Subject: {}\n\nbody", "=?utf-8?q?x?= ".repeat(200_000))),
    ("200,000 open comments", || field("Content-Type", "text/plain; ", "(", 200_000)),
    ("200,000 comments", || field("Content-Type", "text/plain; ", "()", 200_000)),
    ("100,000 groups of addresses", || field("From", "", "a:", 100_000)),
    ("400 messages in one another", || "Content-Type: message/rfc822\n\n".repeat(400)),
    ("100 levels of messages around 4 MB", || {
        format!("{}\n{}", "Content-Type: message/rfc822\n\n".repeat(99), "text\n".repeat(800_000))
    }),
    ("25 encoded messages", || encoded(25, "Subject: innermost\r\n\r\ntext\r\n")),
    ("lines like delimiters", || {
        multipart("boundary", &"--boundar\n--boundaryx\n-boundary\n".repeat(100_000))
    }),
    ("300 levels, a million dashed lines", || format!("{}\n{}", nest(300, false), "--b\n".repeat(1_000_000))),
    ("99 levels, a million dashed lines", || format!("{}\n{}", nest(99, false), "--b\n".repeat(1_000_000))),
    ("a line of 10 MB", || format!("Subject: x\n\n{}", "x".repeat(10 << 20))),
    ("10 MB of dashes", || multipart("b", &"-".repeat(10 << 20))),
    ("10 MB of dashes in lines", || multipart("b", &"-- ---- x\n".repeat(1 << 20))),
    ("10 MB of CR", || multipart("b", &"\r--".repeat(3 << 20))),
    ("5 million soft breaks", || transfer("quoted-printable", "=\n", 5_000_000)),
    ("10 MB of =", || transfer("quoted-printable", "=", 10 << 20)),
    ("10 MB of blanks", || transfer("quoted-printable", " ", 10 << 20)),
    ("base64 padded at every byte", || transfer("base64", "QQ==", 2_500_000)),
    ("base64 between foreign characters", || transfer("base64", "A#", 5_000_000)),
    ("base64 of one character a line", || transfer("base64", "A\n", 5_000_000)),
    ("50,000 Content-Type fields", || {
        format!("{}\nbody", "Content-Type: multipart/mixed; boundary=b\n".repeat(50_000))
    }),
    ("50,000 encodings", || format!("{}\nbody", "Content-Transfer-Encoding: base64, x\n".repeat(50_000))),
    ("100,000 boundaries in a field", || field("Content-Type", "multipart/mixed", "; boundary=b", 100_000)),
    ("100,000 boundaries in a parameter", || {
        field("Content-Type", "multipart/mixed; x=\"", "boundary=", 100_000)
    }),
    ("100,000 guessed boundaries", || {
        let mut text = "Content-Type: multipart/mixed\n\n".to_owned();
        for number in 0..100_000 {
            let _ = write!(text, "--{number}\nContent-Type: a/b\n\n--{number}--\n");
        }
        text
    }),
    ("600,000 addresses in tags that are none", || {
        format!("Content-Type: text/html\n\n{}", "<a \" href=data:x".repeat(600_000))
    }),
    ("600,000 addresses in one tag", || {
        format!("Content-Type: text/html\n\n<a {}", "title=href=data:x ".repeat(600_000))
    }),
    ("1 million files in uuencode", || {
        format!("Subject: x\n\n{}", "begin 644 x\n!00``\n`\nend\n".repeat(400_000))
    }),
];

fn nest(levels: usize, closed: bool) -> String {
    let mut text = String::new();
    for level in 0..levels {
        let _ = write!(text, "Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
    }
    text.push_str("\ntext\n");
    for level in (0..levels).rev().filter(|_| closed) {
        let _ = writeln!(text, "--b{level}--");
    }
    text
}

fn multipart(boundary: &str, body: &str) -> String {
    format!("Content-Type: multipart/mixed; boundary={boundary}\n\n{body}")
}

fn field(name: &str, start: &str, piece: &str, times: usize) -> String {
    format!("{name}: {start}{}\n\nbody", piece.repeat(times))
}

fn transfer(encoding: &str, piece: &str, times: usize) -> String {
    format!("Content-Transfer-Encoding: {encoding}\n\n{}", piece.repeat(times))
}

fn sections(name: &str) -> String {
    let mut text = "Content-Type: multipart/mixed".to_owned();
    for number in 0..50_000 {
        let _ = write!(text, "; {name}*{number}=x");
    }
    text + "\n\nbody"
}

fn encoded(times: usize, innermost: &str) -> String {
    let mut mail = innermost.to_owned();
    for _ in 0..times {
        let body = base64_simd::STANDARD.encode_to_string(mail);
        mail = format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n");
    }
    mail
}
