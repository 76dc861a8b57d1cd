//! Whole commands: the line in, every field out.

use super::*;

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn path(raw: &str, mailbox: &str) -> Path {
    Path { mailbox: bytes(mailbox), route: None, raw: bytes(raw) }
}

fn routed(raw: &str, route: &str, mailbox: &str) -> Path {
    Path { route: Some(bytes(route)), ..path(raw, mailbox) }
}

fn parameters(list: &[(&str, Option<&str>)]) -> Vec<Parameter> {
    list.iter()
        .map(|(keyword, value)| Parameter { keyword: bytes(keyword), value: value.map(bytes) })
        .collect()
}

fn mail(sender: Path, list: &[(&str, Option<&str>)]) -> Arguments {
    Arguments::Mail { sender, parameters: parameters(list) }
}

fn rcpt(recipient: Path, list: &[(&str, Option<&str>)]) -> Arguments {
    Arguments::Rcpt { recipient, parameters: parameters(list) }
}

fn domain(text: &str) -> Arguments {
    Arguments::Domain(bytes(text))
}

fn text(text: &str) -> Arguments {
    Arguments::Text(bytes(text))
}

fn raw(text: &str) -> Arguments {
    Arguments::Raw(bytes(text))
}

fn auth(mechanism: &str, response: Option<&str>) -> Arguments {
    Arguments::Auth { mechanism: bytes(mechanism), initial_response: response.map(bytes) }
}

fn burl(url: &str, last: bool) -> Arguments {
    Arguments::Burl { url: bytes(url), last }
}

fn chunk(size: u64, last: bool) -> Arguments {
    Arguments::Chunk { size, last }
}

/// Every line gives the verb and the arguments beside it, all of them strict or none.
fn check(strict: bool, table: &[(&str, Verb, Arguments)]) {
    for (line, verb, arguments) in table {
        let line = bytes(line);
        let expected = Command { verb: *verb, arguments: arguments.clone(), line: line.clone(), strict };
        assert_eq!(parse(&line), Ok(expected), "{line:?}");
    }
}

