//! The clauses of a Received field.

use crate::record::{Received, Text};

/// RFC 5321 section 4.4:
///
/// ```text
/// Time-stamp-line = "Received:" FWS From-domain By-domain Opt-info [CFWS] ";" FWS date-time
/// Opt-info        = [Via] [With] [ID] [For]
/// ```
///
/// Servers write the clauses in many orders and leave some out. A clause lasts until the next keyword that is not in
/// brackets; of two of a kind the first counts.
pub(super) fn parse(value: &str) -> Received {
    let mut received = Received::default();
    // A date holds no semicolon, a comment before it may.
    let (clauses, date) =
        value.rsplit_once(';').map_or((value, None), |(clauses, date)| (clauses, Some(date)));
    received.date = date.map(|date| Text::from(date.trim()));
    let mut keyword = "";
    let mut words: Vec<&str> = Vec::new();
    let mut depth = 0_usize;
    for word in clauses.split_ascii_whitespace().chain(["for"]) {
        let known = ["from", "by", "via", "with", "id", "for"]
            .into_iter()
            .find(|known| word.eq_ignore_ascii_case(known));
        if let Some(next) = known.filter(|_| depth == 0) {
            clause(&mut received, keyword, &words);
            keyword = next;
            words.clear();
        } else {
            words.push(word);
        }
        for byte in word.bytes() {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    if depth > 0 {
        // A bracket without end has hidden the end of the last clause.
        words.pop();
        clause(&mut received, keyword, &words);
    }
    received
}

fn clause(received: &mut Received, keyword: &str, words: &[&str]) {
    let slot = match keyword {
        "from" => &mut received.from,
        "by" => &mut received.by,
        "with" => &mut received.with,
        "id" => &mut received.id,
        "for" => &mut received.recipient,
        _ => return,
    };
    if slot.is_none() && !words.is_empty() {
        let text = words.join(" ");
        let text = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(&text);
        *slot = Some(Text::from(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clauses(value: &str) -> [Option<String>; 6] {
        let Received { from, by, with, id, recipient, date, .. } = parse(value);
        [from, by, with, id, recipient, date].map(|clause| clause.map(|text| text.to_string()))
    }

    #[test]
    fn clauses_of_real_servers() {
        let some = |text: &str| Some(text.to_owned());
        let cases = [
            (
                "from c.example (c.example [192.0.2.1]) by mx.example (Postfix) with ESMTPS id 4711 for <b@y>; Thu, 1 Jan 1970 00:00:00 +0000 (UTC)",
                [
                    some("c.example (c.example [192.0.2.1])"),
                    some("mx.example (Postfix)"),
                    some("ESMTPS"),
                    some("4711"),
                    some("b@y"),
                    some("Thu, 1 Jan 1970 00:00:00 +0000 (UTC)"),
                ],
            ),
            // qmail: keywords inside the comment are no clauses.
            (
                "(qmail 1 invoked by uid 5 from network); 1 Jan 1970 00:00:00 -0000",
                [None, None, None, None, None, some("1 Jan 1970 00:00:00 -0000")],
            ),
            ("by a with B id C", [None, some("a"), some("B"), some("C"), None, None]),
            ("from a from b by c", [some("a"), some("c"), None, None, None, None]),
            ("from a (open by c; date", [some("a (open by c"), None, None, None, None, some("date")]),
            ("", [None, None, None, None, None, None]),
        ];
        for (value, expected) in cases {
            assert_eq!(clauses(value), expected, "{value}");
        }
    }
}
