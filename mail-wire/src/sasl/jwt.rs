//! What a JSON Web Token (RFC 7519) says of itself.

use super::Fact;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// RFC 7515 section 2: base64url, without padding.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The claims that say who the token is for, by whom and until when.
const CLAIMS: [&str; 6] = ["iss", "sub", "aud", "exp", "email", "upn"];

/// More of them no honest token has.
const MAX_CLAIMS: usize = 32;

/// The claims of a signed token, in their order; of a list of audiences each. Nothing is verified. Any other token
/// has none.
pub(super) fn claims(token: &[u8]) -> Vec<Fact> {
    let parts: Vec<&[u8]> = token.splitn(4, |byte| *byte == b'.').collect();
    let [_header, payload, _signature] = parts.as_slice() else { return Vec::new() };
    let mut facts = Vec::new();
    if let Ok(payload) = BASE64URL.decode(payload)
        && object(&payload, &mut facts).is_none()
    {
        facts.clear();
    }
    facts
}

/// RFC 8259, as far as it is needed: the members of one object. `None`: it is no JSON.
fn object(text: &[u8], facts: &mut Vec<Fact>) -> Option<()> {
    let mut json = Json(text);
    json.take(b'{')?;
    if json.take(b'}').is_some() {
        return Some(());
    }
    loop {
        let name = json.string()?;
        json.take(b':')?;
        let name = CLAIMS.into_iter().find(|claim| claim.as_bytes() == name);
        let values = json.value()?;
        if let Some(name) = name {
            let room = MAX_CLAIMS.saturating_sub(facts.len());
            facts.extend(values.into_iter().take(room).map(|value| Fact::new(name, value)));
        }
        if json.take(b',').is_none() {
            return json.take(b'}');
        }
    }
}

/// What is left of a text.
struct Json<'a>(&'a [u8]);

impl<'a> Json<'a> {
    /// The next character that is no blank, if it is this one.
    fn take(&mut self, byte: u8) -> Option<()> {
        let rest = self.0.trim_ascii_start();
        self.0 = rest.strip_prefix(&[byte])?;
        Some(())
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        self.take(b'"')?;
        let mut plain = Vec::new();
        loop {
            match self.byte()? {
                b'"' => return Some(plain),
                b'\\' => {
                    let escaped = match self.byte()? {
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.unicode()?,
                        other => char::from(other),
                    };
                    plain.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                }
                byte => plain.push(byte),
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The digits behind `\u`, and the second half of a surrogate pair.
    fn unicode(&mut self) -> Option<char> {
        let high = self.unit()?;
        let mut units = vec![high];
        if (0xd800..0xdc00).contains(&high)
            && let Some(rest) = self.0.strip_prefix(b"\\u")
        {
            self.0 = rest;
            units.push(self.unit()?);
        }
        char::decode_utf16(units).next().map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&mut self) -> Option<u16> {
        let (digits, rest) = self.0.split_at_checked(4)?;
        self.0 = rest;
        u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    }

    /// A string, a number or a word as one value, a list as its strings, an object as none.
    fn value(&mut self) -> Option<Vec<Bytes>> {
        let rest = self.0.trim_ascii_start();
        match rest.first()? {
            b'"' => Some(vec![self.string()?.into()]),
            b'{' | b'[' => {
                let list = rest.starts_with(b"[");
                let mut values = Vec::new();
                let mut depth = 0_usize;
                loop {
                    self.0 = self.0.trim_ascii_start();
                    if self.0.starts_with(b"\"") {
                        let text = self.string()?;
                        if list && depth == 1 && values.len() < MAX_CLAIMS {
                            values.push(Bytes::from(text));
                        }
                        continue;
                    }
                    match self.byte()? {
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        return Some(values);
                    }
                }
            }
            _ => {
                let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
                let (word, after) = rest.split_at_checked(end)?;
                self.0 = after;
                Some(vec![Bytes::copy_from_slice(word.trim_ascii())])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_of_a_token() {
        let cases: [(&str, &[(&str, &str)]); 7] = [
            (
                r#"{"iss":"https://a.example","aud":["x","y"],"exp":1700000000,"n":{"sub":"no","l":["}"]},"sub":"7"}"#,
                &[
                    ("iss", "https://a.example"),
                    ("aud", "x"),
                    ("aud", "y"),
                    ("exp", "1700000000"),
                    ("sub", "7"),
                ],
            ),
            (
                r#" { "upn" : "b\u00f6b\ud83d\ude00\"\n@x" , "email" : null } "#,
                &[("upn", "böb😀\"\n@x"), ("email", "null")],
            ),
            (r#"{"sub":"\ud800x"}"#, &[("sub", "\u{fffd}x")]),
            ("{}", &[]),
            (r#"{"sub":"cut"#, &[]),
            (r#"{"sub":"1","#, &[]),
            ("[1]", &[]),
        ];
        for (payload, expected) in cases {
            let token = format!("e30.{}.sig", BASE64URL.encode(payload));
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, value)| Fact::new(name, Bytes::from(value.to_string())))
                .collect();
            assert_eq!(claims(token.as_bytes()), expected, "{payload}");
        }
        for opaque in ["ya29.abc", "e30.e30", "a.b.c.d.e", "", "..", "a.!.c"] {
            assert_eq!(claims(opaque.as_bytes()), [], "{opaque}");
        }
    }
}