#[test]
fn lines_as_the_rfcs_have_them() {
    let size = ("SIZE", Some("3"));
    check(
        true,
        &[
            ("HELO mx.example.org", Verb::Helo, domain("mx.example.org")),
            ("EHLO [192.0.2.1]", Verb::Ehlo, domain("[192.0.2.1]")),
            ("ehlo [IPv6:2001:db8::1]", Verb::Ehlo, domain("[IPv6:2001:db8::1]")),
            ("LHLO a", Verb::Lhlo, domain("a")),
            ("MAIL FROM:<>", Verb::Mail, mail(path("<>", ""), &[])),
            ("MAIL FROM:<a@b>", Verb::Mail, mail(path("<a@b>", "a@b"), &[])),
            ("mail from:<a@b> SIZE=3", Verb::Mail, mail(path("<a@b>", "a@b"), &[size])),
            (
                "MAIL FROM:<@r1,@r2:a@b> SMTPUTF8 RET=HDRS",
                Verb::Mail,
                mail(routed("<@r1,@r2:a@b>", "@r1,@r2", "a@b"), &[("SMTPUTF8", None), ("RET", Some("HDRS"))]),
            ),
            (r#"MAIL FROM:<"a b>c"@d>"#, Verb::Mail, mail(path(r#"<"a b>c"@d>"#, r#""a b>c"@d"#), &[])),
            (
                "MAIL FROM:<j\u{fc}@b\u{fc}.example>",
                Verb::Mail,
                mail(path("<j\u{fc}@b\u{fc}.example>", "j\u{fc}@b\u{fc}.example"), &[]),
            ),
            ("SOML FROM:<a@b>", Verb::Soml, mail(path("<a@b>", "a@b"), &[])),
            ("RCPT TO:<Postmaster>", Verb::Rcpt, rcpt(path("<Postmaster>", "Postmaster"), &[])),
            ("RCPT TO:<a@[IPv6:::1]>", Verb::Rcpt, rcpt(path("<a@[IPv6:::1]>", "a@[IPv6:::1]"), &[])),
            (
                "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c",
                Verb::Rcpt,
                rcpt(path("<a@b>", "a@b"), &[("NOTIFY", Some("NEVER")), ("ORCPT", Some("rfc822;a+2Bb@c"))]),
            ),
            ("DATA", Verb::Data, Arguments::None),
            ("BDAT 0 LAST", Verb::Bdat, chunk(0, true)),
            ("bdat 10", Verb::Bdat, chunk(10, false)),
            ("BDAT 00000000000000000000010 last", Verb::Bdat, chunk(10, true)),
            ("BDAT 18446744073709551615", Verb::Bdat, chunk(u64::MAX, false)),
            ("BURL imap://u@h/b;uid=1 LAST", Verb::Burl, burl("imap://u@h/b;uid=1", true)),
            ("BURL imap://u@h/b;uid=1", Verb::Burl, burl("imap://u@h/b;uid=1", false)),
            ("AUTH LOGIN", Verb::Auth, auth("LOGIN", None)),
            ("AUTH LOGIN dXNlcg==", Verb::Auth, auth("LOGIN", Some("dXNlcg=="))),
            ("AUTH EXTERNAL =", Verb::Auth, auth("EXTERNAL", Some("="))),
            ("RSET", Verb::Rset, Arguments::None),
            ("VRFY a@b", Verb::Vrfy, text("a@b")),
            ("EXPN list", Verb::Expn, text("list")),
            ("HELP", Verb::Help, Arguments::None),
            ("HELP MAIL", Verb::Help, text("MAIL")),
            ("NOOP", Verb::Noop, Arguments::None),
            ("QUIT", Verb::Quit, Arguments::None),
            ("STARTTLS", Verb::StartTls, Arguments::None),
            (
                "ETRN @example.org",
                Verb::Etrn,
                Arguments::Queue { which: Queue::Domain, name: bytes("example.org") },
            ),
            ("ETRN node", Verb::Etrn, Arguments::Queue { which: Queue::Node, name: bytes("node") }),
            ("ETRN #q", Verb::Etrn, Arguments::Queue { which: Queue::Named, name: bytes("q") }),
            ("TURN", Verb::Turn, Arguments::None),
            ("ATRN a.example,b.example", Verb::Atrn, text("a.example,b.example")),
            ("XCLIENT NAME=a ADDR=192.0.2.1", Verb::XClient, text("NAME=a ADDR=192.0.2.1")),
            ("XFORWARD NAME=a", Verb::XForward, text("NAME=a")),
            ("X-EXPS GSSAPI", Verb::XExps, auth("GSSAPI", None)),
            ("X-LINK2STATE LAST CHUNK={}", Verb::XLink2State, text("LAST CHUNK={}")),
            ("XEXCH50 1024 2", Verb::XExch50, text("1024 2")),
        ],
    );
}

#[test]
fn lines_as_servers_take_them() {
    let plain = |list| mail(path("<a@b>", "a@b"), list);
    let size = ("SIZE", Some("3"));
    check(
        false,
        &[
            ("HELO", Verb::Helo, Arguments::None),
            ("HELO ", Verb::Helo, Arguments::None),
            ("HELO [192.0.2.1]", Verb::Helo, domain("[192.0.2.1]")),
            ("EHLO  a ", Verb::Ehlo, domain("a")),
            ("EHLO my_host of mine", Verb::Ehlo, domain("my_host of mine")),
            (" MAIL FROM:<a@b>", Verb::Mail, plain(&[])),
            ("MAIL FROM: <a@b>", Verb::Mail, plain(&[])),
            ("MAIL FROM :<a@b>", Verb::Mail, plain(&[])),
            ("MAIL\tFrom : <a@b>", Verb::Mail, plain(&[])),
            ("MAIL  FROM:<a@b>", Verb::Mail, plain(&[])),
            ("MAILFROM:<a@b>", Verb::Mail, plain(&[])),
            ("MAIL FROM <a@b>", Verb::Mail, plain(&[])),
            ("MAIL FROM<a@b>", Verb::Mail, plain(&[])),
            ("MAIL <a@b>", Verb::Mail, plain(&[])),
            ("MAIL FROM:<a@b> ", Verb::Mail, plain(&[])),
            ("MAIL FROM:<a@b>  SIZE=3", Verb::Mail, plain(&[size])),
            ("MAIL FROM:<a@b>SIZE=3", Verb::Mail, plain(&[size])),
            ("MAIL FROM:<a@b> (Bob)", Verb::Mail, plain(&[("(Bob)", None)])),
            ("MAIL FROM:<a@b>,<c@d>", Verb::Mail, plain(&[(",<c@d>", None)])),
            ("MAIL FROM: a@b SIZE=3", Verb::Mail, mail(path("a@b", "a@b"), &[size])),
            ("MAIL FROM:a@b", Verb::Mail, mail(path("a@b", "a@b"), &[])),
            ("MAIL FROM a@b", Verb::Mail, mail(path("a@b", "a@b"), &[])),
            ("MAIL FROM:< a@b >", Verb::Mail, mail(path("< a@b >", "a@b"), &[])),
            ("MAIL FROM:<a@b SIZE=3", Verb::Mail, mail(path("<a@b", "a@b"), &[size])),
            ("MAIL FROM:<<a@b>> SIZE=3", Verb::Mail, mail(path("<<a@b>>", "a@b"), &[size])),
            ("MAIL FROM:<bob>", Verb::Mail, mail(path("<bob>", "bob"), &[])),
            ("MAIL FROM:<a_b@c_d>", Verb::Mail, mail(path("<a_b@c_d>", "a_b@c_d"), &[])),
            ("RCPT TO:<>", Verb::Rcpt, rcpt(path("<>", ""), &[])),
            ("RCPT to: Postmaster", Verb::Rcpt, rcpt(path("Postmaster", "Postmaster"), &[])),
            ("RCPTTO:<a@b>", Verb::Rcpt, rcpt(path("<a@b>", "a@b"), &[])),
            ("DATA ", Verb::Data, Arguments::None),
            ("DATA now", Verb::Data, raw("now")),
            ("BDAT\t10  LAST ", Verb::Bdat, chunk(10, true)),
            ("BDAT 10 ", Verb::Bdat, chunk(10, false)),
            ("BURL  nothing", Verb::Burl, burl("nothing", false)),
            ("AUTH login", Verb::Auth, auth("login", None)),
            ("AUTH  LOGIN  dXNlcg== ", Verb::Auth, auth("LOGIN", Some("dXNlcg=="))),
            ("AUTH PLAIN AGEA Yg==", Verb::Auth, auth("PLAIN", Some("AGEA Yg=="))),
            ("AUTH PLAIN AGE", Verb::Auth, auth("PLAIN", Some("AGE"))),
            ("MAIL FROM:<a@b>\r", Verb::Mail, plain(&[])),
            ("BDAT 10 LAST\r", Verb::Bdat, chunk(10, true)),
            ("QUIT\r", Verb::Quit, Arguments::None),
            ("QUIT\t", Verb::Quit, Arguments::None),
            ("VRFY", Verb::Vrfy, Arguments::None),
            ("NOOP  a b ", Verb::Noop, text("a b")),
            ("NOOP a\rb", Verb::Noop, text("a\rb")),
        ],
    );
}

#[test]
fn bytes_that_are_no_utf_8_stay() {
    let line = Bytes::from_static(b"MAIL FROM:<j\xfc@b>");
    let sender =
        Path { mailbox: Bytes::from_static(b"j\xfc@b"), route: None, raw: Bytes::from_static(b"<j\xfc@b>") };
    let arguments = Arguments::Mail { sender, parameters: Vec::new() };
    assert_eq!(parse(&line), Ok(Command { verb: Verb::Mail, arguments, line, strict: false }));
}

#[test]
fn lines_that_make_no_sense() {
    for (line, at, expected) in [
        ("", 0, "a known verb"),
        ("  ", 2, "a known verb"),
        (" POST / HTTP/1.1", 1, "a known verb"),
        ("MAIL", 4, "`FROM:`"),
        ("MAIL TO:<a@b>", 5, "`FROM:`"),
        ("MAIL FROMAGE@b", 5, "`FROM:`"),
        ("RCPT FROM:<a@b>", 5, "`TO:`"),
        ("MAIL FROM:", 10, "a path"),
        ("MAIL FROM: <", 11, "a path"),
        ("RCPT TO: ", 9, "a path"),
        ("BDAT", 4, "a chunk size"),
        ("BDAT -1", 5, "a chunk size"),
        ("BDAT +1", 5, "a chunk size"),
        ("BDAT 1x", 5, "a chunk size"),
        ("BDAT 10LAST", 5, "a chunk size"),
        ("BDAT LAST", 5, "a chunk size"),
        ("BDAT 18446744073709551616", 5, "a chunk size below 2^64"),
        ("BDAT 99999999999999999999 LAST", 5, "a chunk size below 2^64"),
        ("BDAT 5 X", 7, "`LAST` or the end of the line"),
        ("BDAT 5 LAST LAST", 7, "`LAST` or the end of the line"),
        ("BURL", 4, "a URL"),
        ("BURL imap://a b", 14, "`LAST` or the end of the line"),
        ("AUTH ", 5, "a mechanism"),
    ] {
        assert_eq!(parse(&bytes(line)), Err(ParseError { at, expected }), "{line:?}");
    }
}

#[test]
fn a_line_nobody_can_parse_is_kept() {
    for (line, verb, arguments, word, rest) in [
        ("", Verb::Unknown, Arguments::None, "", ""),
        ("POST  / HTTP/1.1 ", Verb::Unknown, raw("/ HTTP/1.1 "), "POST", "/ HTTP/1.1 "),
        ("bdat -1", Verb::Bdat, raw("-1"), "bdat", "-1"),
        (" mailfrom: ", Verb::Mail, raw("from: "), "mail", "from: "),
    ] {
        let line = bytes(line);
        let command = Command::unparsed(&line);
        assert_eq!((command.word(), command.argument_text()), (word.as_bytes(), rest.as_bytes()));
        assert_eq!(command, Command { verb, arguments, line, strict: false });
    }
}

#[test]
fn secrets_do_not_print() {
    for line in ["AUTH PLAIN AGEAc2VjcmV0", "X-EXPS LOGIN AGEAc2VjcmV0"] {
        let line = bytes(line);
        for command in [parse(&line).unwrap(), Command::unparsed(&line)] {
            let printed = format!("{command:?}");
            assert!(printed.contains("***") && !printed.contains("AGEA"), "{printed}");
        }
    }
}

#[test]
fn fields_share_the_line() {
    let line = bytes("MAIL FROM:<a@b> SIZE=3");
    let Arguments::Mail { sender, .. } = parse(&line).unwrap().arguments else { panic!("not a sender") };
    assert!(line.as_ptr_range().contains(&sender.mailbox.as_ptr()));
}
