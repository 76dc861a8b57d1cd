//! Whole commands: the line in, every field out.

use super::*;

type Text = &'static [u8];

fn path(raw: &'static str, mailbox: &'static str) -> Path<Text> {
    Path { mailbox: mailbox.as_bytes(), route: None, raw: raw.as_bytes() }
}

fn routed(raw: &'static str, route: &'static str, mailbox: &'static str) -> Path<Text> {
    Path { route: Some(route.as_bytes()), ..path(raw, mailbox) }
}

fn mail(sender: Path<Text>, parameters: &'static str) -> Arguments<Text> {
    Arguments::Mail { sender, parameters: Parameters { text: parameters.as_bytes() } }
}

fn rcpt(recipient: Path<Text>, parameters: &'static str) -> Arguments<Text> {
    Arguments::Rcpt { recipient, parameters: Parameters { text: parameters.as_bytes() } }
}

fn domain(text: &'static str) -> Arguments<Text> {
    Arguments::Domain(text.as_bytes())
}

fn text(text: &'static str) -> Arguments<Text> {
    Arguments::Text(text.as_bytes())
}

fn raw(text: &'static str) -> Arguments<Text> {
    Arguments::Raw(text.as_bytes())
}

fn auth(mechanism: &'static str, response: Option<&'static str>) -> Arguments<Text> {
    Arguments::Auth { mechanism: mechanism.as_bytes(), initial_response: response.map(str::as_bytes) }
}

fn burl(url: &'static str, last: bool) -> Arguments<Text> {
    Arguments::Burl { url: url.as_bytes(), last }
}

fn queue(which: Queue, name: &'static str) -> Arguments<Text> {
    Arguments::Queue { which, name: name.as_bytes() }
}

fn chunk(size: u64, last: bool) -> Arguments<Text> {
    Arguments::Chunk { size, last }
}

