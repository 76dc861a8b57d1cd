//! UTF-7 (RFC 2152).

/// The text, and whether every byte of it was UTF-7.
pub(super) fn decode(bytes: &[u8]) -> (String, bool) {
    let mut out = String::with_capacity(bytes.len());
    let mut exact = true;
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'+' => {
                let digits = rest.iter().take_while(|byte| value(**byte).is_some()).count();
                let (text, after) = rest.split_at_checked(digits).unwrap_or((rest, &[]));
                match after.split_first() {
                    // `+-` is a plus sign.
                    Some((b'-', after)) => {
                        if digits == 0 {
                            out.push('+');
                        }
                        rest = after;
                    }
                    _ => {
                        exact &= digits > 0;
                        if digits == 0 {
                            out.push('+');
                        }
                        rest = after;
                    }
                }
                exact &= wide(text, &mut out);
            }
            0x80.. => {
                exact = false;
                out.push(char::REPLACEMENT_CHARACTER);
            }
            _ => out.push(char::from(byte)),
        }
    }
    (out, exact)
}

/// UTF-16 in base64 without padding.
fn wide(text: &[u8], out: &mut String) -> bool {
    let mut bits = 0_u32;
    let mut have = 0;
    let mut units = Vec::with_capacity(text.len() * 3 / 8);
    for digit in text.iter().filter_map(|byte| value(*byte)) {
        bits = bits << 6 | u32::from(digit);
        have += 6;
        if have >= 16 {
            have -= 16;
            let [_, _, high, low] = (bits >> have).to_be_bytes();
            units.push(u16::from_be_bytes([high, low]));
            bits &= (1 << have) - 1;
        }
    }
    let mut exact = have < 6 && bits == 0;
    for unit in char::decode_utf16(units) {
        exact &= unit.is_ok();
        out.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    exact
}

const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (text, expected, exact) in [
            ("", "", true),
            ("plain", "plain", true),
            // RFC 2152.
            ("A+ImIDkQ.", "A\u{2262}\u{391}.", true),
            ("Hi Mom +Jjo--!", "Hi Mom \u{263a}-!", true),
            ("+ZeVnLIqe-", "\u{65e5}\u{672c}\u{8a9e}", true),
            ("1 +- 1", "1 + 1", true),
            ("+ADw-script+AD4-", "<script>", true),
            ("+2D3cAA-", "\u{1f400}", true),
            ("+2D0-", "\u{fffd}", false),
            ("a + b", "a + b", false),
            ("+A", "", false),
            ("caf\u{e9}", "caf\u{fffd}\u{fffd}", false),
        ] {
            assert_eq!(decode(text.as_bytes()), (expected.to_owned(), exact), "{text:?}");
        }
    }
}
