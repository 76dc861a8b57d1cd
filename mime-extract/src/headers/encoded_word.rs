//! Encoded words (RFC 2047).

use crate::charset;
use crate::decode::base64::Base64;
use crate::slice::{self, hex};

/// One encoded word: the charset that it names, and its bytes.
struct Word<'a> {
    charset: &'a [u8],
    bytes: Vec<u8>,
    /// How much of the text it takes.
    len: usize,
}

/// The text with its encoded words decoded. Neighbours of one charset are joined before their bytes become
/// characters, since senders cut words inside of characters; blanks between neighbours are dropped
/// (RFC 2047 section 6.2).
pub(crate) fn decode(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    // Bytes of words of one charset that wait for the next one, and blanks behind them.
    let mut waiting: Option<(&[u8], Vec<u8>)> = None;
    let mut rest = text;
    loop {
        let at = memchr::memmem::find(rest, b"=?");
        let (plain, candidate) = slice::split(rest, at.unwrap_or(rest.len()));
        let between = !plain.is_empty() && plain.iter().all(|byte| slice::is_space(*byte));
        match word(candidate) {
            Some(word) => {
                if !(plain.is_empty() || between && waiting.is_some()) {
                    flush(&mut waiting, &mut out);
                    push_raw(plain, &mut out);
                }
                match &mut waiting {
                    Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.charset) => {
                        bytes.extend_from_slice(&word.bytes);
                    }
                    _ => {
                        flush(&mut waiting, &mut out);
                        waiting = Some((word.charset, word.bytes));
                    }
                }
                rest = slice::split(candidate, word.len).1;
            }
            None => {
                flush(&mut waiting, &mut out);
                // `=?` that begins no word is text.
                let taken = if at.is_some() { plain.len() + 2 } else { rest.len() };
                let (raw, behind) = slice::split(rest, taken);
                push_raw(raw, &mut out);
                rest = behind;
                if at.is_none() {
                    return out;
                }
            }
        }
    }
}

/// Whether the text holds something that looks like an encoded word.
pub(crate) fn is_likely(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"=?").is_some_and(|at| word(slice::split(text, at).1).is_some())
}

fn flush(waiting: &mut Option<(&[u8], Vec<u8>)>, out: &mut String) {
    if let Some((charset, bytes)) = waiting.take() {
        out.push_str(&charset::to_utf8(&String::from_utf8_lossy(charset), &bytes).text);
    }
}

fn push_raw(raw: &[u8], out: &mut String) {
    out.push_str(&charset::guess(raw).text);
}

/// The encoded word at the start of `text`. Blanks inside of it, which the RFC forbids, are let through.
fn word(text: &[u8]) -> Option<Word<'_>> {
    let inner = text.strip_prefix(b"=?")?;
    let charset_len = memchr::memchr(b'?', slice::split(inner, 80).0)?;
    let (charset, rest) = slice::split(inner, charset_len);
    // RFC 2231 section 5: `charset*language`.
    let charset = charset.split(|byte| *byte == b'*').next()?;
    let [b'?', encoding, b'?', encoded @ ..] = rest else { return None };
    // The text holds no question mark: each search ends at the first, so that all of them together are linear.
    let len = memchr::memchr(b'?', encoded)?;
    if charset.is_empty() || encoded.get(len + 1) != Some(&b'=') {
        return None;
    }
    let (encoded, _) = slice::split(encoded, len);
    let bytes = match encoding {
        b'B' | b'b' => Base64::decode_all(encoded),
        b'Q' | b'q' => decode_q(encoded),
        _ => return None,
    };
    Some(Word { charset, bytes, len: 2 + charset_len + 3 + len + 2 })
}

/// The "Q" encoding (RFC 2047 section 4.2); an escape that is none is kept.
fn decode_q(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind) {
            (b'_', _) => bytes.push(b' '),
            (b'=', [high, low, behind @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = behind;
                }
                _ => bytes.push(byte),
            },
            _ => bytes.push(byte),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_text() {
        for (text, decoded) in [
            ("", ""),
            ("plain", "plain"),
            ("=?iso-8859-1?Q?=A1Hola,_se=F1or!?=", "¡Hola, señor!"),
            ("a =?utf-8?b?w6k=?= b", "a é b"),
            ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
            ("=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"),
            // Cut inside of a character, also by base64 with padding.
            ("=?utf-8?b?4oI=?= =?UTF-8?b?rA==?=", "€"),
            ("=?utf-8?q?=E2=82?= =?iso-8859-1?q?=AC?=", "\u{fffd}¬"),
            ("=?utf-8*en?q?a?=", "a"),
            ("=?utf-8?q?with blank?=", "with blank"),
            ("=?utf-8?q?bad=zz=4?=", "bad=zz=4"),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?q?a", "=?utf-8?q?a"),
            ("=??q?a?=", "=??q?a?="),
            ("=?=?utf-8?q?a?=", "=?a"),
            ("=?nonsense?q?=E9?=", "é"),
            ("=?gb2312?B?1tC5+g==?=", "中国"),
        ] {
            assert_eq!(decode(text.as_bytes()), decoded, "{text:?}");
        }
        assert_eq!(decode(b"caf\xe9"), "café");
    }
}