/// Every line gives the verb and the arguments beside it, all of them strict or none.
fn check(strict: bool, table: &[(&'static str, Verb, Arguments<Text>)]) {
    for (text, verb, arguments) in table {
        let line = text.as_bytes();
        let expected = Command { verb: *verb, arguments: arguments.clone(), line, strict };
        assert_eq!(parse(line), Ok(expected), "{text:?}");
    }
}

#[test]
fn lines_as_the_rfcs_have_them() {
    check(
        true,
        &[
            ("HELO mx.example.org", Verb::Helo, domain("mx.example.org")),
            ("EHLO [192.0.2.1]", Verb::Ehlo, domain("[192.0.2.1]")),
            ("ehlo [IPv6:2001:db8::1]", Verb::Ehlo, domain("[IPv6:2001:db8::1]")),
            ("LHLO a", Verb::Lhlo, domain("a")),
            ("MAIL FROM:<>", Verb::Mail, mail(path("<>", ""), "")),
            ("MAIL FROM:<a@b>", Verb::Mail, mail(path("<a@b>", "a@b"), "")),
            ("mail from:<a@b> SIZE=3", Verb::Mail, mail(path("<a@b>", "a@b"), "SIZE=3")),
            (
                "MAIL FROM:<@r1,@r2:a@b> SMTPUTF8 RET=HDRS",
                Verb::Mail,
                mail(routed("<@r1,@r2:a@b>", "@r1,@r2", "a@b"), "SMTPUTF8 RET=HDRS"),
            ),
            (r#"MAIL FROM:<"a b>c"@d>"#, Verb::Mail, mail(path(r#"<"a b>c"@d>"#, r#""a b>c"@d"#), "")),
            (
                "MAIL FROM:<j\u{fc}@b\u{fc}.example>",
                Verb::Mail,
                mail(path("<j\u{fc}@b\u{fc}.example>", "j\u{fc}@b\u{fc}.example"), ""),
            ),
            ("SOML FROM:<a@b>", Verb::Soml, mail(path("<a@b>", "a@b"), "")),
            ("RCPT TO:<Postmaster>", Verb::Rcpt, rcpt(path("<Postmaster>", "Postmaster"), "")),
            ("RCPT TO:<a@[IPv6:::1]>", Verb::Rcpt, rcpt(path("<a@[IPv6:::1]>", "a@[IPv6:::1]"), "")),
            (
                "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c",
                Verb::Rcpt,
                rcpt(path("<a@b>", "a@b"), "NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c"),
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
            ("ETRN @example.org", Verb::Etrn, queue(Queue::Domain, "example.org")),
            ("ETRN node", Verb::Etrn, queue(Queue::Node, "node")),
            ("ETRN #q", Verb::Etrn, queue(Queue::Named, "q")),
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
    check(
        false,
        &[
            ("HELO", Verb::Helo, Arguments::None),
            ("HELO ", Verb::Helo, Arguments::None),
            ("HELO [192.0.2.1]", Verb::Helo, domain("[192.0.2.1]")),
            ("EHLO  a ", Verb::Ehlo, domain("a")),
            ("EHLO my_host of mine", Verb::Ehlo, domain("my_host of mine")),
            (" MAIL FROM:<a@b>", Verb::Mail, plain("")),
            ("MAIL FROM: <a@b>", Verb::Mail, plain("")),
            ("MAIL FROM :<a@b>", Verb::Mail, plain("")),
            ("MAIL\tFrom : <a@b>", Verb::Mail, plain("")),
            ("MAIL  FROM:<a@b>", Verb::Mail, plain("")),
            ("MAILFROM:<a@b>", Verb::Mail, plain("")),
            ("MAIL FROM <a@b>", Verb::Mail, plain("")),
            ("MAIL FROM<a@b>", Verb::Mail, plain("")),
            ("MAIL <a@b>", Verb::Mail, plain("")),
            ("MAIL FROM:<a@b> ", Verb::Mail, plain("")),
            ("MAIL FROM:<a@b>  SIZE=3", Verb::Mail, plain("SIZE=3")),
            ("MAIL FROM:<a@b>SIZE=3", Verb::Mail, plain("SIZE=3")),
            ("MAIL FROM:<a@b> (Bob)", Verb::Mail, plain("(Bob)")),
            ("MAIL FROM:<a@b>,<c@d>", Verb::Mail, plain(",<c@d>")),
            ("MAIL FROM: a@b SIZE=3", Verb::Mail, mail(path("a@b", "a@b"), "SIZE=3")),
            ("MAIL FROM:a@b", Verb::Mail, mail(path("a@b", "a@b"), "")),
            ("MAIL FROM a@b", Verb::Mail, mail(path("a@b", "a@b"), "")),
            ("MAIL FROM:< a@b >", Verb::Mail, mail(path("< a@b >", "a@b"), "")),
            ("MAIL FROM:<a@b SIZE=3", Verb::Mail, mail(path("<a@b", "a@b"), "SIZE=3")),
            ("MAIL FROM:<<a@b>> SIZE=3", Verb::Mail, mail(path("<<a@b>>", "a@b"), "SIZE=3")),
            ("MAIL FROM:<bob>", Verb::Mail, mail(path("<bob>", "bob"), "")),
            ("MAIL FROM:<a_b@c_d>", Verb::Mail, mail(path("<a_b@c_d>", "a_b@c_d"), "")),
            ("RCPT TO:<>", Verb::Rcpt, rcpt(path("<>", ""), "")),
            ("RCPT to: Postmaster", Verb::Rcpt, rcpt(path("Postmaster", "Postmaster"), "")),
            ("RCPTTO:<a@b>", Verb::Rcpt, rcpt(path("<a@b>", "a@b"), "")),
            ("DATA ", Verb::Data, Arguments::None),
            ("DATA now", Verb::Data, raw("now")),
            ("BDAT\t10  LAST ", Verb::Bdat, chunk(10, true)),
            ("BDAT 10 ", Verb::Bdat, chunk(10, false)),
            ("BURL  nothing", Verb::Burl, burl("nothing", false)),
            ("AUTH login", Verb::Auth, auth("login", None)),
            ("AUTH  LOGIN  dXNlcg== ", Verb::Auth, auth("LOGIN", Some("dXNlcg=="))),
            ("AUTH PLAIN AGEA Yg==", Verb::Auth, auth("PLAIN", Some("AGEA Yg=="))),
            ("AUTH PLAIN AGE", Verb::Auth, auth("PLAIN", Some("AGE"))),
            ("MAIL FROM:<a@b>\r", Verb::Mail, plain("")),
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
    let line = &b"MAIL FROM:<j\xfc@b>"[..];
    let sender = Path { mailbox: &b"j\xfc@b"[..], route: None, raw: b"<j\xfc@b>" };
    let arguments = Arguments::Mail { sender, parameters: Parameters { text: &b""[..] } };
    assert_eq!(parse(line), Ok(Command { verb: Verb::Mail, arguments, line, strict: false }));
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
        assert_eq!(parse(line.as_bytes()), Err(ParseError { at, expected }), "{line:?}");
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
        let line = line.as_bytes();
        let command = Command::unparsed(line);
        assert_eq!((command.word(), command.argument_text()), (word.as_bytes(), rest.as_bytes()));
        assert_eq!(command, Command { verb, arguments, line, strict: false });
    }
}

#[test]
fn secrets_do_not_print() {
    for line in ["AUTH PLAIN AGEAc2VjcmV0", "X-EXPS LOGIN AGEAc2VjcmV0"] {
        let line = Bytes::from_static(line.as_bytes());
        for command in [parse(&line).unwrap(), Command::unparsed(&line)] {
            let printed = format!("{:?}", command.share(&line));
            assert!(printed.contains("***") && !printed.contains("AGEA"), "{printed}");
            let printed = format!("{command:?}");
            assert!(printed.contains("***") && !printed.contains("65, 71, 69, 65"), "{printed}");
        }
    }
}

#[test]
fn fields_share_the_line_that_they_are_given() {
    let every_field = [
        "EHLO a",
        "MAIL FROM:<@r:a@b> SIZE=3",
        "RCPT TO:<@r:a@b> NOTIFY=NEVER",
        "BDAT 3 LAST",
        "AUTH PLAIN AGEAYg==",
        "NOOP a",
        "BURL imap://a LAST",
        "ETRN @a",
        "DATA now",
    ];
    for text in every_field {
        let line = Bytes::from_static(text.as_bytes());
        let copy = Bytes::copy_from_slice(&line);
        let parsed = parse(&line).unwrap();
        for shared in [&line, &copy] {
            let command = parsed.share(shared);
            assert_eq!(
                command.arguments.map(|field| field.to_vec()),
                parsed.arguments.map(|field| field.to_vec())
            );
            assert_eq!((command.verb, &command.line, command.strict), (parsed.verb, shared, parsed.strict));
            let lies_in_it = |field: &Bytes| shared.as_ptr_range().contains(&field.as_ptr());
            command.arguments.map(|field| assert!(lies_in_it(field), "{field:?}"));
        }
        // A line of another text is a mistake; nothing worse comes of it than empty fields.
        assert_eq!(parsed.share(&Bytes::new()).line, "");
    }
}
