//! Tables: a line in, the command or the error out.

use super::*;
use mail_wire::Secret;

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

#[test]
fn lines_as_the_rfcs_have_them_and_as_servers_take_them() {
    let name = |text| Arguments::Name(bytes(text));
    let secret = |text| Secret::new(bytes(text));
    let password = |text| Arguments::Password(secret(text));
    let digest = "c4c9334bac560ecc979e58001b3e22fb";
    let apop = |name, digest| Arguments::Apop { name: bytes(name), digest: secret(digest) };
    let auth = |mechanism, response: Option<&'static str>| Arguments::Auth {
        mechanism: bytes(mechanism),
        initial_response: response.map(Secret::new),
    };
    let top = |number, lines| Arguments::Top { number, lines };
    let extension = |name, rest| Arguments::Extension { name: bytes(name), rest: bytes(rest) };
    for (line, verb, arguments, strict) in [
        ("USER mrose", Verb::User, name("mrose"), true),
        ("user  DOM\\a b ", Verb::User, name(" DOM\\a b "), true),
        ("USER m\u{fc}ller", Verb::User, name("m\u{fc}ller"), true),
        ("USER\tx", Verb::User, name("x"), false),
        ("RPOP x", Verb::Rpop, name("x"), true),
        ("PASS tanstaaf", Verb::Pass, password("tanstaaf"), true),
        ("PASS  my pass  word ", Verb::Pass, password(" my pass  word "), true),
        ("PASS ", Verb::Pass, password(""), false),
        ("PASS", Verb::Pass, password(""), false),
        ("PASS x\r", Verb::Pass, password("x\r"), false),
        (&format!("APOP mrose {digest}"), Verb::Apop, apop("mrose", digest), true),
        (&format!("APOP m rose {digest}"), Verb::Apop, apop("m rose", digest), true),
        (&format!("APOP mrose  {digest}\r"), Verb::Apop, apop("mrose", digest), false),
        ("APOP a b", Verb::Apop, apop("a", "b"), false),
        ("AUTH", Verb::Auth, Arguments::None, true),
        ("AUTH ", Verb::Auth, Arguments::None, false),
        ("AUTH CRAM-MD5", Verb::Auth, auth("CRAM-MD5", None), true),
        ("auth plain AGFsaQ==", Verb::Auth, auth("plain", Some("AGFsaQ==")), true),
        ("AUTH PLAIN =", Verb::Auth, auth("PLAIN", Some("=")), true),
        ("AUTH PLAIN  a!", Verb::Auth, auth("PLAIN", Some("a!")), false),
        ("STAT", Verb::Stat, Arguments::None, true),
        ("STAT now", Verb::Stat, Arguments::Text(bytes("now")), false),
        ("LIST", Verb::List, Arguments::None, true),
        ("LIST 2", Verb::List, Arguments::Number(2), true),
        ("UIDL 18446744073709551615", Verb::Uidl, Arguments::Number(u64::MAX), true),
        ("RETR 1", Verb::Retr, Arguments::Number(1), true),
        ("RETR 0", Verb::Retr, Arguments::Number(0), false),
        (" RETR  1 x\r", Verb::Retr, Arguments::Number(1), false),
        ("DELE 1", Verb::Dele, Arguments::Number(1), true),
        ("NOOP", Verb::Noop, Arguments::None, true),
        ("RSET", Verb::Rset, Arguments::None, true),
        ("QUIT\r", Verb::Quit, Arguments::None, false),
        ("TOP 1 10", Verb::Top, top(1, Some(10)), true),
        ("TOP 1 0", Verb::Top, top(1, Some(0)), true),
        ("TOP 1", Verb::Top, top(1, None), false),
        ("TOP 1  99999999 x", Verb::Top, top(1, Some(99_999_999)), false),
        ("CAPA", Verb::Capa, Arguments::None, true),
        ("STLS", Verb::Stls, Arguments::None, true),
        ("UTF8", Verb::Utf8, Arguments::None, true),
        ("LANG", Verb::Lang, Arguments::None, true),
        ("LANG es", Verb::Lang, Arguments::Language(bytes("es")), true),
        ("LAST", Verb::Last, Arguments::None, true),
        ("XTND XMIT", Verb::Xtnd, extension("XMIT", ""), true),
        ("XTND XLST Subject 1", Verb::Xtnd, extension("XLST", "Subject 1"), true),
        ("XTND", Verb::Xtnd, extension("", ""), true),
    ] {
        let line = bytes(line);
        let expected = Command { verb, arguments, line: line.clone(), strict };
        assert_eq!(parse(&line), Ok(expected), "{line:?}");
    }
}

#[test]
fn lines_that_make_no_sense() {
    let number = "a message number below 2^64";
    for (line, verb, at, expected) in [
        ("", Verb::Unknown, 0, "a known verb"),
        ("  PING x", Verb::Unknown, 2, "a known verb"),
        ("+OK ready", Verb::Unknown, 0, "a known verb"),
        ("USER", Verb::User, 4, "a name"),
        ("USER ", Verb::User, 4, "a name"),
        ("APOP mrose", Verb::Apop, 4, "a name and a digest"),
        ("RETR", Verb::Retr, 4, number),
        ("RETR -1", Verb::Retr, 5, number),
        ("RETR 1x", Verb::Retr, 5, number),
        ("RETR 18446744073709551616", Verb::Retr, 5, number),
        ("LIST all", Verb::List, 5, number),
        ("TOP 1 x", Verb::Top, 6, "a number of lines below 2^64"),
    ] {
        let line = bytes(line);
        assert_eq!(parse(&line), Err(ParseError { at, expected }), "{line:?}");
        let unparsed = Command::unparsed(&line);
        assert_eq!((unparsed.verb, unparsed.strict), (verb, false), "{line:?}");
    }
}

#[test]
fn an_unparsed_line_is_kept() {
    let line = bytes("XSENDER  1 \r");
    let expected = Command {
        verb: Verb::Unknown,
        arguments: Arguments::Raw(bytes("1 \r")),
        line: line.clone(),
        strict: false,
    };
    let command = Command::unparsed(&line);
    assert_eq!(command, expected);
    assert_eq!((command.word(), command.argument_text()), (&b"XSENDER"[..], &b"1 "[..]));
}

#[test]
fn debug_shows_no_password() {
    for line in ["PASS tanstaaf", "AUTH PLAIN tanstaaf", "APOP x tanstaaf", "APOP tanstaaf"] {
        let line = bytes(line);
        let command = parse(&line).unwrap_or_else(|_| Command::unparsed(&line));
        assert!(!format!("{command:?}").contains("tanstaaf"), "{command:?}");
    }
}
