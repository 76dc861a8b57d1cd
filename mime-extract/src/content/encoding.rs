//! Which transfer encoding is meant (RFC 2045 section 6.1).

use crate::choices::EncodingChoice;
use crate::headers::{Field, Headers, encoded_word};
use crate::slice::{self, is_space};
use crate::{Anomaly, Encoding};

/// Names of RFC 2045, of those before it, and of those that never were.
fn known(name: &str) -> Option<Encoding> {
    Some(match name {
        "7bit" | "7-bit" | "7_bit" | "7bits" => Encoding::SevenBit,
        "8bit" | "8-bit" | "8_bit" | "8bits" => Encoding::EightBit,
        "binary" => Encoding::Binary,
        "base64" => Encoding::Base64,
        "quoted-printable" => Encoding::QuotedPrintable,
        "x-gzip64" | "gzip64" | "x-gzip-64" | "x-gz64" => Encoding::Gzip64,
        "x-uuencode" | "uuencode" | "x-uue" | "uue" | "x-uu" | "uu" | "x-uuencoded" | "uuencoded" => {
            Encoding::Uuencode
        }
        _ => return None,
    })
}

/// Fields that are looked at.
const MAX_FIELDS: usize = 16;

/// The transfer encoding that the fields name, what the one that counts says, and what is odd.
pub(super) fn find(
    headers: &Headers,
    choice: EncodingChoice,
) -> (Encoding, Option<String>, Vec<(Anomaly, u64)>) {
    let mut all = fields(headers);
    let Some(first) = all.next() else { return (Encoding::SevenBit, None, Vec::new()) };
    let mut anomalies = Vec::new();
    // The first that says anything counts; empty and unknown ones do not.
    let mut found = (first, read(first));
    if let Some(second) = all.next() {
        anomalies.push((Anomaly::CteDuplicate, second.offset()));
        if found.1.0.is_none() {
            let mut others = fields(headers).skip(1).map(|field| (field, read(field)));
            found = others.find(|(_, (encoding, _))| encoding.is_some()).unwrap_or(found);
        }
    }
    let (field, (encoding, anomaly)) = found;
    anomalies.extend(anomaly.map(|anomaly| (anomaly, field.offset())));
    let raw = String::from_utf8_lossy(&field.unfolded()).into_owned();
    let unsaid = if raw.is_empty() { Encoding::SevenBit } else { Encoding::Unknown };
    let encoding = match choice {
        EncodingChoice::Other(index) if !anomalies.is_empty() => {
            named(headers).into_iter().filter(|other| Some(*other) != encoding).nth(index).or(encoding)
        }
        EncodingChoice::As(encoding) if !anomalies.is_empty() => Some(encoding),
        _ => encoding,
    };
    (encoding.unwrap_or(unsaid), Some(raw), anomalies)
}

fn fields(headers: &Headers) -> impl Iterator<Item = Field<'_>> {
    headers.all("content-transfer-encoding").take(MAX_FIELDS)
}

/// Every encoding that the fields name, in whatever place, each once.
pub(crate) fn named(headers: &Headers) -> Vec<Encoding> {
    let mut named = Vec::new();
    for field in fields(headers) {
        let text = encoded_word::decode(&field.unfolded()).to_ascii_lowercase();
        let bare = undecorated(&text);
        // Comments and quotes may hold some as well.
        let apart: String =
            text.chars().map(|c| if matches!(c, '(' | ')' | '"' | '\'' | '\\') { ' ' } else { c }).collect();
        let words = |text: &str| words(text).filter_map(known).collect::<Vec<_>>();
        named.extend(read(field).0);
        named.extend(words(&bare).into_iter().chain(words(&apart)));
        named.extend(mentioned(&text));
    }
    let mut once = Vec::new();
    for encoding in named {
        if !once.contains(&encoding) {
            once.push(encoding);
        }
    }
    once
}

/// What the fields name beside the first, by [`EncodingChoice::Other`]: one of those which change nothing, and of the
/// others all.
pub(crate) fn others(headers: &Headers) -> Vec<usize> {
    let first = find(headers, EncodingChoice::First).0;
    let plain = |encoding| matches!(encoding, Encoding::SevenBit | Encoding::EightBit | Encoding::Binary);
    let mut told = plain(first);
    let others = named(headers).into_iter().filter(|other| *other != first).enumerate();
    others
        .filter(|(_, other)| !plain(*other) || !core::mem::replace(&mut told, true))
        .map(|(index, _)| index)
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|word| !word.is_empty())
}

