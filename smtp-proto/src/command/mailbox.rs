//! Domains, mailboxes and paths exactly as the RFCs write them.
//!
//! RFC 6531 3.3 adds `UTF8-non-ascii` to the rules here. These parsers take any byte above 127 in its place; whether a
//! line is UTF-8 is asked once for the whole of it.

use std::net::Ipv6Addr;

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::{consumed, opt, recognize, verify};
use nom::multi::many0_count;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::class::{ATEXT, DCONTENT, LABEL, QTEXT};
use super::path::Path;

/// What a parser of a line gives: the rest, and the value.
pub(super) type Parsed<'a, T = &'a [u8]> = IResult<&'a [u8], T, ()>;

// RFC 5321 4.1.2:
//   Reverse-path = Path / "<>"
pub(super) fn reverse_path(input: &[u8]) -> Parsed<'_, Path<&[u8]>> {
    let null = tag("<>").map(|raw| Path { mailbox: &b""[..], route: None, raw });
    alt((path, null)).parse(input)
}

// RFC 5321 4.1.1.3, 4.1.2:
//   rcpt         = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) ..
//   Forward-path = Path
pub(super) fn forward_path(input: &[u8]) -> Parsed<'_, Path<&[u8]>> {
    let postmaster = consumed(delimited(char('<'), tag_no_case("Postmaster"), char('>')))
        .map(|(raw, mailbox)| Path { mailbox, route: None, raw });
    alt((path, postmaster)).parse(input)
}

// RFC 5321 4.1.2:
//   Path = "<" [ A-d-l ":" ] Mailbox ">"
fn path(input: &[u8]) -> Parsed<'_, Path<&[u8]>> {
    consumed(delimited(char('<'), (opt(terminated(route, char(':'))), mailbox), char('>')))
        .map(|(raw, (route, mailbox))| Path { mailbox, route, raw })
        .parse(input)
}

// RFC 5321 4.1.2:
//   A-d-l     = At-domain *( "," At-domain )
//   At-domain = "@" Domain
fn route(input: &[u8]) -> Parsed<'_> {
    separated(',', |input| preceded(char('@'), domain).parse(input)).parse(input)
}

// RFC 5321 4.1.2:
//   Mailbox = Local-part "@" ( Domain / address-literal )
fn mailbox(input: &[u8]) -> Parsed<'_> {
    recognize((local_part, char('@'), alt((domain, address_literal)))).parse(input)
}

/// One element or more, and what parts them. nom's own lists collect their elements on the heap.
fn separated<'a>(
    separator: char,
    element: impl Fn(&'a [u8]) -> Parsed<'a> + Copy,
) -> impl Parser<&'a [u8], Output = &'a [u8], Error = ()> {
    recognize((element, many0_count(preceded(char(separator), element))))
}

// RFC 5321 4.1.2:
//   Local-part = Dot-string / Quoted-string
//   Dot-string = Atom *("." Atom)
fn local_part(input: &[u8]) -> Parsed<'_> {
    alt((separated('.', |input| take_while1(|byte| ATEXT.has(byte)).parse(input)), quoted_string))
        .parse(input)
}

// RFC 5321 4.1.2:
//   Quoted-string   = DQUOTE *QcontentSMTP DQUOTE
//   QcontentSMTP    = qtextSMTP / quoted-pairSMTP
//   quoted-pairSMTP = %d92 %d32-126
fn quoted_string(input: &[u8]) -> Parsed<'_> {
    let text = take_while1(|byte| QTEXT.has(byte)).map(|_| ());
    let pair =
        preceded(char('\\'), verify(nom::number::complete::u8, |byte| matches!(byte, 32..=126))).map(|_| ());
    recognize(delimited(char('"'), many0_count(alt((text, pair))), char('"'))).parse(input)
}

// RFC 5321 4.1.2:
//   Domain = sub-domain *("." sub-domain)
pub(super) fn domain(input: &[u8]) -> Parsed<'_> {
    separated('.', sub_domain).parse(input)
}

// RFC 5321 4.1.2:
//   sub-domain = Let-dig [Ldh-str]
//   Ldh-str    = *( ALPHA / DIGIT / "-" ) Let-dig
fn sub_domain(input: &[u8]) -> Parsed<'_> {
    verify(take_while1(|byte| LABEL.has(byte)), |label: &[u8]| {
        !label.starts_with(b"-") && !label.ends_with(b"-")
    })
    .parse(input)
}

// RFC 5321 4.1.3:
//   address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
pub(super) fn address_literal(input: &[u8]) -> Parsed<'_> {
    let content = verify(take_while(|byte| DCONTENT.has(byte)), is_address);
    recognize(delimited(char('['), content, char(']'))).parse(input)
}

