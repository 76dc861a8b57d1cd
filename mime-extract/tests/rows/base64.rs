//! Base64 that is not as RFC 2045 section 6.8 has it: M19 to M23, M25 to M28.

use crate::support::check;

fn mail(body: &str) -> String {
    format!("Content-Transfer-Encoding: base64\n\n{body}")
}

#[test]
fn m19_padding_in_the_middle() {
    check(
        mail("Zm9vYg==\nYXI=\n"),
        &[r#"0 text/plain base64 "foobar" b64-inner-padding(1)"#],
        &[
            r#"0 text/plain base64 "foob" via b64-inner-padding"#,
            r#"0 text/plain base64 "ar" via b64-inner-padding"#,
        ],
    );
}

#[test]
fn m20_padding_behind_every_two_bytes() {
    check(
        mail("UEs=AwQ=FAA=\n"),
        &[r#"0 text/plain base64 "PK\x03\x04\x14\x00" b64-inner-padding(2)"#],
        &[
            r#"0 text/plain base64 "PK" via b64-inner-padding"#,
            r#"0 text/plain base64 "\x03\x04\x14\x00" via b64-inner-padding"#,
            r#"0 text/plain base64 "PK\x00\x03\x04\x00\x14\x00" partial via b64-inner-padding"#,
            r#"0 text/plain base64 "PK\x00\xc1\x01@" partial via b64-inner-padding"#,
        ],
    );
}

#[test]
fn m20_padding_that_counts_for_nothing() {
    check(
        mail("Zm9=vYm=Fy\n"),
        &[r#"0 text/plain base64 "fo\xbd\x89\x17" partial b64-padding(1) b64-inner-padding(2)"#],
        &[
            r#"0 text/plain base64 "fo@\xbd\x89\x80\x17" partial via b64-padding"#,
            r#"0 text/plain base64 "foobar" via b64-padding"#,
            r#"0 text/plain base64 "fo\xbd\x89" via b64-padding"#,
            r#"0 text/plain base64 "fo" via b64-inner-padding"#,
            r#"0 text/plain base64 "\xbd\x89\x17" partial via b64-inner-padding"#,
        ],
    );
}

#[test]
fn m21_padding_too_short_or_too_long() {
    check(
        mail("QQ=\nQg=\nQw=\n"),
        &[r#"0 text/plain base64 "ABC" partial b64-padding(3) b64-inner-padding(2)"#],
        &[
            r#"0 text/plain base64 "BC" partial via b64-padding"#,
            r#"0 text/plain base64 "A" partial via b64-inner-padding"#,
        ],
    );
    check(mail("QQ==\n====\n"), &[r#"0 text/plain base64 "A" partial b64-padding(4)"#], &[]);
    check(mail("QUJD====\n"), &[r#"0 text/plain base64 "ABC" partial b64-padding(4)"#], &[]);
}

#[test]
fn m22_an_equals_sign_for_the_letter_a() {
    check(
        mail("UEsD=BQ=\n"),
        &[r#"0 text/plain base64 "PK\x03\x05" partial b64-padding(2) b64-inner-padding(1)"#],
        &[
            r#"0 text/plain base64 "PK\x03\x00\x14" partial via b64-padding"#,
            r#"0 text/plain base64 "PK\x03" partial via b64-inner-padding"#,
            r#"0 text/plain base64 "\x05" partial via b64-inner-padding"#,
        ],
    );
}

#[test]
fn m23_foreign_characters() {
    for character in ['#', ':', '.', '%'] {
        check(
            mail(&format!("Zm{character}9vYm{character}Fy\n")),
            &[r#"0 text/plain base64 "foobar" partial b64-foreign-char(2)"#],
            &[],
        );
    }
    // The alphabet of RFC 4648 section 5.
    check(
        mail("_-__\n-_-_\n"),
        &[r#"0 text/plain base64 "" failed b64-foreign-char(8)"#],
        &[r#"0 text/plain base64 "\xff\xef\xff\xfb\xff\xbf" via b64-foreign-char"#],
    );
    // One that is foreign all the same.
    check(
        mail("Zm9v-+v/\n"),
        &[r#"0 text/plain base64 "foo\xfa\xff" partial b64-foreign-char(1) b64-padding(1)"#],
        &[r#"0 text/plain base64 "foo" via b64-padding"#],
    );
}

#[test]
fn m23_plain_text_that_says_it_is_base64() {
    check(
        mail("Hi all, it is me.\n"),
        &[r#"0 text/plain base64 "\x1e&\xa5\x96+b\xb2g" partial b64-foreign-char(2) b64-padding(1)"#],
        &[
            r#"0 text/plain base64 "Hi all, it is me.\n" via b64-foreign-char"#,
            r#"0 text/plain base64 "\x1e&\xa5\x96+b" via b64-padding"#,
        ],
    );
}

#[test]
fn m25_a_delimiter_behind_it_on_the_same_line() {
    check(
        "Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Transfer-Encoding: base64\n\nZm9vYmFy--foo--\n",
        &[
            "0 multipart multipart/mixed incomplete close-missing",
            r#"1 text/plain base64 "foobar~\x8a" incomplete partial b64-foreign-char(4) b64-padding(1)"#,
        ],
        &[
            r#"1 text/plain base64 "foobar\xfb\xe7\xe8\xa3\xef" incomplete partial via b64-foreign-char"#,
            r#"1 text/plain base64 "foobar" incomplete via b64-padding"#,
        ],
    );
}

#[test]
fn m25_text_behind_the_padding() {
    check(
        mail("Zm9vYg==\nc2Vjb25k\n"),
        &[r#"0 text/plain base64 "foobsecond" b64-inner-padding(1)"#],
        &[
            r#"0 text/plain base64 "foob" via b64-inner-padding"#,
            r#"0 text/plain base64 "second" via b64-inner-padding"#,
        ],
    );
    check(
        mail("Zm9vYg==\n\nSent from here, with thanks.\n"),
        &[r#"0 text/plain base64 "foob" partial b64-trailing(24)"#],
        &[r#"0 text/plain base64 "\nSent from here, with thanks.\n" via b64-trailing"#],
    );
}

#[test]
fn m26_the_footer_of_a_list() {
    check(
        mail("Zm9vYg==\n_______________\nlist mailing list\nlist@example.org\n"),
        &[r#"0 text/plain base64 "foob" partial b64-trailing(46)"#],
        &[r#"0 text/plain base64 "_______________\nlist mailing list\nlist@example.org\n" via b64-trailing"#],
    );
    // Without padding nobody knows where it begins.
    check(
        mail("Zm9vYmFy\n_______________\nlist@example.org\n"),
        &[
            r#"0 text/plain base64 "foobar\x96+-{\x16\xa6\xa6W\xa8\xae" partial b64-foreign-char(17) b64-padding(1)"#,
        ],
        &[r#"0 text/plain base64 "foobar\x96+-{\x16\xa6\xa6W\xa8" via b64-padding"#],
    );
    // Lines that hold nothing else do, if they are long enough to be told from words.
    check(
        mail("QUJDREVGR0hJSktMTU5P\nUFFS\n\nlist@example.org\n"),
        &[
            r#"0 text/plain base64 "ABCDEFGHIJKLMNOPQR\x96+-{\x16\xa6\xa6W\xa8\xae" partial b64-foreign-char(2) b64-padding(1)"#,
        ],
        &[
            r#"0 text/plain base64 "ABCDEFGHIJKLMNOPQR" via b64-foreign-char"#,
            r#"0 text/plain base64 "ABCDEFGHIJKLMNOPQR\x96+-{\x16\xa6\xa6W\xa8" via b64-padding"#,
        ],
    );
}

#[test]
fn m27_an_odd_length() {
    check(
        mail("Zm9vYmFyZ\n"),
        &[r#"0 text/plain base64 "foobar" partial b64-length"#],
        &[r#"0 text/plain base64 "\x9b\xdb\xd8\x98\\\x99" via b64-length"#],
    );
    // Characters that do not belong to it.
    check(
        mail("xy\nSGVsbG8sIGhp\nZGRlbi4=\n"),
        &[r#"0 text/plain base64 "\xc7$\x86V\xc6\xc6\xf2\xc2\x06\x86\x96FFV\xe2" partial b64-padding(1)"#],
        &[r#"0 text/plain base64 "Hello, hidden." via b64-padding"#],
    );
}

#[test]
fn m28_other_white_space() {
    check(mail("Zm\x0b9v\x0cYm\0Fy\n"), &[r#"0 text/plain base64 "foobar""#], &[]);
}
