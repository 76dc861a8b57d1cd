//! Seeds of mime-extract.

use super::folder;

/// The mails of mime-extract behind different headers of the target.
pub(super) fn mails() -> Vec<Vec<u8>> {
    let headers = [[0, 0, 2, 40, 0, 9, 7], [2, 16, 0, 0, 1, 80, 3], [1, 5, 30, 10, 2, 1, 11]];
    let mails = folder("../mime-extract/tests/corpus").into_iter().filter(|mail| mail.len() < 4096);
    mails.zip(headers.iter().cycle()).map(|(mail, header)| [&header[..], &mail].concat()).collect()
}

/// Mails that can be read in several ways, and the others, behind different headers of the target.
pub(super) fn tricks() -> Vec<Vec<u8>> {
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
