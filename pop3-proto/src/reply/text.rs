//! What the text of a reply may hold for a program: response codes, sizes, the time stamp of APOP.

use mail_wire::slice;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, u64};
use nom::combinator::all_consuming;
use nom::sequence::delimited;
use nom::{IResult, Parser};

// RFC 2449 section 8:
//   resp-code = "[" resp-level *("/" resp-level) "]"
//   rchar     = %x21-2E / %x30-5C / %x5E-7F      ; printable, without "/" and "]"
/// The response code that the text begins with, without its brackets.
pub(super) fn response_code(text: &[u8]) -> Option<&[u8]> {
    let inside = take_while1(|byte: u8| byte.is_ascii_graphic() && byte != b']');
    let parsed: IResult<_, _> = delimited(char('['), inside, char(']')).parse(text);
    parsed.ok().map(|(_, code)| code)
}

/// The number in front of `octets`, `octet`, `bytes` ...
pub(super) fn octets(text: &[u8]) -> Option<u64> {
    let mut words =
        text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let unit = words.peek().copied().unwrap_or_default();
        let is = |name: &[u8]| unit.get(..name.len()).is_some_and(|front| front.eq_ignore_ascii_case(name));
        if is(b"octet") || is(b"byte") {
            let number: IResult<_, _> = all_consuming(u64).parse(word);
            if let Ok((_, size)) = number {
                return Some(size);
            }
        }
    }
    None
}

// RFC 1939 section 7: the time stamp has the syntax of a `msg-id` in RFC 822.
/// The last `<..@..>` of a greeting.
pub(super) fn timestamp(text: &[u8]) -> Option<&[u8]> {
    let (mut begin, mut found) = (None, None);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'<' => begin = Some((at, false)),
            b'@' => begin = begin.map(|(open, _)| (open, true)),
            b'>' => {
                if let Some((open, true)) = begin.take() {
                    found = text.get(open..=at);
                }
            }
            byte if slice::is_blank(*byte) => begin = None,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("120 octets", Some(120)),
            ("120 octets follow.", Some(120)),
            ("Message follows (332 octets)", Some(332)),
            ("1 message (5 Bytes)", Some(5)),
            ("2 1 octet", Some(1)),
            ("120", None),
            ("octets", None),
            ("many octets", None),
            ("99999999999999999999 octets", None),
            ("", None),
        ] {
            assert_eq!(octets(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn time_stamps() {
        for (text, expected) in [
            ("<a@b>", Some("<a@b>")),
            (
                "POP3 server ready <1896.697170952@dbc.mtview.ca.us>",
                Some("<1896.697170952@dbc.mtview.ca.us>"),
            ),
            ("x <1.2@h> ready <y>", Some("<1.2@h>")),
            ("<a@b> <c@d>", Some("<c@d>")),
            ("<<a@b>>", Some("<a@b>")),
            ("<a @b>", None),
            ("<y> ready", None),
            ("a@b>", None),
            ("> < <a@b", None),
            ("", None),
        ] {
            assert_eq!(timestamp(text.as_bytes()), expected.map(str::as_bytes), "{text:?}");
        }
    }
}
