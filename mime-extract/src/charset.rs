//! From the bytes of a charset to text.

mod utf7;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Bytes as text.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text; bytes that have no character are U+FFFD.
    pub text: Cow<'a, str>,
    /// The charset that was used, by its name in the Encoding Standard.
    pub charset: &'static str,
    /// Whether the charset is the one that was asked for and every byte had a character.
    pub exact: bool,
}

/// The text that `bytes` are in the charset called `label`: any label of the Encoding Standard, in any case, and the
/// common misspellings. A byte order mark outranks the label. For an unknown label the charset is guessed: UTF-8
/// where the bytes allow it, windows-1252 where not. UTF-7 is read where the sender says so.
///
/// ```
/// use mime_extract::charset::to_utf8;
///
/// assert_eq!(to_utf8("latin-1", b"caf\xe9").text, "café");
/// assert!(!to_utf8("x-klingon", b"caf\xe9").exact);
/// ```
#[must_use]
pub fn to_utf8<'a>(label: &str, bytes: &'a [u8]) -> Text<'a> {
    if is_utf7(label) {
        let (text, exact) = utf7::decode(bytes);
        return Text { text: Cow::Owned(text), charset: "UTF-7", exact };
    }
    let Some(encoding) = find(label) else { return Text { exact: false, ..guess_with_mark(bytes) } };
    // What is called US-ASCII and is not, is more often UTF-8 than not.
    if encoding == WINDOWS_1252 && is_ascii_label(label) {
        let text = guess(bytes);
        return Text { exact: bytes.is_ascii(), ..text };
    }
    let (text, used, lossy) = encoding.decode(bytes);
    Text { text, charset: used.name(), exact: used == encoding && !lossy }
}

/// Whether the charset called `label` is known.
#[must_use]
pub fn is_known(label: &str) -> bool {
    is_usual(label) || is_utf7(label) || find(label).is_some()
}

/// Whether it is one of the labels that nearly all mails have.
fn is_usual(label: &str) -> bool {
    let usual = match label.len() {
        5 => "utf-8",
        8 => "us-ascii",
        10 => "iso-8859-1",
        _ => "windows-1252",
    };
    label.eq_ignore_ascii_case(usual)
}

fn is_utf7(label: &str) -> bool {
    let label = label.trim().trim_matches(['"', '\'']);
    ["utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "csunicode11utf7"]
        .iter()
        .any(|known| label.eq_ignore_ascii_case(known))
}

/// Text of no known charset: that of its byte order mark, or guessed.
pub(crate) fn guess_with_mark(bytes: &[u8]) -> Text<'_> {
    let Some((encoding, _)) = Encoding::for_bom(bytes) else { return guess(bytes) };
    let (text, lossy) = encoding.decode_with_bom_removal(bytes);
    Text { text, charset: encoding.name(), exact: !lossy }
}

/// Raw bytes as text: UTF-8 where they are, windows-1252, in which every byte is a character, where not.
pub(crate) fn guess(bytes: &[u8]) -> Text<'_> {
    match str::from_utf8(bytes) {
        Ok(text) => Text { text: Cow::Borrowed(text), charset: UTF_8.name(), exact: true },
        Err(_) => Text {
            text: WINDOWS_1252.decode_without_bom_handling(bytes).0,
            charset: WINDOWS_1252.name(),
            exact: false,
        },
    }
}

fn is_ascii_label(label: &str) -> bool {
    label.to_ascii_lowercase().contains("ascii") || label.to_ascii_lowercase().contains("x3.4")
}

fn find(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']).trim();
    let known = |label: &str| Encoding::for_label_no_replacement(label.as_bytes());
    if let Some(encoding) = known(label) {
        return Some(encoding);
    }
    // The longest label that anybody means; also what keeps the copies below small.
    if label.len() > 40 {
        return None;
    }
    let dashed = label.to_ascii_lowercase().replace(['_', ' '], "-");
    let bare = dashed.strip_prefix("x-").unwrap_or(&dashed);
    let number = ["cp-", "cp", "windows-", "windows", "ms-", "ms", "ibm-", "ibm"]
        .iter()
        .find_map(|prefix| bare.strip_prefix(prefix))
        .unwrap_or_default();
    let meant = match (bare, number) {
        (_, "932" | "943") => "shift_jis",
        (_, "936") => "gbk",
        (_, "949") => "euc-kr",
        (_, "950") => "big5",
        (_, "65001") => "utf-8",
        (_, "20127") => "us-ascii",
        (_, "28591") => "iso-8859-1",
        ("latin-1" | "iso-latin-1" | "8859-1" | "iso8859-1" | "iso-88591" | "is0-8859-1", _) => "iso-8859-1",
        ("latin-2" | "8859-2", _) => "iso-8859-2",
        ("latin-9" | "8859-15", _) => "iso-8859-15",
        ("usascii" | "us-asci" | "ansi-x3.4-1986" | "iso-646-us" | "646", _) => "us-ascii",
        ("utf8mb4" | "utf-8mb4" | "utf-8-strict" | "utf", _) => "utf-8",
        ("gb-2312" | "gb2312-80" | "gb18030-2000", _) => "gb18030",
        ("big-5" | "big5-eten", _) => "big5",
        ("shift-jis" | "shiftjis" | "s-jis", _) => "shift_jis",
        ("ks-c-5601-1987" | "ks-c-5601" | "euckr", _) => "euc-kr",
        ("eucjp", _) => "euc-jp",
        _ => {
            return known(bare).or_else(|| known(&format!("windows-{number}"))).or_else(|| {
                // `iso8859_7` and the like.
                bare.strip_prefix("iso8859").and_then(|rest| known(&format!("iso-8859{rest}")))
            });
        }
    };
    known(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for (label, bytes, text, charset, exact) in [
            ("utf-8", &b"\xc3\xa9"[..], "é", "UTF-8", true),
            ("UTF8", b"\xe9", "\u{fffd}", "UTF-8", false),
            (" \"ISO-8859-1\" ", b"\xe9", "é", "windows-1252", true),
            ("us-ascii", b"a", "a", "UTF-8", true),
            ("us-ascii", b"\xc3\xa9", "é", "UTF-8", false),
            ("us-ascii", b"\xe9", "é", "windows-1252", false),
            ("cp1251", b"\xcf", "П", "windows-1251", true),
            ("CP-850", b"a", "a", "UTF-8", false),
            ("x-cp932", b"\x82\xa0", "あ", "Shift_JIS", true),
            ("ms936", b"\xd6\xd0", "中", "GBK", true),
            ("iso8859_7", b"\xe1", "α", "ISO-8859-7", true),
            ("utf-16be", b"\0a", "a", "UTF-16BE", true),
            ("iso-2022-jp", b"\x1b$B$\"\x1b(B", "あ", "ISO-2022-JP", true),
            ("utf-7", b"+AOk-", "é", "UTF-7", true),
            ("UNICODE-1-1-UTF-7", b"a", "a", "UTF-7", true),
            ("foo", b"\xff\xfea\0", "a", "UTF-16LE", false),
            ("iso-2022-kr", b"a", "a", "UTF-8", false),
            ("", b"a", "a", "UTF-8", false),
            // A byte order mark says more than the sender.
            ("iso-8859-1", b"\xef\xbb\xbfa", "a", "UTF-8", false),
        ] {
            let got = to_utf8(label, bytes);
            assert_eq!((&*got.text, got.charset, got.exact), (text, charset, exact), "{label:?} {bytes:?}");
        }
    }
}
