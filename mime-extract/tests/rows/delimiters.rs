//! Where delimiters stand, and what stands between them: M57 to M66.

use crate::support::{check, listed};
use bytes::Bytes;
use mime_extract::{Config, Extractor};

use crate::boundaries::{FILE, mail};
#[test]
fn m57_no_close_delimiter() {
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nSGVsbG8s\nIGhpZGRlbi4=\n",
        &[
            "0 multipart multipart/mixed incomplete close-missing",
            r#"1 text/plain "text""#,
            r#"2 application/pdf base64 "Hello, hidden." incomplete"#,
        ],
        &[],
    );
}

/// What is told of a message that was cut there, its reader being asked for events before it is over, or not.
fn cut(mail: &str, asked: bool) -> Vec<String> {
    let mut extractor = Extractor::new(Config::default());
    extractor.push(Bytes::from(mail.to_owned()));
    extractor.gap(None);
    let mut events = Vec::new();
    if asked {
        events.extend(extractor.events());
    }
    extractor.finish();
    events.extend(extractor.events());
    listed(&events)
}

#[test]
fn m57_a_cut_inside_of_a_delimiter() {
    let top = "Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Transfer-Encoding: base64\n\nSGVsbG8s\n";
    for rest in ["", "-", "--", "--f", "--fo", "--foo", "--foo-", "--foo--"] {
        for asked in [false, true] {
            let close = if matches!(rest, "--foo" | "--foo--") { "" } else { " incomplete partial" };
            let told = cut(&format!("{top}{rest}"), asked);
            let part = told.get(1).cloned().unwrap_or_default();
            assert_eq!(part, format!(r#"1 text/plain base64 "Hello,"{close}"#), "{rest}");
        }
    }
    // Bytes that nobody saw may stand between what looks like one and what goes on.
    let mut extractor = Extractor::new(Config::default());
    extractor.push(Bytes::from(top.replace("base64", "7bit") + "--fo"));
    extractor.gap(None);
    extractor.push("o\n--foo--\n".into());
    extractor.finish();
    let events: Vec<_> = extractor.events().collect();
    assert_eq!(
        listed(&events),
        ["0 multipart multipart/mixed incomplete", r#"1 text/plain "SGVsbG8s\n--foo" incomplete"#]
    );
}

#[test]
fn m58_a_delimiter_that_goes_on() {
    check(
        mail("multipart/mixed; boundary=foo", "foobar"),
        &[
            "0 multipart multipart/mixed incomplete no-parts",
            r#"preamble preamble text/plain "--foobar\n\ntext\n--foobar\nContent-Type: application/zip\n\nhidden\n--foobar--" incomplete boundary-prefix"#,
        ],
        &[
            r#"1 text/plain "text" via no-parts,boundary-guessed"#,
            r#"2 application/zip "hidden" via no-parts,boundary-guessed"#,
        ],
    );
    check(
        "Content-Type: multipart/mixed; boundary=foo\n\n--foo\n\ntext\n--foobar\nContent-Type: application/zip\n\nhidden\n--foo--\n",
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain "text\n--foobar\nContent-Type: application/zip\n\nhidden" boundary-prefix"#,
        ],
        &[r#"1 text/plain "text" via boundary-prefix"#, r#"2 application/zip "hidden" via boundary-prefix"#],
    );
}

#[test]
fn m59_a_boundary_that_begins_with_the_outer_one() {
    let nested = |inner: &str| {
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=\"{inner}\"\n\n--{inner}\n{FILE}\n--{inner}--\n--b--\n"
        )
    };
    check(
        nested("b_"),
        &[
            "0 multipart multipart/mixed",
            "1 multipart multipart/mixed boundary-nested-prefix",
            r#"1.1 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        nested("b--"),
        &[
            "0 multipart multipart/mixed",
            "1 multipart multipart/mixed boundary-nested-prefix",
            r#"1.1 application/zip "hidden""#,
        ],
        &[],
    );
}

#[test]
fn m60_the_same_boundary_at_two_levels() {
    check(
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b--\n--b\n{FILE}\n--b--\n"
        ),
        &[
            "0 multipart multipart/mixed",
            "1 multipart multipart/mixed boundary-reused",
            r#"1.1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
}

#[test]
fn m61_a_delimiter_in_a_header() {
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/zip\n--b--\nContent-Transfer-Encoding: base64\n\naGlkZGVu\n--b--\n",
        &[
            "0 multipart multipart/mixed",
            r#"1 application/zip "" boundary-in-header"#,
            r#"epilogue epilogue text/plain "Content-Transfer-Encoding: base64\n\naGlkZGVu\n--b--\n" epilogue-content"#,
        ],
        &[r#"1 application/zip base64 "hidden" via boundary-in-header"#],
    );
}

#[test]
fn m62_an_outer_delimiter_inside_of_base64() {
    check(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\nSGVsbG8s\n--o\nIGhpZGRlbi4=\n--i--\n--o--\n",
        &[
            "0 multipart multipart/mixed",
            "1 multipart multipart/mixed incomplete close-missing",
            r#"1.1 application/zip base64 "Hello,""#,
            r#"2 text/plain "IGhpZGRlbi4=\n--i--" header-end-missing"#,
        ],
        &[r#"1.1 application/zip base64 "Hello, hidden." via header-end-missing,boundary-in-leaf"#],
    );
}

#[test]
fn m63_a_cr_before_or_behind_a_delimiter() {
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n\r--b\n{FILE}\n--b--\n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain "text\n\r--b\nContent-Type: application/zip\n\nhidden" bare-cr"#,
        ],
        &[r#"1 text/plain "text\n" via bare-cr"#, r#"2 application/zip "hidden" via bare-cr"#],
    );
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\r{FILE}\n--b--\n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain "text\n--b\rContent-Type: application/zip\n\nhidden" bare-cr"#,
        ],
        &[r#"1 text/plain "text" via bare-cr"#, r#"2 application/zip "hidden" via bare-cr"#],
    );
    // Lines of content keep their CR.
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nte\rxt\n\r--b\n\nte\rxt and more\n--b--\n",
        &["0 multipart multipart/mixed", r#"1 text/plain "te\rxt\n\r--b\n\nte\rxt and more" bare-cr"#],
        &[r#"1 text/plain "te\rxt\n" via bare-cr"#, r#"2 text/plain "te\rxt and more" via bare-cr"#],
    );
}

#[test]
fn m64_a_delimiter_that_does_not_begin_its_line() {
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext--b\n{FILE}\n--b--\n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain "text--b\nContent-Type: application/zip\n\nhidden""#,
        ],
        &[],
    );
}

#[test]
fn m65_content_outside_of_the_parts() {
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n{FILE}\n--b\n\ntext\n--b--\n"),
        &[
            "0 multipart multipart/mixed",
            r#"preamble preamble text/plain "Content-Type: application/zip\n\nhidden" preamble-content"#,
            r#"1 text/plain "text""#,
        ],
        &[r#"preamble application/zip "hidden" via preamble-content hidden=preamble"#],
    );
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b--\n{FILE}\n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain "text""#,
            r#"epilogue epilogue text/plain "Content-Type: application/zip\n\nhidden\n" epilogue-content"#,
        ],
        &[r#"epilogue2 application/zip "hidden" incomplete via epilogue-content hidden=epilogue"#],
    );
    check(
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b--\n--b\n{FILE}\n--b--\n"),
        &[
            "0 multipart multipart/mixed",
            r#"1 text/plain "text""#,
            r#"epilogue epilogue text/plain "--b\nContent-Type: application/zip\n\nhidden\n--b--\n" epilogue-content"#,
        ],
        &[r#"epilogue3 application/zip "hidden" via epilogue-content hidden=epilogue"#],
    );
    // Nothing but the words of mail programs and lists.
    check(
        "Content-Type: multipart/mixed; boundary=b\n\nThis is a multi-part message in MIME format.\n--b\n\ntext\n--b--\n\n-- \nlist@example.org\n",
        &[
            "0 multipart multipart/mixed",
            r#"preamble preamble text/plain "This is a multi-part message in MIME format.""#,
            r#"1 text/plain "text""#,
            r#"epilogue epilogue text/plain "\n-- \nlist@example.org\n" epilogue-content"#,
        ],
        &[],
    );
}

#[test]
fn m66_no_parts() {
    check(
        "Content-Type: multipart/mixed; boundary=b\n\ntext\n",
        &[
            "0 multipart multipart/mixed incomplete no-parts",
            r#"preamble preamble text/plain "text" incomplete"#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=b", "other"),
        &[
            "0 multipart multipart/mixed incomplete no-parts",
            r#"preamble preamble text/plain "--other\n\ntext\n--other\nContent-Type: application/zip\n\nhidden\n--other--" incomplete"#,
        ],
        &[
            r#"1 text/plain "text" via no-parts,boundary-guessed"#,
            r#"2 application/zip "hidden" via no-parts,boundary-guessed"#,
        ],
    );
}
