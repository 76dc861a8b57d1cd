//! Seeds of mime-extract.

use super::folder;

/// The mails of mime-extract behind different headers of the target.
pub(super) fn mails() -> Vec<Vec<u8>> {
    let headers = [[0, 0, 2, 40, 0, 9, 7], [2, 16, 0, 0, 1, 80, 3], [1, 5, 30, 10, 2, 1, 11]];
    let mails = folder("../mime-extract/tests/corpus").into_iter().filter(|mail| mail.len() < 4096);
    mails.zip(headers.iter().cycle()).map(|(mail, header)| [&header[..], &mail].concat()).collect()
}

/// Bodies in base64 (0), in quoted-printable (1), and texts behind the name of their charset (2).
pub(super) fn bodies() -> Vec<Vec<u8>> {
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