/// Something like `base64xx` or `x-quoted-printable`.
fn mentioned(text: &str) -> Option<Encoding> {
    [Encoding::Base64, Encoding::QuotedPrintable].into_iter().find(|encoding| text.contains(encoding.name()))
}

fn read(field: Field<'_>) -> (Option<Encoding>, Option<Anomaly>) {
    let text = field.unfolded();
    let trimmed = slice::trim(&text, is_space);
    if trimmed.is_empty() {
        return (None, None);
    }
    // Names are short; anything longer is none.
    let mut plain = [0; 24];
    if let Some(plain) = plain.get_mut(..trimmed.len()) {
        plain.copy_from_slice(trimmed);
        plain.make_ascii_lowercase();
        if let Some(encoding) = str::from_utf8(plain).ok().and_then(known) {
            return (Some(encoding), None);
        }
    }
    // Comments, quotes and backslashes away, then the first known word.
    let bare = undecorated(&encoded_word::decode(&text).to_ascii_lowercase());
    if let Some(encoding) = words(&bare).find_map(known) {
        let list = words(&bare).filter(|word| known(word).is_some()).count() > 1;
        return (Some(encoding), Some(if list { Anomaly::CteList } else { Anomaly::CteMalformed }));
    }
    match mentioned(&bare) {
        Some(encoding) => (Some(encoding), Some(Anomaly::CteMalformed)),
        None => (None, Some(Anomaly::CteUnknown)),
    }
}

fn undecorated(text: &str) -> String {
    let mut depth = 0usize;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                '"' | '\\' | '\'' => {}
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::block::{Block, Verdict};

    fn headers(values: &[&str]) -> Headers {
        let mut block = Block::new(&crate::Config::default(), true, 0);
        for value in values {
            let line = format!("Content-Transfer-Encoding: {value}\n");
            for line in line.split_inclusive('\n') {
                assert!(matches!(block.append(line.as_bytes(), true, 0, &Default::default()), Verdict::More));
            }
        }
        block.finish(true).headers
    }

    #[test]
    fn what_changes_nothing_is_one_other_reading() {
        let table: &[(&[&str], &[usize])] = &[
            (&["7bit", "8bit", "binary", "quoted-printable", "base64"], &[2, 3]),
            (&["base64", "8bit", "binary", "x-uue"], &[0, 2]),
            (&["base64"], &[]),
        ];
        for (values, expected) in table {
            assert_eq!(others(&headers(values)), *expected, "{values:?}");
        }
    }

    #[test]
    fn readings() {
        use Encoding::{Base64, EightBit, QuotedPrintable, SevenBit, Uuencode};
        let table: &[(&[&str], Encoding, &[&str])] = &[
            (&[], SevenBit, &[]),
            (&["BASE64"], Base64, &[]),
            (&["\r\n base64"], Base64, &[]),
            (&["\x0bbase64\x0c"], Base64, &[]),
            (&["8bit"], EightBit, &[]),
            // M1 to M3.
            (&["base64", "quoted-printable"], Base64, &["cte-duplicate"]),
            (&["quoted-printable", "base64"], QuotedPrintable, &["cte-duplicate"]),
            (&["", "base64"], Base64, &["cte-duplicate"]),
            (&["xxx", "base64"], Base64, &["cte-duplicate"]),
            // M4 to M7.
            (&["base64, quoted-printable"], Base64, &["cte-list"]),
            (&["(xx) base64"], Base64, &["cte-malformed"]),
            (&["bas()e64"], Base64, &["cte-malformed"]),
            (&["\"base64\""], Base64, &["cte-malformed"]),
            (&["base\\64;"], Base64, &["cte-malformed"]),
            (&["xx base64"], Base64, &["cte-malformed"]),
            (&["base64xx"], Base64, &["cte-malformed"]),
            (&["=?UTF-8?B?YmFzZTY0?="], Base64, &["cte-malformed"]),
            (&["X-UUE"], Uuencode, &[]),
            (&[""], SevenBit, &[]),
        ];
        for (values, encoding, codes) in table {
            let headers = headers(values);
            let (got, _, anomalies) = find(&headers, EncodingChoice::First);
            let got_codes: Vec<_> = anomalies.iter().map(|(anomaly, _)| anomaly.code()).collect();
            assert_eq!((got, got_codes.as_slice()), (*encoding, *codes), "{values:?}");
        }
    }
}
