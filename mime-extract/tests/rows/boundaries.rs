//! What the boundary of a multipart is: M45 to M56.

use crate::support::check;

/// An attachment as a part.
pub(crate) const FILE: &str = "Content-Type: application/zip\n\nhidden";

/// A multipart whose parts, an ordinary text and an attachment, are delimited by `boundary`.
pub(crate) fn mail(content_type: &str, boundary: &str) -> String {
    format!("Content-Type: {content_type}\n\n--{boundary}\n\ntext\n--{boundary}\n{FILE}\n--{boundary}--\n")
}

#[test]
fn m45_two_content_types() {
    let two = |boundary: &str| {
        mail("multipart/mixed; boundary=foo\nContent-Type: multipart/mixed; boundary=bar", boundary)
    };
    check(
        two("foo"),
        &[
            "0 multipart multipart/mixed ct-duplicate",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        two("bar"),
        &[
            "0 multipart multipart/mixed incomplete ct-duplicate no-parts",
            r#"preamble preamble text/plain "--bar\n\ntext\n--bar\nContent-Type: application/zip\n\nhidden\n--bar--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via ct-duplicate"#, r#"2 application/zip "hidden" via ct-duplicate"#],
    );
    check(
        mail("text/plain\nContent-Type: multipart/mixed; boundary=bar", "bar"),
        &[
            r#"0 text/plain "--bar\n\ntext\n--bar\nContent-Type: application/zip\n\nhidden\n--bar--\n" ct-duplicate"#,
        ],
        &[r#"1 text/plain "text" via ct-duplicate"#, r#"2 application/zip "hidden" via ct-duplicate"#],
    );
    // Both delimit something.
    check(
        "Content-Type: multipart/mixed; boundary=foo\nContent-Type: multipart/mixed; boundary=bar\n\n--foo\n\ntext\n--bar\nContent-Type: application/zip\n\nhidden\n--bar--\n--foo--\n",
        &[
            "0 multipart multipart/mixed ct-duplicate",
            r#"1 text/plain "text\n--bar\nContent-Type: application/zip\n\nhidden\n--bar--""#,
        ],
        &[r#"1 application/zip "hidden" via ct-duplicate"#],
    );
    // The bytes of the message were told with it, whatever else they are called.
    check(
        "Content-Type: message/rfc822\nContent-Type: application/zip\n\n\nhidden\n",
        &[
            r#"0 message message/rfc822 "\nhidden\n" ct-duplicate"#,
            r#"0.0 text/plain "hidden\n" header-start-blank"#,
        ],
        &[],
    );
}

#[test]
fn m46_two_boundaries() {
    check(
        mail("multipart/mixed; boundary=foo; boundary=bar", "foo"),
        &[
            "0 multipart multipart/mixed param-duplicate",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=foo; boundary=bar", "bar"),
        &[
            "0 multipart multipart/mixed incomplete param-duplicate no-parts",
            r#"preamble preamble text/plain "--bar\n\ntext\n--bar\nContent-Type: application/zip\n\nhidden\n--bar--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via param-duplicate"#, r#"2 application/zip "hidden" via param-duplicate"#],
    );
}

#[test]
fn m47_a_boundary_with_an_asterisk() {
    check(
        mail("multipart/mixed; boundary=foo; boundary*=us-ascii''bar", "foo"),
        &[
            "0 multipart multipart/mixed incomplete param-duplicate no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via param-duplicate"#, r#"2 application/zip "hidden" via param-duplicate"#],
    );
    check(
        mail("multipart/mixed; boundary=foo; boundary*=us-ascii''bar", "bar"),
        &[
            "0 multipart multipart/mixed param-duplicate",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
}

#[test]
fn m48_a_boundary_in_sections() {
    check(
        mail("multipart/mixed; boundary*0=a; boundary*1=b", "ab"),
        &["0 multipart multipart/mixed", r#"1 text/plain "text""#, r#"2 application/zip "hidden""#],
        &[],
    );
    check(
        mail("multipart/mixed; boundary*1=b; boundary*0=a", "ab"),
        &[
            "0 multipart multipart/mixed param-2231",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary*0=a; boundary*2=b", "ab"),
        &[
            "0 multipart multipart/mixed param-2231",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary*0=a; boundary*0=b; boundary*1=c", "bc"),
        &[
            "0 multipart multipart/mixed incomplete param-2231 no-parts",
            r#"preamble preamble text/plain "--bc\n\ntext\n--bc\nContent-Type: application/zip\n\nhidden\n--bc--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via param-2231"#, r#"2 application/zip "hidden" via param-2231"#],
    );
    check(
        mail("multipart/mixed; boundary*=utf-16be''%00x%00y", "xy"),
        &[
            "0 multipart multipart/mixed incomplete no-parts",
            r#"preamble preamble text/plain "--xy\n\ntext\n--xy\nContent-Type: application/zip\n\nhidden\n--xy--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via no-parts"#, r#"2 application/zip "hidden" via no-parts"#],
    );
}

#[test]
fn m49_no_boundary() {
    check(
        mail("multipart/mixed", "foo"),
        &[
            r#"0 multipart/mixed "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--\n" boundary-missing"#,
        ],
        &[
            r#"1 text/plain "text" via boundary-missing,boundary-guessed"#,
            r#"2 application/zip "hidden" via boundary-missing,boundary-guessed"#,
        ],
    );
}

#[test]
fn m50_a_message_with_a_boundary() {
    check(
        mail("message/rfc822; boundary=foo", "foo"),
        &[
            r#"0 message message/rfc822 "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--\n" multipart-implied"#,
            r#"0.0 text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--\n" no-headers"#,
        ],
        &[
            r#"1 text/plain "text" via multipart-implied"#,
            r#"2 application/zip "hidden" via multipart-implied"#,
        ],
    );
}

#[test]
fn m50_a_boundary_without_a_multipart() {
    for kind in ["ultipart/mixed", "x-multipart/mixed", "singlepart/mixed", "text/plain"] {
        check(
            mail(&format!("{kind}; boundary=foo"), "foo"),
            &[&format!(
                r#"0 {kind} "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--\n" multipart-implied"#
            )],
            &[
                r#"1 text/plain "text" via multipart-implied"#,
                r#"2 application/zip "hidden" via multipart-implied"#,
            ],
        );
    }
}

#[test]
fn m51_quotes_of_a_boundary() {
    check(
        mail("multipart/mixed; boundary=\"foo", "foo"),
        &[
            "0 multipart multipart/mixed param-quote",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=f\"o\"o", "foo"),
        &[
            "0 multipart multipart/mixed incomplete param-unquoted-tspecials no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[
            r#"1 text/plain "text" via param-unquoted-tspecials"#,
            r#"2 application/zip "hidden" via param-unquoted-tspecials"#,
        ],
    );
    check(
        mail("multipart/mixed; boundary='foo'", "foo"),
        &[
            "0 multipart multipart/mixed incomplete no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via no-parts"#, r#"2 application/zip "hidden" via no-parts"#],
    );
    check(
        mail("multipart/mixed; boundary='foo'", "'foo'"),
        &["0 multipart multipart/mixed", r#"1 text/plain "text""#, r#"2 application/zip "hidden""#],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=f\\oo", "foo"),
        &[
            "0 multipart multipart/mixed incomplete param-unquoted-tspecials no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[
            r#"1 text/plain "text" via param-unquoted-tspecials"#,
            r#"2 application/zip "hidden" via param-unquoted-tspecials"#,
        ],
    );
    check(
        mail("multipart/mixed; boundary=\"f\\oo\"", "foo"),
        &[
            "0 multipart multipart/mixed incomplete no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via no-parts"#, r#"2 application/zip "hidden" via no-parts"#],
    );
}

#[test]
fn m52_blanks_in_a_boundary() {
    check(
        mail("multipart/mixed; boundary=\"a \"", "a"),
        &[
            "0 multipart multipart/mixed boundary-wsp",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=\"a \"", "a "),
        &[
            "0 multipart multipart/mixed boundary-wsp",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=\"a b\"", "a b"),
        &["0 multipart multipart/mixed", r#"1 text/plain "text""#, r#"2 application/zip "hidden""#],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=\"\"", ""),
        &["0 multipart multipart/mixed", r#"1 text/plain "text""#, r#"2 application/zip "hidden""#],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=\" \"", " "),
        &[
            "0 multipart multipart/mixed boundary-wsp",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
}

#[test]
fn m53_comments_among_the_parameters() {
    check(
        mail("multipart/mixed; boundary=(boundary=foo)bar", "bar"),
        &[
            "0 multipart multipart/mixed param-comment",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=(boundary=foo)bar", "foo"),
        &[
            "0 multipart multipart/mixed incomplete param-comment no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via param-comment"#, r#"2 application/zip "hidden" via param-comment"#],
    );
    check(
        mail("multipart/mixed; boundary()=foo", "foo"),
        &[
            "0 multipart multipart/mixed param-comment",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("()multipart/mixed; boundary=foo", "foo"),
        &[
            "0 multipart multipart/mixed param-comment",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=foo(bar)", "foo(bar)"),
        &[
            "0 multipart multipart/mixed param-unquoted-tspecials",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=foo(bar)", "foo"),
        &[
            "0 multipart multipart/mixed incomplete param-unquoted-tspecials no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[
            r#"1 text/plain "text" via param-unquoted-tspecials"#,
            r#"2 application/zip "hidden" via param-unquoted-tspecials"#,
        ],
    );
}

#[test]
fn m54_a_boundary_inside_of_another_parameter() {
    check(
        mail("multipart/mixed; foo=\"bla;boundary=x\"", "x"),
        &[
            r#"0 multipart/mixed "--x\n\ntext\n--x\nContent-Type: application/zip\n\nhidden\n--x--\n" param-hidden boundary-missing"#,
        ],
        &[r#"1 text/plain "text" via param-hidden"#, r#"2 application/zip "hidden" via param-hidden"#],
    );
    check(
        mail("multipart/mixed; foo=\"bla;boundary=x\"; boundary=y", "x"),
        &[
            "0 multipart multipart/mixed incomplete param-hidden no-parts",
            r#"preamble preamble text/plain "--x\n\ntext\n--x\nContent-Type: application/zip\n\nhidden\n--x--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via param-hidden"#, r#"2 application/zip "hidden" via param-hidden"#],
    );
    check(
        mail("multipart/mixed boundary=x", "x"),
        &["0 multipart multipart/mixed", r#"1 text/plain "text""#, r#"2 application/zip "hidden""#],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=boundary=x", "x"),
        &[
            "0 multipart multipart/mixed incomplete param-unquoted-tspecials param-hidden no-parts",
            r#"preamble preamble text/plain "--x\n\ntext\n--x\nContent-Type: application/zip\n\nhidden\n--x--" incomplete"#,
        ],
        &[
            r#"1 text/plain "text" via param-unquoted-tspecials"#,
            r#"2 application/zip "hidden" via param-unquoted-tspecials"#,
        ],
    );
    check(
        mail("multipart/mixed; boundary=boundary=x", "boundary=x"),
        &[
            "0 multipart multipart/mixed param-unquoted-tspecials param-hidden",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
}

#[test]
fn m55_an_unquoted_boundary_with_specials() {
    check(
        mail("multipart/mixed; boundary=--_=_swift-8/x?_=_; charset=utf-8", "--_=_swift-8/x?_=_"),
        &[
            "0 multipart multipart/mixed param-unquoted-tspecials",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=foo@bar", "foo"),
        &[
            "0 multipart multipart/mixed incomplete param-unquoted-tspecials no-parts",
            r#"preamble preamble text/plain "--foo\n\ntext\n--foo\nContent-Type: application/zip\n\nhidden\n--foo--" incomplete"#,
        ],
        &[
            r#"1 text/plain "text" via param-unquoted-tspecials"#,
            r#"2 application/zip "hidden" via param-unquoted-tspecials"#,
        ],
    );
}

#[test]
fn m56_a_missing_end_quote() {
    check(
        mail("multipart/mixed;\n\tboundary=\"----=_NextPart\nX-Mailer: x", "----=_NextPart"),
        &[
            "0 multipart multipart/mixed param-quote",
            r#"1 text/plain "text""#,
            r#"2 application/zip "hidden""#,
        ],
        &[],
    );
    check(
        mail("multipart/mixed; boundary=\"----=_NextPart; charset=x", "----=_NextPart"),
        &[
            "0 multipart multipart/mixed incomplete param-quote no-parts",
            r#"preamble preamble text/plain "------=_NextPart\n\ntext\n------=_NextPart\nContent-Type: application/zip\n\nhidden\n------=_NextPart--" incomplete"#,
        ],
        &[r#"1 text/plain "text" via param-quote"#, r#"2 application/zip "hidden" via param-quote"#],
    );
}
