//! Fields of the header that name the transfer encoding, and where the header begins and ends: M1 to M18.

use crate::support::check;

/// "Hello, hidden." in base64.
const BODY: &str = "SGVsbG8sIGhpZGRlbi4=\n";

/// A mail with those lines before an empty one, and base64 as its body.
fn mail(header: &str) -> String {
    format!("{header}\n{BODY}")
}

#[test]
fn m1_base64_then_quoted_printable() {
    check(
        mail("Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: quoted-printable\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-duplicate"#],
        &[r#"0 text/plain quoted-printable "SGVsbG8sIGhpZGRlbi4" via cte-duplicate"#],
    );
}

#[test]
fn m2_quoted_printable_then_base64() {
    check(
        mail("Content-Transfer-Encoding: quoted-printable\nContent-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain quoted-printable "SGVsbG8sIGhpZGRlbi4" cte-duplicate"#],
        &[r#"0 text/plain base64 "Hello, hidden." via cte-duplicate"#],
    );
}

#[test]
fn m3_an_empty_or_junk_encoding_next_to_a_real_one() {
    check(
        mail("Content-Transfer-Encoding:\nContent-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-duplicate"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: base64\nContent-Transfer-Encoding:\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-duplicate"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: xxx\nContent-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-duplicate"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: xxx\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-duplicate"#],
        &[],
    );
}

#[test]
fn m4_a_list_of_encodings() {
    check(
        mail("Content-Transfer-Encoding: base64, quoted-printable\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-list"#],
        &[r#"0 text/plain quoted-printable "SGVsbG8sIGhpZGRlbi4" via cte-list"#],
    );
    check(
        mail("Content-Transfer-Encoding: quoted-printable, base64\n"),
        &[r#"0 text/plain quoted-printable "SGVsbG8sIGhpZGRlbi4" cte-list"#],
        &[r#"0 text/plain base64 "Hello, hidden." via cte-list"#],
    );
    check(
        mail("Content-Transfer-Encoding: quoted-printable base64\n"),
        &[r#"0 text/plain quoted-printable "SGVsbG8sIGhpZGRlbi4" cte-list"#],
        &[r#"0 text/plain base64 "Hello, hidden." via cte-list"#],
    );
    check(
        mail("Content-Transfer-Encoding: 7bit;base64\n"),
        &[r#"0 text/plain "SGVsbG8sIGhpZGRlbi4=\n" cte-list"#],
        &[r#"0 text/plain base64 "Hello, hidden." via cte-list"#],
    );
}

#[test]
fn m5_a_decorated_encoding() {
    check(
        mail("Content-Transfer-Encoding: (xx) base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: base64 (xx)\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: bas()e64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: \"base64\"\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: base64;\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: ;base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: xx base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: base64xx\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: base\\64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    // A comment that names another one.
    check(
        mail("Content-Transfer-Encoding: (base64) quoted-printable\n"),
        &[r#"0 text/plain quoted-printable "SGVsbG8sIGhpZGRlbi4" cte-malformed"#],
        &[r#"0 text/plain base64 "Hello, hidden." via cte-malformed"#],
    );
    // Said of plain text: the text is there as well.
    check(
        "Content-Transfer-Encoding: base64;\n\nHello! How are you?\n",
        &[
            r#"0 text/plain base64 "\x1d\xe9e\xa0z0j\xb7\xb2\xa2" partial cte-malformed b64-foreign-char(2) b64-padding(1)"#,
        ],
        &[
            r#"0 text/plain "Hello! How are you?\n" via cte-malformed"#,
            r#"0 text/plain base64 "\x1d\xe9e\xa0z0j\xb7\xb2" via b64-padding"#,
        ],
    );
}

#[test]
fn m6_an_encoded_word() {
    check(
        mail("Content-Transfer-Encoding: =?UTF-8?B?YmFzZTY0?=\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
}

#[test]
fn m7_an_unknown_or_abbreviated_encoding() {
    check(
        mail("Content-Transfer-Encoding: x-base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding: b64\n"),
        &[r#"0 text/plain "b64" "SGVsbG8sIGhpZGRlbi4=\n" failed cte-unknown"#],
        &[r#"0 text/plain base64 "Hello, hidden." via cte-unknown,cte-sniffed"#],
    );
    check(
        "Content-Transfer-Encoding: quoted-print\n\ncaf=C3=A9 =3D=\n =E2=82=AC\n",
        &[r#"0 text/plain "quoted-print" "caf=C3=A9 =3D=\n =E2=82=AC\n" failed cte-unknown"#],
        &[r#"0 text/plain quoted-printable "caf\xc3\xa9 = \xe2\x82\xac\n" via cte-unknown,cte-sniffed"#],
    );
    check(
        "Content-Transfer-Encoding: x-quoted-printable\n\ncaf=C3=A9\n",
        &[r#"0 text/plain quoted-printable "caf\xc3\xa9\n" cte-malformed"#],
        &[],
    );
    check(
        "Content-Transfer-Encoding: xxx\n\nplain text = text\n",
        &[r#"0 text/plain "xxx" "plain text = text\n" failed cte-unknown"#],
        &[],
    );
}

#[test]
fn m8_a_folded_encoding() {
    check(mail("Content-Transfer-Encoding:\n base64\n"), &[r#"0 text/plain base64 "Hello, hidden.""#], &[]);
    check(
        mail("Content-Transfer-Encoding:\n \n base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." header-end-ambiguous"#],
        &[r#"0 text/plain " base64\n\nSGVsbG8sIGhpZGRlbi4=\n" via header-end-ambiguous"#],
    );
}

#[test]
fn m9_control_characters_before_the_encoding() {
    check(
        mail("Content-Transfer-Encoding:\rbase64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." bare-cr"#],
        &[
            r#"0 text/plain "SGVsbG8sIGhpZGRlbi4=\n" via bare-cr"#,
            r#"0 text/plain "base64\n\nSGVsbG8sIGhpZGRlbi4=\n" via bare-cr,header-junk-line"#,
        ],
    );
    check(
        mail("Content-Transfer-Encoding:\x0bbase64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." header-ctl"#],
        &[],
    );
    check(
        mail(&format!("Content-Transfer-Encoding:{}base64\n", " ".repeat(2000))),
        &[r#"0 text/plain base64 "Hello, hidden.""#],
        &[],
    );
}

#[test]
fn m10_blanks_and_colons_around_the_name() {
    check(
        mail("Content-Transfer-Encoding : base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." header-syntax"#],
        &[],
    );
    check(
        mail("Content-Transfer-Encoding:: base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." cte-malformed"#],
        &[],
    );
    check(
        mail(" Content-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain "SGVsbG8sIGhpZGRlbi4=\n" header-syntax header-junk-line"#],
        &[r#"0 text/plain base64 "Hello, hidden." via header-syntax"#],
    );
    check(
        mail("Subject: x\n Content-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain "SGVsbG8sIGhpZGRlbi4=\n" header-syntax"#],
        &[r#"0 text/plain base64 "Hello, hidden." via header-syntax"#],
    );
    check(
        mail("Subject: x\nContent-Transfer-Encoding base64\n"),
        &[r#"0 text/plain "SGVsbG8sIGhpZGRlbi4=\n" header-junk-line"#],
        &[
            r#"0 text/plain "Content-Transfer-Encoding base64\n\nSGVsbG8sIGhpZGRlbi4=\n" via header-junk-line"#,
            r#"0 text/plain base64 "Hello, hidden." via header-junk-line"#,
        ],
    );
}

#[test]
fn m10_what_does_not_belong_beside_the_name() {
    for field in ["Content-Transfer-Encoding=base64", "Content-Transfer-Encoding\n : base64"] {
        check(
            mail(&format!("Subject: x\n{field}\n")),
            &[r#"0 text/plain "SGVsbG8sIGhpZGRlbi4=\n" header-junk-line"#],
            &[
                &format!(
                    r#"0 text/plain "{}\n\nSGVsbG8sIGhpZGRlbi4=\n" via header-junk-line"#,
                    field.escape_default()
                ),
                r#"0 text/plain base64 "Hello, hidden." via header-junk-line"#,
            ],
        );
    }
}

#[test]
fn m11_a_bare_cr_in_the_header() {
    check(
        mail("X-Foo: bar\rContent-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain "SGVsbG8sIGhpZGRlbi4=\n" bare-cr"#],
        &[r#"0 text/plain base64 "Hello, hidden." via bare-cr"#],
    );
    check(
        mail("Content-Transfer-Encoding: base64\rX-Foo: bar\n"),
        &[r#"0 text/plain base64 "Hello, hidden." bare-cr cte-malformed"#],
        &[],
    );
}

#[test]
fn m12_a_junk_line_in_the_header() {
    check(
        mail("Subject: x\nXXXXXXXXXX\nContent-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." header-junk-line"#],
        &[
            r#"0 text/plain "XXXXXXXXXX\nContent-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=\n" via header-junk-line"#,
        ],
    );
    check(
        mail("Subject: x\nXXXXXXXXXX\nYYYYYYY\nContent-Transfer-Encoding: base64\n"),
        &[
            r#"0 text/plain "XXXXXXXXXX\nYYYYYYY\nContent-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=\n" header-end-missing"#,
        ],
        &[r#"0 text/plain base64 "Hello, hidden." via header-end-missing"#],
    );
    check(
        [&b"Subject: x\n\xe9\xe8 \xff\nContent-Transfer-Encoding: base64\n\n"[..], BODY.as_bytes()].concat(),
        &[r#"0 text/plain base64 "Hello, hidden." header-junk-line header-8bit"#],
        &[
            r#"0 text/plain "\xe9\xe8 \xff\nContent-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=\n" via header-junk-line"#,
        ],
    );
}

#[test]
fn m13_a_line_of_blanks() {
    for blanks in [" ", "\t"] {
        check(
            mail(&format!("Subject: x\n{blanks}\nContent-Transfer-Encoding: base64\n")),
            &[r#"0 text/plain base64 "Hello, hidden." header-end-ambiguous"#],
            &[
                r#"0 text/plain "Content-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=\n" via header-end-ambiguous"#,
            ],
        );
    }
    check(
        mail("Subject: x\n\x0b\nContent-Transfer-Encoding: base64\n"),
        &[r#"0 text/plain base64 "Hello, hidden." header-junk-line"#],
        &[
            r#"0 text/plain "\x0b\nContent-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=\n" via header-junk-line"#,
        ],
    );
    check(
        "Content-Transfer-Encoding: base64\n \nSGVsbG8sIGhpZGRlbi4=\n\nWW91Lg==\n",
        &[r#"0 text/plain base64 "You." header-end-ambiguous header-junk-line"#],
        &[
            r#"0 text/plain base64 "Hello, hidden.You." via header-end-ambiguous"#,
            r#"0 text/plain base64 "Hello, hidden." via header-end-ambiguous,b64-inner-padding"#,
        ],
    );
}

#[test]
fn m14_no_line_between_header_and_body() {
    check(
        "Content-Transfer-Encoding: base64\nSGVsbG8s\nIGhpZGRlbi4=\n",
        &[r#"0 text/plain base64 "Hello, hidden." header-end-missing"#],
        &[],
    );
    check(
        "Content-Transfer-Encoding: base64\nSGVsbG8s\n\nIGhpZGRlbi4=\n",
        &[r#"0 text/plain base64 " hidden." header-junk-line"#],
        &[r#"0 text/plain base64 "Hello, hidden." via header-junk-line"#],
    );
}

#[test]
fn m15_an_empty_first_line() {
    let part = |start: &str| {
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n{start}Content-Transfer-Encoding: base64\n\n{BODY}--b--\n"
        )
    };
    check(
        part("\n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain "Content-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=" header-start-blank"#,
        ],
        &[r#"1 text/plain base64 "Hello, hidden." via header-start-blank"#],
    );
    check(
        part(" \n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain base64 "Hello, hidden." header-end-ambiguous header-junk-line"#,
        ],
        &[
            r#"1 text/plain "Content-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=" via header-end-ambiguous"#,
        ],
    );
    check(
        part(":\n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain ":\nContent-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=" header-end-missing"#,
        ],
        &[r#"1 text/plain base64 "Hello, hidden." via header-end-missing"#],
    );
    check(
        format!("\nContent-Transfer-Encoding: base64\n\n{BODY}"),
        &[r#"0 text/plain "Content-Transfer-Encoding: base64\n\nSGVsbG8sIGhpZGRlbi4=\n" header-start-blank"#],
        &[r#"0 text/plain base64 "Hello, hidden." via header-start-blank"#],
    );
}

#[test]
fn m15_an_empty_line_before_the_message() {
    check(
        "\n\nSubject: x\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n",
        &[
            r#"0 text/plain "\nSubject: x\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n" header-start-blank"#,
        ],
        &[r#"0 application/zip base64 "Hello" via header-start-blank"#],
    );
}

#[test]
fn m16_a_file_that_says_it_is_a_multipart() {
    check(
        "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n",
        &[
            "0 multipart multipart/mixed base64 incomplete cte-on-composite no-parts",
            r#"preamble preamble text/plain "SGVsbG8=" incomplete"#,
        ],
        &[r#"0 application/octet-stream "Hello" incomplete via cte-on-composite"#],
    );
}

#[test]
fn m16_an_encoded_multipart() {
    // --b, an attachment, --b--
    let tree =
        base64_simd::STANDARD.encode_to_string("--b\nContent-Type: application/zip\n\nhidden\n--b--\n");
    check(
        format!("Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n{tree}\n"),
        &[
            "0 multipart multipart/mixed base64 incomplete cte-on-composite no-parts",
            r#"preamble preamble text/plain "LS1iCkNvbnRlbnQtVHlwZTogYXBwbGljYXRpb24vemlwCgpoaWRkZW4KLS1iLS0K" incomplete"#,
        ],
        &[r#"0.1 application/zip "hidden" via cte-on-composite"#],
    );
    // Only said.
    check(
        "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\nplain\n--b--\n",
        &["0 multipart multipart/mixed base64 cte-on-composite", r#"1 text/plain "plain""#],
        &[],
    );
}

#[test]
fn m17_an_encoded_message() {
    let inner = base64_simd::STANDARD.encode_to_string("Subject: inner\n\nhidden\n");
    check(
        format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{inner}\n"),
        &[
            r#"0 message message/rfc822 base64 "Subject: inner\n\nhidden\n" cte-on-message"#,
            r#"0.0 text/plain "hidden\n""#,
        ],
        &[],
    );
}

#[test]
fn m18_an_encoded_global_message() {
    let inner = base64_simd::STANDARD.encode_to_string("Subject: inner\n\nhidden\n");
    check(
        format!("Content-Type: message/global\nContent-Transfer-Encoding: base64\n\n{inner}\n"),
        &[r#"0 message message/global base64 "Subject: inner\n\nhidden\n""#, r#"0.0 text/plain "hidden\n""#],
        &[],
    );
}

/// As some mail programs wrote it: the line behind the header holds a blank.
#[test]
fn the_first_delimiter_ends_the_header_that_names_it() {
    let part = "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.txt\n";
    for (end, anomalies) in [(" \n", "header-end-ambiguous header-end-missing"), ("", "header-end-missing")] {
        check(
            format!("Content-Type: multipart/mixed; boundary=b\n{end}--b\n{part}\n{BODY}--b--\n"),
            &[
                &format!("0 multipart multipart/mixed {anomalies}"),
                r#"1 text/plain base64 name="a.txt" "Hello, hidden.""#,
            ],
            &[],
        );
    }
}
