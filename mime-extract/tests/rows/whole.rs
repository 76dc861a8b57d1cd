//! The message as a whole: M94 to M97.

use crate::support::check;

#[test]
fn m94_only_a_header_or_only_a_body() {
    check("Subject: x\nFrom: a@example.org\n", &[r#"0 text/plain """#], &[]);
    check(
        "Hello, this is text.\nAnd more: of it.\n\nEnd\n",
        &[r#"0 text/plain "Hello, this is text.\nAnd more: of it.\n\nEnd\n" no-headers"#],
        &[],
    );
    check(
        " indented text\nmore text\n",
        &[r#"0 text/plain " indented text\nmore text\n" header-end-missing"#],
        &[],
    );
    check("", &[r#"0 text/plain """#], &[]);
}

#[test]
fn m95_from_lines_of_an_mbox() {
    check(
        "From a@example.org Mon Jan  1 00:00:00 2001\nSubject: x\n\n>From here\n",
        &[r#"0 text/plain ">From here\n" mbox-from"#],
        &[],
    );
    check(
        ">From a@example.org Mon Jan  1 00:00:00 2001\nSubject: x\n\ntext\n",
        &[r#"0 text/plain "text\n" mbox-from"#],
        &[],
    );
}

#[test]
fn m96_a_body_of_cr_alone() {
    check(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\rContent-Type: text/html\r\rHello\r--b--\r",
        &[
            "0 multipart multipart/mixed incomplete no-parts",
            r#"preamble preamble text/plain "--b\rContent-Type: text/html\r\rHello\r--b--" incomplete"#,
        ],
        &[r#"1 text/html "Hello" via no-parts"#],
    );
}

#[test]
fn m96_line_ends() {
    check("Subject: x\nContent-Type: text/plain\n\na\nb\n", &[r#"0 text/plain "a\nb\n""#], &[]);
    check(
        "Subject: x\r\nContent-Type: text/plain\n\r\na\r\nb\n",
        &[r#"0 text/plain "a\r\nb\n" eol-mixed"#],
        &[],
    );
    check(
        "Subject: x\rContent-Type: text/html\rContent-Transfer-Encoding: base64\r\rSGVs\rbG8=\r",
        &[r#"0 text/plain "" incomplete bare-cr"#],
        &[r#"0 text/html base64 "Hello" via bare-cr"#],
    );
    check(
        "Content-Type: multipart/mixed; boundary=b\r\r--b\r\rte\rxt\r--b\rContent-Type: application/zip\r\rhidden\r--b--\r",
        &["0 multipart multipart/mixed incomplete bare-cr no-parts"],
        &[r#"1 text/plain "te\rxt" via bare-cr"#, r#"2 application/zip "hidden" via bare-cr"#],
    );
}

#[test]
fn m97_nul_and_eight_bits() {
    check(b"Subject: x\n\na\0b\xff\xfe\n".to_vec(), &[r#"0 text/plain "a\x00b\xff\xfe\n""#], &[]);
    check(b"Subject: a\0b\n\ntext\n".to_vec(), &[r#"0 text/plain "text\n" nul"#], &[]);
}
