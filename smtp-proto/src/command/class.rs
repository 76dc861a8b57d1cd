//! Classes of bytes, as the ABNF names them: one table for all, one look for each byte.

/// A class of bytes.
#[derive(Clone, Copy)]
pub(super) struct Class(u8);

// RFC 5321 4.1.2:
//   QcontentSMTP without its quoted pairs: qtextSMTP = %d32-33 / %d35-91 / %d93-126
pub(super) const QTEXT: Class = Class(1);
// RFC 5322 3.2.3:
//   atext = ALPHA / DIGIT / "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "/" / "=" / "?" / "^" / "_" / "`" /
//           "{" / "|" / "}" / "~"
pub(super) const ATEXT: Class = Class(2);
// RFC 5321 4.1.2:
//   the letters of a sub-domain: ALPHA / DIGIT / "-"
pub(super) const LABEL: Class = Class(4);
// RFC 5321 4.1.3:
//   dcontent = %d33-90 / %d94-126
pub(super) const DCONTENT: Class = Class(8);
// RFC 5321 4.1.2:
//   esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
pub(super) const KEYWORD: Class = Class(16);
// RFC 5321 4.1.2:
//   esmtp-value = 1*(%d33-60 / %d62-126)
pub(super) const VALUE: Class = Class(32);
// RFC 4954 8:
//   base64-char = ALPHA / DIGIT / "+" / "/"
pub(super) const BASE64: Class = Class(64);
// RFC 4422 3.1:
//   mech-char = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
pub(super) const MECHANISM: Class = Class(128);

/// RFC 6531 3.3 adds `UTF8-non-ascii` to these; whether a line is UTF-8 is asked once for the whole of it.
const UTF8: u8 = QTEXT.0 | ATEXT.0 | LABEL.0 | VALUE.0;

impl Class {
    /// Whether the byte is one of the class.
    pub(super) const fn has(self, byte: u8) -> bool {
        #[expect(clippy::indexing_slicing, reason = "a place for each byte")]
        let classes = TABLE[byte as usize];
        classes & self.0 != 0
    }

    const fn when(self, is_in: bool) -> u8 {
        if is_in { self.0 } else { 0 }
    }

    /// The bytes of the class at the start of `text`, and what follows them.
    pub(super) fn run(self, text: &[u8]) -> (&[u8], &[u8]) {
        let end = text.iter().position(|&byte| !self.has(byte)).unwrap_or(text.len());
        crate::slice::split(text, end)
    }
}

const TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a place for each byte")]
        {
            table[byte as usize] = classes(byte);
        }
        match byte.checked_add(1) {
            Some(next) => byte = next,
            None => break table,
        }
    }
};

const fn classes(byte: u8) -> u8 {
    if !byte.is_ascii() {
        return UTF8;
    }
    let letter_or_digit = byte.is_ascii_alphanumeric();
    let sign = matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~');
    QTEXT.when(matches!(byte, 32..=33 | 35..=91 | 93..=126))
        | ATEXT.when(letter_or_digit || sign)
        | LABEL.when(letter_or_digit || byte == b'-')
        | DCONTENT.when(matches!(byte, 33..=90 | 94..=126))
        | KEYWORD.when(letter_or_digit || byte == b'-')
        | VALUE.when(matches!(byte, 33..=60 | 62..=126))
        | BASE64.when(letter_or_digit || matches!(byte, b'+' | b'/'))
        | MECHANISM.when(byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}
