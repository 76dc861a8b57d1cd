//! Who is the client, from the first bytes of both halves.

use crate::Verb;
use mail_wire::framer::Framer;
use mail_wire::preface;

/// What the first bytes of a half look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// As a client begins.
    Command,
    /// As a server begins.
    Reply,
    /// Neither.
    Other,
    /// The half is over before it began.
    Nothing,
    /// Too few to tell.
    Short,
}

impl Opening {
    pub(super) fn of(framer: &Framer) -> Self {
        if framer.is_finished() {
            return Self::Nothing;
        }
        if framer.at_gap() {
            return Self::Other;
        }
        let ahead: Vec<u8> = framer.peek().take(ENOUGH).collect();
        Self::read(&ahead, framer.peek_is_all())
    }

    /// What is said for good stays the same with every byte more.
    fn read(ahead: &[u8], is_all: bool) -> Self {
        let wait = |otherwise| if is_all || ahead.len() == ENOUGH { otherwise } else { Self::Short };
        if let Some(whole) = preface::begins(ahead) {
            return if whole { Self::Command } else { wait(Self::Other) };
        }
        match ahead {
            // RFC 8446 sections 4 and 5.1: a record of a handshake, then ClientHello or ServerHello.
            [0x16, 3, _, _, _, 1, ..] => return Self::Command,
            [0x16, 3, _, _, _, 2, ..] => return Self::Reply,
            [0x16] | [0x16, 3] | [0x16, 3, ..] if ahead.len() < 6 => return wait(Self::Other),
            [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-' | b'\r' | b'\n', ..] => return Self::Reply,
            _ => {}
        }
        let text = crate::slice::trim_start(ahead);
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let word = text.iter().take_while(|byte| is_letter(byte)).count();
        match text.get(word) {
            // The blank forgotten: MAILFROM:
            Some(b':') => Self::by_word(text.get(..=word)),
            Some(b' ' | b'\t' | b'\r' | b'\n') => Self::by_word(text.get(..word)),
            Some(_) => Self::Other,
            None => wait(Self::by_word(Some(text))),
        }
    }

    fn by_word(word: Option<&[u8]>) -> Self {
        if word.is_some_and(|word| Verb::of(word) != Verb::Unknown) { Self::Command } else { Self::Other }
    }

    /// As if nothing followed.
    pub(super) const fn or_nothing(self) -> Self {
        if matches!(self, Self::Short) { Self::Nothing } else { self }
    }

    /// Whether the caller has the roles the wrong way round; `None` while a half that has not begun may decide it.
    ///
    /// What speaks for the caller's word counts more than what speaks against it, and nothing depends on which half came
    /// first.
    pub(super) const fn reversed(to_server: Self, to_client: Self) -> Option<bool> {
        match (to_server, to_client) {
            (Self::Nothing, Self::Nothing) => None,
            (Self::Command, _) | (_, Self::Reply) => Some(false),
            (Self::Short, _) | (_, Self::Short) => None,
            (Self::Reply, _) | (_, Self::Command) => Some(true),
            (Self::Other | Self::Nothing, Self::Other | Self::Nothing) => Some(false),
        }
    }
}

/// The longest verb, and what ends it.
const ENOUGH: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use Opening::{Command, Nothing, Other, Reply, Short};

    #[test]
    fn first_bytes() {
        for (ahead, expected) in [
            (&b""[..], Short),
            (b"EHLO c\r\n", Command),
            (b"  mail from:", Command),
            (b"MAILFROM:<a>", Command),
            (b"MAILTO:<a>", Other),
            (b"QUIT\r\n", Command),
            (b"DATA", Short),
            (b"X-LINK2STATE L", Command),
            (b"XXXXXXXXXXXXXXXX", Other),
            (b"220 mx", Reply),
            (b"250-mx", Reply),
            (b"220", Short),
            (b"2200 mx", Other),
            (b"\x16\x03\x01\x00\xf0\x01", Command),
            (b"\x16\x03\x03\x00\xf0\x02", Reply),
            (b"\x16\x03\x03\x00\xf0\x0b", Other),
            (b"\x16\x03\x03", Short),
            (b"\x16x", Other),
            (b"PROXY TCP4", Command),
            (b"\r\n\r\n\0\r\nQUIT\n\x21", Command),
            (b"\r\n\r\n\0\r\nQ", Short),
            (b"\r\nEHLO", Other),
            (b"POST / HTTP", Other),
        ] {
            let ahead = ahead.get(..ENOUGH).unwrap_or(ahead);
            let told = Opening::read(ahead, false);
            assert_eq!(told, expected, "{}", ahead.escape_ascii());
            // A prefix says the same, or nothing.
            for len in 0..ahead.len() {
                let early = Opening::read(ahead.get(..len).unwrap_or_default(), false);
                assert!(early == Short || early == told, "{early:?} {len} {}", ahead.escape_ascii());
            }
        }
        assert_eq!((Opening::read(b"DATA", true), Opening::read(b"x", true)), (Command, Other));
    }

    #[test]
    fn what_is_said_for_good_stays_with_the_other_half() {
        let all = [Command, Reply, Other, Nothing];
        for known in all {
            for (early, late) in [
                (Opening::reversed(known, Short), all.map(|later| Opening::reversed(known, later))),
                (Opening::reversed(Short, known), all.map(|later| Opening::reversed(later, known))),
            ] {
                assert!(early.is_none() || late.iter().all(|late| *late == early), "{known:?}");
            }
        }
        assert_eq!(Opening::reversed(Reply, Command), Some(true));
        assert_eq!(Opening::reversed(Reply, Nothing), Some(true));
        assert_eq!(Opening::reversed(Reply, Reply), Some(false));
    }
}
