//! Which transfer encoding is meant (RFC 2045 section 6.1).

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
        "x-uuencode" | "uuencode" | "x-uue" | "uue" | "x-uu" => Encoding::Uuencode,
        _ => return None,
    })
}

/// The transfer encoding that the fields name, what the one that counts says, and what is odd.
pub(super) fn find(headers: &Headers) -> (Encoding, Option<String>, Vec<(Anomaly, u64)>) {
    let fields: Vec<_> = headers.all("content-transfer-encoding").take(16).collect();
    let mut anomalies = Vec::new();
    if let Some(second) = fields.get(1) {
        anomalies.push((Anomaly::CteDuplicate, second.offset()));
    }
    // The first that says anything counts; empty and unknown ones do not.
    let readings: Vec<_> = fields.iter().map(|field| (field, read(*field))).collect();
    let known = readings.iter().find(|(_, (encoding, _))| encoding.is_some());
    let Some((field, (encoding, anomaly))) = known.or_else(|| readings.first()) else {
        return (Encoding::SevenBit, None, anomalies);
    };
    anomalies.extend(anomaly.map(|anomaly| (anomaly, field.offset())));
    let raw = String::from_utf8_lossy(&field.unfolded()).into_owned();
    let unsaid = if raw.is_empty() { Encoding::SevenBit } else { Encoding::Unknown };
    (encoding.unwrap_or(unsaid), Some(raw), anomalies)
}

fn read(field: Field<'_>) -> (Option<Encoding>, Option<Anomaly>) {
    let text = field.unfolded();
    let plain = String::from_utf8_lossy(slice::trim(&text, is_space)).to_ascii_lowercase();
    if plain.is_empty() {
        return (None, None);
    }
    if let Some(encoding) = known(&plain) {
        return (Some(encoding), None);
    }
    // Comments, quotes and backslashes away, then the first known word.
    let bare = undecorated(&encoded_word::decode(&text).to_ascii_lowercase());
    let words: Vec<_> = bare
        .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    if let Some(encoding) = words.iter().find_map(|word| known(word)) {
        let list = words.iter().filter(|word| known(word).is_some()).count() > 1;
        return (Some(encoding), Some(if list { Anomaly::CteList } else { Anomaly::CteMalformed }));
    }
    // Something like `base64xx` or `x-quoted-printable`.
    for encoding in [Encoding::Base64, Encoding::QuotedPrintable] {
        if bare.contains(encoding.name()) {
            return (Some(encoding), Some(Anomaly::CteMalformed));
        }
    }
    (None, Some(Anomaly::CteUnknown))
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
            let mut block = Block::new(&crate::Config::default(), true, 0);
            for value in *values {
                let line = format!("Content-Transfer-Encoding: {value}\n");
                for line in line.split_inclusive('\n') {
                    assert!(matches!(
                        block.append(line.as_bytes(), true, 0, &Default::default()),
                        Verdict::More
                    ));
                }
            }
            let headers = block.finish(true).headers;
            let (got, _, anomalies) = find(&headers);
            let got_codes: Vec<_> = anomalies.iter().map(|(anomaly, _)| anomaly.code()).collect();
            assert_eq!((got, got_codes.as_slice()), (*encoding, *codes), "{values:?}");
        }
    }
}
