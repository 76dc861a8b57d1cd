//! Quoted-printable that is not as RFC 2045 section 6.7 has it, and long lines: M29 to M36.

use crate::support::check;

fn mail(body: &str) -> String {
    format!("Content-Transfer-Encoding: quoted-printable\n\n{body}")
}

#[test]
fn m29_one_endless_line() {
    check(
        format!("Subject: x\n\n{}\n", "x".repeat(10 << 20)),
        &[
            r#"0 text/plain "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"..10485761"#,
        ],
        &[],
    );
}

#[test]
fn m30_lower_case_escapes() {
    check(mail("=c3=A9 =3d=3D\n"), &[r#"0 text/plain quoted-printable "\xc3\xa9 ==\n""#], &[]);
}

#[test]
fn m31_escapes_that_are_none() {
    check(
        mail("==41\n"),
        &[r#"0 text/plain quoted-printable "=A\n" partial qp-bad-escape(1)"#],
        &[r#"0 text/plain quoted-printable "A\n" via qp-bad-escape"#],
    );
    check(
        mail("=0=41\n"),
        &[r#"0 text/plain quoted-printable "=0A\n" partial qp-bad-escape(1)"#],
        &[r#"0 text/plain quoted-printable "A\n" via qp-bad-escape"#],
    );
    check(mail("=XX\n"), &[r#"0 text/plain quoted-printable "=XX\n" partial qp-bad-escape(1)"#], &[]);
    check(
        mail("= =41\n"),
        &[r#"0 text/plain quoted-printable "= A\n" partial qp-bad-escape(1)"#],
        &[r#"0 text/plain quoted-printable "A\n" via qp-bad-escape"#],
    );
}

#[test]
fn m32_blanks_behind_a_soft_break() {
    check(mail("=41= \nB=\t \r\nC\n"), &[r#"0 text/plain quoted-printable "ABC\n""#], &[]);
}

#[test]
fn m33_a_soft_break_at_the_end() {
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n{}--b--\n", mail("A=42=\n\n")),
        &["0 multipart multipart/mixed", r#"1 text/plain quoted-printable "AB""#],
        &[],
    );
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n{}--b--\n", mail("A=42=\n")),
        &["0 multipart multipart/mixed", r#"1 text/plain quoted-printable "AB""#],
        &[],
    );
}

#[test]
fn m34_blanks_at_the_end_of_a_line() {
    check(
        mail("text \r\nmore\t \nkept=20\n"),
        &[r#"0 text/plain quoted-printable "text\r\nmore\nkept \n""#],
        &[],
    );
}

#[test]
fn m35_long_lines_and_bare_cr() {
    check(
        mail(&format!("{}=41\rB\n", "x".repeat(100))),
        &[
            r#"0 text/plain quoted-printable "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxA\rB\n""#,
        ],
        &[],
    );
}

#[test]
fn m36_binary_content() {
    check(
        "Content-Type: application/pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%PDF-1.4=0A\r\n=FF=00=\r\nend\r\n",
        &[r#"0 application/pdf quoted-printable "%PDF-1.4\n\r\n\xff\x00end\r\n" qp-on-binary"#],
        &[r#"0 application/pdf quoted-printable "%PDF-1.4\n\n\xff\x00end\n" via qp-on-binary"#],
    );
}