// RFC 5321 4.1.3:
//   IPv4-address-literal    = Snum 3("." Snum)
//   IPv6-address-literal    = "IPv6:" IPv6-addr
//   General-address-literal = Standardized-tag ":" 1*dcontent
//   Standardized-tag        = Ldh-str
fn is_address(content: &[u8]) -> bool {
    let Ok(content) = str::from_utf8(content) else { return false };
    match content.split_once(':') {
        None => content.split('.').count() == 4 && content.split('.').all(is_snum),
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6") => address.parse::<Ipv6Addr>().is_ok(),
        Some((tag, address)) => {
            tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && tag.bytes().last().is_some_and(|byte| byte != b'-')
                && !address.is_empty()
        }
    }
}

// RFC 5321 4.1.3:
//   Snum = 1*3DIGIT ; a decimal integer from 0 to 255
// Leading zeros are allowed, unlike in the addresses of the standard library.
fn is_snum(text: &str) -> bool {
    text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u8>().is_ok()
}

#[cfg(test)]
mod tests {
    use nom::combinator::all_consuming;

    use super::*;

    #[test]
    fn domains() {
        for (text, fits) in [
            ("example.org", true),
            ("a", true),
            ("xn--bcher-kva.example", true),
            ("b\u{fc}cher.example", true),
            ("1.2", true),
            ("", false),
            ("a..b", false),
            (".a", false),
            ("a.", false),
            ("-a.b", false),
            ("a-.b", false),
            ("a_b", false),
            ("[1.2.3.4]", false),
        ] {
            assert_eq!(all_consuming(domain).parse(text.as_bytes()).is_ok(), fits, "{text:?}");
        }
    }

    #[test]
    fn address_literals() {
        for (text, fits) in [
            ("[192.0.2.1]", true),
            ("[192.0.002.00]", true),
            ("[IPv6:::1]", true),
            ("[ipv6:2001:db8::192.0.2.1]", true),
            ("[X-net:a!b]", true),
            ("[]", false),
            ("[192.0.2]", false),
            ("[192.0.2.256]", false),
            ("[192.0.2.+1]", false),
            ("[192.0.2.0001]", false),
            ("[192.0.2.1.]", false),
            ("[::1]", false),
            ("[IPv6:g]", false),
            ("[tag-:a]", false),
            ("[tag:]", false),
            ("[192.0.2.1", false),
        ] {
            assert_eq!(all_consuming(address_literal).parse(text.as_bytes()).is_ok(), fits, "{text:?}");
        }
    }

    #[test]
    fn mailboxes() {
        for (text, fits) in [
            ("a@b", true),
            ("a.b+c=d/e{f}@g.example", true),
            ("!#$%&'*+-/=?^_`{|}~@b", true),
            ("j\u{fc}rgen@b\u{fc}cher.example", true),
            (r#""a b>c"@d"#, true),
            (r#""a\"b\\"@d"#, true),
            (r#"""@d"#, true),
            ("a@[192.0.2.1]", true),
            ("a", false),
            ("@b", false),
            ("a@", false),
            ("a..b@c", false),
            ("a.@c", false),
            ("a b@c", false),
            ("a(b)@c", false),
            ("a@b@c", false),
            (r#""a"b@c"#, false),
            (r#""a@c"#, false),
            ("\"a\tb\"@c", false),
        ] {
            assert_eq!(all_consuming(mailbox).parse(text.as_bytes()).is_ok(), fits, "{text:?}");
        }
    }

    #[test]
    fn paths_fall_into_parts() {
        let parts = |raw: &'static str, route: Option<&'static str>, mailbox: &'static str| Path {
            raw: raw.as_bytes(),
            route: route.map(str::as_bytes),
            mailbox: mailbox.as_bytes(),
        };
        let text = "<@r1,@r2:a@b> SIZE=3";
        assert_eq!(
            reverse_path(text.as_bytes()),
            Ok((&b" SIZE=3"[..], parts("<@r1,@r2:a@b>", Some("@r1,@r2"), "a@b")))
        );
        assert_eq!(forward_path(b"<a@b>"), Ok((&b""[..], parts("<a@b>", None, "a@b"))));
        assert_eq!(reverse_path(b"<>"), Ok((&b""[..], parts("<>", None, ""))));
        assert_eq!(forward_path(b"<postmaster>"), Ok((&b""[..], parts("<postmaster>", None, "postmaster"))));
        for text in ["<>", "< a@b>", "<a@b", "a@b", "<@r1:>", "<@[192.0.2.1]:a@b>"] {
            assert!(forward_path(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(reverse_path(b"<postmaster>").is_err());
    }
}
